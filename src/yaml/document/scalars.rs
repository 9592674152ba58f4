//! Scalars: their place, their tag, and what they mean.

use base64::Engine as _;
use granit_parser::{ScalarStyle, Tag};

use super::{Anchor, Built, DocumentBuilder, Frame, Items};
use crate::source::Span;
use crate::yaml::code::{NUMBER_NOT_FINITE, WRONG_TAG};
use crate::yaml::scalar::{self, ScalarMeaning};
use crate::yaml::{Dialect, Kind, Number, Style, place};

/// What `!!` stands for.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

impl DocumentBuilder<'_> {
    /// Takes a scalar event.
    pub(super) fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) {
        let read = span;
        let (style, span) = self.scalar_place(style, tag.is_some(), span);
        // A block scalar's blank last lines are not in our span.
        self.cursor = self.cursor.max(span.end).max(read.end);
        let is_key = self.wants_key();
        if is_key && is_merge(text, style, tag) {
            self.merge_key(span);
            return;
        }
        self.expansion.add(1);
        let kind = self.scalar_kind(text, style, tag, span);
        if !is_key {
            let id = self.value.push(kind, span, style);
            self.deliver(Built { id, span, weight: 1, height: 0 }, anchor);
            return;
        }
        if anchor != 0 {
            let id = self.value.push(kind.clone(), span, style);
            let built = Built { id, span, weight: 1, height: 0 };
            self.anchors.insert(anchor, Anchor::Done(built));
        }
        self.key(kind, span, style, 1);
    }

    /// Our style for the parser's, and the span of the whole scalar.
    fn scalar_place(&self, style: ScalarStyle, tagged: bool, span: Span) -> (Style, Span) {
        let text = self.file.text();
        match style {
            ScalarStyle::Plain if span.is_empty() => {
                let is_inner = !self.wants_key() && !self.stack.is_empty();
                let at =
                    if is_inner { place::after_properties(text, self.cursor) } else { span.start };
                let style = if tagged { Style::Plain } else { Style::Empty };
                (style, Span { start: at, end: at })
            }
            ScalarStyle::Plain => (Style::Plain, span),
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, span),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, span),
            ScalarStyle::Literal => (Style::Literal, place::block_scalar(text, self.cursor, span)),
            ScalarStyle::Folded => (Style::Folded, place::block_scalar(text, self.cursor, span)),
        }
    }

    /// Moves past the `:` or `-` before the next node.
    pub(super) fn pass_indicator(&mut self) {
        let text = self.file.text();
        match self.stack.last() {
            Some(Frame { items: Items::Sequence(_), style: Style::Block, .. }) => {
                self.cursor = place::after_dash(text, self.cursor);
            }
            Some(Frame { items: Items::Sequence(_), style: Style::Flow, .. }) => {
                self.cursor = place::after_bracket_or_comma(text, self.cursor);
            }
            Some(Frame { items: Items::Mapping { .. }, style, .. }) if !self.wants_key() => {
                self.cursor = place::after_colon(text, self.cursor, *style);
            }
            _ => {}
        }
    }

    fn scalar_kind(&mut self, text: &str, style: Style, tag: Option<&Tag>, span: Span) -> Kind {
        let untagged = match tag {
            None => true,
            // `!` alone means nothing to v3, and "a text" to v2.
            Some(tag) => is_bare(tag) && self.dialect == Dialect::Kustomize,
        };
        if untagged {
            let scalar = match style {
                Style::Empty => ScalarMeaning::Null,
                Style::Plain => scalar::resolve(text, self.dialect),
                _ => ScalarMeaning::Text,
            };
            return self.kind_of(scalar, text, span);
        }
        let name = tag.and_then(|tag| tag.suffix_in_namespace(YAML_TAGS));
        match name.as_deref() {
            Some("binary") => self.binary(text, span),
            Some(name @ ("null" | "bool" | "int" | "float" | "timestamp")) => {
                let Some(scalar) = scalar::tagged(text, name, self.dialect) else {
                    let finding = self.finding(
                        &WRONG_TAG,
                        format!("`{text}` is not a valid `!!{name}`"),
                        span,
                    );
                    self.findings.push(
                        finding
                            .because("the tag before it says what it must be")
                            .help("remove the tag, or write a value of that type"),
                    );
                    return Kind::Null;
                };
                self.kind_of(scalar, text, span)
            }
            // Every other tag makes it a text, whatever it looks like.
            _ => Kind::String(text.into()),
        }
    }

    fn binary(&mut self, text: &str, span: Span) -> Kind {
        let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) else {
            let finding = self.finding(&WRONG_TAG, "what is tagged `!!binary` is not Base64", span);
            self.findings.push(finding.help("remove the tag, or correct the Base64"));
            return Kind::Null;
        };
        // JSON has no bytes: Go writes U+FFFD for what is not UTF-8.
        Kind::String(String::from_utf8_lossy(&bytes).into())
    }

    fn kind_of(&mut self, scalar: ScalarMeaning, text: &str, span: Span) -> Kind {
        match scalar {
            ScalarMeaning::Null => Kind::Null,
            ScalarMeaning::Bool(truth) => Kind::Bool(truth),
            ScalarMeaning::Text => Kind::String(text.into()),
            // v2 keeps the text, v3 writes the time again in its own format.
            ScalarMeaning::Timestamp(time) => match self.dialect {
                Dialect::Kubectl => Kind::String(text.into()),
                Dialect::Kustomize => Kind::String(time.into()),
            },
            ScalarMeaning::Integer(value) => Kind::Number(Number::integer(value, text)),
            ScalarMeaning::Unsigned(value) => Kind::Number(Number::unsigned(value, text)),
            ScalarMeaning::Float(value) if value.is_finite() => {
                Kind::Number(Number::float(value, text))
            }
            ScalarMeaning::Float(_) => {
                let message = format!("`{text}` is a number that JSON does not have");
                let finding = self.finding(&NUMBER_NOT_FINITE, message, span);
                self.findings.push(
                    finding
                        .because("kubectl refuses this")
                        .help(format!("write `\"{text}\"` where a text is meant")),
                );
                Kind::Null
            }
        }
    }
}

/// Whether a tag is `!` alone.
fn is_bare(tag: &Tag) -> bool {
    tag.handle().is_empty() && tag.suffix() == "!"
}

fn is_merge(text: &str, style: Style, tag: Option<&Tag>) -> bool {
    text == "<<"
        && match tag {
            None => style == Style::Plain,
            Some(tag) => tag.suffix_in_namespace(YAML_TAGS).as_deref() == Some("merge"),
        }
}

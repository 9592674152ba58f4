//! Keys: their text, and that each appears once.

use super::{DocumentBuilder, Frame, Items, NextSlot};
use crate::source::{Location, Span};
use crate::yaml::code::{DUPLICATE_KEY, KEY_NOT_TEXT};
use crate::yaml::misplaced::braces_help;
use crate::yaml::{Dialect, Kind, MapKey, Style, Value, scalar};

impl DocumentBuilder<'_> {
    /// Whether the next node is a key.
    pub(super) fn wants_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { items: Items::Mapping { pending: NextSlot::Key, .. }, .. })
        )
    }

    pub(super) fn set_pending(&mut self, next: NextSlot) {
        if let Some(Frame { items: Items::Mapping { pending, .. }, .. }) = self.stack.last_mut() {
            *pending = next;
        }
    }

    /// Takes a scalar, or the alias of one, as the next entry's key.
    pub(super) fn key(&mut self, kind: Kind, span: Span, style: Style, weight: u64) {
        if let Some(frame) = self.stack.last_mut() {
            frame.end = frame.end.max(span.end);
            frame.weight = frame.weight.saturating_add(weight);
        }
        let text = match key_text(kind, self.dialect) {
            Ok(text) => text,
            Err(kind) => return self.refuse_key(&kind, span),
        };
        let key = Value::key(text, span, style);
        if self.is_duplicate(&key, span) {
            self.set_pending(NextSlot::Refused);
        } else {
            self.set_pending(NextSlot::Value(key));
        }
    }

    fn is_duplicate(&mut self, key: &MapKey, span: Span) -> bool {
        let Some(Frame { items: Items::Mapping { entries, .. }, .. }) = self.stack.last() else {
            return false;
        };
        let Some(at) = entries.find(key.text()).filter(|&at| !entries.is_merged(at)) else {
            return false;
        };
        let first = entries.list[at].key_span();
        let written = |span: Span| &self.file.text()[span.range()];
        let message = if written(first) == written(span) {
            format!("the key `{}` appears twice", key.text())
        } else {
            let (first, second) = (written(first), written(span));
            format!("the keys `{first}` and `{second}` are the same to Kubernetes")
        };
        let finding = self
            .finding(&DUPLICATE_KEY, message, span)
            .because("the second time")
            .label(Location::new(self.file, first), "the first time")
            .help("remove one of them; kubectl would silently take the last");
        self.findings.push(finding);
        true
    }

    /// Reports that a node cannot be a key.
    pub(super) fn refuse_key(&mut self, kind: &Kind, span: Span) {
        self.set_pending(NextSlot::Refused);
        let known = self.findings.iter().last().map(|finding| finding.location().span());
        if known.is_some_and(|inner| span.contains(inner)) {
            return;
        }
        let text = self.file.text();
        let is_template = matches!(kind, Kind::Mapping(_))
            && text[..span.start as usize].ends_with('{')
            && text[span.range()].starts_with('{');
        let finding = if is_template {
            let closes = text[span.end as usize..].starts_with('}');
            let outer = Span { start: span.start - 1, end: span.end + u32::from(closes) };
            let help = braces_help(self.file, &text[outer.range()]);
            self.finding(&KEY_NOT_TEXT, "`{{` without quotes is a map inside a map to YAML", outer)
                .because("YAML reads these braces")
                .help(help)
        } else {
            self.finding(&KEY_NOT_TEXT, format!("{} cannot be a key", kind.noun()), span)
                .because("Kubernetes' objects have texts for keys")
                .help("put the key in quotes where a text is meant")
        };
        self.findings.push(finding);
    }
}

/// A key as Kubernetes' JSON has it (`convertToJSONableObject` of
/// `sigs.k8s.io/yaml`), or what cannot be one. kustomize accepts only texts.
fn key_text(kind: Kind, dialect: Dialect) -> Result<Box<str>, Kind> {
    match kind {
        Kind::String(text) => Ok(text),
        other if dialect == Dialect::Kustomize => Err(other),
        Kind::Bool(truth) => Ok(truth.to_string().into()),
        Kind::Number(number) => match number.as_i64() {
            Some(value) => Ok(value.to_string().into()),
            None if number.is_float() => Ok(scalar::go_key(number.as_f64()).into()),
            None => Err(Kind::Number(number)),
        },
        other @ (Kind::Null | Kind::Sequence(_) | Kind::Mapping(_)) => Err(other),
    }
}

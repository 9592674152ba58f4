//! Aliases, and `<<`, which takes the keys of a map into another.

use super::{Anchor, Built, DocumentBuilder, Frame, Items, NextSlot};
use crate::diagnostic::nearest;
use crate::source::{Location, Span};
use crate::yaml::code::{DUPLICATE_KEY, MERGE_NOT_MAP, RECURSIVE_ALIAS, UNKNOWN_ANCHOR};
use crate::yaml::{Dialect, Kind, MAX_DEPTH, Node, NodeId, Style};

impl DocumentBuilder<'_> {
    /// Takes `<<` as the next entry's key.
    pub(super) fn merge_key(&mut self, span: Span) {
        let Some(Frame { items: Items::Mapping { entries, pending }, .. }) = self.stack.last_mut()
        else {
            return;
        };
        let first = *entries.merge.get_or_insert(span);
        *pending = NextSlot::Merge(span);
        // v2 merges both.
        if first != span && self.dialect == Dialect::Kustomize {
            *pending = NextSlot::Refused;
            let finding = self
                .finding(&DUPLICATE_KEY, "the key `<<` appears twice", span)
                .because("the second time")
                .label(Location::new(self.file, first), "the first time")
                .help("merge a list: `<<: [*a, *b]`");
            self.findings.push(finding);
        }
    }

    /// Takes an alias of an earlier anchor.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) {
        self.cursor = self.cursor.max(span.end);
        let target = match self.anchors.get(&anchor) {
            Some(Anchor::Done(built)) => *built,
            Some(Anchor::Open(anchored)) => {
                let anchored = *anchored;
                self.recursive_alias(anchored, span);
                return;
            }
            // Its node was refused.
            None => return self.stand_in(span),
        };
        self.expansion.add(1);
        self.expansion.add_alias(target.weight);
        if self.expansion.is_excessive() {
            return;
        }
        if self.stack.len() + target.height > MAX_DEPTH {
            self.too_deep(span);
            return self.stand_in(span);
        }
        let weight = target.weight.saturating_add(1);
        if self.wants_key() {
            let kind = self.value.node(target.id).kind().clone();
            self.key(kind, span, Style::Plain, weight);
            return;
        }
        let id = self.value.push_alias(target.id, span);
        self.deliver(Built { id, span, weight, height: target.height }, 0);
    }

    fn recursive_alias(&mut self, anchored: Span, span: Span) {
        let name = &self.file.text()[span.range()];
        let finding = self
            .finding(&RECURSIVE_ALIAS, format!("`{name}` repeats what it is part of"), span)
            .because("is inside what it repeats")
            .label(Location::new(self.file, anchored), "which starts here")
            .help("repeat only what is complete before the alias");
        self.findings.push(finding);
        self.stand_in(span);
    }

    /// Takes an alias without an anchor.
    pub(super) fn unknown_alias(&mut self, name: &str, span: Span) {
        self.cursor = self.cursor.max(span.end);
        let text = self.file.text();
        let anchors = anchors(&text[..span.start as usize]);
        let near = nearest(name, anchors.iter().copied());
        let is_merge = matches!(
            self.stack.last(),
            Some(Frame { items: Items::Mapping { pending: NextSlot::Merge(_), .. }, .. })
        );
        // Where no anchor is similar, it may be a password that starts with `*`.
        let finding = if near.is_some() || is_merge {
            let message = format!("there is no anchor `&{name}` before `*{name}`");
            let help = match near {
                Some(near) => format!("did you mean `*{near}`?"),
                None => format!("mark what it repeats with `&{name}`, in this file"),
            };
            self.finding(&UNKNOWN_ANCHOR, message, span).help(help)
        } else {
            self.file.mark_secret(Span { start: (span.start + 1).min(span.end), ..span });
            self.finding(&UNKNOWN_ANCHOR, "an alias repeats an anchor that is not there", span).help(
                "put a text that starts with `*` in quotes; an alias needs an anchor of the same \
                 name before it, such as `&name`",
            )
        };
        self.findings.push(finding.because("repeats nothing"));
        self.stand_in(span);
    }

    /// Continues after an alias that was refused.
    fn stand_in(&mut self, span: Span) {
        if self.wants_key() {
            self.set_pending(NextSlot::Refused);
            return;
        }
        let id = self.value.push(Kind::Null, span, Style::Plain);
        self.set_refused_merge();
        self.deliver(Built { id, span, weight: 1, height: 0 }, 0);
    }

    /// What was refused needs no second finding that says it is not a map.
    fn set_refused_merge(&mut self) {
        if let Some(Frame { items: Items::Mapping { pending, .. }, .. }) = self.stack.last_mut()
            && matches!(pending, NextSlot::Merge(_))
        {
            *pending = NextSlot::Refused;
        }
    }

    /// Takes the keys of the value of `<<` into the innermost map.
    pub(super) fn merge(&mut self, built: Built, at: Span) {
        let Some(sources) = self.merge_sources(built) else {
            let finding = self
                .finding(&MERGE_NOT_MAP, "what `<<` merges is not a map", built.span)
                .because("neither a map nor a list of maps")
                .label(Location::new(self.file, at), "merged here")
                .help("give `<<` an alias of a map, or a list of such aliases");
            self.findings.push(finding);
            return;
        };
        let Some(Frame { items: Items::Mapping { entries, .. }, .. }) = self.stack.last_mut()
        else {
            return;
        };
        for source in sources {
            let source = self.value.node(source);
            let Kind::Mapping(merged) = source.kind() else { continue };
            let is_alias = source.alias_of().is_some();
            for entry in merged {
                let entry = if is_alias { entry.repeated() } else { entry.clone() };
                match entries.find(entry.key_text()) {
                    None => entries.push(entry, true),
                    // go-yaml's v2 lets the later win, so that `<<` overrides
                    // what is before it; in v3 the keys of the map itself win.
                    Some(at) if self.dialect == Dialect::Kubectl || entries.is_merged(at) => {
                        entries.replace(at, entry, true);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// The maps to merge, the one that wins last; none if one is not a map.
    fn merge_sources(&self, built: Built) -> Option<Vec<NodeId>> {
        let node = self.value.node(built.id);
        if node.is_mapping() {
            return Some(vec![built.id]);
        }
        let is_list = node.is_sequence() && node.alias_of().is_none();
        let all_maps = node.items().all(Node::is_mapping);
        (is_list && all_maps).then(|| node.items().rev().map(Node::id).collect())
    }
}

/// The names of the anchors in a text, as far as they can be told without reading it.
fn anchors(text: &str) -> Vec<&str> {
    let names = text.match_indices('&').filter_map(|(at, _)| {
        let starts = text[..at].ends_with([' ', '\t', '\n', '[', '{', ',']);
        let rest = &text[at + 1..];
        let is_end = |c: char| c.is_whitespace() || ",[]{}".contains(c);
        let name = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        (starts && !name.is_empty()).then_some(name)
    });
    names.collect()
}

//! From trees to text.

use std::cell::Cell;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_saphyr::DoubleQuoted;

use super::{Kind, Node};

/// A node's data, for any format: maps in their order, numbers as Kubernetes
/// reads them.
impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { node: *self, as_yaml: false, next: None }.serialize(serializer)
    }
}

/// The node as block style YAML that means to kubectl what it means to us: two
/// spaces of indentation, lists at their key's column, a final newline, no
/// `---`.
///
/// # Panics
///
/// Never for a tree that was parsed or built within [`super::MAX_DEPTH`].
pub fn emit(node: Node<'_>) -> String {
    written(node, None)
}

/// As [`emit`], with numbers as they were written: `0644`, `1.10`, `1e6`.
///
/// # Panics
///
/// Never for a tree that was parsed or built within [`super::MAX_DEPTH`].
pub fn emit_as_written(node: Node<'_>) -> String {
    written(node, Some(&Cell::new(None)))
}

fn written<'a>(node: Node<'a>, spelling: Option<&NextNumber<'a>>) -> String {
    let options = serde_saphyr::ser_options! {
        indent_step: 2,
        compact_list_indent: true,
        prefer_block_scalars: true,
        // A folded text changes on every line when one word changes.
        folded_wrap_chars: usize::MAX,
    };
    let mut spelled = SpelledNumbers { text: String::new(), next: spelling };
    let written = Written { node, as_yaml: true, next: spelling };
    serde_saphyr::to_fmt_writer_with_options(&mut spelled, &written, options)
        .expect("a tree of maps with text keys, lists and finite numbers is YAML");
    let mut text = spelled.text;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// How the number that is written next was spelled.
type NextNumber<'a> = Cell<Option<&'a str>>;

/// A text in which numbers are spelled as they were.
struct SpelledNumbers<'w, 'a> {
    text: String,
    next: Option<&'w NextNumber<'a>>,
}

/// What stands for a number while it is written: the serializer writes it by itself, after
/// blanks if there are any.
const NUMBER: u8 = 0;

impl fmt::Write for SpelledNumbers<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let spelled = self.next.filter(|_| text == "0").and_then(Cell::take);
        self.text.push_str(spelled.unwrap_or(text));
        Ok(())
    }
}

/// A node on its way to a serializer.
struct Written<'w, 'a> {
    node: Node<'a>,
    /// Whether the serializer is [`emit`]'s.
    as_yaml: bool,
    /// Where a number's spelling is left, if it is to be kept.
    next: Option<&'w NextNumber<'a>>,
}

impl<'a> Written<'_, 'a> {
    fn below(&self, node: Node<'a>) -> Self {
        Self { node, ..*self }
    }
}

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(truth) => serializer.serialize_bool(*truth),
            Kind::Number(number) => {
                if let Some(next) = self.next {
                    next.set(Some(number.source()));
                    serializer.serialize_u8(NUMBER)
                } else if let Some(value) = number.as_i64() {
                    serializer.serialize_i64(value)
                } else if let Some(value) = number.as_u64() {
                    serializer.serialize_u64(value)
                } else {
                    serializer.serialize_f64(number.as_f64())
                }
            }
            Kind::String(text) if self.as_yaml && is_no_block(text) => {
                DoubleQuoted(text).serialize(serializer)
            }
            Kind::String(text) => serializer.serialize_str(text),
            Kind::Sequence(_) => {
                let items = self.node.items();
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(&self.below(item))?;
                }
                sequence.end()
            }
            Kind::Mapping(_) => {
                let entries = self.node.entries();
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key.text(), &self.below(value))?;
                }
                map.end()
            }
        }
    }
}

/// Whether a text of several lines cannot be a block scalar to kubectl, which
/// takes a tab at the start of the first line for indentation.
fn is_no_block(text: &str) -> bool {
    text.contains('\n') && text.trim_start_matches('\n').starts_with('\t')
}

//! YAML as many people would write it, at random.

use std::fmt::Write as _;

use proptest::prelude::*;

/// A value, and how it is written.
#[derive(Debug, Clone)]
enum Written {
    /// A scalar as it is written in the text.
    Scalar(String),
    /// A text of some lines after `|` or `>`, in block collections only.
    Text(char, Vec<String>),
    Map(Vec<(String, Written, Around)>, Layout),
    List(Vec<(Written, Around)>, Layout),
}

/// What is written around an entry or item.
#[derive(Debug, Clone)]
struct Around {
    comment_above: bool,
    comment_after: bool,
    blank_line: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Block,
    Flow,
    /// In brackets, an element to a line.
    FlowLines,
}

/// How a whole file is written.
#[derive(Debug, Clone)]
struct Manner {
    step: usize,
    list_step: usize,
    line_break: &'static str,
    final_break: bool,
    mark: bool,
    start: bool,
}

/// A file with one document, a map.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let map = prop::collection::vec((key(), value(), around()), 1..5);
    (map, manner()).prop_map(|(entries, manner)| {
        let mut text = String::new();
        if manner.mark {
            text.push('\u{feff}');
        }
        if manner.start {
            text.push_str("---\n");
        }
        Writer { manner: &manner }.block(
            &Written::Map(unique(entries), Layout::Block),
            0,
            true,
            &mut text,
        );
        if !manner.final_break {
            text.truncate(text.trim_end_matches('\n').len());
        }
        text.replace('\n', manner.line_break)
    })
}

fn manner() -> impl Strategy<Value = Manner> {
    (
        prop_oneof![Just(2usize), Just(4)],
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(step, indents, windows, final_break, mark, start)| Manner {
            step,
            list_step: if indents { step } else { 0 },
            line_break: if windows { "\r\n" } else { "\n" },
            final_break,
            mark,
            start,
        })
}

fn around() -> impl Strategy<Value = Around> {
    (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.1)).prop_map(
        |(comment_above, comment_after, blank_line)| Around {
            comment_above,
            comment_after,
            blank_line,
        },
    )
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-m][a-z]{0,5}",
        1 => "\"[a-z ]{1,4}\"",
        1 => "'[a-z.]{1,4}'",
        1 => Just("größe".to_owned()),
    ]
    .prop_filter("a word of YAML", |key| rungs::yaml::is_text(key))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-m][a-z./:-]{0,8}[a-z]",
        1 => "\"[a-z #:'éß☃]{0,6}\"",
        1 => "'[a-z #:éß☃]{0,6}'",
        1 => "[1-9][0-9]{0,2}",
        1 => Just("true".to_owned()),
        1 => Just("1.10".to_owned()),
        1 => Just("null".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Written> {
    let lines = prop::collection::vec("[a-z#:][a-z ]{0,5}[a-z]", 1..3);
    let leaf = prop_oneof![
        6 => scalar().prop_map(Written::Scalar),
        1 => (prop_oneof![Just('|'), Just('>')], lines).prop_map(|(kind, lines)| Written::Text(kind, lines)),
        1 => Just(Written::Map(Vec::new(), Layout::Flow)),
        1 => Just(Written::List(Vec::new(), Layout::Flow)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let layout = prop_oneof![3 => Just(Layout::Block), 1 => Just(Layout::Flow), 1 => Just(Layout::FlowLines)];
        prop_oneof![
            (prop::collection::vec((key(), inner.clone(), around()), 1..4), layout.clone())
                .prop_map(|(entries, layout)| Written::Map(unique(entries), layout)),
            (prop::collection::vec((inner, around()), 1..4), layout)
                .prop_map(|(items, layout)| Written::List(items, layout)),
        ]
    })
}

fn unique(entries: Vec<(String, Written, Around)>) -> Vec<(String, Written, Around)> {
    let mut seen = std::collections::HashSet::new();
    let bare = |key: &str| key.trim_matches(['"', '\'']).to_owned();
    entries.into_iter().filter(|(key, ..)| seen.insert(bare(key))).collect()
}

struct Writer<'m> {
    manner: &'m Manner,
}

impl Writer<'_> {
    /// Writes a collection over lines; the cursor is where it starts, at
    /// `column`, or at the start of a line.
    fn block(&self, value: &Written, column: usize, at_line_start: bool, text: &mut String) {
        let mut is_first = !at_line_start;
        let mut begin = |around: &Around, text: &mut String| {
            if !std::mem::take(&mut is_first) {
                if around.blank_line {
                    text.push('\n');
                }
                if around.comment_above {
                    writeln!(text, "{}# above", " ".repeat(column)).unwrap();
                }
                text.push_str(&" ".repeat(column));
            }
        };
        match value {
            Written::Map(entries, _) => {
                for (key, value, around) in entries {
                    begin(around, text);
                    write!(text, "{key}:").unwrap();
                    self.value_after(value, column, around, false, text);
                }
            }
            Written::List(items, _) => {
                for (item, around) in items {
                    begin(around, text);
                    text.push('-');
                    self.value_after(item, column, around, true, text);
                }
            }
            _ => unreachable!("scalars are written after their key"),
        }
    }

    /// Writes a value after its key or dash, to the end of its last line.
    fn value_after(
        &self,
        value: &Written,
        column: usize,
        around: &Around,
        is_item: bool,
        text: &mut String,
    ) {
        let comment = if around.comment_after { " # after\n" } else { "\n" };
        match value {
            Written::Map(_, Layout::Block) | Written::List(_, Layout::Block) if is_item => {
                text.push(' ');
                self.block(value, column + 2, false, text);
            }
            Written::Map(_, Layout::Block) => {
                text.push_str(comment);
                self.block(value, column + self.manner.step, true, text);
            }
            Written::List(_, Layout::Block) => {
                text.push_str(comment);
                self.block(value, column + self.manner.list_step, true, text);
            }
            Written::Text(kind, lines) => {
                write!(text, " {kind}{comment}").unwrap();
                for line in lines {
                    writeln!(text, "{}{line}", " ".repeat(column + 2)).unwrap();
                }
            }
            inline => {
                text.push(' ');
                flow(inline, column + 2, text);
                text.push_str(comment);
            }
        }
    }
}

/// Writes a value that may be in brackets.
fn flow(value: &Written, column: usize, text: &mut String) {
    match value {
        Written::Scalar(scalar) if scalar.is_empty() => text.push_str("\"\""),
        Written::Scalar(scalar) => text.push_str(scalar),
        Written::Text(_, lines) => write!(text, "\"{}\"", lines.join(" ")).unwrap(),
        Written::Map(entries, layout) => {
            text.push('{');
            for (at, (key, value, around)) in entries.iter().enumerate() {
                between(at, *layout, column, text);
                write!(text, "{key}: ").unwrap();
                flow(value, column + 2, text);
                end(at + 1 == entries.len(), around, *layout, column, text);
            }
            text.push('}');
        }
        Written::List(items, layout) => {
            text.push('[');
            for (at, (item, around)) in items.iter().enumerate() {
                between(at, *layout, column, text);
                flow(item, column + 2, text);
                end(at + 1 == items.len(), around, *layout, column, text);
            }
            text.push(']');
        }
    }
}

fn between(at: usize, layout: Layout, column: usize, text: &mut String) {
    match layout {
        Layout::FlowLines => write!(text, "\n{}", " ".repeat(column)).unwrap(),
        _ if at > 0 => text.push(' '),
        _ => {}
    }
}

fn end(is_last: bool, around: &Around, layout: Layout, column: usize, text: &mut String) {
    if !is_last || (layout == Layout::FlowLines && around.comment_above) {
        text.push(',');
    }
    if layout == Layout::FlowLines {
        if around.comment_after {
            text.push_str(" # in brackets");
        }
        if is_last {
            write!(text, "\n{}", " ".repeat(column - 2)).unwrap();
        }
    }
}

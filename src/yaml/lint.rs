//! Plain scalars that do not mean the same to everyone.

use super::code::AMBIGUOUS_SCALAR;
use super::scalar::{self, ScalarMeaning};
use super::{Dialect, Kind, Node, Style};
use crate::diagnostic::{Finding, Findings};
use crate::source::Location;

/// A family of tools that read plain scalars alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolFamily {
    /// kubectl, the API server, Helm, Flux and Argo CD (go-yaml v2).
    Kubectl,
    /// kustomize, and other programs on go-yaml v3.
    Kustomize,
    /// The core schema of YAML 1.2: editors, and what is written in JavaScript
    /// or Rust.
    Yaml12,
    /// The types of YAML 1.1: what is written in Python or Ruby, Ansible.
    Yaml11,
}

impl ToolFamily {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kubectl, Self::Kustomize, Self::Yaml12, Self::Yaml11];

    /// What a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl",
            Self::Kustomize => "kustomize",
            Self::Yaml12 => "YAML 1.2",
            Self::Yaml11 => "YAML 1.1",
        }
    }
}

/// What a plain scalar means to each reader, in words: `true`, `420`,
/// `the text "no"`.
pub fn readings(text: &str) -> [(ToolFamily, String); 4] {
    ToolFamily::ALL.map(|reader| (reader, meaning(&read(text, reader), text)))
}

/// Reports each plain scalar of a tree, key or value, that means different
/// things to different tools. What an alias repeats is reported where it is
/// written.
pub fn lint(root: Node<'_>) -> Findings {
    let mut findings = Findings::new();
    visit(root, &mut findings);
    findings
}

fn visit(node: Node<'_>, findings: &mut Findings) {
    if node.alias_of().is_some() {
        return;
    }
    for (key, value) in node.entries() {
        if key.style() == Style::Plain {
            findings.extend(check(&key.location()));
        }
        visit(value, findings);
    }
    for item in node.items() {
        visit(item, findings);
    }
    let is_scalar = !matches!(node.kind(), Kind::Sequence(_) | Kind::Mapping(_));
    if is_scalar && node.style() == Style::Plain && !is_tagged(&node.location()) {
        findings.extend(check(&node.location()));
    }
}

/// What Helm prints for a scalar: `1.1` for `1.10`; none for null, a map and a list. What
/// an alias repeats counts.
pub fn printed(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::String(text) => Some(text.to_string()),
        Kind::Number(number) => Some(scalar::go_printed(number.as_f64())),
        Kind::Bool(truth) => Some(truth.to_string()),
        Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => None,
    }
}

/// Whether a scalar without quotes is something else than the text that it spells, to any
/// tool. `39` and `1.5` are numbers that everyone prints as they are spelled.
pub fn is_misread(node: Node<'_>) -> bool {
    let node = node.alias_of().unwrap_or(node);
    let is_plain = node.style() == Style::Plain && node.has_own_place();
    if !is_plain || is_text_to_all(node.location().text()) {
        return false;
    }
    let Some(printed) = printed(node).filter(|_| !is_tagged(&node.location())) else {
        return false;
    };
    printed != node.location().text() || check(&node.location()).is_some()
}

/// The finding that the scalar at a place [`is_misread`], where a text is meant.
pub fn misread(location: &Location, printed: &str) -> Finding {
    let text = location.text();
    let because = if printed == text {
        summary(&readings(text))
    } else {
        format!("is deployed as `{printed}`")
    };
    Finding::new(
        &AMBIGUOUS_SCALAR,
        format!("`{text}` is not a text without quotes"),
        location.clone(),
    )
    .because(because)
    .help(format!("put it in quotes: `\"{text}\"`"))
}

/// Whether a tag says what the scalar is, to everyone.
fn is_tagged(location: &Location) -> bool {
    let before = &location.file().text()[..location.span().start as usize];
    let last_word = before.trim_end_matches([' ', '\t']).rsplit(char::is_whitespace).next();
    last_word.is_some_and(|word| word.starts_with('!'))
}

fn check(location: &Location) -> Option<Finding> {
    let text = location.text();
    // Before any words: nearly all scalars of thousands of files mean the same to all.
    let [first, others @ ..] = ToolFamily::ALL.map(|reader| read(text, reader));
    if others.iter().all(|other| *other == first) {
        return None;
    }
    let readings = readings(text);
    if readings.iter().all(|(_, reading)| *reading == readings[0].1) {
        return None;
    }
    let [kubectl, ..] = &readings;
    let message = format!("`{text}` does not mean the same to every tool");
    let help = format!("put it in quotes where a text is meant; otherwise write {}", plain(text));
    Some(
        Finding::new(&AMBIGUOUS_SCALAR, message, location.clone())
            .because(summary(&readings))
            .help(if kubectl.1.starts_with("the text") {
                "put it in quotes".to_owned()
            } else {
                help
            }),
    )
}

/// `420 to kubectl and kustomize, 644 to YAML 1.2`
fn summary(readings: &[(ToolFamily, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (reader, reading) in readings {
        match groups.iter_mut().find(|(known, _)| known == reading) {
            Some((_, readers)) => readers.push(reader.name()),
            None => groups.push((reading, vec![reader.name()])),
        }
    }
    let group = |(reading, readers): &(&str, Vec<&str>)| {
        let (last, others) = readers.split_last().expect("a group begins with a reader");
        match others {
            [] => format!("{reading} to {last}"),
            others => format!("{reading} to {} and {last}", others.join(", ")),
        }
    };
    groups.iter().map(group).collect::<Vec<_>>().join("; ")
}

/// The spelling of kubectl's meaning that every reader shares.
fn plain(text: &str) -> String {
    format!("`{}`", meaning(&read(text, ToolFamily::Kubectl), text))
}

/// Whether a plain scalar is that text to every reader.
pub(super) fn is_text_to_all(text: &str) -> bool {
    ToolFamily::ALL.into_iter().all(|reader| read(text, reader) == ScalarMeaning::Text)
}

fn meaning(scalar: &ScalarMeaning, text: &str) -> String {
    match scalar {
        ScalarMeaning::Null => "null".to_owned(),
        ScalarMeaning::Bool(truth) => truth.to_string(),
        ScalarMeaning::Integer(value) => value.to_string(),
        ScalarMeaning::Unsigned(value) => value.to_string(),
        ScalarMeaning::Float(value) => value.to_string(),
        ScalarMeaning::Timestamp(time) => format!("the time {time}"),
        ScalarMeaning::Text => format!("the text \"{text}\""),
    }
}

fn read(text: &str, reader: ToolFamily) -> ScalarMeaning {
    match reader {
        ToolFamily::Kubectl => match scalar::resolve(text, Dialect::Kubectl) {
            ScalarMeaning::Timestamp(_) => ScalarMeaning::Text,
            other => other,
        },
        ToolFamily::Kustomize => scalar::resolve(text, Dialect::Kustomize),
        ToolFamily::Yaml12 => scalar::core(text),
        ToolFamily::Yaml11 => scalar::types(text),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{RepoPath, SourceFile};
    use crate::yaml::parse;

    fn found(text: &str) -> Vec<String> {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        let documents = parse(&Arc::new(file), Dialect::Kubectl).unwrap();
        let findings = lint(documents[0].root());
        let words = |finding: &Finding| {
            format!("{}: {}", finding.location().text(), finding.labels[0].message)
        };
        findings.iter().map(words).collect()
    }

    #[test]
    fn each_scalar_that_tools_read_differently_says_who_reads_what() {
        let text = "a: yes\nb: 0644\nc: 1e3\nd: 2001-12-14\ne: 22:22\nf: 1_000\n";
        assert_eq!(
            found(text),
            [
                "yes: true to kubectl and YAML 1.1; the text \"yes\" to kustomize and YAML 1.2",
                "0644: 420 to kubectl, kustomize and YAML 1.1; 644 to YAML 1.2",
                "1e3: 1000 to kubectl, kustomize and YAML 1.2; the text \"1e3\" to YAML 1.1",
                "2001-12-14: the text \"2001-12-14\" to kubectl and YAML 1.2; \
                 the time 2001-12-14T00:00:00Z to kustomize and YAML 1.1",
                "22:22: the text \"22:22\" to kubectl, kustomize and YAML 1.2; 1342 to YAML 1.1",
                "1_000: 1000 to kubectl, kustomize and YAML 1.1; the text \"1_000\" to YAML 1.2",
            ]
        );
    }

    #[test]
    fn keys_are_read_differently_too_and_what_is_repeated_is_said_once() {
        let keys = found("on: &x [no]\nb: *x\n");
        assert_eq!(keys.len(), 2);
        assert!(keys[0].starts_with("on: true to kubectl"));
    }

    #[test]
    fn what_everyone_reads_alike_is_left_alone() {
        let text = "a: 1\nb: 1.10\nc: true\nd: ~\ne:\nf: 100m\ng: v1.2\nh: \"yes\"\ni: !!str no\n\
                    j: 0x1F\nk: +12\nl: .5\nm: 8080:80\nip: 10.0.0.1\no: web\np: -1\nq: 0\n";
        assert_eq!(found(text), [""; 0]);
    }
}

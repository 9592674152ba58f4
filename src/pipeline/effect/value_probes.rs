//! Finding most of the values that have an effect in a few renders.
//!
//! A value that is replaced by something that nothing else prints has an effect if that
//! shows up. What does not show up (it is compared, hashed or counted) has to be tried
//! alone.

use std::collections::{HashMap, HashSet};

use super::super::job::RenderJob;
use super::super::watch::RenderStep;
use crate::source::RepoPath;
use crate::yaml::{Kind, Node, NodeId, Number, Value};

/// The most rounds: what is printed only because of another value shows up once that
/// has its own value again.
const ROUNDS: usize = 4;

/// Those of the values that certainly have an effect.
pub(super) fn visible(job: &RenderJob<'_>, values: &[NodeId]) -> HashSet<NodeId> {
    let mut visible = HashSet::new();
    let Some(plain) = job.plain_text(RenderStep::Values) else { return visible };
    let literals = job.template.literals();
    let root = job.app.values().root();
    let tree = job.app.values();
    let is_judged = |id: &&NodeId| Probes::can_mark(tree.node(**id), literals);
    let mut open: Vec<NodeId> = values.iter().filter(is_judged).copied().collect();
    let first_number = free_numbers(plain, open.len());
    for _ in 0..ROUNDS {
        let mut seen = HashSet::new();
        let search = ProbeSearch { job, root, first_number };
        search.probe(&open, &mut seen);
        if seen.is_empty() {
            break;
        }
        open.retain(|id| !seen.contains(id));
        visible.extend(seen);
    }
    visible
}

struct ProbeSearch<'j> {
    job: &'j RenderJob<'j>,
    root: Node<'j>,
    first_number: i64,
}

impl ProbeSearch<'_> {
    /// Adds those of the values whose probes show up. If a template fails with some of
    /// the probes, they are tried in halves.
    fn probe(&self, values: &[NodeId], seen: &mut HashSet<NodeId>) {
        if values.is_empty() {
            return;
        }
        let probes = Probes::new(values, self.first_number);
        let marked = probes.put_into(self.root);
        match self.job.render_text(RenderStep::Values, &self.job.images(), &marked) {
            Ok(texts) => seen.extend(probes.found(&texts).map(|index| values[index])),
            Err(_) if values.len() > 1 => {
                let (first, second) = values.split_at(values.len() / 2);
                self.probe(first, seen);
                self.probe(second, seen);
            }
            Err(_) => {}
        }
    }
}

/// A text that no template spells out, around the number of a value.
const START: &str = "effectmark";
const END: char = 'x';

struct Probes {
    numbers: HashMap<NodeId, usize>,
    first_number: i64,
}

impl Probes {
    fn new(values: &[NodeId], first_number: i64) -> Self {
        let numbers = values.iter().enumerate().map(|(index, id)| (*id, index)).collect();
        Self { numbers, first_number }
    }

    /// Whether something in a value can be replaced, and is not what the template says
    /// itself: a value that repeats the template's own default has no effect, although
    /// another would have one.
    fn can_mark(value: Node<'_>, literals: &HashSet<String>) -> bool {
        let scalars = scalars(value);
        !scalars.is_empty() && scalars.iter().all(|text| !literals.contains(*text))
    }

    /// The values with probes in place of some.
    fn put_into(&self, root: Node<'_>) -> Value {
        let mut marked = Value::new(root.location().file());
        let root = self.copy(root, None, &mut marked);
        marked.set_root(root);
        marked
    }

    fn copy(&self, node: Node<'_>, around: Option<usize>, into: &mut Value) -> NodeId {
        let number = self.numbers.get(&node.id()).copied().or(around);
        let at = node.location();
        match (node.kind(), number) {
            (Kind::Mapping(_), _) => {
                let entries = node.entries();
                let entries: Vec<_> =
                    entries.map(|(key, value)| (key, self.copy(value, number, into))).collect();
                let map = into.add_mapping([], &at);
                for (key, value) in entries {
                    into.append(map, key, value);
                }
                map
            }
            (Kind::Sequence(_), _) => {
                let items = node.items().map(|item| self.copy(item, number, into)).collect();
                into.add(Kind::Sequence(items), &at)
            }
            (Kind::String(_), Some(number)) => {
                into.add_string(&format!("{START}{number}{END}"), &at)
            }
            (Kind::Number(_), Some(number)) => {
                let value = self.first_number + i64::try_from(number).unwrap_or_default();
                into.add(Kind::Number(Number::integer(value, &value.to_string())), &at)
            }
            _ => into.graft(node),
        }
    }

    /// The numbers of the probes that show up.
    fn found(&self, texts: &[(RepoPath, String)]) -> impl Iterator<Item = usize> {
        let mut found = HashSet::new();
        let count = self.numbers.len();
        for (_, text) in texts {
            for (at, _) in text.match_indices(START) {
                let rest = &text[at + START.len()..];
                let number = rest.split_once(END);
                let number = number.and_then(|(digits, _)| digits.parse::<usize>().ok());
                found.extend(number.filter(|number| *number < count));
            }
            for number in whole_numbers(text) {
                let index = number.checked_sub(self.first_number);
                let index = index.and_then(|index| usize::try_from(index).ok());
                found.extend(index.filter(|index| *index < count));
            }
        }
        found.into_iter()
    }
}

/// The texts and numbers in a value.
fn scalars(value: Node<'_>) -> Vec<&str> {
    match value.kind() {
        Kind::String(text) => vec![text],
        Kind::Number(number) => vec![number.source()],
        Kind::Sequence(_) => value.items().flat_map(scalars).collect(),
        Kind::Mapping(_) => value.entries().flat_map(|(_, value)| scalars(value)).collect(),
        Kind::Null | Kind::Bool(_) => Vec::new(),
    }
}

/// The first of so many numbers that are in none of the texts. They are small, because
/// a template may count up to them.
fn free_numbers(texts: &[(RepoPath, String)], count: usize) -> i64 {
    const FIRST: [i64; 5] = [1_009, 4_003, 20_011, 41_011, 71_011];
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let taken: HashSet<i64> = texts.iter().flat_map(|(_, text)| whole_numbers(text)).collect();
    let is_free = |first: &i64| !taken.iter().any(|one| (*first..*first + count).contains(one));
    FIRST.into_iter().find(is_free).unwrap_or(5_000_000_011)
}

/// The digits of a text that are not beside other digits, as numbers.
fn whole_numbers(text: &str) -> impl Iterator<Item = i64> {
    text.split(|char: char| !char.is_ascii_digit()).filter_map(|digits| digits.parse().ok())
}

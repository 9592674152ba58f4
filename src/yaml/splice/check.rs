//! What a file is to say once it is edited, to be compared with what it says
//! then. The model knows nothing of bytes, so that a mistake in one is not
//! repeated in the other.

use std::collections::HashMap;

use super::change::{NewScalar, NewValue, Place};
use super::edits::Edit;
use super::spell::said_by;
use crate::yaml::{KeyNode, Kind, Node, NodeId, Step, Style, Value};

/// All documents of a file as data; an anchor is a datum with more than one
/// path to it.
#[derive(Debug, Clone, Default)]
pub(super) struct DataModel {
    data: Vec<Datum>,
    roots: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Datum {
    NewScalar(NewScalar, Style),
    /// `*name`, and what it repeats.
    Alias(usize),
    List(Vec<usize>),
    /// Entries that are written in it, and whether `<<` brings more.
    Map(HashMap<String, usize>, bool),
}

impl DataModel {
    /// What documents say.
    pub(super) fn of(documents: &[Value]) -> Self {
        let mut model = Self::default();
        for document in documents {
            let mut known = HashMap::new();
            let root = model.read(document.root(), &mut known);
            model.roots.push(root);
        }
        model
    }

    fn read(&mut self, node: Node<'_>, known: &mut HashMap<NodeId, usize>) -> usize {
        if let Some(&at) = known.get(&node.id()) {
            return at;
        }
        let at = self.add(Datum::List(Vec::new()));
        known.insert(node.id(), at);
        self.data[at] = match node.alias_of() {
            Some(anchored) => Datum::Alias(self.read(anchored, known)),
            None => self.datum(node, known),
        };
        at
    }

    fn datum(&mut self, node: Node<'_>, known: &mut HashMap<NodeId, usize>) -> Datum {
        match node.kind() {
            Kind::Sequence(_) => {
                Datum::List(node.items().map(|item| self.read(item, known)).collect())
            }
            Kind::Mapping(_) => {
                let own = node.own_entries();
                let is_merged = own.len() < node.entries().len();
                let entry = |(key, value): (KeyNode<'_>, _)| {
                    (key.text().to_owned(), self.read(value, known))
                };
                Datum::Map(own.into_iter().map(entry).collect(), is_merged)
            }
            Kind::Null => Datum::NewScalar(NewScalar::Plain("null".to_owned()), node.style()),
            Kind::Bool(truth) => {
                Datum::NewScalar(NewScalar::Plain(truth.to_string()), node.style())
            }
            Kind::Number(number) => {
                Datum::NewScalar(NewScalar::Plain(number.source().to_owned()), node.style())
            }
            Kind::String(text) => Datum::NewScalar(NewScalar::Text(text.to_string()), node.style()),
        }
    }

    fn add(&mut self, datum: Datum) -> usize {
        self.data.push(datum);
        self.data.len() - 1
    }

    fn make(&mut self, new: &NewValue) -> usize {
        let datum = self.datum_of(new);
        self.add(datum)
    }

    fn datum_of(&mut self, new: &NewValue) -> Datum {
        match new {
            NewValue::Scalar(scalar) => Datum::NewScalar(scalar.clone(), Style::Made),
            NewValue::List(items) => {
                Datum::List(items.iter().map(|item| self.make(item)).collect())
            }
            NewValue::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), self.make(value)));
                Datum::Map(entries.collect(), false)
            }
        }
    }

    /// Does to the data what an edit is to do to the text.
    pub(super) fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::CreateDocument { with } => {
                let root = self.make(with);
                self.roots.push(root);
            }
            Edit::Set { at, to } => self.set(at, to),
            Edit::Rewrite { at, to, .. } => {
                let at = self.find(at);
                if let Datum::NewScalar(text, _) = &mut self.data[at] {
                    *text = NewScalar::Text(to.clone());
                }
            }
            Edit::Replace { at, with } => {
                let at = self.find(at);
                self.data[at] = self.datum_of(with);
            }
            Edit::Insert { map, entries } => {
                let at = self.find(map);
                let made: HashMap<_, _> =
                    entries.iter().map(|(key, value)| (key.clone(), self.make(value))).collect();
                match &mut self.data[at] {
                    Datum::Map(entries, _) => entries.extend(made),
                    other => *other = Datum::Map(made, false),
                }
            }
            Edit::InsertItems { list, index, items } => {
                let at = self.find(list);
                let made: Vec<_> = items.iter().map(|item| self.make(item)).collect();
                match &mut self.data[at] {
                    Datum::List(items) => drop(items.splice(*index..*index, made)),
                    other => *other = Datum::List(made),
                }
            }
            Edit::Remove { parent, step } => self.remove(parent, step),
        }
    }

    fn set(&mut self, at: &Place, to: &NewScalar) {
        let at = self.find(at);
        let (old, style) = match &self.data[at] {
            Datum::NewScalar(NewScalar::Text(old), style) => (Some(old.as_str()), *style),
            Datum::NewScalar(_, style) => (None, *style),
            _ => (None, Style::Made),
        };
        let to = match to {
            NewScalar::Text(text) => NewScalar::Text(said_by(style, old, text)),
            plain @ NewScalar::Plain(_) => plain.clone(),
        };
        self.data[at] = Datum::NewScalar(to, style);
    }

    fn remove(&mut self, parent: &Place, step: &Step) {
        let at = self.find(parent);
        match (&mut self.data[at], step) {
            (Datum::Map(entries, _), Step::Key(key)) => drop(entries.remove(key)),
            (Datum::List(items), Step::Index(index)) => drop(items.remove(*index)),
            _ => {}
        }
    }

    /// The datum at a place that an edit was found to have.
    fn find(&self, place: &Place) -> usize {
        let root = self.roots[place.document];
        place.route.steps().iter().fold(root, |at, step| {
            let next = match (&self.data[at], step) {
                (Datum::Map(entries, _), Step::Key(key)) => entries.get(key).copied(),
                (Datum::List(items), Step::Index(index)) => items.get(*index).copied(),
                _ => None,
            };
            next.expect("an edit's place was found in the file that the model is of")
        })
    }

    /// Whether both say the same: values, numbers as they are written, and what
    /// repeats what.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let mut same = Same { one: self, two: other, pairs: HashMap::new() };
        self.roots.len() == other.roots.len()
            && self.roots.iter().zip(&other.roots).all(|(&one, &two)| same.data(one, two))
    }
}

/// A comparison of two models.
struct Same<'m> {
    one: &'m DataModel,
    two: &'m DataModel,
    /// What was found to be the same.
    pairs: HashMap<usize, usize>,
}

impl Same<'_> {
    fn data(&mut self, one: usize, two: usize) -> bool {
        self.pairs.insert(one, two);
        match (&self.one.data[one], &self.two.data[two]) {
            (Datum::NewScalar(one, _), Datum::NewScalar(two, _)) => one == two,
            (&Datum::Alias(one), &Datum::Alias(two)) => match self.pairs.get(&one) {
                Some(&pair) => pair == two,
                // An anchor that `<<` hides.
                None => self.data(one, two),
            },
            (Datum::List(one), Datum::List(two)) => {
                one.len() == two.len()
                    && one.iter().zip(two).all(|(&one, &two)| self.data(one, two))
            }
            (Datum::Map(one, one_merges), Datum::Map(two, two_merges)) => {
                one_merges == two_merges
                    && one.len() == two.len()
                    && one
                        .iter()
                        .all(|(key, at)| two.get(key).is_some_and(|&two| self.data(*at, two)))
            }
            _ => false,
        }
    }
}

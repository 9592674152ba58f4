//! Jsonnet: one program, `main.jsonnet`, whose result is objects.
//!
//! The engine is `rsjsonnet`. Only `tokens`, `message`, `session` and `pool` use it.

mod closure;
mod message;
mod pool;
mod session;
mod tokens;
mod trace;

use std::sync::Arc;

use self::closure::Closure;
pub use self::pool::ENGINE_STACK_BYTES;
use self::tokens::JsonnetTokenKind;
pub(super) use self::trace::TracedObjects;
use crate::diagnostic::Findings;
use crate::render::Input;
use crate::render::input::InputValue;
use crate::source::{Location, RepoPath, Tree};
use crate::yaml::{Kind, NodeId, Value};

/// A template's program.
#[derive(Debug)]
pub(super) struct JsonnetProgram {
    closure: Arc<Closure>,
}

impl JsonnetProgram {
    pub(super) fn load(tree: &Tree, root: &RepoPath, main: RepoPath) -> Result<Self, Findings> {
        Ok(Self { closure: Arc::new(Closure::load(tree, root, main)?) })
    }

    pub(super) fn path(&self) -> &RepoPath {
        &self.closure.main
    }

    /// Whether the program, or what it imports, imports that file.
    pub(super) fn imports(&self, path: &RepoPath) -> bool {
        self.closure.imported.contains(path)
    }

    /// The texts and numbers that the program and what it imports write out.
    pub(super) fn literals(&self) -> impl Iterator<Item = String> {
        self.closure.sources().flat_map(|source| {
            source.tokens.iter().filter_map(|token| match &token.kind {
                JsonnetTokenKind::Text(text) => Some(text.clone()),
                JsonnetTokenKind::Number => Some(source.file.text()[token.span.range()].to_owned()),
                _ => None,
            })
        })
    }

    /// Evaluates the program. The spans of the resulting trees hold numbers by which
    /// [`TracedObjects`] finds the nodes.
    pub(super) fn render(&self, input: &Input<'_>) -> Result<Vec<Value>, Findings> {
        pool::run(&self.closure, argument(input))
    }

    /// Evaluates the program again, to find what came from where.
    pub(super) fn trace(&self, input: &Input<'_>) -> TracedObjects<'_> {
        TracedObjects::new(&self.closure, self.render(input).unwrap_or_default())
    }
}

/// The argument `rungs`, as a tree of its own that can be sent to another thread.
fn argument(input: &Input<'_>) -> Value {
    let file = Arc::clone(input.values.location().file());
    let mut tree = Value::new(&file);
    let at = input.values.location();
    let entries: Vec<_> =
        input.variables().map(|(name, value)| (name, add(&mut tree, value, &at))).collect();
    let root = tree.add_mapping(entries, &at);
    tree.set_root(root);
    tree
}

/// Adds a variable's value to the argument's tree.
fn add(tree: &mut Value, value: InputValue<'_>, at: &Location) -> NodeId {
    match value {
        InputValue::Text(text) => tree.add_string(text, at),
        InputValue::Labels(labels) => {
            let labels: Vec<_> =
                labels.iter().map(|(key, value)| (*key, tree.add_string(value, at))).collect();
            tree.add_mapping(labels, at)
        }
        InputValue::Images(images) => {
            let map = tree.add(Kind::Mapping(Vec::new()), at);
            for image in images {
                let fields: Vec<_> =
                    image.fields().map(|(key, value)| (key, tree.add_string(&value, at))).collect();
                let fields = tree.add_mapping(fields, at);
                tree.append_text(map, image.key, fields, at);
            }
            map
        }
        InputValue::Tree(node) => tree.graft(node),
    }
}

//! Jsonnet: one program, `main.jsonnet`, whose result is objects.
//!
//! The engine is `rsjsonnet`; `tokens`, `message` and `session` know it, and
//! `pool` hands out sessions.

mod closure;
mod message;
mod pool;
mod session;
mod tokens;
mod trace;

use std::sync::Arc;

use self::closure::Closure;
pub(super) use self::trace::TracedObjects;
use crate::diagnostic::Findings;
use crate::render::Input;
use crate::source::{RepoPath, Tree};
use crate::yaml::{Kind, Value};

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

    /// Evaluates the program. The spans of the trees number their nodes, for
    /// [`TracedObjects`] to find them.
    pub(super) fn render(&self, input: &Input<'_>) -> Result<Vec<Value>, Findings> {
        pool::run(&self.closure, argument(input))
    }

    /// Evaluates the program again, to look for what came from where.
    pub(super) fn trace(&self, input: &Input<'_>) -> TracedObjects<'_> {
        TracedObjects::new(&self.closure, self.render(input).unwrap_or_default())
    }
}

/// The argument `rungs`, in a tree of its own, so that it can be handed to
/// another thread.
fn argument(input: &Input<'_>) -> Value {
    let file = Arc::clone(input.values.location().file());
    let mut tree = Value::new(&file);
    let at = input.values.location();
    let mut entries = vec![
        ("app", tree.add_string(input.app, &at)),
        ("environment", tree.add_string(input.environment, &at)),
        ("namespace", tree.add_string(input.namespace, &at)),
    ];
    let labels: Vec<_> =
        input.labels.iter().map(|(key, value)| (*key, tree.add_string(value, &at))).collect();
    entries.push(("labels", tree.add_mapping(labels, &at)));
    let images = tree.add(Kind::Mapping(Vec::new()), &at);
    for image in input.images {
        let fields: Vec<_> =
            image.fields().map(|(key, value)| (key, tree.add_string(&value, &at))).collect();
        let fields = tree.add_mapping(fields, &at);
        tree.append_text(images, image.key, fields, &at);
    }
    entries.push(("images", images));
    entries.push(("values", tree.graft(input.values)));
    let root = tree.add_mapping(entries, &at);
    tree.set_root(root);
    tree
}

//! The templates that apps name, as far as configuration needs them: whether
//! they exist, and their `values.yaml`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::decode::{suggest, wrong_type};
use crate::config::reader::ConfigReader;
use crate::config::valid::TemplateRef;
use crate::diagnostic::{Finding, codes};
use crate::source::{RepoPath, RevisionError, Tree};
use crate::yaml::Value;

codes! {
    /// There is no such template.
    ///
    /// An app is rendered from the directory below `templates/` that its file
    /// names with `template`, or from the one with the app's own name. A pinned
    /// template, `guestbook@v12`, has to exist at that tag or commit.
    ///
    /// ```yaml
    /// # environments/qa/web.yaml
    /// template: guestbok        # wrong
    /// template: guestbook       # right: templates/guestbook/ is there
    /// ```
    MISSING_TEMPLATE = "missing-template", Input, Error;
}

/// The templates that apps name, each read once.
pub(super) struct Templates<'t> {
    tree: &'t Tree,
    /// By name and pin.
    known: HashMap<String, HashMap<Option<String>, TemplateLookup>>,
}

/// What was found of a template.
enum TemplateLookup {
    /// The template exists, with its values if it has any.
    Values(Option<Arc<Value>>),
    /// The template is not in this tree.
    Nothing(Tree),
    /// The commit that it is pinned to does not exist.
    NoRevision(RevisionError),
}

impl TemplateLookup {
    /// The template's values. Reports a missing template.
    fn values(&self, template: &TemplateRef, reader: &mut ConfigReader<'_>) -> Option<Arc<Value>> {
        match self {
            Self::Values(values) => values.clone(),
            Self::Nothing(tree) => {
                reader.findings.push(missing(tree, template));
                None
            }
            Self::NoRevision(error) => {
                let at = Some(&template.location);
                reader.findings.push(Finding::of_revision_error(error, at));
                None
            }
        }
    }
}

impl<'t> Templates<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, known: HashMap::new() }
    }

    /// A template's values. Reports a missing template.
    pub(super) fn values(
        &mut self,
        template: &TemplateRef,
        reader: &mut ConfigReader<'_>,
    ) -> Option<Arc<Value>> {
        let known = self.known.get(&template.name).and_then(|pins| pins.get(&template.pin));
        if let Some(found) = known {
            return found.values(template, reader);
        }
        let found = self.look(template, reader);
        let values = found.values(template, reader);
        self.known.entry(template.name.clone()).or_default().insert(template.pin.clone(), found);
        values
    }

    fn look(&self, template: &TemplateRef, reader: &mut ConfigReader<'_>) -> TemplateLookup {
        let tree = match &template.pin {
            None => self.tree.clone(),
            Some(pin) => match self.tree.at(pin) {
                Ok(tree) => tree,
                Err(error) => return TemplateLookup::NoRevision(error),
            },
        };
        let directory = templates().child(&template.name);
        match tree.has_directory(&directory) {
            Ok(true) => {
                TemplateLookup::Values(read_values(&tree, &directory, reader).map(Arc::new))
            }
            Ok(false) => TemplateLookup::Nothing(tree),
            Err(error) => {
                reader.findings.push(Finding::of_read_error(&error, None));
                TemplateLookup::Values(None)
            }
        }
    }
}

fn missing(tree: &Tree, template: &TemplateRef) -> Finding {
    let directory = templates().child(&template.name);
    let at = template.pin.as_ref().map(|pin| format!(" at `{pin}`")).unwrap_or_default();
    let listed = tree.list(&templates()).unwrap_or_default();
    let directories = listed.iter().filter(|entry| entry.is_directory);
    let names: Vec<_> = directories.map(|entry| entry.path.name()).collect();
    let help = suggest(&template.name, names.iter().copied(), "there are")
        .unwrap_or_else(|| format!("create `{directory}/`"));
    Finding::new(
        &MISSING_TEMPLATE,
        format!("there is no template `{}`{at}", template.name),
        template.location.clone(),
    )
    .because(format!("there is no directory `{directory}`{at}"))
    .help(help)
}

fn templates() -> RepoPath {
    RepoPath::root().child("templates")
}

fn read_values(tree: &Tree, directory: &RepoPath, reader: &mut ConfigReader<'_>) -> Option<Value> {
    let file = match tree.read_if_present(&directory.child("values.yaml")) {
        Ok(file) => file?,
        Err(error) => {
            reader.findings.push(Finding::of_read_error(&error, None));
            return None;
        }
    };
    let value = reader.parse(&file)?;
    let root = value.root();
    reader.values(root);
    if root.is_mapping() {
        return Some(value);
    }
    if !root.is_null() {
        reader.findings.push(wrong_type(root, "a map of values"));
    }
    None
}

//! The files that an app's settings and values come from.

use std::sync::{Arc, OnceLock};

use super::layers::{Layer, merge_settings, merge_values};
use crate::source::Location;
use crate::yaml::Value;

/// The layers of an app. They are merged when somebody reads the result: many commands
/// never do, and a repository has thousands of apps.
#[derive(Debug, Clone)]
pub(super) struct AppLayers {
    /// The app's file in the environment's own directory.
    leaf: Location,
    /// The template's values.
    template: Option<Arc<Value>>,
    /// Outermost first.
    files: Vec<LayerFile>,
    settings: OnceLock<Value>,
    values: OnceLock<Value>,
}

/// A file as one layer of an app.
#[derive(Debug, Clone)]
pub(super) struct LayerFile {
    /// What it says.
    pub(super) document: Arc<Value>,
    /// Whether it is a file of the app, and not an `environment.yaml`.
    pub(super) is_own: bool,
}

impl AppLayers {
    pub(super) fn new(leaf: &Location, files: Vec<LayerFile>) -> Self {
        Self {
            leaf: leaf.clone(),
            template: None,
            files,
            settings: OnceLock::new(),
            values: OnceLock::new(),
        }
    }

    /// The same layers above a template's values.
    pub(super) fn above(self, template: Option<Arc<Value>>) -> Self {
        Self { template, values: OnceLock::new(), ..self }
    }

    /// The layers, outermost first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Layer<'_>> {
        self.files.iter().map(|file| Layer { root: file.document.root(), is_own: file.is_own })
    }

    /// Whether the app has only one layer that says anything of its settings: its own
    /// file.
    pub(super) fn is_one_file(&self) -> bool {
        self.iter().all(|layer| layer.is_own || !layer.has_settings())
            && self.iter().filter(|layer| layer.is_own).count() == 1
    }

    /// The merged settings without values; null if no layer is a map.
    pub(super) fn settings(&self) -> &Value {
        self.settings.get_or_init(|| {
            let file = self.leaf.file();
            let layered = merge_settings(self.iter(), |_| true);
            layered.map_or_else(|| Value::new(file), |layered| layered.to_value(file))
        })
    }

    /// The merged values of the template and of each layer; a map.
    pub(super) fn values(&self) -> &Value {
        self.values.get_or_init(|| {
            let template = self.template.as_ref().map(|values| values.root());
            let layered = merge_values(template, self.iter());
            let merged = layered.map(|layered| layered.to_value(self.leaf.file()));
            let merged = merged.filter(|value| value.root().is_mapping());
            merged.unwrap_or_else(|| Value::empty_map(&self.leaf))
        })
    }
}

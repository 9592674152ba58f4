//! An app in one environment, from its layers.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::template::Templates;
use crate::config::app_layers::{AppLayers, LayerFile};
use crate::config::decode::{MOST_PROBLEMS, Map};
use crate::config::directories::Directory;
use crate::config::raw::{AppFile, ImageFile};
use crate::config::reader::{ConfigFile, ConfigReader, ReadFile, whole};
use crate::config::sourced::Sourced;
use crate::config::syntax::{DnsLabel, EnvironmentName, LabelKey, LabelValue, NamespacePattern};
use crate::config::valid::{App, Image, TemplateRef};
use crate::config::{gates, network};
use crate::diagnostic::{Finding, Findings, Subject, codes, nearest};
use crate::source::Location;
use crate::yaml::{KeyNode, Node};

codes! {
    /// An image without a repository.
    ///
    /// The layers together have to say where an image comes from. Usually the
    /// repository is in the file that all environments share, and the tag is in
    /// each environment's own file. A misspelt name there makes a second image.
    ///
    /// ```yaml
    /// # environments/guestbook.yaml
    /// images: { frontend: { repository: gcr.io/google-samples/gb-frontend } }
    /// # environments/qa/guestbook.yaml
    /// images: { fronted: { tag: v5 } }        # wrong
    /// images: { frontend: { tag: v5 } }       # right
    /// ```
    IMAGE_WITHOUT_REPOSITORY = "image-without-repository", Input, Error;
}

/// An app, and whether its namespace is named literally.
pub(super) struct ResolvedApp {
    pub(super) app: App,
    pub(super) is_literal: bool,
}

/// The app whose file in the environment's own directory is `leaf`.
pub(super) fn resolve(
    name: &str,
    leaf: &ConfigFile<AppFile>,
    chain: &[&Directory],
    environment: &EnvironmentName,
    templates: &mut Templates<'_>,
    reader: &mut ConfigReader<'_>,
) -> ResolvedApp {
    let file = leaf.read.location();
    let layers = AppLayers::new(&file, layer_files(name, chain));
    let merged;
    let raw = if is_all(leaf, &layers) {
        leaf.raw.as_ref()
    } else {
        merged = merged_settings(&layers, reader);
        merged.as_ref()
    };
    let template = template(name, raw, &file);
    // One that could not be read was reported; the default was not asked for.
    let is_known = raw.is_some_and(|raw| raw.template.is_some()) || !sets_template(&layers);
    let template_values = is_known.then(|| templates.values(&template, reader)).flatten();
    let pattern = raw.and_then(|raw| raw.namespace.clone());
    let pattern = pattern
        .unwrap_or_else(|| Sourced { value: NamespacePattern::default(), location: file.clone() });
    let subject = || Subject::app(environment.as_str(), name);
    let images = images(raw, &layers, subject, &mut reader.findings);
    let app = App {
        name: name.to_owned(),
        location: file.clone(),
        namespace: Sourced {
            value: pattern.value.expand(name, environment),
            location: pattern.location.clone(),
        },
        template,
        images,
        labels: labels(raw.and_then(|raw| raw.labels.as_ref())),
        calls: raw
            .and_then(|raw| raw.calls.as_ref())
            .map(|c| network::calls(&c.value))
            .unwrap_or_default(),
        promote: raw
            .and_then(|raw| raw.promote.as_ref())
            .map(|promote| promote.value.clone())
            .unwrap_or_default(),
        gates: gates::of_app(raw.and_then(|raw| raw.gates.as_ref()), &mut reader.findings),
        layers: layers.above(template_values),
    };
    ResolvedApp { app, is_literal: pattern.value.is_literal() }
}

/// The files of an app's layers, outermost first.
fn layer_files(name: &str, chain: &[&Directory]) -> Vec<LayerFile> {
    let layer =
        |file: &ReadFile, is_own| LayerFile { document: Arc::clone(&file.document), is_own };
    let mut files = Vec::new();
    for directory in chain {
        files.extend(directory.environment.as_ref().map(|file| layer(file, false)));
        files.extend(directory.apps.get(name).map(|file| layer(&file.read, true)));
    }
    files
}

/// Whether the app's file, which has been decoded, is all that its layers say together.
/// It is not if it has a problem or removes something: what is left is decoded anew.
fn is_all(leaf: &ConfigFile<AppFile>, layers: &AppLayers) -> bool {
    let settings = || leaf.read.root().entries().filter(|(key, _)| key.text() != "values");
    leaf.is_sound && layers.is_one_file() && !settings().any(|(_, value)| has_null(value))
}

/// Whether a value is null or a map that has one, which merging removes. What is in a
/// list stays.
fn has_null(value: Node<'_>) -> bool {
    value.is_null() || value.entries().any(|(_, value)| has_null(value))
}

fn merged_settings(layers: &AppLayers, reader: &mut ConfigReader<'_>) -> Option<AppFile> {
    let root = layers.settings().root();
    root.is_mapping().then(|| reader.decode(root)).flatten()
}

/// Whether the layers together name a template, even one that could not be read.
fn sets_template(layers: &AppLayers) -> bool {
    let mut own = layers.iter().rev().filter(|layer| layer.is_own);
    let innermost = own.find_map(|layer| layer.root.get("template"));
    innermost.is_some_and(|template| !template.is_null())
}

fn template(name: &str, raw: Option<&AppFile>, file: &Location) -> TemplateRef {
    match raw.and_then(|raw| raw.template.as_ref()) {
        Some(template) => TemplateRef {
            name: template.value.name.clone(),
            pin: template.value.pin.clone(),
            location: template.location.clone(),
        },
        None => TemplateRef { name: name.to_owned(), pin: None, location: whole(file.file()) },
    }
}

fn images(
    raw: Option<&AppFile>,
    layers: &AppLayers,
    subject: impl Fn() -> Subject,
    findings: &mut Findings,
) -> IndexMap<String, Image> {
    let Some(images) = raw.and_then(|raw| raw.images.as_ref()) else { return IndexMap::new() };
    let innermost = innermost(layers);
    let mut resolved = IndexMap::with_capacity(images.value.0.len());
    let mut incomplete = 0;
    for (key, image) in &images.value.0 {
        let location = innermost.get(&*key.value.0).map(|key| key.location());
        let location = location.unwrap_or_else(|| key.location.clone());
        if let Some(image) = whole_image(&image.value, &location, &key.location) {
            resolved.insert(key.value.0.clone(), image);
            continue;
        }
        incomplete += 1;
        if incomplete <= MOST_PROBLEMS {
            let finding = without_repository(&key.value.0, &images.value, location);
            findings.push(finding.about(subject()));
        }
    }
    resolved
}

/// Where the innermost layer names each image; nothing if only one layer can.
fn innermost(layers: &AppLayers) -> HashMap<&str, KeyNode<'_>> {
    if layers.is_one_file() {
        return HashMap::new();
    }
    let own = layers.iter().filter(|layer| layer.is_own);
    let images = own.filter_map(|layer| layer.root.get("images"));
    images.flat_map(|images| images.entries().map(|(key, _)| (key.text(), key))).collect()
}

fn whole_image(raw: &ImageFile, location: &Location, declared: &Location) -> Option<Image> {
    let text = |value: &String, location: &Location| Sourced {
        value: value.clone(),
        location: location.clone(),
    };
    let repository = raw.repository.as_ref()?;
    Some(Image {
        repository: text(&repository.value.0, &repository.location),
        tag: raw.tag.as_ref().map(|tag| text(&tag.value.0, &tag.location)),
        digest: raw.digest.as_ref().map(|digest| text(&digest.value.0, &digest.location)),
        location: location.clone(),
        declared: declared.clone(),
    })
}

fn without_repository(key: &str, images: &Map<DnsLabel, ImageFile>, location: Location) -> Finding {
    let complete = images.0.iter().filter(|(_, image)| image.value.repository.is_some());
    let names: Vec<_> = complete.map(|(key, _)| key.value.0.as_str()).collect();
    let help = nearest(key, names).map(|near| format!("did you mean `{near}`?"));
    Finding::new(
        &IMAGE_WITHOUT_REPOSITORY,
        format!("the image `{key}` has no repository"),
        location,
    )
    .because("no layer says where it comes from")
    .help(help.unwrap_or_else(|| "add `repository: …`, here or in an outer layer".to_owned()))
}

/// Labels by key, each with its place.
pub(super) fn labels(
    raw: Option<&Sourced<Map<LabelKey, LabelValue>>>,
) -> IndexMap<String, Sourced<String>> {
    let entries = raw.iter().flat_map(|map| &map.value.0);
    entries
        .map(|(key, value)| {
            let sourced =
                Sourced { value: value.value.0.clone(), location: value.location.clone() };
            (key.value.0.clone(), sourced)
        })
        .collect()
}

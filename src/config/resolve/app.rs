//! An app in one environment, from its layers.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;

use super::template::Templates;
use crate::config::decode::{MOST_PROBLEMS, Map};
use crate::config::directories::Directory;
use crate::config::layers::{Layer, merge_settings, merge_values};
use crate::config::raw::{AppFile, ImageFile};
use crate::config::reader::{ConfigReader, ReadFile, whole};
use crate::config::sourced::Sourced;
use crate::config::syntax::{DnsLabel, EnvironmentName, LabelKey, LabelValue, NamespacePattern};
use crate::config::valid::{App, Image, TemplateRef};
use crate::config::{gates, network};
use crate::diagnostic::{Finding, Findings, Subject, codes, nearest};
use crate::source::Location;
use crate::yaml::{KeyNode, Value};

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

/// An app with the pattern that named its namespace.
pub(super) struct ResolvedApp {
    pub(super) app: App,
    pub(super) pattern: NamespacePattern,
}

/// The app whose file in the environment's own directory is `document`.
pub(super) fn resolve(
    name: &str,
    document: &ReadFile,
    chain: &[&Directory],
    environment: &EnvironmentName,
    templates: &mut Templates<'_>,
    reader: &mut ConfigReader<'_>,
) -> ResolvedApp {
    let file = document.location();
    let settings = settings(name, chain, &file);
    let root = settings.root();
    let raw: Option<AppFile> = root.is_mapping().then(|| reader.decode(root)).flatten();
    let raw = raw.as_ref();
    let template = template(name, raw, &file);
    // One that could not be read was reported; the default was not asked for.
    let is_known = raw.is_some_and(|raw| raw.template.is_some()) || root.get("template").is_none();
    let template_values = is_known.then(|| templates.values(&template, reader)).flatten();
    let pattern = raw.and_then(|raw| raw.namespace.clone());
    let pattern = pattern
        .unwrap_or_else(|| Sourced { value: NamespacePattern::default(), location: file.clone() });
    let subject = Subject::app(environment.as_str(), name);
    let images = images(name, raw, chain, &subject, &mut reader.findings);
    let app = App {
        name: name.to_owned(),
        location: file.clone(),
        namespace: Sourced {
            value: pattern.value.expand(name, environment),
            location: pattern.location,
        },
        template,
        images,
        labels: labels(raw.and_then(|raw| raw.labels.as_ref())),
        values: values(name, chain, template_values.as_ref(), &file),
        calls: raw
            .and_then(|raw| raw.calls.as_ref())
            .map(|c| network::calls(&c.value))
            .unwrap_or_default(),
        promote: raw
            .and_then(|raw| raw.promote.as_ref())
            .map(|promote| promote.value.clone())
            .unwrap_or_default(),
        gates: gates::resolve(raw.and_then(|raw| raw.gates.as_ref()), &mut reader.findings),
        settings,
    };
    ResolvedApp { app, pattern: pattern.value }
}

/// The layers of an app, outermost first.
fn layers<'a>(name: &str, chain: &[&'a Directory]) -> impl Iterator<Item = Layer<'a>> {
    chain.iter().flat_map(move |directory| {
        let shared = directory.environment.as_ref().map(ReadFile::root);
        let shared = shared.map(|root| Layer { root, is_own: false });
        let own = directory.apps.get(name).map(ReadFile::root);
        let own = own.map(|root| Layer { root, is_own: true });
        shared.into_iter().chain(own)
    })
}

/// The merged settings of the layers, without values.
fn settings(name: &str, chain: &[&Directory], file: &Location) -> Value {
    let layered = merge_settings(layers(name, chain), |_| true);
    layered.map_or_else(|| Value::new(file.file()), |layered| layered.to_value(file.file()))
}

/// The merged values of the template and of each layer; a map.
fn values(
    name: &str,
    chain: &[&Directory],
    template: Option<&Rc<Value>>,
    file: &Location,
) -> Value {
    let layered = merge_values(template.map(|values| values.root()), layers(name, chain));
    let merged = layered.map(|layered| layered.to_value(file.file()));
    merged.filter(|value| value.root().is_mapping()).unwrap_or_else(|| Value::empty_map(file))
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
    name: &str,
    raw: Option<&AppFile>,
    chain: &[&Directory],
    subject: &Subject,
    findings: &mut Findings,
) -> IndexMap<String, Image> {
    let Some(images) = raw.and_then(|raw| raw.images.as_ref()) else { return IndexMap::new() };
    let innermost = innermost(name, chain);
    let mut resolved = IndexMap::new();
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
            findings.push(finding.about(subject.clone()));
        }
    }
    resolved
}

/// Where the innermost layer names each image.
fn innermost<'a>(name: &str, chain: &[&'a Directory]) -> HashMap<&'a str, KeyNode<'a>> {
    let own = layers(name, chain).filter(|layer| layer.is_own);
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

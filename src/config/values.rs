//! An app's final settings, and which line of which layer sets each of them: the
//! data of `rungs values`.

use serde::Serialize;
use serde_json::Value as Json;

use super::{App, Environment, EnvironmentName};
use crate::source::Location;
use crate::yaml::{Node, Route, Step, is_secret_entry, shown};

/// An app in one environment, setting by setting. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The app.
    pub app: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The template, with its pin: `guestbook@v12`.
    pub template: Setting,
    /// The namespace of its objects.
    pub namespace: Setting,
    /// The parts of each image: `images.frontend.tag`.
    pub images: Vec<Setting>,
    /// Each label: `labels.team`.
    pub labels: Vec<Setting>,
    /// Each value, in the order in which templates see them: `values.replicas`.
    pub values: Vec<Setting>,
}

/// One final setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// The route to it: `values.ingress.host`.
    pub route: String,
    /// The value: a scalar, a whole list, or an empty map.
    pub value: Json,
    /// The same for people: a number as it is written, a text without quotes.
    #[serde(skip)]
    pub text: String,
    /// Whether `value` or a part of it is masked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// The line that sets it.
    pub origin: Location,
    /// What it overrode, the nearest layer first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrode: Vec<Overridden>,
}

/// The value of an earlier layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overridden {
    /// The value.
    pub value: Json,
    /// The same for people.
    #[serde(skip)]
    pub text: String,
    /// Its place.
    pub origin: Location,
}

/// Every setting of an app in an environment.
pub fn settings(environment: &Environment, app: &App) -> Settings {
    let pin = app.template.pin.as_ref().map(|pin| format!("@{pin}")).unwrap_or_default();
    let template = format!("{}{pin}", app.template.name);
    // The layers have the pattern; people want to know the namespace.
    let namespace = app.namespace.value.as_str();
    Settings {
        app: app.name.clone(),
        environment: environment.name.clone(),
        template: scalar(app, "template", &template, &app.template.location),
        namespace: scalar(app, "namespace", namespace, &app.namespace.location),
        images: below(app.settings().root(), "images"),
        labels: below(app.settings().root(), "labels"),
        values: all(app.values().root(), "values"),
    }
}

/// A setting that has a default.
fn scalar(app: &App, key: &str, text: &str, origin: &Location) -> Setting {
    let said = app.settings().root().get(key);
    Setting {
        route: key.to_owned(),
        value: text.into(),
        text: text.to_owned(),
        secret: false,
        origin: origin.clone(),
        overrode: said.map(|node| overridden(node, false)).unwrap_or_default(),
    }
}

fn below(root: Node<'_>, key: &str) -> Vec<Setting> {
    root.get(key).map(|node| all(node, key)).unwrap_or_default()
}

fn all(map: Node<'_>, name: &str) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (key, value) in map.entries() {
        let masked = is_secret_entry(map, key.text());
        collect(value, &mut vec![name, key.text()], masked, &mut settings);
    }
    settings
}

/// Maps are looked into, because layers merge in them; a list is one setting,
/// because a layer replaces it as a whole.
fn collect<'a>(node: Node<'a>, path: &mut Vec<&'a str>, masked: bool, settings: &mut Vec<Setting>) {
    if node.entries().len() == 0 {
        settings.push(setting(node, path, masked));
        return;
    }
    for (key, value) in node.entries() {
        path.push(key.text());
        collect(value, path, masked || is_secret_entry(node, key.text()), settings);
        path.pop();
    }
}

fn setting(node: Node<'_>, path: &[&str], masked: bool) -> Setting {
    let (value, secret) = shown(node, masked);
    Setting {
        route: route(path),
        text: text(node, &value),
        value,
        secret,
        origin: node.location(),
        overrode: overridden(node, masked),
    }
}

fn overridden(node: Node<'_>, masked: bool) -> Vec<Overridden> {
    let chain = std::iter::successors(node.overrode(), |earlier| earlier.overrode());
    let shown = chain.map(|earlier| {
        let value = shown(earlier, masked).0;
        Overridden { text: text(earlier, &value), value, origin: earlier.location() }
    });
    shown.collect()
}

fn route(names: &[&str]) -> String {
    let mut route = Route::root();
    for name in names {
        route.push(Step::Key((*name).to_owned()));
    }
    route.to_string()
}

/// The value for people; `value` is what may be shown of it.
fn text(node: Node<'_>, value: &Json) -> String {
    match (value, node.as_number()) {
        (Json::Number(_), Some(number)) => number.source().to_owned(),
        (Json::String(text), _) => text.clone(),
        (value, _) => value.to_string(),
    }
}

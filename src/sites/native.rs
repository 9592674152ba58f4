//! An app's files in a native repository.
//!
//! What an app says in an environment comes from the layers of its own files,
//! `environments/…/<app>.yaml` from the outermost directory inwards. It is
//! changed in the innermost alone, because the others are shared.
//!
//! The files are read leniently and not by [`crate::config`]: an old commit is
//! to be understood even where it would not load today.

use std::sync::Arc;

use indexmap::IndexMap;

use super::cursor::{Cursor, text};
use super::{Form, ImageParts, Key, Part, Site, SiteValue, Unsaid, merged};
use crate::config::Sourced;
use crate::source::{Location, SourceFile, Span};
use crate::yaml::{Node, Place, Route, Step, Value, emit};

/// One file of an app's layers, outermost first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    /// What it says; none where it is empty.
    pub(super) value: Option<&'a Value>,
    /// Whether it is the app's own, and not an `environment.yaml`.
    pub(super) is_own: bool,
}

/// Whether an app's own files declare values promotable, so that what shared
/// files say matters.
pub(super) fn promotes(layers: &[Layer<'_>]) -> bool {
    layers.iter().any(|layer| {
        let value = layer.value.filter(|_| layer.is_own);
        value.is_some_and(|value| value.root().get("promote").is_some())
    })
}

/// The sites of an app whose innermost file is `leaf`, the last of the layers.
pub(super) fn find(leaf: &Arc<SourceFile>, layers: &[Layer<'_>]) -> Vec<Site> {
    let roots = |own_only: bool| {
        let layers = layers.iter().filter(move |layer| layer.is_own || !own_only);
        layers.filter_map(|layer| layer.value.map(|value| Cursor::root(0, value)))
    };
    let own: Vec<_> = roots(true).filter(|root| root.node.is_mapping()).collect();
    let all: Vec<_> = roots(false).filter(|root| root.node.is_mapping()).collect();
    let leaf_root = layers.last().and_then(|layer| layer.value).map(Value::root);
    let app = App { leaf, root: leaf_root };
    let mut sites: Vec<_> = images(&own).iter().map(|(key, image)| app.image(key, image)).collect();
    sites.push(app.template(&own));
    sites.extend(promoted(&own).iter().map(|route| app.promoted(route, &all)));
    sites
}

/// What the layers say of an image.
#[derive(Debug, Clone, Default)]
struct LaidImage<'a> {
    fields: [Option<Cursor<'a>>; 3],
    /// Its key, where nothing is said of it.
    at: Option<Cursor<'a>>,
}

const FIELDS: [(&str, Form); 3] =
    [("repository", Form::Repository), ("tag", Form::Tag), ("digest", Form::Digest)];
const DIGEST: usize = 2;

/// Images by key. A layer that sets a tag or a repository without a digest drops
/// the digest of those before, which is another image's.
fn images<'a>(layers: &[Cursor<'a>]) -> IndexMap<String, LaidImage<'a>> {
    let mut images: IndexMap<String, LaidImage<'_>> = IndexMap::new();
    for layer in layers {
        let Some(map) = layer.get("images") else { continue };
        if map.node.is_null() {
            images.clear();
        }
        for (key, said) in map.entries() {
            if said.node.is_null() {
                images.shift_remove(key);
            } else if said.node.is_mapping() {
                lay(images.entry(key.to_owned()).or_default(), &said);
            }
        }
    }
    images
}

fn lay<'a>(image: &mut LaidImage<'a>, said: &Cursor<'a>) {
    let fields = FIELDS.map(|(name, _)| said.get(name));
    let sets = |field: &Option<Cursor<'_>>| field.as_ref().is_some_and(|at| !at.node.is_null());
    if (sets(&fields[0]) || sets(&fields[1])) && !sets(&fields[DIGEST]) {
        image.fields[DIGEST] = None;
    }
    for (laid, field) in image.fields.iter_mut().zip(fields) {
        if let Some(field) = field {
            *laid = (!field.node.is_null()).then_some(field);
        }
    }
    image.at = Some(said.clone());
}

/// The routes of promoted values: a list replaces the one before.
fn promoted(layers: &[Cursor<'_>]) -> Vec<Sourced<Route>> {
    let mut lists = layers.iter().rev().filter_map(|layer| layer.get("promote"));
    let Some(list) = lists.next() else { return Vec::new() };
    let routes = list.items().into_iter().filter_map(|item| {
        let route = Route::parse(item.node.as_str()?).ok()?;
        let is_value = matches!(route.steps(), [Step::Key(first), _, ..] if first == "values");
        is_value.then(|| Sourced { value: route, location: item.node.location() })
    });
    routes.collect()
}

struct App<'a> {
    leaf: &'a Arc<SourceFile>,
    /// What the innermost file says.
    root: Option<Node<'a>>,
}

impl App<'_> {
    fn site(&self, key: Key, said: Option<SiteValue>, location: Location, part: Vec<Part>) -> Site {
        Site {
            key,
            qualified: None,
            app: None,
            said,
            location,
            file: Arc::clone(self.leaf),
            parts: part,
            adds_digest: true,
            unsaid: Unsaid::Null,
            barrier: None,
        }
    }

    /// The file's first line, where nothing is said yet.
    fn whole(&self) -> Location {
        let line = self.leaf.line(1);
        Location::new(self.leaf, Span { start: line.start, end: line.end })
    }

    fn image(&self, key: &str, image: &LaidImage<'_>) -> Site {
        let said = |field: usize| image.fields[field].as_ref().and_then(|at| text(at.node));
        let parts = FIELDS.iter().enumerate().map(|(field, (name, form))| {
            let route = route(&["images", key, name]);
            self.part(route, *form, said(field).unwrap_or_default())
        });
        let parts = parts.collect();
        let shown = [1, DIGEST, 0].into_iter().find_map(|field| image.fields[field].as_ref());
        let location =
            shown.or(image.at.as_ref()).map_or_else(|| self.whole(), |at| at.node.location());
        let said = ImageParts { repository: said(0), tag: said(1), digest: said(DIGEST) };
        self.site(Key::Image(key.to_owned()), Some(SiteValue::Image(said)), location, parts)
    }

    /// A part in the innermost file, whether it is there or not.
    fn part(&self, route: Route, form: Form, text: String) -> Part {
        let is_there = self.root.is_some_and(|root| route.find(root).is_some());
        Part { form, at: Place { document: 0, route }, is_there, text }
    }

    /// The template's pin, which can be written where there is none yet.
    fn template(&self, layers: &[Cursor<'_>]) -> Site {
        let said = layers.iter().rev().find_map(|layer| layer.get("template"));
        let said = said.filter(|at| !at.node.is_null());
        let written = said.as_ref().and_then(|at| text(at.node));
        let written = written.unwrap_or_else(|| self.leaf.path().stem().to_owned());
        let pin = written.split_once('@').map(|(_, pin)| SiteValue::Revision(pin.to_owned()));
        let location = said.map_or_else(|| self.whole(), |at| at.node.location());
        let part = self.part(route(&["template"]), Form::Pin, written);
        self.site(Key::Git("template".to_owned()), pin, location, vec![part])
    }

    fn promoted(&self, route: &Sourced<Route>, layers: &[Cursor<'_>]) -> Site {
        let value = merged::find(layers.iter().map(|layer| layer.node), &route.value);
        let said = value.as_ref().map(|value| SiteValue::Value(emit(value.root())));
        let location =
            value.as_ref().map_or_else(|| route.location.clone(), |value| value.root().location());
        let written = said.as_ref().map(ToString::to_string).unwrap_or_default();
        let parts = self.place(&route.value).map(|route| self.part(route, Form::Value, written));
        let key = Key::Value(route.value.to_string());
        self.site(key, said, location, parts.into_iter().collect())
    }

    /// The route with indices, which an item of a list has only where the
    /// innermost file has the list: lists replace, and to write one item of an
    /// outer list would drop the others.
    fn place(&self, route: &Route) -> Option<Route> {
        if route.steps().iter().all(|step| matches!(step, Step::Key(_))) {
            return Some(route.clone());
        }
        let value = self.root?.tree();
        Cursor::root(0, value).follow(route).map(|at| at.place().route)
    }
}

fn route(keys: &[&str]) -> Route {
    let mut route = Route::root();
    for key in keys {
        route.push(Step::Key((*key).to_owned()));
    }
    route
}

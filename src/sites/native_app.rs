//! An app's files in a native repository.
//!
//! What an app says in an environment comes from the layers of its own files,
//! `environments/…/<app>.yaml` from the outermost directory inwards. It is
//! changed in the innermost alone, because the others are shared.
//!
//! The files are read leniently and not by [`crate::config::load`]: an old commit
//! is to be understood even where it would not load today. How layers merge is
//! the same for both ([`merge_settings`], [`merge_values`]).

use std::sync::Arc;

use super::cursor::{Cursor, text};
use super::{
    ImageParts, Key, Reading, Removal, RevisionParts, Site, SitePart, SitePartKind, SiteValue,
};
use crate::config::{Layer, Layered, MergedValue, Sourced, merge_settings, merge_values};
use crate::source::{Location, SourceFile, Span};
use crate::yaml::{Node, Place, Route, Step, emit_as_written};

/// Whether an app's own files declare values promotable, so that what shared
/// files say matters.
pub(super) fn promotes(layers: &[Layer<'_>]) -> bool {
    layers.iter().any(|layer| layer.is_own && layer.root.get("promote").is_some())
}

/// Whether an app moves as a whole: the innermost file that says so counts.
pub(super) fn moves_together(layers: &[Layer<'_>]) -> bool {
    let own = layers.iter().rev().filter(|layer| layer.is_own);
    let says = own.filter_map(|layer| layer.root.get("together").and_then(Node::as_bool));
    says.clone().next().unwrap_or(true)
}

/// The sites of an app by its layers, outermost first. `leaf` is its innermost
/// file, and `root` what that says.
pub(super) fn find(
    leaf: &Arc<SourceFile>,
    root: Option<Node<'_>>,
    layers: &[Layer<'_>],
) -> Vec<Site> {
    let app = NativeApp { leaf, root, layers };
    let is_wanted = |key: &str| matches!(key, "images" | "template" | "promote");
    let settings = merge_settings(layers.iter().copied(), is_wanted);
    let laid = |key: &str| settings.as_ref().and_then(|settings| settings.get(key));
    let images = laid("images").into_iter().flat_map(MergedValue::entries);
    let number = laid("images").into_iter().flat_map(MergedValue::entries).count();
    let mut sites = Vec::with_capacity(number + 1);
    sites.extend(images.map(|(key, image)| app.image(key, image)));
    sites.push(app.template(laid("template")));
    let routes = promoted(laid("promote"));
    if !routes.is_empty() {
        let values = merge_values(None, layers.iter().copied());
        sites.extend(routes.iter().map(|route| app.promoted(route, values.as_ref())));
    }
    sites
}

/// The parts of an image, in the order in which they are written.
const FIELDS: [(&str, SitePartKind); 3] = [
    ("repository", SitePartKind::Repository),
    ("tag", SitePartKind::Tag),
    ("digest", SitePartKind::Digest),
];

/// The routes of promoted values.
fn promoted(list: Option<MergedValue<'_, '_>>) -> Vec<Sourced<Route>> {
    let items = list.into_iter().flat_map(|list| list.node().items());
    let routes = items.filter_map(|item| {
        let route = Route::parse(item.as_str()?).ok()?;
        let is_value = matches!(route.steps(), [Step::Key(first), _, ..] if first == "values");
        is_value.then(|| Sourced { value: route, location: item.location() })
    });
    routes.collect()
}

struct NativeApp<'a> {
    leaf: &'a Arc<SourceFile>,
    /// What the innermost file says.
    root: Option<Node<'a>>,
    layers: &'a [Layer<'a>],
}

impl NativeApp<'_> {
    fn site(
        &self,
        key: Key,
        value: Option<SiteValue>,
        location: Location,
        part: Vec<SitePart>,
    ) -> Site {
        Site {
            key,
            qualified: None,
            app: None,
            value,
            location,
            file: Arc::clone(self.leaf),
            parts: part,
            adds_digest: true,
            removal: Removal::Null,
            barrier: None,
            is_as_meant: false,
        }
    }

    /// The file's first line, where nothing is said yet.
    fn whole(&self) -> Location {
        let line = self.leaf.line(1);
        Location::new(self.leaf, Span { start: line.start, end: line.end })
    }

    fn image(&self, key: &str, image: MergedValue<'_, '_>) -> Site {
        let fields = FIELDS.map(|(name, _)| image.get(name).map(MergedValue::node));
        let texts = fields.map(|node| node.and_then(text));
        let parts = FIELDS.iter().zip(&texts).map(|((name, kind), text)| {
            let route = route(&["images", key, name]);
            self.part(route, *kind, text.clone().unwrap_or_default())
        });
        let parts = parts.collect();
        let [repository, tag, digest] = fields;
        let shown = tag.or(digest).or(repository).or_else(|| self.innermost(key));
        let location = shown.map_or_else(|| self.whole(), Node::location);
        let [repository, tag, digest] = texts;
        let value = SiteValue::Image(ImageParts { repository, tag, digest });
        self.site(Key::Image(key.to_owned()), Some(value), location, parts)
    }

    /// The innermost layer's map of an image.
    fn innermost(&self, image: &str) -> Option<Node<'_>> {
        let own = self.layers.iter().rev().filter(|layer| layer.is_own);
        let mut maps = own.filter_map(|layer| layer.root.get("images")?.get(image));
        maps.find(|map| map.is_mapping())
    }

    /// A part in the innermost file, whether it is there or not.
    fn part(&self, route: Route, kind: SitePartKind, text: String) -> SitePart {
        let found = self.root.and_then(|root| Cursor::root(0, root.tree()).follow(&route));
        let at = Place { document: 0, route };
        match found.map(|found| found.part(kind)) {
            Some(part) => SitePart { at, text, ..part },
            None => SitePart {
                kind,
                at,
                is_there: false,
                text,
                written: None,
                is_repeated: false,
                reading: Reading::Text,
            },
        }
    }

    /// The template's pin, which can be written where there is none yet.
    fn template(&self, setting: Option<MergedValue<'_, '_>>) -> Site {
        let node = setting.map(MergedValue::node);
        let written = node.and_then(text);
        let written = written.unwrap_or_else(|| self.leaf.path().stem().to_owned());
        let pin =
            written.split_once('@').map(|(_, pin)| SiteValue::Revision(RevisionParts::new(pin)));
        let location = node.map_or_else(|| self.whole(), Node::location);
        let part = self.part(route(&["template"]), SitePartKind::Pin, written);
        self.site(Key::TemplatePin, pin, location, vec![part])
    }

    fn promoted(&self, route: &Sourced<Route>, values: Option<&Layered<'_>>) -> Site {
        // The first step leads to the values.
        let laid = values.and_then(|values| values.value().find(&route.value.steps()[1..]));
        let mut inwards = self.layers.iter().rev().map(|layer| layer.root);
        let innermost = inwards.find_map(|root| Some((root, route.value.find(root)?)));
        let value = laid.as_ref().map(|laid| match innermost {
            Some((root, _)) => SiteValue::promoted(root, &route.value, laid.root()),
            None => SiteValue::Value(emit_as_written(laid.root())),
        });
        let innermost = innermost.map(|(_, node)| node);
        let location = innermost.filter(|_| value.is_some());
        let location = location.map_or_else(|| route.location.clone(), Node::location);
        let written = value.as_ref().map(ToString::to_string).unwrap_or_default();
        let parts =
            self.place(&route.value).map(|route| self.part(route, SitePartKind::Value, written));
        let key = Key::Value(route.value.to_string());
        self.site(key, value, location, parts.into_iter().collect())
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
    keys.iter().map(|key| Step::Key((*key).to_owned())).collect()
}

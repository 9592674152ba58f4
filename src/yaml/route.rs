//! The path from a document's root to a value: `spec.containers[name=web].image`.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::{Kind, Node, NodeId, Value};

/// The path from a node to one below it, in the notation of the configuration:
/// `a.b`, `a[0]`, `a[name=web].image`, `a["x.y"]`, `a[name="x.y"]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Route {
    steps: Vec<Step>,
}

/// One step of a [`Route`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To the value of a map's key.
    Key(String),
    /// To an item of a list, counted from zero.
    Index(usize),
    /// To the items of a list whose `key` has that value.
    Where {
        /// The key of the item, which is a map.
        key: String,
        /// The value of that key; a number or boolean as it is written.
        value: String,
    },
    /// From a text to the root of the document of that number, counted from zero, which it
    /// holds. It is not written: a step that leads on from a text leads into it.
    Text(usize),
}

/// Why a text is not a route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RouteError {
    /// One sentence without a final full stop.
    pub message: String,
    /// Offset into the route's text of the character that is wrong; its length
    /// where something is missing at the end.
    pub at: usize,
}

/// The most steps of a route: no file that people wrote is nested as deep.
const MOST_STEPS: usize = 200;

impl Route {
    /// Reads a route.
    pub fn parse(text: &str) -> Result<Self, RouteError> {
        let mut parser = RouteParser { text, at: 0 };
        let mut steps = Vec::new();
        loop {
            if steps.len() == MOST_STEPS {
                return Err(parser.error("it has too many steps"));
            }
            steps.push(match parser.peek() {
                Some('[') => parser.bracket()?,
                _ => Step::Key(parser.plain_key()?),
            });
            match parser.peek() {
                None => return Ok(Self { steps }),
                Some('.') => {
                    parser.skip();
                    if parser.peek() == Some('[') {
                        return Err(parser.error("`[` follows a `.`; write it without the `.`"));
                    }
                }
                Some('[') => {}
                Some(_) => return Err(parser.error("`.` or `[` is missing here")),
            }
        }
    }

    /// The path without steps: to the node itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Goes one step further.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The path to the parent, and the last step; none for the root.
    pub fn split_last(&self) -> Option<(Self, &Step)> {
        let (last, before) = self.steps.split_last()?;
        Some((Self { steps: before.to_vec() }, last))
    }

    /// The route that goes on with the steps of another.
    #[must_use]
    pub fn joined(&self, below: &Self) -> Self {
        self.steps.iter().chain(&below.steps).cloned().collect()
    }

    /// Whether it names no item of a list, so that all of it can be made where it is not there.
    pub fn is_of_keys(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Key(_)))
    }

    /// The value it leads to, the first if there are several; none if a step leads
    /// nowhere.
    pub fn find<'a>(&self, root: Node<'a>) -> Option<Node<'a>> {
        self.steps.iter().try_fold(root, |node, step| step.find(node))
    }

    /// The same path with a step into each text on its way, and the node where it leads on
    /// no more: a path to what does not exist yet.
    #[must_use]
    pub fn into_texts(&self, root: Node<'_>) -> Self {
        let mut node = Some(root);
        let mut whole = Self::root();
        for step in &self.steps {
            let from = node.map(|node| step.starts(node).swap_remove(0));
            if let Some((Some(text), _)) = &from {
                whole.push(text.clone());
            }
            node = from.and_then(|(_, node)| step.find(node));
            whole.push(step.clone());
        }
        whole
    }

    /// Whether a key or a value in it has that text in it.
    pub fn mentions(&self, text: &str) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Key(key) => key.contains(text),
            Step::Where { key, value } => key.contains(text) || value.contains(text),
            Step::Index(_) | Step::Text(_) => false,
        })
    }

    /// The same path with `change` made to every key and value in it.
    #[must_use]
    pub fn with_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let steps = self.steps.iter().map(|step| match step {
            Step::Key(key) => Step::Key(change(key)),
            Step::Where { key, value } => Step::Where { key: change(key), value: change(value) },
            Step::Index(_) | Step::Text(_) => step.clone(),
        });
        steps.collect()
    }

    /// Every value that it leads to, each with its path of keys, indices and texts: several
    /// if a step names several items. What an alias repeats is there once.
    pub fn all<'a>(&self, root: Node<'a>) -> Vec<(Self, Node<'a>)> {
        let mut found = vec![(Self::root(), root)];
        for step in &self.steps {
            let mut next = Vec::new();
            for (route, node) in found {
                for (text, start) in step.starts(node) {
                    let of_step = |(step, node): (Step, Node<'a>)| {
                        let mut route = route.clone();
                        route.extend(text.clone());
                        route.push(step);
                        (route, node)
                    };
                    next.extend(step.all(start).into_iter().map(of_step));
                }
            }
            found = next;
        }
        let mut seen = HashSet::new();
        found.retain(|(_, node)| seen.insert(node.written().identity()));
        found
    }

    /// The path from `root` to a node below it; none if it is not there.
    ///
    /// A list's items are named by their `name` where it tells them apart, as
    /// Kubernetes' own messages do, and counted otherwise.
    pub fn to(root: Node<'_>, target: NodeId) -> Option<Self> {
        let mut route = Self::root();
        route.extend_to(root, target).then_some(route)
    }

    fn extend_to(&mut self, from: Node<'_>, target: NodeId) -> bool {
        if from.id() == target {
            return true;
        }
        let at = self.steps.len();
        for (key, value) in from.entries() {
            if self.extend_to(value, target) {
                self.steps.insert(at, Step::Key(key.text().to_owned()));
                return true;
            }
        }
        for (index, item) in from.items().enumerate() {
            if self.extend_to(item, target) {
                let step = Step::by_name(from, item).unwrap_or(Step::Index(index));
                self.steps.insert(at, step);
                return true;
            }
        }
        false
    }
}

impl Step {
    /// Where it may start: at the node, or at what a text holds that it leads on from, each
    /// with the step into the text.
    pub fn starts<'a>(&self, from: Node<'a>) -> Vec<(Option<Self>, Node<'a>)> {
        let inside = |(number, root)| (Some(Self::Text(number)), root);
        let mut starts = Vec::new();
        if !matches!(self, Self::Text(_)) {
            starts.extend(from.held_roots().map(inside));
        }
        if starts.is_empty() {
            starts.push((None, from));
        }
        starts
    }

    /// Everything that it leads to, each with the step of a key or an index.
    pub fn all<'a>(&self, from: Node<'a>) -> Vec<(Self, Node<'a>)> {
        let Self::Where { key, value } = self else {
            return self.find(from).map(|node| (self.clone(), node)).into_iter().collect();
        };
        let items = from.items().enumerate();
        let is_meant = |item: Node<'_>| item.get(key).is_some_and(|node| says(node, value));
        let found = items.filter(|(_, item)| is_meant(*item));
        found.map(|(index, item)| (Self::Index(index), item)).collect()
    }

    /// The value it leads to, the first if there are several; none if it leads nowhere.
    pub fn find<'a>(&self, from: Node<'a>) -> Option<Node<'a>> {
        self.starts(from).into_iter().find_map(|(_, from)| match self {
            Self::Key(wanted) => from.get(wanted),
            Self::Index(index) => from.item(*index),
            Self::Where { key, value } => {
                from.items().find(|item| item.get(key).is_some_and(|node| says(node, value)))
            }
            Self::Text(number) => from.held()?.ok()?.get(*number).map(Value::root),
        })
    }

    /// The step to an item that no other item of the list shares its `name` with.
    fn by_name(list: Node<'_>, item: Node<'_>) -> Option<Self> {
        let name = |item: Node<'_>| item.get("name")?.as_str().map(str::to_owned);
        let own = name(item)?;
        let namesakes = list.items().filter(|other| name(*other).as_deref() == Some(&own));
        (namesakes.count() == 1).then(|| Self::Where { key: "name".to_owned(), value: own })
    }
}

/// Whether a scalar's text is that.
fn says(node: Node<'_>, text: &str) -> bool {
    match node.kind() {
        Kind::String(own) => &**own == text,
        Kind::Number(number) => number.source() == text,
        Kind::Bool(truth) => truth.to_string() == text,
        Kind::Null | Kind::Sequence(_) | Kind::Mapping(_) => false,
    }
}

impl Extend<Step> for Route {
    fn extend<I: IntoIterator<Item = Step>>(&mut self, steps: I) {
        self.steps.extend(steps);
    }
}

impl FromIterator<Step> for Route {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self { steps: steps.into_iter().collect() }
    }
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        Self::parse(text)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.steps.iter().filter(|step| !matches!(step, Step::Text(_)));
        for (index, step) in shown.enumerate() {
            match step {
                Step::Text(_) => {}
                Step::Key(key) if is_plain(key) => {
                    let dot = if index == 0 { "" } else { "." };
                    write!(f, "{dot}{key}")?;
                }
                Step::Key(key) => write!(f, "[{}]", Quoted(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Where { key, value } => {
                    write!(f, "[{}={}]", PlainOrQuoted(key), PlainOrQuoted(value))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a key or value means itself without quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(is_special)
}

fn is_special(c: char) -> bool {
    matches!(c, '.' | '[' | ']' | '=' | '"' | '\\') || c.is_whitespace() || c.is_control()
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{escaped}\"")
    }
}

struct PlainOrQuoted<'a>(&'a str);

impl fmt::Display for PlainOrQuoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

/// Reads a route's text from left to right.
struct RouteParser<'t> {
    text: &'t str,
    at: usize,
}

impl RouteParser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn error(&self, message: impl Into<String>) -> RouteError {
        RouteError { message: message.into(), at: self.at }
    }

    fn expect(&mut self, wanted: char) -> Result<(), RouteError> {
        if self.peek() != Some(wanted) {
            return Err(self.error(format!("`{wanted}` is missing here")));
        }
        self.skip();
        Ok(())
    }

    /// A key without quotes.
    fn plain_key(&mut self) -> Result<String, RouteError> {
        let rest = &self.text[self.at..];
        let end = rest.find(is_special).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error(match self.peek() {
                None | Some('.') => "a key is missing here",
                Some(_) => "a key with this character needs brackets and quotes: `[\"…\"]`",
            }));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    /// A key or value in quotes.
    fn quoted(&mut self) -> Result<String, RouteError> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.error("the quote is not closed")) };
            self.skip();
            match c {
                '"' => return Ok(text),
                '\\' => {
                    let Some(escaped @ ('"' | '\\')) = self.peek() else {
                        return Err(self.error("only `\"` and `\\` may follow `\\`"));
                    };
                    self.skip();
                    text.push(escaped);
                }
                other => text.push(other),
            }
        }
    }

    /// `[0]`, `["key"]`, or `[key=value]`.
    fn bracket(&mut self) -> Result<Step, RouteError> {
        self.expect('[')?;
        let is_quoted = self.peek() == Some('"');
        let start = self.at;
        let first = if is_quoted { self.quoted()? } else { self.plain_key()? };
        let step = match self.peek() {
            Some('=') => {
                self.skip();
                let value = if self.peek() == Some('"') { self.quoted()? } else { self.value()? };
                Step::Where { key: first, value }
            }
            _ if is_quoted => Step::Key(first),
            _ => match first.parse() {
                Ok(index) if first.bytes().all(|byte| byte.is_ascii_digit()) => Step::Index(index),
                _ => {
                    return Err(RouteError {
                        message: "brackets take an index, a quoted key, or `key=value`".into(),
                        at: start,
                    });
                }
            },
        };
        self.expect(']')?;
        Ok(step)
    }

    /// A value without quotes: up to the bracket, so that an image reference or
    /// a version needs none.
    fn value(&mut self) -> Result<String, RouteError> {
        let rest = &self.text[self.at..];
        let end = rest.find([']', '"', '[']).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("a value is missing here"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::source::{RepoPath, SourceFile};
    use crate::yaml::{Dialect, Value as Tree, parse};

    fn value(text: &str) -> Tree {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.to_owned());
        parse(&Arc::new(file), Dialect::Kubectl).unwrap().remove(0)
    }

    fn found(route: &str, value: &Tree) -> Option<String> {
        let node = Route::parse(route).unwrap().find(value.root())?;
        Some(node.location().text().to_owned())
    }

    const DEPLOYMENT: &str = "\
spec:
  containers:
  - name: web
    image: nginx:1.27
    ports:
    - containerPort: 80
  - name: side.car
    image: envoy
metadata:
  annotations:
    example.com/a: \"x\"
";

    #[test]
    fn a_route_leads_to_the_text_of_a_value() {
        let value = value(DEPLOYMENT);
        let expected = [
            ("spec.containers[name=web].image", "nginx:1.27"),
            ("spec.containers[1].image", "envoy"),
            ("spec.containers[name=\"side.car\"].image", "envoy"),
            ("spec.containers[name=side.car].image", "envoy"),
            ("spec[\"containers\"][0].ports[containerPort=80].containerPort", "80"),
            ("metadata.annotations[\"example.com/a\"]", "\"x\""),
        ];
        for (route, text) in expected {
            assert_eq!(found(route, &value).as_deref(), Some(text), "{route}");
        }
    }

    #[test]
    fn a_step_that_leads_nowhere_finds_nothing() {
        let value = value(DEPLOYMENT);
        for route in ["spec.nothing", "spec.containers[7]", "spec[0]", "spec.containers[name=x]"] {
            assert_eq!(found(route, &value), None, "{route}");
        }
    }

    #[test]
    fn a_route_that_several_items_have_leads_to_each() {
        let value = value(
            "a:\n- {k: x, v: 1}\n- {k: w, v: 2}\n- {k: x, v: 3, b: [{k: z}]}\n- &m {k: m, b: [{k: \
             z}]}\n- *m\n",
        );
        let all = |route: &str| {
            let all = Route::parse(route).unwrap().all(value.root());
            all.into_iter().map(|(route, _)| route.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(all("a[k=x].v"), ["a[0].v", "a[2].v"]);
        assert_eq!(all("a[k=w].v"), ["a[1].v"]);
        // Only the second of them has what follows.
        assert_eq!(all("a[k=x].b[k=z].k"), ["a[2].b[0].k"]);
        assert_eq!(all("a[k=m].b[k=z]"), ["a[3].b[0]"]);
        assert!(all("a[k=q].v").is_empty());
    }

    #[test]
    fn a_route_leads_into_a_text_that_holds_yaml() {
        let value = value(
            "a:\n- v: |\n    x: 1\n    ---\n    k: é\n    z: z\n- v: \"{\\\"k\\\": 2}\"\n- v: \
             'k: x'\n- v: >\n    k: 3\n- v: |\n    k: {\n",
        );
        assert_eq!(found("a[0].v.z", &value).as_deref(), Some("z"));
        let node = Route::parse("a[0].v.k").unwrap().find(value.root()).unwrap();
        assert_eq!(node.location().to_string(), "a.yaml:5:8");
        assert_eq!(node.location().text(), "é");
        // Where a text has escapes, what it holds has no place of its own.
        assert_eq!(found("a[1].v.k", &value).as_deref(), Some("\"{\\\"k\\\": 2}\""));
        assert_eq!(found("a[2].v.k", &value).as_deref(), Some("x"));
        assert_eq!(found("a[3].v.k", &value).as_deref(), Some(">\n    k: 3"));
        assert_eq!(found("a[4].v.k", &value), None);
        let all = Route::parse("a[0].v.k").unwrap().all(value.root());
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0.steps()[3], Step::Text(1));
        assert_eq!(all[0].0.to_string(), "a[0].v.k");
        let new = Route::parse("a[0].v.new.key").unwrap().into_texts(value.root());
        assert_eq!(new.steps()[3], Step::Text(0));
        assert_eq!(new.to_string(), "a[0].v.new.key");
    }

    #[test]
    fn the_key_of_a_value_has_its_own_place() {
        let value = value(DEPLOYMENT);
        let route = Route::parse("spec.containers[name=web]").unwrap();
        let key = route.find(value.root()).unwrap().key("image").unwrap();
        assert_eq!(key.location().to_string(), "a.yaml:4:5");
        assert_eq!(key.location().text(), "image");
    }

    #[test]
    fn a_route_that_is_wrong_says_where() {
        let wrong = [
            ("", 0),
            ("a.", 2),
            ("a..b", 2),
            (".a", 0),
            ("a[", 2),
            ("a[x]", 2),
            ("a[-1]", 2),
            ("a[0", 3),
            ("a[name=]", 7),
            ("a[\"x", 4),
            ("a.[0]", 2),
            ("a]", 1),
            ("a b", 1),
            ("a[0]b", 4),
            ("a[\"\\x\"]", 4),
        ];
        for (text, at) in wrong {
            let error = Route::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text:?}: {error}");
        }
    }

    #[test]
    fn the_way_to_a_node_names_items_where_names_tell_them_apart() {
        let value = value("l:\n- name: a\n  v: [x, y]\n- name: b\n- name: b\n- {\"k.l\": z}\n");
        let route_of = |text: &str| {
            let node = Route::parse(text).unwrap().find(value.root()).unwrap();
            Route::to(value.root(), node.id()).unwrap().to_string()
        };
        assert_eq!(route_of("l[0].v[1]"), "l[name=a].v[1]");
        assert_eq!(route_of("l[2].name"), "l[2].name");
        assert_eq!(route_of("l[3][\"k.l\"]"), "l[3][\"k.l\"]");
        assert_eq!(Route::to(value.root(), value.root().id()), Some(Route::root()));
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            any::<String>().prop_map(Step::Key),
            any::<usize>().prop_map(Step::Index),
            (any::<String>(), any::<String>()).prop_map(|(key, value)| Step::Where { key, value }),
        ]
    }

    proptest! {
        #[test]
        fn a_route_that_was_shown_reads_as_the_same(steps in prop::collection::vec(step(), 1..5)) {
            let route = Route { steps };
            prop_assert_eq!(Route::parse(&route.to_string()), Ok(route));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = Route::parse(&text);
        }
    }
}

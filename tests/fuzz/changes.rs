//! Changes to YAML files, at places that the files have.

use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, Node, Route, Step, parse};

use crate::corpus;
use crate::mutate::Material;
use crate::random::Random;

const KINDS: [&str; 5] = ["set", "insert", "become", "append", "remove"];

/// What inputs of the target `splice` are made of.
pub(crate) struct Changes {
    /// The corpus of `splice`, and the files of `yaml` without a change.
    inputs: Material,
    /// The files alone.
    files: Material,
}

impl Changes {
    pub(crate) fn new() -> Self {
        let inputs = corpus("splice");
        let file = |input: &String| input.splitn(4, '\n').nth(3).unwrap_or_default().to_owned();
        let files = inputs.iter().map(file).chain(corpus("yaml")).collect();
        Self { inputs: Material::of(inputs), files: Material::of(files) }
    }

    /// A change and its file, as the target reads them.
    pub(crate) fn input(&self, random: &mut Random) -> String {
        if random.once_in(8) {
            return self.inputs.text(random);
        }
        let file = match random.below(3) {
            0 => random.pick(&self.files.seeds).clone(),
            _ => self.files.text(random),
        };
        let route = match routes(&file) {
            routes if !routes.is_empty() && !random.once_in(16) => random.pick(&routes).clone(),
            _ => self.files.word(random).to_owned(),
        };
        let words: Vec<_> = (0..=random.below(3)).map(|_| self.files.word(random)).collect();
        let text = words.join(if random.once_in(2) { " " } else { "" });
        let line = |text: &str| text.replace('\n', " ");
        format!("{}\n{}\n{}\n{file}", random.pick(&KINDS), line(&route), line(&text))
    }
}

/// The routes to all values of a file's first document, the root's first.
fn routes(file: &str) -> Vec<String> {
    let path = RepoPath::new("fuzz.yaml").unwrap();
    let file = Arc::new(SourceFile::new(path, file.to_owned()));
    let documents = parse(&file, Dialect::Kubectl).unwrap_or_default();
    let mut routes = Vec::new();
    if let Some(document) = documents.first() {
        add(document.root(), &Route::root(), &mut routes);
    }
    routes
}

fn add(node: Node<'_>, route: &Route, routes: &mut Vec<String>) {
    // Aliases of aliases lead to more places than could ever be listed.
    if routes.len() == 100 {
        return;
    }
    routes.push(if route.steps().is_empty() { String::new() } else { route.to_string() });
    let below = |step: Step| {
        let mut below = route.clone();
        below.push(step);
        below
    };
    for (key, value) in node.entries() {
        add(value, &below(Step::Key(key.text().to_owned())), routes);
    }
    for (index, item) in node.items().enumerate() {
        add(item, &below(Step::Index(index)), routes);
    }
}

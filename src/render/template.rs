//! A template's files, loaded once and rendered for many apps.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use super::Input;
use super::code::EMPTY_TEMPLATE;
use super::files::{Engine, TemplateFiles};
use super::jsonnet::JsonnetProgram;
use super::tera::TeraFiles;
use super::unused_file::unused_file;
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, Origin, RepoPath, SourceFile, Tree};
use crate::yaml::{self, Dialect, Value};

/// A template, ready to be rendered for any app, on any thread.
#[derive(Debug)]
pub struct Template {
    root: RepoPath,
    plain: Vec<PlainFile>,
    pub(super) tera: TeraFiles,
    pub(super) program: Option<JsonnetProgram>,
    literals: OnceLock<HashSet<String>>,
}

/// A YAML or JSON file of manifests that are used unchanged: read once, and the same
/// for every app.
#[derive(Debug)]
struct PlainFile {
    path: RepoPath,
    file: Arc<SourceFile>,
    documents: Vec<Value>,
}

impl PlainFile {
    fn load(tree: &Tree, path: RepoPath) -> Result<Self, Findings> {
        let file = tree.read(&path).map_err(|error| Finding::of_read_error(&error, None))?;
        let documents = yaml::parse(&file, Dialect::Kubectl)?;
        Ok(Self { path, file, documents })
    }
}

/// One document that a template made: an object, or a `List` of objects.
#[derive(Debug, Clone)]
pub struct Document {
    /// The document's tree.
    pub value: Value,
    /// The text to which the value's spans refer: a plain template's file itself, or
    /// the text that was rendered from the template. Jsonnet has no such text, and its
    /// file is empty.
    pub file: Arc<SourceFile>,
    /// The template's file that made the document.
    pub template: RepoPath,
    /// The engine that rendered the document.
    pub engine: Engine,
}

impl Document {
    /// The document's origin, as far as it is known without tracing.
    pub fn origin(&self) -> Origin {
        match self.engine {
            Engine::Plain => Origin::exact(self.value.root().location()),
            Engine::Tera | Engine::Jsonnet => Origin::file(&self.template),
        }
    }
}

impl Template {
    /// Reads the template at `root` (`templates/NAME`) with everything that it
    /// includes and imports. All problems of all files are returned together.
    pub fn load(tree: &Tree, root: &RepoPath) -> Result<Self, Findings> {
        let files = TemplateFiles::find(tree, root)?;
        let (unclaimed, has_manifests) = (files.unclaimed(root), files.has_manifests());
        let mut findings = Findings::new();
        let mut plain = Vec::with_capacity(files.plain.len());
        for path in files.plain {
            plain.extend(findings.keep(PlainFile::load(tree, path)));
        }
        let tera = findings.keep(TeraFiles::load(tree, root, files.tera, &files.partials));
        let program = files.jsonnet.map(|main| JsonnetProgram::load(tree, root, main)).transpose();
        let program = findings.keep(program);
        match (tera, program) {
            (Some(tera), Some(program)) if findings.is_empty() => {
                let template =
                    Self { root: root.clone(), plain, tera, program, literals: OnceLock::new() };
                template.refuse_unused(&unclaimed, has_manifests)?;
                Ok(template)
            }
            _ => Err(findings),
        }
    }

    /// Refuses files that nothing takes, and a template without manifests. Of a template
    /// that cannot be read nobody knows what it includes.
    fn refuse_unused(&self, unclaimed: &[RepoPath], has_manifests: bool) -> Result<(), Findings> {
        let is_taken = |path: &&RepoPath| {
            let program = self.program.as_ref();
            self.tera.takes(path) || program.is_some_and(|program| program.imports(path))
        };
        let unused = unclaimed.iter().filter(|path| !is_taken(path));
        let mut findings: Findings = unused.map(|path| unused_file(path, &self.root)).collect();
        if findings.is_empty() && !has_manifests {
            let message = format!("`{}` has no manifests", self.root);
            findings.push(
                Finding::new(&EMPTY_TEMPLATE, message, Location::of_path(&self.root))
                    .because("nothing is rendered from this template")
                    .help("add a `*.yaml`, a `*.yaml.tera` or a `main.jsonnet`"),
            );
        }
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    /// The template's directory.
    pub fn root(&self) -> &RepoPath {
        &self.root
    }

    /// The texts and numbers that the sources write out, among them their own defaults.
    pub fn literals(&self) -> &HashSet<String> {
        self.literals.get_or_init(|| {
            let program = self.program.iter().flat_map(JsonnetProgram::literals);
            self.tera.literals().chain(program).collect()
        })
    }

    /// Renders all files: first the plain ones, then Tera's, then Jsonnet's, each in the
    /// order of their paths. Calls `visit` with each before an engine starts with it. All
    /// problems of all files are returned together.
    pub fn render(
        &self,
        input: &Input<'_>,
        visit: &dyn Fn(&RepoPath),
    ) -> Result<Vec<Document>, Findings> {
        let mut findings = Findings::new();
        let mut documents = self.plain_documents();
        for made in [self.tera_documents(input, visit), self.jsonnet_documents(input, visit)] {
            documents.extend(findings.keep(made).into_iter().flatten());
        }
        if findings.is_empty() {
            return Ok(documents);
        }
        // An engine's error quotes values, and does not show the file that they are in.
        Err(findings.without_secrets_of(input.values.tree().files()))
    }

    /// The rendered text of each file, to learn whether a part of the input has an
    /// effect: two texts are equal exactly if their documents are. Plain files, which no
    /// input changes, are left out. Calls `visit` as [`Template::render`] does.
    pub fn render_text(
        &self,
        input: &Input<'_>,
        visit: &dyn Fn(&RepoPath),
    ) -> Result<Vec<(RepoPath, String)>, Findings> {
        let rendered = self.tera.render(input, visit)?;
        let mut texts: Vec<_> = rendered.into_iter().map(|file| (file.path, file.text)).collect();
        if let Some(program) = &self.program {
            visit(program.path());
            let objects = program.render(input)?;
            let text = objects.iter().map(|object| yaml::emit(object.root())).collect();
            texts.push((program.path().clone(), text));
        }
        Ok(texts)
    }

    fn plain_documents(&self) -> Vec<Document> {
        let documents = self.plain.iter().flat_map(|plain| {
            plain.documents.iter().map(|value| Document {
                value: value.clone(),
                file: Arc::clone(&plain.file),
                template: plain.path.clone(),
                engine: Engine::Plain,
            })
        });
        documents.collect()
    }

    fn tera_documents(
        &self,
        input: &Input<'_>,
        visit: &dyn Fn(&RepoPath),
    ) -> Result<Vec<Document>, Findings> {
        let mut findings = Findings::new();
        let mut files = Vec::new();
        for rendered in self.tera.render(input, visit)? {
            let file = Arc::new(SourceFile::new(rendered.path, rendered.text));
            let values = findings.keep(yaml::parse(&file, Dialect::Kubectl));
            files.extend(values.map(|values| (file, values)));
        }
        findings.extend(self.tera.changed_texts(input, &files));
        if findings.is_empty() {
            let documents = files.into_iter().flat_map(|(file, values)| {
                values.into_iter().map(move |value| Document {
                    value,
                    template: file.path().clone(),
                    file: Arc::clone(&file),
                    engine: Engine::Tera,
                })
            });
            return Ok(documents.collect());
        }
        // Nobody wrote the faulty text, so findings must not show it.
        Err(self.trace(input).explain(findings))
    }

    fn jsonnet_documents(
        &self,
        input: &Input<'_>,
        visit: &dyn Fn(&RepoPath),
    ) -> Result<Vec<Document>, Findings> {
        let Some(program) = &self.program else { return Ok(Vec::new()) };
        visit(program.path());
        let objects = program.render(input)?;
        let documents = objects.into_iter().map(|value| Document {
            file: Arc::clone(value.root().location().file()),
            value,
            template: program.path().clone(),
            engine: Engine::Jsonnet,
        });
        Ok(documents.collect())
    }
}

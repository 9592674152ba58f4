//! `rsjsonnet` as the engine.

use std::collections::HashMap;
use std::sync::Arc;

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::interner::InternedStr;
use rsjsonnet_lang::program::{
    Callbacks, EvalError, EvalStackTraceItem, ImportError, NativeError, Program, Thunk, Value,
    ValueKind,
};
use rsjsonnet_lang::span::{SpanContextId, SpanId};

use super::closure::{Closure, Imported};
use super::message;
use super::tokens::{ImportKind, JsonnetToken};
use crate::diagnostic::{Finding, Findings};
use crate::render::code;
use crate::render::code::{LOOSE_VALUE, TEMPLATE_NESTING, TEMPLATE_SYNTAX, TEMPLATE_UNDEFINED};
use crate::source::{Location, RepoPath, SourceFile, Span};
use crate::yaml::{self, Dialect, Kind, Node, NodeId, Number, conflict_markers};

/// How deep calls may be nested. They take memory, not stack.
const MAX_CALLS: usize = 100_000;

/// The most problems of one result that are reported.
const MOST_PROBLEMS: usize = 100;

/// A session that has read more source than this is replaced by a new one.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// The identity of a source in a session. The same file may be imported by two
/// names, and by programs with different search paths.
type SourceKey = (RepoPath, *const SourceFile, Vec<RepoPath>);

/// Sources that were read, and what was computed from them.
///
/// A program is a function of `rungs`, so that what it computes only from its
/// imports can be kept for the next app. What a program computes from
/// `std.extVar('rungs')` is valid for this app only, and spends the session.
pub(super) struct Session<'p> {
    program: Program<'p>,
    kept: Kept<'p>,
    /// The source that stands for the external variable.
    external: SpanContextId,
    is_spent: bool,
}

#[derive(Default)]
struct Kept<'p> {
    thunks: HashMap<SourceKey, Thunk<'p>>,
    files: HashMap<SpanContextId, LoadedSource>,
    bytes: usize,
}

/// A source as the engine has it.
struct LoadedSource {
    path: RepoPath,
    file: Arc<SourceFile>,
    /// The number of bytes that the engine has before the file's own.
    before: usize,
}

/// The native function that reads YAML as rungs and kubectl do.
const PARSE_YAML: &str = "parseYaml";

/// The native function that has the files which match a pattern.
const FILES: &str = "files";

/// The function of the engine that has a value as a text.
const TO_STRING: &str = "toString";

/// What a source that uses one of these functions has before it, since they cannot be
/// replaced. The engine's own `std.parseYaml` knows other numbers and booleans than kubectl
/// and go-jsonnet, and its `std.toString` has zeros in place of digits from 2⁵³ on.
const PRELUDE: &str = "local rungs_std = std; \
    local std = rungs_std { \
    parseYaml:: rungs_std.native('parseYaml'), \
    toString(a):: if rungs_std.isNumber(a) && rungs_std.abs(a) >= 9007199254740992 \
    then rungs_std.format('%.0f', [a]) else rungs_std.toString(a) }; ";

impl<'p> Session<'p> {
    pub(super) fn new(arena: &'p Arena) -> Self {
        let mut program = Program::new(arena);
        program.set_max_stack(MAX_CALLS);
        // Evaluating the variable asks for this import, which shows that it was
        // evaluated.
        let source = b"import 'rungs'";
        let (external, _) = program.span_manager_mut().insert_source_context(source.len());
        let thunk = program
            .load_source(external, source, false, "rungs")
            .unwrap_or_else(|error| unreachable!("an import is a program: {error:?}"));
        let name = program.intern_str("rungs");
        program.add_ext_var(name, &thunk);
        for (name, parameter) in [(PARSE_YAML, "str"), (FILES, "pattern")] {
            let (name, parameter) = (program.intern_str(name), program.intern_str(parameter));
            program.register_native_func(name, &[parameter]);
        }
        Self { program, kept: Kept::default(), external, is_spent: false }
    }

    /// The objects that the program makes of `rungs`, in the order of its result.
    pub(super) fn evaluate(
        &mut self,
        closure: &Closure,
        rungs: &yaml::Value,
    ) -> Result<Vec<yaml::Value>, Findings> {
        let given = value(&mut self.program, rungs.root());
        let given = self.program.value_to_thunk(&given);
        let result = self.call(closure, rungs, &given)?;
        self.program.maybe_gc();
        let mut objects = ObjectCollector {
            main: &closure.main,
            file: file_for_objects(&closure.main),
            nodes: 0,
            found: Vec::new(),
            wrong: Findings::new(),
        };
        objects.find(&result, &mut Vec::new());
        if objects.wrong.is_empty() { Ok(objects.found) } else { Err(objects.wrong) }
    }

    /// Whether the session must not be used again.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent || self.kept.bytes > MAX_KEPT_BYTES
    }

    fn call(
        &mut self,
        closure: &Closure,
        input: &yaml::Value,
        rungs: &Thunk<'p>,
    ) -> Result<Value<'p>, Findings> {
        let mut calls = ImportCallbacks {
            input,
            kept: &mut self.kept,
            closure,
            rungs,
            external: self.external,
            asked_own: false,
            failed: None,
            refused_call: None,
        };
        let loaded = calls.load(&mut self.program, &closure.main);
        let result = loaded.and_then(|main| {
            let value = self.program.eval_value(&main, &mut calls);
            let value = match value {
                Ok(value) if value.is_function() => {
                    let name = self.program.intern_str("rungs");
                    let named = [(name, rungs.clone())];
                    self.program.eval_call(&main, &[], &named, &mut calls)
                }
                value => value,
            };
            value.map_err(|error| calls.explain(&self.program, &error).into())
        });
        // An error leaves computations half done.
        self.is_spent |= calls.asked_own || result.is_err();
        result
    }
}

/// The file of objects that have no text. It has the program's path and is empty, so
/// that findings show a place in it as the program without a line.
fn file_for_objects(program: &RepoPath) -> Arc<SourceFile> {
    Arc::new(SourceFile::new(program.clone(), String::new()))
}

/// A value as the engine has it.
fn value<'p>(program: &mut Program<'p>, node: Node<'_>) -> Value<'p> {
    match node.kind() {
        Kind::Null => Value::null(),
        Kind::Bool(truth) => Value::bool(*truth),
        Kind::Number(number) => Value::number(number.as_f64()),
        Kind::String(text) => Value::string(text),
        Kind::Sequence(_) => {
            let items: Vec<_> = node.items().map(|item| value(program, item)).collect();
            program.make_array(&items)
        }
        Kind::Mapping(_) => {
            let mut fields = Vec::with_capacity(node.entries().len());
            for (key, item) in node.entries() {
                fields.push((program.intern_str(key.text()), value(program, item)));
            }
            program.make_object(&fields)
        }
    }
}

/// Answers a program's imports while it is evaluated.
struct ImportCallbacks<'a, 'p> {
    kept: &'a mut Kept<'p>,
    closure: &'a Closure,
    /// The argument, also as the engine has it.
    input: &'a yaml::Value,
    rungs: &'a Thunk<'p>,
    external: SpanContextId,
    asked_own: bool,
    /// Why an import failed: the engine's error does not say.
    failed: Option<Findings>,
    /// Why a native function has no result.
    refused_call: Option<String>,
}

impl<'p> ImportCallbacks<'_, 'p> {
    fn load(&mut self, program: &mut Program<'p>, path: &RepoPath) -> Result<Thunk<'p>, Findings> {
        let source = self.closure.source(path).expect("a closure holds all of its sources");
        let key = (path.clone(), Arc::as_ptr(&source.file), self.closure.search_path.clone());
        if let Some(thunk) = self.kept.thunks.get(&key) {
            return Ok(thunk.clone());
        }
        let uses = |name| source.file.text().contains(name);
        let before = if uses(PARSE_YAML) || uses(TO_STRING) { PRELUDE } else { "" };
        let text = [before, source.file.text()].concat();
        let (context, _) = program.span_manager_mut().insert_source_context(text.len());
        // The file is held, so that its address stays its own.
        let file = Arc::clone(&source.file);
        let loaded = LoadedSource { path: path.clone(), file, before: before.len() };
        self.kept.files.insert(context, loaded);
        self.kept.bytes += text.len();
        match program.load_source(context, text.as_bytes(), true, path.as_str()) {
            Ok(thunk) => {
                self.kept.thunks.insert(key, thunk.clone());
                Ok(thunk)
            }
            Err(error) => {
                let (message, span) = message::loading(&error);
                let at = self.place(program, span).unwrap_or_else(|| Location::of_path(path));
                let conflict = conflict_markers(at.file());
                let finding = conflict.unwrap_or_else(|| {
                    Finding::new(&TEMPLATE_SYNTAX, message, at).because("Jsonnet cannot read this")
                });
                Err(finding.into())
            }
        }
    }

    /// The place of a span; none for the engine's own library.
    fn place(&self, program: &Program<'p>, span: SpanId) -> Option<Location> {
        let (context, start, end) = program.span_manager().get_span(span);
        let LoadedSource { file, before, .. } = self.kept.files.get(&context)?;
        let (start, end) = (start.checked_sub(*before)?, end.checked_sub(*before)?);
        Some(Location::new(file, Span::new(start, end)))
    }

    fn imported(
        &mut self,
        program: &Program<'p>,
        from: SpanId,
        kind: ImportKind,
        name: &str,
    ) -> Result<Imported, ImportError> {
        let (context, _, _) = program.span_manager().get_span(from);
        let LoadedSource { path, .. } = self.kept.files.get(&context).ok_or(ImportError)?;
        match self.closure.import(path, kind, name) {
            Some(Imported::Missing(finding)) => {
                self.failed = Some((**finding).clone().into());
                Err(ImportError)
            }
            Some(imported) => Ok(imported.clone()),
            None => Err(ImportError),
        }
    }

    /// A map of the texts that match a pattern. They are this template's: what was
    /// computed from them must not be kept for another's.
    fn files(&mut self, program: &mut Program<'p>, pattern: &str) -> Result<Value<'p>, String> {
        self.asked_own = true;
        let files = self.closure.files(pattern).ok_or_else(|| {
            "the pattern has to be written out: `std.native('files')('_conf/*')`".to_owned()
        })?;
        let fields: Vec<_> = files
            .iter()
            .map(|(name, file)| (program.intern_str(name), Value::string(file.text())))
            .collect();
        Ok(program.make_object(&fields))
    }

    /// The place of the program's function, for problems with calling it.
    fn function(&self) -> Location {
        let main = &self.closure.main;
        let Some(source) = self.closure.source(main) else { return Location::of_path(main) };
        let is_function =
            |token: &&JsonnetToken| &source.file.text()[token.span.range()] == "function";
        match source.tokens.iter().find(is_function) {
            Some(token) => Location::new(&source.file, token.span),
            None => Location::of_path(main),
        }
    }

    fn explain(&mut self, program: &Program<'p>, error: &EvalError) -> Finding {
        let trace: Vec<(Location, String)> = error
            .stack_trace
            .iter()
            .rev()
            .take(MAX_SEARCHED)
            .filter_map(|item| {
                let (span, words) = message::frame(item);
                Some((self.place(program, span?)?, words))
            })
            .collect();
        if let Some(finding) = self.failed.take().and_then(|all| all.into_iter().next()) {
            return finding;
        }
        let mut explained = message::evaluating(&error.kind);
        if let Some(message) = self.refused_call.take() {
            explained.message = message;
            explained.because = "called here";
        }
        let own = explained.span.and_then(|span| self.place(program, span));
        let innermost = trace.first().map(|(location, _)| location.clone());
        let at = own.or(innermost).unwrap_or_else(|| self.function());
        let (message, help) = match missing_input(self.input, at.text()) {
            Some((message, help)) if *explained.code == TEMPLATE_UNDEFINED => (message, help),
            _ => (explained.message, None),
        };
        let mut finding = Finding::new(explained.code, message, at.clone())
            .because(explained.because)
            .maybe_help(explained.help)
            .maybe_help(help);
        let mut shown = vec![at];
        for (location, words) in trace {
            if shown.len() <= message::MAX_FRAMES && !shown.contains(&location) {
                finding = finding.label(location.clone(), words);
                shown.push(location);
            }
        }
        finding
    }
}

/// The message and help for something missing in the argument, if the program asks
/// for it by a plain path: `rungs.values.logLevel`.
fn missing_input(input: &yaml::Value, text: &str) -> Option<(String, Option<String>)> {
    let mut steps = text.split('.');
    let mut path = steps.next().filter(|root| *root == "rungs")?.to_owned();
    let mut at = input.root();
    for step in steps {
        let Some(next) = at.get(step) else {
            let known: Vec<_> = at.entries().map(|(key, _)| key.text()).collect();
            let help = code::did_you_mean(step, known);
            return Some((format!("`{path}.{step}` is not defined"), help));
        };
        path = format!("{path}.{step}");
        at = next;
    }
    None
}

/// The most frames of a trace in which places to show are looked for. An endless
/// recursion has [`MAX_CALLS`] frames.
const MAX_SEARCHED: usize = 64;

impl<'p> Callbacks<'p> for ImportCallbacks<'_, 'p> {
    fn import(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        name: &str,
    ) -> Result<Thunk<'p>, ImportError> {
        if program.span_manager().get_span(from).0 == self.external {
            self.asked_own = true;
            return Ok(self.rungs.clone());
        }
        let Imported::Code(path) = self.imported(program, from, ImportKind::Code, name)? else {
            return Err(ImportError);
        };
        self.load(program, &path).map_err(|findings| {
            self.failed = Some(findings);
            ImportError
        })
    }

    fn import_str(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        name: &str,
    ) -> Result<String, ImportError> {
        match self.imported(program, from, ImportKind::Text, name)? {
            Imported::Text(file) => Ok(file.text().to_owned()),
            _ => Err(ImportError),
        }
    }

    fn import_bin(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        name: &str,
    ) -> Result<Vec<u8>, ImportError> {
        match self.imported(program, from, ImportKind::Bytes, name)? {
            Imported::Bytes(bytes) => Ok(bytes.to_vec()),
            _ => Err(ImportError),
        }
    }

    /// `std.trace` prints nothing: standard output is for manifests, and a library may
    /// not print to standard error.
    fn trace(&mut self, _: &mut Program<'p>, _: &str, _: &[EvalStackTraceItem]) {}

    fn native_call(
        &mut self,
        program: &mut Program<'p>,
        name: InternedStr<'p>,
        arguments: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        let result = match arguments.first().and_then(Value::to_string) {
            Some(text) if name.value() == PARSE_YAML => parse_yaml(program, text),
            Some(pattern) => self.files(program, &pattern),
            None => {
                let got = arguments.first().map_or("nothing", |one| message::noun_of(&one.kind()));
                Err(format!("`{}` needs a string, not {got}", name.value()))
            }
        };
        result.map_err(|message| {
            self.refused_call = Some(message);
            NativeError
        })
    }
}

/// The value of a text in YAML: a list of its documents if it has a separator.
fn parse_yaml<'p>(program: &mut Program<'p>, text: String) -> Result<Value<'p>, String> {
    let is_separator = |line: &str| {
        line.strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    let is_stream = text.lines().any(is_separator);
    // An empty document at the end is one, which kubectl passes over.
    let is_empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let mut from_end = text.lines().rev().skip_while(|line| !is_separator(line) && is_empty(line));
    let ends_empty = from_end
        .next()
        .is_some_and(|line| is_separator(line) && is_empty(line.trim_start_matches('-')));
    let file = Arc::new(SourceFile::new(RepoPath::root(), text));
    let documents = yaml::parse(&file, Dialect::Kubectl).map_err(|findings| {
        let Some(finding) = findings.iter().next() else { return "this is not YAML".to_owned() };
        let line = finding.location().start().line;
        format!("the text is not YAML: {}, in line {line}", finding.message)
    })?;
    let mut values: Vec<_> =
        documents.iter().map(|document| value(program, document.root())).collect();
    if is_stream && ends_empty {
        values.push(Value::null());
    }
    if is_stream {
        return Ok(program.make_array(&values));
    }
    Ok(values.pop().unwrap_or_else(Value::null))
}

/// Looks for objects in a result.
struct ObjectCollector<'a> {
    main: &'a RepoPath,
    file: Arc<SourceFile>,
    /// The number of nodes of all objects so far.
    nodes: usize,
    found: Vec<yaml::Value>,
    wrong: Findings,
}

impl ObjectCollector<'_> {
    fn find(&mut self, value: &Value<'_>, path: &mut Vec<String>) {
        if self.wrong.len() >= MOST_PROBLEMS {
            return;
        }
        if path.len() > yaml::MAX_DEPTH {
            self.refuse_nesting();
            return;
        }
        match value.kind() {
            // The value of an `if` without `else`.
            ValueKind::Null => {}
            ValueKind::Array(items) => {
                self.refuse_loose(&items, path);
                for (index, item) in items.iter().enumerate().filter(|(_, item)| !is_loose(item)) {
                    path.push(format!("[{index}]"));
                    self.find(item, path);
                    path.pop();
                }
            }
            ValueKind::Object(fields) if is_object(&fields) => self.object(&fields, path),
            ValueKind::Object(fields) => {
                for (name, field) in &fields {
                    path.push(format!(".{}", name.value()));
                    self.find(field, path);
                    path.pop();
                }
            }
            kind => self.wrong.push(not_an_object(self.main, &kind, path)),
        }
    }

    /// One finding for all of a list's items that cannot be or hold an object.
    fn refuse_loose(&mut self, items: &[Value<'_>], path: &mut Vec<String>) {
        let mut loose = items.iter().enumerate().filter(|(_, item)| is_loose(item));
        let Some((index, first)) = loose.next() else { return };
        path.push(format!("[{index}]"));
        let finding = not_an_object(self.main, &first.kind(), path);
        path.pop();
        self.wrong.push(match loose.count() {
            0 => finding,
            more => finding.because(format!("made by this program, with {more} more in its list")),
        });
    }

    fn object(&mut self, fields: &[(InternedStr<'_>, Value<'_>)], path: &[String]) {
        let mut tree = yaml::Value::new(&self.file);
        let (file, nodes) = (&self.file, &mut self.nodes);
        let mut object = ObjectBuilder { tree: &mut tree, file, nodes, path: path.to_vec() };
        match object.mapping(fields) {
            Ok(root) => {
                tree.set_root(root);
                self.found.push(tree);
            }
            Err(Unfit::Deep) => self.refuse_nesting(),
            Err(Unfit::Function) => {
                let kind = ValueKind::Function;
                self.wrong.push(not_an_object(self.main, &kind, &object.path));
            }
        }
    }

    fn refuse_nesting(&mut self) {
        let message = format!("the result is nested more than {} deep", yaml::MAX_DEPTH);
        let finding = Finding::new(&TEMPLATE_NESTING, message, Location::of_path(self.main))
            .help("look for a function that calls itself more often than it should");
        self.wrong.push(finding);
    }
}

/// Whether a map is meant to be a Kubernetes object. Whether it has a name is
/// checked when objects are read.
fn is_object(fields: &[(InternedStr<'_>, Value<'_>)]) -> bool {
    let has = |name| fields.iter().any(|(key, value)| key.value() == name && value.is_string());
    has("apiVersion") && has("kind")
}

/// Whether a value neither is nor holds an object. A null is ignored, and counts as
/// neither.
fn is_loose(value: &Value<'_>) -> bool {
    !value.is_null() && !value.is_array() && !value.is_object()
}

fn not_an_object(main: &RepoPath, kind: &ValueKind<'_>, path: &[String]) -> Finding {
    let path = path.concat();
    let path = path.as_str();
    let place = match path.strip_prefix('.').unwrap_or(path) {
        "" => "the result".to_owned(),
        path => format!("`{path}` of the result"),
    };
    let last = path.rsplit('.').next();
    let help = if matches!(last, Some("kind" | "apiVersion")) {
        "a Kubernetes object needs both `apiVersion` and `kind`"
    } else {
        "hide the field with `::`, or give its map `apiVersion` and `kind`"
    };
    let message = format!("{place} is {}, not a Kubernetes object", message::noun_of(kind));
    Finding::new(&LOOSE_VALUE, message, Location::of_path(main))
        .because("made by this program")
        .help(help)
}

/// Builds one object's tree. There is no text for its spans, so they hold numbers by
/// which tracing finds the nodes: nodes are counted through all objects of the
/// result, a node's span is empty and starts at its number, and its key's starts
/// there too and is one byte long.
struct ObjectBuilder<'a> {
    tree: &'a mut yaml::Value,
    file: &'a Arc<SourceFile>,
    nodes: &'a mut usize,
    /// The path from the result to the current node; after an error, to the unfit
    /// value.
    path: Vec<String>,
}

/// Why a value cannot be part of an object.
enum Unfit {
    Deep,
    Function,
}

impl ObjectBuilder<'_> {
    /// The place of the next node.
    fn next_place(&mut self) -> Location {
        *self.nodes += 1;
        Location::new(self.file, Span::new(*self.nodes, *self.nodes))
    }

    fn node(&mut self, value: &Value<'_>) -> Result<NodeId, Unfit> {
        let kind = match value.kind() {
            ValueKind::Object(fields) => return self.mapping(&fields),
            ValueKind::Array(items) => return self.sequence(&items),
            ValueKind::Bool(truth) => Kind::Bool(truth),
            ValueKind::Number(value) => Kind::Number(number(value)),
            ValueKind::String(text) => Kind::String(text.into()),
            ValueKind::Null => Kind::Null,
            ValueKind::Function => return Err(Unfit::Function),
        };
        let place = self.next_place();
        Ok(self.tree.add(kind, &place))
    }

    /// The node of a value below the current one.
    fn below(&mut self, step: String, value: &Value<'_>) -> Result<NodeId, Unfit> {
        self.path.push(step);
        if self.path.len() > yaml::MAX_DEPTH {
            return Err(Unfit::Deep);
        }
        let node = self.node(value)?;
        self.path.pop();
        Ok(node)
    }

    fn sequence(&mut self, items: &[Value<'_>]) -> Result<NodeId, Unfit> {
        let place = self.next_place();
        let items = items.iter().enumerate();
        let nodes: Result<Vec<_>, _> =
            items.map(|(index, item)| self.below(format!("[{index}]"), item)).collect();
        Ok(self.tree.add(Kind::Sequence(nodes?), &place))
    }

    fn mapping(&mut self, fields: &[(InternedStr<'_>, Value<'_>)]) -> Result<NodeId, Unfit> {
        let place = self.next_place();
        let map = self.tree.add(Kind::Mapping(Vec::new()), &place);
        for (name, field) in fields {
            let next = *self.nodes + 1;
            let at = Location::new(self.file, Span::new(next, next + 1));
            let node = self.below(format!(".{}", name.value()), field)?;
            self.tree.append_text(map, name.value(), node, &at);
        }
        Ok(map)
    }
}

/// A number as Jsonnet prints it: an integer has no decimal point.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn number(value: f64) -> Number {
    // The first numbers that are too large for the types. Both are exact as floats.
    const I64_END: f64 = i64::MAX as f64;
    const U64_END: f64 = u64::MAX as f64;
    if value.fract() == 0.0 && (-I64_END..I64_END).contains(&value) {
        let whole = value as i64;
        return Number::integer(whole, &whole.to_string());
    }
    if value.fract() == 0.0 && (I64_END..U64_END).contains(&value) {
        let whole = value as u64;
        return Number::unsigned(whole, &whole.to_string());
    }
    Number::float(value, &format!("{value:?}"))
}

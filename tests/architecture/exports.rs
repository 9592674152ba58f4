//! What modules offer to others, and whether somebody takes it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{ImplItem, ImplItemFn, Item, Visibility};
use walkdir::WalkDir;

use super::resolve::Target;
use super::sources::{Import, Parsed, Sources};
use super::uses::Use;

/// The names that a module passes to others and that nobody takes: neither
/// another module, nor a test, nor the signature of what somebody takes. By
/// file, line and name.
pub(crate) fn unused_exports<'t>(
    sources: &Sources,
    uses: &'t [Use],
    signatures: &'t HashMap<Target, HashSet<Target>>,
    said_by_tests: &HashMap<String, HashSet<String>>,
) -> Vec<(usize, usize, String)> {
    let exports = exports(sources);
    let is_foreign = |one: &&Use| match &one.target {
        Target::Item(module, _) => {
            sources.top(one.file) != sources.top(sources.modules[*module].file)
        }
        _ => false,
    };
    let mut taken: HashSet<&Target> =
        uses.iter().filter(is_foreign).map(|one| &one.target).collect();
    let is_tested = |file: usize, name: &String| {
        let others = said_by_tests.iter().filter(|(top, _)| *top != sources.top(file));
        others.map(|(_, names)| names).any(|names| names.contains(name))
    };
    let of_tests = exports.iter().filter(|(file, _, name, _)| is_tested(*file, name));
    taken.extend(of_tests.flat_map(|(_, _, _, targets)| targets));
    add_signatures(signatures, &mut taken);
    let is_unused = |targets: &Vec<Target>| !targets.iter().any(|target| taken.contains(target));
    let unused = exports.iter().filter(|(_, _, _, targets)| is_unused(targets));
    unused.map(|(file, line, name, _)| (*file, *line, name.clone())).collect()
}

/// Adds what the signatures of these items name, and the signatures of that.
fn add_signatures<'t>(
    signatures: &'t HashMap<Target, HashSet<Target>>,
    taken: &mut HashSet<&'t Target>,
) {
    let mut open: Vec<_> = taken.iter().copied().collect();
    while let Some(target) = open.pop() {
        for named in signatures.get(target).into_iter().flatten() {
            if taken.insert(named) {
                open.push(named);
            }
        }
    }
}

/// The public functions of types whose name nobody says outside of their
/// module. What is called by the same name elsewhere passes: types are not
/// known here. By file, line and name.
pub(crate) fn unused_functions(
    parsed: &Parsed,
    said: &HashMap<String, HashSet<String>>,
) -> Vec<(usize, usize, String)> {
    let mut unused = Vec::new();
    for (file, items) in parsed.items.iter().enumerate() {
        let top = parsed.sources.top(file);
        let others: Vec<_> = said.iter().filter(|(other, _)| *other != top).collect();
        for function in items.iter().flat_map(functions) {
            let name = function.sig.ident.to_string();
            let is_said = others.iter().any(|(_, names)| names.contains(&name));
            if !is_said {
                unused.push((file, function.sig.ident.span().start().line, name));
            }
        }
    }
    unused
}

/// The functions of a type that all may call.
fn functions(item: &Item) -> Vec<&ImplItemFn> {
    let Item::Impl(item) = item else { return Vec::new() };
    if item.trait_.is_some() {
        return Vec::new();
    }
    let functions = item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    functions.filter(|function| is_for_all(&function.vis)).collect()
}

/// Whether it is public, or so in the crate.
fn is_for_all(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(within) => within.path.is_ident("crate"),
        Visibility::Inherited => false,
    }
}

/// The items that the modules of `lib.rs` offer, with the file, the line and
/// the name by which they do.
fn exports(sources: &Sources) -> Vec<(usize, usize, String, Vec<Target>)> {
    let mut exports = Vec::new();
    for (index, module) in sources.modules.iter().enumerate() {
        if module.path.is_empty() || !is_open(sources, index) {
            continue;
        }
        for (name, line) in &module.exports {
            let path = Import::path(vec![name.clone()], *line);
            let mut targets = sources.resolve(index, &path);
            targets.retain(|target| matches!(target, Target::Item(..)));
            if !targets.is_empty() {
                exports.push((module.file, *line, name.clone(), targets));
            }
        }
    }
    exports
}

/// Whether every module on the way to it is public.
fn is_open(sources: &Sources, module: usize) -> bool {
    let module = &sources.modules[module];
    module.path.is_empty()
        || (module.is_public && module.parent.is_none_or(|at| is_open(sources, at)))
}

/// The names that are said, by the module of `lib.rs` that says them; by an
/// empty name those of tests and programs outside of `src/`.
pub(crate) struct Said {
    /// Anywhere.
    pub(crate) anywhere: HashMap<String, HashSet<String>>,
    /// In what is compiled for tests only.
    pub(crate) by_tests: HashMap<String, HashSet<String>>,
}

impl Said {
    pub(crate) fn read(sources: &Sources, root: &Path) -> Self {
        let mut said = Self { anywhere: HashMap::new(), by_tests: HashMap::new() };
        for directory in ["tests", "fuzz/fuzz_targets", "src/main.rs"] {
            for (_, text) in rust_files(&root.join(directory)) {
                let tokens: TokenStream = text.parse().unwrap();
                add_names(tokens.clone(), said.anywhere.entry(String::new()).or_default());
                add_names(tokens, said.by_tests.entry(String::new()).or_default());
            }
        }
        let source = root.join("src");
        for (path, text) in rust_files(&source) {
            let path = path.strip_prefix(&source).unwrap().to_str().unwrap();
            let top = path.split(['/', '.']).next().unwrap_or_default();
            let tokens: TokenStream = text.parse().unwrap();
            add_names(tokens.clone(), said.anywhere.entry(top.to_owned()).or_default());
            let by_tests = said.by_tests.entry(top.to_owned()).or_default();
            if sources.files.iter().any(|file| file.path == path) {
                add_names_of_tests(tokens, by_tests);
            } else {
                add_names(tokens, by_tests);
            }
        }
        said
    }
}

fn rust_files(at: &Path) -> Vec<(PathBuf, String)> {
    let entries = WalkDir::new(at).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"));
    files.map(|file| (file.path().to_owned(), fs::read_to_string(file.path()).unwrap())).collect()
}

fn add_names(tokens: TokenStream, names: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(names.insert(ident.to_string())),
            TokenTree::Group(group) => add_names(group.stream(), names),
            _ => {}
        }
    }
}

/// As [`add_names`], of what is compiled for tests only: from such an attribute
/// to the end of its item.
fn add_names_of_tests(tokens: TokenStream, names: &mut HashSet<String>) {
    let mut is_test = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) if matches!(&*group.to_string(), "[cfg (test)]" | "[test]") => {
                is_test = true;
            }
            TokenTree::Group(group) if !is_test => add_names_of_tests(group.stream(), names),
            _ if is_test => {
                let is_end = match &token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(punct) => punct.as_char() == ';',
                    _ => false,
                };
                add_names(token.clone().into(), names);
                is_test = !is_end;
            }
            _ => {}
        }
    }
}

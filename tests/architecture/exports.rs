//! What modules export, and whether somebody uses it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{ImplItem, ImplItemFn, Item, Visibility};
use walkdir::WalkDir;

use super::resolve::Target;
use super::sources::{Import, Parsed, Sources};
use super::uses::Use;

/// The names that a module exports and nobody uses: neither another module, nor
/// a test, nor the signature of something that is used. By file, line and name.
pub(crate) fn unused_exports<'t>(
    sources: &Sources,
    uses: &'t [Use],
    signatures: &'t HashMap<Target, HashSet<Target>>,
    mentioned_by_tests: &HashMap<String, HashSet<String>>,
) -> Vec<(usize, usize, String)> {
    let exports = exports(sources);
    let is_foreign = |one: &&Use| match &one.target {
        Target::Item(module, _) => {
            sources.top(one.file) != sources.top(sources.modules[*module].file)
        }
        _ => false,
    };
    let mut needed: HashSet<&Target> =
        uses.iter().filter(is_foreign).map(|one| &one.target).collect();
    let is_tested = |file: usize, name: &String| {
        let others = mentioned_by_tests.iter().filter(|(top, _)| *top != sources.top(file));
        others.map(|(_, names)| names).any(|names| names.contains(name))
    };
    let of_tests = exports.iter().filter(|(file, _, name, _)| is_tested(*file, name));
    needed.extend(of_tests.flat_map(|(_, _, _, targets)| targets));
    add_signatures(signatures, &mut needed);
    let is_unused = |targets: &Vec<Target>| !targets.iter().any(|target| needed.contains(target));
    let unused = exports.iter().filter(|(_, _, _, targets)| is_unused(targets));
    unused.map(|(file, line, name, _)| (*file, *line, name.clone())).collect()
}

/// Adds the items that the signatures of these name, and those that the
/// signatures of those name, and so on.
fn add_signatures<'t>(
    signatures: &'t HashMap<Target, HashSet<Target>>,
    needed: &mut HashSet<&'t Target>,
) {
    let mut open: Vec<_> = needed.iter().copied().collect();
    while let Some(target) = open.pop() {
        for named in signatures.get(target).into_iter().flatten() {
            if needed.insert(named) {
                open.push(named);
            }
        }
    }
}

/// The public functions of types whose name is not mentioned outside of their
/// module. A function passes if another one has the same name: types are not
/// known here. By file, line and name.
pub(crate) fn unused_functions(
    parsed: &Parsed,
    mentioned: &HashMap<String, HashSet<String>>,
) -> Vec<(usize, usize, String)> {
    let mut unused = Vec::new();
    for (file, items) in parsed.items.iter().enumerate() {
        let top = parsed.sources.top(file);
        let others: Vec<_> = mentioned.iter().filter(|(other, _)| *other != top).collect();
        for function in items.iter().flat_map(functions) {
            let name = function.sig.ident.to_string();
            if !others.iter().any(|(_, names)| names.contains(&name)) {
                unused.push((file, function.sig.ident.span().start().line, name));
            }
        }
    }
    unused
}

/// The functions of a type that the whole crate may call.
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

/// Whether it is public, or public in the crate.
fn is_for_all(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(within) => within.path.is_ident("crate"),
        Visibility::Inherited => false,
    }
}

/// The items that the modules of `lib.rs` export, with the file, the line and the
/// name under which they do.
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

/// Whether the module and every module above it are public.
fn is_open(sources: &Sources, module: usize) -> bool {
    let module = &sources.modules[module];
    module.path.is_empty()
        || (module.is_public && module.parent.is_none_or(|at| is_open(sources, at)))
}

/// The names in the code, by the module of `lib.rs` that mentions them. Those in
/// tests and programs outside of `src/` are under an empty name.
pub(crate) struct MentionedNames {
    /// All of them.
    pub(crate) anywhere: HashMap<String, HashSet<String>>,
    /// Those in code that is compiled for tests only.
    pub(crate) by_tests: HashMap<String, HashSet<String>>,
}

impl MentionedNames {
    pub(crate) fn read(sources: &Sources, root: &Path) -> Self {
        let mut mentioned = Self { anywhere: HashMap::new(), by_tests: HashMap::new() };
        for directory in ["tests", "fuzz/fuzz_targets", "src/main.rs"] {
            for (_, text) in rust_files(&root.join(directory)) {
                let tokens: TokenStream = text.parse().unwrap();
                add_names(tokens.clone(), mentioned.anywhere.entry(String::new()).or_default());
                add_names(tokens, mentioned.by_tests.entry(String::new()).or_default());
            }
        }
        let source = root.join("src");
        for (path, text) in rust_files(&source) {
            let path = path.strip_prefix(&source).unwrap().to_str().unwrap();
            let top = path.split(['/', '.']).next().unwrap_or_default();
            let tokens: TokenStream = text.parse().unwrap();
            add_names(tokens.clone(), mentioned.anywhere.entry(top.to_owned()).or_default());
            let by_tests = mentioned.by_tests.entry(top.to_owned()).or_default();
            if sources.files.iter().any(|file| file.path == path) {
                add_names_of_tests(tokens, by_tests);
            } else {
                add_names(tokens, by_tests);
            }
        }
        mentioned
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

/// Like [`add_names`], for what is compiled for tests only: from such an
/// attribute to the end of its item.
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

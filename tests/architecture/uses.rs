//! What each file uses, and where.

use std::collections::{HashMap, HashSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItem, Item, Macro, Meta, Stmt, TraitItem, Visibility};

use super::resolve::Target;
use super::sources::{
    Import, Meaning, Parsed, Sources, attributes, declared, imports, is_for_tests, is_shared,
};

/// A path in the code, and something that it may name.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) file: usize,
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) path: String,
    pub(crate) target: Target,
    /// Whether it only re-exports what a child of a module declares.
    pub(crate) is_passed_on: bool,
}

/// All uses outside of tests, and the paths that should lead to an item of the
/// crate and do not, by file and line.
pub(crate) fn uses(parsed: &Parsed) -> (Vec<Use>, Vec<String>) {
    let mut finder = Finder::new(&parsed.sources);
    for (file, items) in parsed.sources.files.iter().zip(&parsed.items) {
        finder.module = file.module;
        for item in items {
            finder.visit_item(item);
        }
    }
    (finder.uses, finder.unresolved)
}

/// What the signature of each of the crate's items names: the types of its
/// fields, arguments and results, and the bounds of its parameters; for a type
/// also what the signatures of its public functions and its traits name.
pub(crate) fn signatures(parsed: &Parsed) -> HashMap<Target, HashSet<Target>> {
    let mut signatures = HashMap::<Target, HashSet<Target>>::new();
    for (file, items) in parsed.sources.files.iter().zip(&parsed.items) {
        add_signatures(parsed, file.module, items, &mut signatures);
    }
    signatures
}

fn add_signatures(
    parsed: &Parsed,
    module: usize,
    items: &[Item],
    signatures: &mut HashMap<Target, HashSet<Target>>,
) {
    for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
        let mut finder = Finder { module, is_outside: true, ..Finder::new(&parsed.sources) };
        let owners = match item {
            Item::Impl(item) => {
                finder.visit_type(&item.self_ty);
                finder.uses.drain(..).map(|one| one.target).collect()
            }
            Item::Use(_) | Item::Mod(_) => continue,
            item => {
                declared(item).map(|(name, _)| vec![Target::Item(module, name)]).unwrap_or_default()
            }
        };
        finder.visit_item(item);
        let named: HashSet<_> = finder.uses.into_iter().map(|one| one.target).collect();
        for owner in owners {
            signatures.entry(owner).or_default().extend(named.iter().cloned());
        }
    }
}

struct Finder<'s> {
    sources: &'s Sources,
    module: usize,
    /// Whether only what others see of an item is looked at.
    is_outside: bool,
    /// What `use` and items inside of functions declare, the innermost last.
    locals: Vec<Vec<(String, Option<Import>)>>,
    uses: Vec<Use>,
    unresolved: Vec<String>,
}

impl<'s> Finder<'s> {
    fn new(sources: &'s Sources) -> Self {
        let (uses, unresolved) = (Vec::new(), Vec::new());
        Self { sources, module: 0, is_outside: false, locals: Vec::new(), uses, unresolved }
    }

    fn add(&mut self, import: &Import, is_passed_on: bool) {
        let import = self.with_locals(import);
        let file = self.sources.modules[self.module].file;
        let path = import.segments.join("::");
        let targets = self.sources.resolve(self.module, &import);
        let is_ours = matches!(import.segments[0].as_str(), "crate" | "super");
        if targets.is_empty() && is_ours {
            let at = &self.sources.files[file].path;
            self.unresolved.push(format!("src/{at}:{}: `{path}`", import.line));
        }
        self.uses.extend(targets.into_iter().map(|target| Use {
            file,
            line: import.line,
            path: path.clone(),
            target,
            is_passed_on,
        }));
    }

    /// The path with what a `use` in the same function stands for.
    fn with_locals(&self, import: &Import) -> Import {
        let (first, rest) = import.segments.split_first().expect("a path has segments");
        let known = self.locals.iter().rev().flatten().find(|(name, _)| name == first);
        match known {
            Some((_, Some(local))) if local.segments.first() != Some(first) => {
                let segments = local.segments.iter().chain(rest).cloned().collect();
                Import { segments, is_external: local.is_external, ..import.clone() }
            }
            _ => import.clone(),
        }
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        for path in paths_in(tokens) {
            self.add(&path, false);
        }
    }

    fn declare_locals(&mut self, block: &Block) {
        let mut locals = Vec::new();
        for statement in &block.stmts {
            match statement {
                Stmt::Item(Item::Use(item)) => {
                    let imports = imports(&item.tree, item.leading_colon.is_some());
                    locals.extend(
                        imports.into_iter().filter_map(|one| Some((one.name.clone()?, Some(one)))),
                    );
                }
                Stmt::Item(item) => {
                    locals.extend(declared(item).map(|(name, _)| (name, None)));
                }
                _ => {}
            }
        }
        self.locals.push(locals);
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(attributes(item)) {
            return;
        }
        match item {
            Item::Use(item) => {
                let file = self.sources.modules[self.module].file;
                let has_children = self.sources.files[file].has_children;
                let is_passed_on = has_children && is_shared(&item.vis);
                for import in imports(&item.tree, item.leading_colon.is_some()) {
                    self.add(&import, is_passed_on);
                }
            }
            Item::Mod(child) if child.content.is_some() => {
                let names = &self.sources.modules[self.module].names[&child.ident.to_string()];
                let inside = names.iter().find_map(|meaning| match meaning {
                    Meaning::Module(module) => Some(*module),
                    _ => None,
                });
                let outside = std::mem::replace(&mut self.module, inside.expect("it is known"));
                visit::visit_item_mod(self, child);
                self.module = outside;
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => &item.attrs[..],
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        // Functions of a trait have no visibility of their own, and name
        // nothing that the trait does not.
        let is_private = match item {
            ImplItem::Fn(item) => !is_shared(&item.vis),
            ImplItem::Const(item) => !is_shared(&item.vis),
            _ => false,
        };
        let is_hidden = self.is_outside && is_private;
        if !is_hidden && !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = if let TraitItem::Fn(item) = item { &item.attrs[..] } else { &[] };
        if !is_for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        if self.is_outside {
            return;
        }
        self.declare_locals(block);
        visit::visit_block(self, block);
        self.locals.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|one| one.ident.to_string()).collect();
        let line = path.segments[0].ident.span().start().line;
        let is_external = path.leading_colon.is_some();
        self.add(&Import { segments, is_external, line, name: None, is_glob: false }, false);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.add_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let silent = ["doc", "derive", "cfg", "allow", "expect", "error"];
        if let Meta::List(list) = &attribute.meta
            && !silent.iter().any(|name| list.path.is_ident(name))
        {
            self.add_tokens(list.tokens.clone());
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// The paths in a macro's arguments: names joined by `::`, and single names. A
/// field after a dot is not a path, nor is a name after `$`, except `$crate`.
fn paths_in(tokens: TokenStream) -> Vec<Import> {
    let mut found = Vec::new();
    add_paths(tokens, &mut found);
    found
}

fn add_paths(tokens: TokenStream, found: &mut Vec<Import>) {
    let mut path: Option<Import> = None;
    let (mut colons, mut before) = (0, ' ');
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let (name, line) = (ident.to_string(), ident.span().start().line);
                match &mut path {
                    Some(path) if colons == 2 => path.segments.push(name),
                    path => {
                        found.extend(path.take());
                        let is_ours = before != '.' && (before != '$' || name == "crate");
                        let segments = vec![name];
                        let (name, is_external) = (None, false);
                        *path = is_ours.then_some(Import {
                            segments,
                            is_external,
                            line,
                            name,
                            is_glob: false,
                        });
                    }
                }
                (colons, before) = (0, ' ');
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && colons < 2 => {
                colons += 1;
                before = ':';
            }
            TokenTree::Punct(punct) => {
                found.extend(path.take());
                (colons, before) = (0, punct.as_char());
            }
            TokenTree::Group(group) => {
                found.extend(path.take());
                add_paths(group.stream(), found);
                (colons, before) = (0, ' ');
            }
            TokenTree::Literal(literal) => {
                found.extend(path.take());
                found.extend(path_of_literal(&literal.to_string(), literal.span().start().line));
                (colons, before) = (0, ' ');
            }
        }
    }
    found.extend(path);
}

/// The path in a literal of an attribute: `#[serde(with = "super::words")]`.
fn path_of_literal(literal: &str, line: usize) -> Option<Import> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let path: syn::Path = syn::parse_str(text).ok().filter(|_| text.contains("::"))?;
    let segments: Vec<_> = path.segments.iter().map(|one| one.ident.to_string()).collect();
    let is_external = path.leading_colon.is_some();
    Some(Import { segments, is_external, line, name: None, is_glob: false })
}

/// The files of the same module that each file uses, each with one of the uses.
pub(crate) fn edges<'u>(sources: &Sources, uses: &'u [Use]) -> Vec<(usize, usize, &'u Use)> {
    let mut seen = HashSet::new();
    let mut edges = Vec::new();
    for one in uses.iter().filter(|one| !one.is_passed_on) {
        let Target::Item(module, _) = one.target else { continue };
        let to = sources.modules[module].file;
        let is_within = sources.top(one.file) == sources.top(to) && one.file != to;
        if is_within && seen.insert((one.file, to)) {
            edges.push((one.file, to, one));
        }
    }
    edges
}

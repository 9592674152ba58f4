//! The crate's files and modules, and the names that each module knows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMod, Meta, UseTree, Visibility};

/// A file of `src/`.
pub(crate) struct File {
    /// Its path below `src/`.
    pub(crate) path: String,
    /// The module that the whole file is.
    pub(crate) module: usize,
    /// Whether it declares modules that are files of their own.
    pub(crate) has_children: bool,
}

/// A module: a whole file, or a part of one in braces.
pub(crate) struct Module {
    /// From the crate's root, which is empty.
    pub(crate) path: Vec<String>,
    pub(crate) file: usize,
    pub(crate) parent: Option<usize>,
    /// By name. A module and a function may share one.
    pub(crate) names: HashMap<String, Vec<Meaning>>,
    /// What `use …::*` brings.
    pub(crate) globs: Vec<Import>,
    /// Whether a macro may have declared more.
    pub(crate) has_macros: bool,
    /// The names that others may use, with their lines.
    pub(crate) exports: Vec<(String, usize)>,
    /// Whether others may use it by its own name.
    pub(crate) is_public: bool,
}

/// What a name in a module stands for.
#[derive(Clone)]
pub(crate) enum Meaning {
    Module(usize),
    Item,
    Import(Import),
}

/// The path of one name of a `use`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Import {
    pub(crate) segments: Vec<String>,
    /// Whether it starts with `::`, and so with another crate's name.
    pub(crate) is_external: bool,
    pub(crate) line: usize,
    /// The name that it gets here; none for `*` and for `as _`.
    pub(crate) name: Option<String>,
    pub(crate) is_glob: bool,
}

impl Import {
    /// A path that is written on that line.
    pub(crate) fn path(segments: Vec<String>, line: usize) -> Self {
        Self { segments, is_external: false, line, name: None, is_glob: false }
    }
}

/// All files that belong to the crate outside of its tests, its modules, and the
/// names of those in `lib.rs`, in order.
pub(crate) struct Sources {
    pub(crate) files: Vec<File>,
    pub(crate) modules: Vec<Module>,
    pub(crate) order: Vec<String>,
}

/// The sources with the items of each file.
pub(crate) struct Parsed {
    pub(crate) sources: Sources,
    pub(crate) items: Vec<Vec<Item>>,
}

impl Parsed {
    /// The sources below a directory.
    pub(crate) fn read(directory: &Path) -> Self {
        Self::of(&|path| fs::read_to_string(directory.join(path)).ok())
    }

    /// The sources, read with a function from paths to texts, starting at
    /// `lib.rs`.
    pub(crate) fn of(text: &dyn Fn(&str) -> Option<String>) -> Self {
        let sources = Sources { files: Vec::new(), modules: Vec::new(), order: Vec::new() };
        let mut loader = Loader { text, parsed: Self { sources, items: Vec::new() } };
        loader.file("lib.rs".to_owned(), "", &[], None);
        let modules = loader.parsed.items[0].iter().filter_map(|item| match item {
            Item::Mod(item) => Some(item.ident.to_string()),
            _ => None,
        });
        loader.parsed.sources.order = modules.collect();
        loader.parsed
    }
}

impl Sources {
    /// The module of `lib.rs` that a file belongs to.
    pub(crate) fn top(&self, file: usize) -> &str {
        self.modules[self.files[file].module].path.first().map_or("", String::as_str)
    }
}

struct Loader<'t> {
    /// The text of a file by its path, if there is one.
    text: &'t dyn Fn(&str) -> Option<String>,
    parsed: Parsed,
}

impl Loader<'_> {
    /// Adds a file as a module. `directory` is where its children are.
    fn file(
        &mut self,
        at: String,
        directory: &str,
        path: &[String],
        parent: Option<usize>,
    ) -> usize {
        let text = (self.text)(&at).unwrap_or_else(|| panic!("src/{at} cannot be read"));
        let items =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("src/{at}: {error}")).items;
        let file = self.parsed.items.len();
        let module = self.parsed.sources.modules.len();
        self.parsed.sources.files.push(File { path: at, module, has_children: false });
        self.parsed.items.push(Vec::new());
        self.module(file, directory, &items, path, parent);
        self.parsed.items[file] = items;
        module
    }

    fn module(
        &mut self,
        file: usize,
        directory: &str,
        items: &[Item],
        path: &[String],
        parent: Option<usize>,
    ) -> usize {
        let module = self.parsed.sources.modules.len();
        self.parsed.sources.modules.push(Module {
            path: path.to_vec(),
            file,
            parent,
            names: HashMap::new(),
            globs: Vec::new(),
            has_macros: false,
            exports: Vec::new(),
            is_public: false,
        });
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            match item {
                Item::Mod(child) => self.child(module, directory, child),
                item => self.parsed.sources.modules[module].declare(item),
            }
        }
        module
    }

    fn child(&mut self, parent: usize, directory: &str, child: &ItemMod) {
        let name = child.ident.to_string();
        let file = self.parsed.sources.modules[parent].file;
        let mut path = self.parsed.sources.modules[parent].path.clone();
        path.push(name.clone());
        let inside = format!("{directory}{name}/");
        let module = if let Some((_, items)) = &child.content {
            self.module(file, &inside, items, &path, Some(parent))
        } else {
            self.parsed.sources.files[file].has_children = true;
            let (long, short) = (format!("{inside}mod.rs"), format!("{directory}{name}.rs"));
            let at = if (self.text)(&long).is_some() { long } else { short };
            self.file(at, &inside, &path, Some(parent))
        };
        self.parsed.sources.modules[module].is_public = is_shared(&child.vis);
        self.parsed.sources.modules[parent].learn(name, Meaning::Module(module));
    }
}

impl Module {
    fn declare(&mut self, item: &Item) {
        match item {
            Item::Use(item) => {
                for import in imports(&item.tree, item.leading_colon.is_some()) {
                    if is_shared(&item.vis) {
                        self.exports.extend(import.name.clone().map(|name| (name, import.line)));
                    }
                    match import.name.clone() {
                        _ if import.is_glob => self.globs.push(import),
                        Some(name) => self.learn(name, Meaning::Import(import)),
                        None => {}
                    }
                }
            }
            Item::Macro(item) => {
                let mut types = Vec::new();
                types_in(item.mac.tokens.clone(), &mut types);
                for (name, _) in types {
                    self.learn(name, Meaning::Item);
                }
                match &item.ident {
                    Some(name) => self.learn(name.to_string(), Meaning::Item),
                    None => self.has_macros = true,
                }
            }
            _ => {
                if let Some((name, line)) = declared(item) {
                    if visibility(item).is_some_and(is_shared) {
                        self.exports.push((name.clone(), line));
                    }
                    self.learn(name, Meaning::Item);
                }
            }
        }
    }

    fn learn(&mut self, name: String, meaning: Meaning) {
        self.names.entry(name).or_default().push(meaning);
    }
}

/// The name that an item declares, and its line.
pub(crate) fn declared(item: &Item) -> Option<(String, usize)> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some((name.to_string(), name.span().start().line))
}

fn visibility(item: &Item) -> Option<&Visibility> {
    Some(match item {
        Item::Const(item) => &item.vis,
        Item::Enum(item) => &item.vis,
        Item::Fn(item) => &item.vis,
        Item::Static(item) => &item.vis,
        Item::Struct(item) => &item.vis,
        Item::Trait(item) => &item.vis,
        Item::TraitAlias(item) => &item.vis,
        Item::Type(item) => &item.vis,
        Item::Union(item) => &item.vis,
        _ => return None,
    })
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is compiled for the crate's own tests only.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        meta => meta.path().is_ident("test"),
    })
}

/// Whether more than the module itself may use an item.
pub(crate) fn is_shared(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// Each name that a `use` brings.
pub(crate) fn imports(tree: &UseTree, is_external: bool) -> Vec<Import> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), is_external, &mut found);
    found
}

fn collect(tree: &UseTree, prefix: &mut Vec<String>, is_external: bool, found: &mut Vec<Import>) {
    let mut add = |segments: Vec<String>, name: Option<String>, line, is_glob| {
        found.push(Import { segments, is_external, line, name, is_glob });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            collect(&path.tree, prefix, is_external, found);
            prefix.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, prefix, is_external, found);
            }
        }
        UseTree::Glob(glob) => {
            add(prefix.clone(), None, glob.star_token.spans[0].start().line, true);
        }
        UseTree::Name(name) => {
            let line = name.ident.span().start().line;
            let segments = with(prefix, &name.ident.to_string());
            let last = segments.last().cloned();
            add(segments, last, line, false);
        }
        UseTree::Rename(rename) => {
            let line = rename.ident.span().start().line;
            let name = Some(rename.rename.to_string()).filter(|name| name != "_");
            add(with(prefix, &rename.ident.to_string()), name, line, false);
        }
    }
}

/// `a::{self}` is `a`.
fn with(prefix: &[String], name: &str) -> Vec<String> {
    let own = (name != "self" || prefix.is_empty()).then(|| name.to_owned());
    prefix.iter().cloned().chain(own).collect()
}

/// The types that the crate declares, outside of its tests: the lines of each.
pub(crate) fn types(parsed: &Parsed) -> BTreeMap<String, Vec<(usize, usize)>> {
    let mut types = BTreeMap::<_, Vec<_>>::new();
    for (file, items) in parsed.items.iter().enumerate() {
        let mut found = Vec::new();
        types_of(items, &mut found);
        for (name, line) in found {
            types.entry(name).or_default().push((file, line));
        }
    }
    types
}

fn types_of(items: &[Item], found: &mut Vec<(String, usize)>) {
    for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
        match item {
            Item::Enum(_) | Item::Struct(_) | Item::Trait(_) | Item::Type(_) | Item::Union(_) => {
                found.extend(declared(item));
            }
            Item::Mod(item) => {
                if let Some((_, items)) = &item.content {
                    types_of(items, found);
                }
            }
            Item::Macro(item) => types_in(item.mac.tokens.clone(), found),
            _ => {}
        }
    }
}

/// The types that a macro declares by name.
fn types_in(tokens: TokenStream, found: &mut Vec<(String, usize)>) {
    let keywords: HashSet<_> = ["enum", "struct", "trait", "union"].into();
    let mut was_keyword = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if was_keyword => {
                found.push((ident.to_string(), ident.span().start().line));
                was_keyword = false;
            }
            TokenTree::Ident(ident) => was_keyword = keywords.contains(&*ident.to_string()),
            TokenTree::Group(group) => types_in(group.stream(), found),
            _ => was_keyword = false,
        }
    }
}

//! From a path in the code to the item that it names.

use std::collections::HashSet;

use super::sources::{Import, Meaning, Sources};

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Module(usize),
    /// An item, with the module that declares it. What follows, such as a variant
    /// or a function of a type, is left off.
    Item(usize, String),
    /// Something of another crate, by its whole path.
    External(Vec<String>),
}

/// The most steps in which a name is followed through modules that re-export it.
const MOST_STEPS: usize = 32;

impl Sources {
    /// Everything that a path in a module may name; nothing for what only the
    /// compiler knows: variables, parameters, names of the prelude.
    pub(crate) fn resolve(&self, module: usize, import: &Import) -> Vec<Target> {
        self.walk(module, &import.segments, import.is_external, MOST_STEPS)
    }

    fn walk(
        &self,
        module: usize,
        segments: &[String],
        is_external: bool,
        steps: usize,
    ) -> Vec<Target> {
        let Some((first, rest)) = segments.split_first() else { return Vec::new() };
        if steps == 0 {
            return Vec::new();
        }
        let start = match first.as_str() {
            _ if is_external => return vec![Target::External(segments.to_vec())],
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(module)],
            "super" => self.modules[module].parent.map(Target::Module).into_iter().collect(),
            name => self.named(module, name, steps - 1),
        };
        if start.is_empty() && is_crate(first) {
            return vec![Target::External(segments.to_vec())];
        }
        start.into_iter().flat_map(|target| self.descend(target, rest, steps - 1)).collect()
    }

    fn descend(&self, target: Target, rest: &[String], steps: usize) -> Vec<Target> {
        let Some((next, after)) = rest.split_first() else { return vec![target] };
        match target {
            Target::Module(module) if next == "super" => {
                let parent = self.modules[module].parent.map(Target::Module);
                parent.into_iter().flat_map(|at| self.descend(at, after, steps)).collect()
            }
            Target::Module(module) => {
                let mut found = self.named(module, next, steps);
                if found.is_empty() && self.modules[module].has_macros {
                    found = vec![Target::Item(module, next.clone())];
                }
                found.into_iter().flat_map(|at| self.descend(at, after, steps)).collect()
            }
            Target::Item(..) => vec![target],
            Target::External(path) => {
                vec![Target::External(path.into_iter().chain(rest.iter().cloned()).collect())]
            }
        }
    }

    /// What a name stands for in a module.
    fn named(&self, module: usize, name: &str, steps: usize) -> Vec<Target> {
        if steps == 0 {
            return Vec::new();
        }
        let known = self.modules[module].names.get(name);
        let mut found: HashSet<Target> = HashSet::new();
        for meaning in known.into_iter().flatten() {
            match meaning {
                Meaning::Module(module) => drop(found.insert(Target::Module(*module))),
                Meaning::Item => drop(found.insert(Target::Item(module, name.to_owned()))),
                // `use tera::Tera` in a module that is itself called `tera`.
                Meaning::Import(import) if import.segments == [name] => {
                    found.insert(Target::External(import.segments.clone()));
                }
                Meaning::Import(import) => {
                    found.extend(self.walk(
                        module,
                        &import.segments,
                        import.is_external,
                        steps - 1,
                    ));
                }
            }
        }
        if known.is_none() {
            for glob in &self.modules[module].globs {
                for target in self.walk(module, &glob.segments, glob.is_external, steps - 1) {
                    if let Target::Module(from) = target {
                        found.extend(self.named(from, name, steps - 1));
                    }
                }
            }
        }
        found.into_iter().collect()
    }
}

/// Whether a path that starts like this, and with no name of ours, leads to
/// another crate. Only names of crates are written before `::` in lower case.
fn is_crate(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

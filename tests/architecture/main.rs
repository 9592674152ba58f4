//! What the code may use, read from the code itself.
//!
//! The claim about the world also fails if it forbids less than it could: an entry
//! of `allowed.rs` that is no longer needed has to be removed.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod allowed;
mod circles;
mod exports;
mod reader;
mod resolve;
mod sources;
mod uses;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use allowed::{Edge, WORLD};
use circles::circle;
use exports::{MentionedNames, unused_exports, unused_functions};
use resolve::Target;
use sources::{Parsed, Sources, types};
use uses::{Use, edges, signatures, uses};

/// The place of a use, in the form that editors and terminals understand.
fn at(sources: &Sources, one: &Use) -> String {
    format!("src/{}:{}", sources.files[one.file].path, one.line)
}

/// Fails with everything that is wrong at once.
fn refuse(found: &[String], what_to_do: &str) {
    assert!(found.is_empty(), "\n{}\n\n{what_to_do}\n", found.join("\n"));
}

/// What was read from the code.
struct Code {
    sources: Sources,
    uses: Vec<Use>,
    /// The files and lines of each type, by name.
    types: BTreeMap<String, Vec<(usize, usize)>>,
    /// The files, lines and names of public items that nobody else uses.
    unused: Vec<(usize, usize, String)>,
}

/// The code, read once for all claims.
fn code() -> &'static Code {
    static CODE: LazyLock<Code> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let parsed = Parsed::read(&root.join("src"));
        let (uses, unresolved) = uses(&parsed);
        refuse(&unresolved, "This test cannot tell what these paths name: teach `resolve.rs`.");
        let types = types(&parsed);
        let mentioned = MentionedNames::read(&parsed.sources, root);
        let signatures = signatures(&parsed);
        let mut unused = unused_exports(&parsed.sources, &uses, &signatures, &mentioned.by_tests);
        unused.extend(unused_functions(&parsed, &mentioned.anywhere));
        Code { sources: parsed.sources, uses, types, unused }
    });
    &CODE
}

#[test]
fn a_module_uses_only_those_before_it() {
    let Code { sources, uses, .. } = code();
    let order = &sources.order;
    let place = |name: &str| order.iter().position(|other| other == name);
    let wrong = uses.iter().filter_map(|one| {
        let (Target::Module(module) | Target::Item(module, _)) = one.target else { return None };
        let (from, to) = (sources.top(one.file), sources.top(sources.modules[module].file));
        let is_wrong = one.file != 0 && place(to) > place(from);
        let path = &one.path;
        is_wrong.then(|| {
            format!("{}: `{path}` is in `{to}`, which comes after `{from}`", at(sources, one))
        })
    });
    refuse(
        &wrong.collect::<Vec<_>>(),
        "A module uses only those before it in src/lib.rs. Move what is used to the earlier \
         module, or pass it in: a value, a function, a trait that the later one implements.",
    );
}

#[test]
fn the_files_of_a_module_form_no_circles() {
    let Code { sources, uses, .. } = code();
    let edges = edges(sources, uses);
    let pairs: Vec<_> = edges.iter().map(|(from, to, _)| (*from, *to)).collect();
    let mut wrong = Vec::new();
    for (file, source) in sources.files.iter().enumerate() {
        let Some(circle) = circle(file, &pairs) else { continue };
        wrong.push(format!("src/{} is in a circle:", source.path));
        let next = circle.iter().skip(1).chain([&file]);
        let steps = circle
            .iter()
            .zip(next)
            .filter_map(|(from, to)| edges.iter().find(|edge| (edge.0, edge.1) == (*from, *to)));
        wrong.extend(steps.map(|(_, to, one)| {
            let to = &sources.files[*to].path;
            format!("    {} names `{}` of src/{to}", at(sources, one), one.path)
        }));
    }
    refuse(
        &wrong,
        "Of two files that use each other, neither can be read first. Move what both need to a \
         third file, or make them one file.",
    );
}

#[test]
fn the_world_is_at_the_edge() {
    let Code { sources, uses, .. } = code();
    let mut wrong = Vec::new();
    for edge in WORLD {
        let found: Vec<_> = uses.iter().filter(|one| reaches(edge, &one.target)).collect();
        let is_allowed = |path: &str| edge.belongs_to.iter().any(|start| path.starts_with(start));
        for one in &found {
            let path = &sources.files[one.file].path;
            if !is_allowed(path) {
                let (at, named, what) = (at(sources, one), &one.path, edge.what);
                let places = edge.belongs_to.join(", ");
                wrong.push(format!(
                    "{at}: `{named}` {what}, which only {places} may do: {}",
                    edge.instead
                ));
            }
        }
        for start in edge.belongs_to {
            if !found.iter().any(|one| sources.files[one.file].path.starts_with(start)) {
                wrong.push(format!("nothing in src/{start} {}: take it off the list", edge.what));
            }
        }
    }
    refuse(&wrong, "See WORLD in tests/architecture/allowed.rs.");
}

/// Whether a use does what the edge is about.
fn reaches(edge: &Edge, target: &Target) -> bool {
    let Target::External(path) = target else { return false };
    let path = path.join("::");
    edge.paths.iter().any(|wanted| {
        path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

#[test]
fn a_name_stands_for_one_type() {
    let Code { sources, types, .. } = code();
    let repeated = types.iter().filter(|(_, found)| found.len() > 1);
    let wrong = repeated.map(|(name, found)| {
        let places =
            found.iter().map(|(file, line)| format!("src/{}:{line}", sources.files[*file].path));
        let places = places.collect::<Vec<_>>().join(", ");
        format!("`{name}` is {} types: {places}", found.len())
    });
    refuse(
        &wrong.collect::<Vec<_>>(),
        "One name for one thing in the whole crate: give the less central type a more specific \
         name from its field.",
    );
}

#[test]
fn what_is_public_is_used_outside_of_its_module() {
    let Code { sources, unused, .. } = code();
    let wrong = unused.iter().map(|(file, line, name)| {
        format!("src/{}:{line}: nobody else uses `{name}`", sources.files[*file].path)
    });
    refuse(
        &wrong.collect::<Vec<_>>(),
        "What nobody outside of a module names is not public: keep it in the module \
         (`pub(super)`, no `pub use`), or remove it.",
    );
}

//! What the reader of the code understands, on small crates.

use std::collections::{HashMap, HashSet};

use super::exports::{unused_exports, unused_functions};
use super::sources::{Parsed, types};
use super::uses::{edges, signatures, uses};

/// A crate of these files.
fn krate(files: &[(&str, &str)]) -> Parsed {
    Parsed::of(&|path| {
        files.iter().find(|(known, _)| *known == path).map(|(_, text)| (*text).to_owned())
    })
}

/// The uses among these files of one module: which file uses which.
fn edges_of(files: &[(&str, &str)]) -> Vec<String> {
    let parsed = krate(files);
    let sources = &parsed.sources;
    let (uses, unresolved) = uses(&parsed);
    assert_eq!(unresolved, Vec::<String>::new());
    let path = |file: usize| sources.files[file].path.trim_end_matches(".rs").to_owned();
    let mut edges: Vec<_> = edges(sources, &uses)
        .into_iter()
        .map(|(from, to, _)| format!("{} > {}", path(from), path(to)))
        .collect();
    edges.sort();
    edges
}

#[test]
fn a_use_of_what_a_module_re_exports_counts_for_the_file_that_declares_it() {
    let edges = edges_of(&[
        ("lib.rs", "mod m;"),
        ("m/mod.rs", "mod a; mod b; pub use a::A;"),
        ("m/a.rs", "pub struct A;"),
        ("m/b.rs", "use super::A; fn f(_: A) {}"),
    ]);
    assert_eq!(edges, ["m/b > m/a"]);
}

#[test]
fn what_a_modules_own_file_declares_or_names_counts() {
    let edges = edges_of(&[
        ("lib.rs", "mod m;"),
        ("m/mod.rs", "mod a; use a::A; pub struct Own; fn f(_: A) {}"),
        ("m/a.rs", "pub struct A(super::Own);"),
    ]);
    assert_eq!(edges, ["m/a > m/mod", "m/mod > m/a"]);
}

#[test]
fn paths_in_expressions_macros_and_attributes_count() {
    let of = |text: &str| {
        edges_of(&[
            ("lib.rs", "mod m;"),
            ("m.rs", "mod a; mod b;"),
            ("m/a.rs", "pub fn a() {} pub enum E { A } codes! { CODE = 1; }"),
            ("m/b.rs", text),
        ])
    };
    for text in [
        "fn f() { super::a::a(); }",
        "fn f() { use super::a; a::a(); }",
        "fn f() { use super::a as other; println!(\"{:?}\", other::a()); }",
        "use super::a::*; fn f() -> E { todo!() }",
        "use super::a::E::A as X;",
        "use crate::m::a::CODE;",
        "fn f() { matches!(x, crate::m::a::E::A); }",
        "struct S { #[serde(with = \"super::a::a\")] x: u8 }",
        "mod inside { fn f() { super::super::a::a() } }",
        "codes! { super::a::CODE }",
    ] {
        assert_eq!(of(text), ["m/b > m/a"], "{text}");
    }
    for text in [
        "use super::a;",
        "fn f(x: X) { x.a.a() }",
        "/// [`super::a::a`]\nfn f() {}",
        "#[cfg(test)] mod tests { use super::super::a::a; }",
        "#[test] fn f() { super::a::a() }",
        "use other::a::a;",
        "use ::m::a::a;",
    ] {
        assert_eq!(of(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_use_of_another_module_is_not_an_edge_among_files() {
    let files = [
        ("lib.rs", "mod a; mod m;"),
        ("a.rs", "pub struct A;"),
        ("m.rs", "use crate::a::A; fn f(_: A) {}"),
    ];
    assert_eq!(edges_of(&files), Vec::<String>::new());
}

#[test]
fn a_path_that_leads_nowhere_is_reported() {
    let parsed = krate(&[("lib.rs", "mod m;"), ("m.rs", "use crate::gone::A;")]);
    assert_eq!(uses(&parsed).1, ["src/m.rs:1: `crate::gone::A`"]);
}

#[test]
fn types_are_found_wherever_they_are_declared() {
    let text = "struct A; enum B { C } trait D { type Associated; } type E = A;
        mod inside { union F { x: u8 } }
        macro_rules! each { ($name:ident) => { struct G; struct $name; } }
        texts! { struct H(\"noun\"); }
        #[cfg(test)] struct Tested;
        fn f<Parameter>() { struct Local; }";
    let parsed = krate(&[("lib.rs", text)]);
    let names: Vec<_> = types(&parsed).into_keys().collect();
    assert_eq!(names, ["A", "B", "D", "E", "F", "G", "H"]);
}

#[test]
fn exports_are_used_by_name_in_signatures_or_in_tests() {
    let parsed = krate(&[
        ("lib.rs", "pub mod a; pub mod b;"),
        ("a/mod.rs", "mod inner; pub use inner::{Alone, Field, Named, Tested, Within}; pub fn own() {}"),
        (
            "a/inner.rs",
            "pub struct Named { pub field: Field } pub struct Field; pub struct Alone; pub struct Tested;
             pub struct Within; impl Named { fn f(&self) -> Within { Within } }
             impl Field { pub fn called(&self) {} pub fn silent(&self) {} }",
        ),
        ("b.rs", "use crate::a::Named; fn f(named: Named) { named.field.called() }"),
    ]);
    let (uses, _) = uses(&parsed);
    let mentioned = |top: &str, name: &str| (top.to_owned(), HashSet::from([name.to_owned()]));
    let by_tests = HashMap::from([mentioned("", "Tested"), mentioned("a", "Alone")]);
    let signatures = signatures(&parsed);
    let unused = unused_exports(&parsed.sources, &uses, &signatures, &by_tests);
    let names: Vec<_> = unused.into_iter().map(|(_, _, name)| name).collect();
    assert_eq!(names, ["Alone", "Within", "own"]);
    let anywhere = HashMap::from([mentioned("b", "called"), mentioned("a", "silent")]);
    let unused = unused_functions(&parsed, &anywhere);
    assert_eq!(unused.into_iter().map(|(_, _, name)| name).collect::<Vec<_>>(), ["silent"]);
}

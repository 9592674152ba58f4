//! No text makes the reader panic, and what it reads is emitted as the same data.

use std::sync::Arc;

use rungs::source::{RepoPath, SourceFile};
use rungs::yaml::{Dialect, Route, Value, emit, lint, parse};

/// Panics where the claim does not hold of this text.
pub fn check(text: &str) {
    let _ = Route::parse(text);
    for dialect in [Dialect::Kubectl, Dialect::Kustomize] {
        for document in read(text, dialect).unwrap_or_default() {
            let _ = lint(document.root());
            let emitted = emit(document.root());
            let again = read(&emitted, dialect).expect("what is emitted is YAML");
            assert!(again[0].root().equals(document.root()), "{emitted}");
        }
    }
}

fn read(text: &str, dialect: Dialect) -> Option<Vec<Value>> {
    let path = RepoPath::new("fuzz.yaml").expect("a plain name is a path");
    parse(&Arc::new(SourceFile::new(path, text.to_owned())), dialect).ok()
}

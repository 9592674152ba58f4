//! What can be wrong with YAML.

use std::sync::Arc;

use super::MAX_DEPTH;
use crate::diagnostic::{Finding, codes};
use crate::source::{Location, SourceFile, Span};

codes! {
    /// A file is not YAML.
    ///
    /// The text cannot be read at the place that is shown. The cause is often
    /// a line or two before it: a missing quote or bracket, or an
    /// indentation that does not fit.
    ///
    /// ```yaml
    /// # wrong
    /// metadata:
    ///   name: web
    ///  labels: {}
    /// # right
    /// metadata:
    ///   name: web
    ///   labels: {}
    /// ```
    YAML_SYNTAX = "yaml-syntax", Input, Error;

    /// A merge left its conflict in a file.
    ///
    /// Git could not decide between two versions of some lines, and wrote both into the file,
    /// between lines that start with `<<<<<<<`, `=======` and `>>>>>>>`. Somebody committed them.
    ///
    /// ```yaml
    /// # wrong
    /// <<<<<<< HEAD
    /// tag: v1
    /// =======
    /// tag: v2
    /// >>>>>>> topic
    /// # right
    /// tag: v2
    /// ```
    CONFLICT_MARKERS = "conflict-markers", Input, Error;

    /// A tab is used as indentation.
    ///
    /// YAML counts spaces, and cannot know how wide a tab is. kubectl refuses a
    /// tab at the start of a line, outside brackets and quoted texts.
    ///
    /// ```yaml
    /// # wrong: the second line starts with a tab, shown as `→`
    /// metadata:
    /// →name: web
    /// # right
    /// metadata:
    ///   name: web
    /// ```
    TAB_INDENTATION = "tab-indentation", Input, Error;

    /// A map has the same key twice.
    ///
    /// kubectl silently takes the last of them, kustomize refuses the file, and
    /// other tools take the first. Whichever was meant, a reader cannot see it.
    /// Keys that are written differently but mean the same to Kubernetes, such
    /// as `yes` and `true`, or `1` and `"1"`, count as the same key.
    ///
    /// ```yaml
    /// # wrong
    /// replicas: 1
    /// image: web
    /// replicas: 3
    /// # right
    /// replicas: 3
    /// image: web
    /// ```
    DUPLICATE_KEY = "duplicate-key", Input, Error;

    /// A key is not text.
    ///
    /// Kubernetes' objects are JSON, where a key is a text. A list, a map, null
    /// or a number beyond 64 bits cannot be one, and kubectl refuses it. Most
    /// often it is a template's `{{ … }}` without quotes, which YAML reads as a
    /// map inside a map.
    ///
    /// ```yaml
    /// # wrong
    /// name: {{ app }}
    /// # right
    /// name: "{{ app }}"
    /// ```
    KEY_NOT_TEXT = "key-not-text", Input, Error;

    /// An alias repeats an anchor that does not exist.
    ///
    /// `*name` repeats what `&name` marked earlier in the same document. An
    /// anchor further down, or in another document, does not count. A text that
    /// starts with `*` needs quotes.
    ///
    /// ```yaml
    /// # wrong
    /// schedule: */5 * * * *
    /// # right
    /// schedule: "*/5 * * * *"
    /// ```
    UNKNOWN_ANCHOR = "unknown-anchor", Input, Error;

    /// An alias repeats something that it is part of.
    ///
    /// The result would have no end. Repeat only what is complete before the
    /// alias.
    ///
    /// ```yaml
    /// # wrong
    /// base: &base
    ///   child: *base
    /// # right
    /// base: &base
    ///   name: web
    /// child: *base
    /// ```
    RECURSIVE_ALIAS = "recursive-alias", Input, Error;

    /// Aliases repeat too much.
    ///
    /// A few lines of aliases that repeat aliases can stand for billions of
    /// values. The limit is that of kubectl and kustomize: up to 400,000 values, 99 %
    /// of them may come from aliases; above, the share falls, to 10 % at 4,000,000
    /// values. Write out what differs, or generate it with a template.
    ALIAS_EXPANSION = "alias-expansion", Input, Error;

    /// Maps and lists are nested too deep.
    ///
    /// At most 200 may be inside one another, with aliases followed. Kubernetes' own
    /// objects stay below 40. Usually a bracket was left open.
    NESTING_TOO_DEEP = "nesting-too-deep", Input, Error;

    /// A value is not what its tag says.
    ///
    /// A tag such as `!!int` or `!!binary` says what the value after it must
    /// be; kubectl refuses the file if it is not.
    ///
    /// ```yaml
    /// # wrong
    /// port: !!int http
    /// # right
    /// port: http
    /// ```
    WRONG_TAG = "wrong-tag", Input, Error;

    /// A number is infinite or not a number.
    ///
    /// `.inf` and `.nan` are numbers in YAML that JSON does not have, so kubectl
    /// refuses them. If they are meant as text, they need quotes.
    ///
    /// ```yaml
    /// # wrong
    /// limit: .inf
    /// # right
    /// limit: ".inf"
    /// ```
    NUMBER_NOT_FINITE = "number-not-finite", Input, Error;

    /// What is merged is not a map.
    ///
    /// `<<` takes the keys of a map, or of each map of a list, into the map
    /// that it is in. An alias of a list does not count as a list of maps to
    /// kubectl.
    ///
    /// ```yaml
    /// # wrong
    /// <<: [name, labels]
    /// # right
    /// <<: [*defaults, *labels]
    /// ```
    MERGE_NOT_MAP = "merge-not-map", Input, Error;

    /// A plain value means different things to different tools.
    ///
    /// The type of a value without quotes depends on how it looks, and tools differ
    /// in what they see. kubectl reads `yes` as true and `0644` as 420; kustomize
    /// reads `yes` as a text; editors, which follow YAML 1.2, read `0644` as
    /// 644. With quotes it is text to all of them.
    ///
    /// A tag or version without quotes may not be what it spells, whoever reads it: `1.10` is
    /// the number 1.1, and Helm prints `1000000` as `1e+06`. What is shown is what is
    /// deployed then, and the app is not promoted from there until it is in quotes. `39` and
    /// `1.5` stay as they are.
    ///
    /// ```yaml
    /// # wrong
    /// enabled: yes
    /// commit: 1234e56
    /// tag: 1.10
    /// # right
    /// enabled: true
    /// commit: "1234e56"
    /// tag: "1.10"
    /// ```
    AMBIGUOUS_SCALAR = "ambiguous-scalar", Input, Warning;
}

/// The finding that maps and lists are nested too deep.
pub(super) fn too_deep(file: &Arc<SourceFile>, span: Span) -> Finding {
    let message = format!("more than {MAX_DEPTH} maps and lists are inside one another");
    Finding::new(&NESTING_TOO_DEEP, message, Location::new(file, span))
        .because("one too many")
        .help("close the brackets before it; Kubernetes' own objects stay below 40")
}

/// A tab that is used as indentation, at `at`.
pub(super) fn tab(file: &Arc<SourceFile>, at: usize) -> Finding {
    let length = file.text()[at..].bytes().take_while(|&byte| byte == b'\t').count();
    let location = Location::new(file, Span::new(at, at + length));
    Finding::new(&TAB_INDENTATION, "a tab is used as indentation", location)
        .because("YAML counts spaces only")
        .help("replace each tab by two spaces, and set your editor to indent YAML with spaces")
}

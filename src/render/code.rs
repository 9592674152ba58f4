//! What can be wrong with a template, and the findings that several engines
//! share.

use crate::diagnostic::{Finding, codes, nearest};
use crate::source::{Location, PathError, RepoPath};

codes! {
    /// A template has a syntax error.
    ///
    /// The Tera or Jsonnet source cannot be read at the place that is shown.
    ///
    /// ```jinja
    /// {# wrong #}
    /// replicas: {{ values.replicas }
    /// {# right #}
    /// replicas: {{ values.replicas }}
    /// ```
    TEMPLATE_SYNTAX = "template-syntax", Input, Error;

    /// A template prints something that is not defined.
    ///
    /// A template sees `app`, `environment`, `namespace`, `labels`, `images` and
    /// `values`. What it prints must be defined: a misspelt name would otherwise
    /// leave an empty field, which Kubernetes often accepts.
    ///
    /// ```jinja
    /// {# wrong, where some environment sets no logLevel #}
    /// level: {{ values.logLevel }}
    /// {# right #}
    /// level: {{ values.logLevel | default(value="info") }}
    /// ```
    ///
    /// In a condition, what is not defined is false: `{% if values.debug %}`
    /// needs no default.
    TEMPLATE_UNDEFINED = "template-undefined", Input, Error;

    /// A template cannot be rendered.
    ///
    /// Its syntax is right, but it fails with the values of this app: a filter got a
    /// map instead of a text, an `error` or a `throw` was reached, or a number was
    /// divided by zero.
    TEMPLATE_FAILED = "template-failed", Input, Error;

    /// A file that a template includes or imports does not exist.
    ///
    /// A name is searched for in the template's own directory (Jsonnet: in that of
    /// the importing file), then in the template's `vendor/`, then in
    /// `vendor/` at the repository's root.
    INCLUDE_MISSING = "include-missing", Input, Error;

    /// A template reads files that it must not depend on.
    ///
    /// Tera includes only files of the template's own directory and of
    /// `vendor/`, and Jsonnet imports only files of the repository. An absolute
    /// path, or one that leaves these directories with `..`, would make the result depend
    /// on the machine that renders it.
    ///
    /// ```jsonnet
    /// // wrong
    /// local k = import '/usr/share/jsonnet/k.libsonnet';
    /// // right: in vendor/ at the repository's root
    /// local k = import 'k.libsonnet';
    /// ```
    INCLUDE_OUTSIDE = "include-outside", Input, Error;

    /// A template includes itself.
    ///
    /// Files that include, extend or import one another in a circle would have
    /// no end. Move what both need into a third file.
    INCLUDE_CIRCLE = "include-circle", Input, Error;

    /// A template has a file that nothing takes.
    ///
    /// It is not named like a manifest, and no other file includes or imports it. What looks like
    /// a manifest to people would be left out, and its objects removed from every environment, if
    /// rungs went on.
    ///
    /// | file | is |
    /// | --- | --- |
    /// | `service.yaml`, `.yml`, `.json` | a manifest |
    /// | `service.yaml.tera` | a manifest made by Tera; `service.tera` is not one |
    /// | `main.jsonnet` at the template's root | a program that makes manifests; others are imported |
    /// | `_labels.tera`, `_parts/…` | for other files, or not for rungs at all |
    ///
    /// Documentation (`README`, `LICENSE`, `*.md`, pictures), `*.libsonnet`, Tera files that
    /// only define components, names that start with a dot, and copies like `service.yaml.bak` or
    /// `service.yaml~` beside `service.yaml` may stand in a template as they are.
    ///
    /// Rename the file, include it, start its name with `_`, or move it out of `templates/`.
    UNUSED_FILE = "unused-file", Input, Error;

    /// A template has no manifests.
    ///
    /// Nothing in its directory is named like a manifest: `*.yaml`, `*.yml`, `*.json`, one of these
    /// with `.tera` after it, or `main.jsonnet` at its root. An app that uses it would deploy
    /// nothing, and lose what it has deployed so far.
    EMPTY_TEMPLATE = "empty-template", Input, Error;

    /// A template calls itself without end.
    ///
    /// A Jsonnet function or field that needs itself to be computed never gets a
    /// value. Calls may be nested 100,000 deep; real programs stay far
    /// below that.
    ///
    /// ```jsonnet
    /// // wrong
    /// local depth(tree) = 1 + depth(tree);
    /// // right
    /// local depth(tree) = if tree == null then 0 else 1 + depth(tree.child);
    /// ```
    TEMPLATE_ENDLESS = "template-endless", Input, Error;

    /// A template's source or result is nested too deep.
    ///
    /// Brackets and `local`, `if` and `function` may be nested 1,000 deep in a
    /// Jsonnet source; maps and lists of the result 200 deep. Usually brackets
    /// were left open, or a function calls itself more often than it should.
    TEMPLATE_NESTING = "template-nesting", Input, Error;

    /// A text that is printed without quotes is read as another.
    ///
    /// To YAML, `1.10`, `0644` and `553640e6` are numbers, `yes` is a boolean, nothing at all is
    /// null, and `a #b` ends before the comment. A template that prints texts without quotes works
    /// until one of them looks like that: a commit whose name has an `e` among digits, or a version.
    ///
    /// ```jinja
    /// {# wrong: fails with the tag 553640e6 #}
    /// version: {{ images.web.tag }}
    /// {# right #}
    /// version: {{ images.web.tag | quote }}
    /// ```
    ///
    /// If a number or a boolean is meant, it should be one where it is set: `port: 8080`, not
    /// `port: "8080"`. A text with literal text beside it (`v{{ … }}`), in quotes
    /// (`"{{ … }}"`), or written out in the template itself is not concerned, nor is one of several
    /// lines.
    UNQUOTED_PRINT = "unquoted-print", Input, Error;

    /// A template prints too much.
    ///
    /// One file may become 16 MiB of text. The API server takes no object of
    /// more than 1.5 MiB; usually a loop inside a loop prints more than was
    /// meant.
    OUTPUT_TOO_LARGE = "output-too-large", Input, Error;

    /// A value of the result does not belong to a Kubernetes object.
    ///
    /// The result may be nested in any way, but its maps and lists have to lead to
    /// Kubernetes objects: to maps with `apiVersion` and `kind`. Anything else would
    /// be lost silently. A null is skipped, so that `if` needs no `else`.
    ///
    /// ```jsonnet
    /// // wrong
    /// { replicas: 3, deployment: deployment }
    /// // right: a hidden field is not part of the result
    /// { replicas:: 3, deployment: deployment }
    /// ```
    LOOSE_VALUE = "loose-value", Input, Error;

    /// A Jsonnet program needs other arguments than it gets.
    ///
    /// A `main.jsonnet` that is a function is called with one argument,
    /// `rungs`. Its other parameters need defaults.
    ///
    /// ```jsonnet
    /// // wrong
    /// function(rungs, cluster) { }
    /// // right
    /// function(rungs, cluster='default') { }
    /// ```
    WRONG_PARAMETERS = "wrong-parameters", Input, Error;

    /// A template prints something that differs from run to run.
    ///
    /// `__tera_context` shows all variables of a template, in an order that changes
    /// from run to run. The same input must give the same bytes: print the variables
    /// that you need by their names.
    NOT_REPRODUCIBLE = "not-reproducible", Input, Error;

    /// The Jsonnet engine stopped.
    ///
    /// It ended without a result. That is a bug in rungs: please report it together
    /// with the template.
    JSONNET_STOPPED = "jsonnet-stopped", Defect, Error;

    /// No thread could be started.
    ///
    /// Jsonnet is evaluated on threads of its own, and the machine refused one:
    /// it has no memory left, or the user who runs rungs has reached the limit of threads
    /// and processes. Nothing is wrong with the template, and a retry may help.
    ///
    /// ```sh
    /// ulimit -u     # how many are allowed
    /// ```
    NO_THREAD = "no-thread", Outside, Error;
}

/// A name to include or import that is not a path inside the repository.
pub(super) fn outside(name: &str, error: &PathError, at: Location) -> Finding {
    let why = match error {
        PathError::Outside(_) => "is outside the repository",
        PathError::Absolute(_) => "is absolute",
        PathError::Nul => "has a NUL byte",
    };
    Finding::new(&INCLUDE_OUTSIDE, format!("`{name}` {why}"), at)
        .because("only files of this repository can be read")
        .help("copy the file into the template's directory, or into `vendor/`")
}

/// A name to include or import that was not found in any of these directories.
pub(super) fn missing(name: &str, looked_in: &[RepoPath], at: Location) -> Finding {
    let directories: Vec<_> = looked_in.iter().map(|path| format!("`{path}`")).collect();
    Finding::new(&INCLUDE_MISSING, format!("`{name}` does not exist"), at)
        .because("no such file")
        .help(format!("it was looked for in {}", directories.join(", then ")))
}

/// The nearest of `known` to a name that is not among them, as a question.
pub(super) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|other| format!("did you mean `{other}`?"))
}

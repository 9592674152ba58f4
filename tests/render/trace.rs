//! Where rendered values came from.

use proptest::prelude::*;
use rungs::config::{self, App, Environment};
use rungs::render::{Document, Engine, Input, InputImage, Template, Trace};
use rungs::source::{Certainty, Disk, Location, RepoPath, Tree};
use rungs::yaml::{Node, Route};

use crate::support::effort::few_or_all;
use crate::templates::{finding, input, load, render, shown, text, values};

const VALUES: &str = "\
replicas: 3
logLevel: info
host: web.example.com
hosts:
  - name: a.example.com
    port: 80
  - { name: b.example.com, port: 81 }
resources:
  requests: { cpu: 50m, memory: 64Mi }
  limits:
    memory: 128Mi
flags:
  search: true
  wishlists: false
nothing: null
broken: \"a: b\"
bad:
  - first
  - \"two: {\"
";

/// Where the value at `route` of the first document came from, and the value that was
/// printed there: `file:line:column certainty < path file:line:column`.
fn origin(files: &[(&str, &str)], route: &str) -> String {
    let template = load(files).unwrap_or_else(|findings| panic!("{}", shown(&findings)));
    let values = values(VALUES);
    let input = input(&values);
    let documents =
        template.render(&input, &|_| ()).unwrap_or_else(|found| panic!("{}", shown(&found)));
    let trace = template.trace(&input);
    let (route, is_key) = route.strip_suffix('?').map_or((route, false), |route| (route, true));
    let node = find(&documents[0], route);
    let location = if is_key { key(&documents[0], route) } else { node.location() };
    origin_text(&trace, &location)
}

fn find<'d>(document: &'d Document, route: &str) -> Node<'d> {
    let route: Route = route.parse().unwrap();
    route.find(document.value.root()).unwrap()
}

fn key(document: &Document, route: &str) -> Location {
    let (parent, name) = route.rsplit_once('.').unwrap_or(("", route));
    let parent = if parent.is_empty() { document.value.root() } else { find(document, parent) };
    parent.key(name).unwrap().location()
}

fn origin_text(trace: &Trace<'_>, location: &Location) -> String {
    let Some(traced) = trace.find(location) else { return "not traced".to_owned() };
    let at = &traced.template.location;
    let certainty = format!("{:?}", traced.template.certainty).to_lowercase();
    let mut text = format!("{} {certainty}", short(at));
    if let Some(feed) = traced.value {
        text.push_str(" < ");
        text.push_str(&feed.route.to_string());
        text += &feed.location.map_or(String::new(), |at| format!(" {}", short(&at)));
    }
    text
}

fn short(location: &Location) -> String {
    let text = location.to_string();
    let text = text.strip_prefix("templates/web/").unwrap_or(&text);
    text.strip_prefix("environments/qa/").unwrap_or(text).to_owned()
}

const DEPLOYMENT: &str = "\
{% set component = \"frontend\" -%}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app }}-{{ component }}
  labels:
    {%- filter nindent(width=4) %}{% include \"_labels.tera\" %}{% endfilter %}
spec:
  {%- if values.replicas %}
  replicas: {{ values.replicas }}
  {%- endif %}
  image: {{ images.web.ref | quote }}
  resources:
    {{- values.resources | to_yaml | nindent(width=4) }}
  ports:
    {%- for host in values.hosts %}
    - { name: {{ host.name }}, port: {{ host.port }} }
    {%- endfor %}
  flags:
    {%- for name, on in values.flags %}
    {{ name }}: \"{{ on }}\"
    {%- endfor %}
  level: \"level-{{ values.logLevel | upper }}\"
  url: https://{{ values.host }}/
  checksum: {{ values.flags | to_yaml | sha256 | quote }}
  script: |
    first line
    level {{ values.logLevel }}
  {% raw %}raw: \"{{ not a tag }}\"{% endraw %}
  empty: {{ values.nothing }}
  choice: {{ \"a\" if values.replicas else \"b\" }}
  {% filter upper %}shout: loud{% endfilter %}
";

const LABELS: &str = "\
{#- A comment -#}
app.kubernetes.io/name: {{ app }}
app.kubernetes.io/component: {{ component }}
";

fn deployment(route: &str) -> String {
    origin(&[("a.yaml.tera", DEPLOYMENT), ("_labels.tera", LABELS)], route)
}

#[test]
fn literal_text_is_where_it_is_written() {
    assert_eq!(deployment("kind"), "a.yaml.tera:3:7 exact");
    assert_eq!(deployment("kind?"), "a.yaml.tera:3:1 exact");
    assert_eq!(deployment("metadata.labels?"), "a.yaml.tera:6:3 exact");
    assert_eq!(deployment("spec.raw"), "a.yaml.tera:29:17 exact");
}

#[test]
fn what_an_expression_prints_is_exact_and_knows_its_value() {
    assert_eq!(
        deployment("spec.replicas"),
        "a.yaml.tera:10:13 exact < values.replicas web.yaml:1:11"
    );
    assert_eq!(deployment("spec.image"), "a.yaml.tera:12:10 exact < images.web.ref");
    assert_eq!(deployment("spec.checksum"), "a.yaml.tera:25:13 exact < values.flags web.yaml:13:3");
    assert_eq!(deployment("spec.choice"), "a.yaml.tera:31:11 exact");
    assert_eq!(deployment("spec.empty"), "a.yaml.tera:30:10 exact < values.nothing web.yaml:15:10");
}

#[test]
fn text_and_expressions_beside_one_another_are_one_place() {
    assert_eq!(deployment("spec.level"), "a.yaml.tera:23:10 exact < values.logLevel web.yaml:2:11");
    assert_eq!(deployment("spec.url"), "a.yaml.tera:24:8 exact < values.host web.yaml:3:7");
    // Two values fed it.
    assert_eq!(deployment("metadata.name"), "a.yaml.tera:5:9 exact");
    assert_eq!(
        deployment("spec.script"),
        "a.yaml.tera:26:11 exact < values.logLevel web.yaml:2:11"
    );
}

#[test]
fn included_text_is_found_in_its_own_file() {
    assert_eq!(
        deployment("metadata.labels[\"app.kubernetes.io/name\"]"),
        "_labels.tera:2:25 exact < app"
    );
    assert_eq!(
        deployment("metadata.labels[\"app.kubernetes.io/component\"]"),
        "_labels.tera:3:30 exact"
    );
}

#[test]
fn a_loop_shows_which_item_it_is() {
    assert_eq!(
        deployment("spec.ports[0].name"),
        "a.yaml.tera:17:15 exact < values.hosts[0].name web.yaml:5:11"
    );
    assert_eq!(
        deployment("spec.ports[1].port"),
        "a.yaml.tera:17:38 exact < values.hosts[1].port web.yaml:7:34"
    );
    assert_eq!(
        deployment("spec.flags.wishlists"),
        "a.yaml.tera:21:17 exact < values.flags.wishlists web.yaml:14:14"
    );
    assert_eq!(
        deployment("spec.flags.wishlists?"),
        "a.yaml.tera:21:5 exact < values.flags.wishlists web.yaml:14:3"
    );
}

#[test]
fn what_to_yaml_writes_is_found_in_the_values() {
    assert_eq!(
        deployment("spec.resources.limits.memory"),
        "a.yaml.tera:14:5 exact < values.resources.limits.memory web.yaml:11:13"
    );
    assert_eq!(
        deployment("spec.resources.requests.cpu?"),
        "a.yaml.tera:14:5 exact < values.resources.requests.cpu web.yaml:9:15"
    );
}

#[test]
fn text_that_a_filter_changes_is_traced_to_its_line() {
    assert_eq!(deployment("spec.SHOUT"), "a.yaml.tera:32:21 enclosing");
}

#[test]
fn a_plain_file_is_its_own_origin() {
    assert_eq!(origin(&[("a.yaml", "kind: K\n")], "kind"), "not traced");
}

#[test]
fn a_template_that_notices_marks_is_not_traced() {
    let files = [(
        "a.yaml.tera",
        "{% set x %}{{ values.logLevel }}{% endset %}kind: K\nlength: {{ x | length }}\n",
    )];
    assert_eq!(origin(&files, "kind"), "a.yaml.tera file");
    let template = load(&files).unwrap();
    let values = values(VALUES);
    assert_eq!(template.trace(&input(&values)).discarded(), 1);
}

#[test]
fn a_name_that_hides_another_is_not_taken_for_it() {
    for body in [
        "{% set values = labels %}kind: {{ values.team }}\n",
        "{% for values in [labels] %}kind: {{ values.team }}\n{% endfor %}",
        "{% if app %}{% set x = values.host %}{% endif %}{% if app %}{% set x = app %}{% endif %}kind: {{ x }}\n",
        "{% for host in values.hosts %}{% if loop.first %}kind: {{ [host.name] | first }}\n{% endif %}{% endfor %}",
        "kind: {{ values.host if values.replicas else app }}\n",
        "kind: {{ values.host ~ values.logLevel }}\n",
    ] {
        let found = origin(&[("a.yaml.tera", body)], "kind");
        assert!(
            found.ends_with("exact") || body.contains("host.name") || body.contains("set values"),
            "{body}: {found}"
        );
        assert!(!found.contains("web.yaml") || body.contains("host.name"), "{body}: {found}");
    }
    let included = [
        ("a.yaml.tera", "{% set values = labels %}{% include \"_b.tera\" %}"),
        ("_b.tera", "kind: {{ values.team }}\n"),
    ];
    assert_eq!(origin(&included, "kind"), "_b.tera:1:7 exact");
}

/// The text about a fault in rendered YAML, as a person reads it.
fn fault(body: &str) -> String {
    text(&finding(render(&[("a.yaml.tera", body), ("_labels.tera", LABELS)], VALUES)))
}

#[test]
fn faults_in_rendered_yaml_are_shown_in_the_template() {
    insta::assert_snapshot!(fault("kind: K\nspec:\n  replicas: 1\n image: x\n"), @r#"
    yaml-syntax: a line's indentation fits no line above
      at templates/web/a.yaml.tera:4:2: indented by 1 space
      at templates/web/a.yaml.tera:3:3: indented by 2 spaces
      help: indent keys of one map, and items of one list, by the same number of spaces
    "#);
    insta::assert_snapshot!(fault("kind: K\nspec:\n\treplicas: 1\n"), @r#"
    tab-indentation: a tab is used as indentation
      at templates/web/a.yaml.tera:3:1: YAML counts spaces only
      help: replace each tab by two spaces, and set your editor to indent YAML with spaces
    "#);
    insta::assert_snapshot!(fault("kind: K\nname: {{ values.host }}: x\n"), @r#"
    yaml-syntax: a plain value holds `: `
      at templates/web/a.yaml.tera:2:24: YAML reads the text before this as a key
      help: put the value in quotes: `"web.example.com: x"`; rendered, the line is `name: web.example.com: x`
    "#);
    insta::assert_snapshot!(fault("kind: K\nname: {{ values.broken }}\n"), @r#"
    yaml-syntax: a plain value holds `: `
      at templates/web/a.yaml.tera:2:7: YAML reads the text before this as a key
      at environments/qa/web.yaml:16:9: `values.broken` is set here
      help: put the value in quotes: `"a: b"`; rendered, the line is `name: a: b`
    "#);
    insta::assert_snapshot!(fault("a:\n{% for x in values.bad %}  - {{ x }}\n{% endfor %}"), @r#"
    yaml-syntax: `{` is not closed
      at templates/web/a.yaml.tera:2:30: opened here
      at environments/qa/web.yaml:19:5: `values.bad[1]` is set here
      help: close it with `}`; rendered, the line is `- two: {`
    "#);
    insta::assert_snapshot!(fault("kind: K\nlimits: [{{ values.host }}\n"), @r#"
    yaml-syntax: `[` is not closed
      at templates/web/a.yaml.tera:2:9: opened here
      help: close it with `]`; rendered, the line is `limits: [web.example.com`
    "#);
    insta::assert_snapshot!(fault("a: 1\n{% if values.replicas %}a: {{ values.replicas }}{% endif %}\n"), @r#"
    duplicate-key: the key `a` appears twice
      at templates/web/a.yaml.tera:2:25: the second time
      at templates/web/a.yaml.tera:1:1: the first time
      help: remove one of them; kubectl would silently take the last; rendered, the line is `a: 3`
    "#);
    insta::assert_snapshot!(
        fault("labels:\n{% filter indent(width=2) %}{% set component = \"a: b\" %}{% include \"_labels.tera\" %}{% endfilter %}\n"),
        @r#"
    yaml-syntax: a line is indented below a value
      at templates/web/_labels.tera:3:1: deeper than the line above
      at templates/web/_labels.tera:2:1: already has a value
      help: give both lines the same indentation, or remove the value above; rendered, the line is `app.kubernetes.io/component: a: b`
    "#
    );
    insta::assert_snapshot!(fault("a: {{ values.resources | to_yaml | nindent(width=2) }}\n  b: *missing\n"), @r#"
    unknown-anchor: an alias repeats an anchor that is not there
      at templates/web/a.yaml.tera:2:6: repeats nothing
      help: put a text that starts with `*` in quotes; an alias needs an anchor of the same name before it, such as `&name`
    "#);
}

struct Demo {
    tree: Tree,
    repository: config::Repository,
}

impl Demo {
    fn load() -> Self {
        let tree = Tree::new(Disk::new(env!("CARGO_MANIFEST_DIR")));
        let repository = config::load(&tree).unwrap_or_else(|found| panic!("{}", shown(&found)));
        Self { tree, repository: repository.repository }
    }

    fn each(&self, mut check: impl FnMut(&Environment, &App, &Template, &Input<'_>)) {
        for environment in &self.repository.environments {
            for app in &environment.apps {
                let root = RepoPath::new(&format!("templates/{}", app.template.name)).unwrap();
                let template = Template::load(&self.tree, &root).unwrap();
                let images: Vec<_> = app
                    .images
                    .iter()
                    .map(|(key, image)| InputImage {
                        key,
                        repository: &image.repository.value,
                        tag: image.tag.as_ref().map(|tag| &*tag.value),
                        digest: image.digest.as_ref().map(|digest| &*digest.value),
                        locations: None,
                    })
                    .collect();
                let labels: Vec<_> =
                    app.labels.iter().map(|(key, label)| (&**key, &*label.value)).collect();
                let input = Input {
                    app: &app.name,
                    environment: environment.name.as_str(),
                    namespace: &app.namespace.value,
                    labels: &labels,
                    values: app.values().root(),
                    images: &images,
                };
                check(environment, app, &template, &input);
            }
        }
    }
}

fn scalars<'a>(node: Node<'a>, found: &mut Vec<Node<'a>>) {
    if !node.is_mapping() && !node.is_sequence() {
        found.push(node);
    }
    node.entries().for_each(|(_, below)| scalars(below, found));
    node.items().for_each(|below| scalars(below, found));
}

#[test]
fn nearly_all_output_of_the_demo_is_traced_exactly() {
    let (mut all, mut exact, mut fed) = (0, 0, 0);
    Demo::load().each(|environment, app, template, input| {
        let documents = template.render(input, &|_| ()).unwrap();
        let trace = template.trace(input);
        assert_eq!(trace.discarded(), 0, "{} in {}", app.name, environment.name);
        for document in documents.iter().filter(|document| document.engine == Engine::Tera) {
            let mut nodes = Vec::new();
            scalars(document.value.root(), &mut nodes);
            for node in nodes {
                let location = node.location();
                let traced = trace.find(&location).unwrap();
                all += 1;
                fed += usize::from(traced.value.is_some());
                if traced.template.certainty == Certainty::Exact {
                    exact += 1;
                } else {
                    println!(
                        "{location} `{}`: {}",
                        location.text(),
                        origin_text(&trace, &location)
                    );
                }
            }
        }
    });
    println!("{exact} of {all} scalars are exact, {fed} know the value that fed them");
    assert!(all > 500);
    assert!(exact * 100 >= all * 95, "{exact} of {all}");
}

/// The exact origin of text that no expression printed is that very text.
#[test]
fn what_is_exact_and_not_fed_by_a_value_is_written_there() {
    Demo::load().each(|_, _, template, input| {
        let documents = template.render(input, &|_| ()).unwrap();
        let trace = template.trace(input);
        for document in documents.iter().filter(|document| document.engine == Engine::Tera) {
            let mut nodes = Vec::new();
            scalars(document.value.root(), &mut nodes);
            for location in nodes.into_iter().map(Node::location) {
                let origin = trace.find(&location).unwrap().template;
                let source = origin.location.text();
                if origin.certainty == Certainty::Exact && !source.contains("{{") {
                    assert_eq!(source, location.text());
                }
            }
        }
    });
}

const PROGRAM: &str = "\
local lib = import 'lib.libsonnet';
function(rungs) {
  deployment: lib.deployment('web') + {
    spec+: {
      replicas: rungs.values.replicas,
      strategy: { type: 'Recreate' },
      port: 8080,
    },
  },
}
";

const LIBRARY: &str = "\
{
  deployment(name):: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: name, labels: { name: name } },
    spec: { paused: false, list: [1, 'two'], port: 80, same: 'x' },
    other: { same: 'x' },
  },
}
";

fn program(route: &str) -> String {
    origin(&[("main.jsonnet", PROGRAM), ("lib.libsonnet", LIBRARY)], route)
}

#[test]
fn a_field_that_is_written_once_is_found_in_the_program() {
    assert_eq!(program("kind"), "lib.libsonnet:4:11 exact");
    assert_eq!(program("kind?"), "lib.libsonnet:4:5 exact");
    assert_eq!(program("spec.strategy.type"), "main.jsonnet:6:25 exact");
    assert_eq!(program("spec.paused"), "lib.libsonnet:6:21 exact");
    // The literal distinguishes two fields of the same name.
    assert_eq!(program("spec.port"), "main.jsonnet:7:13 exact");
    assert_eq!(program("spec.port?"), "main.jsonnet:7:7 exact");
}

#[test]
fn a_field_that_is_computed_is_traced_to_after_its_name() {
    assert_eq!(program("spec.replicas"), "main.jsonnet:5:7 enclosing");
    assert_eq!(program("spec.list[1]"), "lib.libsonnet:6:28 enclosing");
}

#[test]
fn a_field_that_is_written_twice_is_traced_to_the_program() {
    assert_eq!(program("metadata.name"), "main.jsonnet file");
    assert_eq!(program("spec.same"), "main.jsonnet file");
    assert_eq!(program("spec.same?"), "main.jsonnet file");
}

#[test]
fn no_secret_is_quoted() {
    let given = values("password: hunter2\nbroken: \"hunter2: {\"\npin: \"0042\"\n");
    for key in ["password", "pin"] {
        let secret = given.root().get(key).unwrap().location();
        secret.file().mark_secret(secret.span());
    }
    for files in [
        [("a.yaml.tera", "a: {{ values.password }}: {\n"), ("_x", "")],
        [("a.yaml.tera", "{{ throw(message=values.password) }}"), ("_x", "")],
        [
            ("a.yaml.tera", "a: {{ values.pin }}\nb: {{ values.pin }} # {{ values.pin }}\n"),
            ("_x", ""),
        ],
        [("main.jsonnet", "function(rungs) error rungs.values.password"), ("_x", "")],
        [("main.jsonnet", "function(rungs) { [rungs.values.password]: 1 }"), ("_x", "")],
    ] {
        let found = load(&files).unwrap().render(&input(&given), &|_| ()).unwrap_err();
        let shown = shown(&found);
        assert!(!shown.contains("hunter2") && !shown.contains("0042"), "{shown}");
    }
}

/// Lines of a template that print, that change what is printed, and that notice
/// marks. `N` is the line's number.
const LINES: &[&str] = &[
    "kN: literal text",
    "kN: {{ values.host }}",
    "kN: \"{{ values.logLevel | upper }}\"",
    "kN: {{ app }}-{{ values.replicas }}",
    "kN: {{- values.resources | to_yaml | nindent(width=2) }}",
    "{% for host in values.hosts %}kN{{ loop.index }}: {{ host.name }}\n{% endfor %}",
    "{% for key, on in values.flags -%} kN{{ key }}: {{ on }}\n{% endfor %}",
    "{%- if values.replicas %}\nkN: inside\n{%- endif %}",
    "{% set x = values.host %}kN: {{ x }}",
    "{% set y %}kN: captured {{ values.host }}{% endset %}{{ y }}",
    "{% filter upper %}kN: loud{% endfilter %}",
    "{% set z %}{{ values.host }}{% endset %}kN: {{ z | length }}",
    "{% filter truncate(length=9) %}kN: {{ values.host }}{% endfilter %}",
    "{% filter replace(from=\"e\", to=\"3\") %}kN: {{ values.host }}{% endfilter %}",
    "kN: {{ values.flags | to_yaml | sha256 | quote }}",
    "{% raw %}kN: \"{{ raw }}\"{% endraw %}",
    "kN: |\n  block {{ values.host }}\n  more",
    "{# comment #}kN: [{{ values.host }}, b, {{ values.replicas }}]",
    "kN: {{ values.host | split(pat=\".\") | first }}",
    "{% filter indent(width=2) %}kN:\na: {{ values.host }}{% endfilter %}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What a trace finds at a place is written there. A template whose output
    /// changes with marks gets no line at all.
    #[test]
    fn an_origin_never_guesses(lines in prop::collection::vec(0..LINES.len(), 1..8)) {
        let body: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(number, &line)| LINES[line].replace('N', &number.to_string()))
            .collect();
        let template = load(&[("a.yaml.tera", &body.join("\n"))]).unwrap();
        let given = values(VALUES);
        let input = input(&given);
        let documents = template.render(&input, &|_| ());
        prop_assume!(documents.is_ok());
        let trace = template.trace(&input);
        let mut nodes = Vec::new();
        for document in documents.iter().flatten() {
            scalars(document.value.root(), &mut nodes);
        }
        for location in nodes.into_iter().map(Node::location) {
            let traced = trace.find(&location).unwrap();
            let source = traced.template.location.text();
            if trace.discarded() > 0 {
                prop_assert_eq!(traced.template.certainty, Certainty::File);
                prop_assert_eq!(traced.value, None);
            } else if traced.template.certainty == Certainty::Exact && !source.contains("{{") {
                prop_assert_eq!(source, location.text());
            }
        }
    }
}

#[test]
fn a_long_text_is_traced_in_one_pass() {
    let line = "- {{ values.replicas }} of {{ loop.index }}\n";
    let many = few_or_all(30_000, 100_000);
    let body = format!("{{% for _ in range(end={many}) %}}{line}{{% endfor %}}");
    let template = load(&[("a.yaml.tera", &body)]).unwrap();
    let values = values(VALUES);
    let input = input(&values);
    let documents = template.render(&input, &|_| ()).unwrap();
    let trace = template.trace(&input);
    assert_eq!(trace.discarded(), 0);
    let traced = trace.find(&documents[0].value.root().location()).unwrap();
    assert_eq!(traced.template.location.start().line, 1);
    // Each of many places in the same text, which is as large, is found at once.
    for item in documents[0].value.root().items() {
        assert!(trace.find(&item.location()).is_some());
    }
}

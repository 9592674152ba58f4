use super::*;
use crate::config;
use crate::source::Memory;

/// What a repository renders to, with everything that it is warned of.
fn rendered(files: &[(&str, &str)]) -> Result<Rendering, Findings> {
    let tree = Tree::new(Memory::of(files.iter().copied()));
    let repository = config::load(&tree).unwrap().repository;
    let selection = RenderSelection {
        environments: repository.environments.iter().collect(),
        app: None,
        without: &BTreeSet::new(),
        unused: UnusedSearch::ImagesAndValues,
        validates: false,
        stands_for_all: false,
    };
    render(&tree, &repository, &selection, &Unwatched)
}

/// The findings of a repository that does not render, as lines.
fn refused(files: &[(&str, &str)]) -> String {
    let findings = rendered(files).expect_err("this must be refused");
    let mut lines = Vec::new();
    for finding in &findings {
        lines.push(format!("{}: {}", finding.code.name, finding.message));
        let labels = finding.labels.iter();
        lines.extend(labels.map(|label| format!("  {}: {}", label.location, label.message)));
        lines.push(format!("  help: {}\n", finding.help.as_deref().unwrap_or_default()));
    }
    lines.join("\n")
}

/// The routes of the values without effect.
fn unused(values: &str, template: (&str, &str)) -> Vec<String> {
    let rendering = rendered(&[
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/web.yaml", "values: { same: 1, other: 1 }\n"),
        ("environments/qa/web.yaml", values),
        template,
    ]);
    let warnings = rendering.unwrap_or_else(|findings| panic!("{findings:#?}")).findings;
    let routes =
        warnings.iter().map(|finding| finding.message.split('`').nth(1).unwrap().to_owned());
    let mut routes: Vec<_> = routes.collect();
    routes.sort();
    routes
}

#[test]
fn apps_that_share_thousands_of_objects_are_traced_once_each() {
    let template = "\
{% for number in range(end=2000) %}---
apiVersion: v1
kind: ConfigMap
metadata: { name: \"a{{ number }}\" }
{% endfor %}";
    let findings = rendered(&[
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", "namespace: shop\n"),
        ("environments/qa/one.yaml", "template: many\n"),
        ("environments/qa/two.yaml", "template: many\n"),
        ("templates/many/a.yaml.tera", template),
    ])
    .unwrap_err();
    assert_eq!(findings.len(), 2000);
    assert!(findings.iter().all(|finding| finding.location().start().line == 2));
}

#[test]
fn an_app_that_renders_nothing_is_an_error() {
    for template in [
        ("templates/web/a.yaml.tera", "{% if values.enabled %}kind: A{% endif %}\n"),
        ("templates/web/a.yaml", "# nothing\n"),
        ("templates/web/main.jsonnet", "function(rungs) []"),
        ("templates/web/main.jsonnet", "function(rungs) [null]"),
    ] {
        let refused = refused(&[
            ("rungs.yaml", "version: 1\nladder: [qa]\n"),
            ("environments/qa/web.yaml", "values: { enabled: false }\n"),
            template,
        ]);
        assert_eq!(
            refused,
            "nothing-rendered: `web` renders nothing in `qa`\n  \
             environments/qa/web.yaml:1:1: every file of `templates/web` comes out empty\n  \
             help: if `web` is not wanted in `qa`, remove `environments/qa/web.yaml`\n"
        );
    }
}

const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: foos.x.io }
spec: { group: x.io, names: { plural: foos, kind: Foo }, scope: Namespaced, versions: [{ name: v1, served: true, storage: true }] }
";

#[test]
fn a_definition_in_two_environments_names_both() {
    let refused = refused(&[
        ("rungs.yaml", "version: 1\nladder: [qa, prod]\n"),
        ("environments/qa/web.yaml", "values: { a: 1 }\n"),
        ("environments/prod/web.yaml", "values: { a: 1 }\n"),
        ("templates/web/crd.yaml", DEFINITION),
    ]);
    assert_eq!(
        refused.lines().next().unwrap(),
        "duplicate-object: CustomResourceDefinition.apiextensions.k8s.io foos.x.io is defined \
         twice: for web in prod, and for web in qa"
    );
    assert!(refused.contains("from here for web in prod and for web in qa\n"), "{refused}");
    assert!(refused.contains("a cluster has it once: let one environment alone"), "{refused}");
}

#[test]
fn a_namespace_of_a_template_beside_the_environments_says_how_to_keep_it() {
    let refused = refused(&[
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/web.yaml", "namespace: shop\n"),
        ("templates/web/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n"),
    ]);
    assert!(
        refused.starts_with("duplicate-object: Namespace shop is defined twice: "),
        "{refused}"
    );
    assert!(refused.contains("for qa"), "{refused}");
    assert!(
        refused.contains(
            "remove the Namespace from the template, or write `generate: { namespaces: false }` in \
             `environments/qa/environment.yaml`"
        ),
        "{refused}"
    );
}

#[test]
fn an_object_that_one_app_has_twice_needs_no_advice_on_environments() {
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let refused = refused(&[
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/web.yaml", "values: { a: 1 }\n"),
        ("templates/web/a.yaml", object),
        ("templates/web/b.yaml", object),
    ]);
    assert!(refused.contains("is defined twice for web in qa\n"), "{refused}");
    assert!(refused.contains("help: remove one of them"), "{refused}");
}

const VALUES: &str = "\
values:
  same: 1
  other: 2
  text: a
  number: 3
  port: 80
  list: [a, b]
  maps: [{ a: x, enabled: true }]
  deep: { er: { text: b } }
  enabled: true
  mode: fast
  hashed: c
  counted: [a]
  branch: d
  default: info
  nothing: e
  unseen: { number: 7, list: [1] }
";

/// All of these have an effect except `same`, `default`, `nothing` and `unseen`.
const TERA: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: a }
data:
  other: {{ values.other }}
  text: {{ values.text | upper }}
  number: {{ values.number }}
  port: {{ values.port + 8000 }}
  list: {{ values.list | join(sep=\" \") }}
  maps:
    {{- values.maps | to_yaml | nindent(width=4) }}
  deep: {{ values.deep.er.text }}
  enabled: {% if values.enabled %}yes please{% else %}not now{% endif %}
  {%- if values.mode == \"fast\" %}
  branch: {{ values.branch }}
  {%- endif %}
  hashed: {{ values.hashed | sha256 | quote }}
  counted: {{ values.counted | length }}
  default: {{ values.default | default(value=\"info\") }}
  same: {{ values.same }}
";

const JSONNET: &str = "\
function(rungs)
  local v = rungs.values;
  [{
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: {
      other: v.other,
      text: std.asciiUpper(v.text),
      number: v.number,
      port: v.port + 8000,
      list: std.join(' ', v.list),
      maps: v.maps,
      deep: v.deep.er.text,
      enabled: if v.enabled then 'yes please' else 'not now',
      [if v.mode == 'fast' then 'branch']: v.branch,
      hashed: std.md5(v.hashed),
      counted: std.length(v.counted),
      default: std.get(v, 'default', 'info'),
      same: v.same,
    },
  }]
";

#[test]
fn values_without_effect_are_found_whatever_is_done_with_the_others() {
    let expected = ["default", "nothing", "same", "unseen.list", "unseen.number"];
    assert_eq!(unused(VALUES, ("templates/web/a.yaml.tera", TERA)), expected);
    assert_eq!(unused(VALUES, ("templates/web/main.jsonnet", JSONNET)), expected);
}

//! Tera templates: their output, and their findings.

use rungs::render::Template;
use rungs::source::Tree;

use crate::support::effort::few_or_all;
use crate::templates::{finding, load, path, printed, render, rendered, repository, shown, text};

const VALUES: &str = "\
replicas: 3
logLevel: info
empty: {}
ratio: 0.5
big: 9007199254740993
hosts: [a.example.com, b.example.com]
resources:
  requests: { cpu: 50m, memory: 64Mi }
  limits: { memory: 128Mi }
odd: \"a\\\"b\\\\c\\n\\u00e9\\u0085\"
word: \"yes\"
items:
  - { kind: b, size: 1 }
  - { kind: a, size: 2 }
  - { kind: b, size: 3 }
";

fn prints(body: &str) -> String {
    printed(body, VALUES).unwrap_or_else(|findings| panic!("{}", shown(&findings)))
}

fn refuses(body: &str) -> String {
    text(&finding(printed(body, VALUES)))
}

#[test]
fn a_template_sees_the_app_and_its_values() {
    assert_eq!(
        prints(
            "{{ app }} {{ environment }} {{ namespace }} {{ labels.team }} {{ values.replicas }}"
        ),
        "web qa web-qa shop 3"
    );
    assert_eq!(
        prints("{{ images.web.ref }} {{ images[\"redis-leader\"].ref }}"),
        "ghcr.io/shop/web:v1 redis:7.2@sha256:0"
    );
    assert_eq!(
        prints(
            "{{ images.web.repository }} {{ images.web.tag }} {{ values.big }} {{ values.ratio }}"
        ),
        "ghcr.io/shop/web v1 9007199254740993 0.5"
    );
}

#[test]
fn values_keep_their_order() {
    assert_eq!(
        prints("{% for key, value in values.resources.requests %}{{ key }} {% endfor %}"),
        "cpu memory "
    );
    assert_eq!(
        prints("{{ values.resources | to_yaml }}"),
        "requests:\n  cpu: 50m\n  memory: 64Mi\nlimits:\n  memory: 128Mi"
    );
}

#[test]
fn the_filters_write_yaml() {
    assert_eq!(
        prints("a:\n  {{- values.resources.requests | to_yaml | nindent(width=2) }}\nb: 1"),
        "a:\n  cpu: 50m\n  memory: 64Mi\nb: 1"
    );
    assert_eq!(prints("{{ values.empty | to_yaml }}"), "{}");
    assert_eq!(prints("{{ values.hosts | to_yaml }}"), "- a.example.com\n- b.example.com");
    assert_eq!(prints("{{ values.word | to_yaml }}"), "\"yes\"");
    assert_eq!(prints("{{ values.odd | quote }}"), "\"a\\\"b\\\\c\\né\\u0085\"");
    assert_eq!(prints("{{ values.replicas | quote }}"), "\"3\"");
    assert_eq!(prints("{{ values.logLevel | b64encode }}"), "aW5mbw==");
    assert_eq!(prints("{{ \"a\\n\\nb\\n\" | indent(width=2) }}|"), "a\n\n  b|");
    assert_eq!(prints("{{ \"a\\n\\nb\\n\" | nindent(width=2) }}|"), "\n  a\n\n  b|");
}

#[test]
fn sha256_is_the_usual_one() {
    assert_eq!(
        prints("{{ \"abc\" | sha256 }}"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn groups_are_in_the_order_of_their_first_items() {
    for _ in 0..20 {
        assert_eq!(
            prints(
                "{% for kind, items in values.items | group_by(attribute=\"kind\") %}\
                 {{ kind }}{{ items | length }} {% endfor %}"
            ),
            "b2 a1 "
        );
    }
}

#[test]
fn nothing_is_escaped_for_html() {
    assert_eq!(prints("{{ \"<a & 'b'>\" }}"), "<a & 'b'>");
}

#[test]
fn includes_are_found_in_the_template_its_libraries_and_the_repositorys() {
    let files = [
        (
            "deep/a.yaml.tera",
            "{% include \"_own.tera\" %}{% include \"lib/b.tera\" %}{% include \"c.tera\" %}",
        ),
        ("_own.tera", "own: {{ app }}\n"),
        ("vendor/lib/b.tera", "library: 1\n"),
        ("/vendor/lib/b.tera", "library: hidden by the template's own\n"),
        ("/vendor/c.tera", "shared: 2\n"),
        ("/vendor/broken.tera", "{{ never read"),
    ];
    assert_eq!(rendered(&files, ""), "own: web\nlibrary: 1\nshared: 2\n");
}

#[test]
fn templates_extend_and_call_components() {
    let files = [
        (
            "a.yaml.tera",
            "{% extends \"_base.tera\" %}{% block spec %}port: {{ <Port number={80} /> }}{% endblock %}",
        ),
        ("_base.tera", "name: {{ app }}\n{% block spec %}{% endblock %}\n"),
        ("_parts.tera", "{% component Port(number) %}{{ number + 8000 }}{% endcomponent %}"),
    ];
    assert_eq!(rendered(&files, ""), "name: web\nport: 8080\n");
}

#[test]
fn several_documents_and_empty_ones() {
    let body = "a: 1\n---\n# nothing\n---\n{% if values.missing %}b: 2{% endif %}\n---\nc: 3\n";
    assert_eq!(rendered(&[("a.yaml.tera", body)], VALUES), "a: 1\n---\nc: 3\n");
}

#[test]
fn what_is_printed_must_be_defined() {
    insta::assert_snapshot!(refuses("a: {{ values.logLvl }}"), @r#"
    template-undefined: `values.logLvl` is not defined
      at templates/web/a.yaml.tera:1:14: `values` has no such key
      help: did you mean `logLevel`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.zone }}"), @r#"
    template-undefined: `values.zone` is not defined
      at templates/web/a.yaml.tera:1:14: `values` has no such key
      help: `values` has `replicas`, `logLevel`, `empty`, `ratio`, `big`, `hosts`, `resources`, `odd` and others
    "#);
    insta::assert_snapshot!(refuses("a: {{ valus.logLevel }}"), @r#"
    template-undefined: `valus` is not defined
      at templates/web/a.yaml.tera:1:7: printed here
      help: did you mean `values`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ replicas }}"), @r#"
    template-undefined: `replicas` is not defined
      at templates/web/a.yaml.tera:1:7: printed here
      help: it can be `app`, `environment`, `images`, `labels`, `namespace` or `values`
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.logging.level }}"), @r#"
    template-undefined: `values.logging` is not defined
      at templates/web/a.yaml.tera:1:14: `values` has no such key
      help: `values` has `replicas`, `logLevel`, `empty`, `ratio`, `big`, `hosts`, `resources`, `odd` and others
    "#);
    insta::assert_snapshot!(refuses("a: {{ images[\"redis\"].ref }}"), @r#"
    template-undefined: `images["redis"]` is not defined
      at templates/web/a.yaml.tera:1:13: `images` has no such key
      help: did you mean `redis-leader`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ images.web.digest }}"), @r#"
    template-undefined: `images.web.digest` is not defined
      at templates/web/a.yaml.tera:1:18: `images.web` has no such key
      help: `images.web` has `ref`, `repository` and `tag`
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.hosts[2] }}"), @r#"
    template-undefined: `values.hosts[2]` is not defined
      at templates/web/a.yaml.tera:1:19: `values.hosts` has 2 items
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.logLvl | upper }}"), @r#"
    template-undefined: `values.logLvl` is not defined
      at templates/web/a.yaml.tera:1:14: `values` has no such key
      help: did you mean `logLevel`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.resource | to_yaml | nindent(width=2) }}"), @r#"
    template-undefined: `values.resource` is not defined
      at templates/web/a.yaml.tera:1:14: `values` has no such key
      help: did you mean `resources`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ images.web.repository ~ \":\" ~ images.web.tags }}"), @r#"
    template-undefined: `images.web.tags` is not defined
      at templates/web/a.yaml.tera:1:48: `images.web` has no such key
      help: did you mean `tag`?
    "#);
    insta::assert_snapshot!(refuses("{% for host in values.hosts %}{{ hots }}{% endfor %}"), @r#"
    template-undefined: `hots` is not defined
      at templates/web/a.yaml.tera:1:34: printed here
      help: did you mean `host`?
    "#);
    insta::assert_snapshot!(refuses("{% for item in values.items %}{{ item.siz }}{% endfor %}"), @r#"
    template-undefined: `item.siz` is not defined
      at templates/web/a.yaml.tera:1:39: printed here
      help: did you mean `size`?
    "#);
    insta::assert_snapshot!(refuses("{% set x = values.logLvl ~ \"!\" %}"), @r#"
    template-undefined: `values.logLvl` is not defined
      at templates/web/a.yaml.tera:1:19: `values` has no such key
      help: did you mean `logLevel`?
    "#);
}

#[test]
fn in_a_condition_what_is_undefined_is_false() {
    assert_eq!(prints("{% if values.debug %}a{% else %}b{% endif %}"), "b");
    assert_eq!(prints("{{ values.zone | default(value=\"here\") }}"), "here");
    assert_eq!(prints("{% if values.zone is defined %}a{% endif %}"), "");
    assert_eq!(prints("{{ values.zone | default(value=\"here\") ~ \"!\" }}"), "here!");
}

#[test]
fn what_tera_cannot_read_is_shown_where_it_is() {
    insta::assert_snapshot!(refuses("a: 1\nb: {{ values.x }\n"), @r#"
    template-syntax: found `}` but expected }}
      at templates/web/a.yaml.tera:2:16: Tera cannot read this
    "#);
    insta::assert_snapshot!(refuses("{% if values.x %}a"), @r#"
    template-syntax: unexpected end of input
      at templates/web/a.yaml.tera:1:18: Tera cannot read this
    "#);
    insta::assert_snapshot!(refuses("a: 1\n  {{ values.replicas | qoute }}"), @r#"
    template-syntax: unknown filter `qoute`
      at templates/web/a.yaml.tera:2:24: nothing has that name
      help: did you mean `quote`?
    "#);
    insta::assert_snapshot!(refuses("a: {{ <Port/> }}"), @r#"
    template-syntax: unknown component `Port`
      at templates/web/a.yaml.tera:1:7: nothing has that name
    "#);
    insta::assert_snapshot!(refuses("a: {{ now() }}"), @r#"
    template-syntax: unknown function `now`
      at templates/web/a.yaml.tera:1:7: nothing has that name
    "#);
    insta::assert_snapshot!(refuses("a: {{ values.resources + 1 }}"), @r#"
    template-failed: `+` requires both operands to be numbers, found `map/struct` and `i64`
      at templates/web/a.yaml.tera:1:7: while rendering this
    "#);
    insta::assert_snapshot!(refuses("{{ throw(message=\"Set a host.\") }}"), @r#"
    template-failed: set a host
      at templates/web/a.yaml.tera:1:4: while rendering this
    "#);
    insta::assert_snapshot!(refuses("{{ __tera_context }}"), @r#"
    not-reproducible: `__tera_context` differs from run to run
      at templates/web/a.yaml.tera:1:4: prints the variables in a random order
      help: print the variables that you need by their names
    "#);
}

#[test]
fn every_broken_file_is_reported() {
    let findings = load(&[
        ("a.yaml.tera", "{{ a"),
        ("b.yaml.tera", "{% endif %}"),
        ("c.yaml", "a: [\n"),
        ("main.jsonnet", "local a = 'b"),
    ])
    .unwrap_err();
    let codes: Vec<_> = findings
        .iter()
        .map(|f| format!("{} {}", f.location().path().name(), f.code.name))
        .collect();
    assert_eq!(
        codes,
        [
            "c.yaml yaml-syntax",
            "a.yaml.tera template-syntax",
            "b.yaml.tera template-syntax",
            "main.jsonnet template-syntax",
        ]
    );
}

#[test]
fn an_error_in_an_included_file_shows_who_includes_it() {
    let files = [
        ("a.yaml.tera", "x: 1\n{% include \"_b.tera\" %}"),
        ("_b.tera", "# é\n y: {{ values.missing }}"),
    ];
    insta::assert_snapshot!(text(&finding(render(&files, VALUES))), @r#"
    template-undefined: `values.missing` is not defined
      at templates/web/_b.tera:2:15: `values` has no such key
      at templates/web/a.yaml.tera:2:12: called from here
      help: `values` has `replicas`, `logLevel`, `empty`, `ratio`, `big`, `hosts`, `resources`, `odd` and others
    "#);
}

#[test]
fn includes_of_missing_files_are_refused() {
    let included = |name: &str| {
        let body = format!("x: 1\n{{% include \"{name}\" %}}");
        text(&finding(load(&[("a.yaml.tera", &body), ("/secret.tera", "")])))
    };
    insta::assert_snapshot!(included("_missing.tera"), @r#"
    include-missing: `_missing.tera` does not exist
      at templates/web/a.yaml.tera:2:12: no such file
      help: it was looked for in `templates/web`, then `templates/web/vendor`, then `vendor`
    "#);
    insta::assert_snapshot!(included("../../secret.tera"), @r#"
    include-outside: `../../secret.tera` is outside of `templates/web`
      at templates/web/a.yaml.tera:2:12: a template includes only its own files and libraries
      help: move the file into the template's directory, or into `vendor/`
    "#);
    insta::assert_snapshot!(included("../../../etc/passwd"), @r#"
    include-outside: `../../../etc/passwd` is outside of `templates/web`
      at templates/web/a.yaml.tera:2:12: a template includes only its own files and libraries
      help: move the file into the template's directory, or into `vendor/`
    "#);
    insta::assert_snapshot!(included("/etc/passwd"), @r#"
    include-outside: `/etc/passwd` is absolute
      at templates/web/a.yaml.tera:2:12: only files of this repository can be read
      help: copy the file into the template's directory, or into `vendor/`
    "#);
    insta::assert_snapshot!(included("./_a.tera"), @r#"
    include-outside: `./_a.tera` is not written as a plain path
      at templates/web/a.yaml.tera:2:12: has an empty segment, a `.` or a `..`
      help: name the file from the template's directory: `parts/_labels.tera`
    "#);
    insta::assert_snapshot!(included("parts/../_a.tera"), @r#"
    include-outside: `parts/../_a.tera` is not written as a plain path
      at templates/web/a.yaml.tera:2:12: has an empty segment, a `.` or a `..`
      help: name the file from the template's directory: `parts/_labels.tera`
    "#);
    insta::assert_snapshot!(included(".git/config"), @r#"
    git-directory: `templates/web/.git/config` is inside `.git`, which is never read
      at templates/web/a.yaml.tera:2:12: asked for here
      help: pass what you need from git in as a value
    "#);
}

#[test]
fn a_link_out_of_the_repository_is_not_followed() {
    let mut memory = repository(&[("a.yaml.tera", "{% include \"_secret.tera\" %}")]);
    memory.link(path("templates/web/_secret.tera"), "/etc/passwd");
    let result = Template::load(&Tree::new(memory), &path("templates/web"));
    insta::assert_snapshot!(text(&finding(result)), @r#"
    outside-repository: `templates/web/_secret.tera` leads out of the repository through the link `templates/web/_secret.tera` to `/etc/passwd`
      at templates/web/_secret.tera: 
      help: move what it leads to into the repository
    "#);
}

#[test]
fn templates_that_include_themselves_are_refused() {
    let own = [("a.yaml.tera", "x: 1\n{% include \"a.yaml.tera\" %}")];
    insta::assert_snapshot!(text(&finding(load(&own))), @r#"
    include-circle: `templates/web/a.yaml.tera` includes itself
      at templates/web/a.yaml.tera:2:12: the circle closes here
      help: move what both need into a third file
    "#);
    let circle = [
        ("_a.tera", "{% include \"_b.tera\" %}"),
        ("_b.tera", "\n {% include \"_c.tera\" %}"),
        ("_c.tera", "{% include \"_a.tera\" %}"),
    ];
    insta::assert_snapshot!(text(&finding(load(&circle))), @r#"
    include-circle: templates include one another in a circle: `templates/web/_a.tera`, then `templates/web/_b.tera`, then `templates/web/_c.tera`, then `templates/web/_a.tera`
      at templates/web/_c.tera:1:12: the circle closes here
      help: move what both need into a third file
    "#);
    let parents =
        [("_a.tera", "{% extends \"_b.tera\" %}"), ("_b.tera", "{% extends \"_a.tera\" %}")];
    insta::assert_snapshot!(text(&finding(load(&parents))), @r#"
    include-circle: templates include one another in a circle: `templates/web/_a.tera`, then `templates/web/_b.tera`, then `templates/web/_a.tera`
      at templates/web/_b.tera:1:12: the circle closes here
      help: move what both need into a third file
    "#);
}

#[test]
fn output_is_bounded() {
    // Eight billion times `x`: without a bound, this test hangs.
    let body =
        "{% for a in range(end=90000) %}{% for b in range(end=90000) %}x{% endfor %}{% endfor %}";
    insta::assert_snapshot!(refuses(body), @r#"
    output-too-large: `templates/web/a.yaml.tera` prints more than 16 MiB
      at templates/web/a.yaml.tera: 
      help: look for a loop inside a loop that prints more than was meant
    "#);
}

#[test]
fn a_hundred_thousand_brackets_are_refused_at_once() {
    let body = "{% for a in range(end=100000) %}[{% endfor %}";
    let finding = finding(render(&[("a.yaml.tera", body)], ""));
    assert_eq!(finding.code.name, "nesting-too-deep");
}

#[test]
fn no_clock_environment_file_or_randomness_can_be_called() {
    for name in ["now", "get_env", "get_random", "read_file", "date", "random", "uuid", "exec"] {
        for body in [format!("{{{{ {name}() }}}}"), format!("{{{{ 1 | {name} }}}}")] {
            let finding = finding(printed(&body, VALUES));
            assert_eq!(finding.code.name, "template-syntax", "{name}");
        }
    }
}

#[test]
fn json_is_read_as_json_writes_it() {
    let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"K\",\n\t\"text\": \"a\\/b \\ud83d\\ude00\",\n\t\"list\": [\n\t\t1e2,\n\t\ttrue\n\t]\n}\n";
    let expected = "apiVersion: v1\nkind: K\ntext: a/b 😀\nlist:\n- 100.0\n- true\n";
    assert_eq!(rendered(&[("a.json", json)], ""), expected);
    assert_eq!(rendered(&[("a.json.tera", json)], ""), expected);
}

#[test]
fn a_note_in_a_message_is_not_a_place() {
    for place in ["0:0", "1:0", "0:1", "1:1", "99999:99999"] {
        let message = format!("no host\\nnote: called from /templates/web/a.yaml.tera:{place}");
        let given = format!("message: \"{message}\"\n");
        let finding = finding(printed("{{ throw(message=values.message) }}", &given));
        assert_eq!(finding.code.name, "template-failed");
        assert_eq!(finding.labels.len(), 1, "{}", text(&finding));
    }
}

#[test]
fn a_large_map_is_written_and_grouped_in_one_pass() {
    let many = few_or_all(20_000, 60_000);
    let given: Vec<_> = (0..many).map(|n| format!("k{n}: {{ name: n{n} }}\n")).collect();
    let body = "{{ values | to_yaml }}\n";
    assert_eq!(printed(body, &given.concat()).unwrap().lines().count(), 2 * many);
    let list: Vec<_> = (0..many).map(|n| format!("  - {{ name: n{n} }}\n")).collect();
    let body = "{{ values.list | group_by(attribute=\"name\") | length }}";
    assert_eq!(printed(body, &format!("list:\n{}", list.concat())).unwrap(), many.to_string());
}

#[test]
fn a_key_that_is_a_number_and_a_text_is_written_once() {
    assert_eq!(prints("{{ {1: \"a\", \"1\": \"b\"} | to_yaml }}"), "\"1\": b");
}

#[test]
fn helms_language_is_answered_with_what_to_write() {
    for (line, place, help) in [
        ("a: {{ .Values.x }}", "1:7", "write `values.x`"),
        ("a: {{- .Values.x }}", "1:8", "write `values.x`"),
        ("a: {{ Values.x }}", "1:7", "did you mean `values`?"),
        ("a: {{ values.items | toYaml }}", "1:22", "to_yaml | nindent(width=4)"),
        ("a: {{ toYaml values.items }}", "1:7", "to_yaml | nindent(width=4)"),
        ("a: {{ values.items | to_yaml | nindent(4) }}", "1:32", "write `nindent(width=4)`"),
        ("a: {{ values.items | to_yaml | indent 4 }}", "1:32", "write `indent(width=4)`"),
        ("a: {{ include \"web.labels\" . }}", "1:7", "{% include \"_file.tera\" %}"),
        ("a: {{ .Release.Name }}", "1:7", "write `app`"),
        ("a: {{ .Release.Namespace }}", "1:7", "write `namespace`"),
        ("a: {{ values.word | default \"y\" }}", "1:21", "write `default(value=\"y\")`"),
        ("a: {{ if values.word }}a{{ end }}", "1:7", "{% if … %} … {% endif %}"),
        ("a: {{ end }}", "1:7", "{% endif %}"),
        ("a: {{- with .Values.m }}{{ end }}", "1:8", "{% if … %}"),
        ("a: {{ range .Values.l }}{{ end }}", "1:7", "{% for item in … %}"),
        ("a: {{ printf \"a-%s\" values.word }}", "1:7", "join texts with `~`"),
        ("a: {{ required \"x\" values.word }}", "1:7", "what is printed must be defined"),
        ("a: {{ tpl values.word . }}", "1:7", "values are not templates"),
        ("a: {{/* comment */}}", "1:6", "{# … #}"),
        ("a: {{ $x := 1 }}", "1:7", "{% set x = … %}"),
        ("a: {{ values.word | b64enc }}", "1:21", "b64encode"),
        ("a: {{ lookup \"v1\" \"Secret\" }}", "1:7", "does not see the cluster"),
        ("a: {{ values.word | trunc 63 }}", "1:21", "truncate(length=63"),
        ("a: {{ .Files.Get \"x\" }}", "1:7", "file(path="),
    ] {
        let refused = refuses(line);
        let first_place = refused.lines().nth(1).unwrap_or_default();
        assert!(first_place.contains(&format!("a.yaml.tera:{place}:")), "{line}: {refused}");
        assert!(refused.contains(help), "{line}: {refused}");
    }
}

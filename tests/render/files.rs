//! Files that templates read as they are.

use rungs::render::Template;
use rungs::source::{RepoPath, Tree};

use crate::templates::{finding, input, load, rendered, repository, shown, text, values};

const CONF: &[(&str, &str)] = &[
    ("_conf/nginx.conf", "a {{ not }} Tera;\n"),
    ("_conf/sites/b.conf", "b\n"),
    ("_conf/.hidden", "c\n"),
    ("_conf/plain", "true\n"),
];

fn with_conf<'a>(file: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    CONF.iter().copied().chain([file]).collect()
}

#[test]
fn files_are_read_as_they_are() {
    let body = "conf:\n  {{- files(glob=\"_conf/*\") | to_yaml | nindent(width=2) }}\n\
                all:\n  {{- files(glob=\"_conf/**\") | to_yaml | nindent(width=2) }}\n\
                one: {{ file(path=\"_conf/nginx.conf\") | quote }}\n";
    assert_eq!(
        rendered(&with_conf(("a.yaml.tera", body)), ""),
        "conf:\n  nginx.conf: |\n    a {{ not }} Tera;\n  plain: |\n    true\n\
         all:\n  nginx.conf: |\n    a {{ not }} Tera;\n  plain: |\n    true\n  sites/b.conf: |\n    b\n\
         one: |\n  a {{ not }} Tera;\n"
    );
}

#[test]
fn a_program_reads_the_same_files() {
    let program = "function(rungs) { apiVersion: 'v1', kind: 'A', \
                   data: std.native('files')('_conf/*.conf') + (import 'lib.libsonnet')(1) }";
    let lib = "function(x) std.native('files')('_conf/sites/*')";
    let mut files = with_conf(("main.jsonnet", program));
    files.push(("lib.libsonnet", lib));
    assert_eq!(
        rendered(&files, ""),
        "apiVersion: v1\ndata:\n  b.conf: |\n    b\n  nginx.conf: |\n    a {{ not }} Tera;\nkind: A\n"
    );
}

#[test]
fn a_hash_of_the_contents_changes_with_them() {
    let tera = "{% set conf = files(glob=\"_conf/*\") %}name: a-{{ conf | to_yaml | sha256 | truncate(length=8, end=\"\") }}\n";
    let jsonnet = "function(rungs) local conf = std.native('files')('_conf/*'); \
                   { apiVersion: 'v1', kind: 'A', \
                   hash: std.sha256(std.manifestJsonMinified(conf))[:8] }";
    for file in [("a.yaml.tera", tera), ("main.jsonnet", jsonnet)] {
        let hash = |text| rendered(&[("_conf/a", text), file], "");
        assert_eq!(hash("one"), hash("one"));
        assert_ne!(hash("one"), hash("two"));
    }
}

#[test]
fn what_was_read_for_one_template_is_not_kept_for_another() {
    let lib = "{ conf: std.native('files')('_conf/*') }";
    let program =
        "function(rungs) { apiVersion: 'v1', kind: 'A', data: (import 'lib.libsonnet').conf }";
    let tree = Tree::new(repository(&[
        ("/vendor/lib.libsonnet", lib),
        ("/templates/a/main.jsonnet", program),
        ("/templates/a/_conf/x", "of a"),
        ("/templates/b/main.jsonnet", program),
        ("/templates/b/_conf/x", "of b"),
    ]));
    let given = values("");
    for name in ["a", "b", "a", "b"] {
        let root = RepoPath::new(&format!("templates/{name}")).unwrap();
        let template = Template::load(&tree, &root).unwrap();
        let made = template.render(&input(&given), &|_| ()).unwrap();
        let data = made[0].value.root().get("data").unwrap();
        assert_eq!(data.get("x").unwrap().as_str(), Some(&*format!("of {name}")));
    }
}

#[test]
fn nothing_outside_of_the_template_is_read() {
    for body in [
        "a: {{ file(path=\"../other/a\") }}",
        "a: {{ file(path=\"/etc/passwd\") }}",
        "a: {{ files(glob=\"../*/a\") }}",
        "a: {{ files(glob=\"/etc/*\") }}",
        "a: {{ files(glob=\"_conf/../../*\") }}",
    ] {
        let files = [("a.yaml.tera", body), ("/templates/other/a", "secret")];
        let found = shown(&load(&files).unwrap_err());
        assert!(found.starts_with("include-outside: "), "{body}: {found}");
    }
    let program = "std.native('files')('../*/a')";
    let found = load(&[("main.jsonnet", program), ("/templates/other/a", "secret")]);
    assert!(shown(&found.unwrap_err()).starts_with("include-outside: "));
}

#[test]
fn what_is_read_is_written_out_and_there() {
    let refused = |body| text(&finding(load(&with_conf(("a.yaml.tera", body)))));
    insta::assert_snapshot!(refused("a: {{ file(path=values.name) }}"), @r#"
    template-syntax: `file` needs a `path` that is written out
      at templates/web/a.yaml.tera:1:7: everything that a template reads is known before it is rendered
      help: write `file(path="_conf/…")`
    "#);
    insta::assert_snapshot!(refused("a: {{ files(glob=\"_conf/*.cnf\") }}"), @r"
    include-missing: no file in `templates/web` matches `_conf/*.cnf`
      at templates/web/a.yaml.tera:1:18: no such file
    ");
    insta::assert_snapshot!(refused("a: {{ file(path=\"_conf/b\") }}"), @r"
    include-missing: `_conf/b` does not exist
      at templates/web/a.yaml.tera:1:17: no such file
      help: it was looked for in `templates/web`, then `templates/web/vendor`, then `vendor`
    ");
    let program = "function(rungs) { apiVersion: 'v1', kind: 'A', a: std.native('files')('_conf/' + rungs.app) }";
    let template = load(&with_conf(("main.jsonnet", program))).unwrap();
    let refused = template.render(&input(&values("")), &|_| ());
    insta::assert_snapshot!(text(&finding(refused)), @r"
    template-failed: the pattern has to be written out: `std.native('files')('_conf/*')`
      at templates/web/main.jsonnet:1:51: called here
    ");
}

#[test]
fn what_a_template_reads_is_used() {
    let files = [
        (
            "a.yaml.tera",
            "a: {{ file(path=\"conf/a.txt\") | quote }}\nb: {{ files(glob=\"conf/*.b\") | length }}\n",
        ),
        ("conf/a.txt", "a"),
        ("conf/b.b", "b"),
        (
            "main.jsonnet",
            "function(rungs) { apiVersion: 'v1', kind: 'A', a: std.native('files')('more/*') }",
        ),
        ("more/c.ini", "c"),
    ];
    assert!(load(&files).is_ok());
    assert!(load(&[files[0], files[1], files[2], ("conf/c.c", "c")]).is_err());
}

/// The code blocks of the guide that start with a comment that names a file.
fn files_of_the_guide() -> Vec<(String, String)> {
    let guide = include_str!("../../docs/guide/templates.md");
    let blocks = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let named = blocks.filter_map(|block| {
        let (name, body) = block.strip_prefix("{# ")?.split_once(" #}\n")?;
        Some((name.to_owned(), body.to_owned()))
    });
    named.collect()
}

#[test]
fn the_files_of_the_guide_are_a_template() {
    let own = files_of_the_guide();
    let pod = "kind: Pod\nenv:\n  {%- for name, value in values.env %}\n  - { name: {{ name }}, value: {{ value | quote }} }\n  \
               {%- endfor %}\nreadinessProbe:\n  {%- filter nindent(width=2) %}{{ <Probe path=\"/ready\" /> }}\
               {% endfilter %}\nvolume: {% include \"_conf-name.tera\" %}\n";
    let mut files: Vec<_> = own.iter().map(|(name, body)| (name.as_str(), body.as_str())).collect();
    assert_eq!(files.len(), 3);
    files.extend([("pod.yaml.tera", pod), ("_conf/app.conf", "a\n")]);
    let all = rendered(&files, "env: { A: \"1\" }\n");
    assert!(all.contains("data:\n  app.conf: |\n    a\n"), "{all}");
    assert!(
        all.contains("httpGet:\n    path: /ready\n    port: 8080\n  periodSeconds: 5\n"),
        "{all}"
    );
    assert!(all.contains("- name: A\n  value: \"1\"\n"), "{all}");
    let name = all.split("name: web-conf-").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(name.len(), 8);
    assert!(all.contains(&format!("volume: web-conf-{name}\n")), "{all}");
}

//! Jsonnet templates: their output, and their findings.

use std::path::Path;

use rungs::render::Template;
use rungs::source::{Memory, Tree};

use crate::support::corpora;
use crate::support::recording::recording;
use crate::templates::{
    finding, input, load, path, render, rendered, repository, shown, text, values,
};

const VALUES: &str = "replicas: 3\nratio: 0.5\nname: web\nlist: [1, two, null, true]\n";

/// The fields of one ConfigMap-like object with `spec: BODY`.
fn spec(body: &str) -> String {
    let program = format!("function(rungs) {{ apiVersion: 'v1', kind: 'K', spec: {body} }}");
    rendered(&[("main.jsonnet", &program)], VALUES).replace("apiVersion: v1\nkind: K\n", "")
}

fn refuses(program: &str) -> String {
    text(&finding(render(&[("main.jsonnet", program)], VALUES)))
}

#[test]
fn a_program_gets_the_input_as_its_argument() {
    assert_eq!(
        spec("[rungs.app, rungs.environment, rungs.namespace, rungs.labels.team]"),
        "spec:\n- web\n- qa\n- web-qa\n- shop\n"
    );
    assert_eq!(
        spec("[rungs.images['redis-leader'].ref, rungs.images.web.tag, rungs.values.list]"),
        "spec:\n- redis:7.2@sha256:0\n- v1\n- - 1\n  - two\n  - null\n  - true\n"
    );
}

#[test]
fn a_program_that_is_not_a_function_reads_the_external_variable() {
    let program = "{ apiVersion: 'v1', kind: 'K', n: std.extVar('rungs').values.replicas }";
    let template = load(&[("main.jsonnet", program)]).unwrap();
    for replicas in ["3", "4", "5"] {
        let values = values(&format!("replicas: {replicas}\n"));
        let documents = template.render(&input(&values), &|_| ()).unwrap();
        let number = documents[0].value.root().get("n").unwrap().as_number().unwrap().source();
        assert_eq!(number, replicas, "what one app computed must not be seen by the next");
    }
}

#[test]
fn a_library_that_reads_the_external_variable_is_not_cached_either() {
    let files = [
        (
            "main.jsonnet",
            "function(rungs) { apiVersion: 'v1', kind: 'K', n: (import 'n.libsonnet').n }",
        ),
        ("n.libsonnet", "{ n: std.extVar('rungs').values.replicas }"),
    ];
    let template = load(&files).unwrap();
    for replicas in ["3", "4"] {
        let values = values(&format!("replicas: {replicas}\n"));
        let documents = template.render(&input(&values), &|_| ()).unwrap();
        let number = documents[0].value.root().get("n").unwrap().as_number().unwrap().source();
        assert_eq!(number, replicas);
    }
}

#[test]
fn numbers_are_written_as_jsonnet_writes_them() {
    assert_eq!(
        spec("[1.0, 0.5, -3, 1e3, 9007199254740992, 18446744073709549568, 1e21, 1e-7]"),
        "spec:\n- 1\n- 0.5\n- -3\n- 1000\n- 9007199254740992\n- 18446744073709549568\n- 1.0e+21\n- 1.0e-7\n"
    );
}

#[test]
fn objects_are_found_however_deep_they_are() {
    let program = "local o(name) = { apiVersion: 'v1', kind: 'K', metadata: { name: name } };
        function(rungs) { b: [o('one'), [null, { c: o('two') }]], a: o('three') + { inner: o('not seen') }, d: {}, e: [] }";
    let documents = render(&[("main.jsonnet", program)], VALUES).unwrap();
    let names: Vec<_> = documents
        .iter()
        .map(|document| document.value.root().get("metadata").unwrap().get("name").unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(names, ["three", "one", "two"]);
}

#[test]
fn imports_come_from_beside_the_file_then_from_the_libraries() {
    let files = [
        ("main.jsonnet", "function(rungs) { apiVersion: 'v1', kind: 'K',
            a: import 'lib/a.libsonnet', b: importstr 'lib/b.txt', c: importbin 'lib/c.bin', d: import 'd/d.libsonnet', e: import 'e.libsonnet' }"),
        ("lib/a.libsonnet", "'beside: ' + import 'near.libsonnet'"),
        ("lib/near.libsonnet", "'near'"),
        ("lib/b.txt", "text\n"),
        ("lib/c.bin", "\u{1}\u{2}"),
        ("vendor/d/d.libsonnet", "'own library, ' + import 'e.libsonnet'"),
        ("/vendor/d/d.libsonnet", "'hidden'"),
        ("/vendor/e.libsonnet", "'shared library'"),
    ];
    assert_eq!(
        rendered(&files, ""),
        "a: \"beside: near\"\napiVersion: v1\nb: |\n  text\nc:\n- 1\n- 2\nd: own library, shared library\ne: shared library\nkind: K\n"
    );
}

#[test]
fn templates_with_libraries_of_their_own_do_not_share_what_they_import() {
    let mut memory = repository(&[
        ("/vendor/lib/a.libsonnet", "import 'b.libsonnet'"),
        ("/vendor/b.libsonnet", "'shared'"),
    ]);
    let program = "function(rungs) { apiVersion: 'v1', kind: 'K', a: import 'lib/a.libsonnet' }";
    for name in ["one", "two"] {
        memory.insert(path(&format!("templates/{name}/main.jsonnet")), program.into());
    }
    memory.insert(path("templates/two/vendor/b.libsonnet"), "'own'".into());
    let tree = Tree::new(memory);
    for (name, expected) in [("one", "shared"), ("two", "own"), ("one", "shared")] {
        let template = Template::load(&tree, &path(&format!("templates/{name}"))).unwrap();
        let documents = template.render(&input(&values("")), &|_| ()).unwrap();
        assert_eq!(documents[0].value.root().get("a").unwrap().as_str(), Some(expected), "{name}");
    }
}

#[test]
fn an_import_that_is_never_evaluated_may_be_missing() {
    let program = "function(rungs) { apiVersion: 'v1', kind: 'K', a: if false then import 'missing.libsonnet' }";
    assert_eq!(rendered(&[("main.jsonnet", program)], ""), "a: null\napiVersion: v1\nkind: K\n");
}

#[test]
fn everything_that_may_be_imported_is_read_when_the_template_is_loaded() {
    let files = [
        (
            "main.jsonnet",
            "function(rungs) { a:: import 'a.libsonnet', b:: importstr 'missing.txt' }",
        ),
        ("/vendor/a.libsonnet", "1"),
    ];
    let (tree, record) = recording(&Tree::new(repository(&files)));
    Template::load(&tree, &path("templates/web")).unwrap();
    assert_eq!(record.read(), ["templates/web/main.jsonnet", "vendor/a.libsonnet"]);
    let examined = record.examined();
    for path in [
        "templates/web/a.libsonnet",
        "templates/web/vendor",
        "vendor/a.libsonnet",
        "templates/web/missing.txt",
        "vendor/missing.txt",
    ] {
        assert!(examined.contains(&path.to_owned()), "{path}");
    }
}

#[test]
fn imports_from_outside_the_repository_are_refused_even_if_not_evaluated() {
    let imports = |name: &str| {
        let program = format!("function(rungs)\n  {{ a:: import '{name}' }}");
        text(&finding(load(&[("main.jsonnet", &program)])))
    };
    insta::assert_snapshot!(imports("../../../etc/passwd"), @r#"
    include-outside: `../../../etc/passwd` is outside the repository
      at templates/web/main.jsonnet:2:16: only files of this repository can be read
      help: copy the file into the template's directory, or into `vendor/`
    "#);
    insta::assert_snapshot!(imports("/etc/passwd"), @r#"
    include-outside: `/etc/passwd` is absolute
      at templates/web/main.jsonnet:2:16: only files of this repository can be read
      help: copy the file into the template's directory, or into `vendor/`
    "#);
    insta::assert_snapshot!(imports("../../.git/config"), @r#"
    git-directory: `.git/config` is inside `.git`, which is never read
      at templates/web/main.jsonnet:2:16: asked for here
      help: pass what you need from git in as a value
    "#);
    let mut memory = repository(&[("main.jsonnet", "importstr 'link'")]);
    memory.link(path("templates/web/link"), "../../../secret");
    memory.insert(path("templates/web/latin1"), b"\xff".to_vec());
    let result = Template::load(&Tree::new(memory), &path("templates/web"));
    insta::assert_snapshot!(text(&finding(result)), @r#"
    outside-repository: `templates/web/link` leads out of the repository through the link `templates/web/link` to `../../../secret`
      at templates/web/main.jsonnet:1:11: asked for here
      at templates/web/link: the link that leads out
      help: move what it leads to into the repository
    "#);
    let mut memory = repository(&[("main.jsonnet", "importstr 'latin1'")]);
    memory.insert(path("templates/web/latin1"), b"a\n\xff".to_vec());
    let result = Template::load(&Tree::new(memory), &path("templates/web"));
    insta::assert_snapshot!(text(&finding(result)), @r#"
    not-utf8: `templates/web/latin1:2:1` is where the file stops being UTF-8
      at templates/web/main.jsonnet:1:11: asked for here
      help: save the file as UTF-8
    "#);
}

#[test]
fn errors_are_shown_where_they_come_from() {
    insta::assert_snapshot!(refuses("function(rungs)\n  { a: rungs.values.replica }"), @r#"
    template-undefined: `rungs.values.replica` is not defined
      at templates/web/main.jsonnet:2:8: no such field
      help: did you mean `replicas`?
    "#);
    insta::assert_snapshot!(refuses("local f(x) = x.y;\nfunction(rungs) { a: [f(1)] }"), @r#"
    template-failed: only a map has fields
      at templates/web/main.jsonnet:1:14: computed here
      at templates/web/main.jsonnet:2:23: calling `f`
    "#);
    insta::assert_snapshot!(refuses("function(rungs) error 'no host'"), @r#"
    template-failed: no host
      at templates/web/main.jsonnet:1:17: raised here
    "#);
    insta::assert_snapshot!(refuses("function(rungs) { assert self.a > 1 : 'too few', a: 1 }"), @r#"
    template-failed: too few
      at templates/web/main.jsonnet:1:19: does not hold
    "#);
    insta::assert_snapshot!(refuses("function(rungs) std.map(1, 2)"), @r#"
    template-failed: argument 1 of `std.map` is a function, not a number
      at templates/web/main.jsonnet:1:17: computed here
    "#);
    insta::assert_snapshot!(refuses("function(rungs) import 'missing.libsonnet'"), @r#"
    include-missing: `missing.libsonnet` does not exist
      at templates/web/main.jsonnet:1:24: no such file
      help: it was looked for in `templates/web`, then `vendor`
    "#);
    insta::assert_snapshot!(refuses("function(rungs, cluster) {}"), @r#"
    wrong-parameters: the parameter `cluster` has no argument
      at templates/web/main.jsonnet:1:1: called with `rungs` alone
      help: give the parameter a default
    "#);
    insta::assert_snapshot!(refuses("function(x) {}"), @r#"
    wrong-parameters: the function has no parameter `rungs`
      at templates/web/main.jsonnet:1:1: called with `rungs` alone
      help: write `function(rungs) …`
    "#);
    insta::assert_snapshot!(refuses("std.extVar('env')"), @r#"
    template-undefined: there is no external variable `env`
      at templates/web/main.jsonnet:1:1: computed here
      help: the only one is `std.extVar('rungs')`
    "#);
    insta::assert_snapshot!(refuses("std.native('env')()"), @r#"
    template-failed: null cannot be called
      at templates/web/main.jsonnet:1:1: computed here
    "#);
}

#[test]
fn every_group_of_errors_has_messages() {
    let messages = [
        "{}[0]",
        "{}()",
        "[1][5]",
        "{ a: super.b }",
        "({} + { f(a): a }).f(1, 2)",
        "{} - 1",
        "1 / 0",
        "{} < {}",
        "{} < 1",
        "std.length(1)",
        "error 'too few'",
    ]
    .map(|body| {
        let finding = refuses(&format!("function(rungs) {body}"));
        format!("{body}: {}", finding.lines().next().unwrap())
    });
    insta::assert_snapshot!(messages.join("\n"), @r"
    {}[0]: template-failed: a field's name is a string, and this is a number
    {}(): template-failed: a map cannot be called
    [1][5]: template-failed: index 5 is out of range for a length of 1
    { a: super.b }: template-failed: `super` refers to nothing: this map does not extend another
    ({} + { f(a): a }).f(1, 2): template-failed: too many arguments: the function takes 1
    {} - 1: template-failed: `-` does not apply to a map and a number
    1 / 0: template-failed: a number is divided by zero
    {} < {}: template-failed: maps have no order
    {} < 1: template-failed: a map and a number have no order
    std.length(1): template-failed: argument 1 of `std.length` is a string or a list or a map or a function, not a number
    error 'too few': template-failed: too few
    ");
}

#[test]
fn what_is_not_jsonnet_is_shown_where_it_is() {
    insta::assert_snapshot!(refuses("{ a: 1\n  b: 2 }"), @r#"
    template-syntax: `b` is not expected here
      at templates/web/main.jsonnet:2:3: Jsonnet cannot read this
    "#);
    insta::assert_snapshot!(refuses("{ a: 'b }"), @r#"
    template-syntax: this string has no end
      at templates/web/main.jsonnet:1:6: Jsonnet cannot read this
    "#);
    insta::assert_snapshot!(refuses("{ a: b }"), @r#"
    template-syntax: there is no variable `b`
      at templates/web/main.jsonnet:1:6: Jsonnet cannot read this
    "#);
    insta::assert_snapshot!(refuses("{ a: $ }; 1"), @r#"
    template-syntax: `;` is not expected here
      at templates/web/main.jsonnet:1:9: Jsonnet cannot read this
    "#);
    insta::assert_snapshot!(refuses("import 'a' + 'b'"), @r#"
    template-syntax: an import's path must be written out, not computed
      at templates/web/main.jsonnet:1:8: Jsonnet cannot read this
    "#);
}

#[test]
fn a_conflict_of_a_merge_is_called_one() {
    let conflict = "local a = 1;\n<<<<<<< HEAD\n{ a: a }\n=======\n{ b: a }\n>>>>>>> topic\n";
    assert!(refuses(conflict).contains("conflict of a merge"), "{}", refuses(conflict));
}

#[test]
fn what_is_not_an_object_is_reported() {
    insta::assert_snapshot!(refuses("3"), @r#"
    loose-value: the result is a number, not a Kubernetes object
      at templates/web/main.jsonnet: made by this program
      help: hide the field with `::`, or give its map `apiVersion` and `kind`
    "#);
    insta::assert_snapshot!(refuses("{ web: { deployment: [{ kind: 'K', spec: {} }] } }"), @r#"
    loose-value: `web.deployment[0].kind` of the result is a string, not a Kubernetes object
      at templates/web/main.jsonnet: made by this program
      help: a Kubernetes object needs both `apiVersion` and `kind`
    "#);
    insta::assert_snapshot!(refuses("{ f(x): x }"), @r#"
    loose-value: `f` of the result is a function, not a Kubernetes object
      at templates/web/main.jsonnet: made by this program
      help: hide the field with `::`, or give its map `apiVersion` and `kind`
    "#);
    insta::assert_snapshot!(refuses("{ apiVersion: 'v1', kind: 'K', spec: { f: [function(x) x] } }"), @r#"
    loose-value: `spec.f[0]` of the result is a function, not a Kubernetes object
      at templates/web/main.jsonnet: made by this program
      help: hide the field with `::`, or give its map `apiVersion` and `kind`
    "#);
}

#[test]
fn endless_recursion_ends() {
    // Without a bound on what is computed, this test hangs.
    for (what, program) in [
        ("direct", "local f(x) = f(x + 1) + 1;\nfunction(rungs) f(1)"),
        ("mutual", "local f(x) = g(x) + 1, g(x) = f(x) + 1;\nfunction(rungs) f(1)"),
        ("a tail call", "local f(x) = f(x + 1);\nfunction(rungs) f(1)"),
        ("a field", "function(rungs)\n  { a: self.b, b: self.a }"),
        ("objects", "function(rungs)\n  local f(x) = { a: f(x + 1) }; f(1)"),
        ("a list", "local f(x) = [f(x)];\nfunction(rungs) f(1)"),
        ("a value", "local a = a + 1;\nfunction(rungs) a"),
        ("an import", "function(rungs) import 'main.jsonnet'"),
    ] {
        let finding = finding(render(&[("main.jsonnet", program)], ""));
        assert!(
            ["template-endless", "template-nesting", "loose-value"].contains(&finding.code.name),
            "{what}: {}",
            text(&finding)
        );
        assert_eq!(finding.location().path().as_str(), "templates/web/main.jsonnet", "{what}");
    }
}

#[test]
fn deeply_nested_source_is_refused_at_once() {
    for (open, close) in [
        ("[", "]"),
        ("{a:", "}"),
        ("(", ")"),
        ("local a=1;", "1"),
        ("if true then ", "1"),
        ("a.", "a"),
    ] {
        for program in [open.repeat(100_000), open.repeat(100_000) + &close.repeat(100_000)] {
            let finding = finding(load(&[("main.jsonnet", &program)]));
            assert_eq!(finding.code.name, "template-nesting", "{open}");
        }
    }
}

/// Accepted source must fit on the engine's stack, in every build.
#[test]
fn source_that_is_nested_as_deep_as_allowed_is_rendered() {
    for (open, inner, close) in [
        ("[", "", "]"),
        ("{a:", "{}", "}"),
        ("local a = {};", "a", ""),
        ("if true then ", "{}", ""),
        ("if false then {} else ", "{}", ""),
        ("(function(x) ", "{}", ")(1)"),
        ("assert true;", "{}", ""),
        ("", "{}", " {}"),
    ] {
        let times = if open.contains("function") { 300 } else { 950 };
        let program =
            format!("local b = {}{inner}{}; {{}}", open.repeat(times), close.repeat(times));
        if let Err(findings) = render(&[("main.jsonnet", &program)], "") {
            panic!("{open}: {}", shown(&findings));
        }
    }
}

#[test]
fn many_threads_render_one_template() {
    let files = [
        (
            "main.jsonnet",
            "local l = import 'l.libsonnet'; function(rungs) { apiVersion: 'v1', kind: 'K', a: l.f(rungs.values.n) }",
        ),
        ("l.libsonnet", "{ f(x):: x * 2 }"),
    ];
    let template = load(&files).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let template = &template;
            scope.spawn(move || {
                for n in 0..50 {
                    let n = thread * 1000 + n;
                    let values = values(&format!("\"n\": {n}\n"));
                    let documents = template.render(&input(&values), &|_| ()).unwrap();
                    let a = documents[0].value.root().get("a").unwrap();
                    assert_eq!(a.as_number().unwrap().as_i64(), Some(n * 2));
                }
            });
        }
    });
}

/// Google's suite, rendered like a template: each case is imported by a program
/// whose only object carries its result.
#[test]
fn googles_suite_agrees_except_for_what_is_listed() {
    let Some(cases) = corpora::folder("jsonnet/cases") else { return };
    let suite = suite_files(cases.parent().unwrap());
    let mut names: Vec<_> = std::fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let failed: Vec<_> = names.iter().filter(|name| !agrees(&suite, &cases.join(name))).collect();
    println!("{} of {} agree; not: {failed:?}", names.len() - failed.len(), names.len());
    assert!(names.len() >= 173);
    assert!(names.len() - failed.len() >= 171, "not: {failed:?}");
}

fn suite_files(corpus: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut directories = vec![corpus.join("all")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.strip_prefix(corpus.join("all")).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read(&path).unwrap()));
        }
    }
    files
}

fn agrees(suite: &[(String, Vec<u8>)], case: &Path) -> bool {
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
    // The suite runs in its own directory, which `std.thisFile` shows.
    let program = read("path").trim().strip_prefix("all/").unwrap().to_owned();
    let mut memory = Memory::new();
    for (name, bytes) in suite {
        let mut bytes = bytes.clone();
        if *name == program {
            // The suite sets two external variables; a template has only ours.
            let text = String::from_utf8(bytes).unwrap();
            let text = text.replace("std.extVar('var1')", "'test'");
            let text = text.replace("std.extVar('var2')", "{ x: 1, y: 2 }");
            bytes = text.into_bytes();
        }
        memory.insert(path(name), bytes);
    }
    let main = format!(
        "local program = import '../{program}';
         {{ apiVersion: 'v1', kind: 'K', result: program{} }}",
        // The suite gives this one case the same two as arguments.
        if program == "tla.simple.jsonnet" { "('test', { x: 1, y: 2 })" } else { "" }
    );
    // A template's own directory has no files that it does not import.
    memory.insert(path("template/main.jsonnet"), main.into_bytes());
    let result = Template::load(&Tree::new(memory), &path("template"))
        .and_then(|template| template.render(&input(&values("")), &|_| ()));
    let succeeds = read("exit").trim() == "0";
    match result {
        Ok(documents) if succeeds => {
            // `std.trace` is expected on standard error, and silent here.
            let expected = read("expected");
            let lines = expected.lines().filter(|line| !line.starts_with("TRACE:"));
            let expected = values(&lines.collect::<Vec<_>>().join("\n"));
            let result = documents[0].value.root().get("result").unwrap();
            let same = result.equals(expected.root());
            if !same {
                println!("{program}: {}", rungs::yaml::emit(result));
            }
            same
        }
        Ok(_) => false,
        Err(findings) => {
            if succeeds {
                println!("{program}: {}", shown(&findings));
            }
            !succeeds
        }
    }
}

#[test]
fn an_object_of_many_fields_is_read_in_one_pass() {
    let program = "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' },
        data: { ['k' + i]: 'v' for i in std.range(1, 100000) } }";
    let text = rendered(&[("main.jsonnet", program)], "");
    assert!(text.lines().count() > 100_000);
}

#[test]
fn a_list_of_loose_values_is_one_finding() {
    insta::assert_snapshot!(refuses("std.range(1, 100000)"), @r#"
    loose-value: `[0]` of the result is a number, not a Kubernetes object
      at templates/web/main.jsonnet: made by this program, with 99999 more in its list
      help: hide the field with `::`, or give its map `apiVersion` and `kind`
    "#);
    let map = "{ ['k' + i]: i for i in std.range(1, 100000) }";
    let findings = render(&[("main.jsonnet", map)], "").unwrap_err();
    assert_eq!(findings.len(), 100);
}

/// What `std.parseYaml` makes of a text, as JSON.
fn parsed(yaml: &str) -> String {
    let program = format!(
        "function(rungs) {{ apiVersion: 'v1', kind: 'A', \
         made: std.manifestJsonMinified(std.parseYaml({})) }}",
        serde_json::to_string(yaml).unwrap()
    );
    let made = render(&[("main.jsonnet", &program)], "")
        .unwrap_or_else(|findings| panic!("{}", shown(&findings)));
    made[0].value.root().get("made").unwrap().as_str().unwrap().to_owned()
}

#[test]
fn yaml_is_read_as_kubectl_reads_it() {
    for (yaml, json) in [
        ("0644", "420"),
        ("0o644", "420"),
        ("0b101", "5"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("[yes, on, y, No, off]", "[true,true,true,false,false]"),
        ("~", "null"),
        ("", "null"),
        ("2001-12-14", "\"2001-12-14\""),
        ("'0644'", "\"0644\""),
        ("!!str 12", "\"12\""),
        ("!!int \"12\"", "12"),
        ("!!binary aGk=", "\"hi\""),
        ("a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"),
        ("1: x", "{\"1\":\"x\"}"),
        ("--- 1\n--- 2\n", "[1,2]"),
        ("---\na: 1\n", "[{\"a\":1}]"),
        ("a: |\n  ---\n", "{\"a\":\"---\\n\"}"),
    ] {
        assert_eq!(parsed(yaml), json, "{yaml}");
    }
}

#[test]
fn a_number_has_the_same_digits_as_a_text() {
    for (value, text) in [
        ("5746521940354690803", "5746521940354691072"),
        ("-5746521940354690803", "-5746521940354691072"),
        ("9007199254740993", "9007199254740992"),
        ("1e21", "1000000000000000000000"),
        ("999999999999", "999999999999"),
        ("1.5", "1.5"),
        ("-0.1", "-0.1"),
        ("'1e21'", "1e21"),
        ("[1, 'a']", "[1, \"a\"]"),
        ("null", "null"),
    ] {
        let program = format!(
            "function(rungs) {{ apiVersion: 'v1', kind: 'A', made: std.toString({value}) }}"
        );
        let made = render(&[("main.jsonnet", &program)], "")
            .unwrap_or_else(|findings| panic!("{}", shown(&findings)));
        assert_eq!(made[0].value.root().get("made").unwrap().as_str(), Some(text), "{value}");
    }
}

#[test]
fn what_is_not_yaml_is_an_error_where_it_is_read() {
    let program = "local read(text) =\n  std.parseYaml(text);\n\
                   function(rungs) { apiVersion: 'v1', kind: 'A', a: read('a: 1\\na: 2') }";
    insta::assert_snapshot!(text(&finding(render(&[("main.jsonnet", program)], ""))), @r"
    template-failed: the text is not YAML: the key `a` appears twice, in line 2
      at templates/web/main.jsonnet:2:3: called here
      at templates/web/main.jsonnet:3:51: calling `read`
    ");
    let program = "function(rungs) { apiVersion: 'v1', kind: 'A', a: std.parseYaml(1) }";
    insta::assert_snapshot!(text(&finding(render(&[("main.jsonnet", program)], ""))), @r"
    template-failed: `parseYaml` needs a string, not a number
      at templates/web/main.jsonnet:1:51: called here
    ");
    let program = "function(rungs) std.parseYaml('a') + nothing";
    insta::assert_snapshot!(text(&finding(render(&[("main.jsonnet", program)], ""))), @r"
    template-syntax: there is no variable `nothing`
      at templates/web/main.jsonnet:1:38: Jsonnet cannot read this
    ");
}

#[test]
fn everything_else_of_the_library_is_there_beside_it() {
    let program = "function(rungs) { apiVersion: 'v1', kind: std.asciiUpper(std.parseYaml('x')), file: std.thisFile }";
    assert_eq!(
        rendered(&[("main.jsonnet", program)], ""),
        "apiVersion: v1\nfile: templates/web/main.jsonnet\nkind: X\n"
    );
}

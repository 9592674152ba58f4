//! Templates that loop, grow or flood: each ends in one finding about the app, within its
//! limits, and the other apps are judged all the same.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::directory::temporary;
use crate::support::program::rungs_in;

/// The most memory that the program itself may take, in KiB.
const MOST_MEMORY: u64 = 100 << 10;

/// The limits of templates that take as long as they may.
const QUICK: [&str; 3] = ["--sandbox", "--limit-time", "3s"];

/// The limits of templates that have to come to another limit than that of time.
const PATIENT: [&str; 3] = ["--sandbox", "--limit-time", "120s"];

/// A `ConfigMap` around what a Jsonnet expression computes.
fn jsonnet(expression: &str) -> String {
    format!(
        "function(rungs) {{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {{ name: 'a' }}, \
         data: {{ x: '' + ({expression}) }} }}\n"
    )
}

/// A `ConfigMap` around what a Tera template prints.
fn tera(text: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: a }}\ndata: {{ x: \"{text}\" }}\n")
}

/// A repository with an app from those template's files, one that does not render for an
/// ordinary reason, and one that renders.
fn repository(hostile: &[(&str, String)]) -> TempDir {
    const OTHERS: [(&str, &str); 7] = [
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/qa/environment.yaml", "namespace: shop\n"),
        ("environments/qa/fine.yaml", "{}\n"),
        ("environments/qa/hostile.yaml", "{}\n"),
        ("environments/qa/wrong.yaml", "{}\n"),
        ("templates/fine/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: fine }\n"),
        ("templates/wrong/a.yaml.tera", "apiVersion: {{ values.missing }}\n"),
    ];
    let directory = temporary().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (path, text) in OTHERS {
        write(path, text);
    }
    for (name, text) in hostile {
        write(&format!("templates/hostile/{name}"), text);
    }
    directory
}

/// How a run of `render` ended.
struct Ended {
    code: Option<i32>,
    findings: Vec<Value>,
    /// The most memory that the program itself had, in KiB; none if the system does not say.
    memory: Option<u64>,
}

impl Ended {
    fn render(at: &Path, options: &[&str]) -> Self {
        let mut command = rungs_in(at);
        command.args(["--format", "json", "render"]).args(options);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let watch = thread::spawn(move || {
            let mut peak = None;
            while let Ok(status) = fs::read_to_string(&status) {
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let Some(line) = line else { break };
                peak = line.trim().trim_end_matches(" kB").parse().ok().max(peak);
                thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let output = child.wait_with_output().unwrap();
        let data: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = data["findings"].as_array().unwrap().clone();
        Self { code: output.status.code(), findings, memory: watch.join().unwrap() }
    }

    /// The codes of the findings about an app.
    fn codes(&self, app: &str) -> Vec<&str> {
        let about = self.findings.iter().filter(|finding| finding["subject"]["app"] == app);
        about.map(|finding| finding["code"].as_str().unwrap()).collect()
    }
}

/// The app ends in that finding, and the others are judged. Returns how the run ended.
#[track_caller]
fn ends_in(code: &str, hostile: &[(&str, String)], options: &[&str]) -> Ended {
    let directory = repository(hostile);
    let ended = Ended::render(directory.path(), options);
    assert_eq!(ended.codes("hostile"), [code], "{:#?}", ended.findings);
    assert_eq!(ended.codes("wrong"), ["template-undefined"], "{:#?}", ended.findings);
    assert_eq!(ended.findings.len(), 2, "{:#?}", ended.findings);
    assert_eq!(ended.code, Some(2));
    assert!(!directory.path().join("rendered").exists(), "something was written");
    if let Some(memory) = ended.memory {
        assert!(memory < MOST_MEMORY, "the program itself took {memory} KiB");
    }
    let text = serde_json::to_string(&ended.findings).unwrap();
    assert!(text.len() < 20_000, "{} bytes are not a clear answer", text.len());
    ended
}

/// As [`ends_in`], for a template of one file of that name.
#[track_caller]
fn file_ends_in(code: &str, name: &str, text: String, options: &[&str]) -> Ended {
    ends_in(code, &[(name, text)], options)
}

#[test]
fn a_jsonnet_loop_without_stack_is_stopped_with_or_without_a_sandbox() {
    let text =
        format!("local f(n) = if n < 0 then 0 else f(n + 1) tailstrict;\n{}", jsonnet("f(0)"));
    let ended = file_ends_in("render-time", "main.jsonnet", text.clone(), &QUICK);
    let message = ended.findings[0]["message"].as_str().unwrap();
    assert_eq!(message, "rendering `hostile` in `qa` took longer than 3 s");
    let labels = ended.findings[0]["labels"].as_array().unwrap();
    let paths: Vec<_> = labels.iter().map(|label| label["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["templates/hostile/main.jsonnet", "environments/qa/hostile.yaml"]);
    file_ends_in("render-time", "main.jsonnet", text, &["--limit-time", "3s"]);
}

#[test]
fn a_text_that_is_repeated_a_billion_times_is_too_much_memory() {
    for text in
        ["std.repeat('x', 1000000000)", "std.length(std.makeArray(1000000000, function(i) i))"]
    {
        file_ends_in("render-memory", "main.jsonnet", jsonnet(text), &PATIENT);
        let limit = ["--limit-memory", "256MiB", "--limit-time", "120s"];
        file_ends_in("render-memory", "main.jsonnet", jsonnet(text), &limit);
    }
}

#[test]
fn what_jsonnet_grows_by_doubling_is_too_much_memory() {
    let grow = |start: &str, result: &str| {
        let function = "local g(a, n) = if n == 0 then a else g(a + a, n - 1) tailstrict;\n";
        format!("{function}{}", jsonnet(&result.replace("GROWN", &format!("g({start}, 60)"))))
    };
    let limits = ["--sandbox", "--limit-memory", "128MiB", "--limit-time", "120s"];
    let inherited = grow("{ a+: ['x'] }", "std.toString(GROWN)");
    file_ends_in("render-memory", "main.jsonnet", inherited, &limits);
    file_ends_in("render-memory", "main.jsonnet", grow("[1]", "std.length(GROWN)"), &limits);
}

#[test]
fn ranges_inside_ranges_are_stopped() {
    let text = tera(
        "{% for i in range(end=100000) %}{% for j in range(end=100000) %}{% endfor %}{% endfor %}",
    );
    file_ends_in("render-time", "a.yaml.tera", text, &QUICK);
}

#[test]
fn what_tera_captures_is_too_much_memory() {
    let body = format!(
        "{{% for i in range(end=100000) %}}{{% for j in range(end=100000) %}}{}{{% endfor %}}{{% endfor %}}",
        "x".repeat(1000)
    );
    let set = format!("{{% set x %}}{body}{{% endset %}}{}", tera("{{ x | length }}"));
    file_ends_in("render-memory", "a.yaml.tera", set, &PATIENT);
    let filter = tera(&format!("{{% filter upper %}}{body}{{% endfilter %}}"));
    file_ends_in("render-memory", "a.yaml.tera", filter, &PATIENT);
}

/// Many `ConfigMap`s with a text of that length.
fn flood(objects: usize, length: usize) -> String {
    format!(
        "function(rungs) [{{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {{ name: 'a%d' % i }}, \
         data: {{ x: std.repeat('y', {length}) }} }} for i in std.range(1, {objects})]\n"
    )
}

#[test]
fn ten_gigabytes_are_too_much_memory_and_less_is_too_much_output() {
    file_ends_in("render-memory", "main.jsonnet", flood(1000, 10_000_000), &PATIENT);
    // Another app that does not render is found before it comes to what all render.
    let directory = repository(&[("main.jsonnet", flood(70, 1_000_000))]);
    fs::remove_file(directory.path().join("environments/qa/wrong.yaml")).unwrap();
    let ended = Ended::render(directory.path(), &PATIENT);
    assert_eq!(ended.codes("hostile"), ["render-output"], "{:#?}", ended.findings);
    assert_eq!((ended.findings.len(), ended.code), (1, Some(2)));
    assert!(!directory.path().join("rendered").exists());
    assert!(ended.memory.is_none_or(|memory| memory < MOST_MEMORY), "{:?}", ended.memory);
    let options = ["--sandbox", "--limit-output", "80MiB", "--limit-time", "120s"];
    let ended = Ended::render(directory.path(), &options);
    assert_eq!((ended.findings.len(), ended.code), (0, Some(0)), "{:#?}", ended.findings);
}

#[test]
fn a_template_that_cannot_be_parsed_in_time_or_at_all_is_named() {
    // Two parsers that are not made for that: one calls itself for each branch, and one would
    // take four times as long for twice as many signs, and is not asked.
    let branches = "{% elif 3 %}".repeat(20_000);
    let text = tera(&format!("{{% if 1 %}}{branches}{{% endif %}}"));
    file_ends_in("render-died", "a.yaml.tera", text, &PATIENT);
    let text = jsonnet(&format!("{}1", "-".repeat(200_000)));
    let directory = repository(&[("main.jsonnet", text)]);
    let ended = Ended::render(directory.path(), &["--sandbox", "--limit-time", "2s"]);
    assert_eq!(ended.findings[0]["code"], "template-syntax", "{:#?}", ended.findings);
    assert_eq!((ended.findings.len(), ended.code), (1, Some(2)));
}

#[test]
fn an_error_of_a_megabyte_is_cut() {
    let text = jsonnet("error std.repeat('x', 1000000)");
    file_ends_in("template-failed", "main.jsonnet", text, &["--sandbox"]);
}

#[test]
fn more_findings_than_anybody_reads_are_counted() {
    let text = "function(rungs) [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: \
                { name: 'A_%d' % i } } for i in std.range(1, 12000)]\n";
    let directory = repository(&[("main.jsonnet", text.to_owned())]);
    let ended = Ended::render(directory.path(), &PATIENT);
    let left_out = ended.findings.iter().find(|one| one["code"] == "findings-left-out").unwrap();
    assert_eq!(left_out["message"], "2001 more findings are not shown");
    assert_eq!((ended.findings.len(), ended.code), (10_001, Some(2)));
    assert!(ended.memory.is_none_or(|memory| memory < MOST_MEMORY), "{:?}", ended.memory);
}

#[test]
fn an_alias_bomb_in_jsonnet_is_stopped() {
    let levels = (0..20).map(|level| {
        let above = if level == 0 { "x".to_owned() } else { format!("*a{}", level - 1) };
        format!("a{level}: &a{level} [{}]", [above.as_str(); 10].join(","))
    });
    let text = levels.collect::<Vec<_>>().join("\n");
    let text = jsonnet(&format!("std.toString(std.parseYaml(|||\n{}|||))", indented(&text)));
    let directory = repository(&[("main.jsonnet", text)]);
    let ended = Ended::render(directory.path(), &QUICK);
    let [code] = ended.codes("hostile")[..] else { panic!("{:#?}", ended.findings) };
    assert!(["render-time", "render-memory", "template-failed"].contains(&code), "{code}");
    assert_eq!((ended.findings.len(), ended.code), (2, Some(2)));
}

fn indented(text: &str) -> String {
    format!("  {}\n", text.trim_end().replace('\n', "\n  "))
}

#[test]
fn includes_that_include_two_others_are_stopped() {
    let mut files = vec![("a.yaml.tera".to_owned(), tera("{% include \"_0.tera\" %}"))];
    for level in 0..40 {
        let next = format!("{{% include \"_{}.tera\" %}}", level + 1);
        files.push((format!("_{level}.tera"), format!("{next}{next}")));
    }
    files.push(("_40.tera".to_owned(), "x".to_owned()));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    ends_in("render-time", &files, &QUICK);
}

#[test]
fn a_file_outside_cannot_be_imported() {
    for name in ["/etc/passwd", "../../../etc/passwd", "/proc/self/environ"] {
        let text = jsonnet(&format!("importstr '{name}'"));
        let directory = repository(&[("main.jsonnet", text)]);
        let ended = Ended::render(directory.path(), &["--sandbox"]);
        let code = &ended.findings[0]["code"];
        assert_eq!((code.as_str(), ended.code), (Some("include-outside"), Some(2)), "{name}");
    }
}

#[test]
fn a_recursion_is_told_by_its_line() {
    let text = format!("local f(n) = 1 + f(n + 1);\n{}", jsonnet("f(0)"));
    let ended = file_ends_in("template-endless", "main.jsonnet", text, &["--sandbox"]);
    let hostile = ended.findings.iter().find(|one| one["code"] == "template-endless").unwrap();
    assert_eq!(hostile["labels"][0]["line"], 1);
}

#[test]
fn memory_that_no_single_app_takes_names_no_app() {
    let directory = repository(&[]);
    for app in 0..60 {
        let settings = directory.path().join(format!("environments/qa/part{app}.yaml"));
        fs::write(settings, "template: part\n").unwrap();
    }
    for app in ["hostile", "wrong"] {
        fs::remove_file(directory.path().join(format!("environments/qa/{app}.yaml"))).unwrap();
    }
    let template = directory.path().join("templates/part");
    fs::create_dir(&template).unwrap();
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: \"{{ app }}\" }\ndata:\n\
                {% for i in range(end=20000) %}  k{{ i }}: \"{{ i }}\"\n{% endfor %}";
    fs::write(template.join("a.yaml.tera"), text).unwrap();
    let ended =
        Ended::render(directory.path(), &["--limit-memory", "96MiB", "--limit-time", "120s"]);
    assert_eq!(ended.findings.len(), 1, "{:#?}", ended.findings);
    assert_eq!(ended.findings[0]["code"], "render-memory");
    assert_eq!(ended.findings[0]["subject"], Value::Null);
    assert_eq!(ended.code, Some(2));
    let ended = Ended::render(directory.path(), &[]);
    assert_eq!((ended.findings.len(), ended.code), (0, Some(0)), "{:#?}", ended.findings);
}

#[test]
fn many_apps_that_take_too_much_are_given_up_after_a_few_times() {
    let directory = repository(&[("main.jsonnet", flood(1000, 10_000_000))]);
    for app in 0..20 {
        let settings = directory.path().join(format!("environments/qa/more{app}.yaml"));
        fs::write(settings, "template: hostile\n").unwrap();
    }
    let ended = Ended::render(
        directory.path(),
        &["--sandbox", "--limit-memory", "64MiB", "--limit-time", "120s"],
    );
    assert_eq!(ended.code, Some(2));
    let count = |code: &str| ended.findings.iter().filter(|one| one["code"] == code).count();
    assert!(count("render-memory") >= 4, "{:#?}", ended.findings);
    assert_eq!(count("render-abandoned"), 1, "{:#?}", ended.findings);
}

/// Writes files over those of [`repository`], without the app that does not render.
fn with_files(directory: &TempDir, files: &[(&str, &str)]) {
    fs::remove_file(directory.path().join("environments/qa/wrong.yaml")).unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn an_app_that_would_only_fail_for_what_nobody_does_is_not_blamed() {
    // The image is known to be used from qa, so prod is never rendered with another one.
    let bomb = "local f(n, a) = if n == 0 then std.length(a) else f(n - 1, a + a) tailstrict;\n";
    let innocent = format!(
        "{bomb}function(rungs) {{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {{ name: 'b' }}, \
         data: {{ s: '' + std.foldl(function(a, b) a + b, std.range(1, 300000), 0), x: if \
         rungs.environment == 'prod' && rungs.images.web.tag != 'v1' then '' + f(60, 'abc') else \
         rungs.images.web.tag }} }}\n"
    );
    let hostile = format!("{bomb}{}", jsonnet("f(60, 'abc')"));
    let directory = repository(&[("main.jsonnet", hostile)]);
    with_files(
        &directory,
        &[
            ("rungs.yaml", "version: 1\nladder: [qa, prod]\n"),
            ("environments/prod/environment.yaml", "namespace: prod\n"),
            ("environments/prod/innocent.yaml", "{}\n"),
            ("environments/qa/innocent.yaml", "{}\n"),
            ("environments/innocent.yaml", "images: { web: { repository: r/w, tag: v1 } }\n"),
            ("templates/innocent/main.jsonnet", &innocent),
        ],
    );
    let ended = Ended::render(directory.path(), &PATIENT);
    assert_eq!(ended.codes("hostile"), ["render-memory"], "{:#?}", ended.findings);
    assert_eq!((ended.findings.len(), ended.code), (1, Some(2)), "{:#?}", ended.findings);
}

#[test]
fn an_app_that_only_fails_without_a_value_is_found_by_a_check() {
    let template = "local f(n, a) = if n == 0 then std.length(a) else f(n - 1, a + a) tailstrict;\n\
        function(rungs) { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: \
        { x: if std.objectHas(rungs.values, 'shared') then '1' else '' + f(60, 'abc') } }\n";
    let directory = repository(&[("main.jsonnet", template.to_owned())]);
    let shared = "namespace: shop\nvalues: { shared: 1 }\n";
    with_files(&directory, &[("environments/qa/environment.yaml", shared)]);
    let options = ["--check", "--sandbox", "--limit-time", "120s"];
    let ended = Ended::render(directory.path(), &options);
    assert_eq!(ended.codes("hostile"), ["render-memory"], "{:#?}", ended.findings);
    assert_eq!(ended.code, Some(2));
    assert_eq!(Ended::render(directory.path(), &PATIENT).code, Some(0));
}

#[test]
fn an_app_whose_objects_are_too_much_to_write_is_found_without_an_engine() {
    // Deep and wide in one line of YAML: a line of its own for each item, far to the right.
    let (open, close) = ("[".repeat(150), "]".repeat(150));
    let loops =
        "{% for i in range(end=15) %}{% for j in range(end=100000) %}1,{% endfor %}{% endfor %}";
    let text = format!(
        "apiVersion: v1\nkind: Wide\nmetadata: {{ name: a }}\nspec: {open}{loops}{close}\n"
    );
    let directory = repository(&[("a.yaml.tera", text)]);
    with_files(&directory, &[]);
    let ended = Ended::render(directory.path(), &PATIENT);
    assert_eq!(ended.codes("hostile"), ["render-memory"], "{:#?}", ended.findings);
    assert_eq!((ended.findings.len(), ended.code), (1, Some(2)), "{:#?}", ended.findings);
}

#[test]
fn ordinary_findings_of_any_size_are_told() {
    let secrets =
        (0..60_000).map(|at| format!("  k{at}: value{at}\n")).collect::<Vec<_>>().concat();
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ name: s, labels: 3 }}\nstringData:\n{secrets}"
    );
    let directory = repository(&[("a.yaml", secret)]);
    let pin = format!("template: hostile@{}\n", "a".repeat(1_200_000));
    with_files(&directory, &[]);
    let ended = Ended::render(directory.path(), &PATIENT);
    assert_eq!(ended.codes("hostile"), ["object-field-type"], "{:#?}", ended.findings);
    assert_eq!(ended.findings[0]["labels"][0]["line"], 3);
    fs::write(directory.path().join("environments/qa/hostile.yaml"), pin).unwrap();
    let ended = Ended::render(directory.path(), &PATIENT);
    assert_eq!(ended.findings.len(), 1);
    assert_eq!(ended.findings[0]["code"], "no-git-repository");
}

#[test]
fn what_is_one_finding_counts_once() {
    let text = "function(rungs) [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a%d' % i, \
                labels: 3 } } for i in std.range(1, 15000)]\n";
    let directory = repository(&[("main.jsonnet", text.to_owned())]);
    with_files(&directory, &[]);
    let ended = Ended::render(directory.path(), &PATIENT);
    let left_out = ended.findings.iter().filter(|one| one["code"] == "findings-left-out");
    assert_eq!(left_out.count(), usize::from(ended.findings.len() > 10_000));
}

#[test]
fn what_environments_bring_is_no_apps_output() {
    let directory = repository(&[("a.yaml", tera("x"))]);
    let access = (0..200)
        .map(|at| format!("  - {{ group: g{at}, role: view }}\n"))
        .collect::<Vec<_>>()
        .concat();
    let environment = format!("namespace: shop\naccess:\n{access}");
    with_files(&directory, &[("environments/qa/environment.yaml", &environment)]);
    let ended = Ended::render(directory.path(), &["--limit-output", "8KiB"]);
    assert_eq!(ended.findings.len(), 1, "{:#?}", ended.findings);
    assert_eq!(ended.findings[0]["code"], "render-output");
    assert_eq!(ended.findings[0]["subject"], Value::Null);
}

//! Bad input: one clear answer at once, with file, line and help, exit code 2,
//! and nothing written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use crate::support::program::rungs;

/// A repository with one environment and one app, whose files each case spoils.
struct Repository {
    directory: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { directory: crate::support::directory::temporary().unwrap() };
        repository
            .write("rungs.yaml", "version: 1\nladder: [qa]\n")
            .write("environments/qa/web.yaml", "values: { replicas: 1 }\n")
            .write("templates/web/values.yaml", "replicas: 2\n")
            .write("templates/web/config.yaml.tera", CONFIG)
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn link(self, path: &str, target: impl AsRef<Path>) -> Self {
        symlink(target, self.path().join(path)).unwrap();
        self
    }

    fn render(&self) -> Output {
        rungs(self.path(), &["--color", "never", "render"])
    }

    /// Rendering is refused with exit code 2, the message has each of the `words`
    /// and help, and nothing is written.
    #[track_caller]
    fn is_refused(&self, words: &[&str]) {
        let output = self.render();
        let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
        assert_eq!(output.status.code(), Some(2), "{message}");
        for word in words {
            assert!(message.contains(word), "`{word}` is not in the message:\n{message}");
        }
        assert!(message.contains("help: "), "no help is given:\n{message}");
        assert!(!self.path().join("rendered").exists(), "something was written");
        assert!(message.len() < 20_000, "{} bytes are not a clear answer", message.len());
    }
}

const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  replicas: {{ values.replicas | quote }}
";

#[test]
fn the_unspoilt_repository_renders() {
    let repository = Repository::new();
    let output = repository.render();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = fs::read_to_string(repository.path().join("rendered/qa/web/configmap-web.yaml"));
    assert!(written.unwrap().contains("replicas: \"1\""));
}

#[test]
fn a_missing_variable() {
    let template = CONFIG.replace("values.replicas", "values.replica");
    Repository::new().write("templates/web/config.yaml.tera", template).is_refused(&[
        "templates/web/config.yaml.tera:6:23",
        "replica",
        "did you mean `replicas`?",
    ]);
}

#[test]
fn a_misspelt_key() {
    Repository::new().write("environments/qa/web.yaml", "vlaues: { replicas: 1 }\n").is_refused(&[
        "environments/qa/web.yaml:1:1",
        "vlaues",
        "did you mean `values`?",
    ]);
}

#[test]
fn indentation_by_tab() {
    Repository::new()
        .write("environments/qa/web.yaml", "values:\n\treplicas: 1\n")
        .is_refused(&["environments/qa/web.yaml:2:1", "tab"]);
}

#[test]
fn a_template_that_emits_broken_yaml() {
    let template = CONFIG
        .replace("  replicas: {{ values.replicas | quote }}", "  a: b\n {{ values.replicas }}: c");
    Repository::new()
        .write("templates/web/config.yaml.tera", template)
        .is_refused(&["templates/web/config.yaml.tera:7:"]);
}

#[test]
fn an_import_from_outside_the_repository() {
    let outside = crate::support::directory::temporary().unwrap();
    fs::write(outside.path().join("secret.libsonnet"), "{}").unwrap();
    let absolute = outside.path().join("secret.libsonnet");
    for import in ["../../../secret.libsonnet", absolute.to_str().unwrap(), "/etc/passwd"] {
        for keyword in ["import", "importstr", "importbin"] {
            Repository::new()
                .write("templates/web/main.jsonnet", format!("\n{keyword} '{import}'\n"))
                .is_refused(&["templates/web/main.jsonnet:2:", "repository"]);
        }
    }
}

#[test]
fn an_import_through_a_link_out_of_the_repository() {
    let outside = crate::support::directory::temporary().unwrap();
    fs::write(outside.path().join("secret.libsonnet"), "{}").unwrap();
    Repository::new()
        .write("templates/web/main.jsonnet", "import 'lib/secret.libsonnet'\n")
        .link("templates/web/lib", outside.path())
        .is_refused(&["templates/web/main.jsonnet:1:", "templates/web/lib", "repository"]);
}

#[test]
fn a_link_out_of_the_repository_in_place_of_a_file() {
    Repository::new().link("templates/web/passwd.yaml", "/etc/passwd").is_refused(&["passwd.yaml"]);
    Repository::new().link("environments/qa/other.yaml", "/etc/passwd").is_refused(&["other.yaml"]);
}

#[test]
fn git_read_from_a_template() {
    for path in ["../../.git/config", "../../.GIT/config"] {
        Repository::new()
            .write(
                ".git/config",
                "[remote \"origin\"]\n\turl = https://user:hunter2@git.example.com\n",
            )
            .write("templates/web/main.jsonnet", format!("importstr '{path}'\n"))
            .is_refused(&["templates/web/main.jsonnet:1:", ".git"]);
    }
    Repository::new()
        .write(".git/config", "x")
        .write("templates/web/a.yaml.tera", "{% include \"../../.git/config\" %}\n")
        .is_refused(&["templates/web/a.yaml.tera:1:"]);
}

#[test]
fn endless_jsonnet_recursion() {
    for program in [
        "local f(x) = f(x + 1); f(0)",
        "local f(x) = 1 + f(x), g(x) = f(x); g(0)",
        "local a = { b: $.c, c: $.b }; a",
        "local a = [a]; a",
    ] {
        Repository::new()
            .write("templates/web/main.jsonnet", program)
            .is_refused(&["templates/web/main.jsonnet"]);
    }
}

#[test]
fn endless_includes() {
    Repository::new()
        .write("templates/web/_a.tera", "{% include \"_b.tera\" %}\n")
        .write("templates/web/_b.tera", "\n{% include \"_a.tera\" %}\n")
        .write("templates/web/a.yaml.tera", "{% include \"_a.tera\" %}\n")
        .is_refused(&["templates/web/_"]);
}

#[test]
fn billion_laughs() {
    let level = |level: usize| match level {
        0 => format!("a0: &a0 [{}]", ["lol"; 10].join(", ")),
        level => {
            let below = format!("*a{}", level - 1);
            format!("a{level}: &a{level} [{}]", vec![below; 10].join(", "))
        }
    };
    let laughs = (0..12).map(level).collect::<Vec<_>>();
    let values = format!("values:\n  {}\n", laughs.join("\n  "));
    let laughs = laughs.join("\n");
    Repository::new()
        .write("environments/qa/web.yaml", values)
        .is_refused(&["environments/qa/web.yaml:"]);
    Repository::new()
        .write("templates/web/laughs.yaml", laughs)
        .is_refused(&["templates/web/laughs.yaml:"]);
}

#[test]
fn a_hundred_thousand_brackets() {
    let brackets = "[".repeat(100_000);
    Repository::new()
        .write("environments/qa/web.yaml", format!("values: {brackets}"))
        .is_refused(&["environments/qa/web.yaml:1:"]);
    Repository::new()
        .write("templates/web/a.yaml", &brackets)
        .is_refused(&["templates/web/a.yaml:1:"]);
    Repository::new()
        .write("templates/web/a.yaml.tera", &brackets)
        .is_refused(&["templates/web/a.yaml.tera:1:"]);
    Repository::new()
        .write("templates/web/main.jsonnet", &brackets)
        .is_refused(&["templates/web/main.jsonnet"]);
}

#[test]
fn a_values_file_of_fifty_megabytes() {
    let line = "key: value\n";
    let large = line.repeat((50 << 20) / line.len());
    Repository::new()
        .write("templates/web/values.yaml", large)
        .is_refused(&["templates/web/values.yaml", "4 MiB"]);
}

#[test]
fn a_file_that_is_not_utf8() {
    Repository::new()
        .write("environments/qa/web.yaml", b"values:\n  name: gr\xfc\xdfe\n")
        .is_refused(&["environments/qa/web.yaml:2:11", "UTF-8"]);
    Repository::new()
        .write("templates/web/latin.yaml", b"a: \xe9\n")
        .is_refused(&["templates/web/latin.yaml", "UTF-8"]);
}

#[test]
fn names_that_yaml_reads_as_something_else() {
    for name in ["no", "on", "1e3", "null", "0644"] {
        Repository::new()
            .write("rungs.yaml", format!("version: 1\nladder: [{name}]\n"))
            .write(&format!("environments/{name}/web.yaml"), "template: web\n")
            .is_refused(&["rungs.yaml:2:10", name, "quote it"]);
    }
}

#[test]
fn a_name_that_cannot_be_shown_is_shown_as_something_that_can() {
    let repository = Repository::new().write("environments/qa/we\u{1b}[31mb.yaml", "");
    let output = repository.render();
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.contains(&0x1b), "an escape sequence reached the terminal");
}

#[test]
fn every_problem_of_every_file_is_reported_in_one_run() {
    let repository = Repository::new()
        .write("environments/qa/web.yaml", "vlaues: {}\nimages: { web: { tga: v1 } }\n")
        .write("environments/qa/environment.yaml", "teir: production\n")
        .write("rungs.yaml", "version: 1\nladder: [qa, stagee]\n")
        .write("environments/stage/web.yaml", "");
    repository.is_refused(&["vlaues", "tga", "teir", "stagee", "did you mean `stage`?"]);
}

//! The command as a person or a build uses it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::support::program::{rungs, stderr, stdout};

const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// A directory with these files in it.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = crate::support::directory::temporary().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("OLD", OLD).replace("NEW", NEW)).unwrap();
    }
    directory
}

fn read(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).unwrap().replace(OLD, "OLD").replace(NEW, "NEW")
}

/// Sets `arguments` in the file, and expects either that text afterwards or a refusal
/// with that code.
#[track_caller]
pub(crate) fn check(name: &str, before: &str, arguments: &[&str], after: Result<&str, &str>) {
    let directory = directory(&[(name, before)]);
    let arguments: Vec<_> = arguments.iter().map(|text| text.replace("NEW", NEW)).collect();
    let mut all = vec!["set".to_owned(), "--in".to_owned(), name.to_owned()];
    all.extend(arguments);
    let output = rungs(directory.path(), &all);
    let errors = stderr(&output);
    match after {
        Ok(after) => {
            assert_eq!(output.status.code(), Some(0), "{errors}");
            assert_eq!(read(directory.path(), name), after);
        }
        Err(code) => {
            let status = if code == "nothing-matches" { 2 } else { 1 };
            assert_eq!(output.status.code(), Some(status), "{errors}");
            assert!(errors.contains(&format!("[{code}]")), "{errors}");
            assert_eq!(read(directory.path(), name), before);
        }
    }
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  \
                   - name: app\n    image: ghcr.io/shop/web:v1 # web\n";

const TWO: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  \
                   - {name: app, image: ghcr.io/shop/web:v1}\n  - {name: db, image: redis:7}\n";

#[test]
fn an_image_is_named_by_container_last_segment_or_repository_or_is_the_only_one() {
    let after = POD.replace("web:v1", "web:v2");
    for argument in [
        "ghcr.io/shop/web:v2",
        "app=:v2",
        "web=:v2",
        "p/app=:v2",
        "ghcr.io/shop/web=:v2",
        "web=ghcr.io/shop/web:v2",
        ":v2",
        "oci://ghcr.io/shop/web:v2",
    ] {
        check("pod.yaml", POD, &[argument], Ok(&after));
    }
}

#[test]
fn a_repository_is_the_same_however_the_registry_is_written() {
    check("pod.yaml", TWO, &["docker.io/library/redis:8"], Ok(&TWO.replace("redis:7", "redis:8")));
}

#[test]
fn a_tag_alone_needs_a_name_if_there_are_several_images() {
    check("pod.yaml", TWO, &[":v2"], Err("which-image"));
}

#[test]
fn a_name_that_means_two_repositories_is_refused() {
    let text = TWO.replace("redis:7", "quay.io/shop/web:v1");
    check("pod.yaml", &text, &["web=:v2"], Err("which-image"));
    let after = text.replace("quay.io/shop/web:v1", "quay.io/shop/web:v2");
    check("pod.yaml", &text, &["quay.io/shop/web=:v2"], Ok(&after));
}

#[test]
fn another_repository_is_refused_unless_it_is_allowed() {
    check("pod.yaml", POD, &["app=quay.io/shop/web:v2"], Err("other-repository"));
    let after = POD.replace("ghcr.io/shop/web:v1", "quay.io/shop/web:v2");
    check("pod.yaml", POD, &["app=quay.io/shop/web:v2", "--repository"], Ok(&after));
}

const KUSTOMIZATION: &str = "images:\n  - name: web\n    newName: ghcr.io/shop/web\n    \
                             newTag: v1\n    digest: OLD\n";

#[test]
fn a_digest_is_never_left_beside_a_tag_that_it_does_not_belong_to() {
    let file = "kustomization.yaml";
    check(file, KUSTOMIZATION, &["web=:v2"], Err("stale-digest"));
    let both = KUSTOMIZATION.replace("v1", "v2").replace("OLD", "NEW");
    check(file, KUSTOMIZATION, &["web=:v2@NEW"], Ok(&both));
    let without = KUSTOMIZATION.replace("v1", "v2").replace("    digest: OLD\n", "");
    check(file, KUSTOMIZATION, &["web=:v2", "--drop-digest"], Ok(&without));
    let pinned = POD.replace("web:v1", "web:v1@OLD");
    check("pod.yaml", &pinned, &["web=:v2"], Err("stale-digest"));
    check("pod.yaml", &pinned, &["web=:v2@NEW"], Ok(&POD.replace("web:v1", "web:v2@NEW")));
}

#[test]
fn a_digest_that_is_given_is_added() {
    let before = "images:\n- name: web\n  newTag: v1 # tag\n# end\n";
    let after = "images:\n- name: web\n  newTag: v2 # tag\n  digest: NEW\n# end\n";
    check("kustomization.yaml", before, &["web=:v2@NEW"], Ok(after));
}

#[test]
fn what_is_not_found_is_refused_with_a_suggestion() {
    let directory = directory(&[("pod.yaml", POD)]);
    for (arguments, suggested) in [
        (vec!["ghcr.io/shop/wep:v2"], "ghcr.io/shop/web"),
        (vec!["--route", "spec.contaners[0].image=x"], "spec.containers[0].image"),
    ] {
        let arguments: Vec<_> = ["set", "--in", "pod.yaml"].into_iter().chain(arguments).collect();
        let output = rungs(directory.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains(&format!("did you mean `{suggested}`?")),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_route_sets_what_it_leads_to() {
    let text =
        "web:\n  replicas: 2 # two\n  tag: 1.9\n  flag: \"false\"\n---\njob: {replicas: 2}\n";
    let set = |argument: &str, after: &str| {
        check("values.yaml", text, &["--route", argument], Ok(after));
    };
    set("web.replicas=3", &text.replace("replicas: 2 #", "replicas: 3 #"));
    set("web.tag=1.10", &text.replace("1.9", "\"1.10\""));
    set("web.flag=true", &text.replace("false", "true"));
}

#[test]
fn a_route_that_leads_to_several_places_is_refused() {
    let charts = "helmCharts:\n- {name: g, namespace: a, version: 1.2.3}\n- {name: g, namespace: \
                  b, version: 1.2.3}\n";
    let refused = |name: &str, text: &str, route: &str| {
        check(name, text, &["--route", route], Err("ambiguous-route"));
    };
    refused("kustomization.yaml", charts, "helmCharts[name=g].version=1.2.4");
    let after = charts.replace("b, version: 1.2.3", "b, version: 1.2.4");
    for route in ["helmCharts[namespace=b].version=1.2.4", "helmCharts[1].version=1.2.4"] {
        check("kustomization.yaml", charts, &["--route", route], Ok(&after));
    }
    let two = "kind: Deployment\nspec: {replicas: 1}\n---\nkind: Job\nspec: {replicas: 1}\n";
    refused("two.yaml", two, "spec.replicas=3");
    refused("nested.yaml", "a: [{k: x, b: [{k: z, v: 1}, {k: z, v: 1}]}]\n", "a[k=x].b[k=z].v=2");
    // The first of them does not have what follows.
    let second = "a: [{k: x, b: []}, {k: x, b: [{k: z, v: 1}]}]\n";
    let after = second.replace("v: 1", "v: 2");
    check("second.yaml", second, &["--route", "a[k=x].b[k=z].v=2"], Ok(&after));
    // An alias repeats the one place.
    let once = "a: [&m {k: x, v: 1}, *m]\n";
    check("once.yaml", once, &["--route", "a[k=x].v=2"], Ok(&once.replace("v: 1", "v: 2")));
}

#[test]
fn a_route_is_set_in_each_named_file_and_in_one_below_a_directory() {
    let text = "spec: {replicas: 1}\n";
    let directory = directory(&[("d/a.yaml", text), ("d/b.yaml", text)]);
    let route = ["--route", "spec.replicas=3"];
    let output = rungs(directory.path(), &[&["set", "--in", "d"], &route[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("[ambiguous-route]"), "{said}");
    assert!(said.contains("d/a.yaml:1") && said.contains("d/b.yaml:1"), "{said}");
    assert_eq!(read(directory.path(), "d/a.yaml"), text);
    let named = ["set", "--in", "d/a.yaml", "--in", "d/b.yaml"];
    let output = rungs(directory.path(), &[&named, &route[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for name in ["d/a.yaml", "d/b.yaml"] {
        assert_eq!(read(directory.path(), name), text.replace('1', "3"));
    }
}

const SOURCES: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: deploy}
spec:
  url: ssh://git@github.com/shop/deploy.git
  ref: {tag: v1}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  source: {repoURL: \"https://github.com/shop/deploy\", targetRevision: v1, path: .}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec:
  from: https://github.com/shop/deploy/base?timeout=90&ref=v1&depth=1
  other: https://github.com/shop/deploy-old?ref=v1
  version: git::https://github.com/shop/deploy//crd?version=v1
";

#[test]
fn a_git_repository_is_set_wherever_its_address_is_in_any_form() {
    let after = SOURCES
        .replace("tag: v1}", "tag: v2}")
        .replace("targetRevision: v1", "targetRevision: v2")
        .replace("90&ref=v1", "90&ref=v2")
        .replace("version=v1", "version=v2");
    for url in [
        "https://github.com/shop/deploy",
        "git@github.com:shop/deploy.git",
        "ssh://git@github.com:2222/shop/deploy",
        "https://GitHub.com/Shop/deploy.git/",
    ] {
        check("sources.yaml", SOURCES, &["--git", &format!("{url}=v2")], Ok(&after));
    }
    let wrong = ["--git", "https://github.com/shop/deploys=v2"];
    check("sources.yaml", SOURCES, &wrong, Err("nothing-matches"));
}

#[test]
fn an_artifact_and_a_chart_of_flux_are_set() {
    let text = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app}
spec:
  url: oci://ghcr.io/shop/charts/app
  ref:
    tag: 1.2.3
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: redis}
spec:
  chart:
    spec: {chart: redis, version: 1.2.3}
";
    let after = text.replace("tag: 1.2.3", "tag: 1.2.4");
    check("app.yaml", text, &["oci://ghcr.io/shop/charts/app=:1.2.4"], Ok(&after));
    let after = text.replace("version: 1.2.3", "version: 1.2.4");
    check("app.yaml", text, &["--git", "redis=1.2.4"], Ok(&after));
}

/// Releases of Flux, each with its name, chart and source.
fn releases(all: &[(&str, &str, &str)]) -> String {
    let release = |(name, chart, source): &(&str, &str, &str)| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: \
             {name}}}\nspec:\n  chart:\n    spec:\n      chart: {chart}\n      version: 1.2.3 # \
             {name}/{chart}\n      sourceRef: {{kind: HelmRepository, name: {source}}}\n---\n"
        )
    };
    all.iter().map(release).collect()
}

#[test]
fn a_name_means_a_chart_before_an_object() {
    let set = |text: &str, name: &str, changed: &[&str]| {
        let after = changed.iter().fold(text.to_owned(), |text, one| {
            text.replace(&format!("1.2.3 # {one}\n"), &format!("1.2.4 # {one}\n"))
        });
        assert_eq!(after != text, !changed.is_empty());
        check("r.yaml", text, &["--git", &format!("{name}=1.2.4")], Ok(&after));
    };
    let refused = |text: &str, name: &str| {
        check("r.yaml", text, &["--git", &format!("{name}=1.2.4")], Err("which-source"));
    };
    let text = releases(&[("web", "web", "x"), ("web", "other", "x"), ("redis", "web", "x")]);
    set(&text, "web", &["web/web", "redis/web"]);
    set(&text, "redis", &["redis/web"]);
    set(&text, "other", &["web/other"]);
    refused(&releases(&[("web", "a", "x"), ("web", "b", "x")]), "web");
    refused(&releases(&[("a", "web", "x"), ("b", "web", "y")]), "web");
}

#[test]
fn charts_of_one_name_from_several_repositories_are_refused() {
    let text = "helmCharts:\n- {name: g, repo: https://a.example.com/x, version: 1.2.3}\n- {name: g, \
                repo: https://b.example.com/x, version: 1.2.3}\n";
    check("kustomization.yaml", text, &["--git", "g=1.2.4"], Err("which-source"));
    let after = text.replacen("1.2.3", "1.2.4", 1);
    check("kustomization.yaml", text, &["--git", "https://a.example.com/x=1.2.4"], Ok(&after));
    let two = text.replace("- {name: g, repo: https://b", "- {name: h, repo: https://a");
    check("kustomization.yaml", &two, &["--git", "https://a.example.com/x=1"], Err("which-source"));
}

#[test]
fn of_several_addresses_the_most_specific_counts() {
    let text = "resources:\n- https://github.com/o/svc/config/a?ref=v1\n- \
                https://github.com/o/svc/config/b?ref=v1\n- https://github.com/o/svc?ref=v1\n";
    let after = text.replace("a?ref=v1", "a?ref=v3").replace("=v1", "=v2");
    let (whole, part) = ("https://github.com/o/svc=v2", "git@github.com:o/svc/config/a=v3");
    for [first, second] in [[whole, part], [part, whole]] {
        check("kustomization.yaml", text, &["--git", first, "--git", second], Ok(&after));
    }
    let twice = ["--git", whole, "--git", "https://github.com/o/svc=v3"];
    check("kustomization.yaml", text, &twice, Err("two-values"));
}

#[test]
fn images_are_found_wherever_pods_are_embedded() {
    let text = "\
apiVersion: batch/v1
kind: CronJob
metadata: {name: job}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers: [{name: init, image: \"web:1\"}]
          containers: [{name: job, image: 'web:1'}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: rollout}
spec: {template: {spec: {containers: [{name: a, image: web:1}]}}}
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: task}
spec: {steps: [{name: build, image: web:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: debug}
spec: {ephemeralContainers: [{name: e, image: web:1}], containers: [{name: w, image: other:1}]}
---
image: {repository: web, tag: 1}
";
    let after = text.replace("web:1", "web:2").replace("tag: 1}", "tag: 2}");
    check("all.yaml", text, &["web:2"], Ok(&after));
}

#[test]
fn what_repeats_an_image_changes_with_it() {
    let maps = "image: &image\n  repository: web\n  tag: v1\nside: *image\nm: {<<: *image, x: 1}\n";
    check("values.yaml", maps, &["web=:v2"], Ok(&maps.replace("v1", "v2")));
    let inside = "m:\n  image: &image {repository: web, tag: v1}\n  <<: *image\n";
    check("values.yaml", inside, &["web=:v2"], Ok(&inside.replace("v1", "v2")));
    let scalars = "a: {image: &whole web:v1}\nb: {image: *whole}\n";
    check("values.yaml", scalars, &["web=:v2"], Ok(&scalars.replace("v1", "v2")));
}

#[test]
fn what_repeats_an_anchor_that_is_no_site_changes_there() {
    let text = "name: &whole web:v1\nweb: {image: *whole}\n";
    check("values.yaml", text, &["web=:v2"], Ok(&text.replace("v1", "v2")));
    let two = "tag: &tag v1\nweb: {image: {repository: x/web, tag: *tag}}\njob: {image: {repository: \
               x/job, tag: *tag}}\n";
    check("values.yaml", two, &["x/web:v2", "x/job:v2"], Ok(&two.replace("v1", "v2")));
    check("values.yaml", two, &["x/web:v2", "x/job:v3"], Err("two-values"));
    check("values.yaml", two, &["x/web:v2"], Err("shared-anchor"));
}

#[test]
fn an_image_whose_repository_comes_by_a_merge_changes_as_well() {
    let text = "web: &web\n  repository: x/web\n  pull: Always\n  tag: v1\nside:\n  <<: *web\n  \
                tag: v1 # its own\n";
    check("values.yaml", text, &["x/web:v2"], Ok(&text.replace("v1", "v2")));
    check("values.yaml", text, &["x/web:v2@NEW"], Ok(&text.replace("v1", "v2@NEW")));
}

#[test]
fn what_an_alias_would_change_of_another_image_is_refused() {
    let tag = "web:\n  image: {repository: x/web, tag: &tag v1}\njob:\n  \
               image: {repository: x/job, tag: *tag}\n";
    check("values.yaml", tag, &["x/web:v2"], Err("shared-anchor"));
    check("values.yaml", tag, &["x/job:v2"], Err("shared-anchor"));
    check("values.yaml", tag, &["x/web:v2", "x/job:v2"], Ok(&tag.replace("v1", "v2")));
    check("values.yaml", tag, &["x/web:v2", "x/job:v3"], Err("two-values"));
    let merged = "web: &web {repository: x/web, tag: v1}\njob: {<<: *web, repository: x/job}\n";
    check("values.yaml", merged, &["x/web:v2"], Err("shared-anchor"));
    let kustomization = "images:\n- {name: web, newTag: &t v1}\n- {name: job, newTag: *t}\n";
    check("kustomization.yaml", kustomization, &["web=:v2"], Err("shared-anchor"));
    let both = kustomization.replace("v1", "v2");
    check("kustomization.yaml", kustomization, &["web=:v2", "job=:v2"], Ok(&both));
}

#[test]
fn a_tag_is_quoted_where_some_reader_prints_it_differently() {
    let text = "image:\n  repository: x/web\n  tag: 39 # build number\n";
    for (tag, written) in [
        ("40", "40"),
        ("999999", "999999"),
        ("1000000", "\"1000000\""),
        ("20240131", "\"20240131\""),
        ("0644", "\"0644\""),
        ("1e3", "\"1e3\""),
        ("0x1F", "\"0x1F\""),
        ("1_000", "\"1_000\""),
        ("2024-01-31", "\"2024-01-31\""),
    ] {
        let after = text.replace("39", written);
        check("values.yaml", text, &[&format!("x/web:{tag}")], Ok(&after));
        check("values.yaml", text, &["--route", &format!("image.tag={tag}")], Ok(&after));
    }
    let plain = "x:\n  tag: 5\n  replicas: 2\n";
    let after = plain.replace('5', "\"2000000\"").replace("s: 2", "s: 3");
    let routes = ["--route", "x.tag=2000000", "--route", "x.replicas=3"];
    check("values.yaml", plain, &routes, Ok(&after));
}

#[test]
fn an_encrypted_file_is_not_edited() {
    let text = "image: {repository: web, tag: v1}\nsops: {mac: x}\n";
    check("values.yaml", text, &["web=:v2"], Err("sealed-file"));
}

#[test]
fn two_values_for_one_place_are_refused() {
    check("pod.yaml", POD, &["web=:v2", "app=:v3"], Err("two-values"));
    check("pod.yaml", POD, &["web=:v2", "app=:v2"], Ok(&POD.replace("web:v1", "web:v2")));
}

#[test]
fn if_one_file_is_refused_none_is_changed() {
    let template = "{{ if .Values.on }}\nimage: ghcr.io/shop/web:v1\n{{ end }}\n";
    let directory = directory(&[("a.yaml", POD), ("chart/b.yaml", template)]);
    let output = rungs(directory.path(), &["set", "--in", ".", "ghcr.io/shop/web:v2"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("edit-template"), "{}", stderr(&output));
    assert_eq!(read(directory.path(), "a.yaml"), POD);
    // One that does not even name the image is passed over.
    fs::write(directory.path().join("chart/b.yaml"), "{{ x }}: [\n").unwrap();
    let output = rungs(directory.path(), &["set", "--in", ".", "ghcr.io/shop/web:v2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(read(directory.path(), "a.yaml").contains("web:v2"));
}

#[test]
fn a_file_keeps_its_mode_and_nothing_is_left_beside_it() {
    let directory = directory(&[("pod.yaml", POD)]);
    let path = directory.path().join("pod.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let output = rungs(directory.path(), &["set", "--in", "pod.yaml", "web=:v2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_link_out_of_its_directory_is_not_followed() {
    let outside = directory(&[("pod.yaml", POD)]);
    let directory = directory(&[("inner/pod.yaml", POD)]);
    symlink(outside.path().join("pod.yaml"), directory.path().join("out.yaml")).unwrap();
    symlink("inner/pod.yaml", directory.path().join("in.yaml")).unwrap();
    let output = rungs(directory.path(), &["set", "--in", "out.yaml", "web=:v2"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("link-leads-out"), "{}", stderr(&output));
    let output = rungs(directory.path(), &["set", "--in", ".", "web=:v2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(read(outside.path(), "pod.yaml"), POD);
    assert!(read(directory.path(), "inner/pod.yaml").contains("web:v2"));
    // A link that does not leave the directory leads to the file, and remains a link.
    let output = rungs(directory.path(), &["set", "--in", "in.yaml", "web=:v3"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(read(directory.path(), "inner/pod.yaml").contains("web:v3"));
    assert!(directory.path().join("in.yaml").is_symlink());
}

#[test]
fn a_directory_that_is_a_link_out_of_the_repository_is_not_followed() {
    let outside = directory(&[("pod.yaml", POD)]);
    for in_repository in [false, true] {
        let directory = directory(&[("sub/inner/pod.yaml", POD)]);
        let sub = directory.path().join("sub");
        symlink(outside.path(), sub.join("out")).unwrap();
        symlink("inner", sub.join("in")).unwrap();
        symlink("../sub", sub.join("up")).unwrap();
        if in_repository {
            fs::create_dir(directory.path().join(".git")).unwrap();
        }
        for path in ["out/pod.yaml", "out", "./out/", "inner/../out/pod.yaml", "in/../out"] {
            let output = rungs(&sub, &["set", "--in", path, "web=:v2"]);
            assert_eq!(output.status.code(), Some(1), "{path}: {}", stderr(&output));
            assert!(stderr(&output).contains("link-leads-out"), "{path}: {}", stderr(&output));
        }
        assert_eq!(read(outside.path(), "pod.yaml"), POD);
        let output = rungs(&sub, &["set", "--in", "in/pod.yaml", "web=:v2"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(read(&sub, "inner/pod.yaml").contains("web:v2"));
        // It stays in the work tree, and leaves the current directory where there is none.
        let output = rungs(&sub.join("inner"), &["set", "--in", "../up/in/pod.yaml", "web=:v3"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        symlink("../inner", sub.join("inner/self")).unwrap();
        symlink("..", sub.join("inner/above")).unwrap();
        let above = ["set", "--in", "above/inner/pod.yaml", "web=:v4"];
        let output = rungs(&sub.join("inner"), &above);
        assert_eq!(output.status.code(), Some(i32::from(!in_repository)), "{}", stderr(&output));
    }
    // Where it is, it may be named.
    let output = rungs(
        directory(&[]).path(),
        &["set", "--in", outside.path().join("pod.yaml").to_str().unwrap(), "web=:v2"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn files_of_git_are_passed_over_however_its_directory_is_spelled() {
    let files = [".git/pod.yaml", "deep/.GIT/pod.yaml", "GIT~1/pod.yaml", ".github/pod.yaml"];
    let directory = directory(&files.map(|file| (file, POD)));
    let output = rungs(directory.path(), &["set", "--in", ".", "web=:v2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for file in &files[..3] {
        assert_eq!(read(directory.path(), file), POD, "{file}");
    }
    assert!(read(directory.path(), ".github/pod.yaml").contains("web:v2"));
}

#[test]
fn it_reports_what_changed_and_a_dry_run_changes_nothing() {
    let directory = directory(&[("pod.yaml", POD)]);
    let output = rungs(directory.path(), &["set", "--in", "pod.yaml", "web=:v2", "--dry-run"]);
    let line = "pod.yaml:7: spec.containers[0].image: ghcr.io/shop/web:v1 → ghcr.io/shop/web:v2\n";
    assert_eq!(stdout(&output), line);
    assert_eq!(read(directory.path(), "pod.yaml"), POD);
    let arguments = ["set", "--in", "pod.yaml", "web=:v2", "--format", "json"];
    let output = rungs(directory.path(), &arguments);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["formatVersion"], 1);
    assert_eq!(answer["written"], true);
    assert_eq!(
        answer["edits"],
        serde_json::json!([{
            "path": "pod.yaml", "line": 7, "column": 12, "route": "spec.containers[0].image",
            "old": "ghcr.io/shop/web:v1", "new": "ghcr.io/shop/web:v2",
        }])
    );
    let output = rungs(directory.path(), &["set", "--in", "pod.yaml", "web=:v2"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), ""));
    assert!(stderr(&output).contains("nothing to do"), "{}", stderr(&output));
}

#[test]
fn a_missing_file_and_a_call_without_references_are_distinguished() {
    let directory = directory(&[("pod.yaml", POD)]);
    let code = |arguments: &[&str]| rungs(directory.path(), arguments).status.code();
    assert_eq!(code(&["set", "web=:v2"]), Some(2));
    assert_eq!(code(&["set", "--in", "pod.yaml"]), Some(2));
    assert_eq!(code(&["set", "--in", "pod.yaml", "web=:-"]), Some(2));
    assert_eq!(code(&["set", "--in", "pod.yaml", "--route", "a..b=c"]), Some(2));
    assert_eq!(code(&["set", "--in", "none.yaml", "web=:v2"]), Some(2));
}

#[test]
fn files_elsewhere_are_edited_from_anywhere() {
    let here = directory(&[]);
    let directory = directory(&[("a/pod.yaml", POD)]);
    let path = directory.path().join("a").display().to_string();
    let output = rungs(here.path(), &["set", "--in", &path, "web=:v2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with(&format!("{path}/pod.yaml:7: ")), "{}", stdout(&output));
    let repo = directory.path().display().to_string();
    let output = rungs(here.path(), &["--repo", &repo, "set", "--in", "a/pod.yaml", "web=:v3"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(read(directory.path(), "a/pod.yaml").contains("web:v3"));
}

#[test]
fn a_secret_that_is_set_is_shown_neither_before_nor_after() {
    let file = "db:\n  password: hunter2\n  url: postgres://u:hun/ter2@h/x\nenv:\n  \
                - { name: DB_TOKEN, value: hunter2 }\n  - { name: LEVEL, value: low }\n";
    let directory = directory(&[("f.yaml", file)]);
    let routes = [
        "db.password=hunter3",
        "db.url=postgres://u:hun/ter3@h/x",
        "env[name=DB_TOKEN].value=hunter3",
        "env[name=LEVEL].value=high",
    ];
    for format in ["text", "json"] {
        let mut arguments = vec!["set", "--in", "f.yaml", "--dry-run", "--format", format];
        arguments.extend(routes.iter().flat_map(|route| ["--route", route]));
        let output = rungs(directory.path(), &arguments);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("hunter") && !said.contains("ter2"), "{said}");
        assert!(said.contains("***") && said.contains("high"), "{said}");
    }
    for wrong in ["db..password=hunter3", "db.pasword.token=hunter3"] {
        let output = rungs(directory.path(), &["set", "--in", "f.yaml", "--route", wrong]);
        assert!(!stderr(&output).contains("hunter"), "{}", stderr(&output));
    }
    let arguments = ["set", "--in", "f.yaml", "--route", "db.password=hunter3"];
    assert_eq!(rungs(directory.path(), &arguments).status.code(), Some(0));
    assert!(read(directory.path(), "f.yaml").contains("password: hunter3"));
}

//! The sites that each kind finds in a file.

use crate::sample::{lines, listing, of_kind};

const DIGEST: &str = "sha256:cb111d1bd870a6a471385a4a69ad17469d326e9dd91e0e455350cacf36e1b3ee";

fn found(rule: &str, file: &str) -> Vec<String> {
    listing(&of_kind(rule, file))
}

#[test]
fn a_kustomization_lists_its_images_by_name() {
    let file = format!(
        "images:\n- name: web\n  newName: ghcr.io/shop/web\n  newTag: 1.10\n- name: api\n  digest: {DIGEST}\n\
         - name: both\n  newTag: v1\n  digest: {DIGEST}\n- name: renamed\n  newName: other\n\
         - name: filled\n  newTag: ${{TAG}}\n"
    );
    let both = format!("both = both:v1@{DIGEST}");
    let api = format!("api = api@{DIGEST}");
    let expected = [&*api, &*both, "renamed = other", "web = ghcr.io/shop/web:1.1"];
    assert_eq!(found("kind: kustomize", &file), expected);
    let suffixed = "images: [{name: web, tagSuffix: -a}, {name: api, newTag: v1, tagSuffix: -a}]\n";
    assert_eq!(found("kind: kustomize", suffixed), ["api = api:v1", "web = *-a"]);
}

#[test]
fn remote_resources_are_identified_by_their_address() {
    let file = "resources:\n- ../base\n- https://github.com/shop/api/crd?ref=9ac61f5\n\
                components:\n- git@github.com:shop/parts.git//web?timeout=90&ref=v1.2\n\
                bases: ['github.com/shop/base?ref=main']\n";
    let expected = [
        "git@github.com:shop/parts.git//web?timeout=90 = v1.2",
        "github.com/shop/base = main",
        "https://github.com/shop/api/crd = 9ac61f5",
    ];
    let app = of_kind("kind: kustomize", file);
    assert_eq!(listing(&app), expected);
    assert_eq!(app.state.unwrap().iter().count(), 2, "a branch is not part of a state");
    assert!(
        lines(&app.findings)
            .starts_with("range: the git reference `github.com/shop/base` is `main`")
    );
}

#[test]
fn patches_of_objects_that_deploy_kustomizations_are_read() {
    let patch = "patches:\n- target: {name: web}\n  patch: |\n    - op: replace\n      path: /a/0/image\n      \
                 value: x/web:v1\n    - op: remove\n      path: /b/image\n- path: p.yaml\n";
    let indented = |by: usize| patch.replace('\n', &format!("\n{}", " ".repeat(by)));
    let flux = format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: k}}\nspec:\n  {}\n",
        indented(2)
    );
    let argo = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\nspec:\n  source:\n    \
         kustomize:\n      {}\n",
        indented(6)
    );
    for file in [flux, argo] {
        assert_eq!(found("kind: manifest", &file), ["web/a/0/image = x/web:v1"], "{file}");
    }
}

#[test]
fn each_document_of_a_text_is_read() {
    let object = |name: &str| {
        format!(
            "    kind: Deployment\n    spec:\n      containers:\n      - {{name: {name}, image: x/{name}:v1}}\n"
        )
    };
    let file = format!("patches:\n- patch: |\n{}    ---\n{}", object("web"), object("api"));
    assert_eq!(found("kind: kustomize", &file), ["api = x/api:v1", "web = x/web:v1"]);
}

#[test]
fn an_image_that_may_be_inserted_has_no_value_yet() {
    let rule = "kind: kustomize\ninsert: [ghcr.io/shop/web, ghcr.io/shop/api]";
    let file = "images:\n- name: ghcr.io/shop/api\n  newTag: v1\n";
    let expected = ["ghcr.io/shop/api = ghcr.io/shop/api:v1", "ghcr.io/shop/web = nothing yet"];
    assert_eq!(found(rule, file), expected);
}

#[test]
fn fields_are_found_by_their_routes() {
    let rule =
        "kind: yaml\nfields: { tag: 'apps[name=\"a.b\"].tag', repository: repo, version: chart }";
    let file =
        "repo: ghcr.io/shop/web\nchart: 1.2.3\napps:\n- name: x\n- { name: a.b, tag: 0644 }\n";
    let expected = ["apps[name=\"a.b\"].tag = ghcr.io/shop/web:420", "chart = 1.2.3"];
    assert_eq!(found(rule, file), expected);
    let templated = "repo: r\napps: [{ name: a.b, tag: '{{ tag }}' }]\n";
    assert_eq!(found(rule, templated), Vec::<String>::new());
}

#[test]
fn charts_write_images_in_three_shapes_at_any_depth() {
    let file = format!(
        "image: {{ registry: ghcr.io, repository: shop/web, tag: 'v1@{DIGEST}' }}\n\
         sidecar:\n  image: ghcr.io/shop/side:v2\n\
         frontend:\n  image: shop/frontend\n  tag: latest-env\n\
         jobs:\n- name: a\n  image: {{ repository: shop/a, tag: '1', digest: {DIGEST} }}\n\
         chart: {{ repository: 'https://charts.example.com', tag: v1 }}\n\
         filled: {{ repository: shop/b, tag: '{{{{ .Values.tag }}}}' }}\n\
         pictureImage: logo.png\n"
    );
    let expected = [
        "frontend.image = shop/frontend:latest-env".to_owned(),
        format!("image = ghcr.io/shop/web:v1@{DIGEST}"),
        format!("jobs[name=a].image = shop/a:1@{DIGEST}"),
        "sidecar.image = ghcr.io/shop/side:v2".to_owned(),
    ];
    assert_eq!(found("kind: helm-values", &file), expected);
}

#[test]
fn values_start_at_the_root_of_the_rule() {
    let file = "kind: HelmRelease\nspec:\n  chart: { image: no:v1 }\n  values:\n    web: { image: { repository: w, tag: v1 } }\n";
    assert_eq!(found("kind: helm-values\nroot: spec.values", file), ["web.image = w:v1"]);
}

#[test]
fn every_kind_that_embeds_a_pod_is_looked_into() {
    for (kind, wrap) in [
        ("Pod", "spec: SPEC"),
        ("Deployment", "spec: {template: {spec: SPEC}}"),
        ("StatefulSet", "spec: {template: {spec: SPEC}}"),
        ("DaemonSet", "spec: {template: {spec: SPEC}}"),
        ("ReplicaSet", "spec: {template: {spec: SPEC}}"),
        ("ReplicationController", "spec: {template: {spec: SPEC}}"),
        ("Job", "spec: {template: {spec: SPEC}}"),
        ("CronJob", "spec: {jobTemplate: {spec: {template: {spec: SPEC}}}}"),
        ("PodTemplate", "template: {spec: SPEC}"),
        ("Rollout", "spec: {template: {spec: SPEC}}"),
        ("Service", "spec: {template: {spec: SPEC}}"),
    ] {
        let spec = "{initContainers: [{name: i, image: 'i:v1'}], containers: [{name: c, image: 'c:v1'}], \
                    ephemeralContainers: [{name: e, image: 'e:v1'}]}";
        let body = wrap.replace("SPEC", spec);
        let object = format!("{{kind: {kind}, metadata: {{name: w}}, {body}}}");
        let expected = ["c = c:v1", "e = e:v1", "i = i:v1"];
        assert_eq!(found("kind: manifest", &object), expected, "{kind}");
        let list = format!("kind: List\nitems: [{object}]\n");
        assert_eq!(found("kind: manifest", &list), expected, "a list of {kind}");
    }
}

#[test]
fn containers_of_one_name_are_distinguished_by_their_workloads() {
    let pod = |name: &str, image: &str| {
        format!(
            "---\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: app, image: '{image}'}}]}}\n"
        )
    };
    let same = pod("a", "shop/web:v1") + &pod("b", "docker.io/shop/web:v1");
    assert_eq!(found("kind: manifest", &same).len(), 2);
    assert!(found("kind: manifest", &same).iter().all(|line| line.starts_with("app = ")));
    let different = pod("a", "shop/web:v1") + &pod("b", "shop/api:v2");
    assert_eq!(found("kind: manifest", &different), ["a/app = shop/web:v1", "b/app = shop/api:v2"]);
}

#[test]
fn sources_of_flux_and_argo_cd_are_versions() {
    let file = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: oci}
spec: {url: oci://ghcr.io/shop/manifests, ref: {tag: v1}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: ranged}
spec: {url: oci://ghcr.io/shop/manifests, ref: {semver: '>=1.0'}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: commit}
spec: {ref: {branch: main, commit: 9ac61f5d7ca07c46db47de9be7af8ff6a349343a}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: branch}
spec: {ref: {branch: stage-2}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo}
spec: {chart: {spec: {chart: podinfo, version: 6.5.4}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps}
spec: {images: [{name: web, newTag: v3}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: argo}
spec:
  sources:
  - {repoURL: https://charts.example.com, chart: redis, targetRevision: 18.1.0}
  - repoURL: https://github.com/shop/deploy
    targetRevision: v7
    kustomize: {images: [old=ghcr.io/shop/new:v2, 'ghcr.io/shop/web:v1']}
    helm: {parameters: [{name: image.tag, value: v9}, {name: image.repository, value: r}]}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec: {template: {spec: {source: {repoURL: https://github.com/shop/set, targetRevision: HEAD}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec: {template: {spec: {source: {repoURL: https://github.com/shop/filled, targetRevision: '{{rev}}'}}}}
";
    let app = of_kind("kind: manifest", file);
    let expected = [
        "branch = stage-2",
        "commit = 9ac61f5d7ca07c46db47de9be7af8ff6a349343a",
        "ghcr.io/shop/web = ghcr.io/shop/web:v1",
        "https://github.com/shop/deploy = v7",
        "https://github.com/shop/set = HEAD",
        "image = r:v9",
        "oci = ghcr.io/shop/manifests:v1",
        "old = ghcr.io/shop/new:v2",
        "podinfo = 6.5.4",
        "ranged = >=1.0",
        "redis = 18.1.0",
        "web = web:v3",
    ];
    assert_eq!(listing(&app), expected);
    let moving: Vec<_> = app.findings.iter().filter(|f| f.code.name == "range").collect();
    assert_eq!(moving.len(), 3, "a semver, a branch and HEAD");
}

#[test]
fn a_definition_of_a_kind_holds_no_images() {
    let file = "kind: CustomResourceDefinition\nspec: {containers: [{name: a, image: 'a:v1'}]}\n";
    assert_eq!(found("kind: manifest", file), Vec::<String>::new());
}

#[test]
fn marked_scalars_are_found_wherever_they_are() {
    let file = format!(
        "a:\n  image: ghcr.io/shop/web:v1 # {{\"$imagepolicy\": \"ns:web\"}}\n\
         b:\n  newName: ghcr.io/shop/api # {{\"$imagepolicy\": \"ns:api:name\"}}\n  newTag: v2 # {{\"$imagepolicy\": \"ns:api:tag\"}}\n\
         \x20 digest: {DIGEST} # {{\"$imagepolicy\": \"ns:api:digest\"}}\n\
         c: {{ x: y, tag: v3 }} # rungs: key=c\n\
         d: 'z # rungs: key=no'\n\
         e: other # about rungs: nothing\n\
         f: |\n  text # rungs: key=no\n\
         g: v4 # rungs: app=other key=g part=tag\n"
    );
    let expected = [
        format!("api = ghcr.io/shop/api:v2@{DIGEST}"),
        "c = :v3".to_owned(),
        "web = ghcr.io/shop/web:v1".to_owned(),
    ];
    assert_eq!(found("kind: marker", &file), expected);
}

#[test]
fn a_marker_that_cannot_be_read_says_why() {
    let file = "a: v1 # rungs: part=tagg\nb: v1 # rungs: aap=x\nc: v1 # {\"$imagepolicy\": \"web\"}\nd: v1 # {\"$imagepolicy\n";
    let rules =
        "version: 1\nladder: [qa]\nsites: [{ path: '{environment}/{app}.yaml', kind: marker }]\n";
    let tree = crate::sample::tree([("rungs.yaml", rules), ("qa/web.yaml", file)]);
    let found = lines(&crate::sample::model(&tree).findings());
    let expected = [
        "unreadable-marker: the marker has `part=tagg`; the parts are `tag`, `repository`, `digest` and `ref` (qa/web.yaml:1:7)",
        "unreadable-marker: the marker has an unknown `aap`; did you mean `app`? (qa/web.yaml:2:7)",
        "unreadable-marker: the marker names the policy `web`, which is not `namespace:name` (qa/web.yaml:3:7)",
    ];
    for line in expected {
        assert!(found.contains(line), "{line}\nnot in\n{found}");
    }
    assert!(found.contains("(qa/web.yaml:4:7)"), "{found}");
}

#[test]
fn only_selected_images_are_looked_at() {
    let rule = "kind: manifest\nimages: { include: ['*/shop/*'], exclude: ['*/proxy'] }";
    let file = "containers: [{name: a, image: 'ghcr.io/shop/a:v1'}, {name: b, image: 'ghcr.io/shop/proxy:v1'}, {name: c, image: 'redis:7'}]\n";
    assert_eq!(found(rule, file), ["a = ghcr.io/shop/a:v1"]);
}

#[test]
fn a_json_patch_names_images_by_where_it_writes_them() {
    let file = "- {op: replace, path: /spec/template/spec/containers/0/image, value: 'r/web:v1'}\n\
                - {op: replace, path: /spec/replicas, value: 3}\n";
    let expected = ["/spec/template/spec/containers/0/image = r/web:v1"];
    assert_eq!(found("kind: manifest", file), expected);
}

#[test]
fn an_image_that_is_mounted_is_named_by_its_volume() {
    let file = "kind: Pod\nspec: {volumes: [{name: models, image: {reference: 'r/models:v1', pullPolicy: Always}}]}\n";
    assert_eq!(found("kind: manifest", file), ["models = r/models:v1"]);
}

#[test]
fn sources_are_left_out_by_their_names_and_addresses() {
    let file = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux}
spec: {url: 'https://github.com/o/flux', ref: {tag: v1}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: release}
spec: {chart: {spec: {chart: podinfo, version: 6.5.4}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  sources:
  - {repoURL: https://charts.example.com, chart: redis, targetRevision: 18.1.0}
  - {repoURL: https://github.com/o/deploy, targetRevision: v7}
";
    let all =
        ["flux = v1", "https://github.com/o/deploy = v7", "redis = 18.1.0", "release = 6.5.4"];
    for (exclude, left) in [
        ("*/o/flux", vec![1, 2, 3]),
        ("github.com/o/*", vec![2, 3]),
        ("podinfo", vec![0, 1, 2]),
        ("release", vec![0, 1, 2]),
        ("redis", vec![0, 1, 3]),
        ("*charts.example.com*", vec![0, 1, 3]),
        ("other", vec![0, 1, 2, 3]),
    ] {
        let rule = format!("kind: manifest\nimages: {{ exclude: ['{exclude}'] }}");
        let left: Vec<_> = left.into_iter().map(|number| all[number]).collect();
        assert_eq!(found(&rule, file), left, "{exclude}");
    }
}

//! References in texts that hold YAML: inline patches, and values of charts in Argo CD's and
//! k3s's objects. Each is promoted in its line, and no other byte changes.

use std::fs;

use crate::support::shop::Shop;

/// A shop with one file for each environment, `qa` and `prod`, and one rule.
fn of_rule(rule: &str, qa: &str, prod: &str, more: &[(&str, &str)]) -> Shop {
    let configuration = format!("version: 1\nladder: [qa, prod]\nsites:\n  - {rule}\n");
    let files = [
        ("rungs.yaml", &*configuration),
        ("qa/kustomization.yaml", qa),
        ("prod/kustomization.yaml", prod),
    ];
    let files = files.iter().chain(more);
    Shop::of(&files.map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

const KUSTOMIZE: &str = "{path: '{environment}/kustomization.yaml', kind: kustomize, app: web}";
const PROD: &str = "prod/kustomization.yaml";

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
                          spec: {template: {spec: {containers: [{name: web, image: 'x/web:v0'}]}}}\n";
const BASE: [(&str, &str); 2] =
    [("base/kustomization.yaml", "resources: [d.yaml]\n"), ("base/d.yaml", DEPLOYMENT)];

/// The file of `prod` in the work tree.
fn prod(shop: &Shop) -> String {
    fs::read_to_string(shop.clone.join(PROD)).unwrap()
}

/// A kustomization with that patch, whose image has the tag.
fn patched(patch: &str, tag: &str) -> String {
    format!("resources: [../base]\n{}", patch.replace("TAG", tag))
}

/// Each way in which a kustomization has an image in a text.
const PATCHES: [(&str, &str); 12] = [
    (
        "web/spec/template/spec/containers/0/image",
        "patches:\n- target: {kind: Deployment, name: web}\n  patch: |- # one\n    - op: replace\n      \
         path: /spec/template/spec/containers/0/image\n      value: x/web:TAG # here\n\n    # two\n",
    ),
    (
        "/spec/template/spec/containers/0/image",
        "patchesJson6902:\n- target: {kind: Deployment, labelSelector: a=b}\n  patch: '[{\"op\": \
         \"replace\", \"path\": \"/spec/template/spec/containers/0/image\", \"value\": \"x/web:TAG\"}]'\n",
    ),
    (
        "web",
        "patches:\n- patch: |+\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: \
         web}\n      spec:\n        template:\n          spec:\n            containers:\n              - \
         name: web\n                image: x/web:TAG\n\n\n\n# end\n",
    ),
    (
        "web",
        "patchesStrategicMerge:\n- |2-\n\n  kind: Deployment\n  metadata: {name: web}\n  spec: {template: \
         {spec: {containers: [{name: web, image: x/web:TAG}]}}}\n",
    ),
    (
        "web",
        "patches:\n- target: {name: web}\n  patch: |\n    - op: add\n      path: \
         /spec/template/spec/containers/-\n      value:\n        name: web\n        image: x/web:TAG\n",
    ),
    (
        "web/images/0",
        "patches:\n- target: {name: web}\n  patch: |\n    - {op: test, path: /images/0/newTag, value: \
         v0}\n    - {op: replace, path: /images/0/newName, value: x/web}\n    - {op: replace, path: \
         /images/0/newTag, value: TAG}\n",
    ),
    (
        "web/spec/source/targetRevision",
        "patches:\n- target: {name: web}\n  patch: |\n    - {op: replace, path: \
         /spec/source/targetRevision, value: TAG}\n",
    ),
    (
        "x/web",
        "transformers:\n- |-\n  apiVersion: builtin\n  kind: ImageTagTransformer\n  metadata: {name: a}\n  \
         imageTag:\n    name: x/web\n    newTag: TAG\n",
    ),
    (
        "/spec/template/spec/containers/0/image",
        "transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  \
         patch: '[{op: replace, path: /spec/template/spec/containers/0/image, value: \"x/web:TAG\"}]'\n  \
         target: {kind: Deployment}\n",
    ),
    (
        "web/spec/template/spec/containers/0/image",
        "transformers:\n- other.yaml\n- |\n  apiVersion: builtin\n  kind: PatchJson6902Transformer\n  \
         metadata: {name: a}\n  target: {name: web}\n  jsonOp: |-\n    - op: add\n      path: \
         /spec/template/spec/containers/0/image\n      value: x/web:TAG\n",
    ),
    (
        "web",
        "transformers:\n- |\n  apiVersion: builtin\n  kind: PatchStrategicMergeTransformer\n  metadata: \
         {name: a}\n  patches: |-\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: \
         {containers: [{name: web, image: x/web:TAG}]}}}\n",
    ),
    (
        "image",
        "generators:\n- |\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: \
         a}\n  name: web\n  valuesInline:\n    image: {repository: x/web, tag: TAG}\n",
    ),
];

#[test]
fn an_image_in_a_patch_is_promoted_in_its_line() {
    for (key, patch) in PATCHES {
        for line_break in ["\n", "\r\n"] {
            let text = |tag| patched(patch, tag).replace('\n', line_break);
            let shop = of_rule(KUSTOMIZE, &text("v2"), &text("v1"), &BASE);
            let output = shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
            output.says(&format!("{key} v1 → v2"));
            assert_eq!(prod(&shop), text("v2"));
        }
    }
}

#[test]
fn an_image_in_a_patch_is_set_and_rolled_back() {
    let text = |tag| patched(PATCHES[0].1, tag);
    let shop = of_rule(KUSTOMIZE, &text("v1"), &text("v1"), &BASE);
    shop.ends(0, &["set", "web", ":v2", "--env", "qa", "--commit"]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    shop.pull();
    assert_eq!(prod(&shop), text("v2"));
    shop.ends(0, &["rollback", "web", "--env", "prod", "--commit"]);
    shop.pull();
    assert!(prod(&shop).starts_with(&text("v1")), "{}", prod(&shop));
    shop.ends(0, &["set", "--in", PROD, "x/web:v9"]);
    assert!(prod(&shop).starts_with(&text("v9")), "{}", prod(&shop));
}

#[test]
fn what_a_patch_sets_is_not_shared_by_the_base() {
    for (_, patch) in &PATCHES[..5] {
        let other = patch.replace("x/web", "mirror/web");
        for patch in [*patch, &*other] {
            let shop = of_rule(KUSTOMIZE, &patched(patch, "v2"), &patched(patch, "v1"), &BASE);
            let status = shop.ends(0, &["status"]);
            assert!(!status.stdout.contains("shared-base"), "{}", status.stdout);
            assert!(!status.stderr.contains("shared-base"), "{}", status.stderr);
        }
    }
    // That of another object, or of another of its containers, is.
    for patch in [
        PATCHES[0].1.replace("name: web", "name: other").replace("x/web", "x/other"),
        PATCHES[0].1.replace("containers/0", "containers/1").replace("x/web", "x/other"),
    ] {
        let shop = of_rule(KUSTOMIZE, &patched(&patch, "v2"), &patched(&patch, "v1"), &BASE);
        shop.ends(0, &["status"]).finds("shared-base");
    }
}

#[test]
fn a_patch_of_the_base_is_shared_by_all_environments() {
    let base = [("base/kustomization.yaml", &*patched(PATCHES[0].1, "v0")), BASE[1]];
    let base = base.map(|(path, text)| (path, text.replace("../base", "d.yaml")));
    let base: Vec<_> = base.iter().map(|(path, text)| (*path, &**text)).collect();
    let own = "resources: [../base]\n";
    let shop = of_rule(KUSTOMIZE, own, own, &base);
    shop.ends(0, &["status"]).finds("shared-base").says("is in `base/kustomization.yaml`");
}

/// An object with values of a chart in a text, whose tag and flag are given.
const OBJECTS: [(&str, &str, &str); 4] = [
    (
        "spec.source.helm.values",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n",
        "spec:\n  source:\n    chart: web\n    targetRevision: 1.2.3\n    helm:\n      values: |\n        # a\n",
    ),
    (
        "spec.sources[0].helm.values",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n",
        "spec:\n  sources:\n  - chart: web\n    targetRevision: 1.2.3\n    helm:\n      values: |-\n        # a\n",
    ),
    (
        "spec.template.spec.source.helm.values",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web}\n",
        "spec:\n  template:\n    spec:\n      source:\n        chart: web\n        helm:\n          values: \
         |\n            name: '{{name}}'\n",
    ),
    (
        "spec.valuesContent",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: web}\n",
        "spec:\n  valuesContent: |-\n    # a\n",
    ),
];

fn object(head: &str, spec: &str, tag: &str, flag: &str) -> String {
    let last = spec.lines().last().unwrap();
    let indent = &last[..last.len() - last.trim_start().len()];
    let values = format!("image:\n  repository: x/web\n  tag: {tag} # the tag\nflag: {flag}\n");
    let values = values.lines().map(|line| format!("{indent}{line}\n"));
    let values = values.collect::<Vec<_>>().concat();
    format!("{head}{spec}{values}")
}

#[test]
fn values_in_a_text_are_promoted_by_every_kind_that_reads_them() {
    let path = "path: '{environment}/kustomization.yaml', app: web";
    for (route, head, spec) in OBJECTS {
        for rule in [
            format!("{{{path}, kind: manifest}}"),
            format!("{{{path}, kind: helm-values, root: '{route}'}}"),
            format!(
                "{{{path}, kind: yaml, fields: {{repository: '{route}.image.repository', tag: \
                 '{route}.image.tag'}}}}"
            ),
        ] {
            let text = |tag, flag| object(head, spec, tag, flag);
            let shop = of_rule(&rule, &text("v2", "a"), &text("v1", "b"), &[]);
            shop.ends(0, &["promote", "web", "--to", "prod", "--write"]).says("v1 → v2");
            assert_eq!(prod(&shop), text("v2", "b"), "{rule}");
        }
    }
}

#[test]
fn a_value_in_a_text_is_promoted_and_added() {
    let (route, head, spec) = OBJECTS[0];
    let rule = format!(
        "{{path: '{{environment}}/kustomization.yaml', app: web, kind: helm-values, root: {route}, \
         promote: [flag, more.deep]}}"
    );
    let qa = format!("{}        more:\n          deep: [a]\n", object(head, spec, "v2", "a"));
    let shop = of_rule(&rule, &qa, &object(head, spec, "v1", "b"), &[]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
    let added = "        more:\n          deep:\n          - a\n";
    assert_eq!(prod(&shop), format!("{}{added}", object(head, spec, "v2", "a")));
}

#[test]
fn a_text_that_is_not_written_line_by_line_is_read_and_not_edited() {
    let head = OBJECTS[0].1;
    let folded = |tag| {
        format!(
            "{head}spec:\n  source:\n    helm:\n      values: >\n        image: {{repository: x/web, tag: \
             {tag}}}\n\n        x: 1\n"
        )
    };
    let quoted = |tag| {
        format!(
            "{head}spec:\n  source:\n    helm:\n      values: \"image:\\n  repository: x/web\\n  tag: \
             {tag}\\n\"\n"
        )
    };
    let rule = "{path: '{environment}/kustomization.yaml', app: web, kind: manifest}";
    for (below, above) in [(folded("v2"), folded("v1")), (quoted("v2"), quoted("v1"))] {
        let shop = of_rule(rule, &below, &above, &[]);
        let output = shop.ends(1, &["promote", "web", "--to", "prod", "--write"]);
        output.finds("edit-lines").says("write the text as a block after `|`");
        assert_eq!(prod(&shop), above);
    }
}

#[test]
fn a_text_that_is_not_yaml_is_a_finding_at_its_line() {
    let text =
        |head: &str, text: &str| format!("{head}spec:\n  source:\n    helm:\n      values: {text}");
    let (head, broken) = (OBJECTS[0].1, "|\n        image:\n          tag: v1\n         x: 1\n");
    for rule in ["kind: helm-values, root: spec.source.helm.values", "kind: manifest"] {
        let rule = format!("{{path: '{{environment}}/kustomization.yaml', app: web, {rule}}}");
        let whole = text(head, broken);
        let shop = of_rule(&rule, &whole, &whole, &[]);
        let output = shop.ends(2, &["promote", "web", "--to", "prod", "--write"]);
        output.finds("unreadable-text").says("kustomization.yaml:10:");
    }
    let rule = "{path: '{environment}/kustomization.yaml', app: web, kind: helm-values, root: \
                spec.source.helm.values}";
    let prose = text(head, "|\n        the values are elsewhere\n");
    let shop = of_rule(rule, &prose, &prose, &[]);
    shop.ends(2, &["promote", "web", "--to", "prod", "--write"]).finds("unreadable-text");
}

#[test]
fn a_template_in_a_text_is_said_to_be_one() {
    let text = |tag| {
        let (head, spec) = (OBJECTS[2].1, OBJECTS[2].2);
        object(head, &format!("{spec}            {{{{- if .x }}}}\n"), tag, "a")
    };
    let rule =
        |more: &str| format!("{{path: '{{environment}}/kustomization.yaml', app: web, {more}}}");
    let shop = of_rule(&rule("kind: manifest"), &text("v2"), &text("v1"), &[]);
    shop.ends(0, &["status"]).finds("templated-site").says("is not YAML until it is filled in");
    let asked = rule(&format!("kind: helm-values, root: {}", OBJECTS[2].0));
    let shop = of_rule(&asked, &text("v2"), &text("v1"), &[]);
    shop.ends(2, &["promote", "web", "--to", "prod", "--write"]).finds("unreadable-text");
}

#[test]
fn values_on_one_line_of_a_text_without_braces_are_edited_there() {
    let text = |tag: &str| format!("v: 'image: {{repository: x/web, tag: {tag}}}'\n");
    let rule = "{path: '{environment}/kustomization.yaml', app: web, kind: helm-values, root: v}";
    let shop = of_rule(rule, &text("v2"), &text("v1"), &[]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
    assert_eq!(prod(&shop), text("v2"));
}

#[test]
fn edits_in_two_texts_are_made_whatever_their_order() {
    let text = |a, b, c| format!("one: |\n  a: {a}\n  b: {b}\ntwo: |\n  a: {c}\n");
    let rule = "{path: '{environment}/kustomization.yaml', app: web, kind: yaml, fields: {tag: one.a}, \
                promote: [two.a, one.b]}";
    let shop = of_rule(rule, &text("v2", "x2", "y2"), &text("v1", "x1", "y1"), &[]);
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
    assert_eq!(prod(&shop), text("v2", "x2", "y2"));
}

#[test]
fn a_script_in_a_text_is_left_alone() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  run.sh: |\n    docker run \
               image: x\n      }} {{\n  other.yaml: |\n    containers:\n    - image: x/web:v1\n";
    let deployment = |tag: &str| format!("{}---\n{map}", DEPLOYMENT.replace("v0", tag));
    let rule = "{path: '{environment}/kustomization.yaml', app: web, kind: manifest}";
    let shop = of_rule(rule, &deployment("v2"), &deployment("v1"), &[]);
    let output = shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
    assert_eq!(prod(&shop), deployment("v2"), "{}", output.stderr);
}

#[test]
fn secrets_in_a_text_are_not_shown() {
    let patch = "patches:\n- patch: |\n    kind: Secret\n    stringData: {user: hunter2}\n    spec: \
                 {containers: [{name: web, image: 'x/web:TAG@'}]}\n";
    let shop = of_rule(KUSTOMIZE, &patched(patch, "v2"), &patched(patch, "v1"), &BASE);
    let output = shop.rungs(&["status"]);
    assert!(output.stderr.contains("stringData") || output.stdout.contains("stringData"));
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    assert!(!output.stdout.contains("hunter2"), "{}", output.stdout);
}

const MANIFEST: &str = "{path: '{environment}/kustomization.yaml', kind: manifest, app: web}";

#[test]
fn what_flux_renders_after_a_chart_is_promoted() {
    let head = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  \
                postRenderers:\n  - kustomize:\n";
    for renderer in [
        "      images:\n      - name: x/web\n        newTag: TAG # the tag\n",
        "      images:\n      - {name: x/web, digest: DIGEST}\n",
        "      patches:\n      - target: {name: web}\n        patch: |\n          - op: replace\n            \
         path: /spec/template/spec/containers/0/image\n            value: x/web:TAG\n",
        "      patches:\n      - patch: |\n          kind: Deployment\n          metadata: {name: web}\n          \
         spec: {template: {spec: {containers: [{name: web, image: x/web:TAG}]}}}\n",
        "      patchesStrategicMerge:\n      - kind: Deployment\n        metadata: {name: web}\n        spec: \
         {template: {spec: {containers: [{name: web, image: x/web:TAG}]}}}\n",
        "      patchesJson6902:\n      - target: {name: web}\n        patch:\n        - op: replace\n          \
         path: /spec/template/spec/containers/0/image\n          value: x/web:TAG\n",
    ] {
        let text = |tag: &str| {
            let digest = format!("sha256:{}", tag.replace('v', "").repeat(64));
            format!("{head}{}", renderer.replace("TAG", tag).replace("DIGEST", &digest))
        };
        let shop = of_rule(MANIFEST, &text("v2"), &text("v1"), &[]);
        shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
        assert_eq!(prod(&shop), text("v2"));
    }
}

#[test]
fn an_image_that_a_patch_copies_is_a_finding_at_its_line() {
    for (op, path) in [
        ("copy", "/spec/template/spec/containers/0/image"),
        ("move", "/spec/template/spec/containers/-"),
        ("copy", "/spec/template/spec/containers"),
    ] {
        let patch = format!(
            "patches:\n- target: {{name: web}}\n  patch: |\n    - op: {op}\n      from: /a\n      path: {path}\n"
        );
        let text = patched(&patch, "v1");
        let shop = of_rule(KUSTOMIZE, &text, &text, &BASE);
        let output = shop.ends(2, &["promote", "web", "--to", "prod", "--write"]);
        output.finds("copied-site").says("prod/kustomization.yaml:5:");
    }
    let patch = "patches:\n- patch: |\n    - {op: copy, from: /a, path: /metadata/labels/tag}\n    - {op: copy, \
                 from: /a, path: /spec/replicas}\n";
    let text = patched(&format!("{patch}images: [{{name: x/web, newTag: TAG}}]\n"), "v1");
    let shop = of_rule(KUSTOMIZE, &text, &text, &BASE);
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
}

//! Values that move and have a template deploy another image.

use crate::support::git::git;
use crate::support::shop::{RunOutput, Shop, WITH_SIDECAR, put};

const TEMPLATE: &str = "templates/web/deployment.yaml.tera";
const PROD: &str = "environments/prod/environment.yaml";

/// The settings of an app whose sidecar is promoted with it.
fn settings(tag: &str, sidecar: &str) -> String {
    format!(
        "images:\n  web: {{ repository: r.io/web, tag: {tag} }}\nvalues:\n  sidecar: '{sidecar}'\npromote: [values.sidecar]\n"
    )
}

/// qa has a newer sidecar than prod, or what stands there in place of one. Prod has these gates.
fn shop(gates: &str, (new, old): (&str, &str)) -> Shop {
    let gates = format!("gates: {{ {gates} }}\n");
    let [qa, stage, prod] =
        [("v2", new), ("v2", new), ("v1", old)].map(|(tag, sidecar)| settings(tag, sidecar));
    Shop::native(&[
        (TEMPLATE, WITH_SIDECAR),
        (PROD, &gates),
        ("environments/qa/web.yaml", &qa),
        ("environments/stage/web.yaml", &stage),
        ("environments/prod/web.yaml", &prod),
    ])
}

const NEWER: (&str, &str) = ("mesh.example.com/proxy:v3", "mesh.example.com/proxy:v2");

/// Takes the rendered files out of the repository, as teams have it that render later.
fn keep_nothing(shop: &Shop) {
    git(&shop.clone, &["rm", "-rq", "rendered"]);
    git(&shop.clone, &["commit", "-qm", "Rendered elsewhere"]);
    git(&shop.clone, &["push", "-q", "origin", "HEAD:main"]);
}

/// What the gates say of the same files, changed by hand.
fn by_hand(shop: &Shop, app: &str) -> RunOutput {
    git(&shop.clone, &["checkout", "-q", "-B", "change", "origin/main"]);
    put(&shop.clone, "environments/prod/web.yaml", Some(app));
    if shop.clone.join("rendered").exists() {
        shop.ends(0, &["render"]);
    }
    git(&shop.clone, &["commit", "-qam", "By hand"]);
    let judged = shop.rungs(&["gates", "--base", "origin/main"]);
    git(&shop.clone, &["checkout", "-q", "main"]);
    judged
}

#[test]
fn what_a_promoted_value_brings_meets_the_gates_that_a_change_by_hand_meets() {
    let gates = [
        ("image: { allow: ['r.io/*'] }", 3, "fail image `mesh.example.com/proxy` of"),
        ("image: { allow: ['r.io/*', 'mesh.example.com/*'] }", 0, "pass image"),
        ("image: { unordered: ['*/proxy'], allow: ['r.io/*'] }", 3, "fail image"),
        ("digest: required", 3, "`mesh.example.com/proxy`"),
        ("soak: 1000d", 5, "`mesh.example.com/proxy:v3` has been in `stage` for"),
    ];
    for (gate, code, reason) in gates {
        for is_kept in [true, false] {
            let shop = shop(gate, NEWER);
            if !is_kept {
                keep_nothing(&shop);
            }
            let tip = shop.remote.tip();
            by_hand(&shop, &settings("v2", NEWER.0)).ends(code).says(reason);
            shop.ends(code, &["gates", "web", "--to", "prod"]).says(reason);
            shop.ends(code, &["promote", "web", "--to", "prod", "--commit"]).says(reason);
            assert_eq!(shop.remote.tip() == tip, code != 0, "{gate}");
        }
    }
}

#[test]
fn an_image_that_the_rung_below_does_not_deploy_does_not_enter_by_a_value() {
    // Stage has the value, and its template does nothing with it.
    let in_prod = "values.sidecar and environment == \"prod\" %}";
    let template = WITH_SIDECAR.replace("values.sidecar %}", in_prod);
    let shop = shop("tag: '^v'", NEWER);
    shop.elsewhere("Prod alone", &[(TEMPLATE, Some(&template))]);
    shop.pull();
    keep_nothing(&shop);
    shop.ends(3, &["promote", "web", "--to", "prod", "--commit"])
        .says("`mesh.example.com/proxy:v3` is deployed then, which no site says and `stage` does");
}

#[test]
fn a_value_that_is_set_meets_them_too() {
    let shop = shop("image: { allow: ['r.io/*'] }", NEWER);
    let gates = "gates: { image: { allow: ['r.io/*'] } }\n";
    shop.elsewhere("Allowed", &[("environments/qa/environment.yaml", Some(gates))]);
    shop.pull();
    let set = ["set", "web", "--env", "qa", "--commit", "--route"];
    shop.ends(3, &[&set[..], &["values.sidecar=evil.example.com/proxy:v3"]].concat())
        .says("fail image `evil.example.com/proxy` of");
    shop.ends(0, &[&set[..], &["values.sidecar=r.io/proxy:v3"]].concat());
}

#[test]
fn a_rollback_brings_back_what_was_deployed_with_it() {
    for part in [&[][..], &["--only", "values.sidecar"]] {
        for is_kept in [true, false] {
            let shop = shop("soak: 1000d", NEWER);
            if !is_kept {
                keep_nothing(&shop);
            }
            shop.ends(
                0,
                &[
                    "promote",
                    "web",
                    "--to",
                    "prod",
                    "--commit",
                    "--override",
                    "soak",
                    "--reason",
                    "tried",
                ],
            );
            shop.pull();
            let back = ["rollback", "web", "--env", "prod", "--reason", "slow"];
            shop.ends(0, &[&back[..], &["--branch"], part].concat());
            git(&shop.clone, &["fetch", "-q"]);
            let branches = git(&shop.clone, &["branch", "-r", "--list", "*rollback*"]);
            shop.ends(0, &["gates", "--base", "origin/main", "--head", branches.trim()]);
            shop.ends(0, &[&back[..], &["--commit"], part].concat());
        }
    }
}

#[test]
fn a_flag_that_turns_a_sidecar_on_brings_its_image() {
    let template = WITH_SIDECAR.replace("{{ values.sidecar }}", "mesh.example.com/proxy:v3");
    let template = template.replace("if values.sidecar", "if values.sidecar == \"yes\"");
    let shop = shop("image: { allow: ['r.io/*'] }", ("yes", "no"));
    shop.elsewhere("A flag", &[(TEMPLATE, Some(&template))]);
    shop.pull();
    keep_nothing(&shop);
    shop.ends(3, &["promote", "web", "--to", "prod", "--commit"])
        .says("fail image `mesh.example.com/proxy` of");
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit", "--except", "values.sidecar"]);
}

#[test]
fn an_image_in_a_promoted_value_meets_the_gates_where_nothing_is_rendered() {
    let pinned = format!("r.io/web:v1@sha256:{}", "a".repeat(64));
    let fields = "yaml, fields: { image: image }";
    for (kind, route, value) in [
        (fields, "side", "side: { image: 'IMAGE' }"),
        (fields, "side", "side: |\n  - { name: x, image: 'IMAGE' }"),
        (fields, "sideImage", "sideImage: 'IMAGE'"),
        (fields, "other", "other: { more: { base-image: 'IMAGE' } }"),
        ("helm-values", "more", "more: |\n  - { name: x, image: 'IMAGE' }"),
        ("helm-values", "images", "images: { side: 'IMAGE' }"),
    ] {
        for (gate, code, reason) in [
            ("image: { allow: ['r.io/*'] }", 3, "fail image `evil.io/side` of"),
            ("digest: required", 3, "fail digest `evil.io/side` has no digest"),
            ("image: { allow: ['r.io/*', 'evil.io/*'] }", 0, "pass image"),
            ("tag: '^v'", 0, "every tag of a site matches"),
        ] {
            let settings = format!(
                "version: 1\nladder: [qa, prod]\nenvironments: {{ prod: {{ gates: {{ {gate} }} }} }}\n\
                 sites: [{{ path: '{{environment}}.yaml', app: web, kind: {kind}, promote: [{route}] }}]\n"
            );
            let text =
                |image: &str| format!("image: {pinned}\n{}\n", value.replace("IMAGE", image));
            let new = text("evil.io/side:rc");
            let files = [
                ("rungs.yaml".to_owned(), settings),
                ("qa.yaml".to_owned(), new.clone()),
                ("prod.yaml".to_owned(), text("r.io/side:v1")),
            ];
            let shop = Shop::of(&files.into());
            git(&shop.clone, &["checkout", "-q", "-B", "change", "origin/main"]);
            put(&shop.clone, "prod.yaml", Some(&new));
            git(&shop.clone, &["commit", "-qam", "By hand"]);
            shop.ends(code, &["gates", "--base", "origin/main"]).says(reason);
            git(&shop.clone, &["checkout", "-q", "main"]);
            shop.ends(code, &["promote", "web", "--to", "prod", "--commit"]).says(reason);
        }
    }
}

#[test]
fn a_promoted_value_goes_back_with_the_image_in_it() {
    let settings = "\
version: 1
ladder: [qa, prod]
environments: { prod: { gates: { digest: required } } }
sites: [{ path: '{environment}.yaml', app: web, kind: helm-values, promote: [more] }]
";
    let text = |image: &str| {
        let digest = "a".repeat(64);
        format!("image: r.io/web@sha256:{digest}\nmore: |\n  - {{ name: x, image: '{image}' }}\n")
    };
    let pinned = format!("r.io/side@sha256:{}", "b".repeat(64));
    let files = [
        ("rungs.yaml".to_owned(), settings.to_owned()),
        ("qa.yaml".to_owned(), text(&pinned)),
        ("prod.yaml".to_owned(), text("r.io/side:v1")),
    ];
    let shop = Shop::of(&files.into());
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]).says("pass digest");
    shop.pull();
    shop.ends(0, &["rollback", "web", "--env", "prod", "--commit", "--reason", "slow"]);
}

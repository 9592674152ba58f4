//! Git references of remote bases and charts: whose they are, and which are left out.

use crate::support::shop::Shop;

const OLD: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEW: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

fn shop(rule: &str, qa: &str, prod: &str) -> Shop {
    let configuration = format!(
        "version: 1\nladder: [qa, prod]\nsites: [{{path: '{{environment}}/kustomization.yaml', \
         kind: kustomize, {rule}}}]\n"
    );
    let files = [
        ("rungs.yaml", &*configuration),
        ("qa/kustomization.yaml", qa),
        ("prod/kustomization.yaml", prod),
    ];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

/// The image of an app, and a remote base.
fn kustomization(base: &str, commit: &str) -> String {
    format!(
        "resources:\n- {base}?ref={commit}\nimages:\n- name: quay.io/o/svc\n  newTag: {commit}\n"
    )
}

#[test]
fn a_remote_base_belongs_to_the_app_of_its_repository() {
    for base in [
        "https://git.example.com/o/svc/config/default",
        "https://git.example.com/o/svc",
        "https://git.example.com/group/o/svc.git/config/default",
        "git@git.example.com:group/o/svc.git//config",
        "ssh://git@git.example.com:2222/o/svc//config/default",
        "github.com/o/svc/config/crd",
        "https://dev.azure.com/o/project/_git/svc/config",
    ] {
        let shop = shop("app: '{image}'", &kustomization(base, NEW), &kustomization(base, OLD));
        shop.ends(0, &["promote", "svc", "--to", "prod", "--commit"]);
        assert_eq!(shop.file("prod/kustomization.yaml") + "\n", kustomization(base, NEW));
    }
}

#[test]
fn what_is_excluded_is_left_out_whatever_it_is() {
    let prod = "images:\n- name: quay.io/o/svc\n  newTag: v1\n";
    let after = prod.replace("v1", "v2");
    for (extra, exclude) in [
        (
            "resources: ['https://git.example.com/o/extra/config?ref=v0.3.0']\n",
            "*git.example.com/o/extra*",
        ),
        (
            "resources: ['https://git.example.com/o/extra/config?ref=v0.3.0']\n",
            "git.example.com/o/extra",
        ),
        ("components: ['git@git.example.com:o/extra.git//config?ref=v0.3.0']\n", "*/o/extra"),
        (
            "helmCharts: [{name: extra, repo: 'https://charts.example.com', version: 1.2.3}]\n",
            "extra",
        ),
        (
            "helmCharts: [{name: extra, repo: 'https://charts.example.com', version: 1.2.3}]\n",
            "charts.example.com/*",
        ),
    ] {
        let qa = format!("{extra}{after}");
        let unpaired = shop("app: svc", &qa, prod);
        let promote = ["promote", "svc", "--to", "prod", "--commit"];
        unpaired.ends(1, &promote).finds("unpaired-site");
        let rule = format!("app: svc, images: {{exclude: ['{exclude}']}}");
        let shop = shop(&rule, &qa, prod);
        shop.ends(0, &promote);
        assert_eq!(shop.file("prod/kustomization.yaml") + "\n", after, "{exclude}");
    }
}

#[test]
fn a_partner_that_is_paired_already_is_not_suggested() {
    let (base, other) = ("https://git.example.com/o/svc", "https://git.example.com/o/svc2");
    let qa = kustomization(base, NEW).replace("images", &format!("- {other}?ref=v1\nimages"));
    let only = shop("app: svc", &qa, &kustomization(base, OLD));
    let promote = ["promote", "svc", "--to", "prod", "--commit"];
    let refused = only.ends(1, &promote).finds("unpaired-site").says("exclude it with `images`");
    assert!(!refused.stderr.contains("did you mean"), "{}", refused.stderr);
    let prod = kustomization(base, OLD).replace("images", &format!("- {other}x?ref=v1\nimages"));
    let misspelt = shop("app: svc", &qa, &prod);
    misspelt.ends(1, &promote).says(&format!("did you mean `{other}x`"));
}

//! What status says of the whole repository: as much as a person reads.

use std::fmt::Write as _;

use crate::support::git::git;
use crate::support::shop::{Shop, put};

/// A shop in which so many apps have their image in a base that two environments share.
fn sharing(apps: usize) -> Shop {
    let mut files = vec![(
        "rungs.yaml".to_owned(),
        "version: 1\nladder: [qa, prod]\nsites:\n  \
         - { path: '{app}/{environment}/kustomization.yaml', kind: kustomize }\n"
            .to_owned(),
    )];
    for at in 0..apps {
        for environment in ["qa", "prod"] {
            let overlay = "resources: [../base]\n".to_owned();
            files.push((format!("app{at}/{environment}/kustomization.yaml"), overlay));
        }
        let mut pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\n".to_owned();
        let _ =
            writeln!(pod, "spec: {{ containers: [{{ name: web, image: 'r.io/app{at}:v1' }}] }}");
        files.push((format!("app{at}/base/pod.yaml"), pod));
        let base = "resources: [pod.yaml]\n".to_owned();
        files.push((format!("app{at}/base/kustomization.yaml"), base));
    }
    Shop::of(&files.into_iter().collect())
}

#[test]
fn of_many_shared_places_a_few_are_shown_and_the_others_counted() {
    for (apps, shown, more) in
        [(6, 6, None), (7, 6, Some("2 more places")), (30, 6, Some("25 more places"))]
    {
        let shop = sharing(apps);
        let text = shop.rungs(&["status"]).stderr;
        assert_eq!(text.matches("[shared-base]").count(), shown, "{apps}: {text}");
        assert!(more.is_none_or(|more| text.contains(more)), "{apps}: {text}");
        // Nothing is left out where a program reads it, or one app is asked for.
        let json = shop.rungs(&["status", "--format", "json"]).stdout;
        assert_eq!(json.matches("\"shared-base\"").count(), apps);
        let one = shop.rungs(&["status", "app3"]).stderr;
        assert!(one.contains("app3/base/pod.yaml") && !one.contains("more places"), "{one}");
    }
}

#[test]
fn a_name_in_skip_and_enters_that_nobody_has_is_a_warning() {
    let settings = "environments:\n  prod: { skip: [api, wbe, gone], enters: [webb, reports] }\n";
    let shop = Shop::configured(settings, &[]);
    let status = shop.json(0, &["status"]);
    let findings = status["findings"].as_array().unwrap().iter();
    let found: Vec<_> = findings
        .filter(|finding| finding["code"] == "names-no-app")
        .map(|finding| [&finding["message"], &finding["help"]].map(|text| text.as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ["`skip` of `prod` names `wbe`, which no environment has", "did you mean `web`?"],
            ["`skip` of `prod` names `gone`, which no environment has", "remove it"],
            ["`enters` of `prod` names `webb`, which no environment has", "did you mean `web`?"],
        ]
    );
    let unnamed = shop.rungs(&["status", "web"]).stderr;
    assert!(!unnamed.contains("names-no-app"), "{unnamed}");
}

#[test]
fn what_is_meant_to_be_shared_is_not_reported() {
    let shop = sharing(2);
    let rules = shop.file("rungs.yaml");
    let ignoring = |image: &str, finding: &str| {
        let entry =
            format!("{{ image: '{image}', finding: {finding}, reason: the same everywhere }}");
        format!(
            "{}\n",
            rules.replace("kustomize }", &format!("kustomize, images: {{ ignore: [{entry}] }} }}"))
        )
    };
    for (image, finding, left) in
        [("r.io/app0", "shared-base", 1), ("*", "shared-base", 0), ("*", "range", 2)]
    {
        shop.elsewhere("Ignore", &[("rungs.yaml", Some(&ignoring(image, finding)))]);
        shop.pull();
        let text = shop.rungs(&["status"]).stderr;
        assert_eq!(text.matches("[shared-base]").count(), left, "{image} {finding}: {text}");
        // It is said to whoever wants to change it.
        shop.ends(1, &["set", "app0", ":v2", "--env", "qa", "--dry-run"]).finds("shared-base");
    }
}

#[test]
fn a_range_that_is_meant_is_shown_and_not_reported() {
    let rules = |images: &str| {
        format!(
            "version: 1\nladder: [qa, prod]\nsites:\n  - path: '{{environment}}/{{app}}.yaml'\n    kind: yaml\n    \
             fields: {{ version: version }}\n{images}"
        )
    };
    let ignored =
        "    images: { ignore: [{ image: version, finding: range, reason: the newest }] }\n";
    let file = "version: '>=1.0.0'\n".to_owned();
    let shop = Shop::of(
        &[("rungs.yaml", rules("")), ("qa/chart.yaml", file.clone()), ("prod/chart.yaml", file)]
            .map(|(path, text)| (path.to_owned(), text))
            .into(),
    );
    shop.ends(0, &["status"]).finds("range");
    let promote = ["promote", "chart", "--to", "prod", "--dry-run"];
    shop.ends(0, &promote).finds("range");
    shop.elsewhere("Ignore", &[("rungs.yaml", Some(&rules(ignored)))]);
    shop.pull();
    for arguments in [&["status"][..], &promote] {
        let output = shop.ends(0, arguments);
        assert!(!output.stderr.contains("range"), "{output:?}");
    }
    shop.ends(0, &["status"]).says(">=1.0.0");
}

#[test]
fn changes_here_that_were_not_looked_at_are_noted() {
    let shop = Shop::adopted(&[]);
    shop.ends(0, &["status"]);
    put(&shop.clone, "README.md", Some("# shop\n"));
    let dry_run = ["promote", "web", "--to", "stage", "--dry-run"];
    for arguments in [&["status"][..], &dry_run] {
        let output = shop.ends(0, arguments);
        assert!(!output.stderr.contains("not-looked-at"), "{output:?}");
    }
    let rules = shop.file("rungs.yaml");
    put(&shop.clone, "rungs.yaml", Some(&format!("{rules}\n# mine\n")));
    shop.ends(0, &["status"]).finds("not-looked-at").says("rungs status --work-tree");
    shop.ends(0, &dry_run).finds("not-looked-at").says("--dry-run --write");
    let here = shop.ends(0, &["status", "--work-tree"]);
    assert!(!here.stderr.contains("not-looked-at"), "{here:?}");
    shop.ends(0, &[&dry_run[..], &["--write"]].concat()).says("v1 → v2");
    // What the base has already is nothing new.
    shop.elsewhere("Mine", &[("rungs.yaml", Some(&format!("{rules}\n# mine\n")))]);
    git(&shop.clone, &["fetch", "-q"]);
    let same = shop.ends(0, &["status"]);
    assert!(!same.stderr.contains("not-looked-at"), "{same:?}");
    put(&shop.clone, "rungs.yaml", Some(&format!("{rules}\n# yours\n")));
    put(&shop.clone, "qa/web.yaml", Some("mine: true\n"));
    shop.ends(0, &["status"]).says("`qa/web.yaml` and another file have uncommitted changes");
}

//! One file with the values of all environments: each environment has its own, and a change
//! of one of them is a change of no other.

use std::fs;

use crate::support::shop::Shop;

/// A shop with one file, `all.yaml`, and these rules; `qa` and `prod` are its environments.
fn of_rules(rules: &[&str], file: &str) -> Shop {
    of_settings("ladder: [qa, prod]\n", rules, file)
}

fn of_settings(settings: &str, rules: &[&str], file: &str) -> Shop {
    let rules = rules.iter().map(|rule| format!("  - {{path: all.yaml, {rule}}}\n"));
    let rules = rules.collect::<Vec<_>>().concat();
    let configuration = format!("version: 1\n{settings}sites:\n{rules}");
    let files = [("rungs.yaml", &*configuration), ("all.yaml", file)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

/// The file in the work tree.
fn file(shop: &Shop) -> String {
    fs::read_to_string(shop.clone.join("all.yaml")).unwrap()
}

const MAPS: &str = "repository: x/web # of all\nqa:\n  web: {tag: v2, size: 3} # qa\nprod: # prod\n  web:\n    \
                    tag: v1\n    size: 1\n";
const FIELDS: &str =
    "app: web, kind: yaml, fields: {repository: repository, tag: '{environment}.web.tag'}";

const GENERATOR: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web}
spec:
  generators:
  - list:
      elements:
      - {cluster: qa, revision: v2}
      - {cluster: prod, revision: v1}
  template:
    spec: {source: {repoURL: https://git.example.com/web, targetRevision: '{{revision}}'}}
";

#[test]
fn a_list_of_elements_is_promoted_by_one_entry_and_by_one_for_each_environment() {
    let route = |cluster| format!("'spec.generators[0].list.elements[cluster={cluster}].revision'");
    let rule = |more: &str, cluster| {
        format!("app: web, kind: yaml, {more}fields: {{version: {}}}", route(cluster))
    };
    let one = [rule("", "{environment}")];
    let two = [rule("environment: qa, ", "qa"), rule("environment: prod, ", "prod")];
    for rules in [&one[..], &two[..]] {
        let rules: Vec<_> = rules.iter().map(String::as_str).collect();
        let shop = of_rules(&rules, GENERATOR);
        let output = shop.ends(0, &["promote", "web", "--to", "prod", "--write"]);
        output.says("elements[cluster={environment}].revision v1 → v2 all.yaml:9");
        assert_eq!(file(&shop), GENERATOR.replace("v1}", "v2}"));
    }
}

#[test]
fn keys_of_environments_are_promoted_set_and_rolled_back() {
    let shop = of_rules(&[FIELDS], MAPS);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("all.yaml").trim(), MAPS.replace("tag: v1", "tag: v2").trim());
    shop.ends(0, &["set", "web", ":v3", "--env", "qa", "--commit"]);
    let set = MAPS.replace("tag: v2", "tag: v3").replace("tag: v1", "tag: v2");
    assert_eq!(shop.file("all.yaml").trim(), set.trim());
    shop.pull();
    shop.ends(0, &["rollback", "web", "--env", "prod", "--commit"]);
    let back = shop.file("all.yaml");
    assert_eq!(back.trim(), MAPS.replace("tag: v2", "tag: v3").trim());
}

#[test]
fn the_values_below_an_environment_are_those_of_a_chart() {
    let file_of = |prod: &str, size: u8, zone: &str| {
        format!(
            "qa:\n  image: {{repository: x/web, tag: v2}}\n  size: 3\n  zone: a\nproduction: # eu\n  image:\n    \
             repository: x/web\n    tag: {prod}\n  size: {size}\n{zone}"
        )
    };
    let settings = "ladder: [qa, prod]\nenvironments: {prod: {path: production}}\n";
    let rule = "app: web, kind: helm-values, root: '{environment}', promote: [size, 'zone']";
    let shop = of_settings(settings, &[rule], &file_of("v1", 1, ""));
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]).says("image v1 → v2");
    assert_eq!(file(&shop), file_of("v2", 3, "  zone: a\n"));
}

#[test]
fn a_text_of_an_element_is_read_as_the_values_of_its_environment() {
    let file_of = |prod: &str| {
        let element = |name: &str, tag: &str| {
            format!(
                "      - env: {name}\n        values: |\n          image:\n            repository: x/web\n            \
                 tag: {tag}\n"
            )
        };
        let head = &GENERATOR[..GENERATOR.find("      - {cluster").unwrap()];
        format!("{head}{}{}", element("qa", "v2"), element("prod", prod))
    };
    let root = "spec.generators[0].list.elements[env={environment}].values";
    let rule = format!("app: web, kind: helm-values, root: '{root}'");
    let shop = of_rules(&[&rule], &file_of("v1"));
    shop.ends(0, &["promote", "web", "--to", "prod", "--write"]).says("image v1 → v2");
    assert_eq!(file(&shop), file_of("v2"));
}

#[test]
fn a_commit_is_of_the_environment_whose_line_it_changes() {
    let shop = of_rules(&[FIELDS], MAPS);
    let change = |from: &str, to: &str| {
        let text = shop.file("all.yaml").replace(from, to) + "\n";
        shop.elsewhere(&format!("To {to}"), &[("all.yaml", Some(&text))]);
    };
    change("tag: v2", "tag: v3");
    change("tag: v1", "tag: v2");
    change("# qa", "# of qa");
    change("tag: v3", "tag: v4");
    shop.pull();
    // The second time from what the first one derived.
    for _ in 0..2 {
        let audit = shop.json(0, &["audit", "--app", "web"]);
        let entries = audit["entries"].as_array().unwrap().iter();
        let named: Vec<_> = entries.map(|entry| entry["environment"].as_str().unwrap()).collect();
        assert_eq!(named, ["qa", "prod", "qa", "prod", "qa"], "{audit:#}");
    }
    let status = shop.ends(0, &["status"]);
    status.says("v4").says("v2");
}

#[test]
fn what_several_environments_have_is_not_changed_for_one() {
    // The tag of all is not promoted along with the version of each.
    let file = "tag: v1\nqa: {version: 1.2.3}\nprod: {version: 1.2.2}\n";
    let rule = "app: web, kind: yaml, fields: {tag: tag, version: '{environment}.version'}";
    let shop = of_rules(&[rule], file);
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]).says("1.2.2 → 1.2.3");
    shop.ends(1, &["set", "web", ":v2", "--env", "qa", "--commit"]).finds("shared-base");
    assert_eq!(shop.file("all.yaml").trim(), file.replace("1.2.2", "1.2.3").trim());
    // A repository of all is not changed with the tag of one.
    let shop = of_rules(&[FIELDS], MAPS);
    let arguments = ["set", "web", "x/other:v9", "--repository", "--env", "qa", "--commit"];
    shop.ends(1, &arguments).finds("no-room-for-reference");
    // A value that holds another environment's is not its own.
    let rules = [
        "app: web, environment: qa, kind: yaml, promote: [values]",
        "app: web, environment: prod, kind: yaml, promote: [values], fields: {tag: values.prod.tag}",
    ];
    let shop = of_rules(&rules, "values: {prod: {tag: v1}}\n");
    shop.ends(1, &["set", "web", ":v2", "--env", "prod", "--commit"]).finds("shared-base");
}

#[test]
fn an_alias_of_another_environment_stops_the_edit() {
    let shop = of_settings(
        "ladder: [qa, prod, stage]\n",
        &["app: web, kind: yaml, fields: {tag: '{environment}.tag'}"],
        "qa: {tag: &t v2}\nother: &o v1\nprod: {tag: *o}\nstage: {tag: *o}\n",
    );
    shop.ends(1, &["promote", "web", "--to", "prod", "--commit"]).finds("shared-anchor");
}

#[test]
fn an_environment_that_is_not_in_the_file_is_a_field_that_is_nowhere() {
    let shop = of_settings("ladder: [qa, stage, prod]\n", &[FIELDS], MAPS);
    shop.ends(2, &["status"]).finds("no-site").says("`all.yaml` has no `stage.web.tag`");
    let promote = ["promote", "web", "--to", "prod", "--write"];
    shop.ends(2, &promote).finds("no-site").says("`skip: [web]` in `stage`");
    let skipping = "ladder: [qa, stage, prod]\nenvironments: {stage: {skip: [web]}}\n";
    let shop = of_settings(skipping, &[FIELDS], MAPS);
    shop.ends(0, &["status"]);
    shop.ends(0, &promote);
}

#[test]
fn an_environment_that_is_given_twice_is_refused() {
    let rule = format!("environment: qa, {FIELDS}");
    let shop = of_rules(&[&rule], MAPS);
    shop.ends(2, &["status"]).finds("site-environment").says("and by `{environment}` here");
    let shop = of_rules(&["app: web, kind: yaml, fields: {tag: qa.web.tag}"], MAPS);
    shop.ends(2, &["status"]).finds("site-environment").says("where a route of `fields`");
}

#[test]
fn a_misspelt_route_is_answered_with_one_for_all_environments() {
    let shop = of_settings(
        "ladder: [qa, prod]\n",
        &["app: web, kind: yaml, fields: {tag: '{environment}.web.tga'}"],
        "qa: {web: {tag: v2}}\nprod: {web: {tag: v1}}\n",
    );
    let status = shop.ends(2, &["status"]).finds("no-site");
    status.says("the only file of `all.yaml` has no").says("did you mean `{environment}.web.tag`?");
}

//! Rules whose routes lead to several places.

use crate::support::shop::Shop;

/// One app with a rule that has these keys.
fn shop(keys: &str, qa: &str, prod: &str) -> Shop {
    let configuration = format!(
        "version: 1\nladder: [qa, prod]\nsites:\n  - {{path: '{{environment}}.yaml', app: web, \
         {keys}}}\n"
    );
    let files = [("rungs.yaml", &*configuration), ("qa.yaml", qa), ("prod.yaml", prod)];
    Shop::of(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
}

#[test]
fn a_route_of_a_rule_that_leads_to_several_places_is_refused() {
    let charts = "charts: [{name: g, version: V}, {name: g, version: V}]\n";
    let documents = "image: {tag: V}\n---\nimage: {tag: V}\n";
    let scaled = "image: {repository: x/web, tag: v1}\nspec: {size: V}\n---\nspec: {size: V}\n";
    let rooted = "s: [{name: a, v: {image: {repository: x/w, tag: V}}}, {name: a, v: {}}]\n";
    for (keys, text) in [
        ("kind: yaml, fields: {version: 'charts[name=g].version'}", charts),
        ("kind: yaml, fields: {tag: image.tag}", documents),
        ("kind: helm-values, promote: [spec.size]", scaled),
        ("kind: helm-values, root: 's[name=a].v'", rooted),
    ] {
        let shop = shop(keys, &text.replace('V', "v2"), &text.replace('V', "v1"));
        let tip = shop.remote.tip();
        let promote = ["promote", "web", "--to", "prod", "--commit"];
        shop.ends(1, &promote).finds("ambiguous-route").says("leads to 2 places");
        shop.ends(1, &["set", "web", ":v3", "--env", "qa", "--commit"]).finds("ambiguous-route");
        assert_eq!(shop.remote.tip(), tip);
    }
}

#[test]
fn a_rule_may_name_the_item_that_has_the_field() {
    let text = "charts: [{name: g, other: 1}, {name: g, version: V}]\n";
    let keys = "kind: yaml, fields: {version: 'charts[name=g].version'}";
    let shop = shop(keys, &text.replace('V', "v2"), &text.replace('V', "v1"));
    shop.ends(0, &["promote", "web", "--to", "prod", "--commit"]);
    assert_eq!(shop.file("prod.yaml") + "\n", text.replace('V', "v2"));
}

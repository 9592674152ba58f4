//! Changes of somebody who wants an image in prod that does not belong there.

use super::changes::{Change, Edit, Parents, TopicCommit};
use super::random::Random;
use super::shops::{DAY, HOLDS, Kind, SIDECAR, Shop, TEMPLATE, pod};

const EVIL_1: &str = "v1@sha256:6666666666666666666666666666666666666666666666666666666666666666";
const EVIL_2: &str = "v2@sha256:6666666666666666666666666666666666666666666666666666666666666666";

const TAGS: [&str; 11] =
    ["v2", "v2", "v3", "v1", "v4", "v5", "v9", "latest", EVIL_1, EVIL_2, "v1.0"];

const WRITTEN: [&str; 7] =
    ["{{ tag }}", "[v9]", "&a v9", "'v9'", "!!str v9", "v1 # x", "\"{{v9}}\""];

/// A rule for files that no other rule reads.
pub(super) const DEPLOY: &str =
    "  - path: 'deploy/{environment}/{app}.yaml'\n    kind: yaml\n    fields: { image: image }\n";

/// Up to three hostile changes, one after the other.
pub(super) fn series(random: &mut Random, shop: Shop, bases: &[String]) -> Vec<Change> {
    (0..=random.below(3)).map(|_| change(random, shop, bases)).collect()
}

fn change(random: &mut Random, shop: Shop, bases: &[String]) -> Change {
    let meanwhile = if random.one_in(3) { meanwhile(random, shop.kind) } else { Vec::new() };
    let commits = (0..=random.below(3)).map(|_| {
        let parents = match random.below(10) {
            0 => Parents::Side,
            1 => Parents::Base,
            2 => Parents::IntoBase,
            _ => Parents::One,
        };
        let date = random.pick(&[0, 0, 0, -60, -3 * 3600, -5 * DAY, -100 * DAY, 50 * DAY]);
        let mut edits = Vec::new();
        for _ in 0..=random.below(2) {
            edits.extend(edit(random, shop));
        }
        if random.one_in(8) {
            edits.clear();
        }
        if shop.kind == Kind::Native && !random.one_in(5) {
            edits.push(Edit::Render);
        }
        TopicCommit { message: message(random, shop.kind, bases), date, parents, edits }
    });
    let mut commits: Vec<TopicCommit> = commits.collect();
    // A file that only the change's own configuration reads is not judged.
    let is_rule = |edit: &Edit| matches!(edit, Edit::Replace(_, _, to) if to.contains(DEPLOY));
    if commits.iter().flat_map(|commit| &commit.edits).any(is_rule) {
        let is_file =
            |edit: &Edit| matches!(edit, Edit::Put(path, _) if path.starts_with("deploy/"));
        for commit in &mut commits {
            commit.edits.retain(|edit| !is_file(edit));
        }
    }
    Change { meanwhile, commits, way: random.below(12) }
}

fn meanwhile(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let app = random.app();
    let mut edits = match random.below(4) {
        0 => vec![Edit::Put("README.md".into(), "# the shop\n".into())],
        1 => vec![tagged(kind, "qa", app, "v7")],
        2 => vec![tagged(kind, "stage", app, "v7")],
        _ => vec![Edit::Append(kind.path("stage", app), "# note\n".into())],
    };
    if kind == Kind::Native {
        edits.push(Edit::Render);
    }
    edits
}

/// The tag of an app becomes another one.
pub(super) fn tagged(kind: Kind, environment: &str, app: &str, tag: &str) -> Edit {
    Edit::After(kind.path(environment, app), kind.before_tag(app), tag.to_owned())
}

fn message(random: &mut Random, kind: Kind, bases: &[String]) -> String {
    let app = random.app();
    let key = match kind {
        Kind::Yaml | Kind::Tags | Kind::Helm => "image",
        Kind::Native => "web",
        _ => app,
    };
    let tag = random.pick(&["v1", "v2", "v3", "v4", "v9"]);
    let image = kind.image(app, tag);
    let reference = format!("Rungs-Reference: {key} {image}\n");
    let (from, commit) = (random.pick(&["qa", "stage", "prod"]), &bases[random.below(bases.len())]);
    let claim = match random.below(12) {
        0 => format!(
            "Rungs-Promote: {app} from {from}@{commit} to prod\n{reference}Rungs-Named: state\n"
        ),
        1 => format!("Rungs-Promote: {app} from {from} to prod\n{reference}Rungs-Named: source\n"),
        2 => format!("Rungs-Rollback: {app} in prod\n"),
        3 => format!("Rungs-Rollback: {app} in prod\n{reference}Rungs-Reason: urgent\n"),
        4 => {
            let gate = random.pick(&["order", "soak", "hold", "render"]);
            format!(
                "Rungs-Promote: {app} from stage to prod\n{reference}Rungs-Override: {gate} urgent\n"
            )
        }
        5 => format!(
            "Rungs-Promote: {app} from stage to prod\n{reference}Rungs-Replaces: {key}=:v1\n"
        ),
        6 => format!("This reverts commit {commit}.\n"),
        7 => format!("Rungs-Set: {app} in prod\n{reference}"),
        8 => format!("Rungs-Lift: {app} in prod\nRungs-Reference: {key} {image}\n"),
        _ => String::new(),
    };
    format!("Tidy up\n\n{claim}")
}

fn edit(random: &mut Random, shop: Shop) -> Vec<Edit> {
    let kind = shop.kind;
    match random.below(12) {
        0..4 => values(random, kind),
        4..6 => paths(random, kind),
        6 => newcomers(random, kind),
        7 => links(random, kind),
        8 if kind != Kind::Native => configuration(random, kind),
        8 | 9 if kind == Kind::Native && random.one_in(2) => configuration(random, kind),
        9 if kind != Kind::Native => configuration(random, kind),
        8..11 if kind == Kind::Native => templates(random),
        10 => both(random, kind),
        _ => aside(random, shop),
    }
}

/// What a file of prod says.
fn values(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let app = random.app();
    let path = kind.path("prod", app);
    let replace = |from: &str, to: &str| vec![Edit::Replace(path.clone(), from.into(), to.into())];
    let append = |text: String| vec![Edit::Append(path.clone(), text)];
    match random.below(18) {
        0..6 => vec![tagged(kind, "prod", app, random.pick(&TAGS))],
        6 => vec![tagged(kind, "prod", app, random.pick(&WRITTEN))],
        7 => replace(
            "ghcr.io/shop",
            random.pick(&["evil.io/shop", "ghcr.io/evil", "docker.io/shop"]),
        ),
        8 => {
            let (from, to) = random.pick(&[
                ("tag:", "version:"),
                ("image:", "img:"),
                ("newTag:", "tag:"),
                ("image_tag:", "imageTag:"),
                ("newName:", "name:"),
                ("repository:", "repo:"),
                (" # rungs: app=", " # app="),
                ("rungs: app=web", "rungs: app=api"),
                ("images:", "image:"),
                ("include", "exclude"),
            ]);
            replace(from, to)
        }
        9 => append(format!("    digest: sha256:{}\n", "6".repeat(64))),
        10 => append(format!("---\n{}", kind.text(app, "v9"))),
        11 => append(kind.text(app, "v9")),
        12 => append(kind.text("other", "v9")),
        13 => vec![Edit::Put(path, kind.text(app, random.pick(&TAGS)).replace('\n', "\r\n"))],
        14 => vec![Edit::Put(path, format!("\u{feff}{}", kind.text(app, "v9")))],
        15 => vec![Edit::Put(path, "[]\n".into())],
        16 => {
            let decoy = kind.text(app, "v9").replace("image:", "x: 1\nimage:");
            vec![Edit::Put(path, format!("{decoy}# {}", kind.text(app, "v1")))]
        }
        _ => {
            let text = kind.text(app, "v9").replace(" # rungs: app=", " #");
            vec![Edit::Append(path, text)]
        }
    }
}

/// Where a file of prod is.
fn paths(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let app = random.app();
    let path = kind.path("prod", app);
    let other = kind.path("prod", if app == "web" { "api" } else { "web" });
    let move_to = |to: String| Edit::Move(path.clone(), to);
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
    let back = Edit::Put(path.clone(), kind.text(app, random.pick(&TAGS)));
    match random.below(14) {
        12 => vec![Edit::Move(kind.path("stage", app), kind.path("prod/deep", app))],
        13 => vec![
            Edit::Move(kind.path("stage", app), kind.path("prod/deep", app)),
            Edit::Remove(path),
        ],
        0 => vec![move_to(path.replace(".yaml", ".yml"))],
        1 => vec![tagged(kind, "prod", app, "v9"), move_to(path.replace(".yaml", ".yml"))],
        2 => vec![move_to(format!("{directory}/deep/{app}.yaml"))],
        3 => vec![tagged(kind, "prod", app, "v9"), move_to(kind.path("prod", "web2"))],
        4 => vec![Edit::Move(kind.path("stage", app), path)],
        5 => vec![Edit::Move(kind.path("qa", app), path)],
        6 => vec![move_to(other)],
        7 => vec![Edit::Remove(path)],
        8 => vec![Edit::Remove(path.clone()), back],
        9 => vec![Edit::Move(directory.clone(), format!("{directory}2"))],
        10 => vec![Edit::Move(directory.replace("prod", "stage"), directory)],
        _ => vec![move_to("elsewhere.yaml".into()), back],
    }
}

/// Files that were not there.
fn newcomers(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let tag = random.pick(&TAGS);
    let name = random.pick(&["new", "web2", "cart"]);
    let path = kind.path("prod", name);
    let put = |path: String, text: String| Edit::Put(path, text);
    let text = kind.text(name, tag);
    match random.below(6) {
        0 => vec![put(path, text)],
        1 => vec![put(path, text.clone()), put(kind.path("stage", name), text)],
        2 => vec![put(path, kind.text("web", tag))],
        3 => vec![put(kind.path("prod/deep", "web"), kind.text("web", tag))],
        4 => {
            let all = ["qa", "stage", "prod"];
            all.iter().map(|one| put(kind.path(one, name), text.clone())).collect()
        }
        _ => vec![put(path, format!("{text}---\n{text}"))],
    }
}

/// Links and submodules.
fn links(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let app = random.app();
    let path = kind.path("prod", app);
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
    let up = "../".repeat(path.matches('/').count());
    let evil = Edit::Put("elsewhere.yaml".into(), kind.text(app, random.pick(&TAGS)));
    let below = format!("elsewhere/{}", path.rsplit('/').next().unwrap());
    match random.below(8) {
        0 => vec![evil, Edit::Link(path, format!("{up}elsewhere.yaml"))],
        1 => vec![Edit::Link(path, format!("{up}{}", kind.path("stage", app)))],
        2 => vec![Edit::Link(path, format!("{up}{}", kind.path("qa", app)))],
        3 => vec![Edit::Gitlink(path)],
        4 => vec![Edit::Gitlink(directory)],
        5 => vec![Edit::Link(directory, "stage".into())],
        6 => vec![Edit::Link(directory, "qa".into())],
        _ => {
            let away = "../".repeat(path.matches('/').count() - 1);
            vec![
                Edit::Put(below, kind.text(app, "v9")),
                Edit::Link(directory, format!("{away}elsewhere")),
            ]
        }
    }
}

/// What says which gates judge what.
fn configuration(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let settings = || "rungs.yaml".to_owned();
    let app = random.app();
    let replace =
        |path: &str, from: &str, to: &str| vec![Edit::Replace(path.into(), from.into(), to.into())];
    let name = if random.one_in(2) { "web2" } else { app };
    let evil = Edit::Put(format!("deploy/prod/{name}.yaml"), Kind::Yaml.text(name, "v9"));
    let gates = kind.settings();
    match random.below(24) {
        0 => replace(
            gates,
            "soak: 1d",
            random.pick(&["soak: 1m", "soak: 2d", "soak: { for: 1d, stood: 1s }"]),
        ),
        1 => replace(gates, ", relax: { approvals: 1 }", ""),
        2 => replace(gates, "gates: { soak: 1d, relax: { approvals: 1 } }", "tier: production"),
        3..7 => {
            let ladders = [
                "[qa, prod, stage]",
                "[prod, stage, qa]",
                "[qa, prod]",
                "[qa, stage, prod, dr]",
                "[qa, stage, canary, prod]",
                "[prod]",
                "[qa, [stage, prod]]",
                "[qa, stage]",
            ];
            replace("rungs.yaml", "[qa, stage, prod]", random.pick(&ladders))
        }
        7 => replace(gates, "gates: {", &format!("enters: [{app}]\n    gates: {{")),
        8 => replace(gates, "gates: {", &format!("enters: [{app}]\ngates: {{")),
        9 => replace(gates, "gates: {", "select: newest-eligible\n    gates: {"),
        10 => replace(gates, "gates: {", "path: production\n    gates: {"),
        11 if kind == Kind::Native => {
            vec![Edit::Put(
                "environments/stage/environment.yaml".into(),
                format!("skip: [{app}]\n"),
            )]
        }
        11 => vec![Edit::Append(settings(), format!("  stage:\n    skip: [{app}]\n"))],
        12 => vec![Edit::Append(settings(), "mirrors: { 'evil.io/*': 'ghcr.io/*' }\n".into())],
        13 | 14 if kind != Kind::Native => {
            let with = format!("{DEPLOY}environments:\n");
            replace("rungs.yaml", "environments:\n", &with)
        }
        15 => vec![evil],
        16 => replace("rungs.yaml", "sites:\n", &format!("sites:\n{DEPLOY}")),
        17 => {
            let rules = [
                ("include: ['*/shop/*']", "include: ['*/x/*']"),
                ("include: ['*/shop/*']", "include: ['*/shop/*'], exclude: ['*/web']"),
                ("kind: yaml", "kind: manifest"),
                ("{app}.yaml", "{app}.yml"),
                ("/{environment}/", "/{environment}2/"),
                ("{ image: image }", "{ image: picture }"),
                ("{ tag: image_tag }", "{ tag: tag }"),
                ("kind: kustomize\n", "kind: kustomize\n    images: { exclude: ['*/web'] }\n"),
                ("kind: helm-values\n", "kind: helm-values\n    root: x\n"),
                ("**/*.yaml", "*.yml"),
            ];
            let (from, to) = random.pick(&rules);
            replace("rungs.yaml", from, to)
        }
        18 => replace("rungs.yaml", "version: 1\n", "version: 1\noutput: out\n"),
        19 => replace("rungs.yaml", "merge: ", "merge: x"),
        20 => {
            let (from, to) = random.pick(&[
                ("squash", "rebase"),
                ("merge: merge", "merge: rebase"),
                ("rebase", "squash"),
            ]);
            replace("rungs.yaml", from, to)
        }
        21 => vec![Edit::Remove(settings())],
        22 if kind == Kind::Native => {
            vec![Edit::Append(kind.path("prod", app), "gates: { soak: 1m }\n".into())]
        }
        22 => vec![Edit::Append(
            settings(),
            format!("    apps: {{ {app}: {{ gates: {{ soak: 1m }} }} }}\n"),
        )],
        _ => {
            vec![Edit::Put("environments/environment.yaml".into(), "gates: { soak: 1m }\n".into())]
        }
    }
}

/// What else decides what a native repository deploys.
fn templates(random: &mut Random) -> Vec<Edit> {
    let evil = random.pick(&["evil.io/shop/x:v9", "evil.io/shop/x:v9", SIDECAR]);
    let app = random.app();
    let replace =
        |from: &str, to: &str| vec![Edit::Replace(TEMPLATE.into(), from.into(), to.into())];
    let own = Kind::Native.path("prod", app);
    let rendered = format!("rendered/prod/{app}/pod-{app}.yaml");
    let sidecar = format!("values: {{ sidecar: '{evil}' }}\n");
    match random.below(16) {
        0 => replace("{{ images.web.ref }}", evil),
        1 => replace("{{ images.web.ref }}", "{{ images.web.repository }}:v9"),
        2 => {
            let text = format!("spec:\n  initContainers: [{{ name: x, image: '{evil}' }}]\n");
            replace("spec:\n", &text)
        }
        3 => {
            let text = format!(
                "{{% if environment == 'prod' %}}{evil}{{% else %}}{{{{ images.web.ref }}}}{{% endif %}}"
            );
            replace("{{ images.web.ref }}", &text)
        }
        4 => vec![Edit::Append(own, sidecar)],
        5 => vec![Edit::Put("environments/environment.yaml".into(), sidecar)],
        6 => vec![Edit::Append("environments/prod/environment.yaml".into(), sidecar)],
        7 => ["qa", "stage", "prod"]
            .iter()
            .map(|one| Edit::Append(Kind::Native.path(one, app), sidecar.clone()))
            .collect(),
        8 => vec![Edit::After(rendered, format!("shop/{app}:"), "v9".into())],
        9 => vec![Edit::Put(format!("rendered/prod/{app}/pod-evil.yaml"), pod("evil", evil))],
        10 => vec![Edit::Put("rendered/prod/evil/pod-evil.yaml".into(), pod("evil", evil))],
        11 => vec![Edit::Remove("rendered".into())],
        12 => vec![Edit::Put("templates/web/extra.yaml.tera".into(), pod("{{ app }}-x", evil))],
        13 => vec![
            Edit::Put("templates/evil/pod.yaml.tera".into(), pod("{{ app }}", evil)),
            Edit::Replace(own, "template: web".into(), "template: evil".into()),
        ],
        14 => vec![Edit::Append("environments/stage/web.yaml".into(), sidecar)],
        _ => vec![Edit::Replace(
            own,
            "images:\n".into(),
            "images:\n  x: { repository: evil.io/shop/x, tag: v9 }\n".into(),
        )],
    }
}

/// What is below changes along.
fn both(random: &mut Random, kind: Kind) -> Vec<Edit> {
    let app = random.app();
    let tag = random.pick(&TAGS);
    let environments: &[&str] =
        random.pick(&[&["stage", "prod"][..], &["qa", "stage", "prod"], &["stage"], &["qa"]]);
    environments.iter().map(|environment| tagged(kind, environment, app, tag)).collect()
}

/// What is neither of these.
fn aside(random: &mut Random, shop: Shop) -> Vec<Edit> {
    let kind = shop.kind;
    let app = random.app();
    let base = format!("apps/{app}/base/pod.yaml");
    match random.below(8) {
        0 | 1 if shop.is_held => vec![Edit::Remove(HOLDS.into())],
        0 if shop.is_held => vec![Edit::Put(HOLDS.into(), "[]\n".into())],
        2 if shop.is_held => vec![Edit::Replace(HOLDS.into(), "v2".into(), "v1".into())],
        3 => vec![Edit::Put("README.md".into(), "# docs\n".into())],
        4 => {
            vec![Edit::Replace(kind.path("prod", app), "replicas: 2".into(), "replicas: 3".into())]
        }
        5 => vec![Edit::Replace(base, "image: ".into(), "image: evil.io/".into())],
        6 => vec![Edit::Append(kind.path("prod", app), "# note\n".into())],
        _ => vec![tagged(kind, "prod", "web", "v2")],
    }
}

//! The changes that writing a value to a site needs.

use rungs::kubernetes::ImageReference;
use rungs::sites::{ImageParts, Key, RevisionParts, Site, SiteValue, WriteOptions, changes};
use rungs::yaml::{Change, splice};

use crate::sample::{app, lines, model, of_kind, tree};

const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn image(text: &str) -> SiteValue {
    let (repository, rest) = text.split_at(text.find([':', '@']).unwrap_or(text.len()));
    let reference = ImageReference::parse(&format!("r{rest}")).unwrap();
    SiteValue::Image(ImageParts {
        repository: Some(repository.to_owned()).filter(|text| !text.is_empty()),
        tag: reference.tag,
        digest: reference.digest.map(|digest| digest.as_str().to_owned()),
    })
}

/// Each change on a line, with `OLD` and `NEW` for the digests.
fn shown(site: &Site, to: &SiteValue, options: WriteOptions) -> String {
    let lines = match changes(site, to, options) {
        Ok(changes) => changes.iter().map(line).collect::<Vec<_>>(),
        Err(finding) => {
            assert!(finding.is_error());
            vec![finding.code.name.to_owned()]
        }
    };
    lines.join("; ").replace(OLD, "OLD").replace(NEW, "NEW")
}

fn line(change: &Change) -> String {
    match change {
        Change::Set { at, text } => format!("{} = {text}", at.route),
        Change::Insert { map, key, text } => format!("{}.{key} := {text}", map.route),
        Change::SetYaml { map, key, yaml } => {
            format!("{}.{key} becomes {}", map.route, yaml.trim_end())
        }
        Change::Append { list, item } => {
            format!("{} += {item}", list.route)
        }
        Change::Remove { at } => format!("no {}", at.route),
    }
}

const USUAL: WriteOptions = WriteOptions {
    repository: false,
    drop_digest: false,
    add_digest: false,
    moving: false,
    as_text: false,
    exact: false,
};
const DROP: WriteOptions = WriteOptions { drop_digest: true, ..USUAL };
const ADD: WriteOptions = WriteOptions { add_digest: true, ..USUAL };
const REPOSITORY: WriteOptions = WriteOptions { repository: true, ..USUAL };

/// For each case: the value in the file, the wanted value, what is allowed, and the
/// expected changes.
fn check(rule: &str, cases: &[(&str, &str, WriteOptions, &str)]) {
    for (file, to, options, expected) in cases {
        let file = file.replace("OLD", OLD);
        let sites = of_kind(rule, &file).sites;
        let site = sites.first().unwrap_or_else(|| panic!("no site in {file}"));
        let to = image(&to.replace("OLD", OLD).replace("NEW", NEW));
        assert_eq!(shown(site, &to, *options), *expected, "{file} to {to}");
        if changes(site, &to, *options).is_ok() {
            check_round_trip(rule, &file, site, &to, *options);
        }
    }
}

/// Checks that the written file has the wanted value when it is read again, and that
/// writing the old value back restores the same bytes.
fn check_round_trip(rule: &str, file: &str, site: &Site, to: &SiteValue, options: WriteOptions) {
    let written = written(site, to, options);
    let sites = of_kind(rule, &written).sites;
    let again = sites.iter().find(|other| other.key == site.key).unwrap();
    assert_eq!(shown(again, to, options), "", "{written}");
    if let (SiteValue::Image(to), Some(SiteValue::Image(written_image))) = (to, &again.value) {
        assert!(
            to.tag.is_none() || written_image.tag.is_none() || to.tag == written_image.tag,
            "{written}"
        );
        assert!(
            to.digest.is_none()
                || written_image.digest.is_none()
                || to.digest == written_image.digest
        );
    }
    if let Some(before) = &site.value {
        let exact = WriteOptions { exact: true, repository: true, ..USUAL };
        assert_eq!(self::written(again, before, exact), file, "back from {written}");
    }
}

fn written(site: &Site, to: &SiteValue, options: WriteOptions) -> String {
    let changes = changes(site, to, options).unwrap();
    splice(&site.file, &changes).unwrap_or_else(|findings| panic!("{}", lines(&findings)))
}

#[test]
fn a_whole_reference_keeps_its_form() {
    check(
        "kind: manifest",
        &[
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                ":v2",
                USUAL,
                "containers[0].image = r/a:v2",
            ),
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                "other:v2",
                USUAL,
                "containers[0].image = r/a:v2",
            ),
            ("containers: [{name: a, image: 'r/a:v1'}]", ":v1", USUAL, ""),
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                ":v2@NEW",
                USUAL,
                "containers[0].image = r/a:v2",
            ),
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                ":v2@NEW",
                ADD,
                "containers[0].image = r/a:v2@NEW",
            ),
            ("containers: [{name: a, image: 'r/a'}]", ":v2", USUAL, "containers[0].image = r/a:v2"),
            (
                "containers: [{name: a, image: 'r/a:v1@OLD'}]",
                ":v2@NEW",
                USUAL,
                "containers[0].image = r/a:v2@NEW",
            ),
            ("containers: [{name: a, image: 'r/a:v1@OLD'}]", ":v2", USUAL, "stale-digest"),
            (
                "containers: [{name: a, image: 'r/a:v1@OLD'}]",
                ":v2",
                DROP,
                "containers[0].image = r/a:v2",
            ),
            ("containers: [{name: a, image: 'r/a:v1@OLD'}]", ":v1", USUAL, ""),
            (
                "containers: [{name: a, image: 'r/a:v1@OLD'}]",
                "@NEW",
                USUAL,
                "containers[0].image = r/a@NEW",
            ),
            ("containers: [{name: a, image: 'r/a:v1@OLD'}]", "@OLD", USUAL, ""),
            (
                "containers: [{name: a, image: 'r/a@OLD'}]",
                ":v2@NEW",
                USUAL,
                "containers[0].image = r/a@NEW",
            ),
            ("containers: [{name: a, image: 'r/a:v1'}]", "@NEW", USUAL, "no-room-for-reference"),
            ("containers: [{name: a, image: 'r/a:v1'}]", "", USUAL, "unpinned"),
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                "r/b:v2",
                REPOSITORY,
                "containers[0].image = r/b:v2",
            ),
            (
                "containers: [{name: a, image: 'r/a:v1'}]",
                "docker.io/r/a:v2",
                REPOSITORY,
                "containers[0].image = r/a:v2",
            ),
        ],
    );
}

#[test]
fn a_kustomization_never_has_a_tag_beside_the_digest_of_another() {
    check(
        "kind: kustomize",
        &[
            ("images: [{name: a, newTag: v1}]", ":v2", USUAL, "images[0].newTag = v2"),
            (
                "images: [{name: a, newTag: v1}]",
                ":v2@NEW",
                ADD,
                "images[0].newTag = v2; images[0].digest := NEW",
            ),
            ("images: [{name: a, digest: OLD}]", ":v2@NEW", USUAL, "images[0].digest = NEW"),
            ("images: [{name: a, digest: OLD}]", ":v2", USUAL, "stale-digest"),
            (
                "images: [{name: a, digest: OLD}]",
                ":v2",
                DROP,
                "images[0].newTag := v2; no images[0].digest",
            ),
            (
                "images: [{name: a, newTag: v1, digest: OLD}]",
                ":v2@NEW",
                USUAL,
                "images[0].newTag = v2; images[0].digest = NEW",
            ),
            (
                "images: [{name: a, newTag: v1, digest: OLD}]",
                "@NEW",
                USUAL,
                "no images[0].newTag; images[0].digest = NEW",
            ),
            (
                "images: [{name: a, newTag: v1, digest: OLD}]",
                ":v2",
                DROP,
                "images[0].newTag = v2; no images[0].digest",
            ),
            (
                "images: [{name: a, newTag: v1}]",
                "b:v2",
                REPOSITORY,
                "images[0].newName := b; images[0].newTag = v2",
            ),
        ],
    );
}

#[test]
fn an_image_is_appended_where_the_rule_allows_it() {
    check(
        "kind: kustomize\ninsert: [r/a]",
        &[
            ("resources: []", ":v2", USUAL, "images += name: r/a, newTag: v2"),
            ("resources: []", ":v2@NEW", USUAL, "images += name: r/a, newTag: v2, digest: NEW"),
            ("resources: []", "@NEW", USUAL, "images += name: r/a, digest: NEW"),
            (
                "resources: []",
                "r/b:v2",
                REPOSITORY,
                "images += name: r/a, newName: r/b, newTag: v2",
            ),
            (
                "images: [{name: r/a, newName: r/b}]",
                ":v2@NEW",
                USUAL,
                "images[0].newTag := v2; images[0].digest := NEW",
            ),
        ],
    );
}

#[test]
fn charts_keep_their_shape() {
    check(
        "kind: helm-values",
        &[
            ("image: {repository: a, tag: v1}", ":v2", USUAL, "image.tag = v2"),
            ("image: {repository: a, tag: ''}", ":v2", USUAL, "image.tag = v2"),
            ("image: {repository: a, tag: v1}", ":v2@NEW", ADD, "image.tag = v2@NEW"),
            ("image: {repository: a, tag: 'v1@OLD'}", ":v2@NEW", USUAL, "image.tag = v2@NEW"),
            ("image: {repository: a, tag: 'v1@OLD'}", ":v2", USUAL, "stale-digest"),
            ("image: {repository: a, tag: 'v1@OLD'}", ":v2", DROP, "image.tag = v2"),
            (
                "image: {repository: a, tag: v1, digest: OLD}",
                ":v2@NEW",
                USUAL,
                "image.tag = v2; image.digest = NEW",
            ),
            (
                "image: {repository: a, tag: v1, digest: ''}",
                ":v2@NEW",
                ADD,
                "image.tag = v2; image.digest = NEW",
            ),
            (
                "image: {registry: g.io, repository: a, tag: v1}",
                "g.io/b:v2",
                REPOSITORY,
                "image.repository = b; image.tag = v2",
            ),
            (
                "image: {registry: g.io, repository: a, tag: v1}",
                "h.io/b:v2",
                REPOSITORY,
                "no-room-for-reference",
            ),
            ("image: a\ntag: v1", ":v2", USUAL, "tag = v2"),
            ("image: a:v1", ":v2", USUAL, "image = a:v2"),
        ],
    );
}

#[test]
fn a_file_with_one_field_has_room_for_one_part() {
    let tag = "kind: yaml\nfields: { tag: t }";
    check(
        tag,
        &[("t: v1", ":v2@NEW", USUAL, "t = v2"), ("t: v1", "@NEW", USUAL, "no-room-for-reference")],
    );
    let digest = "kind: yaml\nfields: { digest: d }";
    check(
        digest,
        &[
            ("d: OLD", ":v2@NEW", USUAL, "d = NEW"),
            ("d: OLD", ":v2", DROP, "no-room-for-reference"),
        ],
    );
    let both = "kind: yaml\nfields: { tag: t, digest: d }";
    check(both, &[("t: v1", ":v2@NEW", ADD, "t = v2; .d := NEW")]);
}

#[test]
fn a_rule_may_require_digests() {
    let rule = "kind: manifest\ndigest: add";
    check(
        rule,
        &[(
            "containers: [{name: a, image: 'a:v1'}]",
            ":v1@NEW",
            USUAL,
            "containers[0].image = a:v1@NEW",
        )],
    );
}

fn revision(rule: &str, file: &str, to: &str, options: WriteOptions) -> String {
    shown(&of_kind(rule, file).sites[0], &SiteValue::Revision(RevisionParts::new(to)), options)
}

#[test]
fn git_references_change_within_their_address() {
    let file = "resources: ['https://h/r?timeout=9&ref=v1&x=y']";
    let expected = "resources[0] = https://h/r?timeout=9&ref=v2&x=y";
    assert_eq!(revision("kind: kustomize", file, "v2", USUAL), expected);
    assert_eq!(revision("kind: kustomize", file, "v1", USUAL), "");
}

#[test]
fn a_range_is_neither_copied_nor_overwritten_unless_it_is_named() {
    let chart = |version: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec: {{chart: {{spec: {{version: '{version}'}}}}}}\n"
        )
    };
    let allowed = WriteOptions { moving: true, ..USUAL };
    let route = "spec.chart.spec.version";
    assert_eq!(revision("kind: manifest", &chart(">=1.0"), "1.2.3", USUAL), "range");
    assert_eq!(
        revision("kind: manifest", &chart(">=1.0"), "1.2.3", allowed),
        format!("{route} = 1.2.3")
    );
    let exact = of_kind("kind: manifest", &chart("1.2.2"));
    assert_eq!(
        shown(&exact.sites[0], &SiteValue::Moving(RevisionParts::new("1.x")), USUAL),
        "range"
    );
    assert_eq!(
        revision("kind: manifest", &chart("1.2.2"), "1.2.3", USUAL),
        format!("{route} = 1.2.3")
    );
}

#[test]
fn a_commit_is_replaced_by_a_commit() {
    let file = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a}\nspec: {ref: {commit: 9ac61f5d7ca07c46db47de9be7af8ff6a349343a}}\n";
    let new = "1".repeat(40);
    assert_eq!(revision("kind: manifest", file, &new, USUAL), format!("spec.ref.commit = {new}"));
    assert_eq!(revision("kind: manifest", file, "v1", USUAL), "no-room-for-reference");
}

/// The changes to the file of a native app, whose outer file is `outer`.
fn native(outer: &str, leaf: &str, key: &Key, to: &str, options: WriteOptions) -> String {
    let (outer, leaf) = (outer.replace("OLD", OLD), leaf.replace("OLD", OLD));
    let tree = tree([
        ("rungs.yaml", "version: 1\nladder: [qa]\n"),
        ("environments/a.yaml", &*outer),
        ("environments/qa/a.yaml", &*leaf),
        ("templates/a/a.yaml", ""),
    ]);
    let app = app(&model(&tree), "qa", "a");
    let site = app.of(key).next().unwrap();
    let to = match key {
        Key::Image(_) => image(&to.replace("NEW", NEW)),
        Key::Value(_) => SiteValue::Value(to.to_owned()),
        _ => SiteValue::Revision(RevisionParts::new(to)),
    };
    shown(site, &to, options)
}

#[test]
fn a_native_app_is_changed_only_in_its_own_file() {
    let key = Key::Image("a".to_owned());
    for (outer, leaf, to, options, expected) in [
        ("images: {a: {repository: a, tag: v1}}", "{}", ":v2", USUAL, "images.a.tag := v2"),
        (
            "images: {a: {repository: a, tag: v1}}",
            "{}",
            ":v2@NEW",
            USUAL,
            "images.a.tag := v2; images.a.digest := NEW",
        ),
        ("images: {a: {repository: a, tag: v1}}", "{}", ":v1@NEW", USUAL, "images.a.digest := NEW"),
        ("images: {a: {repository: a, tag: v1, digest: OLD}}", "{}", ":v2", USUAL, "stale-digest"),
        (
            "images: {a: {repository: a, tag: v1, digest: OLD}}",
            "{}",
            ":v2",
            DROP,
            "images.a.tag := v2",
        ),
        (
            "images: {a: {repository: a}}",
            "images: {a: {tag: v1, digest: OLD}}",
            ":v2@NEW",
            USUAL,
            "images.a.tag = v2; images.a.digest = NEW",
        ),
        (
            "images: {a: {repository: a, tag: v0}}",
            "images: {a: {tag: v1}}",
            "@NEW",
            USUAL,
            "images.a.tag becomes null; images.a.digest := NEW",
        ),
        (
            "images: {a: {repository: a, tag: v1}}",
            "{}",
            "b:v1",
            REPOSITORY,
            "images.a.repository := b",
        ),
    ] {
        assert_eq!(native(outer, leaf, &key, to, options), expected, "{outer} {leaf} to {to}");
    }
}

#[test]
fn a_native_apps_pin_and_values_are_promoted_too() {
    let pin = Key::TemplatePin;
    let value = Key::Value("values.f".to_owned());
    // A pin cannot be read without a repository, and one that is not there yet can be written.
    assert_eq!(native("{}", "{}", &pin, "v2", USUAL), ".template := a@v2");
    let outer = "promote: [values.f]\nvalues: {f: {a: 1}}";
    assert_eq!(native(outer, "{}", &value, "a: 2\n", USUAL), "values.f becomes a: 2");
    assert_eq!(native(outer, "{}", &value, "a: 1\n", USUAL), "");
}

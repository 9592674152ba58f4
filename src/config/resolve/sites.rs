//! Where references stand in a repository that is laid out its own way.

use super::{EMPTY_LIST, Known, empty_list};
use crate::config::Sourced;
use crate::config::decode::{List, MISSING_KEY};
use crate::config::raw::{FieldsFile, ImageFilterFile, SiteFile, SiteKeys, SiteKindName};
use crate::config::syntax::{AppPattern, Glob};
use crate::config::valid::{Fields, ImageFilter, SiteKind, SiteRule};
use crate::diagnostic::{Finding, Findings, codes};

codes! {
    /// Nothing says which app a site is of, or two keys do.
    ///
    /// The path says it with `{app}`, or the site's `app` does: a name, or
    /// `{image}` for the last segment of the image's repository. Only marked
    /// scalars may say it themselves, with `# rungs: app=web`.
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "envs/{environment}/*.yaml", kind: manifest }                    # wrong
    ///   - { path: "envs/{environment}/*.yaml", kind: manifest, app: "{image}" }    # right
    ///   - { path: "envs/{environment}/{app}.yaml", kind: manifest }                # right
    /// ```
    SITE_APP = "site-app", Input, Error;

    /// Nothing says which environment a site is of, or two keys do.
    ///
    /// The path says it with `{environment}`, or the site's `environment` does.
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "legacy/{app}.yaml", kind: manifest }                             # wrong
    ///   - { path: "legacy/{app}.yaml", kind: manifest, environment: production }    # right
    ///   - { path: "{environment}/{app}.yaml", kind: manifest }                      # right
    /// ```
    SITE_ENVIRONMENT = "site-environment", Input, Error;

    /// Fields that make no reference.
    ///
    /// An image is written in one place, `image`, or in parts: `tag`,
    /// `digest` or both, and `repository` where the file has it. `version` is
    /// for a git reference or a chart, and may stand beside an image.
    ///
    /// ```yaml
    /// fields: { image: web.image, tag: web.tag }             # wrong: one tag in two places
    /// fields: { repository: web.repository }                 # wrong: nothing to promote
    /// fields: { repository: web.repository, tag: web.tag }   # right
    /// fields: { image: web.image }                           # right
    /// ```
    SITE_FIELDS = "site-fields", Input, Error;
}

/// The entries of `sites`; those that are wrong are left out.
pub(super) fn rules(
    raw: &Sourced<List<SiteFile>>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<SiteRule> {
    if raw.value.is_empty() {
        findings.push(
            Finding::new(&EMPTY_LIST, "`sites` is an empty list", raw.location.clone())
                .because("declares a layout of its own, and no file of it")
                .help("name the files where image references stand, or remove `sites`"),
        );
    }
    raw.value.iter().filter_map(|entry| rule(entry, known, findings)).collect()
}

fn rule(raw: &Sourced<SiteFile>, known: &Known<'_>, findings: &mut Findings) -> Option<SiteRule> {
    let keys = &raw.value.0;
    check_app(keys, findings);
    check_environment(keys, known, findings);
    Some(SiteRule {
        path: keys.path.clone(),
        kind: kind(raw, findings)?,
        environment: keys.environment.as_ref().map(|name| name.value.clone()),
        app: keys.app.clone(),
        images: filter(keys.images.as_ref(), findings),
        promote: keys.promote.as_ref().map(|list| list.value.clone()).unwrap_or_default(),
        adds_digest: keys.digest.is_some(),
    })
}

fn check_app(keys: &SiteKeys, findings: &mut Findings) {
    let path = &keys.path;
    match &keys.app {
        Some(app) if path.value.names_app() => findings.push(
            Finding::new(&SITE_APP, "the app is said twice", app.location.clone())
                .because("said here")
                .label(path.location.clone(), "and by `{app}` here")
                .help("remove `app`, or write `*` for `{app}` in the path"),
        ),
        None if !path.value.names_app() && keys.kind.value != SiteKindName::Marker => findings.push(
            Finding::new(&SITE_APP, "nothing says which app this is of", path.location.clone())
                .because("without `{app}`")
                .help("write `{app}` where the path names the app, or add `app: NAME`, or `app: \"{image}\"` to name apps by their images"),
        ),
        Some(app) if !app.value.is_literal() => check_image_names_app(keys, app, findings),
        _ => {}
    }
}

/// Images name apps only where the file names images.
fn check_image_names_app(keys: &SiteKeys, app: &Sourced<AppPattern>, findings: &mut Findings) {
    let fields = keys.fields.as_ref().map(|fields| &fields.value);
    let is_nameless = keys.kind.value == SiteKindName::Yaml
        && fields.is_none_or(|fields| fields.image.is_none() && fields.repository.is_none());
    let unnamed = if is_nameless {
        Some((app.location.clone(), "`fields` has neither `image` nor `repository`"))
    } else {
        let promote = keys.promote.as_ref();
        promote.map(|list| (list.location.clone(), "a value is of no image"))
    };
    if let Some((at, because)) = unnamed {
        findings.push(
            Finding::new(&SITE_APP, "no image says which app this is of", at)
                .because(because)
                .help("write `{app}` where the path names the app, or a name for `app`"),
        );
    }
}

fn check_environment(keys: &SiteKeys, known: &Known<'_>, findings: &mut Findings) {
    let path = &keys.path;
    match &keys.environment {
        Some(name) if path.value.names_environment() => findings.push(
            Finding::new(&SITE_ENVIRONMENT, "the environment is said twice", name.location.clone())
                .because("said here")
                .label(path.location.clone(), "and by `{environment}` here")
                .help("remove `environment`, or write `*` for `{environment}` in the path"),
        ),
        Some(name) => {
            known.has(name, findings);
        }
        None if !path.value.names_environment() => findings.push(
            Finding::new(
                &SITE_ENVIRONMENT,
                "nothing says which environment this is of",
                path.location.clone(),
            )
            .because("without `{environment}`")
            .help("write `{environment}` where the path names it, or add `environment: NAME`"),
        ),
        None => {}
    }
}

/// What the files are, with the keys of that kind. That a key is of another
/// kind was found when it was read.
fn kind(raw: &Sourced<SiteFile>, findings: &mut Findings) -> Option<SiteKind> {
    let keys = &raw.value.0;
    Some(match keys.kind.value {
        SiteKindName::Kustomize => {
            let names = keys.insert.iter().flat_map(|list| &list.value);
            let insert = names.map(|name| Sourced {
                value: name.value.0.clone(),
                location: name.location.clone(),
            });
            SiteKind::Kustomize { insert: insert.collect() }
        }
        SiteKindName::Yaml => SiteKind::Yaml(fields(raw, findings)?),
        SiteKindName::HelmValues => SiteKind::HelmValues { root: keys.root.clone() },
        SiteKindName::Manifest => SiteKind::Manifest,
        SiteKindName::Marker => SiteKind::Marker,
    })
}

fn fields(raw: &Sourced<SiteFile>, findings: &mut Findings) -> Option<Fields> {
    let keys = &raw.value.0;
    let Some(fields) = &keys.fields else {
        if keys.promote.is_some() {
            return Some(Fields::default());
        }
        findings.push(
            Finding::new(
                &MISSING_KEY,
                "a site of kind `yaml` has no `fields`",
                raw.location.clone(),
            )
            .because("`fields` is missing here")
            .help("say where the tag stands: `fields: { tag: image.tag }`"),
        );
        return None;
    };
    let FieldsFile { tag, repository, digest, image, version } = &fields.value;
    let flaw = match (image, tag.as_ref().or(digest.as_ref())) {
        (Some(_), Some(part)) => Some((part, "beside `image`, which holds all of it")),
        (Some(_), None) => repository.as_ref().map(|part| (part, "beside `image`, which holds it")),
        (None, None) => repository.as_ref().map(|part| (part, "without `tag` and `digest`")),
        (None, Some(_)) => None,
    };
    if let Some((part, because)) = flaw {
        findings.push(
            Finding::new(&SITE_FIELDS, "these `fields` make no reference", part.location.clone())
                .because(because)
                .help("write `image` alone, or `tag` or `digest` with or without `repository`"),
        );
    }
    if [tag, repository, digest, image, version].iter().all(|route| route.is_none()) {
        findings.push(
            Finding::new(&SITE_FIELDS, "`fields` names nothing", fields.location.clone())
                .because("empty")
                .help("say where the tag stands: `fields: { tag: image.tag }`"),
        );
    }
    Some(Fields {
        tag: tag.clone(),
        repository: repository.clone(),
        digest: digest.clone(),
        image: image.clone(),
        version: version.clone(),
    })
}

fn filter(raw: Option<&Sourced<ImageFilterFile>>, findings: &mut Findings) -> ImageFilter {
    let Some(Sourced { value: raw, .. }) = raw else { return ImageFilter::default() };
    if let Some(include) = raw.include.as_ref().filter(|list| list.value.is_empty()) {
        findings.push(empty_list("include", "all images", &include.location));
    }
    let globs = |list: Option<&Sourced<List<Glob>>>| {
        list.map(|list| list.value.clone()).unwrap_or_default()
    };
    ImageFilter { include: globs(raw.include.as_ref()), exclude: globs(raw.exclude.as_ref()) }
}

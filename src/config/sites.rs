//! Where image references, git references and promoted values are in a repository
//! with a layout of its own: how the file writes an entry of `sites`, what it
//! means, and how the former is turned into the latter.
//!
//! All of the configuration of a kind of site is here: its word in
//! [`SiteKindName`], its keys in [`SiteKeys`] and [`KEYS_OF_KINDS`], and its
//! variant of [`SiteKind`].

use schemars::JsonSchema;

use super::decode::{Decode, List, MISSING_KEY, Syntax, UNKNOWN_KEY, choice, record};
use super::known::Known;
use super::lists::{EMPTY_LIST, empty_list};
use super::sourced::Sourced;
use super::syntax::{
    AppPattern, ENVIRONMENT_PLACEHOLDER, EnvironmentName, Glob, ImageRepository, Name, PathPattern,
};
use crate::diagnostic::{Finding, Findings, codes};
use crate::source::Location;
use crate::yaml::{KeyNode, Node, Route};

codes! {
    /// A key that belongs to another kind of site.
    ///
    /// Each kind of site has keys of its own besides those that all kinds have.
    /// A key of another kind would be silently ignored.
    ///
    /// | kind | keys of its own |
    /// | --- | --- |
    /// | `kustomize` | `insert` |
    /// | `yaml` | `fields` |
    /// | `helm-values` | `root` |
    /// | `manifest`, `marker` | none |
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "charts/{app}/values-{environment}.yaml", kind: yaml, root: spec.values }          # wrong
    ///   - { path: "charts/{app}/values-{environment}.yaml", kind: helm-values, root: spec.values }   # right
    /// ```
    KEY_OF_ANOTHER_KIND = "key-of-another-kind", Input, Error;

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
    /// The path says it with `{environment}`, or the site's `environment` does. If one file
    /// has all environments, the routes of `fields`, `root` and `promote` say it, where
    /// `{environment}` stands for what it stands for in paths.
    ///
    /// ```yaml
    /// sites:
    ///   - { path: "legacy/{app}.yaml", kind: manifest }                             # wrong
    ///   - { path: "legacy/{app}.yaml", kind: manifest, environment: production }    # right
    ///   - { path: "{environment}/{app}.yaml", kind: manifest }                      # right
    ///   - { path: "{app}.yaml", kind: helm-values, root: "{environment}" }          # right
    /// ```
    SITE_ENVIRONMENT = "site-environment", Input, Error;

    /// Fields that make no reference.
    ///
    /// An image is written in one place, `image`, or in parts: `tag`,
    /// `digest` or both, and `repository` where the file has it. `version` is
    /// for a git reference or a chart, and may be given besides an image.
    ///
    /// ```yaml
    /// fields: { image: web.image, tag: web.tag }             # wrong: one tag in two places
    /// fields: { repository: web.repository }                 # wrong: nothing to promote
    /// fields: { repository: web.repository, tag: web.tag }   # right
    /// fields: { image: web.image }                           # right
    /// ```
    SITE_FIELDS = "site-fields", Input, Error;
}

record! {
    /// Where image references are: files, and how to read them.
    struct SiteKeys("an entry of `sites`", field_of_site) {
        /// The files: a path from the root. `{app}` and `{environment}` stand
        /// for a segment or a part of one, `{cluster}` for a cluster of an environment
        /// that has `waves` or `cluster`, `*` for any text without `/`, and
        /// `**` for any number of directories. An app's name has ASCII letters,
        /// digits, `.`, `_` and `-`, and starts with one of the first two:
        /// `_base` is none.
        required path: PathPattern = "path",
        /// The kind of the files: `kustomization.yaml`; YAML of any shape;
        /// values of a Helm chart; manifests, including the sources of Flux and
        /// Argo CD and the values in them; or files in which comments mark scalars.
        required kind: SiteKindName = "kind",
        /// The app, if the path does not say it: a name, or `{image}`, with or
        /// without text around it, for the last segment of the image's
        /// repository.
        optional app: AppPattern = "app",
        /// The environment, if neither the path nor routes say it.
        optional environment: EnvironmentName = "environment",
        /// Files that are not meant, although `path` matches them: paths from the root,
        /// with the same placeholders. Default: none.
        optional exclude: List<PathPattern> = "exclude",
        /// The images that count. Default: all.
        optional images: ImageFilterFile = "images",
        /// Values that are promoted along with the images: routes from the
        /// document's root, or from `root`. In these routes, in `root` and in those of
        /// `fields`, `{environment}` stands for the environment, if one file has
        /// several: `"{environment}.web.tag"`.
        optional promote: List<Route> = "promote",
        /// Whether an app moves as a whole; `false` lets each image, version and value go by
        /// itself as soon as it may. Default: `true`.
        optional together: bool = "together",
        /// Whether promotion adds a digest to an image without one. Default: it
        /// does not.
        optional digest: DigestAddition = "digest",
        /// For `kustomize`: images that the first `rungs set` may add to a file
        /// that does not name them yet.
        optional insert: List<ImageRepository> = "insert",
        /// For `yaml`: where the parts of the reference are.
        optional fields: FieldsFile = "fields",
        /// For `helm-values`: the route to the values, if they are inside an
        /// object: `spec.values`, or `spec.source.helm.values`, which is a text that
        /// holds them. Default: the document's root.
        optional root: Route = "root",
    }

    /// Which images count: patterns of repositories as the files write them, in
    /// which `*` stands for any text, including `/`.
    struct ImageFilterFile("`images`") {
        /// Images that match one of these. Default: all.
        optional include: List<Glob> = "include",
        /// Images that match one of these are left out, and so are charts by their name, and
        /// git references by their address or repository.
        optional exclude: List<Glob> = "exclude",
        /// Findings about images that are meant to be as they are, each with its reason.
        /// Default: none.
        optional ignore: List<IgnoredFindingFile> = "ignore",
    }

    /// A finding that is not reported of some images.
    struct IgnoredFindingFile("an entry of `ignore`") {
        /// The images: a pattern of repositories, charts or addresses of git repositories as
        /// the files write them, or of the names that plans show.
        required image: Glob = "image",
        /// The finding.
        required finding: IgnorableFinding = "finding",
        /// The reason, for whoever misses it.
        required reason: Name = "reason",
    }

    /// Where the parts of a reference are: routes from the document's root.
    struct FieldsFile("`fields`") {
        /// The tag.
        optional tag: Route = "tag",
        /// Registry and path.
        optional repository: Route = "repository",
        /// The digest.
        optional digest: Route = "digest",
        /// A whole reference in one place, instead of the three above.
        optional image: Route = "image",
        /// A git reference, or a chart's version.
        optional version: Route = "version",
    }
}

choice! {
    /// The kind of the files of sites.
    pub(in crate::config) enum SiteKindName("a kind of site") {
        /// `kustomization.yaml`: `images`, inline patches, and the `?ref=` of remote
        /// resources.
        Kustomize = "kustomize",
        /// YAML of any shape and file name; `fields` says where the parts of a
        /// reference are.
        Yaml = "yaml",
        /// Values of a Helm chart: images at any depth.
        HelmValues = "helm-values",
        /// Manifests: images of containers, and the OCI and git sources of
        /// Flux and Argo CD, with the values of charts and the patches in them.
        Manifest = "manifest",
        /// Scalars that a comment after them marks: `# rungs: app=web`, or
        /// Flux's `# {"$imagepolicy": "ns:name:tag"}`.
        Marker = "marker",
    }

    /// Whether promotion adds a digest.
    pub(in crate::config) enum DigestAddition("a value of `digest`") {
        /// Promotion adds a digest.
        Add = "add",
    }
}

choice! {
    /// A finding about an image that may be as it is meant to be.
    pub enum IgnorableFinding("a finding that may be ignored") {
        /// The image is in a file that several environments share.
        SharedBase = "shared-base",
        /// The version is a range or a branch.
        Range = "range",
    }
}

/// The keys that only one kind of site has.
const KEYS_OF_KINDS: [(&str, SiteKindName); 3] = [
    ("insert", SiteKindName::Kustomize),
    ("fields", SiteKindName::Yaml),
    ("root", SiteKindName::HelmValues),
];

/// An entry of `sites` whose keys are those of its kind.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(in crate::config) struct SiteFile(pub(in crate::config) SiteKeys);

impl Decode for SiteFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        report_keys_of_other_kinds(node, findings);
        SiteKeys::decode(node, findings).map(Self)
    }
}

fn report_keys_of_other_kinds(node: Node<'_>, findings: &mut Findings) {
    let kind = node.get("kind").and_then(Node::as_str);
    let kind = kind.and_then(|word| SiteKindName::parse(word).ok());
    for (name, owner) in KEYS_OF_KINDS {
        if let (Some(key), Some(kind)) = (node.key(name), kind)
            && kind != owner
        {
            findings.push(
                Finding::new(
                    &KEY_OF_ANOTHER_KIND,
                    format!("a site of kind `{kind}` has no `{name}`"),
                    key.location(),
                )
                .because(format!("a key of the kind `{owner}`"))
                .help(format!("remove it, or write `kind: {owner}`")),
            );
        }
    }
}

/// The finding for a key of `fields` that is beside it.
fn field_of_site(key: KeyNode<'_>) -> Option<Finding> {
    let text = key.text();
    matches!(text, "tag" | "repository" | "version").then(|| {
        Finding::new(&UNKNOWN_KEY, format!("unknown key `{text}`"), key.location())
            .because("not a key of an entry of `sites`")
            .help(format!("for `kind: yaml`, write `fields: {{ {text}: … }}`"))
    })
}

/// An entry of `sites`: files, and how to read them.
#[derive(Debug, Clone)]
pub struct SiteRule {
    /// The files.
    pub path: Sourced<PathPattern>,
    /// Files that are not meant.
    pub exclude: Vec<Sourced<PathPattern>>,
    /// The kind of these files.
    pub kind: SiteKind,
    /// The environment of all these files; none if the path says it.
    pub environment: Option<EnvironmentName>,
    /// The app of each image in these files; none if the path says it.
    pub app: Option<Sourced<AppPattern>>,
    /// The images that count.
    pub images: ImageFilter,
    /// Values that are promoted along with the images, from the document's root,
    /// or from `root` if the kind has one.
    pub promote: Vec<Sourced<Route>>,
    /// Whether promotion adds a digest to an image that has none.
    pub adds_digest: bool,
    /// Whether an app moves as a whole, and where the entry says so.
    pub together: Sourced<bool>,
}

impl SiteRule {
    /// Whether its routes say which environment a site is of.
    pub fn routes_name_environment(&self) -> bool {
        let (fields, root) = match &self.kind {
            SiteKind::Yaml(fields) => (fields.routes(), None),
            SiteKind::HelmValues { root } => (Vec::new(), root.as_ref()),
            _ => (Vec::new(), None),
        };
        names_environment(fields.into_iter().chain(root).chain(&self.promote))
    }

    /// How files are read, and nothing else: neither which files, nor where that is
    /// written.
    pub fn reading(&self) -> String {
        let Self {
            path: _,
            exclude: _,
            environment: _,
            together: _,
            kind,
            app,
            images,
            promote,
            adds_digest,
        } = self;
        let kind = match kind {
            SiteKind::Kustomize { insert } => format!("kustomize {:?}", values(insert)),
            SiteKind::Yaml(Fields { tag, repository, digest, image, version }) => {
                format!("yaml {:?}", [tag, repository, digest, image, version].map(values))
            }
            SiteKind::HelmValues { root } => format!("helm-values {:?}", values(root)),
            SiteKind::Manifest => "manifest".to_owned(),
            SiteKind::Marker => "marker".to_owned(),
        };
        let ImageFilter { include, exclude, ignored: _ } = images;
        let images = [include, exclude].map(values);
        format!("{kind} {:?} {images:?} {:?} {adds_digest}", values(app), values(promote))
    }
}

/// Whether one of these routes says which environment it is of.
fn names_environment<'r>(routes: impl IntoIterator<Item = &'r Sourced<Route>>) -> bool {
    routes.into_iter().any(|route| route.value.mentions(ENVIRONMENT_PLACEHOLDER))
}

/// Settings without their places.
fn values<'s, T: 's>(settings: impl IntoIterator<Item = &'s Sourced<T>>) -> Vec<&'s T> {
    settings.into_iter().map(|setting| &setting.value).collect()
}

/// The kind of the files of sites.
#[derive(Debug, Clone)]
pub enum SiteKind {
    /// A `kustomization.yaml`.
    Kustomize {
        /// Images that may be added to a file that does not name them yet.
        insert: Vec<Sourced<String>>,
    },
    /// YAML whose fields are named by routes.
    Yaml(Fields),
    /// Values of a Helm chart.
    HelmValues {
        /// The route to them; none for the document's root.
        root: Option<Sourced<Route>>,
    },
    /// Manifests.
    Manifest,
    /// Scalars that a comment marks.
    Marker,
}

/// The routes of an image's parts, or of a version.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// The tag.
    pub tag: Option<Sourced<Route>>,
    /// Registry and path.
    pub repository: Option<Sourced<Route>>,
    /// The digest.
    pub digest: Option<Sourced<Route>>,
    /// A whole reference in one scalar.
    pub image: Option<Sourced<Route>>,
    /// A git reference or a chart's version.
    pub version: Option<Sourced<Route>>,
}

impl Fields {
    fn routes(&self) -> Vec<&Sourced<Route>> {
        let Self { tag, repository, digest, image, version } = self;
        [tag, repository, digest, image, version].into_iter().flatten().collect()
    }
}

/// The images that count.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// Images that match one of these; empty for all images.
    pub include: Vec<Sourced<Glob>>,
    /// Images that match one of these are left out.
    pub exclude: Vec<Sourced<Glob>>,
    /// The findings that are not reported of some images.
    pub ignored: Vec<IgnoredFinding>,
}

/// A finding that is not reported of some images.
#[derive(Debug, Clone)]
pub struct IgnoredFinding {
    /// The images, by repository or name.
    pub image: Sourced<Glob>,
    /// The finding.
    pub finding: IgnorableFinding,
}

impl ImageFilter {
    /// Whether a finding is not reported of what has one of these names.
    pub fn ignores(&self, finding: IgnorableFinding, names: &[&str]) -> bool {
        let mut ignored = self.ignored.iter().filter(|one| one.finding == finding);
        ignored.any(|one| names.iter().any(|name| one.image.value.is_match(name)))
    }

    /// Whether an image of that repository, as it is written, counts.
    pub fn takes(&self, repository: &str) -> bool {
        let is_included = self.include.iter().any(|glob| glob.value.is_match(repository));
        (self.include.is_empty() || is_included) && !self.excludes(repository)
    }

    /// Whether anything of that name is left out: an image, a chart, or the address of a git
    /// repository.
    pub fn excludes(&self, name: &str) -> bool {
        self.exclude.iter().any(|glob| glob.value.is_match(name))
    }
}

/// The entries of `sites`; those that are wrong are left out.
pub(super) fn resolve(
    raw: &Sourced<List<SiteFile>>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Vec<SiteRule> {
    if raw.value.is_empty() {
        findings.push(
            Finding::new(&EMPTY_LIST, "`sites` is an empty list", raw.location.clone())
                .because("declares a layout of its own without any files")
                .help("name the files that have image references, or remove `sites`"),
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
        exclude: keys.exclude.as_ref().map(|list| list.value.clone()).unwrap_or_default(),
        kind: kind(raw, findings)?,
        environment: keys.environment.as_ref().map(|name| name.value.clone()),
        app: keys.app.clone(),
        images: filter(keys.images.as_ref(), findings),
        promote: keys.promote.as_ref().map(|list| list.value.clone()).unwrap_or_default(),
        adds_digest: keys.digest.is_some(),
        together: keys
            .together
            .clone()
            .unwrap_or_else(|| Sourced { value: true, location: keys.path.location.clone() }),
    })
}

fn check_app(keys: &SiteKeys, findings: &mut Findings) {
    let path = &keys.path;
    match &keys.app {
        Some(app) if path.value.names_app() => findings.push(
            Finding::new(&SITE_APP, "the app is given twice", app.location.clone())
                .because("given here")
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

/// Reports `{image}` as the app of files that do not name images.
fn check_image_names_app(keys: &SiteKeys, app: &Sourced<AppPattern>, findings: &mut Findings) {
    let fields = keys.fields.as_ref().map(|fields| &fields.value);
    let is_nameless = keys.kind.value == SiteKindName::Yaml
        && fields.is_none_or(|fields| fields.image.is_none() && fields.repository.is_none());
    let unnamed = if is_nameless {
        Some((app.location.clone(), "`fields` has neither `image` nor `repository`"))
    } else {
        let promote = keys.promote.as_ref();
        promote.map(|list| (list.location.clone(), "a value belongs to no image"))
    };
    if let Some((at, because)) = unnamed {
        findings.push(
            Finding::new(&SITE_APP, "no image says which app this is of", at)
                .because(because)
                .help("write `{app}` where the path names the app, or a name for `app`"),
        );
    }
}

/// The route that says which environment a site is of; none if none does.
fn route_of_environment(keys: &SiteKeys) -> Option<&Sourced<Route>> {
    let fields = keys.fields.iter().flat_map(|fields| {
        let FieldsFile { tag, repository, digest, image, version } = &fields.value;
        [tag, repository, digest, image, version].into_iter().flatten()
    });
    let promote = keys.promote.iter().flat_map(|list| &list.value);
    let mut routes = fields.chain(&keys.root).chain(promote);
    routes.find(|route| names_environment([*route]))
}

fn check_environment(keys: &SiteKeys, known: &Known<'_>, findings: &mut Findings) {
    let path = &keys.path;
    let route = route_of_environment(keys);
    let Some(name) = &keys.environment else {
        if route.is_none() && !path.value.names_environment() {
            findings.push(nothing_says_environment(path));
        }
        return;
    };
    let twice = |at: &Location, help: &str| {
        Finding::new(&SITE_ENVIRONMENT, "the environment is given twice", name.location.clone())
            .because("given here")
            .label(at.clone(), "and by `{environment}` here")
            .help(help)
    };
    match route {
        _ if path.value.names_environment() => findings.push(twice(
            &path.location,
            "remove `environment`, or write `*` for `{environment}` in the path",
        )),
        Some(route) => findings.push(twice(
            &route.location,
            "remove `environment`, so that the entry is of every environment",
        )),
        None => {
            known.has(name, findings);
        }
    }
}

fn nothing_says_environment(path: &Sourced<PathPattern>) -> Finding {
    Finding::new(
        &SITE_ENVIRONMENT,
        "nothing says which environment this is of",
        path.location.clone(),
    )
    .because("without `{environment}`")
    .help("write `{environment}` where the path names it, or where a route of `fields`, `root` or `promote` does, or add `environment: NAME`")
}

/// The kind of the files, with its keys. A key of another kind was found when it
/// was read.
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
            .help("say where the tag is: `fields: { tag: image.tag }`"),
        );
        return None;
    };
    let FieldsFile { tag, repository, digest, image, version } = &fields.value;
    let flaw = match (image, tag.as_ref().or(digest.as_ref())) {
        (Some(_), Some(part)) => Some((part, "beside `image`, which has the whole reference")),
        (Some(_), None) => repository.as_ref().map(|part| (part, "beside `image`, which has it")),
        (None, None) => repository.as_ref().map(|part| (part, "without `tag` and `digest`")),
        (None, Some(_)) => None,
    };
    if let Some((part, because)) = flaw {
        findings.push(
            Finding::new(
                &SITE_FIELDS,
                "these `fields` do not make a reference",
                part.location.clone(),
            )
            .because(because)
            .help("write `image` alone, or `tag` or `digest` with or without `repository`"),
        );
    }
    if [tag, repository, digest, image, version].iter().all(|route| route.is_none()) {
        findings.push(
            Finding::new(&SITE_FIELDS, "`fields` names nothing", fields.location.clone())
                .because("empty")
                .help("say where the tag is: `fields: { tag: image.tag }`"),
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
    let ignored = raw.ignore.iter().flat_map(|list| &list.value).map(|entry| IgnoredFinding {
        image: entry.value.image.clone(),
        finding: entry.value.finding.value,
    });
    ImageFilter {
        include: globs(raw.include.as_ref()),
        exclude: globs(raw.exclude.as_ref()),
        ignored: ignored.collect(),
    }
}

//! What `rungs.yaml` says of a repository that is laid out its own way: its
//! sites, and its environments, whose settings stand there too.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{AfterFile, GatesFile, Selection, Tier};
use crate::config::decode::{
    Decode, List, Map, Syntax, UNKNOWN_KEY, choice, decode_key, is_enough, record, wrong_type,
};
use crate::config::syntax::{
    AppPattern, AppReference, Glob, ImageRepository, KubernetesVersion, Name, PathPattern,
    PathSpelling,
};
use crate::config::{EnvironmentName, Sourced};
use crate::diagnostic::{Finding, Findings, codes};
use crate::yaml::{KeyNode, Node, Route};

codes! {
    /// A key that belongs to another kind of site.
    ///
    /// Each kind of site has keys of its own beside those that all have. One
    /// of another kind would be ignored in silence.
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

    /// A setting that only environments of a native repository have.
    ///
    /// Where `rungs.yaml` declares `sites`, rungs changes references in files
    /// that somebody else renders. What shapes the rendered objects (their
    /// namespaces, labels, values, quotas, access and network policies) stands
    /// in those files, and would have no effect in `rungs.yaml`.
    ///
    /// ```yaml
    /// environments:
    ///   production: { tier: production, quota: { pods: 50 } }     # wrong
    ///   production: { tier: production }                          # right
    /// ```
    NATIVE_SETTING = "native-setting", Input, Error;
}

record! {
    /// An environment of a repository that declares `sites`: what stands in
    /// `environment.yaml` elsewhere, but for what only rendering needs.
    struct AdoptedEnvironmentFile("an environment of `environments`", native_setting) {
        /// How paths spell its name, where they spell it otherwise; it may
        /// have several segments. Default: its name.
        optional path: PathSpelling = "path",
        /// What is at stake. Default: `preprod`.
        setting tier: Tier = "tier",
        /// The Kubernetes version that manifests are checked against, in
        /// quotes. Default: the repository's.
        setting kubernetes: KubernetesVersion = "kubernetes",
        /// The cluster it stands on. Equal names on different clusters are
        /// different things, and do not reach each other.
        setting cluster: Name = "cluster",
        /// Which state of the environment before is promoted. Default:
        /// `current`.
        setting select: Selection = "select",
        /// Which environments come before this one, for one that `ladder` does
        /// not name: a list, or `all` or `any` of a list.
        setting after: AfterFile = "after",
        /// Apps that need not be here to be promoted past this environment.
        setting skip: List<AppReference> = "skip",
        /// Conditions for entering this environment. The routes of `field`
        /// begin with `values`, and lead from there into the app's files of
        /// the kinds `yaml` and `helm-values`.
        setting gates: GatesFile = "gates",
    }

    /// Where references stand: files, and how to read them.
    struct SiteKeys("an entry of `sites`", field_of_site) {
        /// Which files: a path from the root. `{app}` and `{environment}` stand
        /// for a segment or a part of one, `*` for any text without `/`, and
        /// `**` for any number of directories.
        required path: PathPattern = "path",
        /// What the files are: `kustomization.yaml`; YAML of any shape; values
        /// of a Helm chart; manifests, with the sources of Flux and Argo CD;
        /// or files in which comments mark scalars.
        required kind: SiteKindName = "kind",
        /// The app, where the path does not say it: a name, or `{image}` with
        /// or without text around it for the last segment of the image's
        /// repository.
        optional app: AppPattern = "app",
        /// The environment, where the path does not say it.
        optional environment: EnvironmentName = "environment",
        /// Which images are looked at. Default: all.
        optional images: ImageFilterFile = "images",
        /// Values that are promoted along with the images: routes from the
        /// document's root, or from `root`.
        optional promote: List<Route> = "promote",
        /// Whether promotion adds a digest to an image that has none. Default:
        /// it does not.
        optional digest: DigestAddition = "digest",
        /// For `kustomize`: images that the first `rungs set` may write where
        /// the file does not name them yet.
        optional insert: List<ImageRepository> = "insert",
        /// For `yaml`: where the parts of the reference stand.
        optional fields: FieldsFile = "fields",
        /// For `helm-values`: where the values begin, for an object that holds
        /// them: `spec.values`. Default: at the document's root.
        optional root: Route = "root",
    }

    /// Which images are looked at: patterns of repositories as the files write
    /// them, in which `*` stands for any text, `/` included.
    struct ImageFilterFile("`images`") {
        /// Those that one of these matches. Default: all.
        optional include: List<Glob> = "include",
        /// But for these.
        optional exclude: List<Glob> = "exclude",
    }

    /// Where the parts of a reference stand: routes from the document's root.
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
    /// What the files of sites are.
    pub(in crate::config) enum SiteKindName("a kind of site") {
        /// `kustomization.yaml`: `images`, and the `?ref=` of remote resources.
        Kustomize = "kustomize",
        /// YAML of any shape and file name; `fields` says where what stands.
        Yaml = "yaml",
        /// Values of a Helm chart: images at any depth.
        HelmValues = "helm-values",
        /// Manifests: images of containers, and the OCI and git sources of
        /// Flux and Argo CD.
        Manifest = "manifest",
        /// Scalars that a comment behind them marks: `# rungs: app=web`, or
        /// Flux's `# {"$imagepolicy": "ns:name:tag"}`.
        Marker = "marker",
    }

    /// Whether promotion adds a digest.
    pub(in crate::config) enum DigestAddition("a value of `digest`") {
        /// It does.
        Add = "add",
    }
}

/// What `environment.yaml` takes and only rendering needs.
const NATIVE_SETTINGS: [&str; 7] =
    ["namespace", "labels", "values", "quota", "limits", "access", "generate"];

/// The finding for a key that an environment of a native repository has.
fn native_setting(key: KeyNode<'_>) -> Option<Finding> {
    let text = key.text();
    if text == "network" {
        let finding = Finding::new(
            &NATIVE_SETTING,
            "`network` of an environment is for repositories that rungs renders",
            key.location(),
        );
        return Some(finding.because("this repository declares `sites`").help(
            "which environments may reach each other is said by `network` at the top of `rungs.yaml`",
        ));
    }
    NATIVE_SETTINGS.contains(&text).then(|| {
        let message = format!("`{text}` of an environment is for repositories that rungs renders");
        Finding::new(&NATIVE_SETTING, message, key.location())
            .because("this repository declares `sites`")
            .help("remove it, and say it where the manifests of the environment stand")
    })
}

/// The finding for a key of `fields` that stands beside it.
fn field_of_site(key: KeyNode<'_>) -> Option<Finding> {
    let text = key.text();
    matches!(text, "tag" | "repository" | "version").then(|| {
        Finding::new(&UNKNOWN_KEY, format!("unknown key `{text}`"), key.location())
            .because("not a key of an entry of `sites`")
            .help(format!("for `kind: yaml`, write `fields: {{ {text}: … }}`"))
    })
}

/// The keys that one kind of site has and the others have not.
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

/// The environments by name; one without settings may be null.
#[derive(Debug, Clone)]
pub(in crate::config) struct EnvironmentsFile(
    pub(in crate::config) Vec<(Sourced<EnvironmentName>, Option<Sourced<AdoptedEnvironmentFile>>)>,
);

impl Decode for EnvironmentsFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.is_mapping() {
            let help = "name each with its settings: `{ staging: {}, production: {} }`";
            findings.push(wrong_type(node, "a map from names to settings").help(help));
            return None;
        }
        let mut environments = Vec::with_capacity(node.entries().len());
        for (key, value) in node.entries() {
            if is_enough(findings) {
                break;
            }
            let name = decode_key(key, findings);
            let is_bare = value.is_null();
            let file = (!is_bare).then(|| Sourced::decode(value, findings)).flatten();
            environments.extend(name.map(|name| (name, file)));
        }
        Some(Self(environments))
    }
}

impl JsonSchema for EnvironmentsFile {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Environments".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Map::<EnvironmentName, AdoptedEnvironmentFile>::json_schema(generator)
    }
}

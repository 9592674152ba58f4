//! The files as they are written: a mirror of their keys, with every text in
//! its syntax and every value in its place. Nothing here looks at another
//! file. Settings with rules of their own (`gates`, `sites`, `network`, the
//! ladder, the forge, policies) are each in a file with what they mean.
//!
//! The documentation of a field is its description in the JSON Schema and in
//! the reference, so it speaks to whoever writes the file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{
    Anything, Decode, List, Map, UNKNOWN_KEY, choice, decode_key, is_enough, record, wrong_type,
};
use super::forge::ForgeFile;
use super::gates::GatesFile;
use super::ladder::{AfterFile, RungFile};
use super::network::{CallsFile, NetworkFile, RepositoryNetworkFile};
use super::policies::{PoliciesFile, Tier};
use super::sites::SiteFile;
use super::sourced::Sourced;
use super::syntax::{
    AppReference, DnsLabel, EnvironmentName, ImageDigest, ImageRepository, KubernetesVersion,
    LabelKey, LabelValue, Name, NamespacePattern, OutputPath, PathSpelling, Quantity, Requirement,
    ResourceName, RoleName, Tag, TemplateName, ValueRoute,
};
use crate::diagnostic::{Finding, Findings, codes};
use crate::yaml::{KeyNode, Node};

codes! {
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
    /// `rungs.yaml` at the repository's root: what holds for all environments.
    struct RepositoryFile("`rungs.yaml`", setting_of_environment) {
        /// The version of the format of all these files. This program reads
        /// version 1.
        required version: FormatVersion = "version",
        /// Which versions of rungs may be used here, as a range: `">=0.1"`.
        setting requires: Requirement = "requires",
        /// Which environments come before which, from the lowest rung to the
        /// highest. Environments in a list of their own stand on one rung: each
        /// of them comes after all before it. An environment that is neither
        /// here nor says `after` is rendered and never promoted to.
        setting ladder: List<RungFile> = "ladder",
        /// The Kubernetes version that manifests are checked against, in
        /// quotes: `"1.35"`. An environment may say another.
        setting kubernetes: KubernetesVersion = "kubernetes",
        /// The directory that `rungs render` writes. Default: `rendered`.
        setting output: OutputPath = "output",
        /// Where pull requests are opened.
        setting forge: ForgeFile = "forge",
        /// Apps that are promoted together, by the train's name.
        setting trains: Map<DnsLabel, List<AppReference>> = "trains",
        /// Which environments may reach each other.
        setting network: RepositoryNetworkFile = "network",
        /// Severities and settings of rules, by tier.
        setting policies: PoliciesFile = "policies",
        /// Where references stand, in a repository that is laid out its own
        /// way. Without it the repository is native: `environments/` and
        /// `templates/` say what runs where.
        setting sites: List<SiteFile> = "sites",
        /// The environments of a repository that declares `sites`, by name;
        /// those that `ladder` names are environments without an entry here.
        /// Elsewhere the directories below `environments/` are the
        /// environments, and their files hold the settings.
        setting environments: EnvironmentsFile = "environments",
    }
}

record! {
    /// `environment.yaml` in `environments/` or a directory below it: settings
    /// of that environment, or of all environments below that directory.
    struct EnvironmentFile("`environment.yaml`") {
        /// What is at stake. Default: `preprod`.
        setting tier: Tier = "tier",
        /// How namespaces are named; the variables are `{app}` and
        /// `{environment}`. Default: `{app}-{environment}`.
        setting namespace: NamespacePattern = "namespace",
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
        /// Labels of every object. A template's own value wins.
        setting labels: Map<LabelKey, LabelValue> = "labels",
        /// What templates see as `values`, for every app.
        setting values: Anything = "values",
        /// What each namespace may use: the `hard` of a `ResourceQuota`.
        setting quota: Map<ResourceName, Quantity> = "quota",
        /// What a container asks for and may use unless it says so itself: the
        /// `Container` item of a `LimitRange`.
        setting limits: LimitsFile = "limits",
        /// Who may do what in each namespace.
        setting access: List<AccessFile> = "access",
        /// What rungs makes besides what templates render.
        setting generate: GenerateFile = "generate",
        /// Who may reach what.
        setting network: NetworkFile = "network",
        /// Conditions for entering this environment.
        setting gates: GatesFile = "gates",
    }

    /// What a container asks for and may use.
    struct LimitsFile("`limits`") {
        /// Limits of a container that states none.
        setting default: Map<ResourceName, Quantity> = "default",
        /// Requests of a container that states none.
        setting default_request: Map<ResourceName, Quantity> = "defaultRequest",
        /// The least that a container may ask for.
        setting min: Map<ResourceName, Quantity> = "min",
        /// The most that a container may use.
        setting max: Map<ResourceName, Quantity> = "max",
        /// How many times its request a container's limit may be.
        setting max_limit_request_ratio: Map<ResourceName, Quantity> = "maxLimitRequestRatio",
    }

    /// Who may do what: a group or a user, and a role.
    struct AccessFile("an entry of `access`") {
        /// A group of people, as the cluster's authentication names it.
        optional group: Name = "group",
        /// A person.
        optional user: Name = "user",
        /// A `ClusterRole`: `view`, `edit`, `admin` or one of your own.
        required role: RoleName = "role",
    }

    /// What rungs makes besides what templates render.
    struct GenerateFile("`generate`") {
        /// Namespaces, quota, limits and access. Default: `true`.
        setting namespaces: bool = "namespaces",
        /// Network policies. Default: `true`.
        setting network: bool = "network",
    }
}

record! {
    /// An app's file: `<app>.yaml` in an environment's own directory makes the
    /// app exist there; in a directory above it holds what several
    /// environments share.
    struct AppFile("an app's file") {
        /// The directory below `templates/`, with `@` and a tag or commit to
        /// pin it. Default: the app's name.
        setting template: TemplateName = "template",
        /// Where its objects live. Default: the environment's pattern.
        setting namespace: NamespacePattern = "namespace",
        /// What it deploys, by a name of your choice that templates know it by.
        setting images: Map<DnsLabel, ImageFile> = "images",
        /// Labels of every object of the app.
        setting labels: Map<LabelKey, LabelValue> = "labels",
        /// What templates see as `values`.
        setting values: Anything = "values",
        /// The Services that it calls: a list for all its workloads, or a map
        /// from a workload's name to a list.
        setting calls: CallsFile = "calls",
        /// Values that are promoted along with the images.
        setting promote: List<ValueRoute> = "promote",
        /// Conditions for entering an environment, besides the environment's.
        setting gates: GatesFile = "gates",
    }

    /// An image.
    struct ImageFile("an image") {
        /// Registry and path, without tag or digest.
        optional repository: ImageRepository = "repository",
        /// Tag, in quotes where it looks like a number.
        optional tag: Tag = "tag",
        /// Digest: `sha256:` and 64 hexadecimal digits. A layer that sets tag
        /// or repository without it drops the one of earlier layers.
        optional digest: ImageDigest = "digest",
    }
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
}

choice! {
    /// Which state of the environment before is promoted.
    pub enum Selection("a value of `select`") {
        /// What stands there now.
        Current = "current",
        /// The newest that it has held and that passes the gates, so that a
        /// busy rung does not starve the one above.
        NewestEligible = "newest-eligible",
    }
}

/// The version of the files' format; `load` has looked at it before anything
/// else is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct FormatVersion;

impl Decode for FormatVersion {
    fn decode(_: Node<'_>, _: &mut Findings) -> Option<Self> {
        Some(Self)
    }
}

impl JsonSchema for FormatVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

/// The finding for a setting of environments at the top of `rungs.yaml`.
fn setting_of_environment(key: KeyNode<'_>) -> Option<Finding> {
    let text = key.text();
    matches!(text, "gates" | "tier" | "select" | "after" | "skip" | "cluster").then(|| {
        Finding::new(&UNKNOWN_KEY, format!("unknown key `{text}`"), key.location())
            .because("a setting of an environment")
            .help(format!(
                "put it into the environment's `environment.yaml`; where there are `sites`, write \
                 `environments: {{ NAME: {{ {text}: … }} }}`"
            ))
    })
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
            "`network` at the top of `rungs.yaml` says which environments may reach each other",
        ));
    }
    NATIVE_SETTINGS.contains(&text).then(|| {
        let message = format!("`{text}` of an environment is for repositories that rungs renders");
        Finding::new(&NATIVE_SETTING, message, key.location())
            .because("this repository declares `sites`")
            .help("remove it, and set it where the environment's manifests are")
    })
}

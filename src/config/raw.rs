//! The files as they are written: a mirror of their keys, with the syntax of every
//! text checked and the place of every value known. Nothing here reads another
//! file. Settings with rules of their own (`gates`, `sites`, `network`, the
//! ladder, the forge, policies) are each in a file together with what they mean.
//!
//! The documentation of a field is its description in the JSON Schema and in
//! the reference, so it addresses whoever writes the file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{
    Anything, Decode, List, Map, UNKNOWN_KEY, choice, decode_key, is_enough, record, wrong_type,
};
use super::forge::ForgeFile;
use super::gates::GatesFile;
use super::ladder::{AfterFile, RungFile};
use super::mirrors::MirrorsFile;
use super::network::{CallsFile, NetworkFile, RepositoryNetworkFile};
use super::policies::{PoliciesFile, Tier};
use super::sites::SiteFile;
use super::sourced::Sourced;
use super::syntax::{
    ApiGroup, AppReference, DnsLabel, EnvironmentName, ImageDigest, ImageRepository,
    KubernetesVersion, LabelKey, LabelValue, Name, NamespacePattern, OutputPath, PathSpelling,
    Quantity, Requirement, ResourceName, RetagPattern, RoleName, ServiceAccountName, Tag,
    TemplateName, ValueRoute,
};
use super::worker::WorkerFile;
use crate::diagnostic::{Finding, Findings, codes};
use crate::yaml::{KeyNode, Node};

codes! {
    /// A setting that only environments of a native repository have.
    ///
    /// Where `rungs.yaml` declares `sites`, rungs changes references in files
    /// that somebody else renders. What shapes the rendered objects (their
    /// namespaces, labels, values, quotas, access and network policies) is
    /// written in those files, and would have no effect in `rungs.yaml`.
    ///
    /// ```yaml
    /// environments:
    ///   production: { tier: production, quota: { pods: 50 } }     # wrong
    ///   production: { tier: production }                          # right
    /// ```
    NATIVE_SETTING = "native-setting", Input, Error;
}

record! {
    /// `rungs.yaml` at the repository's root: what applies to all environments.
    struct RepositoryFile("`rungs.yaml`", setting_of_environment) {
        /// The version of the format of all these files. This program reads
        /// version 1.
        required version: FormatVersion = "version",
        /// Which versions of rungs may be used here, as a range: `">=0.1"`.
        setting requires: Requirement = "requires",
        /// The order of the environments, from the lowest rung to the highest.
        /// Environments in an inner list are on the same rung: each of them
        /// comes after all environments of the rung below. An environment that
        /// is not here and has no `after` is rendered, but never promoted to.
        setting ladder: List<RungFile> = "ladder",
        /// The Kubernetes version that manifests are checked against, in
        /// quotes: `"1.35"`. An environment may set its own.
        setting kubernetes: KubernetesVersion = "kubernetes",
        /// The directory that `rungs render` writes. Default: `rendered`.
        setting output: OutputPath = "output",
        /// Where pull requests are opened.
        setting forge: ForgeFile = "forge",
        /// Apps that are promoted together, by the train's name.
        setting trains: Map<DnsLabel, List<AppReference>> = "trains",
        /// Repositories that hold the same images as others: a pattern of mirrors, and
        /// that of the repositories that they mirror. `*` in both stands for the same text.
        setting mirrors: MirrorsFile = "mirrors",
        /// Which environments may reach each other.
        setting network: RepositoryNetworkFile = "network",
        /// Severities and settings of rules, by tier.
        setting policies: PoliciesFile = "policies",
        /// How much rendering may take.
        setting worker: WorkerFile = "worker",
        /// Where image references are in a repository with a layout of its own.
        /// Without this key the repository is native: `environments/` and
        /// `templates/` say what runs where.
        setting sites: List<SiteFile> = "sites",
        /// The environments of a repository that declares `sites`, by name.
        /// Those that `ladder` names do not need an entry here. In a native
        /// repository the directories below `environments/` are the
        /// environments, and their files have the settings.
        setting environments: EnvironmentsFile = "environments",
    }
}

record! {
    /// `environment.yaml` in `environments/` or a directory below it: settings
    /// of that environment, or of all environments below that directory.
    struct EnvironmentFile("`environment.yaml`") {
        /// What is at stake. Default: `preprod`.
        setting tier: Tier = "tier",
        /// The pattern for namespaces' names; its variables are `{app}` and
        /// `{environment}`. Default: `{app}-{environment}`.
        setting namespace: NamespacePattern = "namespace",
        /// The Kubernetes version that manifests are checked against, in
        /// quotes. Default: the repository's.
        setting kubernetes: KubernetesVersion = "kubernetes",
        /// The cluster that it runs on. Namespaces with the same name on
        /// different clusters are different ones, and cannot reach each other.
        setting cluster: Name = "cluster",
        /// Which state of the previous environment is promoted. Default:
        /// `current`.
        setting select: Selection = "select",
        /// The environments that come before this one, if `ladder` does not
        /// name it: a list, or `all` or `any` of a list.
        setting after: AfterFile = "after",
        /// Apps that may be promoted past this environment without being in it.
        setting skip: List<AppReference> = "skip",
        /// The tag that a promotion writes here, with `{tag}` for that of the environment
        /// below: `"prod-{tag}"`. Both have to be one image in the registry.
        setting retag: RetagPattern = "retag",
        /// Apps that begin in this environment although environments come before
        /// it: no environment below has to have them.
        setting enters: List<AppReference> = "enters",
        /// Labels for every object. A template's own value takes precedence.
        setting labels: Map<LabelKey, LabelValue> = "labels",
        /// The `values` that templates see, for every app.
        setting values: Anything = "values",
        /// What each namespace may use: the `hard` of a `ResourceQuota`.
        setting quota: Map<ResourceName, Quantity> = "quota",
        /// Default requests and limits of containers, and the bounds of both:
        /// the `Container` item of a `LimitRange`.
        setting limits: LimitsFile = "limits",
        /// Who may do what in each namespace.
        setting access: List<AccessFile> = "access",
        /// What rungs generates in addition to what templates render.
        setting generate: GenerateFile = "generate",
        /// Who may reach what.
        setting network: NetworkFile = "network",
        /// Conditions for entering this environment.
        setting gates: GatesFile = "gates",
    }

    /// Requests and limits of containers.
    struct LimitsFile("`limits`") {
        /// Limits for a container without its own.
        setting default: Map<ResourceName, Quantity> = "default",
        /// Requests for a container without its own.
        setting default_request: Map<ResourceName, Quantity> = "defaultRequest",
        /// The least that a container may request.
        setting min: Map<ResourceName, Quantity> = "min",
        /// The most that a container may use.
        setting max: Map<ResourceName, Quantity> = "max",
        /// The highest allowed ratio of a container's limit to its request.
        setting max_limit_request_ratio: Map<ResourceName, Quantity> = "maxLimitRequestRatio",
    }

    /// Who may do what: a group, a user or a service account, and a role or rules.
    struct AccessFile("an entry of `access`") {
        /// A group of people, as the cluster's authentication names it.
        optional group: Name = "group",
        /// A person.
        optional user: Name = "user",
        /// A `ServiceAccount`: `NAME` in the namespace itself, `NAMESPACE/NAME` in another.
        optional service_account: ServiceAccountName = "serviceAccount",
        /// A `ClusterRole`: `view`, `edit`, `admin` or one of your own.
        optional role: RoleName = "role",
        /// Rules in the place of a role: rungs makes a `Role` of them in each namespace.
        setting rules: List<AccessRuleFile> = "rules",
    }

    /// A rule of a `Role`.
    struct AccessRuleFile("a rule of `access`") {
        /// The groups of the resources; `""`, the core group, is the default.
        setting api_groups: List<ApiGroup> = "apiGroups",
        /// What may be accessed: `pods`, `pods/log`.
        required resources: List<Name> = "resources",
        /// What may be done with it: `get`, `list`, `watch`.
        required verbs: List<Name> = "verbs",
        /// The names of the only objects that may be accessed.
        setting resource_names: List<Name> = "resourceNames",
    }

    /// What rungs generates in addition to what templates render.
    struct GenerateFile("`generate`") {
        /// Namespaces, quota, limits and access. Default: `true`.
        setting namespaces: bool = "namespaces",
        /// Network policies. Default: `true`.
        setting network: bool = "network",
    }
}

record! {
    /// An app's file: `<app>.yaml` in an environment's own directory makes the
    /// app exist there; in a directory above, it has what several environments
    /// share.
    struct AppFile("an app's file") {
        /// The directory below `templates/`, with `@` and a tag or commit to
        /// pin it. Default: the app's name.
        setting template: TemplateName = "template",
        /// The namespace of its objects. Default: the environment's pattern.
        setting namespace: NamespacePattern = "namespace",
        /// The images that it deploys, by names of your choice that templates
        /// use.
        setting images: Map<DnsLabel, ImageFile> = "images",
        /// Labels for every object of the app.
        setting labels: Map<LabelKey, LabelValue> = "labels",
        /// The `values` that templates see.
        setting values: Anything = "values",
        /// The Services that it calls: a list for all its workloads, or a map
        /// from a workload's name to a list.
        setting calls: CallsFile = "calls",
        /// Values that are promoted along with the images.
        setting promote: List<ValueRoute> = "promote",
        /// Whether the app moves as a whole; `false` lets each image, version and value go
        /// by itself as soon as it may. Default: `true`.
        setting together: bool = "together",
        /// Conditions for entering an environment, in addition to those of the
        /// environment.
        setting gates: GatesFile = "gates",
    }

    /// An image.
    struct ImageFile("an image") {
        /// Registry and path, without tag or digest.
        optional repository: ImageRepository = "repository",
        /// Tag, in quotes if it looks like a number.
        optional tag: Tag = "tag",
        /// Digest: `sha256:` and 64 hexadecimal digits. A layer that sets the
        /// tag or the repository without it drops the digest of earlier layers.
        optional digest: ImageDigest = "digest",
    }
}

record! {
    /// An environment of a repository that declares `sites`: the settings of
    /// `environment.yaml`, except those that only rendering needs.
    struct AdoptedEnvironmentFile("an environment of `environments`", native_setting) {
        /// The environment's name in paths, if they spell it differently; it may
        /// have several segments. Default: its name.
        optional path: PathSpelling = "path",
        /// What is at stake. Default: `preprod`.
        setting tier: Tier = "tier",
        /// The Kubernetes version that manifests are checked against, in
        /// quotes. Default: the repository's.
        setting kubernetes: KubernetesVersion = "kubernetes",
        /// The cluster that it runs on. Namespaces with the same name on
        /// different clusters are different ones, and cannot reach each other.
        setting cluster: Name = "cluster",
        /// Its clusters, in the order in which they are entered: those of one list together.
        /// Each is an environment of its own, `NAME/CLUSTER`, with these settings, and each
        /// list is a rung. `{cluster}` in the paths of `sites` stands for them.
        setting waves: List<List<DnsLabel>> = "waves",
        /// Which state of the previous environment is promoted. Default:
        /// `current`.
        setting select: Selection = "select",
        /// The environments that come before this one, if `ladder` does not
        /// name it: a list, or `all` or `any` of a list.
        setting after: AfterFile = "after",
        /// Apps that may be promoted past this environment without being in it.
        setting skip: List<AppReference> = "skip",
        /// The tag that a promotion writes here, with `{tag}` for that of the environment
        /// below: `"prod-{tag}"`. Both have to be one image in the registry.
        setting retag: RetagPattern = "retag",
        /// Apps that begin in this environment although environments come before
        /// it: no environment below has to have them.
        setting enters: List<AppReference> = "enters",
        /// Conditions for entering this environment. The routes of `field`
        /// start with `values`, and lead from there into the app's files of
        /// the kinds `yaml` and `helm-values`.
        setting gates: GatesFile = "gates",
    }
}

choice! {
    /// Which state of the previous environment is promoted.
    pub enum Selection("a value of `select`") {
        /// The state that it has now.
        Current = "current",
        /// The newest state that it has had and that passes the gates, so that
        /// a busy rung does not starve the one above.
        NewestEligible = "newest-eligible",
    }
}

/// The version of the files' format; `load` checks it before anything else is
/// read.
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
    let settings = ["gates", "tier", "select", "after", "skip", "enters", "retag", "cluster"];
    settings.contains(&text).then(|| {
        Finding::new(&UNKNOWN_KEY, format!("unknown key `{text}`"), key.location())
            .because("a setting of an environment")
            .help(format!(
                "put it into the environment's `environment.yaml`; if there are `sites`, write \
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

/// The keys of `environment.yaml` that only rendering needs.
const NATIVE_SETTINGS: [&str; 7] =
    ["namespace", "labels", "values", "quota", "limits", "access", "generate"];

/// The finding for a key that only an environment of a native repository has.
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

//! The files as they are written: a mirror of their keys, with every text in
//! its syntax and every value in its place. Nothing here looks at another
//! file.
//!
//! The documentation of a field is its description in the JSON Schema and in
//! the reference, so it speaks to whoever writes the file.

mod sites;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Anything, Count, Decode, List, Map, UNKNOWN_KEY, choice, record, wrong_type};
use super::syntax::{
    AppReference, BranchName, Call, Cidr, Date, Digest, DnsLabel, Duration, FilePath,
    ForgeRepository, Glob, ImageRepository, KubernetesVersion, LabelKey, LabelValue, Moment, Name,
    NamespaceName, NamespacePattern, OpeningHours, OutputPath, Pattern, Port, Quantity,
    Requirement, ResourceName, RoleName, Tag, TemplateName, Text, Url, ValueRoute, VariableName,
};
use super::{EnvironmentName, Sourced};
use super::{count, joined};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::yaml::{KeyNode, Node, Value};

pub(in crate::config) use sites::{
    AdoptedEnvironmentFile, EnvironmentsFile, FieldsFile, ImageFilterFile, SiteFile, SiteKeys,
    SiteKindName,
};

const LISTS: &[&[&Code]] = &[CODES, sites::CODES];

/// The codes of what the files say by themselves.
pub(super) static ALL_CODES: &[&Code] = &joined::<{ count(LISTS) }>(LISTS);

codes! {
    /// A token stands in a file.
    ///
    /// Whoever reads the repository, its history or a copy of it reads the
    /// token too. Name the environment variable or the file that holds it
    /// instead, and revoke the one that was written down.
    ///
    /// ```yaml
    /// forge: { kind: gitea, token: 3f0c… }                   # wrong
    /// forge: { kind: gitea, token: { env: RUNGS_TOKEN } }    # right
    /// ```
    TOKEN_IN_FILE = "token-in-file", Input, Error;
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

    /// Where pull requests are opened.
    struct ForgeFile("`forge`") {
        /// What runs there.
        required kind: ForgeKind = "kind",
        /// Its address, without credentials: `https://git.example.com`.
        required url: Url = "url",
        /// The repository's path there: `shop/deploy`.
        required repository: ForgeRepository = "repository",
        /// The branch that is deployed. Default: the remote's own default.
        optional base: BranchName = "base",
        /// Where the token comes from; it never stands in a file of the
        /// repository.
        optional token: TokenFile = "token",
    }

    /// Which environments may reach each other.
    struct RepositoryNetworkFile("`network`") {
        /// Sets of environments without traffic between them. An environment
        /// that no set names is isolated from all others.
        setting isolate: List<List<EnvironmentName>> = "isolate",
        /// Traffic between isolated environments that is wanted all the same.
        setting allow: List<AllowFile> = "allow",
    }

    /// Traffic between isolated environments that is wanted all the same.
    struct AllowFile("an entry of `network.allow`") {
        /// The environment that opens the connections.
        required from: EnvironmentName = "from",
        /// The environment that accepts them.
        required to: EnvironmentName = "to",
        /// On which ports. Default: all.
        optional ports: List<Port> = "ports",
        /// Why, for whoever reads it in a year.
        required reason: Name = "reason",
    }

    /// Severities and settings of rules, by tier.
    struct PoliciesFile("`policies`") {
        /// For environments of tier `preprod`.
        setting preprod: RulesFile = "preprod",
        /// For environments of tier `production`.
        setting production: RulesFile = "production",
    }

    /// Severities and settings of rules.
    struct RulesFile("the policies of a tier") {
        /// An image without a digest.
        setting unpinned: RuleSeverity = "unpinned",
        /// How many replicas a workload has.
        setting replicas: ReplicasFile = "replicas",
    }

    /// How many replicas a workload has.
    struct ReplicasFile("the rule `replicas`") {
        /// Fewer are a finding.
        optional minimum: Count = "minimum",
        /// How much it matters. Default: `error`.
        optional severity: RuleSeverity = "severity",
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

    /// Who may reach what in an environment.
    struct NetworkFile("`network`") {
        /// Who may reach whom inside the environment. Default: `declared`.
        setting within: Within = "within",
        /// Who may come in.
        setting ingress: List<IngressFile> = "ingress",
        /// Where one may go.
        setting egress: List<EgressFile> = "egress",
    }

    /// Who may come in.
    struct IngressFile("an entry of `ingress`") {
        /// From where.
        required from: PeerFile = "from",
        /// To which Service.
        required to: DnsLabel = "to",
        /// On which ports of the pods behind it. Default: all.
        optional ports: List<Port> = "ports",
    }

    /// Where one may go.
    struct EgressFile("an entry of `egress`") {
        /// To where.
        required to: PeerFile = "to",
        /// On which ports. Default: all.
        optional ports: List<Port> = "ports",
    }

    /// A namespace, or a network and what of it is left out.
    struct PeerFile("a peer") {
        /// A namespace of the same cluster.
        optional namespace: NamespaceName = "namespace",
        /// A network outside the cluster.
        optional cidr: Cidr = "cidr",
        /// Parts of the network that are left out.
        optional except: List<Cidr> = "except",
    }
}

record! {
    /// Conditions for entering an environment.
    struct GatesFile("`gates`") {
        /// How long a state has to stand in the environment before: `24h`, or
        /// a map that also says whose clock is trusted.
        setting soak: SoakFile = "soak",
        /// When one may enter.
        setting window: WindowFile = "window",
        /// Who has to approve.
        setting approvals: ApprovalsFile = "approvals",
        /// Checks that have to pass.
        setting checks: List<CheckFile> = "checks",
        /// What tags look like: a regular expression.
        setting tag: Pattern = "tag",
        /// Which images are allowed.
        setting image: ImageGateFile = "image",
        /// Whether an image needs a digest.
        setting digest: DigestGate = "digest",
        /// Values that have to be as stated.
        setting field: List<FieldFile> = "field",
        /// What a ticket looks like: a regular expression. A promotion has to
        /// name one.
        setting ticket: Pattern = "ticket",
    }

    /// How long a state has to stand in the environment before.
    struct SoakSettingsFile("the gate `soak`") {
        /// How long: `30m`, `24h`, `7d`.
        optional time: Duration = "for",
        /// Whose clock says since when. Default: `committer`.
        optional trust: Trust = "trust",
    }

    /// When one may enter.
    struct WindowFile("the gate `window`") {
        /// Days, times and time zone: `Mon-Thu 09:00-16:00 Europe/Berlin`. The
        /// last minute is not included; times that end before they begin run
        /// overnight from the named day. Default: always.
        optional allow: List<OpeningHours> = "allow",
        /// Days on which nothing enters, whatever `allow` says.
        optional freeze: List<FreezeFile> = "freeze",
    }

    /// Days on which nothing enters.
    struct FreezeFile("an entry of `freeze`") {
        /// The first of them.
        required from: Date = "from",
        /// The last of them.
        required until: Date = "until",
        /// Why, for whoever is stopped by it.
        optional reason: Name = "reason",
    }

    /// Who has to approve.
    struct ApprovalsFile("the gate `approvals`") {
        /// How many people. Default: 1.
        optional count: Count = "count",
        /// Of which teams; each approval is of a member of one of them.
        /// Default: anybody who may approve on the forge.
        optional teams: List<Name> = "teams",
    }

    /// A check that has to pass.
    struct CheckFile("an entry of `checks`") {
        /// Its name on the forge.
        required name: Name = "name",
        /// Which commit it is read from.
        required of: CheckSubject = "of",
    }

    /// Which images are allowed.
    struct ImageGateFile("the gate `image`") {
        /// Patterns of repositories; `*` stands for any text, `/` included.
        optional allow: List<Glob> = "allow",
    }

    /// A value that has to be as stated.
    struct FieldFile("an entry of `field`") {
        /// In which environment it is looked at.
        required side: Side = "in",
        /// The route to it: `values.promote_deployment`.
        required path: ValueRoute = "path",
        /// What it has to be.
        required equals: Literal = "equals",
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
        optional digest: Digest = "digest",
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

choice! {
    /// What is at stake in an environment.
    pub enum Tier("a tier") {
        /// Nothing that people outside depend on.
        Preprod = "preprod",
        /// Production, or something with production's dependencies.
        Production = "production",
    }

    /// Which state of the environment before is promoted.
    pub enum Selection("a value of `select`") {
        /// What stands there now.
        Current = "current",
        /// The newest that it has held and that passes the gates, so that a
        /// busy rung does not starve the one above.
        NewestEligible = "newest-eligible",
    }

    /// What runs on a forge.
    pub enum ForgeKind("a kind of forge") {
        /// GitHub.
        Github = "github",
        /// GitLab.
        Gitlab = "gitlab",
        /// Gitea.
        Gitea = "gitea",
        /// Forgejo.
        Forgejo = "forgejo",
    }

    /// Who may reach whom inside an environment.
    pub enum Within("a value of `within`") {
        /// Whom the apps' `calls` declare.
        Declared = "declared",
        /// Everybody everybody.
        All = "all",
    }

    /// How much a rule matters. The last is not called `off`, because YAML
    /// reads that as a boolean.
    pub enum RuleSeverity("a severity") {
        /// It fails a run.
        Error = "error",
        /// It is shown.
        Warning = "warning",
        /// It is shown and worth knowing.
        Note = "note",
        /// It is not shown.
        Ignore = "ignore",
    }

    /// Whose clock says since when a state stands somewhere.
    pub enum Trust("a value of `trust`") {
        /// The time of the merge as the forge has it; where the forge does not
        /// know it, the gate waits.
        Forge = "forge",
        /// The forge's where it is known, else the commit's, which its author
        /// can choose.
        Committer = "committer",
    }

    /// Which commit a check is read from.
    pub enum CheckSubject("a value of `of`") {
        /// The commit that the image was built from.
        Application = "application",
        /// The commit that placed the state, or a later one that leaves the
        /// app's files alone.
        Configuration = "configuration",
    }

    /// Whether an image needs a digest.
    pub enum DigestGate("a value of `digest`") {
        /// It does.
        Required = "required",
    }

    /// In which environment a value is looked at.
    pub enum Side("a value of `in`") {
        /// Where the state comes from.
        Source = "source",
        /// Where it goes.
        Target = "target",
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

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

/// One rung of the ladder.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum RungFile {
    /// An environment.
    One(Sourced<EnvironmentName>),
    /// Several environments, each after all before them.
    Several(List<EnvironmentName>),
}

impl Decode for RungFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_sequence() {
            return List::decode(node, findings).map(Self::Several);
        }
        Sourced::decode(node, findings).map(Self::One)
    }
}

record! {
    /// Where the forge's token comes from.
    struct TokenSourceFile("`token`") {
        /// The environment variable that holds it.
        optional env: VariableName = "env",
        /// The file that holds it.
        optional file: FilePath = "file",
    }
}

/// Where the forge's token comes from, and never the token.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(in crate::config) struct TokenFile(pub(in crate::config) TokenSourceFile);

impl Decode for TokenFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.as_str().is_none() && node.as_number().is_none() {
            return TokenSourceFile::decode(node, findings).map(Self);
        }
        let location = node.location();
        location.file().mark_secret(location.span());
        findings.push(
            Finding::new(&TOKEN_IN_FILE, "a token stands in the file", location)
                .because("everybody who reads the repository reads this")
                .help("name where it comes from, `token: { env: RUNGS_TOKEN }`, and revoke it"),
        );
        None
    }
}

/// What comes before an environment.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum AfterFile {
    /// All of them.
    List(List<EnvironmentName>),
    /// All or any of them.
    Map(AfterMap),
}

record! {
    /// All or any of a list of environments.
    struct AfterMap("`after`") {
        /// A state has to stand in each of them.
        optional all: List<EnvironmentName> = "all",
        /// A state has to stand in one of them.
        optional any: List<EnvironmentName> = "any",
    }
}

impl Decode for AfterFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return AfterMap::decode(node, findings).map(Self::Map);
        }
        List::decode(node, findings).map(Self::List)
    }
}

/// A soak's time alone, or with its settings.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum SoakFile {
    /// `24h`
    Time(Sourced<Duration>),
    /// `{ for: 24h, trust: forge }`
    Settings(SoakSettingsFile),
}

impl Decode for SoakFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return SoakSettingsFile::decode(node, findings).map(Self::Settings);
        }
        Sourced::decode(node, findings).map(Self::Time)
    }
}

/// What all or some workloads of an app call.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub(in crate::config) enum CallsFile {
    /// Every workload.
    Every(List<Call>),
    /// By workload.
    ByWorkload(Map<DnsLabel, List<Call>>),
}

impl Decode for CallsFile {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() {
            return Map::decode(node, findings).map(Self::ByWorkload);
        }
        List::decode(node, findings).map(Self::Every)
    }
}

/// A boolean, number or text to compare with.
#[derive(Debug, Clone)]
pub(in crate::config) struct Literal(pub(in crate::config) Value);

impl Decode for Literal {
    fn decode(node: Node<'_>, findings: &mut Findings) -> Option<Self> {
        if node.is_mapping() || node.is_sequence() || node.is_null() {
            findings.push(wrong_type(node, "a text, a number or a boolean"));
            return None;
        }
        Some(Self(node.to_value()))
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

record! {
    /// An entry of `.rungs/holds/<environment>/<app>.yaml`, which is a list of
    /// them: a state that must not enter this environment or those above it,
    /// until it is lifted. The `/` of an environment's name is a `.` in the
    /// path.
    struct HoldEntryFile("a hold") {
        /// What is held back, by the app's keys: for an image its tag and
        /// digest as they are written behind the repository
        /// (`v4@sha256:…`), or one of the two. All that is listed has to be
        /// the same for a state to be held back.
        required state: Map<Name, Text> = "state",
        /// Why, for whoever is stopped by it.
        required reason: Text = "reason",
        /// Who said so.
        required by: Name = "by",
        /// Since when: a day, or a time with its zone.
        optional since: Moment = "since",
        /// The last day on which it holds (in UTC), or the time at which it
        /// ends. Default: it ends when it is lifted.
        optional until: Moment = "until",
    }
}

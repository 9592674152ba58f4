//! Repositories with gates: two apps on three rungs, in files of one kind.

use std::collections::{BTreeMap, BTreeSet};

use rungs::config::WorkerSettings;
use rungs::source::{FileChanges, Memory, RepoPath, Tree};
use rungs::worker::{InProcess, RenderRequest, Renderer as _, Wanted};

use super::changes::put;
use crate::support::fast_import::{LINK, SUBMODULE};
use crate::support::shop::WITH_SIDECAR;

/// The texts of files by path; links and submodules as in a stream.
pub(super) type Files = BTreeMap<String, String>;

/// The time of the first change, in seconds.
pub(super) const NOW: i64 = 1_700_000_000;

pub(super) const DAY: i64 = 86_400;

/// What the files of environments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Yaml,
    Tags,
    Kustomize,
    Helm,
    Manifest,
    Marker,
    Native,
}

pub(super) const KINDS: [Kind; 7] = [
    Kind::Yaml,
    Kind::Tags,
    Kind::Kustomize,
    Kind::Helm,
    Kind::Manifest,
    Kind::Marker,
    Kind::Native,
];

impl Kind {
    fn rule(self) -> &'static str {
        match self {
            Self::Yaml => {
                "  - path: 'env/{environment}/{app}.yaml'\n    kind: yaml\n    fields: { image: image }\n"
            }
            Self::Tags => {
                "  - path: 'tags/{environment}/{app}.yaml'\n    kind: yaml\n    fields: { tag: image_tag }\n"
            }
            Self::Kustomize => {
                "  - path: 'apps/{app}/{environment}/kustomization.yaml'\n    kind: kustomize\n"
            }
            Self::Helm => {
                "  - path: 'helm/{app}/values-{environment}.yaml'\n    kind: helm-values\n"
            }
            Self::Manifest => {
                "  - path: 'manifests/{environment}/**/*.yaml'\n    kind: manifest\n    app: '{image}'\n    \
                 images: { include: ['*/shop/*'] }\n"
            }
            Self::Marker => "  - path: 'marked/{environment}.yaml'\n    kind: marker\n",
            Self::Native => "",
        }
    }

    /// The file of an app in an environment.
    pub(super) fn path(self, environment: &str, app: &str) -> String {
        match self {
            Self::Yaml => format!("env/{environment}/{app}.yaml"),
            Self::Tags => format!("tags/{environment}/{app}.yaml"),
            Self::Kustomize => format!("apps/{app}/{environment}/kustomization.yaml"),
            Self::Helm => format!("helm/{app}/values-{environment}.yaml"),
            Self::Manifest => format!("manifests/{environment}/{app}.yaml"),
            Self::Marker => format!("marked/{environment}.yaml"),
            Self::Native => format!("environments/{environment}/{app}.yaml"),
        }
    }

    /// The text of that file; of one that apps share, its part.
    pub(super) fn text(self, app: &str, tag: &str) -> String {
        let image = format!("ghcr.io/shop/{app}:{tag}");
        match self {
            Self::Yaml => format!("# {app}\nimage: {image}\nreplicas: 2\n"),
            Self::Tags => format!("# {app}\nimage_tag: {tag}\nreplicas: 2\n"),
            Self::Kustomize => format!(
                "resources: [../base]\nimages:\n  - name: {app}\n    newName: ghcr.io/shop/{app}\n    newTag: {tag}\n"
            ),
            Self::Helm => format!(
                "replicas: 2\nimage:\n  repository: ghcr.io/shop/{app}\n  tag: {tag}\n  pullPolicy: Always\n"
            ),
            Self::Manifest => pod(app, &image),
            Self::Marker => format!("{app}:\n  image: {image} # rungs: app={app}\n  replicas: 2\n"),
            Self::Native => format!(
                "template: web\nimages:\n  web:\n    repository: ghcr.io/shop/{app}\n    tag: {tag} # by promotion\n"
            ),
        }
    }

    /// What a file says before the tag of an app.
    pub(super) fn before_tag(self, app: &str) -> String {
        match self {
            Self::Yaml | Self::Manifest | Self::Marker => format!("shop/{app}:"),
            Self::Tags => "image_tag: ".to_owned(),
            Self::Kustomize => "newTag: ".to_owned(),
            Self::Helm | Self::Native => "tag: ".to_owned(),
        }
    }

    /// The image that a tag of an app says.
    pub(super) fn image(self, app: &str, tag: &str) -> String {
        if self == Self::Tags {
            format!("{app}:{tag}")
        } else {
            format!("ghcr.io/shop/{app}:{tag}")
        }
    }

    /// The file that says the gates of `prod`.
    pub(super) fn settings(self) -> &'static str {
        if self == Self::Native { "environments/prod/environment.yaml" } else { "rungs.yaml" }
    }
}

/// A Pod with an image.
pub(super) fn pod(name: &str, image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nspec:\n  containers:\n    - name: {name}\n      \
         image: {image}\n"
    )
}

pub(super) const TEMPLATE: &str = "templates/web/pod.yaml.tera";

pub(super) const HOLDS: &str = ".rungs/holds/prod/web.yaml";

const GATES: &str = "gates: { soak: 1d, relax: { approvals: 1 } }\n";

/// A repository: `web` has soaked in stage, and what stage has of `api` is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shop {
    pub(super) kind: Kind,
    /// How its pull requests land; none if it does not say.
    pub(super) merge: Option<&'static str>,
    /// Whether `v2` of `web` is held back from prod, and how a line says so.
    pub(super) is_held: bool,
}

/// The tags of `web` and `api` in qa, stage and prod at a time before [`NOW`].
const HISTORY: [(i64, [[&str; 2]; 3]); 6] = [
    (30 * DAY, [["v1", "v1"], ["v1", "v1"], ["v1", "v1"]]),
    (20 * DAY, [["v2", "v2"], ["v1", "v1"], ["v1", "v1"]]),
    (10 * DAY, [["v2", "v2"], ["v2", "v1"], ["v1", "v1"]]),
    (9 * DAY, [["v4", "v3"], ["v2", "v1"], ["v1", "v1"]]),
    (3 * 3600, [["v4", "v5"], ["v2", "v5"], ["v1", "v1"]]),
    (2 * 3600, [["v4", "v3"], ["v2", "v3"], ["v1", "v1"]]),
];

/// A sidecar of native repositories, which no site says.
pub(super) const SIDECAR: &str = "mesh.example.com/proxy:v2";

/// The time before [`NOW`] since which environments have it: in stage, it is fresh.
const SIDECAR_SINCE: [(&str, i64); 2] = [("qa", 9 * DAY), ("stage", 3 * 3600)];

impl Shop {
    /// The files of its commits, oldest first, with their times.
    pub(super) fn history(self) -> Vec<(i64, Files)> {
        HISTORY.iter().map(|(ago, tags)| (NOW - ago, self.files(*ago, tags))).collect()
    }

    /// The files at a time before [`NOW`], with these tags.
    fn files(self, ago: i64, tags: &[[&str; 2]; 3]) -> Files {
        let Self { kind, merge, is_held } = self;
        let forge = merge.map_or_else(String::new, |merge| {
            format!(
                "forge: {{ kind: github, url: 'https://github.com', repository: shop/deploy, merge: {merge} }}\n"
            )
        });
        let mut files = Files::from([("README.md".to_owned(), "# shop\n".to_owned())]);
        let mut settings = format!("version: 1\nladder: [qa, stage, prod]\n{forge}");
        if kind == Kind::Native {
            files.insert(TEMPLATE.to_owned(), WITH_SIDECAR.to_owned());
            files.insert(kind.settings().to_owned(), GATES.to_owned());
            for (environment, since) in SIDECAR_SINCE {
                let settings = format!("values: {{ sidecar: '{SIDECAR}' }}\n");
                let path = format!("environments/{environment}/environment.yaml");
                files.extend((ago <= since).then_some((path, settings)));
            }
        } else {
            let rule = kind.rule();
            settings = format!("{settings}sites:\n{rule}environments:\n  prod:\n    {GATES}");
        }
        files.insert("rungs.yaml".to_owned(), settings);
        if kind == Kind::Kustomize {
            for app in ["web", "api"] {
                let base = format!("apps/{app}/base");
                files.insert(format!("{base}/pod.yaml"), pod(app, app));
                files
                    .insert(format!("{base}/kustomization.yaml"), "resources: [pod.yaml]\n".into());
            }
        }
        for (environment, tags) in ["qa", "stage", "prod"].into_iter().zip(tags) {
            for (app, tag) in ["web", "api"].into_iter().zip(tags) {
                *files.entry(kind.path(environment, app)).or_default() += &kind.text(app, tag);
            }
        }
        if is_held {
            let hold = "- { state: { web: v2 }, reason: broken, by: ana }\n";
            files.insert(HOLDS.to_owned(), hold.to_owned());
        }
        render(&mut files);
        files
    }

    /// The images that may be in prod.
    pub(super) fn allowed(self) -> BTreeSet<String> {
        let web: &[&str] = if self.is_held { &["v1"] } else { &["v1", "v2"] };
        let web = web.iter().map(|tag| self.kind.image("web", tag));
        web.chain([self.kind.image("api", "v1")]).collect()
    }
}

/// The files that are rendered, by their paths below the output directory; none if it does
/// not render.
pub(super) fn rendered(files: &Files) -> Option<Files> {
    let mut memory = Memory::new();
    for (path, text) in files.iter().filter(|(_, text)| *text != SUBMODULE) {
        let path = RepoPath::new(path).unwrap();
        match text.strip_prefix(LINK) {
            Some(target) => memory.link(path, target),
            None => memory.insert(path, text.clone().into_bytes()),
        }
    }
    let request = RenderRequest {
        tree: &Tree::new(memory),
        changes: &FileChanges::new(),
        wanted: Wanted::Named { environments: Vec::new(), app: None },
        unused_values: false,
        validates: false,
        settings: WorkerSettings::default(),
    };
    let result = InProcess.render(&request, &|_| ()).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(result.files.iter().map(|(path, bytes)| (path.to_string(), text(bytes))).collect())
}

/// Renders what a native repository has to, if it can be.
pub(super) fn render(files: &mut Files) {
    if !files.keys().any(|path| path.starts_with("environments/")) {
        return;
    }
    let Some(new) = rendered(files) else { return };
    files.retain(|path, _| !path.starts_with("rendered/"));
    for (path, text) in new {
        put(files, &format!("rendered/{path}"), text);
    }
}

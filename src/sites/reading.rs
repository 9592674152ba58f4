//! What one rule finds in one file.

use std::collections::BTreeMap;

use super::code::{UNMATCHED_PATTERN, UNREADABLE_MARKER};
use super::files::Parsed;
use super::gathered::{Gathered, Lens};
use super::rules::Rule;
use super::{Site, helm_values, kustomize, manifest, marker, promoted, yaml};
use crate::config::SiteKind;
use crate::diagnostic::{Finding, Findings};
use crate::source::RepoPath;

/// What one rule found in one file.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) rule: usize,
    pub(super) environment: usize,
    /// The app that the path or the rule names.
    pub(super) app: Option<String>,
    /// By app, the sites in the order of the file; where it cannot be read, why.
    pub(super) found: Result<BTreeMap<String, Vec<Site>>, Findings>,
    pub(super) findings: Findings,
}

impl Rule {
    /// What the rule finds in a file, for the app that the path names, if any.
    pub(super) fn reading(
        &self,
        path: &RepoPath,
        parsed: &Parsed,
        app: Option<String>,
        (rule, environment): (usize, usize),
    ) -> Reading {
        let documents = match parsed.documents() {
            Ok(documents) => documents,
            Err(findings) => {
                let found = Err(findings.clone());
                return Reading { rule, environment, app, found, findings: Findings::new() };
            }
        };
        let lens = Lens {
            file: &parsed.file,
            images: &self.entry.images,
            adds_digest: self.entry.adds_digest,
        };
        let mut gathered = match &self.entry.kind {
            SiteKind::Kustomize { insert } => kustomize::find(lens, documents, insert),
            SiteKind::Yaml(fields) => yaml::find(lens, documents, fields),
            SiteKind::HelmValues { root } => {
                helm_values::find(lens, documents, root.as_ref().map(|root| &root.value))
            }
            SiteKind::Manifest => manifest::find(lens, documents),
            SiteKind::Marker => marker::find(lens, documents),
        };
        gathered.sites.extend(promoted::find(lens, documents, &self.entry));
        let found = Ok(self.by_app(path, app.as_deref(), &mut gathered));
        Reading { rule, environment, app, found, findings: gathered.findings }
    }

    fn by_app(
        &self,
        path: &RepoPath,
        app: Option<&str>,
        gathered: &mut Gathered,
    ) -> BTreeMap<String, Vec<Site>> {
        let mut apps: BTreeMap<String, Vec<Site>> = BTreeMap::new();
        for site in std::mem::take(&mut gathered.sites) {
            match self.app_of(&site, app) {
                Some(app) => apps.entry(app).or_default().push(site),
                None => gathered.findings.push(
                    Finding::new(
                        &UNREADABLE_MARKER,
                        format!("nothing says which app the site in `{path}` is of"),
                        site.location.clone(),
                    )
                    .because("is of no app")
                    .help("write `# rungs: app=NAME`, or give the rule an `app`"),
                ),
            }
        }
        apps
    }

    /// A rule whose entry in `sites` has no effect.
    pub(super) fn unmatched(&self, near: Option<&str>, files: usize) -> Finding {
        let path = &self.entry.path;
        let (message, because, help) = if files == 0 {
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`{environment}` stands for a declared environment, as `environments: { NAME: { path: … } }` spells it".to_owned(),
            };
            (format!("no file matches `{}`", path.value), "matches nothing", help)
        } else {
            let what = match &self.entry.kind {
                SiteKind::Kustomize { .. } => {
                    "no entry of `images` with a tag or digest, and no `?ref=`"
                }
                SiteKind::Yaml(_) => "nothing where `fields` leads",
                SiteKind::HelmValues { .. } => "no image in any of the shapes of charts",
                SiteKind::Manifest => "no image and no source",
                SiteKind::Marker => "no marked scalar",
            };
            let message = match files {
                1 => format!("the only file of `{}` has no site", path.value),
                _ => format!("none of the {files} files of `{}` has a site", path.value),
            };
            (
                message,
                "finds nothing",
                format!("there is {what}: look at `kind`, `root` and `images`"),
            )
        };
        Finding::new(&UNMATCHED_PATTERN, message, path.location.clone()).because(because).help(help)
    }
}

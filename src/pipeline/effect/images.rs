//! Which images have an effect.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::super::code::UNUSED_IMAGE;
use super::super::job::RenderJob;
use super::super::watch::RenderStep;
use crate::config::Image;
use crate::diagnostic::{Finding, Findings};
use crate::render::InputImage;
use crate::source::{RepoPath, Span};

/// An image's declaration. It is still the same image after layers add to it.
type Declaration = (String, RepoPath, Span);

/// A finding for each image that has no effect in any environment that it is
/// declared for. An image that is also declared for environments that are not
/// rendered may have its effect there, and is not judged.
pub(in crate::pipeline) fn unused_images(
    jobs: &[RenderJob<'_>],
    every_environment: bool,
) -> Findings {
    let mut by_app: BTreeMap<&str, Vec<&RenderJob<'_>>> = BTreeMap::new();
    for job in jobs {
        by_app.entry(&job.app.name).or_default().push(job);
    }
    let apps: Vec<_> = by_app.into_values().collect();
    let unused = apps.into_par_iter().flat_map_iter(|jobs| unused_of_app(&jobs, every_environment));
    unused.collect::<Vec<_>>().into_iter().collect()
}

fn unused_of_app(jobs: &[&RenderJob<'_>], every_environment: bool) -> Vec<Finding> {
    let mut used: HashSet<Declaration> = HashSet::new();
    for job in jobs {
        let images: Vec<_> = job.app.images.iter().map(declaration).collect();
        let open: Vec<_> = (0..images.len()).filter(|&i| !used.contains(&images[i])).collect();
        used.extend(with_effect(job, &open).into_iter().map(|index| images[index].clone()));
    }
    let mut findings = Vec::new();
    for job in jobs {
        for image in &job.app.images {
            let judged =
                every_environment || image.1.declared.path().is_within(&job.environment.directory);
            if judged && !used.contains(&declaration(image)) {
                findings.push(unused(job, image.0, image.1));
            }
        }
    }
    findings
}

fn declaration((name, image): (&String, &Image)) -> Declaration {
    (name.clone(), image.declared.path().clone(), image.declared.span())
}

/// Which of the `open` images, by index, have an effect in this environment.
fn with_effect(job: &RenderJob<'_>, open: &[usize]) -> Vec<usize> {
    if open.is_empty() {
        return Vec::new();
    }
    let probes: Vec<_> = (0..job.app.images.len()).map(ImageProbe::new).collect();
    let images = job.images();
    // One render with a probe in place of every image settles almost all of
    // them: an image whose probe shows up has an effect.
    let (seen, unseen): (Vec<usize>, Vec<usize>) = match job.render_text(
        RenderStep::Images,
        &with_probes(&images, open, &probes),
        job.app.values(),
    ) {
        Ok(texts) => open.iter().partition(|&&index| probes[index].is_in(&texts)),
        Err(_) => (Vec::new(), open.to_vec()),
    };
    if unseen.is_empty() {
        return seen;
    }
    // A reference that is hashed, measured or compared does not show up, but
    // the result changes, or no longer renders.
    let Some(plain) = job.plain_text(RenderStep::Images) else { return seen };
    let changes = |index: &usize| {
        let texts = job.render_text(
            RenderStep::Images,
            &with_probes(&images, &[*index], &probes),
            job.app.values(),
        );
        texts.map_or(true, |texts| texts != *plain)
    };
    seen.into_iter().chain(unseen.into_iter().filter(changes)).collect()
}

/// A reference that no template spells out.
struct ImageProbe {
    repository: String,
    tag: String,
    digest: String,
}

impl ImageProbe {
    fn new(index: usize) -> Self {
        Self {
            repository: format!("effect.rungs.invalid/mark-{index}-of-repository"),
            tag: format!("mark-{index}-of-tag"),
            digest: format!("sha256:effec7{index:058x}"),
        }
    }

    fn is_in(&self, texts: &[(RepoPath, String)]) -> bool {
        let probes = [&self.repository, &self.tag, &self.digest];
        texts.iter().any(|(_, text)| probes.iter().any(|probe| text.contains(probe.as_str())))
    }
}

/// The images with probes in place of some. Parts that an image does not set
/// remain unset.
fn with_probes<'a>(
    images: &[InputImage<'a>],
    indexes: &[usize],
    probes: &'a [ImageProbe],
) -> Vec<InputImage<'a>> {
    let mut images = images.to_vec();
    for &index in indexes {
        let probe = &probes[index];
        let image = &mut images[index];
        image.repository = &probe.repository;
        image.tag = image.tag.map(|_| &*probe.tag);
        image.digest = image.digest.map(|_| &*probe.digest);
    }
    images
}

fn unused(job: &RenderJob<'_>, name: &str, image: &Image) -> Finding {
    let template = job.template.root();
    Finding::new(
        &UNUSED_IMAGE,
        format!("the image `{name}` of `{}` has no effect on what is rendered", job.app.name),
        image.declared.clone(),
    )
    .because("changing it would change nothing")
    .help(format!("print `images[\"{name}\"].ref` in `{template}`, or remove the image here"))
}

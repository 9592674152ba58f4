//! What looks like an image in the files of repositories that are not rendered.

use std::collections::BTreeSet;

use super::references::{DeployedReference, likely_reference};
use super::values::images_in;
use crate::config::Repository;
use crate::sites::{AppInstance, Key, LikelyImage, Model, ModelScope, SiteValue};
use crate::source::Tree;

/// What looks like an image in an app's files, and is no site.
pub(in crate::promote) fn unread_images(model: &Model, instance: &AppInstance) -> Vec<LikelyImage> {
    let images = model.likely_images(instance).into_iter();
    images.filter(|(_, is_site)| !is_site).map(|(image, _)| image).collect()
}

/// All images that an app's files name in a tree.
pub(super) fn images_of_files(
    repository: &Repository,
    tree: &Tree,
    instance: &AppInstance,
) -> BTreeSet<DeployedReference> {
    let scope = ModelScope::app(&instance.app, [instance.environment.clone()]);
    let model = Model::of_tree(repository, tree, &scope);
    let likely =
        model.likely_images(instance).into_iter().map(|(image, _)| likely_reference(image));
    let mut images: BTreeSet<_> = likely.collect();
    let sites = model.app(&instance.environment, &instance.app);
    if let Some(state) = sites.as_ref().and_then(|sites| sites.state.as_ref().ok()) {
        images.extend(images_in(state));
        let said = state.iter().filter_map(|(_, value)| match value {
            SiteValue::Image(image) => Some((Key::Image(image.repository.clone()?), value.clone())),
            _ => None,
        });
        images.extend(said);
    }
    images
}

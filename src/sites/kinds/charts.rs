//! Charts of kustomize: entries of `helmCharts`, and generators of one chart.

use super::companions::KeysMean;
use super::helm_values;
use super::reader::{FoundSites, SiteBuilder};
use super::reference::is_version_range;
use crate::git::CanonicalAddress;
use crate::sites::Key;
use crate::sites::cursor::{Cursor, text};

/// Finds the images in a chart's inline values, and its version.
pub(super) fn chart<'a>(builder: SiteBuilder<'a>, chart: &Cursor<'a>, found: &mut FoundSites) {
    if let Some(values) = chart.get("valuesInline") {
        let (name, from) = (chart.text_of("name").unwrap_or_default(), found.sites.len());
        helm_values::find_below(builder, &values, KeysMean::Values, found);
        for site in &mut found.sites[from..] {
            site.qualified = Some(format!("{name}/{}", site.key.name()));
        }
    }
    let (Some(version), Some(name)) = (chart.get("version"), chart.text_of("name")) else { return };
    let repository = chart.text_of("repo").map(|repo| format!("{repo}/{name}"));
    let moves = text(version.node).is_some_and(|version| is_version_range(&version));
    if builder.takes_source(&[Some(&name), repository.as_deref()]) {
        let from = repository.map(|whole| CanonicalAddress::of(&whole).to_string());
        found.sites.extend(builder.revision_from(
            Key::Version(name),
            &version,
            moves,
            (from, None),
        ));
    }
}

//! Which values have an effect.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::super::code::UNUSED_VALUE;
use super::super::job::RenderJob;
use super::super::watch::RenderStep;
use super::value_probes::visible;
use crate::diagnostic::{Finding, Findings};
use crate::source::{Location, RepoPath, Span};
use crate::yaml::{Node, NodeId, Route, Value};

/// A value that a layer sets for some app.
struct LayeredValue<'w> {
    job: &'w RenderJob<'w>,
    /// The map that it is in, its key there, and the value itself.
    map: NodeId,
    key: &'w str,
    node: Node<'w>,
}

/// A warning for each value below `environments/` whose removal changes no
/// byte anywhere. A value that also applies to environments or apps that are
/// not rendered may have its effect there, and is not judged. A template's own
/// defaults never are, because they are there for any app that needs them.
pub(in crate::pipeline) fn unused_values(jobs: &[RenderJob<'_>], is_whole: bool) -> Findings {
    let mut by_place: HashMap<(RepoPath, Span), Vec<LayeredValue<'_>>> = HashMap::new();
    for value in jobs.iter().flat_map(values_of_layers) {
        let location = value.node.location();
        let leaf = value.job.app.location.path();
        if is_whole || location.path() == leaf {
            let place = (location.path().clone(), location.span());
            by_place.entry(place).or_default().push(value);
        }
    }
    let visible = visible_values(jobs, &by_place);
    let places: Vec<_> = by_place.into_values().collect();
    let unused = places.into_par_iter().filter_map(|values| {
        // What was seen has not to be tried.
        let was_seen =
            |value: &LayeredValue<'_>| visible[&value.job.number].contains(&value.node.id());
        let used = values.iter().any(was_seen) || values.iter().any(LayeredValue::has_effect);
        values.first().filter(|_| !used).map(unused)
    });
    unused.collect::<Vec<_>>().into_iter().collect()
}

/// The values of each app that show up in what it renders, by the app's number.
fn visible_values(
    jobs: &[RenderJob<'_>],
    by_place: &HashMap<(RepoPath, Span), Vec<LayeredValue<'_>>>,
) -> HashMap<usize, HashSet<NodeId>> {
    let mut judged: HashMap<usize, Vec<NodeId>> = HashMap::new();
    for value in by_place.values().flatten().filter(|value| !value.is_repeated()) {
        judged.entry(value.job.number).or_default().push(value.node.id());
    }
    let visible = jobs.par_iter().map(|job| {
        let mut values = judged.get(&job.number).cloned().unwrap_or_default();
        values.sort_unstable();
        (job.number, visible(job, &values))
    });
    visible.collect()
}

/// The values that layers set. Maps are searched, because layers merge in them.
fn values_of_layers<'w>(job: &'w RenderJob<'w>) -> Vec<LayeredValue<'w>> {
    let mut found = Vec::new();
    let mut waiting = vec![job.app.values().root()];
    while let Some(map) = waiting.pop() {
        for (key, node) in map.entries() {
            if node.entries().len() > 0 {
                waiting.push(node);
            } else if node.location().path().segments().next() == Some("environments") {
                found.push(LayeredValue { job, map: map.id(), key: key.text(), node });
            }
        }
    }
    found
}

impl LayeredValue<'_> {
    /// Whether an earlier layer sets the same.
    fn is_repeated(&self) -> bool {
        self.node.overrode().is_some_and(|earlier| self.node.equals(earlier))
    }

    fn has_effect(&self) -> bool {
        if self.is_repeated() {
            return false;
        }
        let Some(plain) = self.job.plain_text(RenderStep::Values) else { return true };
        let texts = self.job.render_text(RenderStep::Values, &self.job.images(), &self.without());
        // If it no longer renders, the value was needed.
        texts.map_or(true, |texts| texts != *plain)
    }

    /// The values as the earlier layers alone set them.
    fn without(&self) -> Value {
        let mut values = self.job.app.values().clone();
        match self.node.overrode() {
            Some(earlier) => values.set(self.map, self.key, earlier.id(), &earlier.location()),
            None => values.remove(self.map, self.key),
        }
        values
    }
}

fn unused(value: &LayeredValue<'_>) -> Finding {
    let LayeredValue { job, node, .. } = value;
    let route = Route::to(job.app.values().root(), node.id());
    let route = route.map_or_else(|| value.key.to_owned(), |route| route.to_string());
    let location: Location = node.location();
    let finding = Finding::new(
        &UNUSED_VALUE,
        format!("the value `{route}` has no effect on what is rendered"),
        location,
    )
    .because("without it, nothing would change");
    match node.overrode() {
        Some(earlier) if value.is_repeated() => {
            finding.label(earlier.location(), "already sets the same value").help("remove it")
        }
        _ => finding.help(format!("read it in `{}`, or remove it", job.template.root())),
    }
}

//! Routes of an entry of `sites` that lead nowhere in a file, and what was probably meant.

use super::code::{NO_SITE, UNMATCHED_PATTERN};
use crate::config::Sourced;
use crate::diagnostic::{Finding, nearest};
use crate::yaml::{Node, Route, Step, Value};

/// A route of an entry that leads nowhere in a file.
#[derive(Debug, Clone)]
pub(in crate::sites) struct MissingRoute {
    /// The route, as the entry writes it.
    route: Sourced<Route>,
    /// The same in the file's environment.
    filled: Route,
    /// The route that was probably meant.
    near: Option<String>,
    /// Whether the entry has nothing to read without it. A promoted value may come later.
    is_needed: bool,
}

impl MissingRoute {
    /// A field that leads nowhere in any of the documents.
    pub(in crate::sites) fn field(
        documents: &[Value],
        route: &Sourced<Route>,
        filled: Route,
    ) -> Self {
        let near =
            documents.iter().find_map(|document| meant(document.root(), &filled, &route.value));
        Self { route: route.clone(), filled, near, is_needed: true }
    }

    /// A promoted value that leads nowhere in any of the documents; its route is from where
    /// the values start.
    pub(in crate::sites) fn promoted(
        documents: &[Value],
        route: &Sourced<Route>,
        (start, filled): (&Route, Route),
    ) -> Self {
        let starts = documents.iter().filter_map(|document| start.find(document.root()));
        let near = starts.into_iter().find_map(|start| meant(start, &filled, &route.value));
        Self { route: route.clone(), filled, near, is_needed: false }
    }

    /// The route, as the entry writes it.
    pub(super) fn route(&self) -> &Route {
        &self.route.value
    }

    /// The route in the file's environment.
    pub(super) fn filled(&self) -> &Route {
        &self.filled
    }

    /// The route that was probably meant.
    pub(super) fn near(&self) -> Option<&str> {
        self.near.as_deref()
    }

    /// Whether the entry has nothing to read without it.
    pub(super) fn is_needed(&self) -> bool {
        self.is_needed
    }

    /// The finding that says so.
    pub(super) fn finding(&self, message: String) -> Finding {
        let code = if self.is_needed { &NO_SITE } else { &UNMATCHED_PATTERN };
        let help = match &self.near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write the route to it from the document's root, as in `image.tag`".to_owned(),
        };
        Finding::new(code, message, self.route.location.clone()).because("leads nowhere").help(help)
    }
}

/// The route as it was `written`, with the key that was probably meant: `filled`, which is the
/// same in the file's environment, leads somewhere then.
fn meant(root: Node<'_>, filled: &Route, written: &Route) -> Option<String> {
    let mut at = root;
    let mut mended: Option<(usize, String)> = None;
    for (number, step) in filled.steps().iter().enumerate() {
        at = match (step.all(at).into_iter().next(), step) {
            (Some((_, next)), _) => next,
            (None, Step::Key(key)) if mended.is_none() => {
                let keys = at.entries().map(|(key, _)| key.text());
                let near = nearest(key, keys)?;
                mended = Some((number, near.to_owned()));
                at.get(near)?
            }
            _ => return None,
        };
    }
    let (number, near) = mended?;
    let steps = written.steps().iter().cloned().enumerate();
    let steps = steps.map(|(at, step)| if at == number { Step::Key(near.clone()) } else { step });
    Some(steps.collect::<Route>().to_string())
}

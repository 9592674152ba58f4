//! Where rendered values came from, found out on demand.
//!
//! Output always comes from a plain render. When a line is needed, the app is
//! rendered again with marks in its sources, and what the marks say is used only
//! where the text without them is the same, byte for byte.

use std::sync::Arc;

use super::jsonnet;
use super::{Input, Template, Traced, tera};
use crate::diagnostic::{Finding, Findings, Label};
use crate::source::{Certainty, Location, SourceFile, Span};
use crate::yaml::Node;

/// What one app's rendered files came from.
pub struct Trace<'a> {
    tera: tera::TracedFiles<'a>,
    program: Option<jsonnet::TracedObjects<'a>>,
    values: Node<'a>,
}

impl Template {
    /// Renders again to learn what came from where. If an app does not render as a
    /// whole, the files that do render are traced.
    pub fn trace<'a>(&'a self, input: &Input<'a>) -> Trace<'a> {
        Trace {
            tera: self.tera.trace(input),
            program: self.program.as_ref().map(|program| program.trace(input)),
            values: input.values,
        }
    }
}

impl Trace<'_> {
    /// Where a place in a [`Document`](super::Document) came from; none if the
    /// place is in any other file: in one that is its own origin, such as a plain
    /// template's, or in one that was rendered from another input.
    pub fn find(&self, location: &Location) -> Option<Traced> {
        self.tera.find(location).or_else(|| {
            let template = self.program.as_ref()?.find(location)?;
            Some(Traced { template, value: None })
        })
    }

    /// The number of files that could not be traced, because marks changed what
    /// was rendered.
    pub fn discarded(&self) -> usize {
        self.tera.discarded()
    }

    /// The findings with places in the template and in the values that it printed,
    /// instead of in a rendered text that nobody wrote.
    #[must_use]
    pub fn explain(&self, findings: Findings) -> Findings {
        let labels = findings.iter().flat_map(|finding| &finding.labels);
        let mut rendered: Vec<_> = labels.map(|label| Arc::clone(label.location.file())).collect();
        rendered.dedup_by(|one, other| Arc::ptr_eq(one, other));
        let explained: Findings =
            findings.into_iter().map(|finding| self.explain_one(finding)).collect();
        explained.without_secrets_of(self.values.tree().files()).without_secrets_of(&rendered)
    }

    fn explain_one(&self, mut finding: Finding) -> Finding {
        let labels = std::mem::take(&mut finding.labels);
        let mut values: Vec<Label> = Vec::new();
        for (index, label) in labels.into_iter().enumerate() {
            let Some(traced) = self.find(&label.location) else {
                finding.labels.push(label);
                continue;
            };
            hide_in_template(label.location.file(), traced.template.location.file());
            if index == 0 {
                finding.help = self.shown_as(&label.location, &traced, finding.help.take());
            }
            if let Some(value) = traced.value
                && let Some(location) = value.location
            {
                let message = format!("`{}` is set here", value.route);
                values.push(Label { location, message });
            }
            finding.labels.push(Label { location: traced.template.location, ..label });
        }
        for label in values {
            if !finding.labels.contains(&label) {
                finding.labels.push(label);
            }
        }
        finding
    }

    /// The help, with the rendered line if the template's line is different.
    fn shown_as(
        &self,
        rendered: &Location,
        traced: &Traced,
        help: Option<String>,
    ) -> Option<String> {
        let line = self.excerpt(rendered, traced);
        match (help, line) {
            (Some(help), Some(line)) => Some(format!("{help}; rendered, the line is `{line}`")),
            (None, Some(line)) => Some(format!("rendered, the line is `{line}`")),
            (help, None) => help,
        }
    }

    fn excerpt(&self, rendered: &Location, traced: &Traced) -> Option<String> {
        const LONGEST: usize = 80;
        let file = rendered.file();
        let span = file.line(rendered.start().line);
        let line = file.text().get(span.range())?.trim();
        let source = traced.template.location.file();
        let start = traced.template.location.start().line;
        let own = source.text().get(source.line(start).range()).unwrap_or_default();
        let is_file = traced.template.certainty == Certainty::File;
        let is_telling = !line.is_empty() && line.chars().count() <= LONGEST;
        let is_other = is_file || own.trim() != line;
        (is_telling && is_other && !self.has_secrets() && !has_secrets_in(file, span))
            .then(|| line.to_owned())
    }

    /// Whether any of the values must not be shown: a rendered line may hold it in
    /// a form that masking does not recognize.
    fn has_secrets(&self) -> bool {
        self.values.tree().files().iter().any(|file| !file.secrets().is_empty())
    }
}

/// Marks the secrets of a rendered file that its template has as they are: what is not
/// YAML yet cannot be asked for its secrets. Of a short text not every occurrence is one.
fn hide_in_template(rendered: &SourceFile, template: &SourceFile) {
    const SHORTEST: usize = 4;
    for secret in rendered.secrets() {
        let text = &rendered.text()[secret.range()];
        if text.len() < SHORTEST {
            continue;
        }
        for (at, _) in template.text().match_indices(text) {
            template.mark_secret(Span::new(at, at + text.len()));
        }
    }
}

fn has_secrets_in(file: &SourceFile, part: Span) -> bool {
    file.secrets().iter().any(|secret| secret.start < part.end && part.start < secret.end)
}

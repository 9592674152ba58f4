//! Charts that are kept beside manifests, whose templates only Helm reads.

use super::code::CHART_TEMPLATES;
use crate::config::SiteRule;
use crate::diagnostic::Finding;
use crate::source::{RepoPath, SourceFile};

/// The directory of the chart that a file is a template of, if it looks like one: the outermost
/// one, if charts have charts.
pub(super) fn chart_of<'p>(path: &'p RepoPath, file: &SourceFile) -> Option<&'p str> {
    if !file.text().contains("{{") {
        return None;
    }
    let whole = path.as_str();
    let (chart, _) = whole.split_once("/templates/")?;
    let outermost = chart.find("charts/").filter(|at| *at == 0 || chart[..*at].ends_with('/'));
    let name = outermost.map(|at| at + "charts/".len());
    let end = name.and_then(|at| Some(at + chart[at..].find('/')?));
    Some(&chart[..end.unwrap_or(chart.len())])
}

/// The finding that the entry matches the templates of a chart, which only Helm reads.
pub(super) fn finding(entry: &SiteRule, chart: &str) -> Finding {
    let message = format!("`{chart}` is a chart, whose templates no other tool reads");
    Finding::new(&CHART_TEMPLATES, message, entry.path.location.clone())
        .because("matches them")
        .help(format!(
            "leave them out with `exclude: [\"**/templates/**\"]`, or all of the chart with \
             `exclude: [\"{chart}/**\"]`"
        ))
}

//! A page that needs no other files: no script, no image, no network.

use std::borrow::Cow;

use crate::diagnostic::harmless;
use crate::history::audit::{AuditEntry, Claim};

use super::words;

/// The part of the page before the entries.
pub(super) fn head(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>Each row shows what one commit of the branch changed for one app in one environment, newest
first. Times are from the committer's clock. What a record says about its references and its source
is checked against the repository; who asked, and why, is shown as it was written.</p>
<div class=\"scroll\" role=\"region\" aria-label=\"Changes\" tabindex=\"0\">
<table>
<thead>
<tr><th scope=\"col\">When</th><th scope=\"col\">Environment</th><th scope=\"col\">App</th><th \
scope=\"col\">What</th><th scope=\"col\">Change</th><th scope=\"col\">Who</th><th \
scope=\"col\">Record</th></tr>
</thead>
<tbody>
"
    )
}

/// The part of the page after the entries.
pub(super) fn tail(count: usize) -> String {
    let noun = if count == 1 { "change" } else { "changes" };
    format!("</tbody>\n</table>\n</div>\n<p>{count} {noun}.</p>\n</main>\n</body>\n</html>\n")
}

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1.5rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #8886}
thead th{border-bottom:2px solid}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
ul{margin:0;padding:0;list-style:none}
.no{font-weight:bold}
@media print{body{padding:0;font-size:10pt}.scroll{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}}
";

/// The row of an entry.
pub(super) fn row(entry: &AuditEntry) -> String {
    let at = entry.at.to_string();
    format!(
        "<tr>\n<td><time datetime=\"{}\">{}</time><br><code title=\"{}\">{}</code></td>\
<th scope=\"row\">{}</th><td>{}</td><td>{}</td>\n<td>{}</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n",
        escaped(&at),
        escaped(&words::minute(entry.at)),
        escaped(entry.commit.as_str()),
        escaped(entry.commit.short()),
        escaped(entry.environment.as_str()),
        escaped(&entry.app),
        entry.action.name(),
        changes(entry),
        people(entry),
        record(entry.record.as_ref()),
    )
}

fn changes(entry: &AuditEntry) -> String {
    let nothing = || "<em>nothing</em>".to_owned();
    let code = |text: &Option<String>| {
        text.as_ref().map_or_else(nothing, |text| format!("<code>{}</code>", escaped(text)))
    };
    let items = entry.changes.iter().map(|changed| {
        let key = escaped(&changed.key);
        format!("{key}: from {} to {}", code(&changed.from), code(&changed.to))
    });
    let unreadable = entry.unreadable.map(|when| words::unreadable(when).to_owned());
    let hold = entry.hold.as_ref().map(|note| escaped(&words::hold(note)).into_owned());
    list(items.chain(unreadable).chain(hold))
}

fn people(entry: &AuditEntry) -> String {
    let (author, committer) = (escaped(&entry.author.name), escaped(&entry.committer.name));
    let merged = (author != committer).then(|| format!("put there by {committer}"));
    list([author.into_owned()].into_iter().chain(merged))
}

fn record(claim: Option<&Claim>) -> String {
    let Some(claim) = claim else { return "none".to_owned() };
    let verified =
        if claim.verified { "verified" } else { "<span class=\"no\">not verified</span>" };
    let doubts = claim.doubts.iter().map(|doubt| escaped(doubt).into_owned());
    let facts = words::facts(claim).into_iter().map(|fact| escaped(&fact).into_owned());
    list([verified.to_owned()].into_iter().chain(doubts).chain(facts))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("<ul><li>{}</li></ul>", items.join("</li><li>"))
}

/// Text that is not markup, in elements and in attributes.
fn escaped(text: &str) -> Cow<'_, str> {
    let text = harmless(text);
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn what_strangers_wrote_is_not_markup() {
        let mut entry = entry();
        let hostile = "\"><script>alert('1')</script>&\u{202e}";
        hostile.clone_into(&mut entry.app);
        hostile.clone_into(&mut entry.author.name);
        entry.changes[0].to = Some(hostile.to_owned());
        let claim = entry.record.as_mut().unwrap();
        claim.ticket = Some(hostile.to_owned());
        claim.doubts = vec![hostile.to_owned()];
        let row = row(&entry);
        assert!(!row.contains("<script") && !row.contains('\u{202e}') && !row.contains("\"\">"));
        assert_eq!(row.matches("&lt;script&gt;").count(), 5, "{row}");
    }
}

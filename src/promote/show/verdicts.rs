//! Verdicts as text for people, and as Markdown for pull requests.

use std::fmt::Write as _;

use crate::diagnostic::{TextStyle, harmless, in_one_line, wrapped};
use crate::promote::gates::words::utc;
use crate::promote::gates::{Answer, GatePlace};
use crate::promote::verdict::Verdict;

/// The width in columns below which reasons get lines of their own.
const NARROW: usize = 72;

/// Verdicts as text: one or more lines for each, aligned and wrapped to the
/// terminal; empty if there are none.
pub fn text(verdicts: &[Verdict], style: TextStyle) -> String {
    let widest = verdicts.iter().map(|verdict| verdict.gate.name().len()).max();
    let name = widest.unwrap_or_default();
    // "wait  approvals  "
    let indent = if style.width < NARROW { 2 } else { WORD + 2 + name + 2 };
    let mut out = String::new();
    for verdict in verdicts {
        let head = format!("{:WORD$}  {:name$}", word(verdict), verdict.gate.name());
        let colour = if style.colour { colour(verdict) } else { "" };
        let reset = if colour.is_empty() { "" } else { RESET };
        let (answer, gate) = head.split_at(WORD);
        let head = format!("{colour}{answer}{reset}{gate}");
        let lines = lines(verdict, style.width.saturating_sub(indent));
        if style.width < NARROW {
            out.push_str(head.trim_end());
            out.push('\n');
        } else {
            out.push_str(&head);
            out.push_str("  ");
        }
        for (index, line) in lines.iter().enumerate() {
            let is_beside = index == 0 && style.width >= NARROW;
            let spaces = if is_beside { 0 } else { indent };
            out.push_str(&" ".repeat(spaces));
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The width of the longest word of an answer.
const WORD: usize = 4;

const RESET: &str = "\u{1b}[0m";

/// The first word of a verdict. An overridden gate is neither a yes nor a no.
fn word(verdict: &Verdict) -> &'static str {
    if verdict.overridden.is_some() { "over" } else { verdict.answer.word() }
}

fn colour(verdict: &Verdict) -> &'static str {
    match verdict.answer {
        _ if verdict.overridden.is_some() => "\u{1b}[35m",
        Answer::Pass => "\u{1b}[32m",
        Answer::Wait { .. } => "\u{1b}[33m",
        Answer::Fail => "\u{1b}[31m",
    }
}

/// The reason, wrapped. If the gate does not pass, also why it was overridden, until
/// when it waits, and which line requires it, or does not render.
fn lines(verdict: &Verdict, width: usize) -> Vec<String> {
    let mut lines = wrapped(&harmless(&verdict.reason), width);
    if let Some(why) = &verdict.overridden {
        let answer = verdict.answer.word();
        let why = in_one_line(why);
        lines.extend(wrapped(&harmless(&format!("overrides {answer}: {why}")), width));
    }
    if verdict.answer == Answer::Pass {
        return lines;
    }
    let place = verdict.place.as_ref().map(|place| match place {
        GatePlace::Asks(at) => format!("required by {at}"),
        GatePlace::AtFault(at) => format!("at {at}"),
    });
    let rest: Vec<_> = verdict.until().into_iter().chain(place).collect();
    lines.extend(wrapped(&harmless(&rest.join(", ")), width));
    lines
}

/// Verdicts as a Markdown table; empty if there are none.
pub fn markdown(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let mut out = "| gate | answer | why | required by |\n| --- | --- | --- | --- |\n".to_owned();
    for verdict in verdicts {
        let answer = match verdict.answer {
            _ if verdict.overridden.is_some() => "overridden".to_owned(),
            Answer::Pass => "pass".to_owned(),
            Answer::Wait { until: None } => "**wait**".to_owned(),
            Answer::Wait { until: Some(until) } => format!("**wait** until {}", utc(until)),
            Answer::Fail => "**fail**".to_owned(),
        };
        let mut why = cell(&verdict.reason);
        if let Some(overridden) = &verdict.overridden {
            why = format!("{why}; overridden: {}", cell(&overridden.replace('`', "'")));
        }
        let place = verdict.place.as_ref().map(|place| match place {
            GatePlace::Asks(at) => cell(&format!("`{at}`")),
            GatePlace::AtFault(at) => cell(&format!("at `{at}`")),
        });
        let place = place.unwrap_or_default();
        writeln!(out, "| {} | {answer} | {why} | {place} |", verdict.gate)
            .expect("a string takes all text");
    }
    out
}

/// A sentence as a table cell. Text from strangers cannot add columns, markup or links,
/// and mentions nobody; text between backticks is code already.
fn cell(text: &str) -> String {
    let text = harmless(text);
    let pieces = text.split('`').enumerate().map(|(index, piece)| {
        if index % 2 == 1 {
            return format!("`{}`", piece.replace('|', "\\|"));
        }
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            match c {
                '|' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '!' => out.extend(['\\', c]),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '@' => out.push_str("&#64;"),
                ':' => out.push_str("&#58;"),
                c => out.push(c),
            }
        }
        out
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::promote::gates::Gate;
    use crate::source::{Location, RepoPath};

    fn verdict(gate: Gate, answer: Answer, reason: &str) -> Verdict {
        let location =
            Location::of_path(&RepoPath::new("environments/prod/environment.yaml").unwrap());
        Verdict {
            gate,
            answer,
            reason: reason.to_owned(),
            place: Some(GatePlace::Asks(location)),
            overridden: None,
        }
    }

    fn examples() -> Vec<Verdict> {
        let until: Timestamp = "2026-06-16T06:00:00Z".parse().unwrap();
        let overridden = Some("the tracker | is <b>down</b>".to_owned());
        vec![
            verdict(Gate::Order, Answer::Pass, "it is in `stage`"),
            verdict(Gate::Tag, Answer::Fail, "`a|b` does not match the tag `latest` of `web`"),
            Verdict { overridden, ..verdict(Gate::Ticket, Answer::Fail, "no ticket is given") },
            verdict(
                Gate::Soak,
                Answer::Wait { until: Some(until) },
                "it has been in `stage` for 2h of 1d",
            ),
        ]
    }

    fn style(width: usize) -> TextStyle {
        TextStyle { width, ..TextStyle::default() }
    }

    #[test]
    fn verdicts_are_aligned() {
        insta::assert_snapshot!(text(&examples(), style(100)), @r"
        pass  order   it is in `stage`
        fail  tag     `a|b` does not match the tag `latest` of `web`
                      required by environments/prod/environment.yaml
        over  ticket  no ticket is given
                      overrides fail: the tracker | is <b>down</b>
                      required by environments/prod/environment.yaml
        wait  soak    it has been in `stage` for 2h of 1d
                      until 2026-06-16 06:00 UTC, required by environments/prod/environment.yaml
        ");
        assert_eq!(text(&[], style(100)), "");
    }

    #[test]
    fn a_line_that_is_wrong_is_shown_as_such() {
        for (gate, name) in [(Gate::Render, "render"), (Gate::Order, "order")] {
            let asked = verdict(gate, Answer::Fail, "no such variable");
            let place = asked.place.map(|place| GatePlace::AtFault(place.location().clone()));
            let verdicts = [Verdict { place, ..verdict(gate, Answer::Fail, "no such variable") }];
            let shown = text(&verdicts, style(100));
            assert!(shown.starts_with(&format!("fail  {name}  no such variable\n")), "{shown}");
            assert!(shown.trim_end().ends_with("  at environments/prod/environment.yaml"));
            assert!(markdown(&verdicts).contains("| at `environments/prod/environment.yaml` |"));
        }
    }

    #[test]
    fn a_narrow_terminal_gets_reasons_on_separate_lines() {
        insta::assert_snapshot!(text(&examples()[1..2], style(40)), @r"
        fail  tag
          `a|b` does not match the tag `latest`
          of `web`
          required by
          environments/prod/environment.yaml
        ");
        for line in text(&examples(), style(48)).lines() {
            assert!(line.chars().count() <= 48, "{line}");
        }
    }

    #[test]
    fn answers_are_coloured_if_colours_are_on() {
        let coloured = text(&examples()[..1], TextStyle { colour: true, ..style(100) });
        assert_eq!(coloured, "\u{1b}[32mpass\u{1b}[0m  order  it is in `stage`\n");
    }

    #[test]
    fn text_from_strangers_cannot_control_a_terminal() {
        let hostile = verdict(Gate::Hold, Answer::Fail, "a\u{1b}[2Jb\nc");
        assert_eq!(
            text(&[hostile], style(100)).lines().next(),
            Some("fail  hold  a\\u{1b}[2Jb\\nc")
        );
    }

    #[test]
    fn text_from_strangers_does_not_break_a_markdown_table() {
        insta::assert_snapshot!(markdown(&examples()), @r"
        | gate | answer | why | required by |
        | --- | --- | --- | --- |
        | order | pass | it is in `stage` | `environments/prod/environment.yaml` |
        | tag | **fail** | `a\|b` does not match the tag `latest` of `web` | `environments/prod/environment.yaml` |
        | ticket | overridden | no ticket is given; overridden: the tracker \| is &lt;b&gt;down&lt;/b&gt; | `environments/prod/environment.yaml` |
        | soak | **wait** until 2026-06-16 06:00 UTC | it has been in `stage` for 2h of 1d | `environments/prod/environment.yaml` |
        ");
        let hostile = verdict(Gate::Hold, Answer::Fail, "ping @all, see [x](https://a.b) #1 *b*");
        let table = markdown(&[hostile]);
        for wrong in ["@all", "x](", "https://", " #1", " *b*"] {
            assert!(!table.contains(wrong), "{wrong} in {table}");
        }
    }
}

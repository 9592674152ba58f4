//! What a run of rungs gives, as lines.

use std::collections::BTreeMap;

use crate::support::shop::RunOutput;

/// Texts by path, with the branch before it if they are not of the work tree.
pub(super) type Files = BTreeMap<String, String>;

/// Findings with their places, and gates that fail.
pub(super) fn findings_in(output: &RunOutput) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in output.stdout.lines().chain(output.stderr.lines()) {
        if let Some(finding) = finding(line) {
            found.push(finding);
        } else if let Some(rest) = line.trim_start().strip_prefix("fail  ") {
            found.push(format!("fail {}", rest.split(' ').next().unwrap_or_default()));
        } else if let (Some((_, at)), Some(last)) = (line.split_once("╭─["), found.last_mut()) {
            let at = at.trim_end_matches(']');
            // Before a file of a commit stands the commit.
            let at = at.split_once(':').filter(|(start, _)| is_commit(start)).map_or(at, |it| it.1);
            let joint = if last.contains(" at ") { " and " } else { " at " };
            last.extend([joint, at]);
        }
    }
    found
}

/// The severity and the code of a finding that starts in this line.
fn finding(line: &str) -> Option<String> {
    let (severity, rest) = line.split_once('[')?;
    let (code, _) = rest.split_once(']')?;
    ["error", "warning", "note"].contains(&severity).then(|| format!("{severity} {code}"))
}

fn is_commit(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The changed lines of each file. A new branch is compared with `main`.
pub(super) fn lines_that_differ(before: &Files, after: &Files) -> Vec<String> {
    let earlier = |path: &str| {
        let (branch, name) = path.split_once(':')?;
        let is_new = !before.keys().any(|path| path.starts_with(&format!("{branch}:")));
        is_new.then(|| before.get(&format!("main:{name}"))).flatten()
    };
    let mut lines = Vec::new();
    for (path, new) in after {
        match before.get(path).or_else(|| earlier(path)) {
            Some(old) => lines.extend(hunks(path, old, new)),
            None => lines.push(format!("new {path}")),
        }
    }
    lines.extend(
        before.keys().filter(|path| !after.contains_key(*path)).map(|path| format!("gone {path}")),
    );
    lines
}

/// What differs between two texts: each line that does, or, where lines came or went, all
/// from the first to the last.
fn hunks(path: &str, old: &str, new: &str) -> Vec<String> {
    let [old, new]: [Vec<_>; 2] = [old, new].map(|text| text.split_inclusive('\n').collect());
    if old.len() == new.len() {
        let lines = old.iter().zip(&new).enumerate().filter(|(_, (old, new))| old != new);
        return lines.flat_map(|(at, (old, new))| hunk(path, at, &[old], &[new])).collect();
    }
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let start = same(&mut old.iter().zip(&new));
    let end = same(&mut old[start..].iter().rev().zip(new[start..].iter().rev()));
    hunk(path, start, &old[start..old.len() - end], &new[start..new.len() - end])
}

/// Lines that others replace, after so many that stay.
fn hunk(path: &str, before: usize, old: &[&str], new: &[&str]) -> Vec<String> {
    let shown = |sign: char, line: &str| match line.strip_suffix('\n') {
        Some(line) => format!("{sign}{line}"),
        None => format!("{sign}{line} (without an end of line)"),
    };
    let old = old.iter().map(|line| shown('-', line));
    let new = new.iter().map(|line| shown('+', line));
    [format!("{path}:{}", before + 1)].into_iter().chain(old).chain(new).collect()
}

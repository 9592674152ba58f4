//! Every code, and the reference pages that are made from them.

use std::collections::BTreeMap;

use crate::diagnostic::{self, Code, ProblemKind};

/// The codes of each module that declares some: a new module is a line here.
static LISTS: &[&[&Code]] = &[
    diagnostic::CODES,
    crate::yaml::CODES,
    crate::yaml::SPLICE_CODES,
    crate::disk::CODES,
    crate::git::CODES,
    crate::kubernetes::CODES,
    crate::config::CODES,
    crate::sites::CODES,
    crate::edits::CODES,
    crate::render::CODES,
    crate::namespaces::CODES,
    crate::validate::CODES,
    crate::pipeline::CODES,
    crate::rendered::CODES,
    crate::worker::CODES,
    crate::promote::CODES,
    crate::deliver::CODES,
    crate::history::CODES,
    crate::history::audit::CODES,
    crate::holds::CODES,
    crate::demo::CODES,
];

/// Every code, module by module.
pub fn all() -> impl Iterator<Item = &'static Code> {
    LISTS.iter().copied().flatten().copied()
}

/// The code of that name.
pub fn find(name: &str) -> Option<&'static Code> {
    all().find(|code| code.name == name)
}

/// The code that a misspelt name probably means.
pub fn nearest(name: &str) -> Option<&'static Code> {
    find(diagnostic::nearest(name, all().map(|code| code.name))?)
}

/// The pages of the reference by file name: one for each code, and an index.
pub fn pages() -> BTreeMap<String, String> {
    let pages = all().map(|code| (format!("{}.md", code.name), page(code)));
    pages.chain([("index.md".to_owned(), index())]).collect()
}

const GENERATED: &str = "<!-- Generated from the code's declaration in src/. Do not edit. -->\n";

fn page(code: &Code) -> String {
    let (name, severity, exit) = (code.name, code.severity, code.exit_codes());
    let (title, body) = (code.title(), code.body());
    format!(
        "{GENERATED}\n# {name}\n\n**{title}.** Severity: {severity}. [Exit code](index.md#exit-codes): \
         {exit}.\n\n{body}\n"
    )
}

fn index() -> String {
    let mut codes: Vec<&Code> = all().collect();
    codes.sort_by_key(|code| code.name);
    let codes = codes.into_iter().map(|code| {
        let (name, severity, exit) = (code.name, code.severity, code.exit_codes());
        format!("| [{name}]({name}.md) | {severity} | {exit} | {} |", code.title())
    });
    let exits = ProblemKind::exit_codes().map(|(code, meaning)| format!("| {code} | {meaning} |"));
    let (codes, exits) =
        (codes.collect::<Vec<_>>().join("\n"), exits.collect::<Vec<_>>().join("\n"));
    format!(
        "{GENERATED}
# Codes

Each problem that rungs finds has a code. Codes are a contract: a name never changes, and is never
used for another problem. `rungs explain CODE` shows a page in the terminal.

| code | severity | exit code | what |
| --- | --- | --- | --- |
{codes}

## Exit codes

A run ends with the exit code of the worst error that it found. Warnings and notes do not change
it.

| exit code | what |
| --- | --- |
{exits}
"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let mut seen = HashSet::new();
        for code in all() {
            assert!(seen.insert(code.name), "`{}` is declared twice", code.name);
            let kebab = code.name.split('-').all(|word| {
                !word.is_empty()
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            });
            assert!(kebab, "`{}` is not words joined by `-`", code.name);
        }
    }

    #[test]
    fn each_page_has_a_title_that_fits_a_table_and_a_body() {
        for code in all() {
            let mut lines = code.page.trim().lines();
            let title = lines.next().unwrap_or_default();
            assert!(title.ends_with('.'), "the title of `{}` is a sentence", code.name);
            assert!((10..=72).contains(&title.len()), "`{}` has the title {title:?}", code.name);
            assert!(!title.contains('|'), "`{}` breaks the table of codes", code.name);
            assert_eq!(lines.next(), Some(""), "`{}` has no line after its title", code.name);
            assert!(code.body().len() > 80, "the page of `{}` says too little", code.name);
            let fences = code.body().lines().filter(|line| line.starts_with("```")).count();
            assert!(fences % 2 == 0, "`{}` leaves a code block open", code.name);
        }
    }

    #[test]
    fn a_misspelt_name_finds_the_code_that_was_meant() {
        assert_eq!(nearest("file-mising").map(|code| code.name), Some("file-missing"));
        assert_eq!(nearest("zzz").map(|code| code.name), None);
        assert_eq!(find("file-missing").map(|code| code.name), Some("file-missing"));
    }
}

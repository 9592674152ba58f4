//! Files that are made from the source are current.
//!
//! `RUNGS_UPDATE=1 cargo test --test docs generated` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_pages_of_the_codes_are_current() {
    check_or_update_directory("docs/reference/codes", &rungs::codes::pages());
}

#[test]
fn the_schemas_of_configuration_are_current() {
    let files = rungs::config::schemas().map(|(name, text)| (format!("{name}.schema.json"), text));
    for (name, text) in files {
        check_or_update(&format!("schemas/{name}"), &text);
    }
}

#[test]
fn the_reference_of_configuration_is_current() {
    check_or_update("docs/reference/configuration.md", &rungs::config::reference());
}

#[test]
fn the_reference_of_the_commands_is_current() {
    check_or_update("docs/reference/commands.md", &rungs::cli::reference());
}

#[test]
fn the_binary_carries_every_file_of_the_demo() {
    let carried: BTreeSet<PathBuf> =
        rungs::demo::FILES.iter().map(|(path, _)| root().join(path)).collect();
    let directories = ["environments", "templates", "schemas"];
    let mut there: BTreeSet<PathBuf> =
        directories.iter().flat_map(|directory| files_below(&root().join(directory))).collect();
    there.insert(root().join("rungs.yaml"));
    assert_eq!(carried, there, "the list in src/demo.rs is stale");
}

/// Fails if the file, named from the repository's root, has other content.
fn check_or_update(path: &str, content: &str) {
    finish(difference(&root().join(path), content).into_iter().collect());
}

/// Fails if the directory does not hold exactly these files, by name below it
/// (`a/b.md`).
fn check_or_update_directory(directory: &str, files: &BTreeMap<String, String>) {
    let directory = root().join(directory);
    let mut stale: Vec<Stale> = files
        .iter()
        .filter_map(|(name, content)| difference(&directory.join(name), content))
        .collect();
    let wanted: BTreeSet<PathBuf> = files.keys().map(|name| directory.join(name)).collect();
    let left_over = files_below(&directory).into_iter().filter(|path| !wanted.contains(path));
    stale.extend(left_over.map(|path| Stale { path, wanted: None }));
    finish(stale);
}

/// A file that is not what it should be.
struct Stale {
    path: PathBuf,
    /// The content that it should have; none if it should not be there.
    wanted: Option<String>,
}

fn difference(path: &Path, content: &str) -> Option<Stale> {
    let current = fs::read_to_string(path).ok();
    let stale = Stale { path: path.to_owned(), wanted: Some(content.to_owned()) };
    (current.as_deref() != Some(content)).then_some(stale)
}

fn finish(stale: Vec<Stale>) {
    if std::env::var_os("RUNGS_UPDATE").is_some() {
        for Stale { path, wanted } in stale {
            write(&path, wanted.as_deref());
        }
        return;
    }
    let lines = stale.iter().map(|Stale { path, wanted }| {
        let what = match wanted {
            Some(_) if path.exists() => "is stale",
            Some(_) => "is missing",
            None => "is left over",
        };
        format!("{} {what}", path.strip_prefix(root()).unwrap_or(path).display())
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let how = "run `RUNGS_UPDATE=1 cargo test --test docs generated`";
    assert!(stale.is_empty(), "{lines}\n{how}");
}

fn write(path: &Path, wanted: Option<&str>) {
    match wanted {
        Some(content) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        None => fs::remove_file(path).unwrap(),
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(directory).into_iter().filter_map(Result::ok);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

//! The work tree on disk.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{EntryKind, MAX_FILE_BYTES, ReadErrorKind, RepoPath, Store, StoreEntry, StoreError};

/// The files below a directory of this machine.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn absolute(&self, path: &RepoPath) -> PathBuf {
        if path.is_root() { self.root.clone() } else { self.root.join(path.as_str()) }
    }

    /// The names in a directory, each with what `of` returns for it.
    fn children<T>(
        &self,
        directory: &RepoPath,
        of: impl Fn(&fs::DirEntry) -> Result<T, StoreError>,
    ) -> Result<Vec<(String, T)>, StoreError> {
        let mut children = Vec::new();
        for child in fs::read_dir(self.absolute(directory)).map_err(|e| failed(&e))? {
            let child = child.map_err(|e| failed(&e))?;
            let name = child
                .file_name()
                .into_string()
                .map_err(|name| ReadErrorKind::name_not_utf8(name.as_encoded_bytes()))?;
            children.push((name, of(&child)?));
        }
        Ok(children)
    }
}

impl Store for Disk {
    fn entry(&self, path: &RepoPath) -> Result<Option<StoreEntry>, StoreError> {
        let absolute = self.absolute(path);
        // The root itself may be reached through a link; nothing below it is followed here.
        let metadata =
            if path.is_root() { fs::metadata(&absolute) } else { fs::symlink_metadata(&absolute) };
        match metadata {
            Ok(metadata) => entry_of(&absolute, &metadata).map(Some),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn list(&self, directory: &RepoPath) -> Result<Vec<(String, StoreEntry)>, StoreError> {
        self.children(directory, |child| {
            entry_of(&child.path(), &child.metadata().map_err(|e| failed(&e))?)
        })
    }

    fn names(&self, directory: &RepoPath) -> Result<Vec<(String, EntryKind)>, StoreError> {
        self.children(directory, |child| child.file_type().map(kind_of).map_err(|e| failed(&e)))
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, StoreError> {
        // It was a file a moment ago. Whatever is there now is not waited for, nor followed.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).expect("flags of opening are an int");
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(self.absolute(path));
        let mut file = file.map_err(|e| failed(&e))?;
        let metadata = file.metadata().map_err(|e| failed(&e))?;
        if !metadata.is_file() {
            return Err(ReadErrorKind::NotAFile);
        }
        let size = metadata.len();
        if size > MAX_FILE_BYTES {
            return Err(ReadErrorKind::TooLarge { size });
        }
        read_of_size(&mut file, usize::try_from(size).unwrap_or_default()).map_err(|e| failed(&e))
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

/// The bytes of a file that is said to have that size.
fn read_of_size(file: &mut fs::File, size: usize) -> io::Result<Vec<u8>> {
    // With room for one byte more, a read that stops at the size has found the end.
    let mut bytes = vec![0; size + 1];
    let read = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        read => read?,
    };
    bytes.truncate(read);
    if read != size {
        // A file that grows while it is read is bounded as well.
        file.take(MAX_FILE_BYTES + 1 - read as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn entry_of(path: &Path, metadata: &fs::Metadata) -> Result<StoreEntry, StoreError> {
    Ok(match kind_of(metadata.file_type()) {
        EntryKind::Link => {
            let target = fs::read_link(path).map_err(|e| failed(&e))?;
            StoreEntry::Link { target: target.to_string_lossy().into_owned() }
        }
        EntryKind::Directory => StoreEntry::Directory,
        EntryKind::File => StoreEntry::File { size: Some(metadata.len()) },
        EntryKind::Other => StoreEntry::Other,
    })
}

fn kind_of(kind: fs::FileType) -> EntryKind {
    if kind.is_symlink() {
        EntryKind::Link
    } else if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn failed(error: &io::Error) -> StoreError {
    ReadErrorKind::Failed(error.to_string())
}

//! Small file systems.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A small file system of its own, unmounted when dropped.
pub struct Mount(TempDir);

impl Mount {
    /// Mounts a file system; none if this user may not.
    pub fn new(options: &str) -> Option<Self> {
        let mount = Self(TempDir::new().unwrap());
        mount.run(&["mount", "-t", "tmpfs", "-o", options, "tmpfs"]).then_some(mount)
    }

    pub fn remount(&self, options: &str) {
        assert!(self.run(&["mount", "-o", &format!("remount,{options}")]));
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, command: &[&str]) -> bool {
        let run = Command::new(command[0]).args(&command[1..]).arg(self.0.path()).output();
        run.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.run(&["umount"]);
    }
}

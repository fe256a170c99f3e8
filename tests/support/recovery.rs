//! Counts the files that a recovery key opens.

use std::path::Path;

use super::content::files_below;

/// How many of the files in `data` that are sealed to the recovery recipient can be opened with an identity file's
/// text, and how many there are.
pub fn opened_by(recovery: &str, data: &Path) -> (usize, usize) {
    let identity: age::x25519::Identity = recovery.trim().lines().last().unwrap().parse().unwrap();
    let folders = ["keys/spaces", "keys/names", "snapshots"];
    let mut files: Vec<_> = folders.iter().flat_map(|folder| files_below(&data.join(folder))).collect();
    files.push(data.join("keys/root.recovery.age"));
    let opens = |file: &&_| age::decrypt(&identity, &std::fs::read(file).unwrap()).is_ok();
    (files.iter().filter(opens).count(), files.len())
}

pub fn opens_everything(recovery: &str, data: &Path) -> bool {
    let (opened, all) = opened_by(recovery, data);
    opened == all
}

pub fn opens_nothing(recovery: &str, data: &Path) -> bool {
    opened_by(recovery, data).0 == 0
}

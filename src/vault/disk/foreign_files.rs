//! Finds foreign files among the containers: another program or person put them there, possibly as plaintext.

use std::fs::DirEntry;
use std::io;
use std::path::Path;

use super::durable::entries;
use crate::model::{SpaceId, layout};

/// Calls `visit` with the path below `root` of everything in `spaces/` that this program did not create. A folder
/// is reported as a whole.
pub(super) fn each(root: &Path, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    each_in(&root.join(layout::SPACES), &mut |space| {
        if !is_folder(space)? || !is_named(space, |name| name.parse::<SpaceId>().is_ok()) {
            return visit(below(root, &space.path()));
        }
        each_in(&space.path(), &mut |folder| {
            if !is_folder(folder)? || !is_named(folder, layout::is_space_folder) {
                return visit(below(root, &folder.path()));
            }
            each_in(&folder.path(), &mut |file| {
                let path = file.path();
                let is_named =
                    below(root, &path).to_str().is_some_and(|path| layout::parse_holder(path).is_some());
                // A file that was removed meanwhile is not foreign either.
                let is_ours = is_named && file.metadata().map_or(true, |metadata| metadata.is_file());
                if is_ours { Ok(()) } else { visit(below(root, &path)) }
            })
        })
    })
}

fn each_in(folder: &Path, visit: &mut dyn FnMut(&DirEntry) -> io::Result<()>) -> io::Result<()> {
    entries(folder)?.try_for_each(|entry| visit(&entry?))
}

fn is_folder(entry: &DirEntry) -> io::Result<bool> {
    // Links to folders may spread a data directory over several disks.
    Ok(entry.file_type()?.is_dir() || entry.path().is_dir())
}

fn is_named(entry: &DirEntry, as_ours: impl FnOnce(&str) -> bool) -> bool {
    entry.file_name().to_str().is_some_and(as_ours)
}

fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::{Containers, Housekeeping, LocalDisk, Packable};
    use super::*;
    use crate::model::ContainerId;

    #[test]
    fn only_what_was_not_written_by_this_program_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        let (space, id) = (SpaceId([1; 16]), ContainerId([0xab; 16]));
        let mut part = disk.create(id).unwrap();
        part.append(b"sealed").unwrap();
        part.publish(space).unwrap();
        disk.store_small(space, &[Packable { id: ContainerId([0xcd; 16]), bytes: vec![1; 500] }]).unwrap();
        let all = |disk: &LocalDisk| {
            let mut found = Vec::new();
            disk.each_stranger(&mut |path| {
                found.push(path.display().to_string());
                Ok(())
            })
            .unwrap();
            found.sort();
            found
        };
        assert!(all(&disk).is_empty());

        let inside = format!("spaces/{space}");
        let misplaced = ContainerId([0xef; 16]);
        let mut expected = vec![
            "spaces/notes.txt".to_owned(),
            format!("{inside}/ab/letter.txt"),
            format!("{inside}/ab/{misplaced}.age"),
            format!("{inside}/packs/copy.zip"),
            format!("{inside}/old"),
        ];
        for path in &expected {
            File::create_new(dir.path().join(path)).unwrap();
        }
        let pipe =
            format!("{inside}/ab/{}.age", ContainerId([0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5]));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, dir.path().join(&pipe), rustix::fs::FileType::Fifo, mode, 0)
            .unwrap();
        expected.push(pipe);
        expected.sort();
        assert_eq!(all(&disk), expected);
    }
}

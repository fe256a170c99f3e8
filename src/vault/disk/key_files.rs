//! Key files and other small files of a data directory.

use std::fs;
use std::io::{self, Read, Write};

use super::durable::{
    Leftover, ignore_missing, make_dir, make_dirs, new_file, open_file, parent, parsed_entries, rename,
    sync_dir, write_via,
};
use super::{KeyFiles, LocalDisk, Overwrite, SMALL_FILE_LIMIT, SmallFile};
use crate::model::{SpaceId, layout};

impl KeyFiles for LocalDisk {
    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>> {
        let opened = match open_file(&self.paths.at(file.as_str())) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        opened.take(SMALL_FILE_LIMIT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SMALL_FILE_LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(Some(bytes))
    }

    fn write_small(&self, file: &SmallFile, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
        let target = self.paths.at(file.as_str());
        make_dirs(parent(&target)?)?;
        let temp = self.paths.random_part()?;
        write_via(&temp, &target, bytes, overwrite)
    }

    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()> {
        let target = self.paths.at(folder);
        let temp = self.paths.random_part()?;
        make_dir(&temp)?;
        let temp = Leftover(Some(temp));
        for (name, bytes) in files {
            let mut file = new_file(&temp.path().join(name))?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        sync_dir(temp.path())?;
        // Succeeds for an empty directory and fails for one with contents: nothing is lost.
        rename(temp.path(), &target).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => io::ErrorKind::AlreadyExists.into(),
            _ => error,
        })?;
        temp.keep();
        sync_dir(&self.paths.root)
    }

    fn remove_small(&self, file: &SmallFile) -> io::Result<()> {
        let target = self.paths.at(file.as_str());
        ignore_missing(fs::remove_file(&target))?;
        ignore_missing(sync_dir(parent(&target)?))
    }

    fn space_keys(&self) -> io::Result<Vec<SpaceId>> {
        let keys = parsed_entries(&self.paths.at(layout::SPACE_KEYS), layout::SEALED)?;
        Ok(keys.into_iter().map(|(_, space)| space).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::local::tests::names_below;
    use super::*;

    const FILE: SmallFile = SmallFile::fixed("keys/a.age");

    #[test]
    fn small_files_are_replaced_only_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        disk.write_small(&FILE, b"one", Overwrite::Forbid).unwrap();
        let refused = disk.write_small(&FILE, b"two", Overwrite::Forbid);
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(disk.read_small(&FILE).unwrap().unwrap(), b"one");
        disk.write_small(&FILE, b"two", Overwrite::Replace).unwrap();
        assert_eq!(disk.read_small(&FILE).unwrap().unwrap(), b"two");
        assert_eq!(names_below(dir.path()), ["keys/a.age"]);
        disk.remove_small(&FILE).unwrap();
        disk.remove_small(&FILE).unwrap();
        assert_eq!(disk.read_small(&FILE).unwrap(), None);
    }

    #[test]
    fn a_folder_comes_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        let files: [(&str, &[u8]); 2] = [("a.age", b"a"), ("b.age", b"b")];
        disk.create_folder("keys", &files).unwrap();
        assert_eq!(names_below(dir.path()), ["keys/a.age", "keys/b.age"]);
        let refused = disk.create_folder("keys", &[("c.age", b"c")]);
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(names_below(dir.path()), ["keys/a.age", "keys/b.age"]);
    }
}

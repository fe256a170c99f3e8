//! Snapshots of the catalogue: large sealed files named by number and time.
//!
//! `<number>-<year>-<month>-<day>T<hour><minute><second>Z.age`

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::str::FromStr;
use std::sync::Arc;

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::durable::{
    Leftover, ignore_missing, make_dirs, new_file, open_file, parsed_entries, rename, sync_dir,
};
use super::paths::Paths;
use super::{LocalDisk, Overwrite};
use crate::model::{Timestamp, layout};

const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour][minute][second]Z");

/// File name of a snapshot, without `.age`. Ordered by number, because the clock may have been set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// Counts up from 1.
    pub number: u32,
    /// Time of the snapshot, to the second.
    pub made: Timestamp,
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = OffsetDateTime::from_unix_timestamp(self.made.as_secs()).map_err(|_| fmt::Error)?;
        write!(f, "{:06}-{}", self.number, made.format(TIME).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for SnapshotName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, made) = text.split_once('-').ok_or(())?;
        let made = PrimitiveDateTime::parse(made, TIME).map_err(|_| ())?.assume_utc();
        let name = Self {
            number: number.parse().map_err(|_| ())?,
            made: Timestamp::from_secs(made.unix_timestamp()),
        };
        // Each name has exactly one spelling.
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

/// A snapshot as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// Number and time.
    pub name: SnapshotName,
    /// Length of the file in bytes.
    pub length: u64,
}

/// Storage for snapshots. Errors are the system's own, as with [`super::Storage`].
pub trait Snapshots: Send + Sync {
    /// Starts a temporary file for a snapshot.
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>>;

    /// All snapshots, oldest first; skips files with other names.
    fn list(&self) -> io::Result<Vec<StoredSnapshot>>;

    /// Opens a snapshot. `NotFound` if there is none.
    fn open(&self, name: SnapshotName) -> io::Result<BufReader<Box<dyn Read + Send>>>;

    /// Removes a snapshot durably. Idempotent.
    fn remove(&self, name: SnapshotName) -> io::Result<()>;
}

/// A snapshot that is being written. Dropped without [`SnapshotPart::publish`], it is removed.
pub trait SnapshotPart: Write + Send {
    /// Makes the bytes durable under their final name. `AlreadyExists` if it is taken and must not be replaced.
    fn publish(self: Box<Self>, name: SnapshotName, overwrite: Overwrite) -> io::Result<()>;
}

struct LocalSnapshotPart {
    file: BufWriter<File>,
    temp: Leftover,
    paths: Arc<Paths>,
}

impl Write for LocalSnapshotPart {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl SnapshotPart for LocalSnapshotPart {
    fn publish(mut self: Box<Self>, name: SnapshotName, overwrite: Overwrite) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        let folder = self.paths.at(layout::SNAPSHOTS);
        make_dirs(&folder)?;
        let place = self.paths.at(layout::snapshot(name));
        match overwrite {
            // A link fails if the name is taken; the temporary name goes when this is dropped.
            Overwrite::Forbid => fs::hard_link(self.temp.path(), place)?,
            Overwrite::Replace => rename(self.temp.path(), &place)?,
        }
        sync_dir(&folder)
    }
}

impl Snapshots for LocalDisk {
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>> {
        let path = self.paths.random_part()?;
        Ok(Box::new(LocalSnapshotPart {
            file: BufWriter::with_capacity(1 << 18, new_file(&path)?),
            temp: Leftover(Some(path)),
            paths: Arc::clone(&self.paths),
        }))
    }

    fn list(&self) -> io::Result<Vec<StoredSnapshot>> {
        let mut stored = Vec::new();
        for (path, name) in parsed_entries(&self.paths.at(layout::SNAPSHOTS), layout::SEALED)? {
            match fs::symlink_metadata(&path) {
                Ok(metadata) => stored.push(StoredSnapshot { name, length: metadata.len() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        stored.sort_by_key(|snapshot| snapshot.name);
        Ok(stored)
    }

    fn open(&self, name: SnapshotName) -> io::Result<BufReader<Box<dyn Read + Send>>> {
        let file = open_file(&self.paths.at(layout::snapshot(name)))?;
        Ok(BufReader::with_capacity(1 << 18, Box::new(file)))
    }

    fn remove(&self, name: SnapshotName) -> io::Result<()> {
        ignore_missing(fs::remove_file(self.paths.at(layout::snapshot(name))))?;
        ignore_missing(sync_dir(&self.paths.at(layout::SNAPSHOTS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: SnapshotName = SnapshotName { number: 7, made: Timestamp(1_795_292_774_000) };

    #[test]
    fn names_tell_order_and_time_and_have_one_spelling() {
        assert_eq!(NAME.to_string(), "000007-2026-11-21T202614Z");
        assert_eq!("000007-2026-11-21T202614Z".parse(), Ok(NAME));
        let later = SnapshotName { number: 1_000_000, made: Timestamp(0) };
        assert_eq!(later.to_string().parse(), Ok(later));
        assert!(NAME < later);
        for other in ["7-2026-11-21T202614Z", "000007", "000007-2026-11-21", "-", "000007-2026-13-21T202614Z"]
        {
            assert!(other.parse::<SnapshotName>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_snapshot_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalDisk::new(dir.path());
        assert!(store.list().unwrap().is_empty());
        assert!(!dir.path().join(layout::SNAPSHOTS).exists(), "looking makes nothing");

        let mut part = store.begin().unwrap();
        part.write_all(b"half").unwrap();
        drop(part);
        let mut part = store.begin().unwrap();
        part.write_all(b"whole").unwrap();
        assert!(store.list().unwrap().is_empty());
        part.publish(NAME, Overwrite::Forbid).unwrap();
        let again = store.begin().unwrap().publish(NAME, Overwrite::Forbid);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);

        assert_eq!(store.list().unwrap(), [StoredSnapshot { name: NAME, length: 5 }]);
        let mut text = String::new();
        store.open(NAME).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "whole");
        let mut part = store.begin().unwrap();
        part.write_all(b"other").unwrap();
        part.publish(NAME, Overwrite::Replace).unwrap();
        text.clear();
        store.open(NAME).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "other");
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
        store.remove(NAME).unwrap();
        store.remove(NAME).unwrap();
        assert!(store.list().unwrap().is_empty());
    }
}

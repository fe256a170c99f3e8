//! Which signatures an engine uses, and when they were made.
//!
//! clamd says `ClamAV 1.4.6/27825/<clock text>` with the number of the daily database that it has loaded, and only
//! `ClamAV 1.4.6` without an official one. The clock text has no time zone, so it is never read. The build times are
//! in the databases themselves: containers (`.cvd`, `.cld`, `.cud`) carry number and time in their header, other
//! files have the time of their last change.
//!
//! A folder may hold newer files than clamd has loaded. The daily number reveals that. Databases of other makers
//! beside the official ones count towards the identity, and never towards the age. If there is no official database
//! at all, as in tests, the folder counts as loaded: use `RELOAD` after changing it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::cleaned;
use crate::model::Timestamp;

/// Most characters of an engine's version.
pub(super) const MOST_VERSION: usize = 80;

/// Most databases in the folder of signatures.
const MOST_DATABASES: usize = 1_000;

/// The endings of databases that clamd loads. Others, such as freshclam's notes, change without new signatures.
const ENDINGS: [&str; 37] = [
    "cvd", "cld", "cud", "db", "hdb", "hdu", "hsb", "hsu", "mdb", "mdu", "msb", "msu", "ndb", "ndu", "ldb",
    "ldu", "idb", "fp", "sfp", "ign", "ign2", "pdb", "gdb", "wdb", "cbc", "ftm", "cfg", "cdb", "cat", "crb",
    "imp", "ioc", "info", "zmd", "rmd", "yar", "yara",
];

/// The signatures of an engine at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// Engine and number of the official database, such as `ClamAV 1.4.6/27825`.
    pub version: String,
    /// Tells these signatures from all others.
    pub identity: SignatureIdentity,
    /// When the newest of them was built.
    pub newest: Newest,
}

/// Equal for equal signatures. Kept with a verdict as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignatureIdentity(String);

/// When the newest signatures were built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// At this time.
    Built(Timestamp),
    /// The folder has other databases than the engine has loaded.
    NotLoaded,
    /// No folder is known, or it cannot be read.
    Unknown,
}

impl SignatureIdentity {
    /// An identity that was kept.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text to keep.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignatureIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Signatures {
    /// Signatures of an engine that reports `version` and reads the databases of a folder.
    pub(super) fn of(version: &str, databases: Option<&Databases>) -> Self {
        let mut parts = version.split('/');
        let engine = &cleaned(parts.next().unwrap_or_default(), MOST_VERSION);
        let daily = parts.next().and_then(|number| number.parse().ok());
        let version = daily.map_or_else(|| engine.to_owned(), |number: u32| format!("{engine}/{number}"));
        let identity = match databases {
            Some(databases) => format!("{version} {}", databases.digest(&version)),
            None => version.clone(),
        };
        let newest = databases.map_or(Newest::Unknown, |databases| databases.newest(daily));
        Self { version, identity: SignatureIdentity(identity), newest }
    }

    /// Whether these signatures can know malware that was unknown when a content arrived: they are others than then,
    /// and the newest was built after the arrival. A time in the future counts as unknown, because a database with a
    /// wrong date would be newer than everything.
    pub fn are_newer_than_arrival(
        &self,
        at_arrival: &SignatureIdentity,
        arrived: Timestamp,
        now: Timestamp,
    ) -> bool {
        match self.newest {
            Newest::Built(built) => self.identity != *at_arrival && arrived < built && built <= now,
            Newest::NotLoaded | Newest::Unknown => false,
        }
    }

    /// Time since the newest was built; `None` if unknown, or in the future.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        match self.newest {
            Newest::Built(built) if built <= now => Some(now.since(built)),
            _ => None,
        }
    }

    /// Whether the newest was built within the last `max_age`.
    pub fn are_younger_than(&self, max_age: Duration, now: Timestamp) -> bool {
        self.age(now).is_some_and(|age| age <= max_age)
    }
}

/// The databases in a folder, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Databases(Vec<Database>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Database {
    name: String,
    bytes: u64,
    changed: Timestamp,
    header: Option<Header>,
}

/// Of the header of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    number: u32,
    built: Timestamp,
}

impl Databases {
    /// Looks at a folder of ClamAV.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        Self::read_those(folder, |path| {
            path.extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|ending| ENDINGS.contains(&ending))
        })
    }

    /// Looks at the folder of another maker: all files in it count, and those in its subfolders do not.
    pub(super) fn read_all(folder: &Path) -> io::Result<Self> {
        Self::read_those(folder, Path::is_file)
    }

    fn read_those(folder: &Path, counts: impl Fn(&Path) -> bool) -> io::Result<Self> {
        let mut databases = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !counts(&path) {
                continue;
            }
            let metadata = fs::metadata(&path)?;
            if databases.len() == MOST_DATABASES {
                return Err(io::Error::other("the folder has too many databases"));
            }
            let header = match ending {
                "cvd" | "cld" | "cud" => read_header(&path)?,
                _ => None,
            };
            let (bytes, changed) = (metadata.len(), Timestamp::from_system(metadata.modified()?));
            databases.push(Database { name: name.to_owned(), bytes, changed, header });
        }
        databases.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self(databases))
    }

    /// When the newest was changed.
    pub(super) fn changed(&self) -> Option<Timestamp> {
        self.0.iter().map(|database| database.changed).max()
    }

    /// SHA-256 over everything known of the engine and its databases, shortened to 128 bits.
    pub(super) fn digest(&self, version: &str) -> String {
        let mut digest = Sha256::new_with_prefix(version);
        for Database { name, bytes, changed, header } in &self.0 {
            // No name contains NUL, and all that follows it has a fixed length.
            digest.update(format!("\0{name}\0{bytes:020}{:020}", changed.0));
            let (number, built) = header.map_or((0, Timestamp(0)), |header| (header.number, header.built));
            digest.update(format!("{number:010}{:020}", built.0));
        }
        HEXLOWER.encode(&digest.finalize()).chars().take(32).collect()
    }

    /// When the newest was built, if the engine has loaded the official database with the number `daily`.
    fn newest(&self, daily: Option<u32>) -> Newest {
        let dailies = || self.0.iter().filter(|database| database.name.starts_with("daily."));
        let newest = match daily {
            Some(number) => dailies()
                .filter_map(|database| database.header)
                .find(|header| header.number == number)
                .map(|header| header.built),
            None if dailies().any(|database| database.header.is_some()) => None,
            None => match self.0.iter().map(Database::built).max() {
                Some(built) => Some(built),
                None => return Newest::Unknown,
            },
        };
        newest.map_or(Newest::NotLoaded, Newest::Built)
    }
}

impl Database {
    fn built(&self) -> Timestamp {
        self.header.map_or(self.changed, |header| header.built)
    }
}

fn read_header(path: &Path) -> io::Result<Option<Header>> {
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(std::str::from_utf8(&head).ok().and_then(Header::parse))
}

impl Header {
    /// `ClamAV-VDB:clock text:number:signatures:level:MD5:signature:builder:seconds since 1970`, padded with blanks.
    fn parse(head: &str) -> Option<Self> {
        let fields: Vec<&str> = head.strip_prefix("ClamAV-VDB:")?.split(':').map(str::trim).collect();
        let [_, number, _, _, _, _, _, seconds] = fields[..] else { return None };
        Some(Self { number: number.parse().ok()?, built: Timestamp::from_secs(seconds.parse().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn database(name: &str, changed: i64, header: Option<(u32, i64)>) -> Database {
        let header = header.map(|(number, built)| Header { number, built: Timestamp(built) });
        Database { name: name.to_owned(), bytes: 7, changed: Timestamp(changed), header }
    }

    #[test]
    fn signatures_are_newer_if_they_are_others_and_were_built_after_the_arrival() {
        let (then, other) = ("ClamAV 1/1 aa", "ClamAV 1/2 bb");
        let (built, unknown, stale) = (|ms| Newest::Built(Timestamp(ms)), Newest::Unknown, Newest::NotLoaded);
        // The identity now, the newest database, and whether it is newer than an arrival at 1,000; it is 2,000.
        for (identity, newest, expected) in [
            (other, built(1_001), true),
            (other, built(2_000), true),
            (other, built(1_000), false),
            (other, built(999), false),
            (other, built(2_001), false),
            (then, built(1_001), false),
            (other, unknown, false),
            (other, stale, false),
        ] {
            let identity = SignatureIdentity::kept(identity.to_owned());
            let signatures = Signatures { version: String::new(), identity, newest };
            let at_arrival = SignatureIdentity::kept(then.to_owned());
            let newer = signatures.are_newer_than_arrival(&at_arrival, Timestamp(1_000), Timestamp(2_000));
            assert_eq!(newer, expected, "{signatures:?}");
        }
    }

    #[test]
    fn an_age_that_is_not_known_is_not_young() {
        let now = Timestamp(0).after(HOUR * 100);
        for (newest, age, young) in [
            (Newest::Built(now), Some(Duration::ZERO), true),
            (Newest::Built(now.before(HOUR * 36)), Some(HOUR * 36), true),
            (
                Newest::Built(Timestamp(now.before(HOUR * 36).0 - 1)),
                Some(HOUR * 36 + Duration::from_millis(1)),
                false,
            ),
            (Newest::Built(Timestamp(now.0 + 1)), None, false),
            (Newest::Unknown, None, false),
            (Newest::NotLoaded, None, false),
        ] {
            let identity = SignatureIdentity::kept(String::new());
            let signatures = Signatures { version: String::new(), identity, newest };
            assert_eq!((signatures.age(now), signatures.are_younger_than(HOUR * 36, now)), (age, young));
        }
    }

    #[test]
    fn the_newest_is_what_the_engine_has_loaded() {
        let daily = database("daily.cld", 90, Some((27_825, 50)));
        let older = database("daily.cvd", 10, Some((27_000, 5)));
        let main = database("main.cvd", 95, Some((62, 60)));
        let own = database("own.ndb", 99, None);
        let built = |ms| Newest::Built(Timestamp(ms));
        for (version, databases, expected) in [
            ("ClamAV 1.4.6/27825/Sun Nov 29 10:59:30 2026", vec![&older, &daily, &main, &own], built(50)),
            ("ClamAV 1.4.6/27000/Sun Nov 29 10:59:30 2026", vec![&older, &daily], built(5)),
            ("ClamAV 1.4.6/27826/Sun Nov 29 10:59:30 2026", vec![&daily, &own], Newest::NotLoaded),
            ("ClamAV 1.4.6/27825/Sun Nov 29 10:59:30 2026", vec![&own], Newest::NotLoaded),
            ("ClamAV 1.4.6", vec![&daily, &own], Newest::NotLoaded),
            ("ClamAV 1.4.6", vec![&main, &own], built(99)),
            ("ClamAV 1.4.6", vec![&main], built(60)),
            ("ClamAV 1.4.6", vec![], Newest::Unknown),
        ] {
            let databases = Databases(databases.into_iter().cloned().collect());
            assert_eq!(Signatures::of(version, Some(&databases)).newest, expected, "{version} {databases:?}");
        }
        assert_eq!(Signatures::of("ClamAV 1.4.6/27825/x", None).newest, Newest::Unknown);
    }

    #[test]
    fn every_change_changes_the_identity() {
        let identity = |version: &str, databases: &[Database]| {
            Signatures::of(version, Some(&Databases(databases.to_vec()))).identity.to_string()
        };
        let first = || database("daily.cld", 1, Some((1, 1)));
        let all = [
            identity("ClamAV 1/1/x", &[first()]),
            identity("ClamAV 1/2/x", &[first()]),
            identity("ClamAV 2/1/x", &[first()]),
            identity("ClamAV 1/1/x", &[]),
            identity("ClamAV 1/1/x", &[first(), first()]),
            identity("ClamAV 1/1/x", &[database("main.cld", 1, Some((1, 1)))]),
            identity("ClamAV 1/1/x", &[database("daily.cld", 2, Some((1, 1)))]),
            identity("ClamAV 1/1/x", &[database("daily.cld", 1, Some((2, 1)))]),
            identity("ClamAV 1/1/x", &[database("daily.cld", 1, Some((1, 2)))]),
            identity("ClamAV 1/1/x", &[database("daily.cld", 1, None)]),
            identity("ClamAV 1/1/x", &[Database { bytes: 8, ..first() }]),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
        // The clock text depends on the time zone of clamd.
        assert_eq!(all[0], identity("ClamAV 1/1/y", &[first()]));
    }

    #[test]
    fn headers_are_read_as_clamd_writes_them() {
        let head = |rest: &str| Header::parse(&format!("ClamAV-VDB:{rest}"));
        let usual = "08 Nov 2026 03-21 -0500:27825:2067000:90:0a1b:c2lnbmF0dXJl/+=:raynman:1794126060";
        let expected = Some(Header { number: 27_825, built: Timestamp::from_secs(1_794_126_060) });
        assert_eq!((head(usual), head(&format!("{usual:<501}"))), (expected, expected));
        for other in ["", "08 Nov 2026:1", "a:x:3:4:5:6:7:1", "a:2:3:4:5:6:7:", "a:2:3:4:5:6:7:8:9"] {
            assert_eq!(head(other), None, "{other}");
        }
        assert_eq!(Header::parse(usual), None);
    }
}

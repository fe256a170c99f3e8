//! Layout of a data directory: names of files and folders, without I/O. No other module contains them.
//!
//! ```text
//! FORMAT                               "tresor 1"; written last, so an incomplete instance is recognised
//! lock                                 held by the one process that uses the directory
//! control.sock                         socket for the owner's commands to a running server
//! keys/root.age                        the root secret, sealed by a passphrase or to a key file
//! keys/root.recovery.age               the same secret, sealed to the recovery recipient
//! keys/recovery-recipient.age          that recipient, sealed to the root identity
//! keys/spaces/<space>.age              a space's identity
//! keys/names/<space>.age               a space's name and settings
//! mark.age                             the catalogue's high-water mark
//! catalog/catalog.db                   SQLCipher; with -wal, -shm and -journal, like each of the next three
//! catalog/catalog.format-<n>.db        a copy from before a change of format
//! catalog/catalog.rebuild.db           the result of a rebuild in progress
//! catalog/catalog.replaced-<time>.db   a catalogue that a rebuild replaced
//! snapshots/<number>-<time>.age        the catalogue as sealed text
//! tls/certificate.pem, tls/key.age     the server's own certificate and its sealed key
//! spaces/<space>/ab/<container>.age    a container; "ab" are the first two digits of its id
//! spaces/<space>/packs/<pack>.tar      many small containers
//! tmp/<id>.part                        files that do not have their final name yet
//! reserve                              disk space that is freed when the disk is full
//! ```
//! Paths are text with `/`, below the data directory. `docs/format.md` describes the bytes of each file.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::{ContainerId, PackId, Place, SpaceId};

/// File that names the format; without it the instance is incomplete.
pub const FORMAT: &str = "FORMAT";
/// File locked by the process that uses the directory.
pub const LOCK: &str = "lock";
/// Socket for the owner's commands.
pub const CONTROL_SOCKET: &str = "control.sock";
/// Folder of all keys.
pub const KEYS: &str = "keys";
/// The root secret for everyday use.
pub const ROOT_KEY: &str = "keys/root.age";
/// Public half of the recovery key.
pub const ROOT_RECOVERY_KEY: &str = "keys/root.recovery.age";
/// The recovery key's public half.
pub const RECOVERY_RECIPIENT: &str = "keys/recovery-recipient.age";
/// Folder of the spaces' keys.
pub const SPACE_KEYS: &str = "keys/spaces";
/// Folder of the spaces' names and settings.
pub const SPACE_NOTES: &str = "keys/names";
/// The high-water mark of the catalogue.
pub const MARK: &str = "mark.age";
/// Folder of the catalogue.
pub const CATALOG: &str = "catalog";
/// The catalogue's database.
pub const DATABASE: &str = "catalog/catalog.db";
/// Database of a rebuild in progress.
pub const REBUILT_DATABASE: &str = "catalog/catalog.rebuild.db";
/// Folder of the catalogue's snapshots.
pub const SNAPSHOTS: &str = "snapshots";
/// Folder of the server's own certificate.
pub const TLS: &str = "tls";
/// The server's own certificate.
pub const CERTIFICATE: &str = "tls/certificate.pem";
/// The certificate's key, sealed.
pub const TLS_KEY: &str = "tls/key.age";
/// Folder of all containers.
pub const SPACES: &str = "spaces";
/// Folder of files that are being written.
pub const TMP: &str = "tmp";
/// File that reserves disk space.
pub const RESERVE: &str = "reserve";

/// Files and folders that belong at the top of the directory.
pub const TOP: [&str; 11] =
    [FORMAT, LOCK, CONTROL_SOCKET, KEYS, MARK, CATALOG, SNAPSHOTS, TLS, SPACES, TMP, RESERVE];
/// Folders of a new instance.
pub const FIRST_FOLDERS: [&str; 3] = [CATALOG, SPACES, TMP];
/// Exists at the top of every ext4 file system, and so in a data directory that is one.
pub const LOST_FOUND: &str = "lost+found";

/// Suffix of sealed files.
pub const SEALED: &str = ".age";
/// Suffix of packs.
pub const PACK: &str = ".tar";
/// Suffix of files that are being written.
pub const PART: &str = ".part";
/// Suffixes that SQLite appends for the files of one database.
pub const DATABASE_SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// Suffix of SQLite's write-ahead log.
pub const WAL: &str = "-wal";

/// Folder of a space's packs, next to those of its containers.
const PACKS: &str = "packs";
/// Prefixes of databases that were copied before a change of format, are being rebuilt, and were replaced.
const COPIED: &str = "catalog.format-";
const REBUILT: &str = "catalog.rebuild";
const REPLACED: &str = "catalog.replaced-";

/// The key file of a space.
pub fn space_key(space: SpaceId) -> String {
    format!("{SPACE_KEYS}/{space}{SEALED}")
}

/// The sealed note of a space's name and settings.
pub fn space_note(space: SpaceId) -> String {
    format!("{SPACE_NOTES}/{space}{SEALED}")
}

/// Path of a snapshot.
pub fn snapshot(name: impl Display) -> String {
    format!("{SNAPSHOTS}/{name}{SEALED}")
}

/// The folder of everything a space stores.
pub fn space(space: SpaceId) -> String {
    format!("{SPACES}/{space}")
}

/// The folder of containers whose ids have the same first two digits.
pub fn shard(space: SpaceId, id: ContainerId) -> String {
    let [first, ..] = id.0;
    format!("{SPACES}/{space}/{first:02x}")
}

/// Path of a container with a file of its own.
pub fn container(space: SpaceId, id: ContainerId) -> String {
    let [first, ..] = id.0;
    format!("{SPACES}/{space}/{first:02x}/{id}{SEALED}")
}

/// The folder of a space's packs.
pub fn packs(space: SpaceId) -> String {
    format!("{SPACES}/{space}/{PACKS}")
}

/// Path of a pack.
pub fn pack(space: SpaceId, id: PackId) -> String {
    format!("{SPACES}/{space}/{PACKS}/{id}{PACK}")
}

/// Path of the file that holds a container: its own, or a pack.
pub fn holder(space: SpaceId, id: ContainerId, place: Place) -> String {
    match place {
        Place::OwnFile => container(space, id),
        Place::Packed(place) => pack(space, place.pack),
    }
}

/// Path of the temporary file with this name.
pub fn part(name: impl Display) -> String {
    format!("{TMP}/{name}{PART}")
}

/// Path of the copy of a catalogue with format `format`, made before it is changed.
pub fn database_copy(database: &Path, format: u32) -> PathBuf {
    database.with_extension(format!("format-{format}.db"))
}

/// The name under which a database that was replaced at `time` (milliseconds since 1970) is kept.
pub fn replaced_database(time: i64) -> String {
    format!("{REPLACED}{time}.db")
}

/// Path of a file that SQLite keeps for a database, by one of [`DATABASE_SUFFIXES`].
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Whether a file in [`CATALOG`] belongs to an unfinished rebuild.
pub fn is_rebuilt(name: &str) -> bool {
    name.starts_with(REBUILT)
}

/// Whether a file of this name belongs in [`CATALOG`].
pub fn is_database(name: &str) -> bool {
    let stem = DATABASE_SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix)?.strip_suffix(".db"))
        .unwrap_or_default();
    stem == "catalog" || [COPIED, REPLACED, REBUILT].iter().any(|kind| stem.starts_with(kind))
}

/// Whether a folder of this name belongs in that of a space.
pub fn is_space_folder(name: &str) -> bool {
    name == PACKS || is_shard(name)
}

/// Whether this is the name of a folder of containers: two lower-case hexadecimal digits.
pub fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A file that holds contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A single container.
    Container(SpaceId, ContainerId),
    /// Many small containers.
    Pack(SpaceId, PackId),
}

/// The contents of the file at this path: the inverse of [`container`] and [`pack`]. `None` for any other path.
pub fn parse_holder(path: &str) -> Option<Holder> {
    let mut parts = path.split('/');
    let mut next = || parts.next();
    let (top, space, folder, file) = (next()?, next()?.parse().ok()?, next()?, next()?);
    if top != SPACES || next().is_some() {
        return None;
    }
    if folder == PACKS {
        return Some(Holder::Pack(space, file.strip_suffix(PACK)?.parse().ok()?));
    }
    let id = file.strip_suffix(SEALED)?.parse().ok()?;
    (path == container(space, id)).then_some(Holder::Container(space, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: SpaceId = SpaceId([1; 16]);
    const ID: ContainerId = ContainerId([0xab; 16]);

    /// A file with contents is recognised by its path alone, in exactly one spelling.
    #[test]
    fn places_of_contents_are_parsed_as_they_are_written() {
        let pack = PackId([2; 16]);
        let (own, packed) = (container(SPACE, ID), self::pack(SPACE, pack));
        assert_eq!(parse_holder(&own), Some(Holder::Container(SPACE, ID)));
        assert_eq!(parse_holder(&packed), Some(Holder::Pack(SPACE, pack)));
        for other in [
            own.replace("/ab/", "/ac/"),
            own.replace("/ab/", "/AB/"),
            own.replace("/ab/", "/packs/"),
            own.replace(SEALED, PACK),
            packed.replace(PACK, SEALED),
            packed.replace(SPACES, TMP),
            format!("{own}/x"),
            format!("/{own}"),
            own.replace("/ab/", "//ab/"),
            String::new(),
        ] {
            assert_eq!(parse_holder(&other), None, "{other}");
        }
    }

    #[test]
    fn databases_of_every_kind_belong_into_the_catalogues_folder() {
        let file = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let kinds = [
            file(Path::new(DATABASE)),
            file(Path::new(REBUILT_DATABASE)),
            file(&database_copy(Path::new(DATABASE), 7)),
            file(&database_copy(Path::new(REBUILT_DATABASE), 7)),
            replaced_database(7),
        ];
        for (kind, suffix) in kinds.iter().flat_map(|kind| DATABASE_SUFFIXES.map(|suffix| (kind, suffix))) {
            assert!(is_database(&format!("{kind}{suffix}")), "{kind}{suffix}");
        }
        assert!(is_rebuilt(&kinds[1]) && is_rebuilt(&kinds[3]) && !is_rebuilt(&kinds[2]));
        for other in ["catalog.sql", "catalog", "dump.db", "catalog.db.bak", "catalog.db-wal2", ""] {
            assert!(!is_database(other), "{other}");
        }
    }
}

//! Where everything lies in a data directory: names of files and folders, without I/O. No other module spells them.
//!
//! ```text
//! FORMAT                               "tresor 1"; written last, so a half-made instance is recognised
//! lock                                 held by the one process that uses the directory
//! control.sock                         the owner's way to a running server
//! keys/root.age                        the root secret, sealed by a passphrase or to a key file
//! keys/root.recovery.age               the same secret, sealed to the recovery recipient
//! keys/recovery-recipient.age          that recipient, sealed to the root identity
//! keys/spaces/<space>.age              a space's identity
//! keys/names/<space>.age               a space's name and settings
//! mark.age                             how far the catalogue has come
//! catalog/catalog.db                   SQLCipher; beside it -wal, -shm and -journal, as beside each of the next three
//! catalog/catalog.format-<n>.db        a copy from before a change of format
//! catalog/catalog.rebuild.db           what a rebuild is making
//! catalog/catalog.replaced-<time>.db   what a rebuild replaced
//! snapshots/<number>-<time>.age        the catalogue as sealed text
//! tls/certificate.pem, tls/key.age     the server's own certificate and its sealed key
//! spaces/<space>/ab/<container>.age    a container; "ab" are the first two digits of its id
//! spaces/<space>/packs/<pack>.tar      many small containers
//! tmp/<id>.part                        everything that has no final name yet
//! reserve                              room on the disk that is given up when it is full
//! ```
//! Paths are text with `/`, below the data directory. `docs/format.md` describes the bytes of each file.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::{ContainerId, PackId, Place, SpaceId};

/// Names the format; without it there is no complete instance.
pub const FORMAT: &str = "FORMAT";
/// Locked by the process that uses the directory.
pub const LOCK: &str = "lock";
/// The owner's socket.
pub const CONTROL_SOCKET: &str = "control.sock";
/// Folder of all keys.
pub const KEYS: &str = "keys";
/// The root secret for everyday use.
pub const ROOT_KEY: &str = "keys/root.age";
/// The root secret for the recovery key.
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
/// The catalogue.
pub const DATABASE: &str = "catalog/catalog.db";
/// The catalogue that a rebuild is making.
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
/// Folder of what is being written.
pub const TMP: &str = "tmp";
/// Room that can be given up.
pub const RESERVE: &str = "reserve";

/// What may lie at the top of the directory.
pub const TOP: [&str; 11] =
    [FORMAT, LOCK, CONTROL_SOCKET, KEYS, MARK, CATALOG, SNAPSHOTS, TLS, SPACES, TMP, RESERVE];
/// Folders that an instance begins with.
pub const FIRST_FOLDERS: [&str; 3] = [CATALOG, SPACES, TMP];
/// At the top of every ext4 file system, and so of a data directory that is one.
pub const LOST_FOUND: &str = "lost+found";

/// End of the name of a sealed file.
pub const SEALED: &str = ".age";
/// End of the name of a pack.
pub const PACK: &str = ".tar";
/// End of the name of a file that is being written.
pub const PART: &str = ".part";
/// What SQLite puts behind the names of files that belong together.
pub const DATABASE_SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// SQLite's write-ahead log among them.
pub const WAL: &str = "-wal";

/// Folder of a space's packs, beside those of its containers.
const PACKS: &str = "packs";
/// How the names of databases begin that a change of format copies, a rebuild makes, and one replaces.
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

/// A snapshot of this name.
pub fn snapshot(name: impl Display) -> String {
    format!("{SNAPSHOTS}/{name}{SEALED}")
}

/// The folder of all that a space stores.
pub fn space(space: SpaceId) -> String {
    format!("{SPACES}/{space}")
}

/// The folder of the containers whose ids begin as this one's.
pub fn shard(space: SpaceId, id: ContainerId) -> String {
    let [first, ..] = id.0;
    format!("{SPACES}/{space}/{first:02x}")
}

/// The file of a container that has one of its own.
pub fn container(space: SpaceId, id: ContainerId) -> String {
    let [first, ..] = id.0;
    format!("{SPACES}/{space}/{first:02x}/{id}{SEALED}")
}

/// The folder of a space's packs.
pub fn packs(space: SpaceId) -> String {
    format!("{SPACES}/{space}/{PACKS}")
}

/// A pack.
pub fn pack(space: SpaceId, id: PackId) -> String {
    format!("{SPACES}/{space}/{PACKS}/{id}{PACK}")
}

/// The file that holds a container: its own or a pack.
pub fn holder(space: SpaceId, id: ContainerId, place: Place) -> String {
    match place {
        Place::OwnFile => container(space, id),
        Place::Packed(place) => pack(space, place.pack),
    }
}

/// The temporary file of this name.
pub fn part(name: impl Display) -> String {
    format!("{TMP}/{name}{PART}")
}

/// Where a catalogue of `format` is copied before it is changed.
pub fn database_copy(database: &Path, format: u32) -> PathBuf {
    database.with_extension(format!("format-{format}.db"))
}

/// The name under which a database that was replaced at `time` (milliseconds since 1970) is kept beside it.
pub fn replaced_database(time: i64) -> String {
    format!("{REPLACED}{time}.db")
}

/// The file that SQLite keeps beside a database, by one of [`DATABASE_SUFFIXES`].
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Whether a file in [`CATALOG`] is a rebuild's, which has not come to its end.
pub fn is_rebuilt(name: &str) -> bool {
    name.starts_with(REBUILT)
}

/// Whether a file of this name belongs into [`CATALOG`].
pub fn is_database(name: &str) -> bool {
    let stem = DATABASE_SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix)?.strip_suffix(".db"))
        .unwrap_or_default();
    stem == "catalog" || [COPIED, REPLACED, REBUILT].iter().any(|kind| stem.starts_with(kind))
}

/// Whether a folder of this name belongs into that of a space.
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
    /// One container.
    Container(SpaceId, ContainerId),
    /// Small ones.
    Pack(SpaceId, PackId),
}

/// What a file at this place holds: the other way round of [`container`] and [`pack`]. `None` at any other place.
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

    /// A file that holds contents is recognised by its place alone, and by no other spelling of it.
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

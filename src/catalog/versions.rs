//! Versions, the containers that hold them, and containers to remove from the disk.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    Checksum, ChecksumKind, ContainerId, EntryId, PackId, PackedPlace, Place, SpaceId, Timestamp, UserId,
    VersionId, VersionState,
};

/// One immutable content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Id of the version.
    pub id: VersionId,
    /// File of the version.
    pub entry: EntryId,
    /// Size in bytes.
    pub size: u64,
    /// Modification time as sent by the client.
    pub modified: Timestamp,
    /// Time of the commit.
    pub created: Timestamp,
    /// Author, while that account exists.
    pub author: Option<UserId>,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    /// Time at which another version replaced it; `None` while it is current.
    pub replaced: Option<Timestamp>,
    /// State of the version.
    pub state: VersionState,
    /// Persons to whom it was handed out although it is withheld.
    pub handed_to: Vec<UserId>,
}

/// A content that not everyone may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Never `Visible`.
    pub state: VersionState,
    /// Author of the content, while that account exists.
    pub author: Option<UserId>,
    /// Persons to whom it was handed out.
    pub handed_to: Vec<UserId>,
}

/// A version to insert.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// File of the version.
    pub entry: EntryId,
    /// Size in bytes.
    pub size: u64,
    /// Modification time as sent by the client.
    pub modified: Timestamp,
    /// Time of the commit.
    pub created: Timestamp,
    /// Author of the version.
    pub author: Option<UserId>,
    /// Verified digests of the plaintext.
    pub checksums: &'a [Checksum],
    /// State of the version.
    pub state: VersionState,
}

/// A container's row, which binds the file to the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRow {
    /// Id and file name.
    pub id: ContainerId,
    /// SHA-256 of header and payload nonce.
    pub header_hash: [u8; 32],
    /// Length of the container in bytes.
    pub length: u64,
    /// Bytes of content.
    pub plain_len: u64,
    /// A file of its own, or a position in a pack.
    pub place: Place,
}

/// A container to remove from the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GarbageRow {
    /// Id of the container.
    pub container: ContainerId,
    /// Space whose directory holds it.
    pub space: SpaceId,
    /// A file of its own, or a position in a pack.
    pub place: Place,
}

/// The place in the columns `pack_id`, `pack_offset` and `length`, in this order from `column`.
pub(super) fn place(row: &Row<'_>, column: usize) -> Result<Place, DatabaseError> {
    Ok(match row.get::<Option<[u8; 16]>>(column)? {
        None => Place::OwnFile,
        Some(pack) => Place::Packed(PackedPlace {
            pack: PackId(pack),
            offset: row.get(column + 1)?,
            length: row.get(column + 2)?,
        }),
    })
}

/// The columns `pack_id` and `pack_offset` of a place.
fn pack_columns(place: Place) -> (Option<[u8; 16]>, Option<u64>) {
    match place {
        Place::OwnFile => (None, None),
        Place::Packed(place) => (Some(place.pack.0), Some(place.offset)),
    }
}

const COLUMNS: &str =
    "id, entry_id, size, modified_at, created_at, author_id, replaced_at, sha256, sha1, md5, adler32, state,
     CASE WHEN state <> 'visible' THEN
         (SELECT string_agg(CAST(user_id AS TEXT), ' ') FROM handed_out WHERE version_id = versions.id)
     END";

/// State, author and recipients of a withheld version, for [`withheld`].
pub(super) const WITHHELD: &str = "state, author_id,
     (SELECT string_agg(CAST(user_id AS TEXT), ' ') FROM handed_out WHERE version_id = versions.id) AS handed_to";

/// Versions that are not removed automatically, with their files: damaged ones, unless a container is missing and
/// leaves nothing to inspect, and withheld ones.
pub(super) const PROTECTED: &str = "SELECT versions.id AS version, versions.entry_id AS entry
    FROM damaged JOIN segments USING (container_id) JOIN versions ON versions.id = segments.version_id
    WHERE damaged.kind <> 'missing'
    UNION ALL SELECT id, entry_id FROM versions WHERE state <> 'visible'";

/// Replaced versions whose retention ends at `?1`; follows `WITH protected AS (…)`.
const EXPIRED: &str = "FROM versions JOIN spaces ON spaces.id = history_of
    WHERE replaced_at <= ?1 - version_days * 86400000 AND versions.id NOT IN (SELECT version FROM protected)";

/// The withheld version in a row with the columns of [`WITHHELD`] from `column`, if there is one.
pub(super) fn withheld(row: &Row<'_>, column: usize) -> Result<Option<Withheld>, DatabaseError> {
    let Some(word) = row.get::<Option<String>>(column)? else { return Ok(None) };
    let author = row.get::<Option<i64>>(column + 1)?.map(UserId);
    Ok(Some(Withheld { state: state(&word), author, handed_to: handed_to(row, column + 2)? }))
}

/// Ids of users, separated by blanks.
fn handed_to(row: &Row<'_>, column: usize) -> Result<Vec<UserId>, DatabaseError> {
    let users: Option<String> = row.get(column)?;
    let ids = users.iter().flat_map(|users| users.split(' ')).filter_map(|id| id.parse().ok());
    Ok(ids.map(UserId).collect())
}

/// The state for a word of the column `state`. A word that this program does not know counts as the strictest
/// state.
pub(super) fn state(word: &str) -> VersionState {
    VersionState::from_word(word).unwrap_or(VersionState::Restricted)
}

fn version_row(row: &Row<'_>) -> Result<VersionRow, DatabaseError> {
    let digest = |kind, column| -> Result<Option<Checksum>, DatabaseError> {
        Ok(row.get::<Option<Vec<u8>>>(column)?.and_then(|digest| Checksum::new(kind, digest)))
    };
    let checksums = [
        digest(ChecksumKind::Sha256, 7)?,
        digest(ChecksumKind::Sha1, 8)?,
        digest(ChecksumKind::Md5, 9)?,
        digest(ChecksumKind::Adler32, 10)?,
    ];
    Ok(VersionRow {
        id: VersionId(row.get(0)?),
        entry: EntryId(row.get(1)?),
        size: row.get(2)?,
        modified: Timestamp(row.get(3)?),
        created: Timestamp(row.get(4)?),
        author: row.get::<Option<i64>>(5)?.map(UserId),
        replaced: row.get::<Option<i64>>(6)?.map(Timestamp),
        checksums: checksums.into_iter().flatten().collect(),
        state: state(&row.get::<String>(11)?),
        handed_to: handed_to(row, 12)?,
    })
}

impl ReadTx<'_> {
    /// The version of this id.
    pub fn version(&self, id: VersionId) -> Result<Option<VersionRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM versions WHERE id = ?1"), [id.0], version_row)
    }

    /// The current and all earlier versions of a file, newest first.
    pub fn versions_of(&self, file: EntryId) -> Result<Vec<VersionRow>, CatalogError> {
        self.all(
            &format!("SELECT {COLUMNS} FROM versions WHERE entry_id = ?1 ORDER BY id DESC"),
            [file.0],
            version_row,
        )
    }

    /// All withheld versions, including earlier ones, with their files.
    pub fn withheld(&self) -> Result<Vec<(EntryId, VersionId, Withheld)>, CatalogError> {
        let found = self.all(
            &format!("SELECT entry_id, id, {WITHHELD} FROM versions WHERE state <> 'visible'"),
            [],
            |row| Ok((EntryId(row.get(0)?), VersionId(row.get(1)?), withheld(row, 2)?)),
        )?;
        Ok(found.into_iter().filter_map(|(entry, version, by)| Some((entry, version, by?))).collect())
    }

    /// State, author and recipients of the withheld versions in and below an entry, including earlier ones.
    pub fn withheld_below(&self, top: EntryId) -> Result<Vec<Withheld>, CatalogError> {
        self.all(
            &format!(
                "WITH RECURSIVE above (id, state, author, handed_to) AS (
                     SELECT entry_id, {WITHHELD} FROM versions WHERE state <> 'visible'
                     UNION SELECT parent_id, state, author, handed_to FROM entries JOIN above USING (id)
                     WHERE parent_id IS NOT NULL
                 )
                 SELECT state, author, handed_to FROM above WHERE id = ?1"
            ),
            [top.0],
            |row| withheld(row, 0),
        )
        .map(|found| found.into_iter().flatten().collect())
    }

    /// The containers of a version in the order of their bytes.
    pub fn segments(&self, version: VersionId) -> Result<Vec<ContainerRow>, CatalogError> {
        self.all(
            "SELECT containers.id, header_hash, plain_len, pack_id, pack_offset, length
             FROM segments JOIN containers ON containers.id = segments.container_id
             WHERE version_id = ?1 ORDER BY position",
            [version.0],
            |row| {
                Ok(ContainerRow {
                    id: ContainerId(row.get(0)?),
                    header_hash: row.get(1)?,
                    plain_len: row.get(2)?,
                    length: row.get(5)?,
                    place: place(row, 3)?,
                })
            },
        )
    }

    /// Whether a row knows this container: as content, as garbage that is still to be removed, or as set aside.
    pub fn is_known_container(&self, id: ContainerId) -> Result<bool, CatalogError> {
        let found = self.one(
            "SELECT 1 FROM containers WHERE id = ?1 UNION ALL SELECT 1 FROM garbage WHERE container_id = ?1
             UNION ALL SELECT 1 FROM set_aside WHERE container_id = ?1",
            [id.0],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Replaced versions whose retention in their space has ended at `now`, oldest first. Damaged ones are kept for
    /// inspection; missing containers do not count.
    pub fn expired_versions(&self, now: Timestamp, limit: usize) -> Result<Vec<VersionId>, CatalogError> {
        self.all(
            &format!(
                "WITH protected AS ({PROTECTED}) SELECT versions.id {EXPIRED} ORDER BY replaced_at LIMIT ?2"
            ),
            params![now.0, limit],
            |row| row.get(0).map(VersionId),
        )
    }

    /// Whether a version is one of [`Self::expired_versions`].
    pub fn is_expired_version(&self, id: VersionId, now: Timestamp) -> Result<bool, CatalogError> {
        let sql = format!("WITH protected AS ({PROTECTED}) SELECT 1 {EXPIRED} AND versions.id = ?2");
        Ok(self.one(&sql, params![now.0, id.0], |_| Ok(()))?.is_some())
    }

    /// Containers to remove from the disk.
    pub fn garbage(&self, limit: usize) -> Result<Vec<GarbageRow>, CatalogError> {
        self.all(
            "SELECT container_id, space_id, pack_id, pack_offset, length FROM garbage LIMIT ?1",
            [limit],
            |row| {
                Ok(GarbageRow {
                    container: ContainerId(row.get(0)?),
                    space: SpaceId(row.get(1)?),
                    place: place(row, 2)?,
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Adds a version; its segments follow.
    pub fn insert_version(&self, version: &NewVersion<'_>) -> Result<VersionId, CatalogError> {
        let digest = |kind| version.checksums.iter().find(|sum| sum.kind() == kind).map(Checksum::digest);
        self.execute(
            "INSERT INTO versions
                 (entry_id, size, modified_at, created_at, author_id, sha256, sha1, md5, adler32, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                version.entry.0,
                version.size,
                version.modified.0,
                version.created.0,
                version.author.map(|id| id.0),
                digest(ChecksumKind::Sha256),
                digest(ChecksumKind::Sha1),
                digest(ChecksumKind::Md5),
                digest(ChecksumKind::Adler32),
                version.state.as_str(),
            ],
        )?;
        Ok(VersionId(self.last_insert_id()))
    }

    /// Records a durable container and adds it to its space's usage.
    pub fn insert_container(&self, space: SpaceId, container: &ContainerRow) -> Result<(), CatalogError> {
        let (pack, offset) = pack_columns(container.place);
        self.binds(container.id);
        self.execute(
            "INSERT INTO containers (id, space_id, header_hash, length, plain_len, pack_id, pack_offset)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                container.id.0,
                space.0,
                container.header_hash,
                container.length,
                container.plain_len,
                pack,
                offset
            ],
        )?;
        self.execute(
            "UPDATE spaces SET used_bytes = used_bytes + ?2 WHERE id = ?1",
            params![space.0, container.plain_len],
        )
        .map(drop)
    }

    /// Makes a container part of a version.
    pub fn insert_segment(
        &self,
        version: VersionId,
        position: usize,
        container: ContainerId,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO segments (version_id, position, container_id) VALUES (?1, ?2, ?3)",
            params![version.0, position, container.0],
        )
        .map(drop)
    }

    /// Adds a copy of a version for another file, in the same state; both share the containers. The copy of a
    /// withheld version keeps its author.
    pub fn share_version(
        &self,
        source: VersionId,
        entry: EntryId,
        author: Option<UserId>,
        now: Timestamp,
    ) -> Result<VersionId, CatalogError> {
        let (copy, state) = self
            .one(
                "INSERT INTO versions
                     (entry_id, size, modified_at, created_at, author_id, sha256, sha1, md5, adler32, crc32, state)
                 SELECT ?2, size, modified_at, ?3, CASE state WHEN 'visible' THEN ?4 ELSE author_id END,
                     sha256, sha1, md5, adler32, crc32, state FROM versions WHERE id = ?1
                 RETURNING id, state",
                params![source.0, entry.0, now.0, author.map(|id| id.0)],
                |row| Ok((VersionId(row.get(0)?), state(&row.get::<String>(1)?))),
            )?
            .ok_or(CatalogError::NotCommitted)?;
        self.execute(
            "INSERT INTO segments (version_id, position, container_id)
             SELECT ?2, position, container_id FROM segments WHERE version_id = ?1",
            params![source.0, copy.0],
        )?;
        if state != VersionState::Visible {
            self.copy_hold(source, copy)?;
        }
        Ok(copy)
    }

    /// Adds a copy of a version for another file, with the original's time and author; both share the containers.
    pub fn duplicate_version(&self, source: VersionId, entry: EntryId) -> Result<VersionId, CatalogError> {
        let original = self.version(source)?.ok_or(CatalogError::NotCommitted)?;
        self.share_version(source, entry, original.author, original.created)
    }

    /// Records when a version was replaced, or that it is current again (`None`).
    pub fn set_replaced(&self, version: VersionId, at: Option<Timestamp>) -> Result<(), CatalogError> {
        let at = at.map(|time| self.not_before_certain(time)).transpose()?;
        self.execute(
            "UPDATE versions SET replaced_at = ?2,
                 history_of = CASE WHEN ?2 IS NOT NULL THEN (SELECT space_id FROM entries WHERE id = entry_id) END
             WHERE id = ?1",
            params![version.0, at.map(|time| time.0)],
        )
        .map(drop)
    }

    /// Sets the state of a version.
    pub fn set_version_state(&self, version: VersionId, state: VersionState) -> Result<(), CatalogError> {
        self.execute("UPDATE versions SET state = ?2 WHERE id = ?1", params![version.0, state.as_str()])
            .map(drop)
    }

    /// Removes a version that is not current.
    pub fn delete_version(&self, version: VersionId) -> Result<(), CatalogError> {
        let containers =
            self.all("SELECT container_id FROM segments WHERE version_id = ?1", [version.0], |row| {
                row.get(0)
            })?;
        self.execute("DELETE FROM versions WHERE id = ?1", [version.0])?;
        self.discard_unused(&containers)
    }

    /// Turns those of `containers` that no version or upload uses any more into garbage, and subtracts their bytes
    /// from the space's usage.
    pub(super) fn discard_unused(&self, containers: &[[u8; 16]]) -> Result<(), CatalogError> {
        for id in containers {
            let unused = self.one(
                "SELECT space_id, plain_len FROM containers
                 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM segments WHERE container_id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM upload_pieces WHERE container_id = ?1)",
                [id],
                |row| Ok((row.get::<[u8; 16]>(0)?, row.get::<u64>(1)?)),
            )?;
            let Some((space, plain_len)) = unused else { continue };
            self.execute(
                "INSERT INTO garbage (container_id, space_id, pack_id, pack_offset, length)
                 SELECT id, space_id, pack_id, pack_offset, length FROM containers WHERE id = ?1",
                [id],
            )?;
            self.execute("DELETE FROM containers WHERE id = ?1", [id])?;
            self.execute(
                "UPDATE spaces SET used_bytes = max(0, used_bytes - ?2) WHERE id = ?1",
                params![space, plain_len],
            )?;
        }
        Ok(())
    }

    /// Marks a container without a row as garbage: its file is removed like any other garbage.
    pub fn insert_garbage(&self, row: &GarbageRow, length: u64) -> Result<(), CatalogError> {
        let (pack, offset) = pack_columns(row.place);
        self.execute(
            "INSERT INTO garbage (container_id, space_id, pack_id, pack_offset, length) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![row.container.0, row.space.0, pack, offset, length],
        )
        .map(drop)
    }

    /// Records that the file of a garbage container was removed.
    pub fn forget_garbage(&self, container: ContainerId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM garbage WHERE container_id = ?1", [container.0]).map(drop)
    }
}

//! Verification: its position, its findings, and the catalogue's checks of itself.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::row::{Row, params};
use super::versions::{ContainerRow, place};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    ContainerId, DamageKind, EntryId, PackId, SpaceId, Timestamp, VerifyMode, VerifyStarter, VersionId,
};

/// A container's row with its space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredContainer {
    /// Space whose key opens it.
    pub space: SpaceId,
    /// Reference to the file.
    pub container: ContainerRow,
}

/// A version that begins with a certain container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentStart {
    /// The version.
    pub version: VersionId,
    /// SHA-256 of its plaintext; `None` if not yet known.
    pub sha256: Option<[u8; 32]>,
    /// Number of its containers.
    pub segments: u64,
}

/// A version that uses a certain container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseRow {
    /// Id of the version.
    pub version: VersionId,
    /// File of the version.
    pub entry: EntryId,
    /// Space of the file.
    pub space: SpaceId,
    /// Whether it is the file's current version.
    pub is_current: bool,
}

/// A container whose bytes differ from the committed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// The container.
    pub container: ContainerId,
    /// Kind of the damage.
    pub kind: DamageKind,
    /// The first damaged chunk, from 0.
    pub chunk: Option<u64>,
    /// Time at which it was first found.
    pub first_seen: Timestamp,
    /// Time at which it was last found again.
    pub last_seen: Timestamp,
}

/// Progress of a verification, or the result of the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubRow {
    /// Starter of the verification.
    pub starter: VerifyStarter,
    /// Quick or full.
    pub mode: VerifyMode,
    /// Time of the start.
    pub started: Timestamp,
    /// The last container that was verified; `None` before the first.
    pub position: Option<ContainerId>,
    /// Containers verified so far.
    pub containers: u64,
    /// Bytes of content read so far.
    pub bytes: u64,
    /// Findings so far.
    pub findings: u64,
    /// Whether it is unfinished.
    pub is_running: bool,
    /// Time at which a run of this kind last ended.
    pub completed: Option<Timestamp>,
}

/// Description of the one violation that is counted without such a query.
const MISCOUNTED: &str = "spaces whose count of used bytes is not the sum of their containers";

/// Invariants of the rows: a description of the violation, and the query that counts violations. Each query needs
/// one snapshot only.
const CONTRADICTIONS: [(&str, &str); 15] = [
    (
        "spaces whose count of received bytes is not the sum of their uploads'",
        "SELECT count(*) FROM spaces WHERE received_bytes <>
             (SELECT coalesce(sum(received), 0) FROM uploads WHERE space_id = spaces.id)",
    ),
    (
        "spaces whose count of bytes of the past is not the sum of earlier contents and trash",
        "SELECT count(*) FROM spaces WHERE history_bytes <>
             (SELECT coalesce(sum(size), 0) FROM versions WHERE history_of = spaces.id)
             + (SELECT coalesce(sum(size), 0) FROM trash JOIN entries ON entries.id = entry_id
                WHERE trash.space_id = spaces.id AND is_purging = 0)",
    ),
    (
        "spaces whose count of bytes of properties is not the sum of theirs",
        "SELECT count(*) FROM spaces LEFT JOIN
             (SELECT space_id, sum(length(CAST(namespace AS BLOB)) + length(CAST(properties.name AS BLOB))
                  + length(CAST(value AS BLOB))) AS bytes
              FROM properties JOIN entries ON entries.id = entry_id GROUP BY space_id) AS weighed
             ON weighed.space_id = spaces.id
         WHERE property_bytes <> coalesce(bytes, 0)",
    ),
    (
        "containers that neither a version nor an upload uses, or both do",
        "SELECT count(*) FROM containers WHERE
             EXISTS (SELECT 1 FROM segments WHERE container_id = containers.id) =
             EXISTS (SELECT 1 FROM upload_pieces WHERE container_id = containers.id)",
    ),
    (
        "spaces whose count of reserved bytes is not what they keep for their uploads",
        "SELECT count(*) FROM spaces WHERE reserved_bytes <>
             (SELECT coalesce(sum(reserved), 0) FROM uploads WHERE space_id = spaces.id)",
    ),
    (
        "uploads whose count of bytes, pieces or chunks is not what has arrived of them",
        "SELECT count(*) FROM uploads LEFT JOIN
             (SELECT upload_id, count(*) AS number, sum(plain_len) AS bytes
              FROM upload_pieces JOIN containers ON containers.id = container_id GROUP BY upload_id) AS held
             ON held.upload_id = uploads.id
         WHERE received <> coalesce(bytes, 0) OR pieces <> coalesce(number, 0)
            OR reserved > max(0, coalesce(length, 0) - received)
            OR chunks <> (SELECT count(*) FROM upload_chunks WHERE upload_chunks.upload_id = uploads.id)
            OR (shape = 'chunked' AND received <>
                (SELECT coalesce(sum(size), 0) FROM upload_chunks WHERE upload_chunks.upload_id = uploads.id))",
    ),
    (
        "contents in the holding area that others may read, or that nothing will continue",
        "SELECT count(*) FROM holds JOIN versions ON versions.id = version_id
         WHERE (holds.state <> 'released' AND versions.state = 'visible')
            OR (next_at IS NULL AND holds.state IN ('arrived', 'held', 'waiting_for_signatures'))",
    ),
    (
        "containers that count as content and as garbage",
        "SELECT count(*) FROM garbage JOIN containers ON containers.id = container_id",
    ),
    (
        "files whose present content is not theirs, is marked as replaced or has another size",
        "SELECT count(*) FROM entries LEFT JOIN versions ON versions.id = version_id
         WHERE is_folder = 0 AND (entry_id IS DISTINCT FROM entries.id OR versions.size <> entries.size OR replaced_at IS NOT NULL)",
    ),
    (
        "earlier contents that are not marked as replaced",
        "SELECT count(*) FROM versions JOIN entries ON entries.id = entry_id
         WHERE versions.id <> version_id AND replaced_at IS NULL",
    ),
    (
        "folders whose size is not the sum of their members",
        "SELECT count(*) FROM entries AS folder LEFT JOIN
             (SELECT parent_id, sum(size) AS total FROM entries GROUP BY parent_id) AS members
             ON members.parent_id = folder.id
         WHERE is_folder = 1 AND size <> coalesce(total, 0)",
    ),
    (
        "entries outside every folder that are neither a space's top nor in the trash, or the reverse",
        "SELECT count(*) FROM entries WHERE (parent_id IS NULL) <>
             (id IN (SELECT root_id FROM spaces) OR id IN (SELECT entry_id FROM trash))",
    ),
    (
        "entries newer than the folder that holds them",
        "SELECT count(*) FROM entries JOIN entries AS folder ON folder.id = entries.parent_id
         WHERE entries.revision > folder.revision OR entries.space_id <> folder.space_id",
    ),
    (
        // Every change gives its revision to the top folder of its space.
        "counters that are behind or ahead of what was counted",
        "SELECT ((SELECT revision FROM counters) IS DISTINCT FROM
                 (SELECT coalesce(max(revision), 0) FROM entries WHERE id IN (SELECT root_id FROM spaces)))
              + ((SELECT next_entry_id FROM counters) <= (SELECT coalesce(max(id), 0) FROM entries))",
    ),
    (
        "numbers given out that count as free",
        "SELECT ((SELECT coalesce(max(id), 0) FROM versions) > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'versions'), 0))
              + ((SELECT coalesce(max(id), 0) FROM users) > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'users'), 0))
              + ((SELECT coalesce(max(id), 0) FROM app_passwords)
                 > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'app_passwords'), 0))
              + ((SELECT coalesce(max(id), 0) FROM links)
                 > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'links'), 0))",
    ),
];

/// A version is complete if its segments are numbered from 0 without a gap, are in the file's space and add up to
/// its size.
const INCOMPLETE: &str = "SELECT versions.id FROM versions
    JOIN entries ON entries.id = versions.entry_id
    LEFT JOIN segments ON segments.version_id = versions.id
    LEFT JOIN containers ON containers.id = segments.container_id AND containers.space_id = entries.space_id
    GROUP BY versions.id
    HAVING coalesce(sum(containers.plain_len), -1) <> versions.size
        OR count(containers.id) <> count(segments.container_id)
        OR max(segments.position) <> count(segments.container_id) - 1
    ORDER BY versions.id LIMIT ?1";

fn stored_container(row: &Row<'_>) -> Result<StoredContainer, DatabaseError> {
    Ok(StoredContainer {
        space: SpaceId(row.get(0)?),
        container: ContainerRow {
            id: ContainerId(row.get(1)?),
            header_hash: row.get(2)?,
            plain_len: row.get(3)?,
            length: row.get(6)?,
            place: place(row, 4)?,
        },
    })
}

const CONTAINER: &str = "space_id, id, header_hash, plain_len, pack_id, pack_offset, length";

fn damaged_row(row: &Row<'_>) -> Result<DamagedRow, DatabaseError> {
    Ok(DamagedRow {
        container: ContainerId(row.get(0)?),
        kind: word(&row.get::<String>(1)?, DamageKind::from_word)?,
        chunk: row.get(2)?,
        first_seen: Timestamp(row.get(3)?),
        last_seen: Timestamp(row.get(4)?),
    })
}

const DAMAGED: &str = "container_id, kind, chunk, first_seen_at, last_seen_at";

fn scrub_row(row: &Row<'_>) -> Result<ScrubRow, DatabaseError> {
    Ok(ScrubRow {
        starter: word(&row.get::<String>(0)?, VerifyStarter::from_word)?,
        mode: word(&row.get::<String>(1)?, VerifyMode::from_word)?,
        started: Timestamp(row.get(2)?),
        position: row.get::<Option<[u8; 16]>>(3)?.map(ContainerId),
        containers: row.get(4)?,
        bytes: row.get(5)?,
        findings: row.get(6)?,
        is_running: row.get(7)?,
        completed: row.get::<Option<i64>>(8)?.map(Timestamp),
    })
}

const SCRUB: &str =
    "starter, mode, started_at, position, containers, bytes, findings, is_running, completed_at";

fn word<T>(text: &str, parse: fn(&str) -> Option<T>) -> Result<T, DatabaseError> {
    parse(text).ok_or_else(|| DatabaseError::unknown_word(text))
}

impl ReadTx<'_> {
    /// The container of this id.
    pub fn container(&self, id: ContainerId) -> Result<Option<StoredContainer>, CatalogError> {
        self.one(&format!("SELECT {CONTAINER} FROM containers WHERE id = ?1"), [id.0], stored_container)
    }

    /// The next containers by id.
    pub fn containers_after(
        &self,
        after: Option<ContainerId>,
        limit: usize,
    ) -> Result<Vec<StoredContainer>, CatalogError> {
        // No id is empty, so every id sorts after the empty one.
        let after: &[u8] = after.as_ref().map_or(&[], |id| &id.0);
        let sql = format!("SELECT {CONTAINER} FROM containers WHERE id > ?1 ORDER BY id LIMIT ?2");
        self.all(&sql, params![after, limit], stored_container)
    }

    /// Offsets at which rows place containers and garbage in a pack. Scans all rows; used by a rebuild.
    pub fn offsets_in(&self, pack: PackId) -> Result<Vec<u64>, CatalogError> {
        self.all(
            "SELECT pack_offset FROM containers WHERE pack_id = ?1
             UNION ALL SELECT pack_offset FROM garbage WHERE pack_id = ?1",
            [pack.0],
            |row| row.get(0),
        )
    }

    /// Number of containers, and bytes of content in them.
    pub fn containers_total(&self) -> Result<(u64, u64), CatalogError> {
        let sql = "SELECT count(*), coalesce(sum(plain_len), 0) FROM containers";
        Ok(self.one(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default())
    }

    /// The versions whose first container this is.
    pub fn contents_beginning_with(&self, id: ContainerId) -> Result<Vec<ContentStart>, CatalogError> {
        self.all(
            "SELECT versions.id, sha256,
                    (SELECT count(*) FROM segments AS s WHERE s.version_id = versions.id)
             FROM segments JOIN versions ON versions.id = version_id
             WHERE container_id = ?1 AND position = 0 ORDER BY versions.id",
            [id.0],
            |row| {
                Ok(ContentStart {
                    version: VersionId(row.get(0)?),
                    sha256: row.get(1)?,
                    segments: row.get(2)?,
                })
            },
        )
    }

    /// Whether a version that begins with another container also has this one.
    pub fn is_continuation(&self, id: ContainerId) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM segments JOIN segments AS first
                       ON first.version_id = segments.version_id AND first.position = 0
                   WHERE segments.container_id = ?1 AND segments.position > 0 LIMIT 1";
        Ok(self.one(sql, [id.0], |_| Ok(()))?.is_some())
    }

    /// Versions that use a container, current ones first.
    pub fn uses_of(&self, id: ContainerId, limit: usize) -> Result<Vec<UseRow>, CatalogError> {
        self.all(
            "SELECT DISTINCT versions.id, entry_id, space_id, entries.version_id = versions.id AS is_current
             FROM segments JOIN versions ON versions.id = segments.version_id
             JOIN entries ON entries.id = entry_id
             WHERE container_id = ?1 ORDER BY is_current DESC, versions.id LIMIT ?2",
            params![id.0, limit],
            use_row,
        )
    }

    /// One version, in the form of [`Self::uses_of`].
    pub fn use_by(&self, version: VersionId) -> Result<Option<UseRow>, CatalogError> {
        self.one(
            "SELECT versions.id, entry_id, space_id, entries.version_id = versions.id
             FROM versions JOIN entries ON entries.id = entry_id WHERE versions.id = ?1",
            [version.0],
            use_row,
        )
    }

    /// Original path of a deleted entry, even while it is being removed permanently.
    pub fn trashed_path(&self, top: EntryId) -> Result<Option<String>, CatalogError> {
        self.one("SELECT path FROM trash WHERE entry_id = ?1", [top.0], |row| row.get(0))
    }

    /// The next containers, by id, recorded as damaged and last seen so at `since` or later.
    pub fn damaged_after(
        &self,
        after: Option<ContainerId>,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<DamagedRow>, CatalogError> {
        let after: &[u8] = after.as_ref().map_or(&[], |id| &id.0);
        let sql = format!(
            "SELECT {DAMAGED} FROM damaged WHERE container_id > ?1 AND last_seen_at >= ?2
             ORDER BY container_id LIMIT ?3"
        );
        self.all(&sql, params![after, since.0, limit], damaged_row)
    }

    /// The recorded damage of a container.
    pub fn damage_of(&self, id: ContainerId) -> Result<Option<DamagedRow>, CatalogError> {
        let sql = format!("SELECT {DAMAGED} FROM damaged WHERE container_id = ?1");
        self.one(&sql, [id.0], damaged_row)
    }

    /// Number of containers recorded as damaged.
    pub fn damaged_count(&self) -> Result<u64, CatalogError> {
        Ok(self.one("SELECT count(*) FROM damaged", [], |row| row.get(0))?.unwrap_or(0))
    }

    /// The current or last run of this kind.
    pub fn scrub(&self, starter: VerifyStarter, mode: VerifyMode) -> Result<Option<ScrubRow>, CatalogError> {
        let sql = format!("SELECT {SCRUB} FROM scrub WHERE starter = ?1 AND mode = ?2");
        self.one(&sql, [starter.as_str(), mode.as_str()], scrub_row)
    }

    /// Time of the last full verification by any starter.
    pub fn last_full_scrub(&self) -> Result<Option<Timestamp>, CatalogError> {
        let sql = "SELECT max(completed_at) FROM scrub WHERE mode = 'full'";
        Ok(self.one(sql, [], |row| row.get::<Option<i64>>(0))?.flatten().map(Timestamp))
    }

    /// The lowest entry id that was never given out.
    pub fn next_entry_id(&self) -> Result<EntryId, CatalogError> {
        let next = self.one("SELECT next_entry_id FROM counters", [], |row| row.get(0))?;
        next.map(EntryId).ok_or(CatalogError::NotCommitted)
    }

    /// Reads the whole catalogue. Errors: `Damaged`.
    pub fn check(&self) -> Result<(), CatalogError> {
        self.connection().check()
    }

    /// Pages of the database file that differ from the pages written under this key, as sentences. A page that
    /// is just being written may be among them: ask again before relying on it.
    pub fn damaged_pages(&self) -> Result<Vec<String>, CatalogError> {
        self.connection().damaged_pages()
    }

    /// Inconsistencies in the database's trees and indexes, as sentences without any value.
    pub fn structure_faults(&self) -> Result<Vec<String>, CatalogError> {
        self.connection().structure_faults()
    }

    /// Rows that refer to missing rows, as sentences.
    pub fn dangling_references(&self) -> Result<Vec<String>, CatalogError> {
        self.connection().dangling_references()
    }

    /// Number of invariants that [`Self::contradiction`] checks.
    pub const CONTRADICTIONS: usize = CONTRADICTIONS.len() + 1;

    /// The violation of one invariant, as a sentence; `None` if it holds.
    pub fn contradiction(&self, question: usize) -> Result<Option<String>, CatalogError> {
        let (count, what) = match CONTRADICTIONS.get(question) {
            Some((what, sql)) => (self.one(sql, [], |row| row.get(0))?.unwrap_or(0), *what),
            None => (self.miscounted_spaces()?, MISCOUNTED),
        };
        Ok((count > 0).then(|| format!("{count} {what}")))
    }

    /// Added up here, because a query would keep a row of every container in memory to group them by space.
    fn miscounted_spaces(&self) -> Result<u64, CatalogError> {
        let mut stored: HashMap<[u8; 16], u64> = HashMap::new();
        self.each("SELECT space_id, plain_len FROM containers", [], |row| {
            let sum = stored.entry(row.get(0)?).or_default();
            *sum = sum.saturating_add(row.get(1)?);
            Ok(ControlFlow::Continue(()))
        })?;
        let counts =
            self.all("SELECT id, used_bytes FROM spaces", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let is_wrong = |(space, used): &([u8; 16], u64)| stored.get(space).copied().unwrap_or(0) != *used;
        Ok(counts.iter().filter(|space| is_wrong(space)).count() as u64)
    }

    /// Versions whose containers do not add up to their content.
    pub fn incomplete_versions(&self, limit: usize) -> Result<Vec<VersionId>, CatalogError> {
        self.all(INCOMPLETE, [limit], |row| row.get(0).map(VersionId))
    }
}

fn use_row(row: &Row<'_>) -> Result<UseRow, DatabaseError> {
    Ok(UseRow {
        version: VersionId(row.get(0)?),
        entry: EntryId(row.get(1)?),
        space: SpaceId(row.get(2)?),
        is_current: row.get(3)?,
    })
}

/// Result of [`WriteTx::note_damage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// The container's row no longer exists, so nothing was recorded.
    Gone,
    /// The damage was not known before.
    New,
    /// The damage was already recorded.
    Known,
}

impl WriteTx<'_> {
    /// Records that a container differs from the committed one. The time of its first damage stays.
    pub fn note_damage(
        &self,
        container: ContainerId,
        kind: DamageKind,
        chunk: Option<u64>,
        now: Timestamp,
    ) -> Result<Noted, CatalogError> {
        if self.container(container)?.is_none() {
            return Ok(Noted::Gone);
        }
        let before = self.damage_of(container)?;
        self.execute(
            "INSERT INTO damaged (container_id, kind, chunk, first_seen_at, last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (container_id) DO UPDATE SET kind = excluded.kind, chunk = excluded.chunk,
                 last_seen_at = max(last_seen_at, excluded.last_seen_at)",
            params![container.0, kind.as_str(), chunk, now.0],
        )?;
        Ok(if before.is_some_and(|row| row.kind == kind) { Noted::Known } else { Noted::New })
    }

    /// Removes the record of a container's damage, unless it was seen at `since` or later. True if there was a
    /// record.
    pub fn clear_damage(&self, container: ContainerId, since: Timestamp) -> Result<bool, CatalogError> {
        let sql = "DELETE FROM damaged WHERE container_id = ?1 AND last_seen_at < ?2";
        Ok(self.execute(sql, params![container.0, since.0])? > 0)
    }

    /// Stores the progress of a run.
    pub fn put_scrub(&self, row: &ScrubRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO scrub (starter, mode, started_at, position, containers, bytes, findings, is_running, completed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (starter, mode) DO UPDATE SET started_at = excluded.started_at,
                 position = excluded.position, containers = excluded.containers, bytes = excluded.bytes,
                 findings = excluded.findings, is_running = excluded.is_running, completed_at = excluded.completed_at",
            params![
                row.starter.as_str(),
                row.mode.as_str(),
                row.started.0,
                row.position.map(|id| id.0),
                row.containers,
                row.bytes,
                row.findings,
                row.is_running,
                row.completed.map(|at| at.0),
            ],
        )
        .map(drop)
    }
}

//! The pass over everything stored that scans it again.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{Checksum, ChecksumKind, RescanMode, SpaceId, Timestamp, VerdictKind, VersionId};

/// The present or latest pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RescanRow {
    /// When it is worked on.
    pub mode: RescanMode,
    /// Its number.
    pub pass: i64,
    /// Identity of the signatures at its beginning.
    pub signatures: String,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended; `None` while it is under way.
    pub ended: Option<Timestamp>,
    /// Versions below this one are still to be scanned, latest first.
    pub below: VersionId,
    /// Versions above this one came after its beginning and are still to be scanned.
    pub above: VersionId,
    /// Versions at its beginning.
    pub total: u64,
    /// Of these, done.
    pub seen: u64,
    /// Contents scanned for that.
    pub scanned: u64,
    /// Contents that could not be scanned, or not fully.
    pub unscanned: u64,
    /// Versions in which something was found.
    pub found: u64,
}

/// A stored content that people may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// The version.
    pub id: VersionId,
    /// Its space.
    pub space: SpaceId,
    /// Hash of the content, once it is computed.
    pub sha256: Option<Checksum>,
}

/// The findings of a pass about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescanned {
    /// The scanner whose result it is, if that is no clean one.
    pub engine: Option<String>,
    /// The result.
    pub result: VerdictKind,
    /// Name of the virus.
    pub detail: Option<String>,
}

fn stored(row: &Row<'_>) -> Result<StoredVersion, DatabaseError> {
    let digest = row.get::<Option<Vec<u8>>>(2)?;
    Ok(StoredVersion {
        id: VersionId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        sha256: digest.and_then(|digest| Checksum::new(ChecksumKind::Sha256, digest)),
    })
}

/// Versions that people may read, with their spaces. Empty ones cannot hold anything.
const STORED: &str = "FROM versions JOIN entries ON entries.id = versions.entry_id
    WHERE versions.state = 'visible' AND versions.size > 0";

impl ReadTx<'_> {
    /// The present or latest pass; `None` before the first.
    pub fn rescan(&self) -> Result<Option<RescanRow>, CatalogError> {
        let sql =
            "SELECT mode, pass, signatures, begun_at, ended_at, below_id, above_id, total, seen, scanned,
                 unscanned, found FROM rescan";
        self.one(sql, [], |row| {
            let mode: String = row.get(0)?;
            Ok(RescanRow {
                mode: RescanMode::from_word(&mode).unwrap_or(RescanMode::Scheduled),
                pass: row.get(1)?,
                signatures: row.get(2)?,
                begun: Timestamp(row.get(3)?),
                ended: row.get::<Option<i64>>(4)?.map(Timestamp),
                below: VersionId(row.get(5)?),
                above: VersionId(row.get(6)?),
                total: row.get(7)?,
                seen: row.get(8)?,
                scanned: row.get(9)?,
                unscanned: row.get(10)?,
                found: row.get(11)?,
            })
        })
    }

    /// Number of stored versions that people may read, and the latest of them.
    pub fn stored_versions(&self) -> Result<(u64, VersionId), CatalogError> {
        let sql = format!("SELECT count(*), coalesce(max(versions.id), 0) {STORED}");
        let counted = self.one(&sql, [], |row| Ok((row.get(0)?, VersionId(row.get(1)?))))?;
        Ok(counted.unwrap_or((0, VersionId(0))))
    }

    /// Up to `limit` stored versions below `below`, latest first.
    pub fn stored_below(&self, below: VersionId, limit: usize) -> Result<Vec<StoredVersion>, CatalogError> {
        let sql = format!(
            "SELECT versions.id, entries.space_id, sha256 {STORED} AND versions.id < ?1
             ORDER BY versions.id DESC LIMIT ?2"
        );
        self.all(&sql, params![below.0, limit], stored)
    }

    /// Up to `limit` stored versions above `above`, earliest first.
    pub fn stored_above(&self, above: VersionId, limit: usize) -> Result<Vec<StoredVersion>, CatalogError> {
        let sql = format!(
            "SELECT versions.id, entries.space_id, sha256 {STORED} AND versions.id > ?1
             ORDER BY versions.id LIMIT ?2"
        );
        self.all(&sql, params![above.0, limit], stored)
    }

    /// One stored version, if people may read it.
    pub fn stored_version(&self, id: VersionId) -> Result<Option<StoredVersion>, CatalogError> {
        let sql = format!("SELECT versions.id, entries.space_id, sha256 {STORED} AND versions.id = ?1");
        self.one(&sql, [id.0], stored)
    }

    /// Up to `limit` versions that were read most often, of the latest `examined` events.
    pub fn often_read(&self, examined: usize, limit: usize) -> Result<Vec<VersionId>, CatalogError> {
        self.all(
            "SELECT version_id FROM (SELECT version_id, kind FROM events ORDER BY id DESC LIMIT ?1) AS latest
             WHERE kind = 'read' AND version_id IS NOT NULL
             GROUP BY version_id ORDER BY count(*) DESC, version_id DESC LIMIT ?2",
            params![examined, limit],
            |row| row.get(0).map(VersionId),
        )
    }

    /// The findings of this pass about a content; `None` if it was not scanned yet.
    pub fn rescanned(&self, sha256: &Checksum, pass: i64) -> Result<Option<Rescanned>, CatalogError> {
        let sql = "SELECT result, detail, engine FROM rescanned WHERE sha256 = ?1 AND pass = ?2";
        self.one(sql, params![sha256.digest(), pass], |row| {
            let result: String = row.get(0)?;
            let result = VerdictKind::from_word(&result).unwrap_or(VerdictKind::NotFullyScannable);
            Ok(Rescanned { result, detail: row.get(1)?, engine: row.get(2)? })
        })
    }
}

impl WriteTx<'_> {
    /// Stores the state of the present or latest pass.
    pub fn put_rescan(&self, row: &RescanRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO rescan (id, mode, pass, signatures, begun_at, ended_at, below_id, above_id, total, seen,
                 scanned, unscanned, found)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET mode = ?1, pass = ?2, signatures = ?3, begun_at = ?4, ended_at = ?5,
                 below_id = ?6, above_id = ?7, total = ?8, seen = ?9, scanned = ?10, unscanned = ?11, found = ?12",
            params![
                row.mode.as_str(),
                row.pass,
                row.signatures,
                row.begun.0,
                row.ended.map(|at| at.0),
                row.below.0,
                row.above.0,
                row.total,
                row.seen,
                row.scanned,
                row.unscanned,
                row.found
            ],
        )
        .map(drop)
    }

    /// Notes the findings of a pass about a content.
    pub fn note_rescanned(
        &self,
        sha256: &Checksum,
        pass: i64,
        found: &Rescanned,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO rescanned (sha256, pass, result, detail, engine) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (sha256) DO UPDATE SET pass = ?2, result = ?3, detail = ?4, engine = ?5",
            params![sha256.digest(), pass, found.result.as_str(), found.detail, found.engine],
        )
        .map(drop)
    }

    /// Forgets up to `limit` results of earlier passes than this; returns their number.
    pub fn forget_rescanned(&self, pass: i64, limit: usize) -> Result<usize, CatalogError> {
        self.execute(
            "DELETE FROM rescanned WHERE sha256 IN (SELECT sha256 FROM rescanned WHERE pass < ?1 LIMIT ?2)",
            params![pass, limit],
        )
    }
}

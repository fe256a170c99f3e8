//! Spaces: name, quota, retention of versions and trash.

use std::ops::ControlFlow;
use std::time::Duration;

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, NewEntry, ReadTx, WriteTx};
use crate::model::{
    ByteSize, EntryId, EntryName, HoldScope, Holding, MailName, PdfAfter, PdfPages, PdfRule, ReleaseBy,
    SpaceId, SpaceKind, Timestamp,
};

/// A space's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceRow {
    /// Id of the space, also the name of its directory and key file.
    pub id: SpaceId,
    /// Name of its top folder in every mount.
    pub name: String,
    /// Client or team.
    pub kind: SpaceKind,
    /// Its root folder.
    pub root: EntryId,
    /// The quota: limit in bytes for its current data.
    pub quota: Option<ByteSize>,
    /// Limit in bytes for its old data; `None` for the same as the quota.
    pub history_limit: Option<ByteSize>,
    /// Bytes of its old data: replaced versions and the trash.
    pub history: ByteSize,
    /// Bytes of its current files.
    pub present: ByteSize,
    /// Bytes of uploads that have arrived.
    pub received: ByteSize,
    /// Bytes that it uses on the disk; copies that share a container count once.
    pub used: ByteSize,
    /// Bytes that uploads have announced and that have not arrived yet.
    pub reserved: ByteSize,
    /// Bytes of dead properties, including those of deleted entries.
    pub properties: ByteSize,
    /// Days for which replaced versions are kept.
    pub version_days: u32,
    /// Days for which deleted entries are kept.
    pub trash_days: u32,
    /// How contents that arrive are held; `None` if nothing is held.
    pub hold: Option<Holding>,
    /// Number of persons who must decide to release a held content.
    pub release_by: ReleaseBy,
    /// Rules for the PDFs of held documents.
    pub pdf: PdfRule,
    /// Its address for mails; `None` if it takes none.
    pub mail: Option<MailName>,
    /// Time of creation.
    pub created: Timestamp,
}

impl SpaceRow {
    /// Bytes that count towards its quota: current files, uploads, properties. Files that share containers, as
    /// copies do, count once if nothing else is in the space.
    pub fn counted(&self) -> u64 {
        self.present.0.saturating_add(self.received.0).min(self.used.0).saturating_add(self.properties.0)
    }

    /// Bytes that remain of the quota after these and the announced bytes of uploads; `u64::MAX` without a quota.
    pub fn left(&self) -> u64 {
        let taken = self.counted().saturating_add(self.reserved.0);
        self.quota.map_or(u64::MAX, |quota| quota.0.saturating_sub(taken))
    }

    /// Limit in bytes for its old data, if there is one.
    pub fn history_bound(&self) -> Option<ByteSize> {
        self.history_limit.or(self.quota)
    }

    /// Whether its old data exceeds the limit.
    pub fn is_history_full(&self) -> bool {
        self.history_bound().is_some_and(|bound| self.history > bound)
    }
}

/// A space to insert, with its root folder.
#[derive(Debug)]
pub struct NewSpace<'a> {
    /// A new random id.
    pub id: SpaceId,
    /// Name of its top folder; its key is unique among spaces.
    pub name: &'a EntryName,
    /// Client or team.
    pub kind: SpaceKind,
    /// Its root folder, inserted in the same transaction.
    pub root: EntryId,
    /// The quota: limit in bytes for its current data.
    pub quota: Option<ByteSize>,
    /// Limit in bytes for its old data; `None` for the same as the quota.
    pub history_limit: Option<ByteSize>,
    /// Days for which replaced versions are kept.
    pub version_days: u32,
    /// Days for which deleted entries are kept.
    pub trash_days: u32,
    /// How contents that arrive are held; `None` if nothing is held.
    pub hold: Option<Holding>,
    /// Number of persons who must decide to release a held content.
    pub release_by: ReleaseBy,
    /// Rules for the PDFs of held documents.
    pub pdf: PdfRule,
    /// Its address for mails, which no other space has; `None` if it takes none.
    pub mail: Option<&'a MailName>,
    /// Time of the insertion.
    pub created: Timestamp,
}

const COLUMNS: &str = "id, name, kind, root_id, quota_bytes, used_bytes, version_days, trash_days, created_at, reserved_bytes, \
     property_bytes, history_limit, history_bytes, received_bytes,
     (SELECT size FROM entries WHERE entries.id = root_id), hold_ms, holds, mail, release_by, pdf_after,
     pdf_pages";

fn space_row(row: &Row<'_>) -> Result<SpaceRow, DatabaseError> {
    let kind: String = row.get(2)?;
    Ok(SpaceRow {
        id: SpaceId(row.get(0)?),
        name: row.get(1)?,
        kind: SpaceKind::from_word(&kind).ok_or_else(|| DatabaseError::unknown_word(&kind))?,
        root: EntryId(row.get(3)?),
        quota: row.get::<Option<u64>>(4)?.map(ByteSize),
        used: ByteSize(row.get(5)?),
        version_days: row.get(6)?,
        trash_days: row.get(7)?,
        created: Timestamp(row.get(8)?),
        reserved: ByteSize(row.get(9)?),
        properties: ByteSize(row.get(10)?),
        history_limit: row.get::<Option<u64>>(11)?.map(ByteSize),
        history: ByteSize(row.get(12)?),
        received: ByteSize(row.get(13)?),
        // Missing only while a damaged catalogue is examined.
        present: ByteSize(row.get::<Option<u64>>(14)?.unwrap_or(0)),
        hold: holding(row, 15)?,
        release_by: release_by(row, 18)?,
        pdf: pdf_rule(row, 19)?,
        mail: row.get::<Option<String>>(17)?.and_then(|name| MailName::parse(&name).ok()),
    })
}

/// The columns `hold_ms` and `holds`.
pub(super) fn holding(row: &Row<'_>, column: usize) -> Result<Option<Holding>, DatabaseError> {
    let Some(millis) = row.get::<Option<u64>>(column)? else { return Ok(None) };
    let scope: String = row.get(column + 1)?;
    // The strictest reading of a newer program's word.
    let scope = HoldScope::from_word(&scope).unwrap_or(HoldScope::All);
    Ok(Some(Holding { time: Duration::from_millis(millis), scope }))
}

/// The columns `pdf_after` and `pdf_pages`. A word of a newer program is read as strictly as possible.
pub(super) fn pdf_rule(row: &Row<'_>, column: usize) -> Result<PdfRule, DatabaseError> {
    let (after, pages): (String, String) = (row.get(column)?, row.get(column + 1)?);
    Ok(PdfRule {
        after: PdfAfter::from_word(&after).unwrap_or(PdfAfter::Keep),
        pages: PdfPages::from_word(&pages).unwrap_or(PdfPages::Pixels),
    })
}

/// The column `release_by`.
pub(super) fn release_by(row: &Row<'_>, column: usize) -> Result<ReleaseBy, DatabaseError> {
    let word: String = row.get(column)?;
    // The strictest reading of a newer program's word.
    Ok(ReleaseBy::from_word(&word).unwrap_or(ReleaseBy::Two))
}

/// The column `hold_ms`.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl ReadTx<'_> {
    /// How a space holds arriving contents; `None` if nothing is held.
    pub fn hold_of(&self, space: SpaceId) -> Result<Option<Holding>, CatalogError> {
        let sql = "SELECT hold_ms, holds FROM spaces WHERE id = ?1";
        Ok(self.one(sql, [space.0], |row| holding(row, 0))?.flatten())
    }

    /// The space of this id.
    pub fn space(&self, id: SpaceId) -> Result<Option<SpaceRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM spaces WHERE id = ?1"), [id.0], space_row)
    }

    /// The space whose name has this key ([`EntryName::key`]).
    pub fn space_by_name(&self, name_key: &str) -> Result<Option<SpaceRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM spaces WHERE name_key = ?1"), [name_key], space_row)
    }

    /// The space with this address for mails.
    pub fn space_by_mail(&self, name: &MailName) -> Result<Option<SpaceRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM spaces WHERE mail = ?1"), [name.as_str()], space_row)
    }

    /// All spaces by name.
    pub fn spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        self.all(&format!("SELECT {COLUMNS} FROM spaces ORDER BY name_key"), [], space_row)
    }

    /// A space with containers, if no such space is among `present`. Reads up to the first container of one that
    /// is.
    pub fn stored_space_outside(&self, present: &[SpaceId]) -> Result<Option<SpaceId>, CatalogError> {
        let mut absent = None;
        self.each("SELECT space_id FROM containers", [], |row| {
            let space = SpaceId(row.get(0)?);
            if present.contains(&space) {
                absent = None;
                return Ok(ControlFlow::Break(()));
            }
            absent = Some(space);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(absent)
    }
}

impl WriteTx<'_> {
    /// Adds a space and its root folder.
    pub fn insert_space(&self, space: &NewSpace<'_>) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO spaces (id, name, name_key, kind, root_id, quota_bytes, version_days, trash_days, created_at,
                 history_limit, hold_ms, holds, mail, release_by, pdf_after, pdf_pages)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            params![
                space.id.0,
                space.name.as_str(),
                space.name.key(),
                space.kind.as_str(),
                space.root.0,
                space.quota.map(|size| size.0),
                space.version_days,
                space.trash_days,
                space.created.0,
                space.history_limit.map(|size| size.0),
                space.hold.map(|hold| millis(hold.time)),
                space.hold.map_or(HoldScope::Risky, |hold| hold.scope).as_str(),
                space.mail.map(MailName::as_str),
                space.release_by.as_str(),
                space.pdf.after.as_str(),
                space.pdf.pages.as_str(),
            ],
        )?;
        self.insert_entry(&NewEntry {
            id: space.root,
            space: space.id,
            parent: None,
            name: None,
            version: None,
            size: 0,
            revision: self.next_revision()?,
            created: space.created,
            modified: space.created,
        })
    }

    /// Sets or removes a space's quota.
    pub fn set_quota(&self, space: SpaceId, quota: Option<ByteSize>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET quota_bytes = ?2 WHERE id = ?1",
            params![space.0, quota.map(|size| size.0)],
        )
        .map(drop)
    }

    /// Sets the limit of a space's old data; `None` for the same as the quota.
    pub fn set_history_limit(&self, space: SpaceId, limit: Option<ByteSize>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET history_limit = ?2 WHERE id = ?1",
            params![space.0, limit.map(|size| size.0)],
        )
        .map(drop)
    }

    /// Sets for how many days replaced versions and deleted entries are kept.
    pub fn set_keep_days(
        &self,
        space: SpaceId,
        version_days: u32,
        trash_days: u32,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET version_days = ?2, trash_days = ?3 WHERE id = ?1",
            params![space.0, version_days, trash_days],
        )
        .map(drop)
    }

    /// Sets how contents that arrive are held; `None` if nothing is held.
    pub fn set_hold(&self, space: SpaceId, hold: Option<Holding>) -> Result<(), CatalogError> {
        let scope = hold.map_or(HoldScope::Risky, |hold| hold.scope);
        self.execute(
            "UPDATE spaces SET hold_ms = ?2, holds = ?3 WHERE id = ?1",
            params![space.0, hold.map(|hold| millis(hold.time)), scope.as_str()],
        )
        .map(drop)
    }

    /// Sets the number of persons who must decide to release a held content.
    pub fn set_release_by(&self, space: SpaceId, persons: ReleaseBy) -> Result<(), CatalogError> {
        self.execute("UPDATE spaces SET release_by = ?2 WHERE id = ?1", params![space.0, persons.as_str()])
            .map(drop)
    }

    /// Sets the rules for the PDFs of held documents.
    pub fn set_pdf_rule(&self, space: SpaceId, rule: PdfRule) -> Result<(), CatalogError> {
        let (after, pages) = (rule.after.as_str(), rule.pages.as_str());
        let sql = "UPDATE spaces SET pdf_after = ?2, pdf_pages = ?3 WHERE id = ?1";
        self.execute(sql, params![space.0, after, pages]).map(drop)
    }

    /// Sets the address of a space for mails, which no other space has; `None` if it takes none.
    pub fn set_mail(&self, space: SpaceId, name: Option<&MailName>) -> Result<(), CatalogError> {
        let name = name.map(MailName::as_str);
        self.execute("UPDATE spaces SET mail = ?2 WHERE id = ?1", params![space.0, name]).map(drop)
    }

    /// Renames a space.
    pub fn rename_space(&self, space: SpaceId, name: &EntryName) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET name = ?2, name_key = ?3 WHERE id = ?1",
            params![space.0, name.as_str(), name.key()],
        )
        .map(drop)
    }
}

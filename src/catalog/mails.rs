//! Mails that were delivered, and their attachments.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, HoldRow, ReadTx, WriteTx};
use crate::model::{EntryId, SpaceId, Timestamp, VersionId};

/// A mail that was delivered: the content of its `.eml` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    /// The content.
    pub version: VersionId,
    /// Its space.
    pub space: SpaceId,
    /// Address of the sender by the envelope, not verified; empty if it has none.
    pub sender: String,
    /// When it arrived.
    pub arrived: Timestamp,
    /// Number of its attachments that are stored.
    pub attachments: u64,
    /// Why attachments are missing: a word of [`Obstacle`](crate::model::Obstacle), or the code of an error.
    pub fault: Option<String>,
}

/// The outcome for the attachments of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailUpdate<'a> {
    /// When they are tried again; `None` if it is done.
    pub next: Option<Timestamp>,
    /// Number of those that are stored.
    pub attachments: u64,
    /// Why some are missing.
    pub fault: Option<&'a str>,
}

const MAILS: &str = "SELECT mails.version_id, entries.space_id, sender, mails.arrived_at, attachments, fault
    FROM mails JOIN versions ON versions.id = mails.version_id JOIN entries ON entries.id = versions.entry_id";

fn mail_row(row: &Row<'_>) -> Result<MailRow, DatabaseError> {
    Ok(MailRow {
        version: VersionId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        sender: row.get(2)?,
        arrived: Timestamp(row.get(3)?),
        attachments: row.get(4)?,
        fault: row.get(5)?,
    })
}

impl ReadTx<'_> {
    /// The spaces with mails whose attachments are to be stored now.
    pub fn spaces_with_mails_due(&self, now: Timestamp) -> Result<Vec<SpaceId>, CatalogError> {
        let sql = "SELECT id FROM spaces WHERE EXISTS
            (SELECT 1 FROM mails WHERE mails.space_id = spaces.id AND next_at IS NOT NULL AND next_at <= ?1)";
        self.all(sql, [now.0], |row| Ok(SpaceId(row.get(0)?)))
    }

    /// Up to `limit` mails of a space whose attachments are to be stored now, longest due first.
    pub fn mails_due(
        &self,
        space: SpaceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MailRow>, CatalogError> {
        self.all(
            &format!(
                "{MAILS} WHERE mails.space_id = ?1 AND next_at IS NOT NULL AND next_at <= ?2
                 ORDER BY next_at, mails.version_id LIMIT ?3"
            ),
            params![space.0, now.0, limit],
            mail_row,
        )
    }

    /// Number of mails whose attachments are still to be stored.
    pub fn mails_waiting(&self) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM mails WHERE next_at IS NOT NULL";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or_default())
    }

    /// Whether a folder has a mail with this hash.
    pub fn has_mail(&self, folder: EntryId, hash: &[u8]) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM mails JOIN entries ON entries.version_id = mails.version_id
            WHERE hash = ?1 AND parent_id = ?2 LIMIT 1";
        Ok(self.one(sql, params![hash, folder.0], |row| row.get::<i64>(0))?.is_some())
    }

    /// Up to `limit` names of the attachments of a mail in a folder that have this SHA-256.
    pub fn mail_parts_with(
        &self,
        mail: VersionId,
        folder: EntryId,
        sha256: &[u8],
        limit: usize,
    ) -> Result<Vec<String>, CatalogError> {
        let sql = "SELECT name FROM mail_parts JOIN versions ON versions.id = mail_parts.version_id
            JOIN entries ON entries.version_id = versions.id WHERE mail_id = ?1 AND parent_id = ?2 AND sha256 = ?3
            LIMIT ?4";
        self.all(sql, params![mail.0, folder.0, sha256, limit], |row| row.get(0))
    }

    /// The mail whose content or attachment this is.
    pub fn mail_of(&self, content: VersionId) -> Result<Option<MailRow>, CatalogError> {
        let own = self.one(&format!("{MAILS} WHERE mails.version_id = ?1"), [content.0], mail_row)?;
        match own {
            Some(mail) => Ok(Some(mail)),
            None => self.one(
                &format!(
                    "{MAILS} WHERE mails.version_id = (SELECT mail_id FROM mail_parts WHERE version_id = ?1)"
                ),
                [content.0],
                mail_row,
            ),
        }
    }

    /// The hold of the mail that a content came with; `None` if it came with none, or that is not held.
    pub fn hold_of_mail(&self, attachment: VersionId) -> Result<Option<HoldRow>, CatalogError> {
        let sql = "SELECT mail_id FROM mail_parts WHERE version_id = ?1";
        match self.one(sql, [attachment.0], |row| Ok(VersionId(row.get(0)?)))? {
            Some(mail) => self.hold_on(mail),
            None => Ok(None),
        }
    }
}

impl ReadTx<'_> {
    /// The mail with which a content came, and at most this many attachments of it; the content may be among them.
    /// Empty if it is neither an attachment nor a mail with attachments.
    pub fn delivery_of(&self, content: VersionId, most: usize) -> Result<Vec<VersionId>, CatalogError> {
        let sql = "SELECT mail_id FROM mail_parts WHERE version_id = ?1";
        let mail = self.one(sql, [content.0], |row| Ok(VersionId(row.get(0)?)))?.unwrap_or(content);
        let sql = "SELECT version_id FROM mail_parts WHERE mail_id = ?1 ORDER BY version_id LIMIT ?2";
        let parts = self.all(sql, params![mail.0, most], |row| Ok(VersionId(row.get(0)?)))?;
        Ok(if parts.is_empty() { parts } else { [vec![mail], parts].concat() })
    }
}

impl WriteTx<'_> {
    /// Adds a mail whose attachments are to be stored.
    pub fn insert_mail(
        &self,
        version: VersionId,
        space: SpaceId,
        hash: &[u8],
        sender: &str,
        arrived: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO mails (version_id, space_id, hash, sender, arrived_at, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![version.0, space.0, hash, sender, arrived.0],
        )
        .map(drop)
    }

    /// Notes the outcome for the attachments of a mail.
    pub fn update_mail(&self, mail: VersionId, update: &MailUpdate<'_>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE mails SET next_at = ?2, attachments = ?3, fault = ?4 WHERE version_id = ?1",
            params![mail.0, update.next.map(|at| at.0), update.attachments, update.fault],
        )
        .map(drop)
    }

    /// Notes that a content is an attachment of a mail, unless that is known.
    pub fn insert_mail_part(&self, attachment: VersionId, mail: VersionId) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO mail_parts (version_id, mail_id) VALUES (?1, ?2) ON CONFLICT (version_id) DO NOTHING",
            params![attachment.0, mail.0],
        )
        .map(drop)
    }
}

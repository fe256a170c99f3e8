//! Hand-ins: the files that people without an account hand over through links.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    EntryId, HandInFileId, HandInId, ItemId, LinkId, SpaceId, Timestamp, VersionId, VersionState,
};

/// A hand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandInRow {
    /// Id of the hand-in.
    pub id: HandInId,
    /// The link through which it came; `None` once that is removed.
    pub link: Option<LinkId>,
    /// Space of the link.
    pub space: SpaceId,
    /// The folder in which it lies, while that exists.
    pub folder: Option<EntryId>,
    /// When it was begun.
    pub begun: Timestamp,
    /// The person's name in the person's words; may be empty.
    pub name: String,
    /// When it was finished; `None` while more may come.
    pub finished: Option<Timestamp>,
    /// Whether it was finished after the link's deadline.
    pub is_late: bool,
    /// Whether the person said that it is complete.
    pub is_complete: bool,
    /// The hand-in of the same browsers before it, through a link of a request.
    pub after: Option<HandInId>,
}

/// One file of a hand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandInFileRow {
    /// Id of the file.
    pub id: HandInFileId,
    /// Its content, while that is stored.
    pub version: Option<VersionId>,
    /// The path as it was sent.
    pub path: String,
    /// The name that it got.
    pub stored_as: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content; `None` if it was refused.
    pub sha256: Option<[u8; 32]>,
    /// When it arrived.
    pub at: Timestamp,
    /// Why it was not stored, as a word.
    pub refused: Option<String>,
    /// When the person took it back.
    pub withdrawn: Option<Timestamp>,
    /// State of its content, while that is stored.
    pub state: Option<VersionState>,
    /// Item of the request that it was handed in for.
    pub item: Option<ItemId>,
    /// Title of that item.
    pub item_title: Option<String>,
    /// The time until which that item is asked for, if it has a day of its own.
    pub item_until: Option<Timestamp>,
}

/// A hand-in to insert.
pub struct NewHandIn<'a> {
    /// The link through which it comes.
    pub link: LinkId,
    /// Space of the link.
    pub space: SpaceId,
    /// When it is begun.
    pub begun: Timestamp,
    /// The person's name.
    pub name: &'a str,
}

/// A file of a hand-in to insert.
pub struct NewHandInFile<'a> {
    /// The hand-in.
    pub hand_in: HandInId,
    /// Its content, unless it was refused.
    pub version: Option<VersionId>,
    /// The path as it was sent.
    pub path: &'a str,
    /// The name that it got.
    pub stored_as: &'a str,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: Option<&'a [u8]>,
    /// When it arrived.
    pub at: Timestamp,
    /// Why it was not stored.
    pub refused: Option<&'a str>,
    /// Item of the request that it is for.
    pub item: Option<ItemId>,
}

const HAND_IN: &str =
    "SELECT hand_ins.id, hand_ins.link_id, hand_ins.space_id, hand_ins.folder_id, begun_at, name, finished_at, late, complete,
        after_id
     FROM hand_ins";

const FILE: &str =
    "SELECT hand_in_files.id, version_id, path, stored_as, hand_in_files.size, hand_in_files.sha256, at,
        refused,
        withdrawn_at, versions.state, item_id, request_items.title, request_items.until_at
     FROM hand_in_files LEFT JOIN versions ON versions.id = version_id
          LEFT JOIN request_items ON request_items.id = item_id";

fn hand_in_row(row: &Row<'_>) -> Result<HandInRow, DatabaseError> {
    Ok(HandInRow {
        id: HandInId(row.get(0)?),
        link: row.get::<Option<i64>>(1)?.map(LinkId),
        space: SpaceId(row.get(2)?),
        folder: row.get::<Option<i64>>(3)?.map(EntryId),
        begun: Timestamp(row.get(4)?),
        name: row.get(5)?,
        finished: row.get::<Option<i64>>(6)?.map(Timestamp),
        is_late: row.get(7)?,
        is_complete: row.get(8)?,
        after: row.get::<Option<i64>>(9)?.map(HandInId),
    })
}

fn file_row(row: &Row<'_>) -> Result<HandInFileRow, DatabaseError> {
    let state: Option<String> = row.get(9)?;
    let state =
        state.map(|word| VersionState::from_word(&word).ok_or_else(|| DatabaseError::unknown_word(&word)));
    Ok(HandInFileRow {
        id: HandInFileId(row.get(0)?),
        version: row.get::<Option<i64>>(1)?.map(VersionId),
        path: row.get(2)?,
        stored_as: row.get(3)?,
        size: row.get(4)?,
        sha256: row.get(5)?,
        at: Timestamp(row.get(6)?),
        refused: row.get(7)?,
        withdrawn: row.get::<Option<i64>>(8)?.map(Timestamp),
        state: state.transpose()?,
        item: row.get::<Option<i64>>(10)?.map(ItemId),
        item_title: row.get(11)?,
        item_until: row.get::<Option<i64>>(12)?.map(Timestamp),
    })
}

impl ReadTx<'_> {
    /// The hand-in of this browser through this link.
    pub fn hand_in_of(&self, visit: &[u8; 32], link: LinkId) -> Result<Option<HandInRow>, CatalogError> {
        self.one(
            &format!("{HAND_IN} JOIN visits ON visits.hand_in_id = hand_ins.id WHERE hmac = ?1 AND hand_ins.link_id = ?2"),
            params![visit, link.0],
            hand_in_row,
        )
    }

    /// The hand-in of this id.
    pub fn hand_in(&self, id: HandInId) -> Result<Option<HandInRow>, CatalogError> {
        self.one(&format!("{HAND_IN} WHERE hand_ins.id = ?1"), [id.0], hand_in_row)
    }

    /// The hand-ins of the same browsers before this one, latest first, up to `limit`.
    pub fn hand_ins_before(&self, id: HandInId, limit: usize) -> Result<Vec<HandInRow>, CatalogError> {
        let mut before = Vec::new();
        let mut next = self.hand_in(id)?.and_then(|row| row.after);
        while let Some(row) = next.map(|id| self.hand_in(id)).transpose()?.flatten()
            && before.len() < limit
        {
            next = row.after;
            before.push(row);
        }
        Ok(before)
    }

    /// The hand-ins of a link that are not finished.
    pub fn open_hand_ins_of(&self, link: LinkId) -> Result<Vec<HandInId>, CatalogError> {
        let sql = "SELECT id FROM hand_ins WHERE link_id = ?1 AND finished_at IS NULL";
        self.all(sql, [link.0], |row| Ok(HandInId(row.get(0)?)))
    }

    /// Whether the latest `most` hand-ins of a link all began at this time or later.
    pub fn has_begun_since(&self, link: LinkId, since: Timestamp, most: usize) -> Result<bool, CatalogError> {
        let sql = "SELECT count(*) FROM (SELECT begun_at FROM hand_ins WHERE link_id = ?1 ORDER BY id DESC LIMIT ?3) AS latest
                   WHERE begun_at >= ?2";
        let found = self.one(sql, params![link.0, since.0, most], |row| row.get::<usize>(0))?;
        Ok(found.is_some_and(|found| found >= most))
    }

    /// Up to `limit` hand-ins of a link, latest first.
    pub fn hand_ins_of(&self, link: LinkId, limit: usize) -> Result<Vec<HandInRow>, CatalogError> {
        let sql = format!("{HAND_IN} WHERE hand_ins.link_id = ?1 ORDER BY hand_ins.id DESC LIMIT ?2");
        self.all(&sql, params![link.0, limit], hand_in_row)
    }

    /// Up to `limit` hand-ins of a space, latest first.
    pub fn hand_ins_in(&self, space: SpaceId, limit: usize) -> Result<Vec<HandInRow>, CatalogError> {
        let sql = format!("{HAND_IN} WHERE hand_ins.space_id = ?1 ORDER BY hand_ins.id DESC LIMIT ?2");
        self.all(&sql, params![space.0, limit], hand_in_row)
    }

    /// The number of hand-ins of a link that are not finished and have a file.
    pub fn count_open_hand_ins(&self, link: LinkId) -> Result<usize, CatalogError> {
        let sql = "SELECT count(*) FROM hand_ins WHERE link_id = ?1 AND finished_at IS NULL
                       AND EXISTS (SELECT 1 FROM hand_in_files WHERE hand_in_id = hand_ins.id)";
        Ok(self.one(sql, [link.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// Up to `limit` hand-ins that are not finished although their link has ended, expired or is used up; that began through a
    /// box before the first of two times; or that began before the second one, and nothing came or is under way.
    pub fn hand_ins_left_open(
        &self,
        now: Timestamp,
        (box_begun, empty_begun): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<HandInRow>, CatalogError> {
        let sql = format!(
            "{HAND_IN} LEFT JOIN links ON links.id = link_id LEFT JOIN requests ON requests.id = links.request_id
             WHERE finished_at IS NULL
                   AND (links.id IS NULL OR expires_at <= ?1 OR uses >= uses_max OR closed_at IS NOT NULL
                        OR is_box = 1 AND begun_at < ?2
                        OR begun_at < ?3
                           AND NOT EXISTS (SELECT 1 FROM hand_in_files WHERE hand_in_files.hand_in_id = hand_ins.id)
                           AND NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.hand_in_id = hand_ins.id))
             ORDER BY hand_ins.id LIMIT ?4"
        );
        self.all(&sql, params![now.0, box_begun.0, empty_begun.0, limit], hand_in_row)
    }

    /// The hand-in of a file.
    pub fn hand_in_of_file(&self, file: HandInFileId) -> Result<Option<HandInId>, CatalogError> {
        let sql = "SELECT hand_in_id FROM hand_in_files WHERE id = ?1";
        self.one(sql, [file.0], |row| Ok(HandInId(row.get(0)?)))
    }

    /// The files of a hand-in in the order of their arrival.
    pub fn hand_in_files(&self, id: HandInId) -> Result<Vec<HandInFileRow>, CatalogError> {
        self.all(&format!("{FILE} WHERE hand_in_id = ?1 ORDER BY hand_in_files.id"), [id.0], file_row)
    }

    /// Number and bytes of the stored files of a hand-in that were not taken back, and the number of all its rows.
    pub fn hand_in_extent(&self, id: HandInId) -> Result<(u64, u64, u64), CatalogError> {
        let extent = self.one(
            "SELECT count(*) FILTER (WHERE refused IS NULL AND withdrawn_at IS NULL),
                    coalesce(sum(size) FILTER (WHERE refused IS NULL AND withdrawn_at IS NULL), 0), count(*)
             FROM hand_in_files WHERE hand_in_id = ?1",
            [id.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(extent.unwrap_or_default())
    }

    /// The number of files of a hand-in that were refused.
    pub fn count_refused(&self, id: HandInId) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM hand_in_files WHERE hand_in_id = ?1 AND refused IS NOT NULL";
        Ok(self.one(sql, [id.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// The signed receipt of a hand-in; `None` before it is finished.
    pub fn receipt(&self, id: HandInId) -> Result<Option<String>, CatalogError> {
        let receipt = self.one("SELECT receipt FROM hand_ins WHERE id = ?1", [id.0], |row| row.get(0))?;
        Ok(receipt.flatten())
    }
}

impl WriteTx<'_> {
    /// Begins a hand-in in one browser.
    pub fn insert_hand_in(&self, new: &NewHandIn<'_>, visit: &[u8; 32]) -> Result<HandInId, CatalogError> {
        self.execute(
            "INSERT INTO hand_ins (link_id, space_id, begun_at, name, late, complete) VALUES (?1, ?2, ?3, ?4, 0, 0)",
            params![new.link.0, new.space.0, new.begun.0, new.name],
        )?;
        let id = HandInId(self.last_insert_id());
        self.insert_visit(visit, id)?;
        Ok(id)
    }

    /// Begins a hand-in in all browsers of one that is finished.
    pub fn insert_hand_in_after(
        &self,
        new: &NewHandIn<'_>,
        before: HandInId,
    ) -> Result<HandInId, CatalogError> {
        self.execute(
            "INSERT INTO hand_ins (link_id, space_id, begun_at, name, late, complete, after_id)
             VALUES (?1, ?2, ?3, ?4, 0, 0, ?5)",
            params![new.link.0, new.space.0, new.begun.0, new.name, before.0],
        )?;
        let id = HandInId(self.last_insert_id());
        self.execute("UPDATE visits SET hand_in_id = ?2 WHERE hand_in_id = ?1", params![before.0, id.0])?;
        Ok(id)
    }

    /// Lets another browser take part in a hand-in.
    pub fn insert_visit(&self, visit: &[u8; 32], hand_in: HandInId) -> Result<(), CatalogError> {
        self.execute("INSERT INTO visits (hmac, hand_in_id) VALUES (?1, ?2)", params![visit, hand_in.0])
            .map(drop)
    }

    /// Number of browsers of a hand-in.
    pub fn visits_of(&self, hand_in: HandInId) -> Result<usize, CatalogError> {
        let count =
            self.one("SELECT count(*) FROM visits WHERE hand_in_id = ?1", [hand_in.0], |row| row.get(0))?;
        Ok(count.unwrap_or_default())
    }

    /// Sets the folder in which a hand-in lies.
    pub fn set_hand_in_folder(&self, id: HandInId, folder: EntryId) -> Result<(), CatalogError> {
        self.execute("UPDATE hand_ins SET folder_id = ?2 WHERE id = ?1", params![id.0, folder.0]).map(drop)
    }

    /// Counts a folder without a file; `false` if the hand-in has `most` of them.
    pub fn count_hand_in_folder(&self, id: HandInId, most: u32) -> Result<bool, CatalogError> {
        let sql = "UPDATE hand_ins SET folders = folders + 1 WHERE id = ?1 AND folders < ?2";
        Ok(self.execute(sql, params![id.0, most])? > 0)
    }

    /// Adds a file to a hand-in.
    pub fn insert_hand_in_file(&self, new: &NewHandInFile<'_>) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO hand_in_files (hand_in_id, version_id, path, stored_as, size, sha256, at, refused,
                                        item_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                new.hand_in.0,
                new.version.map(|version| version.0),
                new.path,
                new.stored_as,
                new.size,
                new.sha256,
                new.at.0,
                new.refused,
                new.item.map(|item| item.0)
            ],
        )
        .map(drop)
    }

    /// Marks a file as taken back.
    pub fn withdraw_hand_in_file(&self, id: HandInFileId, now: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE hand_in_files SET withdrawn_at = ?2 WHERE id = ?1", params![id.0, now.0])
            .map(drop)
    }

    /// Finishes a hand-in with its receipt.
    pub fn finish_hand_in(
        &self,
        id: HandInId,
        now: Timestamp,
        (is_late, is_complete): (bool, bool),
        receipt: &str,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE hand_ins SET finished_at = ?2, late = ?3, complete = ?4, receipt = ?5 WHERE id = ?1",
            params![id.0, now.0, is_late, is_complete, receipt],
        )
        .map(drop)
    }

    /// Removes a hand-in to which nothing was ever stored.
    pub fn delete_hand_in(&self, id: HandInId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM hand_ins WHERE id = ?1", [id.0]).map(drop)
    }

    /// Counts one use of a link; `false` if it is used up.
    pub fn use_link(&self, id: LinkId) -> Result<bool, CatalogError> {
        let used = self.execute(
            "UPDATE links SET uses = uses + 1 WHERE id = ?1 AND (uses_max IS NULL OR uses < uses_max)",
            [id.0],
        )?;
        Ok(used > 0)
    }
}

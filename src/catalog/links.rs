//! Links for people without an account.

use std::collections::HashSet;

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, LinkId, LinkRight, SpaceId, Timestamp, UserId};

/// A link.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// Its id.
    pub id: LinkId,
    /// What its token is made of, with a key that is not in the catalogue.
    pub nonce: [u8; 16],
    /// What it leads to.
    pub entry: EntryId,
    /// Where that lies.
    pub space: SpaceId,
    /// Who made it.
    pub creator: UserId,
    /// What its holder may do.
    pub right: LinkRight,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it does not open any more.
    pub expires: Option<Timestamp>,
    /// Its password as a PHC string, if one is asked for.
    pub password_hash: Option<String>,
    /// For who made it; may be empty.
    pub label: String,
    /// For who opens it; may be empty.
    pub note: String,
    /// Whether its page shall not offer files for download.
    pub hide_download: bool,
    /// When it was last opened, to the hour.
    pub opened: Option<Timestamp>,
}

/// A link about to be inserted.
pub struct NewLink<'a> {
    /// Keyed hash of its token.
    pub token_hmac: &'a [u8; 32],
    /// What the token is made of.
    pub nonce: &'a [u8; 16],
    /// What it leads to.
    pub entry: EntryId,
    /// Who makes it.
    pub creator: UserId,
    /// What its holder may do.
    pub right: LinkRight,
    /// When it is made.
    pub created: Timestamp,
    /// From when on it does not open any more.
    pub expires: Option<Timestamp>,
    /// Its password as a PHC string.
    pub password_hash: Option<&'a str>,
    /// For who made it.
    pub label: &'a str,
    /// For who opens it.
    pub note: &'a str,
    /// Whether its page shall not offer files for download.
    pub hide_download: bool,
}

impl std::fmt::Debug for LinkRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkRow").field("id", &self.id).finish_non_exhaustive()
    }
}

const LINK: &str = "links.id, nonce, entry_id, space_id, creator_id, \"right\", links.created_at, expires_at,
     password_hash, label, note, hide_download, opened_at";

/// Links with the entry each leads to. The entry's index also holds what a link gives: see the migration.
const LINKS: &str = "FROM links JOIN entries ON entries.id = links.entry_id";

fn link_row(row: &Row<'_>) -> Result<LinkRow, DatabaseError> {
    let right: String = row.get(5)?;
    Ok(LinkRow {
        id: LinkId(row.get(0)?),
        nonce: row.get(1)?,
        entry: EntryId(row.get(2)?),
        space: SpaceId(row.get(3)?),
        creator: UserId(row.get(4)?),
        right: LinkRight::from_word(&right).ok_or_else(|| DatabaseError::unknown_word(&right))?,
        created: Timestamp(row.get(6)?),
        expires: row.get::<Option<i64>>(7)?.map(Timestamp),
        password_hash: row.get(8)?,
        label: row.get(9)?,
        note: row.get(10)?,
        hide_download: row.get(11)?,
        opened: row.get::<Option<i64>>(12)?.map(Timestamp),
    })
}

impl ReadTx<'_> {
    /// The link whose token has this keyed hash.
    pub fn link_by_hmac(&self, hmac: &[u8; 32]) -> Result<Option<LinkRow>, CatalogError> {
        self.one(&format!("SELECT {LINK} {LINKS} WHERE token_hmac = ?1"), [hmac], link_row)
    }

    /// The link of this id.
    pub fn link(&self, id: LinkId) -> Result<Option<LinkRow>, CatalogError> {
        self.one(&format!("SELECT {LINK} {LINKS} WHERE links.id = ?1"), [id.0], link_row)
    }

    /// The links to an entry, oldest first.
    pub fn links_to(&self, entry: EntryId) -> Result<Vec<LinkRow>, CatalogError> {
        let sql = format!("SELECT {LINK} {LINKS} WHERE links.entry_id = ?1 ORDER BY links.id");
        self.all(&sql, [entry.0], link_row)
    }

    /// The links to a folder's direct members, oldest first.
    pub fn links_to_members(&self, folder: EntryId) -> Result<Vec<LinkRow>, CatalogError> {
        // The few links first: a folder may have many members.
        let sql = format!(
            "SELECT {LINK} FROM links CROSS JOIN entries
             WHERE entries.id = links.entry_id AND entries.parent_id = ?1 ORDER BY links.id"
        );
        self.all(&sql, [folder.0], link_row)
    }

    /// The links that somebody made, oldest first.
    pub fn links_by(&self, creator: UserId) -> Result<Vec<LinkRow>, CatalogError> {
        let sql = format!("SELECT {LINK} {LINKS} WHERE creator_id = ?1 ORDER BY links.id");
        self.all(&sql, [creator.0], link_row)
    }

    /// All links, oldest first.
    pub fn links(&self) -> Result<Vec<LinkRow>, CatalogError> {
        self.all(&format!("SELECT {LINK} {LINKS} ORDER BY links.id"), [], link_row)
    }

    /// Those of some entries to which there are links that `creator` made or, without one, anybody.
    pub fn linked_among(
        &self,
        entries: &HashSet<EntryId>,
        creator: Option<UserId>,
    ) -> Result<HashSet<EntryId>, CatalogError> {
        let (Some(first), Some(last)) =
            (entries.iter().map(|entry| entry.0).min(), entries.iter().map(|entry| entry.0).max())
        else {
            return Ok(HashSet::new());
        };
        let creator = creator.map(|user| user.0);
        let linked = self.all(
            "SELECT DISTINCT entry_id FROM links
             WHERE entry_id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR creator_id = ?3)",
            params![first, last, creator],
            |row| Ok(EntryId(row.get(0)?)),
        )?;
        Ok(linked.into_iter().filter(|entry| entries.contains(entry)).collect())
    }

    /// How many links there are to an entry, and how many somebody made.
    pub fn link_counts(&self, entry: EntryId, creator: UserId) -> Result<(usize, usize), CatalogError> {
        let counts = self.one(
            "SELECT (SELECT count(*) FROM links WHERE entry_id = ?1),
                    (SELECT count(*) FROM links WHERE creator_id = ?2)",
            params![entry.0, creator.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counts.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Adds a link.
    pub fn insert_link(&self, new: &NewLink<'_>) -> Result<LinkId, CatalogError> {
        self.execute(
            "INSERT INTO links (token_hmac, nonce, entry_id, creator_id, \"right\", created_at, expires_at,
                                password_hash, label, note, hide_download)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                new.token_hmac,
                new.nonce,
                new.entry.0,
                new.creator.0,
                new.right.as_str(),
                new.created.0,
                new.expires.map(|at| at.0),
                new.password_hash,
                new.label,
                new.note,
                new.hide_download,
            ],
        )?;
        Ok(LinkId(self.last_insert_id()))
    }

    /// Makes the link of this id what `row` says: right, expiry, password, texts.
    pub fn update_link(&self, row: &LinkRow) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE links SET \"right\" = ?2, expires_at = ?3, password_hash = ?4, label = ?5, note = ?6,
                              hide_download = ?7
             WHERE id = ?1",
            params![
                row.id.0,
                row.right.as_str(),
                row.expires.map(|at| at.0),
                row.password_hash,
                row.label,
                row.note,
                row.hide_download,
            ],
        )
        .map(drop)
    }

    /// Removes links that expired before `limit`.
    pub fn delete_links_expired(&self, limit: Timestamp) -> Result<usize, CatalogError> {
        self.execute("DELETE FROM links WHERE expires_at < ?1", [limit.0])
    }

    /// Notes when a link was last opened.
    pub fn touch_link(&self, id: LinkId, opened: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE links SET opened_at = ?2 WHERE id = ?1", params![id.0, opened.0]).map(drop)
    }

    /// Ends a link, and what locks its guests hold; `false` if there is none.
    pub fn delete_link(&self, id: LinkId) -> Result<bool, CatalogError> {
        Ok(self.execute("DELETE FROM links WHERE id = ?1", [id.0])? > 0)
    }
}

//! Links for people without an account.

use std::collections::HashSet;

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, LinkId, LinkRight, LinkTerms, RequestId, SpaceId, Timestamp, UserId};

/// A link to a file or folder.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// Id of the link.
    pub id: LinkId,
    /// The token is derived from this nonce and a key that is not in the catalogue.
    pub nonce: [u8; 16],
    /// The linked entry.
    pub entry: EntryId,
    /// Space of the entry.
    pub space: SpaceId,
    /// User who created the link.
    pub creator: UserId,
    /// Right of the guests.
    pub right: LinkRight,
    /// Time of creation.
    pub created: Timestamp,
    /// Time from which it no longer opens.
    pub expires: Option<Timestamp>,
    /// Hash of its password in PHC form, if it has one.
    pub password_hash: Option<String>,
    /// Label for the creator; may be empty.
    pub label: String,
    /// Note for the guests; may be empty.
    pub note: String,
    /// Whether its page hides downloads.
    pub hide_download: bool,
    /// Time at which it was last opened, to the minute.
    pub opened: Option<Timestamp>,
    /// Its terms for people who hand in through it.
    pub terms: LinkTerms,
    /// Number of finished hand-ins or complete downloads.
    pub uses: u32,
    /// Time at which something was last fetched through it, to the minute.
    pub fetched: Option<Timestamp>,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
}

impl LinkRow {
    /// Whether it was used as often as it may be.
    pub fn is_used_up(&self) -> bool {
        self.terms.uses.is_some_and(|most| self.uses >= most)
    }
}

/// How often a link was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkUse {
    /// Number of ended hand-ins or complete downloads.
    pub count: u32,
    /// When the last of them ended.
    pub last: Timestamp,
}

/// A link to insert.
pub struct NewLink<'a> {
    /// Keyed hash of its token.
    pub token_hmac: &'a [u8; 32],
    /// Nonce from which the token is derived.
    pub nonce: &'a [u8; 16],
    /// The linked entry.
    pub entry: EntryId,
    /// User who creates the link.
    pub creator: UserId,
    /// Right of the guests.
    pub right: LinkRight,
    /// Time of creation.
    pub created: Timestamp,
    /// Time from which it no longer opens.
    pub expires: Option<Timestamp>,
    /// Hash of its password in PHC form.
    pub password_hash: Option<&'a str>,
    /// Label for the creator.
    pub label: &'a str,
    /// Note for the guests.
    pub note: &'a str,
    /// Whether its page hides downloads.
    pub hide_download: bool,
    /// Its terms for people who hand in through it.
    pub terms: &'a LinkTerms,
}

impl std::fmt::Debug for LinkRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkRow").field("id", &self.id).finish_non_exhaustive()
    }
}

const LINK: &str = "links.id, nonce, entry_id, space_id, creator_id, \"right\", links.created_at, expires_at,
     password_hash, label, note, hide_download, opened_at, uses_max, uses, deadline_at, bytes_max, files_max, types,
     own_folder, guest_chooses, fetched_at, links.request_id, is_box, code_to";

/// Links joined with their entries. The entries' index includes the columns that links need: see the migration.
const LINKS: &str = "FROM links JOIN entries ON entries.id = links.entry_id";

fn link_row(row: &Row<'_>) -> Result<LinkRow, DatabaseError> {
    let (right, types): (String, Option<String>) = (row.get(5)?, row.get(18)?);
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
        terms: LinkTerms {
            uses: row.get(13)?,
            deadline: row.get::<Option<i64>>(15)?.map(Timestamp),
            bytes: row.get(16)?,
            files: row.get(17)?,
            types: types
                .into_iter()
                .flat_map(|list| list.split(' ').map(str::to_owned).collect::<Vec<_>>())
                .collect(),
            own_folder: row.get(19)?,
            guest_chooses: row.get(20)?,
            is_box: row.get(23)?,
            code_to: row.get(24)?,
        },
        uses: row.get(14)?,
        fetched: row.get::<Option<i64>>(21)?.map(Timestamp),
        request: row.get::<Option<i64>>(22)?.map(RequestId),
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
        let sql = format!(
            "SELECT {LINK} {LINKS} WHERE links.entry_id = ?1 AND request_id IS NULL ORDER BY links.id"
        );
        self.all(&sql, [entry.0], link_row)
    }

    /// The links to a folder's direct members, oldest first.
    pub fn links_to_members(&self, folder: EntryId) -> Result<Vec<LinkRow>, CatalogError> {
        // Start with the few links, because a folder may have many members.
        let sql = format!(
            "SELECT {LINK} FROM links CROSS JOIN entries
             WHERE entries.id = links.entry_id AND entries.parent_id = ?1 AND links.request_id IS NULL
             ORDER BY links.id"
        );
        self.all(&sql, [folder.0], link_row)
    }

    /// The links that a user created, oldest first.
    pub fn links_by(&self, creator: UserId) -> Result<Vec<LinkRow>, CatalogError> {
        let sql =
            format!("SELECT {LINK} {LINKS} WHERE creator_id = ?1 AND request_id IS NULL ORDER BY links.id");
        self.all(&sql, [creator.0], link_row)
    }

    /// How often those of the links that a user created were used that were used at all. Looks at up to `most` hand-ins and
    /// downloads of each, and takes the link's own number if there are more.
    pub fn uses_of_links_by(
        &self,
        creator: UserId,
        most: usize,
    ) -> Result<Vec<(LinkId, LinkUse)>, CatalogError> {
        let used = self.all(
            "SELECT links.id, uses,
                    (SELECT count(finished_at) FROM (SELECT finished_at FROM hand_ins WHERE link_id = links.id
                                                     ORDER BY hand_ins.id DESC LIMIT ?2) AS latest),
                    (SELECT max(finished_at) FROM (SELECT finished_at FROM hand_ins WHERE link_id = links.id
                                                   ORDER BY hand_ins.id DESC LIMIT ?2) AS latest),
                    (SELECT max(completed_at) FROM (SELECT completed_at FROM downloads WHERE link_id = links.id
                                                    ORDER BY downloads.id DESC LIMIT ?2) AS latest)
             FROM links WHERE creator_id = ?1 AND request_id IS NULL",
            params![creator.0, most],
            |row| {
                let (uses, ended): (u32, u32) = (row.get(1)?, row.get(2)?);
                let last = row.get::<Option<i64>>(3)?.max(row.get(4)?);
                Ok((LinkId(row.get(0)?), uses.max(ended), last))
            },
        )?;
        let used = used.into_iter();
        Ok(used
            .filter_map(|(id, count, last)| Some((id, LinkUse { count, last: Timestamp(last?) })))
            .collect())
    }

    /// The box of a user.
    pub fn box_of(&self, user: UserId) -> Result<Option<LinkRow>, CatalogError> {
        self.one(&format!("SELECT {LINK} {LINKS} WHERE creator_id = ?1 AND is_box = 1"), [user.0], link_row)
    }

    /// Up to `limit` links to read, made before `made`, that end between these times, and through which nothing was fetched.
    pub fn unfetched_links(
        &self,
        made: Timestamp,
        (from, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<LinkRow>, CatalogError> {
        let sql = format!(
            "SELECT {LINK} {LINKS} WHERE expires_at > ?1 AND expires_at <= ?2 AND links.created_at < ?3
             AND \"right\" = 'read' AND fetched_at IS NULL AND uses = 0 ORDER BY expires_at LIMIT ?4"
        );
        self.all(&sql, params![from.0, until.0, made.0, limit], link_row)
    }

    /// All links, oldest first.
    pub fn links(&self) -> Result<Vec<LinkRow>, CatalogError> {
        self.all(&format!("SELECT {LINK} {LINKS} ORDER BY links.id"), [], link_row)
    }

    /// Those of the entries that have a link created by `creator`, or without it, by any user.
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
             WHERE entry_id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR creator_id = ?3) AND request_id IS NULL",
            params![first, last, creator],
            |row| Ok(EntryId(row.get(0)?)),
        )?;
        Ok(linked.into_iter().filter(|entry| entries.contains(entry)).collect())
    }

    /// Number of links to an entry, and of links that a user created.
    pub fn link_counts(&self, entry: EntryId, creator: UserId) -> Result<(usize, usize), CatalogError> {
        let counts = self.one(
            "SELECT (SELECT count(*) FROM links WHERE entry_id = ?1 AND request_id IS NULL),
                    (SELECT count(*) FROM links WHERE creator_id = ?2 AND request_id IS NULL)",
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
                                password_hash, label, note, hide_download, uses_max, deadline_at, bytes_max,
                                files_max, types, own_folder, guest_chooses, is_box, code_to)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
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
                new.terms.uses,
                new.terms.deadline.map(|at| at.0),
                new.terms.bytes,
                new.terms.files,
                kept_types(new.terms),
                new.terms.own_folder,
                new.terms.guest_chooses,
                new.terms.is_box,
                new.terms.code_to,
            ],
        )?;
        Ok(LinkId(self.last_insert_id()))
    }

    /// Gives a link whose guest chooses its password that password; `false` if it has one.
    pub fn choose_link_password(&self, id: LinkId, hash: &str) -> Result<bool, CatalogError> {
        let chosen = self.execute(
            "UPDATE links SET password_hash = ?2 WHERE id = ?1 AND guest_chooses = 1 AND password_hash IS NULL",
            params![id.0, hash],
        )?;
        Ok(chosen > 0)
    }

    /// Updates the link with this id: right, expiry, password, texts, number of uses.
    pub fn update_link(&self, row: &LinkRow) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE links SET \"right\" = ?2, expires_at = ?3, password_hash = ?4, label = ?5, note = ?6,
                              hide_download = ?7, uses_max = ?8, bytes_max = ?9, files_max = ?10, types = ?11
             WHERE id = ?1",
            params![
                row.id.0,
                row.right.as_str(),
                row.expires.map(|at| at.0),
                row.password_hash,
                row.label,
                row.note,
                row.hide_download,
                row.terms.uses,
                row.terms.bytes,
                row.terms.files,
                kept_types(&row.terms),
            ],
        )
        .map(drop)
    }

    /// Gives a link another address; the one before opens nothing from then on.
    pub fn renew_link(
        &self,
        id: LinkId,
        (nonce, token_hmac): (&[u8; 16], &[u8; 32]),
    ) -> Result<(), CatalogError> {
        let sql = "UPDATE links SET nonce = ?2, token_hmac = ?3 WHERE id = ?1";
        self.execute(sql, params![id.0, nonce, token_hmac]).map(drop)
    }

    /// Sends the codes of a link that opens by them to another address.
    pub fn send_codes_to(&self, id: LinkId, address: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE links SET code_to = ?2 WHERE id = ?1 AND code_to IS NOT NULL",
            params![id.0, address],
        )
        .map(drop)
    }

    /// Removes links that expired before `limit`.
    pub fn delete_links_expired(&self, limit: Timestamp) -> Result<usize, CatalogError> {
        self.execute("DELETE FROM links WHERE expires_at < ?1", [limit.0])
    }

    /// Records when something was last fetched through a link.
    pub fn touch_link_fetched(&self, id: LinkId, fetched: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE links SET fetched_at = ?2 WHERE id = ?1", params![id.0, fetched.0]).map(drop)
    }

    /// Records when a link was last opened.
    pub fn touch_link(&self, id: LinkId, opened: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE links SET opened_at = ?2 WHERE id = ?1", params![id.0, opened.0]).map(drop)
    }

    /// Ends a link and the locks of its guests; `false` if there is none.
    pub fn delete_link(&self, id: LinkId) -> Result<bool, CatalogError> {
        Ok(self.execute("DELETE FROM links WHERE id = ?1", [id.0])? > 0)
    }
}

/// The endings as they are stored; `None` for all.
fn kept_types(terms: &LinkTerms) -> Option<String> {
    Some(terms.types.join(" ")).filter(|types| !types.is_empty())
}

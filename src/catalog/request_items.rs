//! The items of requests, the files handed in for them, and the recipients' comments on them.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    CommentId, EntryId, HandInFileId, Handout, Handouts, ItemFacts, ItemId, ItemState, LinkId, RecipientId,
    RequestId, Timestamp, UserId, Verdict, VersionId, VersionState,
};

/// An item of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Id of the item.
    pub id: ItemId,
    /// Its request.
    pub request: RequestId,
    /// Its place in the list, from 1.
    pub position: u32,
    /// The title of the item.
    pub title: String,
    /// Advice for the recipient; may be empty.
    pub help: String,
    /// The person whose document it is; may be empty.
    pub person: String,
    /// Whether it takes more than one file.
    pub several: bool,
    /// Its state.
    pub state: ItemState,
    /// When the office decided about it.
    pub judged: Option<Timestamp>,
    /// Why it was rejected; may be empty.
    pub reason: String,
    /// When the person said that it does not apply.
    pub declined: Option<Timestamp>,
    /// The person's comment about that; may be empty.
    pub declined_why: String,
    /// The end of its own last day; without one, the deadline of the request counts.
    pub until: Option<Timestamp>,
    /// The files that the recipients may fetch for it.
    pub handouts: Handouts,
}

/// An item to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// The title of the item.
    pub title: String,
    /// Advice for the recipient; may be empty.
    pub help: String,
    /// The person whose document it is; may be empty.
    pub person: String,
    /// Whether it takes more than one file.
    pub several: bool,
    /// The end of its own last day.
    pub until: Option<Timestamp>,
    /// The files that the recipients may fetch for it.
    pub handouts: Handouts,
}

/// A recipient's comment on an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRow {
    /// Id of the comment.
    pub id: CommentId,
    /// The item.
    pub item: ItemId,
    /// The person, while the request has that recipient.
    pub recipient: Option<RecipientId>,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub text: String,
    /// When the office answered it, or settled it without words.
    pub answered: Option<Timestamp>,
    /// The answer; empty without one.
    pub answer: String,
}

/// A file that was handed in for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFileRow {
    /// Id of the file.
    pub id: HandInFileId,
    /// Its item; `None` for anything else.
    pub item: Option<ItemId>,
    /// The link through which it came, while that exists.
    pub link: Option<LinkId>,
    /// The path as it was sent.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// Its content, while that is stored.
    pub version: Option<VersionId>,
    /// Its entry, while that exists.
    pub entry: Option<EntryId>,
    /// State of its content, while that is stored.
    pub state: Option<VersionState>,
}

const COMMENT: &str = "id, item_id, recipient_id, at, text, answered_at, answer";

fn comment_row(row: &Row<'_>) -> Result<CommentRow, DatabaseError> {
    Ok(CommentRow {
        id: CommentId(row.get(0)?),
        item: ItemId(row.get(1)?),
        recipient: row.get::<Option<i64>>(2)?.map(RecipientId),
        at: Timestamp(row.get(3)?),
        text: row.get(4)?,
        answered: row.get::<Option<i64>>(5)?.map(Timestamp),
        answer: row.get(6)?,
    })
}

const ITEM: &str = "id, request_id, position, title, help, person, several, state, verdict_at, reason,
     declined_at, declined_why, until_at, form_id, example_id";

fn item_row(row: &Row<'_>) -> Result<ItemRow, DatabaseError> {
    let state: String = row.get(7)?;
    Ok(ItemRow {
        id: ItemId(row.get(0)?),
        request: RequestId(row.get(1)?),
        position: row.get(2)?,
        title: row.get(3)?,
        help: row.get(4)?,
        person: row.get(5)?,
        several: row.get(6)?,
        state: ItemState::from_word(&state).ok_or_else(|| DatabaseError::unknown_word(&state))?,
        judged: row.get::<Option<i64>>(8)?.map(Timestamp),
        reason: row.get(9)?,
        declined: row.get::<Option<i64>>(10)?.map(Timestamp),
        declined_why: row.get(11)?,
        until: row.get::<Option<i64>>(12)?.map(Timestamp),
        handouts: Handouts {
            form: row.get::<Option<i64>>(13)?.map(EntryId),
            example: row.get::<Option<i64>>(14)?.map(EntryId),
        },
    })
}

fn file_row(row: &Row<'_>) -> Result<RequestFileRow, DatabaseError> {
    let state: Option<String> = row.get(8)?;
    let state =
        state.map(|word| VersionState::from_word(&word).ok_or_else(|| DatabaseError::unknown_word(&word)));
    Ok(RequestFileRow {
        id: HandInFileId(row.get(0)?),
        item: row.get::<Option<i64>>(1)?.map(ItemId),
        link: row.get::<Option<i64>>(2)?.map(LinkId),
        path: row.get(3)?,
        size: row.get(4)?,
        at: Timestamp(row.get(5)?),
        version: row.get::<Option<i64>>(6)?.map(VersionId),
        entry: row.get::<Option<i64>>(7)?.map(EntryId),
        state: state.transpose()?,
    })
}

impl ReadTx<'_> {
    /// Number of items of a request.
    pub fn item_count(&self, request: RequestId) -> Result<u32, CatalogError> {
        // The last place in the list, which one step of the index finds.
        let sql = "SELECT position FROM request_items WHERE request_id = ?1 ORDER BY position DESC LIMIT 1";
        Ok(self.one(sql, [request.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// Files that items hand out in the latest `requests` requests of a user: forms and examples of at most `limit` items.
    pub fn handouts_lately(
        &self,
        creator: UserId,
        (requests, limit): (usize, usize),
    ) -> Result<Vec<EntryId>, CatalogError> {
        let rows = self.all(
            "SELECT form_id, example_id FROM request_items
             WHERE request_id IN (SELECT id FROM requests WHERE creator_id = ?1 ORDER BY id DESC LIMIT ?2)
               AND (form_id IS NOT NULL OR example_id IS NOT NULL)
             ORDER BY id DESC LIMIT ?3",
            params![creator.0, requests, limit],
            |row| Ok([row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?]),
        )?;
        Ok(rows.into_iter().flatten().flatten().map(EntryId).collect())
    }

    /// The items of a request in their order.
    pub fn items_of(&self, request: RequestId) -> Result<Vec<ItemRow>, CatalogError> {
        let sql = format!("SELECT {ITEM} FROM request_items WHERE request_id = ?1 ORDER BY position");
        self.all(&sql, [request.0], item_row)
    }

    /// The item of this id.
    pub fn item(&self, id: ItemId) -> Result<Option<ItemRow>, CatalogError> {
        self.one(&format!("SELECT {ITEM} FROM request_items WHERE id = ?1"), [id.0], item_row)
    }

    /// Up to `limit` different times at which missing items of a request are due by days of their own, earliest
    /// first.
    pub fn dates_missing(&self, request: RequestId, limit: usize) -> Result<Vec<Timestamp>, CatalogError> {
        self.all(
            "SELECT DISTINCT until_at FROM request_items
             WHERE request_id = ?1 AND until_at IS NOT NULL AND state IN ('open', 'rejected')
             ORDER BY until_at LIMIT ?2",
            params![request.0, limit],
            |row| Ok(Timestamp(row.get(0)?)),
        )
    }

    /// The facts from which the state of an item follows.
    pub fn item_facts(&self, id: ItemId) -> Result<Option<ItemFacts>, CatalogError> {
        let row = self.one(
            "SELECT verdict, declined_at IS NOT NULL, judged_declined, judged_file FROM request_items WHERE id = ?1",
            [id.0],
            |row| {
                let verdict: Option<String> = row.get(0)?;
                let verdict = verdict
                    .map(|word| Verdict::from_word(&word).ok_or_else(|| DatabaseError::unknown_word(&word)));
                Ok((verdict.transpose()?, row.get::<bool>(1)?, row.get::<bool>(2)?, row.get::<i64>(3)?))
            },
        )?;
        let Some((verdict, is_declined, was_declined, judged_file)) = row else { return Ok(None) };
        let after = |file: i64| {
            let found = self.one(
                "SELECT 1 FROM hand_in_files
                 WHERE item_id = ?1 AND id > ?2 AND refused IS NULL AND withdrawn_at IS NULL LIMIT 1",
                params![id.0, file],
                |_| Ok(()),
            );
            Ok::<_, CatalogError>(found?.is_some())
        };
        let (has_files, has_new_files) = (after(0)?, after(judged_file)?);
        Ok(Some(ItemFacts { verdict, is_declined, was_declined, has_files, has_new_files }))
    }

    /// Number of the files of an item that were not taken back.
    pub fn item_file_count(&self, id: ItemId) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM hand_in_files
                   WHERE item_id = ?1 AND refused IS NULL AND withdrawn_at IS NULL";
        Ok(self.one(sql, [id.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// The item that a file was handed in for.
    pub fn item_of_file(&self, file: HandInFileId) -> Result<Option<ItemId>, CatalogError> {
        let item = self.one("SELECT item_id FROM hand_in_files WHERE id = ?1", [file.0], |row| {
            Ok(row.get::<Option<i64>>(0)?.map(ItemId))
        })?;
        Ok(item.flatten())
    }

    /// Up to `limit` of the latest comments on an item, earliest first.
    pub fn comments_on(&self, item: ItemId, limit: usize) -> Result<Vec<CommentRow>, CatalogError> {
        let sql =
            format!("SELECT {COMMENT} FROM request_comments WHERE item_id = ?1 ORDER BY id DESC LIMIT ?2");
        let mut comments = self.all(&sql, params![item.0, limit], comment_row)?;
        comments.reverse();
        Ok(comments)
    }

    /// A comment.
    pub fn comment(&self, id: CommentId) -> Result<Option<CommentRow>, CatalogError> {
        self.one(&format!("SELECT {COMMENT} FROM request_comments WHERE id = ?1"), [id.0], comment_row)
    }

    /// Up to `limit` files of an item that were not taken back, latest first.
    pub fn files_of_item(&self, item: ItemId, limit: usize) -> Result<Vec<RequestFileRow>, CatalogError> {
        self.all(
            "SELECT hand_in_files.id, item_id, hand_ins.link_id, path, hand_in_files.size, at, version_id,
                    versions.entry_id, versions.state
             FROM hand_in_files JOIN hand_ins ON hand_ins.id = hand_in_id
                  LEFT JOIN versions ON versions.id = version_id
             WHERE item_id = ?1 AND refused IS NULL AND withdrawn_at IS NULL
             ORDER BY hand_in_files.id DESC LIMIT ?2",
            params![item.0, limit],
            file_row,
        )
    }

    /// Up to `limit` files that came through a link of a request and belong to none of its items, latest first.
    pub fn other_files_of(
        &self,
        request: RequestId,
        limit: usize,
    ) -> Result<Vec<RequestFileRow>, CatalogError> {
        self.all(
            "SELECT hand_in_files.id, item_id, hand_ins.link_id, path, hand_in_files.size, at, version_id,
                    versions.entry_id, versions.state
             FROM links JOIN hand_ins ON hand_ins.link_id = links.id
                  JOIN hand_in_files ON hand_in_files.hand_in_id = hand_ins.id
                  LEFT JOIN versions ON versions.id = version_id
             WHERE links.request_id = ?1 AND item_id IS NULL AND refused IS NULL AND withdrawn_at IS NULL
             ORDER BY hand_in_files.id DESC LIMIT ?2",
            params![request.0, limit],
            file_row,
        )
    }
}

impl WriteTx<'_> {
    /// Adds the items of a new request.
    pub(super) fn insert_items(&self, id: RequestId, items: &[NewItem]) -> Result<(), CatalogError> {
        for (position, item) in (1_u32..).zip(items) {
            self.execute(
                "INSERT INTO request_items (request_id, position, title, help, person, several, state,
                                            until_at, form_id, example_id,
                                            reason, judged_file, judged_declined, declined_why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', 0, 0, '')",
                params![
                    id.0,
                    position,
                    item.title,
                    item.help,
                    item.person,
                    item.several,
                    ItemState::Open.as_str(),
                    item.until.map(|at| at.0),
                    item.handouts.form.map(|form| form.0),
                    item.handouts.example.map(|example| example.0)
                ],
            )?;
        }
        Ok(())
    }

    /// Sets the office's decision about an item, made with what it knows now; `None` takes it back.
    pub fn judge_item(
        &self,
        id: ItemId,
        verdict: Option<(Verdict, Timestamp)>,
        reason: &str,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_items SET verdict = ?2, verdict_at = ?3, reason = ?4,
                 judged_file = coalesce((SELECT max(id) FROM hand_in_files WHERE item_id = ?1), 0),
                 judged_declined = CASE WHEN declined_at IS NULL THEN 0 ELSE 1 END
             WHERE id = ?1",
            params![id.0, verdict.map(|(verdict, _)| verdict.as_str()), verdict.map(|(_, at)| at.0), reason],
        )
        .map(drop)
    }

    /// Notes that a person says that an item does not apply, or with `None` that it does.
    pub fn decline_item(&self, id: ItemId, at: Option<Timestamp>, why: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_items SET declined_at = ?2, declined_why = ?3, judged_declined = 0 WHERE id = ?1",
            params![id.0, at.map(|at| at.0), why],
        )
        .map(drop)
    }

    /// Stores the state of an item that follows from its facts, and counts the request's items anew; returns the state before
    /// and the one since.
    pub fn settle_item(&self, id: ItemId) -> Result<Option<(ItemRow, ItemState)>, CatalogError> {
        let (Some(item), Some(facts)) = (self.item(id)?, self.item_facts(id)?) else { return Ok(None) };
        let state = facts.state();
        if state != item.state {
            let params = params![id.0, state.as_str()];
            self.execute("UPDATE request_items SET state = ?2 WHERE id = ?1", params)?;
            self.count_items(item.request)?;
        }
        Ok(Some((item, state)))
    }

    /// Sets the last day of an item by its end; `None` for none of its own. [`Self::count_items`] follows.
    pub fn date_item(&self, id: ItemId, until: Option<Timestamp>) -> Result<(), CatalogError> {
        let params = params![id.0, until.map(|at| at.0)];
        self.execute("UPDATE request_items SET until_at = ?2 WHERE id = ?1", params).map(drop)
    }

    /// Sets the file that recipients may fetch for an item; `None` for none.
    pub fn set_handout(&self, id: ItemId, what: Handout, entry: Option<EntryId>) -> Result<(), CatalogError> {
        let sql = match what {
            Handout::Form => "UPDATE request_items SET form_id = ?2 WHERE id = ?1",
            Handout::Example => "UPDATE request_items SET example_id = ?2 WHERE id = ?1",
        };
        self.execute(sql, params![id.0, entry.map(|entry| entry.0)]).map(drop)
    }

    /// Counts the items of a request anew, and finds when the next of those that are missing is due.
    pub fn count_items(&self, id: RequestId) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE requests SET
                 missing = (SELECT count(*) FROM request_items
                            WHERE request_id = ?1 AND state IN ('open', 'rejected')),
                 to_check = (SELECT count(*) FROM request_items
                             WHERE request_id = ?1 AND state IN ('handed-in', 'does-not-apply')),
                 rejected = (SELECT count(*) FROM request_items WHERE request_id = ?1 AND state = 'rejected'),
                 next_due_at = (SELECT min(coalesce(until_at, deadline_at)) FROM request_items
                                WHERE request_id = ?1 AND state IN ('open', 'rejected'))
             WHERE id = ?1",
            [id.0],
        )
        .map(drop)
    }

    /// Adds a comment on an item.
    pub fn insert_comment(
        &self,
        item: ItemId,
        recipient: Option<RecipientId>,
        at: Timestamp,
        text: &str,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO request_comments (item_id, recipient_id, at, text) VALUES (?1, ?2, ?3, ?4)",
            params![item.0, recipient.map(|recipient| recipient.0), at.0, text],
        )
        .map(drop)
    }

    /// Notes the office's answer to a comment; an empty one settles it without words.
    pub fn answer_comment(&self, id: CommentId, at: Timestamp, answer: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_comments SET answered_at = ?2, answer = ?3 WHERE id = ?1",
            params![id.0, at.0, answer],
        )
        .map(drop)
    }
}

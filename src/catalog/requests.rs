//! Requests: what the office asks for, of whom, and what became of each item.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    EntryId, HandInFileId, ItemFacts, ItemId, ItemState, LinkId, RecipientId, ReminderPlan, RequestId,
    SpaceId, Timestamp, UserId, Verdict, VersionId, VersionState,
};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Id of the request.
    pub id: RequestId,
    /// Its space.
    pub space: SpaceId,
    /// Where its files go, while that exists.
    pub folder: Option<EntryId>,
    /// The user who made it, while that account exists.
    pub creator: Option<UserId>,
    /// What it asks for, as a whole.
    pub title: String,
    /// Note for the recipients; may be empty.
    pub note: String,
    /// Name of the template that it was made from; empty for none.
    pub template: String,
    /// Scheme of the paths of its files.
    pub naming: String,
    /// The year for that scheme.
    pub year: u16,
    /// When it was made.
    pub created: Timestamp,
    /// The time until which it asks.
    pub deadline: Option<Timestamp>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// On which days it reminds.
    pub plan: ReminderPlan,
    /// Whether no reminders are sent.
    pub is_paused: bool,
    /// Number of items that are open or rejected.
    pub missing: u32,
    /// Number of items that the office has to look at.
    pub to_check: u32,
    /// Number of items that are rejected.
    pub rejected: u32,
    /// When a recipient first opened it.
    pub opened: Option<Timestamp>,
    /// When a recipient last handed in, answered or asked.
    pub news: Option<Timestamp>,
}

/// An item of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Id of the item.
    pub id: ItemId,
    /// Its request.
    pub request: RequestId,
    /// Its place in the list, from 1.
    pub position: u32,
    /// What is asked for.
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
}

/// An item to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// What is asked for.
    pub title: String,
    /// Advice for the recipient; may be empty.
    pub help: String,
    /// The person whose document it is; may be empty.
    pub person: String,
    /// Whether it takes more than one file.
    pub several: bool,
}

/// A person of whom a request asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientRow {
    /// Id of the recipient.
    pub id: RecipientId,
    /// The request.
    pub request: RequestId,
    /// The person's link, while that exists.
    pub link: Option<LinkId>,
    /// Name of the person; may be empty.
    pub name: String,
    /// The person's mail address; empty for none.
    pub mail: String,
    /// Tag of the person's language.
    pub language: String,
    /// Number of reminders so far.
    pub reminders: u32,
    /// When the last one was sent.
    pub reminded: Option<Timestamp>,
    /// When the next one is due.
    pub remind: Option<Timestamp>,
    /// When a mail server refused the address; `None` if it is not known to be wrong.
    pub refused: Option<Timestamp>,
    /// What the mail server said then.
    pub refusal: String,
}

/// What a recipient says about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRow {
    /// The item.
    pub item: ItemId,
    /// The person, while the request has that recipient.
    pub recipient: Option<RecipientId>,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub text: String,
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

/// A request to insert.
pub struct NewRequest<'a> {
    /// Its space.
    pub space: SpaceId,
    /// Where its files go.
    pub folder: EntryId,
    /// The user who makes it.
    pub creator: UserId,
    /// What it asks for, as a whole.
    pub title: &'a str,
    /// Note for the recipients.
    pub note: &'a str,
    /// Name of the template that it is made from; empty for none.
    pub template: &'a str,
    /// Scheme of the paths of its files.
    pub naming: &'a str,
    /// The year for that scheme.
    pub year: u16,
    /// When it is made.
    pub created: Timestamp,
    /// The time until which it asks.
    pub deadline: Option<Timestamp>,
    /// On which days it reminds.
    pub plan: &'a ReminderPlan,
    /// Its items in their order.
    pub items: &'a [NewItem],
}

/// A recipient to insert.
pub struct NewRecipient<'a> {
    /// The request.
    pub request: RequestId,
    /// The person's link.
    pub link: LinkId,
    /// Name of the person.
    pub name: &'a str,
    /// The person's mail address.
    pub mail: &'a str,
    /// Tag of the person's language.
    pub language: &'a str,
}

/// Which requests of a space are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestsOf {
    /// Those that are not closed.
    #[default]
    Running,
    /// Of these, those with items that are missing.
    Missing,
    /// Of these, those with items that the office has to look at.
    ToCheck,
    /// Of these, those with items that are rejected.
    Rejected,
    /// Of these, those with missing items whose deadline is over.
    Overdue,
    /// Of these, those that no recipient has opened.
    NeverOpened,
    /// Of these, those in which a recipient handed in, answered or asked after this time.
    NewSince(Timestamp),
    /// Those that are closed.
    Closed,
}

impl RequestsOf {
    /// Each list with its word.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("running", Self::Running),
        ("missing", Self::Missing),
        ("to-check", Self::ToCheck),
        ("rejected", Self::Rejected),
        ("overdue", Self::Overdue),
        ("never-opened", Self::NeverOpened),
        ("closed", Self::Closed),
    ];

    /// The list of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, list)| *list)
    }
}

const REQUEST: &str =
    "id, space_id, folder_id, creator_id, title, note, template, naming, year, created_at, deadline_at,
     closed_at, paused, missing, to_check, rejected, remind, opened_at, news_at";

const ITEM: &str = "id, request_id, position, title, help, person, several, state, verdict_at, reason,
     declined_at, declined_why";

const RECIPIENT: &str =
    "id, request_id, link_id, name, mail, language, reminders, reminded_at, remind_at, refused_at, refusal";

/// The condition of a list, on an index of its own, and its time `?5` if it has one.
fn condition(of: RequestsOf, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    match of {
        RequestsOf::Running => ("closed_at IS NULL", None),
        RequestsOf::Missing => ("closed_at IS NULL AND missing > 0", None),
        RequestsOf::ToCheck => ("closed_at IS NULL AND to_check > 0", None),
        RequestsOf::Rejected => ("closed_at IS NULL AND rejected > 0", None),
        RequestsOf::Overdue => ("closed_at IS NULL AND missing > 0 AND deadline_at < ?5", Some(now)),
        RequestsOf::NeverOpened => ("closed_at IS NULL AND opened_at IS NULL", None),
        RequestsOf::NewSince(time) => {
            ("closed_at IS NULL AND news_at IS NOT NULL AND news_at > ?5", Some(time))
        }
        RequestsOf::Closed => ("closed_at IS NOT NULL", None),
    }
}

fn request_row(row: &Row<'_>) -> Result<RequestRow, DatabaseError> {
    let plan: String = row.get(16)?;
    Ok(RequestRow {
        id: RequestId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        folder: row.get::<Option<i64>>(2)?.map(EntryId),
        creator: row.get::<Option<i64>>(3)?.map(UserId),
        title: row.get(4)?,
        note: row.get(5)?,
        template: row.get(6)?,
        naming: row.get(7)?,
        year: row.get(8)?,
        created: Timestamp(row.get(9)?),
        deadline: row.get::<Option<i64>>(10)?.map(Timestamp),
        closed: row.get::<Option<i64>>(11)?.map(Timestamp),
        is_paused: row.get(12)?,
        missing: row.get(13)?,
        to_check: row.get(14)?,
        rejected: row.get(15)?,
        plan: plan.parse().map_err(|_| DatabaseError::unknown_word(&plan))?,
        opened: row.get::<Option<i64>>(17)?.map(Timestamp),
        news: row.get::<Option<i64>>(18)?.map(Timestamp),
    })
}

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
    })
}

fn recipient_row(row: &Row<'_>) -> Result<RecipientRow, DatabaseError> {
    Ok(RecipientRow {
        id: RecipientId(row.get(0)?),
        request: RequestId(row.get(1)?),
        link: row.get::<Option<i64>>(2)?.map(LinkId),
        name: row.get(3)?,
        mail: row.get(4)?,
        language: row.get(5)?,
        reminders: row.get(6)?,
        reminded: row.get::<Option<i64>>(7)?.map(Timestamp),
        remind: row.get::<Option<i64>>(8)?.map(Timestamp),
        refused: row.get::<Option<i64>>(9)?.map(Timestamp),
        refusal: row.get(10)?,
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
    /// The request of this id.
    pub fn request(&self, id: RequestId) -> Result<Option<RequestRow>, CatalogError> {
        self.one(&format!("SELECT {REQUEST} FROM requests WHERE id = ?1"), [id.0], request_row)
    }

    /// Up to `limit` requests of a space with ids above `after` and below `before`, latest first.
    pub fn requests_in(
        &self,
        space: SpaceId,
        of: RequestsOf,
        (after, before, limit): (i64, i64, usize),
        now: Timestamp,
    ) -> Result<Vec<RequestRow>, CatalogError> {
        let (of, time) = condition(of, now);
        let sql = format!(
            "SELECT {REQUEST} FROM requests WHERE space_id = ?1 AND id > ?2 AND id < ?3 AND {of} ORDER BY id DESC LIMIT ?4"
        );
        match time {
            Some(time) => self.all(&sql, params![space.0, after, before, limit, time.0], request_row),
            None => self.all(&sql, params![space.0, after, before, limit], request_row),
        }
    }

    /// The same of those that were made from a template; an empty name for those that were made from none.
    pub fn requests_from(
        &self,
        (space, template): (SpaceId, &str),
        of: RequestsOf,
        (after, before, limit): (i64, i64, usize),
        now: Timestamp,
    ) -> Result<Vec<RequestRow>, CatalogError> {
        let (of, time) = condition(of, now);
        let sql = format!(
            "SELECT {REQUEST} FROM requests
             WHERE space_id = ?1 AND id > ?2 AND id < ?3 AND {of} AND template = ?6 ORDER BY id DESC LIMIT ?4"
        );
        let time = time.unwrap_or(now);
        self.all(&sql, params![space.0, after, before, limit, time.0, template], request_row)
    }

    /// Up to `limit` requests that a user made since a time, with ids above `after`, latest first.
    pub fn requests_made_by(
        &self,
        creator: UserId,
        (after, since): (i64, Timestamp),
        limit: usize,
    ) -> Result<Vec<RequestRow>, CatalogError> {
        let sql = format!(
            "SELECT {REQUEST} FROM requests WHERE creator_id = ?1 AND id > ?2 AND created_at >= ?3
             ORDER BY id DESC LIMIT ?4"
        );
        self.all(&sql, params![creator.0, after, since.0, limit], request_row)
    }

    /// The latest request that a user made; 0 for none.
    pub fn latest_request_of(&self, creator: UserId) -> Result<RequestId, CatalogError> {
        let sql = "SELECT id FROM requests WHERE creator_id = ?1 ORDER BY id DESC LIMIT 1";
        Ok(self.one(sql, [creator.0], |row| Ok(RequestId(row.get(0)?)))?.unwrap_or(RequestId(0)))
    }

    /// Number of items of a request.
    pub fn item_count(&self, request: RequestId) -> Result<u32, CatalogError> {
        // The last place in the list, which one step of the index finds.
        let sql = "SELECT position FROM request_items WHERE request_id = ?1 ORDER BY position DESC LIMIT 1";
        Ok(self.one(sql, [request.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// Number of requests of a user that are not closed.
    pub fn running_requests_of(&self, creator: UserId) -> Result<usize, CatalogError> {
        let sql = "SELECT count(*) FROM requests WHERE creator_id = ?1 AND closed_at IS NULL";
        Ok(self.one(sql, [creator.0], |row| row.get(0))?.unwrap_or_default())
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

    /// What the state of an item follows from.
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

    /// The people of whom a request asks, in their order.
    pub fn recipients_of(&self, request: RequestId) -> Result<Vec<RecipientRow>, CatalogError> {
        let sql = format!("SELECT {RECIPIENT} FROM request_recipients WHERE request_id = ?1 ORDER BY id");
        self.all(&sql, [request.0], recipient_row)
    }

    /// The recipient of this id.
    pub fn recipient(&self, id: RecipientId) -> Result<Option<RecipientRow>, CatalogError> {
        let sql = format!("SELECT {RECIPIENT} FROM request_recipients WHERE id = ?1");
        self.one(&sql, [id.0], recipient_row)
    }

    /// The person whose link this is.
    pub fn recipient_by_link(&self, link: LinkId) -> Result<Option<RecipientRow>, CatalogError> {
        let sql = format!("SELECT {RECIPIENT} FROM request_recipients WHERE link_id = ?1");
        self.one(&sql, [link.0], recipient_row)
    }

    /// Up to `limit` recipients of whom a reminder is due at `now`, longest due first.
    pub fn reminders_due(&self, now: Timestamp, limit: usize) -> Result<Vec<RecipientRow>, CatalogError> {
        let sql = format!(
            "SELECT {RECIPIENT} FROM request_recipients WHERE remind_at <= ?1 ORDER BY remind_at LIMIT ?2"
        );
        self.all(&sql, params![now.0, limit], recipient_row)
    }

    /// Whether any request reminded this address since `since`.
    pub fn was_reminded(&self, mail: &str, since: Timestamp) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM request_recipients WHERE mail = ?1 AND reminded_at >= ?2 LIMIT 1";
        Ok(self.one(sql, params![mail, since.0], |_| Ok(()))?.is_some())
    }

    /// Up to `limit` of the latest comments on an item, earliest first.
    pub fn comments_on(&self, item: ItemId, limit: usize) -> Result<Vec<CommentRow>, CatalogError> {
        let mut comments = self.all(
            "SELECT item_id, recipient_id, at, text FROM request_comments WHERE item_id = ?1 ORDER BY id DESC LIMIT ?2",
            params![item.0, limit],
            |row| {
                Ok(CommentRow {
                    item: ItemId(row.get(0)?),
                    recipient: row.get::<Option<i64>>(1)?.map(RecipientId),
                    at: Timestamp(row.get(2)?),
                    text: row.get(3)?,
                })
            },
        )?;
        comments.reverse();
        Ok(comments)
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

    /// The office's own template of this name.
    pub fn request_template(&self, name: &str) -> Result<Option<String>, CatalogError> {
        self.one("SELECT text FROM request_templates WHERE name = ?1", [name], |row| row.get(0))
    }

    /// The names and texts of the office's own templates, by name.
    pub fn request_templates(&self) -> Result<Vec<(String, String)>, CatalogError> {
        let sql = "SELECT name, text FROM request_templates ORDER BY name";
        self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

impl WriteTx<'_> {
    /// Adds a request with its items.
    pub fn insert_request(&self, new: &NewRequest<'_>) -> Result<RequestId, CatalogError> {
        self.execute(
            "INSERT INTO requests (space_id, folder_id, creator_id, title, note, template, naming, year, created_at,
                                   deadline_at, paused, missing, to_check, rejected, remind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 0, 0, ?12)",
            params![
                new.space.0,
                new.folder.0,
                new.creator.0,
                new.title,
                new.note,
                new.template,
                new.naming,
                new.year,
                new.created.0,
                new.deadline.map(|at| at.0),
                new.items.len(),
                new.plan.to_string()
            ],
        )?;
        let id = RequestId(self.last_insert_id());
        for (position, item) in (1_u32..).zip(new.items) {
            self.execute(
                "INSERT INTO request_items (request_id, position, title, help, person, several, state,
                                            reason, judged_file, judged_declined, declined_why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', 0, 0, '')",
                params![
                    id.0,
                    position,
                    item.title,
                    item.help,
                    item.person,
                    item.several,
                    ItemState::Open.as_str()
                ],
            )?;
        }
        Ok(id)
    }

    /// Adds a recipient, whose link belongs to the request from then on.
    pub fn insert_recipient(&self, new: &NewRecipient<'_>) -> Result<RecipientId, CatalogError> {
        self.execute(
            "INSERT INTO request_recipients (request_id, link_id, name, mail, language, reminders)
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            params![new.request.0, new.link.0, new.name, new.mail, new.language],
        )?;
        let id = RecipientId(self.last_insert_id());
        self.execute("UPDATE links SET request_id = ?2 WHERE id = ?1", params![new.link.0, new.request.0])?;
        Ok(id)
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
            self.execute(
                "UPDATE requests SET
                     missing = (SELECT count(*) FROM request_items
                                WHERE request_id = ?1 AND state IN ('open', 'rejected')),
                     to_check = (SELECT count(*) FROM request_items
                                 WHERE request_id = ?1 AND state IN ('handed-in', 'does-not-apply')),
                     rejected = (SELECT count(*) FROM request_items WHERE request_id = ?1 AND state = 'rejected')
                 WHERE id = ?1",
                [item.request.0],
            )?;
        }
        Ok(Some((item, state)))
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

    /// Notes that a recipient did something for a request.
    pub fn note_news(&self, id: RequestId, at: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE requests SET news_at = ?2 WHERE id = ?1", params![id.0, at.0]).map(drop)
    }

    /// Notes that the request of a link was opened, if that is the first time.
    pub fn note_request_opened(&self, link: LinkId, at: Timestamp) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE requests SET opened_at = ?2
             WHERE id = (SELECT request_id FROM links WHERE links.id = ?1) AND opened_at IS NULL",
            params![link.0, at.0],
        )
        .map(drop)
    }

    /// Closes a request, or with `None` opens it again.
    pub fn close_request(&self, id: RequestId, at: Option<Timestamp>) -> Result<(), CatalogError> {
        self.execute("UPDATE requests SET closed_at = ?2 WHERE id = ?1", params![id.0, at.map(|at| at.0)])
            .map(drop)
    }

    /// Gives a request and its links another deadline, and the links another end.
    pub fn extend_request(
        &self,
        id: RequestId,
        deadline: Option<Timestamp>,
        expires: Timestamp,
    ) -> Result<(), CatalogError> {
        let deadline = deadline.map(|at| at.0);
        self.execute("UPDATE requests SET deadline_at = ?2 WHERE id = ?1", params![id.0, deadline])?;
        self.execute(
            "UPDATE links SET deadline_at = ?2, expires_at = ?3 WHERE request_id = ?1",
            params![id.0, deadline, expires.0],
        )
        .map(drop)
    }

    /// Stops reminders of a request, or lets them go on.
    pub fn pause_reminders(&self, id: RequestId, pauses: bool) -> Result<(), CatalogError> {
        self.execute("UPDATE requests SET paused = ?2 WHERE id = ?1", params![id.0, pauses]).map(drop)
    }

    /// Sets when the next reminder of a recipient is due.
    pub fn plan_reminder(&self, id: RecipientId, at: Option<Timestamp>) -> Result<(), CatalogError> {
        let params = params![id.0, at.map(|at| at.0)];
        self.execute("UPDATE request_recipients SET remind_at = ?2 WHERE id = ?1", params).map(drop)
    }

    /// Counts a reminder that was sent.
    pub fn count_reminder(&self, id: RecipientId, at: Timestamp) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_recipients SET reminders = reminders + 1, reminded_at = ?2 WHERE id = ?1",
            params![id.0, at.0],
        )
        .map(drop)
    }

    /// Notes that a mail server refused the address of a recipient. Reminders stop from then on.
    pub fn refuse_recipient(&self, id: RecipientId, why: &str, at: Timestamp) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_recipients SET refused_at = ?2, refusal = ?3, remind_at = NULL WHERE id = ?1",
            params![id.0, at.0, why],
        )
        .map(drop)
    }

    /// Gives a recipient another mail address, which no mail server has refused yet.
    pub fn readdress_recipient(&self, id: RecipientId, mail: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_recipients SET mail = ?2, refused_at = NULL, refusal = '' WHERE id = ?1",
            params![id.0, mail],
        )
        .map(drop)
    }

    /// Stores a template of the office's in place of an earlier one of this name.
    pub fn put_request_template(&self, name: &str, text: &str, now: Timestamp) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO request_templates (name, text, changed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at",
            params![name, text, now.0],
        )
        .map(drop)
    }
}

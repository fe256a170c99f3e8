//! Requests for documents, and the office's own templates of them. Their items are in `request_items`, the people of whom
//! they ask in `request_recipients`.

use super::request_items::NewItem;
use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, LinkId, ReminderPlan, RequestId, SpaceId, Timestamp, UserId};

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
    /// Its title.
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
    /// The days on which it reminds.
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
    /// The earliest time at which a missing item is due: by its own day, else by the deadline.
    pub next_due: Option<Timestamp>,
    /// Whether each link opens by a code that is sent to the address of its recipient.
    pub code_by_mail: bool,
}

/// A request to insert.
pub struct NewRequest<'a> {
    /// Its space.
    pub space: SpaceId,
    /// Where its files go.
    pub folder: EntryId,
    /// The user who makes it.
    pub creator: UserId,
    /// Its title.
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
    /// The days on which it reminds.
    pub plan: &'a ReminderPlan,
    /// Whether each link opens by a code that is sent to the address of its recipient.
    pub code_by_mail: bool,
    /// Its items in their order.
    pub items: &'a [NewItem],
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
    /// Of these, those with a missing item whose own day or the deadline is over.
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
     closed_at, paused, missing, to_check, rejected, remind, opened_at, news_at, next_due_at,
     code_by_mail";

/// The condition of a list, on an index of its own, and its time `?5` if it has one.
fn condition(of: RequestsOf, now: Timestamp) -> (&'static str, Option<Timestamp>) {
    match of {
        RequestsOf::Running => ("closed_at IS NULL", None),
        RequestsOf::Missing => ("closed_at IS NULL AND missing > 0", None),
        RequestsOf::ToCheck => ("closed_at IS NULL AND to_check > 0", None),
        RequestsOf::Rejected => ("closed_at IS NULL AND rejected > 0", None),
        RequestsOf::Overdue => ("closed_at IS NULL AND missing > 0 AND next_due_at < ?5", Some(now)),
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
        next_due: row.get::<Option<i64>>(19)?.map(Timestamp),
        code_by_mail: row.get(20)?,
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

    /// Number of requests of a user that are not closed.
    pub fn running_requests_of(&self, creator: UserId) -> Result<usize, CatalogError> {
        let sql = "SELECT count(*) FROM requests WHERE creator_id = ?1 AND closed_at IS NULL";
        Ok(self.one(sql, [creator.0], |row| row.get(0))?.unwrap_or_default())
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
                                   deadline_at, paused, missing, to_check, rejected, remind, code_by_mail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 0, 0, ?12, ?13)",
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
                new.plan.to_string(),
                new.code_by_mail
            ],
        )?;
        let id = RequestId(self.last_insert_id());
        self.insert_items(id, new.items)?;
        self.count_items(id)?;
        Ok(id)
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

    /// Gives a request and its links another deadline, and the links another end. Items that would be due later are due with
    /// the request.
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
        )?;
        self.execute(
            "UPDATE request_items SET until_at = NULL WHERE request_id = ?1 AND until_at > ?2",
            params![id.0, deadline],
        )?;
        self.count_items(id)
    }

    /// Lets the links of a request open until this time, unless they do so longer already.
    pub fn prolong_links_of(&self, id: RequestId, expires: Timestamp) -> Result<(), CatalogError> {
        let params = params![id.0, expires.0];
        self.execute("UPDATE links SET expires_at = ?2 WHERE request_id = ?1 AND expires_at < ?2", params)
            .map(drop)
    }

    /// Changes on which days a request reminds.
    pub fn plan_reminders(&self, id: RequestId, plan: &ReminderPlan) -> Result<(), CatalogError> {
        self.execute("UPDATE requests SET remind = ?2 WHERE id = ?1", params![id.0, plan.to_string()])
            .map(drop)
    }

    /// Stops reminders of a request, or lets them go on.
    pub fn pause_reminders(&self, id: RequestId, pauses: bool) -> Result<(), CatalogError> {
        self.execute("UPDATE requests SET paused = ?2 WHERE id = ?1", params![id.0, pauses]).map(drop)
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

    /// Removes a template of the office's; whether there was one of this name.
    pub fn remove_request_template(&self, name: &str) -> Result<bool, CatalogError> {
        self.execute("DELETE FROM request_templates WHERE name = ?1", [name]).map(|rows| rows > 0)
    }
}

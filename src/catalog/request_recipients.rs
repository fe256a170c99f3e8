//! The people of whom requests ask, and the reminders of each.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{LinkId, RecipientId, RequestId, Timestamp, UserId};

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
    /// The mail server's answer then.
    pub refusal: String,
    /// When the last mail was sent to this address, if a mail server reports that it has not arrived yet.
    pub delayed: Option<Timestamp>,
    /// The person's account, if the person is asked by it and it exists.
    pub account: Option<UserId>,
    /// When the mail server took the latest invitation to this address.
    pub invited: Option<Timestamp>,
    /// Whether an invitation is to be sent.
    pub is_inviting: bool,
    /// When the link got its present address, and the user who gave it that; `None` for the address with which it was made.
    pub renewed: Option<(Timestamp, Option<UserId>)>,
}

impl RecipientRow {
    /// When the invitation with the present address of the link was sent.
    pub fn invited_since(&self) -> Option<Timestamp> {
        self.invited.filter(|sent| self.renewed.is_none_or(|(renewed, _)| *sent > renewed))
    }
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
    /// The person's account.
    pub account: Option<UserId>,
}

const RECIPIENT: &str =
    "id, request_id, link_id, name, mail, language, reminders, reminded_at, remind_at, refused_at, refusal,
     account_id, (SELECT CASE WHEN state = 'delayed' AND sent_to = request_recipients.mail THEN ended_at END FROM notices
        WHERE notices.recipient = 'r' || request_recipients.id ORDER BY created_at DESC LIMIT 1) AS delayed_at,
     invited_at, EXISTS (SELECT 1 FROM notices WHERE notices.recipient = 'r' || request_recipients.id
        AND topic = 'invitation' AND state = 'waiting') AS is_inviting, renewed_at, renewed_by";

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
        account: row.get::<Option<i64>>(11)?.map(UserId),
        delayed: row.get::<Option<i64>>(12)?.map(Timestamp),
        invited: row.get::<Option<i64>>(13)?.map(Timestamp),
        is_inviting: row.get(14)?,
        renewed: match row.get::<Option<i64>>(15)? {
            Some(at) => Some((Timestamp(at), row.get::<Option<i64>>(16)?.map(UserId))),
            None => None,
        },
    })
}

impl ReadTx<'_> {
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

    /// Up to `limit` recipients with this account of requests that are not closed, latest first.
    pub fn recipients_of_account(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Vec<RecipientRow>, CatalogError> {
        let sql = format!(
            "SELECT {RECIPIENT} FROM request_recipients
             WHERE account_id = ?1 AND EXISTS (
                 SELECT 1 FROM requests WHERE requests.id = request_recipients.request_id AND closed_at IS NULL)
             ORDER BY id DESC LIMIT ?2"
        );
        self.all(&sql, params![user.0, limit], recipient_row)
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
}

impl WriteTx<'_> {
    /// Adds a recipient, whose link belongs to the request from then on.
    pub fn insert_recipient(&self, new: &NewRecipient<'_>) -> Result<RecipientId, CatalogError> {
        self.execute(
            "INSERT INTO request_recipients (request_id, link_id, name, mail, language, reminders, account_id)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
            params![
                new.request.0,
                new.link.0,
                new.name,
                new.mail,
                new.language,
                new.account.map(|user| user.0)
            ],
        )?;
        let id = RecipientId(self.last_insert_id());
        self.execute("UPDATE links SET request_id = ?2 WHERE id = ?1", params![new.link.0, new.request.0])?;
        Ok(id)
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

    /// Gives a recipient another mail address, which no mail server has refused yet, and to which no invitation went.
    pub fn readdress_recipient(&self, id: RecipientId, mail: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_recipients SET mail = ?2, refused_at = NULL, refusal = '', invited_at = NULL WHERE id = ?1",
            params![id.0, mail],
        )
        .map(drop)
    }

    /// Notes that the mail server took an invitation to a recipient.
    pub fn note_invited(&self, id: RecipientId, at: Timestamp) -> Result<(), CatalogError> {
        let sql = "UPDATE request_recipients SET invited_at = ?2 WHERE id = ?1";
        self.execute(sql, params![id.0, at.0]).map(drop)
    }

    /// Notes that a user, or the owner, gave the link of a recipient another address.
    pub fn note_renewed(
        &self,
        id: RecipientId,
        by: Option<UserId>,
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE request_recipients SET renewed_at = ?2, renewed_by = ?3 WHERE id = ?1",
            params![id.0, at.0, by.map(|user| user.0)],
        )
        .map(drop)
    }
}

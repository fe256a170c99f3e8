//! Notices by mail: single news, and the mails that carry them.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{
    HoldState, News, NoticeId, NoticeState, Recipient, SpaceId, Timestamp, Topic, UserId, VersionId,
};

/// News of one recipient, topic and space that are in no mail yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewsGroup {
    /// Recipient of the news.
    pub recipient: Recipient,
    /// Their topic.
    pub topic: Topic,
    /// The space concerned; `None` for news about an account.
    pub space: Option<SpaceId>,
    /// When the earliest of them happened.
    pub first: Timestamp,
    /// When the latest of them happened.
    pub last: Timestamp,
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Id of the notice.
    pub id: NoticeId,
    /// Recipient of the mail.
    pub recipient: Recipient,
    /// Its topic.
    pub topic: Topic,
    /// The space concerned; `None` for several, or for an account.
    pub space: Option<SpaceId>,
    /// Its state.
    pub state: NoticeState,
    /// When it was made.
    pub created: Timestamp,
    /// Number of attempts to send it.
    pub attempts: u32,
    /// When it is sent, or tried again; `None` once it has ended.
    pub next: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why the last attempt failed.
    pub fault: Option<String>,
}

/// The result of an attempt to send a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeUpdate<'a> {
    /// Its state.
    pub state: NoticeState,
    /// Number of attempts so far.
    pub attempts: u32,
    /// When it is tried again.
    pub next: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why the attempt failed.
    pub fault: Option<&'a str>,
}

/// Files of a space that wait for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The space.
    pub space: SpaceId,
    /// Number of files.
    pub count: u64,
    /// When the first of them arrived.
    pub since: Timestamp,
}

const NOTICE: &str = "id, recipient, topic, space_id, state, created_at, attempts, next_at, ended_at, fault";

fn notice_row(row: &Row<'_>) -> Result<Option<NoticeRow>, DatabaseError> {
    let (recipient, topic, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(4)?);
    let known = (Recipient::from_word(&recipient), Topic::from_word(&topic), NoticeState::from_word(&state));
    let (Some(recipient), Some(topic), Some(state)) = known else { return Ok(None) };
    Ok(Some(NoticeRow {
        id: NoticeId(row.get(0)?),
        recipient,
        topic,
        space: row.get::<Option<[u8; 16]>>(3)?.map(SpaceId),
        state,
        created: Timestamp(row.get(5)?),
        attempts: row.get(6)?,
        next: row.get::<Option<i64>>(7)?.map(Timestamp),
        ended: row.get::<Option<i64>>(8)?.map(Timestamp),
        fault: row.get(9)?,
    }))
}

impl ReadTx<'_> {
    /// Number of news that are in no mail yet.
    pub fn waiting_news(&self) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM news WHERE notice_id IS NULL";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or_default())
    }

    /// News that are in no mail yet, by recipient, topic and space.
    pub fn news_groups(&self) -> Result<Vec<NewsGroup>, CatalogError> {
        let rows = self.all(
            "SELECT recipient, topic, space_id, min(at), max(at) FROM news WHERE notice_id IS NULL
             GROUP BY recipient, topic, space_id ORDER BY recipient, topic, space_id",
            [],
            |row| {
                let (recipient, topic): (String, String) = (row.get(0)?, row.get(1)?);
                let known = Recipient::from_word(&recipient).zip(Topic::from_word(&topic));
                let space = row.get::<Option<[u8; 16]>>(2)?.map(SpaceId);
                let (first, last) = (Timestamp(row.get(3)?), Timestamp(row.get(4)?));
                Ok(known.map(|(recipient, topic)| NewsGroup { recipient, topic, space, first, last }))
            },
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Whether there still are news of a group that are in no mail yet.
    pub fn has_news(&self, group: &NewsGroup) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM news WHERE notice_id IS NULL AND recipient = ?1 AND topic = ?2
            AND space_id IS NOT DISTINCT FROM ?3 LIMIT 1";
        let found = self.one(
            sql,
            params![group.recipient.word(), group.topic.as_str(), group.space.map(|space| space.0)],
            |_| Ok(()),
        );
        Ok(found?.is_some())
    }

    /// The news in a mail, earliest first.
    pub fn news_of(&self, notice: NoticeId) -> Result<Vec<News>, CatalogError> {
        let rows = self.all(
            "SELECT origin, recipient, instead_of, topic, space_id, version_id, at FROM news WHERE notice_id = ?1
             ORDER BY id",
            [notice.0],
            |row| {
                let (recipient, topic): (String, String) = (row.get(1)?, row.get(3)?);
                let Some((recipient, topic)) = Recipient::from_word(&recipient).zip(Topic::from_word(&topic)) else {
                    return Ok(None);
                };
                Ok(Some(News {
                    origin: row.get(0)?,
                    recipient,
                    instead_of: row.get::<Option<i64>>(2)?.map(UserId),
                    topic,
                    space: row.get::<Option<[u8; 16]>>(4)?.map(SpaceId),
                    version: row.get::<Option<i64>>(5)?.map(VersionId),
                    at: Timestamp(row.get(6)?),
                }))
            },
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Number of mails made for a recipient since `since`, and when the latest of them about this topic and space was
    /// made.
    pub fn notices_since(
        &self,
        group: &NewsGroup,
        since: Timestamp,
    ) -> Result<(u64, Option<Timestamp>), CatalogError> {
        let recipient = group.recipient.word();
        let sql = "SELECT count(*) FROM notices WHERE recipient = ?1 AND created_at > ?2";
        let count = self.one(sql, params![recipient, since.0], |row| row.get(0))?;
        let latest = self.one(
            "SELECT max(created_at) FROM notices
             WHERE recipient = ?1 AND created_at > ?2 AND topic = ?3 AND space_id IS NOT DISTINCT FROM ?4",
            params![recipient, since.0, group.topic.as_str(), group.space.map(|space| space.0)],
            |row| row.get::<Option<i64>>(0),
        )?;
        Ok((count.unwrap_or_default(), latest.flatten().map(Timestamp)))
    }

    /// Up to `limit` mails that are to be sent at `now`, those that are due for longest first.
    pub fn notices_due(&self, now: Timestamp, limit: usize) -> Result<Vec<NoticeRow>, CatalogError> {
        let sql = format!("SELECT {NOTICE} FROM notices WHERE next_at <= ?1 ORDER BY next_at, id LIMIT ?2");
        Ok(self.all(&sql, params![now.0, limit], notice_row)?.into_iter().flatten().collect())
    }

    /// Up to `limit` of the latest mails, latest first.
    pub fn notices(&self, limit: usize) -> Result<Vec<NoticeRow>, CatalogError> {
        let sql = format!("SELECT {NOTICE} FROM notices ORDER BY id DESC LIMIT ?1");
        Ok(self.all(&sql, [limit], notice_row)?.into_iter().flatten().collect())
    }

    /// A mail.
    pub fn notice(&self, id: NoticeId) -> Result<Option<NoticeRow>, CatalogError> {
        Ok(self.one(&format!("SELECT {NOTICE} FROM notices WHERE id = ?1"), [id.0], notice_row)?.flatten())
    }

    /// The address to which a mail was sent; `None` if it was not, or if that is not known.
    pub fn notice_sent_to(&self, id: NoticeId) -> Result<Option<String>, CatalogError> {
        let sql = "SELECT sent_to FROM notices WHERE id = ?1";
        Ok(self.one(sql, [id.0], |row| row.get::<Option<String>>(0))?.flatten())
    }

    /// Whether a mail about this topic to a recipient is still to be sent.
    pub fn is_waiting(&self, recipient: &Recipient, topic: Topic) -> Result<bool, CatalogError> {
        let found = self.one(
            "SELECT 1 FROM notices WHERE recipient = ?1 AND topic = ?2 AND state = ?3 LIMIT 1",
            params![recipient.word(), topic.as_str(), NoticeState::Waiting.as_str()],
            |_| Ok(()),
        );
        Ok(found?.is_some())
    }

    /// Number of mails that ended in this state since `since`.
    pub fn notices_ended(&self, state: NoticeState, since: Timestamp) -> Result<u64, CatalogError> {
        let sql = "SELECT count(*) FROM notices WHERE state = ?1 AND ended_at > ?2";
        Ok(self.one(sql, params![state.as_str(), since.0], |row| row.get(0))?.unwrap_or_default())
    }

    /// Files that wait for a decision and arrived before `before`, by space.
    pub fn undecided_before(&self, before: Timestamp) -> Result<Vec<Undecided>, CatalogError> {
        // As in the index `holds_open`, and then in the rows.
        self.all(
            "SELECT entries.space_id, count(*), min(arrived_at)
             FROM holds JOIN versions ON versions.id = holds.version_id JOIN entries ON entries.id = versions.entry_id
             WHERE holds.state NOT IN ('released', 'withdrawn') AND holds.state = ?1 AND arrived_at < ?2
             GROUP BY entries.space_id ORDER BY entries.space_id",
            params![HoldState::NeedsDecision.as_str(), before.0],
            |row| Ok(Undecided { space: SpaceId(row.get(0)?), count: row.get(1)?, since: Timestamp(row.get(2)?) }),
        )
    }
}

impl WriteTx<'_> {
    /// Notes news for a recipient, once for each origin.
    pub fn insert_news(&self, news: &News) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO news (origin, recipient, user_id, instead_of, topic, space_id, version_id, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (origin, recipient) DO NOTHING",
            params![
                news.origin,
                news.recipient.word(),
                news.recipient.user().map(|user| user.0),
                news.instead_of.map(|user| user.0),
                news.topic.as_str(),
                news.space.map(|space| space.0),
                news.version.map(|version| version.0),
                news.at.0
            ],
        )
        .map(drop)
    }

    /// Makes a mail of the news of a group; of all news of its recipient but those about the account if it is a digest.
    pub fn insert_notice(
        &self,
        group: &NewsGroup,
        topic: Topic,
        now: Timestamp,
    ) -> Result<NoticeId, CatalogError> {
        let is_digest = topic == Topic::Digest;
        let recipient = group.recipient.word();
        self.execute(
            "INSERT INTO notices (recipient, user_id, topic, space_id, state, created_at, attempts, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6)",
            params![
                recipient,
                group.recipient.user().map(|user| user.0),
                topic.as_str(),
                group.space.filter(|_| !is_digest).map(|space| space.0),
                NoticeState::Waiting.as_str(),
                now.0
            ],
        )?;
        let id = NoticeId(self.last_insert_id());
        match is_digest {
            true => self.execute(
                "UPDATE news SET notice_id = ?2 WHERE notice_id IS NULL AND recipient = ?1 AND space_id IS NOT NULL",
                params![recipient, id.0],
            ),
            false => self.execute(
                "UPDATE news SET notice_id = ?4
                 WHERE notice_id IS NULL AND recipient = ?1 AND topic = ?2 AND space_id IS NOT DISTINCT FROM ?3",
                params![recipient, group.topic.as_str(), group.space.map(|space| space.0), id.0],
            ),
        }?;
        Ok(id)
    }

    /// Removes the news of a group that are in no mail yet.
    pub fn delete_news(&self, group: &NewsGroup) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM news WHERE notice_id IS NULL AND recipient = ?1 AND topic = ?2
             AND space_id IS NOT DISTINCT FROM ?3",
            params![group.recipient.word(), group.topic.as_str(), group.space.map(|space| space.0)],
        )
        .map(drop)
    }

    /// Stores the new state of a mail.
    pub fn update_notice(&self, id: NoticeId, update: &NoticeUpdate<'_>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE notices SET state = ?2, attempts = ?3, next_at = ?4, ended_at = ?5, fault = ?6 WHERE id = ?1",
            params![
                id.0,
                update.state.as_str(),
                update.attempts,
                update.next.map(|at| at.0),
                update.ended.map(|at| at.0),
                update.fault
            ],
        )
        .map(drop)
    }

    /// Notes the address to which a mail was sent.
    pub fn note_sent_to(&self, id: NoticeId, address: &str) -> Result<(), CatalogError> {
        self.execute("UPDATE notices SET sent_to = ?2 WHERE id = ?1", params![id.0, address]).map(drop)
    }

    /// Removes mails that ended before `before`, with their news.
    pub fn delete_notices_ended(&self, before: Timestamp) -> Result<(), CatalogError> {
        for state in NoticeState::ALL {
            let sql = "DELETE FROM notices WHERE state = ?1 AND ended_at < ?2";
            self.execute(sql, params![state.as_str(), before.0])?;
        }
        Ok(())
    }
}

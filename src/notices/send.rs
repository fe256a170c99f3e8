//! Sends mails that are due, and notes the results.

use std::time::Duration;

use super::post::{Letter, Post, PostError, Stamps};
use super::{Notices, NoticesError};
use crate::accounts::parse_address;
use crate::catalog::{NoticeRow, NoticeUpdate, WriteTx};
use crate::model::{NoticeId, NoticeState, Recipient, Timestamp, Topic, random_bytes};
use crate::sharing::{invited, refused, reminded};
use crate::text::{Language, NoticeTexts};

/// Pause after the first attempt; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// Longest pause between two attempts; a mail that would need a longer one has failed.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// Most mails of one round.
const MOST_AT_ONCE: usize = 50;

/// The result of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Mails that the mail server took.
    pub sent: usize,
    /// Mails that were not needed any more.
    pub dropped: usize,
    /// Mails that were put off or refused.
    pub failed: usize,
}

impl Notices {
    /// Sends the mails that are due.
    ///
    /// Errors: `Off`; `Post` if the mail server cannot be used, and then the first mail alone counts an attempt.
    pub async fn send(&self, now: Timestamp) -> Result<Sent, NoticesError> {
        let settings = self.settings.as_deref().ok_or(NoticesError::Off)?;
        let due =
            self.catalog.read(move |tx| Ok::<_, NoticesError>(tx.notices_due(now, MOST_AT_ONCE)?)).await?;
        let (mut round, mut post) = (Sent::default(), None);
        for row in due {
            if row.topic == Topic::Reminder
                && let Some(later) = self.sharing.reminder_rests(row.id, now).await?
            {
                self.rest(&row, later).await?;
                continue;
            }
            let Some(letter) = self.compose(&row, &settings.url, now).await? else {
                self.ended(row.id, NoticeState::Dropped, row.attempts, now).await?;
                round.dropped += 1;
                continue;
            };
            let mut open = match post.take() {
                Some(open) => open,
                None => match Post::open(settings).await {
                    Ok(open) => open,
                    Err(error) => {
                        self.not_sent(&row, &error, now).await?;
                        return Err(error.into());
                    }
                },
            };
            let stamps = Stamps { id: self.message_id(&row), bounces: self.bounces_of(&row), now };
            match open.send(&letter, stamps).await {
                Ok(()) => {
                    self.taken(&row, &letter.to, now).await?;
                    round.sent += 1;
                    post = Some(open);
                }
                Err(error) => {
                    self.not_sent(&row, &error, now).await?;
                    round.failed += 1;
                }
            }
        }
        if let Some(open) = post {
            open.close().await;
        }
        Ok(round)
    }

    /// Sends a failed mail again, from the first pause on.
    ///
    /// Errors: `NoSuchNotice`, `NotFailed`.
    pub async fn retry(&self, id: NoticeId, now: Timestamp) -> Result<(), NoticesError> {
        let retry = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let row = tx.notice(id)?.ok_or(NoticesError::NoSuchNotice)?;
            if !matches!(row.state, NoticeState::Failed | NoticeState::Bounced) {
                return Err(NoticesError::NotFailed(row.state.as_str()));
            }
            let update = NoticeUpdate {
                state: NoticeState::Waiting,
                attempts: 0,
                next: Some(now),
                ended: None,
                fault: row.fault.as_deref(),
            };
            Ok(tx.update_notice(id, &update)?)
        };
        self.catalog.write_silent("it changes nothing but a mail", retry).await
    }

    /// Sends a mail to try the settings.
    ///
    /// Errors: `Off`, `Address`, `Post`.
    pub async fn test(&self, address: &str, now: Timestamp) -> Result<(), NoticesError> {
        let settings = self.settings.as_deref().ok_or(NoticesError::Off)?;
        let to = parse_address(address).ok().filter(|address| !address.is_empty());
        let to = to.ok_or_else(|| NoticesError::Address(address.to_owned()))?;
        let (language, office) = (Language::German, self.accounts.office().await?);
        let texts = NoticeTexts(language);
        let text = language.letter(&[texts.greeting().to_owned(), texts.test().to_owned()], &office);
        let mut post = Post::open(settings).await?;
        let [a, b, c, d] = random_bytes::<4>();
        let id =
            format!("<test.{a:02x}{b:02x}{c:02x}{d:02x}.{}@{}>", self.instance, settings.from.email.domain());
        let stamps = Stamps { id, bounces: self.bounces_of_unkept(now), now };
        post.send(&Letter { to, subject: texts.subject_test().to_owned(), text }, stamps).await?;
        post.close().await;
        Ok(())
    }

    /// The same at each attempt, so that a mail that was sent twice is recognised as one. With the time, because a catalogue
    /// that was restored gives numbers again.
    fn message_id(&self, row: &NoticeRow) -> String {
        let domain = self.settings.as_ref().map_or("localhost", |settings| settings.from.email.domain());
        format!("<notice.{}.{}.{}@{domain}>", row.id.0, row.created.0, self.instance)
    }

    /// Puts a mail off without an attempt.
    async fn rest(&self, row: &NoticeRow, until: Timestamp) -> Result<(), NoticesError> {
        let (id, state, attempts) = (row.id, row.state, row.attempts);
        let fault = row.fault.clone();
        let store = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let fault = fault.as_deref();
            let update = NoticeUpdate { state, attempts, next: Some(until), ended: None, fault };
            Ok::<_, NoticesError>(tx.update_notice(id, &update)?)
        };
        self.catalog.write_silent("it changes nothing but a mail", store).await
    }

    /// Notes that the mail server took a mail, in the same transaction with what follows from it.
    async fn taken(&self, row: &NoticeRow, to: &str, now: Timestamp) -> Result<(), NoticesError> {
        let (row, to) = (row.clone(), to.to_owned());
        let (state, attempts) = (NoticeState::Sent, row.attempts + 1);
        let store = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.note_sent_to(row.id, &to)?;
            let sent = NoticeUpdate { state, attempts, next: None, ended: Some(now), fault: None };
            update(tx, row.id, &sent)?;
            if let (Topic::Reminder, &Recipient::Asked(recipient)) = (row.topic, &row.recipient) {
                reminded(tx, recipient, row.id, now)?;
            } else if let (Topic::Invitation, &Recipient::Asked(recipient)) = (row.topic, &row.recipient) {
                invited(tx, recipient, &to, now)?;
            }
            tx.silent("beside what follows for a recipient it changes nothing but a mail");
            Ok::<_, NoticesError>(())
        };
        self.catalog.write(store).await
    }

    async fn ended(
        &self,
        id: NoticeId,
        state: NoticeState,
        attempts: u32,
        now: Timestamp,
    ) -> Result<(), NoticesError> {
        let update = NoticeUpdate { state, attempts, next: None, ended: Some(now), fault: None };
        self.store(id, update).await
    }

    async fn not_sent(&self, row: &NoticeRow, error: &PostError, now: Timestamp) -> Result<(), NoticesError> {
        let attempts = row.attempts.saturating_add(1);
        let [jitter, ..] = random_bytes::<1>();
        let pause = pause(attempts, jitter).filter(|_| !matches!(error, PostError::Refused(_)));
        let (state, next) = match (pause, error) {
            (Some(pause), _) => (NoticeState::Waiting, Some(now.after(pause))),
            (None, PostError::Refused(_)) => (NoticeState::Bounced, None),
            (None, _) => (NoticeState::Failed, None),
        };
        if next.is_none() {
            tracing::warn!(
                notice = row.id.0,
                state = state.as_str(),
                attempts,
                "a mail could not be delivered"
            );
        }
        let ended = next.is_none().then_some(now);
        let fault = error.fault().to_owned();
        let id = row.id;
        // Not if this server's own mail server could not be used.
        let is_refused = next.is_none() && !matches!(error, PostError::NoServer(_));
        let wrong = match row.recipient {
            Recipient::Asked(recipient) if is_refused => Some(recipient),
            _ => None,
        };
        let store = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if let Some(recipient) = wrong {
                refused(tx, recipient, &fault, now)?;
            }
            update(tx, id, &NoticeUpdate { state, attempts, next, ended, fault: Some(&fault) })
        };
        self.catalog.write_silent("it changes nothing but a mail", store).await
    }

    async fn store(&self, id: NoticeId, update: NoticeUpdate<'static>) -> Result<(), NoticesError> {
        let store = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            Ok::<_, NoticesError>(tx.update_notice(id, &update)?)
        };
        self.catalog.write_silent("it changes nothing but a mail", store).await
    }
}

/// Stores the result of an attempt, unless a report about the mail came before it.
fn update(tx: &WriteTx<'_>, id: NoticeId, update: &NoticeUpdate<'_>) -> Result<(), NoticesError> {
    if tx.notice(id)?.is_some_and(|row| row.state == NoticeState::Waiting) {
        tx.update_notice(id, update)?;
    }
    Ok(())
}

/// Time to the next attempt after this number of them, up to a quarter longer so that mails do not stay together; `None` if
/// there is none.
fn pause(attempts: u32, jitter: u8) -> Option<Duration> {
    let doubled = 2_u32.checked_pow(attempts.saturating_sub(1))?;
    let pause = FIRST_PAUSE.checked_mul(doubled)?;
    // The last pause is the longest one.
    let pause = if pause < LONGEST_PAUSE * 2 { pause.min(LONGEST_PAUSE) } else { return None };
    Some(pause + pause * u32::from(jitter) / 1_020)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_minute_to_a_day_and_then_end() {
        assert_eq!(pause(1, 0), Some(Duration::from_mins(1)));
        assert_eq!(pause(1, 255), Some(Duration::from_secs(75)));
        assert_eq!(pause(2, 0), Some(Duration::from_mins(2)));
        assert_eq!(pause(11, 0), Some(Duration::from_mins(1_024)));
        assert_eq!(pause(12, 0), Some(LONGEST_PAUSE));
        assert_eq!((pause(13, 0), pause(99, 0)), (None, None));
        let total: Duration = (1..=12).filter_map(|attempt| pause(attempt, 0)).sum();
        assert_eq!(total.as_secs() / 3_600, 58, "a weekend");
    }
}

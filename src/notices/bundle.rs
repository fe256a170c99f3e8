//! Puts news together into mails.

use std::time::Duration;

use super::pace::{Pace, pace};
use super::{Notices, NoticesError};
use crate::accounts::People;
use crate::catalog::{NewsGroup, WriteTx};
use crate::model::{NoticeWish, Recipient, Timestamp, Topic};

/// Most mails that one recipient gets within an hour, but for those about the account itself; the rest comes together in later ones.
const MOST_AN_HOUR: u64 = 12;
/// Time within which those are counted.
const HOUR: Duration = Duration::from_hours(1);
/// Weekday (Monday) and hour, by the office's clocks, of weekly mails.
const DIGEST_AT: (i8, i8) = (0, 7);

impl Notices {
    /// Makes mails of the news that have waited long enough; returns their number.
    pub async fn bundle(&self, now: Timestamp) -> Result<usize, NoticesError> {
        let people = self.accounts.people().await?;
        let groups = self.catalog.read(|tx| Ok::<_, NoticesError>(tx.news_groups()?)).await?;
        let arrivals = self.pace();
        let due: Vec<_> = groups.into_iter().filter(|group| is_due(&people, group, arrivals, now)).collect();
        if due.is_empty() {
            return Ok(0);
        }
        let bundle = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut made = 0;
            for group in &due {
                made += usize::from(mail(tx, &people, group, arrivals, now)?);
            }
            Ok(made)
        };
        self.catalog.write_silent("the events are recorded already", bundle).await
    }
}

/// How a recipient wants news of this topic; not at all if the person cannot be reached any more.
fn wish(people: &People, recipient: &Recipient, topic: Topic) -> NoticeWish {
    match recipient {
        // No wish keeps these back.
        Recipient::User(user) if topic == Topic::Security => {
            people.contact(*user).map_or(NoticeWish::Off, |_| NoticeWish::On)
        }
        Recipient::User(user) => people.contact(*user).map_or(NoticeWish::Off, |contact| contact.notices),
        Recipient::Asked(_) => NoticeWish::On,
    }
}

fn is_due(people: &People, group: &NewsGroup, arrivals: Pace, now: Timestamp) -> bool {
    match wish(people, &group.recipient, group.topic) {
        NoticeWish::Off => true,
        NoticeWish::Digest => {
            let (weekday, hour) = DIGEST_AT;
            people.office().zone.next(group.first, Some(weekday), hour) <= now
        }
        NoticeWish::On => {
            let pace = pace(group.topic, arrivals);
            group.last.after(pace.quiet) <= now || group.first.after(pace.apart) <= now
        }
    }
}

/// Makes a mail of a group, unless the recipient had one shortly before; returns whether it did.
fn mail(
    tx: &WriteTx<'_>,
    people: &People,
    group: &NewsGroup,
    arrivals: Pace,
    now: Timestamp,
) -> Result<bool, NoticesError> {
    let topic = match wish(people, &group.recipient, group.topic) {
        NoticeWish::Off => {
            tx.delete_news(group)?;
            return Ok(false);
        }
        NoticeWish::Digest => Topic::Digest,
        NoticeWish::On => group.topic,
    };
    let (count, latest) = tx.notices_since(group, now.before(HOUR))?;
    let is_early = latest.is_some_and(|at| now < at.after(pace(group.topic, arrivals).apart));
    // Other mails must not keep one back that says that a stranger is in the account.
    let is_too_many = count >= MOST_AN_HOUR && group.topic != Topic::Security;
    if is_too_many || is_early {
        return Ok(false);
    }
    // Part of a digest made just now.
    if !tx.has_news(group)? {
        return Ok(false);
    }
    tx.insert_notice(group, topic, now)?;
    Ok(true)
}

//! Reads the events since the last time, and notes the news for each recipient.

use std::time::Duration;

use super::table::{Audience, audience, change, story};
use super::{KEPT_FOR, Notices, NoticesError};
use crate::accounts::People;
use crate::catalog::WriteTx;
use crate::model::{
    EventId, LinkId, News, NoticeWish, Recipient, Recorded, RequestId, SecurityChange, SpaceId, Timestamp,
    Topic, UserId, VersionId,
};

/// Name of the setting with the last event that was read.
const POSITION: &str = "notices-position";
/// Name of the setting with the last day on which people were reminded of decisions.
const REMINDED: &str = "notices-reminded";
/// Most events that are read in one transaction.
const MOST_EVENTS: usize = 200;
/// Most news that may wait for their mails; beyond them no more events are read, and none is lost.
const MOST_WAITING: u64 = 50_000;
/// Age from which an event is no news: mail was switched on long after it.
const LONGEST_AGO: Duration = Duration::from_hours(7 * 24);
/// Time for which a file waits, or a link exists, before people are reminded of it.
const REMINDED_AFTER: Duration = Duration::from_hours(24);
/// Time before the last day of a link from which a mail says to its maker that nothing was fetched.
const AHEAD: Duration = Duration::from_hours(2 * 24);
/// The same on Fridays, because no mail comes at the weekend.
const AHEAD_ON_FRIDAYS: Duration = Duration::from_hours(4 * 24);
/// Most links of which people are told on one day.
const MOST_LINKS: usize = 1_000;
/// Hour of a workday, by the office's clocks, from which people are reminded.
const REMINDED_FROM: i8 = 8;

impl Notices {
    /// Notes the news of the next 200 events at most; returns the number of events read. Position and news are stored in
    /// one transaction, so none is lost or told twice.
    pub async fn gather(&self, now: Timestamp) -> Result<usize, NoticesError> {
        let people = self.accounts.people().await?;
        let is_due = reminder_day(&people, now);
        let day = is_due.clone();
        let is_idle = self.catalog.read(move |tx| {
            let is_reminded = day.is_none() || tx.setting(REMINDED)? == day;
            Ok::<_, NoticesError>(position(tx.setting(POSITION)?) == tx.latest_event()? && is_reminded)
        });
        if is_idle.await? {
            return Ok(0);
        }
        let gather = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if tx.waiting_news()? >= MOST_WAITING {
                return Ok(0);
            }
            if let Some(day) = is_due
                && tx.setting(REMINDED)?.as_ref() != Some(&day)
            {
                remind(tx, &people, &day, now)?;
                tx.set_setting(REMINDED, &day)?;
                tx.delete_notices_ended(now.before(KEPT_FOR))?;
            }
            let Some(after) = position(tx.setting(POSITION)?) else {
                // Events before notices were set up are no news.
                let latest = tx.latest_event()?.unwrap_or(EventId(0));
                tx.set_setting(POSITION, &latest.0.to_string())?;
                return Ok(0);
            };
            let events = tx.events_after(after, MOST_EVENTS)?;
            for recorded in events.iter().filter_map(|(_, recorded)| recorded.as_ref()) {
                if now.since(recorded.at) <= LONGEST_AGO {
                    note(tx, &people, recorded, now)?;
                }
            }
            if let Some((last, _)) = events.last() {
                tx.set_setting(POSITION, &last.0.to_string())?;
            }
            Ok(events.len())
        };
        self.catalog.write_silent("the events are recorded already", gather).await
    }
}

fn position(setting: Option<String>) -> Option<EventId> {
    setting?.parse().ok().map(EventId)
}

/// Notes the news of one event.
fn note(tx: &WriteTx<'_>, people: &People, recorded: &Recorded, now: Timestamp) -> Result<(), NoticesError> {
    let Some(story) = story(tx, recorded)? else { return Ok(()) };
    if let Audience::Owner(user) = story.audience {
        return tell_owner(tx, people, user, recorded);
    }
    let Some(space) = story.space else { return Ok(()) };
    let what = What {
        actor: recorded.actor.person(),
        origin: format!("e{}", recorded.id.0),
        topic: story.topic,
        space,
        version: story.version,
        at: recorded.at,
    };
    if let Audience::Asked(request) = story.audience {
        return tell_asked(tx, request, &what);
    }
    let users = audience(tx, people, &story, &recorded.actor)?;
    tell(tx, people, &users, &what, now)
}

/// Notes the news for the recipients of a request.
fn tell_asked(tx: &WriteTx<'_>, request: RequestId, what: &What) -> Result<(), NoticesError> {
    for recipient in tx.recipients_of(request)? {
        if recipient.mail.is_empty() {
            continue;
        }
        tx.insert_news(&News {
            origin: what.origin.clone(),
            recipient: Recipient::Asked(recipient.id),
            instead_of: None,
            topic: what.topic,
            space: Some(what.space),
            version: None,
            at: what.at,
        })?;
    }
    Ok(())
}

/// Notes that a person is told of a change of how that person signs in: the person alone, whatever news the person wants.
fn tell_owner(
    tx: &WriteTx<'_>,
    people: &People,
    user: UserId,
    recorded: &Recorded,
) -> Result<(), NoticesError> {
    let Some(change) = change(recorded).filter(|_| people.contact(user).is_some()) else { return Ok(()) };
    Ok(tx.insert_news(&News {
        origin: format!("s{}-{change}", recorded.id.0),
        recipient: Recipient::User(user),
        instead_of: None,
        topic: Topic::Security,
        space: None,
        version: None,
        at: recorded.at,
    })?)
}

/// The event of an origin of news about one.
pub(super) fn event_of(origin: &str) -> Option<EventId> {
    origin.strip_prefix('e')?.parse().ok().map(EventId)
}

/// The change of an origin of news about an account.
pub(super) fn change_of(origin: &str) -> Option<SecurityChange> {
    let (_, word) = origin.strip_prefix('s')?.split_once('-')?;
    SecurityChange::from_word(word)
}

/// One piece of news, for all of its recipients.
struct What {
    /// The person who did it, and needs no mail.
    actor: Option<UserId>,
    origin: String,
    topic: Topic,
    space: SpaceId,
    version: Option<VersionId>,
    at: Timestamp,
}

/// Notes the news for these users, or for their substitutes, if those may know it too.
fn tell(
    tx: &WriteTx<'_>,
    people: &People,
    users: &[UserId],
    what: &What,
    now: Timestamp,
) -> Result<(), NoticesError> {
    for user in users {
        let may_know = |other: &UserId| match what.topic {
            _ if what.actor == Some(*other) => false,
            Topic::Arrived | Topic::HandedIn | Topic::LinkUnfetched => people.reads(*other, what.space),
            Topic::Asked | Topic::Quarantined | Topic::SecondNeeded | Topic::DecisionWaits => {
                people.decides(*other, what.space)
            }
            // No other person can fetch these.
            Topic::HandedOut
            | Topic::Declined
            | Topic::Released
            | Topic::NeededAgain
            | Topic::Reminder
            | Topic::Answered
            | Topic::Invitation
            | Topic::Security
            | Topic::Digest => false,
        };
        let substitute = people.substitute_of(*user, now).filter(may_know);
        let reached = substitute.filter(|other| is_reached(people, *other));
        let (recipient, instead_of) = match reached {
            // A recipient of the same news needs no second mail.
            Some(other) if users.contains(&other) => continue,
            Some(other) => (other, Some(*user)),
            None => (*user, None),
        };
        if !is_reached(people, recipient) {
            continue;
        }
        tx.insert_news(&News {
            origin: what.origin.clone(),
            recipient: Recipient::User(recipient),
            instead_of,
            topic: what.topic,
            space: Some(what.space),
            version: what.version,
            at: what.at,
        })?;
    }
    Ok(())
}

fn is_reached(people: &People, user: UserId) -> bool {
    people.contact(user).is_some_and(|contact| contact.notices != NoticeWish::Off)
}

/// The day on which people are to be reminded now; `None` at night and at the weekend.
fn reminder_day(people: &People, now: Timestamp) -> Option<String> {
    let zone = &people.office().zone;
    let local = zone.local(now);
    (local.weekday < 5 && local.hour >= REMINDED_FROM).then(|| zone.day(now).to_string())
}

/// Reminds the deciders of files that have been waiting for long.
fn remind(tx: &WriteTx<'_>, people: &People, day: &str, now: Timestamp) -> Result<(), NoticesError> {
    for waiting in tx.undecided_before(now.before(REMINDED_AFTER))? {
        let what = What {
            actor: None,
            origin: format!("d{day}-{}", waiting.space),
            topic: Topic::DecisionWaits,
            space: waiting.space,
            version: None,
            at: now,
        };
        tell(tx, people, &people.deciders(waiting.space), &what, now)?;
    }
    remind_of_links(tx, people, now)
}

/// Tells people of their links that end within two days, or on Fridays until Tuesday, and through which nothing was
/// fetched: once for each link.
fn remind_of_links(tx: &WriteTx<'_>, people: &People, now: Timestamp) -> Result<(), NoticesError> {
    let zone = &people.office().zone;
    let is_friday = zone.local(now).weekday == 4;
    let last = zone.day(now).after(if is_friday { AHEAD_ON_FRIDAYS } else { AHEAD });
    let soon = (now, zone.end_of(last));
    for link in tx.unfetched_links(now.before(REMINDED_AFTER), soon, MOST_LINKS)? {
        let what = What {
            actor: None,
            origin: origin_of(link.id),
            topic: Topic::LinkUnfetched,
            space: link.space,
            version: None,
            at: now,
        };
        tell(tx, people, &[link.creator], &what, now)?;
    }
    Ok(())
}

/// The origin of news of a link that ends.
fn origin_of(link: LinkId) -> String {
    format!("l{}", link.0)
}

/// The link of an origin of [`origin_of`].
pub(super) fn link_of(origin: &str) -> Option<LinkId> {
    origin.strip_prefix('l')?.parse().ok().map(LinkId)
}

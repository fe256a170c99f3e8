//! Reminders become mails: as planned, and when a user of the office asks for one. `notices` sends the mails and decides at
//! that time whether they are still true.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::mails::{group, mail};
use super::{RequestError, event};
use crate::accounts::parse_address;
use crate::catalog::{ItemRow, ReadTx, RecipientRow, RequestRow, WriteTx};
use crate::model::{
    Access, ItemId, ItemState, MOST_REMINDERS, NoticeId, Office, OfficeHours, Recipient, RecipientId,
    ReminderPlan, RequestEvent, RequestId, Stamp, Timestamp, Topic, Worker,
};
use crate::sharing::Sharing;

/// Most recipients that one transaction looks at.
const MOST_AT_ONCE: usize = 200;
/// Longest delay of a planned reminder: what is due for longer is left out, because mail was switched on or the server
/// started long after it.
const LONGEST_LATE: Duration = Duration::from_hours(14 * 24);
/// Begins the origin of a reminder for which a user asked.
const BY_HAND: &str = "hand";
/// Begins the origin of a planned one.
const PLANNED: &str = "plan";

/// The clocks by which reminders are planned.
pub(in crate::sharing) struct ReminderPace {
    office: Arc<Office>,
    hours: OfficeHours,
}

impl Sharing {
    /// Sets when planned reminders are sent, once; `None` if this server sends no mails.
    pub fn send_reminders(&self, hours: Option<OfficeHours>) {
        let _ = self.inner.office_hours.set(hours);
    }

    /// Whether this server sends mails; `None` if no server runs.
    pub fn sends_mails(&self) -> Option<bool> {
        self.inner.office_hours.get().map(Option::is_some)
    }

    pub(in crate::sharing) async fn pace(&self) -> Result<ReminderPace, RequestError> {
        Ok(ReminderPace { office: self.inner.accounts.office().await?, hours: self.reminder_hours() })
    }

    /// Makes mails of the next 200 reminders at most that are due, while the office works; returns the number of recipients
    /// that it looked at. The mail and the time of the next one are stored in one transaction, so that none is made twice.
    pub async fn make_reminders(&self, now: Timestamp) -> Result<usize, RequestError> {
        let pace = self.pace().await?;
        if !pace.hours.contain(now, &pace.office.zone) {
            return Ok(0);
        }
        let is_idle =
            self.inner.catalog.read(move |tx| Ok::<_, RequestError>(tx.reminders_due(now, 1)?.is_empty()));
        if is_idle.await? {
            return Ok(0);
        }
        let make = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let due = tx.reminders_due(now, MOST_AT_ONCE)?;
            let mut told = HashSet::new();
            for recipient in &due {
                pace.make(tx, recipient, &mut told, now)?;
            }
            Ok(due.len())
        };
        self.inner.catalog.write_silent("a reminder is recorded when it is sent", make).await
    }

    /// When a mail with a reminder may be sent, if that is not now: a planned one that the mail server put off waits until the
    /// office works again.
    pub async fn reminder_rests(
        &self,
        notice: NoticeId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, RequestError> {
        let pace = self.pace().await?;
        let zone = &pace.office.zone;
        if pace.hours.contain(now, zone) || self.inner.catalog.read(move |tx| is_by_hand(tx, notice)).await? {
            return Ok(None);
        }
        Ok(Some(pace.hours.next_begin(now, zone)))
    }

    /// Reminds the recipients of a request now, each at most once a day.
    ///
    /// Errors: `NoSuchRequest`, `MailOff`, `Closed`, `Paused`, `NothingMissing`, `RemindedToday`, `NoRecipient`.
    pub async fn remind(&self, rights: &[Access], id: RequestId, by: Stamp) -> Result<(), RequestError> {
        let reached = self.reached(rights, id, by.at).await?;
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            match row {
                RequestRow { closed: Some(_), .. } => return Err(RequestError::Closed),
                RequestRow { missing: 0, .. } => return Err(RequestError::NothingMissing),
                RequestRow { is_paused: true, .. } => return Err(RequestError::Paused),
                _ => {}
            }
            let (mut made, mut reminded) = (0, 0);
            for recipient in tx.recipients_of(row.id)?.iter().filter(|one| reached.contains(&one.id)) {
                if pace.was_reminded_today(recipient, by.at) || is_waiting(tx, recipient)? {
                    reminded += 1;
                    continue;
                }
                mail(tx, &group(row, recipient.id, Topic::Reminder, by.at), BY_HAND, by.at)?;
                made += 1;
            }
            match (made, reminded) {
                (0, 0) => Err(RequestError::NoRecipient),
                (0, _) => Err(RequestError::RemindedToday),
                _ => Ok(tx.record(&by, &event(tx, row, RequestEvent::Reminded, (None, None))?)?),
            }
        })
        .await
    }

    /// The hours of the office, in which planned reminders are sent.
    pub fn reminder_hours(&self) -> OfficeHours {
        self.inner.office_hours.get().copied().flatten().unwrap_or_default()
    }

    /// Changes on which days a request reminds. What was sent already counts.
    ///
    /// Errors: `NoSuchRequest`, `Closed`.
    pub async fn plan_reminders(
        &self,
        rights: &[Access],
        id: RequestId,
        plan: ReminderPlan,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            if row.closed.is_some() {
                return Err(RequestError::Closed);
            }
            if row.plan == plan {
                return Ok(());
            }
            tx.plan_reminders(row.id, &plan)?;
            pace.plan_anew(tx, row.id, by.at)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }

    /// Stops the planned reminders of a request, or lets them go on.
    ///
    /// Errors: `NoSuchRequest`.
    pub async fn pause_reminders(
        &self,
        rights: &[Access],
        id: RequestId,
        pauses: bool,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            if row.is_paused == pauses {
                return Ok(());
            }
            tx.pause_reminders(row.id, pauses)?;
            pace.plan_anew(tx, row.id, by.at)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }

    /// Gives a recipient another mail address, or none; what a mail server said of the one before is forgotten. Codes for the
    /// recipient's link go to the new address from then on, and a code that the earlier one got opens nothing any more.
    ///
    /// Errors: `NoSuchRequest`, `NoSuchRecipient`, `Mail`, `Recipients` if another recipient has it, `NoCodeAddress` for none in a
    /// request whose links open by codes.
    pub async fn readdress(
        &self,
        rights: &[Access],
        (id, recipient): (RequestId, RecipientId),
        mail: &str,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let mail = parse_address(mail).map_err(|_| RequestError::Mail(mail.to_owned()))?;
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            let all = tx.recipients_of(row.id)?;
            let one = all.iter().find(|one| one.id == recipient).ok_or(RequestError::NoSuchRecipient)?;
            if row.code_by_mail && mail.is_empty() {
                let called = if one.name.is_empty() { &one.mail } else { &one.name };
                return Err(RequestError::NoCodeAddress(called.clone()));
            }
            let is_same = |one: &RecipientRow| one.mail.eq_ignore_ascii_case(&mail) && !mail.is_empty();
            if all.iter().any(|one| one.id != recipient && is_same(one)) {
                return Err(RequestError::Recipients);
            }
            tx.readdress_recipient(recipient, &mail)?;
            if let Some(link) = one.link.filter(|_| one.mail != mail) {
                tx.send_codes_to(link, &mail)?;
            }
            pace.plan_anew(tx, row.id, by.at)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }
}

impl ReminderPace {
    /// Plans the next reminder of each recipient of a request, after one of the facts behind it changed.
    pub(super) fn plan_anew(
        &self,
        tx: &WriteTx<'_>,
        request: RequestId,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let request = tx.request(request)?.ok_or(RequestError::NoSuchRequest)?;
        for recipient in tx.recipients_of(request.id)? {
            tx.plan_reminder(recipient.id, self.next(&request, &recipient, now))?;
        }
        Ok(())
    }

    /// Stores the state of an item that follows from its facts; returns the state before and the one since. Another item may
    /// be the next one that is due then.
    pub(super) fn settle_item(
        &self,
        tx: &WriteTx<'_>,
        request: &RequestRow,
        id: ItemId,
        now: Timestamp,
    ) -> Result<Option<(ItemRow, ItemState)>, RequestError> {
        let due = || Ok::<_, RequestError>(tx.request(request.id)?.and_then(|row| row.next_due));
        let before = due()?;
        let settled = tx.settle_item(id)?;
        if due()? != before {
            self.plan_anew(tx, request.id, now)?;
        }
        Ok(settled)
    }

    /// When a recipient is reminded next.
    fn next(&self, request: &RequestRow, recipient: &RecipientRow, now: Timestamp) -> Option<Timestamp> {
        let rests = request.closed.is_some() || request.is_paused;
        let is_reached = !recipient.mail.is_empty() && recipient.refused.is_none();
        if rests || !is_reached || recipient.reminders >= MOST_REMINDERS {
            return None;
        }
        // The deadline sets the pace, and so does the day of the first item that is missing.
        let due = [request.deadline, request.next_due].into_iter().flatten();
        let clock = (&self.hours, &self.office.zone);
        due.filter_map(|due| request.plan.next((request.created, due), now, clock)).min()
    }

    /// Makes the mail of a reminder that is due, unless there is a reason not to, and plans the next one.
    fn make(
        &self,
        tx: &WriteTx<'_>,
        recipient: &RecipientRow,
        told: &mut HashSet<String>,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let (Some(request), Some(due)) = (tx.request(recipient.request)?, recipient.remind) else {
            return Ok(tx.plan_reminder(recipient.id, None)?);
        };
        let next = self.next(&request, recipient, now);
        let is_needed = request.closed.is_none() && !request.is_paused && request.missing > 0;
        let is_left_out = !is_needed
            || recipient.reminders >= MOST_REMINDERS
            || now.since(due) > LONGEST_LATE
            || self.was_reminded_today(recipient, now)
            || is_waiting(tx, recipient)?;
        // Of several requests to one person, one reminds a day; none if an invitation or a mail about rejected items went out.
        let today = self.begin_of_day(now);
        let is_told = told.contains(&recipient.mail)
            || recipient.invited.is_some_and(|invited| invited >= today)
            || tx.was_reminded(&recipient.mail, today)?
            || tx.notices_since(&group(&request, recipient.id, Topic::NeededAgain, now), today)?.1.is_some();
        if !is_left_out && is_told {
            let tomorrow = self.hours.next_workday(now, &self.office.zone);
            return Ok(tx.plan_reminder(recipient.id, Some(tomorrow))?);
        }
        tx.plan_reminder(recipient.id, next)?;
        if !is_left_out {
            mail(tx, &group(&request, recipient.id, Topic::Reminder, now), PLANNED, now)?;
            told.insert(recipient.mail.clone());
        }
        Ok(())
    }

    fn was_reminded_today(&self, recipient: &RecipientRow, now: Timestamp) -> bool {
        recipient.reminded.is_some_and(|at| at >= self.begin_of_day(now))
    }

    fn begin_of_day(&self, now: Timestamp) -> Timestamp {
        let zone = &self.office.zone;
        zone.at(zone.day(now), 0)
    }
}

/// Whether a user asked for the reminder in this mail.
fn is_by_hand(tx: &ReadTx<'_>, notice: NoticeId) -> Result<bool, RequestError> {
    Ok(tx.news_of(notice)?.iter().any(|news| news.origin.starts_with(BY_HAND)))
}

/// Whether a reminder to this recipient is still to be sent.
fn is_waiting(tx: &WriteTx<'_>, recipient: &RecipientRow) -> Result<bool, RequestError> {
    Ok(tx.is_waiting(&Recipient::Asked(recipient.id), Topic::Reminder)?)
}

/// Counts a reminder that the mail server took, in the transaction that notes it. One for which a user asked is
/// recorded already.
pub fn reminded(
    tx: &WriteTx<'_>,
    id: RecipientId,
    notice: NoticeId,
    now: Timestamp,
) -> Result<(), RequestError> {
    let is_by_hand = is_by_hand(tx, notice)?;
    let recipient = tx.recipient(id)?;
    let request = recipient.as_ref().map(|recipient| tx.request(recipient.request)).transpose()?.flatten();
    if let (Some(recipient), Some(request)) = (recipient, request) {
        tx.count_reminder(id, now)?;
        if recipient.reminders + 1 >= MOST_REMINDERS {
            tx.plan_reminder(id, None)?;
        }
        if !is_by_hand {
            let by = Stamp::worker(Worker::Reminders, now);
            return Ok(tx.record(&by, &event(tx, &request, RequestEvent::Reminded, (None, None))?)?);
        }
    }
    tx.silent("the user who asked for the reminder is recorded");
    Ok(())
}

/// Notes that a mail server refused the address of a recipient: it gets no mail until it is corrected.
pub fn refused(tx: &WriteTx<'_>, id: RecipientId, why: &str, now: Timestamp) -> Result<(), RequestError> {
    Ok(tx.refuse_recipient(id, why, now)?)
}

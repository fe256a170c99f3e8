//! Reports about mails that come back minutes or days after the mail server took them (RFC 3464).
//!
//! ```text
//! send     MAIL FROM:<bounces+TOKEN@…>          a token for each mail
//! return   RCPT TO:<bounces+TOKEN@…>            only a token of a mail of the last 30 days is an address
//!          report                               failed: the mail has bounced; delayed: it is late; all else: nothing
//! ```
//! A token is what the mail is (8 bytes) and an HMAC of that (12 bytes) in base32; the HMAC also masks the 8 bytes, so a token
//! names nothing, and nothing but the key makes one. It needs no row: mails that are not kept have tokens, too.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use lettre::Address;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Notices, NoticesError};
use crate::catalog::{NoticeRow, NoticeUpdate, ReadTx, WriteTx};
use crate::model::{
    DeliveryAction, DeliveryReport, NoticeId, NoticeState, Recipient, Timestamp, random_bytes,
};
use crate::sharing::refused;

/// Time after a mail for which reports about it are taken. Mail servers give up after five days.
const TAKEN_FOR: Duration = Duration::from_hours(30 * 24);
/// Most reports within an hour, those about all mails together; the mail server keeps what exceeds them and tries again.
const MOST_REPORTS: u32 = 1_000;
/// Time within which those are counted.
const HOUR: Duration = Duration::from_hours(1);
/// Bytes of the HMAC in a token.
const TAG: usize = 12;
/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600_000;
/// Set in the number of a mail that is not kept; the day on which it was sent stands below it.
const UNKEPT: u64 = 1 << 63;
/// Bits of chance below the day.
const CHANCE_BITS: u32 = 32;
/// Most characters of what a report says that are kept.
const MAX_FAULT_CHARS: usize = 300;

/// Key of the tokens. Wiped on drop.
pub struct BounceKey(Zeroizing<[u8; 32]>);

impl BounceKey {
    /// Takes a key of 32 uniformly random bytes that has no other use.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn mac<const LEN: usize>(&self, parts: &[&[u8]]) -> [u8; LEN] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        let whole = mac.finalize().into_bytes();
        std::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
    }

    /// `made` is when the mail was made: a catalogue that was restored gives numbers again.
    fn tag(&self, number: u64, made: Timestamp) -> [u8; TAG] {
        self.mac(&[b"tag", &number.to_be_bytes(), &made.0.to_be_bytes()])
    }

    fn masked(&self, number: u64, tag: &[u8; TAG]) -> u64 {
        number ^ u64::from_be_bytes(self.mac(&[b"mask", tag]))
    }

    fn token(&self, number: u64, made: Timestamp) -> String {
        let tag = self.tag(number, made);
        let bytes = [&self.masked(number, &tag).to_be_bytes()[..], &tag].concat();
        BASE32_NOPAD.encode(&bytes).to_lowercase()
    }

    /// The number in a token, which counts once its tag was compared.
    fn claimed(&self, token: &str) -> Option<(u64, [u8; TAG])> {
        let bytes = BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).ok()?;
        let (number, tag) = bytes.split_first_chunk::<8>()?;
        let tag = tag.try_into().ok()?;
        Some((self.masked(u64::from_be_bytes(*number), &tag), tag))
    }

    fn is_tag(&self, tag: &[u8; TAG], number: u64, made: Timestamp) -> bool {
        self.tag(number, made).ct_eq(tag).into()
    }
}

impl fmt::Debug for BounceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BounceKey([redacted])")
    }
}

/// A mail whose token an address had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returned(Option<NoticeId>);

/// The reports of this hour.
#[derive(Debug, Default)]
pub(super) struct Reports {
    begun: AtomicI64,
    count: AtomicU32,
}

impl Reports {
    /// Counts one more; `false` if that is too many.
    fn count(&self, now: Timestamp) -> bool {
        let begun = Timestamp(self.begun.load(Ordering::Relaxed));
        if now >= begun.after(HOUR) || now < begun {
            self.begun.store(now.0, Ordering::Relaxed);
            self.count.store(0, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed) < MOST_REPORTS
    }
}

impl Notices {
    /// The address to which a report about a kept mail comes back; `None` if none is set up.
    pub(super) fn bounces_of(&self, row: &NoticeRow) -> Option<Address> {
        self.bounces_to(row.id.0.cast_unsigned(), row.created)
    }

    /// The same for a mail that is not kept.
    pub(super) fn bounces_of_unkept(&self, now: Timestamp) -> Option<Address> {
        let day = (now.0 / DAY).cast_unsigned() << CHANCE_BITS;
        let chance = u32::from_le_bytes(random_bytes());
        self.bounces_to(UNKEPT | day | u64::from(chance), Timestamp(0))
    }

    fn bounces_to(&self, number: u64, made: Timestamp) -> Option<Address> {
        let to = self.settings.as_ref()?.bounces.as_ref()?;
        let local = format!("{}+{}", to.user(), self.bounce_key.token(number, made));
        Address::new(local, to.domain()).ok()
    }

    /// The mail whose token an address has, whatever its domain and capitals; `None` if it has none, or one of a mail that is
    /// too old.
    ///
    /// Errors: `Catalog`.
    pub async fn returned(&self, address: &str, now: Timestamp) -> Result<Option<Returned>, NoticesError> {
        let Some(to) = self.settings.as_ref().and_then(|settings| settings.bounces.as_ref()) else {
            return Ok(None);
        };
        let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
        let token =
            local.strip_prefix(&to.user().to_ascii_lowercase()).and_then(|rest| rest.strip_prefix('+'));
        let Some((number, tag)) = token.and_then(|token| self.bounce_key.claimed(token)) else {
            return Ok(None);
        };
        let since = now.before(TAKEN_FOR);
        if number & UNKEPT != 0 {
            let day = ((number & !UNKEPT) >> CHANCE_BITS).cast_signed();
            let is_one = self.bounce_key.is_tag(&tag, number, Timestamp(0)) && day * DAY > since.0 - DAY;
            return Ok(is_one.then_some(Returned(None)));
        }
        let id = NoticeId(number.cast_signed());
        let row = self.catalog.read(move |tx| Ok::<_, NoticesError>(tx.notice(id)?)).await?;
        let row = row.filter(|row| self.bounce_key.is_tag(&tag, number, row.created));
        Ok(row.filter(|row| row.ended.unwrap_or(now) > since).map(|row| Returned(Some(row.id))))
    }

    /// Whether one more report may be read now; it is counted then.
    pub fn takes_report(&self, now: Timestamp) -> bool {
        self.reports.count(now)
    }

    /// Notes what a report says of a mail. `None`, the same again, and what comes after the end change nothing.
    ///
    /// Errors: `Catalog`, and then nothing is noted.
    pub async fn note_report(
        &self,
        Returned(mail): Returned,
        report: Option<DeliveryReport>,
        now: Timestamp,
    ) -> Result<(), NoticesError> {
        let Some(report) = report else {
            tracing::debug!("a mail that came back reports nothing");
            return Ok(());
        };
        let Some(id) = mail else {
            let action = report.action.as_str();
            tracing::warn!(
                action,
                status = report.status,
                "a mail with a code, or one that tried the settings, came back"
            );
            return Ok(());
        };
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            note(tx, id, &report, now)
        };
        let state = self.catalog.write_silent("it changes nothing but a mail", note).await?;
        if let Some(state) = state {
            tracing::warn!(
                notice = id.0,
                state = state.as_str(),
                "a mail server reports about a mail that it took"
            );
        }
        Ok(())
    }
}

/// Stores what a report says; returns the new state if there is one.
fn note(
    tx: &WriteTx<'_>,
    id: NoticeId,
    report: &DeliveryReport,
    now: Timestamp,
) -> Result<Option<NoticeState>, NoticesError> {
    let Some(row) = tx.notice(id)? else { return Ok(None) };
    let (state, ended) = match (report.action, row.state) {
        // While it waits, it may have been sent already: the report is faster than the note of that.
        (DeliveryAction::Failed, NoticeState::Waiting | NoticeState::Sent | NoticeState::Delayed) => {
            (NoticeState::Bounced, Some(now))
        }
        (DeliveryAction::Delayed, NoticeState::Sent) => (NoticeState::Delayed, row.ended),
        _ => return Ok(None),
    };
    let fault = fault(report);
    if let (NoticeState::Bounced, Recipient::Asked(recipient)) = (state, &row.recipient)
        && is_still_its_address(tx, &row)?
    {
        refused(tx, *recipient, &fault, now)?;
    }
    let update = NoticeUpdate { state, attempts: row.attempts, next: None, ended, fault: Some(&fault) };
    tx.update_notice(id, &update)?;
    Ok(Some(state))
}

/// Whether the recipient has the address to which a mail went.
fn is_still_its_address(tx: &ReadTx<'_>, row: &NoticeRow) -> Result<bool, NoticesError> {
    let (Recipient::Asked(recipient), Some(sent_to)) = (&row.recipient, tx.notice_sent_to(row.id)?) else {
        return Ok(true);
    };
    Ok(tx.recipient(*recipient)?.is_some_and(|recipient| recipient.mail == sent_to))
}

/// What a report says, in one line.
fn fault(report: &DeliveryReport) -> String {
    let DeliveryReport { action, status, diagnostic } = report;
    let text = match (status.is_empty(), diagnostic.is_empty()) {
        (true, true) => action.to_string(),
        (false, true) => status.clone(),
        (false, false) if !diagnostic.contains(status.as_str()) => format!("{status} {diagnostic}"),
        (_, false) => diagnostic.clone(),
    };
    text.chars().take(MAX_FAULT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_mail_and_names_nothing() {
        let key = BounceKey::new(Zeroizing::new([7; 32]));
        let (first, second) = (key.token(1, Timestamp(5)), key.token(2, Timestamp(5)));
        assert_eq!((first.len(), first.as_str()), (32, key.token(1, Timestamp(5)).as_str()));
        assert!(first.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{first}");
        assert_ne!(first.get(..13), second.get(..13));
        let (number, tag) = key.claimed(&first.to_uppercase()).unwrap();
        assert!(number == 1 && key.is_tag(&tag, 1, Timestamp(5)));
        assert!(!key.is_tag(&tag, 2, Timestamp(5)) && !key.is_tag(&tag, 1, Timestamp(6)));
        // Whatever is changed in it, and whatever key made it.
        for at in 0..first.len() {
            let (before, rest) = first.split_at(at);
            let (this, after) = rest.split_at(1);
            let changed = format!("{before}{}{after}", if this == "a" { "b" } else { "a" });
            let is_one =
                key.claimed(&changed).is_some_and(|(number, tag)| key.is_tag(&tag, number, Timestamp(5)));
            assert!(!is_one, "{changed}");
        }
        let other = BounceKey::new(Zeroizing::new([8; 32]));
        assert!(other.claimed(&first).is_none_or(|(number, tag)| !other.is_tag(&tag, number, Timestamp(5))));
        for wrong in ["", "a", "ä", first.split_at(1).1, &format!("{first}aaaaaaaa"), "0123456789"] {
            assert!(key.claimed(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn so_many_reports_are_taken_in_an_hour() {
        let (reports, begin) = (Reports::default(), Timestamp(1_000_000_000));
        assert!((0..MOST_REPORTS).all(|_| reports.count(begin)));
        assert!(!reports.count(begin.after(HOUR / 2)));
        assert!(reports.count(begin.after(HOUR)));
        assert!(reports.count(begin), "the clock was set back");
    }

    #[test]
    fn what_a_report_says_is_one_short_line() {
        for (status, diagnostic, expected) in [
            ("5.1.1", "550 5.1.1 unknown", "550 5.1.1 unknown"),
            ("5.1.1", "unknown", "5.1.1 unknown"),
            ("5.1.1", "", "5.1.1"),
            ("", "unknown", "unknown"),
            ("", "", "failed"),
        ] {
            let (status, diagnostic) = (status.to_owned(), diagnostic.to_owned());
            assert_eq!(
                fault(&DeliveryReport { action: DeliveryAction::Failed, status, diagnostic }),
                expected
            );
        }
        let long = DeliveryReport {
            action: DeliveryAction::Failed,
            status: String::new(),
            diagnostic: "ü".repeat(MAX_FAULT_CHARS + 1),
        };
        assert_eq!(fault(&long).chars().count(), MAX_FAULT_CHARS);
    }
}

//! A link as users of the office and guests see it.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Sharing;
use crate::accounts::UserName;
use crate::catalog::LinkRow;
use crate::library::Entry;
use crate::model::{
    Day, EntryId, EntryPath, LinkId, LinkRight, LinkTerms, RequestId, SpaceId, Timestamp, UserId, Zone,
};

/// Default lifetime of a link; it ends with that day in the office's time zone.
pub const LINK_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// A link to a file or folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Id of the link.
    pub id: LinkId,
    /// The linked entry.
    pub entry: EntryId,
    /// Space of the entry.
    pub space: SpaceId,
    /// User who created the link.
    pub creator: UserId,
    /// Right of the guests, at most.
    pub right: LinkRight,
    /// Time of creation.
    pub created: Timestamp,
    /// Time from which the link no longer opens.
    pub expires: Option<Timestamp>,
    /// Whether guests must enter a password.
    pub has_password: bool,
    /// Label for the creator; may be empty.
    pub label: String,
    /// Note for the guests; may be empty.
    pub note: String,
    /// Whether the link's page hides downloads.
    pub hide_download: bool,
    /// When it was last opened, to the minute.
    pub opened: Option<Timestamp>,
    /// Its terms for people who hand in through it, and how often it gives its content.
    pub terms: LinkTerms,
    /// Number of finished hand-ins or complete downloads.
    pub uses: u32,
    /// When something was last fetched through it, to the minute.
    pub fetched: Option<Timestamp>,
    /// The request that it belongs to.
    pub request: Option<RequestId>,
    token: Zeroizing<String>,
}

/// A link together with its entry, for users of the office.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The link itself.
    pub link: Link,
    /// The linked entry.
    pub entry: Entry,
    /// Path of the entry in its space.
    pub path: EntryPath,
    /// Name of the user who created the link.
    pub creator_name: UserName,
}

/// When a link expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// With the day, in the office's zone, that comes [`LINK_LIFETIME`] later.
    Usual,
    /// Only when a user ends it.
    Never,
    /// With the end of this day in the office's zone.
    Through(Day),
    /// At this time.
    At(Timestamp),
}

/// Changes to a link; `None` leaves a value as it is.
#[derive(Default)]
pub struct LinkChange {
    /// Right of the guests.
    pub right: Option<LinkRight>,
    /// When the link expires.
    pub expires: Option<Expiry>,
    /// `Some(None)` removes the password.
    pub password: Option<Option<SecretString>>,
    /// Label for the creator.
    pub label: Option<String>,
    /// Note for the guests.
    pub note: Option<String>,
    /// Whether the link's page hides downloads.
    pub hide_download: Option<bool>,
    /// Hand-ins that it takes besides those so far, if their number is limited.
    pub more_uses: u32,
    /// Limits of each hand-in, in place of those so far.
    pub limits: Option<LinkLimits>,
}

/// Limits of each hand-in through a link that takes files in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkLimits {
    /// Most bytes.
    pub bytes: Option<u64>,
    /// Most files.
    pub files: Option<u32>,
    /// Endings of the names, in lower case and without the dot; empty for all.
    pub types: Vec<String>,
}

impl Link {
    /// The secret part of the link's address. Anyone who has it can use the link.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The path of its page: `/s/TOKEN`.
    pub fn url_path(&self) -> String {
        format!("/s/{}", self.token())
    }

    /// Whether the link's lifetime is over.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| now >= end)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("id", &self.id).field("right", &self.right).finish_non_exhaustive()
    }
}

impl fmt::Debug for LinkChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkChange([redacted])")
    }
}

impl Expiry {
    /// The expiry time of a link that is created or changed at `now`, in an office of this zone.
    pub(super) fn end(self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Usual => Some(zone.end_of(zone.day(now).after(LINK_LIFETIME))),
            Self::Through(day) => Some(zone.end_of(day)),
            Self::Never => None,
            Self::At(end) => Some(end),
        }
    }
}

impl Sharing {
    pub(super) fn shown(&self, row: LinkRow) -> Link {
        Link {
            id: row.id,
            entry: row.entry,
            space: row.space,
            creator: row.creator,
            right: row.right,
            created: row.created,
            expires: row.expires,
            has_password: row.password_hash.is_some(),
            label: row.label,
            note: row.note,
            hide_download: row.hide_download,
            opened: row.opened,
            terms: row.terms,
            uses: row.uses,
            fetched: row.fetched,
            request: row.request,
            token: self.inner.keys.token(&row.nonce),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_with_a_day_of_the_office() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = |text: &str| Expiry::Through(Day::parse(text).unwrap());
        // The thirtieth day, made in summer time and ended in winter time; and made after midnight by the office's clocks.
        let usual = |now: &str| Expiry::Usual.end(at(now), &berlin);
        assert_eq!(usual("2026-10-09T08:53:20Z"), Some(at("2026-11-08T23:00:00Z")));
        assert_eq!(usual("2026-10-09T22:30:00Z"), Some(at("2026-11-09T23:00:00Z")));
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(day("2026-03-28").end(now, &berlin), Some(at("2026-03-28T23:00:00Z")));
        assert_eq!(
            day("2026-03-29").end(now, &berlin),
            Some(at("2026-03-29T22:00:00Z")),
            "a day of 23 hours"
        );
        assert_eq!(
            day("2026-10-25").end(now, &berlin),
            Some(at("2026-10-25T23:00:00Z")),
            "a day of 25 hours"
        );
        assert_eq!(day("2026-10-25").end(now, &Zone::utc()), Some(at("2026-10-26T00:00:00Z")));
        assert_eq!(Expiry::Never.end(now, &berlin), None);
        assert_eq!(Expiry::At(Timestamp(5)).end(now, &berlin), Some(Timestamp(5)));
    }
}

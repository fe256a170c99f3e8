//! A link as people of the office and guests see it.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Sharing;
use crate::accounts::UserName;
use crate::catalog::LinkRow;
use crate::library::Entry;
use crate::model::{EntryId, EntryPath, LinkId, LinkRight, SpaceId, Timestamp, UserId};

/// Time that a link opens unless its creator says otherwise: to the end of that day, UTC.
pub const LINK_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// A link.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it leads to.
    pub entry: EntryId,
    /// Where that lies.
    pub space: SpaceId,
    /// Who made it.
    pub creator: UserId,
    /// What its holder may do at most.
    pub right: LinkRight,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it does not open any more.
    pub expires: Option<Timestamp>,
    /// Whether a password is asked for.
    pub has_password: bool,
    /// For who made it; may be empty.
    pub label: String,
    /// For who opens it; may be empty.
    pub note: String,
    /// Whether its page shall not offer files for download.
    pub hide_download: bool,
    /// When it was last opened, to the hour.
    pub opened: Option<Timestamp>,
    token: Zeroizing<String>,
}

/// A link with what it leads to, for people of the office.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The link.
    pub link: Link,
    /// What it leads to.
    pub entry: Entry,
    /// Where that lies in its space.
    pub path: EntryPath,
    /// What whoever made it is called.
    pub creator_name: UserName,
}

/// When a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// After [`LINK_LIFETIME`].
    Usual,
    /// When somebody ends it.
    Never,
    /// At this moment.
    At(Timestamp),
}

/// What shall be different about a link; `None` leaves it as it is.
#[derive(Default)]
pub struct LinkChange {
    /// What its holder may do.
    pub right: Option<LinkRight>,
    /// When it ends.
    pub expires: Option<Expiry>,
    /// Another password, or none from now on.
    pub password: Option<Option<SecretString>>,
    /// For who made it.
    pub label: Option<String>,
    /// For who opens it.
    pub note: Option<String>,
    /// Whether its page shall not offer files for download.
    pub hide_download: Option<bool>,
}

impl Link {
    /// What names it in an address. Whoever has it has the link.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The path of its page: `/s/TOKEN`.
    pub fn url_path(&self) -> String {
        format!("/s/{}", self.token())
    }

    /// Whether it does not open any more because its time is over.
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
    /// The moment, for a link that is made or changed at `now`.
    pub(super) fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Usual => Some(end_of_day(now.after(LINK_LIFETIME))),
            Self::Never => None,
            Self::At(end) => Some(end),
        }
    }
}

/// The first moment of the next day, UTC.
fn end_of_day(at: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    Timestamp(at.0.div_euclid(DAY).saturating_add(1).saturating_mul(DAY))
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
            token: self.inner.keys.token(&row.nonce),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_the_usual_life_ends_with_the_thirtieth_day() {
        let now = Timestamp(1_760_000_000_000); // 2025-10-09 08:53:20
        assert_eq!(Expiry::Usual.end(now), Some(Timestamp(1_762_646_400_000)), "2025-11-09 00:00:00");
        assert_eq!(Expiry::Never.end(now), None);
        assert_eq!(Expiry::At(Timestamp(5)).end(now), Some(Timestamp(5)));
    }
}

//! The office as clients see it: its name, the person to ask, its legal texts and its time zone.

use std::time::Duration;

use super::{Logo, Zone};

/// Most characters of a line such as the office's name.
pub const MAX_OFFICE_LINE: usize = 200;
/// Most bytes of a text such as the imprint.
pub const MAX_OFFICE_TEXT: usize = 64 << 10;

/// Time after which the pages of a browser are locked, unless an office sets another.
const LOCK_AFTER: Duration = Duration::from_mins(5);

/// The identity of an office. An empty text stands for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Office {
    /// Its name.
    pub name: String,
    /// The person to ask.
    pub contact: String,
    /// Number to call.
    pub phone: String,
    /// Address for mails.
    pub mail: String,
    /// Address of its web site, with `https://`.
    pub web: String,
    /// The imprint, as plain text.
    pub imprint: String,
    /// The privacy notice, as plain text.
    pub privacy: String,
    /// Number of that text: 0 before the first one, and 1 more with each change.
    pub privacy_version: u32,
    /// How far the pages are accessible, as plain text.
    pub accessibility: String,
    /// The zone that was set; `None` for the system's.
    pub own_zone: Option<Zone>,
    /// The zone in which its times are shown and its days end.
    pub zone: Zone,
    /// Time without a key or a pointer after which the pages of a browser are locked; `None` for never.
    pub lock_after: Option<Duration>,
    /// The picture that stands for it.
    pub logo: Option<Logo>,
}

impl Office {
    /// An office of which nothing is known, in this zone.
    pub fn unknown(zone: Zone) -> Self {
        let none = String::new;
        Self {
            name: none(),
            contact: none(),
            phone: none(),
            mail: none(),
            web: none(),
            imprint: none(),
            privacy: none(),
            privacy_version: 0,
            accessibility: none(),
            own_zone: None,
            zone,
            lock_after: Some(LOCK_AFTER),
            logo: None,
        }
    }
}

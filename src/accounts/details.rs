//! Valid details of the office.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::model::{Logo, MAX_OFFICE_LINE, MAX_OFFICE_TEXT, NoLogo, Office, Zone, ZoneError};

/// Changes of the office's identity; `None` leaves a value as it is, an empty text removes it.
#[derive(Clone, Debug, Default)]
pub struct OfficeChange {
    /// Its name.
    pub name: Option<String>,
    /// The person to ask.
    pub contact: Option<String>,
    /// Number to call.
    pub phone: Option<String>,
    /// Address for mails.
    pub mail: Option<String>,
    /// Address of its web site.
    pub web: Option<String>,
    /// The imprint.
    pub imprint: Option<String>,
    /// The privacy notice.
    pub privacy: Option<String>,
    /// How far the pages are accessible.
    pub accessibility: Option<String>,
    /// Name of its time zone; an empty one stands for the system's.
    pub zone: Option<String>,
    /// Seconds without a key or a pointer after which the pages of a browser are locked; 0 for never.
    pub lock_seconds: Option<u64>,
    /// The file of its logo; an empty one removes it.
    pub logo: Option<Vec<u8>>,
}

/// Seconds after which pages may be locked. A session that is not used for longer ends.
const LOCK_SECONDS: RangeInclusive<u64> = 5..=30 * 60;

/// Why the office's identity was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// A line is too long, or has a character that cannot be displayed.
    #[error("{0} must have at most 200 characters and no line breaks")]
    Line(&'static str),
    /// The address for mails is none.
    #[error("'{0}' is no mail address")]
    Mail(String),
    /// The address of the web site is none.
    #[error("the address of the web site begins with https:// and has no blanks")]
    Web,
    /// A text is too long, or has a character that cannot be displayed.
    #[error("the text '{0}' must have at most 64 KiB and be plain text")]
    Text(&'static str),
    /// The time after which pages are locked is out of range.
    #[error("pages are locked after 5 seconds to 30 minutes, or never (0)")]
    Lock,
    /// The file is no logo.
    #[error(transparent)]
    Logo(#[from] NoLogo),
    /// This machine knows no such zone.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl OfficeError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Line(_) => "office-line-invalid",
            Self::Mail(_) => "mail-address-invalid",
            Self::Web => "office-web-invalid",
            Self::Text(_) => "office-text-invalid",
            Self::Logo(_) => "office-logo-invalid",
            Self::Lock => "office-lock-invalid",
            Self::Zone(_) => "zone-unknown",
        }
    }
}

/// The details after a change.
pub(super) fn changed(before: &Office, change: OfficeChange) -> Result<Office, OfficeError> {
    let privacy = text("privacy", change.privacy, &before.privacy)?;
    let is_new_privacy = privacy != before.privacy;
    let own_zone = match change.zone.as_deref().map(str::trim) {
        None => before.own_zone.clone(),
        Some("") => None,
        Some(name) => Some(Zone::parse(name)?),
    };
    let mail = line("mail", change.mail, &before.mail)?;
    if !mail.is_empty() && mail.parse::<lettre::Address>().is_err() {
        return Err(OfficeError::Mail(mail));
    }
    let web = line("web", change.web, &before.web)?;
    if !(web.is_empty() || web.starts_with("https://") && !web.contains(char::is_whitespace)) {
        return Err(OfficeError::Web);
    }
    let lock_after = match change.lock_seconds {
        None => before.lock_after,
        Some(0) => None,
        Some(seconds) if LOCK_SECONDS.contains(&seconds) => Some(Duration::from_secs(seconds)),
        Some(_) => return Err(OfficeError::Lock),
    };
    let logo = match change.logo.as_deref() {
        None => before.logo.clone(),
        Some([]) => None,
        Some(bytes) => Some(Logo::parse(bytes)?),
    };
    Ok(Office {
        name: line("name", change.name, &before.name)?,
        contact: line("contact", change.contact, &before.contact)?,
        phone: line("phone", change.phone, &before.phone)?,
        mail,
        web,
        imprint: text("imprint", change.imprint, &before.imprint)?,
        privacy,
        privacy_version: before.privacy_version.saturating_add(u32::from(is_new_privacy)),
        accessibility: text("accessibility", change.accessibility, &before.accessibility)?,
        zone: own_zone.clone().unwrap_or_else(Zone::of_system),
        own_zone,
        lock_after,
        logo,
    })
}

fn line(what: &'static str, new: Option<String>, old: &str) -> Result<String, OfficeError> {
    let Some(new) = new else { return Ok(old.to_owned()) };
    let new = new.trim();
    let is_fit = new.chars().count() <= MAX_OFFICE_LINE && !new.chars().any(char::is_control);
    if is_fit { Ok(new.to_owned()) } else { Err(OfficeError::Line(what)) }
}

fn text(what: &'static str, new: Option<String>, old: &str) -> Result<String, OfficeError> {
    let Some(new) = new else { return Ok(old.to_owned()) };
    let new = new.replace("\r\n", "\n");
    let is_fit =
        new.len() <= MAX_OFFICE_TEXT && !new.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    if is_fit { Ok(new.trim().to_owned()) } else { Err(OfficeError::Text(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(change: impl FnOnce(&mut OfficeChange)) -> Result<Office, OfficeError> {
        let mut wanted = OfficeChange::default();
        change(&mut wanted);
        changed(&Office::unknown(Zone::utc()), wanted)
    }

    #[test]
    fn what_cannot_stand_on_a_page_is_refused() {
        let long = |count| "ä".repeat(count);
        assert_eq!(one(|new| new.name = Some(long(MAX_OFFICE_LINE))).unwrap().name, long(MAX_OFFICE_LINE));
        assert_eq!(one(|new| new.name = Some(long(MAX_OFFICE_LINE + 1))), Err(OfficeError::Line("name")));
        assert_eq!(one(|new| new.phone = Some("1\n2".into())), Err(OfficeError::Line("phone")));
        let text = |count| Some("x".repeat(count));
        assert!(one(|new| new.imprint = text(MAX_OFFICE_TEXT)).is_ok());
        assert_eq!(one(|new| new.imprint = text(MAX_OFFICE_TEXT + 1)), Err(OfficeError::Text("imprint")));
        assert_eq!(one(|new| new.privacy = Some("a\u{0}".into())), Err(OfficeError::Text("privacy")));
        for mail in ["kanzlei", "a@b@c", "a b@c.de", "a\u{85}@c.de"] {
            assert!(one(|new| new.mail = Some(mail.into())).is_err(), "{mail}");
        }
        assert!(one(|new| new.mail = Some("kanzlei@example.de".into())).is_ok());
        for web in ["http://example.de", "javascript:alert(1)", "https://a b", "example.de"] {
            assert_eq!(one(|new| new.web = Some(web.into())), Err(OfficeError::Web), "{web}");
        }
        for seconds in [1, 4, 1_801] {
            assert_eq!(one(|new| new.lock_seconds = Some(seconds)), Err(OfficeError::Lock), "{seconds}");
        }
        assert_eq!(one(|new| new.lock_seconds = Some(0)).unwrap().lock_after, None);
        assert!(matches!(one(|new| new.zone = Some("Mond".into())), Err(OfficeError::Zone(_))));
    }

    #[test]
    fn each_change_of_the_privacy_text_gets_a_number() {
        let privacy = |before: &Office, text: &str| {
            let change = OfficeChange { privacy: Some(text.into()), ..OfficeChange::default() };
            changed(before, change).unwrap()
        };
        let first = privacy(&Office::unknown(Zone::utc()), "eins\r\nzwei\n");
        assert_eq!((first.privacy.as_str(), first.privacy_version), ("eins\nzwei", 1));
        let same = privacy(&first, "eins\nzwei");
        assert_eq!(same, first);
        assert_eq!(privacy(&same, "drei").privacy_version, 2);
    }
}

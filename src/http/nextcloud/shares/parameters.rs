//! Reads the parameters of requests to the share API.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::envelope::{Fault, refusal};
use crate::http::page::form;
use crate::model::{Day, LinkRight, Timestamp, Zone};
use crate::sharing::{Expiry, LinkChange};

const READ: u64 = 1;
const UPDATE: u64 = 2;
const CREATE: u64 = 4;
const DELETE: u64 = 8;
const SHARE: u64 = 16;
const FILE_EDIT: u64 = READ | UPDATE;
const FOLDER_EDIT: u64 = READ | UPDATE | CREATE | DELETE;

/// The parameters of a request, from body and query.
pub struct Parameters {
    query: String,
    form: Zeroizing<Vec<u8>>,
    json: BTreeMap<String, Scalar>,
}

/// A member of a JSON object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(Zeroizing<String>),
    Flag(bool),
    Number(serde_json::Number),
    /// Null, lists and objects cannot be a parameter.
    Other(serde::de::IgnoredAny),
}

impl Parameters {
    /// `None` if the body begins like JSON but is not.
    pub fn read(query: &str, body: &Bytes) -> Option<Self> {
        let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let (json, form) = match is_json {
            true => (serde_json::from_slice(body).ok()?, Vec::new()),
            false => (BTreeMap::new(), body.to_vec()),
        };
        Some(Self { query: query.to_owned(), form: Zeroizing::new(form), json })
    }

    /// The value of a parameter, from the body or else from the query; numbers and booleans as text.
    pub fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        match self.json.get(name) {
            Some(Scalar::Text(text)) => return Some(text.clone()),
            Some(Scalar::Flag(flag)) => return Some(Zeroizing::new(flag.to_string())),
            Some(Scalar::Number(number)) => return Some(Zeroizing::new(number.to_string())),
            Some(Scalar::Other(_)) | None => {}
        }
        form::field(&self.form, name).or_else(|| form::field(self.query.as_bytes(), name))
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.trim() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        }
    }
}

/// The changes to the link of a file or folder that a request asks for.
pub fn change_of(parameters: &Parameters, is_folder: bool) -> Result<LinkChange, Fault> {
    let bad = |text: &'static str| refusal(StatusCode::BAD_REQUEST, text);
    let permissions = match parameters.text("permissions").as_deref().map(|text| text.trim()) {
        None | Some("") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| bad("permissions is a number."))?),
    };
    let right = match (permissions, parameters.flag("publicUpload")) {
        (Some(sum), _) => Some(right_of(sum, is_folder)?),
        (None, Some(true)) if is_folder => Some(LinkRight::Edit),
        (None, Some(false)) if is_folder => Some(LinkRight::Read),
        (None, _) => None,
    };
    let expires = match parameters.text("expireDate").as_deref().map(|text| text.trim()) {
        None => None,
        Some("") => Some(Expiry::Never),
        Some(text) => {
            let last_day = date(text).ok_or_else(|| bad("expireDate is a date: 2030-12-31."))?;
            Some(Expiry::Through(last_day))
        }
    };
    let password = parameters.text("password").map(|password| match password.is_empty() {
        true => None,
        false => Some(SecretString::from(password.as_str())),
    });
    let text = |name| parameters.text(name).map(|text| text.to_string());
    Ok(LinkChange {
        right,
        expires,
        password,
        label: text("label").or_else(|| text("name")),
        note: text("note"),
        hide_download: parameters.flag("hideDownload"),
        more_uses: 0,
        limits: None,
    })
}

/// The right for a sum of permissions. A link's right is never more than the sum; any other sum than the known
/// three is refused.
fn right_of(sum: u64, is_folder: bool) -> Result<LinkRight, Fault> {
    match (sum & !SHARE, is_folder) {
        (READ, _) => Ok(LinkRight::Read),
        // Some clients send a folder's sum for files, too.
        (FILE_EDIT, false) | (FOLDER_EDIT, _) => Ok(LinkRight::Edit),
        (CREATE, true) => Ok(LinkRight::Add),
        (_, true) => Err(refusal(
            StatusCode::BAD_REQUEST,
            "A link to a folder allows to read (1), to read and change (15) or to add files only (4).",
        )),
        (_, false) => Err(refusal(
            StatusCode::BAD_REQUEST,
            "A link to a file allows to read (1) or to read and change (3).",
        )),
    }
}

/// The sum of permissions that stands for a right.
pub fn sum_of(right: LinkRight, is_folder: bool) -> u64 {
    match (right, is_folder) {
        (LinkRight::Read, _) => READ,
        (LinkRight::Edit, true) => FOLDER_EDIT,
        (LinkRight::Edit, false) => FILE_EDIT,
        (LinkRight::Add, _) => CREATE,
    }
}

/// `2030-12-31`, with or without a time after it. A link with a date still opens on that day, as clients say: "expires
/// on".
fn date(text: &str) -> Option<Day> {
    let (day, rest) = text.split_at_checked(10)?;
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return None;
    }
    Day::parse(day)
}

/// The last day on which a link opens, in the one format that all clients parse.
pub fn last_day(zone: &Zone, end: Timestamp) -> String {
    format!("{} 00:00:00", zone.last_day(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, body: &str) -> Parameters {
        Parameters::read(query, &Bytes::from(body.to_owned())).unwrap()
    }

    fn status_of(outcome: Result<LinkRight, Fault>) -> Result<LinkRight, StatusCode> {
        outcome.map_err(|fault| fault.status())
    }

    #[test]
    fn parameters_are_read_wherever_they_stand() {
        let body = r#"{"permissions":"3","hideDownload":true,"note":7,"label":null,"x":[1,{"y":2}]}"#;
        for (parameters, sent) in [
            (read("", "permissions=3&hideDownload=true&note=7"), "form"),
            (read("permissions=3&hideDownload=true&note=7", ""), "query"),
            (read("", body), "JSON"),
            (read("permissions=1&hideDownload=true&note=7", "permissions=3"), "both, the body first"),
        ] {
            assert_eq!(parameters.text("permissions").unwrap().as_str(), "3", "{sent}");
            assert_eq!(parameters.flag("hideDownload"), Some(true), "{sent}");
            assert_eq!(parameters.text("note").unwrap().as_str(), "7", "{sent}");
            assert!(parameters.text("label").is_none() && parameters.text("x").is_none(), "{sent}");
        }
        assert!(Parameters::read("", &Bytes::from_static(b" {\"a\":")).is_none());
        assert!(Parameters::read("", &Bytes::from("{\"a\":".repeat(5_000))).is_none());
    }

    #[test]
    fn sums_of_permissions_become_one_of_three_rights_and_never_more_than_asked() {
        use LinkRight::{Add, Edit, Read};
        let bad = Err(StatusCode::BAD_REQUEST);
        for (sum, folder, file) in [
            (1, Ok(Read), Ok(Read)),
            (17, Ok(Read), Ok(Read)),
            (3, bad, Ok(Edit)),
            (19, bad, Ok(Edit)),
            (4, Ok(Add), bad),
            (20, Ok(Add), bad),
            (5, bad, bad),
            (7, bad, bad),
            (15, Ok(Edit), Ok(Edit)),
            (31, Ok(Edit), Ok(Edit)),
            (0, bad, bad),
            (8, bad, bad),
            (33, bad, bad),
            (u64::MAX, bad, bad),
        ] {
            assert_eq!(status_of(right_of(sum, true)), folder, "{sum} folder");
            assert_eq!(status_of(right_of(sum, false)), file, "{sum} file");
        }
        for right in [Read, Edit, Add] {
            assert_eq!(status_of(right_of(sum_of(right, true), true)), Ok(right));
        }
    }

    #[test]
    fn a_change_holds_what_was_sent_and_empty_texts_take_away() {
        let change =
            |form: &str| change_of(&read("", form), true).unwrap_or_else(|fault| panic!("{fault:?}"));
        let none = change("");
        assert!(none.right.is_none() && none.expires.is_none() && none.password.is_none());
        assert!(none.label.is_none() && none.note.is_none() && none.hide_download.is_none());
        let cleared = change("password=&expireDate=&note=&label=");
        assert!(matches!(cleared.password, Some(None)));
        assert_eq!(cleared.expires, Some(Expiry::Never));
        assert_eq!((cleared.note.as_deref(), cleared.label.as_deref()), (Some(""), Some("")));
        let set = change("password=x&expireDate=2025-10-09&publicUpload=true&name=n&hideDownload=false");
        assert!(matches!(set.password, Some(Some(_))));
        assert_eq!(set.expires, Some(Expiry::Through(Day::parse("2025-10-09").unwrap())), "the day included");
        assert_eq!((set.right, set.label.as_deref()), (Some(LinkRight::Edit), Some("n")));
        assert_eq!(set.hide_download, Some(false));
        assert_eq!(change("permissions=4&publicUpload=true").right, Some(LinkRight::Add));
        for bad in ["permissions=x", "permissions=-1", "expireDate=tomorrow", "expireDate=2025-02-30"] {
            assert!(change_of(&read("", bad), true).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_come_back_as_they_were_sent() {
        for text in ["2025-10-09", "2025-10-09 00:00:00", "2025-10-09T22:00:00.000Z"] {
            for zone in [Zone::utc(), Zone::parse("Europe/Berlin").unwrap()] {
                let end = zone.end_of(date(text).unwrap());
                assert_eq!(last_day(&zone, end), "2025-10-09 00:00:00", "{text}");
            }
        }
        for bad in ["", "2025", "2025-10-9", "2025-13-01", "09.10.2025", "2025-10-09x", "2025-10-0ü"] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }
}

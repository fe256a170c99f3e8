//! Nextcloud's share API, for links: what "share" in the menus of its clients does.
//!
//! `shares` lists, makes, shows, changes and ends them; `sharees`, which looks people up, finds nobody. Clients
//! send parameters as a form, as JSON or in the query, with any of the methods, and Android sends JSON and reads
//! XML. Sums of permissions are 1 read, 2 update, 4 create, 8 delete, 16 share.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Date, Month, OffsetDateTime};
use zeroize::Zeroizing;

use super::ocs::{Fault, OCS_API_REQUEST, refusal};
use super::{Call, form};
use crate::accounts::Principal;
use crate::http::RequestBody;
use crate::http::dav::library_status;
use crate::http::dav::protocol::media_type;
use crate::model::{Access, EntryName, EntryPath, LinkId, LinkRight, SpaceId, Timestamp};
use crate::sharing::{Expiry, LinkChange, LinkError, NewLink, Shared};

/// Longest body that is read: a note may be long.
const MAX_SHARE_BYTES: usize = 32 * 1024;
/// Nextcloud's number for a link.
const PUBLIC_LINK: &str = "3";
const READ: u64 = 1;
const UPDATE: u64 = 2;
const CREATE: u64 = 4;
const DELETE: u64 = 8;
const SHARE: u64 = 16;
const FILE_EDIT: u64 = READ | UPDATE;
const FOLDER_EDIT: u64 = READ | UPDATE | CREATE | DELETE;

/// What a path of the share API asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    List,
    Create,
    One(LinkId),
    Change(LinkId),
    Delete(LinkId),
    /// Who could be shared with.
    Sharees,
    /// Shares of others, pending, deleted, inherited: of kinds that there are none of.
    Others,
}

/// The resource of a path behind `apps/files_sharing/api/v1/`.
pub(super) fn resource(method: &Method, path: &str) -> Option<Resource> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match path {
        "shares" if is_read => return Some(Resource::List),
        "shares" if *method == Method::POST => return Some(Resource::Create),
        "sharees" | "sharees_recommended" if is_read => return Some(Resource::Sharees),
        "shares/pending"
        | "shares/inherited"
        | "deletedshares"
        | "remote_shares"
        | "remote_shares/pending"
            if is_read =>
        {
            return Some(Resource::Others);
        }
        _ => {}
    }
    let id = LinkId(path.strip_prefix("shares/")?.parse().ok()?);
    match *method {
        _ if is_read => Some(Resource::One(id)),
        Method::PUT => Some(Resource::Change(id)),
        Method::DELETE => Some(Resource::Delete(id)),
        _ => None,
    }
}

impl Call<'_> {
    pub(super) async fn shares(
        &self,
        resource: Resource,
        principal: &Principal,
        origin: &str,
        body: &mut RequestBody,
    ) -> Result<Value, Fault> {
        let now = self.info.received;
        if !self.is_read() && !self.parts.headers.contains_key(OCS_API_REQUEST) {
            // A browser that has logged in would send any page's form here.
            return Err(refusal(StatusCode::PRECONDITION_FAILED, "Send the header OCS-APIRequest."));
        }
        let parameters = self.parameters(body).await?;
        let failed = |error| self.link_fault(error);
        match resource {
            Resource::Sharees => Ok(nobody()),
            Resource::Others => Ok(json!([])),
            Resource::List => {
                let links = self.listed(principal, &parameters).await?;
                let links: Vec<_> =
                    links.into_iter().filter(|shared| !shared.link.has_expired(now)).collect();
                Ok(Value::Array(self.views(&links, principal, origin).await?))
            }
            Resource::One(id) => {
                let link = self.sharing.link(principal, id).await.map_err(failed)?;
                Ok(Value::Array(self.views(&[link], principal, origin).await?))
            }
            Resource::Create => {
                let link = self.create(principal, parameters).await?;
                self.view(link, principal, origin).await
            }
            Resource::Change(id) => {
                let link = self.sharing.link(principal, id).await.map_err(failed)?;
                let change = change_of(&parameters, link.entry.is_folder())?;
                let link = self.sharing.change(principal, id, change, now).await.map_err(failed)?;
                self.view(link, principal, origin).await
            }
            Resource::Delete(id) => {
                self.sharing.delete(principal, id).await.map_err(failed)?;
                Ok(json!([]))
            }
        }
    }

    async fn listed(&self, principal: &Principal, parameters: &Parameters) -> Result<Vec<Shared>, Fault> {
        let failed = |error| self.link_fault(error);
        if parameters.flag("shared_with_me") == Some(true) {
            return Ok(Vec::new());
        }
        let Some(path) = parameters.text("path") else {
            return self.sharing.links(principal).await.map_err(failed);
        };
        if path.trim_matches('/').is_empty() {
            // The list of spaces is nothing that could be shared.
            return Ok(Vec::new());
        }
        let (access, path) = self.placed(principal, &path).await?;
        match parameters.flag("subfiles") {
            Some(true) => self.sharing.links_to_members(principal, &access, &path).await.map_err(failed),
            _ => self.sharing.links_to(principal, &access, &path).await.map_err(failed),
        }
    }

    async fn create(&self, principal: &Principal, parameters: Parameters) -> Result<Shared, Fault> {
        if parameters.text("shareType").is_none_or(|kind| kind.trim() != PUBLIC_LINK) {
            let text =
                "Only links can be made here (shareType 3). To give a person access, ask your administrator.";
            return Err(refusal(StatusCode::FORBIDDEN, text));
        }
        let path = parameters.text("path").unwrap_or_default();
        let (access, path) = self.placed(principal, &path).await?;
        let entry = self.library.find(&access, &path).await.map_err(|error| self.link_fault(error.into()))?;
        let change = change_of(&parameters, entry.is_folder())?;
        let new = NewLink {
            access,
            path,
            right: change.right.unwrap_or(LinkRight::Read),
            // Who leaves the date out does not know of it, who empties it does not want one.
            expires: change.expires.unwrap_or(Expiry::Usual),
            password: change.password.flatten(),
            label: change.label.unwrap_or_default(),
            note: change.note.unwrap_or_default(),
            hide_download: change.hide_download.unwrap_or(false),
        };
        self.sharing.create(principal, new, self.info.received).await.map_err(|error| self.link_fault(error))
    }

    /// The place that a path of the user's tree names: `/Space/folder/file`.
    async fn placed(&self, principal: &Principal, path: &str) -> Result<(Access, EntryPath), Fault> {
        let nothing = || refusal(StatusCode::NOT_FOUND, "There is no such file or folder.");
        let path = path.trim_matches('/');
        let (space, path) = path.split_once('/').unwrap_or((path, ""));
        let space = EntryName::parse(space).map_err(|_| nothing())?;
        let path = EntryPath::parse(path).map_err(|_| nothing())?;
        let id = self.library.space_id(&space).await.map_err(|error| self.broken(&error))?;
        let access = match id {
            Some(id) => self.accounts.access(principal, id).await.map_err(|error| self.broken(&error))?,
            None => None,
        };
        Ok((access.ok_or_else(nothing)?, path))
    }

    async fn parameters(&self, body: &mut RequestBody) -> Result<Parameters, Fault> {
        let query = self.parts.uri.query().unwrap_or_default();
        let body = match body.collect(MAX_SHARE_BYTES).await {
            Ok(body) => body,
            Err(error) => return Err(refusal(error.status(), "The parameters could not be read.")),
        };
        let text = "These parameters are no form and no JSON object.";
        Parameters::read(query, &body).ok_or_else(|| refusal(StatusCode::BAD_REQUEST, text))
    }

    async fn view(&self, link: Shared, principal: &Principal, origin: &str) -> Result<Value, Fault> {
        let mut views = self.views(&[link], principal, origin).await?;
        views.pop().ok_or_else(|| refusal(StatusCode::NOT_FOUND, "This link does not exist."))
    }

    async fn views(
        &self,
        links: &[Shared],
        principal: &Principal,
        origin: &str,
    ) -> Result<Vec<Value>, Fault> {
        let spaces = self.library.spaces().await.map_err(|error| self.broken(&error))?;
        let names: HashMap<SpaceId, String> =
            spaces.into_iter().map(|space| (space.id, space.name)).collect();
        let view = |shared: &Shared| {
            let space = names.get(&shared.link.space)?;
            Some(view(shared, space, principal, origin))
        };
        Ok(links.iter().filter_map(view).collect())
    }

    fn link_fault(&self, error: LinkError) -> Fault {
        match error {
            LinkError::NoSuchLink => refusal(StatusCode::NOT_FOUND, "This link does not exist."),
            // The desktop asks for another password after this status.
            LinkError::Denied | LinkError::WeakPassword(_) | LinkError::TooMany => {
                refusal(StatusCode::FORBIDDEN, error.to_string())
            }
            LinkError::NotAFolder | LinkError::ExpiryInPast | LinkError::Text => {
                refusal(StatusCode::BAD_REQUEST, error.to_string())
            }
            LinkError::Busy => Fault::Later(Cow::Owned(error.to_string()), 5),
            LinkError::Library(error) if !library_status(&error).is_server_error() => {
                refusal(library_status(&error), error.to_string())
            }
            LinkError::Library(error) => self.broken(&error),
            LinkError::Catalog(error) => self.broken(&error),
        }
    }
}

/// What a request sends, from wherever it stands.
struct Parameters {
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
    /// Neither nothing nor a list can be meant.
    Other(serde::de::IgnoredAny),
}

impl Parameters {
    /// `None` if the body begins like JSON and is none.
    fn read(query: &str, body: &Bytes) -> Option<Self> {
        let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let (json, form) = match is_json {
            true => (serde_json::from_slice(body).ok()?, Vec::new()),
            false => (BTreeMap::new(), body.to_vec()),
        };
        Some(Self { query: query.to_owned(), form: Zeroizing::new(form), json })
    }

    fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        match self.json.get(name) {
            Some(Scalar::Text(text)) => return Some(text.clone()),
            Some(Scalar::Flag(flag)) => return Some(Zeroizing::new(flag.to_string())),
            Some(Scalar::Number(number)) => return Some(Zeroizing::new(number.to_string())),
            Some(Scalar::Other(_)) | None => {}
        }
        form::field(&self.form, name).or_else(|| form::field(self.query.as_bytes(), name))
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.trim() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        }
    }
}

/// What a request says about a link to a file or folder.
fn change_of(parameters: &Parameters, is_folder: bool) -> Result<LinkChange, Fault> {
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
            Some(Expiry::At(end_of(last_day)))
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
    })
}

/// A link's right never is more than the sum asks for; where the sum is not one of the three, nothing is guessed.
fn right_of(sum: u64, is_folder: bool) -> Result<LinkRight, Fault> {
    match (sum & !SHARE, is_folder) {
        (READ, _) => Ok(LinkRight::Read),
        // Some clients send a folder's sum whatever it is.
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

fn sum_of(right: LinkRight, is_folder: bool) -> u64 {
    match (right, is_folder) {
        (LinkRight::Read, _) => READ,
        (LinkRight::Edit, true) => FOLDER_EDIT,
        (LinkRight::Edit, false) => FILE_EDIT,
        (LinkRight::Add, _) => CREATE,
    }
}

/// `2030-12-31`, with or without a time behind it.
fn date(text: &str) -> Option<Date> {
    let (day, rest) = text.split_at_checked(10)?;
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return None;
    }
    let mut parts = day.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()
}

/// A link with a date opens on that day and not on the next, as clients say it: "expires on". UTC.
fn end_of(last_day: Date) -> Timestamp {
    let midnight = last_day.midnight().assume_utc().unix_timestamp();
    Timestamp::from_secs(midnight.saturating_add(24 * 60 * 60))
}

/// The last day on which a link opens, in the one form that all clients read.
fn last_day(end: Timestamp) -> Option<String> {
    let day = OffsetDateTime::from_unix_timestamp(Timestamp(end.0.saturating_sub(1)).as_secs()).ok()?.date();
    let (year, month, day) = day.to_calendar_date();
    Some(format!("{year:04}-{:02}-{day:02} 00:00:00", u8::from(month)))
}

fn view(shared: &Shared, space: &str, principal: &Principal, origin: &str) -> Value {
    let Shared { link, entry, path, creator_name } = shared;
    let is_folder = entry.is_folder();
    let name = path.names().last().map_or(space, EntryName::as_str);
    let path = path.names().iter().fold(format!("/{space}"), |path, name| path + "/" + name.as_str());
    let is_own = principal.user == link.creator;
    // Whether there is a password, never which.
    let password = link.has_password.then_some("***");
    json!({
        "id": link.id.to_string(),
        "share_type": 3,
        "uid_owner": creator_name.as_str(),
        "displayname_owner": creator_name.as_str(),
        "uid_file_owner": creator_name.as_str(),
        "displayname_file_owner": creator_name.as_str(),
        "permissions": sum_of(link.right, is_folder),
        "can_edit": true,
        "can_delete": true,
        "stime": link.created.as_secs(),
        "parent": null,
        "expiration": link.expires.and_then(last_day),
        "token": link.token(),
        "note": link.note,
        "label": link.label,
        "path": path,
        "item_type": if is_folder { "folder" } else { "file" },
        "mimetype": if is_folder { "httpd/unix-directory" } else { media_type::of_name(&entry.name) },
        "has_preview": false,
        "item_source": entry.id.0,
        "file_source": entry.id.0,
        "file_parent": entry.parent.map_or(0, |parent| parent.0),
        "item_size": entry.size,
        "item_mtime": entry.modified.as_secs(),
        "file_target": format!("/{name}"),
        "share_with": password,
        "share_with_displayname": if is_own { "" } else { creator_name.as_str() },
        "password": password,
        "send_password_by_talk": false,
        "url": format!("{origin}{}", link.url_path()),
        "hide_download": u8::from(link.hide_download),
        "mail_send": 0,
        "attributes": null,
    })
}

fn nobody() -> Value {
    let kinds = ["users", "groups", "remotes", "remote_groups", "emails", "circles", "rooms", "lookup"];
    let none = || kinds.iter().map(|kind| ((*kind).to_owned(), json!([])));
    let mut all: serde_json::Map<String, Value> = none().collect();
    all.insert("exact".to_owned(), Value::Object(none().collect()));
    all.insert("lookupEnabled".to_owned(), Value::Bool(false));
    Value::Object(all)
}

/// For fuzzing: whatever is sent, a link allows no more than was asked for, and dates come back as they were sent.
#[cfg(any(test, feature = "fuzzing"))]
pub(in crate::http) fn judge(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let Some(parameters) = Parameters::read(&query, &Bytes::copy_from_slice(data)) else { return };
    let asked = parameters.text("permissions").and_then(|sum| sum.trim().parse::<u64>().ok());
    for is_folder in [true, false] {
        let Ok(change) = change_of(&parameters, is_folder) else { continue };
        if let (Some(right), Some(asked)) = (change.right, asked) {
            assert_eq!(sum_of(right, is_folder) & !asked, 0, "{right} for {asked}");
        }
        if let Some(Expiry::At(end)) = change.expires {
            let shown = last_day(end).expect("a day of four digits");
            assert_eq!(date(&shown).map(end_of), Some(end), "{shown}");
        }
    }
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
    fn paths_and_methods_decide_together() {
        use Resource::{Change, Create, Delete, List, One, Others, Sharees};
        for (method, path, expected) in [
            (Method::GET, "shares", Some(List)),
            (Method::POST, "shares", Some(Create)),
            (Method::GET, "shares/12", Some(One(LinkId(12)))),
            (Method::PUT, "shares/12", Some(Change(LinkId(12)))),
            (Method::DELETE, "shares/12", Some(Delete(LinkId(12)))),
            (Method::GET, "sharees", Some(Sharees)),
            (Method::GET, "shares/pending", Some(Others)),
            (Method::POST, "shares/12", None),
            (Method::DELETE, "shares", None),
            (Method::GET, "shares/x", None),
            (Method::GET, "shares/12/send-email", None),
            (Method::POST, "sharees", None),
        ] {
            assert_eq!(resource(&method, path), expected, "{method} {path}");
        }
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
        assert_eq!(set.expires, Some(Expiry::At(Timestamp::from_secs(1_760_054_400))), "the day included");
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
            let end = end_of(date(text).unwrap());
            assert_eq!(last_day(end).unwrap(), "2025-10-09 00:00:00", "{text}");
        }
        for bad in ["", "2025", "2025-10-9", "2025-13-01", "09.10.2025", "2025-10-09x", "2025-10-0ü"] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }
}

//! Nextcloud's share API, for links: the "share" menu of its clients.
//!
//! `shares` lists, creates, shows, changes and ends them; `sharees`, which searches for people, always returns an
//! empty list. Clients send parameters as a form, as JSON or in the query, with any of the methods; Android sends
//! JSON and reads XML. Sums of permissions are 1 read, 2 update, 4 create, 8 delete, 16 share.

pub(crate) mod parameters;

use std::borrow::Cow;
use std::collections::HashMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use self::parameters::{Parameters, change_of, last_day, sum_of};
use super::envelope::{Fault, OCS_API_REQUEST, coded, refusal};
use crate::accounts::Principal;
use crate::http::context::RequestContext;
use crate::http::error::library_status;
use crate::http::protocol::media_type;
use crate::model::{Access, EntryName, EntryPath, LinkId, LinkRight, LinkTerms, SpaceId, Zone};
use crate::net::RequestBody;
use crate::sharing::{Expiry, LinkError, NewLink, Shared};

/// Longest body of the share API, in bytes: a note may be long.
const MAX_SHARE_BYTES: usize = 32 * 1024;
/// Nextcloud's share type for a link.
const PUBLIC_LINK: &str = "3";

/// Target of a path of the share API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    List,
    Create,
    One(LinkId),
    Change(LinkId),
    Delete(LinkId),
    /// People to share with.
    Sharees,
    /// Shares from other users, pending, deleted, inherited ones: kinds that do not exist here.
    Others,
}

/// The resource of a path after `apps/files_sharing/api/v1/`.
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

impl RequestContext<'_> {
    pub(super) async fn shares(
        &self,
        resource: Resource,
        principal: &Principal,
        origin: &str,
        body: &mut RequestBody,
    ) -> Result<Value, Fault> {
        let now = self.info.received;
        if !self.is_read() && !self.parts.headers.contains_key(OCS_API_REQUEST) {
            // A browser with stored credentials would send a form of any page to here.
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
                let link = self.services.sharing.link(principal, id).await.map_err(failed)?;
                Ok(Value::Array(self.views(&[link], principal, origin).await?))
            }
            Resource::Create => {
                let link = self.create(principal, parameters).await?;
                self.view(link, principal, origin).await
            }
            Resource::Change(id) => {
                let link = self.services.sharing.link(principal, id).await.map_err(failed)?;
                let change = change_of(&parameters, link.entry.is_folder())?;
                let link = self.services.sharing.change(principal, id, change, now).await.map_err(failed)?;
                self.view(link, principal, origin).await
            }
            Resource::Delete(id) => {
                self.services.sharing.delete(principal, id, now).await.map_err(failed)?;
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
            return self.services.sharing.links(principal).await.map_err(failed);
        };
        if path.trim_matches('/').is_empty() {
            // The list of spaces cannot be shared.
            return Ok(Vec::new());
        }
        let (access, path) = self.placed(principal, &path).await?;
        match parameters.flag("subfiles") {
            Some(true) => {
                self.services.sharing.links_to_members(principal, &access, &path).await.map_err(failed)
            }
            _ => self.services.sharing.links_to(principal, &access, &path).await.map_err(failed),
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
        let entry = self
            .services
            .library
            .find(&access, &path)
            .await
            .map_err(|error| self.link_fault(error.into()))?;
        let change = change_of(&parameters, entry.is_folder())?;
        let new = NewLink {
            access,
            path,
            right: change.right.unwrap_or(LinkRight::Read),
            // A client that omits the date does not know about it; an empty date means none.
            expires: change.expires.unwrap_or(Expiry::Usual),
            password: change.password.flatten(),
            label: change.label.unwrap_or_default(),
            note: change.note.unwrap_or_default(),
            hide_download: change.hide_download.unwrap_or(false),
            terms: LinkTerms::default(),
        };
        self.services
            .sharing
            .create(principal, new, self.info.received)
            .await
            .map_err(|error| self.link_fault(error))
    }

    /// The place of a path in the user's tree: `/Space/folder/file`.
    async fn placed(&self, principal: &Principal, path: &str) -> Result<(Access, EntryPath), Fault> {
        let nothing = || refusal(StatusCode::NOT_FOUND, "There is no such file or folder.");
        let path = path.trim_matches('/');
        let (space, path) = path.split_once('/').unwrap_or((path, ""));
        let space = EntryName::parse(space).map_err(|_| nothing())?;
        let path = EntryPath::parse(path).map_err(|_| nothing())?;
        let id = self.services.library.space_id(&space).await.map_err(|error| self.broken(&error))?;
        let access = match id {
            Some(id) => {
                self.services.accounts.access(principal, id).await.map_err(|error| self.broken(&error))?
            }
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
        let spaces = self.services.library.spaces().await.map_err(|error| self.broken(&error))?;
        let names: HashMap<SpaceId, String> =
            spaces.into_iter().map(|space| (space.id, space.name)).collect();
        let zone = self.zone().await;
        let view = |shared: &Shared| {
            let space = names.get(&shared.link.space)?;
            Some(view(shared, space, principal, (origin, &zone)))
        };
        Ok(links.iter().filter_map(view).collect())
    }

    fn link_fault(&self, error: LinkError) -> Fault {
        let code = error.code();
        match error {
            LinkError::NoSuchLink => coded(StatusCode::NOT_FOUND, code, "This link does not exist."),
            // After this status the desktop client asks for another password.
            LinkError::Denied
            | LinkError::ClientsMakeNone
            | LinkError::WeakPassword(_)
            | LinkError::TooMany => coded(StatusCode::FORBIDDEN, code, error.to_string()),
            LinkError::NotAFolder
            | LinkError::TermsWithoutHandIn
            | LinkError::EndsBeforeDeadline
            | LinkError::TwoPasswords
            | LinkError::NotForBox
            | LinkError::BoxForStaff
            | LinkError::HasBox
            | LinkError::NoMails
            | LinkError::CodeAddress
            | LinkError::ExpiryInPast
            | LinkError::Text => coded(StatusCode::BAD_REQUEST, code, error.to_string()),
            LinkError::Busy => Fault::Later(Cow::Owned(error.to_string()), 5),
            LinkError::Library(error) if !library_status(&error).is_server_error() => {
                coded(library_status(&error), code, error.to_string())
            }
            LinkError::Library(error) => self.broken(&error),
            LinkError::Catalog(error) => self.broken(&error),
        }
    }
}

fn view(shared: &Shared, space: &str, principal: &Principal, (origin, zone): (&str, &Zone)) -> Value {
    let Shared { link, entry, path, creator_name } = shared;
    let is_folder = entry.is_folder();
    let name = path.names().last().map_or(space, EntryName::as_str);
    let path = path.names().iter().fold(format!("/{space}"), |path, name| path + "/" + name.as_str());
    let is_own = principal.user == link.creator;
    // Shows only that there is a password.
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
        "expiration": link.expires.map(|end| last_day(zone, end)),
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

#[cfg(test)]
mod tests {
    use super::*;

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
}

//! Lists unfinished uploads and arrived files, for a script that goes on after its page was closed.

use data_encoding::HEXLOWER;
use http::StatusCode;
use serde::Serialize;

use super::refused::Refused;
use super::sent::Sent;
use super::{Answer, Guest, PROTOCOL, SendRequest};
use crate::http::page::form::{field, is_from_another_site};
use crate::http::reply::json;
use crate::http::session;
use crate::library::LibraryError;
use crate::model::{EntryName, Right, Timestamp};
use crate::uploads::{Upload, UploadsOf};

#[derive(Default, Serialize)]
struct List {
    uploads: Vec<Unfinished>,
    files: Vec<Arrived>,
}

#[derive(Serialize)]
struct Unfinished {
    url: String,
    path: String,
    size: u64,
    received: u64,
    item: Option<i64>,
    /// In seconds since 1970.
    modified: Option<i64>,
}

#[derive(Serialize)]
struct Arrived {
    path: String,
    size: u64,
    /// In hexadecimal digits, so that the same content is not sent again, and another of the same name and size is.
    sha256: Option<String>,
    item: Option<i64>,
}

impl SendRequest<'_> {
    /// The unfinished uploads of a user to a folder, which the query names.
    pub(super) async fn list_of_user(&self) -> Answer {
        let session = session::even_locked(self.context).await?.ok_or(Refused::NotSignedIn)?;
        if is_from_another_site(self.context) {
            return Err(Refused::Forged);
        }
        // A locked session reads nothing; the script of a page that was open before has its token.
        if session.is_locked && !session::is_own_script(self.context, &session.token) {
            return Err(Refused::NotSignedIn);
        }
        let query = self.parts.uri.query().unwrap_or_default().as_bytes();
        let named = |name| field(query, name).map(|text| text.to_string()).unwrap_or_default();
        let (space, folder) = (named("space"), named("folder"));
        let name = EntryName::parse(&space).map_err(LibraryError::from)?;
        let id = self.services.library.space_id(&name).await?.ok_or(LibraryError::NoSuchSpace)?;
        let access = self.services.accounts.access(&session.principal, id).await?;
        let access = access.ok_or(LibraryError::NoSuchSpace)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        let own = UploadsOf::User(session.principal.user);
        let uploads = self.services.uploads.list(&[access], own).await?;
        let is_here = |sent: &Sent| sent.destination().is_ok_and(|(_, to)| to.text() == folder);
        self.listed(uploads, is_here, Vec::new())
    }

    /// The unfinished uploads and the files of a guest's hand-in; of a request, those of all of them. For a guest who works in a
    /// folder, the unfinished uploads to the folder that the query names.
    pub(super) async fn list_of_guest(&self, guest: &Guest) -> Answer {
        let (sharing, visit) = (&self.services.sharing, &guest.visit);
        if !visit.access.only_adds() {
            let folder = field(self.parts.uri.query().unwrap_or_default().as_bytes(), "folder");
            let folder = folder.map(|folder| folder.to_string()).unwrap_or_default();
            let browser = sharing.browser_mark(visit, &guest.browser);
            let own = UploadsOf::Guest { link: visit.link.id, browser };
            let uploads = self.services.uploads.list(&[visit.access], own).await?;
            let is_here = |sent: &Sent| sent.folder().is_ok_and(|to| to.text() == folder);
            return self.listed(uploads, is_here, Vec::new());
        }
        let hand_ins = sharing.hand_ins_in_row(visit, &guest.browser).await?;
        let Some(latest) = hand_ins.last() else { return answer(&List::default()) };
        let uploads = self.services.uploads.list(&[visit.access], UploadsOf::HandIn(latest.id)).await?;
        let files = hand_ins.iter().flat_map(|hand_in| &hand_in.files).filter(|file| file.is_kept());
        let arrived = files.map(|file| Arrived {
            path: file.path.clone(),
            size: file.size,
            sha256: file.sha256.map(|digest| HEXLOWER.encode(&digest)),
            item: file.item.map(|item| item.0),
        });
        self.listed(uploads, |_| true, arrived.collect())
    }

    fn listed(&self, uploads: Vec<Upload>, is_meant: impl Fn(&Sent) -> bool, files: Vec<Arrived>) -> Answer {
        let own = uploads.into_iter().filter(|upload| upload.protocol == PROTOCOL);
        let uploads = own.filter_map(|upload| {
            let sent = Sent::parse(&upload.metadata).ok().filter(&is_meant)?;
            Some(Unfinished {
                url: self.address(upload.id),
                path: sent.path.text(),
                size: upload.length.unwrap_or_default(),
                received: upload.received,
                item: sent.item().ok().flatten().map(|item| item.0),
                modified: sent.modified().ok().flatten().map(Timestamp::as_secs),
            })
        });
        answer(&List { uploads: uploads.collect(), files })
    }
}

fn answer(list: &List) -> Answer {
    let text = serde_json::to_string(list).map_err(|_| LibraryError::Interrupted)?;
    Ok(json(StatusCode::OK, text))
}

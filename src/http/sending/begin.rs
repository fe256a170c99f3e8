//! Begins an upload.

use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};

use super::refused::Refused;
use super::sent::Sent;
use super::{Answer, Guest, Owner, PROTOCOL, SendRequest, at_offset, log_unnoted, stored};
use crate::accounts::Principal;
use crate::http::page::form::is_from_this_site;
use crate::http::protocol::RequestError;
use crate::http::protocol::headers;
use crate::http::refusal::Refusal;
use crate::http::session;
use crate::library::{Along, Change, LibraryError};
use crate::model::{Conditions, EntryPath, HandInId, Right, UploadId, UploadOwner, UploadShape};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{PlacedFile, SentBy};
use crate::uploads::NewUpload;

/// An upload to begin.
pub(super) struct Begun {
    pub(super) sent: Sent,
    pub(super) length: u64,
    pub(super) change: Change,
    /// Where the file goes; one of a guest that arrives in parts is placed again at its end.
    pub(super) path: EntryPath,
    /// Adds the file to its hand-in.
    pub(super) hand_in: Option<(HandInId, Along)>,
}

impl SendRequest<'_> {
    /// By a user on a page of files.
    pub(super) async fn begin_as_user(&self, body: &mut RequestBody) -> Answer {
        let principal = self.user().await?;
        let (sent, length) = self.asked()?;
        let (change, path) = self.placed_by_user(&principal, &sent).await?;
        if let Some((above, _)) = path.split_last().filter(|_| sent.path.names().len() > 1) {
            self.services.library.make_folders(&change, &above).await?;
        }
        let access = if sent.is_beside()? { change.access.storing_beside() } else { change.access };
        let begun = Begun { sent, length, change: Change { access, ..change }, path, hand_in: None };
        self.begun(begun, &Owner::User { principal, access }, body).await
    }

    /// The user at one of the server's pages.
    pub(super) async fn user(&self) -> Result<Principal, Refused> {
        let session = session::even_locked(self.context).await?.ok_or(Refused::NotSignedIn)?;
        if session::is_own_script(self.context, &session.token) {
            Ok(session.principal)
        } else {
            Err(Refused::Forged)
        }
    }

    /// The right of a user to the space that is named, and the path in it.
    pub(super) async fn placed_by_user(
        &self,
        principal: &Principal,
        sent: &Sent,
    ) -> Result<(Change, EntryPath), Refused> {
        let (space, folder) = sent.destination()?;
        let id = self.services.library.space_id(&space).await?.ok_or(LibraryError::NoSuchSpace)?;
        let access = self.services.accounts.access(principal, id).await?.ok_or(LibraryError::NoSuchSpace)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        let whole = folder.names().iter().chain(sent.path.names()).cloned().collect();
        let path = EntryPath::new(whole).map_err(LibraryError::from)?;
        let change = Change {
            access,
            actor: principal.actor(),
            now: self.info.received,
            conditions: Conditions::default(),
        };
        Ok((change, path))
    }

    /// By a guest on the page of a link that takes files.
    pub(super) async fn begin_as_guest(&self, guest: Guest, body: &mut RequestBody) -> Answer {
        if !is_from_this_site(self.context) {
            return Err(Refused::Forged);
        }
        let (sent, length) = self.asked()?;
        let (sharing, now) = (&self.services.sharing, self.info.received);
        if !guest.visit.access.only_adds() {
            let (folder, visit) = (sent.folder()?, guest.visit);
            let (change, path) = sharing.place_beside(&visit, &folder, &sent.path, now).await?;
            let browser = sharing.browser_mark(&visit, &guest.browser);
            let begun = Begun { sent, length, change, path, hand_in: None };
            return self.begun(begun, &Owner::Partner { visit: Box::new(visit), browser }, body).await;
        }
        let by = SentBy { browser: &guest.browser, name: sent.name()?, peer: self.info.peer };
        let file = sent.handed_in(length)?;
        let placed = sharing.place_file(&guest.visit, by, &file, now).await;
        let PlacedFile { hand_in, change, path, along, .. } = match placed {
            Ok(placed) => placed,
            Err(error) => {
                let refusal = Refusal::of_hand_in(&error, self.info.request_id);
                let (visit, name) = (&guest.visit, sent.path.text());
                let of = (guest.browser.as_str(), file.item);
                let noted = sharing.note_refused(visit, of, name, refusal.word(), now).await;
                log_unnoted(noted, self.info.request_id);
                return Err(Refused::HandIn(error));
            }
        };
        let begun = Begun { sent, length, change, path, hand_in: Some((hand_in, along)) };
        self.begun(begun, &Owner::Guest { visit: Box::new(guest.visit), hand_in }, body).await
    }

    fn asked(&self) -> Result<(Sent, u64), Refused> {
        self.require_version()?;
        let length = headers::number_of_bytes(&self.parts.headers, "Upload-Length")?;
        let missing = RequestError::Header { name: "Upload-Length", reason: "is missing" };
        Ok((self.sent()?, length.ok_or(missing)?))
    }

    /// What the metadata of the request say.
    pub(super) fn sent(&self) -> Result<Sent, Refused> {
        Sent::parse(headers::single(&self.parts.headers, "Upload-Metadata")?.unwrap_or_default())
    }

    async fn begun(&self, begun: Begun, owner: &Owner, body: &mut RequestBody) -> Answer {
        if self.comes_whole(begun.length, body) {
            let (id, done) = self.store_at_once(begun, owner, body).await?;
            let mut response = stored(StatusCode::CREATED, &done);
            self.locate(id, &mut response);
            owner.mark(&mut response);
            return Ok(response);
        }
        let Begun { sent, length, change, path, .. } = begun;
        let guest = Some(owner.id()).filter(|owner| !matches!(owner, UploadOwner::User(_)));
        let new = NewUpload {
            id: UploadId::random(),
            protocol: PROTOCOL,
            name: None,
            shape: UploadShape::Linear,
            path: guest.is_none().then_some(path),
            length: Some(length),
            modified: owner.dates(&sent)?,
            checksum: None,
            metadata: sent.text.clone(),
            guest,
        };
        let upload = self.services.uploads.create(change, new).await?;
        let id = upload.id;
        let brings_content = body.announced_length() != Some(0);
        let answer = match brings_content || length == 0 {
            true => self.append(owner, upload, body, StatusCode::CREATED).await,
            false => Ok(at_offset(StatusCode::CREATED, 0)),
        };
        // Even if the bytes did not arrive: the upload has begun, and the client may go on.
        let mut response = answer.unwrap_or_else(|refused| self.told(Err(refused)));
        self.locate(id, &mut response);
        owner.mark(&mut response);
        Ok(response)
    }

    fn locate(&self, id: UploadId, response: &mut Response<ResponseBody>) {
        if let Ok(mut address) = HeaderValue::from_str(&self.address(id)) {
            address.set_sensitive(true);
            response.headers_mut().insert(LOCATION, address);
        }
    }
}

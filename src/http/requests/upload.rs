//! Stores a form or an example that a user sends from the own device, in a folder of the request's space.
//!
//! It is a file like any other there: stored by the right of the user, held and examined as the space says. The link of a request
//! only adds to the request's own folder, so its guests neither see nor replace it.

use bytes::Bytes;

use super::Requests;
use crate::http::protocol::multipart::{IncomingFile, sent_name};
use crate::http::refusal::Refusal;
use crate::library::{Change, NewFile, Source, receive};
use crate::model::{Access, Conditions, EntryName, EntryPath, Right, SpaceId, Timestamp};
use crate::sharing::{MAX_HANDOUT_BYTES, RequestError, is_document_to_hand_out};

/// Why a file was not handed out.
pub(super) enum Stop {
    Request(RequestError),
    Refused(Refusal),
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// A file with the bytes that it may still have.
struct Bounded<'a, 'b> {
    file: &'a mut IncomingFile<'b>,
    left: u64,
}

impl Source for &mut Bounded<'_, '_> {
    type Error = Stop;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, Stop>> {
        let piece = self.file.piece().await.map_err(|_| Stop::Refused(Refusal::Broken)).transpose()?;
        Some(piece.and_then(|piece| match self.left.checked_sub(piece.len() as u64) {
            Some(left) => {
                self.left = left;
                Ok(piece)
            }
            None => Err(RequestError::NoHandout.into()),
        }))
    }
}

impl Requests<'_> {
    /// The folder for forms and examples in each space.
    pub(super) fn forms_folder(&self) -> EntryPath {
        let name = EntryName::parse(self.one_texts().forms_folder()).ok();
        name.and_then(|name| EntryPath::root().join(name).ok()).unwrap_or_default()
    }

    /// Stores a file in that folder of a space, beside one of the same name.
    pub(super) async fn store_form(
        &self,
        space: SpaceId,
        file: &mut IncomingFile<'_>,
    ) -> Result<(Access, EntryPath), Stop> {
        let access = self.rights.iter().find(|access| access.space() == space).copied();
        let access = access.ok_or(RequestError::NoSuchRequest)?;
        let name = sent_name(&file.name).map_err(|_| Stop::Refused(Refusal::BadName))?;
        let announced = file.announced;
        if !is_document_to_hand_out(name.as_str()) || announced.is_some_and(|size| size > MAX_HANDOUT_BYTES) {
            return Err(RequestError::NoHandout.into());
        }
        let (services, principal) = (self.desk.context.services, self.desk.principal());
        let request_id = self.desk.context.info.request_id;
        let refused = |error| Stop::Refused(Refusal::of_library(&error, request_id));
        let change = |access| Change {
            access,
            actor: principal.actor(),
            now: self.now(),
            conditions: Conditions::default(),
        };
        let folder = self.forms_folder();
        services.library.make_folders(&change(access), &folder).await.map_err(refused)?;
        let path = folder.join(name).map_err(|_| Stop::Refused(Refusal::BadName))?;
        let new = NewFile { path, size: announced, modified: None, checksum: None };
        let put = services.library.begin_put(change(access.storing_beside()), new).await.map_err(refused)?;
        let still_allowed = async || {
            let now = services.accounts.access(principal, space).await;
            let right = now.ok().flatten().and_then(|access| access.require(Right::Write).ok());
            right.map(drop).ok_or(Stop::Request(RequestError::NoSuchRequest))
        };
        let mut file = Bounded { file, left: MAX_HANDOUT_BYTES };
        let stored = receive(put, &mut file, still_allowed, Timestamp::now).await?.map_err(refused)?;
        let name = EntryName::parse(&stored.entry.name).map_err(|_| Stop::Refused(Refusal::BadName))?;
        let path = folder.join(name).map_err(|_| Stop::Refused(Refusal::BadName))?;
        Ok((access, path))
    }
}

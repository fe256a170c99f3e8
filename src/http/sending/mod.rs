//! Uploads that the scripts of pages send: for staff on the pages of files, and for guests on the page of a link that takes
//! files in. A plain form can send the same files; but this way a large file goes on where it broke off.
//!
//! ```text
//! POST   /sending                201, begins an upload: session and its token in the header Tresor-Token
//! POST   /s/TOKEN/sending        201, begins one of a guest's hand-in, or in a folder: the cookies of the link's page
//! POST   .../folder              204, makes a folder that has no file, unless it exists
//! GET    .../list                unfinished uploads, and of a hand-in the files that have arrived
//! HEAD   /sending/ID.PASS        200, the offset so far
//! PATCH  /sending/ID.PASS        204, appends; the last byte is answered once the file is durable
//! DELETE /sending/ID.PASS        204, cancels it
//! ```
//! The protocol is tus 1.0.0 with creation, creation-with-upload and termination. The address of an upload holds a secret,
//! so it goes on when its session has ended, or the pass of the link's password; the right of its owner is judged again with
//! each request. Refusals are JSON with a sentence for the person.

mod at_once;
mod begin;
mod ending;
mod folder;
mod list;
mod proceed;
mod refused;
mod sent;

use std::ops::Deref;

use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

pub(super) use self::refused::Refused;
use self::sent::Sent;
use super::context::RequestContext;
use super::finished::Finished;
use super::page::language::chosen;
use super::protocol::tus::{self, TUS_RESUMABLE, UPLOAD_OFFSET, VERSION};
use super::reply::uncached;
use crate::accounts::Principal;
use crate::library::PutOutcome;
use crate::model::{Access, Actor, EntryPath, HandInId, Timestamp, UploadId, UploadOwner};
use crate::net::{LogUser, RequestBody, RequestId, ResponseBody, Route};
use crate::sharing::{HandInError, Visit};
use crate::text::Language;

/// The protocol of these uploads, as stored with them.
const PROTOCOL: &str = "page";
const ROOT: &str = "/sending";

/// The name that a file got in place of the one it was sent by, percent-encoded.
const STORED_AS: HeaderName = HeaderName::from_static("tresor-stored-as");

type Answer = Result<Response<ResponseBody>, Refused>;

/// This endpoint, with its memory.
#[derive(Default)]
pub(super) struct Sending {
    finished: Finished<Done>,
}

/// An upload that became a file.
#[derive(Clone)]
struct Done {
    length: u64,
    /// The name that it got, if that is another one and its sender may know it.
    stored_as: Option<String>,
}

/// A guest at the page of a link that takes files.
pub(super) struct Guest {
    pub(super) visit: Visit,
    /// The browser's secret.
    pub(super) browser: String,
}

/// The person on whose behalf an upload is sent, with the present right to store files.
#[derive(Clone)]
enum Owner {
    User {
        principal: Principal,
        access: Access,
    },
    Guest {
        visit: Box<Visit>,
        hand_in: HandInId,
    },
    /// A guest who works in a folder, with the mark of the browser.
    Partner {
        visit: Box<Visit>,
        browser: [u8; 32],
    },
}

/// A request.
struct SendRequest<'a> {
    context: RequestContext<'a>,
    finished: &'a Finished<Done>,
    language: Language,
    /// Whether a guest reads the answer.
    is_guest: bool,
}

impl<'a> Deref for SendRequest<'a> {
    type Target = RequestContext<'a>;

    fn deref(&self) -> &Self::Target {
        &self.context
    }
}

impl Sending {
    /// Whether a path belongs to this endpoint; those below links do not.
    pub(super) fn serves(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Answers a request to this endpoint.
    pub(super) async fn handle(
        &self,
        context: RequestContext<'_>,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let mut request =
            SendRequest { context, finished: &self.finished, language: chosen(context), is_guest: false };
        let rest = context.path().strip_prefix(ROOT).unwrap_or_default();
        let answer = match (&context.parts.method, rest) {
            (&Method::POST, "") => request.begin_as_user(body).await,
            (&Method::GET, "/list") => request.list_of_user().await,
            (&Method::POST, "/folder") => request.folder_of_user().await,
            (_, rest) => match request.named(rest) {
                Some(id) => request.proceed(id, body).await,
                None => Err(Refused::NoSuchUpload),
            },
        };
        request.told(answer)
    }

    /// Answers a request of a guest, below the address of the link.
    pub(super) async fn of_guest(
        &self,
        context: RequestContext<'_>,
        guest: Result<Guest, Refused>,
        rest: &str,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let language = chosen(context);
        let request = SendRequest { context, finished: &self.finished, language, is_guest: true };
        let answer = match (guest, &context.parts.method, rest) {
            (Err(why), ..) => Err(why),
            (Ok(guest), &Method::POST, "") => request.begin_as_guest(guest, body).await,
            (Ok(guest), &Method::GET, "/list") => request.list_of_guest(&guest).await,
            (Ok(guest), &Method::POST, "/folder") => request.folder_of_guest(&guest).await,
            _ => Err(Refused::Method),
        };
        request.told(answer)
    }
}

impl SendRequest<'_> {
    /// The upload that an address names, if its secret is right.
    fn named(&self, rest: &str) -> Option<UploadId> {
        let (id, pass) = rest.strip_prefix('/')?.split_once('.')?;
        let id = id.parse().ok()?;
        self.services.accounts.is_upload_pass(id, pass).then_some(id)
    }

    /// The address of an upload.
    fn address(&self, id: UploadId) -> String {
        format!("{ROOT}/{id}.{}", self.services.accounts.upload_pass(id))
    }

    fn require_version(&self) -> Result<(), Refused> {
        if tus::is_spoken(&self.parts.headers) { Ok(()) } else { Err(Refused::Version) }
    }

    fn told(&self, answer: Answer) -> Response<ResponseBody> {
        let refusal =
            |refused: Refused| refused.response((self.language, self.is_guest), self.info.request_id);
        let mut response = answer.unwrap_or_else(refusal);
        response.headers_mut().insert(TUS_RESUMABLE, VERSION);
        response.extensions_mut().insert(Route::named("sending"));
        response
    }
}

impl Done {
    /// A guest who hands in learns no name but the sent one: that would tell of other files.
    fn new(length: u64, sent: &EntryPath, outcome: PutOutcome, owner: &Owner) -> Self {
        let (is_told, name) = (!matches!(owner, Owner::Guest { .. }), outcome.entry.name);
        let is_other = sent.names().last().is_some_and(|own| own.as_str() != name);
        Self { length, stored_as: (is_told && is_other).then_some(name) }
    }
}

impl Owner {
    fn id(&self) -> UploadOwner {
        match self {
            Self::User { principal, .. } => UploadOwner::User(principal.user),
            Self::Guest { hand_in, .. } => UploadOwner::HandIn(*hand_in),
            Self::Partner { visit, browser } => UploadOwner::Guest { link: visit.link.id, browser: *browser },
        }
    }

    fn access(&self) -> &Access {
        match self {
            Self::User { access, .. } => access,
            Self::Guest { visit, .. } | Self::Partner { visit, .. } => &visit.access,
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::User { principal, .. } => principal.actor(),
            Self::Guest { visit, .. } | Self::Partner { visit, .. } => visit.actor(),
        }
    }

    /// The time of modification that a file gets; `None` for that of its arrival.
    fn dates(&self, sent: &Sent) -> Result<Option<Timestamp>, Refused> {
        match self {
            Self::User { .. } | Self::Partner { .. } => sent.modified(),
            Self::Guest { .. } => Ok(None),
        }
    }

    /// Marks an answer with the user for the log.
    fn mark(&self, response: &mut Response<ResponseBody>) {
        if let Self::User { principal, .. } = self {
            response.extensions_mut().insert(LogUser(principal.user));
        }
    }
}

fn log_unnoted(noted: Result<(), HandInError>, request_id: RequestId) {
    if let Err(error) = noted {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(%request_id, error, "a refused file is missing in its receipt");
    }
}

/// An answer with the offset of an upload.
fn at_offset(status: StatusCode, offset: u64) -> Response<ResponseBody> {
    let mut response = uncached(status);
    response.headers_mut().insert(UPLOAD_OFFSET, offset.into());
    response
}

/// An answer for an upload that is a file.
fn stored(status: StatusCode, done: &Done) -> Response<ResponseBody> {
    let mut response = at_offset(status, done.length);
    let name = done.stored_as.as_deref().unwrap_or_default();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string();
    if let Some(encoded) = HeaderValue::from_str(&encoded).ok().filter(|_| !name.is_empty()) {
        response.headers_mut().insert(STORED_AS, encoded);
    }
    response
}

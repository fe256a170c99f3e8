//! The JSON interface below `/api/v1`, for programs and for scripts of the pages.
//!
//! `routes.rs` is the one table of its operations: requests are matched against it, and `/api/openapi.json` is written
//! from it. `caller.rs` says on whose behalf a request is made. Each of the other files carries out the operations of one
//! subject, by the same use cases as the pages and WebDAV. Contents of files travel as they do in WebDAV.

mod caller;
mod document;
mod entries;
mod error;
mod links;
mod requests;
mod routes;
mod search;
mod session;
mod spaces;

use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::caller::Caller;
use self::error::ApiError;
use self::routes::{Found, Operation, Parameters};
use super::context::RequestContext;
use super::page::form::field;
use super::reply::{Answer, json, uncached};
use crate::http::version;
use crate::library::Space;
use crate::model::{Access, EntryName, EntryPath};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};

/// Longest body in JSON, in bytes.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// A request for an operation.
struct Call<'a> {
    context: RequestContext<'a>,
    parameters: Parameters,
}

type Reply = Result<Response<ResponseBody>, ApiError>;

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Answers a request, except for contents of files.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Answer {
    let mut user = None;
    let made = match answer(context, body, &mut user).await {
        Ok(Answer::Made(response)) => response,
        Ok(file) => return file,
        Err(error) => error.response(context),
    };
    Answer::Made(logged(made, user))
}

/// The answer of `dav` for a content, as this interface gives it: its errors are in JSON, too.
pub(super) fn shown(context: RequestContext<'_>, answer: Response<ResponseBody>) -> Response<ResponseBody> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return logged(answer, None);
    }
    let mut response = ApiError::Content(status).response(context);
    // Headers that a client needs to go on: when to try again, which bytes there are.
    for (name, value) in answer.headers() {
        if [http::header::RETRY_AFTER, http::header::CONTENT_RANGE].contains(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    logged(response, None)
}

fn logged(mut response: Response<ResponseBody>, user: Option<LogUser>) -> Response<ResponseBody> {
    response.extensions_mut().insert(Route::named("api"));
    if let Some(user) = user {
        response.extensions_mut().insert(user);
    }
    response
}

async fn answer(
    context: RequestContext<'_>,
    body: &mut RequestBody,
    user: &mut Option<LogUser>,
) -> Result<Answer, ApiError> {
    let (operation, parameters) = match routes::find(&context.parts.method, context.path()) {
        Found::Operation(operation, parameters) => (operation, parameters),
        Found::OtherMethods(methods) => return Ok(Answer::Made(other_methods(context, &methods))),
        Found::Nothing => return Err(ApiError::NoSuchAddress),
    };
    let call = Call { context, parameters };
    let made = match operation {
        Operation::Document => Ok(json(StatusCode::OK, document::text().to_owned())),
        Operation::OpenSession => session::open(&call, body, user).await,
        operation => {
            let caller = Caller::of(context).await?;
            *user = Some(LogUser(caller.principal.user));
            match operation {
                Operation::ReadContent | Operation::StoreContent => {
                    let (space, access) = call.space(&caller).await?;
                    let path = call.entry_path()?;
                    if operation == Operation::ReadContent {
                        entries::require_file(&call, &access, &path).await?;
                    }
                    let space = EntryName::parse(&space.name).map_err(|_| ApiError::NoSuchAddress)?;
                    return Ok(Answer::Content {
                        principal: Box::new(caller.principal),
                        space,
                        path,
                        version: version::named(context),
                        picture: None,
                    });
                }
                Operation::ShowSession => session::show(&call, &caller),
                Operation::EndSession => session::end(&call, &caller).await,
                Operation::ListSpaces => spaces::list(&call, &caller).await,
                Operation::ShowSpace => spaces::show(&call, &caller).await,
                Operation::ListEntries => entries::list(&call, &caller).await,
                Operation::DeleteEntry => entries::delete(&call, &caller).await,
                Operation::MakeFolder => entries::make_folder(&call, &caller, body).await,
                Operation::MoveEntry => entries::transfer(&call, &caller, body, true).await,
                Operation::CopyEntry => entries::transfer(&call, &caller, body, false).await,
                Operation::Search => search::search(&call, &caller).await,
                Operation::ListVersions => entries::versions(&call, &caller).await,
                Operation::RestoreVersion => entries::restore_version(&call, &caller, body).await,
                Operation::ListTrash => entries::trash(&call, &caller).await,
                Operation::RestoreFromTrash => entries::restore(&call, &caller).await,
                Operation::RemoveFromTrash => entries::purge(&call, &caller).await,
                Operation::ListLinks => links::list(&call, &caller).await,
                Operation::MakeLink => links::make(&call, &caller, body).await,
                Operation::ShowLink => links::show(&call, &caller).await,
                Operation::ChangeLink => links::change(&call, &caller, body).await,
                Operation::EndLink => links::end(&call, &caller).await,
                Operation::ListHandIns => links::hand_ins(&call, &caller).await,
                Operation::ShowReceipt => links::receipt(&call, &caller).await,
                Operation::ListRequests => requests::list(&call, &caller).await,
                Operation::MakeRequest => requests::make(&call, &caller, body).await,
                Operation::ShowRequest => requests::show(&call, &caller).await,
                Operation::AcceptItems => requests::accept(&call, &caller, body).await,
                Operation::RejectItems => requests::reject(&call, &caller, body).await,
                Operation::UndoItems => requests::undo(&call, &caller, body).await,
                Operation::CloseRequest => requests::close(&call, &caller, true).await,
                Operation::ReopenRequest => requests::close(&call, &caller, false).await,
                Operation::ExtendRequest => requests::extend(&call, &caller, body).await,
                Operation::ChangeItem => requests::change_item(&call, &caller, body).await,
                Operation::PreviewReminder => requests::preview(&call, &caller).await,
                Operation::Remind => requests::remind(&call, &caller).await,
                Operation::PlanReminders => requests::plan(&call, &caller, body).await,
                Operation::PauseReminders => requests::pause(&call, &caller, true).await,
                Operation::ResumeReminders => requests::pause(&call, &caller, false).await,
                Operation::Invite => requests::invite(&call, &caller).await,
                Operation::RenewAddress => requests::renew(&call, &caller).await,
                Operation::AnswerComment => requests::answer_comment(&call, &caller, body).await,
                Operation::ChangeRecipient => requests::readdress(&call, &caller, body).await,
                Operation::Document | Operation::OpenSession => Err(ApiError::NoSuchAddress),
            }
        }
    };
    made.map(Answer::Made)
}

/// Other methods than those of the table: OPTIONS names these, and everything else is refused.
fn other_methods(context: RequestContext<'_>, methods: &str) -> Response<ResponseBody> {
    let mut response = match context.parts.method {
        Method::OPTIONS => uncached(StatusCode::NO_CONTENT),
        _ => ApiError::Method.response(context),
    };
    if let Ok(methods) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

impl Call<'_> {
    /// The space that the address names, and the caller's right to it. A space without a right counts as missing.
    async fn space(&self, caller: &Caller) -> Result<(Space, Access), ApiError> {
        self.space_named(caller, self.parameters.get("space")).await
    }

    async fn space_named(&self, caller: &Caller, name: &str) -> Result<(Space, Access), ApiError> {
        let services = self.context.services;
        let name = EntryName::parse(name).map_err(|_| ApiError::NoSuchSpace)?;
        let space = services.library.space_named(&name).await?.ok_or(ApiError::NoSuchSpace)?;
        let access = services.accounts.access(&caller.principal, space.id).await?;
        Ok((space, access.ok_or(ApiError::NoSuchSpace)?))
    }

    /// The path in the query, relative to the space; empty for its top folder.
    fn entry_path(&self) -> Result<EntryPath, ApiError> {
        path(&self.query("path").unwrap_or_default())
    }

    fn query(&self, name: &str) -> Option<String> {
        let query = self.context.parts.uri.query().unwrap_or_default();
        field(query.as_bytes(), name).map(|value| value.to_string())
    }

    /// The number in the address; nothing is found by any other text.
    fn id(&self, name: &str) -> Result<i64, ApiError> {
        self.parameters.get(name).parse().map_err(|_| ApiError::NoSuchAddress)
    }

    /// The body, which is JSON.
    async fn body<T: DeserializeOwned>(&self, body: &mut RequestBody) -> Result<T, ApiError> {
        let media_type = self.context.parts.headers.get(http::header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::NotJson);
        }
        let text = body.collect(MAX_JSON_BYTES).await.map_err(|error| ApiError::Body(error.status()))?;
        serde_json::from_slice(&text).map_err(|error| ApiError::Malformed(error.to_string()))
    }
}

/// A path as programs write it; a slash at its beginning or end means nothing.
fn path(text: &str) -> Result<EntryPath, ApiError> {
    Ok(EntryPath::parse(text.trim_matches('/'))?)
}

fn reply(status: StatusCode, value: &impl Serialize) -> Reply {
    let text = serde_json::to_string(value).map_err(|error| ApiError::Malformed(error.to_string()))?;
    Ok(json(status, text))
}

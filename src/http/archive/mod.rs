//! A folder as one ZIP file: its length is known before the first byte, and every range of it can be asked for.
//!
//! ```text
//! names    paths that every system can unpack
//! blocks   contents that are deflated and not compressed
//! layout   which byte is where
//! plan     both, for the tree of a folder; its tag
//! send     contents and the text between them, at the client's pace
//! ```
//! Each request reads the tree again. A content that changed or went since then breaks the answer off.

mod blocks;
mod layout;
mod names;
mod plan;
mod send;

use std::sync::Arc;

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use self::plan::Plan;
use self::send::Sending;
use super::context::RequestContext;
use super::protocol::conditional::{self, ReadVerdict, if_range_holds, judge_read};
use super::protocol::href::{Site, push_encoded};
use super::protocol::range::{self, RangeAnswer, content_range, unsatisfied};
use super::reader::Reader;
use super::reply::{empty, plain, too_many};
use crate::library::{Library, LibraryError};
use crate::model::{Access, ByteRange, EntryPath};
use crate::net::ResponseBody;
use crate::sharing::{Fetched, FetchedFile};

/// Most files of an archive that the proof of a download names.
const MOST_PROVED: usize = 2_000;
/// Seconds after which a client may ask again when there are too many archives.
const RETRY_AFTER: u32 = 30;

/// Whether a request asks for a folder as an archive.
pub(super) fn is_wanted(context: RequestContext<'_>) -> bool {
    matches!(context.parts.method, Method::GET | Method::HEAD) && context.parts.uri.query() == Some("zip")
}

/// Answers GET or HEAD with the folder at `path` as an archive named `name`. Files that `reader` may not fetch are
/// left out.
///
/// Errors: those of [`Library::tree`], and those of noting a download.
pub(super) async fn answer(
    context: RequestContext<'_>,
    access: &Access,
    path: &EntryPath,
    name: &str,
    reader: Reader,
) -> Result<Response<ResponseBody>, LibraryError> {
    let (services, headers) = (context.services, &context.parts.headers);
    let archives = &services.archives;
    let Ok(conditions) = conditional::read(headers, &Site { hosts: &[], mounts: &[] }) else {
        return Ok(plain(StatusCode::BAD_REQUEST, "The conditions of this request cannot be read.\n"));
    };
    let zone = context.zone().await;
    let Ok(turn) = archives.planning.acquire().await else { return Err(LibraryError::Closed) };
    let tree = match services.library.tree(access, path).await {
        Err(LibraryError::TooManyEntries) => {
            let text = "This folder has too many entries for one file; fetch the folders in it one by one.\n";
            return Ok(plain(StatusCode::CONFLICT, text));
        }
        tree => tree?,
    };
    let members = u32::try_from(tree.nodes.len() + 1).unwrap_or(u32::MAX);
    let Ok(members) = Arc::clone(&archives.members).try_acquire_many_owned(members) else {
        return Ok(too_many("Too many archives are being fetched; try again later.\n", RETRY_AFTER));
    };
    let state = services.library.state_fingerprint().to_owned();
    // Names and digests of a hundred thousand members take a while.
    let planned = tokio::task::spawn_blocking(move || Plan::new(&tree, &zone, &state)).await;
    let plan = planned.map_err(|_| LibraryError::Interrupted)?;
    drop(turn);

    let size = plan.layout.size();
    let mut told = headers_of(&plan, name);
    // No date holds, because there is none that covers everything below a folder.
    match judge_read(&conditions, &plan.etag, context.info.received) {
        ReadVerdict::Proceed => {}
        ReadVerdict::NotModified => {
            let mut response = empty(StatusCode::NOT_MODIFIED);
            response.headers_mut().extend(told.remove(ETAG).map(|tag| (ETAG, tag)));
            return Ok(response);
        }
        ReadVerdict::PreconditionFailed => {
            return Ok(plain(StatusCode::PRECONDITION_FAILED, "The folder changed since you last saw it.\n"));
        }
    }
    let is_get = context.parts.method == Method::GET;
    let wanted = match is_get && if_range_holds(headers, &plan.etag) {
        true => range::read(headers, size),
        false => RangeAnswer::Whole,
    };
    let mut response = empty(StatusCode::OK);
    let range = match wanted {
        RangeAnswer::Unsatisfiable => {
            let mut response =
                plain(StatusCode::RANGE_NOT_SATISFIABLE, "The archive is shorter than that.\n");
            response.headers_mut().extend(value(&unsatisfied(size)).map(|value| (CONTENT_RANGE, value)));
            return Ok(response);
        }
        RangeAnswer::Single(part) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            told.extend(value(&content_range(part, size)).map(|value| (CONTENT_RANGE, value)));
            part
        }
        // No program asks for several parts of an archive at once.
        RangeAnswer::Whole | RangeAnswer::Several(_) => ByteRange::whole(size),
    };
    told.insert(CONTENT_LENGTH, HeaderValue::from(range.len()));
    *response.headers_mut() = told;
    if is_get {
        let what = match reader.is_leased() {
            true => fetched(&services.library, &plan).await?,
            false => Fetched::default(),
        };
        *response.body_mut() = Sending::begin(context, *access, reader, plan, what, range, members).await;
    }
    Ok(response)
}

fn headers_of(plan: &Plan, name: &str) -> HeaderMap {
    let mut disposition = String::from("attachment; filename*=UTF-8''");
    push_encoded(&mut disposition, name);
    disposition.push_str(".zip");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    let texts = [(CONTENT_DISPOSITION, disposition), (ETAG, format!("\"{}\"", plan.etag.0))];
    headers.extend(texts.iter().filter_map(|(name, text)| Some((name.clone(), value(text)?))));
    headers
}

/// A header value from ASCII text that the server generated.
fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

/// The facts for the proof of a download.
async fn fetched(library: &Library, plan: &Plan) -> Result<Fetched, LibraryError> {
    let (etag, size) = (plan.etag.0.clone(), plan.layout.size());
    let files = || plan.files.iter().zip(0..).filter_map(|(file, number)| Some(((*file)?, number)));
    let count = files().count();
    let mut listed = Vec::new();
    if count <= MOST_PROVED {
        let digests = library.known_digests(files().map(|(file, _)| file.version).collect()).await?;
        listed.extend(files().zip(digests).map(|((_, number), sha256)| FetchedFile {
            path: plan.layout.path(number).to_owned(),
            size: plan.layout.member(number).map_or(0, |member| member.size),
            sha256: sha256.map(|digest| data_encoding::HEXLOWER.encode(&digest)),
        }));
    }
    Ok(Fetched { etag, size, sha256: None, files: Some((count, listed)) })
}

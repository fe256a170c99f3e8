//! The answers that pages embed: a picture of a page, and a picture as it is stored. No browser keeps them: nothing
//! that a person saw stays on the device.

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use bytes::Bytes;

use super::{Looked, Subject, Why, look};
use crate::http::context::RequestContext;
use crate::http::reply::plain;
use crate::library::LibraryError;
use crate::model::Stamp;
use crate::net::ResponseBody;

/// Seconds after which a browser may ask again for a picture that could not be made yet.
const RETRY_AFTER_SECONDS: u32 = 10;

/// The picture of a page of a file.
///
/// Errors: those of opening a content.
pub(in crate::http) async fn page_picture(
    context: RequestContext<'_>,
    subject: Subject<'_>,
    number: u32,
    by: Stamp,
) -> Result<Response<ResponseBody>, LibraryError> {
    let (looked, _) = look(context, subject, number, by).await?;
    Ok(match looked {
        Looked::Page { picture, .. } => {
            let mut response = Response::new(ResponseBody::full(Bytes::copy_from_slice(&picture.bytes)));
            shown(response.headers_mut(), picture.format.media_type());
            response
        }
        Looked::Nothing(Why::Busy) => {
            let mut busy = plain(StatusCode::SERVICE_UNAVAILABLE, "Too many pages wait to be painted.\n");
            busy.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            busy
        }
        Looked::Image | Looked::Text(..) | Looked::NoSuchPage | Looked::Nothing(_) => {
            plain(StatusCode::NOT_FOUND, "There is no picture of this page.\n")
        }
    })
}

/// The answer to a download of a picture, to be shown in a page. The type is the one that its content has, so that a browser
/// shows a picture or nothing.
pub(in crate::http) fn as_image(
    mut response: Response<ResponseBody>,
    media_type: &'static str,
) -> Response<ResponseBody> {
    match response.status() {
        StatusCode::OK => shown(response.headers_mut(), media_type),
        StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        _ => {}
    }
    response
}

fn shown(headers: &mut HeaderMap, media_type: &'static str) {
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (CONTENT_DISPOSITION, "inline"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

//! The script of upload forms: where it lies, and the forms that it improves. Without it they work as plain forms.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Unfinished;
use crate::model::random_bytes;
use crate::net::ResponseBody;

/// Built from `web/src` by `npm run build` in `web/`.
const SCRIPT: &str = include_str!("../../../web/dist/upload.js");

/// Bytes of the word that stands for the script in a policy.
const NONCE_BYTES: usize = 16;

/// The address has a hash of the script in it, so a browser may keep it: another script has another address.
static ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let hash = HEXLOWER.encode(&Sha256::digest(SCRIPT));
    format!("/static/upload-{}.js", hash.get(..16).unwrap_or_default())
});

/// The policy of pages with the script: this one alone, requests to this server, and no text that becomes markup. A word that
/// is new on each page stands for the script, because by its address the files of people would be allowed, too.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         require-trusted-types-for 'script'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// What the script needs to know of a form; the value of its `data-upload`. `web/src/config.ts` reads it.
#[derive(Debug, Serialize)]
pub(in crate::http) struct UploadForm<'a> {
    /// Path where uploads begin.
    pub(in crate::http) endpoint: &'a str,
    /// Path of the list of unfinished uploads, and of files that have arrived.
    pub(in crate::http) list: &'a str,
    /// Metadata of each upload.
    pub(in crate::http) metadata: BTreeMap<&'static str, &'a str>,
    /// Whether several files may be chosen.
    pub(in crate::http) several: bool,
    /// Whether requests carry the token of the session.
    pub(in crate::http) session: bool,
    pub(in crate::http) terms: UploadTerms<'a>,
}

/// What may still be sent; `None` where there is no limit.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::http) struct UploadTerms<'a> {
    /// Endings of names, in small letters; all if there are none.
    pub(in crate::http) types: &'a [String],
    pub(in crate::http) files: Option<u32>,
    /// Bytes of all files together.
    pub(in crate::http) bytes: Option<u64>,
}

impl UploadForm<'_> {
    /// The value of the attribute.
    pub(in crate::http) fn attribute(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Lets a page carry the script.
pub(in crate::http) fn with_uploads(mut page: Response<ResponseBody>) -> Response<ResponseBody> {
    let nonce = BASE64URL_NOPAD.encode(&random_bytes::<NONCE_BYTES>());
    if let (Some(unfinished), Ok(policy)) =
        (page.extensions_mut().get_mut::<Unfinished>(), HeaderValue::from_str(&policy(&nonce)))
    {
        unfinished.script = Some(nonce);
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The path of the script.
pub(super) fn address() -> &'static str {
    &ADDRESS
}

/// The script, if it lies at this path.
pub(in crate::http) fn at(path: &str) -> Option<Response<ResponseBody>> {
    (path == address()).then(|| {
        let mut response = Response::new(ResponseBody::full(SCRIPT));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        response
    })
}

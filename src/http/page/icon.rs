//! The icon of the pages in the tabs and bookmarks of browsers: a keyhole. It says nothing of the office, so every visitor may
//! have it, also before the instance is unlocked.

use std::sync::LazyLock;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, Response};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use super::asset;
use crate::net::ResponseBody;

const SVG: &str = include_str!("../../../web/icon.svg");
/// The same in 16 and 32 pixels, for browsers that know no SVG as an icon.
const ICO: &[u8] = include_bytes!("../../../web/icon.ico");
/// Where browsers look by themselves.
const BY_ITSELF: &str = "/favicon.ico";

/// The path of the icon.
static ADDRESS: LazyLock<String> = LazyLock::new(|| asset::address("icon", &Sha256::digest(SVG), ".svg"));

/// The elements of a page's head. Browsers that know SVG prefer it to a picture whose size is named.
pub(super) fn elements() -> Markup {
    html! {
        link rel="icon" sizes="32x32" href=(BY_ITSELF);
        link rel="icon" type="image/svg+xml" sizes="any" href=(*ADDRESS);
    }
}

/// The icon that lies at this path.
pub(in crate::http) fn at(path: &str) -> Option<Response<ResponseBody>> {
    let mut response = match path {
        BY_ITSELF => asset::answer("image/x-icon", ICO),
        path if path == *ADDRESS => asset::answer("image/svg+xml", SVG),
        _ => return None,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if path == BY_ITSELF {
        // Its address has no hash.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=604800"));
    }
    Some(response)
}

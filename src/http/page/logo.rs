//! The office's logo: at the top of every page, and at an address of its own.

use data_encoding::HEXLOWER;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use crate::model::{Logo, Office};
use crate::net::ResponseBody;

const ADDRESS: &str = "/static/logo-";

/// The address has a hash of the picture in it, so a browser may keep it: another picture has another address.
fn address(logo: &Logo) -> String {
    let hash = HEXLOWER.encode(&Sha256::digest(logo.bytes()));
    format!("{ADDRESS}{}", hash.get(..16).unwrap_or_default())
}

/// Name or logo of the office.
pub(super) fn brand(name: &str, office: Option<&Office>) -> Markup {
    html! {
        @match office.and_then(|office| office.logo.as_ref()) {
            Some(logo) => p.brand { img.logo src=(address(logo)) alt=(name); },
            None => p.brand { (name) },
        }
    }
}

/// Whether a logo may lie at this path.
pub(in crate::http) fn serves(path: &str) -> bool {
    path.starts_with(ADDRESS)
}

/// The logo, if it lies at this path.
pub(in crate::http) fn at(path: &str, office: Option<&Office>) -> Option<Response<ResponseBody>> {
    let logo = office?.logo.as_ref().filter(|logo| address(logo) == path)?;
    let mut response = Response::new(ResponseBody::full(logo.bytes().to_vec()));
    for (name, value) in [
        (CONTENT_TYPE, logo.media_type()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

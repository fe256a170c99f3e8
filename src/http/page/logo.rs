//! The office's logo: at the top of every page, and at an address of its own.

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response};
use maud::{Markup, html};

use super::asset;
use crate::model::{Logo, Office};
use crate::net::ResponseBody;

/// How the path of every logo begins.
const BEGINNING: &str = "/static/logo-";

fn address(logo: &Logo) -> String {
    asset::address("logo", logo.digest(), "")
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
    path.starts_with(BEGINNING)
}

/// The logo, if it lies at this path.
pub(in crate::http) fn at(path: &str, office: Option<&Office>) -> Option<Response<ResponseBody>> {
    let logo = office?.logo.as_ref().filter(|logo| address(logo) == path)?;
    let mut response = asset::answer(logo.media_type(), logo.bytes().to_vec());
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Some(response)
}

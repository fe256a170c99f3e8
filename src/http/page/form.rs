//! Bodies and queries of the form `a=1&b=two+words` (WHATWG URL 5.1).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, ORIGIN};
use http::request::Parts;
use http::{Response, StatusCode};
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use crate::http::context::RequestContext;
use crate::http::reply::plain;
use crate::net::{RequestBody, ResponseBody};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Longest form without files, in bytes.
pub(in crate::http) const MAX_FORM_BYTES: usize = 8 * 1024;

/// The fields of a form in their order.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Fields(pub(in crate::http) Vec<(String, String)>);

impl Fields {
    /// Those of a body or query; one that is not UTF-8 is left out.
    pub(in crate::http) fn of(form: &[u8]) -> Self {
        let text = |raw: &[u8]| std::str::from_utf8(&decoded(raw)).ok().map(str::to_owned);
        let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            Some((text(parts.next()?)?, text(parts.next().unwrap_or_default())?))
        });
        Self(pairs.collect())
    }

    /// The value of the first field of this name; empty if there is none.
    pub(in crate::http) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The same; `stored` if there is none.
    pub(in crate::http) fn get_or<'a>(&'a self, name: &str, stored: &'a str) -> &'a str {
        if self.has(name) { self.get(name) } else { stored }
    }

    /// Whether there is a field of this name.
    pub(in crate::http) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The values of all fields of this name.
    pub(in crate::http) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The value of the first field of this name. `None` if there is none, or if it is not UTF-8: a password in another
/// encoding would be another password. Wiped on drop, because it may be a password.
pub fn field(form: &[u8], name: &str) -> Option<Zeroizing<String>> {
    let value = form.split(|byte| *byte == b'&').find_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let key = decoded(parts.next()?);
        (key.as_slice() == name.as_bytes()).then(|| decoded(parts.next().unwrap_or_default()))
    })?;
    std::str::from_utf8(&value).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// Whether a form was sent from a page of another site, as browsers report it. `null` counts as another site: it
/// may be a sandboxed frame, for instance.
pub(in crate::http) fn is_from_another_site(context: RequestContext<'_>) -> bool {
    let RequestContext { parts, info, .. } = context;
    let here = info.requested_host();
    if parts.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site") {
        return true;
    }
    parts.headers.get_all(ORIGIN).iter().any(|origin| {
        let site = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        site.is_none_or(|(_scheme, host)| !host.eq_ignore_ascii_case(here))
    })
}

/// Whether a form was sent from a page of this site, as browsers report it. A browser that reports nothing does not
/// count: all that are younger than some years tell the origin of a form.
pub(in crate::http) fn is_from_this_site(context: RequestContext<'_>) -> bool {
    let headers = &context.parts.headers;
    let site = headers.get(SEC_FETCH_SITE).map(|site| site == "same-origin");
    let (scheme, host) = (if context.info.secure { "https" } else { "http" }, context.info.requested_host());
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = origins.next().map(|origin| {
        let named = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        named.is_some_and(|(by, name)| by == scheme && name.eq_ignore_ascii_case(host))
    });
    let is_told = site.is_some() || origin.is_some();
    is_told && site != Some(false) && origin != Some(false) && origins.next().is_none()
}

/// Whether a request carries a form without files.
pub(in crate::http) fn is_form(parts: &Parts) -> bool {
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The body of a form, or the answer to another body.
pub(in crate::http) async fn read_form(
    parts: &Parts,
    body: &mut RequestBody,
) -> Result<Bytes, Response<ResponseBody>> {
    read_form_up_to(parts, body, MAX_FORM_BYTES).await
}

/// The same for a form of at most this number of bytes.
pub(in crate::http) async fn read_form_up_to(
    parts: &Parts,
    body: &mut RequestBody,
    most: usize,
) -> Result<Bytes, Response<ResponseBody>> {
    if !is_form(parts) {
        return Err(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as it is.\n"));
    }
    let form = body.collect(most).await;
    form.map_err(|error| plain(error.status(), "The form could not be read.\n"))
}

fn decoded(raw: &[u8]) -> Zeroizing<Vec<u8>> {
    let spaced: Zeroizing<Vec<u8>> =
        Zeroizing::new(raw.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    Zeroizing::new(percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, name: &str) -> Option<String> {
        field(form.as_bytes(), name).map(|value| value.to_string())
    }

    #[test]
    fn fields_are_read_as_browsers_send_them() {
        let form = "user=J%C3%BCrgen+K.&password=a%26b%3Dc%2B%25&empty=&flag&user=second";
        assert_eq!(read(form, "user").unwrap(), "Jürgen K.");
        assert_eq!(read(form, "password").unwrap(), "a&b=c+%");
        assert_eq!(read(form, "empty").unwrap(), "");
        assert_eq!(read(form, "flag").unwrap(), "");
        assert_eq!(read("us%65r=x", "user").unwrap(), "x");
        let all = Fields::of(form.as_bytes());
        assert_eq!(all.all("user").collect::<Vec<_>>(), ["Jürgen K.", "second"]);
        assert_eq!((all.get_or("empty", "x"), all.get_or("missing", "x")), ("", "x"));
        for (form, name) in [(form, "missing"), ("", "user"), ("user=%FF", "user"), ("xuser=1", "user")] {
            assert_eq!(read(form, name), None, "{form} {name}");
        }
    }
}

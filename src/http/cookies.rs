//! Cookies of requests (RFC 6265 4.2).

use http::HeaderMap;
use http::header::COOKIE;

/// The value of the first cookie of this name.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
        let (found, value) = cookie.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(find(&headers, "tresor-pass"), None);
        headers.append(COOKIE, HeaderValue::from_static("a=b; xtresor-pass=no"));
        assert_eq!(find(&headers, "tresor-pass"), None);
        headers.append(COOKIE, HeaderValue::from_static("c=d;tresor-pass=yes=; e=f"));
        assert_eq!(find(&headers, "tresor-pass"), Some("yes="));
    }
}

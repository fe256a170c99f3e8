//! Errors as pages for people in a browser. Programs get the XML or plain text of the endpoints.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use maud::html;

use super::{Page, Width, facts};
use crate::http::page::language::remembered;
use crate::net::{RequestId, ResponseBody};
use crate::text::{ErrorTexts, Language};

/// An extension of an answer: the server waits for its passphrase.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Locked;

/// The person behind a request, if it comes from a browser: only browsers ask for HTML by name.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Browser(Language);

impl Browser {
    pub(in crate::http) fn of(headers: &HeaderMap) -> Option<Self> {
        let asks = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
        headers.get_all(ACCEPT).iter().any(asks).then(|| Self(remembered(headers)))
    }

    /// The answer; an error that only programs could read becomes a page.
    pub(in crate::http) fn show(
        self,
        answer: Response<ResponseBody>,
        id: RequestId,
    ) -> Response<ResponseBody> {
        let (mut head, body) = answer.into_parts();
        let body = self.page(&mut head, id).unwrap_or(body);
        Response::from_parts(head, body)
    }

    /// The page that replaces an error answer; its headers are put into `head`. `None` if the answer is not an
    /// error, or is a page already.
    fn page(self, head: &mut Parts, id: RequestId) -> Option<ResponseBody> {
        let is_for_programs = head.headers.get(CONTENT_TYPE).is_some_and(|media_type| {
            let media_type = media_type.as_bytes();
            media_type.starts_with(b"application/xml") || media_type.starts_with(b"text/plain")
        });
        if !(is_for_programs && (head.status.is_client_error() || head.status.is_server_error())) {
            return None;
        }
        let texts = ErrorTexts(self.0);
        let (title, text) = sentences(head.status, head.extensions.get::<Locked>().is_some(), texts);
        let content = html! { p { (text) } (facts(&[(texts.request_number(), &id.to_string())])) };
        let page = Page { language: self.0, width: Width::Narrow, title, content };
        let (page, body) = page.into_response(head.status).into_parts();
        head.headers.remove(CONTENT_LENGTH);
        head.headers.extend(page.headers);
        head.extensions.extend(page.extensions);
        head.headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Language"));
        Some(body)
    }
}

/// Title and text of an error.
fn sentences(status: StatusCode, is_locked: bool, texts: ErrorTexts) -> (&'static str, &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => (texts.login_title(), texts.login()),
        StatusCode::FORBIDDEN => (texts.denied_title(), texts.denied()),
        StatusCode::NOT_FOUND | StatusCode::GONE => (texts.nothing_title(), texts.nothing()),
        StatusCode::MISDIRECTED_REQUEST => (texts.wrong_address_title(), texts.wrong_address()),
        StatusCode::UPGRADE_REQUIRED => (texts.encrypted_only_title(), texts.encrypted_only()),
        StatusCode::LOCKED => (texts.being_edited_title(), texts.being_edited()),
        StatusCode::TOO_MANY_REQUESTS => (texts.wait_title(), texts.too_many_attempts()),
        StatusCode::INSUFFICIENT_STORAGE => (texts.no_room_title(), texts.no_room()),
        StatusCode::SERVICE_UNAVAILABLE if is_locked => (texts.locked_title(), texts.locked()),
        StatusCode::SERVICE_UNAVAILABLE => (texts.wait_title(), texts.not_now()),
        _ if status.is_server_error() => (texts.failed_title(), texts.failed()),
        _ => (texts.not_this_way_title(), texts.not_this_way()),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::http::page::finished;
    use crate::net::plain_response;

    async fn page(accept: &str, language: &str, status: StatusCode) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        headers.insert("accept-language", HeaderValue::from_str(language).unwrap());
        let (mut head, _) = plain_response(status, "for programs").into_parts();
        let body = Browser::of(&headers)?.page(&mut head, RequestId::random())?;
        let page = finished(Response::from_parts(head, body), None);
        let (head, body) = page.into_parts();
        assert_eq!(head.headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(head.headers.get_all(CONTENT_TYPE).iter().count(), 1);
        Some(String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn browsers_get_pages_and_programs_do_not() {
        const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for code in 400..=511 {
            let status = StatusCode::from_u16(code).unwrap();
            let german = page(BROWSER, "de-DE,en;q=0.5", status).await.unwrap();
            let english = page(BROWSER, "en", status).await.unwrap();
            assert!(german.contains("lang=\"de\"") && german.contains("Vorgangsnummer"), "{german}");
            assert!(english.contains("lang=\"en\"") && english.contains("Request number"), "{english}");
            for sentence in ErrorTexts::ALL {
                assert!(!german.contains(sentence.english), "{}: {german}", sentence.name);
                assert!(!english.contains(sentence.german), "{}: {english}", sentence.name);
            }
            assert!(!german.contains("for programs") && !german.contains("tresor "), "{german}");
            for program in ["*/*", "application/json", "text/plain"] {
                assert_eq!(page(program, "de", status).await, None);
            }
        }
        assert_eq!(page(BROWSER, "de", StatusCode::OK).await, None);
    }
}

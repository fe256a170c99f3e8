//! The page of a link that opens by a code sent by mail.

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use maud::{Markup, html};

use super::LinkRequest;
use crate::http::page::form::field;
use crate::http::page::{Page, Width, problem, success};
use crate::net::ResponseBody;
use crate::sharing::GuestKey;
use crate::text::{CodeTexts, Language};

impl LinkRequest<'_> {
    /// Has a code sent, and shows where to enter it.
    pub(super) async fn send_code(&self) -> Response<ResponseBody> {
        let (token, tag) = (self.address.token(), self.language.tag());
        let sharing = &self.services.sharing;
        match sharing.send_code(&token, tag, self.info.peer, self.info.received).await {
            Ok(masked) => sent(self.language, self.path(), &masked),
            Err(error) => self.refused(&error),
        }
    }

    /// Opens the link by the code.
    pub(super) async fn enter_code(&self, form: &[u8]) -> Response<ResponseBody> {
        let code = field(form, "code").unwrap_or_default();
        match self.open(GuestKey::Code(&code)).await {
            Ok(visit) => self.passed(&visit),
            Err(error) => self.refused(&error),
        }
    }
}

/// The page before the link is open. `masked` is as much of the address as strangers may see.
pub(super) fn page(language: Language, action: &str, masked: &str) -> Response<ResponseBody> {
    let texts = CodeTexts(language);
    let content = html! {
        p { (texts.about(masked)) }
        (ask(action, texts.ask()))
        details {
            summary { (texts.have_code()) }
            (entry(language, action))
        }
    };
    made(language, content, StatusCode::FORBIDDEN)
}

/// After a code was sent.
fn sent(language: Language, action: &str, masked: &str) -> Response<ResponseBody> {
    let texts = CodeTexts(language);
    let content = html! {
        (success(&texts.sent(masked)))
        (entry(language, action))
        (ask(action, texts.ask_again()))
        p { (texts.not_arrived()) }
    };
    made(language, content, StatusCode::FORBIDDEN)
}

/// After a wrong code.
pub(super) fn again(language: Language, action: &str) -> Response<ResponseBody> {
    let texts = CodeTexts(language);
    let content = html! {
        (problem(texts.wrong()))
        (entry(language, action))
        (ask(action, texts.ask_again()))
    };
    made(language, content, StatusCode::FORBIDDEN)
}

/// In place of a further code for this number of seconds.
pub(super) fn later(language: Language, action: &str, seconds: u32) -> Response<ResponseBody> {
    let texts = CodeTexts(language);
    let content = html! {
        (problem(&texts.later(&language.wait(seconds))))
        (entry(language, action))
        p { (texts.not_arrived()) }
    };
    let mut response = made(language, content, StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn made(language: Language, content: Markup, status: StatusCode) -> Response<ResponseBody> {
    Page { language, width: Width::Narrow, title: CodeTexts(language).title(), content }.into_response(status)
}

fn entry(language: Language, action: &str) -> Markup {
    let texts = CodeTexts(language);
    html! {
        form method="post" action=(action) {
            input type="hidden" name="do" value="code";
            label {
                (texts.code())
                input type="text" name="code" required inputmode="numeric" autocomplete="one-time-code" maxlength="20";
            }
            button { (texts.open()) }
        }
    }
}

/// Viewing the page sends nothing: programs that preview messages open every link in them.
fn ask(action: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="do" value="send-code";
            button { (label) }
        }
    }
}

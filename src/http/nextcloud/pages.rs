//! The pages of a device's login: plain HTML, in German or English; passkeys alone need a script.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{Response, StatusCode};
use maud::{Markup, html};

use crate::accounts::DeviceRequest;
use crate::http::page::login_form::{self, LoginProblem};
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width, facts, note, notice, problem};
use crate::http::passkey::{self, Ceremony};
use crate::http::session::FORM_TOKEN;
use crate::model::{Timestamp, Zone};
use crate::net::ResponseBody;
use crate::text::{Language, LoginTexts};

/// Content of the consent page.
pub(super) struct Consent<'a> {
    pub(super) request: &'a DeviceRequest,
    /// Address of the browser.
    pub(super) visitor: IpAddr,
    /// Path to which the form is sent.
    pub(super) action: &'a str,
    pub(super) nonce: &'a str,
    /// User name to fill in.
    pub(super) name: &'a str,
    /// Fault of the submitted form.
    pub(super) problem: Option<Problem>,
    pub(super) now: Timestamp,
    pub(super) zone: &'a Zone,
    /// Token of the form for a passkey; `None` where there are no passkeys.
    pub(super) passkeys: Option<&'a str>,
}

/// Ends the address at which the script asks for the question of a passkey.
pub(super) const PASSKEY: &str = "/passkey";

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Login(LoginProblem),
    StalePage,
    TooManyDevices,
}

/// The page on which a user approves a device.
pub(super) fn consent(language: Language, shown: &Consent<'_>) -> Response<ResponseBody> {
    let texts = LoginTexts(language);
    let content = html! {
        p { (texts.explanation()) }
        (asked(texts, shown))
        @if is_elsewhere(shown.request.peer, shown.visitor) { (note(texts.other_network())) }
        (note(texts.warning()))
        @if let Some(found) = shown.problem { (problem(&found.sentence(language))) }
        (form(texts, shown))
        @if let Some(token) = shown.passkeys { (passkey_form(texts, shown, token)) }
    };
    let page = Page { language, width: Width::Narrow, title: texts.title(), content };
    let mut response = page.into_response(shown.problem.map_or(StatusCode::OK, Problem::status));
    if shown.passkeys.is_some() {
        response = with_script(response, Script::Passkey);
    }
    if let Some(Problem::Login(problem)) = shown.problem {
        problem.mark(&mut response);
    }
    response
}

/// Shown after the consent.
pub(super) fn done(language: Language) -> Response<ResponseBody> {
    let texts = LoginTexts(language);
    notice(language, StatusCode::OK, texts.done_title(), texts.done())
}

/// In place of a page whose login has ended or never existed.
pub(super) fn gone(language: Language) -> Response<ResponseBody> {
    let texts = LoginTexts(language);
    notice(language, StatusCode::NOT_FOUND, texts.gone_title(), texts.gone())
}

impl Problem {
    fn status(self) -> StatusCode {
        match self {
            Self::Login(problem) => problem.status(),
            Self::StalePage | Self::TooManyDevices => StatusCode::CONFLICT,
        }
    }

    fn sentence(self, language: Language) -> Cow<'static, str> {
        let texts = LoginTexts(language);
        match self {
            Self::Login(problem) => problem.sentence(language),
            Self::StalePage => texts.stale_page().into(),
            Self::TooManyDevices => texts.too_many_devices().into(),
        }
    }
}

/// Whether device and browser are in different networks. Unknown if one uses IPv4 and the other IPv6; then false.
fn is_elsewhere(device: IpAddr, browser: IpAddr) -> bool {
    match (device.to_canonical(), browser.to_canonical()) {
        (IpAddr::V4(device), IpAddr::V4(browser)) => device != browser,
        (IpAddr::V6(device), IpAddr::V6(browser)) => device.to_bits() >> 64 != browser.to_bits() >> 64,
        _ => false,
    }
}

/// Which device asks, from where, and for how long.
fn asked(texts: LoginTexts, shown: &Consent<'_>) -> Markup {
    let ends = shown.request.ends;
    let minutes = ends.since(shown.now).as_secs().div_ceil(60);
    let valid = texts.valid_for(&texts.0.clock(shown.zone, ends), minutes);
    let peer = shown.request.peer.to_canonical().to_string();
    facts(&[
        (texts.device(), &shown.request.label),
        (texts.asked_from(), &peer),
        (texts.valid_until(), &valid),
    ])
}

fn form(texts: LoginTexts, shown: &Consent<'_>) -> Markup {
    let problem = match shown.problem {
        Some(Problem::Login(problem)) => Some(problem),
        Some(Problem::StalePage | Problem::TooManyDevices) | None => None,
    };
    html! {
        form method="post" action=(shown.action) {
            input type="hidden" name="nonce" value=(shown.nonce);
            (login_form::lines(texts.0, shown.name, problem, false))
            button { (texts.send()) }
        }
    }
}

/// The same by a passkey, for the script. By this button alone: a passkey that the browser fills in would let the device in
/// unasked.
fn passkey_form(texts: LoginTexts, shown: &Consent<'_>, token: &str) -> Markup {
    let fields = html! {
        input type="hidden" name="nonce" value=(shown.nonce);
        input type="hidden" name=(FORM_TOKEN) value=(token);
    };
    let options = format!("{}{PASSKEY}", shown.action);
    let button = html! { button.other { (texts.send_by_passkey()) } };
    passkey::form(texts.0, shown.action, &Ceremony::Ask(&options), &fields, &button)
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use http_body_util::BodyExt;

    use super::*;
    use crate::http::page::finished;

    async fn text(response: Response<ResponseBody>) -> String {
        let body = finished(response, None).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn request(label: &str) -> DeviceRequest {
        let (label, peer) = (label.to_owned(), "192.0.2.7".parse().unwrap());
        DeviceRequest { label, peer, ends: Timestamp::from_secs(1_200) }
    }

    fn page<'a>(request: &'a DeviceRequest, name: &'a str, problem: Option<Problem>) -> Consent<'a> {
        static ZONE: std::sync::LazyLock<Zone> = std::sync::LazyLock::new(Zone::utc);
        Consent {
            request,
            visitor: request.peer,
            action: "/login/v2/flow/\"><x",
            nonce: "n",
            name,
            problem,
            now: Timestamp::from_secs(61),
            zone: &ZONE,
            passkeys: None,
        }
    }

    #[tokio::test]
    async fn who_asks_is_shown_and_cannot_become_markup() {
        let request = request("<b>Laptop</b>");
        let html = text(consent(Language::German, &page(&request, "\"><script>", None))).await;
        assert!(html.contains("<dt>Gerät:</dt><dd>&lt;b&gt;Laptop&lt;/b&gt;</dd>"), "{html}");
        assert!(
            html.contains("<dd>192.0.2.7</dd>") && html.contains("00:20 UTC (noch 19 Minuten)"),
            "{html}"
        );
        assert!(!html.contains("<script") && !html.contains("<x"), "{html}");
        assert!(html.contains("autocomplete=\"current-password\"") && !html.contains("class=\"problem\""));
    }

    #[tokio::test]
    async fn every_problem_has_a_sentence_and_a_status_in_both_languages() {
        let request = request("Laptop");
        for problem in [
            Problem::Login(LoginProblem::Rejected),
            Problem::Login(LoginProblem::Throttled(1)),
            Problem::Login(LoginProblem::Throttled(30)),
            Problem::Login(LoginProblem::Throttled(600)),
            Problem::Login(LoginProblem::Busy),
            Problem::StalePage,
            Problem::Login(LoginProblem::DevicePassword),
            Problem::TooManyDevices,
            Problem::Login(LoginProblem::Failed),
        ] {
            for language in [Language::German, Language::English] {
                let shown = consent(language, &page(&request, "anna", Some(problem)));
                assert!(!shown.status().is_success());
                assert_eq!(
                    shown.headers().contains_key(RETRY_AFTER),
                    matches!(problem, Problem::Login(LoginProblem::Throttled(_)))
                );
                let html = text(shown).await;
                let sentence = problem.sentence(language);
                assert!(html.contains(&format!("role=\"alert\">{sentence}</p>")), "{problem:?}");
                assert!(html.contains("value=\"anna\">") && html.contains("required autofocus"), "{html}");
            }
        }
    }

    #[test]
    fn another_network_is_noticed_where_it_can_be() {
        let elsewhere = |a: &str, b: &str| is_elsewhere(a.parse().unwrap(), b.parse().unwrap());
        assert!(!elsewhere("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(elsewhere("192.0.2.7", "192.0.2.8"));
        assert!(!elsewhere("2001:db8::1", "2001:db8::2"));
        assert!(elsewhere("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!elsewhere("192.0.2.7", "2001:db8::1"));
    }
}

//! The pages of a device's login: plain HTML without scripts, in German or English.

use std::net::IpAddr;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};

use crate::accounts::DeviceRequest;
use crate::http::page::{Field, Page, Tone};
use crate::model::Timestamp;
use crate::net::ResponseBody;
use crate::text::Language;

/// What the consent page shows.
pub(super) struct Consent<'a> {
    pub(super) request: &'a DeviceRequest,
    /// The browser's address.
    pub(super) visitor: IpAddr,
    /// Where the form goes, as a path.
    pub(super) action: &'a str,
    pub(super) nonce: &'a str,
    /// The user name to begin with.
    pub(super) name: &'a str,
    /// What was wrong with the form as it was sent.
    pub(super) problem: Option<Problem>,
    pub(super) now: Timestamp,
}

/// Why a form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Rejected,
    /// The password is right, and the second factor is asked for.
    CodeNeeded,
    WrongCode,
    /// Wait so many seconds.
    Throttled(u32),
    Busy,
    StalePage,
    DevicePassword,
    TooManyDevices,
    Failed,
}

/// The words of the pages.
struct Words {
    title: &'static str,
    explanation: &'static str,
    device: &'static str,
    asked_from: &'static str,
    ends: &'static str,
    minutes_left: fn(u64) -> String,
    other_network: &'static str,
    warning: &'static str,
    name: &'static str,
    password: &'static str,
    code: &'static str,
    send: &'static str,
    rejected: &'static str,
    code_needed: &'static str,
    wrong_code: &'static str,
    throttled: fn(u32) -> String,
    busy: &'static str,
    stale: &'static str,
    device_password: &'static str,
    too_many: &'static str,
    failed: &'static str,
    done_title: &'static str,
    done: &'static str,
    gone_title: &'static str,
    gone: &'static str,
}

const GERMAN: Words = Words {
    title: "Gerät verbinden",
    explanation: "Ein Gerät möchte auf Ihre Dateien zugreifen. Es bekommt ein eigenes Kennwort, das sich \
                  jederzeit einzeln sperren lässt; Ihr Kennwort erfährt es nicht.",
    device: "Gerät",
    asked_from: "Anfrage von",
    ends: "Gültig bis",
    minutes_left: |minutes| match minutes {
        1 => "noch 1 Minute".to_owned(),
        _ => format!("noch {minutes} Minuten"),
    },
    other_network: "Die Anfrage kommt aus einem anderen Netz als Ihr Browser. Das ist nur richtig, wenn das Gerät \
                    gerade woanders ist.",
    warning: "Melden Sie sich nur an, wenn Sie die Verbindung eben selbst auf diesem Gerät begonnen haben.",
    name: "Benutzername",
    password: "Kennwort",
    code: "Code",
    send: "Anmelden und verbinden",
    rejected: "Benutzername oder Kennwort ist falsch.",
    code_needed: "Ihr Konto hat einen zweiten Faktor. Bitte geben Sie noch einmal Ihr Kennwort ein und dazu den Code, \
                  den Ihre App gerade anzeigt, oder einen Wiederherstellungscode.",
    wrong_code: "Das ist nicht der Code dieses Augenblicks. Bitte geben Sie Kennwort und den nächsten Code ein.",
    throttled: |seconds| match seconds {
        1 => "Zu viele falsche Kennwörter. Versuchen Sie es in einer Sekunde noch einmal.".to_owned(),
        2..=119 => {
            format!("Zu viele falsche Kennwörter. Versuchen Sie es in {seconds} Sekunden noch einmal.")
        }
        _ => {
            let minutes = seconds.div_ceil(60);
            format!("Zu viele falsche Kennwörter. Versuchen Sie es in {minutes} Minuten noch einmal.")
        }
    },
    busy: "Gerade melden sich sehr viele an. Versuchen Sie es in einigen Sekunden noch einmal.",
    stale: "Diese Seite wurde schon einmal abgeschickt. Bitte melden Sie sich hier noch einmal an.",
    device_password: "Das ist das Kennwort eines Geräts. Bitte geben Sie Ihr eigenes ein.",
    too_many: "Sie haben so viele Geräte verbunden, wie möglich sind. Lassen Sie eines sperren, das Sie nicht mehr \
               benutzen.",
    failed: "Die Anmeldung konnte nicht geprüft werden. Versuchen Sie es später noch einmal.",
    done_title: "Anmeldung erfolgreich",
    done: "Das Gerät wird jetzt verbunden. Sie können dieses Fenster schließen.",
    gone_title: "Diese Anmeldung ist beendet",
    gone: "Sie ist abgelaufen oder schon abgeschlossen. Wenn das Gerät noch nicht verbunden ist, beginnen Sie dort \
           noch einmal.",
};

const ENGLISH: Words = Words {
    title: "Connect a device",
    explanation: "A device asks for access to your files. It gets a password of its own, which can be revoked by \
                  itself at any time; it does not learn yours.",
    device: "Device",
    asked_from: "Request from",
    ends: "Valid until",
    minutes_left: |minutes| match minutes {
        1 => "1 minute left".to_owned(),
        _ => format!("{minutes} minutes left"),
    },
    other_network: "The request comes from another network than your browser. That is right only if the device is \
                    somewhere else at this moment.",
    warning: "Log in only if you have just begun this connection on that device yourself.",
    name: "User name",
    password: "Password",
    code: "Code",
    send: "Log in and connect",
    rejected: "The user name or password is wrong.",
    code_needed: "Your account has a second factor. Please enter your password once more, and the code that your app \
                  shows now, or a recovery code.",
    wrong_code: "This is not the code of this moment. Please enter your password and the next code.",
    throttled: |seconds| match seconds {
        1 => "Too many wrong passwords. Try again in a second.".to_owned(),
        2..=119 => format!("Too many wrong passwords. Try again in {seconds} seconds."),
        _ => format!("Too many wrong passwords. Try again in {} minutes.", seconds.div_ceil(60)),
    },
    busy: "Very many people are logging in. Try again in a few seconds.",
    stale: "This page was sent before. Please log in here once more.",
    device_password: "This is the password of a device. Please enter your own.",
    too_many: "You have connected as many devices as possible. Have one revoked that you no longer use.",
    failed: "The login could not be checked. Try again later.",
    done_title: "You are logged in",
    done: "The device is now being connected. You can close this window.",
    gone_title: "This login has ended",
    gone: "It has expired or is finished. If the device is not connected yet, begin there once more.",
};

/// The page on which a person lets a device in.
pub(super) fn consent(language: Language, shown: &Consent<'_>) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::narrow(language, words.title);
    page.paragraph(Tone::Plain, words.explanation);
    push_facts(&mut page, words, shown);
    if is_elsewhere(shown.request.peer, shown.visitor) {
        page.paragraph(Tone::Note, words.other_network);
    }
    page.paragraph(Tone::Note, words.warning);
    if let Some(problem) = shown.problem {
        page.paragraph(Tone::Problem, &problem.sentence(words));
    }
    push_form(&mut page, words, shown);
    let mut response = page.into_response(shown.problem.map_or(StatusCode::OK, Problem::status));
    if let Some(Problem::Throttled(seconds)) = shown.problem {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// After the consent.
pub(super) fn done(language: Language) -> Response<ResponseBody> {
    let words = words(language);
    notice(language, StatusCode::OK, words.done_title, words.done)
}

/// In place of a page whose login has ended or never was.
pub(super) fn gone(language: Language) -> Response<ResponseBody> {
    let words = words(language);
    notice(language, StatusCode::NOT_FOUND, words.gone_title, words.gone)
}

impl Problem {
    /// Not 200: a browser would offer to store a password that is wrong.
    fn status(self) -> StatusCode {
        match self {
            Self::Rejected | Self::CodeNeeded | Self::WrongCode | Self::DevicePassword => {
                StatusCode::FORBIDDEN
            }
            Self::Throttled(_) | Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::StalePage | Self::TooManyDevices => StatusCode::CONFLICT,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn sentence(self, words: &Words) -> String {
        match self {
            Self::Throttled(seconds) => (words.throttled)(seconds),
            Self::Rejected => words.rejected.to_owned(),
            Self::CodeNeeded => words.code_needed.to_owned(),
            Self::WrongCode => words.wrong_code.to_owned(),
            Self::Busy => words.busy.to_owned(),
            Self::StalePage => words.stale.to_owned(),
            Self::DevicePassword => words.device_password.to_owned(),
            Self::TooManyDevices => words.too_many.to_owned(),
            Self::Failed => words.failed.to_owned(),
        }
    }
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::German => &GERMAN,
        Language::English => &ENGLISH,
    }
}

/// Whether the device is seen in another network than the browser. Where one speaks IPv4 and the other IPv6
/// nobody can tell.
fn is_elsewhere(device: IpAddr, browser: IpAddr) -> bool {
    match (device.to_canonical(), browser.to_canonical()) {
        (IpAddr::V4(device), IpAddr::V4(browser)) => device != browser,
        (IpAddr::V6(device), IpAddr::V6(browser)) => device.to_bits() >> 64 != browser.to_bits() >> 64,
        _ => false,
    }
}

fn notice(language: Language, status: StatusCode, title: &str, text: &str) -> Response<ResponseBody> {
    let mut page = Page::narrow(language, title);
    page.paragraph(Tone::Plain, text);
    page.into_response(status)
}

/// Who asks, from where, for how long.
fn push_facts(page: &mut Page, words: &Words, shown: &Consent<'_>) {
    let ends = shown.request.ends;
    let minutes = ends.since(shown.now).as_secs().div_ceil(60);
    let valid = format!("{} ({})", clock(ends), (words.minutes_left)(minutes));
    let peer = shown.request.peer.to_canonical().to_string();
    page.facts([
        (words.device, shown.request.label.as_str()),
        (words.asked_from, peer.as_str()),
        (words.ends, valid.as_str()),
    ]);
}

fn push_form(page: &mut Page, words: &Words, shown: &Consent<'_>) {
    page.markup("<form method=\"post\"");
    page.attribute("action", shown.action);
    page.markup(">\n<input type=\"hidden\" name=\"nonce\"");
    page.attribute("value", shown.nonce);
    page.markup(">\n");
    let fields = [
        Field {
            name: "user",
            label: words.name,
            kind: "text",
            autocomplete: "username",
            value: shown.name,
            has_focus: shown.name.is_empty(),
        },
        Field {
            name: "password",
            label: words.password,
            kind: "password",
            autocomplete: "current-password",
            value: "",
            has_focus: !shown.name.is_empty(),
        },
    ];
    for field in &fields {
        page.field(field);
    }
    if matches!(shown.problem, Some(Problem::CodeNeeded | Problem::WrongCode)) {
        let (name, kind, autocomplete) = ("code", "text", "one-time-code");
        page.field(&Field { name, label: words.code, kind, autocomplete, value: "", has_focus: false });
    }
    page.submit(words.send);
    page.markup("</form>\n");
}

/// `14:05 UTC`.
fn clock(time: Timestamp) -> String {
    use time::macros::format_description;
    let Ok(moment) = time::OffsetDateTime::from_unix_timestamp(time.as_secs()) else { return String::new() };
    moment.format(format_description!("[hour]:[minute] UTC")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn text(response: Response<ResponseBody>) -> String {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn request(label: &str) -> DeviceRequest {
        let (label, peer) = (label.to_owned(), "192.0.2.7".parse().unwrap());
        DeviceRequest { label, peer, ends: Timestamp::from_secs(1_200) }
    }

    fn page<'a>(request: &'a DeviceRequest, name: &'a str, problem: Option<Problem>) -> Consent<'a> {
        Consent {
            request,
            visitor: request.peer,
            action: "/login/v2/flow/\"><x",
            nonce: "n",
            name,
            problem,
            now: Timestamp::from_secs(61),
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
            Problem::Rejected,
            Problem::Throttled(1),
            Problem::Throttled(30),
            Problem::Throttled(600),
            Problem::Busy,
            Problem::StalePage,
            Problem::DevicePassword,
            Problem::TooManyDevices,
            Problem::Failed,
        ] {
            for language in [Language::German, Language::English] {
                let shown = consent(language, &page(&request, "anna", Some(problem)));
                assert!(!shown.status().is_success());
                assert_eq!(
                    shown.headers().contains_key(RETRY_AFTER),
                    matches!(problem, Problem::Throttled(_))
                );
                let html = text(shown).await;
                let sentence = problem.sentence(words(language));
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

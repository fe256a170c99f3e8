//! Errors as pages for people in a browser. Programs get the XML or the sentence of plain text that the rooms wrote.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::{Page, Tone};
use crate::http::page::language::preferred;
use crate::net::{RequestId, ResponseBody};
use crate::text::Language;

/// Put into the extensions of an answer: the server waits for its passphrase.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Locked;

/// The person behind a request, if it comes from a browser: only those ask for HTML by name.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Browser(Language);

impl Browser {
    pub(in crate::http) fn of(headers: &HeaderMap) -> Option<Self> {
        let asks = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
        headers.get_all(ACCEPT).iter().any(asks).then(|| Self(preferred(headers)))
    }

    /// The answer, as a page if it is an error that only programs could read.
    pub(in crate::http) fn show(
        self,
        answer: Response<ResponseBody>,
        id: RequestId,
    ) -> Response<ResponseBody> {
        let (mut head, body) = answer.into_parts();
        let body = self.page(&mut head, id).unwrap_or(body);
        Response::from_parts(head, body)
    }

    /// The page in place of an answer with an error; its headers are put into `head`. `None` if the answer is no error,
    /// or is a page already.
    fn page(self, head: &mut Parts, id: RequestId) -> Option<ResponseBody> {
        let is_for_programs = head.headers.get(CONTENT_TYPE).is_some_and(|media_type| {
            let media_type = media_type.as_bytes();
            media_type.starts_with(b"application/xml") || media_type.starts_with(b"text/plain")
        });
        if !(is_for_programs && (head.status.is_client_error() || head.status.is_server_error())) {
            return None;
        }
        let [german, english] = words(head.status, head.extensions.get::<Locked>().is_some());
        let ((title, text), number) = match self.0 {
            Language::German => (german, "Vorgangsnummer"),
            Language::English => (english, "Request number"),
        };
        let mut page = Page::narrow(self.0, title);
        page.paragraph(Tone::Plain, text);
        page.facts([(number, id.to_string().as_str())]);
        let (page, body) = page.into_response(head.status).into_parts();
        head.headers.remove(CONTENT_LENGTH);
        head.headers.extend(page.headers);
        head.headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Language"));
        Some(body)
    }
}

/// Title and text of an error, in German and in English.
fn words(status: StatusCode, is_locked: bool) -> [(&'static str, &'static str); 2] {
    match status {
        StatusCode::UNAUTHORIZED => [
            (
                "Anmeldung erforderlich",
                "Melden Sie sich mit Ihrem Namen und Ihrem Kennwort an. Wenn Sie einen Link bekommen haben, öffnen Sie \
                 diesen.",
            ),
            (
                "Please log in",
                "Log in with your name and password. If you were sent a link, open that link instead.",
            ),
        ],
        StatusCode::FORBIDDEN => [
            (
                "Kein Zugriff",
                "Dafür haben Sie keine Berechtigung. Wenden Sie sich an die Person, von der Sie die Adresse haben.",
            ),
            ("No access", "You have no permission for this. Ask the person who gave you the address."),
        ],
        StatusCode::NOT_FOUND | StatusCode::GONE => [
            (
                "Nicht gefunden",
                "Unter dieser Adresse gibt es nichts, oder Sie haben keinen Zugriff darauf. Prüfen Sie die Adresse, oder \
                 fragen Sie die Person, von der Sie sie haben.",
            ),
            (
                "Not found",
                "There is nothing at this address, or you have no access to it. Check the address, or ask the person who \
                 gave it to you.",
            ),
        ],
        StatusCode::MISDIRECTED_REQUEST => [
            (
                "Falsche Adresse",
                "Dieser Server nimmt unter diesem Namen keine Anfragen an. Verwenden Sie die Adresse, die Sie bekommen \
                 haben. Wer den Server betreibt, trägt weitere Namen mit der Option --host ein.",
            ),
            (
                "Wrong address",
                "This server does not answer under this name. Use the address that you were given. The server's owner adds \
                 further names by the option --host.",
            ),
        ],
        StatusCode::UPGRADE_REQUIRED => [
            ("Nur verschlüsselt", "Rufen Sie diese Adresse mit https:// am Anfang auf."),
            ("Encrypted only", "Open this address with https:// at its beginning."),
        ],
        StatusCode::LOCKED => [
            ("In Bearbeitung", "Jemand bearbeitet das gerade. Versuchen Sie es später noch einmal."),
            ("Being edited", "Someone is editing this at the moment. Try again later."),
        ],
        StatusCode::TOO_MANY_REQUESTS => [
            (
                "Bitte warten",
                "Das waren zu viele Versuche. Warten Sie einige Minuten und versuchen Sie es noch einmal.",
            ),
            ("Please wait", "There were too many attempts. Wait a few minutes and try again."),
        ],
        _ if status.is_server_error() => server_words(status, is_locked),
        _ => [
            (
                "Das geht hier nicht",
                "Diese Adresse lässt sich so nicht aufrufen. Prüfen Sie, ob sie vollständig ist.",
            ),
            (
                "This is not possible here",
                "This address cannot be opened in this way. Check that it is complete.",
            ),
        ],
    }
}

/// The same for what the server could not do.
fn server_words(status: StatusCode, is_locked: bool) -> [(&'static str, &'static str); 2] {
    match status {
        StatusCode::INSUFFICIENT_STORAGE => [
            (
                "Kein Platz",
                "Der Platz ist aufgebraucht. Löschen Sie etwas, oder wenden Sie sich an Ihr Büro.",
            ),
            ("No room", "There is no room left. Delete something, or contact your office."),
        ],
        StatusCode::SERVICE_UNAVAILABLE if is_locked => [
            (
                "Noch nicht geöffnet",
                "Der Server wurde neu gestartet und ist noch verschlossen. Wer ihn betreibt, muss ihn erst öffnen (tresor \
                 unlock). Versuchen Sie es später noch einmal.",
            ),
            (
                "Not open yet",
                "The server was restarted and is still locked. Its owner has to open it first (tresor unlock). Try again \
                 later.",
            ),
        ],
        StatusCode::SERVICE_UNAVAILABLE => [
            (
                "Bitte warten",
                "Der Server kann das im Augenblick nicht ausführen. Versuchen Sie es in einer Minute noch einmal.",
            ),
            ("Please wait", "The server cannot do this at the moment. Try again in a minute."),
        ],
        _ => [
            (
                "Das hat nicht geklappt",
                "Auf dem Server ist ein Fehler aufgetreten. Versuchen Sie es noch einmal. Tritt er wieder auf, nennen Sie \
                 Ihrem Büro die Vorgangsnummer.",
            ),
            (
                "This did not work",
                "An error occurred on the server. Try again. If it occurs again, tell your office the request number.",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::net::plain_response;

    async fn page(accept: &str, language: &str, status: StatusCode) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
        headers.insert("accept-language", HeaderValue::from_str(language).unwrap());
        let (mut head, _) = plain_response(status, "for programs").into_parts();
        let body = Browser::of(&headers)?.page(&mut head, RequestId::random())?;
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
            for program in ["*/*", "application/json", "text/plain"] {
                assert_eq!(page(program, "de", status).await, None);
            }
        }
        assert_eq!(page(BROWSER, "de", StatusCode::OK).await, None);
    }
}

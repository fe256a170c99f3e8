//! Hand-ins: the page of a link that only takes files in, and its forms.
//!
//! The browser keeps a secret in a cookie for the link's addresses. It stands for nothing before the first file, so that
//! programs that preview messages begin no hand-in.

use http::header::SET_COOKIE;
use http::{HeaderValue, Response, StatusCode};
use secrecy::SecretString;

use super::LinkRequest;
use super::hand_in_pages::{self, Open, RefusedPassword};
use super::pages;
use super::receive::Received;
use crate::http::cookies;
use crate::http::error::{library_status, log_library};
use crate::http::page::form::field;
use crate::http::protocol::tus::UploadMetadata;
use crate::http::receipt::{Form, View};
use crate::http::reply::{plain, see_other};
use crate::library::LibraryError;
use crate::model::{HandInFileId, HandInId};
use crate::net::ResponseBody;
use crate::sharing::{GuestKey, HandInError, Visit, VisitError};
use crate::uploads::{UploadError, UploadsOf};

/// The cookie with a browser's secret.
const VISIT_COOKIE: &str = "tresor-visit";
/// Seconds for which a browser keeps it, so that a person can go on another day.
const VISIT_SECONDS: u32 = 90 * 86_400;
/// Longest secret in bytes.
const MAX_SECRET: usize = 64;

impl LinkRequest<'_> {
    /// The browser's secret, if it has one.
    pub(super) fn known_browser(&self) -> Option<&str> {
        let account = self.address.account.map(|account| account.browser.as_str());
        account
            .or_else(|| cookies::find(&self.parts.headers, VISIT_COOKIE))
            .filter(|secret| secret.len() <= MAX_SECRET)
    }

    /// The browser's secret; a new one, if it has none.
    pub(super) fn browser(&self) -> &str {
        let new = || self.new_browser.get_or_init(|| self.services.sharing.new_browser());
        self.known_browser().unwrap_or_else(|| new())
    }

    /// The page of a finished hand-in, which is shown although its link may no longer open.
    /// `received` is the result of a form that came too late.
    pub(super) async fn finished(&self, received: Option<&Received>) -> Option<Response<ResponseBody>> {
        let browser = self.known_browser()?;
        let handed = self.services.sharing.handed(&self.address.token(), browser, self.info.received).await;
        match handed {
            Ok(handed) => {
                let now = self.info.received;
                let local = (self.language, &self.zone().await);
                Some(hand_in_pages::finished(local, &handed?, self.address.base, received, now))
            }
            Err(error) => Some(self.not_done(&error)),
        }
    }

    /// The page of a link that only takes files in, with the result of an upload just made.
    pub(super) async fn hand_in_page(
        &self,
        visit: &Visit,
        received: Option<&Received>,
    ) -> Result<Response<ResponseBody>, HandInError> {
        if let Some(page) = self.request_page(visit, received).await? {
            return Ok(page);
        }
        let sharing = &self.services.sharing;
        let hand_in = sharing.hand_in(visit, self.browser()).await?;
        if hand_in.as_ref().is_some_and(|hand_in| hand_in.finished.is_some())
            && let Some(page) = self.finished(received).await
        {
            return Ok(page);
        }
        let asked_by = sharing.asked_by(visit).await?;
        let code = hand_in.as_ref().map(|hand_in| sharing.join_code(hand_in.id, self.info.received));
        let second = code.map(|code| (self.address_with(&code), code));
        let query = self.parts.uri.query().unwrap_or_default();
        let given = field(query.as_bytes(), "code").unwrap_or_default();
        let open =
            Open { visit, asked_by, hand_in, received, base: self.address.base, second, given: &given };
        let page = hand_in_pages::open((self.language, &self.zone().await), &open, self.info.received);
        Ok(self.kept(page))
    }

    /// The page, with a secret for a browser that had none.
    pub(super) fn kept(&self, page: Response<ResponseBody>) -> Response<ResponseBody> {
        if self.known_browser().is_some() { page } else { self.with_browser(page, self.browser()) }
    }

    /// Gives the browser a secret.
    pub(super) fn with_browser(
        &self,
        mut response: Response<ResponseBody>,
        browser: &str,
    ) -> Response<ResponseBody> {
        if self.address.account.is_some() {
            return response;
        }
        let secure = if self.info.secure { "; Secure" } else { "" };
        // Lax: a person who comes back by the link in a message is the same person.
        let base = self.address.base;
        let cookie = format!(
            "{VISIT_COOKIE}={browser}; Path={base}; Max-Age={VISIT_SECONDS}; HttpOnly; SameSite=Lax{secure}"
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Carries out a form without files; `None` if it is the form for the link's password.
    pub(super) async fn act(&self, form: &[u8]) -> Option<Response<ResponseBody>> {
        let action = field(form, "do")?;
        if let Some(answer) = self.answer_item(&action, form).await {
            return Some(answer);
        }
        Some(match action.as_str() {
            "fetch" => self.fetch().await,
            "finish" => self.finish(false).await,
            "finish-without" => self.finish(true).await,
            "withdraw" => self.withdraw(form).await,
            "join" => self.join(form).await,
            "again" => self.with_browser(see_other(self.address.base), &self.services.sharing.new_browser()),
            "send-code" => self.send_code().await,
            "code" => self.enter_code(form).await,
            "choose-password" => self.choose_password(form).await,
            _ => plain(StatusCode::BAD_REQUEST, "Send the form as it is.\n"),
        })
    }

    /// Finishes the hand-in; first asks about files that have not arrived completely, unless it is to end without them.
    async fn finish(&self, without: bool) -> Response<ResponseBody> {
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            // Finished twice, or ended meanwhile.
            Err(error) => return self.finished(None).await.unwrap_or_else(|| self.refused(&error)),
        };
        if !without {
            match self.under_way(&visit).await {
                Ok(files) if files.is_empty() => {}
                Ok(files) => return hand_in_pages::under_way(self.language, &files, self.address.base),
                Err(error) => return self.not_done(&error),
            }
        }
        match self.services.sharing.finish(&visit, self.browser(), self.info.received).await {
            Ok(_) => see_other(self.address.base),
            Err(error) => self.not_done(&error),
        }
    }

    /// The files of the browser's hand-in that have not arrived completely, by the names under which they were sent,
    /// each with the percentage that has arrived.
    async fn under_way(&self, visit: &Visit) -> Result<Vec<(String, u64)>, HandInError> {
        let hand_in = self.services.sharing.hand_in(visit, self.browser()).await?;
        let Some(hand_in) = hand_in.filter(|hand_in| hand_in.finished.is_none()) else {
            return Ok(Vec::new());
        };
        let uploads = self.services.uploads.list(&[visit.access], UploadsOf::HandIn(hand_in.id)).await;
        let uploads = match uploads {
            Ok(uploads) => uploads,
            Err(UploadError::Library(error)) => return Err(error.into()),
            Err(_) => Vec::new(),
        };
        let shown = uploads.into_iter().map(|upload| {
            let metadata = UploadMetadata::parse(&upload.metadata).unwrap_or_default();
            let name = metadata.text("filename").ok().flatten().unwrap_or_default().to_owned();
            (name, upload.received.saturating_mul(100) / upload.length.unwrap_or(upload.received).max(1))
        });
        Ok(shown.collect())
    }

    async fn withdraw(&self, form: &[u8]) -> Response<ResponseBody> {
        let file = field(form, "file").and_then(|file| file.parse().ok()).map(HandInFileId);
        let (Some(file), Some(browser)) = (file, self.known_browser()) else {
            return pages::gone(self.language);
        };
        let token = self.address.token();
        match self.services.sharing.withdraw(&token, browser, file, self.info.received).await {
            Ok(()) => see_other(self.address.base),
            Err(error) => self.not_done(&error),
        }
    }

    async fn join(&self, form: &[u8]) -> Response<ResponseBody> {
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        let code = field(form, "code").unwrap_or_default();
        let (peer, now) = (self.info.peer, self.info.received);
        match self.services.sharing.join(&visit, self.browser(), &code, peer, now).await {
            Ok(()) if self.known_browser().is_some() => see_other(self.address.base),
            Ok(()) => self.with_browser(see_other(self.address.base), self.browser()),
            Err(error) => self.not_done(&error),
        }
    }

    /// The address of this page for a second device, which fills the code in.
    pub(super) fn address_with(&self, code: &str) -> String {
        format!("{}{}?code={code}", self.origin().unwrap_or_default(), self.address.base)
    }

    async fn choose_password(&self, form: &[u8]) -> Response<ResponseBody> {
        let password = field(form, "new-password").unwrap_or_default();
        if field(form, "again").is_none_or(|again| *again != *password) {
            return match self.open(GuestKey::None).await {
                Err(VisitError::PasswordToChoose) => {
                    let (path, refused) = (self.parts.uri.path(), Some(RefusedPassword::Different));
                    hand_in_pages::choose_password(self.language, path, refused)
                }
                Err(error) => self.refused(&error),
                Ok(visit) => self.passed(&visit),
            };
        }
        let password = SecretString::from(password.as_str());
        let token = self.address.token();
        let chosen = self
            .services
            .sharing
            .choose_password(&token, &password, self.info.peer, self.info.received)
            .await;
        match chosen {
            Ok(visit) => self.passed(&visit),
            Err(error) => self.refused(&error),
        }
    }

    /// The receipt of the browser's hand-in, in this form.
    pub(super) async fn receipt(&self, form: Form) -> Response<ResponseBody> {
        let Some(browser) = self.known_browser() else { return pages::gone(self.language) };
        let number = field(self.parts.uri.query().unwrap_or_default().as_bytes(), "number");
        let query = number.as_ref().map(|number| format!("number={}", number.as_str()));
        let number = number.and_then(|number| number.parse().ok()).map(HandInId);
        match self.services.sharing.receipt_of(&self.address.token(), browser, number).await {
            Ok(Some(note)) => {
                let view = View {
                    context: self.context,
                    language: self.language,
                    note,
                    address: (&format!("{}/receipt", self.address.base), query.as_deref()),
                    name: "receipt",
                    back: self.address.base,
                };
                view.answer(form, &self.bar()).await
            }
            Ok(None) => pages::gone(self.language),
            Err(error) => self.not_done(&error),
        }
    }

    pub(super) fn not_done(&self, error: &HandInError) -> Response<ResponseBody> {
        let status = match error {
            HandInError::NoSuchHandIn | HandInError::Library(LibraryError::NotFound) => {
                return pages::gone(self.language);
            }
            HandInError::Empty | HandInError::NotFinished | HandInError::Name | HandInError::NoName => {
                StatusCode::BAD_REQUEST
            }
            HandInError::Guessed { retry_after } => return pages::later(self.language, false, *retry_after),
            HandInError::TooOften => StatusCode::TOO_MANY_REQUESTS,
            HandInError::WrongCode => StatusCode::FORBIDDEN,
            HandInError::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            HandInError::TooMuch => StatusCode::PAYLOAD_TOO_LARGE,
            HandInError::Finished
            | HandInError::UsedUp
            | HandInError::ItemDone
            | HandInError::TooLateToWithdraw => StatusCode::CONFLICT,
            HandInError::Library(error) => {
                let status = library_status(error);
                log_library(error, status, self.info.request_id);
                status
            }
            HandInError::Catalog(error) => {
                tracing::error!(request_id = %self.info.request_id, error = error as &dyn std::error::Error, "hand-in not changed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        hand_in_pages::not_done(self.language, error, self.address.base, status)
    }
}

//! Signing in to the pages with a browser, and out: a form in plain HTML, and then a session (`http::session`).

mod lock;
mod passkey;
mod place;

use http::{Method, Response, StatusCode};
use maud::html;

use self::lock::LOCK;
use self::passkey::OPTIONS;
use self::place::own_page;
use super::context::RequestContext;
use super::page::bar::bar;
use super::page::form::{field, read_form};
use super::page::language::{chosen, keep_choice};
use super::page::login_form::{self, Entered, LoginProblem};
use super::page::script::{Script, with_script};
use super::page::{Page, Width, note, problem, success};
use super::passkey::ANSWER;
use super::reply::{not_allowed, see_other, uncached};
use super::session::{Cookie, FORM_TOKEN, even_locked, forged, is_own_form};
use super::user_agent;
use crate::accounts::{SESSION_IDLE, SESSION_LIFETIME, Session, SessionToken, SignInError};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::{Language, SignInTexts};

/// The page of the form to sign in.
const LOGIN: &str = "/login";
/// The address to which the form to sign out is sent.
const LOGOUT: &str = "/logout";

/// A reason to show the sign-in form, other than the person's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    /// The person has signed out.
    SignedOut,
    /// A form was sent after the session had ended.
    Lost,
    /// The person has changed the password.
    Changed,
}

/// A request to sign in or out.
struct SignIn<'a> {
    context: RequestContext<'a>,
    language: Language,
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path == LOGIN || path == OPTIONS || path == LOGOUT || path.starts_with(LOCK)
}

/// Answers a request to sign in or out.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let request = SignIn { context, language: chosen(context) };
    let route = match context.path() {
        LOGIN | OPTIONS => Route::named("login"),
        LOGOUT => Route::named("logout"),
        _ => Route::named("session"),
    };
    let mut response = match (context.path(), &context.parts.method) {
        (path, _) if path.starts_with(LOCK) => request.lock(body).await,
        (OPTIONS, _) => request.passkey_options(),
        (LOGOUT, &Method::POST) => request.leave(body).await,
        (LOGOUT, _) => not_allowed("POST", "Send the form of a page.\n"),
        (_, &Method::POST) => request.enter(body).await,
        (_, &Method::GET | &Method::HEAD) => request.open().await,
        _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
    };
    keep_choice(context, &mut response);
    response.extensions_mut().insert(route);
    response
}

impl SignIn<'_> {
    /// The form; a person who is signed in already goes on.
    async fn open(&self) -> Response<ResponseBody> {
        let query = self.context.parts.uri.query().unwrap_or_default().as_bytes();
        let next = own_page(&field(query, "next").unwrap_or_default());
        match even_locked(self.context).await {
            Ok(Some(session)) if session.is_locked => return self.locked(&session, &next, None).await,
            Ok(Some(_)) => return see_other(&next),
            Ok(None) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(request_id = %self.context.info.request_id, error, "session not read");
            }
        }
        let notices = [("out", Notice::SignedOut), ("lost", Notice::Lost), ("changed", Notice::Changed)];
        let notice =
            notices.into_iter().find(|(word, _)| field(query, word).is_some()).map(|(_, notice)| notice);
        self.form(&next, "", None, notice)
    }

    /// A submitted form.
    async fn enter(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        let form = match read_form(self.context.parts, body).await {
            Ok(form) => form,
            Err(refused) => return refused,
        };
        let next = own_page(&field(&form, "next").unwrap_or_default());
        let shown = Cookie::BeforeSession.read(self.context);
        let Some(shown) = shown.filter(|token| is_own_form(self.context, token, &form)) else {
            return forged(self.language, None, &login_before(&next));
        };
        let (name, begun) = match field(&form, ANSWER) {
            Some(answer) => (String::new(), self.begin_by_passkey(&shown, &answer).await),
            None => self.begin(&form).await,
        };
        let session = match begun {
            Ok(session) => session,
            Err(problem) => return self.form(&next, &name, Some(problem), None),
        };
        if let Some(earlier) = Cookie::Session.read(self.context) {
            self.end(&earlier).await;
        }
        let mut response = see_other(&next);
        Cookie::Session.set(self.context, &session.token, &mut response);
        Cookie::BeforeSession.remove(self.context, &mut response);
        response.extensions_mut().insert(LogUser(session.principal.user));
        response
    }

    /// A session by name, password and code, and the name.
    async fn begin(&self, form: &[u8]) -> (String, Result<Session, LoginProblem>) {
        let Entered { credentials, code } = Entered::of(form);
        let (accounts, info) = (&self.context.services.accounts, self.context.info);
        let browser = user_agent::browser(&self.context.parts.headers);
        let by = (info.peer, browser.as_str());
        let begun = accounts.begin_session(&credentials, code.as_ref(), by, info.received).await;
        let begun = begun.map_err(|error| match error {
            SignInError::DevicePassword => LoginProblem::DevicePassword,
            SignInError::Login(error) => LoginProblem::of(&error, info.request_id),
        });
        (credentials.name, begun)
    }

    async fn leave(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        let form = match read_form(self.context.parts, body).await {
            Ok(form) => form,
            Err(refused) => return refused,
        };
        if let Some(token) = Cookie::Session.read(self.context) {
            if !is_own_form(self.context, &token, &form) {
                return forged(self.language, None, &own_page(""));
            }
            if !self.end(&token).await {
                return uncached(StatusCode::SERVICE_UNAVAILABLE);
            }
        }
        let mut response = see_other("/login?out");
        Cookie::Session.remove(self.context, &mut response);
        response
    }

    async fn end(&self, token: &SessionToken) -> bool {
        let ended = self.context.services.accounts.end_session(token).await;
        if let Err(error) = &ended {
            let error: &dyn std::error::Error = error;
            tracing::error!(request_id = %self.context.info.request_id, error, "session not ended");
        }
        ended.is_ok()
    }

    fn form(
        &self,
        next: &str,
        name: &str,
        wrong: Option<LoginProblem>,
        notice: Option<Notice>,
    ) -> Response<ResponseBody> {
        let texts = SignInTexts(self.language);
        // The same for all forms that a browser has open.
        let token = Cookie::BeforeSession.read(self.context).unwrap_or_else(SessionToken::random);
        let offers_passkeys = super::passkey::site(self.context).is_ok();
        let fields = html! {
            input type="hidden" name=(FORM_TOKEN) value=(self.context.services.accounts.form_token(&token));
            input type="hidden" name="next" value=(next);
        };
        let (minutes, hours) = (SESSION_IDLE.as_secs() / 60, SESSION_LIFETIME.as_secs() / 3_600);
        let content = html! {
            @match notice {
                Some(Notice::SignedOut) => (success(texts.signed_out())),
                Some(Notice::Lost) => (problem(texts.lost())),
                Some(Notice::Changed) => (success(texts.changed())),
                None => {},
            }
            p { (texts.explanation()) }
            @if let Some(wrong) = wrong { (problem(&wrong.sentence(self.language))) }
            form method="post" action=(LOGIN) {
                (fields)
                (login_form::lines(self.language, name, wrong, offers_passkeys))
                button { (texts.sign_in()) }
            }
            @if offers_passkeys { (self.passkey_form(&fields)) }
            (note(&texts.ends(minutes, hours)))
        };
        let page = Page { language: self.language, width: Width::Narrow, title: texts.title(), content };
        let status = wrong.map_or(StatusCode::OK, LoginProblem::status);
        let again = login_before(next);
        let here = if wrong.is_some() { again.as_str() } else { self.context.address() };
        let mut response = page.below(&bar(self.language, here, None), status);
        if offers_passkeys {
            response = with_script(response, Script::Passkey);
        }
        Cookie::BeforeSession.set(self.context, &token, &mut response);
        if let Some(wrong) = wrong {
            wrong.mark(&mut response);
        }
        response
    }
}

/// The address of the form before a page.
fn login_before(next: &str) -> String {
    let next = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
    format!("{LOGIN}?next={next}")
}

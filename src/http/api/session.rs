//! Signing in and out.

use http::{Response, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::caller::Caller;
use super::error::ApiError;
use super::{Call, Reply, reply};
use crate::accounts::{Credentials, Principal, SessionToken};
use crate::http::page::form::is_from_another_site;
use crate::http::reply::uncached;
use crate::http::session::Cookie;
use crate::http::user_agent;
use crate::net::{LogUser, RequestBody, ResponseBody};

/// What a person enters to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    /// Name of the account.
    user: String,
    /// The account's own password; those of devices open files only.
    #[schema(value_type = String, format = Password)]
    password: Zeroizing<String>,
    /// Six digits of the second factor, or a recovery code.
    #[schema(value_type = Option<String>)]
    code: Option<Zeroizing<String>>,
}

/// On whose behalf requests are made.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Name of the account.
    user: String,
    /// Role of the account: `admin`, `staff` or `client`.
    role: &'static str,
    /// The token of the session, for the header `Tresor-Token`; absent for a request that carries a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

pub(super) async fn open(call: &Call<'_>, body: &mut RequestBody, user: &mut Option<LogUser>) -> Reply {
    let context = call.context;
    // A page of another site must not sign a browser in with an account of its own.
    if is_from_another_site(context) {
        return Err(ApiError::Forged);
    }
    let NewSession { user: name, password, code } = call.body(body).await?;
    let credentials = Credentials { name, password: SecretString::from(password.as_str()) };
    let code = code.filter(|code| !code.trim().is_empty()).map(|code| SecretString::from(code.as_str()));
    let (accounts, info) = (&context.services.accounts, context.info);
    let browser = user_agent::browser(&context.parts.headers);
    let by = (info.peer, browser.as_str());
    let session = accounts.begin_session(&credentials, code.as_ref(), by, info.received).await?;
    if let Some(earlier) = Cookie::Session.read(context) {
        accounts.end_session(&earlier).await?;
    }
    *user = Some(LogUser(session.principal.user));
    let shown = Session::of(call, &session.principal, Some(&session.token));
    let mut response = reply(StatusCode::CREATED, &shown)?;
    Cookie::Session.set(context, &session.token, &mut response);
    Ok(response)
}

pub(super) fn show(call: &Call<'_>, caller: &Caller) -> Reply {
    reply(StatusCode::OK, &Session::of(call, &caller.principal, caller.session.as_ref()))
}

pub(super) async fn end(call: &Call<'_>, caller: &Caller) -> Reply {
    let mut response: Response<ResponseBody> = uncached(StatusCode::NO_CONTENT);
    if let Some(token) = &caller.session {
        call.context.services.accounts.end_session(token).await?;
        Cookie::Session.remove(call.context, &mut response);
    }
    Ok(response)
}

impl Session {
    fn of(call: &Call<'_>, principal: &Principal, token: Option<&SessionToken>) -> Self {
        Self {
            user: principal.name.as_str().to_owned(),
            role: principal.role.as_str(),
            token: token.map(|token| call.context.services.accounts.form_token(token)),
        }
    }
}

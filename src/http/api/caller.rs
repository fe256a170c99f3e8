//! On whose behalf a request is made: that of a browser's session, or of the account in its `Authorization` header.

use http::Method;
use http::header::AUTHORIZATION;

use super::error::ApiError;
use crate::accounts::{Principal, SessionToken};
use crate::http::auth::authenticate;
use crate::http::context::RequestContext;
use crate::http::page::form::is_from_another_site;
use crate::http::session;
use crate::library::Change;
use crate::model::{Access, Conditions};

/// The user behind a request.
pub(super) struct Caller {
    pub(super) principal: Principal,
    /// The session's secret; `None` if the request carries a password.
    pub(super) session: Option<SessionToken>,
}

impl Caller {
    /// A password counts before a cookie. With a cookie, a request must come from this server's own pages, and one that
    /// changes something must carry the session's token, too.
    pub(super) async fn of(context: RequestContext<'_>) -> Result<Self, ApiError> {
        if context.parts.headers.contains_key(AUTHORIZATION) {
            let principal = authenticate(context).await.map_err(ApiError::Login)?;
            return Ok(Self { principal, session: None });
        }
        let session = session::current(context).await?.ok_or(ApiError::NotSignedIn)?;
        let is_read = matches!(context.parts.method, Method::GET | Method::HEAD);
        let is_own = match is_read {
            true => !is_from_another_site(context),
            false => session::is_own_script(context, &session.token),
        };
        if !is_own {
            return Err(ApiError::Forged);
        }
        Ok(Self { principal: session.principal, session: Some(session.token) })
    }

    /// A change by the caller, made now.
    pub(super) fn change(&self, context: RequestContext<'_>, access: Access) -> Change {
        let (actor, now) = (self.principal.actor(), context.info.received);
        Change { access, actor, now, conditions: Conditions::default() }
    }
}

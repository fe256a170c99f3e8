//! The page of a request for a recipient with an account: the recipient's link, opened by the session in place of its address.
//!
//! The session is checked for every request. A form must come from a page of this server, since the session's cookie would come
//! along with that of another site.

use http::{Method, Response};

use crate::accounts::{Principal, Session};
use crate::http::context::RequestContext;
use crate::http::desk::{at_desk, failed, nothing};
use crate::http::page::bar::Bar;
use crate::http::page::form::is_from_this_site;
use crate::http::page::language::chosen;
use crate::http::session::{self, is_own_script};
use crate::model::{RecipientId, UserId};
use crate::net::ResponseBody;
use crate::sharing::RequestError;
use crate::text::Language;

/// A signed-in person who is asked by a request.
#[derive(Debug)]
pub(in crate::http) struct Account {
    pub(in crate::http) user: UserId,
    /// The token of the person's link.
    pub(super) token: String,
    /// The secret by which the person's hand-ins are known.
    pub(super) browser: String,
    pub(super) language: Language,
    pub(super) bar: Bar,
}

impl Account {
    /// The person at the page of a recipient; `Err` is the answer to anyone else.
    pub(in crate::http) async fn of(
        context: RequestContext<'_>,
        recipient: RecipientId,
    ) -> Result<Self, Box<Response<ResponseBody>>> {
        let is_read = matches!(context.parts.method, Method::GET | Method::HEAD);
        let here = if is_read { context.address() } else { context.path() };
        let desk = at_desk(context, here).await.map_err(Box::new)?;
        if !is_read && !is_from_this_site(context) {
            return Err(Box::new(desk.forged(here)));
        }
        let (language, bar) = (desk.language, desk.bar(here));
        match Self::opened(context, desk.principal(), recipient, (language, bar.clone())).await {
            Ok(Some(account)) => Ok(account),
            Ok(None) => Err(Box::new(nothing(language, &bar))),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(request_id = %context.info.request_id, error, "page of a request not made");
                Err(Box::new(failed(language, &bar)))
            }
        }
    }

    /// The person whose page's script sends files, also while the page is locked: files chosen before go on.
    pub(in crate::http) async fn of_script(
        context: RequestContext<'_>,
        recipient: RecipientId,
    ) -> Result<Option<Self>, RequestError> {
        let is_read = matches!(context.parts.method, Method::GET | Method::HEAD);
        let session = session::even_locked(context).await.map_err(|_| RequestError::NoSuchRequest)?;
        // A locked session reads nothing; the script of a page that was open before has its token.
        let may = |session: &Session| {
            if session.is_locked {
                is_own_script(context, &session.token)
            } else {
                is_read || is_from_this_site(context)
            }
        };
        match session.filter(may) {
            Some(session) => {
                let words = (chosen(context), Bar::none());
                Self::opened(context, &session.principal, recipient, words).await
            }
            None => Ok(None),
        }
    }

    async fn opened(
        context: RequestContext<'_>,
        principal: &Principal,
        recipient: RecipientId,
        (language, bar): (Language, Bar),
    ) -> Result<Option<Self>, RequestError> {
        let sharing = &context.services.sharing;
        let link = sharing.link_for_account(principal, recipient, context.info.received).await?;
        Ok(link.map(|link| Self {
            user: principal.user,
            token: link.token().to_owned(),
            browser: sharing.account_browser(principal),
            language,
            bar,
        }))
    }
}

//! Changing one's own password.

use http::Response;
use secrecy::SecretString;

use super::{Outcome, Own};
use crate::accounts::{AuthError, Credentials};
use crate::http::page::form::field;
use crate::http::reply::see_other;
use crate::net::ResponseBody;

impl Own<'_> {
    /// Changes the password, against the present one: a session alone must not take over an account. All
    /// sessions end.
    pub(super) async fn change_password(&self, form: &[u8]) -> Response<ResponseBody> {
        let (texts, desk) = (self.texts(), &self.desk);
        let secret = |name| SecretString::from(field(form, name).unwrap_or_default().as_str());
        if field(form, "new") != field(form, "again") {
            return self.page(Outcome::Refused(texts.not_the_same().into())).await;
        }
        let accounts = &desk.context.services.accounts;
        let (info, principal) = (desk.context.info, desk.principal());
        let credentials = Credentials { name: desk.name().to_owned(), password: secret("present") };
        let code = field(form, "code").map(|code| SecretString::from(code.trim()));
        let known = accounts.sign_in(&credentials, code.as_ref(), info.peer, info.received).await;
        let is_own = match known {
            Ok(known) => known.user == principal.user && known.via_app_password.is_none(),
            Err(AuthError::Throttled { retry_after }) => {
                let wait = self.login_texts().throttled(&desk.language.wait(retry_after));
                return self.page(Outcome::Refused(wait.into())).await;
            }
            Err(_) => false,
        };
        if !is_own {
            return self.page(Outcome::Refused(texts.wrong_password().into())).await;
        }
        let by = principal.stamp(info.received);
        match accounts.set_password(principal.user, secret("new"), by).await {
            Ok(()) => see_other("/login?changed"),
            Err(error) => self.page(Outcome::Refused(self.refusal(error.code()))).await,
        }
    }
}

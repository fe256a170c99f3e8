//! The person's own password, without which an open session makes no lasting key: no device password, no second factor, no
//! recovery codes.

use std::borrow::Cow;

use maud::{Markup, html};
use secrecy::SecretString;

use super::Own;
use crate::accounts::SignInError;
use crate::http::page::form::field;
use crate::http::page::login_form::LoginProblem;
use crate::text::ScreenLockTexts;

/// The field with the password.
const PRESENT: &str = "present";

impl Own<'_> {
    /// The line of a form that asks for the password.
    pub(super) fn present_password(&self) -> Markup {
        html! {
            label {
                (ScreenLockTexts(self.desk.language).password())
                input type="password" name=(PRESENT) required autocomplete="current-password";
            }
        }
    }

    /// Takes the password from a form, or says why it is not accepted. Wrong ones are slowed down like those of logins. The second
    /// factor is not asked for again: it was shown in this browser when the session began.
    pub(super) async fn confirmed(&self, form: &[u8]) -> Result<(), Cow<'static, str>> {
        let (desk, info) = (&self.desk, self.desk.context.info);
        let password = SecretString::from(field(form, PRESENT).unwrap_or_default().as_str());
        let accounts = &desk.context.services.accounts;
        let known = accounts.confirm_person(&desk.session, password, info.peer, info.received).await;
        known.map_err(|error| self.not_confirmed(&error))
    }

    /// Why a password was not accepted.
    pub(super) fn not_confirmed(&self, error: &SignInError) -> Cow<'static, str> {
        let language = self.desk.language;
        let problem = match error {
            SignInError::DevicePassword => LoginProblem::DevicePassword,
            SignInError::Login(error) => LoginProblem::of(error, self.desk.context.info.request_id),
        };
        match problem {
            LoginProblem::Rejected => ScreenLockTexts(language).wrong().into(),
            problem => problem.sentence(language),
        }
    }
}

//! The part of a page in which a person enters user name, password and the code of a second factor.

use std::borrow::Cow;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use maud::{Markup, html};
use secrecy::SecretString;

use super::Field;
use super::form::field;
use crate::accounts::{AuthError, Credentials};
use crate::net::{RequestId, ResponseBody};
use crate::text::{Language, LoginTexts, PasskeyTexts};

/// The values that a person entered.
#[derive(Debug)]
pub(in crate::http) struct Entered {
    pub(in crate::http) credentials: Credentials,
    pub(in crate::http) code: Option<SecretString>,
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum LoginProblem {
    Rejected,
    /// The password is right, but a second factor is required.
    CodeNeeded,
    WrongCode,
    /// Seconds to wait.
    Throttled(u32),
    Busy,
    DevicePassword,
    /// The passkey opens nothing here.
    PasskeyRejected,
    /// The question for the passkey was too old.
    PasskeyStale,
    Failed,
}

impl Entered {
    pub(in crate::http) fn of(form: &[u8]) -> Self {
        let value = |name| field(form, name).unwrap_or_default();
        let password = SecretString::from(value("password").as_str());
        let code = Some(value("code")).filter(|code| !code.trim().is_empty());
        Self {
            credentials: Credentials { name: value("user").to_string(), password },
            code: code.map(|code| SecretString::from(code.as_str())),
        }
    }
}

impl LoginProblem {
    /// The problem of a login that was refused. Logs one that could not be checked.
    pub(in crate::http) fn of(error: &AuthError, request_id: RequestId) -> Self {
        match error {
            AuthError::Rejected => Self::Rejected,
            AuthError::SecondFactorNeeded => Self::CodeNeeded,
            AuthError::WrongCode => Self::WrongCode,
            AuthError::Throttled { retry_after } => Self::Throttled(*retry_after),
            AuthError::Busy => Self::Busy,
            AuthError::Catalog(error) => {
                tracing::error!(%request_id, error = error as &dyn std::error::Error, "login not checked");
                Self::Failed
            }
        }
    }

    /// Not 200: a browser would offer to store the wrong password.
    pub(in crate::http) fn status(self) -> StatusCode {
        match self {
            Self::Rejected
            | Self::CodeNeeded
            | Self::WrongCode
            | Self::DevicePassword
            | Self::PasskeyRejected
            | Self::PasskeyStale => StatusCode::FORBIDDEN,
            Self::Throttled(_) | Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(in crate::http) fn sentence(self, language: Language) -> Cow<'static, str> {
        let texts = LoginTexts(language);
        Cow::Borrowed(match self {
            Self::Throttled(seconds) => return Cow::Owned(texts.throttled(&language.wait(seconds))),
            Self::Rejected => texts.rejected(),
            Self::CodeNeeded => texts.code_needed(),
            Self::WrongCode => texts.wrong_code(),
            Self::Busy => texts.busy(),
            Self::DevicePassword => texts.device_password(),
            Self::PasskeyRejected => PasskeyTexts(language).rejected(),
            Self::PasskeyStale => PasskeyTexts(language).stale(),
            Self::Failed => texts.failed(),
        })
    }

    /// Tells programs how long to wait.
    pub(in crate::http) fn mark(self, response: &mut Response<ResponseBody>) {
        if let Self::Throttled(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

/// The lines of the form, with the user name that was entered before; the code is asked for where it was missing or
/// wrong. Where passkeys are offered, the browser lists them beside the names that it knows.
pub(in crate::http) fn lines(
    language: Language,
    name: &str,
    problem: Option<LoginProblem>,
    offers_passkeys: bool,
) -> Markup {
    let texts = LoginTexts(language);
    let needs_code = matches!(problem, Some(LoginProblem::CodeNeeded | LoginProblem::WrongCode));
    let line = |name, label, kind, autocomplete| Field {
        name,
        label,
        kind,
        autocomplete,
        value: "",
        has_focus: false,
    };
    let user = Field {
        value: name,
        has_focus: name.is_empty(),
        ..line(
            "user",
            texts.user_name(),
            "text",
            if offers_passkeys { "username webauthn" } else { "username" },
        )
    };
    let password = Field {
        has_focus: !name.is_empty(),
        ..line("password", texts.password(), "password", "current-password")
    };
    html! {
        (user)
        (password)
        @if needs_code { (line("code", texts.code(), "text", "one-time-code")) }
    }
}

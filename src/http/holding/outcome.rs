//! The result of a form, as the page of an item tells it.

use std::borrow::Cow;

use http::StatusCode;

use crate::http::context::RequestContext;
use crate::http::page::form::field;
use crate::intake::IntakeError;
use crate::model::HoldDecision;
use crate::text::{HoldingTexts, Language};

/// Most characters of a reason.
pub(super) const MAX_REASON_CHARS: usize = 1_000;

/// The word of an address for the first of two decisions.
pub(super) const FIRST: &str = "first";

/// The result of a form that the page tells.
pub(super) enum Outcome {
    /// No form was sent.
    None,
    /// The decision was carried out.
    Done(HoldDecision),
    /// The decision is the first of two.
    First,
    Refused(Refused),
}

impl Outcome {
    /// What an address to which a form led tells.
    pub(super) fn of_address(context: RequestContext<'_>) -> Self {
        let query = context.parts.uri.query().unwrap_or_default();
        let Some(done) = field(query.as_bytes(), "done") else { return Self::None };
        match HoldDecision::from_word(&done) {
            Some(decision) => Self::Done(decision),
            None if done.as_str() == FIRST => Self::First,
            None => Self::None,
        }
    }
}

/// A decision that was not carried out.
pub(super) struct Refused {
    pub(super) why: Why,
    /// The form that was sent.
    pub(super) decision: Option<HoldDecision>,
    /// The reason in it, to be shown again.
    pub(super) reason: String,
}

/// Why a decision was not carried out.
pub(super) enum Why {
    Intake(IntakeError),
    LongReason,
    /// The person has not confirmed the warning.
    Unconfirmed,
}

impl Refused {
    pub(super) fn status(&self) -> StatusCode {
        match &self.why {
            Why::LongReason | Why::Unconfirmed | Why::Intake(IntakeError::NoReason) => {
                StatusCode::BAD_REQUEST
            }
            Why::Intake(_) => StatusCode::CONFLICT,
        }
    }

    pub(super) fn sentence(&self, language: Language) -> Cow<'static, str> {
        let texts = HoldingTexts(language);
        Cow::Borrowed(match &self.why {
            Why::LongReason => texts.reason_long(),
            Why::Unconfirmed => texts.confirm_needed(),
            Why::Intake(IntakeError::NoReason) => texts.reason_needed(),
            Why::Intake(IntakeError::NotClean { reason }) => {
                return texts.not_clean(language.hold_reason(*reason)).into();
            }
            Why::Intake(IntakeError::WrongState { state }) => {
                return texts.wrong_state(language.hold_state(*state)).into();
            }
            Why::Intake(IntakeError::Changed) => texts.changed(),
            Why::Intake(IntakeError::SamePerson) => texts.same_person(),
            Why::Intake(IntakeError::NoHash) => texts.no_hash(),
            Why::Intake(IntakeError::NoSuchHold | IntakeError::Library(_)) => texts.failed(),
        })
    }
}

//! The result of a form, as the page of an item tells it.

use std::borrow::Cow;

use http::StatusCode;

use crate::http::context::RequestContext;
use crate::http::page::form::field;
use crate::intake::IntakeError;
use crate::model::{HoldDecision, HoldId};
use crate::text::{HoldingTexts, Language};

/// Most characters of a reason.
pub(super) const MAX_REASON_CHARS: usize = 1_000;

/// The action that a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A decision.
    Decide(HoldDecision),
    /// To hand the content out to the person at the page.
    Ask,
    /// That a person does not get it.
    Decline,
    /// To let its content in from now on.
    Allow,
    /// To let its content in no longer.
    Disallow,
}

impl Act {
    /// The words of acts that are no decisions.
    const OTHERS: [(&'static str, Self); 4] = [
        ("ask", Self::Ask),
        ("decline", Self::Decline),
        ("allow", Self::Allow),
        ("disallow", Self::Disallow),
    ];

    pub(super) fn word(self) -> &'static str {
        if let Self::Decide(decision) = self {
            return decision.as_str();
        }
        Self::OTHERS.iter().find(|(_, act)| *act == self).map_or("", |(word, _)| word)
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let other = Self::OTHERS.iter().find(|(known, _)| *known == word).map(|(_, act)| *act);
        other.or_else(|| HoldDecision::from_word(word).map(Self::Decide))
    }
}

/// The completed action, for the address to which a form leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The action of the form.
    Act(Act),
    /// The decision is the first of two.
    First,
    /// The content was handed out to one person.
    HandedOut,
    /// The content was opened with a password.
    Opened,
}

impl Done {
    const FIRST: &'static str = "first";
    const HANDED_OUT: &'static str = "handed-out";
    const OPENED: &'static str = "opened";

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Act(act) => act.word(),
            Self::First => Self::FIRST,
            Self::HandedOut => Self::HANDED_OUT,
            Self::Opened => Self::OPENED,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            Self::FIRST => Some(Self::First),
            Self::HANDED_OUT => Some(Self::HandedOut),
            Self::OPENED => Some(Self::Opened),
            word => Act::from_word(word).map(Self::Act),
        }
    }
}

/// The result of a form that the page tells.
pub(super) enum Outcome {
    /// No form was sent.
    None,
    Done(Done),
    Refused(Refused),
}

impl Outcome {
    /// The result in an address to which a form led.
    pub(super) fn of_address(context: RequestContext<'_>) -> Self {
        let query = context.parts.uri.query().unwrap_or_default();
        let done = field(query.as_bytes(), "done").and_then(|word| Done::from_word(&word));
        done.map_or(Self::None, Self::Done)
    }
}

/// A decision about several items, as the list tells it.
#[derive(Default)]
pub(super) struct Several {
    /// The decision, if it was carried out for any.
    pub(super) decision: Option<HoldDecision>,
    /// Number of selected items.
    pub(super) all: usize,
    /// Number of items for which it was carried out.
    pub(super) done: usize,
    /// Number of items for which it is the first of two.
    pub(super) first: usize,
    /// The other items by their names, and why not for these. Nameless is one that does not exist for the person.
    pub(super) left: Vec<(Option<String>, Cow<'static, str>)>,
    /// Why the form was not carried out at all.
    pub(super) refused: Option<Cow<'static, str>>,
    /// The selection of such a form, to be shown again.
    pub(super) selected: Vec<HoldId>,
    /// The reason in it.
    pub(super) reason: String,
}

/// A form that was not carried out.
pub(super) struct Refused {
    pub(super) why: Why,
    /// The form that was sent.
    pub(super) act: Option<Act>,
    /// The reason in it, to be shown again.
    pub(super) reason: String,
}

/// Why a decision was not carried out.
pub(super) enum Why {
    Intake(IntakeError),
    LongReason,
    /// The form has no password.
    NoPassword,
    /// The person has not confirmed the warning.
    Unconfirmed,
}

impl Refused {
    pub(super) fn status(&self) -> StatusCode {
        match &self.why {
            Why::LongReason | Why::NoPassword | Why::Unconfirmed | Why::Intake(IntakeError::NoReason) => {
                StatusCode::BAD_REQUEST
            }
            Why::Intake(IntakeError::TooManyPasswords) => StatusCode::TOO_MANY_REQUESTS,
            Why::Intake(_) => StatusCode::CONFLICT,
        }
    }

    pub(super) fn sentence(&self, language: Language) -> Cow<'static, str> {
        let texts = HoldingTexts(language);
        Cow::Borrowed(match &self.why {
            Why::LongReason => texts.reason_long(),
            Why::Unconfirmed => texts.confirm_needed(),
            Why::Intake(IntakeError::NoReason) => texts.reason_needed(),
            Why::Intake(IntakeError::NotClean { reason, engine }) => {
                let engine = engine.as_ref().map(|engine| format!(" ({engine})")).unwrap_or_default();
                return texts.not_clean(&format!("{}{engine}", language.hold_reason(*reason))).into();
            }
            Why::Intake(IntakeError::WrongState { state }) => {
                return texts.wrong_state(language.hold_state(*state)).into();
            }
            Why::NoPassword => texts.password_needed(),
            Why::Intake(IntakeError::WrongPassword) => texts.password_wrong(),
            Why::Intake(IntakeError::NotOpened) => texts.not_opened(),
            Why::Intake(IntakeError::TooManyPasswords) => texts.too_many_passwords(),
            Why::Intake(IntakeError::NoPasswordNeeded) => texts.no_password_needed(),
            Why::Intake(IntakeError::Changed) => texts.changed(),
            Why::Intake(IntakeError::SamePerson) => texts.same_person(),
            Why::Intake(IntakeError::NotForOne | IntakeError::NotAReader | IntakeError::NotAsked) => {
                texts.no_recipient()
            }
            Why::Intake(IntakeError::TooManyAllowed) => texts.too_many_allowed(),
            Why::Intake(IntakeError::NotOverridden) => texts.not_overridden(),
            Why::Intake(IntakeError::NotAllowed) => texts.not_allowed(),
            Why::Intake(IntakeError::NoHash) => texts.no_hash(),
            Why::Intake(IntakeError::NoSuchHold | IntakeError::Library(_)) => texts.failed(),
        })
    }
}

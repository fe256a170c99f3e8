//! A form as it was sent from the page of a request, to be carried out, or shown again with its faults.

use std::collections::HashMap;

use http::StatusCode;

use crate::http::page::form::Fields;
use crate::http::refusal::Refusal;
use crate::model::{CommentId, ItemId};
use crate::sharing::{Judgement, MAX_REASON};
use crate::text::RemindingTexts;

/// The choice for an item.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    /// `accept`, `reject`, `undo`, or nothing.
    pub(super) word: String,
    pub(super) reason: String,
    /// The item as it was when the form was shown.
    pub(super) seen: String,
    /// Its own last day, in the form of days.
    pub(super) until: String,
}

/// Why a form was not carried out.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// An item is rejected without a reason, or with one that is too long.
    Reasons,
    /// These items changed since the form was shown.
    Changed(Vec<ItemId>),
    /// No item was judged.
    Nothing,
    /// This comment was to be answered, and there is no answer.
    Answer(CommentId),
    /// The new deadline is invalid, or over.
    Date,
    /// A file to hand out is not there, or not fit.
    Handout,
    /// A file to hand out was not stored.
    Upload(Refusal),
    /// The day of an item is invalid, over, or after the deadline.
    ItemDates,
    /// The plan of reminders is none.
    Plan,
    /// No reminder was made, or an address was not changed, and why.
    Mail(fn(RemindingTexts) -> &'static str),
}

/// A form that was not carried out, to be shown again.
pub(super) struct Sent {
    pub(super) choices: HashMap<ItemId, Choice>,
    pub(super) until: String,
    /// The file that was named.
    pub(super) file: String,
    /// The item and the purpose that were chosen for it.
    pub(super) item: String,
    pub(super) what: String,
    /// The plan of reminders that was typed.
    pub(super) plan: String,
    pub(super) trouble: Trouble,
}

impl Sent {
    /// A form without anything to show again.
    pub(super) fn of(trouble: Trouble) -> Self {
        let [until, file, item, what, plan] = std::array::from_fn(|_| String::new());
        Self { choices: HashMap::new(), until, file, item, what, plan, trouble }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self.trouble {
            Trouble::Upload(refusal) => refusal.status(),
            Trouble::Changed(_) | Trouble::Mail(_) => StatusCode::CONFLICT,
            Trouble::Reasons
            | Trouble::Nothing
            | Trouble::Answer(_)
            | Trouble::Date
            | Trouble::ItemDates
            | Trouble::Handout
            | Trouble::Plan => StatusCode::BAD_REQUEST,
        }
    }

    /// The choice for an item.
    pub(super) fn about(&self, item: ItemId) -> Option<&Choice> {
        self.choices.get(&item)
    }

    pub(super) fn lacks_reason(&self, item: ItemId) -> bool {
        matches!(self.trouble, Trouble::Reasons) && self.about(item).is_some_and(Choice::lacks_reason)
    }

    pub(super) fn has_changed(&self, item: ItemId) -> bool {
        matches!(&self.trouble, Trouble::Changed(items) if items.contains(&item))
    }

    /// Whether the user must look at an item again.
    pub(super) fn marks(&self, item: ItemId) -> bool {
        self.lacks_reason(item) || self.has_changed(item)
    }
}

impl Choice {
    fn lacks_reason(&self) -> bool {
        let length = self.reason.trim().chars().count();
        self.word == "reject" && (length == 0 || length > MAX_REASON)
    }

    pub(super) fn judgement(&self) -> Option<Judgement> {
        match self.word.as_str() {
            "accept" => Some(Judgement::Accept),
            "reject" => Some(Judgement::Reject(self.reason.clone())),
            "undo" => Some(Judgement::Undo),
            _ => None,
        }
    }
}

/// The choices of a form for each item.
pub(super) fn choices(form: &Fields) -> HashMap<ItemId, Choice> {
    let mut choices: HashMap<ItemId, Choice> = HashMap::new();
    for (name, value) in &form.0 {
        let Some((kind, item)) = name.split_once('-') else { continue };
        let Some(item) = item.parse().ok().map(ItemId) else { continue };
        let choice = choices.entry(item).or_default();
        match kind {
            "judge" => choice.word.clone_from(value),
            // Browsers send lines with both marks of their end.
            "reason" => choice.reason = value.replace("\r\n", "\n"),
            "seen" => choice.seen.clone_from(value),
            "until" => value.trim().clone_into(&mut choice.until),
            _ => {}
        }
    }
    choices
}

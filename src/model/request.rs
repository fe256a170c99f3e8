//! Requests of an office: their items, and the state of each.

use std::fmt;

use super::words::words;
use super::{EntryId, RecipientId, RequestId, Timestamp};

words! {
    /// State of an item of a request.
    ItemState {
        /// Nothing was handed in for it.
        Open = "open",
        /// Files were handed in, and the office has not judged them.
        HandedIn = "handed-in",
        /// The recipient says that it does not apply.
        DoesNotApply = "does-not-apply",
        /// The office has what it needs.
        Accepted = "accepted",
        /// The office needs it again, for a reason that it gave.
        Rejected = "rejected",
    }
}

words! {
    /// The office's decision about an item.
    Verdict {
        /// It has what it needs.
        Accepted = "accepted",
        /// It needs it again.
        Rejected = "rejected",
    }
}

words! {
    /// The kind of a file that recipients of a request may fetch for an item.
    Handout {
        /// A form to fill in.
        Form = "form",
        /// An example of the requested document.
        Example = "example",
    }
}

/// The files that recipients of a request may fetch for an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handouts {
    /// The form to fill in.
    pub form: Option<EntryId>,
    /// The example.
    pub example: Option<EntryId>,
}

impl Handouts {
    /// The file of this kind.
    pub fn of(self, what: Handout) -> Option<EntryId> {
        match what {
            Handout::Form => self.form,
            Handout::Example => self.example,
        }
    }

    /// Those that there are.
    pub fn all(self) -> impl Iterator<Item = (Handout, EntryId)> {
        Handout::ALL.iter().filter_map(move |what| Some((*what, self.of(*what)?)))
    }
}

words! {
    /// Why a recipient of a request gets no mail about it.
    WhyNoMail {
        /// The request is closed.
        Closed = "closed",
        /// The link has ended, or its maker may not write there any more.
        LinkEnded = "link-ended",
        /// The recipient has no mail address.
        NoAddress = "no-address",
        /// A mail server refused the recipient's address.
        Refused = "refused",
        /// No item is open or rejected.
        NothingMissing = "nothing-missing",
    }
}

/// The facts in a mail to a recipient of a request, as of one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Asking {
    /// The request.
    pub request: RequestId,
    /// The recipient.
    pub recipient: RecipientId,
    /// The recipient's name; may be empty.
    pub name: String,
    /// The recipient's mail address; empty for none.
    pub mail: String,
    /// Tag of the recipient's language.
    pub language: String,
    /// When the request was made.
    pub asked: Timestamp,
    /// The time until which it asks.
    pub deadline: Option<Timestamp>,
    /// The first times at which missing items are due by days of their own, earliest first.
    pub dates: Vec<Timestamp>,
    /// Whether no reminders are sent.
    pub is_paused: bool,
    /// Whether the page opens by a code that is sent to this address.
    pub needs_code: bool,
    /// Number of items that are open or rejected.
    pub missing: u32,
    /// Number of items that are rejected.
    pub rejected: u32,
    /// Path of the recipient's page, a secret: `/s/TOKEN`; empty if the link was removed.
    pub page: String,
    /// Why no mail is sent.
    pub no_mail: Option<WhyNoMail>,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("recipient", &self.recipient).finish_non_exhaustive()
    }
}

/// The facts from which the state of an item follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of rows")]
pub struct ItemFacts {
    /// The office's last decision.
    pub verdict: Option<Verdict>,
    /// Whether the person said that it does not apply, and handed nothing in since.
    pub is_declined: bool,
    /// Whether the office knew that when it decided.
    pub was_declined: bool,
    /// Whether there is a file that was not taken back.
    pub has_files: bool,
    /// Whether there is one that came after the decision.
    pub has_new_files: bool,
}

impl ItemFacts {
    /// The state. Actions of the person after a rejection count as new; an accepted item stays accepted.
    pub fn state(self) -> ItemState {
        let says_anew = self.is_declined && !self.was_declined;
        match self.verdict {
            Some(Verdict::Accepted) => ItemState::Accepted,
            Some(Verdict::Rejected) if self.has_new_files => ItemState::HandedIn,
            Some(Verdict::Rejected) if says_anew => ItemState::DoesNotApply,
            Some(Verdict::Rejected) => ItemState::Rejected,
            None if self.is_declined => ItemState::DoesNotApply,
            None if self.has_files => ItemState::HandedIn,
            None => ItemState::Open,
        }
    }
}

impl ItemState {
    /// Whether the recipient has something to do.
    pub fn is_missing(self) -> bool {
        matches!(self, Self::Open | Self::Rejected)
    }

    /// Whether the office has something to do.
    pub fn is_to_check(self) -> bool {
        matches!(self, Self::HandedIn | Self::DoesNotApply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_an_item_follows_from_its_rows() {
        let none = ItemFacts::default();
        let filed = ItemFacts { has_files: true, ..none };
        let declined = ItemFacts { is_declined: true, ..none };
        let verdict = |verdict, facts| ItemFacts { verdict: Some(verdict), ..facts };
        let rejected = |facts| verdict(Verdict::Rejected, facts);
        for (facts, state) in [
            (none, ItemState::Open),
            (filed, ItemState::HandedIn),
            (declined, ItemState::DoesNotApply),
            (verdict(Verdict::Accepted, none), ItemState::Accepted),
            (verdict(Verdict::Accepted, filed), ItemState::Accepted),
            (verdict(Verdict::Accepted, declined), ItemState::Accepted),
            (rejected(none), ItemState::Rejected),
            (rejected(filed), ItemState::Rejected),
            (rejected(ItemFacts { has_new_files: true, ..filed }), ItemState::HandedIn),
            // It does not apply, says the person; it does, says the office; it really does not, says the person.
            (rejected(ItemFacts { was_declined: true, ..declined }), ItemState::Rejected),
            (rejected(declined), ItemState::DoesNotApply),
            // Of two answers to a rejection, the files count.
            (rejected(ItemFacts { has_files: true, has_new_files: true, ..declined }), ItemState::HandedIn),
        ] {
            assert_eq!(facts.state(), state, "{facts:?}");
        }
    }

    #[test]
    fn one_side_has_something_to_do_or_none() {
        let sides = ItemState::ALL.iter().map(|state| (state.is_missing(), state.is_to_check()));
        assert_eq!(sides.filter(|sides| *sides == (true, true)).count(), 0);
        assert!(!ItemState::Accepted.is_missing() && !ItemState::Accepted.is_to_check());
    }
}

//! The forms on the page of an item: decisions about it, a request for it, and the answers to requests.

use maud::{Markup, html};

use super::address::of_item;
use super::outcome::{Act, MAX_REASON_CHARS, Outcome};
use super::{Holding, has_it};
use crate::accounts::UserName;
use crate::http::page::note;
use crate::intake::{Hold, LONGEST_ALLOWED, Standing};
use crate::model::{HoldDecision, HoldState, ReleaseBy, Shown, UserId};
use crate::text::HoldingTexts;

/// Days for which a content is let in, if a person does not say otherwise.
pub(super) const DEFAULT_DAYS: u32 = 90;
/// Most days for which a content is let in.
const MAX_DAYS: u64 = LONGEST_ALLOWED.as_secs() / 86_400;
/// Most persons offered as recipients; the command line names any.
const MAX_RECIPIENTS: usize = 200;

/// The words of a decision.
pub(super) struct Words {
    pub(super) title: &'static str,
    about: &'static str,
    pub(super) done: &'static str,
}

impl Holding<'_> {
    /// The forms of the decisions that are possible.
    pub(super) fn forms(&self, hold: &Hold, people: &[(UserId, UserName)], outcome: &Outcome) -> Markup {
        html! {
            @if hold.decisions().next().is_some() {
                section {
                    h2 { (self.texts().decide()) }
                    @for decision in hold.decisions() { (self.form(hold, decision, people, outcome)) }
                }
            }
        }
    }

    fn form(
        &self,
        hold: &Hold,
        decision: HoldDecision,
        people: &[(UserId, UserName)],
        outcome: &Outcome,
    ) -> Markup {
        let texts = self.texts();
        let words = words(texts, decision, hold.standing);
        let sent = sent(outcome, Act::Decide(decision));
        let is_release = matches!(decision, HoldDecision::Release | HoldDecision::Override);
        html! {
            details open[sent.is_some()] {
                summary { (words.title) }
                @if decision == HoldDecision::Override { (note(words.about)) } @else { p { (words.about) } }
                @if hold.release_by == ReleaseBy::Two && is_release { p { (texts.two_persons()) } }
                form method="post" action=(of_item(hold.id)) {
                    (self.hidden(Act::Decide(decision)))
                    @if is_release { (self.recipients(people)) }
                    @if decision == HoldDecision::Override {
                        label.check {
                            input type="checkbox" name="confirm" value="yes" required;
                            span { (texts.force_confirm()) }
                        }
                    }
                    @if decision != HoldDecision::Retry {
                        (self.reason(sent.unwrap_or_default(), hold.standing == Standing::Decides))
                    }
                    button { (words.title) }
                }
            }
        }
    }

    /// The people who ask for the item, or whether the person at the page does.
    pub(super) fn asking(&self, hold: &Hold, people: &[(UserId, UserName)], outcome: &Outcome) -> Markup {
        match hold.standing {
            Standing::Decides => self.askers(hold, people, outcome),
            Standing::Reads => self.ask(hold, outcome),
            Standing::Sent => html! {},
        }
    }

    fn askers(&self, hold: &Hold, people: &[(UserId, UserName)], outcome: &Outcome) -> Markup {
        let texts = self.texts();
        let name = |user: UserId| {
            let found = people.iter().find(|(id, _)| *id == user).map(|(_, name)| name.as_str());
            Shown(found.unwrap_or(texts.former_reader())).to_string()
        };
        html! {
            @if !hold.requests.is_empty() || !hold.handed_out.is_empty() {
                section {
                    h2 { (texts.single_persons()) }
                    ul {
                        @for handed in &hold.handed_out {
                            li {
                                (texts.has_it(&name(handed.user), &self.desk.moment(handed.at)))
                                @if handed.overridden { " (" (texts.overridden()) ")" }
                            }
                        }
                        @for request in &hold.requests {
                            li {
                                (texts.asks(&name(request.user), &self.desk.moment(request.asked)))
                                @if let Some(reason) = &request.reason { ": " (Shown(reason)) }
                                @match &request.declined {
                                    Some((at, _)) => { " – " (texts.declined(&self.desk.moment(*at))) },
                                    None => (self.decline(hold, request.user, outcome)),
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn decline(&self, hold: &Hold, user: UserId, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        html! {
            details {
                summary { (texts.decline()) }
                form method="post" action=(of_item(hold.id)) {
                    (self.hidden(Act::Decline))
                    input type="hidden" name="to" value=(user.0);
                    (self.reason(sent(outcome, Act::Decline).unwrap_or_default(), true))
                    button.other { (texts.decline()) }
                }
            }
        }
    }

    /// The request of a person who waits for the item.
    fn ask(&self, hold: &Hold, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        if has_it(hold, self.desk.session.principal.user) {
            return html! { section { h2 { (texts.original()) } p { (texts.you_have_it()) } } };
        }
        let request = hold.requests.first();
        let declined = request.and_then(|request| request.declined.as_ref());
        html! {
            section {
                h2 { (texts.original()) }
                @match (request, declined) {
                    (None, _) => p { (texts.ask_about()) },
                    (Some(request), None) => p { (texts.you_asked(&self.desk.moment(request.asked))) },
                    (Some(_), Some((at, why))) => p {
                        (texts.declined(&self.desk.moment(*at)))
                        @if let Some(why) = why { ": " (Shown(why)) }
                    },
                }
                @if request.is_none() || declined.is_some() {
                    form method="post" action=(of_item(hold.id)) {
                        (self.hidden(Act::Ask))
                        label { (texts.ask_why())
                            input type="text" name="reason" maxlength=(MAX_REASON_CHARS) autocomplete="off"
                                value=(sent(outcome, Act::Ask).unwrap_or_default());
                        }
                        button { (texts.ask()) }
                    }
                }
            }
        }
    }

    /// Whether the content of a released item is let in from now on.
    pub(super) fn allowing(&self, hold: &Hold, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        let sent = sent(outcome, Act::Allow);
        html! {
            @if hold.decides() && (hold.state == HoldState::Released || hold.allowed.is_some()) {
                section {
                    h2 { (texts.let_in()) }
                    @if hold.state == HoldState::Released {
                        details open[sent.is_some()] {
                            summary { (texts.allow()) }
                            (note(texts.allow_about()))
                            form method="post" action=(of_item(hold.id)) {
                                (self.hidden(Act::Allow))
                                label { (texts.allow_days())
                                    input type="number" name="days" min="1" max=(MAX_DAYS) value=(DEFAULT_DAYS) required;
                                }
                                (self.reason(sent.unwrap_or_default(), true))
                                button { (texts.allow()) }
                            }
                        }
                    }
                    @if hold.allowed.is_some() {
                        form method="post" action=(of_item(hold.id)) {
                            (self.hidden(Act::Disallow))
                            button.other { (texts.disallow()) }
                        }
                    }
                }
            }
        }
    }

    fn hidden(&self, act: Act) -> Markup {
        html! {
            (self.desk.token())
            input type="hidden" name="decision" value=(act.word());
        }
    }

    fn reason(&self, sent: &str, is_required: bool) -> Markup {
        html! {
            label { (self.texts().why())
                textarea name="reason" rows="2" maxlength=(MAX_REASON_CHARS) required[is_required] { (sent) }
            }
        }
    }

    /// The choice of everyone or one person.
    fn recipients(&self, people: &[(UserId, UserName)]) -> Markup {
        let texts = self.texts();
        html! {
            label { (texts.recipients())
                select name="to" {
                    option value="" selected { (texts.everybody()) }
                    @for (user, name) in people.iter().take(MAX_RECIPIENTS) {
                        option value=(user.0) { (texts.only(&Shown(name.as_str()).to_string())) }
                    }
                }
            }
        }
    }
}

/// The reason of a form that was sent and refused.
fn sent(outcome: &Outcome, act: Act) -> Option<&str> {
    match outcome {
        Outcome::Refused(refused) if refused.act == Some(act) => Some(refused.reason.as_str()),
        _ => None,
    }
}

pub(super) fn words(texts: HoldingTexts, decision: HoldDecision, standing: Standing) -> Words {
    let (title, about, done) = match decision {
        HoldDecision::Release => (texts.release(), texts.release_about(), texts.release_done()),
        HoldDecision::Override => (texts.force(), texts.force_about(), texts.force_done()),
        HoldDecision::Keep => (texts.keep(), texts.keep_about(), texts.keep_done()),
        HoldDecision::Quarantine => (texts.quarantine(), texts.quarantine_about(), texts.quarantine_done()),
        HoldDecision::Retry => (texts.retry(), texts.retry_about(), texts.retry_done()),
        HoldDecision::Withdraw if standing == Standing::Sent => {
            (texts.withdraw(), texts.withdraw_own_about(), texts.withdraw_done())
        }
        HoldDecision::Withdraw => (texts.withdraw(), texts.withdraw_about(), texts.withdraw_done()),
    };
    Words { title, about, done }
}

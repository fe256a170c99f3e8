//! The page of one item: what is known about it, and the forms to decide about it.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, of_item};
use super::outcome::{MAX_REASON_CHARS, Outcome};
use super::{Desk, Failure};
use crate::accounts::ActorNames;
use crate::http::page::{note, problem, success};
use crate::http::session::FORM_TOKEN;
use crate::intake::{Approval, Hold};
use crate::model::{Actor, HoldDecision, HoldId, HoldState, Recorded, ReleaseBy, Shown, Timestamp};
use crate::net::ResponseBody;
use crate::text::HoldingTexts;

/// The words of a decision.
struct Words {
    title: &'static str,
    about: &'static str,
    done: &'static str,
}

impl Desk<'_> {
    pub(super) async fn item(&self, id: HoldId, outcome: Outcome) -> Result<Response<ResponseBody>, Failure> {
        let hold = self.context.services.intake.show(self.accesses.clone(), id).await?;
        let events = &hold.history;
        let shown: Vec<Recorded> = events.iter().chain(&hold.fetched).cloned().collect();
        let names = self.context.services.accounts.names_for(&shown).await?;
        let (texts, (name, folder)) = (self.texts(), name_and_folder(&hold.path));
        let place = format!("{}{folder}", Shown(&self.space_name(hold.space)));
        let content = html! {
            (self.outcome(&hold, &outcome))
            p.where { (texts.in_space(&place)) }
            (self.facts(&hold, &names))
            (self.forms(&hold, &outcome))
            (self.scans(&hold))
            section {
                h2 { (texts.downloads()) }
                @if hold.fetched.is_empty() { p { (texts.no_downloads()) } } @else {
                    ul { @for read in &hold.fetched { li { (self.actor(read, &names)) ", " (self.language.moment(read.at)) } } }
                }
            }
            section {
                h2 { (texts.history()) }
                @if events.is_empty() { p { (texts.no_history()) } } @else {
                    ul { @for event in events { (self.event(event, &names)) } }
                }
            }
            p { a href=(LIST) { (texts.all_items()) } }
        };
        let status = match &outcome {
            Outcome::Refused(refused) => refused.status(),
            Outcome::None | Outcome::Done(_) | Outcome::First => StatusCode::OK,
        };
        Ok(self.page(&name, &of_item(id), content, status))
    }

    fn outcome(&self, hold: &Hold, outcome: &Outcome) -> Markup {
        html! {
            @match outcome {
                Outcome::None => {},
                // The address alone is no proof: somebody else may have made it.
                Outcome::Done(decision) if hold.shows(*decision) => {
                    (success(words(self.texts(), *decision).done))
                },
                Outcome::First if self.approval(hold).is_some() => (success(self.texts().first_done())),
                Outcome::Done(_) | Outcome::First => {},
                Outcome::Refused(refused) => (problem(&refused.sentence(self.language))),
            }
        }
    }

    /// The first of two decisions, while it counts.
    pub(super) fn approval<'h>(&self, hold: &'h Hold) -> Option<&'h Approval> {
        hold.approval.as_ref().filter(|first| self.context.info.received < first.lapses)
    }

    fn facts(&self, hold: &Hold, names: &ActorNames) -> Markup {
        let (texts, language) = (self.texts(), self.language);
        let first = self.approval(hold).map(|first| {
            let actor = first.user.map_or(Actor::Owner, Actor::user);
            let who = Shown(&language.actor(&actor, names.account(&actor), None)).to_string();
            let title = words(texts, first.decision).title;
            texts.waits_for_second(&who, title, &language.moment(first.lapses))
        });
        let look = hold.look.as_ref();
        let found = peculiarities(texts, hold);
        let mut facts = vec![(texts.state(), language.hold_state(hold.state).to_owned())];
        facts.extend(hold.reason.map(|reason| (texts.reason(), language.hold_reason(reason).to_owned())));
        facts.extend(first.map(|first| (texts.second(), first)));
        facts.push((texts.arrived(), language.moment(hold.arrived)));
        facts.extend(due(texts, hold, self.context.info.received).map(|due| (texts.due(), due)));
        facts.extend(sender(texts, hold).map(|sender| (texts.sender(), sender)));
        facts.extend(look.map(|look| (texts.kind(), language.content_kind(look.kind).to_owned())));
        facts.extend((!found.is_empty()).then(|| (texts.found(), found.join(", "))));
        let obstacle = look.and_then(|look| look.obstacle);
        facts.extend(obstacle.map(|obstacle| (texts.obstacle(), language.obstacle(obstacle).to_owned())));
        let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        html! {
            (crate::http::page::facts(&facts))
            @if hold.pdf.is_some() {
                p { a href={ (of_item(hold.id)) "/pdf" } { (texts.open_pdf()) } }
            } @else if hold.pdf_fault.is_some() {
                p { (texts.no_pdf()) }
            }
            @if hold.mail.as_ref().is_some_and(|mail| mail.fault.is_some()) {
                (note(texts.attachments_missing()))
            }
            @if hold.state == HoldState::Released {
                p { a href={ (of_item(hold.id)) "/certificate" } { (texts.certificate()) } }
            }
        }
    }

    fn scans(&self, hold: &Hold) -> Markup {
        let (texts, language) = (self.texts(), self.language);
        html! {
            section {
                h2 { (texts.scans()) }
                @if hold.verdicts.is_empty() { p { (texts.no_scans()) } } @else {
                    ul {
                        @for verdict in &hold.verdicts {
                            li {
                                (language.moment(verdict.at)) ", " (Shown(&verdict.engine)) ": "
                                strong { (language.verdict(verdict.result)) }
                                @if let Some(detail) = &verdict.detail { " (" (Shown(detail)) ")" }
                                br;
                                small {
                                    @match verdict.signatures_built {
                                        Some(built) => (texts.signatures_of(&verdict.signatures, &language.moment(built))),
                                        None => (texts.signatures(&verdict.signatures)),
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The forms of the decisions that are possible.
    fn forms(&self, hold: &Hold, outcome: &Outcome) -> Markup {
        html! {
            section {
                h2 { (self.texts().decide()) }
                @for decision in hold.decisions() { (self.form(hold, decision, outcome)) }
            }
        }
    }

    fn form(&self, hold: &Hold, decision: HoldDecision, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        let words = words(texts, decision);
        let sent = match outcome {
            Outcome::Refused(refused) if refused.decision == Some(decision) => Some(refused.reason.as_str()),
            _ => None,
        };
        html! {
            details open[sent.is_some()] {
                summary { (words.title) }
                @if decision == HoldDecision::Override { (note(words.about)) } @else { p { (words.about) } }
                @if hold.release_by == ReleaseBy::Two
                    && matches!(decision, HoldDecision::Release | HoldDecision::Override) {
                    p { (texts.two_persons()) }
                }
                form method="post" action=(of_item(hold.id)) {
                    input type="hidden" name=(FORM_TOKEN) value=(self.form_token);
                    input type="hidden" name="decision" value=(decision);
                    @if decision == HoldDecision::Override {
                        label.check {
                            input type="checkbox" name="confirm" value="yes" required;
                            span { (texts.force_confirm()) }
                        }
                    }
                    @if decision != HoldDecision::Retry {
                        label { (texts.why())
                            textarea name="reason" rows="2" maxlength=(MAX_REASON_CHARS) required { (sent.unwrap_or_default()) }
                        }
                    }
                    button { (words.title) }
                }
            }
        }
    }

    fn event(&self, recorded: &Recorded, names: &ActorNames) -> Markup {
        let what = self.language.event(&recorded.event);
        html! {
            li { (self.language.moment(recorded.at)) ": " (self.actor(recorded, names)) " " (Shown(&what)) }
        }
    }

    fn actor(&self, recorded: &Recorded, names: &ActorNames) -> String {
        let actor = &recorded.actor;
        let who = self.language.actor(actor, names.account(actor), names.device(actor));
        Shown(&who).to_string()
    }
}

fn words(texts: HoldingTexts, decision: HoldDecision) -> Words {
    let (title, about, done) = match decision {
        HoldDecision::Release => (texts.release(), texts.release_about(), texts.release_done()),
        HoldDecision::Override => (texts.force(), texts.force_about(), texts.force_done()),
        HoldDecision::Keep => (texts.keep(), texts.keep_about(), texts.keep_done()),
        HoldDecision::Quarantine => (texts.quarantine(), texts.quarantine_about(), texts.quarantine_done()),
        HoldDecision::Retry => (texts.retry(), texts.retry_about(), texts.retry_done()),
        HoldDecision::Withdraw => (texts.withdraw(), texts.withdraw_about(), texts.withdraw_done()),
    };
    Words { title, about, done }
}

/// When an item may be released by itself; `None` once that does not matter any more.
pub(super) fn due(texts: HoldingTexts, hold: &Hold, now: Timestamp) -> Option<String> {
    let waits = matches!(hold.state, HoldState::Arrived | HoldState::Held | HoldState::WaitingForSignatures);
    let moment = texts.0.moment(hold.due);
    waits.then(|| match now < hold.due {
        true => texts.due_in(&moment, &texts.0.time_left(hold.due.since(now))),
        false => texts.due_over(&moment),
    })
}

/// The sender of the mail that a content is or came with.
pub(super) fn sender(texts: HoldingTexts, hold: &Hold) -> Option<String> {
    let mail = hold.mail.as_ref()?;
    Some(match mail.sender.as_str() {
        "" => texts.no_sender().to_owned(),
        address => texts.unverified(&Shown(address).to_string()),
    })
}

/// What people should know about a content, in words.
pub(super) fn peculiarities(texts: HoldingTexts, hold: &Hold) -> Vec<&'static str> {
    let labels = hold.look.iter().flat_map(|look| &look.labels).map(|label| texts.0.label(*label));
    hold.overridden.then(|| texts.overridden()).into_iter().chain(labels).collect()
}

/// The name of a file, and the path of its folder without a final slash, in a form that cannot look like another one.
pub(super) fn name_and_folder(path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (Shown(name).to_string(), Shown(folder).to_string())
}

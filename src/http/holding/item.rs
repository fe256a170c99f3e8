//! The page of one item, with the known facts about it.

use std::borrow::Cow;

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, of_item};
use super::forms::words;
use super::outcome::{Act, Done, Outcome};
use super::{Failure, Holding, has_it};
use crate::accounts::ActorNames;
use crate::http::page::{note, problem, success};
use crate::intake::{Approval, Hold, Scan};
use crate::model::{Actor, HoldId, HoldReason, HoldState, Label, Recorded, Shown, VerdictKind};
use crate::net::ResponseBody;
use crate::text::HoldingTexts;

impl Holding<'_> {
    pub(super) async fn item(&self, id: HoldId, outcome: Outcome) -> Result<Response<ResponseBody>, Failure> {
        let hold = self.hold(id).await?;
        let people = match hold.decides() {
            true => self.desk.context.services.accounts.readers_of(hold.space).await?,
            false => Vec::new(),
        };
        let events = &hold.history;
        let shown: Vec<Recorded> = events.iter().chain(&hold.fetched).cloned().collect();
        let names = self.desk.context.services.accounts.names_for(&shown).await?;
        let (texts, (name, folder)) = (self.texts(), name_and_folder(&hold.path));
        let place = format!("{}{folder}", Shown(&self.space_name(hold.space)));
        let content = html! {
            (self.outcome(&hold, &outcome))
            p.where { (texts.in_space(&place)) }
            (self.facts(&hold, &names))
            (self.password_form(&hold))
            (self.asking(&hold, &people, &outcome))
            (self.forms(&hold, &people, &outcome))
            (self.allowing(&hold, &outcome))
            @if hold.decides() {
                (self.scans(&hold))
                section {
                    h2 { (texts.downloads()) }
                    @if hold.fetched.is_empty() { p { (texts.no_downloads()) } } @else {
                        ul { @for read in &hold.fetched { li { (self.actor(read, &names)) ", " (self.desk.moment(read.at)) } } }
                    }
                }
                section {
                    h2 { (texts.history()) }
                    @if events.is_empty() { p { (texts.no_history()) } } @else {
                        ul { @for event in events { (self.event(event, &names)) } }
                    }
                }
            }
            p { a href=(LIST) { (texts.all_items()) } }
        };
        let status = match &outcome {
            Outcome::Refused(refused) => refused.status(),
            Outcome::None | Outcome::Done(_) => StatusCode::OK,
        };
        Ok(self.page(&name, &of_item(id), content, status))
    }

    fn outcome(&self, hold: &Hold, outcome: &Outcome) -> Markup {
        let done = match outcome {
            Outcome::None => return html! {},
            Outcome::Refused(refused) => return problem(&refused.sentence(self.desk.language)),
            Outcome::Done(done) => *done,
        };
        let texts = self.texts();
        // The address alone is no proof: another person may have made it.
        let told = match done {
            Done::Act(Act::Decide(decision)) => {
                hold.shows(decision).then(|| words(texts, decision, hold.standing).done)
            }
            Done::Act(Act::Ask) => {
                hold.requests.first().filter(|_| !hold.decides()).map(|_| texts.ask_done())
            }
            Done::Act(Act::Decline) => {
                let is_any = hold.requests.iter().any(|request| request.declined.is_some());
                (is_any && hold.decides()).then(|| texts.decline_done())
            }
            Done::Act(Act::Allow) => hold.allowed.as_ref().map(|_| texts.allow_done()),
            Done::Act(Act::Disallow) => hold.allowed.is_none().then(|| texts.disallow_done()),
            // Only a password makes this label.
            Done::Opened => was_opened(hold).then(|| match hold.reason {
                Some(HoldReason::PartlyEncrypted) => texts.password_partly(),
                _ => texts.password_done(),
            }),
            Done::First => self.approval(hold).map(|_| texts.first_done()),
            Done::HandedOut => hold.handed_out.first().map(|_| texts.handed_out_done()),
        };
        html! { @if let Some(told) = told { (success(told)) } }
    }

    /// The first of two decisions, while it counts.
    pub(super) fn approval<'h>(&self, hold: &'h Hold) -> Option<&'h Approval> {
        hold.approval.as_ref().filter(|first| self.desk.context.info.received < first.lapses)
    }

    fn facts(&self, hold: &Hold, names: &ActorNames) -> Markup {
        let (texts, language) = (self.texts(), self.desk.language);
        let first = self.approval(hold).map(|first| {
            let actor = first.user.map_or(Actor::Owner, Actor::user);
            let who = Shown(&language.actor(&actor, names.account(&actor), None)).to_string();
            let title = words(texts, first.decision, hold.standing).title;
            texts.waits_for_second(&who, title, &self.desk.moment(first.lapses))
        });
        let look = hold.look.as_ref();
        let found = peculiarities(texts, hold);
        let mut facts = vec![(texts.state(), self.state(hold).to_owned())];
        facts.extend(hold.reason.map(|reason| (texts.reason(), language.hold_reason(reason).to_owned())));
        facts.extend(first.map(|first| (texts.second(), first)));
        facts.push((texts.arrived(), self.desk.moment(hold.arrived)));
        facts.extend(due(self, hold).map(|due| (texts.due(), due)));
        facts.extend(sender(texts, hold).map(|sender| (texts.sender(), sender)));
        facts.extend(look.map(|look| (texts.kind(), language.content_kind(look.kind).to_owned())));
        let let_in = hold.allowed.as_ref().map(|row| {
            let moment = self.desk.moment(row.ends);
            match self.desk.context.info.received < row.ends {
                true => texts.allowed_until(&moment),
                false => texts.allowed_once(&moment),
            }
        });
        facts.extend(let_in.map(|let_in| (texts.let_in(), let_in)));
        facts.extend((!found.is_empty()).then(|| (texts.found(), found.join(", "))));
        let obstacle = look.and_then(|look| look.obstacle);
        facts.extend(obstacle.map(|obstacle| (texts.obstacle(), language.obstacle(obstacle).to_owned())));
        let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        html! {
            (crate::http::page::facts(&facts))
            @if hold.pdf_is_folder {
                p { (texts.open_pdfs()) }
                ul {
                    @for (file, name) in &hold.pdfs {
                        li { a href={ (of_item(hold.id)) "/pdf/" (file.0) } { (Shown(name)) } }
                    }
                }
                @if hold.pdf_fault.is_some() { (note(texts.pdfs_missing())) }
            } @else if hold.pdf.is_some() {
                p { a href={ (of_item(hold.id)) "/pdf" } { (texts.open_pdf()) } }
            } @else if hold.pdf_fault.is_some() {
                p { (texts.no_pdf()) }
            } @else if let Some(others) = hold.pdf_after.filter(|_| !hold.state.has_ended()) {
                p role="status" { @if others == 0 { (texts.pdf_next()) } @else { (texts.pdf_after(others)) } }
            }
            @if hold.mail.as_ref().is_some_and(|mail| mail.fault.is_some()) {
                (note(texts.attachments_missing()))
            }
            @if has_it(hold, self.desk.session.principal.user) {
                p { a href={ (of_item(hold.id)) "/original" } { (texts.open_original()) } }
            }
            @if hold.state == HoldState::Released && hold.decides() {
                p { a href={ (of_item(hold.id)) "/certificate" } { (texts.certificate()) } }
            }
        }
    }

    /// The state of an item, for the person at the page.
    pub(super) fn state(&self, hold: &Hold) -> &'static str {
        match hold.state {
            HoldState::NeedsDecision if !hold.decides() => self.texts().awaits_office(),
            state => self.desk.language.hold_state(state),
        }
    }

    fn scans(&self, hold: &Hold) -> Markup {
        let (texts, language) = (self.texts(), self.desk.language);
        html! {
            section {
                h2 { (texts.scans()) }
                @if hold.verdicts.is_empty() { p { (texts.no_scans()) } } @else {
                    ul {
                        @for verdict in &hold.verdicts {
                            li {
                                (self.desk.moment(verdict.at)) ", " (Shown(&verdict.engine)) ": "
                                strong { (language.verdict(verdict.result)) }
                                @if let Some(detail) = self.detail(verdict) { " (" (Shown(&detail)) ")" }
                                @if !verdict.is_required { ", " (texts.optional()) }
                                @if !verdict.signatures.is_empty() { br; }
                                small {
                                    @if !verdict.signatures.is_empty() { @match verdict.signatures_built {
                                        Some(built) => (texts.signatures_of(&verdict.signatures, &self.desk.moment(built))),
                                        None => (texts.signatures(&verdict.signatures)),
                                    } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The details of a verdict besides its result; why there is none, in words.
    fn detail<'a>(&self, verdict: &'a Scan) -> Option<Cow<'a, str>> {
        let detail = verdict.detail.as_deref()?;
        let reason = HoldReason::from_word(detail).filter(|_| verdict.result == VerdictKind::NoAnswer);
        Some(reason.map_or(detail, |reason| self.desk.language.hold_reason(reason)).into())
    }

    fn event(&self, recorded: &Recorded, names: &ActorNames) -> Markup {
        let what = self.desk.language.event(&recorded.event);
        html! {
            li { (self.desk.moment(recorded.at)) ": " (self.actor(recorded, names)) " " (Shown(&what)) }
        }
    }

    fn actor(&self, recorded: &Recorded, names: &ActorNames) -> String {
        let actor = &recorded.actor;
        let who = self.desk.language.actor(actor, names.account(actor), names.device(actor));
        Shown(&who).to_string()
    }
}

/// When an item may be released by itself; `None` once that does not matter any more.
pub(super) fn due(pages: &Holding<'_>, hold: &Hold) -> Option<String> {
    let (texts, now) = (pages.texts(), pages.desk.context.info.received);
    let waits = matches!(hold.state, HoldState::Arrived | HoldState::Held | HoldState::WaitingForSignatures);
    let moment = pages.desk.moment(hold.due);
    waits.then(|| match now < hold.due {
        true => texts.due_in(&moment, &texts.0.time_left(hold.due.since(now))),
        false => texts.due_over(&moment),
    })
}

/// Whether an item was opened with a password.
fn was_opened(hold: &Hold) -> bool {
    hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::PasswordGiven))
}

/// The sender of the mail that a content is or came with.
pub(super) fn sender(texts: HoldingTexts, hold: &Hold) -> Option<String> {
    let mail = hold.mail.as_ref()?;
    Some(match mail.sender.as_str() {
        "" => texts.no_sender().to_owned(),
        address => texts.unverified(&Shown(address).to_string()),
    })
}

/// The peculiarities of a content that people should know, in words.
pub(super) fn peculiarities(texts: HoldingTexts, hold: &Hold) -> Vec<&'static str> {
    let labels = hold.look.iter().flat_map(|look| &look.labels).map(|label| texts.0.label(*label));
    hold.overridden.then(|| texts.overridden()).into_iter().chain(labels).collect()
}

/// The name of a file, and the path of its folder without a final slash, in a form that cannot look like another one.
pub(super) fn name_and_folder(path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (Shown(name).to_string(), Shown(folder).to_string())
}

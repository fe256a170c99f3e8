//! The list of items in the holding area, and the form for decisions about several of them.

use http::{Response, StatusCode};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::{LIST, of_item};
use super::forms::words;
use super::item::{due, name_and_folder, peculiarities, sender};
use super::outcome::{MAX_REASON_CHARS, Several};
use super::{Failure, Holding, has_it};
use crate::http::page::form::field;
use crate::http::page::{problem, success};
use crate::intake::{Hold, HoldPage, HoldStates, HoldsAsked, Standing};
use crate::model::{HoldDecision, HoldId, HoldState, Shown, SpaceId};
use crate::net::ResponseBody;
use crate::text::FilesTexts;

/// Decisions that can be made about several items at once. The others need a look at each.
pub(super) const TOGETHER: [HoldDecision; 4] =
    [HoldDecision::Release, HoldDecision::Keep, HoldDecision::Quarantine, HoldDecision::Retry];
/// Most items of one page.
pub(super) const MAX_ITEMS: usize = 50;
/// Most characters of a name that is searched for.
const MAX_SEARCH_CHARS: usize = 200;
/// The words of the query for open items, for those with requests, and for all.
const OPEN: &str = "open";
const ASKED: &str = "asked";
const ALL: &str = "all";

impl Holding<'_> {
    /// The list that the query asks for, with the result of a form about several of its items.
    pub(super) async fn list(
        &self,
        several: &Several,
        status: StatusCode,
    ) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.texts();
        let asked = asked(self.desk.context.parts.uri.query().unwrap_or_default().as_bytes());
        let intake = &self.desk.context.services.intake;
        let found = intake.page(self.desk.accesses.clone(), asked.clone(), MAX_ITEMS).await?;
        let content = if found.spaces.is_empty() {
            html! { p { (texts.no_spaces()) } }
        } else {
            html! {
                (self.told(several))
                p { (if found.decides { texts.about() } else { texts.about_waiting() }) }
                @if found.decides { (self.filter(&asked, &found.spaces)) }
                (self.items(&asked, &found, several))
            }
        };
        Ok(self.page(texts.title(), self.desk.context.address(), content, status))
    }

    /// The form that chooses what the list shows.
    fn filter(&self, asked: &HoldsAsked, spaces: &[SpaceId]) -> Markup {
        let texts = self.texts();
        let option = |value: &str, is_choosable: bool, words: &str| {
            html! { option value=(value) selected[is_choosable] { (words) } }
        };
        html! {
            form.filter method="get" action=(LIST) role="search" aria-label=(texts.filter()) {
                label { (texts.state())
                    select name="state" {
                        (option(OPEN, asked.states == HoldStates::Open, texts.any_open()))
                        (option(ASKED, asked.states == HoldStates::Asked, texts.any_asked()))
                        @for state in HoldState::ALL {
                            (option(
                                state.as_str(),
                                asked.states == HoldStates::One(*state),
                                self.desk.language.hold_state(*state),
                            ))
                        }
                        (option(ALL, asked.states == HoldStates::All, texts.any_state()))
                    }
                }
                label { (texts.space())
                    select name="space" {
                        (option("", asked.space.is_none(), texts.any_space()))
                        @for space in spaces {
                            (option(&space.to_string(), asked.space == Some(*space), &self.space_name(*space)))
                        }
                    }
                }
                label { (texts.search())
                    input type="search" name="q" maxlength=(MAX_SEARCH_CHARS) autocomplete="off" spellcheck="false"
                        value=(asked.name.as_deref().unwrap_or_default());
                }
                button.other { (texts.show()) }
            }
        }
    }

    fn items(&self, asked: &HoldsAsked, found: &HoldPage, several: &Several) -> Markup {
        let texts = self.texts();
        let offered = TOGETHER.into_iter().filter(|one| found.holds.iter().any(|hold| is_for(hold, *one)));
        let offered: Vec<_> = offered.collect();
        html! {
            @if found.holds.is_empty() {
                p role="status" { (if found.next.is_some() { texts.nothing_yet() } else { texts.nothing() }) }
            } @else {
                @let list = html! {
                    ul.items { @for hold in &found.holds { (self.line(hold, several)) } }
                };
                @if offered.is_empty() { (list) } @else {
                    form method="post" action=(address(asked, asked.before)) {
                        (self.desk.token())
                        (list)
                        (self.together(&offered, several))
                    }
                }
            }
            @if asked.before.is_some() || found.next.is_some() {
                nav.paging aria-label=(texts.later_items()) {
                    @if asked.before.is_some() {
                        a href=(address(asked, None)) { (texts.latest_items()) }
                    }
                    @if let Some(next) = found.next {
                        a href=(address(asked, Some(next))) rel="next" { (texts.later_items()) }
                    }
                }
            }
        }
    }

    /// The decisions about the selected items.
    fn together(&self, offered: &[HoldDecision], several: &Several) -> Markup {
        let texts = self.texts();
        html! {
            details open[several.refused.is_some()] {
                summary { (FilesTexts(self.desk.language).selected_title()) }
                p { (texts.several_about()) }
                label { (texts.why())
                    textarea name="reason" rows="2" maxlength=(MAX_REASON_CHARS) { (several.reason) }
                }
                div.controls {
                    @for (place, decision) in offered.iter().enumerate() {
                        button.other[place > 0] name="decision" value=(decision.as_str()) {
                            (words(texts, *decision, Standing::Decides).title)
                        }
                    }
                }
            }
        }
    }

    /// The result of a form about several items.
    fn told(&self, several: &Several) -> Markup {
        let (texts, names) = (self.texts(), FilesTexts(self.desk.language));
        if let Some(why) = &several.refused {
            return problem(why);
        }
        let Some(decision) = several.decision else { return html! {} };
        let title = words(texts, decision, Standing::Decides).title;
        let done = (several.done > 0).then(|| texts.several_done(title, several.done, several.all));
        let first = (several.first > 0).then(|| texts.several_first(several.first, several.all));
        let told: Vec<_> = done.into_iter().chain(first).collect();
        html! {
            @if several.left.is_empty() { (success(&told.join(" "))) } @else {
                div.problem role="alert" {
                    @if !told.is_empty() { p { (told.join(" ")) } }
                    p { (names.not_done()) }
                    ul {
                        @for (name, why) in &several.left {
                            li {
                                @match name {
                                    Some(name) => (names.left_out(name, why)),
                                    None => (why),
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// An item of the list.
    fn line(&self, hold: &Hold, several: &Several) -> Markup {
        let (texts, language) = (self.texts(), self.desk.language);
        let (name, folder) = name_and_folder(&hold.path);
        let place = format!("{}{folder}", Shown(&self.space_name(hold.space)));
        let is_choosable = TOGETHER.into_iter().any(|decision| is_for(hold, decision));
        html! {
            li.choosable[is_choosable] {
                @if is_choosable {
                    input.pick type="checkbox" name="item" value=(hold.id.0)
                        checked[several.selected.contains(&hold.id)]
                        aria-label=(FilesTexts(language).choose(&name));
                }
                h2 { a href=(of_item(hold.id)) { (name) } }
                p.where { (texts.in_space(&place)) " · " (texts.arrived()) ": " (self.desk.moment(hold.arrived)) }
                p.state.alarm[hold.state == HoldState::Quarantined] {
                    (self.state(hold))
                    @if let Some(reason) = hold.reason { ": " (language.hold_reason(reason)) }
                }
                @if let Some(due) = due(self, hold) {
                    p { (texts.due()) ": " (due) }
                }
                @if self.approval(hold).is_some() { p.state { (texts.awaits_second()) } }
                @if hold.requests.iter().any(|request| request.declined.is_none()) {
                    p.state { (if hold.decides() { texts.asked_for() } else { texts.asked_by_you() }) }
                }
                @if has_it(hold, self.desk.session.principal.user) {
                    p { a href={ (of_item(hold.id)) "/original" } { (texts.open_original()) } }
                }
                @if let Some(sender) = sender(texts, hold) { p { (texts.sender()) ": " (sender) } }
                @let found = peculiarities(texts, hold);
                @if !found.is_empty() { p { (texts.found()) ": " (found.join(", ")) } }
                @if hold.pdf.is_some() && !hold.pdf_is_folder { p { a href={ (of_item(hold.id)) "/pdf" } { (texts.open_pdf()) } } }
            }
        }
    }
}

/// Whether the person may make a decision about an item in its present state.
fn is_for(hold: &Hold, decision: HoldDecision) -> bool {
    hold.decisions().any(|possible| possible == decision)
}

/// The choice of items in a query. An invalid value is left out.
fn asked(query: &[u8]) -> HoldsAsked {
    let value = |name| field(query, name).filter(|value| !value.trim().is_empty());
    let states = value("state").and_then(|word| match word.as_str() {
        OPEN => Some(HoldStates::Open),
        ASKED => Some(HoldStates::Asked),
        ALL => Some(HoldStates::All),
        word => HoldState::from_word(word).map(HoldStates::One),
    });
    HoldsAsked {
        states: states.unwrap_or_default(),
        space: value("space").and_then(|space| space.parse().ok()),
        name: value("q").map(|name| name.trim().chars().take(MAX_SEARCH_CHARS).collect()),
        before: value("before").and_then(|id| id.parse().ok()).map(HoldId),
    }
}

/// The address of a list.
fn address(asked: &HoldsAsked, before: Option<HoldId>) -> String {
    let states = match asked.states {
        HoldStates::Open => OPEN,
        HoldStates::Asked => ASKED,
        HoldStates::One(state) => state.as_str(),
        HoldStates::All => ALL,
    };
    let space = asked.space.map(|space| format!("&space={space}")).unwrap_or_default();
    let name = asked.name.as_ref().map(|name| format!("&q={}", utf8_percent_encode(name, NON_ALPHANUMERIC)));
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    format!("{LIST}?state={states}{space}{}{before}", name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_what_it_was_made_from() {
        let space = SpaceId::random();
        for states in
            [HoldStates::Open, HoldStates::Asked, HoldStates::All, HoldStates::One(HoldState::Quarantined)]
        {
            for name in [None, Some("Müller & Söhne \"+%".to_owned())] {
                for (space, before) in [(None, None), (Some(space), Some(HoldId(7)))] {
                    let made = HoldsAsked { states, space, name: name.clone(), before };
                    let address = address(&made, before);
                    let (_, query) = address.split_once('?').unwrap();
                    assert_eq!(asked(query.as_bytes()), made, "{address}");
                    assert!(address.is_ascii() && !address.contains('"'), "{address}");
                }
            }
        }
        for rubbish in ["", "state=x&space=y&before=z&q=+", "q", "space=%00"] {
            assert_eq!(asked(rubbish.as_bytes()), HoldsAsked::default(), "{rubbish}");
        }
    }
}

//! The first page: people and spaces.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{SpaceShown, UserShown};
use crate::http::page::folder::shown_name;
use crate::http::page::form::Fields;
use crate::model::{Role, SpaceKind};
use crate::net::ResponseBody;
use crate::text::{AccountTexts, ServerTexts};

/// Most people and most spaces that are shown at once.
const MOST_NAMES: usize = 200;

impl Office<'_> {
    /// The page of people and spaces; `typed` is the form for a new one that was refused.
    pub(super) async fn list(
        &self,
        outcome: &Outcome,
        typed: &Fields,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let people = self.people().await?;
        let spaces = self.spaces().await?;
        let asked = self.asked_name();
        let people: Vec<_> = people.iter().filter(|person| asked.fits(&person.name)).collect();
        let spaces: Vec<_> = spaces.iter().filter(|space| asked.fits(&space.name)).collect();
        let content = html! {
            (self.above(outcome))
            (self.others())
            (self.search(&Address::List, &asked))
            section {
                h2 { (texts.people()) }
                ul.items {
                    @for person in people.iter().take(MOST_NAMES) {
                        li {
                            a href=(Address::Person(person.name.clone()).path()) { (shown_name(&person.name)) }
                            p.where { (self.of_person(person)) }
                        }
                    }
                }
                (self.rest(people.len()))
                (self.new_person(typed))
            }
            section {
                h2 { (texts.spaces()) }
                ul.items {
                    @for space in spaces.iter().take(MOST_NAMES) {
                        li {
                            a href=(Address::Space(space.name.clone()).path()) { (shown_name(&space.name)) }
                            p.where { (self.of_space(space)) }
                        }
                    }
                }
                (self.rest(spaces.len()))
                (self.new_space(typed))
            }
        };
        Ok(self.page(texts.title(), &Address::List, content, outcome))
    }

    /// The way to the other pages.
    fn others(&self) -> Markup {
        let texts = ServerTexts(self.desk.language);
        let pages = [
            (Address::State, texts.title()),
            (Address::Rights, texts.rights()),
            (Address::Templates, texts.templates()),
            (Address::Details, self.texts().details()),
        ];
        html! { nav.choice aria-label=(texts.pages()) { @for (page, title) in pages { a href=(page.path()) { (title) } } } }
    }

    /// How many names are not shown.
    fn rest(&self, found: usize) -> Markup {
        let left = found.saturating_sub(MOST_NAMES);
        html! { @if left > 0 { p { (ServerTexts(self.desk.language).more(left)) } } }
    }

    /// Role and state of a person.
    pub(super) fn of_person(&self, person: &UserShown) -> String {
        let texts = self.texts();
        let role = Role::from_word(&person.role).map(|role| AccountTexts(self.desk.language).of_role(role));
        let marks = [
            (person.disabled, texts.shut_out()),
            (!person.has_password, texts.no_password()),
            (person.second_factor, texts.with_factor()),
        ];
        let marks = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark);
        role.into_iter().chain(marks).collect::<Vec<_>>().join(", ")
    }

    /// Kind and extent of a space.
    pub(super) fn of_space(&self, space: &SpaceShown) -> String {
        let (texts, language) = (self.texts(), self.desk.language);
        let kind = SpaceKind::from_word(&space.kind).map(|kind| texts.of_kind(kind).to_owned());
        let used = language.size(space.used_bytes);
        let used = match space.quota_bytes {
            Some(quota) => texts.used_of(&used, &language.size(quota)),
            None => texts.used(&used),
        };
        let holds = space.hold_seconds.map(|_| texts.holds().to_owned());
        kind.into_iter().chain([used]).chain(holds).collect::<Vec<_>>().join(", ")
    }

    fn new_person(&self, typed: &Fields) -> Markup {
        let (texts, is_again) = (self.texts(), typed.get("do") == "person");
        let name = if is_again { typed.get("name") } else { "" };
        let role = if is_again { typed.get("role") } else { "staff" };
        html! {
            details open[is_again] {
                summary { (texts.new_person()) }
                form method="post" action=(Address::List.path()) {
                    (self.desk.token())
                    label {
                        (texts.person_name())
                        input type="text" name="name" value=(name) required maxlength="64" autocomplete="off"
                            autocapitalize="none" autofocus[is_again];
                    }
                    (self.roles(role))
                    p { (texts.make_person_about()) }
                    button name="do" value="person" { (texts.make_person()) }
                }
            }
        }
    }

    /// The choice of a role.
    pub(super) fn roles(&self, chosen: &str) -> Markup {
        let words = AccountTexts(self.desk.language);
        html! {
            label {
                (self.texts().role())
                select name="role" {
                    @for role in [Role::Staff, Role::Client, Role::Auditor, Role::Administrator] {
                        option value=(role.as_str()) selected[role.as_str() == chosen] { (words.of_role(role)) }
                    }
                }
            }
        }
    }

    fn new_space(&self, typed: &Fields) -> Markup {
        let (texts, is_again) = (self.texts(), typed.get("do") == "space");
        let (name, chosen) = if is_again { (typed.get("name"), typed.get("kind")) } else { ("", "") };
        let is_mine = !is_again || typed.has("mine");
        html! {
            details open[is_again] {
                summary { (texts.new_space()) }
                form method="post" action=(Address::List.path()) {
                    (self.desk.token())
                    label {
                        (texts.space_name())
                        input type="text" name="name" value=(name) required autocomplete="off" autofocus[is_again];
                    }
                    label {
                        (texts.kind())
                        select name="kind" {
                            @for kind in SpaceKind::ALL {
                                option value=(kind.as_str()) selected[kind.as_str() == chosen] { (texts.of_kind(*kind)) }
                            }
                        }
                    }
                    label.check {
                        input type="checkbox" name="mine" value="yes" checked[is_mine];
                        span { (texts.for_me()) }
                    }
                    label.check {
                        input type="checkbox" name="intake" value="yes" checked[is_again && typed.has("intake")];
                        span { (texts.intake()) }
                    }
                    button name="do" value="space" { (texts.make_space()) }
                }
            }
        }
    }
}

//! The first page: people and spaces.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{SpaceShown, UserShown};
use crate::http::page::folder::shown_name;
use crate::model::{Role, SpaceKind};
use crate::net::ResponseBody;
use crate::text::AccountTexts;

impl Office<'_> {
    pub(super) async fn list(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let people = self.people().await?;
        let spaces = self.spaces().await?;
        let content = html! {
            (self.above(outcome))
            p { a href=(Address::Details.path()) { (texts.details()) } }
            section {
                h2 { (texts.people()) }
                ul.items {
                    @for person in &people {
                        li {
                            a href=(Address::Person(person.name.clone()).path()) { (shown_name(&person.name)) }
                            p.where { (self.of_person(person)) }
                        }
                    }
                }
                (self.new_person())
            }
            section {
                h2 { (texts.spaces()) }
                ul.items {
                    @for space in &spaces {
                        li {
                            a href=(Address::Space(space.name.clone()).path()) { (shown_name(&space.name)) }
                            p.where { (self.of_space(space)) }
                        }
                    }
                }
                (self.new_space())
            }
        };
        Ok(self.page(texts.title(), &Address::List, content, outcome))
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

    fn new_person(&self) -> Markup {
        let texts = self.texts();
        html! {
            details {
                summary { (texts.new_person()) }
                form method="post" action=(Address::List.path()) {
                    (self.desk.token())
                    label {
                        (texts.person_name())
                        input type="text" name="name" required maxlength="64" autocomplete="off" autocapitalize="none";
                    }
                    (self.roles("staff"))
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

    fn new_space(&self) -> Markup {
        let texts = self.texts();
        html! {
            details {
                summary { (texts.new_space()) }
                form method="post" action=(Address::List.path()) {
                    (self.desk.token())
                    label {
                        (texts.space_name())
                        input type="text" name="name" required autocomplete="off";
                    }
                    label {
                        (texts.kind())
                        select name="kind" {
                            @for kind in SpaceKind::ALL {
                                option value=(kind.as_str()) { (texts.of_kind(*kind)) }
                            }
                        }
                    }
                    label.check { input type="checkbox" name="mine" value="yes" checked; span { (texts.for_me()) } }
                    label.check { input type="checkbox" name="intake" value="yes"; span { (texts.intake()) } }
                    button name="do" value="space" { (texts.make_space()) }
                }
            }
        }
    }
}

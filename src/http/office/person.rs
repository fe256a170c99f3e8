//! The page of a person.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{AppPasswordShown, GrantShown, RemovalShown, Reply, Request, UserShown};
use crate::http::page::folder::shown_name;
use crate::http::page::form::Fields;
use crate::http::page::{Width, note};
use crate::http::passkey;
use crate::http::reach::Reach;
use crate::http::signed_in;
use crate::model::{Right, Role};
use crate::net::ResponseBody;
use crate::text::{AdministrationTexts, PasskeyTexts};

impl Office<'_> {
    /// The page of a person; `typed` holds the refused values.
    pub(super) async fn person(
        &self,
        name: &str,
        outcome: &Outcome,
        typed: &Fields,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let people = self.people().await?;
        let Some(person) = people.iter().find(|person| person.name == name) else {
            return Ok(self.nothing());
        };
        let grants = self.grants(Some(name), None).await?;
        let devices = match self.desk.ask(Request::AppPasswordList { user: name.to_owned() }).await {
            Reply::AppPasswords(devices) => devices,
            other => return Err(other.into()),
        };
        let sessions = match self.desk.ask(Request::SessionList { user: name.to_owned() }).await {
            Reply::Sessions(sessions) => sessions,
            other => return Err(other.into()),
        };
        let passkeys = match self.desk.ask(Request::PasskeyList { user: name.to_owned() }).await {
            Reply::Passkeys(passkeys) => passkeys,
            other => return Err(other.into()),
        };
        let removal = match self.desk.ask(Request::UserRemovalPreview { name: name.to_owned() }).await {
            Reply::Removal(removal) => removal,
            other => return Err(other.into()),
        };
        let spaces = self.spaces().await?;
        let here = Address::Person(person.name.clone());
        let content = html! {
            (self.trail())
            (self.above(outcome))
            p.where { (self.of_person(person)) }
            section {
                h2 { (texts.rights()) }
                (self.grant_list(&here, &grants, |grant| &grant.space))
                (self.new_right(&here, ("space", texts.space()), spaces.iter().map(|space| &space.name)))
            }
            (self.reach(person, &people, &here, typed))
            (self.devices(&person.name, &devices))
            (signed_in::list(&self.desk, &here.path(), &sessions))
            section {
                h2 { (PasskeyTexts(self.desk.language).title()) }
                (passkey::list(&self.desk, &here.path(), &passkeys, passkey::Owner::Other))
            }
            section {
                h2 { (texts.settings()) }
                (self.access(person, &here, &removal))
            }
        };
        Ok(self.page(&shown_name(&person.name), &here, content, outcome))
    }

    fn reach(&self, person: &UserShown, people: &[UserShown], here: &Address, typed: &Fields) -> Markup {
        let (texts, nothing) = (self.texts(), Fields::default());
        let typed = if typed.get("do") == "reach" { typed } else { &nothing };
        let until = person.substitute_until.map(|until| self.desk.zone.last_day(until.0).to_string());
        let substitute = typed.get_or("substitute", person.substitute.as_deref().unwrap_or_default());
        let reach = Reach {
            language: typed.get_or("language", &person.language).to_owned(),
            notices: typed.get_or("notices", &person.notices).to_owned(),
            substitute: Some(substitute).filter(|name| !name.is_empty()).map(|name| {
                (name.to_owned(), typed.get_or("until", until.as_deref().unwrap_or_default()).to_owned())
            }),
        };
        let others: Vec<_> =
            people.iter().filter(|other| stands_in(other, person)).map(|other| other.name.clone()).collect();
        html! {
            section {
                h2 { (texts.reach()) }
                form method="post" action=(here.path()) {
                    (self.desk.token())
                    label {
                        (texts.mail())
                        input type="email" name="mail" value=(typed.get_or("mail", &person.mail)) maxlength="200" autocomplete="off";
                    }
                    (reach.fields(self.desk.language, &others))
                    button name="do" value="reach" { (texts.save()) }
                }
            }
        }
    }

    fn devices(&self, person: &str, devices: &[AppPasswordShown]) -> Markup {
        let (texts, here) = (self.texts(), Address::Person(person.to_owned()));
        let used = |device: &AppPasswordShown| match device.last_used {
            Some(used) => texts.last_used(&self.desk.moment(used.0)),
            None => texts.never_used().to_owned(),
        };
        let device_of = |device: &AppPasswordShown| Address::Device(person.to_owned(), device.id).path();
        html! {
            section {
                h2 { (texts.devices()) }
                @if devices.is_empty() { p { (texts.no_devices()) } } @else {
                    ul.items {
                        @for device in devices {
                            li {
                                a href=(device_of(device)) { (shown_name(&device.label)) }
                                p.where { (used(device)) }
                                form method="post" action=(here.path()) {
                                    (self.desk.token())
                                    input type="hidden" name="device" value=(device.id);
                                    button.plain name="do" value="remove-device" { (texts.remove_device()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The forms that end or change how the person signs in.
    fn access(&self, person: &UserShown, here: &Address, removal: &RemovalShown) -> Markup {
        let texts = self.texts();
        let part = |title: &str, about: &str, action: &str, label: &str| {
            self.part(here, title, &html! { p { (about) } }, (action, label))
        };
        let is_own = person.name == self.desk.name();
        let confirm = html! {
            p { (texts.delete_about()) }
            p { (texts.ends(removal.links, removal.app_passwords, removal.passkeys, removal.grants)) }
            label { (texts.type_name()) input type="text" name="confirm" required autocomplete="off" autocapitalize="none"; }
        };
        html! {
            (self.part(here, texts.change_role(), &self.roles(&person.role), ("role", texts.save())))
            @if !is_own { (part(texts.reset(), texts.reset_about(), "reset", texts.reset())) }
            @if person.second_factor {
                (part(texts.remove_factor(), texts.remove_factor_about(), "factor", texts.remove_factor()))
            }
            @if person.disabled {
                (part(texts.enable(), "", "enable", texts.enable()))
            } @else {
                (part(texts.disable(), texts.disable_about(), "disable", texts.disable()))
            }
            (self.part(here, texts.delete(), &confirm, ("delete", texts.delete())))
        }
    }

    /// A closed part of a page with a form of one button.
    pub(super) fn part(
        &self,
        here: &Address,
        title: &str,
        lines: &Markup,
        (action, label): (&str, &str),
    ) -> Markup {
        html! {
            details {
                summary { (title) }
                form method="post" action=(here.path()) {
                    (self.desk.token())
                    (lines)
                    button name="do" value=(action) { (label) }
                }
            }
        }
    }

    /// The rights of a person, or those in a space.
    pub(super) async fn grants(
        &self,
        user: Option<&str>,
        space: Option<&str>,
    ) -> Result<Vec<GrantShown>, Unavailable> {
        let (user, space) = (user.map(str::to_owned), space.map(str::to_owned));
        match self.desk.ask(Request::GrantList { user, space }).await {
            Reply::Grants(grants) => Ok(grants),
            other => Err(other.into()),
        }
    }

    /// Rights, each with the name that `of` chooses.
    pub(super) fn grant_list(
        &self,
        here: &Address,
        grants: &[GrantShown],
        of: impl Fn(&GrantShown) -> &String,
    ) -> Markup {
        let texts = self.texts();
        html! {
            @if grants.is_empty() { p { (texts.no_rights()) } } @else {
                ul.items {
                    @for grant in grants {
                        li {
                            (shown_name(of(grant)))
                            p.where { (words_of(texts, grant)) }
                            (self.part(here, texts.take(), &html! {
                                input type="hidden" name="user" value=(grant.user);
                                input type="hidden" name="space" value=(grant.space);
                                p { (texts.take_about()) }
                            }, ("take", texts.take_now())))
                        }
                    }
                }
            }
        }
    }

    /// The form that gives a right: the field `other` chooses one of the names, and none is chosen beforehand.
    pub(super) fn new_right<'n>(
        &self,
        here: &Address,
        (other, label): (&str, &str),
        names: impl Iterator<Item = &'n String>,
    ) -> Markup {
        let texts = self.texts();
        let lines = html! {
            label {
                (label)
                select name=(other) required {
                    option value="" { (texts.choose()) }
                    @for name in names { option value=(name) { (shown_name(name)) } }
                }
            }
            label {
                (texts.right())
                select name="right" {
                    @for right in [Right::Write, Right::Read, Right::Manage] {
                        option value=(right.as_str()) { (texts.of_right(right)) }
                    }
                }
            }
            label.check { input type="checkbox" name="release" value="yes"; span { (texts.release()) } }
            p { (texts.replaces()) }
        };
        self.part(here, texts.give(), &lines, ("give", texts.give()))
    }

    /// A password that the server made up, once.
    pub(super) fn made_password(&self, name: &str, password: &str) -> Response<ResponseBody> {
        let texts = self.texts();
        let content = html! {
            (note(texts.once()))
            label { (texts.person_name()) input type="text" readonly value=(name); }
            label { (texts.first_password(&shown_name(name))) input type="text" readonly value=(password); }
            p { a.button href=(Address::Person(name.to_owned()).path()) { (texts.onward()) } }
        };
        let title = texts.first_password(&shown_name(name));
        self.desk.page_once((Width::Narrow, &title), content, StatusCode::OK)
    }
}

/// Whether a person may stand in for another: a member of the office.
fn stands_in(other: &UserShown, person: &UserShown) -> bool {
    let works_here = [Role::Staff.as_str(), Role::Administrator.as_str()].contains(&other.role.as_str());
    let is_set = person.substitute.as_ref() == Some(&other.name);
    other.name != person.name && (is_set || (works_here && !other.disabled))
}

fn words_of(texts: AdministrationTexts, grant: &GrantShown) -> String {
    let right = Right::from_word(&grant.right).map(|right| texts.of_right(right)).unwrap_or_default();
    if grant.release { format!("{right}, {}", texts.release()) } else { right.to_owned() }
}

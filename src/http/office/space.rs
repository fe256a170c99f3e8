//! The page of a space.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{IntakeAsked, MailAsked, Request, SpaceShown};
use crate::http::page::folder::shown_name;
use crate::http::page::form::{Fields, field};
use crate::net::ResponseBody;

const GIB: u64 = 1 << 30;
const HOUR: u64 = 3_600;

impl Office<'_> {
    /// The page of a space; `typed` holds the refused values.
    pub(super) async fn space(
        &self,
        name: &str,
        outcome: &Outcome,
        typed: &Fields,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let spaces = self.spaces().await?;
        let Some(space) = spaces.into_iter().find(|space| space.name == name) else {
            return Ok(self.nothing());
        };
        let people = self.people().await?;
        let grants = self.grants(None, Some(name)).await?;
        let here = Address::Space(space.name.clone());
        let content = html! {
            (self.trail())
            (self.above(outcome))
            p.where { (self.of_space(&space)) }
            section {
                h2 { (texts.rights()) }
                (self.grant_list(&here, &grants, |grant| &grant.user))
                (self.new_right(&here, ("user", texts.person()), people.iter().map(|person| &person.name)))
            }
            section {
                h2 { (texts.settings()) }
                (self.settings(&space, &here, typed))
                (self.part(&here, texts.rename(), &html! {
                    label {
                        (texts.space_name())
                        input type="text" name="name" value=(space.name) required autocomplete="off";
                    }
                }, ("rename", texts.rename())))
            }
        };
        Ok(self.page(&shown_name(&space.name), &here, content, outcome))
    }

    fn settings(&self, space: &SpaceShown, here: &Address, typed: &Fields) -> Markup {
        let (texts, is_again) = (self.texts(), typed.get("do") == "settings");
        let value = |name: &str, stored: String| match is_again {
            true => typed.get_or(name, &stored).to_owned(),
            false => stored,
        };
        let number = |name: &str, label: &str, stored: Option<u64>, least: &str| {
            let value = value(name, stored.map(|number| number.to_string()).unwrap_or_default());
            html! {
                label {
                    (label)
                    input type="number" name=(name) value=(value) min=(least) step="1" inputmode="numeric";
                }
            }
        };
        let hours = space.hold_seconds.map(|seconds| seconds.div_ceil(HOUR));
        let is_held = if is_again { typed.has("intake") } else { hours.is_some() };
        let quota = space.quota_bytes.map(|bytes| bytes.div_ceil(GIB));
        html! {
            form method="post" action=(here.path()) {
                (self.desk.token())
                label {
                    (texts.mail_name())
                    input type="text" name="mail" value=(value("mail", space.mail.clone().unwrap_or_default()))
                        maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false";
                }
                (number("quota", texts.quota(), quota, "1"))
                (number("versions", texts.version_days(), Some(space.version_days.into()), "0"))
                (number("trash", texts.trash_days(), Some(space.trash_days.into()), "0"))
                label.check {
                    input type="checkbox" name="intake" value="yes" checked[is_held];
                    span { (texts.intake()) }
                }
                (number("hours", texts.hours(), Some(hours.unwrap_or(12)), "1"))
                button name="do" value="settings" { (texts.save()) }
            }
        }
    }
}

/// The settings that a form asks for; `None` if a number is invalid. A value that is sent as the page showed it stays
/// as exact as it is.
pub(super) fn asked(name: &str, form: &[u8], before: &SpaceShown) -> Option<Request> {
    let number = |name| match field(form, name).unwrap_or_default().trim() {
        "" => Some(None),
        text => text.parse::<u64>().ok().map(Some),
    };
    let gib = number("quota")?.unwrap_or(0);
    let is_same = before.quota_bytes.map_or(0, |bytes| bytes.div_ceil(GIB)) == gib;
    let mail = field(form, "mail").map(|name| name.trim().to_owned());
    let is_other = mail.as_deref() != Some(before.mail.as_deref().unwrap_or_default());
    let mail = mail.map(|name| if name.is_empty() { MailAsked::Off } else { MailAsked::Name(name) });
    let days = |name| number(name)?.map(u32::try_from).transpose().ok();
    let is_on = field(form, "intake").is_some();
    let hold = number("hours")?.filter(|_| is_on).map(|hours| hours.max(1));
    let hold = hold.filter(|hours| before.hold_seconds.map(|seconds| seconds.div_ceil(HOUR)) != Some(*hours));
    let hold = hold.map(|hours| hours.checked_mul(HOUR)).map_or(Some(None), |hold| hold.map(Some))?;
    Some(Request::SpaceSet {
        name: name.to_owned(),
        quota: if is_same { None } else { Some(gib.checked_mul(GIB)?) },
        history: None,
        version_days: days("versions")?,
        trash_days: days("trash")?,
        intake: IntakeAsked { on: Some(is_on), hold, ..IntakeAsked::default() },
        mail: mail.filter(|_| is_other),
    })
}

//! The office's details, as its clients see them.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{OfficeAsked, Reply, Request};
use crate::http::page::form::field;
use crate::net::ResponseBody;

impl Office<'_> {
    pub(super) async fn details(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let office = match self.desk.ask(Request::OfficeShow).await {
            Reply::Office(office) => office,
            other => return Err(other.into()),
        };
        let zone = if office.zone_is_own { office.zone.as_str() } else { "" };
        let line = |name: &str, label: &str, kind: &str, value: &str, hint: &str| -> Markup {
            html! {
                label {
                    (label)
                    input type=(kind) name=(name) value=(value) maxlength="200" placeholder=(hint) autocomplete="off";
                }
            }
        };
        let text = |name: &str, label: &str, value: &str| -> Markup {
            html! { label { (label) textarea name=(name) rows="8" { (value) } } }
        };
        let content = html! {
            (self.trail())
            (self.above(outcome))
            p { (texts.details_about()) }
            form method="post" action=(Address::Details.path()) {
                (self.desk.token())
                (line("name", texts.office_name(), "text", &office.name, ""))
                (line("contact", texts.contact(), "text", &office.contact, ""))
                (line("phone", texts.phone(), "tel", &office.phone, ""))
                (line("mail", texts.mail(), "email", &office.mail, ""))
                (line("web", texts.web(), "url", &office.web, "https://"))
                (line("zone", texts.zone(), "text", zone, &office.zone))
                label {
                    (texts.lock_after())
                    input type="number" name="lock" min="0" max="720" value=(office.lock_seconds.div_ceil(60));
                }
                (text("imprint", texts.imprint(), &office.imprint))
                (text("privacy", texts.privacy(), &office.privacy))
                (text("accessibility", texts.accessibility(), &office.accessibility))
                button name="do" value="details" { (texts.save()) }
            }
        };
        Ok(self.page(texts.details(), &Address::Details, content, outcome))
    }
}

/// The details that a form holds.
pub(super) fn asked(form: &[u8]) -> OfficeAsked {
    // Browsers send lines with both marks of their end.
    let text = |name| field(form, name).map(|text| text.trim().replace("\r\n", "\n"));
    OfficeAsked {
        name: text("name"),
        contact: text("contact"),
        phone: text("phone"),
        mail: text("mail"),
        web: text("web"),
        zone: text("zone"),
        imprint: text("imprint"),
        privacy: text("privacy"),
        accessibility: text("accessibility"),
        lock_seconds: field(form, "lock")
            .and_then(|minutes| Some(minutes.trim().parse::<u64>().ok()?.saturating_mul(60))),
    }
}

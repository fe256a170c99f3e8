//! The office's details, as its clients see them.

use data_encoding::BASE64;
use http::Response;
use http::header::CONTENT_TYPE;
use maud::{Markup, html};

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{OfficeAsked, Reply, Request};
use crate::http::page::form::{Fields, MAX_FORM_BYTES, field};
use crate::http::protocol::multipart::{FILES, whole_form};
use crate::http::session::{FORM_TOKEN, is_own_token};
use crate::model::MAX_LOGO_BYTES;
use crate::net::{RequestBody, ResponseBody};

impl Office<'_> {
    /// The page of the details; `typed` holds the refused values.
    pub(super) async fn details(
        &self,
        outcome: &Outcome,
        typed: &Fields,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.texts();
        let office = match self.desk.ask(Request::OfficeShow).await {
            Reply::Office(office) => office,
            other => return Err(other.into()),
        };
        let zone = if office.zone_is_own { office.zone.as_str() } else { "" };
        let lock = office.lock_seconds.div_ceil(60).to_string();
        let line = |name: &str, label: &str, kind: &str, value: &str, hint: &str| -> Markup {
            html! {
                label {
                    (label)
                    input type=(kind) name=(name) value=(typed.get_or(name, value)) maxlength="200" placeholder=(hint) autocomplete="off";
                }
            }
        };
        let text = |name: &str, label: &str, value: &str| -> Markup {
            html! { label { (label) textarea name=(name) rows="8" { (typed.get_or(name, value)) } } }
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
                    input type="number" name="lock" min="0" max="30" value=(typed.get_or("lock", &lock));
                }
                (text("imprint", texts.imprint(), &office.imprint))
                (text("privacy", texts.privacy(), &office.privacy))
                (text("accessibility", texts.accessibility(), &office.accessibility))
                button name="do" value="details" { (texts.save()) }
            }
            section {
                h2 { (texts.logo()) }
                p { (texts.logo_about()) }
                form method="post" enctype="multipart/form-data" action=(Address::Logo.path()) {
                    (self.desk.token())
                    label { (texts.logo_file()) input type="file" name=(FILES) accept=".png,.jpg,.jpeg" required; }
                    button { (texts.logo_save()) }
                }
                @if office.logo_bytes > 0 {
                    form method="post" action=(Address::Details.path()) {
                        (self.desk.token())
                        button.plain name="do" value="no-logo" { (texts.logo_remove()) }
                    }
                }
            }
        };
        Ok(self.page(texts.details(), &Address::Details, content, outcome))
    }
}

impl Office<'_> {
    /// Keeps the logo that a form brings along.
    pub(super) async fn keep_logo(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        let context = self.desk.context;
        let content_type = context.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let form = whole_form(body, content_type.unwrap_or_default(), MAX_LOGO_BYTES + MAX_FORM_BYTES).await;
        let refused = |code| Outcome::refused(self.desk.language, code);
        let Ok((texts, file)) = form else {
            return self.show(&Address::Details, refused("office-logo-invalid")).await;
        };
        let token = texts.iter().find(|(name, _)| *name == FORM_TOKEN).map(|(_, text)| text.as_str());
        if !is_own_token(context, &self.desk.session.token, token.unwrap_or_default()) {
            return self.desk.forged(&Address::Details.path());
        }
        let logo = Some(BASE64.encode(&file.unwrap_or_default()));
        let asked = OfficeAsked { logo: logo.filter(|logo| !logo.is_empty()), ..OfficeAsked::default() };
        self.then(Request::OfficeSet(asked), &Address::Details, &Fields::default()).await
    }
}

/// The details that a form holds; `None` if a number is none.
pub(super) fn asked(form: &[u8]) -> Option<OfficeAsked> {
    if field(form, "do").is_some_and(|action| *action == "no-logo") {
        return Some(OfficeAsked { logo: Some(String::new()), ..OfficeAsked::default() });
    }
    // Browsers send lines with both marks of their end.
    let text = |name| field(form, name).map(|text| text.trim().replace("\r\n", "\n"));
    let lock_seconds = match text("lock").as_deref() {
        None | Some("") => None,
        Some(minutes) => Some(minutes.parse::<u64>().ok()?.saturating_mul(60)),
    };
    Some(OfficeAsked {
        name: text("name"),
        contact: text("contact"),
        phone: text("phone"),
        mail: text("mail"),
        web: text("web"),
        zone: text("zone"),
        imprint: text("imprint"),
        privacy: text("privacy"),
        accessibility: text("accessibility"),
        logo: None,
        lock_seconds,
    })
}

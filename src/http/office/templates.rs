//! Templates for requests: those in the program, and the office's own versions.

use http::Response;
use maud::html;

use super::address::Address;
use super::{Office, Outcome, Unavailable};
use crate::admin::{Reply, Request};
use crate::http::reply::see_other;
use crate::net::ResponseBody;
use crate::text::{FilesTexts, ServerTexts};

/// Codes of a text that is no template.
const FORM_CODES: [&str; 3] = ["template-invalid", "naming-invalid", "reminder-plan-invalid"];

impl Office<'_> {
    pub(super) async fn templates(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = ServerTexts(self.desk.language);
        let templates = match self.desk.ask(Request::TemplateList).await {
            Reply::Templates(templates) => templates,
            other => return Err(other.into()),
        };
        let content = html! {
            (self.trail())
            (self.above(outcome))
            p { (texts.templates_about()) }
            ul.items {
                @for template in &templates {
                    li {
                        a href=(Address::Template(template.name.clone()).path()) { (template.title) }
                        p.where {
                            (template.name) ", " (texts.template_items(template.items))
                            @if template.own { ", " (texts.own_template()) }
                        }
                    }
                }
            }
        };
        Ok(self.page(texts.templates(), &Address::Templates, content, outcome))
    }

    /// One template as text, to be changed; `typed` is the refused text.
    pub(super) async fn template(
        &self,
        name: &str,
        typed: Option<&str>,
        outcome: &Outcome,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = ServerTexts(self.desk.language);
        let stored = match self.desk.ask(Request::TemplateShow { name: name.to_owned() }).await {
            Reply::Text(text) => text,
            Reply::Refused { code, .. } if code == "template-unknown" => return Ok(self.nothing()),
            other => return Err(other.into()),
        };
        let here = Address::Template(name.to_owned());
        let content = html! {
            (self.trail())
            nav.trail aria-label=(FilesTexts(self.desk.language).path()) { a href=(Address::Templates.path()) { (texts.templates()) } }
            (self.above(outcome))
            form method="post" action=(here.path()) {
                (self.desk.token())
                label {
                    (texts.template_text())
                    textarea.code name="text" rows="24" spellcheck="false" { (typed.unwrap_or(&stored)) }
                }
                p { (texts.template_how()) }
                button name="do" value="template" { (texts.save_template()) }
            }
        };
        Ok(self.page(name, &here, content, outcome))
    }

    /// Keeps a template that a form sent.
    pub(super) async fn keep_template(&self, name: &str, text: &str) -> Response<ResponseBody> {
        let texts = ServerTexts(self.desk.language);
        let kept = self.desk.ask(Request::TemplateImport { text: text.to_owned() }).await;
        let Reply::Refused { code, text: why } = kept else {
            return see_other(&format!("{}?done", Address::Templates.path()));
        };
        let outcome = match FORM_CODES.contains(&code.as_str()) {
            // The reason names line and key, in the words of the format.
            true => Outcome::Refused(texts.template_refused(&why).into()),
            false => Outcome::refused(self.desk.language, &code),
        };
        let page = self.template(name, Some(text), &outcome).await;
        self.made(page)
    }
}

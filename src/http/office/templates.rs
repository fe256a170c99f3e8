//! Templates for requests: those in the program, and the office's own versions; as a form, and as text to take along.

use http::Response;
use maud::{Markup, html};

use super::address::Address;
use super::template_form::{Fault, Step, TemplateForm};
use super::template_page::Fieldset;
use super::{Office, Outcome, Unavailable};
use crate::admin::{Reply, Request, TemplateShown};
use crate::http::page::form::{Fields, field};
use crate::http::page::note;
use crate::http::reply::see_other;
use crate::net::ResponseBody;
use crate::sharing::{Template, TemplateError, TemplatePart};
use crate::text::{FilesTexts, ServerTexts, TemplateTexts};

/// The parts of a page of a template besides its form.
struct Around {
    /// The text that was refused.
    typed_text: Option<String>,
    /// Whether what was typed differs from what is stored.
    is_changed: bool,
    opened: usize,
    outcome: Outcome,
}

impl Around {
    fn of(outcome: Outcome) -> Self {
        Self { typed_text: None, is_changed: false, opened: 0, outcome }
    }
}

impl Office<'_> {
    pub(super) async fn templates(&self, outcome: &Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = ServerTexts(self.desk.language);
        let content = html! {
            (self.trail())
            (self.above(outcome))
            p { (texts.templates_about()) }
            p { a.button href=(Address::NewTemplate.path()) { (self.template_texts().new_template()) } }
            ul.items {
                @for template in &self.all_templates().await? {
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

    /// The form of a new template, empty or like that which the address names.
    pub(super) async fn new_template(&self, outcome: Outcome) -> Result<Response<ResponseBody>, Unavailable> {
        let from = field(self.desk.query().as_bytes(), "from").map(|name| name.to_string());
        let form = match from {
            None => TemplateForm::new(),
            Some(from) => match self.stored(&from).await? {
                Some(template) => TemplateForm { name: String::new(), ..TemplateForm::of(&template) },
                None => return Ok(self.nothing()),
            },
        };
        Ok(self.new_page(&form, &[], &Around::of(outcome)))
    }

    /// The form of a stored template.
    pub(super) async fn template(
        &self,
        name: &str,
        outcome: Outcome,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        match self.stored(name).await? {
            Some(template) => {
                self.template_page(name, &TemplateForm::of(&template), &[], Around::of(outcome)).await
            }
            None => Ok(self.nothing()),
        }
    }

    /// Carries out the form of a new template, or of that of this name.
    pub(super) async fn act_on_template(&self, name: Option<&str>, form: &[u8]) -> Response<ResponseBody> {
        let action = field(form, "do").unwrap_or_default();
        let made = match action.as_str() {
            "template" => self.keep_text(name, &field(form, "text").unwrap_or_default()).await,
            "reset" | "delete" => match name {
                Some(name) => self.take_away(name, &action, field(form, "sure").is_some()).await,
                None => Ok(self.nothing()),
            },
            word => match Step::of(word) {
                Some(step) => self.step(name, step, &Fields::of(form)).await,
                None => return self.show(&template_address(name), Outcome::Nothing).await,
            },
        };
        self.made(made)
    }

    async fn step(
        &self,
        name: Option<&str>,
        step: Step,
        fields: &Fields,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        if let Some(name) = name
            && self.stored(name).await?.is_none()
        {
            return Ok(self.nothing());
        }
        let mut form = TemplateForm::typed(name, fields);
        if step != Step::Save {
            let opened = if step == Step::Stay { 0 } else { step.leads_to(form.items.len()) };
            form.step(step);
            let around = Around { is_changed: true, opened, ..Around::of(Outcome::Nothing) };
            return self.form_page(name, &form, &[], around).await;
        }
        let texts = self.template_texts();
        let (template, mut faults) = form.template(texts);
        if name.is_none() && self.all_templates().await?.iter().any(|one| one.name == template.name) {
            faults.push(Fault { part: TemplatePart::Name, why: texts.taken().to_owned() });
        }
        let outcome = match faults.is_empty() {
            true => match self.desk.ask(Request::TemplateImport { text: template.text() }).await {
                Reply::Refused { code, .. } => Outcome::refused(self.desk.language, &code),
                _ => return Ok(see_other(&format!("{}?done", Address::Templates.path()))),
            },
            false => Outcome::Refused(texts.faults().into()),
        };
        self.form_page(name, &form, &faults, Around { is_changed: true, ..Around::of(outcome) }).await
    }

    /// Keeps a template that was sent as text.
    async fn keep_text(&self, name: Option<&str>, text: &str) -> Result<Response<ResponseBody>, Unavailable> {
        let (texts, language) = (ServerTexts(self.desk.language), self.desk.language);
        let outcome = match Template::parse(text) {
            Err(error) => Outcome::Refused(texts.template_refused(&self.reason(text, &error)).into()),
            Ok(_) => match self.desk.ask(Request::TemplateImport { text: text.to_owned() }).await {
                Reply::Refused { code, .. } => Outcome::refused(language, &code),
                _ => return Ok(see_other(&format!("{}?done", Address::Templates.path()))),
            },
        };
        let form = match name {
            None => TemplateForm::new(),
            Some(name) => match self.stored(name).await? {
                Some(template) => TemplateForm::of(&template),
                None => return Ok(self.nothing()),
            },
        };
        let around = Around { typed_text: Some(text.to_owned()), ..Around::of(outcome) };
        self.form_page(name, &form, &[], around).await
    }

    /// Why a text is no template, in the reader's language.
    fn reason(&self, text: &str, error: &TemplateError) -> String {
        let texts = self.template_texts();
        match error {
            TemplateError::Form { line, .. } => texts.bad_line(*line),
            TemplateError::TooLong => texts.too_long().to_owned(),
            _ => {
                let faults = Template::faults_of(text);
                let faults = faults.iter().map(|fault| {
                    let Fault { part, why } = Fault::of(fault, texts);
                    part.item().map_or_else(|| why.clone(), |number| format!("{}: {why}", texts.item(number)))
                });
                faults.collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Removes the office's version of a template, once that was confirmed.
    async fn take_away(
        &self,
        name: &str,
        action: &str,
        is_sure: bool,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let name = name.to_owned();
        if !is_sure {
            let why = self.template_texts().not_sure();
            return self.template(&name, Outcome::Refused(why.into())).await;
        }
        let (request, result) = match action {
            "reset" => (Request::TemplateReset { name: name.clone() }, "done"),
            _ => (Request::TemplateRemove { name: name.clone() }, "removed"),
        };
        match self.desk.ask(request).await {
            Reply::Refused { code, .. } => {
                self.template(&name, Outcome::refused(self.desk.language, &code)).await
            }
            _ => Ok(see_other(&format!("{}?{result}", Address::Templates.path()))),
        }
    }

    async fn form_page(
        &self,
        name: Option<&str>,
        form: &TemplateForm,
        faults: &[Fault],
        around: Around,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        match name {
            Some(name) => self.template_page(name, form, faults, around).await,
            None => Ok(self.new_page(form, faults, &around)),
        }
    }

    fn new_page(&self, form: &TemplateForm, faults: &[Fault], around: &Around) -> Response<ResponseBody> {
        let here = Address::NewTemplate;
        let content = html! {
            (self.template_trail())
            (self.above(&around.outcome))
            (self.fields(&here.path(), form, faults, (true, around)))
            (self.as_text(&here, "", around))
        };
        self.page(self.template_texts().new_template(), &here, content, &around.outcome)
    }

    async fn template_page(
        &self,
        name: &str,
        form: &TemplateForm,
        faults: &[Fault],
        around: Around,
    ) -> Result<Response<ResponseBody>, Unavailable> {
        let texts = self.template_texts();
        let Some(stored) = self.stored(name).await? else { return Ok(self.nothing()) };
        let all = self.all_templates().await?;
        let is_own =
            |shipped: bool| all.iter().any(|one| one.name == name && one.own && one.shipped == shipped);
        let here = Address::Template(name.to_owned());
        let content = html! {
            (self.template_trail())
            (self.above(&around.outcome))
            (self.fields(&here.path(), form, faults, (false, &around)))
            p { a.button.other href={ (Address::NewTemplate.path()) "?from=" (name) } { (texts.copy()) } }
            (self.as_text(&here, &stored.text(), &around))
            @if is_own(true) {
                (self.sure(&here, "reset", texts.reset(), (texts.reset_about(), texts.reset_sure())))
            }
            @if is_own(false) {
                (self.sure(&here, "delete", texts.delete(), (texts.delete_about(), texts.delete_sure())))
            }
        };
        Ok(self.page(name, &here, content, &around.outcome))
    }

    fn fields(
        &self,
        action: &str,
        form: &TemplateForm,
        faults: &[Fault],
        (is_new, around): (bool, &Around),
    ) -> Markup {
        let texts = self.template_texts();
        let fields = Fieldset { texts, form, faults, action, is_new, opened: around.opened };
        html! {
            @if around.is_changed { (note(texts.not_saved())) }
            (fields.show(&self.desk.token()))
        }
    }

    /// The template as text, folded in unless one was refused.
    fn as_text(&self, here: &Address, stored: &str, around: &Around) -> Markup {
        let texts = ServerTexts(self.desk.language);
        html! {
            details open[around.typed_text.is_some()] {
                summary { (self.template_texts().as_text()) }
                form method="post" action=(here.path()) {
                    (self.desk.token())
                    label {
                        (texts.template_text())
                        textarea.code name="text" rows="24" spellcheck="false" {
                            "\n" (around.typed_text.as_deref().unwrap_or(stored))
                        }
                    }
                    p { (texts.template_how()) }
                    button name="do" value="template" { (texts.save_template()) }
                }
            }
        }
    }

    /// An action that cannot be taken back, behind a box to tick.
    fn sure(&self, here: &Address, action: &str, title: &str, (about, sure): (&str, &str)) -> Markup {
        html! {
            details {
                summary { (title) }
                p { (about) }
                form method="post" action=(here.path()) {
                    (self.desk.token())
                    label.check { input type="checkbox" name="sure" value="yes" required; span { (sure) } }
                    button name="do" value=(action) { (title) }
                }
            }
        }
    }

    async fn all_templates(&self) -> Result<Vec<TemplateShown>, Unavailable> {
        match self.desk.ask(Request::TemplateList).await {
            Reply::Templates(templates) => Ok(templates),
            other => Err(other.into()),
        }
    }

    /// The template of this name, if there is one.
    async fn stored(&self, name: &str) -> Result<Option<Template>, Unavailable> {
        match self.desk.ask(Request::TemplateShow { name: name.to_owned() }).await {
            Reply::Text(text) => Ok(Template::parse(&text).ok()),
            Reply::Refused { code, .. } if code == "template-unknown" => Ok(None),
            other => Err(other.into()),
        }
    }

    fn template_trail(&self) -> Markup {
        let (path, templates) =
            (FilesTexts(self.desk.language).path(), ServerTexts(self.desk.language).templates());
        html! {
            nav.trail aria-label=(path) {
                a href=(Address::List.path()) { (self.texts().title()) } " / "
                a href=(Address::Templates.path()) { (templates) }
            }
        }
    }

    fn template_texts(&self) -> TemplateTexts {
        TemplateTexts(self.desk.language)
    }
}

fn template_address(name: Option<&str>) -> Address {
    name.map_or(Address::NewTemplate, |name| Address::Template(name.to_owned()))
}

//! The fields and buttons of the form of a template.

use maud::{Markup, html};

use super::template_form::{Fault, ItemForm, TemplateForm};
use crate::model::MOST_DAYS_BEFORE;
use crate::sharing::{
    MAX_HELP, MAX_ITEMS, MAX_NAMING, MAX_NOTE, MAX_PERSON, MAX_TEMPLATE_NAME, MAX_TITLE, Naming, TemplatePart,
};
use crate::text::TemplateTexts;

/// A form on a page.
pub(super) struct Fieldset<'a> {
    pub(super) texts: TemplateTexts,
    pub(super) form: &'a TemplateForm,
    pub(super) faults: &'a [Fault],
    /// Where the form goes.
    pub(super) action: &'a str,
    /// Whether it is the form of a new template, which still gets its name.
    pub(super) is_new: bool,
    /// The item of which all fields are shown; 0 for none.
    pub(super) opened: usize,
}

impl Fieldset<'_> {
    /// All fields and buttons; `token` is that of the session.
    pub(super) fn show(&self, token: &Markup) -> Markup {
        let Self { texts, form, .. } = self;
        let count = form.items.len();
        html! {
            form method="post" action=(self.action) {
                (token)
                // The Enter key takes the first button: it must not save, and not remove anything.
                button.unseen name="do" value="stay" tabindex="-1" aria-hidden="true" { (texts.not_saved()) }
                input type="hidden" name="items" value=(count);
                @if self.is_new {
                    (self.line((texts.short_name(), "name"), TemplatePart::Name, &form.name, MAX_TEMPLATE_NAME))
                    p.hint { (texts.short_name_about()) }
                }
                (self.line((texts.title(), "title"), TemplatePart::Title, &form.title, MAX_TITLE))
                (self.text((texts.note(), "note"), TemplatePart::Note, &form.note, MAX_NOTE))
                (self.line((texts.naming(), "naming"), TemplatePart::Naming, &form.naming, MAX_NAMING))
                p.hint {
                    (texts.naming_about())
                    @for place in Naming::PLACES { " " code { "{" (place) "}" } }
                }
                (self.line((texts.remind(), "remind"), TemplatePart::Remind, &form.remind, MAX_TITLE))
                p.hint { (texts.remind_about()) }
                label.check { input type="checkbox" name="code" value="yes" checked[form.code]; span { (texts.code()) } }
                @for (at, item) in form.items.iter().enumerate() { (self.item(at + 1, item)) }
                (self.fault(TemplatePart::Items))
                @if count < MAX_ITEMS {
                    button.other name="do" value="add" formaction=(self.at(count + 1)) { (texts.add()) }
                }
                button name="do" value="save" { (texts.save()) }
            }
        }
    }

    fn item(&self, number: usize, item: &ItemForm) -> Markup {
        let texts = self.texts;
        let count = self.form.items.len();
        let name = |field: &str| format!("{field}-{number}");
        let parts = [
            TemplatePart::ItemHelp(number),
            TemplatePart::ItemPerson(number),
            TemplatePart::ItemUntil(number),
        ];
        let is_open = self.opened == number || parts.iter().any(|part| self.why(*part).is_some());
        html! {
            fieldset.group id={ "item-" (number) } {
                legend { (texts.item(number)) }
                (self.line((texts.item_title(), &name("title")), TemplatePart::ItemTitle(number), &item.title, MAX_TITLE))
                details open[is_open] {
                    summary { (texts.item_more()) }
                    (self.text((texts.item_help(), &name("help")), TemplatePart::ItemHelp(number), &item.help, MAX_HELP))
                    (self.line((texts.item_person(), &name("person")), TemplatePart::ItemPerson(number), &item.person, MAX_PERSON))
                    (self.line((texts.item_until(), &name("until")), TemplatePart::ItemUntil(number), &item.until, MOST_DIGITS))
                    label.check {
                        input type="checkbox" name=(name("several")) value="yes" checked[item.several];
                        span { (texts.item_several()) }
                    }
                }
                div.moves {
                    @if number > 1 {
                        button.other name="do" value=(name("up")) formaction=(self.at(number - 1)) aria-label=(texts.up(number)) { "↑" }
                    }
                    @if number < count {
                        button.other name="do" value=(name("down")) formaction=(self.at(number + 1)) aria-label=(texts.down(number)) { "↓" }
                    }
                    button.plain name="do" value=(name("remove")) formaction=(self.at(number.min(count - 1).max(1)))
                        aria-label={ (texts.remove()) ": " (texts.item(number)) } { (texts.remove()) }
                }
            }
        }
    }

    /// The address of an item, which the browser then shows.
    fn at(&self, number: usize) -> String {
        format!("{}#item-{number}", self.action)
    }

    fn line(&self, (label, name): (&str, &str), part: TemplatePart, value: &str, most: usize) -> Markup {
        let fault = self.why(part).map(|_| format!("why-{name}"));
        html! {
            label { (label)
                input type="text" name=(name) value=(value) maxlength=(most) autocomplete="off"
                    aria-invalid=[fault.as_ref().map(|_| "true")] aria-describedby=[fault.as_ref()];
            }
            (self.named_fault(part, name))
        }
    }

    fn text(&self, (label, name): (&str, &str), part: TemplatePart, value: &str, most: usize) -> Markup {
        let fault = self.why(part).map(|_| format!("why-{name}"));
        html! {
            label { (label)
                textarea name=(name) rows="3" maxlength=(most)
                    aria-invalid=[fault.as_ref().map(|_| "true")] aria-describedby=[fault.as_ref()] {
                    // A browser leaves out the first line end, which may be the text's own.
                    "\n" (value)
                }
            }
            (self.named_fault(part, name))
        }
    }

    fn named_fault(&self, part: TemplatePart, name: &str) -> Markup {
        html! { @if let Some(why) = self.why(part) { p.problem id={ "why-" (name) } { (why) } } }
    }

    fn fault(&self, part: TemplatePart) -> Markup {
        html! { @if let Some(why) = self.why(part) { p.problem { (why) } } }
    }

    fn why(&self, part: TemplatePart) -> Option<&str> {
        self.faults.iter().find(|fault| fault.part == part).map(|fault| fault.why.as_str())
    }
}

/// Longest number of days that can be typed, in characters.
const MOST_DIGITS: usize = 3;

const _: () = assert!(MOST_DAYS_BEFORE < 1000, "a number of days has three digits");

//! A template as a form has it: what was typed, valid or not, and the steps that change the list of its items.

use crate::http::page::form::Fields;
use crate::http::page::plan;
use crate::model::{ItemUntil, MOST_DAYS_BEFORE, ReminderPlan};
use crate::sharing::{
    DEFAULT_NAMING, MAX_HELP, MAX_ITEMS, MAX_NOTE, MAX_PERSON, MAX_TITLE, Template, TemplateError,
    TemplateItem, TemplatePart,
};
use crate::text::TemplateTexts;

/// The texts of a form, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TemplateForm {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) naming: String,
    /// Days before the deadline, as people write them.
    pub(super) remind: String,
    /// Whether links open by a code.
    pub(super) code: bool,
    pub(super) items: Vec<ItemForm>,
}

/// An item of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ItemForm {
    pub(super) title: String,
    pub(super) help: String,
    pub(super) person: String,
    /// A number of days before the deadline; may be empty.
    pub(super) until: String,
    pub(super) several: bool,
}

/// The action of a button. Items are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Shows the form again: what the Enter key does in a field.
    Stay,
    Save,
    Add,
    Up(usize),
    Down(usize),
    Remove(usize),
}

/// A field that cannot be kept, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) part: TemplatePart,
    pub(super) why: String,
}

impl Step {
    /// The step that the value of a button names.
    pub(super) fn of(word: &str) -> Option<Self> {
        let (word, number) = word.split_once('-').unwrap_or((word, ""));
        let number = number.parse().ok();
        Some(match (word, number) {
            ("stay", None) => Self::Stay,
            ("save", None) => Self::Save,
            ("add", None) => Self::Add,
            ("up", Some(number)) => Self::Up(number),
            ("down", Some(number)) => Self::Down(number),
            ("remove", Some(number)) => Self::Remove(number),
            _ => return None,
        })
    }

    /// The item that the page shows after it, of so many before it.
    pub(super) fn leads_to(self, items: usize) -> usize {
        match self {
            Self::Stay | Self::Save => 1,
            Self::Add => items + 1,
            Self::Up(number) => number.saturating_sub(1).max(1),
            Self::Down(number) => (number + 1).min(items),
            Self::Remove(number) => number.min(items.saturating_sub(1)).max(1),
        }
    }
}

impl ItemForm {
    fn new() -> Self {
        Self {
            title: String::new(),
            help: String::new(),
            person: String::new(),
            until: String::new(),
            several: true,
        }
    }

    fn of(item: &TemplateItem) -> Self {
        let until = match item.until {
            Some(ItemUntil::DaysBefore(days)) => days.to_string(),
            Some(ItemUntil::On(_)) | None => String::new(),
        };
        Self {
            title: item.title.clone(),
            help: item.help.clone(),
            person: item.person.clone(),
            until,
            several: item.several,
        }
    }

    /// The item; without a time if that is none.
    fn item(&self) -> TemplateItem {
        TemplateItem {
            help: self.help.clone(),
            person: self.person.clone(),
            several: self.several,
            until: self.days().ok().flatten().map(ItemUntil::DaysBefore),
            ..TemplateItem::titled(self.title.clone())
        }
    }

    /// The days before the deadline; `None` for an empty field, an error if they are no number or too many.
    fn days(&self) -> Result<Option<u16>, ()> {
        if self.until.is_empty() {
            return Ok(None);
        }
        self.until.parse().ok().filter(|days| (1..=MOST_DAYS_BEFORE).contains(days)).map(Some).ok_or(())
    }
}

impl TemplateForm {
    /// The form of a new template.
    pub(super) fn new() -> Self {
        Self {
            naming: DEFAULT_NAMING.to_owned(),
            remind: plan::written(&ReminderPlan::default()),
            items: vec![ItemForm::new()],
            ..Self::default()
        }
    }

    /// The form of a stored template.
    pub(super) fn of(template: &Template) -> Self {
        Self {
            name: template.name.clone(),
            title: template.title.clone(),
            note: template.note.clone(),
            naming: template.naming.clone(),
            remind: plan::written(&template.plan().unwrap_or_default()),
            code: template.code_by_mail,
            items: template.items.iter().map(ItemForm::of).collect(),
        }
    }

    /// What was typed into the form of a template of this name; of a new one, if there is none.
    pub(super) fn typed(name: Option<&str>, fields: &Fields) -> Self {
        let line = |name: &str| fields.get(name).trim().to_owned();
        // Browsers send other line ends than a template has.
        let text = |name: &str| fields.get(name).replace("\r\n", "\n").trim().to_owned();
        let count = fields.get("items").parse().unwrap_or(0).min(MAX_ITEMS);
        let item = |number: usize| ItemForm {
            title: line(&format!("title-{number}")),
            help: text(&format!("help-{number}")),
            person: line(&format!("person-{number}")),
            until: line(&format!("until-{number}")),
            several: fields.has(&format!("several-{number}")),
        };
        Self {
            name: name.map_or_else(|| line("name"), str::to_owned),
            title: line("title"),
            note: text("note"),
            naming: line("naming"),
            remind: line("remind"),
            code: fields.has("code"),
            items: (1..=count).map(item).collect(),
        }
    }

    /// Changes the list of items; a step that cannot be done changes nothing.
    pub(super) fn step(&mut self, step: Step) {
        let items = &mut self.items;
        match step {
            Step::Add if items.len() < MAX_ITEMS => items.push(ItemForm::new()),
            Step::Up(number) if (2..=items.len()).contains(&number) => items.swap(number - 1, number - 2),
            Step::Down(number) if (1..items.len()).contains(&number) => items.swap(number - 1, number),
            Step::Remove(number) if (1..=items.len()).contains(&number) => drop(items.remove(number - 1)),
            _ => {}
        }
    }

    /// The template, and all that is wrong with it. Where there is a fault, it is not to be stored.
    pub(super) fn template(&self, texts: TemplateTexts) -> (Template, Vec<Fault>) {
        let plan = plan::typed(&self.remind);
        let template = Template {
            name: self.name.clone(),
            title: self.title.clone(),
            note: self.note.clone(),
            naming: self.naming.clone(),
            // The usual days need not be written down, so that they follow the program.
            remind: plan.as_ref().filter(|plan| **plan != ReminderPlan::default()).map(ToString::to_string),
            code_by_mail: self.code,
            items: self.items.iter().map(ItemForm::item).collect(),
        };
        let mut faults: Vec<_> = template.faults().iter().map(|fault| Fault::of(fault, texts)).collect();
        if plan.is_none() {
            faults.push(Fault { part: TemplatePart::Remind, why: texts.bad_remind().to_owned() });
        }
        for (at, item) in self.items.iter().enumerate() {
            if item.days().is_err() {
                faults.push(Fault {
                    part: TemplatePart::ItemUntil(at + 1),
                    why: texts.bad_until(MOST_DAYS_BEFORE),
                });
            }
        }
        (template, faults)
    }
}

impl Fault {
    /// A fault in the reader's language.
    pub(super) fn of((part, _): &(TemplatePart, TemplateError), texts: TemplateTexts) -> Self {
        let why = match part {
            TemplatePart::Name => texts.bad_name().to_owned(),
            TemplatePart::Title | TemplatePart::ItemTitle(_) => texts.bad_title(MAX_TITLE),
            TemplatePart::Note => texts.bad_text(MAX_NOTE),
            TemplatePart::ItemHelp(_) => texts.bad_text(MAX_HELP),
            TemplatePart::Naming => texts.bad_naming().to_owned(),
            TemplatePart::Remind => texts.bad_remind().to_owned(),
            TemplatePart::Items => texts.bad_items(MAX_ITEMS),
            TemplatePart::ItemPerson(_) => texts.bad_person(MAX_PERSON),
            TemplatePart::ItemUntil(_) => texts.bad_until(MOST_DAYS_BEFORE),
        };
        Self { part: *part, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    fn titles(form: &TemplateForm) -> String {
        form.items.iter().map(|item| item.title.as_str()).collect()
    }

    #[test]
    fn a_shipped_template_goes_through_the_form_unchanged() {
        for template in Template::shipped() {
            let (again, faults) = TemplateForm::of(&template).template(TemplateTexts(Language::German));
            assert_eq!((again, faults), (template, Vec::new()));
        }
    }

    #[test]
    fn steps_move_items_and_lose_none() {
        let item = |title: &str| ItemForm { title: title.to_owned(), ..ItemForm::new() };
        let start = TemplateForm { items: ["a", "b", "c"].map(item).into(), ..TemplateForm::default() };
        for (word, expected, leads_to) in [
            ("stay", "abc", 1),
            ("save", "abc", 1),
            ("add", "abc", 4),
            ("up-1", "abc", 1),
            ("up-2", "bac", 1),
            ("up-4", "abc", 3),
            ("down-1", "bac", 2),
            ("down-3", "abc", 3),
            ("down-0", "abc", 1),
            ("remove-3", "ab", 2),
            ("remove-1", "bc", 1),
            ("remove-9", "abc", 2),
        ] {
            let (mut form, step) = (start.clone(), Step::of(word).unwrap());
            form.step(step);
            assert_eq!((titles(&form).as_str(), step.leads_to(3)), (expected, leads_to), "{word}");
        }
        let mut full = TemplateForm { items: vec![item("a"); MAX_ITEMS], ..TemplateForm::default() };
        full.step(Step::Add);
        assert_eq!(full.items.len(), MAX_ITEMS);
        for wrong in ["", "up", "up-x", "save-1", "delete"] {
            assert_eq!(Step::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_fault_is_named_at_its_field() {
        let typed =
            "title=&note=a%0D%0Ab&naming={x}&remind=x&items=2&title-1=A&until-1=367&several-1=yes&title-2=";
        let form = TemplateForm::typed(Some("own"), &Fields::of(typed.as_bytes()));
        assert_eq!((form.note.as_str(), form.items[0].several, form.items[1].several), ("a\nb", true, false));
        let (_, faults) = form.template(TemplateTexts(Language::English));
        let parts: Vec<_> = faults.iter().map(|fault| fault.part).collect();
        assert_eq!(
            parts,
            [
                TemplatePart::Title,
                TemplatePart::Naming,
                TemplatePart::ItemTitle(2),
                TemplatePart::Remind,
                TemplatePart::ItemUntil(1)
            ]
        );
        assert_eq!(TemplateForm::typed(None, &Fields::of(b"items=999999")).items.len(), MAX_ITEMS);
    }
}

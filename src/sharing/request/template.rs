//! Templates of requests: those in the program, and the office's own, in TOML.

use serde::{Deserialize, Serialize};

use super::naming::{DEFAULT_NAMING, Naming, NamingError};
use super::{MAX_NOTE, RequestError, is_line, is_text, is_title};
use crate::model::{Event, Handouts, InstanceEvent, ItemUntil, ParsePlanError, ReminderPlan, Stamp};
use crate::sharing::Sharing;

/// Most items of a request.
pub const MAX_ITEMS: usize = 100;
/// Longest template in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 128 * 1024;
/// Longest help of an item in characters.
pub const MAX_HELP: usize = 1_000;
/// Longest name of the person whose document an item is, in characters.
pub const MAX_PERSON: usize = 40;
/// Longest name of a template in characters.
pub const MAX_TEMPLATE_NAME: usize = 60;
/// Most templates that an office has imported.
const MAX_TEMPLATES: usize = 200;

/// The templates in the program.
const SHIPPED: [&str; 5] = [
    include_str!("templates/einkommensteuer.toml"),
    include_str!("templates/buchfuehrung.toml"),
    include_str!("templates/jahresabschluss.toml"),
    include_str!("templates/lohn.toml"),
    include_str!("templates/mandatsaufnahme.toml"),
];

/// A template: the items of a request, and how its files are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name for the command line: lower-case letters, digits and hyphens.
    pub name: String,
    /// Title of the requests made from it.
    pub title: String,
    /// Note for the recipients.
    #[serde(default)]
    pub note: String,
    /// Scheme of the paths of their files.
    #[serde(default = "default_naming")]
    pub naming: String,
    /// The days before the deadline on which it reminds, such as `7d,1d`, or `off`; the usual days if it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<String>,
    /// Whether each link of its requests opens by a code that is sent to the address of its recipient.
    #[serde(default, skip_serializing_if = "is_no")]
    pub code_by_mail: bool,
    /// Its items in their order.
    pub items: Vec<TemplateItem>,
}

/// An item of a template, or of a request that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateItem {
    /// The title of the item.
    pub title: String,
    /// Advice for the recipient.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// The person whose document it is, such as `A` or `B` of a couple.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub person: String,
    /// Whether it takes more than one file.
    #[serde(default = "yes")]
    pub several: bool,
    /// Its own end, if that is earlier than the deadline; in a template, as days before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<ItemUntil>,
    /// The files that the recipients may fetch for it; never part of a template, which has no files.
    #[serde(skip)]
    pub handouts: Handouts,
}

impl TemplateItem {
    /// An item with a title alone, which takes several files.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            help: String::new(),
            person: String::new(),
            several: true,
            until: None,
            handouts: Handouts::default(),
        }
    }
}

fn default_naming() -> String {
    DEFAULT_NAMING.to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_no(value: &bool) -> bool {
    !value
}

fn yes() -> bool {
    true
}

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no TOML of this form.
    #[error("the template cannot be read: {why}")]
    Form {
        /// The line of the fault, from 1.
        line: usize,
        /// The fault, in English.
        why: String,
    },
    /// It is too long.
    #[error("a template has at most {MAX_TEMPLATE_BYTES} bytes")]
    TooLong,
    /// Its name is not one.
    #[error("the name of a template has 1 to {MAX_TEMPLATE_NAME} lower-case letters, digits and hyphens")]
    Name,
    /// It has no items, or too many.
    #[error("a template has 1 to {MAX_ITEMS} items")]
    Items,
    /// A text of an item is empty or too long; the item's number, or 0 for the template itself.
    #[error("a text of item {0} is empty or too long, or has characters that cannot be shown")]
    Text(usize),
    /// The item of this number has a date.
    #[error(
        "item {0} has a date, which would be over a year later: write the days before the deadline, such as until = \"14d\""
    )]
    Date(usize),
    /// Its plan of reminders cannot be read.
    #[error(transparent)]
    Plan(#[from] ParsePlanError),
    /// Its scheme of paths cannot be used.
    #[error(transparent)]
    Naming(#[from] NamingError),
}

impl TemplateError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Naming(_) => "naming-invalid",
            Self::Plan(_) => "reminder-plan-invalid",
            _ => "template-invalid",
        }
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLong);
        }
        let template: Self = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        match template.faults().into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(template),
        }
    }

    /// All that is wrong with the template that a text says; nothing if the text cannot be read at all.
    pub fn faults_of(text: &str) -> Vec<(TemplatePart, TemplateError)> {
        toml::from_str::<Self>(text).map_or_else(|_| Vec::new(), |template| template.faults())
    }

    /// All that is wrong with it, in the order of a form.
    pub fn faults(&self) -> Vec<(TemplatePart, TemplateError)> {
        let mut faults = Vec::new();
        if !is_template_name(&self.name) {
            faults.push((TemplatePart::Name, TemplateError::Name));
        }
        if !is_title(&self.title) {
            faults.push((TemplatePart::Title, TemplateError::Text(0)));
        }
        if !is_text(&self.note, MAX_NOTE) {
            faults.push((TemplatePart::Note, TemplateError::Text(0)));
        }
        if let Err(error) = Naming::parse(&self.naming) {
            faults.push((TemplatePart::Naming, error.into()));
        }
        if let Err(error) = self.plan() {
            faults.push((TemplatePart::Remind, error));
        }
        if self.items.is_empty() || self.items.len() > MAX_ITEMS {
            faults.push((TemplatePart::Items, TemplateError::Items));
        }
        for (at, item) in self.items.iter().enumerate() {
            let number = at + 1;
            if !is_title(&item.title) {
                faults.push((TemplatePart::ItemTitle(number), TemplateError::Text(number)));
            }
            if !is_text(&item.help, MAX_HELP) {
                faults.push((TemplatePart::ItemHelp(number), TemplateError::Text(number)));
            }
            if !is_line(&item.person, MAX_PERSON) {
                faults.push((TemplatePart::ItemPerson(number), TemplateError::Text(number)));
            }
            if matches!(item.until, Some(ItemUntil::On(_))) {
                faults.push((TemplatePart::ItemUntil(number), TemplateError::Date(number)));
            }
        }
        faults
    }

    /// The text that [`Self::parse`] reads.
    pub fn text(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// Its plan of reminders.
    ///
    /// Errors: `Plan`, only before it was parsed.
    pub fn plan(&self) -> Result<ReminderPlan, TemplateError> {
        Ok(self.remind.as_deref().map(str::parse).transpose()?.unwrap_or_default())
    }

    /// The templates in the program.
    pub fn shipped() -> Vec<Self> {
        SHIPPED.iter().filter_map(|text| Self::parse(text).ok()).collect()
    }
}

/// A part of a template that can be wrong; items are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Its name.
    Name,
    /// Its title.
    Title,
    /// Its note.
    Note,
    /// Its scheme of paths.
    Naming,
    /// Its plan of reminders.
    Remind,
    /// The number of its items.
    Items,
    /// The title of this item.
    ItemTitle(usize),
    /// The advice of this item.
    ItemHelp(usize),
    /// The person of this item.
    ItemPerson(usize),
    /// The time of this item.
    ItemUntil(usize),
}

impl TemplatePart {
    /// The item that it belongs to.
    pub fn item(self) -> Option<usize> {
        match self {
            Self::ItemTitle(number)
            | Self::ItemHelp(number)
            | Self::ItemPerson(number)
            | Self::ItemUntil(number) => Some(number),
            _ => None,
        }
    }
}

fn is_template_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= MAX_TEMPLATE_NAME && name.chars().all(is_fit)
}

fn unreadable(text: &str, error: &toml::de::Error) -> TemplateError {
    let before = error.span().and_then(|span| text.get(..span.start));
    TemplateError::Form {
        line: before.map_or(1, |before| before.matches('\n').count() + 1),
        why: error.to_string(),
    }
}

/// Refuses items that cannot be shown.
pub(super) fn check_items(items: &[TemplateItem]) -> Result<(), TemplateError> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(TemplateError::Items);
    }
    let is_fit = |item: &TemplateItem| {
        is_title(&item.title) && is_text(&item.help, MAX_HELP) && is_line(&item.person, MAX_PERSON)
    };
    match items.iter().position(|item| !is_fit(item)) {
        Some(at) => Err(TemplateError::Text(at + 1)),
        None => Ok(()),
    }
}

impl Sharing {
    /// All templates by name, each with whether it is the office's own; such a one takes the place of that in the program.
    pub async fn templates(&self) -> Result<Vec<(Template, bool)>, RequestError> {
        #[expect(clippy::redundant_closure_for_method_calls, reason = "a path is not general over lifetimes")]
        let own = self.inner.catalog.read(|tx| tx.request_templates()).await?;
        let own: Vec<_> = own.iter().filter_map(|(_, text)| Template::parse(text).ok()).collect();
        let shipped =
            Template::shipped().into_iter().filter(|one| own.iter().all(|other| other.name != one.name));
        let mut all: Vec<_> = shipped.map(|one| (one, false)).collect();
        all.extend(own.into_iter().map(|one| (one, true)));
        all.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(all)
    }

    /// The template of this name.
    ///
    /// Errors: `NoSuchTemplate`.
    pub async fn template(&self, name: &str) -> Result<Template, RequestError> {
        let wanted = name.to_owned();
        let own = self.inner.catalog.read(move |tx| tx.request_template(&wanted)).await?;
        let own = own.and_then(|text| Template::parse(&text).ok());
        let shipped = || Template::shipped().into_iter().find(|one| one.name == name);
        own.or_else(shipped).ok_or_else(|| RequestError::NoSuchTemplate(name.to_owned()))
    }

    /// Keeps a template of the office's, in place of one of the same name.
    ///
    /// Errors: `Template`, `TooMany`.
    pub async fn import_template(&self, text: &str, by: Stamp) -> Result<Template, RequestError> {
        let template = Template::parse(text)?;
        let (name, text) = (template.name.clone(), template.text());
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                if tx.request_template(&name)?.is_none() && tx.request_templates()?.len() >= MAX_TEMPLATES {
                    return Err(RequestError::TooMany);
                }
                tx.put_request_template(&name, &text, by.at)?;
                tx.record(&by, &Event::Instance(InstanceEvent::TemplateImported))?;
                Ok(())
            })
            .await?;
        Ok(template)
    }

    /// Removes a template of the office's own.
    ///
    /// Errors: `ShippedTemplate` for one that is in the program, `NoSuchTemplate`.
    pub async fn remove_template(&self, name: &str, by: Stamp) -> Result<(), RequestError> {
        if Template::shipped().iter().any(|one| one.name == name) {
            return Err(RequestError::ShippedTemplate(name.to_owned()));
        }
        match self.drop_template(name, InstanceEvent::TemplateRemoved, by).await? {
            true => Ok(()),
            false => Err(RequestError::NoSuchTemplate(name.to_owned())),
        }
    }

    /// Removes the office's version of a template that is in the program; nothing if there is none.
    ///
    /// Errors: `OwnTemplate` for one that is not in the program, `NoSuchTemplate`.
    pub async fn reset_template(&self, name: &str, by: Stamp) -> Result<(), RequestError> {
        if Template::shipped().iter().all(|one| one.name != name) {
            self.template(name).await?;
            return Err(RequestError::OwnTemplate(name.to_owned()));
        }
        self.drop_template(name, InstanceEvent::TemplateReset, by).await.map(drop)
    }

    /// Whether there was an own template of this name.
    async fn drop_template(&self, name: &str, event: InstanceEvent, by: Stamp) -> Result<bool, RequestError> {
        let name = name.to_owned();
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let was_there = tx.remove_request_template(&name)?;
                if was_there {
                    tx.record(&by, &Event::Instance(event))?;
                }
                Ok(was_there)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_in_the_program_can_be_read_and_read_again() {
        let shipped = Template::shipped();
        assert_eq!(shipped.len(), SHIPPED.len(), "one of them cannot be read");
        for template in &shipped {
            assert_eq!(&Template::parse(&template.text()).unwrap(), template);
            assert!(template.items.len() >= 8, "{}", template.name);
            let mut titles: Vec<_> = template.items.iter().map(|item| (&item.title, &item.person)).collect();
            titles.sort();
            titles.dedup();
            assert_eq!(titles.len(), template.items.len(), "{}", template.name);
        }
        let mut names: Vec<_> = shipped.iter().map(|template| &template.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), shipped.len());
    }

    #[test]
    fn a_template_that_cannot_be_kept_is_refused() {
        let item = "[[items]]\ntitle = \"a\"\n";
        let whole = |head: &str, items: &str| Template::parse(&format!("{head}\n{items}"));
        let head = "name = \"own\"\ntitle = \"Own\"";
        assert!(whole(head, item).is_ok());
        assert_eq!(whole(head, item).unwrap().naming, DEFAULT_NAMING);
        assert!(whole(head, &item.repeat(MAX_ITEMS)).is_ok());
        let early = whole(head, &format!("{item}until = \"14d\"\n")).unwrap();
        assert_eq!(early.items[0].until, Some(ItemUntil::DaysBefore(14)));
        assert_eq!(Template::parse(&early.text()).unwrap(), early);
        for (head, items) in [
            (head, ""),
            (head, &*item.repeat(MAX_ITEMS + 1)),
            (head, "[[items]]\ntitle = \"\"\n"),
            (head, "[[items]]\ntitle = \"a\"\ncolour = \"red\"\n"),
            (head, "[[items]]\ntitle = \"a\"\nuntil = \"2026-11-15\"\n"),
            (head, "[[items]]\ntitle = \"a\"\nuntil = \"0d\"\n"),
            (head, &*format!("[[items]]\ntitle = \"{}\"\n", "x".repeat(121))),
            ("name = \"Own\"\ntitle = \"Own\"", item),
            ("name = \"\"\ntitle = \"Own\"", item),
            ("title = \"Own\"", item),
            ("name = \"own\"\ntitle = \"Own\"\nnaming = \"{x}\"", item),
        ] {
            assert!(whole(head, items).is_err(), "{head} {items}");
        }
    }
}

//! The form of a new request: its fields, and their faults.

use std::collections::HashMap;

use super::clients::{Client, clients, recipient};
use crate::http::page::form::Fields;
use crate::http::page::plan::{typed, written};
use crate::library::Space;
use crate::model::{Access, Day, EntryName, EntryPath, ItemUntil, ReminderPlan, RequestId, Zone};
use crate::sharing::{
    DEFAULT_NAMING, MAX_ITEMS, MAX_NOTE, MAX_RECIPIENTS, MAX_TITLE, MAX_TOGETHER, NewRequest, RequestShown,
    Template, TemplateItem, WantedRecipient, next_year,
};
use crate::text::{AskingTexts, RequestsTexts};

/// Longest name of a folder that is made for a recipient, in bytes.
const MAX_FOLDER_NAME: usize = 180;

/// Where a form takes items from.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// The field and the value that name it; empty for none.
    pub(super) field: (&'static str, String),
    /// Its title.
    pub(super) title: String,
    /// Its note for the recipients.
    pub(super) note: String,
    pub(super) template: String,
    pub(super) naming: String,
    /// When it reminds.
    pub(super) plan: ReminderPlan,
    /// Whether its links open by a code.
    pub(super) code: bool,
    pub(super) items: Vec<TemplateItem>,
}

/// A place of the form at which something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Space,
    Folder,
    Title,
    Note,
    Deadline,
    Plan,
    Items,
    Dates,
    Recipient,
    More,
}

/// Something that is wrong with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) why: String,
}

/// The fields of the form.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) space: String,
    pub(super) folder: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) deadline: String,
    /// Days before the deadline on which it reminds; `None` from a form without that field: as the source does.
    pub(super) plan: Option<String>,
    /// Places of the source's items that are asked for, from 1.
    pub(super) keep: Vec<usize>,
    /// Days of their own of the source's items, by their places.
    pub(super) dates: HashMap<usize, String>,
    /// Items of its own, one on each line; a day may follow after a `;`.
    pub(super) items: String,
    pub(super) recipient: WantedRecipient,
    /// More recipients, one on each line.
    pub(super) more: String,
    /// Whether each recipient gets a request of its own.
    pub(super) each: bool,
    /// Whether each link opens by a code that is sent to its recipient.
    pub(super) code: bool,
    /// Whether the recipients are invited by mail at once.
    pub(super) invites: bool,
    /// The user's latest request when the form was shown; 0 for none.
    pub(super) latest: Option<RequestId>,
}

impl Source {
    pub(super) fn of_template(template: Template) -> Self {
        Self {
            plan: template.plan().unwrap_or_default(),
            code: template.code_by_mail,
            field: ("template", template.name.clone()),
            title: template.title,
            note: template.note,
            template: template.name,
            naming: template.naming,
            items: template.items,
        }
    }

    /// An earlier request, for a year later.
    pub(super) fn of_request(request: &RequestShown, zone: &Zone) -> Self {
        let deadline = request.row.deadline.map(|deadline| zone.last_day(deadline));
        let items = request.items.iter().map(|item| TemplateItem {
            title: item.row.title.clone(),
            help: item.row.help.clone(),
            person: item.row.person.clone(),
            several: item.row.several,
            handouts: item.row.handouts,
            until: item.row.until.and_then(|until| ItemUntil::again(zone.last_day(until), deadline)),
        });
        Self {
            field: ("from", request.row.id.to_string()),
            title: request.row.title.clone(),
            note: request.row.note.clone(),
            template: request.row.template.clone(),
            naming: request.row.naming.clone(),
            plan: request.row.plan.clone(),
            code: request.row.code_by_mail,
            items: items.collect(),
        }
    }
}

impl Source {
    /// The days of its items, by their places.
    fn dates(&self) -> HashMap<usize, String> {
        let dated = (1..).zip(&self.items).filter_map(|(place, item)| match item.until {
            Some(ItemUntil::On(day)) => Some((place, day.to_string())),
            _ => None,
        });
        dated.collect()
    }
}

impl Wanted {
    /// The form as it is shown first.
    pub(super) fn fresh(source: &Source, space: String) -> Self {
        Self {
            space,
            title: source.title.clone(),
            note: source.note.clone(),
            keep: (1..=source.items.len()).collect(),
            dates: source.dates(),
            plan: Some(written(&source.plan)),
            code: source.code,
            ..Self::default()
        }
    }

    /// The form for an earlier request, a year later; with the account of its first recipient.
    pub(super) fn again(
        source: &Source,
        request: &RequestShown,
        (space, account): (String, Option<String>),
    ) -> Self {
        let mut people = request.recipients.iter().map(|recipient| &recipient.row);
        let first = people.next().map(|row| WantedRecipient {
            name: row.name.clone(),
            mail: row.mail.clone(),
            language: row.language.clone(),
            account: account.unwrap_or_default(),
        });
        let more: Vec<_> = people.map(|row| format!("{};{};{}", row.name, row.mail, row.language)).collect();
        let folder = request.path.as_deref().unwrap_or_default();
        Self {
            title: next_year(&source.title),
            folder: next_year(folder.trim_matches('/')),
            recipient: first.unwrap_or_default(),
            more: more.join("\n"),
            ..Self::fresh(source, space)
        }
    }

    /// The form for another source: its items take the place of those of `source`. What was typed stays; what still stands
    /// there as `source` had it is as `other` has it.
    pub(super) fn for_another(self, source: &Source, other: &Source) -> Self {
        let (before, after) = (Self::fresh(source, String::new()), Self::fresh(other, String::new()));
        let is_typed = |typed: &str, before: &str| !typed.trim().is_empty() && typed != before;
        let is_next_year = source.field.0 == "from" && self.title == next_year(&source.title);
        let title = match is_typed(&self.title, &before.title) && !is_next_year {
            true => self.title,
            false => after.title,
        };
        let note = if is_typed(&self.note, &before.note) { self.note } else { after.note };
        let plan = self.plan.filter(|plan| is_typed(plan, before.plan.as_deref().unwrap_or_default()));
        let code = if self.code == before.code { after.code } else { self.code };
        Self { title, note, code, plan: plan.or(after.plan), keep: after.keep, dates: after.dates, ..self }
    }

    /// A form that was sent; `file` is the text of the list in it.
    pub(super) fn of(fields: &Fields, file: Option<String>) -> Self {
        // Browsers send lines with both marks of their end.
        let text = |name| fields.get(name).replace("\r\n", "\n");
        let more: Vec<_> = [Some(text("more")), file].into_iter().flatten().collect();
        let more: Vec<_> = more.iter().map(|text| text.trim_end()).filter(|text| !text.is_empty()).collect();
        Self {
            space: text("space"),
            folder: text("folder"),
            title: text("title"),
            note: text("note"),
            deadline: text("deadline"),
            plan: fields.0.iter().find(|(name, _)| name == "plan").map(|(_, typed)| typed.clone()),
            keep: fields.all("keep").filter_map(|place| place.parse().ok()).collect(),
            dates: dates(fields),
            items: text("items"),
            recipient: WantedRecipient {
                name: text("name"),
                mail: text("mail"),
                language: text("language"),
                account: text("account"),
            },
            more: more.join("\n"),
            each: fields.get("each") == "yes",
            code: fields.get("code") == "yes",
            invites: fields.get("invite") == "yes",
            latest: fields.get("latest").parse().ok().map(RequestId),
        }
    }

    fn wanted_items(&self, source: &Source) -> Vec<TemplateItem> {
        let kept = (1..).zip(&source.items).filter(|(place, _)| self.keep.contains(place));
        let kept = kept.map(|(place, item)| TemplateItem { until: self.until(place, item), ..item.clone() });
        let own = self.items.lines().map(str::trim).filter(|line| !line.is_empty()).map(own_item);
        kept.chain(own).collect()
    }

    /// The day that the form names for an item; without one, the days before the deadline that the source says.
    fn until(&self, place: usize, item: &TemplateItem) -> Option<ItemUntil> {
        let typed = self.dates.get(&place).and_then(|typed| Day::parse(typed));
        let days = item.until.filter(|until| matches!(until, ItemUntil::DaysBefore(_)));
        typed.map(ItemUntil::On).or(days)
    }

    /// Items that are kept and have a day that is invalid, over, or after the deadline.
    fn badly_dated(
        &self,
        items: &[TemplateItem],
        source: &Source,
        last: Option<Day>,
        today: Day,
    ) -> Vec<String> {
        let is_no_day = |place: &usize| {
            self.dates.get(place).is_some_and(|typed| !typed.is_empty() && Day::parse(typed).is_none())
        };
        let unread =
            (1..).zip(&source.items).filter(|(place, _)| self.keep.contains(place) && is_no_day(place));
        let is_bad = |item: &&TemplateItem| match item.until {
            Some(ItemUntil::On(day)) => {
                today.days_until(day) < 0 || last.is_some_and(|last| day.days_until(last) < 0)
            }
            _ => false,
        };
        let bad = items.iter().filter(is_bad);
        unread.map(|(_, item)| item).chain(bad).map(|item| item.title.clone()).collect()
    }

    /// The requests that the form asks for, each with the line of its recipient, or all its faults.
    pub(super) fn judged(
        &self,
        texts: AskingTexts,
        source: &Source,
        spaces: &[(&Space, Access)],
        today: Day,
    ) -> Result<Vec<(usize, NewRequest)>, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut wrong = |place, why: String| faults.push(Fault { place, why });
        let access_to =
            |name: &str| spaces.iter().find(|(space, _)| space.name == name).map(|(_, access)| *access);
        if access_to(&self.space).is_none() {
            wrong(Place::Space, texts.bad_space(&self.space));
        }
        let folder = EntryPath::parse(self.folder.trim().trim_matches('/'));
        if folder.is_err() {
            wrong(Place::Folder, texts.bad_folder().to_owned());
        }
        let is_shown = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        let is_title = |text: &str| {
            let length = text.trim().chars().count();
            length > 0 && length <= MAX_TITLE && !text.chars().any(char::is_control)
        };
        if !is_title(&self.title) {
            wrong(Place::Title, texts.bad_title(MAX_TITLE));
        }
        if self.note.chars().count() > MAX_NOTE || !is_shown(&self.note) {
            wrong(Place::Note, texts.bad_note(MAX_NOTE));
        }
        let deadline = Some(self.deadline.trim()).filter(|text| !text.is_empty()).map(Day::parse);
        if deadline.is_some_and(|day| day.is_none_or(|day| today.days_until(day) < 0)) {
            wrong(Place::Deadline, texts.bad_deadline().to_owned());
        }
        let plan = self.plan.as_deref().map_or_else(|| Some(source.plan.clone()), typed);
        if plan.is_none() {
            wrong(Place::Plan, texts.bad_plan().to_owned());
        }
        let items = self.wanted_items(source);
        if items.is_empty() || items.len() > MAX_ITEMS {
            wrong(Place::Items, texts.bad_items(MAX_ITEMS));
        }
        if let Some(item) = items.iter().find(|item| !is_title(&item.title)) {
            let start: String = item.title.chars().take(30).collect();
            wrong(Place::Items, texts.bad_item(&start, MAX_TITLE));
        }
        for title in self.badly_dated(&items, source, deadline.flatten(), today) {
            let start: String = title.chars().take(30).collect();
            wrong(Place::Dates, texts.bad_item_date(&start));
        }
        let mut people = Vec::new();
        match self.first_recipient(texts) {
            Some(Ok(client)) => people.push(client),
            Some(Err(why)) => wrong(Place::Recipient, why),
            None => {}
        }
        let (listed, bad_lines) = clients(texts, &self.more);
        people.extend(listed);
        for fault in bad_lines {
            wrong(
                Place::More,
                if fault.line == 0 { fault.why } else { texts.in_line(fault.line, &fault.why) },
            );
        }
        for (line, why) in self.conflicts(texts, &people, &|name| access_to(name).is_some()) {
            let place = if line == 0 { Place::Recipient } else { Place::More };
            wrong(place, if line == 0 { why } else { texts.in_line(line, &why) });
        }
        let (Some(access), Ok(folder)) = (access_to(&self.space), folder) else { return Err(faults) };
        if !faults.is_empty() {
            return Err(faults);
        }
        let base = NewRequest {
            access,
            path: folder.clone(),
            title: self.title.trim().to_owned(),
            note: self.note.trim().to_owned(),
            template: source.template.clone(),
            naming: if source.naming.is_empty() { DEFAULT_NAMING.to_owned() } else { source.naming.clone() },
            items,
            recipients: Vec::new(),
            deadline: deadline.flatten(),
            plan: plan.unwrap_or_default(),
            code_by_mail: self.code,
            invites: self.invites,
        };
        if !self.each {
            let recipients = people.into_iter().map(|client| client.recipient).collect();
            return Ok(vec![(0, NewRequest { recipients, ..base })]);
        }
        let each = people.into_iter().map(|client| {
            let access = access_to(&client.space).unwrap_or(access);
            let above = if client.space.is_empty() { folder.clone() } else { EntryPath::root() };
            let path =
                own_folder(&client).names().iter().try_fold(above, |path, name| path.join(name.clone()));
            let path = path.map_err(|_| {
                vec![Fault { place: Place::More, why: texts.in_line(client.line, texts.bad_folder()) }]
            })?;
            let recipients = vec![client.recipient];
            Ok((client.line, NewRequest { access, path, recipients, ..base.clone() }))
        });
        each.collect()
    }

    /// The recipient of the form's own fields, or the fault; `None` if they are empty.
    fn first_recipient(&self, texts: AskingTexts) -> Option<Result<Client, String>> {
        let WantedRecipient { name, mail, language, account } = &self.recipient;
        let account = account.trim().to_owned();
        if account.is_empty() && name.trim().is_empty() && mail.trim().is_empty() {
            return None;
        }
        // The name of an account stands for a name that is missing.
        let name = if name.trim().is_empty() { &account } else { name };
        Some(recipient(texts, name, mail, language).map(|recipient| {
            let recipient = WantedRecipient { account, ..recipient };
            Client { recipient, ..Client::default() }
        }))
    }

    /// Faults of recipients that are right each by itself.
    fn conflicts(
        &self,
        texts: AskingTexts,
        people: &[Client],
        is_space: &dyn Fn(&str) -> bool,
    ) -> Vec<(usize, String)> {
        let mut wrong = Vec::new();
        let mut mails: HashMap<String, usize> = HashMap::new();
        let mut folders: HashMap<(String, String), usize> = HashMap::new();
        for client in people {
            if !client.space.is_empty() && !is_space(&client.space) {
                wrong.push((client.line, texts.bad_space(&client.space)));
            }
            let mail = client.recipient.mail.to_lowercase();
            let before = if self.each || mail.is_empty() { None } else { mails.insert(mail, client.line) };
            if before.is_some() {
                wrong.push((client.line, texts.same_mail(&client.recipient.mail)));
            }
            // The address of an account is looked up when the request is made.
            if self.code && client.recipient.mail.is_empty() && client.recipient.account.is_empty() {
                let name = client.recipient.name.as_str();
                let name = if name.is_empty() { RequestsTexts(texts.0).no_name() } else { name };
                wrong.push((client.line, texts.no_code_address(name)));
            }
            // Two clients with one folder would see their files mixed.
            let folder = (client.space.clone(), own_folder(client).to_string().to_lowercase());
            if let Some(other) = folders.insert(folder, client.line).filter(|_| self.each) {
                wrong.push((client.line, texts.same_folder(&own_folder(client).to_string(), other)));
            }
        }
        let most = if self.each { MAX_TOGETHER } else { MAX_RECIPIENTS };
        if people.len() > most {
            wrong.push((0, texts.too_many_recipients(most)));
        }
        if self.each && people.is_empty() {
            wrong.push((0, texts.no_recipients().to_owned()));
        } else if self.code && people.is_empty() {
            wrong.push((0, texts.no_code_address(RequestsTexts(texts.0).no_name())));
        }
        wrong
    }
}

/// An item that a line names: a title, and after a last `;` perhaps a day, as `2026-11-15` or `15.11.2026`.
fn own_item(line: &str) -> TemplateItem {
    let dated =
        line.rsplit_once(';').and_then(|(title, day)| Some((title.trim_end(), written_day(day.trim())?)));
    let (title, day) = dated.map_or((line, None), |(title, day)| (title, Some(day)));
    TemplateItem { until: day.map(ItemUntil::On), ..TemplateItem::titled(title) }
}

fn written_day(text: &str) -> Option<Day> {
    Day::parse(text).or_else(|| {
        let mut parts = text.splitn(3, '.');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_year = year.len() == 4 && is_number(year) && is_number(day) && is_number(month);
        is_year.then(|| Day::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))?
    })
}

/// The days of a form, each in the field `until-PLACE`.
fn dates(fields: &Fields) -> HashMap<usize, String> {
    let mut dates = HashMap::new();
    for (name, value) in &fields.0 {
        let place = name.strip_prefix("until-").and_then(|place| place.parse().ok());
        if let Some(place) = place.filter(|place| *place <= MAX_ITEMS) {
            dates.entry(place).or_insert_with(|| value.trim().to_owned());
        }
    }
    dates
}

/// The folder of a recipient with a request of its own: that of the list, or one of the recipient's name.
fn own_folder(client: &Client) -> EntryPath {
    if !client.folder.is_root() {
        return client.folder.clone();
    }
    let named = [&client.recipient.name, &client.recipient.mail].into_iter().find(|name| !name.is_empty());
    let name = named.and_then(|name| EntryName::nearest(name, MAX_FOLDER_NAME));
    name.and_then(|name| EntryPath::root().join(name).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_source_takes_its_place_and_leaves_what_was_typed() {
        let source = |title: &str, items: &[&str]| Source {
            field: ("template", title.to_owned()),
            title: title.to_owned(),
            note: format!("Note of {title}"),
            items: items.iter().map(|item| TemplateItem::titled(*item)).collect(),
            ..Source::default()
        };
        let (one, other) = (source("One", &["a"]), source("Other", &["b", "c"]));
        let form =
            Wanted { items: "Own".to_owned(), more: "Max".to_owned(), ..Wanted::fresh(&one, "S".to_owned()) };
        let untouched = form.clone().for_another(&one, &other);
        assert_eq!(
            (&*untouched.title, &*untouched.note, &*untouched.keep),
            ("Other", "Note of Other", &[1, 2][..])
        );
        assert_eq!((&*untouched.items, &*untouched.more, &*untouched.space), ("Own", "Max", "S"));
        let typed =
            Wanted { title: "Mine".to_owned(), note: "Hello".to_owned(), plan: Some("3".to_owned()), ..form };
        let typed = typed.for_another(&one, &other);
        assert_eq!((&*typed.title, &*typed.note, typed.plan.as_deref()), ("Mine", "Hello", Some("3")));
        let again =
            Source { field: ("from", "7".to_owned()), title: "Tax 2025".to_owned(), ..Source::default() };
        let again = Wanted { title: "Tax 2026".to_owned(), ..Wanted::default() }.for_another(&again, &other);
        assert_eq!(again.title, "Other", "the next year was not typed");
    }

    #[test]
    fn a_line_is_an_item_and_perhaps_its_day() {
        let day = |text| Day::parse(text).map(ItemUntil::On);
        for (line, title, until) in [
            ("Ausweis", "Ausweis", None),
            ("Ausweis; 15.11.2027", "Ausweis", day("2027-11-15")),
            ("Ausweis;1.2.2027", "Ausweis", day("2027-02-01")),
            ("Rechnung; Beleg ; 2027-11-15", "Rechnung; Beleg", day("2027-11-15")),
            ("Rechnung; Beleg", "Rechnung; Beleg", None),
            ("Stand 31.12.2026", "Stand 31.12.2026", None),
            ("Stand; 31.2.2027", "Stand; 31.2.2027", None),
            ("Stand; 1.2.27", "Stand; 1.2.27", None),
            ("Stand; +1.2.2027", "Stand; +1.2.2027", None),
        ] {
            assert_eq!(own_item(line), TemplateItem { until, ..TemplateItem::titled(title) }, "{line}");
        }
    }
}

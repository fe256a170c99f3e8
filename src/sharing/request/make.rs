//! Makes requests: with their items, their recipients, and a link for each recipient.

use std::collections::HashSet;

use super::due::{links_end, require_time};
use super::invite::invite_all;
use super::naming::{DEFAULT_NAMING, Naming, year_in};
use super::template::{Template, TemplateItem, check_items};
use super::{MAX_NOTE, RequestError, event, is_line, is_text, is_title};
use crate::accounts::{Principal, parse_address};
use crate::catalog::{LinkRow, NewItem, NewLink as NewLinkRow, NewRecipient, NewRequest as NewRow, WriteTx};
use crate::library::Change;
use crate::model::{
    Access, Conditions, Day, EntryId, EntryPath, Event, LinkEvent, LinkRight, LinkTerms, ReminderPlan,
    RequestEvent, RequestId, Right, Spot, Timestamp, UserId, Zone, random_bytes,
};
use crate::sharing::Sharing;
use crate::sharing::issue::MAX_LINK_LABEL;
use crate::sharing::token::NONCE_BYTES;

/// Most recipients of a request.
pub const MAX_RECIPIENTS: usize = 20;
/// Most requests that are made together.
pub const MAX_TOGETHER: usize = 200;
/// Longest name of a recipient in characters.
pub const MAX_RECIPIENT_NAME: usize = 100;
/// Most requests of one user that are not closed.
const MAX_RUNNING: usize = 20_000;

/// Title of a request that is made without one.
const DEFAULT_TITLE: &str = "Unterlagen";

/// A request to make.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The user's right to the space.
    pub access: Access,
    /// Path of the folder to which its files go; made if it is missing.
    pub path: EntryPath,
    /// Its title.
    pub title: String,
    /// Note for the recipients; may be empty.
    pub note: String,
    /// Name of the template that it is made from; empty for none.
    pub template: String,
    /// Scheme of the paths of its files.
    pub naming: String,
    /// Its items.
    pub items: Vec<TemplateItem>,
    /// The recipients; one without name and address if it is empty.
    pub recipients: Vec<WantedRecipient>,
    /// The last day that is in time.
    pub deadline: Option<Day>,
    /// The days on which it reminds; without a deadline it never does.
    pub plan: ReminderPlan,
    /// Whether each link opens by a code that is sent to the address of its recipient, which each must have then.
    pub code_by_mail: bool,
    /// Whether the recipients with a mail address are invited by mail.
    pub invites: bool,
}

impl NewRequest {
    /// Asks for the items of a template, or without one for nothing yet; recipients and deadline are still to come.
    ///
    /// Errors: `Template` if it names no plan that there is.
    pub fn of_template(
        access: Access,
        path: EntryPath,
        template: Option<Template>,
    ) -> Result<Self, RequestError> {
        let plan = template.as_ref().map(Template::plan).transpose().map_err(RequestError::Template)?;
        let Template { name, title, note, naming, items, code_by_mail, remind: _ } =
            template.unwrap_or_else(|| Template {
                name: String::new(),
                title: DEFAULT_TITLE.to_owned(),
                note: String::new(),
                naming: DEFAULT_NAMING.to_owned(),
                remind: None,
                code_by_mail: false,
                items: Vec::new(),
            });
        Ok(Self {
            access,
            path,
            title,
            note,
            template: name,
            naming,
            items,
            recipients: Vec::new(),
            deadline: None,
            plan: plan.unwrap_or_default(),
            code_by_mail,
            invites: false,
        })
    }
}

/// A person to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedRecipient {
    /// The person's name; may be empty.
    pub name: String,
    /// The person's mail address; empty for none.
    pub mail: String,
    /// Tag of the person's language, `de` or `en`.
    pub language: String,
    /// Login name of the person's account, which then sees the request; empty for none. Name, address and language that are
    /// empty are those of the account.
    pub account: String,
}

impl Sharing {
    /// Makes requests, all or none; returns their ids in the same order. Missing folders are made first, by the user.
    ///
    /// Errors: `Denied`, `ClientsMakeNone`, `Items`, `Recipients`, `NoSuchAccount`, `Mail`, `Text`, `Naming`, `DeadlineInPast`,
    /// `ItemAfterDeadline`, `NotAFolder`, `NoCodeAddress`, `NoCodes`, `MailOff`,
    /// `TooMany`, and those of making folders.
    pub async fn ask(
        &self,
        principal: &Principal,
        wanted: Vec<NewRequest>,
        now: Timestamp,
    ) -> Result<Vec<RequestId>, RequestError> {
        self.ask_if(principal, wanted, None, now).await
    }

    /// The same for a form that was shown when `latest` was the user's latest request (0: none); sent twice, it makes requests
    /// once.
    ///
    /// Errors: as above, and `MadeMeanwhile`.
    pub async fn ask_once(
        &self,
        principal: &Principal,
        wanted: Vec<NewRequest>,
        latest: RequestId,
        now: Timestamp,
    ) -> Result<Vec<RequestId>, RequestError> {
        self.ask_if(principal, wanted, Some(latest), now).await
    }

    async fn ask_if(
        &self,
        principal: &Principal,
        wanted: Vec<NewRequest>,
        latest: Option<RequestId>,
        now: Timestamp,
    ) -> Result<Vec<RequestId>, RequestError> {
        self.require_maker(principal)?;
        let (office, pace) = (self.inner.accounts.office().await?, self.pace().await?);
        let mut checked = Vec::with_capacity(wanted.len());
        for new in wanted {
            checked.push(self.checked(new, &office.zone, now).await?);
        }
        if checked.len() > MAX_TOGETHER {
            return Err(RequestError::TooMany);
        }
        let mut folders = Vec::with_capacity(checked.len());
        for new in &checked {
            folders.push(self.folder_of(principal, new, now).await?);
        }
        let (sharing, principal) = (self.clone(), principal.clone());
        let make = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if let Some(latest) = latest
                && tx.latest_request_of(principal.user)? != latest
            {
                return Err(RequestError::MadeMeanwhile);
            }
            if tx.running_requests_of(principal.user)? + checked.len() > MAX_RUNNING {
                return Err(RequestError::TooMany);
            }
            let both = checked.iter().zip(folders);
            both.map(|(new, folder)| {
                let id = sharing.insert(tx, &principal, new, folder, now)?;
                pace.plan_anew(tx, id, now)?;
                Ok(id)
            })
            .collect()
        };
        self.inner.catalog.write_alone(make).await
    }

    async fn checked(
        &self,
        mut wanted: NewRequest,
        zone: &Zone,
        now: Timestamp,
    ) -> Result<Checked, RequestError> {
        if wanted.recipients.is_empty() {
            wanted.recipients.push(WantedRecipient::default());
        }
        if wanted.recipients.len() > MAX_RECIPIENTS {
            return Err(RequestError::Recipients);
        }
        let (mut accounts, space) = (Vec::new(), wanted.access.require(Right::Write)?);
        for recipient in &mut wanted.recipients {
            accounts.push(self.recipient_account(recipient, space).await?);
        }
        if wanted.code_by_mail && self.sends_mails() != Some(true) {
            return Err(RequestError::NoCodes);
        }
        if wanted.invites && self.sends_mails() != Some(true) {
            return Err(RequestError::MailOff);
        }
        check(wanted, accounts, zone, now)
    }

    async fn folder_of(
        &self,
        principal: &Principal,
        new: &Checked,
        now: Timestamp,
    ) -> Result<EntryId, RequestError> {
        let change = Change {
            access: new.wanted.access,
            actor: principal.actor(),
            now,
            conditions: Conditions::default(),
        };
        self.inner.library.make_folders(&change, &new.wanted.path).await?;
        let entry = self.inner.library.find(&new.wanted.access, &new.wanted.path).await?;
        if entry.is_folder() { Ok(entry.id) } else { Err(RequestError::NotAFolder) }
    }

    fn insert(
        &self,
        tx: &WriteTx<'_>,
        principal: &Principal,
        new: &Checked,
        folder: EntryId,
        now: Timestamp,
    ) -> Result<RequestId, RequestError> {
        let (wanted, by) = (&new.wanted, principal.stamp(now));
        // Removed for good since it was looked up.
        let spot = tx.spot(folder)?.ok_or(RequestError::NoSuchRequest)?;
        let mut items: Vec<_> = wanted.items.iter().zip(&new.until).map(item).collect();
        // Files of an earlier request may be removed since.
        for item in &mut items {
            for file in [&mut item.handouts.form, &mut item.handouts.example] {
                *file = file.map(|file| tx.entry(file)).transpose()?.flatten().map(|entry| entry.id);
            }
        }
        let id = tx.insert_request(&NewRow {
            space: spot.space,
            folder,
            creator: principal.user,
            title: wanted.title.trim(),
            note: wanted.note.trim(),
            template: &wanted.template,
            naming: &wanted.naming,
            year: new.year,
            created: now,
            deadline: new.deadline,
            plan: &wanted.plan,
            code_by_mail: wanted.code_by_mail,
            items: &items,
        })?;
        for (recipient, account) in wanted.recipients.iter().zip(&new.accounts) {
            let link = self.insert_link_for(tx, (principal, new), &spot, recipient, now)?;
            tx.insert_recipient(&NewRecipient {
                request: id,
                link: link.id,
                name: &recipient.name,
                mail: &recipient.mail,
                language: &recipient.language,
                account: *account,
            })?;
            tx.record(
                &by,
                &Event::Link { kind: LinkEvent::Made, link: link.id, spot: spot.clone(), right: link.right },
            )?;
        }
        let row = tx.request(id)?.ok_or(RequestError::NoSuchRequest)?;
        tx.record(&by, &event(tx, &row, RequestEvent::Made, (None, None))?)?;
        if wanted.invites && invite_all(tx, &row, now)? {
            tx.record(&by, &event(tx, &row, RequestEvent::Invited, (None, None))?)?;
        }
        Ok(id)
    }

    fn insert_link_for(
        &self,
        tx: &WriteTx<'_>,
        (principal, new): (&Principal, &Checked),
        spot: &Spot,
        recipient: &WantedRecipient,
        now: Timestamp,
    ) -> Result<LinkRow, RequestError> {
        let nonce = random_bytes::<NONCE_BYTES>();
        let token_hmac = self.inner.keys.lookup(&self.inner.keys.token(&nonce));
        let by = [recipient.name.as_str(), recipient.mail.as_str()].into_iter().find(|text| !text.is_empty());
        let label = by.map_or_else(|| new.wanted.title.clone(), |by| format!("{} – {by}", new.wanted.title));
        let id = tx.insert_link(&NewLinkRow {
            token_hmac: &token_hmac,
            nonce: &nonce,
            entry: spot.entry,
            creator: principal.user,
            right: LinkRight::Add,
            created: now,
            expires: Some(new.expires),
            password_hash: None,
            label: &label.chars().take(MAX_LINK_LABEL).collect::<String>(),
            note: "",
            hide_download: false,
            terms: &LinkTerms {
                deadline: new.deadline,
                code_to: new.wanted.code_by_mail.then(|| recipient.mail.clone()),
                ..LinkTerms::default()
            },
        })?;
        tx.link(id)?.ok_or(RequestError::NoSuchRequest)
    }
}

/// A request that can be made.
struct Checked {
    wanted: NewRequest,
    /// The account of each recipient.
    accounts: Vec<Option<UserId>>,
    year: u16,
    deadline: Option<Timestamp>,
    /// The own time of each item.
    until: Vec<Option<Timestamp>>,
    expires: Timestamp,
}

fn check(
    wanted: NewRequest,
    accounts: Vec<Option<UserId>>,
    zone: &Zone,
    now: Timestamp,
) -> Result<Checked, RequestError> {
    let mut wanted = wanted;
    wanted.access.require(Right::Write)?;
    if !is_title(&wanted.title) || !is_text(&wanted.note, MAX_NOTE) {
        return Err(RequestError::Text);
    }
    Naming::parse(&wanted.naming)?;
    if wanted.items.is_empty() {
        return Err(RequestError::Items);
    }
    check_items(&wanted.items)?;
    let mut mails = HashSet::new();
    for recipient in &mut wanted.recipients {
        recipient.name = recipient.name.trim().to_owned();
        let mail = parse_address(&recipient.mail);
        recipient.mail = mail.map_err(|_| RequestError::Mail(recipient.mail.clone()))?;
        let is_english = recipient.language.trim().eq_ignore_ascii_case("en");
        recipient.language = String::from(if is_english { "en" } else { "de" });
        if !is_line(&recipient.name, MAX_RECIPIENT_NAME) {
            return Err(RequestError::Text);
        }
        if !recipient.mail.is_empty() && !mails.insert(recipient.mail.to_lowercase()) {
            return Err(RequestError::Recipients);
        }
    }
    if wanted.code_by_mail {
        // A link without a code among others with one would be the way around them.
        let without = wanted.recipients.iter().position(|recipient| recipient.mail.is_empty());
        if let Some(at) = without {
            let name = wanted.recipients.get(at).map(|one| one.name.clone()).filter(|name| !name.is_empty());
            return Err(RequestError::NoCodeAddress(name.unwrap_or_else(|| format!("recipient {}", at + 1))));
        }
    }
    let mut users = HashSet::new();
    if !accounts.iter().flatten().all(|user| users.insert(*user)) {
        return Err(RequestError::Recipients);
    }
    let deadline = wanted.deadline.map(|day| zone.end_of(day));
    if deadline.is_some_and(|deadline| deadline <= now) {
        return Err(RequestError::DeadlineInPast);
    }
    let (today, last_day) = (zone.day(now), wanted.deadline);
    let until = wanted.items.iter().map(|item| {
        let day = item.until.and_then(|until| until.day(last_day, today));
        let until = day.map(|day| zone.end_of(day));
        require_time(until, deadline, now).map(|()| until)
    });
    let until = until.collect::<Result<Vec<_>, _>>()?;
    let last = deadline.or_else(|| until.iter().flatten().max().copied());
    let made_in = u16::try_from(zone.day(now).parts().0).unwrap_or_default();
    let year = year_in(&wanted.title).unwrap_or(made_in);
    Ok(Checked { wanted, accounts, year, deadline, until, expires: links_end(last, now, zone) })
}

fn item((wanted, until): (&TemplateItem, &Option<Timestamp>)) -> NewItem {
    NewItem {
        title: wanted.title.trim().to_owned(),
        help: wanted.help.trim().to_owned(),
        person: wanted.person.trim().to_owned(),
        several: wanted.several,
        until: *until,
        handouts: wanted.handouts,
    }
}

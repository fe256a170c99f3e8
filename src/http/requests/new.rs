//! The form of a new request, for one client or many, and the requests that it makes.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{MADE, NEW};
use super::begin::{BEGIN, CHOSEN};
use super::table::text_of;
use super::wanted::{Fault, Place, Source, Wanted};
use super::{Failure, Requests};
use crate::http::page::form::{Fields, is_form, read_form_up_to};
use crate::http::page::{Width, problem};
use crate::http::protocol::multipart::{FILES, whole_form};
use crate::http::reply::{plain, see_other};
use crate::http::session::{self, FORM_TOKEN};
use crate::library::{LibraryError, Space};
use crate::model::{Access, ItemUntil, MOST_REMINDERS, RequestId, Shown};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{
    MAX_NOTE, MAX_RECIPIENT_NAME, MAX_RECIPIENTS, MAX_TITLE, MAX_TOGETHER, NewRequest, RequestError,
    TemplateItem,
};
use crate::text::Language;

/// Longest form of a new request, in bytes: its texts, and a list of as many clients as are asked at once.
const MAX_ASKING_BYTES: usize = 512 * 1024;

/// Most accounts that the form offers.
const MAX_ACCOUNTS: usize = 500;

/// Faults of a form that was sent.
pub(super) enum Refused {
    Faults(Vec<Fault>),
    /// Another request was made since the form was shown.
    MadeMeanwhile,
    /// As the text says.
    Other(&'static str),
}

impl Requests<'_> {
    /// Makes the requests of the form, and leads to the addresses.
    pub(super) async fn make(&self, body: &mut RequestBody) -> Result<Response<ResponseBody>, Failure> {
        let (fields, file) = match self.sent(body).await {
            Ok(sent) => sent,
            Err(response) => return Ok(response),
        };
        if !session::is_own_token(self.desk.context, &self.desk.session.token, fields.get(FORM_TOKEN)) {
            return Ok(session::forged(self.desk.language, Some(&self.desk.person()), NEW));
        }
        let source = self.source_of(&fields).await?;
        let wanted = Wanted::of(&fields, file.map(|file| text_of(&file)));
        if fields.has(BEGIN) {
            let (source, wanted) = self.begun_anew(source, wanted, fields.get(CHOSEN)).await?;
            return self.form(&source, wanted, None, StatusCode::OK).await;
        }
        let today = self.office.zone.day(self.now());
        let refused = match wanted.judged(self.asking_texts(), &source, &self.writable(), today) {
            Err(faults) => Refused::Faults(faults),
            Ok(new) => match self.ask(&wanted, new).await? {
                Ok(target) => return Ok(see_other(&target)),
                Err(refused) => refused,
            },
        };
        let status = match refused {
            Refused::Faults(_) => StatusCode::BAD_REQUEST,
            Refused::MadeMeanwhile | Refused::Other(_) => StatusCode::CONFLICT,
        };
        self.form(&source, wanted, Some(refused), status).await
    }

    /// Makes requests that are valid by themselves; returns the address of the page that shows them.
    async fn ask(
        &self,
        wanted: &Wanted,
        new: Vec<(usize, NewRequest)>,
    ) -> Result<Result<String, Refused>, Failure> {
        let texts = self.asking_texts();
        let faults = self.files_in_the_way(&new).await?;
        if !faults.is_empty() {
            return Ok(Err(Refused::Faults(faults)));
        }
        let latest = wanted.latest.unwrap_or(RequestId(0));
        let new = new.into_iter().map(|(_, new)| new).collect();
        let sharing = &self.desk.context.services.sharing;
        Ok(match sharing.ask_once(self.desk.principal(), new, latest, self.now()).await {
            Ok(_) => Ok(format!("{MADE}?after={latest}")),
            Err(RequestError::MadeMeanwhile) => Err(Refused::MadeMeanwhile),
            Err(RequestError::TooMany) => Err(Refused::Other(texts.too_many())),
            Err(RequestError::NotAFolder) => Err(Refused::Faults(vec![Fault {
                place: Place::Folder,
                why: texts.not_a_folder().to_owned(),
            }])),
            Err(RequestError::NoSuchAccount(name)) => {
                Err(Refused::Faults(vec![Fault { place: Place::Recipient, why: texts.bad_account(&name) }]))
            }
            Err(RequestError::NoCodeAddress(name)) => Err(Refused::Faults(vec![Fault {
                place: Place::Recipient,
                why: texts.no_code_address(&name),
            }])),
            Err(RequestError::MailOff) => Err(Refused::Other(self.reminding_texts().no_mails())),
            Err(RequestError::NoCodes) => Err(Refused::Other(texts.no_codes())),
            Err(error @ (RequestError::Library(_) | RequestError::Catalog(_))) => return Err(error.into()),
            Err(_) => Err(Refused::Other(texts.not_made())),
        })
    }

    /// Files where folders are to be, looked for before anything is made.
    async fn files_in_the_way(&self, new: &[(usize, NewRequest)]) -> Result<Vec<Fault>, Failure> {
        let (texts, library) = (self.asking_texts(), &self.desk.context.services.library);
        let mut faults = Vec::new();
        for (line, new) in new {
            let is_file = match library.find(&new.access, &new.path).await {
                Ok(entry) => !entry.is_folder(),
                Err(LibraryError::NotFound) => false,
                Err(error) => return Err(error.into()),
            };
            if is_file && *line == 0 {
                faults.push(Fault { place: Place::Folder, why: texts.not_a_folder().to_owned() });
            } else if is_file {
                faults.push(Fault { place: Place::More, why: texts.in_line(*line, texts.not_a_folder()) });
            }
        }
        Ok(faults)
    }

    /// The fields of a form, and the file in it.
    async fn sent(&self, body: &mut RequestBody) -> Result<(Fields, Option<Bytes>), Response<ResponseBody>> {
        let parts = self.desk.context.parts;
        if is_form(parts) {
            let form = read_form_up_to(parts, body, MAX_ASKING_BYTES).await?;
            return Ok((Fields::of(&form), None));
        }
        let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match whole_form(body, media_type.unwrap_or_default(), MAX_ASKING_BYTES).await {
            Ok((texts, file)) => Ok((Fields(texts), file)),
            Err(crate::http::protocol::multipart::FormError::Body(error)) => {
                Err(plain(error.status(), "The form could not be read.\n"))
            }
            Err(_) => Err(plain(StatusCode::BAD_REQUEST, "The form could not be read.\n")),
        }
    }

    /// The spaces in which the user may ask, by name.
    pub(super) fn writable(&self) -> Vec<(&Space, Access)> {
        let access = |space: &Space| self.rights.iter().find(|right| right.space() == space.id).copied();
        let mut spaces: Vec<_> =
            self.spaces.iter().filter_map(|space| Some((space, access(space)?))).collect();
        spaces.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        spaces
    }

    pub(super) async fn form(
        &self,
        source: &Source,
        wanted: Wanted,
        refused: Option<Refused>,
        status: StatusCode,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (texts, sharing) = (self.asking_texts(), &self.desk.context.services.sharing);
        let templates = sharing.templates().await?;
        let latest = sharing.latest_request(self.desk.principal()).await?;
        let (none, accounts) = (Vec::new(), self.accounts().await?);
        let faults = match &refused {
            Some(Refused::Faults(faults)) => faults,
            _ => &none,
        };
        let content = html! {
            (self.refused(refused.as_ref()))
            form method="post" action=(NEW) enctype="multipart/form-data" {
                (self.desk.token())
                input type="hidden" name="latest" value=(latest);
                @if !source.field.1.is_empty() {
                    input type="hidden" name=(source.field.0) value=(source.field.1);
                }
                (self.choice_of_template(source, &templates))
                (self.asked_for(source, &wanted, faults))
                (self.people_asked(&wanted, faults, &accounts))
                button { (texts.make()) }
            }
        };
        Ok(self.page(self.texts().new_title(), Width::Narrow, content, status))
    }

    fn refused(&self, refused: Option<&Refused>) -> Markup {
        let texts = self.asking_texts();
        html! {
            @match refused {
                None => {},
                Some(Refused::MadeMeanwhile) => {
                    (problem(texts.made_meanwhile()))
                    p { a href=(MADE) { (texts.see_made()) } }
                },
                Some(Refused::Other(text)) => (problem(text)),
                Some(Refused::Faults(faults)) => {
                    (problem(texts.faults()))
                    ul { @for fault in faults { li { a href={ "#" (fault.place.id()) } { (fault.why) } } } }
                },
            }
        }
    }

    /// The title, the items, the folder for the files, and the deadline.
    fn asked_for(&self, source: &Source, wanted: &Wanted, faults: &[Fault]) -> Markup {
        let texts = self.asking_texts();
        html! {
            label { (self.texts().subject())
                input #(Place::Title.id()) type="text" name="title" required maxlength=(MAX_TITLE) value=(wanted.title)
                    aria-invalid=[invalid(faults, Place::Title)] aria-describedby=[described(faults, Place::Title, "")];
            }
            (beside(faults, Place::Title))
            @if !source.items.is_empty() {
                fieldset {
                    legend { (texts.items_of(&Shown(&source.title).to_string())) }
                    @for (place, item) in (1..).zip(&source.items) {
                        label.check {
                            input type="checkbox" name="keep" value=(place) checked[wanted.keep.contains(&place)];
                            span { (self.named(item)) }
                        }
                    }
                }
            }
            label { (if source.items.is_empty() { texts.own_items() } else { texts.more_items() })
                textarea #(Place::Items.id()) name="items" rows="5" aria-invalid=[invalid(faults, Place::Items)]
                    aria-describedby=[described(faults, Place::Items, "items-about")] { (wanted.items) }
            }
            p #items-about { (texts.items_day()) }
            (beside(faults, Place::Items))
            (self.item_dates(source, wanted, faults))
            label { (texts.note())
                textarea #(Place::Note.id()) name="note" rows="4" maxlength=(MAX_NOTE)
                    aria-invalid=[invalid(faults, Place::Note)] aria-describedby=[described(faults, Place::Note, "")] { (wanted.note) }
            }
            (beside(faults, Place::Note))
            label { (texts.asked_until())
                input #(Place::Deadline.id()) type="date" name="deadline" value=(wanted.deadline)
                    aria-invalid=[invalid(faults, Place::Deadline)] aria-describedby=[described(faults, Place::Deadline, "")];
            }
            (beside(faults, Place::Deadline))
            @if self.desk.context.services.sharing.sends_mails() == Some(true) {
                @let reminding = self.reminding_texts();
                label { (reminding.plan())
                    input #(Place::Plan.id()) type="text" name="plan" inputmode="numeric" autocomplete="off"
                        value=(wanted.plan.as_deref().unwrap_or_default()) aria-invalid=[invalid(faults, Place::Plan)]
                        aria-describedby=[described(faults, Place::Plan, "plan-about")];
                }
                p #plan-about { (reminding.plan_about(MOST_REMINDERS)) }
                (beside(faults, Place::Plan))
            }
            label { (self.texts().space_asked())
                select #(Place::Space.id()) name="space" required aria-invalid=[invalid(faults, Place::Space)]
                    aria-describedby=[described(faults, Place::Space, "")] {
                    @for (space, _) in self.writable() {
                        option value=(space.name) selected[space.name == wanted.space] { (space.name) }
                    }
                }
            }
            (beside(faults, Place::Space))
            label { (texts.folder_asked())
                input #(Place::Folder.id()) type="text" name="folder" value=(wanted.folder)
                    aria-invalid=[invalid(faults, Place::Folder)] aria-describedby=[described(faults, Place::Folder, "folder-about")];
            }
            p #folder-about { (texts.folder_about()) }
            (beside(faults, Place::Folder))
        }
    }

    /// The fields for the days of the source's items.
    fn item_dates(&self, source: &Source, wanted: &Wanted, faults: &[Fault]) -> Markup {
        let texts = self.asking_texts();
        let is_wrong = invalid(faults, Place::Dates);
        html! {
            @if !source.items.is_empty() {
                details #(Place::Dates.id()) open[is_wrong.is_some() || !wanted.dates.values().all(String::is_empty)] {
                    summary { (texts.dates()) }
                    p { (texts.dates_about()) }
                    (beside(faults, Place::Dates))
                    @for (place, item) in (1..).zip(&source.items) {
                        @let day = wanted.dates.get(&place).map_or("", String::as_str);
                        label {
                            (self.named(item))
                            @if let Some(ItemUntil::DaysBefore(days)) = item.until { ": " (texts.before(days)) }
                            input type="date" name={ "until-" (place) } value=(day);
                        }
                    }
                }
            }
        }
    }

    /// The accounts of whom the user can ask, with the spaces in which they can add files.
    async fn accounts(&self) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let (mut accounts, mut count) = (Vec::new(), 0);
        for (space, access) in self.writable() {
            let names = self.desk.context.services.sharing.accounts_to_ask(&access).await?;
            let own = self.desk.name();
            let names = names.iter().map(ToString::to_string).filter(|name| name != own);
            let names: Vec<_> = names.take(MAX_ACCOUNTS - count).collect();
            count += names.len();
            if !names.is_empty() {
                accounts.push((space.name.clone(), names));
            }
        }
        Ok(accounts)
    }

    fn people_asked(&self, wanted: &Wanted, faults: &[Fault], accounts: &[(String, Vec<String>)]) -> Markup {
        let texts = self.asking_texts();
        let (one, is_many) = (&wanted.recipient, !wanted.more.is_empty() || wanted.each);
        let is_open = is_many || faults.iter().any(|fault| fault.place == Place::More);
        html! {
            fieldset #(Place::Recipient.id()) {
                legend { (texts.recipient()) }
                label { (texts.name())
                    input type="text" name="name" maxlength=(MAX_RECIPIENT_NAME) autocomplete="off" value=(one.name)
                        aria-invalid=[invalid(faults, Place::Recipient)] aria-describedby=[described(faults, Place::Recipient, "")];
                }
                @if !accounts.is_empty() || !one.account.is_empty() {
                    label { (texts.account())
                        select name="account" aria-describedby="account-about" {
                            option value="" { (texts.no_account()) }
                            @for (space, names) in accounts {
                                optgroup label=(space) {
                                    @for name in names { option value=(name) selected[*name == one.account] { (name) } }
                                }
                            }
                        }
                    }
                    p #account-about { (texts.account_about()) }
                }
                label { (self.texts().mail())
                    input type="text" inputmode="email" name="mail" autocomplete="off" autocapitalize="none" spellcheck="false"
                        value=(one.mail) aria-invalid=[invalid(faults, Place::Recipient)] aria-describedby=[described(faults, Place::Recipient, "")];
                }
                (beside(faults, Place::Recipient))
                label { (texts.language())
                    select name="language" {
                        @for language in [Language::German, Language::English] {
                            option value=(language.tag()) selected[language.tag() == one.language] { (language.own_name()) }
                        }
                    }
                }
            }
            @if self.desk.context.services.sharing.sends_mails() == Some(true) || wanted.code {
                label.check {
                    input type="checkbox" name="code" value="yes" checked[wanted.code] aria-describedby="code-about";
                    span { (texts.code_by_mail()) }
                }
                p #code-about { (texts.code_about()) }
            }
            @if self.desk.context.services.sharing.sends_mails() == Some(true) || wanted.invites {
                label.check {
                    input type="checkbox" name="invite" value="yes" checked[wanted.invites] aria-describedby="at-once-about";
                    span { (self.inviting_texts().at_once()) }
                }
                p #at-once-about { (self.inviting_texts().at_once_about()) }
            }
            details open[is_open] {
                summary { (texts.many()) }
                p #more-about { (texts.many_about()) }
                label { (texts.list())
                    textarea #(Place::More.id()) name="more" rows="6" aria-invalid=[invalid(faults, Place::More)]
                        aria-describedby=[described(faults, Place::More, "more-about")] { (wanted.more) }
                }
                (beside(faults, Place::More))
                label { (texts.list_file()) input type="file" name=(FILES) accept=".csv,.txt,text/csv"; }
                fieldset {
                    legend { (texts.how()) }
                    label.check {
                        input type="radio" name="each" value="no" checked[!wanted.each];
                        span { (texts.together(MAX_RECIPIENTS)) }
                    }
                    label.check {
                        input type="radio" name="each" value="yes" checked[wanted.each];
                        span { (texts.each(MAX_TOGETHER)) }
                    }
                }
            }
        }
    }

    fn named(&self, item: &TemplateItem) -> Markup {
        html! {
            (Shown(&item.title))
            @if !item.person.is_empty() { " – " (self.texts().person(&Shown(&item.person).to_string())) }
        }
    }

    /// The link to a form that asks for the same again.
    pub(super) fn again(&self, id: RequestId) -> Markup {
        html! { p { a href={ (NEW) "?from=" (id) } { (self.asking_texts().again()) } } }
    }
}

impl Place {
    /// The id of its field.
    fn id(self) -> &'static str {
        match self {
            Self::Space => "space",
            Self::Folder => "folder",
            Self::Title => "title",
            Self::Note => "note",
            Self::Deadline => "deadline",
            Self::Plan => "plan",
            Self::Items => "items",
            Self::Dates => "dates",
            Self::Recipient => "recipient",
            Self::More => "more",
        }
    }
}

fn invalid(faults: &[Fault], place: Place) -> Option<&'static str> {
    faults.iter().any(|fault| fault.place == place).then_some("true")
}

/// The ids of the texts about a field: `about`, and its fault.
fn described(faults: &[Fault], place: Place, about: &str) -> Option<String> {
    let wrong = invalid(faults, place).map(|_| format!("bad-{}", place.id()));
    let ids: Vec<_> =
        [about.to_owned(), wrong.unwrap_or_default()].into_iter().filter(|id| !id.is_empty()).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The fault of a field, beside it.
fn beside(faults: &[Fault], place: Place) -> Markup {
    let wrong: Vec<_> = faults.iter().filter(|fault| fault.place == place).collect();
    html! {
        @if !wrong.is_empty() {
            div.problem id={ "bad-" (place.id()) } { @for fault in wrong { p { (fault.why) } } }
        }
    }
}

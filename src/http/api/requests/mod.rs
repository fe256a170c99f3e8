//! Requests for documents: made, looked at, judged, and reminded of.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::links::{day, names};
use super::{Call, Reply, path, reply};
use crate::model::{Access, Handout, ItemId, RecipientId, RequestId, Right, SpaceId, Stamp};
use crate::net::RequestBody;
use crate::sharing::{self, Judgement, RequestError, RequestHead, RequestsOf, TemplateItem, WantedRecipient};
use crate::text::AskedMail;

/// A request to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRequest {
    /// Name of the space.
    space: String,
    /// Path of the folder for the files; made if it is missing. The space's top folder by default.
    #[serde(default)]
    path: String,
    /// Name of a template, whose title, note, items and plan are used.
    template: Option<String>,
    /// What it asks for, as a whole; that of the template by default.
    title: Option<String>,
    /// Recipients see it; that of the template by default.
    note: Option<String>,
    /// What it asks for besides the items of the template.
    #[serde(default)]
    items: Vec<NewRequestItem>,
    /// Each gets a link of their own; without any, there is one link.
    #[serde(default)]
    recipients: Vec<NewRecipient>,
    /// The last day that is in time, such as `2026-12-31`.
    deadline: Option<String>,
    /// Days before the deadline on which it reminds, such as `7d,1d`, or `off`; as the template says, or `7d,1d`, by default.
    remind: Option<String>,
    /// Whether each link opens by a code that is sent to the address of its recipient; each recipient needs one then.
    #[serde(default)]
    code_by_mail: bool,
}

/// An item of a request to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRequestItem {
    /// What is asked for.
    title: String,
    /// Advice for the recipients.
    #[serde(default)]
    help: String,
    /// The person whose document it is, such as `A` or `B` of a couple.
    #[serde(default)]
    person: String,
    /// Whether it takes one file only.
    #[serde(default)]
    single: bool,
    /// Until when it is asked for: a day such as `2026-11-15`, or days before the deadline such as `14d`; with the request by
    /// default.
    until: Option<String>,
}

/// A recipient of a request to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRecipient {
    /// The person's name.
    #[serde(default)]
    name: String,
    /// The person's mail address; without one there are no mails.
    #[serde(default)]
    mail: String,
    /// Tag of the person's language, `de` or `en`; that of the account, or German, by default.
    #[serde(default)]
    language: String,
    /// Login name of an account that may add files in the space, and then sees the request.
    #[serde(default)]
    account: String,
}

/// Items of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemIds {
    /// Ids of the items.
    items: Vec<i64>,
}

/// Items that are needed again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectedItems {
    /// Ids of the items.
    items: Vec<i64>,
    /// Why; the recipients see it.
    reason: String,
}

/// Another deadline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDeadline {
    /// The last day that is in time, such as `2026-12-31`.
    deadline: String,
}

/// A change of an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedItem {
    /// Its own last day, such as `2026-11-15`; empty for none.
    until: Option<String>,
    /// A form to fill in that recipients may fetch, as `SPACE/PATH`; empty for none.
    form: Option<String>,
    /// An example of what is asked for, as `SPACE/PATH`; empty for none.
    example: Option<String>,
}

/// Another plan of reminders.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPlan {
    /// Days before the deadline on which it reminds, such as `14d,3d`, or `off`.
    remind: String,
}

/// Another mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedRecipient {
    /// The address; empty for none.
    mail: String,
}

/// A part of a list of requests.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestPage {
    /// Latest first.
    requests: Vec<RequestSummary>,
    /// The `before` of the next part; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// A request in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestSummary {
    /// Id of the request.
    id: i64,
    /// Name of the space.
    space: String,
    /// What it asks for, as a whole.
    title: String,
    /// Name of the template that it was made from; may be empty.
    template: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created: String,
    /// The time until which it asks.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
    /// Of the items that are missing, the earliest time until which one is asked for.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due: Option<String>,
    /// When it was closed.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    /// Number of items that are open or rejected.
    missing: u32,
    /// Number of items that the office has to look at.
    to_check: u32,
    /// Number of items that are rejected.
    rejected: u32,
}

/// A request.
#[derive(Serialize, ToSchema)]
pub(super) struct Request {
    #[serde(flatten)]
    summary: RequestSummary,
    /// Path of the folder for its files; absent if it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Recipients see it.
    note: String,
    /// Days before the deadline on which it reminds, or `off`.
    remind: String,
    /// Whether its reminders are paused.
    paused: bool,
    /// Whether each link opens by a code that is sent to the address of its recipient.
    code_by_mail: bool,
    /// What it asks for.
    items: Vec<RequestItem>,
    /// The recipients.
    recipients: Vec<RequestRecipient>,
    /// Number of the latest files that belong to no item.
    other_files: usize,
}

/// An item of a request.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestItem {
    /// Id of the item.
    id: i64,
    /// What is asked for.
    title: String,
    /// The person whose document it is; may be empty.
    person: String,
    /// `open`, `handed-in`, `does-not-apply`, `accepted` or `rejected`.
    state: String,
    /// The end of its own last day; absent if it is due with the request.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Why it was rejected, or the recipient's comment that it does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Its latest files, latest first.
    files: Vec<RequestFile>,
    /// The latest comments of the recipients, earliest first.
    comments: Vec<String>,
    /// What the recipients may fetch for it.
    handouts: Vec<ItemHandout>,
}

/// A file that recipients may fetch for an item.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemHandout {
    /// `form` or `example`.
    what: String,
    /// Name of the file; absent if it is not there at present.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

/// A file of an item.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestFile {
    /// The path as it was sent.
    sent: String,
    /// Its path in the space, while it is there and the caller may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Size in bytes.
    size: u64,
    /// When it arrived.
    #[schema(format = DateTime)]
    at: String,
}

/// A recipient of a request.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestRecipient {
    /// Id of the recipient.
    id: i64,
    /// The person's name; may be empty.
    name: String,
    /// The person's mail address; may be empty.
    mail: String,
    /// Tag of the person's language.
    language: String,
    /// Login name of the person's account, if the person is asked by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The person's address, only when the request is made. Everyone who has it can hand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When the person's link was last opened, to the minute.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
    /// Number of reminders that were sent.
    reminders: u32,
    /// When the last one was sent.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reminded: Option<String>,
    /// When the next one is due.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Why the person gets no mail now: `closed`, `link-ended`, `no-address`, `refused` or `nothing-missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_mail: Option<String>,
    /// When the last mail was sent, if a mail server reports that it has not arrived yet.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    delayed: Option<String>,
    /// When a mail server refused the address.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// What the mail server said then.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

/// A mail by which a recipient would be reminded.
#[derive(Serialize, ToSchema)]
pub(super) struct ReminderMail {
    /// Id of the recipient.
    recipient: i64,
    /// The person's mail address; may be empty.
    to: String,
    /// Its subject.
    subject: String,
    /// Its text, with the person's address. Everyone who has that can hand in.
    text: String,
    /// Why it would not be sent, as in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_mail: Option<String>,
}

pub(super) async fn list(call: &Call<'_>, caller: &Caller) -> Reply {
    let of = match call.query("show") {
        Some(word) => RequestsOf::from_word(&word).ok_or(ApiError::BadList)?,
        None => RequestsOf::default(),
    };
    let before = call.query("before").map(|id| id.parse().map(RequestId)).transpose();
    let before = before.map_err(|_| ApiError::BadList)?;
    let mut rights = rights(call, caller).await?;
    if let Some(name) = call.query("space") {
        let (space, _) = call.space_named(caller, &name).await?;
        rights.retain(|access| access.require(Right::Write) == Ok(space.id));
    }
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    let page = sharing.requests(&rights, of, before, now).await?;
    let spaces = names(call).await?;
    let requests = page.requests.into_iter().map(|row| RequestSummary::of(row, &spaces)).collect();
    reply(StatusCode::OK, &RequestPage { requests, next: page.next.map(|id| id.0) })
}

pub(super) async fn make(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let asked: NewRequest = call.body(body).await?;
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    let (_, access) = call.space_named(caller, &asked.space).await?;
    let template = match &asked.template {
        Some(name) => Some(sharing.template(name).await?),
        None => None,
    };
    let mut new = sharing::NewRequest::of_template(access, path(&asked.path)?, template)?;
    for item in asked.items {
        new.items.push(item.wanted()?);
    }
    new.title = asked.title.unwrap_or(new.title);
    new.note = asked.note.unwrap_or(new.note);
    new.recipients = asked.recipients.into_iter().map(WantedRecipient::from).collect();
    new.deadline = asked.deadline.as_deref().map(day).transpose()?;
    if let Some(plan) = &asked.remind {
        new.plan = plan.parse().map_err(RequestError::Plan)?;
    }
    new.code_by_mail = asked.code_by_mail;
    let made = sharing.ask(&caller.principal, vec![new], now).await?;
    let id = made.first().copied().ok_or(RequestError::NoSuchRequest)?;
    answer(call, &rights(call, caller).await?, id, StatusCode::CREATED).await
}

pub(super) async fn show(call: &Call<'_>, caller: &Caller) -> Reply {
    answer(call, &rights(call, caller).await?, request_id(call)?, StatusCode::OK).await
}

pub(super) async fn accept(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let ItemIds { items } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Accept).await
}

pub(super) async fn reject(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let RejectedItems { items, reason } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Reject(reason)).await
}

pub(super) async fn undo(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let ItemIds { items } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Undo).await
}

async fn judge(call: &Call<'_>, caller: &Caller, items: Vec<i64>, judgement: &Judgement) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let judgements = items.into_iter().map(|item| (ItemId(item), judgement.clone())).collect();
    call.context.services.sharing.judge(&rights, id, judgements, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn close(call: &Call<'_>, caller: &Caller, closes: bool) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.close_request(&rights, id, closes, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn extend(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let deadline = day(&call.body::<NewDeadline>(body).await?.deadline)?;
    call.context.services.sharing.extend_request(&rights, id, deadline, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn change_item(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let item = call.id("item").map(ItemId).map_err(|_| RequestError::NoSuchItem)?;
    let ChangedItem { until, form, example } = call.body(body).await?;
    let (sharing, by) = (&call.context.services.sharing, stamp(call, caller));
    if let Some(until) = until {
        let until = Some(until).filter(|until| !until.is_empty()).as_deref().map(day).transpose()?;
        sharing.date_items(&rights, id, vec![(item, until)], by).await?;
    }
    for (what, file) in [(Handout::Form, form), (Handout::Example, example)] {
        let Some(file) = file else { continue };
        let file = match file.as_str() {
            "" => None,
            file => Some(sharing.file_at(&caller.principal, file).await?.ok_or(ApiError::NoSuchSpace)?),
        };
        sharing.set_handout(&rights, (id, item, what), file, by).await?;
    }
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn preview(call: &Call<'_>, caller: &Caller) -> Reply {
    let (services, now) = (call.context.services, call.context.info.received);
    let rights = rights(call, caller).await?;
    let askings = services.sharing.askings(&rights, request_id(call)?, now).await?;
    let (office, origin) = (services.accounts.office().await?, services.sharing.origin());
    let mails = askings.into_iter().map(|asking| {
        let AskedMail { subject, text } = AskedMail::reminder(&asking, &office, &origin, now);
        ReminderMail {
            recipient: asking.recipient.0,
            to: asking.mail,
            subject,
            text,
            no_mail: asking.no_mail.map(|reason| reason.to_string()),
        }
    });
    reply(StatusCode::OK, &mails.collect::<Vec<_>>())
}

pub(super) async fn remind(call: &Call<'_>, caller: &Caller) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.remind(&rights, id, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn pause(call: &Call<'_>, caller: &Caller, pauses: bool) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.pause_reminders(&rights, id, pauses, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn plan(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let plan = call.body::<NewPlan>(body).await?.remind.parse().map_err(RequestError::Plan)?;
    call.context.services.sharing.plan_reminders(&rights, id, plan, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(super) async fn readdress(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let recipient = call.id("recipient").map(RecipientId).map_err(|_| RequestError::NoSuchRecipient)?;
    let ChangedRecipient { mail } = call.body(body).await?;
    let by = stamp(call, caller);
    call.context.services.sharing.readdress(&rights, (id, recipient), &mail, by).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

/// The request as it is now; with the addresses if it was just made.
async fn answer(call: &Call<'_>, rights: &[Access], id: RequestId, status: StatusCode) -> Reply {
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    let shown = sharing.request(rights, id).await?;
    let askings = sharing.askings(rights, id, now).await?;
    let origin = (status == StatusCode::CREATED).then(|| sharing.origin());
    let sends_mails = sharing.sends_mails() == Some(true);
    let (spaces, mut names) = (names(call).await?, Vec::new());
    for user in shown.recipients.iter().filter_map(|recipient| recipient.row.account) {
        let name = call.context.services.accounts.name_of(user).await.map_err(RequestError::Catalog)?;
        names.extend(name.map(|name| (user, name.to_string())));
    }
    let recipients = shown.recipients.into_iter().map(|recipient| {
        let (row, link) = (recipient.row, recipient.link);
        let no_mail =
            askings.iter().find(|asking| asking.recipient == row.id).and_then(|asking| asking.no_mail);
        let url = origin.as_ref().zip(link.as_ref());
        RequestRecipient {
            id: row.id.0,
            url: url.map(|(origin, link)| format!("{origin}{}", link.url_path())),
            opened: link.and_then(|link| link.opened).map(|at| at.to_string()),
            name: row.name,
            mail: row.mail,
            language: row.language,
            account: names.iter().find(|(user, _)| Some(*user) == row.account).map(|(_, name)| name.clone()),
            reminders: row.reminders,
            reminded: row.reminded.map(|at| at.to_string()),
            next: row.remind.filter(|_| sends_mails).map(|at| at.to_string()),
            no_mail: no_mail.map(|reason| reason.to_string()),
            refused: row.refused.map(|at| at.to_string()),
            delayed: row.delayed.map(|at| at.to_string()),
            refusal: Some(row.refusal).filter(|text| !text.is_empty()),
        }
    });
    let request = Request {
        path: shown.path.map(|path| path.trim_start_matches('/').to_owned()),
        note: shown.row.note.clone(),
        remind: shown.row.plan.to_string(),
        paused: shown.row.is_paused,
        code_by_mail: shown.row.code_by_mail,
        items: shown.items.into_iter().map(RequestItem::of).collect(),
        recipients: recipients.collect(),
        other_files: shown.others.len(),
        summary: RequestSummary::of(shown.row, &spaces),
    };
    reply(status, &request)
}

/// The spaces in which the caller makes and judges requests.
async fn rights(call: &Call<'_>, caller: &Caller) -> Result<Vec<Access>, ApiError> {
    Ok(call.context.services.sharing.request_rights(&caller.principal).await?)
}

fn request_id(call: &Call<'_>) -> Result<RequestId, ApiError> {
    call.id("request").map(RequestId).map_err(|_| RequestError::NoSuchRequest.into())
}

fn stamp(call: &Call<'_>, caller: &Caller) -> Stamp {
    caller.principal.stamp(call.context.info.received)
}

impl NewRequestItem {
    fn wanted(self) -> Result<TemplateItem, RequestError> {
        let Self { title, help, person, single, until } = self;
        let until = until.map(|until| until.parse()).transpose()?;
        Ok(TemplateItem { help, person, several: !single, until, ..TemplateItem::titled(title) })
    }
}

impl From<NewRecipient> for WantedRecipient {
    fn from(recipient: NewRecipient) -> Self {
        let NewRecipient { name, mail, language, account } = recipient;
        Self { name, mail, language, account }
    }
}

impl RequestSummary {
    fn of(row: RequestHead, spaces: &[(SpaceId, String)]) -> Self {
        let space = spaces.iter().find(|(id, _)| *id == row.space);
        Self {
            id: row.id.0,
            space: space.map(|(_, name)| name.clone()).unwrap_or_default(),
            title: row.title,
            template: row.template,
            created: row.created.to_string(),
            deadline: row.deadline.map(|at| at.to_string()),
            next_due: row.next_due.map(|at| at.to_string()),
            closed: row.closed.map(|at| at.to_string()),
            missing: row.missing,
            to_check: row.to_check,
            rejected: row.rejected,
        }
    }
}

impl RequestItem {
    fn of(item: sharing::ItemShown) -> Self {
        let (reason, row) = (item.reason().map(str::to_owned), item.row);
        let files = item.files.into_iter().map(|file| RequestFile {
            sent: file.row.path,
            path: file.path.map(|path| path.text()),
            size: file.row.size,
            at: file.row.at.to_string(),
        });
        let handouts = item.handouts.into_iter().map(|handout| ItemHandout {
            what: handout.what.to_string(),
            size: handout.file.as_ref().map(|file| file.size),
            file: handout.file.map(|file| file.name),
        });
        Self {
            id: row.id.0,
            handouts: handouts.collect(),
            title: row.title,
            person: row.person,
            state: row.state.to_string(),
            until: row.until.map(|at| at.to_string()),
            reason,
            files: files.collect(),
            comments: item.comments.into_iter().map(|comment| comment.text).collect(),
        }
    }
}

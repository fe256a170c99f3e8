//! Requests for documents: made, looked at, judged, and reminded of.

mod shown;

use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Caller;
use crate::http::api::error::ApiError;
use crate::http::api::links::{day, names};
use crate::http::api::{Call, Reply, path, reply};
use crate::model::{Access, CommentId, Handout, ItemId, RecipientId, RequestId, Right, Stamp};
use crate::net::RequestBody;
use crate::sharing::{self, Judgement, RequestError, RequestsOf, TemplateItem, WantedRecipient};
use crate::text::AskedMail;

pub(super) use shown::{ReminderMail, Request, RequestPage};

use shown::{RequestSummary, answer, answer_with};

/// A request to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct NewRequest {
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
    /// Whether each link opens by a code that is sent to the address of its recipient; each recipient needs one then. Always, if the
    /// template says so.
    #[serde(default)]
    code_by_mail: bool,
    /// Whether the recipients with a mail address are invited by mail.
    #[serde(default)]
    invite: bool,
}

/// An item of a request to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct NewRequestItem {
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
pub(in crate::http::api) struct NewRecipient {
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
pub(in crate::http::api) struct ItemIds {
    /// Ids of the items.
    items: Vec<i64>,
}

/// Items that are needed again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct RejectedItems {
    /// Ids of the items.
    items: Vec<i64>,
    /// Why; the recipients see it.
    reason: String,
}

/// Another deadline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct NewDeadline {
    /// The last day that is in time, such as `2026-12-31`.
    deadline: String,
}

/// A change of an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct ChangedItem {
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
pub(in crate::http::api) struct NewPlan {
    /// Days before the deadline on which it reminds, such as `14d,3d`, or `off`.
    remind: String,
}

/// An answer to a comment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct Answer {
    /// The recipient sees it; empty to settle the comment without words.
    text: String,
}

/// Another mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct ChangedRecipient {
    /// The address; empty for none.
    mail: String,
}

pub(in crate::http::api) async fn list(call: &Call<'_>, caller: &Caller) -> Reply {
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

pub(in crate::http::api) async fn make(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
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
    new.code_by_mail |= asked.code_by_mail;
    new.invites = asked.invite;
    let made = sharing.ask(&caller.principal, vec![new], now).await?;
    let id = made.first().copied().ok_or(RequestError::NoSuchRequest)?;
    answer(call, &rights(call, caller).await?, id, StatusCode::CREATED).await
}

pub(in crate::http::api) async fn show(call: &Call<'_>, caller: &Caller) -> Reply {
    answer(call, &rights(call, caller).await?, request_id(call)?, StatusCode::OK).await
}

pub(in crate::http::api) async fn accept(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let ItemIds { items } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Accept).await
}

pub(in crate::http::api) async fn reject(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let RejectedItems { items, reason } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Reject(reason)).await
}

pub(in crate::http::api) async fn undo(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let ItemIds { items } = call.body(body).await?;
    judge(call, caller, items, &Judgement::Undo).await
}

async fn judge(call: &Call<'_>, caller: &Caller, items: Vec<i64>, judgement: &Judgement) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let judgements = items.into_iter().map(|item| (ItemId(item), judgement.clone())).collect();
    call.context.services.sharing.judge(&rights, id, judgements, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn close(call: &Call<'_>, caller: &Caller, closes: bool) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.close_request(&rights, id, closes, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn extend(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let deadline = day(&call.body::<NewDeadline>(body).await?.deadline)?;
    call.context.services.sharing.extend_request(&rights, id, deadline, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn change_item(
    call: &Call<'_>,
    caller: &Caller,
    body: &mut RequestBody,
) -> Reply {
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

pub(in crate::http::api) async fn preview(call: &Call<'_>, caller: &Caller) -> Reply {
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

pub(in crate::http::api) async fn remind(call: &Call<'_>, caller: &Caller) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.remind(&rights, id, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn pause(call: &Call<'_>, caller: &Caller, pauses: bool) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.pause_reminders(&rights, id, pauses, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn plan(call: &Call<'_>, caller: &Caller, body: &mut RequestBody) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let plan = call.body::<NewPlan>(body).await?.remind.parse().map_err(RequestError::Plan)?;
    call.context.services.sharing.plan_reminders(&rights, id, plan, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn invite(call: &Call<'_>, caller: &Caller) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    call.context.services.sharing.invite(&rights, id, stamp(call, caller)).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

/// Answers with the new address, and no other.
pub(in crate::http::api) async fn renew(call: &Call<'_>, caller: &Caller) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let recipient = call.id("recipient").map(RecipientId).map_err(|_| RequestError::NoSuchRecipient)?;
    call.context.services.sharing.renew_address(&rights, (id, recipient), stamp(call, caller)).await?;
    answer_with(call, (&rights, id), StatusCode::OK, &|one| one == recipient).await
}

pub(in crate::http::api) async fn answer_comment(
    call: &Call<'_>,
    caller: &Caller,
    body: &mut RequestBody,
) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let comment = call.id("comment").map(CommentId).map_err(|_| RequestError::NoSuchComment)?;
    let Answer { text } = call.body(body).await?;
    let by = stamp(call, caller);
    call.context.services.sharing.answer_comment(&rights, (id, comment), &text, by).await?;
    answer(call, &rights, id, StatusCode::OK).await
}

pub(in crate::http::api) async fn readdress(
    call: &Call<'_>,
    caller: &Caller,
    body: &mut RequestBody,
) -> Reply {
    let (rights, id) = (rights(call, caller).await?, request_id(call)?);
    let recipient = call.id("recipient").map(RecipientId).map_err(|_| RequestError::NoSuchRecipient)?;
    let ChangedRecipient { mail } = call.body(body).await?;
    let by = stamp(call, caller);
    call.context.services.sharing.readdress(&rights, (id, recipient), &mail, by).await?;
    answer(call, &rights, id, StatusCode::OK).await
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

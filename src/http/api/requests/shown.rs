//! A request as scripts see it.

use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api::links::names;
use crate::http::api::{Call, Reply, reply};
use crate::model::{Access, RecipientId, RequestId, SpaceId};
use crate::sharing::{self, RequestError, RequestHead};

/// A part of a list of requests.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct RequestPage {
    /// Latest first.
    pub(super) requests: Vec<RequestSummary>,
    /// The `before` of the next part; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<i64>,
}

/// A request in a list.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct RequestSummary {
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
pub(in crate::http::api) struct Request {
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
pub(in crate::http::api) struct RequestItem {
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
    comments: Vec<RequestComment>,
    /// What the recipients may fetch for it.
    handouts: Vec<ItemHandout>,
}

/// A recipient's question or comment.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct RequestComment {
    /// Id of the comment.
    id: i64,
    /// When it was written.
    #[schema(format = DateTime)]
    at: String,
    /// Id of the recipient, while the request has that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<i64>,
    /// The recipient's words.
    text: String,
    /// When the office answered it, or settled it without words.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    /// The office's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// A file that recipients may fetch for an item.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct ItemHandout {
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
pub(in crate::http::api) struct RequestFile {
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
pub(in crate::http::api) struct RequestRecipient {
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
    /// The person's address, only when the request is made or the address is renewed. Everyone who has it can hand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When the person's link was last opened, to the minute.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<String>,
    /// When the invitation with the present address was sent.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    invited: Option<String>,
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
pub(in crate::http::api) struct ReminderMail {
    /// Id of the recipient.
    pub(super) recipient: i64,
    /// The person's mail address; may be empty.
    pub(super) to: String,
    /// Its subject.
    pub(super) subject: String,
    /// Its text, with the person's address. Everyone who has that can hand in.
    pub(super) text: String,
    /// Why it would not be sent, as in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) no_mail: Option<String>,
}

/// The request as it is now; with the addresses if it was just made.
pub(super) async fn answer(call: &Call<'_>, rights: &[Access], id: RequestId, status: StatusCode) -> Reply {
    answer_with(call, (rights, id), status, &|_| status == StatusCode::CREATED).await
}

/// The same with the addresses of these recipients.
pub(super) async fn answer_with(
    call: &Call<'_>,
    (rights, id): (&[Access], RequestId),
    status: StatusCode,
    has_address: &(dyn Fn(RecipientId) -> bool + Sync),
) -> Reply {
    let (sharing, now) = (&call.context.services.sharing, call.context.info.received);
    let shown = sharing.request(rights, id).await?;
    let askings = sharing.askings(rights, id, now).await?;
    let origin = sharing.origin();
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
        let url = link.as_ref().filter(|_| has_address(row.id));
        RequestRecipient {
            id: row.id.0,
            invited: row.invited_since().map(|at| at.to_string()),
            url: url.map(|link| format!("{origin}{}", link.url_path())),
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

impl RequestSummary {
    pub(super) fn of(row: RequestHead, spaces: &[(SpaceId, String)]) -> Self {
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
            comments: item.comments.into_iter().map(RequestComment::of).collect(),
        }
    }
}

impl RequestComment {
    fn of(comment: sharing::Comment) -> Self {
        Self {
            id: comment.id.0,
            at: comment.at.to_string(),
            recipient: comment.recipient.map(|recipient| recipient.0),
            text: comment.text,
            answered: comment.answered.map(|at| at.to_string()),
            answer: Some(comment.answer).filter(|answer| !answer.is_empty()),
        }
    }
}

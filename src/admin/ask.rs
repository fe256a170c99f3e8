//! Requests for documents, and their templates.

use super::error::AdminError;
use super::judge::Judged;
use super::link::day;
use super::reply::{
    AskedMailShown, AskedRow, AskedShown, CommentShown, HandoutShown, ItemFileShown, ItemShown,
    RecipientShown, TemplateShown,
};
use super::request::AskedFor;
use super::service::{Admin, parse_path};
use super::{Reply, When};
use crate::library::Space;
use crate::model::{
    Access, CommentId, EntryPath, Handout, ItemId, RecipientId, RequestId, Stamp, Timestamp, WhyNoMail,
};
use crate::sharing::{
    Comment, Judgement, NewRequest, RequestError, RequestShown, RequestsOf, Template, TemplateItem,
    WantedRecipient,
};
use crate::text::AskedMail;

impl Admin {
    pub(super) async fn ask_for(
        &self,
        user: &str,
        asked: AskedFor,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let (principal, space, access) = self.as_user(user, &asked.space).await?;
        let template = match &asked.template {
            Some(name) => Some(self.sharing.template(name).await?),
            None => None,
        };
        let own = asked.items.into_iter();
        let own = own.map(TemplateItem::titled);
        let mut new = NewRequest::of_template(access, parse_path(&asked.path)?, template)?;
        new.items.extend(own);
        new.title = asked.title.unwrap_or(new.title);
        new.note = asked.note.unwrap_or(new.note);
        new.recipients = asked.to.iter().map(|text| recipient(text, &asked.language)).collect();
        new.deadline = asked.deadline.as_deref().map(day).transpose()?;
        if let Some(plan) = &asked.remind {
            new.plan = plan.parse().map_err(RequestError::Plan)?;
        }
        new.code_by_mail |= asked.code_by_mail;
        new.invites = asked.invite;
        let made = self.sharing.ask(&principal, vec![new], now).await?;
        let rights = self.sharing.request_rights(&principal).await?;
        let id = made.first().copied().ok_or(RequestError::NoSuchRequest)?;
        let shown = self.shown_request((id, &rights), &[space], true, now).await?;
        Ok(Reply::Asked(Box::new(shown)))
    }

    pub(super) async fn requests(
        &self,
        spaces: &[Space],
        (of, before): (&str, Option<i64>),
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let of = RequestsOf::from_word(of).ok_or_else(|| AdminError::Word {
            word: of.to_owned(),
            what: "list of requests",
            allowed: RequestsOf::WORDS.map(|(word, _)| word).join(", "),
        })?;
        let rights = judged.accesses(spaces);
        let page = self.sharing.requests(&rights, of, before.map(RequestId), now).await?;
        let rows = page.requests.into_iter().map(|row| AskedRow {
            id: row.id.0,
            space: space_name(spaces, row.space),
            title: row.title,
            template: Some(row.template).filter(|name| !name.is_empty()),
            created: When(row.created),
            deadline: row.deadline.map(When),
            next_due: row.next_due.map(When),
            closed: row.closed.map(When),
            missing: row.missing,
            to_check: row.to_check,
            rejected: row.rejected,
        });
        Ok(Reply::AskedList(rows.collect()))
    }

    pub(super) async fn request_shown(
        &self,
        id: i64,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let rights = judged.accesses(&spaces);
        let shown = self.shown_request((RequestId(id), &rights), &spaces, false, now).await?;
        Ok(Reply::Asked(Box::new(shown)))
    }

    pub(super) async fn judge_items(
        &self,
        id: i64,
        items: Vec<i64>,
        (verdict, reason): (&str, Option<String>),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let judgement = match verdict {
            "accept" => Judgement::Accept,
            "reject" => Judgement::Reject(reason.unwrap_or_default()),
            "undo" => Judgement::Undo,
            _ => {
                let (word, what) = (verdict.to_owned(), "decision about an item");
                return Err(AdminError::Word { word, what, allowed: "accept, reject, undo".into() });
            }
        };
        let judgements = items.into_iter().map(|item| (ItemId(item), judgement.clone())).collect();
        self.sharing.judge(&self.accesses(judged).await?, RequestId(id), judgements, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn close_or_reopen(
        &self,
        id: i64,
        closes: bool,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        self.sharing.close_request(&self.accesses(judged).await?, RequestId(id), closes, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn extend_request(
        &self,
        id: i64,
        deadline: &str,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let rights = self.accesses(judged).await?;
        self.sharing.extend_request(&rights, RequestId(id), day(deadline)?, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    /// Changes an item; an empty day or file is none.
    pub(super) async fn change_item(
        &self,
        id: i64,
        item: i64,
        (until, files): (Option<&str>, [(Handout, Option<String>); 2]),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let (rights, request, item) = (self.accesses(judged).await?, RequestId(id), ItemId(item));
        if let Some(until) = until {
            let until = Some(until).filter(|until| !until.is_empty()).map(day).transpose()?;
            self.sharing.date_items(&rights, request, vec![(item, until)], by).await?;
        }
        for (what, file) in files {
            let Some(file) = file else { continue };
            let file = match file.as_str() {
                "" => None,
                file => Some(self.file_of(file, judged).await?),
            };
            self.sharing.set_handout(&rights, (request, item, what), file, by).await?;
        }
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn remind(&self, id: i64, judged: &Judged, by: Stamp) -> Result<Reply, AdminError> {
        self.sharing.remind(&self.accesses(judged).await?, RequestId(id), by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn invite(&self, id: i64, judged: &Judged, by: Stamp) -> Result<Reply, AdminError> {
        self.sharing.invite(&self.accesses(judged).await?, RequestId(id), by).await?;
        self.request_shown(id, judged, by.at).await
    }

    /// Answers with the new address, and no other.
    pub(super) async fn renew_address(
        &self,
        id: i64,
        recipient: i64,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let (spaces, id) = (self.library.spaces().await?, RequestId(id));
        let rights = judged.accesses(&spaces);
        self.sharing.renew_address(&rights, (id, RecipientId(recipient)), by).await?;
        let mut shown = self.shown_request((id, &rights), &spaces, true, by.at).await?;
        for other in shown.recipients.iter_mut().filter(|other| other.id != recipient) {
            other.url = None;
        }
        Ok(Reply::Asked(Box::new(shown)))
    }

    pub(super) async fn reminder_preview(
        &self,
        id: i64,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let askings = self.sharing.askings(&self.accesses(judged).await?, RequestId(id), now).await?;
        let (office, origin) = (self.accounts.office().await?, self.sharing.origin());
        let mails = askings.into_iter().map(|asking| {
            let AskedMail { subject, text } = AskedMail::reminder(&asking, &office, &origin, now);
            AskedMailShown {
                id: asking.recipient.0,
                to: asking.mail,
                name: asking.name,
                subject,
                text,
                no_mail: asking.no_mail.map(|reason| reason.to_string()),
            }
        });
        Ok(Reply::Mails(mails.collect()))
    }

    pub(super) async fn pause_reminders(
        &self,
        id: i64,
        pauses: bool,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        self.sharing.pause_reminders(&self.accesses(judged).await?, RequestId(id), pauses, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn plan_reminders(
        &self,
        id: i64,
        plan: &str,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let plan = plan.parse().map_err(RequestError::Plan)?;
        self.sharing.plan_reminders(&self.accesses(judged).await?, RequestId(id), plan, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn readdress(
        &self,
        id: i64,
        (recipient, mail): (i64, &str),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let whose = (RequestId(id), RecipientId(recipient));
        self.sharing.readdress(&self.accesses(judged).await?, whose, mail, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn answer_comment(
        &self,
        id: i64,
        (comment, text): (i64, &str),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let which = (RequestId(id), CommentId(comment));
        self.sharing.answer_comment(&self.accesses(judged).await?, which, text, by).await?;
        self.request_shown(id, judged, by.at).await
    }

    pub(super) async fn templates(&self) -> Result<Reply, AdminError> {
        let templates = self.sharing.templates().await?;
        let shipped = Template::shipped();
        let shown = templates.into_iter().map(|(template, own)| TemplateShown {
            shipped: shipped.iter().any(|one| one.name == template.name),
            items: template.items.len(),
            name: template.name,
            title: template.title,
            own,
        });
        Ok(Reply::Templates(shown.collect()))
    }

    pub(super) async fn template(&self, name: &str) -> Result<Reply, AdminError> {
        Ok(Reply::Text(self.sharing.template(name).await?.text()))
    }

    pub(super) async fn import_template(&self, text: &str, by: Stamp) -> Result<Reply, AdminError> {
        let Template { name, items, .. } = self.sharing.import_template(text, by).await?;
        Ok(Reply::Done(format!("template {name} with {} items is imported", items.len())))
    }

    pub(super) async fn remove_template(&self, name: &str, by: Stamp) -> Result<Reply, AdminError> {
        self.sharing.remove_template(name, by).await?;
        Ok(Reply::Done(format!("template {name} is removed")))
    }

    pub(super) async fn reset_template(&self, name: &str, by: Stamp) -> Result<Reply, AdminError> {
        self.sharing.reset_template(name, by).await?;
        Ok(Reply::Done(format!("template {name} is that of the program again")))
    }

    /// The access and the path to a file that is named as `SPACE/PATH`.
    async fn file_of(&self, text: &str, judged: &Judged) -> Result<(Access, EntryPath), AdminError> {
        let (space, path) = text.split_once('/').unwrap_or((text, ""));
        let space = self.space(space).await?;
        Ok((judged.access(space.id)?, parse_path(path)?))
    }

    async fn shown_request(
        &self,
        (id, rights): (RequestId, &[Access]),
        spaces: &[Space],
        with_urls: bool,
        now: Timestamp,
    ) -> Result<AskedShown, AdminError> {
        let (origin, sends_mails) = (self.sharing.origin(), self.sharing.sends_mails() != Some(false));
        let RequestShown { row, path, items, recipients, others } = self.sharing.request(rights, id).await?;
        let askings = self.sharing.askings(rights, id, now).await?;
        let no_mail = |id: RecipientId| -> Option<WhyNoMail> {
            askings.iter().find(|asking| asking.recipient == id)?.no_mail
        };
        let mut accounts = Vec::new();
        for user in recipients.iter().filter_map(|recipient| recipient.row.account) {
            accounts.extend(self.accounts.name_of(user).await?.map(|name| (user, name)));
        }
        let recipients: Vec<_> = recipients
            .into_iter()
            .map(|recipient| {
                let (link, row) = (recipient.link.as_ref(), recipient.row);
                RecipientShown {
                    id: row.id.0,
                    opened: link.and_then(|link| link.opened).map(When),
                    url: link.filter(|_| with_urls).map(|link| format!("{origin}{}", link.url_path())),
                    no_mail: no_mail(row.id).map(|reason| reason.to_string()),
                    invited: row.invited_since().map(When),
                    account: accounts
                        .iter()
                        .find(|(user, _)| Some(*user) == row.account)
                        .map(|(_, name)| name.to_string()),
                    to: row.mail,
                    name: row.name,
                    language: row.language,
                    reminders: row.reminders,
                    reminded: row.reminded.map(When),
                    next: row.remind.filter(|_| sends_mails).map(When),
                    refused: row.refused.map(When),
                    delayed: row.delayed.map(When),
                    refusal: Some(row.refusal).filter(|text| !text.is_empty()),
                }
            })
            .collect();
        Ok(AskedShown {
            id: row.id.0,
            space: space_name(spaces, row.space),
            path,
            title: row.title,
            note: row.note,
            template: Some(row.template).filter(|name| !name.is_empty()),
            created: When(row.created),
            deadline: row.deadline.map(When),
            next_due: row.next_due.map(When),
            closed: row.closed.map(When),
            remind: row.plan.to_string(),
            paused: row.is_paused,
            code_by_mail: row.code_by_mail,
            url: recipients.first().and_then(|recipient| recipient.url.clone()),
            items: items.into_iter().map(item).collect(),
            recipients,
            other_files: others.len(),
        })
    }
}

fn item(item: crate::sharing::ItemShown) -> ItemShown {
    let (reason, row) = (item.reason().map(str::to_owned), item.row);
    let files = item.files.into_iter().map(|file| ItemFileShown {
        sent: file.row.path,
        path: file.path.map(|path| path.to_string()),
        bytes: file.row.size,
        arrived: When(file.row.at),
    });
    let handouts = item.handouts.into_iter().map(|handout| HandoutShown {
        what: handout.what.to_string(),
        bytes: handout.file.as_ref().map(|file| file.size),
        file: handout.file.map(|file| file.name),
    });
    ItemShown {
        id: row.id.0,
        title: row.title,
        person: row.person,
        state: row.state.to_string(),
        until: row.until.map(When),
        handouts: handouts.collect(),
        reason,
        files: files.collect(),
        comments: item.comments.into_iter().map(comment).collect(),
    }
}

fn comment(comment: Comment) -> CommentShown {
    CommentShown {
        id: comment.id.0,
        at: When(comment.at),
        recipient: comment.recipient.map(|recipient| recipient.0),
        text: comment.text,
        answered: comment.answered.map(When),
        answer: Some(comment.answer).filter(|answer| !answer.is_empty()),
    }
}

/// A recipient as written in a mail program: `Erika Huber <erika@example.de>`, or the address alone; or the name of an account.
fn recipient(text: &str, language: &str) -> WantedRecipient {
    let (name, mail) = match text.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches('>')),
        None => ("", text),
    };
    let (mail, account) = if text.contains('@') { (mail, "") } else { ("", text) };
    let [name, mail, language, account] = [name, mail, language, account].map(str::to_owned);
    WantedRecipient { name, mail, language, account }
}

fn space_name(spaces: &[Space], id: crate::model::SpaceId) -> String {
    spaces.iter().find(|space| space.id == id).map(|space| space.name.clone()).unwrap_or_default()
}

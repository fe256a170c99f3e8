//! The reminders of a request on its page: what was sent, what comes next, and what stands in the way.

use maud::{Markup, html};

use super::Requests;
use super::address::of_request;
use super::list::called;
use crate::http::page::form::Fields;
use crate::model::{RecipientId, RequestId, Shown};
use crate::sharing::{Recipient, RequestError, RequestShown};
use crate::text::RemindingTexts;

impl Requests<'_> {
    /// The part of the page; nothing for a request that is closed.
    pub(super) fn reminders(&self, request: &RequestShown) -> Markup {
        let (texts, row, here) = (self.reminding_texts(), &request.row, of_request(request.row.id));
        if row.closed.is_some() {
            return html! {};
        }
        let sends_mails = self.desk.context.services.sharing.sends_mails() == Some(true);
        let is_planned = !row.is_paused && request.recipients.iter().any(|one| one.row.remind.is_some());
        html! {
            section #reminders {
                h2 { (texts.reminders()) }
                @if !sends_mails { p { (texts.no_mails()) } } @else {
                    @if row.is_paused { p { (texts.reminders_paused()) } }
                    @else if !is_planned { p { (texts.no_reminder_planned()) } }
                    ul.items {
                        @for recipient in &request.recipients { li { (self.reminded(&here, &recipient.row, row.is_paused)) } }
                    }
                    form method="post" action=(here) {
                        (self.desk.token())
                        button name="do" value="remind" { (texts.remind_now()) }
                        @if row.is_paused {
                            button.plain name="do" value="resume" { (texts.resume_reminders()) }
                        } @else {
                            button.plain name="do" value="pause" { (texts.pause_reminders()) }
                        }
                    }
                }
            }
        }
    }

    fn reminded(&self, here: &str, recipient: &Recipient, is_paused: bool) -> Markup {
        let texts = self.reminding_texts();
        let name = Shown(called(recipient)).to_string();
        let so_far = match recipient.reminded {
            Some(last) => texts.reminded(recipient.reminders, &self.desk.moment(last)),
            None => texts.never_reminded().to_owned(),
        };
        let next = recipient.remind.filter(|_| !is_paused);
        html! {
            span.state { (if name.is_empty() { self.texts().no_name() } else { &name }) }
            p { (so_far) @if let Some(next) = next { ", " (texts.reminds_next(&self.desk.moment(next))) } }
            @if let Some(refused) = recipient.refused {
                p.problem { (texts.address_refused(&self.desk.moment(refused), &Shown(&recipient.refusal).to_string())) }
            }
            @if let Some(sent) = recipient.delayed { p.problem { (texts.mail_delayed(&self.desk.moment(sent))) } }
            @if recipient.refused.is_some() || recipient.mail.is_empty() {
                form method="post" action=(here) {
                    (self.desk.token())
                    input type="hidden" name="recipient" value=(recipient.id);
                    label {
                        (self.texts().mail())
                        input type="email" name="mail" value=(recipient.mail) required autocomplete="off";
                    }
                    button name="do" value="readdress" { (texts.readdress()) }
                }
            }
        }
    }

    /// Carries out a form about reminders; `None` for another form. With the word for what was done.
    pub(super) async fn about_reminders(
        &self,
        id: RequestId,
        form: &Fields,
    ) -> Option<(&'static str, Result<(), RequestError>)> {
        let (sharing, by) = (&self.desk.context.services.sharing, self.desk.principal().stamp(self.now()));
        Some(match form.get("do") {
            "remind" => ("reminded", sharing.remind(&self.rights, id, by).await),
            "pause" => ("paused", sharing.pause_reminders(&self.rights, id, true, by).await),
            "resume" => ("resumed", sharing.pause_reminders(&self.rights, id, false, by).await),
            "readdress" => {
                let recipient = RecipientId(form.get("recipient").parse().unwrap_or_default());
                let mail = form.get("mail").trim();
                ("readdressed", sharing.readdress(&self.rights, (id, recipient), mail, by).await)
            }
            _ => return None,
        })
    }
}

/// Why no reminder was made, for those errors that are about it.
pub(super) fn why_not(error: &RequestError) -> Option<fn(RemindingTexts) -> &'static str> {
    match error {
        RequestError::MailOff => Some(RemindingTexts::no_mails),
        RequestError::Paused => Some(RemindingTexts::reminders_paused),
        RequestError::NothingMissing => Some(RemindingTexts::nothing_missing),
        RequestError::RemindedToday => Some(RemindingTexts::reminded_today),
        RequestError::NoRecipient => Some(RemindingTexts::nobody_reached),
        RequestError::Mail(_) => Some(RemindingTexts::wrong_address),
        RequestError::Recipients | RequestError::NoSuchRecipient => Some(RemindingTexts::other_has_address),
        _ => None,
    }
}

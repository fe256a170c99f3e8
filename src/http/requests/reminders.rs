//! The reminders of a request on its page: the sent ones, the next one, and obstacles.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{of_request, reminder};
use super::list::called;
use super::sent::{Sent, Trouble};
use super::{Failure, Requests};
use crate::http::page::Width;
use crate::http::page::form::Fields;
use crate::http::page::plan::{typed, written};
use crate::model::{Asking, MOST_REMINDERS, ParsePlanError, RecipientId, RequestId, Shown};
use crate::net::ResponseBody;
use crate::sharing::{Recipient, RequestError, RequestShown};
use crate::text::{AskedMail, Language, RemindingTexts};

/// Stands in a preview for the address of a recipient's page, which opens the request to its bearer.
const HIDDEN_PAGE: &str = "/s/…";

impl Requests<'_> {
    /// The part of the page; nothing for a request that is closed.
    pub(super) fn reminders(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
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
                    (self.plan(request, sent))
                    ul.items {
                        @for recipient in &request.recipients { li { (self.reminded(&here, &recipient.row, row.is_paused)) } }
                    }
                    form method="post" action=(here) {
                        (self.desk.token())
                        button.other name="do" value="remind" { (texts.remind_now()) }
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

    /// When the request reminds, and the form that changes it.
    fn plan(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.reminding_texts(), &request.row);
        let refused = sent.filter(|sent| matches!(sent.trouble, Trouble::Plan));
        let days = written(&row.plan);
        let value = refused.map_or(&days, |sent| &sent.plan);
        html! {
            @if row.plan.is_off() { p { (texts.plan_off()) } } @else {
                p { (texts.plan_days(&days)) }
                p { (texts.plan_hours(&self.hours(), self.office.zone.name())) }
                @if row.deadline.is_none() && row.next_due.is_none() { p { (texts.plan_without_day()) } }
            }
            details open[refused.is_some()] {
                summary { (texts.change_plan()) }
                form method="post" action=(of_request(row.id)) {
                    (self.desk.token())
                    label { (texts.plan())
                        input type="text" name="plan" inputmode="numeric" autocomplete="off" value=(value)
                            aria-invalid=[refused.map(|_| "true")] aria-describedby="plan-about";
                    }
                    p #plan-about { (texts.plan_about(MOST_REMINDERS)) }
                    @if refused.is_some() { p.problem { (texts.bad_plan()) } }
                    button.other name="do" value="plan" { (texts.store_plan()) }
                }
            }
            p { a href=(reminder(row.id)) { (texts.see_mail()) } }
        }
    }

    /// When the office works, in words.
    fn hours(&self) -> String {
        let hours = self.desk.context.services.sharing.reminder_hours();
        self.reminding_texts().office_hours(hours)
    }

    /// The mails by which the recipients would be reminded now. Each names the page of its recipient, whose address the office
    /// does not see any more.
    pub(super) async fn reminder(&self, id: RequestId) -> Result<Response<ResponseBody>, Failure> {
        let (texts, sharing) = (self.reminding_texts(), &self.desk.context.services.sharing);
        let askings = sharing.askings(&self.rights, id, self.now()).await?;
        let (office, origin) = (&self.office, self.desk.origin());
        let mails = askings.into_iter().map(|asking| {
            let asking = Asking { page: HIDDEN_PAGE.to_owned(), ..asking };
            (AskedMail::reminder(&asking, office, &origin, self.now()), asking)
        });
        let content = html! {
            p { (texts.mail_about()) }
            @for (mail, asking) in mails {
                section {
                    h2 { (self.called(&asking)) }
                    @if let Some(why) = asking.no_mail { p.note { (texts.why_no_mail(why)) } }
                    p { strong { (mail.subject) } }
                    pre.text lang=(Language::of_tag(&asking.language).tag()) role="region" tabindex="0" aria-label=(mail.subject) { (mail.text) }
                }
            }
            p { a href=(of_request(id)) { (self.check_texts().to_request()) } }
        };
        Ok(self.page(texts.mail_title(), Width::Narrow, content, StatusCode::OK))
    }

    fn called(&self, asking: &Asking) -> String {
        let known: Vec<_> =
            [&asking.name, &asking.mail].into_iter().filter(|text| !text.is_empty()).collect();
        match known.as_slice() {
            [] => self.texts().no_name().to_owned(),
            known => known.iter().map(|text| Shown(text).to_string()).collect::<Vec<_>>().join(", "),
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
                    button.other name="do" value="readdress" { (texts.readdress()) }
                }
            }
        }
    }

    /// Carries out a form about reminders; `None` for another form. With the word for the completed action.
    pub(super) async fn about_reminders(
        &self,
        id: RequestId,
        form: &Fields,
    ) -> Option<(&'static str, Result<(), RequestError>)> {
        let (sharing, by) = (&self.desk.context.services.sharing, self.desk.principal().stamp(self.now()));
        Some(match form.get("do") {
            "invite" => ("invited", sharing.invite(&self.rights, id, by).await),
            "remind" => ("reminded", sharing.remind(&self.rights, id, by).await),
            "plan" => {
                let plan = typed(form.get("plan")).ok_or_else(|| ParsePlanError::of(form.get("plan")));
                let done = match plan {
                    Ok(plan) => sharing.plan_reminders(&self.rights, id, plan, by).await,
                    Err(error) => Err(error.into()),
                };
                ("planned", done)
            }
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
        RequestError::Invited => Some(RemindingTexts::invited_already),
        RequestError::TooManyMails => Some(RemindingTexts::too_many_mails),
        RequestError::NoRecipient => Some(RemindingTexts::nobody_reached),
        RequestError::Mail(_) => Some(RemindingTexts::wrong_address),
        RequestError::Recipients | RequestError::NoSuchRecipient => Some(RemindingTexts::other_has_address),
        _ => None,
    }
}

//! The ways to the recipients of a request on its page: invitations by mail, and other addresses for their links.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{of_request, renewed_address};
use super::list::called;
use super::{Failure, Requests};
use crate::http::page::form::Fields;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Width, note, success};
use crate::http::reply::see_other;
use crate::model::{RecipientId, RequestId, Shown};
use crate::net::ResponseBody;
use crate::sharing::{Recipient, RecipientShown, RequestError, RequestShown};
use crate::text::InvitingTexts;

impl Requests<'_> {
    pub(super) fn inviting_texts(&self) -> InvitingTexts {
        InvitingTexts(self.desk.language)
    }

    /// The form that invites the recipients, as far as there is one to invite.
    pub(super) fn invitation(&self, request: &RequestShown) -> Markup {
        let (texts, row) = (self.inviting_texts(), &request.row);
        let is_left = request.recipients.iter().any(|one| one.link.is_some() && may_be_invited(&one.row));
        let sends_mails = self.desk.context.services.sharing.sends_mails() == Some(true);
        html! {
            @if sends_mails && is_left && row.closed.is_none() && row.missing > 0 {
                form method="post" action=(of_request(row.id)) {
                    (self.desk.token())
                    p #invite-about { (texts.invite_about()) }
                    button.plain name="do" value="invite" aria-describedby="invite-about" { (texts.invite()) }
                }
            }
        }
    }

    /// When a recipient was invited, if this server sends mails and the person has an address.
    pub(super) fn invited(&self, recipient: &Recipient) -> Markup {
        let texts = self.inviting_texts();
        let sends_mails = self.desk.context.services.sharing.sends_mails() == Some(true);
        html! {
            @if sends_mails && !recipient.mail.is_empty() {
                p {
                    @if recipient.is_inviting { (texts.waiting()) }
                    @else if let Some(sent) = recipient.invited_since() { (texts.sent(&self.desk.moment(sent))) }
                    @else { (texts.not_sent()) }
                    @if recipient.refused.is_some() { ". " a href="#reminders" { (texts.came_back()) } }
                }
            }
        }
    }

    /// The form that gives the link of a recipient another address.
    pub(super) fn renewal(&self, request: &RequestShown, recipient: &RecipientShown) -> Markup {
        let texts = self.inviting_texts();
        let name = Shown(called(&recipient.row)).to_string();
        let name = if name.is_empty() { self.texts().no_name() } else { &name };
        html! {
            @if request.row.closed.is_none() && recipient.link.is_some() {
                details {
                    summary { (texts.renew()) }
                    p { (texts.renew_about()) }
                    form method="post" action=(of_request(request.row.id)) {
                        (self.desk.token())
                        input type="hidden" name="recipient" value=(recipient.row.id);
                        button.plain name="do" value="renew" { (texts.renew_for(name)) }
                    }
                }
            }
        }
    }

    /// Gives the link of the recipient in a form another address, and leads to it.
    pub(super) async fn renew(
        &self,
        id: RequestId,
        form: &Fields,
    ) -> Result<Response<ResponseBody>, Failure> {
        let recipient = RecipientId(form.get("recipient").parse().unwrap_or_default());
        let (sharing, which) = (&self.desk.context.services.sharing, (id, recipient));
        let by = self.desk.principal().stamp(self.now());
        match sharing.renew_address(&self.rights, which, by).await {
            Ok(()) => Ok(see_other(&renewed_address(id, recipient))),
            // Another person closed the request, or ended the link: its page shows that.
            Err(RequestError::Closed | RequestError::NoSuchRecipient) => Ok(see_other(&of_request(id))),
            Err(error) => Err(error.into()),
        }
    }

    /// The new address of a recipient's link, for the user who made it.
    pub(super) async fn renewed(
        &self,
        id: RequestId,
        recipient: RecipientId,
    ) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.inviting_texts();
        let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
        let shown = request.renewed_by(self.desk.principal(), recipient, self.now());
        let content = html! {
            @match shown {
                Some(recipient) => {
                    (success(texts.renewed()))
                    (note(texts.shown_once()))
                    (self.address(&request.row, recipient, true))
                },
                None => p role="status" { (texts.not_shown()) },
            }
            p { a href=(of_request(id)) { (self.check_texts().to_request()) } }
        };
        let page = self.page(texts.renewed_title(), Width::Narrow, content, StatusCode::OK);
        Ok(with_script(page, Script::Copy))
    }
}

/// Whether an invitation to a recipient can be sent now.
pub(super) fn may_be_invited(recipient: &Recipient) -> bool {
    let is_invited = recipient.is_inviting || recipient.invited_since().is_some();
    !recipient.mail.is_empty() && recipient.refused.is_none() && !is_invited
}

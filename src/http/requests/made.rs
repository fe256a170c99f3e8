//! The addresses of requests that were just made, for their maker: to send by mail, to show, or as a table.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, MADE, of_request};
use super::addresses::may_be_invited;
use super::reminders::why_not;
use super::table::written;
use super::{Failure, Requests};
use crate::http::page::copied;
use crate::http::page::form::Fields;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Width, note, qr, success};
use crate::http::reply::{csv_file, see_other};
use crate::model::{RequestId, Shown};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{ADDRESS_SHOWN_FOR, RecipientShown, RequestError, RequestHead};
use crate::text::{AskingTexts, Language};

/// Most recipients with a picture and a text for a mail each; more get a line each.
const MAX_IN_FULL: usize = 20;

/// A request with its recipients.
type Made = (RequestHead, Vec<RecipientShown>);

impl Requests<'_> {
    pub(super) async fn made(&self) -> Result<Response<ResponseBody>, Failure> {
        let query = Fields::of(self.desk.context.parts.uri.query().unwrap_or_default().as_bytes());
        let (texts, made) = (self.asking_texts(), self.just_made(after(&query)).await?);
        let is_left = made.iter().flat_map(|(_, recipients)| recipients).any(|one| may_be_invited(&one.row));
        let invites = is_left && self.desk.context.services.sharing.sends_mails() == Some(true);
        let links: usize = made.iter().map(|(_, recipients)| recipients.len()).sum();
        let content = html! {
            @if made.is_empty() { p role="status" { (texts.none_made()) } } @else {
                (success(&texts.made_count(made.len(), links)))
                (note(texts.addresses_once()))
                @if query.get("done") == "invited" { (success(self.inviting_texts().made())) }
                p { a.button href={ (MADE) "/csv?after=" (after(&query)) } { (texts.as_table()) } }
                @if invites {
                    form method="post" action=(MADE) {
                        (self.desk.token())
                        input type="hidden" name="after" value=(after(&query));
                        p #invite-about { (self.inviting_texts().invite_about()) }
                        button.plain aria-describedby="invite-about" { (self.inviting_texts().invite_all()) }
                    }
                }
                @for (row, recipients) in &made {
                    section {
                        h2 { a href=(of_request(row.id)) { (Shown(&row.title)) } }
                        @if links <= MAX_IN_FULL {
                            p { a href={ (of_request(row.id)) "#handout-item" } { (texts.add_form()) } }
                        }
                        @for recipient in recipients { (self.address(row, recipient, links <= MAX_IN_FULL)) }
                    }
                }
            }
            p { a href=(LIST) { (self.texts().all()) } }
        };
        let page = self.page(texts.made_title(), Width::Narrow, content, StatusCode::OK);
        Ok(with_script(page, Script::Copy))
    }

    /// Invites the recipients of the requests just made by mail.
    pub(super) async fn invite_made(
        &self,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let form = match self.form_of(MADE, body).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        let (sharing, after) = (&self.desk.context.services.sharing, after(&form));
        let mut is_made = false;
        for (row, _) in self.just_made(after).await? {
            let by = self.desk.principal().stamp(self.now());
            match sharing.invite(&self.rights, row.id, by).await {
                Ok(()) => is_made = true,
                // The page shows beside each recipient whether an invitation was sent.
                Err(RequestError::Closed) => {}
                Err(error) if why_not(&error).is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(see_other(&format!("{MADE}?after={after}{}", if is_made { "&done=invited" } else { "" })))
    }

    /// The same as a table.
    pub(super) async fn made_table(&self) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.asking_texts();
        let heads = [
            texts.name(),
            self.texts().mail(),
            self.texts().subject(),
            self.texts().space_asked(),
            texts.address(),
        ];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        let query = Fields::of(self.desk.context.parts.uri.query().unwrap_or_default().as_bytes());
        for (row, recipients) in self.just_made(after(&query)).await? {
            for RecipientShown { row: recipient, link } in recipients {
                let address = link.map(|link| self.whole(&link.url_path())).unwrap_or_default();
                let (title, space) = (row.title.clone(), self.space_name(row.space));
                rows.push(vec![recipient.name, recipient.mail, title, space, address]);
            }
        }
        Ok(csv_file("tresor-links.csv", written(self.desk.language, rows)))
    }

    /// The requests that the user made after this one, as long as their addresses are shown.
    async fn just_made(&self, after: RequestId) -> Result<Vec<Made>, Failure> {
        let since = self.now().before(ADDRESS_SHOWN_FOR);
        let sharing = &self.desk.context.services.sharing;
        let mut made =
            sharing.requests_made(self.desk.principal(), &self.rights, (Some(after), since)).await?;
        // In the order of the list from which they were made.
        made.reverse();
        Ok(made)
    }

    /// The address of a recipient's link; in full with a picture and a text for a mail.
    pub(super) fn address(&self, row: &RequestHead, recipient: &RecipientShown, is_full: bool) -> Markup {
        let (texts, language) = (self.asking_texts(), self.desk.language);
        let Some(link) = &recipient.link else { return html! {} };
        let (address, person) = (self.whole(&link.url_path()), &recipient.row);
        let tongue = Language::of_tag(&person.language);
        let known: Vec<_> =
            [&person.name, &person.mail].into_iter().filter(|text| !text.is_empty()).collect();
        let known: Vec<_> = known.into_iter().map(|text| Shown(text).to_string()).collect();
        html! {
            @if !known.is_empty() { p.state { (known.join(", ")) } }
            (self.invited(person))
            (copied::value(language, texts.address(), &address))
            @if is_full {
                (qr::picture(&address))
                (copied::text(language, texts.mail_text(), &self.mail(row, recipient, &address), (12, tongue)))
            }
        }
    }

    /// The text that a user sends along with an address, in the recipient's language.
    fn mail(&self, row: &RequestHead, recipient: &RecipientShown, address: &str) -> String {
        let language = Language::of_tag(&recipient.row.language);
        let texts = AskingTexts(language);
        let until = row.deadline.map(|deadline| self.office.zone.last_day(deadline));
        let until =
            until.map(|day| format!("{}\n\n", texts.letter_until(&language.day(day)))).unwrap_or_default();
        let code = if row.code_by_mail { format!("{}\n\n", texts.letter_code()) } else { String::new() };
        let name = Some(&recipient.row.name).filter(|name| !name.is_empty());
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        texts.letter(&name, &self.office.name, &row.title, address, &format!("{until}{code}"))
    }

    /// A path of this server as a whole address.
    fn whole(&self, path: &str) -> String {
        format!("{}{path}", self.desk.origin())
    }
}

/// The request after which those just made come; 0 for all.
fn after(fields: &Fields) -> RequestId {
    RequestId(fields.get("after").parse().unwrap_or_default())
}

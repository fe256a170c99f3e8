//! The addresses of requests that were just made, for their maker: to send by mail, to show, or as a table.

use std::time::Duration;

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, MADE, of_request};
use super::table::written;
use super::{Failure, Requests};
use crate::http::page::copied;
use crate::http::page::form::field;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Width, note, qr, success};
use crate::http::reply::csv_file;
use crate::model::{RequestId, Shown};
use crate::net::ResponseBody;
use crate::sharing::{RecipientShown, RequestHead};
use crate::text::{AskingTexts, Language};

/// Longest time after which a user sees the addresses of a request once more: for a page that was closed too early.
const SHOWN_FOR: Duration = Duration::from_hours(1);
/// Most recipients with a picture and a text for a mail each; more get a line each.
const MAX_IN_FULL: usize = 20;

/// A request with its recipients.
type Made = (RequestHead, Vec<RecipientShown>);

impl Requests<'_> {
    pub(super) async fn made(&self) -> Result<Response<ResponseBody>, Failure> {
        let (texts, made) = (self.asking_texts(), self.just_made().await?);
        let links: usize = made.iter().map(|(_, recipients)| recipients.len()).sum();
        let content = html! {
            @if made.is_empty() { p role="status" { (texts.none_made()) } } @else {
                (success(&texts.made_count(made.len(), links)))
                (note(texts.addresses_once()))
                p { a.button href=(self.table_address()) { (texts.as_table()) } }
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
        for (row, recipients) in self.just_made().await? {
            for RecipientShown { row: recipient, link } in recipients {
                let address = link.map(|link| self.whole(&link.url_path())).unwrap_or_default();
                let (title, space) = (row.title.clone(), self.space_name(row.space));
                rows.push(vec![recipient.name, recipient.mail, title, space, address]);
            }
        }
        Ok(csv_file("tresor-links.csv", written(self.desk.language, rows)))
    }

    async fn just_made(&self) -> Result<Vec<Made>, Failure> {
        let query = self.desk.context.parts.uri.query().unwrap_or_default();
        let after = field(query.as_bytes(), "after").and_then(|id| id.parse().ok()).map(RequestId);
        let since = self.now().before(SHOWN_FOR);
        let sharing = &self.desk.context.services.sharing;
        let mut made = sharing.requests_made(self.desk.principal(), &self.rights, (after, since)).await?;
        // In the order of the list from which they were made.
        made.reverse();
        Ok(made)
    }

    fn table_address(&self) -> String {
        let query = self.desk.context.parts.uri.query().unwrap_or_default();
        let after: RequestId =
            field(query.as_bytes(), "after").and_then(|id| id.parse().ok()).map_or(RequestId(0), RequestId);
        format!("{MADE}/csv?after={after}")
    }

    fn address(&self, row: &RequestHead, recipient: &RecipientShown, is_full: bool) -> Markup {
        let (texts, language) = (self.asking_texts(), self.desk.language);
        let Some(link) = &recipient.link else { return html! {} };
        let (address, person) = (self.whole(&link.url_path()), &recipient.row);
        let tongue = Language::of_tag(&person.language);
        let known: Vec<_> =
            [&person.name, &person.mail].into_iter().filter(|text| !text.is_empty()).collect();
        let known: Vec<_> = known.into_iter().map(|text| Shown(text).to_string()).collect();
        html! {
            @if !known.is_empty() { p.state { (known.join(", ")) } }
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

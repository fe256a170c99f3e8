//! Carries out the forms of the page of a request, besides uploads.

use http::{Response, StatusCode};

use super::LinkRequest;
use super::asked_pages::{self, Open};
use super::pages;
use super::receive::Received;
use crate::http::page::form::field;
use crate::http::reply::see_other;
use crate::model::ItemId;
use crate::net::ResponseBody;
use crate::sharing::{Asked, HandInError, RequestError, Visit};

impl LinkRequest<'_> {
    /// The page of a request, with the result of an upload just made; `None` for another link.
    pub(super) async fn request_page(
        &self,
        visit: &Visit,
        received: Option<&Received>,
    ) -> Result<Option<Response<ResponseBody>>, HandInError> {
        let sharing = &self.services.sharing;
        let Some(asked) = sharing.asked(visit).await? else { return Ok(None) };
        let hand_ins = sharing.hand_ins_in_row(visit, self.browser()).await?;
        let asked_by = sharing.asked_by(visit).await?;
        let open = hand_ins.last().filter(|hand_in| hand_in.finished.is_none());
        let code = open.map(|hand_in| sharing.join_code(hand_in.id, self.info.received));
        let second = code.map(|code| (self.address_with(&code), code));
        let query = self.parts.uri.query().unwrap_or_default();
        let given = field(query.as_bytes(), "code").unwrap_or_default();
        let Asked { row, items, recipient } = &asked;
        let open = Open {
            request: row,
            items,
            missing: asked.missing(),
            asks_name: recipient.as_ref().is_none_or(|recipient| recipient.name.is_empty())
                && hand_ins.is_empty(),
            asked_by,
            terms: &visit.link.terms,
            expires: visit.link.expires,
            hand_ins: &hand_ins,
            received,
            base: self.address.base,
            second,
            given: &given,
            bar: self.bar(),
            is_by_account: self.address.account.is_some(),
        };
        let page = asked_pages::open((self.language, &self.zone().await), &open, self.info.received);
        Ok(Some(self.kept(page)))
    }

    /// Carries out a form about an item; `None` if it is another form.
    pub(super) async fn answer_item(&self, action: &str, form: &[u8]) -> Option<Response<ResponseBody>> {
        if !matches!(action, "does-not-apply" | "applies" | "comment") {
            return None;
        }
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(error) => return Some(self.refused(&error)),
        };
        let Some(item) = field(form, "item").and_then(|item| item.parse().ok()).map(ItemId) else {
            return Some(pages::gone(self.language));
        };
        // Browsers send lines with both marks of their end.
        let text = field(form, "text").map(|text| text.replace("\r\n", "\n")).unwrap_or_default();
        let (sharing, now) = (&self.services.sharing, self.info.received);
        let done = match action {
            "does-not-apply" => sharing.decline_item(&visit, item, &text, now).await,
            "applies" => sharing.reclaim_item(&visit, item, now).await,
            _ => sharing.comment_item(&visit, item, &text, now).await,
        };
        Some(match done {
            Ok(()) => see_other(&format!("{}#item-{item}", self.address.base)),
            Err(error) => self.not_answered(error),
        })
    }

    fn not_answered(&self, error: RequestError) -> Response<ResponseBody> {
        let base = self.address.base;
        let refused = |status| asked_pages::not_answered(self.language, &error, base, status);
        match &error {
            RequestError::Text => refused(StatusCode::BAD_REQUEST),
            RequestError::TooMany | RequestError::Closed | RequestError::ItemDone => {
                refused(StatusCode::CONFLICT)
            }
            _ => self.not_done(&error.into()),
        }
    }
}

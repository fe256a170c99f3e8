//! Carries out the forms on the page of a request: they judge its items, close, reopen and extend it.

use std::collections::HashMap;

use http::Response;

use super::address::of_request;
use super::one::Told;
use super::reminders::why_not;
use super::sent::{Choice, Sent, Trouble, choices};
use super::{Failure, Requests};
use crate::http::page::form::{Fields, read_form_up_to};
use crate::http::reply::see_other;
use crate::http::session::{self, FORM_TOKEN};
use crate::model::{Day, ItemId, RequestId};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::RequestError;

/// Longest form that judges the items of a request, in bytes: as many as a request can have, each with the longest reason in
/// letters of four bytes.
const MAX_JUDGING_BYTES: usize = 2 << 20;

impl Requests<'_> {
    /// Carries out a form of the page of a request, and leads back to it.
    pub(super) async fn act(
        &self,
        id: RequestId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let here = of_request(id);
        let form = match self.form_of(&here, body).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        if form.get("do") == "renew" {
            return self.renew(id, &form).await;
        }
        let choices = choices(&form);
        let (sharing, by) = (&self.desk.context.services.sharing, self.desk.principal().stamp(self.now()));
        let (done, result) = match form.get("do") {
            "judge" => ("judged", self.judge(id, &choices).await),
            "dates" => ("dated", self.date(id, &choices).await),
            "answer" | "settle" => {
                if let Some(comment) = Self::unanswered(&form) {
                    return self.one(id, &Told::Refused(Sent::of(Trouble::Answer(comment)))).await;
                }
                ("answered", self.answer_comment(id, &form).await)
            }
            "close" => ("closed", sharing.close_request(&self.rights, id, true, by).await),
            "reopen" => ("reopened", sharing.close_request(&self.rights, id, false, by).await),
            "extend" => (
                "extended",
                match Day::parse(form.get("until")) {
                    Some(day) => sharing.extend_request(&self.rights, id, day, by).await,
                    None => Err(RequestError::DeadlineInPast),
                },
            ),
            _ => self.about_reminders(id, &form).await.unwrap_or(("", Err(RequestError::Items))),
        };
        let trouble = match result {
            Ok(()) => return Ok(see_other(&format!("{here}?done={done}"))),
            Err(RequestError::DeadlineInPast | RequestError::ItemAfterDeadline) if done == "dated" => {
                Trouble::ItemDates
            }
            Err(error) => trouble(error)?,
        };
        let [until, plan] = ["until", "plan"].map(|name| form.get(name).to_owned());
        self.one(id, &Told::Refused(Sent { choices, until, plan, ..Sent::of(trouble) })).await
    }

    /// A form of the page at `here`, or the answer to another body.
    pub(super) async fn form_of(
        &self,
        here: &str,
        body: &mut RequestBody,
    ) -> Result<Fields, Response<ResponseBody>> {
        let form = read_form_up_to(self.desk.context.parts, body, MAX_JUDGING_BYTES).await?;
        let form = Fields::of(&form);
        match session::is_own_token(self.desk.context, &self.desk.session.token, form.get(FORM_TOKEN)) {
            true => Ok(form),
            false => Err(self.desk.forged(here)),
        }
    }

    pub(super) async fn judge(
        &self,
        id: RequestId,
        choices: &HashMap<ItemId, Choice>,
    ) -> Result<(), RequestError> {
        let chosen = choices
            .iter()
            .filter_map(|(item, choice)| Some(((*item, choice.judgement()?), choice.seen.clone())));
        let mut chosen: Vec<_> = chosen.collect();
        if chosen.is_empty() {
            return Err(RequestError::Items);
        }
        chosen.sort_by_key(|((item, _), _)| item.0);
        let by = self.desk.principal().stamp(self.now());
        self.desk.context.services.sharing.judge_as_seen(&self.rights, id, chosen, by).await
    }
}

/// Why a form was not carried out, if that can be shown with it.
pub(super) fn trouble(error: RequestError) -> Result<Trouble, Failure> {
    Ok(match error {
        RequestError::Text => Trouble::Reasons,
        RequestError::Changed(items) => Trouble::Changed(items),
        RequestError::Items => Trouble::Nothing,
        RequestError::DeadlineInPast => Trouble::Date,
        RequestError::Plan(_) => Trouble::Plan,
        error => match why_not(&error) {
            Some(why) => Trouble::Mail(why),
            None => return Err(error.into()),
        },
    })
}

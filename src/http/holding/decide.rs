//! Forms that a person sends from the page of an item: a decision, a request for it, or the refusal of a request.

use std::time::Duration;

use http::{Response, StatusCode};

use super::address::of_item;
use super::forms::DEFAULT_DAYS;
use super::outcome::{Act, Done, MAX_REASON_CHARS, Outcome, Refused, Why};
use super::{Failure, Holding};
use crate::http::page::form::field;
use crate::http::reply::{plain, see_other};
use crate::intake::{Decided, IntakeError};
use crate::model::{HoldDecision, HoldId, HoldOrder, UserId};
use crate::net::{RequestBody, ResponseBody};

/// A day.
const DAY: Duration = Duration::from_hours(24);

impl Holding<'_> {
    /// Carries out the decision of a form, and leads back to the page.
    pub(super) async fn decide(
        &self,
        id: HoldId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let form = match self.desk.own_form(&of_item(id), body).await {
            Ok(form) => form,
            Err(refused) => return Ok(refused),
        };
        let value = |name| field(&form, name).unwrap_or_default();
        let Some(act) = Act::from_word(&value("decision")) else {
            return Ok(plain(StatusCode::BAD_REQUEST, "There is no such decision.\n"));
        };
        let reason = value("reason").to_string();
        let why = if reason.chars().count() > MAX_REASON_CHARS {
            Why::LongReason
        } else if act == Act::Decide(HoldDecision::Override) && value("confirm").as_str() != "yes" {
            Why::Unconfirmed
        } else {
            match self.carry_out(id, act, (&value("to"), &value("days")), reason.clone()).await {
                Ok(done) => return Ok(see_other(&format!("{}?done={}", of_item(id), done.word()))),
                Err(error @ (IntakeError::NoSuchHold | IntakeError::Library(_))) => return Err(error.into()),
                Err(error) => Why::Intake(error),
            }
        };
        self.item(id, Outcome::Refused(Refused { why, act: Some(act), reason })).await
    }

    /// Carries out a form; `to` is the id of a person in it and `days` a number of days, if there are any.
    async fn carry_out(
        &self,
        id: HoldId,
        act: Act,
        (to, days): (&str, &str),
        reason: String,
    ) -> Result<Done, IntakeError> {
        let (intake, accesses) = (&self.desk.context.services.intake, self.desk.accesses.clone());
        let (by, reason) = (self.desk.session.principal.stamp(self.desk.context.info.received), Some(reason));
        let to = if to.is_empty() { None } else { Some(to.parse().map_err(|_| IntakeError::NotAReader)?) };
        let to = to.map(UserId);
        match act {
            Act::Allow => {
                let days: u32 = days.parse().unwrap_or(DEFAULT_DAYS);
                intake.allow(accesses, id, DAY * days, reason, by).await?;
            }
            Act::Disallow => intake.disallow(accesses, id, by).await?,
            Act::Ask => intake.ask(accesses, id, reason, by).await?,
            Act::Decline => {
                intake.decline(accesses, id, to.ok_or(IntakeError::NotAsked)?, reason, by).await?;
            }
            Act::Decide(decision) => {
                let order = HoldOrder { decision, to, reason };
                return Ok(match intake.decide(accesses, id, order, by).await? {
                    Decided::Done(_) => Done::Act(act),
                    Decided::HandedOut => Done::HandedOut,
                    Decided::Waits(_) => Done::First,
                });
            }
        }
        Ok(Done::Act(act))
    }
}

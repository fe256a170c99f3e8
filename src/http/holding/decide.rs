//! A decision that a person sends from the page of an item.

use http::{Response, StatusCode};

use super::address::of_item;
use super::outcome::{FIRST, MAX_REASON_CHARS, Outcome, Refused, Why};
use super::{Desk, Failure};
use crate::http::page::form::{MAX_FORM_BYTES, field, is_form};
use crate::http::reply::{plain, see_other};
use crate::http::session::{forged, is_own_form};
use crate::intake::{Decided, IntakeError};
use crate::model::{HoldDecision, HoldId};
use crate::net::{RequestBody, ResponseBody};

impl Desk<'_> {
    /// Carries out the decision of a form, and leads back to the page.
    pub(super) async fn decide(
        &self,
        id: HoldId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        if !is_form(self.context.parts) {
            return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as it is.\n"));
        }
        let form = match body.collect(MAX_FORM_BYTES).await {
            Ok(form) => form,
            Err(error) => return Ok(plain(error.status(), "The form could not be read.\n")),
        };
        if !is_own_form(self.context, &self.session.token, &form) {
            return Ok(forged(self.language, Some(&self.person()), &of_item(id)));
        }
        let value = |name| field(&form, name).unwrap_or_default();
        let Some(decision) = HoldDecision::from_word(&value("decision")) else {
            return Ok(plain(StatusCode::BAD_REQUEST, "There is no such decision.\n"));
        };
        let reason = value("reason").to_string();
        let why = if reason.chars().count() > MAX_REASON_CHARS {
            Why::LongReason
        } else if decision == HoldDecision::Override && value("confirm").as_str() != "yes" {
            Why::Unconfirmed
        } else {
            let by = self.session.principal.stamp(self.context.info.received);
            let intake = &self.context.services.intake;
            let decided = intake.decide(self.accesses.clone(), id, decision, Some(reason.clone()), by).await;
            match decided {
                Ok(Decided::Done(_)) => return Ok(see_other(&format!("{}?done={decision}", of_item(id)))),
                Ok(Decided::Waits(_)) => return Ok(see_other(&format!("{}?done={FIRST}", of_item(id)))),
                Err(error @ (IntakeError::NoSuchHold | IntakeError::Library(_))) => return Err(error.into()),
                Err(error) => Why::Intake(error),
            }
        };
        self.item(id, Outcome::Refused(Refused { why, decision: Some(decision), reason })).await
    }
}

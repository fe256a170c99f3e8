//! A decision about several items at once, from the list. Each item goes the way of a decision from its own page: the same
//! rights, scans and events.

use std::collections::BTreeSet;

use http::{Response, StatusCode};

use super::address::LIST;
use super::item::name_and_folder;
use super::list::{MAX_ITEMS, TOGETHER};
use super::outcome::{MAX_REASON_CHARS, Refused, Several, Why};
use super::{Failure, Holding};
use crate::http::error::{library_status, log_library};
use crate::http::page::form::Fields;
use crate::http::reply::plain;
use crate::http::whole::to_its_end;
use crate::intake::{Decided, IntakeError};
use crate::library::LibraryError;
use crate::model::{HoldDecision, HoldId, HoldOrder};
use crate::net::{RequestBody, ResponseBody};
use crate::text::FilesTexts;

/// Longest form about several items in bytes: the longest reason, in which each character may become twelve bytes, and
/// the numbers of a page's items.
const MAX_FORM_BYTES: usize = 16 * 1024;

impl Holding<'_> {
    /// Carries out the decision of a form about several items, and shows the list with the result.
    pub(super) async fn decide_several(
        &self,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let form = match self.desk.own_form_up_to(LIST, body, MAX_FORM_BYTES).await {
            Ok(form) => Fields::of(&form),
            Err(refused) => return Ok(refused),
        };
        let decision = HoldDecision::from_word(form.get("decision"));
        let Some(decision) = decision.filter(|decision| TOGETHER.contains(decision)) else {
            return Ok(plain(StatusCode::BAD_REQUEST, "There is no such decision about several items.\n"));
        };
        let selected: BTreeSet<_> = form.all("item").filter_map(|id| id.parse().ok()).map(HoldId).collect();
        if selected.len() > MAX_ITEMS {
            return Ok(plain(StatusCode::BAD_REQUEST, "These are more items than a page shows.\n"));
        }
        let reason = form.get("reason").to_owned();
        let selected: Vec<_> = selected.into_iter().rev().collect();
        if let Some((why, status)) = self.refusal(decision, &selected, &reason) {
            let told = Several { refused: Some(why.into()), selected, reason, ..Several::default() };
            return self.list(&told, status).await;
        }
        let told = self.carry_out_for(selected, decision, reason).await?;
        let status = if told.done + told.first > 0 { StatusCode::OK } else { StatusCode::CONFLICT };
        self.list(&told, status).await
    }

    /// Why a form is not carried out at all.
    fn refusal(
        &self,
        decision: HoldDecision,
        selected: &[HoldId],
        reason: &str,
    ) -> Option<(&'static str, StatusCode)> {
        let texts = self.texts();
        let why = if selected.is_empty() {
            FilesTexts(self.desk.language).nothing_chosen()
        } else if reason.chars().count() > MAX_REASON_CHARS {
            texts.reason_long()
        } else if reason.trim().is_empty() && decision != HoldDecision::Retry {
            texts.reason_needed()
        } else {
            return None;
        };
        Some((why, StatusCode::BAD_REQUEST))
    }

    /// Decides about one item after the other; to the end, although the person may leave.
    async fn carry_out_for(
        &self,
        selected: Vec<HoldId>,
        decision: HoldDecision,
        reason: String,
    ) -> Result<Several, Failure> {
        let (intake, accesses) = (self.desk.context.services.intake.clone(), self.desk.accesses.clone());
        let by = self.desk.session.principal.stamp(self.desk.context.info.received);
        let all = selected.len();
        let decided = to_its_end(async move {
            let mut decided = Vec::with_capacity(all);
            for id in selected {
                let order = HoldOrder { decision, to: None, reason: Some(reason.clone()) };
                decided.push((id, intake.decide(accesses.clone(), id, order, by).await));
            }
            Ok::<_, LibraryError>(decided)
        });
        let mut told = Several { decision: Some(decision), all, ..Several::default() };
        for (id, result) in decided.await? {
            match result {
                Ok(Decided::Waits(_)) => told.first += 1,
                Ok(Decided::Done(_) | Decided::HandedOut) => told.done += 1,
                Err(error) => told.left.push(self.left(id, error).await?),
            }
        }
        Ok(told)
    }

    /// The name of an item for which a decision was not carried out, and why not.
    async fn left(
        &self,
        id: HoldId,
        error: IntakeError,
    ) -> Result<(Option<String>, std::borrow::Cow<'static, str>), Failure> {
        let name = match self.hold(id).await {
            Ok(hold) if hold.decides() => Some(name_and_folder(&hold.path).0),
            Ok(_) | Err(Failure::Intake(IntakeError::NoSuchHold)) => None,
            Err(failure) => return Err(failure),
        };
        if let IntakeError::Library(error) = &error {
            log_library(error, library_status(error), self.desk.context.info.request_id);
        }
        let why = match error {
            IntakeError::NoSuchHold => self.texts().several_gone().into(),
            error => {
                let refused = Refused { why: Why::Intake(error), act: None, reason: String::new() };
                refused.sentence(self.desk.language)
            }
        };
        Ok((name, why))
    }
}

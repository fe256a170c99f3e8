//! Requests about the holding area that are more than a call: decisions, and the rules of a space.

use std::time::Duration;

use super::answer::{WAITS_FOR_SECOND, word};
use super::error::AdminError;
use super::judge::Judged;
use super::{Admin, IntakeAsked, MailAsked, Reply};
use crate::intake::Decided;
use crate::library::SpaceSettings;
use crate::model::{
    HoldDecision, HoldId, HoldOrder, HoldScope, Holding, MailName, PdfAfter, PdfPages, ReleaseBy, Stamp,
};
use crate::text::Language;

impl Admin {
    /// Carries out a person's decision, about everyone or the user `to`.
    pub(super) async fn decide(
        &self,
        judged: &Judged,
        id: HoldId,
        decision: &str,
        (reason, to): (Option<String>, Option<String>),
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let decision = word("decision", decision, HoldDecision::from_word, HoldDecision::ALL)?;
        let accesses = judged.accesses(&self.library.spaces().await?);
        let to = match to {
            Some(name) => Some(self.user(&name).await?),
            None => None,
        };
        let order = HoldOrder { decision, to: to.as_ref().map(|user| user.id), reason };
        Ok(Reply::Done(match self.intake.decide(accesses, id, order, by).await? {
            Decided::Done(state) => format!("item {id} is {}", Language::English.hold_state(state)),
            Decided::HandedOut => {
                let name = to.map(|user| user.name).unwrap_or_default();
                format!("{name} may read item {id}; it stays held for all others")
            }
            Decided::Waits(until) => format!("item {id} {WAITS_FOR_SECOND} until {until}"),
        }))
    }

    /// The settings after a change of the holding area or the address. Whoever knows an address can send anything to it:
    /// a space that gets one holds what arrives, unless the change says otherwise.
    pub(super) fn with_intake(
        &self,
        settings: SpaceSettings,
        intake: IntakeAsked,
        mail: Option<MailAsked>,
    ) -> Result<SpaceSettings, AdminError> {
        let (mail, intake) = match mail {
            None => (settings.mail, intake),
            Some(MailAsked::Off) => (None, intake),
            Some(MailAsked::Name(name)) => {
                let on = intake.on.or(Some(true));
                (Some(MailName::parse(&name)?), IntakeAsked { on, ..intake })
            }
        };
        let release_by = match intake.release_by {
            None => settings.release_by,
            Some(persons) => {
                word("number of persons", &persons.to_string(), ReleaseBy::from_word, ReleaseBy::ALL)?
            }
        };
        let mut pdf = settings.pdf;
        if let Some(asked) = &intake.pdf {
            pdf.after = word("setting", asked, PdfAfter::from_word, PdfAfter::ALL)?;
        }
        if let Some(asked) = &intake.pdf_pages {
            pdf.pages = word("setting", asked, PdfPages::from_word, PdfPages::ALL)?;
        }
        Ok(SpaceSettings { hold: self.hold(settings.hold, &intake), release_by, pdf, mail, ..settings })
    }

    /// How a space holds contents after a change.
    fn hold(&self, present: Option<Holding>, asked: &IntakeAsked) -> Option<Holding> {
        let IntakeAsked { on, hold, everything, .. } = *asked;
        let scope = everything.map(|all| if all { HoldScope::All } else { HoldScope::Risky });
        if on == Some(false) || (present, on, hold) == (None, None, None) {
            return None;
        }
        let default = Holding { time: self.intake.default_hold(), scope: HoldScope::Risky };
        let Holding { time, scope: kept } = present.unwrap_or(default);
        let time = hold.map_or(time, |seconds| Duration::from_secs(seconds.max(1)));
        Some(Holding { time, scope: scope.unwrap_or(kept) })
    }
}

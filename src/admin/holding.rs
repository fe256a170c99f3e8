//! The holding area: what lies in it, decisions about it, and the rules of a space.

use std::time::Duration;

use super::error::AdminError;
use super::judge::Judged;
use super::reply::{HoldShown, Reply};
use super::request::{IntakeAsked, MailAsked, Secret};
use super::service::{Admin, word};
use super::shown;
use crate::intake::Decided;
use crate::library::SpaceSettings;
use crate::model::{
    HoldDecision, HoldId, HoldOrder, HoldScope, Holding, MailName, PdfAfter, PdfPages, ReleaseBy, RescanMode,
    Stamp, Timestamp,
};
use crate::text::Language;

/// Said of an item about which the first of two persons has decided.
pub const WAITS_FOR_SECOND: &str = "waits for a second person";

impl Admin {
    pub(super) async fn holds(
        &self,
        space: Option<String>,
        all: bool,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.spaces(space, judged).await?;
        let holds = self.intake.list(judged.accesses(&spaces), all).await?.into_iter();
        let names = self.accounts.names_in_history().await?;
        Ok(Reply::Holds(holds.map(|hold| shown::hold(hold, &spaces, &names, now)).collect()))
    }

    pub(super) async fn hold_shown(
        &self,
        id: HoldId,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let hold = self.intake.show(judged.accesses(&spaces), id).await?;
        let fetched = self.fetched(&hold).await?;
        let names = self.accounts.names_in_history().await?;
        Ok(Reply::Hold(HoldShown { fetched, ..shown::hold(hold, &spaces, &names, now) }))
    }

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
        let accesses = self.accesses(judged).await?;
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

    pub(super) async fn decline(
        &self,
        id: HoldId,
        (user, reason): (&str, Option<String>),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let accesses = self.accesses(judged).await?;
        let user = self.user(user).await?;
        self.intake.decline(accesses, id, user.id, reason, by).await?;
        Ok(Reply::Done(format!("{} does not get item {id}", user.name)))
    }

    pub(super) async fn allow(
        &self,
        id: HoldId,
        (days, reason): (u32, Option<String>),
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let accesses = self.accesses(judged).await?;
        let time = Duration::from_hours(24) * days;
        let ends = self.intake.allow(accesses, id, time, reason, by).await?;
        Ok(Reply::Done(format!("the content of item {id} is let into its space until {ends}")))
    }

    pub(super) async fn disallow(&self, id: HoldId, judged: &Judged, by: Stamp) -> Result<Reply, AdminError> {
        let accesses = self.accesses(judged).await?;
        self.intake.disallow(accesses, id, by).await?;
        Ok(Reply::Done(format!("the content of item {id} is examined again from now on")))
    }

    pub(super) async fn allowed(&self, judged: &Judged) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let rows = self.intake.allowed(judged.accesses(&spaces)).await?;
        let names = self.accounts.names_in_history().await?;
        Ok(Reply::Allowed(rows.iter().map(|row| shown::allowed(row, &spaces, &names)).collect()))
    }

    pub(super) async fn give_password(
        &self,
        id: HoldId,
        password: &Secret,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let accesses = self.accesses(judged).await?;
        let password = password.to_secret_string();
        let given = self.intake.give_password(accesses, id, password, by).await?;
        let state = Language::English.hold_state(given.state);
        Ok(Reply::Done(match given.is_partly {
            true => format!("the password opens a part of item {id}; another part stays closed"),
            false => format!("the password opens item {id}, which is {state}"),
        }))
    }

    pub(super) async fn certificate(
        &self,
        id: HoldId,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let name = |id| {
            let space = spaces.iter().find(|space| space.id == id);
            space.map(|space| space.name.clone()).unwrap_or_default()
        };
        let accesses = judged.accesses(&spaces);
        Ok(Reply::Text(self.intake.certificate(accesses, id, name, now).await?))
    }

    pub(super) async fn set_rescan(&self, mode: &str) -> Result<Reply, AdminError> {
        let mode = word("mode", mode, RescanMode::from_word, RescanMode::ALL)?;
        self.intake.set_rescan(mode).await?;
        Ok(Reply::Done(match mode {
            RescanMode::Scheduled => {
                "everything stored is scanned again when there are new signatures".into()
            }
            RescanMode::Urgent => "everything stored is scanned again now".into(),
            RescanMode::Paused => "nothing stored is scanned again until `tresor scan now`".into(),
        }))
    }

    /// The settings after a change of the holding area or the address. Anyone who knows an address can send anything
    /// to it: a space that gets one holds arriving contents, unless the change says otherwise.
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

//! The jobs of the holding area: one examines and releases what arrives, one makes PDFs of documents.

use std::time::Duration;

use super::clock;
use super::upkeep::READ_ONLY;
use super::workers::{StepResult, Worker};
use crate::intake::Intake;
use crate::library::Library;
use crate::model::{self, Timestamp};

/// Time between two looks for what arrived or is due.
const ROUND: Duration = Duration::from_secs(2);

/// Examines what is due.
pub(super) struct Examiner {
    pub(super) library: Library,
    pub(super) intake: Intake,
}

impl Worker for Examiner {
    fn name(&self) -> &'static str {
        model::Worker::Intake.as_str()
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    async fn step(&mut self) -> StepResult {
        let Some(certain) = self.library.certain_time(clock::read()).await else {
            // Nobody has read the clocks yet.
            self.library.keep_time(clock::read()).await?;
            return Ok(None);
        };
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        let round = self.intake.examine_due(Timestamp::now(), certain).await?;
        let words = || {
            let (examined, released, quarantined) = (round.examined, round.released, round.quarantined);
            format!("examined: {examined}, released: {released}, quarantined: {quarantined}")
        };
        Ok((round.examined > 0).then(words))
    }
}

/// Makes PDFs of held documents.
pub(super) struct Renderer {
    pub(super) library: Library,
    pub(super) intake: Intake,
}

impl Worker for Renderer {
    fn name(&self) -> &'static str {
        "pdf"
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    fn pause_after_failure(&self) -> Duration {
        /// Pause when the machine cannot convert.
        const PAUSE: Duration = Duration::from_mins(5);
        PAUSE
    }

    async fn step(&mut self) -> StepResult {
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        let made = self.intake.render_some(Timestamp::now()).await?;
        Ok((made > 0).then(|| format!("PDFs made: {made}")))
    }
}

//! The jobs of the holding area: one examines and releases what arrives, one makes PDFs of documents, one scans again
//! everything stored, one takes files from the watched folder, one stores the attachments of mails.

use std::time::{Duration, Instant};

use super::clock;
use super::upkeep::READ_ONLY;
use super::workers::{StepResult, Worker};
use crate::config::{MAX_CONVERTERS, RescanSchedule};
use crate::intake::{Intake, RescanStep, RescanTime, WATCH_EVERY, WatchedFolder};
use crate::library::Library;
use crate::model::{self, Timestamp};
use crate::scan::CLAMD;
use crate::text::Language;

/// Time between two looks for what arrived or is due.
const ROUND: Duration = Duration::from_secs(2);

/// Examines the contents that are due.
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
            // The clocks have not been read yet.
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

/// Makes PDFs of held documents, one after the other; several of them side by side.
pub(super) struct Renderer {
    pub(super) library: Library,
    pub(super) intake: Intake,
    pub(super) name: &'static str,
}

/// The names of the jobs that make PDFs, in the log, in `tresor status` and in the metrics.
pub(super) const RENDERERS: [&str; MAX_CONVERTERS] = ["pdf", "pdf-2", "pdf-3", "pdf-4"];

impl Worker for Renderer {
    fn name(&self) -> &'static str {
        self.name
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

/// Time between two turns of scanning again.
const RESCAN_ROUND: Duration = Duration::from_secs(5);

/// Time until a scanner that cannot be used is asked again.
const RESCAN_PAUSE: Duration = Duration::from_mins(5);

/// Scans again everything stored.
pub(super) struct Rescanner {
    library: Library,
    intake: Intake,
    schedule: RescanSchedule,
    /// Until then it rests, for this reason.
    rests: Option<(Instant, String)>,
}

impl Rescanner {
    pub(super) fn new(library: Library, intake: Intake, schedule: RescanSchedule) -> Self {
        Self { library, intake, schedule, rests: None }
    }

    /// Time to scan in this turn.
    fn time(&self) -> RescanTime {
        let now = jiff::ZonedDateTime::now().time();
        let minute = i16::from(now.hour()) * 60 + i16::from(now.minute());
        let minute = u16::try_from(minute).unwrap_or_default();
        let is_in_hours = self.schedule.hours.is_none_or(|hours| hours.contain(minute));
        let scheduled =
            (is_in_hours && self.rests.is_none()).then_some(RESCAN_ROUND * self.schedule.share / 100);
        RescanTime { scheduled, urgent: RESCAN_ROUND }
    }
}

impl Worker for Rescanner {
    fn name(&self) -> &'static str {
        "rescan"
    }

    fn interval(&self) -> Duration {
        RESCAN_ROUND
    }

    async fn step(&mut self) -> StepResult {
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        self.rests.take_if(|(until, _)| *until <= Instant::now());
        Ok(match self.intake.rescan_for(self.time(), Timestamp::now()).await? {
            RescanStep::Idle => None,
            RescanStep::Paused => Some("paused; `tresor scan now` ends that".to_owned()),
            RescanStep::OutsideHours => match &self.rests {
                Some((_, why)) => Some(why.clone()),
                None => Some("waits for its hours".to_owned()),
            },
            RescanStep::Waits { reason, engine } => {
                // Where there is one scanner, the sentence is about it.
                let engine = engine.filter(|engine| engine != CLAMD);
                let engine = engine.map(|engine| format!(" ({engine})")).unwrap_or_default();
                let why = format!("waits: {}{engine}", Language::English.hold_reason(reason));
                self.rests = Some((Instant::now() + RESCAN_PAUSE, why.clone()));
                Some(why)
            }
            RescanStep::Worked { seen, total, found } => {
                Some(format!("scanned again: {seen} of {total}, found: {found}"))
            }
        })
    }
}

/// Stores the attachments of mails.
pub(super) struct Unpacker {
    pub(super) library: Library,
    pub(super) intake: Intake,
}

impl Worker for Unpacker {
    fn name(&self) -> &'static str {
        model::Worker::Mail.as_str()
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    async fn step(&mut self) -> StepResult {
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        let (begun, mut mails) = (Instant::now(), 0);
        let waiting = loop {
            let round = self.intake.unpack_some(Timestamp::now()).await?;
            mails += round.mails;
            // After a night without the server there are many.
            if round.mails == 0 || begun.elapsed() >= ROUND {
                break round.waiting;
            }
        };
        Ok((mails > 0 || waiting > 0).then(|| format!("unpacked: {mails}, waiting: {waiting}")))
    }
}

/// Takes files from the watched folder.
pub(super) struct Watcher {
    pub(super) library: Library,
    pub(super) watched: WatchedFolder,
}

impl Worker for Watcher {
    fn name(&self) -> &'static str {
        model::Worker::Watch.as_str()
    }

    fn interval(&self) -> Duration {
        WATCH_EVERY
    }

    async fn woken(&mut self) {
        self.watched.woken().await;
    }

    async fn step(&mut self) -> StepResult {
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        self.watched.round().await?;
        Ok(self.watched.words())
    }
}

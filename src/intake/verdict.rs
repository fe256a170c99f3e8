//! Verdicts: brings a content into sealed memory and has it scanned by scanners that were tested.

use std::io::{self, Write};
use std::sync::Arc;

use secrecy::SecretString;

use super::decide::{Finding, Scanned};
use super::inside::{Examiner, Inside};
use super::opening::{Closed, Opener};
use super::passwords::was_opened;
use super::trust::{Failure, Ready, Standing, reason};
use super::{Intake, IntakeError};
use crate::catalog::{HoldRow, VerdictRow};
use crate::inspect::Inspector;
use crate::library::LibraryError;
use crate::model::{ByteRange, HoldReason, Label, SpaceId, Timestamp, VerdictKind, VersionId, Worker};
use crate::scan::{Duty, Newest, Opinion, Opinions, Panel, Sample, Verdict};

/// A content to be scanned.
pub(super) struct Asked {
    pub(super) space: SpaceId,
    pub(super) version: VersionId,
    /// Whether it is looked into, if it is clean.
    pub(super) looks: bool,
    /// The passwords that people gave for it.
    pub(super) passwords: Vec<Arc<SecretString>>,
    /// The last of them is new: if it opens nothing, that is the result.
    pub(super) is_attempt: bool,
}

impl Intake {
    /// Scans a held content, whatever its state, and looks into a clean one at the first time. One that was opened for its first
    /// scan is opened again, or not scanned.
    pub(super) async fn scan(&self, hold: &HoldRow, ready: &Ready) -> Result<Finding, IntakeError> {
        let passwords = self.passwords.of(hold.id);
        if was_opened(hold) && passwords.is_empty() {
            return Ok(Err(HoldReason::Encrypted.into()));
        }
        let (space, version, looks) = (hold.space, hold.version, hold.look.is_none());
        let asked = Asked { space, version, looks, passwords, is_attempt: false };
        let finding = self.examine(asked, ready).await?.map_err(Closed::failure);
        let was_closed = hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::Encrypted));
        Ok(match finding {
            // All of it came open before.
            Ok(scanned)
                if scanned.is_closed && !looks && !was_closed && scanned.result == VerdictKind::Clean =>
            {
                let was_opened = was_opened(hold);
                let reason =
                    if was_opened { HoldReason::PartlyEncrypted } else { HoldReason::InspectionFailed };
                Err(reason.into())
            }
            finding => finding,
        })
    }

    /// Scans any content that is stored.
    pub(super) async fn scan_stored(
        &self,
        space: SpaceId,
        version: VersionId,
        ready: &Ready,
    ) -> Result<Finding, IntakeError> {
        let asked = Asked { space, version, looks: false, passwords: Vec::new(), is_attempt: false };
        Ok(self.examine(asked, ready).await?.map_err(Closed::failure))
    }

    /// Scans a content, and looks into a clean one if that is asked for.
    pub(super) async fn examine(
        &self,
        asked: Asked,
        ready: &Ready,
    ) -> Result<Result<Scanned, Closed>, IntakeError> {
        let _turn = self.scans.acquire().await.map_err(|_| LibraryError::Interrupted)?;
        let (sample, name) = match self.sample_of(asked.space, asked.version).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(Closed::Because(reason.into()))),
        };
        let (looks, inspector) = (asked.looks, self.inspector.clone());
        let machines = Machines { panel: ready.panel.clone(), inspector, opener: self.opener() };
        let judged = tokio::task::spawn_blocking(move || {
            let passwords: Vec<_> = asked.passwords.iter().map(|password| &**password).collect();
            let judged = machines.judge(&sample, &name, &passwords).map_err(Closed::Because)?;
            match passwords.len().checked_sub(1).filter(|_| asked.is_attempt) {
                Some(number) => judged.unless_in_vain(number),
                None => Ok(judged),
            }
        });
        Ok(match judged.await.map_err(LibraryError::from)? {
            Ok(Judged { opinions, verdict, inside }) => {
                let now = Timestamp::now();
                self.rest(&opinions, now).await;
                let (is_closed, how) =
                    inside.as_ref().map_or((false, None), |inside| (inside.is_closed(), how(inside)));
                let mut verdicts = self.verdict_rows(&opinions, now).await;
                for row in &mut verdicts {
                    row.detail = row.detail.take().or(how.map(str::to_owned));
                }
                let (result, detail) = result(&verdict);
                let detail = detail.or(how.map(str::to_owned));
                // A look into a content that stays closed is kept only if a part came open.
                let is_kept = |inside: &Inside| match verdict {
                    Verdict::Clean => true,
                    Verdict::Encrypted => inside.tried.given != 0,
                    Verdict::Infected { .. } | Verdict::NotFullyScannable { .. } => false,
                };
                let look = inside.filter(|inside| looks && is_kept(inside)).map(|inside| inside.look);
                let signatures = opinions.signatures();
                Ok(Scanned { result, detail, verdicts, signatures, look, is_closed })
            }
            Err(closed) => Err(closed),
        })
    }

    /// The content in sealed memory with the file's name, or why it cannot be brought there.
    ///
    /// Errors: those of the catalogue.
    pub(super) async fn sample_of(
        &self,
        space: SpaceId,
        version: VersionId,
    ) -> Result<Result<(Sample, String), HoldReason>, IntakeError> {
        let access = self.library.as_worker(Worker::Intake, space);
        let read = async {
            let mut content = self.library.open_version(&access, version).await?;
            let Ok(mut writer) = Sample::begin() else { return Ok(Err(HoldReason::ScannerFailed)) };
            let mut at = 0;
            while at < content.size {
                let range = ByteRange::new(at, content.size).ok_or(LibraryError::Incomplete)?;
                for piece in content.read(range).await? {
                    at += piece.len() as u64;
                    match writer.write_all(&piece).map_err(|error| error.kind()) {
                        Ok(()) => {}
                        Err(io::ErrorKind::FileTooLarge) => return Ok(Err(HoldReason::TooLarge)),
                        Err(_) => return Ok(Err(HoldReason::ScannerFailed)),
                    }
                }
            }
            let sample = writer.seal().map_err(|_| HoldReason::ScannerFailed);
            Ok(sample.map(|sample| (sample, content.entry.name)))
        };
        match read.await {
            Ok(sample) => Ok(sample),
            Err(LibraryError::Catalog(error)) => Err(error.into()),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(version = version.0, error, "cannot read a content to scan it");
                Ok(Err(HoldReason::Unreadable))
            }
        }
    }

    /// The answer of each scanner, for the record.
    async fn verdict_rows(&self, opinions: &Opinions, at: Timestamp) -> Vec<VerdictRow> {
        let standings = self.standings.lock().await;
        let tested = |opinion: &Opinion, identity: &str| match standings.get(&opinion.engine) {
            Some(Standing::Trusted { at, signatures }) if signatures == identity => Some(*at),
            _ => None,
        };
        let row = |opinion: &Opinion| match &opinion.said {
            Ok(report) => {
                let (result, detail) = result(&report.verdict);
                let signatures = report.signatures.identity.as_str().to_owned();
                let signatures_built = match report.signatures.newest {
                    Newest::Built(built) => Some(built),
                    Newest::NotLoaded | Newest::Unknown => None,
                };
                VerdictRow {
                    at,
                    engine: opinion.engine.clone(),
                    is_required: opinion.duty == Duty::Required,
                    tested: tested(opinion, &signatures),
                    signatures,
                    signatures_built,
                    result,
                    detail,
                }
            }
            Err(silence) => no_answer(&opinion.engine, opinion.duty == Duty::Required, reason(*silence), at),
        };
        opinions.all().iter().map(row).collect()
    }
}

/// The record of a scanner that gave no verdict.
pub(super) fn no_answer(engine: &str, is_required: bool, reason: HoldReason, at: Timestamp) -> VerdictRow {
    VerdictRow {
        at,
        engine: engine.to_owned(),
        is_required,
        signatures: String::new(),
        signatures_built: None,
        result: VerdictKind::NoAnswer,
        detail: Some(reason.to_string()),
        tested: None,
    }
}

fn result(verdict: &Verdict) -> (VerdictKind, Option<String>) {
    match verdict {
        Verdict::Clean => (VerdictKind::Clean, None),
        Verdict::Infected { name } => (VerdictKind::Infected, Some(name.clone())),
        Verdict::NotFullyScannable { reason } => (VerdictKind::NotFullyScannable, Some(reason.clone())),
        Verdict::Encrypted => (VerdictKind::Encrypted, None),
    }
}

/// Details of verdicts about contents that were scanned and looked into without their encryption.
const UNLOCKED: &str = "scanned without its encryption, which needs no password";
const OPENED: &str = "scanned without its encryption, opened with a password that was given";
const PARTLY: &str = "scanned in part without its encryption; another part stays closed";

/// How a content was opened.
fn how(inside: &Inside) -> Option<&'static str> {
    match (inside.tried.given != 0, inside.is_closed()) {
        (true, true) => Some(PARTLY),
        (true, false) => Some(OPENED),
        (false, false) if inside.has_opened() => Some(UNLOCKED),
        (false, _) => None,
    }
}

/// The machines that a content goes through, on a thread that may wait.
struct Machines {
    panel: Panel,
    inspector: Option<Inspector>,
    opener: Opener,
}

/// The findings about a content.
struct Judged {
    opinions: Opinions,
    /// The conclusion from them.
    verdict: Verdict,
    /// The inside of a content that is clean or encrypted.
    inside: Option<Inside>,
}

impl Judged {
    /// Why the given password with this number opened nothing, if something stays closed and nothing else was found.
    fn unless_in_vain(self, number: usize) -> Result<Self, Closed> {
        let Some(inside) = &self.inside else { return Ok(self) };
        if inside.is_unfinished {
            return Err(Closed::NotOpened);
        }
        if !matches!(self.verdict, Verdict::Clean | Verdict::Encrypted) {
            return Ok(self);
        }
        match inside.tried {
            tried if tried.has_opened(number) || !inside.is_closed() => Ok(self),
            tried if tried.is_too_large => Err(Closed::Because(HoldReason::TooLarge.into())),
            tried if tried.is_wrong => Err(Closed::WrongPassword),
            _ => Err(Closed::NotOpened),
        }
    }
}

impl Machines {
    /// Has a content scanned by all scanners, and the inside of one that is clean or encrypted.
    fn judge(&self, sample: &Sample, name: &str, passwords: &[&SecretString]) -> Result<Judged, Failure> {
        let opinions = self.panel.scan(sample);
        let verdict = opinions.conclusion()?;
        let (Verdict::Clean | Verdict::Encrypted, Some(inspector)) = (&verdict, &self.inspector) else {
            return Ok(Judged { opinions, verdict, inside: None });
        };
        let scan = |sample: &Sample, so_far: &Opinions| self.panel.that_answered(so_far).scan(sample);
        let examiner = Examiner { inspector, opener: &self.opener, scan: &scan, passwords };
        let (opinions, inside) = examiner.examine(sample, name, &opinions)?;
        let verdict = opinions.conclusion()?;
        Ok(Judged { opinions, verdict, inside: Some(inside) })
    }
}

//! Verdicts: brings a content into sealed memory and has it scanned by a scanner that was tested.

use std::io::{self, Write};
use std::sync::Arc;

use secrecy::SecretString;

use super::decide::{Finding, Scanned};
use super::inside::{Examiner, Inside};
use super::opening::{Closed, Opener};
use super::passwords::was_opened;
use super::{Intake, IntakeError, TRUST_FOR, Trusted};
use crate::catalog::{HoldRow, VerdictRow};
use crate::inspect::Inspector;
use crate::library::LibraryError;
use crate::model::{ByteRange, HoldReason, Label, SpaceId, Timestamp, VerdictKind, VersionId, Worker};
use crate::scan::{
    Distrust, Engine, Newest, Report, Sample, ScanError, Signatures, Trust, Verdict, canary,
    reports_its_limits,
};

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
    pub(super) async fn scan(
        &self,
        hold: &HoldRow,
        engine: &Arc<dyn Engine>,
    ) -> Result<Finding, IntakeError> {
        let passwords = self.passwords.of(hold.id);
        if was_opened(hold) && passwords.is_empty() {
            return Ok(Err(HoldReason::Encrypted));
        }
        let (space, version, looks) = (hold.space, hold.version, hold.look.is_none());
        let asked = Asked { space, version, looks, passwords, is_attempt: false };
        let finding = self.examine(asked, engine).await?.map_err(Closed::reason);
        let was_closed = hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::Encrypted));
        Ok(match finding {
            // All of it came open before.
            Ok(scanned)
                if scanned.is_closed
                    && !looks
                    && !was_closed
                    && scanned.verdict.result == VerdictKind::Clean =>
            {
                Err(if was_opened(hold) { HoldReason::PartlyEncrypted } else { HoldReason::InspectionFailed })
            }
            finding => finding,
        })
    }

    /// Scans any content that is stored.
    pub(super) async fn scan_stored(
        &self,
        space: SpaceId,
        version: VersionId,
        engine: &Arc<dyn Engine>,
    ) -> Result<Finding, IntakeError> {
        let asked = Asked { space, version, looks: false, passwords: Vec::new(), is_attempt: false };
        Ok(self.examine(asked, engine).await?.map_err(Closed::reason))
    }

    /// Scans a content, and looks into a clean one if that is asked for.
    pub(super) async fn examine(
        &self,
        asked: Asked,
        engine: &Arc<dyn Engine>,
    ) -> Result<Result<Scanned, Closed>, IntakeError> {
        let _turn = self.scans.acquire().await.map_err(|_| LibraryError::Interrupted)?;
        let (sample, name) = match self.sample_of(asked.space, asked.version).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(Closed::Because(reason))),
        };
        let (looks, inspector) = (asked.looks, self.inspector.clone());
        let machines = Machines { scanner: Arc::clone(engine), inspector, opener: self.opener() };
        let judged = tokio::task::spawn_blocking(move || {
            let passwords: Vec<_> = asked.passwords.iter().map(|password| &**password).collect();
            let judged = machines.judge(&sample, &name, &passwords).map_err(Closed::Because)?;
            match passwords.len().checked_sub(1).filter(|_| asked.is_attempt) {
                Some(number) => judged.unless_in_vain(number),
                None => Ok(judged),
            }
        });
        Ok(match judged.await.map_err(LibraryError::from)? {
            Ok(Judged { report, inside }) => {
                let mut verdict = self.verdict_row(engine.name(), &report, Timestamp::now()).await;
                let (is_closed, how) =
                    inside.as_ref().map_or((false, None), |inside| (inside.is_closed(), how(inside)));
                verdict.detail = verdict.detail.or(how.map(str::to_owned));
                // Of what stays closed, a look is kept only if a part came open.
                let is_kept = |inside: &Inside| match verdict.result {
                    VerdictKind::Clean => true,
                    VerdictKind::Encrypted => inside.tried.given != 0,
                    VerdictKind::Infected | VerdictKind::NotFullyScannable => false,
                };
                let look = inside.filter(|inside| looks && is_kept(inside)).map(|inside| inside.look);
                Ok(Scanned { verdict, signatures: report.signatures, look, is_closed })
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

    /// Whether contents that arrive now are scanned soon; also without a scanner, where everything waits for a person.
    pub async fn scanner_answers(&self) -> bool {
        match &self.engine {
            Some(engine) => signatures(engine).await.is_ok(),
            None => true,
        }
    }

    async fn verdict_row(&self, engine: &str, report: &Report, at: Timestamp) -> VerdictRow {
        let (result, detail) = match &report.verdict {
            Verdict::Clean => (VerdictKind::Clean, None),
            Verdict::Infected { name } => (VerdictKind::Infected, Some(name.clone())),
            Verdict::NotFullyScannable { reason } => (VerdictKind::NotFullyScannable, Some(reason.clone())),
            Verdict::Encrypted => (VerdictKind::Encrypted, None),
        };
        let signatures_built = match report.signatures.newest {
            Newest::Built(built) => Some(built),
            Newest::NotLoaded | Newest::Unknown => None,
        };
        let signatures = report.signatures.identity.as_str().to_owned();
        let trusted = self.trusted.lock().await;
        let tested =
            trusted.as_ref().filter(|tested| tested.signatures == signatures).map(|tested| tested.at);
        VerdictRow { at, engine: engine.to_owned(), signatures, signatures_built, result, detail, tested }
    }

    /// The scanner's present signatures, after it has shown with them that it finds a test virus and passes a
    /// harmless text.
    pub(super) async fn trusted_signatures(
        &self,
        engine: &Arc<dyn Engine>,
        now: Timestamp,
    ) -> Result<Signatures, HoldReason> {
        let mut trusted = self.trusted.lock().await;
        let signatures = signatures(engine).await?;
        let is_fresh = |known: &Trusted| {
            known.signatures == signatures.identity.as_str()
                && known.at <= now
                && now.since(known.at) < TRUST_FOR
        };
        if trusted.as_ref().is_some_and(is_fresh) {
            return Ok(signatures);
        }
        *trusted = None;
        let scanner = Arc::clone(engine);
        let tested = tokio::task::spawn_blocking(move || match canary(&*scanner) {
            Trust::Trusted => reports_its_limits(&*scanner).map_err(Distrust::NoVerdict),
            Trust::NotTrusted(why) => Err(why),
        });
        match tested.await {
            Ok(Ok(false)) => {
                tracing::error!("the scanner hides what it skips because of its limits: nothing is released");
                Err(HoldReason::ScannerHidesLimits)
            }
            Ok(Ok(true)) => {
                *trusted = Some(Trusted { at: now, signatures: signatures.identity.as_str().to_owned() });
                Ok(signatures)
            }
            Ok(Err(Distrust::NoVerdict(error))) => {
                tracing::warn!(code = error.code(), "the scanner's test failed");
                Err(HoldReason::ScannerFailed)
            }
            Ok(Err(why)) => {
                tracing::error!(%why, "the scanner is not trusted: nothing is released");
                Err(HoldReason::ScannerNotTrusted)
            }
            Err(_) => Err(HoldReason::ScannerFailed),
        }
    }
}

/// The scanner's present signatures, whether or not it can be trusted with them.
pub(super) async fn signatures(engine: &Arc<dyn Engine>) -> Result<Signatures, HoldReason> {
    let scanner = Arc::clone(engine);
    match tokio::task::spawn_blocking(move || scanner.signatures()).await {
        Ok(Ok(signatures)) => Ok(signatures),
        Ok(Err(error)) => {
            tracing::warn!(code = error.code(), "the scanner does not answer");
            Err(HoldReason::ScannerFailed)
        }
        Err(_) => Err(HoldReason::ScannerFailed),
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

/// What a content goes through, on a thread that may wait.
struct Machines {
    scanner: Arc<dyn Engine>,
    inspector: Option<Inspector>,
    opener: Opener,
}

/// What was found out about a content.
struct Judged {
    report: Report,
    /// The inside of one that is clean or encrypted.
    inside: Option<Inside>,
}

impl Judged {
    /// Why the given password with this number opened nothing, if something stays closed and nothing else was found.
    fn unless_in_vain(self, number: usize) -> Result<Self, Closed> {
        let Some(inside) = &self.inside else { return Ok(self) };
        if inside.is_unfinished {
            return Err(Closed::NotOpened);
        }
        if !matches!(self.report.verdict, Verdict::Clean | Verdict::Encrypted) {
            return Ok(self);
        }
        match inside.tried {
            tried if tried.has_opened(number) || !inside.is_closed() => Ok(self),
            tried if tried.is_too_large => Err(Closed::Because(HoldReason::TooLarge)),
            tried if tried.is_wrong => Err(Closed::WrongPassword),
            _ => Err(Closed::NotOpened),
        }
    }
}

impl Machines {
    /// Scans a content, and the inside of one that is clean or encrypted.
    fn judge(&self, sample: &Sample, name: &str, passwords: &[&SecretString]) -> Result<Judged, HoldReason> {
        let whole = self.scan(sample)?;
        let (Verdict::Clean | Verdict::Encrypted, Some(inspector)) = (&whole.verdict, &self.inspector) else {
            return Ok(Judged { report: whole, inside: None });
        };
        let scan = |sample: &Sample| self.scan(sample);
        let examiner = Examiner { inspector, opener: &self.opener, scan: &scan, passwords };
        let inside = examiner.examine(sample, name, &whole)?;
        let report = Report { verdict: inside.verdict.clone(), ..whole };
        Ok(Judged { report, inside: Some(inside) })
    }

    fn scan(&self, sample: &Sample) -> Result<Report, HoldReason> {
        self.scanner.scan(sample).map_err(|error| match error {
            ScanError::TooLarge => HoldReason::TooLarge,
            error => {
                tracing::warn!(code = error.code(), "a scan failed");
                HoldReason::ScannerFailed
            }
        })
    }
}

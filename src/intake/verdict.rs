//! Verdicts: brings a content into sealed memory and has it scanned by a scanner that was tested.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use secrecy::SecretString;

use super::decide::{Finding, Scanned};
use super::opening::{Closed, Open, Opener, may_open_by_itself};
use super::passwords::was_opened;
use super::unreached::with_unreached;
use super::{Intake, IntakeError, TRUST_FOR, Trusted};
use crate::catalog::{HoldRow, VerdictRow};
use crate::inspect::{Inspection, Inspector};
use crate::library::LibraryError;
use crate::model::{
    ByteRange, HoldReason, Label, Look, Obstacle, SpaceId, Timestamp, VerdictKind, VersionId, Worker,
};
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
    /// The password that opens it. If that fails, it is not scanned.
    pub(super) password: Option<Arc<SecretString>>,
}

impl Intake {
    /// Scans a held content, whatever its state, and looks into a clean one at the first time. One that was opened for its first
    /// scan is opened again, or not scanned.
    pub(super) async fn scan(
        &self,
        hold: &HoldRow,
        engine: &Arc<dyn Engine>,
    ) -> Result<Finding, IntakeError> {
        let password = match was_opened(hold) {
            false => None,
            true => match self.passwords.of(hold.id) {
                None => return Ok(Err(HoldReason::Encrypted)),
                known => known,
            },
        };
        let looks = hold.look.is_none();
        let asked = Asked { space: hold.space, version: hold.version, looks, password };
        let finding = self.examine(asked, engine).await?.map_err(Closed::reason);
        let opens = hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::StandardPassword));
        Ok(match finding {
            Ok(scanned) if opens && !scanned.is_open && scanned.verdict.result == VerdictKind::Clean => {
                Err(HoldReason::InspectionFailed)
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
        let asked = Asked { space, version, looks: false, password: None };
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
        let machines = Machines {
            scanner: Arc::clone(engine),
            inspector: self.inspector.clone().filter(|_| asked.looks),
            unpacker: self.inspector.clone(),
            opener: self.opener(),
        };
        let judged = tokio::task::spawn_blocking(move || {
            let password = asked.password.as_ref();
            let given = password.map(|password| machines.opener.with(&sample, password)).transpose()?;
            machines.judge(&sample, &name, given).map_err(Closed::Because)
        });
        Ok(match judged.await.map_err(LibraryError::from)? {
            Ok(Judged { report, look, is_open, how }) => {
                let mut verdict = self.verdict_row(engine.name(), &report, Timestamp::now()).await;
                verdict.detail = verdict.detail.or(how.map(str::to_owned));
                Ok(Scanned { verdict, signatures: report.signatures, look, is_open })
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

/// What a content goes through, on a thread that may wait.
struct Machines {
    scanner: Arc<dyn Engine>,
    /// Looks into it, if that is asked for.
    inspector: Option<Inspector>,
    /// Hands out what the scanner cannot reach.
    unpacker: Option<Inspector>,
    opener: Opener,
}

/// What was found out about a content.
struct Judged {
    report: Report,
    look: Option<Look>,
    /// Whether that is about the content without its encryption.
    is_open: bool,
    /// How it was opened.
    how: Option<&'static str>,
}

impl Machines {
    /// Scans a content and looks into a clean one. One that is encrypted and was opened, or opens without a password, goes
    /// through both once more as it is then.
    fn judge(&self, sample: &Sample, name: &str, given: Option<Open>) -> Result<Judged, HoldReason> {
        let report = self.scan(sample)?;
        let is_clean = report.verdict == Verdict::Clean;
        let is_encrypted = report.verdict == Verdict::Encrypted;
        let look = if is_clean { self.look(sample, name)? } else { None };
        let seems_locked = match &look {
            Some(look) => look.labels.contains(&Label::Encrypted),
            None => is_clean && may_open_by_itself(sample),
        };
        let open = match given {
            Some(given) => (is_clean || is_encrypted).then_some(given),
            None if seems_locked || is_encrypted => self.opener.by_itself(sample)?,
            None => None,
        };
        let Some(open) = open else { return Ok(Judged { report, look, is_open: false, how: None }) };
        let report = self.scan(&open.sample)?;
        let look =
            if report.verdict == Verdict::Clean { self.look_twice(sample, &open, name)? } else { None };
        let how = if open.label == Some(Label::PasswordGiven) { OPENED } else { UNLOCKED };
        Ok(Judged { report, look, is_open: true, how: Some(how) })
    }

    /// Scans a content, and by themselves the members that the scanner cannot reach.
    fn scan(&self, sample: &Sample) -> Result<Report, HoldReason> {
        let report = self.scan_one(sample)?;
        match &self.unpacker {
            Some(unpacker) => with_unreached(report, sample, unpacker, |member| self.scan_one(member)),
            None => Ok(report),
        }
    }

    fn scan_one(&self, sample: &Sample) -> Result<Report, HoldReason> {
        self.scanner.scan(sample).map_err(|error| match error {
            ScanError::TooLarge => HoldReason::TooLarge,
            error => {
                tracing::warn!(code = error.code(), "a scan failed");
                HoldReason::ScannerFailed
            }
        })
    }

    fn look(&self, sample: &Sample, name: &str) -> Result<Option<Look>, HoldReason> {
        let Some(inspector) = &self.inspector else { return Ok(None) };
        match inspector.inspect(sample.as_fd(), name) {
            Ok(Inspection { kind, labels, obstacle, .. }) => Ok(Some(Look { kind, labels, obstacle })),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "cannot look into contents: nothing is released");
                Err(HoldReason::InspectionFailed)
            }
        }
    }

    /// What is seen in a content with and without its encryption together: one may show what the other hides.
    fn look_twice(&self, locked: &Sample, open: &Open, name: &str) -> Result<Option<Look>, HoldReason> {
        let (Some(before), Some(mut look)) = (self.look(locked, name)?, self.look(&open.sample, name)?)
        else {
            return Ok(None);
        };
        let is_still_locked =
            look.obstacle == Some(Obstacle::Encrypted) || look.labels.contains(&Label::Encrypted);
        look.labels.extend(before.labels);
        if !is_still_locked {
            look.labels.remove(&Label::Encrypted);
        }
        look.labels.extend(open.label);
        look.kind = look.kind.max(before.kind);
        look.obstacle =
            look.obstacle.max(before.obstacle.filter(|obstacle| *obstacle != Obstacle::Encrypted));
        Ok(Some(look))
    }
}

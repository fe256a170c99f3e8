//! Verdicts: brings a content into sealed memory and has it scanned by a scanner that was tested.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use super::decide::{Finding, Scanned};
use super::{Intake, IntakeError, TRUST_FOR, Trusted};
use crate::catalog::VerdictRow;
use crate::inspect::{Inspection, Inspector};
use crate::library::LibraryError;
use crate::model::{ByteRange, HoldReason, Look, SpaceId, Timestamp, VerdictKind, VersionId, Worker};
use crate::scan::{
    Distrust, Engine, Newest, Report, Sample, ScanError, Signatures, Trust, Verdict, canary,
    reports_its_limits,
};

impl Intake {
    /// Scans a content, whatever its state, and looks into a clean one if `looks`.
    pub(super) async fn scan(
        &self,
        space: SpaceId,
        version: VersionId,
        engine: &Arc<dyn Engine>,
        looks: bool,
    ) -> Result<Finding, IntakeError> {
        let _turn = self.scans.acquire().await.map_err(|_| LibraryError::Interrupted)?;
        let (sample, name) = match self.sample_of(space, version).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let scanner = Arc::clone(engine);
        let inspector = self.inspector.clone().filter(|_| looks);
        let judged = tokio::task::spawn_blocking(move || {
            let report = match scanner.scan(&sample) {
                Ok(report) => report,
                Err(ScanError::TooLarge) => return Err(HoldReason::TooLarge),
                Err(error) => {
                    tracing::warn!(code = error.code(), "a scan failed");
                    return Err(HoldReason::ScannerFailed);
                }
            };
            let inspector = inspector.filter(|_| report.verdict == Verdict::Clean);
            let look = inspector.map(|inspector| look(&inspector, &sample, &name)).transpose()?;
            Ok((report, look))
        });
        Ok(match judged.await.map_err(LibraryError::from)? {
            Ok((report, look)) => {
                let verdict = self.verdict_row(engine.name(), &report, Timestamp::now()).await;
                Ok(Scanned { verdict, signatures: report.signatures, look })
            }
            Err(reason) => Err(reason),
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
        let scanner = Arc::clone(engine);
        let asked = tokio::task::spawn_blocking(move || scanner.signatures()).await;
        let signatures = match asked {
            Ok(Ok(signatures)) => signatures,
            Ok(Err(error)) => {
                tracing::warn!(code = error.code(), "the scanner does not answer");
                return Err(HoldReason::ScannerFailed);
            }
            Err(_) => return Err(HoldReason::ScannerFailed),
        };
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

/// Looks into a content.
fn look(inspector: &Inspector, sample: &Sample, name: &str) -> Result<Look, HoldReason> {
    match inspector.inspect(sample.as_fd(), name) {
        Ok(Inspection { kind, labels, obstacle, .. }) => Ok(Look { kind, labels, obstacle }),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "cannot look into contents: nothing is released");
            Err(HoldReason::InspectionFailed)
        }
    }
}

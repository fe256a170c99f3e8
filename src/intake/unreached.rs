//! Scans by themselves the members of a content that the scanner cannot reach: ClamAV calls an archive clean that it cannot
//! unpack, as every RAR archive without a library that Debian does not have.

use std::ops::ControlFlow;
use std::os::fd::AsFd;

use crate::inspect::Inspector;
use crate::model::{HoldReason, Obstacle};
use crate::scan::{Report, Sample, ScanError, Verdict};

/// Detail of a verdict about a content whose members could not all be handed out.
const NOT_ALL: &str = "not all members that the scanner cannot reach could be scanned";

/// The report about a content that the scanner calls clean, after a scan of the members that it did not see.
///
/// Errors: a member could not be scanned.
pub(super) fn with_unreached(
    whole: Report,
    sample: &Sample,
    inspector: &Inspector,
    scan: impl Fn(&Sample) -> Result<Report, HoldReason>,
) -> Result<Report, HoldReason> {
    if whole.verdict != Verdict::Clean || sample.is_empty() {
        return Ok(whole);
    }
    let mut found = Ok(Verdict::Clean);
    let mut take = |member: Vec<u8>| {
        found = scan_member(&member, &whole, &scan);
        match found {
            Ok(Verdict::Clean) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    };
    let done = inspector.unreached(sample.as_fd(), &mut take).map_err(|error| {
        let error: &dyn std::error::Error = &error;
        tracing::error!(error, "cannot unpack contents: nothing is released");
        HoldReason::InspectionFailed
    })?;
    let verdict = match found? {
        // What else was not seen, a look into the content says, too.
        Verdict::Clean if done.obstacle == Some(Obstacle::NotFinished) => {
            Verdict::NotFullyScannable { reason: NOT_ALL.to_owned() }
        }
        verdict => verdict,
    };
    Ok(Report { verdict, ..whole })
}

/// The verdict about one member, by the same signatures as that about the whole.
fn scan_member(
    member: &[u8],
    whole: &Report,
    scan: &impl Fn(&Sample) -> Result<Report, HoldReason>,
) -> Result<Verdict, HoldReason> {
    let sample = Sample::of(member).map_err(|error| match error {
        ScanError::TooLarge => HoldReason::TooLarge,
        _ => HoldReason::ScannerFailed,
    })?;
    let report = scan(&sample)?;
    match report.verdict {
        // The scanner loaded others meanwhile: all of it is scanned again, soon.
        Verdict::Clean if report.signatures.identity != whole.signatures.identity => {
            Err(HoldReason::ScannerFailed)
        }
        verdict => Ok(verdict),
    }
}

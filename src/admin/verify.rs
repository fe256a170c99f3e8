//! Conversion of a verification's findings for the owner.

use super::{FindingShown, UnknownFileShown, UseShown, VerifyShown, When};
use crate::model::Timestamp;
use crate::recovery::{Finding, UnknownFile, Use, VerifyStep};

impl VerifyShown {
    pub(super) fn new(step: VerifyStep, now: Timestamp) -> Self {
        Self {
            run: step.run.0,
            mode: step.mode.as_str().into(),
            started: When(step.started),
            resumed: step.is_resumed,
            stage: step.stage.as_str().into(),
            containers: step.containers,
            total_containers: step.total_containers,
            bytes: step.bytes,
            total_bytes: step.total_bytes,
            findings: step.findings.into_iter().map(|finding| shown_finding(finding, step.started)).collect(),
            unknown_files: step.unknown.shown.iter().map(|file| shown_file(file, now)).collect(),
            unknown_file_count: step.unknown.count,
        }
    }
}

fn shown_finding(finding: Finding, started: Timestamp) -> FindingShown {
    FindingShown {
        kind: finding.kind.as_str().into(),
        file: finding.file(),
        space: finding.space.map(|id| id.to_string()),
        container: finding.container.map(|id| id.to_string()),
        chunk: finding.chunk,
        detail: finding.detail,
        first_seen: finding.first_seen.map(When),
        known_before: finding.first_seen.is_some_and(|seen| seen < started),
        uses: finding.uses.into_iter().map(shown_use).collect(),
    }
}

fn shown_use(used: Use) -> UseShown {
    UseShown {
        space: used.space,
        path: used.path,
        entry: used.entry.0,
        version: used.version.0,
        state: used.state.as_str().into(),
    }
}

fn shown_file(file: &UnknownFile, now: Timestamp) -> UnknownFileShown {
    UnknownFileShown {
        space: file.space.to_string(),
        container: file.container.to_string(),
        file: file.file(),
        bytes: file.length,
        age_seconds: now.since(file.changed).as_secs(),
    }
}

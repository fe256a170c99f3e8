//! The server itself: its state, its jobs, and its recovery key.

use std::time::Duration;

use super::{line, safe, span, table};
use crate::admin::{RecoveryKeyShown, StatusShown, WorkerShown};
use crate::model::{ByteSize, Timestamp};

pub(super) fn status(status: &StatusShown) -> anyhow::Result<()> {
    line(&format!("state    {}", status.state))?;
    if let Some(advice) = &status.advice {
        line(&format!("advice   {advice}"))?;
    }
    line(&format!("version  {}", status.version))?;
    // Unknown values, for instance before the instance is unlocked, get no line.
    if let Some(users) = status.users {
        line(&format!("users    {users}"))?;
    }
    if let Some(spaces) = status.spaces {
        line(&format!("spaces   {spaces}"))?;
    }
    if let Some(bytes) = status.used_bytes {
        line(&format!("stored   {}", ByteSize(bytes)))?;
    }
    if let Some(count) = status.damaged_containers {
        line(&format!(
            "verified {}",
            status.last_full_verify.map_or_else(|| "never in full".into(), |when| when.to_string())
        ))?;
        let containers = match count {
            0 => "none".to_owned(),
            count => format!("{count} (`tresor verify` names them)"),
        };
        let beside = match status.spaces_without_key {
            None | Some(0) => String::new(),
            Some(1) => ", but no file of 1 space opens: its key is missing or damaged".to_owned(),
            Some(count) => {
                format!(", but no file of {count} spaces opens: their keys are missing or damaged")
            }
        };
        line(&format!("damaged  {containers}{beside}"))?;
    }
    status.warnings.iter().try_for_each(|warning| line(&format!("WARNING  {}", safe(warning))))?;
    for failed in status.workers.iter().filter(|worker| worker.failures > 0) {
        let why = failed.result.as_deref().unwrap_or_default();
        line(&format!("FAILED   background job {}: {}", safe(&failed.name), safe(why)))?;
    }
    if status.workers.is_empty() {
        return Ok(());
    }
    line("")?;
    workers(&status.workers, Timestamp::now())
}

fn workers(rows: &[WorkerShown], now: Timestamp) -> anyhow::Result<()> {
    table(
        &["JOB", "EVERY", "LAST RUN", "NEXT RUN", "RESULT"],
        &[],
        rows.iter().map(|row| {
            let last = row.last_run.map(|when| format!("{} ago", span(now.since(when.0))));
            let result = match (row.failures, &row.result) {
                (0, Some(result)) => safe(result),
                (0, None) => "-".to_owned(),
                (1, _) => "failed".to_owned(),
                (times, _) => format!("failed {times} times"),
            };
            vec![
                safe(&row.name),
                span(Duration::from_secs(row.interval_seconds)),
                last.unwrap_or_else(|| "-".to_owned()),
                row.next_run
                    .map_or_else(|| "under way".to_owned(), |when| format!("in {}", span(when.0.since(now)))),
                result,
            ]
        }),
    )
}

pub(super) fn recovery_key(changed: &RecoveryKeyShown) -> anyhow::Result<()> {
    line("From now on the new recovery key opens everything. The old one opens only copies from before.")?;
    if let Some(path) = &changed.recovery_file {
        line(&format!(
            "Recovery key: {}. Move it off this machine: anyone who has it can read everything.",
            safe(&path.display().to_string())
        ))?;
    }
    if changed.damaged.is_empty() {
        return Ok(());
    }
    line("These files are damaged and could not be changed; `tresor verify` says what to do:")?;
    changed.damaged.iter().try_for_each(|file| line(&format!("  {}", safe(file))))
}

//! Output about the holding area.

use super::{line, safe, table};
use crate::admin::{AllowedShown, HoldShown};
use crate::intake::{Certificate, Outcome};
use crate::model::{HoldReason, HoldState};
use crate::text::Language;

pub(super) fn holds(rows: &[HoldShown]) -> anyhow::Result<()> {
    table(
        &["ID", "STATE", "ARRIVED", "DUE", "SPACE", "PATH"],
        &[0],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                hold_state(row),
                row.since.to_string(),
                row.due.to_string(),
                safe(&row.space),
                safe(&row.path),
            ]
        }),
    )
}

pub(super) fn allowed(rows: &[AllowedShown]) -> anyhow::Result<()> {
    table(
        &["SPACE", "UNTIL", "BY", "PATH THEN", "SHA-256", "REASON"],
        &[],
        rows.iter().map(|row| {
            vec![
                safe(&row.space),
                row.until.to_string(),
                row.user.as_deref().map_or_else(|| "owner".to_owned(), safe),
                safe(&row.path),
                row.sha256.clone(),
                safe(&row.reason),
            ]
        }),
    )
}

pub(super) fn hold(shown: &HoldShown) -> anyhow::Result<()> {
    line(&format!("{} in space {}", safe(&shown.path), safe(&shown.space)))?;
    line(&format!("{}; arrived {}, due {}", hold_state(shown), shown.since, shown.due))?;
    if let Some(kind) = &shown.kind {
        line(&format!("kind: {kind}"))?;
    }
    if !shown.labels.is_empty() {
        line(&format!("labels: {}", shown.labels.join(" ")))?;
    }
    if let Some(obstacle) = &shown.obstacle {
        line(&format!("not looked at whole: {obstacle}"))?;
    }
    match (&shown.pdf, &shown.pdf_fault) {
        (Some(pdf), None) => line(&format!("PDF: {}", safe(pdf)))?,
        (Some(pdf), Some(fault)) => line(&format!("PDF: {}; not all: {}", safe(pdf), safe(fault)))?,
        (None, Some(fault)) => line(&format!("no PDF: {}", safe(fault)))?,
        (None, None) => {}
    }
    if let Some(first) = &shown.approval {
        let (who, decision, until) = (safe(&first.who), &first.decision, first.until);
        let to = first.to.as_deref().map(|user| format!(" to {}", safe(user))).unwrap_or_default();
        line(&format!("{who} decided to {decision} it{to}; it waits for a second person until {until}"))?;
    }
    let name = |user: &Option<String>| user.as_deref().map_or_else(|| "a removed user".to_owned(), safe);
    for request in &shown.requests {
        let why = request.reason.as_deref().map(|why| format!(": {}", safe(why))).unwrap_or_default();
        let declined = request.declined.map(|at| format!(", declined {at}")).unwrap_or_default();
        line(&format!("{} asks for it since {}{declined}{why}", name(&request.user), request.at))?;
    }
    for handed in &shown.handed_out {
        let how = if handed.overridden { ", in spite of a scanner" } else { "" };
        line(&format!("handed out to {} at {}{how}", name(&handed.user), handed.at))?;
    }
    if let Some(sender) = &shown.mail_from {
        let sender = if sender.is_empty() { "no sender".to_owned() } else { safe(sender) };
        line(&format!("by mail from {sender} (as the envelope says)"))?;
    }
    if let Some(fault) = &shown.mail_fault {
        line(&format!("attachments of the mail are missing: {}; the .eml file has all of it", safe(fault)))?;
    }
    if !shown.fetched.is_empty() {
        table(
            &["DOWNLOADED", "BY"],
            &[],
            shown.fetched.iter().map(|fetch| vec![fetch.at.to_string(), safe(&fetch.who)]),
        )?;
    }
    if shown.verdicts.is_empty() {
        return line("not scanned yet");
    }
    table(
        &["SCANNED", "RESULT", "DETAIL", "ENGINE", "SIGNATURES"],
        &[],
        shown.verdicts.iter().map(|verdict| {
            vec![
                verdict.at.to_string(),
                verdict.result.clone(),
                verdict.detail.as_deref().map(safe).unwrap_or_default(),
                engine(&verdict.engine, verdict.required),
                safe(&verdict.signatures),
            ]
        }),
    )
}

/// A certificate whose signature fits.
pub(in crate::cli) fn certificate(
    known: &Certificate,
    is_key_given: bool,
    is_compared: bool,
) -> anyhow::Result<()> {
    line(&match is_key_given {
        true => format!("The certificate is signed by {}", safe(&known.key)),
        false => format!(
            "The certificate is as it was signed, by the key {}\nIs this the office's key? `--signed-by` compares it.",
            safe(&known.key)
        ),
    })?;
    if is_compared {
        line("It is about this content.")?;
    }
    line("")?;
    let outcome = match known.outcome {
        Outcome::ReleasedAfterHold => {
            "released after its holding time, by a clean scan with signatures newer than its arrival"
        }
        Outcome::ReleasedByKind => {
            "released after a clean first scan: contents of its kind are not held in its space"
        }
        Outcome::ReleasedEarly => {
            "released early by a person, after a clean scan; no scan with newer signatures followed its holding time"
        }
        Outcome::ReleasedByOverride => {
            "RELEASED BY A PERSON WHATEVER THE SCANNER SAID; this proves no clean scan"
        }
    };
    let when = |time: &Option<String>| time.as_deref().map_or_else(|| "not recorded".to_owned(), safe);
    for (name, value) in [
        ("file", format!("{} in space {}", safe(&known.path), safe(&known.space))),
        ("SHA-256", safe(&known.sha256)),
        ("size", format!("{} bytes", known.size)),
        ("outcome", outcome.to_owned()),
        ("arrived", safe(&known.arrived)),
        ("due", safe(&known.due)),
        ("released", format!("{} by {}", when(&known.released), when(&known.released_by))),
        ("reason", known.reason.as_deref().map_or_else(|| "-".to_owned(), safe)),
        ("kind", known.kind.as_deref().map_or_else(|| "not known".to_owned(), safe)),
        ("labels", safe(&known.labels.join(" "))),
        (
            "seen whole",
            known.obstacle.as_deref().map_or_else(|| "yes".to_owned(), |why| format!("no: {}", safe(why))),
        ),
        ("certified", safe(&known.certified)),
    ] {
        line(format!("{name:<12}{value}").trim_end())?;
    }
    line("")?;
    table(
        &["SCANNED", "RESULT", "DETAIL", "ENGINE", "SIGNATURES", "BUILT", "SCANNER TESTED"],
        &[],
        known.verdicts.iter().map(|verdict| {
            vec![
                safe(&verdict.at),
                safe(&verdict.result),
                verdict.detail.as_deref().map(safe).unwrap_or_default(),
                engine(&verdict.engine, verdict.required),
                safe(&verdict.signatures),
                when(&verdict.signatures_built),
                when(&verdict.scanner_tested),
            ]
        }),
    )?;
    line("\nNot checked:")?;
    known.not_checked.iter().try_for_each(|gap| line(&format!("  {}", safe(gap))))
}

/// A scanner, and whether it counts only if it finds something.
fn engine(name: &str, is_required: bool) -> String {
    let optional = if is_required { "" } else { " (optional)" };
    format!("{}{optional}", safe(name))
}

/// State and reason as a phrase.
fn hold_state(shown: &HoldShown) -> String {
    let (language, state) = (Language::English, HoldState::from_word(&shown.state));
    let state = state.map_or(shown.state.as_str(), |state| language.hold_state(state));
    let reason = shown.reason.as_deref().and_then(HoldReason::from_word);
    reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {}", language.hold_reason(reason)))
}

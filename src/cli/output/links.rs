//! Links, and the hand-ins and downloads through them.

use super::{line, or_none, safe, table};
use crate::admin::{DownloadShown, HandInShown, LinkShown};
use crate::model::ByteSize;
use crate::sharing::{DownloadReceipt, FetchedFile, Receipt};

pub(super) fn links(rows: &[LinkShown]) -> anyhow::Result<()> {
    table(
        &["ID", "USER", "SPACE", "PATH", "RIGHT", "PASSWORD", "LABEL", "ENDS", "OPENED"],
        &[0],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                safe(&row.user),
                safe(&row.space),
                safe(&row.path),
                if row.is_box { format!("{} (box)", row.right) } else { row.right.clone() },
                match (row.has_password, &row.code_to) {
                    (_, Some(address)) => format!("code to {}", safe(address)),
                    (true, None) => "yes".into(),
                    (false, None) => "no".into(),
                },
                safe(&row.label),
                row.expires.map_or_else(|| "never".into(), |when| when.to_string()),
                row.opened.map_or_else(|| "never".into(), |when| when.to_string()),
            ]
        }),
    )
}

pub(super) fn hand_ins(rows: &[HandInShown]) -> anyhow::Result<()> {
    table(
        &["ID", "SPACE", "PATH", "NAME", "FILES", "SIZE", "BEGUN", "STATE"],
        &[0, 4, 5],
        rows.iter().map(|row| {
            let state = match (row.finished, row.complete, row.late) {
                (None, ..) => "open".to_owned(),
                (Some(when), false, _) => format!("link ended {when}"),
                (Some(when), true, false) => format!("finished {when}"),
                (Some(when), true, true) => format!("finished late {when}"),
            };
            vec![
                row.id.to_string(),
                safe(&row.space),
                row.path.as_deref().map_or_else(|| "removed".into(), safe),
                safe(&row.name),
                row.files.to_string(),
                ByteSize(row.bytes).to_string(),
                row.begun.to_string(),
                state,
            ]
        }),
    )
}

pub(super) fn downloads(rows: &[DownloadShown]) -> anyhow::Result<()> {
    table(
        &["ID", "SPACE", "PATH", "LABEL", "SIZE", "BEGUN", "COMPLETE"],
        &[0, 4],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                safe(&row.space),
                safe(&row.path),
                safe(&row.label),
                ByteSize(row.bytes).to_string(),
                row.begun.to_string(),
                row.completed.to_string(),
            ]
        }),
    )
}

/// The result of checking a receipt.
fn proved(key: &str, is_key_given: bool, compared: usize) -> anyhow::Result<()> {
    line(&match is_key_given {
        true => format!("The receipt is signed by {}", safe(key)),
        false => format!(
            "The receipt is as it was signed, by the key {}\nIs this the office's key? `--signed-by` compares it.",
            safe(key)
        ),
    })?;
    match compared {
        0 => {}
        1 => line("It names a file of this content.")?,
        count => line(&format!("It names files of these {count} contents."))?,
    }
    line("")
}

/// The receipt of a download that was checked.
pub(in crate::cli) fn download_receipt(
    known: &DownloadReceipt,
    is_key_given: bool,
    compared: usize,
) -> anyhow::Result<()> {
    proved(&known.key, is_key_given, compared)?;
    for (name, value) in [
        ("download", known.number.to_string()),
        ("office", or_none(known.office.as_deref())),
        ("made by", or_none(known.made_by.as_deref())),
        ("link", known.link.to_string()),
        ("recipient", or_none(known.recipient.as_deref())),
        ("path", safe(&known.path)),
        ("bytes", known.size.to_string()),
        ("SHA-256", or_none(known.sha256.as_deref())),
        ("begun", safe(&known.begun)),
        ("complete", safe(&known.completed)),
    ] {
        line(&format!("{name:<11}{value}"))?;
    }
    let Some(count) = known.file_count else { return Ok(()) };
    line(&format!(
        "{:<11}{count}{}",
        "files",
        if known.files.len() < count { ", too many to be named" } else { "" }
    ))?;
    line("")?;
    let row =
        |file: &FetchedFile| vec![safe(&file.path), file.size.to_string(), or_none(file.sha256.as_deref())];
    table(&["FILE", "BYTES", "SHA-256"], &[1], known.files.iter().map(row))
}

/// A receipt that was checked.
pub(in crate::cli) fn receipt(known: &Receipt, is_key_given: bool, compared: usize) -> anyhow::Result<()> {
    proved(&known.key, is_key_given, compared)?;
    for (name, value) in [
        ("number", known.number.to_string()),
        ("office", or_none(known.office.as_deref())),
        ("asked by", or_none(known.asked_by.as_deref())),
        ("folder", safe(&known.folder)),
        ("handed in by", or_none(known.handed_in_by.as_deref())),
        ("begun", safe(&known.begun)),
        ("finished", safe(&known.finished)),
        ("deadline", or_none(known.deadline.as_deref())),
        ("late", if known.late { "yes" } else { "no" }.to_owned()),
        ("complete", if known.complete { "yes" } else { "no: its link ended before" }.to_owned()),
    ] {
        line(&format!("{name:<13}{value}"))?;
    }
    line("")?;
    table(
        &["FILE", "BYTES", "SHA-256", "ARRIVED"],
        &[1],
        known.files.iter().map(|file| {
            vec![
                safe(&file.path),
                file.size.to_string(),
                or_none(file.sha256.as_deref()),
                safe(&file.arrived),
            ]
        }),
    )?;
    for file in &known.refused {
        line(&format!("not stored: {} ({})", safe(&file.path), safe(&file.reason)))?;
    }
    Ok(())
}

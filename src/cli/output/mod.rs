//! Output for people and scripts.

mod asked;
mod holding;

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

pub(super) use holding::certificate;

use super::Format;
use crate::admin::{
    DownloadShown, GrantShown, HandInShown, HistoryShown, IssuedAppPassword, LinkShown, LockShown,
    NoticeShown, OfficeShown, RecoveryKeyShown, RemovalShown, Reply, SpaceShown, StatusShown, TrashShown,
    UploadShown, VersionShown, When, WorkerShown,
};
use crate::model::{ByteSize, Shown, Timestamp};
use crate::sharing::{DownloadReceipt, FetchedFile, Receipt};

/// Prints a reply. A refusal becomes an error.
pub(super) fn reply(reply: Reply, format: Format) -> anyhow::Result<()> {
    if let Reply::Refused { code, text } = reply {
        return Err(refused(&code, &text));
    }
    if format.json {
        return line(&serde_json::to_string_pretty(&data(&reply)?)?);
    }
    match reply {
        Reply::Done(text) | Reply::Refused { text, .. } => line(&safe(&text)),
        Reply::Status(status) => self::status(&status),
        Reply::Office(shown) => office(&shown),
        Reply::Users(users) => table(
            &["NAME", "ROLE", "STATE", "PASSWORD", "SECOND FACTOR", "SINCE"],
            &[],
            users.iter().map(|user| {
                vec![
                    safe(&user.name),
                    user.role.clone(),
                    if user.disabled { "disabled" } else { "enabled" }.into(),
                    if user.has_password { "own" } else { "devices only" }.into(),
                    if user.second_factor { "yes" } else { "no" }.into(),
                    user.created.to_string(),
                ]
            }),
        ),
        Reply::Removal(removal) => line(&format!(
            "{} is removed. {}; the name stays in the history of what was stored and deleted.",
            safe(&removal.name),
            ends(&removal)
        )),
        Reply::AppPassword(issued) => app_password(&issued),
        Reply::AppPasswords(rows) => table(
            &["ID", "DEVICE", "SINCE", "LAST USED", "ENDS"],
            &[0],
            rows.iter().map(|row| {
                vec![
                    row.id.to_string(),
                    safe(&row.label),
                    row.created.to_string(),
                    row.last_used.map_or_else(|| "never".into(), |when| when.to_string()),
                    row.expires.map_or_else(|| "never".into(), |when| when.to_string()),
                ]
            }),
        ),
        Reply::SecondFactor(shown) => line(&shown.uri),
        Reply::RecoveryCodes(codes) => recovery_codes(&codes),
        Reply::Spaces(rows) => table(
            &[
                "NAME", "KIND", "USED", "QUOTA", "HISTORY", "AT MOST", "VERSIONS", "TRASH", "HELD", "MAIL",
                "ID",
            ],
            &[2, 3, 4, 5],
            rows.iter().map(|row| {
                let bound = |bytes: Option<u64>| {
                    bytes.map_or_else(|| "none".into(), |bytes| ByteSize(bytes).to_string())
                };
                vec![
                    safe(&row.name),
                    row.kind.clone(),
                    ByteSize(row.used_bytes).to_string(),
                    bound(row.quota_bytes),
                    ByteSize(row.history_bytes).to_string(),
                    bound(row.history_limit_bytes),
                    format!("{} days", row.version_days),
                    format!("{} days", row.trash_days),
                    held(row),
                    row.mail.clone().unwrap_or_else(|| "no".into()),
                    row.id.clone(),
                ]
            }),
        ),
        Reply::Grants(rows) => grants(&rows),
        Reply::Trash(rows) => trash(&rows),
        Reply::Verify(step) => {
            line(&format!("{} of {} containers verified", step.containers, step.total_containers))
        }
        Reply::Snapshots(rows) => table(
            &["NUMBER", "MADE", "SIZE"],
            &[0, 2],
            rows.iter().map(|row| {
                vec![format!("{:06}", row.number), row.made.to_string(), ByteSize(row.bytes).to_string()]
            }),
        ),
        Reply::Uploads(rows) => uploads(&rows),
        Reply::Notices(rows) => notices(&rows),
        Reply::Notice(shown) => notice(&shown),
        Reply::Links(rows) => links(&rows),
        Reply::Link(link) => line(link.url.as_deref().unwrap_or_default()),
        Reply::HandIns(rows) => hand_ins(&rows),
        Reply::Downloads(rows) => downloads(&rows),
        Reply::AskedList(_) | Reply::Asked(_) | Reply::Mails(_) | Reply::Templates(_) => asked::print(&reply),
        Reply::Locks(rows) => locks(&rows),
        Reply::Holds(rows) => holding::holds(&rows),
        Reply::Hold(shown) => holding::hold(&shown),
        Reply::Allowed(rows) => holding::allowed(&rows),
        Reply::Text(text) => line(text.trim_end_matches('\n')),
        // `tresor scan status` prints it with the scanner's state.
        Reply::Rescan(_) => Ok(()),
        Reply::Versions(rows) => versions(&rows),
        Reply::RecoveryKey(changed) => recovery_key(&changed),
        Reply::History(shown) => history(&shown),
    }
}

fn grants(rows: &[GrantShown]) -> anyhow::Result<()> {
    table(
        &["SPACE", "USER", "RIGHT", "RELEASE", "HOLD"],
        &[],
        rows.iter().map(|row| {
            let release = if row.release { "yes" } else { "" };
            let hold = row.hold_seconds.map(|seconds| span(Duration::from_secs(seconds)));
            let hold = hold.unwrap_or_default();
            vec![safe(&row.space), safe(&row.user), row.right.clone(), release.to_owned(), hold]
        }),
    )
}

fn notices(rows: &[NoticeShown]) -> anyhow::Result<()> {
    table(
        &["ID", "MADE", "TO", "TOPIC", "SPACE", "STATE", "ATTEMPTS", "NEXT"],
        &[0, 6],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                row.created.to_string(),
                safe(&row.to),
                row.topic.clone(),
                row.space.as_deref().map_or_else(|| "several".into(), safe),
                row.state.clone(),
                row.attempts.to_string(),
                row.next.map_or_else(|| "-".into(), |when| when.to_string()),
            ]
        }),
    )
}

fn notice(shown: &NoticeShown) -> anyhow::Result<()> {
    let when = |when: Option<When>| when.map_or_else(|| "-".to_owned(), |when| when.to_string());
    for (name, value) in [
        ("to", safe(&shown.to)),
        ("topic", shown.topic.clone()),
        ("space", shown.space.as_deref().map_or_else(|| "several".into(), safe)),
        ("made", shown.created.to_string()),
        ("state", shown.state.clone()),
        ("attempts", shown.attempts.to_string()),
        ("next", when(shown.next)),
        ("ended", when(shown.ended)),
        ("fault", shown.fault.as_deref().map_or_else(|| "none".into(), safe)),
    ] {
        line(&format!("{name:<10}{value}"))?;
    }
    Ok(())
}

fn office(shown: &OfficeShown) -> anyhow::Result<()> {
    let zone = if shown.zone_is_own { shown.zone.clone() } else { format!("{} (not set)", shown.zone) };
    let text = |text: &str| match text.len() {
        0 => "none".to_owned(),
        bytes => ByteSize(bytes as u64).to_string(),
    };
    let line_of = |text: &str| if text.is_empty() { "none".to_owned() } else { safe(text) };
    let privacy = match shown.privacy_version {
        0 => "none".to_owned(),
        version => format!("{}, version {version}", text(&shown.privacy)),
    };
    for (name, value) in [
        ("name", line_of(&shown.name)),
        ("contact", line_of(&shown.contact)),
        ("phone", line_of(&shown.phone)),
        ("mail", line_of(&shown.mail)),
        ("web", line_of(&shown.web)),
        ("zone", zone),
        ("imprint", text(&shown.imprint)),
        ("privacy", privacy),
        ("accessibility", text(&shown.accessibility)),
    ] {
        line(&format!("{name:<14}{value}"))?;
    }
    Ok(())
}

/// How a space holds what arrives.
fn held(row: &SpaceShown) -> String {
    let Some(seconds) = row.hold_seconds else { return "no".to_owned() };
    let time = span(Duration::from_secs(seconds));
    let what = if row.holds.as_deref() == Some("all") { "all, " } else { "" };
    let persons = if row.release_by == 2 { ", 2 persons" } else { "" };
    let after = if row.pdf == "remove" { ", PDF until then" } else { "" };
    let pixels = if row.pdf_pages == "pixels" { ", PDF as pixels" } else { "" };
    format!("{what}{time}{persons}{after}{pixels}")
}

fn recovery_key(changed: &RecoveryKeyShown) -> anyhow::Result<()> {
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

/// A list of what ends with a removed account.
pub(super) fn ends(removal: &RemovalShown) -> String {
    let RemovalShown { links, app_passwords, grants, uploads, .. } = removal;
    format!(
        "What ends with it: {links} links, {app_passwords} device passwords, rights in {grants} spaces, {uploads} \
         unfinished uploads"
    )
}

/// The name of the actor; a phrase without a name for a guest of a link.
fn by(user: Option<&str>) -> String {
    user.map_or_else(|| "-".into(), safe)
}

fn app_password(issued: &IssuedAppPassword) -> anyhow::Result<()> {
    line(&issued.password)?;
    note(&format!(
        "App password {} of {}. It is shown once; enter it in the device now.",
        issued.id, issued.user
    ))
}

fn recovery_codes(codes: &[String]) -> anyhow::Result<()> {
    codes.iter().try_for_each(|code| line(code))?;
    note(
        "Recovery codes, shown once: each opens the account one time in place of the app's code. Keep them \
         where the device with the app is not.",
    )
}

fn trash(rows: &[TrashShown]) -> anyhow::Result<()> {
    table(
        &["ID", "DELETED", "BY", "SIZE", "PATH"],
        &[0, 3],
        rows.iter().map(|row| {
            let slash = if row.folder { "/" } else { "" };
            vec![
                row.entry.to_string(),
                row.deleted.to_string(),
                by(row.deleted_by.as_deref()),
                ByteSize(row.bytes).to_string(),
                format!("{}{slash}", safe(&row.path)),
            ]
        }),
    )
}

fn versions(rows: &[VersionShown]) -> anyhow::Result<()> {
    table(
        &["VERSION", "STORED", "BY", "SIZE", "", "SHA-256"],
        &[0, 3],
        rows.iter().map(|row| {
            vec![
                row.version.to_string(),
                row.created.to_string(),
                by(row.author.as_deref()),
                ByteSize(row.bytes).to_string(),
                if row.current { "current" } else { "" }.into(),
                row.sha256.clone().unwrap_or_else(|| "not yet known".into()),
            ]
        }),
    )
}

fn history(shown: &HistoryShown) -> anyhow::Result<()> {
    let several = shown
        .events
        .iter()
        .any(|event| event.space != shown.events.first().and_then(|one| one.space.clone()));
    let header: &[&str] = if several { &["WHEN", "SPACE", "WHO", "WHAT"] } else { &["WHEN", "WHO", "WHAT"] };
    table(
        header,
        &[],
        shown.events.iter().map(|event| {
            let mut row = vec![event.at.to_string()];
            if several {
                row.push(event.space.as_deref().map_or_else(|| "-".into(), safe));
            }
            row.extend([safe(&event.who), safe(&event.what)]);
            row
        }),
    )?;
    match shown.next {
        Some(next) => note(&format!("There is more: add --before {next}")),
        None => Ok(()),
    }
}

fn uploads(rows: &[UploadShown]) -> anyhow::Result<()> {
    table(
        &["ID", "USER", "SPACE", "PATH", "RECEIVED", "OF", "BY", "ENDS"],
        &[4, 5],
        rows.iter().map(|row| {
            vec![
                row.id.clone(),
                row.user.as_deref().map_or_else(|| "none".into(), safe),
                safe(&row.space),
                row.path.as_deref().map_or_else(|| "not yet known".into(), safe),
                ByteSize(row.received_bytes).to_string(),
                row.length_bytes.map_or_else(|| "unknown".into(), |bytes| ByteSize(bytes).to_string()),
                row.protocol.clone(),
                row.expires.to_string(),
            ]
        }),
    )
}

fn hand_ins(rows: &[HandInShown]) -> anyhow::Result<()> {
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

fn downloads(rows: &[DownloadShown]) -> anyhow::Result<()> {
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

/// What the check of a receipt proved.
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

fn or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), safe)
}

/// The receipt of a download that was checked.
pub(super) fn download_receipt(
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
pub(super) fn receipt(known: &Receipt, is_key_given: bool, compared: usize) -> anyhow::Result<()> {
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

fn links(rows: &[LinkShown]) -> anyhow::Result<()> {
    table(
        &["ID", "USER", "SPACE", "PATH", "RIGHT", "PASSWORD", "LABEL", "ENDS", "OPENED"],
        &[0],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                safe(&row.user),
                safe(&row.space),
                safe(&row.path),
                row.right.clone(),
                if row.has_password { "yes" } else { "no" }.into(),
                safe(&row.label),
                row.expires.map_or_else(|| "never".into(), |when| when.to_string()),
                row.opened.map_or_else(|| "never".into(), |when| when.to_string()),
            ]
        }),
    )
}

fn locks(rows: &[LockShown]) -> anyhow::Result<()> {
    table(
        &["TOKEN", "USER", "SPACE", "PATH", "KIND", "ENDS"],
        &[],
        rows.iter().map(|row| {
            let user = row.user.as_deref().map_or_else(|| "none".into(), safe);
            vec![
                row.token.clone(),
                if row.by_guest { format!("guest of {user}") } else { user },
                safe(&row.space),
                safe(&row.path),
                format!("{}{}", row.scope, if row.deep { ", all below" } else { "" }),
                row.expires.to_string(),
            ]
        }),
    )
}

fn status(status: &StatusShown) -> anyhow::Result<()> {
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

/// A span of time, rounded; days from two on.
pub(super) fn span(span: Duration) -> String {
    match span.as_secs() {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..3_570 => format!("{} min", (secs + 30) / 60),
        secs @ 3_570..171_000 => format!("{} h", (secs + 1_800) / 3_600),
        secs => format!("{} days", (secs + 43_200) / 86_400),
    }
}

/// The error for a refusal. Rooms below do not know commands, so the one that helps is named here.
pub(super) fn refused(code: &str, text: &str) -> anyhow::Error {
    let advice = match code {
        "user-unknown" => "; `tresor user list` shows all",
        "space-unknown" => "; `tresor space list` shows all",
        "not-in-trash" => "; `tresor trash list` shows all",
        "version-unknown" => "; `tresor versions list` shows all",
        "not-clean" => " (tresor hold release --override)",
        "history-full" => " (tresor space set --history)",
        "second-factor-exists" => " (tresor user second-factor remove)",
        "second-factor-missing" => "; set one up with `tresor user second-factor add`",
        _ => "",
    };
    anyhow::anyhow!("{text}{advice}")
}

/// The data of a reply without its kind, for scripts.
fn data(reply: &Reply) -> anyhow::Result<serde_json::Value> {
    let mut value = serde_json::to_value(reply)?;
    Ok(value.get_mut("data").map_or(serde_json::Value::Null, serde_json::Value::take))
}

/// Prints a line on standard output.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}").or_else(closed_pipe)
}

/// Prints a line for people, apart from the data for scripts.
pub(super) fn note(text: &str) -> anyhow::Result<()> {
    writeln!(io::stderr(), "{text}").or_else(closed_pipe)
}

/// `tresor … | head` is not an error.
fn closed_pipe(error: io::Error) -> anyhow::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error.into()) }
}

pub(super) fn error(error: &anyhow::Error) {
    // Standard error may be closed; then the error cannot be shown at all.
    let text: Vec<_> = format!("tresor: {error:#}").trim_end().lines().map(safe).collect();
    let _ = writeln!(io::stderr(), "{}", text.join("\n"));
}

fn table(
    header: &[&str],
    right_aligned: &[usize],
    rows: impl ExactSizeIterator<Item = Vec<String>>,
) -> anyhow::Result<()> {
    if rows.len() == 0 {
        return note("none");
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header).add_rows(rows);
    for (position, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right_aligned.contains(&position) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().try_for_each(|text| line(text.trim_end()))
}

/// Escapes a name, path or sentence so that it cannot control the terminal.
pub(super) fn safe(text: &str) -> String {
    Shown(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountsError;
    use crate::admin::AdminError;
    use crate::library::LibraryError;

    #[test]
    fn refusals_name_the_command_that_helps() {
        for (error, expected) in [
            (AccountsError::UnknownUser.into(), "There is no such user; `tresor user list` shows all"),
            (AccountsError::UnknownSpace.into(), "There is no such space; `tresor space list` shows all"),
            (LibraryError::NoSuchSpace.into(), "There is no such space; `tresor space list` shows all"),
            (
                LibraryError::NotInTrash.into(),
                "This space's trash has no item with this number; `tresor trash list` shows all",
            ),
            (
                LibraryError::NoSuchVersion.into(),
                "This file has no version with this number; `tresor versions list` shows all",
            ),
            (
                LibraryError::HistoryFull.into(),
                "The limit for earlier versions and the trash of this space is reached, and the rest is \
                 protected; ask the server's owner for a higher limit (tresor space set --history)",
            ),
            (
                AccountsError::SecondFactorExists.into(),
                "This user has a second factor already; remove it first (tresor user second-factor remove)",
            ),
            (
                AccountsError::NoSecondFactor.into(),
                "This user has no second factor; set one up with `tresor user second-factor add`",
            ),
            (AccountsError::NameTaken.into(), "There is already a user of this name; choose another one"),
        ] {
            let error: AdminError = error;
            let Reply::Refused { code, text } = error.reply() else { panic!("{error}") };
            assert_eq!(refused(&code, &text).to_string(), expected);
        }
    }

    #[test]
    fn scripts_get_the_data_alone() {
        let shown = data(&Reply::Done("ok".into())).unwrap();
        assert_eq!(shown, serde_json::json!("ok"));
        assert_eq!(data(&Reply::Users(Vec::new())).unwrap(), serde_json::json!([]));
    }

    #[test]
    fn a_span_is_rounded_to_the_unit_shown() {
        let shown = |secs| span(Duration::from_secs(secs));
        let spans = [0, 59, 60, 89, 90, 599, 3_569, 3_570, 5_399, 86_399, 170_999, 171_000, 259_199];
        assert_eq!(
            spans.map(shown),
            [
                "0 s", "59 s", "1 min", "1 min", "2 min", "10 min", "59 min", "1 h", "1 h", "24 h", "47 h",
                "2 days", "3 days"
            ]
        );
    }
}

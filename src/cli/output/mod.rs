//! Output for people and scripts.

mod accounts;
mod asked;
mod holding;
mod links;
mod server;

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

pub(super) use accounts::ends;
pub(super) use holding::certificate;
pub(super) use links::{download_receipt, receipt};

use super::Format;
use crate::admin::{
    HistoryShown, LockShown, NoticeShown, OfficeShown, Reply, SpaceShown, TrashShown, UploadShown,
    VersionShown, When,
};
use crate::model::{ByteSize, Shown, Span, Topic};

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
        Reply::Status(status) => server::status(&status),
        Reply::Office(shown) => office(&shown),
        Reply::Users(_)
        | Reply::Removal(_)
        | Reply::AppPassword(_)
        | Reply::AppPasswords(_)
        | Reply::Sessions(_)
        | Reply::Passkeys(_)
        | Reply::SecondFactor(_)
        | Reply::RecoveryCodes(_)
        | Reply::Grants(_) => accounts::print(&reply),
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
        Reply::Links(rows) => links::links(&rows),
        Reply::Link(link) => line(link.url.as_deref().unwrap_or_default()),
        Reply::HandIns(rows) => links::hand_ins(&rows),
        Reply::Downloads(rows) => links::downloads(&rows),
        Reply::AskedList(_) | Reply::Asked(_) | Reply::Mails(_) | Reply::Templates(_) => asked::print(&reply),
        Reply::Locks(rows) => locks(&rows),
        Reply::Holds(rows) => holding::holds(&rows),
        Reply::Hold(shown) => holding::hold(&shown),
        Reply::Allowed(rows) => holding::allowed(&rows),
        Reply::Text(text) => line(text.trim_end_matches('\n')),
        // `tresor scan status` prints it with the scanner's state.
        Reply::Rescan(_) => Ok(()),
        Reply::Versions(rows) => versions(&rows),
        Reply::RecoveryKey(changed) => server::recovery_key(&changed),
        Reply::History(shown) => history(&shown),
    }
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
                place_of(row),
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
        ("space", place_of(shown)),
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

/// The space of a mail; one about an account has none.
fn place_of(shown: &NoticeShown) -> String {
    let none = if shown.topic == Topic::Security.as_str() { "-" } else { "several" };
    shown.space.as_deref().map_or_else(|| none.to_owned(), safe)
}

fn office(shown: &OfficeShown) -> anyhow::Result<()> {
    let zone = if shown.zone_is_own { shown.zone.clone() } else { format!("{} (not set)", shown.zone) };
    let text = |text: &str| match text.len() {
        0 => "none".to_owned(),
        bytes => ByteSize(bytes as u64).to_string(),
    };
    let line_of = |text: &str| if text.is_empty() { "none".to_owned() } else { safe(text) };
    let logo = match shown.logo_bytes {
        0 => "none".to_owned(),
        bytes => ByteSize(bytes as u64).to_string(),
    };
    let lock = match shown.lock_seconds {
        0 => "off".to_owned(),
        seconds => format!("after {}", Span(Duration::from_secs(seconds))),
    };
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
        ("lock", lock),
        ("logo", logo),
    ] {
        line(&format!("{name:<14}{value}"))?;
    }
    Ok(())
}

/// How a space holds arriving contents.
fn held(row: &SpaceShown) -> String {
    let Some(seconds) = row.hold_seconds else { return "no".to_owned() };
    let time = span(Duration::from_secs(seconds));
    let what = if row.holds.as_deref() == Some("all") { "all, " } else { "" };
    let persons = if row.release_by == 2 { ", 2 persons" } else { "" };
    let after = if row.pdf == "remove" { ", PDF until then" } else { "" };
    let pixels = if row.pdf_pages == "pixels" { ", PDF as pixels" } else { "" };
    format!("{what}{time}{persons}{after}{pixels}")
}

/// The name of the actor; a phrase without a name for a guest of a link.
fn by(user: Option<&str>) -> String {
    user.map_or_else(|| "-".into(), safe)
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

fn or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), safe)
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
        "right-to-space-missing" => "; see `tresor grant`",
        "template-unknown" => "; `tresor template list` shows all",
        "template-shipped" => " (tresor template reset)",
        "template-own" => " (tresor template remove)",
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
    use crate::sharing::RequestError;

    #[test]
    fn refusals_name_the_command_that_helps() {
        for (error, expected) in [
            (AccountsError::UnknownUser.into(), "There is no such user; `tresor user list` shows all"),
            (AccountsError::UnknownSpace.into(), "There is no such space; `tresor space list` shows all"),
            (LibraryError::NoSuchSpace.into(), "There is no such space; `tresor space list` shows all"),
            (
                RequestError::NoSuchTemplate("lohnn".into()).into(),
                "There is no template 'lohnn'; `tresor template list` shows all",
            ),
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

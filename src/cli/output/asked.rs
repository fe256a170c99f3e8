//! Requests for documents, for people.

use super::{safe, table};
use crate::admin::{AskedRow, AskedShown, Reply, TemplateShown};

pub(super) fn print(reply: &Reply) -> anyhow::Result<()> {
    match reply {
        Reply::AskedList(rows) => list(rows),
        Reply::Asked(shown) => one(shown),
        Reply::Templates(rows) => templates(rows),
        _ => Ok(()),
    }
}

fn list(rows: &[AskedRow]) -> anyhow::Result<()> {
    table(
        &["ID", "SPACE", "TITLE", "MISSING", "TO CHECK", "REJECTED", "MADE", "DEADLINE", "CLOSED"],
        &[0, 3, 4, 5],
        rows.iter().map(|row| {
            vec![
                row.id.to_string(),
                safe(&row.space),
                safe(&row.title),
                row.missing.to_string(),
                row.to_check.to_string(),
                row.rejected.to_string(),
                row.created.to_string(),
                row.deadline.map_or_else(|| "none".into(), |when| when.to_string()),
                row.closed.map_or_else(|| "no".into(), |when| when.to_string()),
            ]
        }),
    )
}

fn one(shown: &AskedShown) -> anyhow::Result<()> {
    let folder = shown.path.as_deref().map_or_else(|| "removed".into(), safe);
    super::line(&format!("{} ({}{folder})", safe(&shown.title), safe(&shown.space)))?;
    for recipient in &shown.recipients {
        let who =
            [recipient.name.as_str(), recipient.to.as_str()].into_iter().filter(|text| !text.is_empty());
        let who = safe(&who.collect::<Vec<_>>().join(", "));
        let opened = recipient.opened.map_or_else(|| "never opened".into(), |when| format!("opened {when}"));
        let state = recipient.url.clone().unwrap_or(opened);
        super::line(format!("{who} {state}").trim())?;
    }
    table(
        &["ITEM", "TITLE", "PERSON", "STATE", "FILES", "REASON"],
        &[0, 4],
        shown.items.iter().map(|item| {
            vec![
                item.id.to_string(),
                safe(&item.title),
                safe(&item.person),
                item.state.clone(),
                item.files.len().to_string(),
                item.reason.as_deref().map(safe).unwrap_or_default(),
            ]
        }),
    )
}

fn templates(rows: &[TemplateShown]) -> anyhow::Result<()> {
    table(
        &["NAME", "TITLE", "ITEMS", "FROM"],
        &[2],
        rows.iter().map(|row| {
            vec![
                row.name.clone(),
                safe(&row.title),
                row.items.to_string(),
                if row.own { "the office" } else { "the program" }.into(),
            ]
        }),
    )
}

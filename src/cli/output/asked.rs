//! Requests for documents, for people.

use super::{safe, table};
use crate::admin::{
    AskedMailShown, AskedRow, AskedShown, CommentShown, ItemShown, RecipientShown, Reply, TemplateShown,
};

pub(super) fn print(reply: &Reply) -> anyhow::Result<()> {
    match reply {
        Reply::AskedList(rows) => list(rows),
        Reply::Asked(shown) => one(shown),
        Reply::Mails(mails) => mails.iter().try_for_each(mail),
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
    match (shown.remind.as_str(), shown.paused) {
        (_, true) => super::line("reminders are paused")?,
        ("off", false) => super::line("no reminders are planned")?,
        (days, false) => super::line(&format!("reminds {days} before the deadline, then weekly"))?,
    }
    if shown.code_by_mail {
        super::line("links open by a code that is sent to the recipient's address")?;
    }
    for recipient in &shown.recipients {
        super::line(&self::recipient(recipient))?;
    }
    table(
        &["ITEM", "TITLE", "PERSON", "STATE", "UNTIL", "HANDS OUT", "FILES", "REASON"],
        &[0, 6],
        shown.items.iter().map(|item| {
            vec![
                item.id.to_string(),
                safe(&item.title),
                safe(&item.person),
                item.state.clone(),
                item.until.map(|when| when.to_string()).unwrap_or_default(),
                handouts(item),
                item.files.len().to_string(),
                item.reason.as_deref().map(safe).unwrap_or_default(),
            ]
        }),
    )?;
    for (item, comment) in
        shown.items.iter().flat_map(|item| item.comments.iter().map(move |one| (item, one)))
    {
        super::line(&self::comment(item, comment))?;
    }
    Ok(())
}

/// A comment in one line, with its answer.
fn comment(item: &ItemShown, comment: &CommentShown) -> String {
    let answer = match (&comment.answer, comment.answered) {
        (Some(answer), Some(when)) => format!("; answered {when}: {}", safe(answer)),
        (None, Some(when)) => format!("; settled {when}"),
        (_, None) => String::new(),
    };
    let (text, title) = (safe(&comment.text), safe(&item.title));
    format!("comment {} on {title}, {}: {text}{answer}", comment.id, comment.at)
}

/// The files that an item hands out, by name.
fn handouts(item: &ItemShown) -> String {
    let names = item.handouts.iter().map(|handout| match &handout.file {
        Some(name) => format!("{}: {}", handout.what, safe(name)),
        None => format!("{}: not there", handout.what),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A recipient in one line: name, last visit of the link, reminders.
fn recipient(shown: &RecipientShown) -> String {
    let mut parts = vec![shown.id.to_string()];
    let who = [&shown.name, &shown.to].into_iter().filter(|text| !text.is_empty());
    parts.push(safe(&who.map(String::as_str).collect::<Vec<_>>().join(", ")));
    parts.extend(shown.account.as_ref().map(|account| format!("(account {})", safe(account))));
    let opened = shown.opened.map_or_else(|| "never opened".into(), |when| format!("opened {when}"));
    parts.push(shown.url.clone().unwrap_or(opened));
    parts.extend(shown.invited.map(|when| format!("(invited {when})")));
    parts.extend(shown.reminded.map(|when| format!("(reminders: {}, last {when})", shown.reminders)));
    parts.extend(shown.next.map(|when| format!("(next reminder {when})")));
    parts.extend(shown.no_mail.as_ref().map(|reason| format!("(no mail: {reason})")));
    parts.extend(shown.delayed.map(|when| format!("(the mail of {when} is delayed)")));
    let refusal = shown.refused.zip(shown.refusal.as_ref());
    parts.extend(refusal.map(|(when, why)| format!("(refused {when}: {})", safe(why))));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

fn mail(shown: &AskedMailShown) -> anyhow::Result<()> {
    let to = if shown.to.is_empty() { &shown.name } else { &shown.to };
    super::line(&format!("To: {}", safe(to)))?;
    if let Some(reason) = &shown.no_mail {
        super::line(&format!("Not sent: {reason}"))?;
    }
    super::line(&format!("Subject: {}\n", safe(&shown.subject)))?;
    for text in shown.text.lines() {
        super::line(&safe(text))?;
    }
    super::line("")
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

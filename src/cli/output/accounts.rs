//! People, their devices, browsers and rights.

use std::time::Duration;

use super::{line, note, safe, span, table};
use crate::admin::{GrantShown, IssuedAppPassword, RemovalShown, Reply};

/// Prints a reply about accounts.
pub(super) fn print(reply: &Reply) -> anyhow::Result<()> {
    match reply {
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
            ends(removal)
        )),
        Reply::AppPassword(issued) => app_password(issued),
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
        Reply::Sessions(rows) => table(
            &["ID", "BROWSER", "SINCE", "LAST USED", "STATE"],
            &[0],
            rows.iter().map(|row| {
                vec![
                    row.id.to_string(),
                    if row.browser.is_empty() { "unknown".into() } else { safe(&row.browser) },
                    row.since.to_string(),
                    row.last_used.to_string(),
                    if row.locked { "locked" } else { "open" }.into(),
                ]
            }),
        ),
        Reply::Passkeys(rows) => table(
            &["ID", "PASSKEY", "SINCE", "LAST USED"],
            &[0],
            rows.iter().map(|row| {
                vec![
                    row.id.to_string(),
                    safe(&row.label),
                    row.created.to_string(),
                    row.last_used.map_or_else(|| "never".into(), |when| when.to_string()),
                ]
            }),
        ),
        Reply::SecondFactor(shown) => line(&shown.uri),
        Reply::RecoveryCodes(codes) => recovery_codes(codes),
        Reply::Grants(rows) => grants(rows),
        _ => Ok(()),
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

/// A list of what ends with a removed account.
pub(in crate::cli) fn ends(removal: &RemovalShown) -> String {
    let RemovalShown { links, app_passwords, passkeys, grants, uploads, .. } = removal;
    format!(
        "What ends with it: {links} links, {app_passwords} device passwords, {passkeys} passkeys, rights in {grants} spaces, {uploads} \
         unfinished uploads"
    )
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

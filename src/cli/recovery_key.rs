//! Changes the recovery key.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::ExposeSecret;

use super::admin::Session;
use super::{Format, Place, output, secret};
use crate::admin::{Reply, Request, Secret};
use crate::app::Kit;
use crate::vault::keys::RecoveryRecipient;

/// Replace the recovery key, for example if it is lost or exposed.
///
/// Seals all key files and snapshots to a new recovery key and makes a new snapshot. Works while the server runs and
/// without it. No stored file is rewritten; the passphrase or key file stays.
///
/// Afterwards the old key opens nothing in the data directory. It still opens older copies of the data directory, such
/// as backups, so keep it as long as you keep them. If the old key was exposed, destroy older copies of keys/ and
/// snapshots/: the keys inside have not changed, so the old key and such a copy together also open files that are
/// stored later.
///
/// If the command is interrupted, keep both recovery keys and run it again with another file.
#[derive(Debug, Args)]
pub(super) struct ChangeRecoveryKey {
    /// File for the new recovery key; move it off this machine afterwards. Without it the terminal shows the key.
    #[arg(long, value_name = "FILE")]
    recovery_out: Option<PathBuf>,
    /// Public part of a recovery key made on another machine (age-keygen), so that the secret part never touches this
    /// one.
    #[arg(long, value_name = "age1…", conflicts_with = "recovery_out")]
    recovery_recipient: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl ChangeRecoveryKey {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let given = self.recovery_recipient.as_deref().map(RecoveryRecipient::parse).transpose()?;
        match &self.recovery_out {
            Some(path) => Kit::check_recovery(&self.place.data, path)?,
            None if given.is_none() && (self.format.json || !has_terminal()) => {
                bail!("name a file for the new recovery key: --recovery-out FILE")
            }
            None => {}
        }
        let session = self.place.repairing_session()?;
        check(&session)?;
        // Nothing is sealed to the new key before its owner has it.
        let recipient = match (given, &self.recovery_out) {
            (Some(recipient), _) => recipient,
            (None, Some(path)) => Kit::write_recovery(&self.place.data, path)?,
            (None, None) => show()?,
        };
        let recipient = Secret::new(recipient.text());
        let reply = session.ask(Request::ChangeRecoveryKey { recipient });
        session.close();
        let reply = match reply {
            Ok(Reply::RecoveryKey(mut changed)) => {
                changed.recovery_file = self.recovery_out;
                Ok(Reply::RecoveryKey(changed))
            }
            Ok(Reply::Refused { text, .. }) => Err(anyhow::Error::msg(text)),
            other => other,
        };
        let reply = reply.context(
            "the recovery key was not changed completely: keep both the old and the new one, and run the command \
             again with another file",
        )?;
        output::reply(reply, self.format)
    }
}

fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Refuses early, before a key is made that would be of no use.
fn check(session: &Session) -> anyhow::Result<()> {
    match session.ask(Request::Status)? {
        Reply::Status(status) if matches!(&*status.state, "serving" | "stopped") => Ok(()),
        Reply::Status(status) => {
            bail!("the server is {}: {}", status.state, status.advice.unwrap_or_default())
        }
        Reply::Refused { text, .. } => bail!(text),
        _ => bail!("the server is of another version than this program"),
    }
}

/// Shows a new recovery key and waits until it is written down.
fn show() -> anyhow::Result<RecoveryRecipient> {
    let (text, recipient) = Kit::new_recovery();
    output::line(text.expose_secret().trim_end())?;
    secret::confirm("Write the new recovery key down; it is shown only once.", "written")?;
    Ok(recipient)
}

//! Changes the passphrase or key file for everyday use.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{Format, Place, output, secret};
use crate::admin::Reply;
use crate::app::{DataDirectory, change_unlock};
use crate::vault::keys::Unlock;

/// Set a new passphrase or key file. Stop the server first.
///
/// Rewrites one small key file and nothing else; the recovery key and all stored files stay as they are. Old backups of the
/// key file still open with the old passphrase. With --recovery-file the command needs neither the old passphrase nor
/// keys/root.age.
#[derive(Debug, Args)]
pub(super) struct ChangePassphrase {
    #[command(flatten)]
    place: Place,
    /// File with the offline recovery key, if the present passphrase or key file is lost.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_file", "key_file"])]
    recovery_file: Option<PathBuf>,
    /// File with the new passphrase, at least 12 characters; without this option the command asks.
    #[arg(long, value_name = "FILE", conflicts_with = "new_key_file")]
    new_passphrase_file: Option<PathBuf>,
    /// File with an age identity that will open the instance instead of a passphrase.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

impl ChangePassphrase {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let directory = DataDirectory::open_incomplete(&self.place.data)?;
        let Some(present) = self.place.key.unlock_or_recover(self.recovery_file.as_deref())? else {
            bail!(
                "there is no terminal to ask for the present passphrase; give --passphrase-file, --key-file or --recovery-file"
            );
        };
        let new = match &self.new_key_file {
            Some(path) => Unlock::KeyFile(secret::read(path)?),
            None => {
                Unlock::Passphrase(secret::new_password(self.new_passphrase_file.as_deref(), "passphrase")?)
            }
        };
        new.check_new()?;
        change_unlock(&directory, &present, &new)?;
        let done = "From now on the new passphrase or key file opens the instance.";
        output::reply(Reply::Done(done.into()), self.format)
    }
}

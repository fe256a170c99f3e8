//! Changing what opens the instance every day.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;

use super::{Place, admin, output, secret};
use crate::app::{DataDirectory, Instance};
use crate::model::NamePolicy;
use crate::vault::keys::Unlock;

/// Set another passphrase or key file. Stop the server first.
///
/// Rewrites one small key file and nothing else; the recovery key and every stored file stay as they are.
/// Old backups of the key file still open with the old passphrase.
#[derive(Debug, Args)]
pub(super) struct ChangePassphrase {
    #[command(flatten)]
    place: Place,
    /// File with the new passphrase, at least 12 characters; asked for without it.
    #[arg(long, value_name = "FILE", conflicts_with = "new_key_file")]
    new_passphrase_file: Option<PathBuf>,
    /// File with an age identity that shall open the instance instead of a passphrase.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
}

impl ChangePassphrase {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let directory = DataDirectory::open(&self.place.data)?;
        let Some(old) = self.place.key.unlock()? else {
            bail!(
                "nobody can be asked for the present passphrase here; give --passphrase-file or --key-file"
            );
        };
        let new = match &self.new_key_file {
            Some(path) => Unlock::KeyFile(secret::read(path)?),
            None => {
                Unlock::Passphrase(secret::new_password(self.new_passphrase_file.as_deref(), "passphrase")?)
            }
        };
        new.check_new()?;
        admin::runtime()?.block_on(async {
            let instance = Instance::open(&directory, &old, NamePolicy::default()).await?;
            let changed = instance.change_unlock(&new);
            instance.close();
            anyhow::Ok(changed?)
        })?;
        output::line("From now on the new passphrase or key file opens the instance.")
    }
}

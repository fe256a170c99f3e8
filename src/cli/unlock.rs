//! Unlocks a server that started locked.

use anyhow::bail;
use clap::Args;
use secrecy::ExposeSecret;

use super::{Format, Place, output};
use crate::admin::{Request, Secret};
use crate::app::{ControlError, ask};
use crate::vault::keys;

/// Unlock a server that was started without its passphrase.
#[derive(Debug, Args)]
pub(super) struct Unlock {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Unlock {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Some(keys::Unlock::Passphrase(passphrase) | keys::Unlock::KeyFile(passphrase)) =
            self.place.key.unlock()?
        else {
            bail!("there is no terminal to ask for the passphrase; give --passphrase-file");
        };
        let passphrase = Secret::new(passphrase.expose_secret().to_owned());
        let reply = match ask(&self.place.data, &Request::Unlock { passphrase }) {
            Err(ControlError::NoServer) => bail!(
                "no server runs on {}; start one with `tresor serve`, which takes the passphrase itself",
                self.place.data.display()
            ),
            answered => answered?,
        };
        output::reply(reply, self.format)
    }
}

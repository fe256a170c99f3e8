//! Where passwords and passphrases come from: a file, a systemd credential or the terminal. Never the
//! command line, which every process of the machine can read.

use std::io::IsTerminal;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};

use super::{KeySource, output};
use crate::app::{is_blank, secret_from_file};
use crate::vault::keys::Unlock;

impl KeySource {
    /// What opens the instance, or `None` if nothing was given and nobody sits at a terminal.
    pub(super) fn unlock(&self) -> anyhow::Result<Option<Unlock>> {
        if let Some(given) = self.given()? {
            return Ok(Some(given));
        }
        if std::io::stdin().is_terminal() {
            let passphrase =
                rpassword::prompt_password("Passphrase: ").context("cannot read the passphrase")?;
            return Ok(Some(Unlock::Passphrase(SecretString::from(passphrase))));
        }
        Ok(None)
    }

    /// What was given by option, environment or credential.
    pub(super) fn given(&self) -> anyhow::Result<Option<Unlock>> {
        if let Some(path) = &self.key_file {
            return Ok(Some(Unlock::KeyFile(read(path)?)));
        }
        if let Some(path) = &self.passphrase_file {
            return Ok(Some(Unlock::Passphrase(read(path)?)));
        }
        if let Some(path) = credential("key") {
            return Ok(Some(Unlock::KeyFile(read(&path)?)));
        }
        credential("passphrase").map(|path| Ok(Unlock::Passphrase(read(&path)?))).transpose()
    }
}

/// A password from a file or, at a terminal, typed twice.
pub(super) fn new_password(file: Option<&Path>, what: &str) -> anyhow::Result<SecretString> {
    if let Some(path) = file {
        return read(path);
    }
    if !std::io::stdin().is_terminal() {
        bail!("nobody can be asked for the {what} here; name a file that holds it");
    }
    let first = SecretString::from(rpassword::prompt_password(format!("New {what}: "))?);
    let again = SecretString::from(rpassword::prompt_password("Again: ".to_string())?);
    if first.expose_secret() != again.expose_secret() {
        bail!("the two entries differ; nothing was changed");
    }
    Ok(first)
}

/// A secret's file without its line end; warns if others may read it.
pub(super) fn read(path: &Path) -> anyhow::Result<SecretString> {
    let shown = path.display();
    let mode = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.permissions().mode();
    if mode & 0o004 != 0 {
        output::note(&format!("tresor: warning: everybody on this machine can read {shown}; chmod 600 it"))?;
    }
    let secret = secret_from_file(path).with_context(|| format!("cannot read {shown}"))?;
    if is_blank(&secret) {
        bail!("{shown} is empty");
    }
    Ok(secret)
}

/// A systemd credential of this unit, if it has one of this name.
fn credential(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
    path.exists().then_some(path)
}

//! Reads passwords and passphrases from a file, a systemd credential or the terminal. Never from the command
//! line, which every process of the machine can read.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{KeySource, output};
use crate::app::{is_blank, secret_from_file};
use crate::vault::keys::Unlock;

/// Longest line read from a terminal, in bytes; the terminal itself accepts 4,095.
const MAX_TYPED: usize = 4_096;

impl KeySource {
    /// The key for the instance; `None` if no option was given and there is no terminal.
    pub(super) fn unlock(&self) -> anyhow::Result<Option<Unlock>> {
        if let Some(given) = self.given()? {
            return Ok(Some(given));
        }
        if std::io::stdin().is_terminal() {
            return Ok(Some(Unlock::Passphrase(ask("Passphrase: ")?)));
        }
        Ok(None)
    }

    /// The offline recovery key if its file is given, otherwise as [`Self::unlock`].
    pub(super) fn unlock_or_recover(&self, recovery: Option<&Path>) -> anyhow::Result<Option<Unlock>> {
        match recovery {
            Some(path) => Ok(Some(Unlock::Recovery(read(path)?))),
            None => self.unlock(),
        }
    }

    /// The key from an option, the environment or a credential.
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

/// Reads a password from a file or prompts for it twice.
pub(super) fn new_password(file: Option<&Path>, what: &str) -> anyhow::Result<SecretString> {
    if let Some(path) = file {
        return read(path);
    }
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask for the {what}; name a file that holds it");
    }
    let first = ask(&format!("New {what}: "))?;
    let again = ask("Again: ")?;
    if first.expose_secret() != again.expose_secret() {
        bail!("the two entries differ; nothing was changed");
    }
    if is_blank(&first) {
        bail!("the {what} is empty; nothing was changed");
    }
    Ok(first)
}

/// Reads a password that exists already from a file, or prompts for it.
pub(super) fn present_password(file: Option<&Path>) -> anyhow::Result<SecretString> {
    match file {
        Some(path) => read(path),
        None if std::io::stdin().is_terminal() => ask("Password: "),
        None => bail!("there is no terminal to ask for the password; name a file that holds it"),
    }
}

/// Prompts on the terminal without echo. The prompt appears after the echo is off, and earlier input is
/// dropped: it was typed for something else, and was visible.
pub(super) fn ask(prompt: &str) -> anyhow::Result<SecretString> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal = terminal.context("cannot reach the terminal")?;
    let before = tcgetattr(&terminal).context("cannot hide what is typed")?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden).context("cannot hide what is typed")?;
    let mut typed = Zeroizing::new(String::with_capacity(MAX_TYPED));
    let outcome = write!(terminal, "{prompt}")
        .and_then(|()| BufReader::new((&terminal).take(MAX_TYPED as u64)).read_line(&mut typed));
    tcsetattr(&terminal, OptionalActions::Now, &before).context("cannot show again what is typed")?;
    outcome.context("cannot read what was typed")?;
    Ok(SecretString::from(typed.trim_end_matches(['\n', '\r'])))
}

/// Prompts on the terminal for something that is not secret.
fn ask_shown(prompt: &str) -> anyhow::Result<String> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal = terminal.context("cannot reach the terminal")?;
    let mut typed = String::new();
    write!(terminal, "{prompt}")
        .and_then(|()| BufReader::new((&terminal).take(MAX_TYPED as u64)).read_line(&mut typed))
        .context("cannot read what was typed")?;
    Ok(typed)
}

/// Asks the user to type a word before something irreversible. Refuses without a terminal.
pub(super) fn confirm(question: &str, word: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("{question} Nothing was changed: there is no terminal to confirm it on, so add --yes");
    }
    output::note(&output::safe(question))?;
    let typed = ask_shown(&format!("Type {} to confirm: ", output::safe(word)))?;
    if typed.trim() != word {
        bail!("not confirmed; nothing was changed");
    }
    Ok(())
}

/// Reads a secret from a file, without the line end; warns if other users can read it.
pub(super) fn read(path: &Path) -> anyhow::Result<SecretString> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    if metadata.is_dir() {
        bail!("cannot read {shown}: it is a directory; name a file");
    }
    if metadata.permissions().mode() & 0o004 != 0 {
        output::note(&format!(
            "tresor: warning: other users of this machine can read {shown}; run chmod 600 on it"
        ))?;
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

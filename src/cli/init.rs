//! Creates an instance step by step.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use secrecy::SecretString;
use serde::Serialize;

use super::{Format, KeySource, admin, output, secret};
use crate::accounts::UserName;
use crate::app::{DataDirectory, FirstAdministrator, Instance, Kit};
use crate::model::{NamePolicy, Timestamp};
use crate::vault::keys::{RecoveryRecipient, Unlock};

/// Create a new, empty instance.
///
/// Creates the keys, the catalogue and the first administrator. The passphrase (or key file) opens the
/// instance at every start; the recovery key opens everything without the server and must leave this machine.
/// Password and passphrase have at least 12 characters.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Data directory to create; must be empty or missing.
    #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
    data: PathBuf,
    #[command(flatten)]
    key: KeySource,
    /// File for the new recovery key; move it off this machine afterwards.
    #[arg(long, value_name = "FILE", required_unless_present = "recovery_recipient")]
    recovery_out: Option<PathBuf>,
    /// Public part of a recovery key made on another machine (age-keygen), so that the secret part never touches this
    /// one.
    #[arg(long, value_name = "age1…", conflicts_with = "recovery_out")]
    recovery_recipient: Option<String>,
    /// Login name of the first administrator.
    #[arg(long, value_name = "NAME")]
    admin: String,
    /// File with the administrator's password.
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// The new instance, for JSON output.
#[derive(Serialize)]
struct Made<'a> {
    /// The data directory.
    data: &'a Path,
    /// The administrator's login name.
    admin: &'a str,
    /// The file with the recovery key, if one was made.
    recovery_file: Option<&'a Path>,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<()> {
        DataDirectory::check_new(&self.data)?;
        if let Some(path) = &self.recovery_out {
            Kit::check_recovery(&self.data, path)?;
        }
        let name = UserName::parse(&self.admin)?;
        let password = secret::new_password(self.admin_password_file.as_deref(), "administrator password")?;
        FirstAdministrator::check(&name, &password)?;
        let unlock = match self.key.given()? {
            Some(unlock) => unlock,
            None => Unlock::Passphrase(new_passphrase()?),
        };
        unlock.check_new()?;
        let given = self.recovery_recipient.as_deref().map(RecoveryRecipient::parse).transpose()?;
        // All checks have passed; only now are files written.
        let directory = DataDirectory::create(&self.data)?;
        let recovery = match (given, &self.recovery_out) {
            (Some(recipient), _) => recipient,
            (None, Some(path)) => Kit::write_recovery(&self.data, path)?,
            (None, None) => bail!("name a file for the recovery key: --recovery-out FILE"),
        };
        let admin = name.as_str().to_owned();
        let administrator = FirstAdministrator { name, password };
        admin::runtime()?.block_on(async {
            let policy = NamePolicy::default();
            let instance =
                Instance::create(&directory, &unlock, &recovery, administrator, policy, Timestamp::now())
                    .await?;
            instance.close();
            anyhow::Ok(())
        })?;
        if self.format.json {
            let made = Made { data: &self.data, admin: &admin, recovery_file: self.recovery_out.as_deref() };
            return output::line(&serde_json::to_string_pretty(&made)?);
        }
        output::line(&format!("The instance in {} is ready.", self.data.display()))?;
        if let Some(path) = &self.recovery_out {
            output::line(&format!(
                "Recovery key: {}. Move it off this machine: anyone who has it can read everything.",
                path.display()
            ))?;
        }
        output::line(&format!("Start it: tresor serve --data {}", self.data.display()))
    }
}

fn new_passphrase() -> anyhow::Result<SecretString> {
    secret::new_password(None, "passphrase")
}

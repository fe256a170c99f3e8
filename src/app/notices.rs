//! The job that sends news and reminders by mail.

use std::path::PathBuf;
use std::time::Duration;

use super::instance::secret_from_file;
use super::serve_error::{ServeError, io};
use super::upkeep::READ_ONLY;
use super::workers::{StepResult, Worker};
use crate::config::{Outgoing, TlsMode};
use crate::library::Library;
use crate::model::Timestamp;
use crate::notices::{MailSettings, MailTls, Notices, Pace, Sent};
use crate::sharing::Sharing;

/// Time between two looks for news, codes and mails that are due.
const ROUND: Duration = Duration::from_secs(5);

/// Reads events, makes reminders, and sends mails.
pub(super) struct Notifier {
    pub(super) library: Library,
    pub(super) notices: Notices,
    pub(super) sharing: Sharing,
}

impl Worker for Notifier {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    fn pause_after_failure(&self) -> Duration {
        /// Pause while the mail server cannot be used.
        const PAUSE: Duration = Duration::from_mins(1);
        PAUSE
    }

    async fn step(&mut self) -> StepResult {
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        // A person waits for them at a page.
        self.notices.send_codes(Timestamp::now()).await?;
        while self.notices.gather(Timestamp::now()).await? > 0 {}
        self.notices.bundle(Timestamp::now()).await?;
        while self.sharing.make_reminders(Timestamp::now()).await? > 0 {}
        let round = self.notices.send(Timestamp::now()).await?;
        let Sent { sent, dropped, failed } = round;
        Ok((round != Sent::default())
            .then(|| format!("sent: {sent}, not needed: {dropped}, failed: {failed}")))
    }
}

/// The settings for the mail server, with the password from its file or credential.
///
/// Errors: the password cannot be read.
pub fn mail_settings(mail: &Outgoing) -> Result<MailSettings, ServeError> {
    let credential = || Some(PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join("mail-password"));
    let login = match &mail.user {
        None => None,
        Some(user) => {
            let missing = || io("find the password for the mail server")(std::io::ErrorKind::NotFound.into());
            let path = mail.password_file.clone().or_else(credential).ok_or_else(missing)?;
            let password = secret_from_file(&path)?;
            Some((user.clone(), password))
        }
    };
    Ok(MailSettings {
        host: mail.host.clone(),
        port: mail.port,
        tls: match mail.tls {
            TlsMode::Required => MailTls::Required,
            TlsMode::Implicit => MailTls::Implicit,
            TlsMode::Off => MailTls::Off,
        },
        login,
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        bounces: mail.bounces.clone(),
        url: mail.url.clone(),
        pace: Pace { quiet: mail.quiet, apart: mail.apart },
    })
}

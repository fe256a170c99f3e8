//! The part `[mail]`: the mail server for notices to people.
//!
//! An error is the rest of a sentence that begins with `[mail]`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{OfficeHours, Span};

/// Longest time before a mail, and between two.
const LONGEST_APART: Duration = Duration::from_hours(24);

/// Mails to people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawMail {
    /// Name and port of the mail server, such as `mail.example.org:587`. Without it no mail is sent.
    pub smtp: Option<String>,
    /// How the connection is encrypted.
    pub tls: TlsMode,
    /// Name for the login.
    pub user: Option<String>,
    /// File with the password for the login; without it the credential `mail-password` of systemd.
    pub password_file: Option<PathBuf>,
    /// Sender of the mails, such as `Kanzlei Beispiel <tresor@example.org>`.
    pub from: Option<String>,
    /// The address for answers.
    pub reply_to: Option<String>,
    /// The address to which reports about mails come back.
    pub bounces: Option<String>,
    /// Time for which nothing more must arrive in a space before a mail tells it.
    pub quiet: Span,
    /// Time from one mail about a space to the next.
    pub apart: Span,
    /// When the office works, such as `Mon-Fri 08:00-18:00`: only then do planned reminders go out.
    pub office_hours: OfficeHours,
}

impl Default for RawMail {
    fn default() -> Self {
        Self {
            smtp: None,
            tls: TlsMode::default(),
            user: None,
            password_file: None,
            from: None,
            reply_to: None,
            bounces: None,
            quiet: Span(Duration::from_mins(10)),
            apart: Span(Duration::from_hours(1)),
            office_hours: OfficeHours::default(),
        }
    }
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// By STARTTLS, without which nothing is sent.
    #[default]
    Required,
    /// From its beginning.
    Implicit,
    /// Not at all; for a mail server on this machine.
    Off,
}

/// The mail server for notices to people.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: TlsMode,
    /// Name for the login.
    pub user: Option<String>,
    /// File with the password for it.
    pub password_file: Option<PathBuf>,
    /// Sender of the mails.
    pub from: lettre::message::Mailbox,
    /// The address for answers.
    pub reply_to: Option<lettre::message::Mailbox>,
    /// The address to which reports about mails come back, without the token that each mail adds to its local part.
    pub bounces: Option<lettre::Address>,
    /// The address of the server's pages, without a slash at its end.
    pub url: String,
    /// Time for which nothing more must arrive in a space before a mail tells it.
    pub quiet: Duration,
    /// Time from one mail about a space to the next.
    pub apart: Duration,
    /// When planned reminders are sent, by the office's clocks.
    pub office_hours: OfficeHours,
}

impl RawMail {
    /// `url` is the address of the server's pages; `takes_mail`: whether a mail server can deliver to this one.
    pub(super) fn check(
        self,
        url: Option<String>,
        takes_mail: bool,
    ) -> Result<Option<Outgoing>, &'static str> {
        let Some(smtp) = self.smtp else {
            let is_empty = self.user.is_none()
                && self.password_file.is_none()
                && self.from.is_none()
                && self.bounces.is_none();
            return if is_empty {
                Ok(None)
            } else {
                Err("is without smtp: give the mail server, such as mail.example.org:587")
            };
        };
        let (host, port) =
            smtp.rsplit_once(':').ok_or("smtp must be a name and a port, such as mail.example.org:587")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = port.parse().map_err(|_| "smtp must end with the number of a port")?;
        if host.is_empty() {
            return Err("smtp must begin with the name of the mail server");
        }
        if self.quiet.0 > LONGEST_APART || self.apart.0 > LONGEST_APART {
            return Err("quiet and apart must be at most 24h");
        }
        let is_here =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == TlsMode::Off && !is_here {
            return Err(
                "tls = \"off\" is for a mail server on this machine (127.0.0.1); others could read the mails",
            );
        }
        if self.password_file.is_some() && self.user.is_none() {
            return Err("password_file belongs to user: give user, too");
        }
        let from =
            self.from.ok_or("needs from: the sender of the mails, such as Kanzlei <tresor@example.org>")?;
        let mailbox = |text: String| text.parse().ok();
        Ok(Some(Outgoing {
            host,
            port,
            tls: self.tls,
            user: self.user,
            password_file: self.password_file,
            from: mailbox(from).ok_or("from is no mail address")?,
            reply_to: match self.reply_to {
                None => None,
                Some(text) => Some(mailbox(text).ok_or("reply_to is no mail address")?),
            },
            bounces: self.bounces.as_deref().map(|text| bounces(text, takes_mail)).transpose()?,
            url: url.ok_or(
                "needs public_url: mails lead to the server's pages, such as https://files.example.org",
            )?,
            quiet: self.quiet.0,
            apart: self.apart.0,
            office_hours: self.office_hours,
        }))
    }
}

/// Longest local part of the address for reports: with the token that each mail adds, it is 64 bytes long (RFC 5321, section
/// 4.5.3.1.1).
const MAX_BOUNCES_LOCAL: usize = 31;

/// The address for reports.
fn bounces(text: &str, takes_mail: bool) -> Result<lettre::Address, &'static str> {
    if !takes_mail {
        return Err("bounces needs lmtp in [intake], by which your mail server hands over what comes back");
    }
    let address: lettre::Address = text.parse().map_err(|_| "bounces is no mail address")?;
    let (local, domain) = (address.user(), address.domain());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if local.len() > MAX_BOUNCES_LOCAL || !local.chars().all(is_plain) || !domain.is_ascii() {
        return Err(
            "bounces must have up to 31 letters, digits, dots, hyphens and underscores before the @: a token comes behind them",
        );
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, url: Option<&str>) -> Result<Option<Outgoing>, &'static str> {
        toml::from_str::<RawMail>(lines)
            .unwrap()
            .check(url.map(str::to_owned), lines.contains("tresor-bounces@"))
    }

    #[test]
    fn settings_that_would_not_work_or_would_leak_are_refused() {
        let url = Some("https://files.example.org");
        let from = "from = 'Kanzlei Müller <tresor@example.org>'";
        let slow = check(&format!("smtp = 'mail.example.org:587'\nquiet = '25h'\n{from}"), url);
        assert!(slow.unwrap_err().contains("at most 24h"));
        assert!(check("", None).unwrap().is_none());
        let good = check(&format!("smtp = 'mail.example.org:587'\n{from}"), url).unwrap().unwrap();
        assert_eq!((good.host.as_str(), good.port, good.tls), ("mail.example.org", 587, TlsMode::Required));
        assert!(
            check(&format!("smtp = '[::1]:25'\ntls = 'off'\n{from}"), url).unwrap().unwrap().host == "::1"
        );
        let longest = format!("{}tresor-bounces@example.org", "x".repeat(17));
        let bounces = check(&format!("smtp = 'mail.example.org:587'\nbounces = '{longest}'\n{from}"), url)
            .unwrap()
            .unwrap()
            .bounces;
        assert_eq!(bounces.unwrap().to_string(), longest);
        for (lines, url, why) in [
            (from.to_owned(), url, "without smtp"),
            (format!("smtp = 'mail.example.org'\n{from}"), url, "a port"),
            (format!("smtp = 'mail.example.org:x'\n{from}"), url, "a port"),
            (format!("smtp = ':25'\n{from}"), url, "the name"),
            ("smtp = 'mail.example.org:587'".to_owned(), url, "needs from"),
            ("smtp = 'mail.example.org:587'\nfrom = 'Kanzlei'".to_owned(), url, "from is no"),
            (format!("smtp = 'mail.example.org:587'\nreply_to = 'x'\n{from}"), url, "reply_to is no"),
            (format!("smtp = 'mail.example.org:25'\ntls = 'off'\n{from}"), url, "on this machine"),
            (format!("smtp = 'mail.example.org:587'\npassword_file = '/x'\n{from}"), url, "belongs to user"),
            (format!("smtp = 'mail.example.org:587'\n{from}"), None, "public_url"),
            ("bounces = 'tresor-bounces@example.org'".to_owned(), url, "without smtp"),
            (format!("smtp = 'mail.example.org:587'\nbounces = 'b@example.org'\n{from}"), url, "needs lmtp"),
            (
                format!("smtp = 'mail.example.org:587'\nbounces = 'x-tresor-bounces@'\n{from}"),
                url,
                "bounces is no mail address",
            ),
            (
                format!("smtp = 'mail.example.org:587'\nbounces = 'x+tresor-bounces@example.org'\n{from}"),
                url,
                "up to 31 letters",
            ),
            (
                format!(
                    "smtp = 'mail.example.org:587'\nbounces = '{}tresor-bounces@example.org'\n{from}",
                    "x".repeat(18)
                ),
                url,
                "up to 31 letters",
            ),
        ] {
            let refused = check(&lines, url).unwrap_err();
            assert!(refused.contains(why), "{lines}: {refused}");
        }
    }
}

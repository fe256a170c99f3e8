//! The mail server: one connection, TLS before the login, and what its answers mean.

use std::fmt;
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::pace::Pace;
use crate::model::Timestamp;

/// Longest time for a mail server to answer: to a connection with its login, and to a mail.
const LONGEST_ANSWER: Duration = Duration::from_mins(1);
/// Most characters of a mail server's answer that are kept.
const MAX_FAULT_CHARS: usize = 300;

/// How the mail server is reached, and what mails say about their sender.
pub struct MailSettings {
    /// Name or address of the mail server, which its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// Name and password for the login, if one is needed.
    pub login: Option<(String, SecretString)>,
    /// Sender of the mails.
    pub from: Mailbox,
    /// The address for answers.
    pub reply_to: Option<Mailbox>,
    /// The address of the server's pages, without a slash at its end.
    pub url: String,
    /// Pace of news of arrivals.
    pub pace: Pace,
}

/// How a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// From its beginning.
    Implicit,
    /// By STARTTLS, without which nothing is sent.
    Required,
    /// Not at all: a mail server on this machine.
    Off,
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The mail server cannot be reached, its certificate is not trusted, or it refuses the login.
    #[error("the mail server does not let this server in: {0}")]
    NoServer(String),
    /// It did not take the mail now.
    #[error("the mail server put the mail off: {0}")]
    Later(String),
    /// It refuses the mail for good.
    #[error("the mail server refused the mail: {0}")]
    Refused(String),
}

impl PostError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoServer(_) => "mail-server-unusable",
            Self::Later(_) => "mail-put-off",
            Self::Refused(_) => "mail-refused",
        }
    }

    /// What the mail server said.
    pub(super) fn fault(&self) -> &str {
        match self {
            Self::NoServer(text) | Self::Later(text) | Self::Refused(text) => text,
        }
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// A mail as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
}

/// An open connection after the login.
pub(super) struct Post<'a> {
    settings: &'a MailSettings,
    connection: AsyncSmtpConnection,
}

impl<'a> Post<'a> {
    /// Connects and logs in.
    ///
    /// Errors: `NoServer`.
    pub(super) async fn open(settings: &'a MailSettings) -> Result<Self, PostError> {
        let connection = timeout(LONGEST_ANSWER, connect(settings)).await;
        match connection {
            Ok(Ok(connection)) => Ok(Self { settings, connection }),
            Ok(Err(error)) => Err(PostError::NoServer(words(&error))),
            Err(_) => Err(PostError::NoServer("it does not answer".to_owned())),
        }
    }

    /// Sends one mail. The connection cannot be used after an error.
    ///
    /// Errors: `Later`, `Refused`.
    pub(super) async fn send(
        &mut self,
        letter: &Letter,
        message_id: String,
        now: Timestamp,
    ) -> Result<(), PostError> {
        let message = message(self.settings, letter, message_id, now).map_err(PostError::Refused)?;
        let sent =
            timeout(LONGEST_ANSWER, self.connection.send(message.envelope(), &message.formatted())).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(PostError::Refused(words(&error))),
            Ok(Err(error)) => Err(PostError::Later(words(&error))),
            Err(_) => Err(PostError::Later("it does not answer".to_owned())),
        }
    }

    pub(super) async fn close(mut self) {
        let _ = timeout(LONGEST_ANSWER, self.connection.quit()).await;
    }
}

/// Connects to the mail server and logs in, without sending anything.
///
/// Errors: `NoServer`.
pub async fn probe(settings: &MailSettings) -> Result<(), PostError> {
    Post::open(settings).await?.close().await;
    Ok(())
}

async fn connect(settings: &MailSettings) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
    let MailSettings { host, port, tls, .. } = settings;
    let hello = ClientId::Domain(settings.from.email.domain().to_owned());
    let parameters = || TlsParameters::new(host.clone());
    let implicit = if *tls == MailTls::Implicit { Some(parameters()?) } else { None };
    let mut connection = AsyncSmtpConnection::connect_tokio1(
        (host.as_str(), *port),
        Some(LONGEST_ANSWER),
        &hello,
        implicit,
        None,
    )
    .await?;
    if *tls == MailTls::Required {
        connection.starttls(parameters()?, &hello).await?;
    }
    if let Some((user, password)) = &settings.login {
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
    }
    Ok(connection)
}

fn message(settings: &MailSettings, letter: &Letter, id: String, now: Timestamp) -> Result<Message, String> {
    let to = letter.to.parse().map_err(|_| "this is no mail address".to_owned())?;
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.into())
    };
    let mut builder = Message::builder()
        .from(settings.from.clone())
        .to(Mailbox::new(None, to))
        .subject(letter.subject.clone())
        .message_id(Some(id))
        .date(now.to_system())
        // RFC 3834: no vacation notice answers it.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .header(ContentType::TEXT_PLAIN);
    if let Some(reply_to) = &settings.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    builder.body(letter.text.clone()).map_err(|error| error.to_string())
}

/// An error and its causes in one line.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_FAULT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_one_text_that_says_what_it_is() {
        let settings = MailSettings {
            host: "mail.example.de".into(),
            port: 587,
            tls: MailTls::Required,
            login: None,
            from: "Kanzlei Müller <tresor@example.de>".parse().unwrap(),
            reply_to: Some("kanzlei@example.de".parse().unwrap()),
            url: "https://files.example.de".into(),
            pace: Pace { quiet: Duration::ZERO, apart: Duration::ZERO },
        };
        let letter =
            Letter {
                to: "anna@example.org".into(), subject: "Neues für Sie".into(), text: "Grüße\n".into()
            };
        let made = message(&settings, &letter, "<7.abc@example.de>".into(), Timestamp(0)).unwrap();
        let text = String::from_utf8(made.formatted()).unwrap();
        for line in [
            "To: anna@example.org\r\n",
            "Reply-To: kanzlei@example.de\r\n",
            "Message-ID: <7.abc@example.de>\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in {text}");
        }
        assert!(!text.contains("multipart"), "{text}");
        let wrong = Letter { to: "anna@example.org\r\nBcc: x@y.de".into(), ..letter };
        assert!(message(&settings, &wrong, "<1@x>".into(), Timestamp(0)).is_err());
    }
}

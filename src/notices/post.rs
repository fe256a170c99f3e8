//! The mail server: one connection, TLS before the login, and the meaning of its answers.

use std::fmt;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailParameter, RcptParameter};
use lettre::{Address, transport};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::pace::Pace;
use crate::model::Timestamp;

/// Longest time for a mail server to answer: to a connection with its login, and to a mail.
const LONGEST_ANSWER: Duration = Duration::from_mins(1);
/// Most characters of a mail server's answer that are kept.
const MAX_FAULT_CHARS: usize = 300;

/// How the mail server is reached, and the sender in mails.
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
    /// The address to which reports about mails come back, with a token of each mail behind its local part; `None` for the
    /// sender, where nothing reads them.
    pub bounces: Option<Address>,
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

    /// The mail server's answer.
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
    /// Whether it can be asked for reports (RFC 3461).
    offers_reports: bool,
}

/// What identifies a mail on its way.
pub(super) struct Stamps {
    /// Its Message-ID.
    pub(super) id: String,
    /// Where reports about it come back; `None` for the sender.
    pub(super) bounces: Option<Address>,
    pub(super) now: Timestamp,
}

impl<'a> Post<'a> {
    /// Connects and logs in.
    ///
    /// Errors: `NoServer`.
    pub(super) async fn open(settings: &'a MailSettings) -> Result<Self, PostError> {
        let connection = timeout(LONGEST_ANSWER, connect(settings)).await;
        match connection {
            Ok(Ok((connection, offers_reports))) => Ok(Self { settings, connection, offers_reports }),
            Ok(Err(error)) => Err(PostError::NoServer(words(&error))),
            Err(_) => Err(PostError::NoServer("it does not answer".to_owned())),
        }
    }

    /// Sends one mail. The connection cannot be used after an error.
    ///
    /// Errors: `Later`, `Refused`.
    pub(super) async fn send(&mut self, letter: &Letter, stamps: Stamps) -> Result<(), PostError> {
        let message = message(self.settings, letter, stamps).map_err(PostError::Refused)?;
        match timeout(LONGEST_ANSWER, self.hand_over(message.envelope(), &message.formatted())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(PostError::Refused(words(&error))),
            Ok(Err(error)) => Err(PostError::Later(words(&error))),
            Err(_) => Err(PostError::Later("it does not answer".to_owned())),
        }
    }

    /// Hands a mail over, and asks for reports if the mail server offers them: when it cannot be delivered and while it is
    /// delayed, with the head of the mail alone.
    async fn hand_over(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), transport::smtp::Error> {
        let is_ascii = |address: &Address| address.user().is_ascii() && address.domain().is_ascii();
        let asks = self.offers_reports
            && mail.is_ascii()
            && envelope.from().into_iter().chain(envelope.to()).all(is_ascii);
        if !asks {
            return self.connection.send(envelope, mail).await.map(drop);
        }
        let other = |keyword: &str, value: &str| (keyword.to_owned(), Some(value.to_owned()));
        let (keyword, value) = other("RET", "HDRS");
        let parameters = vec![MailParameter::Other { keyword, value }];
        self.connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
        for to in envelope.to() {
            let (keyword, value) = other("NOTIFY", "FAILURE,DELAY");
            let parameters = vec![RcptParameter::Other { keyword, value }];
            self.connection.command(Rcpt::new(to.clone(), parameters)).await?;
        }
        self.connection.command(Data).await?;
        self.connection.message(mail).await.map(drop)
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

/// The connection, and whether reports can be asked for and have an address.
async fn connect(settings: &MailSettings) -> Result<(AsyncSmtpConnection, bool), transport::smtp::Error> {
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
    // Lettre does not say whether it is offered.
    let offers_reports = settings.bounces.is_some()
        && connection.command(Ehlo::new(hello)).await?.message().any(|line| line.eq_ignore_ascii_case("DSN"));
    Ok((connection, offers_reports))
}

fn message(settings: &MailSettings, letter: &Letter, stamps: Stamps) -> Result<Message, String> {
    let Stamps { id, bounces, now } = stamps;
    let to: Address = letter.to.parse().map_err(|_| "this is no mail address".to_owned())?;
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.into())
    };
    let mut builder = Message::builder()
        .from(settings.from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(letter.subject.clone())
        .message_id(Some(id))
        .date(now.to_system())
        // RFC 3834: no vacation notice answers it.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .header(ContentType::TEXT_PLAIN);
    if let Some(reply_to) = &settings.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    if let Some(bounces) = bounces {
        builder =
            builder.envelope(Envelope::new(Some(bounces), vec![to]).map_err(|error| error.to_string())?);
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
            bounces: None,
            url: "https://files.example.de".into(),
            pace: Pace { quiet: Duration::ZERO, apart: Duration::ZERO },
        };
        let letter =
            Letter {
                to: "anna@example.org".into(), subject: "Neues für Sie".into(), text: "Grüße\n".into()
            };
        let stamps = |bounces: Option<&str>| Stamps {
            id: "<7.abc@example.de>".into(),
            bounces: bounces.map(|address| address.parse().unwrap()),
            now: Timestamp(0),
        };
        let made = message(&settings, &letter, stamps(None)).unwrap();
        assert_eq!(made.envelope().from().map(ToString::to_string).as_deref(), Some("tresor@example.de"));
        let with_reports = message(&settings, &letter, stamps(Some("b+abc@example.de"))).unwrap();
        let envelope = with_reports.envelope();
        assert_eq!(envelope.from().map(ToString::to_string).as_deref(), Some("b+abc@example.de"));
        assert_eq!(envelope.to(), made.envelope().to());
        assert_eq!(with_reports.formatted(), made.formatted(), "its sender stays the office");
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
        assert!(message(&settings, &wrong, stamps(None)).is_err());
    }
}

//! One connection of LMTP (RFC 2033): as SMTP, but each recipient has an answer of its own after the mail.

use std::io;
use std::sync::Arc;

use smtp_proto::{Error as SmtpError, Request};

use super::listen::BoxedStream;
use super::message::{Message, MessageError};
use super::post::{Open, Post, Recipient, refused};
use super::refusal::{LOCKED, TOO_LONG, UNREAD};
use super::report::{Kept, rest_of};
use super::wire::Wire;
use crate::intake::Mailbox;
use crate::model::Timestamp;
use crate::net::Shutdown;
use crate::notices::Returned;

/// Longest command in bytes (RFC 5321, section 4.5.3.1.4, asks for 512 and more with extensions).
const MAX_COMMAND: usize = 4096;
/// Most recipients of one mail (RFC 5321, section 4.5.3.1.8, asks for 100).
const MAX_RECIPIENTS: usize = 100;
/// Most commands of one connection that are not understood.
const MAX_ERRORS: u32 = 20;

/// Takes mails until the connection ends.
pub(super) async fn serve(post: Arc<Post>, stream: BoxedStream, mut shutdown: Shutdown) -> io::Result<()> {
    let mut session = Session { post, wire: Wire::new(stream), is_greeted: false, mail: None, errors: 0 };
    session.wire.answer("220 Tresor LMTP\r\n").await?;
    loop {
        let line = tokio::select! {
            biased;
            line = session.wire.line(MAX_COMMAND) => line,
            () = shutdown.requested() => {
                session.wire.answer("421 4.3.2 the server stops\r\n").await?;
                return session.wire.flush().await;
            }
        };
        let line = match line {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                session.wire.answer("500 5.5.2 this line is too long\r\n").await?;
                return session.wire.flush().await;
            }
            Err(error) => return Err(error),
        };
        if !session.obey(&line).await? {
            return session.wire.flush().await;
        }
    }
}

struct Session {
    post: Arc<Post>,
    wire: Wire,
    is_greeted: bool,
    /// The mail that is announced.
    mail: Option<Mail>,
    errors: u32,
}

struct Mail {
    sender: String,
    /// Its length as announced; 0 if it was not.
    size: u64,
    /// In the order in which they are answered.
    recipients: Vec<Recipient>,
}

impl Session {
    /// Carries out a command; `false` ends the connection.
    async fn obey(&mut self, line: &[u8]) -> io::Result<bool> {
        // A line that others end elsewhere must not be a command.
        let request = match line.ends_with(b"\r\n") {
            true => Request::parse(&mut line.iter()).map(Request::into_owned),
            false => Err(SmtpError::UnknownCommand),
        };
        let answer = match request {
            Ok(Request::Lhlo { .. }) => {
                (self.is_greeted, self.mail) = (true, None);
                let size = self.post.most();
                format!(
                    "250-Tresor\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
                )
            }
            Ok(Request::Mail { .. } | Request::Rcpt { .. } | Request::Data) if !self.is_greeted => {
                "503 5.5.1 say LHLO first\r\n".to_owned()
            }
            Ok(Request::Mail { from }) => self.begin(from.address, from.size as u64),
            Ok(Request::Rcpt { to }) => self.add_recipient(&to.address).await,
            Ok(Request::Data) => return self.receive().await.map(|()| true),
            Ok(Request::Rset) => {
                self.mail = None;
                "250 2.0.0 forgotten\r\n".to_owned()
            }
            Ok(Request::Noop { .. }) => "250 2.0.0 yes\r\n".to_owned(),
            Ok(Request::Quit) => {
                self.wire.answer("221 2.0.0 goodbye\r\n").await?;
                return Ok(false);
            }
            Ok(Request::Vrfy { .. } | Request::Expn { .. }) => {
                "252 2.1.5 send it, then you will know\r\n".to_owned()
            }
            Ok(_) => "502 5.5.1 this server does not do that\r\n".to_owned(),
            Err(_) => {
                self.errors += 1;
                if self.errors > MAX_ERRORS {
                    self.wire.answer("421 4.7.0 too many errors\r\n").await?;
                    return Ok(false);
                }
                "500 5.5.2 this is not understood\r\n".to_owned()
            }
        };
        self.wire.answer(&answer).await?;
        Ok(true)
    }

    fn begin(&mut self, sender: String, size: u64) -> String {
        if self.mail.is_some() {
            return "503 5.5.1 another mail has begun\r\n".to_owned();
        }
        if size > self.post.most() {
            return TOO_LONG.line();
        }
        self.mail = Some(Mail { sender, size, recipients: Vec::new() });
        "250 2.1.0 yes\r\n".to_owned()
    }

    async fn add_recipient(&mut self, address: &str) -> String {
        let Some(mail) = &mut self.mail else { return "503 5.5.1 say MAIL first\r\n".to_owned() };
        if mail.recipients.len() >= MAX_RECIPIENTS {
            return "452 4.5.3 too many recipients, send the mail again for the others\r\n".to_owned();
        }
        match self.post.recipient(address, mail.size).await {
            Ok(recipient) => {
                mail.recipients.push(recipient);
                "250 2.1.5 yes\r\n".to_owned()
            }
            Err(refusal) => refusal.line(),
        }
    }

    async fn receive(&mut self) -> io::Result<()> {
        let open = self.post.instance();
        let (Some(mail), Some(open)) = (self.mail.take_if(|mail| !mail.recipients.is_empty()), open) else {
            return self.wire.answer("503 5.5.1 no recipient was taken\r\n").await;
        };
        self.wire.answer("354 send it, and end it with a line that is a dot\r\n").await?;
        // The same folder under two addresses has the mail once.
        let mut recipients: Vec<&Recipient> = Vec::new();
        for recipient in &mail.recipients {
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        let folders: Vec<Mailbox> = recipients.iter().filter_map(|one| one.folder().cloned()).collect();
        let is_returned = folders.len() < recipients.len();
        let mut message = Message::new(&mut self.wire, self.post.most());
        let mut kept = Kept::new(&mut message, is_returned);
        let outcome = match folders.as_slice() {
            [] => rest_of(&mut kept).await.map(|()| Vec::new()),
            folders => open.intake.deliver(&mail.sender, folders, &mut kept).await,
        };
        let begun = kept.begun();
        let answers: Vec<_> = match outcome {
            Ok(outcomes) => {
                let mut outcomes = outcomes.iter();
                let mut answers = Vec::with_capacity(recipients.len());
                for recipient in recipients {
                    let line = match (recipient, &begun) {
                        (Recipient::Returned(returned), Some(begun)) => note(open, *returned, begun).await,
                        (Recipient::Returned(_), None) => UNREAD.line(),
                        (Recipient::Folder(_), _) => match outcomes.next() {
                            Some(Ok(())) => "250 2.0.0 stored\r\n".to_owned(),
                            Some(Err(error)) => refused(error).line(),
                            None => LOCKED.line(),
                        },
                    };
                    answers.push((recipient, line));
                }
                answers
            }
            Err(MessageError::TooLong) => {
                message.skip_rest().await?;
                recipients.into_iter().map(|recipient| (recipient, TOO_LONG.line())).collect()
            }
            Err(MessageError::Broken(error)) => return Err(error),
        };
        for recipient in &mail.recipients {
            let answer = answers.iter().find(|(answered, _)| *answered == recipient);
            let line = answer.map_or_else(|| LOCKED.line(), |(_, line)| line.clone());
            self.wire.answer(&line).await?;
        }
        self.wire.flush().await
    }
}

/// Notes what a mail reports of one that was sent, and answers for it.
async fn note(open: &Open, returned: Returned, begun: &[u8]) -> String {
    let (now, notices) = (Timestamp::now(), &open.notices);
    if !notices.takes_report(now) {
        return UNREAD.line();
    }
    let report = match open.intake.delivery_report(begun).await {
        Ok(report) => report,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "a report about a mail was not read; the mail server tries again");
            return UNREAD.line();
        }
    };
    match notices.note_report(returned, report, now).await {
        Ok(()) => "250 2.0.0 noted\r\n".to_owned(),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "a report about a mail was not noted; the mail server tries again");
            UNREAD.line()
        }
    }
}

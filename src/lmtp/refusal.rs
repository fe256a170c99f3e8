//! A refusal in the terms of LMTP and of Postfix's policies: a code, an enhanced code (RFC 3463) and a text that
//! names neither people nor spaces.

use crate::intake::MailError;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// 4xx: the sender's server tries again; 5xx: it gives up and says so.
    pub(super) code: u16,
    pub(super) text: &'static str,
}

/// The server waits for its passphrase.
pub(super) const LOCKED: Refusal = Refusal { code: 451, text: "4.3.2 not ready, try again later" };
/// A report about a mail cannot be read now.
pub(super) const UNREAD: Refusal = Refusal { code: 451, text: "4.3.0 not read, try again later" };
/// The mail is longer than the setting allows.
pub(super) const TOO_LONG: Refusal = Refusal { code: 552, text: "5.3.4 this mail is too large" };

impl From<&MailError> for Refusal {
    fn from(error: &MailError) -> Self {
        let (code, text) = match error {
            MailError::NoSuchAddress => (550, "5.1.1 there is no such address"),
            MailError::Full => (452, "4.2.2 no room for this mail, try again later"),
            MailError::TooMany => (451, "4.7.1 too many mails, try again later"),
            MailError::Unavailable(_) => (451, "4.3.0 not stored, try again later"),
        };
        Self { code, text }
    }
}

impl Refusal {
    /// The line of LMTP.
    pub(super) fn line(self) -> String {
        format!("{} {}\r\n", self.code, self.text)
    }

    /// Postfix's action. A temporary refusal puts the mail off only if nothing else refuses it for good.
    pub(super) fn action(self) -> String {
        match self.code {
            400..500 => format!("DEFER_IF_PERMIT {}", self.text),
            code => format!("{code} {}", self.text),
        }
    }
}

//! Notices by mail: their topics, recipients and states.

use super::words::words;
use super::{RecipientId, SpaceId, Timestamp, UserId, VersionId};

words! {
    /// The topic of a notice.
    Topic {
        /// Files arrived in a space and are held.
        Arrived = "arrived",
        /// A person asks for a held file.
        Asked = "asked",
        /// A held file was handed out to the recipient.
        HandedOut = "handed-out",
        /// A held file is not handed out to the recipient.
        Declined = "declined",
        /// A person handed files in through a link.
        HandedIn = "handed-in",
        /// A file that the recipient asked for was released to everyone.
        Released = "released",
        /// A file was quarantined.
        Quarantined = "quarantined",
        /// A second person is needed to release a file.
        SecondNeeded = "second-needed",
        /// Files have been waiting for a decision for long.
        DecisionWaits = "decision-waits",
        /// Items of a request are needed again.
        NeededAgain = "needed-again",
        /// Items of a request are still open.
        Reminder = "reminder",
        /// The office answered a comment on an item of a request.
        Answered = "answered",
        /// A request asks the recipient for documents, for the first time.
        Invitation = "invitation",
        /// A link to read ends soon, and nothing was fetched through it.
        LinkUnfetched = "link-unfetched",
        /// How the recipient signs in was changed.
        Security = "security",
        /// All of it, once a week.
        Digest = "digest",
    }
}

words! {
    /// The state of a notice.
    NoticeState {
        /// It is to be sent.
        Waiting = "waiting",
        /// The mail server took it.
        Sent = "sent",
        /// The mail server took it, and a mail server reports that it has not arrived yet.
        Delayed = "delayed",
        /// It was not needed any more when it was to be sent.
        Dropped = "dropped",
        /// The mail server could not be reached, or put it off, for too long.
        Failed = "failed",
        /// A mail server refused it for good, at once or by a report that came later.
        Bounced = "bounced",
    }
}

words! {
    /// Which notices a person wants.
    NoticeWish {
        /// Each as it happens.
        On = "on",
        /// None.
        Off = "off",
        /// One mail a week.
        Digest = "digest",
    }
}

words! {
    /// A change of how a person signs in, which the person must know of.
    SecurityChange {
        /// A passkey was added.
        PasskeyAdded = "passkey-added",
        /// Another person removed a passkey.
        PasskeyRemoved = "passkey-removed",
        /// The password alone is enough again.
        SecondFactorRemoved = "second-factor-removed",
        /// The password was changed.
        PasswordChanged = "password-changed",
        /// A device got a password of its own.
        DeviceAdded = "device-added",
    }
}

/// Id of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub i64);

/// Recipient of a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// A person with an account, at the address that the account has when the mail is sent.
    User(UserId),
    /// A recipient of a request, at the address that the request has when the mail is sent.
    Asked(RecipientId),
}

/// One event of which one recipient learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The event, or another reason; a recipient gets each once.
    pub origin: String,
    /// Recipient of the notice.
    pub recipient: Recipient,
    /// The person on holiday in whose place the recipient gets it.
    pub instead_of: Option<UserId>,
    /// Its topic.
    pub topic: Topic,
    /// The space concerned; `None` for news about an account.
    pub space: Option<SpaceId>,
    /// The content concerned.
    pub version: Option<VersionId>,
    /// When it happened.
    pub at: Timestamp,
}

impl Recipient {
    /// The word in the catalogue: `u7` for an account, `r7` for a recipient of a request.
    pub fn word(&self) -> String {
        match self {
            Self::User(user) => format!("u{}", user.0),
            Self::Asked(recipient) => format!("r{}", recipient.0),
        }
    }

    /// The recipient of a word of [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        match word.split_at_checked(1)? {
            ("u", number) => number.parse().ok().map(UserId).map(Self::User),
            ("r", number) => number.parse().ok().map(RecipientId).map(Self::Asked),
            _ => None,
        }
    }

    /// The account, if it has one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::Asked(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_found_again_by_their_words() {
        for recipient in [Recipient::User(UserId(7)), Recipient::Asked(RecipientId(7))] {
            assert_eq!(Recipient::from_word(&recipient.word()), Some(recipient));
        }
        for wrong in ["", "u", "ux", "rx", "x7"] {
            assert_eq!(Recipient::from_word(wrong), None, "{wrong}");
        }
    }
}

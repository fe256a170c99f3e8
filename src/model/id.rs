//! One newtype for each kind of thing, so that a user's number cannot be mistaken for an entry's.

use std::fmt;
use std::str::FromStr;

use super::random_bytes;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// A file or folder. Stays the same when it is renamed, moved or overwritten; never reused.
    EntryId
);
row_id!(
    /// One immutable content of an entry.
    VersionId
);
row_id!(
    /// Position of a version in the order in which versions were begun; increases across restarts, whatever the
    /// clock does. Drawn from the same sequence as entry ids.
    WriteSerial
);
row_id!(
    /// A person with an account.
    UserId
);
row_id!(
    /// A content in the holding area.
    HoldId
);
row_id!(
    /// A hand-in: the files that a person without an account hands over through a link.
    HandInId
);
row_id!(
    /// One file of a hand-in.
    HandInFileId
);
row_id!(
    /// A download through a link that allows a limited number of them.
    DownloadId
);
row_id!(
    /// A request: a checklist of documents that the office asks for.
    RequestId
);
row_id!(
    /// One item of a request.
    ItemId
);
row_id!(
    /// A recipient's comment on an item of a request.
    CommentId
);
row_id!(
    /// A person of whom a request asks.
    RecipientId
);
row_id!(
    /// A device password.
    AppPasswordId
);
row_id!(
    /// A browser in which a person signed in.
    SessionId
);
row_id!(
    /// A passkey.
    PasskeyId
);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// A new id from the system's random source (128 bits).
            pub fn random() -> Self {
                Self(random_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = data_encoding::DecodeError;

            /// Parses 32 lower-case hexadecimal digits.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bytes = data_encoding::HEXLOWER.decode(text.as_bytes())?;
                bytes.try_into().map(Self).map_err(|_| data_encoding::DecodeError {
                    position: 0,
                    kind: data_encoding::DecodeKind::Length,
                })
            }
        }
    };
}

row_id!(
    /// A link for people without an account.
    LinkId
);

random_id!(
    /// A client's or team's space; also the name of its directory and key file.
    SpaceId
);
random_id!(
    /// A container; also its file name on disk.
    ContainerId
);
random_id!(
    /// A file that holds many small containers.
    PackId
);
random_id!(
    /// An upload that arrives in parts.
    UploadId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_survive_their_text_form() {
        let id = ContainerId::random();
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse::<ContainerId>().unwrap(), id);
        assert!("../etc/passwd".parse::<ContainerId>().is_err());
        assert!("abcd".parse::<ContainerId>().is_err());
    }
}

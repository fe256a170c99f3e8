//! Kinds of damage to stored data, and modes of verification.

use super::words::word_form;

/// How thoroughly stored contents are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyMode {
    /// Length, header and last chunk of every container.
    Quick,
    /// Every byte of every container.
    Full,
}

/// Starter of a verification. Each starter's run continues independently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyStarter {
    /// The owner, with `tresor verify`.
    Owner,
    /// The server, when it is due.
    Schedule,
}

/// Kind of damage to a container. Only authenticated chunks are ever sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DamageKind {
    /// The file does not exist.
    Missing,
    /// The file's length differs from the committed one.
    WrongLength,
    /// The header differs: the file is another container, an older one, or not a container.
    Foreign,
    /// The header does not open with the space's key, or that key is gone.
    WrongKey,
    /// The container is whole, but the header before it in its pack does not name it: neither tar nor a rebuild of
    /// a lost catalogue would find it.
    Unnamed,
    /// A chunk is not the one that was sealed at its index.
    DamagedChunk,
    /// The disk cannot read the bytes.
    Unreadable,
    /// Every chunk is authentic, but together they are not the committed content.
    WrongHash,
}

impl DamageKind {
    /// Whether a quick verification detects it, and so can also detect that it is repaired.
    pub fn is_seen_quickly(self) -> bool {
        !matches!(self, Self::DamagedChunk | Self::Unreadable | Self::WrongHash)
    }
}

/// Why a container belongs to no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetAsideReason {
    /// Its header or its end was changed.
    Damaged,
    /// The disk cannot read it.
    Unreadable,
    /// The key of its space is missing, damaged or another one.
    NoKey,
    /// Other containers of the same version are missing, or a part exists twice.
    Incomplete,
    /// It arrived in an upload that was never finished and of which nothing else is known: the client has to begin
    /// anew. Kept as long as uploads are.
    Unfinished,
}

impl SetAsideReason {
    /// The reason as one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::NoKey => "no-key",
            Self::Incomplete => "incomplete",
            Self::Unfinished => "unfinished-upload",
        }
    }
}

word_form!(VerifyMode { Quick = "quick", Full = "full" });
word_form!(VerifyStarter { Owner = "owner", Schedule = "schedule" });
word_form!(DamageKind {
    Missing = "missing",
    WrongLength = "wrong-length",
    Foreign = "foreign",
    WrongKey = "wrong-key",
    Unnamed = "unnamed",
    DamagedChunk = "damaged-chunk",
    Unreadable = "unreadable",
    WrongHash = "wrong-hash"
});

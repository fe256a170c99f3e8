//! What can be wrong with what is stored, and how it is looked for.

/// How thoroughly stored contents are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyMode {
    /// Length, header and last chunk of every container.
    Quick,
    /// Every byte.
    Full,
}

/// Who began a verification. Each one's run goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerifyStarter {
    /// The owner, with `tresor verify`.
    Owner,
    /// The server, when it is due.
    Schedule,
}

/// What is wrong with a container. Nothing is sent but chunks that are authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DamageKind {
    /// There is no file.
    Missing,
    /// The file has another length than the one that was committed.
    WrongLength,
    /// The file has another header: it is another container, an older one, or none at all.
    Foreign,
    /// The header does not open with the space's key, or that key is gone.
    WrongKey,
    /// It is whole, but the header before it in its pack does not name it: neither tar nor a rebuild of a
    /// lost catalogue would find it.
    Unnamed,
    /// A chunk is not what was sealed at its place.
    DamagedChunk,
    /// The disk does not give the bytes.
    Unreadable,
    /// Every chunk is authentic, but together they are not the content that was committed.
    WrongHash,
}

impl DamageKind {
    /// Whether a quick look sees it, and so can also see that it is gone.
    pub fn is_seen_quickly(self) -> bool {
        !matches!(self, Self::DamagedChunk | Self::Unreadable | Self::WrongHash)
    }
}

macro_rules! words {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            /// The word in the catalogue and in reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value for a word of [`Self::as_str`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(VerifyMode { Quick = "quick", Full = "full" });
words!(VerifyStarter { Owner = "owner", Schedule = "schedule" });
words!(DamageKind {
    Missing = "missing",
    WrongLength = "wrong-length",
    Foreign = "foreign",
    WrongKey = "wrong-key",
    Unnamed = "unnamed",
    DamagedChunk = "damaged-chunk",
    Unreadable = "unreadable",
    WrongHash = "wrong-hash"
});

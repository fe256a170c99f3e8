//! Errors of the vault, one variant for each reaction of a caller.

use std::io;

use crate::model::{ContainerId, SpaceId, layout};

use super::stream::ChunkError;

/// All errors of the vault. No text here holds a name, path or secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// A new passphrase is short enough to be guessed.
    #[error(
        "the passphrase has fewer than {least} characters; take a longer one, such as four or five words"
    )]
    ShortPassphrase {
        /// Minimum length in characters.
        least: usize,
    },
    /// The directory was never initialised: there is no `keys` folder.
    #[error("there are no keys here yet")]
    NoKeys,
    /// Keys exist already; nothing was changed.
    #[error("there are keys here already; they are never overwritten")]
    KeysExist,
    /// A key file is missing although the directory was initialised.
    #[error("the key file {file} is missing; {}", key_file_remedy(file))]
    KeyFileMissing {
        /// Path below the data directory.
        file: String,
    },
    /// A key file exists but is not as written, or belongs to another space.
    #[error("the key file {file} is damaged; {}", key_file_remedy(file))]
    KeyFileDamaged {
        /// Path below the data directory.
        file: String,
    },
    /// The passphrase does not open the root secret.
    #[error(
        "wrong passphrase; nothing was opened, try again with the right one. If it is lost, `tresor change-passphrase --recovery-file FILE` sets another"
    )]
    WrongPassphrase,
    /// The key file or recovery identity does not open the root secret.
    #[error("this key does not belong to this data directory; name the key file that it was made with")]
    WrongKeyFile,
    /// A key file or recovery text was given, but the root secret is sealed by a passphrase.
    #[error("this data directory opens with a passphrase, not with a key file")]
    PassphraseNeeded,
    /// A passphrase was given, but the root secret is sealed to a key file.
    #[error("this data directory opens with a key file, not with a passphrase")]
    KeyFileNeeded,
    /// The new passphrase or key file does not open the file sealed for it; the old one stays valid.
    #[error("the new passphrase or key file does not open what it sealed, so nothing was changed")]
    UnlockUnproven,
    /// The text holds no age identity.
    #[error("this is not an age identity file (a line AGE-SECRET-KEY-1…)")]
    NotAnIdentity,
    /// The text is not an age recipient.
    #[error("this is not an age recipient (age1…)")]
    NotARecipient,
    /// The recovery identity stays offline; the server's own lock must be a passphrase or key file.
    #[error("the recovery key cannot be the key for everyday use")]
    RecoveryIsOffline,
    /// The space has no key: destroyed, or never made.
    #[error("there is no key for space {0}")]
    SpaceKeyMissing(SpaceId),
    /// The space has a key already.
    #[error("space {0} has a key already")]
    SpaceKeyExists(SpaceId),
    /// The catalogue names a container that is not on disk: data at risk.
    #[error("container {0} is missing")]
    Missing(ContainerId),
    /// The file is not the one that the catalogue names: data at risk, send nothing.
    #[error("container {0} does not belong to this entry")]
    Foreign(ContainerId),
    /// The file is longer or shorter than the catalogue says: data at risk, send nothing.
    #[error("container {0} does not have the committed length")]
    WrongLength(ContainerId),
    /// The container is the right one, but some of its bytes were changed: data at risk.
    #[error("container {0} is damaged")]
    Damaged(ContainerId),
    /// The container is intact but sealed to another space's key.
    #[error("container {0} does not open with this space's key")]
    WrongSpaceKey(ContainerId),
    /// The range ends after the content or is longer than one call may ask for.
    #[error("the range is outside the content or too long for one read")]
    Range,
    /// The content has more bytes than one container can hold.
    #[error("the content is too long for one container")]
    TooLong,
    /// An earlier call on this writer failed; its file was removed.
    #[error("this writer failed before")]
    WriterFailed,
    /// The metadata of an entry do not fit a header.
    #[error("the entry's metadata do not fit a container header")]
    MetaTooLong,
    /// The cipher library failed.
    #[error("the cipher failed")]
    Cipher(#[source] ChunkError),
    /// The disk reported an error; `source` keeps its kind.
    #[error("could not {action}")]
    Io {
        /// The operation, such as `write a container`.
        action: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Advice for a missing or damaged key file. `file` is its path below the data directory.
pub fn key_file_remedy(file: &str) -> &'static str {
    match file {
        layout::ROOT_KEY => {
            "restore it from the backup of keys/, or make it again with the recovery key: `tresor change-passphrase --recovery-file FILE`"
        }
        layout::ROOT_RECOVERY_KEY => {
            "restore it from the backup of keys/, or make another recovery key: `tresor change-recovery-key`"
        }
        _ => "restore it from the backup of keys/",
    }
}

impl VaultError {
    pub(super) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }

    /// Whether space, inodes or a disk quota ran out. Committed data stays readable.
    pub fn is_out_of_space(&self) -> bool {
        matches!(self.io_kind(), Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Whether the file system is mounted read-only.
    pub fn is_read_only(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::ReadOnlyFilesystem)
    }

    /// Whether descriptors or memory ran out, so that the same call may succeed in a moment.
    pub fn is_exhausted(&self) -> bool {
        use rustix::io::Errno;
        let Self::Io { source, .. } = self else { return false };
        let code = source.raw_os_error().map(Errno::from_raw_os_error);
        code.is_some_and(|code| [Errno::MFILE, Errno::NFILE, Errno::NOMEM].contains(&code))
    }

    /// Whether a container's bytes differ from those that the catalogue promises: data at risk.
    pub fn is_integrity_alarm(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::Foreign(_)
                | Self::WrongLength(_)
                | Self::Damaged(_)
                | Self::WrongSpaceKey(_)
        )
    }

    fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { source, .. } => Some(source.kind()),
            _ => None,
        }
    }
}

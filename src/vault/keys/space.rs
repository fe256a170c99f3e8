//! Keys of spaces, and the recovery recipient beside them.

use age::secrecy::{ExposeSecret, SecretString};
use age::x25519;
use zeroize::Zeroizing;

use super::exchange::{Opener, Sealer};
use crate::model::SpaceId;
use crate::vault::error::VaultError;

/// Begins the line of a key file that names its space. `age -i` skips comments.
const WHOSE: &str = "# space ";

/// A space's X25519 identity, which opens all of its containers.
pub struct SpaceKey {
    /// The text as written to the key file.
    text: SecretString,
    opener: Opener,
    recipient: SpaceRecipient,
}

impl SpaceKey {
    pub(in crate::vault) fn generate() -> Self {
        Self::from_identity(&x25519::Identity::generate()).expect("a fresh identity is a private key")
    }

    fn from_identity(identity: &x25519::Identity) -> Option<Self> {
        let text = identity.to_string();
        let scalar = Zeroizing::new(bech32::decode(text.expose_secret()).ok()?.1);
        let opener = Opener::new(scalar.as_slice().try_into().ok()?)?;
        Some(Self { recipient: SpaceRecipient(opener.sealer()), opener, text })
    }

    /// Parses a key file and the space id in it. Older files carry no id.
    pub fn from_text(text: &[u8]) -> Option<(Self, Option<SpaceId>)> {
        let text = std::str::from_utf8(text).ok()?.trim_end();
        let (whose, line) = match text.strip_prefix(WHOSE) {
            Some(rest) => {
                let (space, line) = rest.split_once('\n')?;
                (Some(space.parse().ok()?), line)
            }
            None => (None, text),
        };
        Some((Self::from_identity(&line.parse().ok()?)?, whose))
    }

    /// The text of a key file: the id of its space and `AGE-SECRET-KEY-1…`, in the form that `age -d -i` takes.
    pub fn text_for(&self, space: SpaceId) -> SecretString {
        SecretString::from(format!("{WHOSE}{space}\n{}\n", self.text.expose_secret()))
    }

    /// Whether both are the same key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.text.expose_secret() == other.text.expose_secret()
    }

    /// The recipient to which containers of this space are sealed.
    pub fn recipient(&self) -> &SpaceRecipient {
        &self.recipient
    }

    pub(in crate::vault) fn identity(&self) -> &dyn age::Identity {
        &self.opener
    }
}

impl std::fmt::Debug for SpaceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpaceKey([redacted])")
    }
}

/// The public half of a [`SpaceKey`]. Secret nevertheless: anyone who has it can forge containers.
pub struct SpaceRecipient(Sealer);

impl SpaceRecipient {
    pub(in crate::vault) fn as_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

impl std::fmt::Debug for SpaceRecipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpaceRecipient([redacted])")
    }
}

/// The public half of the office's offline recovery identity.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryRecipient(x25519::Recipient);

impl RecoveryRecipient {
    /// Parses `age1…`, ignoring blanks around it. Errors: `NotARecipient`.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        text.trim().parse().map(Self).map_err(|_| VaultError::NotARecipient)
    }

    pub(super) fn as_age(&self) -> &x25519::Recipient {
        &self.0
    }

    /// `age1…`, to be kept as secret as the data sealed to it.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

impl std::fmt::Debug for RecoveryRecipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryRecipient([redacted])")
    }
}

/// Generates a recovery identity: the text of an age identity file, which must leave this machine, and its
/// recipient, which stays.
pub fn generate_recovery() -> (SecretString, RecoveryRecipient) {
    let identity = x25519::Identity::generate();
    let recipient = RecoveryRecipient(identity.to_public());
    let text = SecretString::from(format!(
        "# Tresor recovery identity: opens everything. Keep it offline.\n{}\n",
        identity.to_string().expose_secret()
    ));
    (text, recipient)
}

//! Why a change of an account is refused.

use super::details::OfficeError;
use super::password::Busy;
use super::policy::WeakPassword;
use crate::catalog::CatalogError;

/// Why a change was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// There is a user of this name, without regard to case.
    #[error("there is already a user of this name; choose another one")]
    NameTaken,
    /// No user has this id or name.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such space.
    #[error("there is no such space")]
    UnknownSpace,
    /// The user has no device password of this id.
    #[error("there is no such app password; it may have been revoked already")]
    UnknownAppPassword,
    /// The instance would have no administrator left.
    #[error("this is the last enabled administrator; make another user administrator first")]
    LastAdministrator,
    /// The password is too easy to guess.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The device's label contains characters that cannot be displayed.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The office's details are not as they must be.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The mail address is none.
    #[error("'{0}' is no mail address")]
    Address(String),
    /// A person cannot stand in for themselves.
    #[error("a substitute is another person")]
    OwnSubstitute,
    /// The expiry is in the past.
    #[error("this expiry is in the past; choose a later one")]
    ExpiryInPast,
    /// The user has 100 device passwords.
    #[error("a user has at most 100 app passwords; revoke one that is no longer used")]
    TooManyAppPasswords,
    /// The user has no passkey of this id.
    #[error("there is no such passkey; it may have been removed already")]
    UnknownPasskey,
    /// The user has 10 passkeys.
    #[error("a user has at most 10 passkeys; remove one that is no longer used")]
    TooManyPasskeys,
    /// The browser's answer is none to the page that asked for a passkey, or is not as it must be.
    #[error("the browser made no passkey that this server can use; try again, or another device")]
    PasskeyRefused,
    /// The page that asked for a passkey is too old, or was sent before.
    #[error("this page is too old, or was sent before; begin again")]
    PasskeyStale,
    /// The user has a second factor; it must be removed before another is set up.
    #[error("this user has a second factor already; remove it first")]
    SecondFactorExists,
    /// The user has no second factor.
    #[error("this user has no second factor")]
    NoSecondFactor,
    /// The code is not the one that the authenticator shows now.
    #[error("this code is not valid; check the clocks of this machine and the device, and try the next code")]
    WrongCode,
    /// The server is busy, for example with many passwords to check.
    #[error("the server is busy; try again in a few seconds")]
    Busy,
    /// The catalogue failed.
    #[error("the accounts could not be read or changed")]
    Catalog(#[from] CatalogError),
}

/// A text that is not a valid device label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a label must have 1 to 100 characters and no line breaks; name the device, such as 'Laptop'")]
pub struct LabelError;

impl AccountsError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameTaken => "user-exists",
            Self::UnknownUser => "user-unknown",
            Self::UnknownSpace => "space-unknown",
            Self::UnknownAppPassword => "app-password-unknown",
            Self::LastAdministrator => "last-administrator",
            Self::WeakPassword(error) => error.code(),
            Self::Label(_) => "label-invalid",
            Self::Office(error) => error.code(),
            Self::Address(_) => "mail-address-invalid",
            Self::OwnSubstitute => "own-substitute",
            Self::ExpiryInPast => "expiry-in-past",
            Self::TooManyAppPasswords => "too-many-app-passwords",
            Self::UnknownPasskey => "passkey-unknown",
            Self::TooManyPasskeys => "too-many-passkeys",
            Self::PasskeyRefused => "passkey-refused",
            Self::PasskeyStale => "passkey-stale",
            Self::SecondFactorExists => "second-factor-exists",
            Self::NoSecondFactor => "second-factor-missing",
            Self::WrongCode => "wrong-code",
            Self::Busy => "busy",
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}

impl From<Busy> for AccountsError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

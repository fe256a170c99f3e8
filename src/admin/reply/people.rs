//! Accounts, how they log in, what they may, and mails to them.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A user's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserShown {
    /// Login name.
    pub name: String,
    /// `administrator`, `staff`, `client` or `auditor`.
    pub role: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it has a password of its own, or only device passwords.
    pub has_password: bool,
    /// Whether a second factor is required besides the password.
    pub second_factor: bool,
    /// Time of creation.
    pub created: When,
    /// Address for mails; empty for none.
    #[serde(default)]
    pub mail: String,
    /// Tag of the language of mails.
    #[serde(default)]
    pub language: String,
    /// The notices wanted: `on`, `off` or `digest`.
    #[serde(default)]
    pub notices: String,
    /// Login name of the person who gets them instead.
    #[serde(default)]
    pub substitute: Option<String>,
    /// The time from which that ends.
    #[serde(default)]
    pub substitute_until: Option<When>,
}

/// A mail that tells a person what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeShown {
    /// Number of the notice.
    pub id: i64,
    /// Login name of its recipient, or the address of one without an account.
    pub to: String,
    /// Its topic.
    pub topic: String,
    /// The space concerned; `None` for several, or for an account.
    pub space: Option<String>,
    /// `waiting`, `sent`, `delayed`, `dropped`, `failed` or `bounced`.
    pub state: String,
    /// When it was made.
    pub created: When,
    /// Number of attempts to send it.
    pub attempts: u32,
    /// When it is tried again.
    pub next: Option<When>,
    /// When it ended.
    pub ended: Option<When>,
    /// The mail server's last answer.
    pub fault: Option<String>,
}

/// Items that end when an account is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalShown {
    /// Login name.
    pub name: String,
    /// Links that will no longer open.
    pub links: usize,
    /// Devices that can no longer log in.
    pub app_passwords: usize,
    /// Passkeys that no longer sign in.
    #[serde(default)]
    pub passkeys: usize,
    /// Spaces to which the user has a right.
    pub grants: usize,
    /// Unfinished uploads of the user.
    pub uploads: usize,
}

/// Setup data for a user's authenticator. Shown once, to be confirmed with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorShown {
    /// For a QR code: `otpauth://totp/…`.
    pub uri: String,
    /// For typing: the secret in Base32.
    pub secret: String,
}

/// A new device password. Shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedAppPassword {
    /// Id for revoking it.
    pub id: i64,
    /// Login name of its user.
    pub user: String,
    /// The password itself.
    pub password: String,
}

/// A device password without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordShown {
    /// Id for revoking it.
    pub id: i64,
    /// Label of the device.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time of the last use, to the hour or better.
    pub last_used: Option<When>,
    /// Time from which it no longer works.
    pub expires: Option<When>,
}

/// A browser in which a user is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionShown {
    /// Id for signing the user out there.
    pub id: i64,
    /// Browser and system, such as `Firefox, Windows`; empty if they are not known.
    pub browser: String,
    /// When the user signed in.
    pub since: When,
    /// When it was used last, to the minute.
    pub last_used: When,
    /// Whether it is locked until the user gives the password.
    pub locked: bool,
}

/// A passkey of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyShown {
    /// Id for removing it.
    pub id: i64,
    /// The user's name for it.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time of the last use.
    pub last_used: Option<When>,
}

/// A user's right to a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantShown {
    /// Login name of the user.
    pub user: String,
    /// Name of the space.
    pub space: String,
    /// `read`, `write` or `manage`: what the role allows of the right that was given.
    pub right: String,
    /// Whether the user decides about held contents of the space, by this mark or by managing it.
    pub release: bool,
    /// Seconds for which the user's contents are held instead of the space's time.
    #[serde(default)]
    pub hold_seconds: Option<u64>,
}

//! The requests.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A password or passphrase on its way through the socket, which only the owner can open.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the line that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For the rooms that keep secrets.
    pub fn to_secret_string(&self) -> SecretString {
        SecretString::from(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// One request. Names are as the owner typed them; they are parsed where they are used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the words of the command line's help")]
pub enum Request {
    /// How the instance is.
    Status,
    /// Open a locked instance.
    Unlock { passphrase: Secret },
    /// Make an account.
    UserAdd { name: String, role: String, password: Option<Secret> },
    /// All accounts.
    UserList,
    /// Give an account another password; ends nothing but what used the old one.
    UserSetPassword { name: String, password: Secret },
    /// Change what somebody is.
    UserSetRole { name: String, role: String },
    /// Shut an account out, keeping it.
    UserDisable { name: String },
    /// Let a disabled account in again.
    UserEnable { name: String },
    /// What ends with an account when it is removed.
    UserRemovalPreview { name: String },
    /// Remove an account for good.
    UserRemove { name: String },
    /// Make a password for one device; the reply shows it once.
    AppPasswordAdd { user: String, label: String, days: Option<u32> },
    /// A user's device passwords.
    AppPasswordList { user: String },
    /// End a device password.
    AppPasswordRevoke { user: String, id: i64 },
    /// Make a secret for a user's authenticator; counts once it is confirmed.
    SecondFactorBegin { name: String },
    /// Have a user's second factor asked for from now on; the reply shows recovery codes once.
    SecondFactorConfirm { name: String, code: Secret },
    /// Make other recovery codes; the reply shows them once.
    RecoveryCodesRenew { name: String },
    /// Have a user sign in with the password alone again.
    SecondFactorRemove { name: String },
    /// Make a space.
    SpaceAdd {
        name: String,
        kind: String,
        quota: Option<u64>,
        history: Option<u64>,
        version_days: Option<u32>,
        trash_days: Option<u32>,
    },
    /// All spaces.
    SpaceList,
    /// Change a space's settings; what is `None` stays. A quota of 0 lifts it, a history of 0 makes it the quota's size.
    SpaceSet {
        name: String,
        quota: Option<u64>,
        history: Option<u64>,
        version_days: Option<u32>,
        trash_days: Option<u32>,
    },
    /// Give a space another name.
    SpaceRename { name: String, new_name: String },
    /// Give a user a right to a space, in place of an older one.
    Grant { user: String, space: String, right: String },
    /// Take a user's right to a space away.
    Revoke { user: String, space: String },
    /// Who may do what where.
    GrantList { user: Option<String>, space: Option<String> },
    /// What was deleted in a space and can be brought back.
    TrashList { space: String },
    /// Bring a deleted entry back.
    TrashRestore { space: String, entry: i64 },
    /// Remove a deleted entry for good.
    TrashPurge { space: String, entry: i64 },
    /// Seal key files and snapshots to another recovery recipient. It is secret: see `vault::keys`.
    ChangeRecoveryKey { recipient: Secret },
    /// Make a snapshot of the catalogue now.
    Snapshot,
    /// The snapshots that are kept.
    SnapshotList,
    /// The contents a file has and had.
    VersionList { space: String, path: String },
    /// Make an earlier content the current one.
    VersionRestore { space: String, path: String, version: i64 },
    /// Who did what, the latest first: in the whole instance, in a space, or at a path in it and below. `before` is
    /// the `next` of an earlier reply; `language` the tag of the language of the sentences.
    History { space: Option<String>, path: String, before: Option<i64>, limit: u32, language: String },
    /// Uploads that have not come to their end.
    UploadList { user: Option<String> },
    /// End an upload.
    UploadCancel { upload: String },
    /// Links for people without an account.
    LinkList { space: Option<String> },
    /// End a link.
    LinkRevoke { link: i64 },
    /// Locks on files and folders.
    LockList { space: Option<String> },
    /// End the locks that all of these say.
    LockEnd { token: Option<String>, user: Option<String>, space: Option<String> },
    /// Begin to verify what is stored, or go on where an interrupted verification stopped. `rate` is in
    /// bytes per second.
    VerifyBegin { full: bool, restart: bool, rate: Option<u64> },
    /// Verify for about a second more.
    VerifyStep { run: u32 },
}

//! Requests of the owner.

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

    /// Copies the text into the type that other rooms use.
    pub fn to_secret_string(&self) -> SecretString {
        SecretString::from(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// A change of a space's holding area; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeAsked {
    /// Whether arriving contents are held and examined.
    pub on: Option<bool>,
    /// Holding time in seconds, at least 1; switches it on.
    pub hold: Option<u64>,
    /// Whether everything is held, or only contents that can carry malware.
    pub everything: Option<bool>,
    /// Number of persons who must decide to release a held content: 1 or 2.
    pub release_by: Option<u8>,
    /// Treatment of a held document's PDF after the release: `keep` or `remove`.
    pub pdf: Option<String>,
    /// How its pages are drawn: `drawn` or `pixels`.
    pub pdf_pages: Option<String>,
}

/// A change of a space's address for mails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailAsked {
    /// It takes mails at this address.
    Name(String),
    /// It takes none.
    Off,
}

/// The settings of a new link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the words of the command line's help")]
pub struct LinkAsked {
    pub space: String,
    pub path: String,
    /// `read`, `edit` or `add`.
    pub can: String,
    pub password: Option<Secret>,
    pub first_use_password: bool,
    /// The last day on which it opens, as `2026-12-31`; `never`, or `None` for the usual time.
    pub until: Option<String>,
    /// The last day that counts as in time.
    pub deadline: Option<String>,
    pub uses: Option<u32>,
    pub max_size: Option<u64>,
    pub max_files: Option<u32>,
    pub types: Option<String>,
    pub own_folder: bool,
    /// Mail address to which a code is sent that opens it.
    #[serde(default)]
    pub code_to: Option<String>,
    /// Whether it is the user's box.
    #[serde(default, rename = "box")]
    pub is_box: bool,
    pub label: String,
    pub note: String,
}

/// The settings of a new request for documents.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the words of the command line's help")]
pub struct AskedFor {
    pub space: String,
    pub path: String,
    pub template: Option<String>,
    /// Titles of items besides those of the template.
    pub items: Vec<String>,
    /// Recipients: an address, or a name and an address in angle brackets.
    pub to: Vec<String>,
    /// Tag of the recipients' language.
    pub language: String,
    pub title: Option<String>,
    pub note: Option<String>,
    /// The last day that is in time, as `2026-12-31`.
    pub deadline: Option<String>,
    /// Days before the deadline, as `7d,1d`, or `off`; `None` for those of the template, or the usual ones.
    pub remind: Option<String>,
    /// Whether each link opens by a code that is sent to the address of its recipient.
    #[serde(default)]
    pub code_by_mail: bool,
    /// Whether the recipients with a mail address are invited by mail.
    #[serde(default)]
    pub invite: bool,
}

/// A change of the office's details; `None` leaves a value as it is, an empty text removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfficeAsked {
    /// Its name.
    pub name: Option<String>,
    /// The person to ask.
    pub contact: Option<String>,
    /// Number to call.
    pub phone: Option<String>,
    /// Address for mails.
    pub mail: Option<String>,
    /// Address of its web site.
    pub web: Option<String>,
    /// Name of its time zone.
    pub zone: Option<String>,
    /// The imprint as plain text.
    pub imprint: Option<String>,
    /// The privacy notice, as plain text.
    pub privacy: Option<String>,
    /// How far the pages are accessible, as plain text.
    pub accessibility: Option<String>,
    /// Seconds without a key or a pointer after which the pages of a browser are locked; 0 for never.
    pub lock_seconds: Option<u64>,
    /// The file of its logo, a PNG or JPEG, in Base64.
    pub logo: Option<String>,
}

/// A change of how a user is reached, as [`Request::UserSet`] asks for it; `None` leaves a value as it is.
pub(super) struct ContactAsked {
    pub(super) mail: Option<String>,
    pub(super) language: Option<String>,
    pub(super) notices: Option<String>,
    pub(super) substitute: Option<String>,
    pub(super) until: Option<String>,
}

/// One request. Names are as the owner entered them and are parsed where they are used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the words of the command line's help")]
pub enum Request {
    /// Ask for the state of the instance.
    Status,
    /// Open a locked instance.
    Unlock { passphrase: Secret },
    /// Show the office's details.
    OfficeShow,
    /// Change the office's details.
    OfficeSet(OfficeAsked),
    /// Create an account.
    UserAdd { name: String, role: String, password: Option<Secret> },
    /// Change how a user is reached; `until` is a day such as `2026-12-31`, and an empty substitute ends one.
    UserSet {
        name: String,
        #[serde(default)]
        mail: Option<String>,
        #[serde(default)]
        language: Option<String>,
        #[serde(default)]
        notices: Option<String>,
        #[serde(default)]
        substitute: Option<String>,
        #[serde(default)]
        until: Option<String>,
    },
    /// List all accounts.
    UserList,
    /// Set the password of an account; ends only logins with the old one.
    UserSetPassword { name: String, password: Secret },
    /// Change the role of a user.
    UserSetRole { name: String, role: String },
    /// Disable an account.
    UserDisable { name: String },
    /// Enable a disabled account.
    UserEnable { name: String },
    /// List what ends when an account is removed.
    UserRemovalPreview { name: String },
    /// Remove an account permanently.
    UserRemove { name: String },
    /// Create a device password; the reply shows it once.
    AppPasswordAdd { user: String, label: String, days: Option<u32> },
    /// List a user's device passwords.
    AppPasswordList { user: String },
    /// Revoke a device password.
    AppPasswordRevoke { user: String, id: i64 },
    /// List the browsers in which a user is signed in.
    SessionList { user: String },
    /// Sign a user out of one of them.
    SessionEnd { user: String, id: i64 },
    /// List a user's passkeys.
    PasskeyList { user: String },
    /// Give a user's passkey another name.
    PasskeyRename { user: String, id: i64, label: String },
    /// Remove a user's passkey.
    PasskeyRemove { user: String, id: i64 },
    /// Create a secret for a user's authenticator; it takes effect when confirmed. The last one stays if `again` is its text.
    SecondFactorBegin {
        name: String,
        #[serde(default)]
        again: Option<Secret>,
    },
    /// Require a user's second factor from now on; the reply shows recovery codes once.
    SecondFactorConfirm { name: String, code: Secret },
    /// Create new recovery codes; the reply shows them once.
    RecoveryCodesRenew { name: String },
    /// Remove a user's second factor, so that the password alone is enough.
    SecondFactorRemove { name: String },
    /// Create a space.
    SpaceAdd {
        name: String,
        kind: String,
        quota: Option<u64>,
        history: Option<u64>,
        version_days: Option<u32>,
        trash_days: Option<u32>,
        #[serde(default)]
        intake: IntakeAsked,
        #[serde(default)]
        mail: Option<MailAsked>,
    },
    /// List all spaces.
    SpaceList,
    /// Change a space's settings; `None` leaves a value as it is. A quota of 0 removes the limit, a history
    /// of 0 makes it as large as the quota.
    SpaceSet {
        name: String,
        quota: Option<u64>,
        history: Option<u64>,
        version_days: Option<u32>,
        trash_days: Option<u32>,
        #[serde(default)]
        intake: IntakeAsked,
        #[serde(default)]
        mail: Option<MailAsked>,
    },
    /// Rename a space.
    SpaceRename { name: String, new_name: String },
    /// Grant a user a right to a space, replacing an earlier one.
    Grant {
        user: String,
        space: String,
        right: String,
        #[serde(default)]
        release: bool,
        /// Seconds for which the user's contents are held instead of the space's time.
        #[serde(default)]
        hold: Option<u64>,
    },
    /// Revoke a user's right to a space.
    Revoke { user: String, space: String },
    /// List rights of users to spaces.
    GrantList { user: Option<String>, space: Option<String> },
    /// List deleted entries of a space that can be restored.
    TrashList { space: String },
    /// Restore a deleted entry.
    TrashRestore { space: String, entry: i64 },
    /// Remove a deleted entry permanently.
    TrashPurge { space: String, entry: i64 },
    /// Seal key files and snapshots to another recovery recipient, which is secret: see `vault::keys`.
    ChangeRecoveryKey { recipient: Secret },
    /// Make a snapshot of the catalogue now.
    Snapshot,
    /// List the snapshots.
    SnapshotList,
    /// List the current and earlier versions of a file.
    VersionList { space: String, path: String },
    /// Make an earlier version the current one.
    VersionRestore { space: String, path: String, version: i64 },
    /// The history, latest event first: of the whole instance, of a space, or of a path in it and below.
    /// `before` is the `next` of an earlier reply; `language` is the language tag of the sentences.
    History { space: Option<String>, path: String, before: Option<i64>, limit: u32, language: String },
    /// List unfinished uploads.
    UploadList { user: Option<String> },
    /// Cancel an upload.
    UploadCancel { upload: String },
    /// List links for people without an account.
    LinkList { space: Option<String> },
    /// Make a link as a user.
    LinkAdd { user: String, asked: Box<LinkAsked> },
    /// End a link.
    LinkRevoke { link: i64 },
    /// List the hand-ins through links.
    HandInList { space: Option<String> },
    /// Show the receipt of a hand-in.
    ReceiptShow { id: i64 },
    /// List complete downloads through links that count them.
    DownloadList { space: Option<String> },
    /// Show the receipt of a download.
    DownloadReceipt { id: i64 },
    /// Ask for documents as a user.
    RequestAdd { user: String, asked: Box<AskedFor> },
    /// List requests for documents; `of` is one of the command line's words, `before` the last id of an earlier reply.
    RequestList { space: Option<String>, of: String, before: Option<i64> },
    /// Show one of them.
    RequestShow { id: i64 },
    /// Judge items of one: `accept`, `reject` or `undo`.
    RequestJudge { id: i64, items: Vec<i64>, verdict: String, reason: Option<String> },
    /// Close one, or open it again.
    RequestClose { id: i64, closed: bool },
    /// Give one another deadline.
    RequestExtend { id: i64, deadline: String },
    /// Change an item of one; `None` leaves a value as it is, an empty one removes it. Files are named as `SPACE/PATH`.
    RequestItem {
        id: i64,
        item: i64,
        #[serde(default)]
        until: Option<String>,
        #[serde(default)]
        form: Option<String>,
        #[serde(default)]
        example: Option<String>,
    },
    /// Remind the recipients of a request for documents now.
    RequestRemind { id: i64 },
    /// Show the mails by which the recipients of a request for documents would be reminded now.
    RequestPreview { id: i64 },
    /// Pause the reminders of a request for documents, or let them go on.
    RequestPause { id: i64, paused: bool },
    /// Change on which days a request for documents reminds: days before the deadline, as `7d,1d`, or `off`.
    RequestPlan { id: i64, plan: String },
    /// Correct the mail address of a recipient of a request for documents.
    RequestRecipient { id: i64, recipient: i64, mail: String },
    /// Invite the recipients of a request for documents by mail.
    RequestInvite { id: i64 },
    /// Give the link of a recipient of a request for documents another address.
    RequestRenew { id: i64, recipient: i64 },
    /// Answer a recipient's comment in a request for documents; an empty answer settles it without words.
    RequestAnswer { id: i64, comment: i64, text: String },
    /// List the templates of requests.
    TemplateList,
    /// Show one of them as TOML.
    TemplateShow { name: String },
    /// Keep a template, in place of one of the same name.
    TemplateImport { text: String },
    /// Remove a template of the office's own.
    TemplateRemove { name: String },
    /// Use the template in the program again, in place of the office's version.
    TemplateReset { name: String },
    /// List the holding area; `all` includes released and withdrawn items.
    HoldList { space: Option<String>, all: bool },
    /// Show one item of the holding area.
    HoldShow { id: i64 },
    /// Decide about an item of the holding area; `to` is the user to whom alone a release hands it out.
    HoldDecide { id: i64, decision: String, reason: Option<String>, to: Option<String> },
    /// Decline a user's request for an item of the holding area.
    HoldDecline { id: i64, user: String, reason: Option<String> },
    /// Let the content of a released item into its space, whatever scanners say, for some days.
    HoldAllow { id: i64, days: u32, reason: Option<String> },
    /// Take the content of an item off the list of contents that are let in.
    HoldDisallow { id: i64 },
    /// List the contents that are let in.
    HoldAllowed,
    /// Open an encrypted item with its password, and examine its contents.
    HoldPassword { id: i64, password: Secret },
    /// Make a signed certificate of a released item.
    HoldCertificate { id: i64 },
    /// Show the key that checks certificates. Not secret.
    HoldCertificateKey,
    /// Show how far the scan of everything stored has come.
    ScanStatus,
    /// Set when everything stored is scanned again.
    ScanSet { mode: String },
    /// List the mails that told people what happened.
    NoticeList,
    /// Show one of them.
    NoticeShow { id: i64 },
    /// Send one again that failed.
    NoticeRetry { id: i64 },
    /// Send a mail to try the settings.
    NoticeTest { address: String },
    /// List locks on files and folders.
    LockList { space: Option<String> },
    /// End the locks that match all given values.
    LockEnd { token: Option<String>, user: Option<String>, space: Option<String> },
    /// Begin to verify the stored data, or continue an interrupted verification. `rate` is in bytes per
    /// second.
    VerifyBegin { full: bool, restart: bool, rate: Option<u64> },
    /// Continue a verification for about a second.
    VerifyStep { run: u32 },
}

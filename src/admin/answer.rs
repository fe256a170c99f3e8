//! Executes a request.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::error::AdminError;
use super::judge::{Asker, Judged};
use super::request::ContactAsked;
use super::shown;
use super::{
    AppPasswordShown, GrantShown, HoldShown, IssuedAppPassword, RecoveryKeyShown, RemovalShown, Reply,
    Request, SecondFactorShown, TrashShown, VerifyShown, VersionShown, When, WorkerShown,
};
use crate::accounts::{self, Accounts, AccountsError, UserName, UserRow};
use crate::intake::Intake;
use crate::library::{Change, Library, LibraryError, LockFilter, Space, SpaceSettings};
use crate::model::{
    Access, AppPasswordId, ByteSize, ChecksumKind, Conditions, EntryId, EntryName, EntryPath, EventId,
    Handout, HoldId, LinkId, LockToken, NameError, NoticeId, PasskeyId, RescanMode, Right, Role, SessionId,
    SpaceGrant, SpaceKind, Span, Stamp, Timestamp, VerifyMode, VerifyStarter, VersionId,
};
use crate::notices::Notices;
use crate::recovery::{Recovery, RunId, VerifyOrder};
use crate::sharing::{LinkError, Sharing};
use crate::text::Language;
use crate::uploads::{Upload, UploadError, Uploads, UploadsOf};

/// Said of an item about which the first of two persons has decided.
pub const WAITS_FOR_SECOND: &str = "waits for a second person";
/// Name of this server in authenticator apps.
const ISSUER: &str = "Tresor";

/// An open instance, with the operations of its owner and of administrators.
#[derive(Clone)]
pub struct Admin {
    pub(super) library: Library,
    uploads: Uploads,
    recovery: Recovery,
    pub(super) accounts: Accounts,
    pub(super) sharing: Sharing,
    pub(super) intake: Intake,
    pub(super) notices: Notices,
    /// The state of each background job of the server, if one runs.
    pub(super) jobs: Arc<OnceLock<Box<Jobs>>>,
}

/// Says how each background job is doing.
type Jobs = dyn Fn() -> Vec<WorkerShown> + Send + Sync;

impl Admin {
    /// Joins the rooms that requests need.
    pub fn new(
        library: Library,
        uploads: Uploads,
        recovery: Recovery,
        accounts: Accounts,
        sharing: Sharing,
        intake: Intake,
        notices: Notices,
    ) -> Self {
        Self { library, uploads, recovery, accounts, sharing, intake, notices, jobs: Arc::default() }
    }

    /// From now on the status tells of these background jobs. Later calls have no effect.
    #[must_use]
    pub fn with_jobs(self, jobs: impl Fn() -> Vec<WorkerShown> + Send + Sync + 'static) -> Self {
        let _ = self.jobs.set(Box::new(jobs));
        self
    }

    /// Executes a request at `now`, if `by` may make it. Changes are recorded as theirs.
    pub async fn answer(&self, request: Request, by: &Asker, now: Timestamp) -> Reply {
        let judged = Judged::new(&request, by, &self.accounts).await;
        let outcome = match judged {
            Ok(judged) => self.carry_out(request, &judged, now).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(reply) => reply,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "request refused");
                error.reply()
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm per request, each a few lines")]
    async fn carry_out(
        &self,
        request: Request,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let by = Stamp { actor: judged.actor(), at: now };
        match request {
            Request::Status => self.status(now).await,
            Request::Unlock { .. } => Err(AdminError::NotLocked),
            Request::OfficeShow => Ok(Reply::Office(shown::office(&*self.accounts.office().await?))),
            Request::OfficeSet(asked) => {
                let office = self.accounts.set_office(shown::office_change(asked), by).await?;
                Ok(Reply::Office(shown::office(&office)))
            }
            Request::UserAdd { name, role, password } => {
                let (name, role) =
                    (UserName::parse(&name)?, word("role", &role, Role::from_word, Role::ALL)?);
                let password = password.map(|secret| secret.to_secret_string());
                self.accounts.add_user(&name, role, password, by).await?;
                Ok(Reply::Done(format!("{} can log in as {role}", name.as_str())))
            }
            Request::UserSet { name, mail, language, notices, substitute, until } => {
                let contact = ContactAsked { mail, language, notices, substitute, until };
                self.set_contact(&name, contact, by).await
            }
            Request::NoticeList => {
                let spaces = self.library.spaces().await?;
                let notices = self.notices.list().await?;
                Ok(Reply::Notices(notices.iter().map(|notice| shown::notice(notice, &spaces)).collect()))
            }
            Request::NoticeShow { id } => {
                let spaces = self.library.spaces().await?;
                Ok(Reply::Notice(shown::notice(&self.notices.show(NoticeId(id)).await?, &spaces)))
            }
            Request::NoticeRetry { id } => {
                self.notices.retry(NoticeId(id), now).await?;
                Ok(Reply::Done(format!("notice {id} is sent again")))
            }
            Request::NoticeTest { address } => {
                self.notices.test(&address, now).await?;
                Ok(Reply::Done("the mail server took the mail".into()))
            }
            Request::UserList => {
                let (users, people) = (self.accounts.users().await?, self.accounts.people().await?);
                Ok(Reply::Users(users.iter().map(|user| shown::user(user, &people)).collect()))
            }
            Request::UserSetPassword { name, password } => {
                let user = self.user(&name).await?;
                self.accounts.set_password(user.id, password.to_secret_string(), by).await?;
                Ok(Reply::Done(format!("{} has a new password", user.name)))
            }
            Request::UserSetRole { name, role } => {
                let user = self.user(&name).await?;
                let role = word("role", &role, Role::from_word, Role::ALL)?;
                self.accounts.set_role(user.id, role, by).await?;
                Ok(Reply::Done(format!("{} is now {role}", user.name)))
            }
            Request::UserDisable { name } => {
                let user = self.user(&name).await?;
                self.accounts.disable(user.id, by).await?;
                Ok(Reply::Done(format!("{} is shut out from now on", user.name)))
            }
            Request::UserEnable { name } => {
                let user = self.user(&name).await?;
                self.accounts.enable(user.id, by).await?;
                Ok(Reply::Done(format!("{} can log in again", user.name)))
            }
            Request::UserRemovalPreview { name } => Ok(Reply::Removal(self.removal(&name, judged).await?)),
            Request::UserRemove { name } => {
                let (user, removal) = (self.user(&name).await?, self.removal(&name, judged).await?);
                self.accounts.remove_user(user.id, by).await?;
                Ok(Reply::Removal(removal))
            }
            Request::AppPasswordAdd { user, label, days } => {
                let user = self.user(&user).await?;
                let expires = days.map(|days| now.after(Duration::from_secs(u64::from(days) * 86_400)));
                let (id, token) = self.accounts.create_app_password(user.id, &label, expires, by).await?;
                let password = token.reveal().expose_secret().to_owned();
                Ok(Reply::AppPassword(IssuedAppPassword { id: id.0, user: user.name, password }))
            }
            Request::AppPasswordList { user } => {
                let user = self.user(&user).await?;
                let rows = self.accounts.app_passwords_of(user.id).await?.into_iter();
                Ok(Reply::AppPasswords(
                    rows.map(|row| AppPasswordShown {
                        id: row.id.0,
                        label: row.label,
                        created: When(row.created),
                        last_used: row.last_used.map(When),
                        expires: row.expires.map(When),
                    })
                    .collect(),
                ))
            }
            Request::AppPasswordRevoke { user, id } => {
                let user = self.user(&user).await?;
                self.accounts.revoke_app_password(user.id, AppPasswordId(id), by).await?;
                Ok(Reply::Done(format!("app password {id} of {} opens nothing any more", user.name)))
            }
            Request::SessionList { user } => {
                let user = self.user(&user).await?;
                let browsers = self.accounts.browsers_of(user.id, now).await?;
                Ok(Reply::Sessions(browsers.into_iter().map(shown::session).collect()))
            }
            Request::SessionEnd { user, id } => {
                let user = self.user(&user).await?;
                self.accounts.end_session_of(user.id, SessionId(id)).await?;
                Ok(Reply::Done(format!("{} is signed out of browser {id}", user.name)))
            }
            Request::PasskeyList { user } => {
                let user = self.user(&user).await?;
                let passkeys = self.accounts.passkeys_of(user.id).await?;
                Ok(Reply::Passkeys(passkeys.into_iter().map(shown::passkey).collect()))
            }
            Request::PasskeyRemove { user, id } => {
                let user = self.user(&user).await?;
                self.accounts.remove_passkey(user.id, PasskeyId(id), by).await?;
                Ok(Reply::Done(format!("passkey {id} of {} opens nothing any more", user.name)))
            }
            Request::SecondFactorBegin { name } => {
                let user = self.user(&name).await?;
                let secret = self.accounts.begin_second_factor(user.id, now).await?;
                let uri = secret.uri(ISSUER, &UserName::parse(&user.name)?);
                Ok(Reply::SecondFactor(SecondFactorShown {
                    uri: uri.to_string(),
                    secret: secret.text().to_string(),
                }))
            }
            Request::SecondFactorConfirm { name, code } => {
                let user = self.user(&name).await?;
                let codes = self.accounts.confirm_second_factor(user.id, code.expose(), by).await?;
                Ok(shown::codes(&codes))
            }
            Request::RecoveryCodesRenew { name } => {
                let user = self.user(&name).await?;
                Ok(shown::codes(&self.accounts.renew_recovery_codes(user.id, by).await?))
            }
            Request::SecondFactorRemove { name } => {
                let user = self.user(&name).await?;
                self.accounts.remove_second_factor(user.id, by).await?;
                Ok(Reply::Done(format!("{} signs in with the password alone", user.name)))
            }
            Request::SpaceAdd { name, kind, quota, history, version_days, trash_days, intake, mail } => {
                let name = EntryName::parse(&name)?;
                let kind = word("kind of space", &kind, SpaceKind::from_word, SpaceKind::ALL)?;
                let settings =
                    with_changes(SpaceSettings::default(), (quota, history), version_days, trash_days);
                let settings = self.with_intake(settings, intake, mail)?;
                self.library.add_space(&name, kind, settings, by).await?;
                self.accounts.forget_snapshot();
                Ok(Reply::Done(format!("space {name} is ready; give people access with `tresor grant`")))
            }
            Request::SpaceList => {
                Ok(Reply::Spaces(self.library.spaces().await?.iter().map(shown::space).collect()))
            }
            Request::SpaceSet { name, quota, history, version_days, trash_days, intake, mail } => {
                let space = self.space(&name).await?;
                let settings =
                    with_changes(space.settings.clone(), (quota, history), version_days, trash_days);
                let settings = self.with_intake(settings, intake, mail)?;
                self.library.set_space_settings(space.id, settings, by).await?;
                Ok(Reply::Done(format!("space {} has new settings", space.name)))
            }
            Request::SpaceRename { name, new_name } => {
                let (space, new_name) = (self.space(&name).await?, EntryName::parse(&new_name)?);
                self.library.rename_space(space.id, &new_name, by).await?;
                Ok(Reply::Done(format!("space {} is now {new_name}", space.name)))
            }
            Request::Grant { user, space, right, release, hold } => {
                let (user, space) = (self.user(&user).await?, self.space(&space).await?);
                let right = word("right", &right, Right::from_word, Right::ALL)?;
                let hold = hold.map(|seconds| Duration::from_secs(seconds.max(1)));
                let grant = SpaceGrant { right, releases: release, hold };
                self.accounts.grant(user.id, space.id, grant, by).await?;
                Ok(Reply::Done(granted(&user, &space, grant)))
            }
            Request::Revoke { user, space } => {
                let (user, space) = (self.user(&user).await?, self.space(&space).await?);
                self.accounts.revoke(user.id, space.id, by).await?;
                Ok(Reply::Done(format!("{} has no right to {} any more", user.name, space.name)))
            }
            Request::GrantList { user, space } => self.grants(user, space).await,
            Request::TrashList { space } => {
                let access = judged.access(self.space(&space).await?.id)?;
                let names = self.accounts.names_in_history().await?;
                let items = self.library.trash(&access).await?.into_iter();
                Ok(Reply::Trash(
                    items
                        .map(|item| TrashShown {
                            entry: item.entry.0,
                            path: item.path,
                            bytes: item.size,
                            folder: item.is_folder,
                            deleted: When(item.deleted),
                            deleted_by: item.deleted_by.and_then(|user| names.get(&user).cloned()),
                        })
                        .collect(),
                ))
            }
            Request::TrashRestore { space, entry } => {
                let change = self.change(&space, judged, now).await?;
                let path = self.library.restore(change, EntryId(entry)).await?;
                Ok(Reply::Done(format!("restored to {path}")))
            }
            Request::TrashPurge { space, entry } => {
                let access = judged.access(self.space(&space).await?.id)?;
                self.library.purge(&access, by, EntryId(entry)).await?;
                Ok(Reply::Done("removed for good".into()))
            }
            Request::ChangeRecoveryKey { recipient } => {
                let changed = self.recovery.change_recovery_key(recipient.expose(), by).await?;
                Ok(Reply::RecoveryKey(RecoveryKeyShown {
                    snapshot: changed.snapshot.number,
                    damaged: changed.damaged,
                    recovery_file: None,
                }))
            }
            Request::Snapshot => {
                let made = self.recovery.snapshot(now).await?;
                Ok(Reply::Snapshots(vec![shown::snapshot(&made)]))
            }
            Request::SnapshotList => {
                let kept = self.recovery.snapshots().await?;
                Ok(Reply::Snapshots(kept.iter().map(shown::snapshot).collect()))
            }
            Request::VersionList { space, path } => {
                let access = judged.access(self.space(&space).await?.id)?;
                let names = self.accounts.names_in_history().await?;
                let versions = self.library.versions(&access, &parse_path(&path)?).await?.into_iter();
                Ok(Reply::Versions(
                    versions
                        .map(|version| VersionShown {
                            version: version.id.0,
                            bytes: version.size,
                            created: When(version.created),
                            author: version.author.and_then(|user| names.get(&user).cloned()),
                            current: version.replaced.is_none(),
                            sha256: version
                                .checksums
                                .iter()
                                .find(|sum| sum.kind() == ChecksumKind::Sha256)
                                .map(|sum| data_encoding::HEXLOWER.encode(sum.digest())),
                        })
                        .collect(),
                ))
            }
            Request::VersionRestore { space, path, version } => {
                let change = self.change(&space, judged, now).await?;
                self.library.restore_version(change, &parse_path(&path)?, VersionId(version)).await?;
                Ok(Reply::Done(format!("version {version} is the current content again")))
            }
            Request::History { space, path, before, limit, language } => {
                let space = match space {
                    Some(name) => Some(self.space(&name).await?),
                    None => None,
                };
                let (before, language) = (before.map(EventId), Language::of_tag(&language));
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let path = parse_path(&path)?;
                let access = space.map(|space| judged.access(space.id)).transpose()?;
                Ok(Reply::History(self.history(access.as_ref(), &path, before, limit, language).await?))
            }
            Request::UploadList { user } => {
                let only = match user {
                    Some(name) => Some(self.user(&name).await?.id),
                    None => None,
                };
                let (users, spaces) = (self.accounts.users().await?, self.library.spaces().await?);
                let uploads = self.uploads_to(&judged.accesses(&spaces)).await?.into_iter();
                let meant = uploads.filter(|upload| only.is_none() || upload.user() == only);
                Ok(Reply::Uploads(meant.map(|upload| shown::upload(upload, &users, &spaces)).collect()))
            }
            Request::UploadCancel { upload } => {
                let spaces = self.library.spaces().await?;
                let uploads = self.uploads_to(&judged.accesses(&spaces)).await?;
                let found = uploads.iter().find(|one| one.id.to_string() == upload);
                let found = found.ok_or(UploadError::NoSuchUpload)?;
                let access = judged.access(found.space)?;
                self.uploads.cancel(&access, UploadsOf::Everybody, found.id, by).await?;
                Ok(Reply::Done("the upload is ended and what had arrived of it removed".into()))
            }
            Request::LinkList { space } => {
                let spaces = self.spaces(space, judged).await?;
                let links = self.sharing.all_links(&judged.accesses(&spaces)).await?;
                Ok(Reply::Links(links.into_iter().map(|link| shown::link(link, &spaces)).collect()))
            }
            Request::LinkAdd { user, asked } => self.add_link(&user, *asked, now).await,
            Request::HandInList { space } => {
                let spaces = self.spaces(space, judged).await?;
                self.hand_ins(&spaces, judged).await
            }
            Request::ReceiptShow { id } => self.receipt(id, judged).await,
            Request::DownloadList { space } => {
                let spaces = self.spaces(space, judged).await?;
                self.downloads(&spaces, judged).await
            }
            Request::DownloadReceipt { id } => self.download_receipt(id, judged).await,
            Request::RequestAdd { user, asked } => self.ask_for(&user, *asked, now).await,
            Request::RequestList { space, of, before } => {
                let spaces = self.spaces(space, judged).await?;
                self.requests(&spaces, (&of, before), judged, now).await
            }
            Request::RequestShow { id } => self.request_shown(id, judged, now).await,
            Request::RequestJudge { id, items, verdict, reason } => {
                self.judge_items(id, items, (&verdict, reason), judged, by).await
            }
            Request::RequestClose { id, closed } => self.close_or_reopen(id, closed, judged, by).await,
            Request::RequestExtend { id, deadline } => self.extend_request(id, &deadline, judged, by).await,
            Request::RequestItem { id, item, until, form, example } => {
                let files = [(Handout::Form, form), (Handout::Example, example)];
                self.change_item(id, item, (until.as_deref(), files), judged, by).await
            }
            Request::RequestRemind { id } => self.remind(id, judged, by).await,
            Request::RequestPreview { id } => self.reminder_preview(id, judged, now).await,
            Request::RequestPause { id, paused } => self.pause_reminders(id, paused, judged, by).await,
            Request::RequestRecipient { id, recipient, mail } => {
                self.readdress(id, (recipient, &mail), judged, by).await
            }
            Request::TemplateList => self.templates().await,
            Request::TemplateShow { name } => self.template(&name).await,
            Request::TemplateImport { text } => self.import_template(&text, by).await,
            Request::LinkRevoke { link } => {
                if !self.sharing.revoke(LinkId(link), by).await? {
                    return Err(LinkError::NoSuchLink.into());
                }
                Ok(Reply::Done(format!("link {link} does not open any more")))
            }
            Request::HoldList { space, all } => {
                let spaces = self.spaces(space, judged).await?;
                let holds = self.intake.list(judged.accesses(&spaces), all).await?.into_iter();
                let names = self.accounts.names_in_history().await?;
                Ok(Reply::Holds(holds.map(|hold| shown::hold(hold, &spaces, &names, now)).collect()))
            }
            Request::HoldShow { id } => {
                let spaces = self.library.spaces().await?;
                let hold = self.intake.show(judged.accesses(&spaces), HoldId(id)).await?;
                let fetched = self.fetched(&hold).await?;
                let names = self.accounts.names_in_history().await?;
                Ok(Reply::Hold(HoldShown { fetched, ..shown::hold(hold, &spaces, &names, now) }))
            }
            Request::HoldDecide { id, decision, reason, to } => {
                self.decide(judged, HoldId(id), &decision, (reason, to), by).await
            }
            Request::HoldDecline { id, user, reason } => {
                let accesses = judged.accesses(&self.library.spaces().await?);
                let user = self.user(&user).await?;
                self.intake.decline(accesses, HoldId(id), user.id, reason, by).await?;
                Ok(Reply::Done(format!("{} does not get item {id}", user.name)))
            }
            Request::HoldAllow { id, days, reason } => {
                let accesses = judged.accesses(&self.library.spaces().await?);
                let time = Duration::from_hours(24) * days;
                let ends = self.intake.allow(accesses, HoldId(id), time, reason, by).await?;
                Ok(Reply::Done(format!("the content of item {id} is let into its space until {ends}")))
            }
            Request::HoldDisallow { id } => {
                let accesses = judged.accesses(&self.library.spaces().await?);
                self.intake.disallow(accesses, HoldId(id), by).await?;
                Ok(Reply::Done(format!("the content of item {id} is examined again from now on")))
            }
            Request::HoldAllowed => {
                let spaces = self.library.spaces().await?;
                let rows = self.intake.allowed(judged.accesses(&spaces)).await?;
                let names = self.accounts.names_in_history().await?;
                Ok(Reply::Allowed(rows.iter().map(|row| shown::allowed(row, &spaces, &names)).collect()))
            }
            Request::HoldPassword { id, password } => {
                let accesses = judged.accesses(&self.library.spaces().await?);
                let password = password.to_secret_string();
                let given = self.intake.give_password(accesses, HoldId(id), password, by).await?;
                let state = Language::English.hold_state(given.state);
                Ok(Reply::Done(match given.is_partly {
                    true => format!("the password opens a part of item {id}; another part stays closed"),
                    false => format!("the password opens item {id}, which is {state}"),
                }))
            }
            Request::HoldCertificate { id } => {
                let spaces = self.library.spaces().await?;
                let name = |id| {
                    let space = spaces.iter().find(|space| space.id == id);
                    space.map(|space| space.name.clone()).unwrap_or_default()
                };
                let accesses = judged.accesses(&spaces);
                Ok(Reply::Text(self.intake.certificate(accesses, HoldId(id), name, now).await?))
            }
            Request::HoldCertificateKey => Ok(Reply::Text(format!("{}\n", self.intake.certificate_key()))),
            Request::ScanStatus => {
                let pass = self.intake.rescan().await?;
                Ok(Reply::Rescan(pass.map(|pass| shown::rescan(&pass, now))))
            }
            Request::ScanSet { mode } => {
                let mode = word("mode", &mode, RescanMode::from_word, RescanMode::ALL)?;
                self.intake.set_rescan(mode).await?;
                Ok(Reply::Done(match mode {
                    RescanMode::Scheduled => {
                        "everything stored is scanned again when there are new signatures".into()
                    }
                    RescanMode::Urgent => "everything stored is scanned again now".into(),
                    RescanMode::Paused => "nothing stored is scanned again until `tresor scan now`".into(),
                }))
            }
            Request::LockList { space } => {
                let spaces = self.spaces(space, judged).await?;
                let (rights, users) = (judged.accesses(&spaces), self.accounts.users().await?);
                let locks = self.library.locks(&rights, now).await?.into_iter();
                Ok(Reply::Locks(locks.map(|held| shown::lock(held, &users, &spaces)).collect()))
            }
            Request::LockEnd { token, user, space } => {
                let rights = judged.accesses(&self.spaces(space, judged).await?);
                let user = match user {
                    Some(name) => Some(self.user(&name).await?.id),
                    None => None,
                };
                let meant = LockFilter { token: token.map(LockToken), user };
                let is_one = meant.token.is_some();
                match self.library.end_locks(&rights, meant, by).await? {
                    0 if is_one => Err(LibraryError::NoSuchLock.into()),
                    1 => Ok(Reply::Done("1 lock is ended".into())),
                    ended => Ok(Reply::Done(format!("{ended} locks are ended"))),
                }
            }
            Request::VerifyBegin { full, restart, rate } => {
                let mode = if full { VerifyMode::Full } else { VerifyMode::Quick };
                let (starter, rate) = (VerifyStarter::Owner, rate.map(ByteSize));
                let order = VerifyOrder { starter, mode, rate, restart };
                Ok(Reply::Verify(VerifyShown::new(self.recovery.begin_verify(order, now).await?, now)))
            }
            Request::VerifyStep { run } => {
                let step = self.recovery.verify_step(VerifyStarter::Owner, RunId(run), now).await?;
                Ok(Reply::Verify(VerifyShown::new(step, now)))
            }
        }
    }

    async fn grants(&self, user: Option<String>, space: Option<String>) -> Result<Reply, AdminError> {
        let only_user = match user {
            Some(name) => Some(self.user(&name).await?.id),
            None => None,
        };
        let only_space = match space {
            Some(name) => Some(self.space(&name).await?.id),
            None => None,
        };
        let (users, spaces) = (self.accounts.users().await?, self.library.spaces().await?);
        let rows = self.accounts.grants().await?.into_iter().filter(|row| {
            only_user.is_none_or(|user| row.user == user) && only_space.is_none_or(|space| row.space == space)
        });
        let mut shown: Vec<_> = rows
            .filter_map(|row| {
                let user = users.iter().find(|user| user.id == row.user)?;
                let effective = accounts::decide(user.role, accounts::Standing::Enabled, Some(row.grant));
                Some(GrantShown {
                    user: user.name.clone(),
                    space: spaces.iter().find(|space| space.id == row.space)?.name.clone(),
                    right: row.grant.right.as_str().into(),
                    release: effective.is_some_and(|effective| effective.releases),
                    hold_seconds: effective.and_then(|effective| effective.hold).map(|time| time.as_secs()),
                })
            })
            .collect();
        shown.sort_by(|a, b| (&a.space, &a.user).cmp(&(&b.space, &b.user)));
        Ok(Reply::Grants(shown))
    }

    /// All users' uploads into the spaces of these rights.
    async fn uploads_to(&self, rights: &[Access]) -> Result<Vec<Upload>, AdminError> {
        Ok(self.uploads.list(rights, UploadsOf::Everybody).await?)
    }

    pub(super) async fn user(&self, name: &str) -> Result<UserRow, AdminError> {
        let name = UserName::parse(name)?;
        Ok(self.accounts.user_by_name(&name).await?.ok_or(AccountsError::UnknownUser)?)
    }

    pub(super) async fn space(&self, name: &str) -> Result<Space, AdminError> {
        let name = EntryName::parse(name)?;
        Ok(self.library.space_named(&name).await?.ok_or(LibraryError::NoSuchSpace)?)
    }

    /// The space of this name, which the request must reach, or all spaces.
    async fn spaces(&self, name: Option<String>, judged: &Judged) -> Result<Vec<Space>, AdminError> {
        match name {
            Some(name) => {
                let space = self.space(&name).await?;
                judged.access(space.id)?;
                Ok(vec![space])
            }
            None => Ok(self.library.spaces().await?),
        }
    }

    /// The links, devices, grants and uploads that end when a user is removed.
    async fn removal(&self, name: &str, judged: &Judged) -> Result<RemovalShown, AdminError> {
        let (user, spaces) = (self.user(name).await?, self.library.spaces().await?);
        let rights = judged.to_count_in(&spaces);
        let links = self.sharing.all_links(&rights).await?;
        let uploads = self.uploads_to(&rights).await?;
        Ok(RemovalShown {
            links: links.iter().filter(|shared| shared.link.creator == user.id).count(),
            app_passwords: self.accounts.app_passwords_of(user.id).await?.len(),
            grants: self.accounts.grants().await?.iter().filter(|grant| grant.user == user.id).count(),
            uploads: uploads.iter().filter(|upload| upload.user() == Some(user.id)).count(),
            name: user.name,
        })
    }

    async fn change(&self, space: &str, judged: &Judged, now: Timestamp) -> Result<Change, AdminError> {
        let access = judged.access(self.space(space).await?.id)?;
        Ok(Change { access, actor: judged.actor(), now, conditions: Conditions::default() })
    }
}

fn granted(user: &UserRow, space: &Space, grant: SpaceGrant) -> String {
    let effective = accounts::decide(user.role, accounts::Standing::Enabled, Some(grant));
    let SpaceGrant { right, releases, hold } = grant;
    let cut = match effective {
        Some(effective) if effective.right < right => {
            format!(", which for a {} means {}", user.role, effective.right)
        }
        _ => String::new(),
    };
    let more = match (releases, effective) {
        (true, Some(effective)) if effective.releases => ", and decide what is released".to_owned(),
        (true, _) => format!(", and decide nothing about held files, because a {} never does", user.role),
        (false, _) => String::new(),
    };
    let held = match hold {
        Some(time) => format!("; contents from this user are held for {}", Span(time)),
        None => String::new(),
    };
    format!("{} may {right} in {}{cut}{more}{held}", user.name, space.name)
}

pub(super) fn parse_path(text: &str) -> Result<EntryPath, NameError> {
    EntryPath::parse(text.strip_prefix('/').unwrap_or(text))
}

pub(super) fn word<T: Copy + std::fmt::Display>(
    what: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T, AdminError> {
    parse(text).ok_or_else(|| AdminError::Word {
        word: text.to_owned(),
        what,
        allowed: all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    })
}

fn with_changes(
    settings: SpaceSettings,
    (quota, history): (Option<u64>, Option<u64>),
    version_days: Option<u32>,
    trash_days: Option<u32>,
) -> SpaceSettings {
    let bound = |wanted, present| match wanted {
        None => present,
        Some(0) => None,
        Some(bytes) => Some(ByteSize(bytes)),
    };
    SpaceSettings {
        quota: bound(quota, settings.quota),
        history: bound(history, settings.history),
        version_days: version_days.unwrap_or(settings.version_days),
        trash_days: trash_days.unwrap_or(settings.trash_days),
        ..settings
    }
}

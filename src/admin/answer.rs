//! Executes a request: each is a call of a room, or of the file here that knows its kind.

use super::error::AdminError;
use super::judge::{Asker, Judged};
use super::reply::{RecoveryKeyShown, Reply, VerifyShown};
use super::request::{ContactAsked, Request};
use super::service::{Admin, parse_path, word};
use super::shown;
use super::space::SettingsAsked;
use crate::accounts::UserName;
use crate::model::{
    AppPasswordId, ByteSize, EntryId, EntryName, EventId, Handout, HoldId, LinkId, NoticeId, PasskeyId, Role,
    SessionId, Stamp, Timestamp, VerifyMode, VerifyStarter, VersionId,
};
use crate::recovery::{RunId, VerifyOrder};
use crate::sharing::LinkError;
use crate::text::Language;

impl Admin {
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
                // Not its text, which may name a person or an address.
                tracing::debug!(code = error.code(), "request refused");
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
                self.add_app_password(&user, (&label, days), by).await
            }
            Request::AppPasswordList { user } => self.app_passwords(&user).await,
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
            Request::PasskeyRename { user, id, label } => {
                let user = self.user(&user).await?;
                self.accounts.rename_passkey(user.id, PasskeyId(id), &label, by).await?;
                Ok(Reply::Done(format!("passkey {id} of {} has another name", user.name)))
            }
            Request::PasskeyRemove { user, id } => {
                let user = self.user(&user).await?;
                self.accounts.remove_passkey(user.id, PasskeyId(id), by).await?;
                Ok(Reply::Done(format!("passkey {id} of {} opens nothing any more", user.name)))
            }
            Request::SecondFactorBegin { name, again } => {
                self.begin_second_factor(&name, again.as_ref(), now).await
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
                let asked = SettingsAsked { quota, history, version_days, trash_days, intake, mail };
                self.add_space(&name, &kind, asked, by).await
            }
            Request::SpaceList => {
                Ok(Reply::Spaces(self.library.spaces().await?.iter().map(shown::space).collect()))
            }
            Request::SpaceSet { name, quota, history, version_days, trash_days, intake, mail } => {
                let asked = SettingsAsked { quota, history, version_days, trash_days, intake, mail };
                self.set_space(&name, asked, by).await
            }
            Request::SpaceRename { name, new_name } => {
                let (space, new_name) = (self.space(&name).await?, EntryName::parse(&new_name)?);
                self.library.rename_space(space.id, &new_name, by).await?;
                Ok(Reply::Done(format!("space {} is now {new_name}", space.name)))
            }
            Request::Grant { user, space, right, release, hold } => {
                self.grant((&user, &space), &right, (release, hold), by).await
            }
            Request::Revoke { user, space } => {
                let (user, space) = (self.user(&user).await?, self.space(&space).await?);
                self.accounts.revoke(user.id, space.id, by).await?;
                Ok(Reply::Done(format!("{} has no right to {} any more", user.name, space.name)))
            }
            Request::GrantList { user, space } => self.grants(user, space).await,
            Request::TrashList { space } => self.trash(&space, judged).await,
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
            Request::VersionList { space, path } => self.versions(&space, &path, judged).await,
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
            Request::UploadList { user } => self.uploads_shown(user, judged).await,
            Request::UploadCancel { upload } => self.cancel_upload(&upload, judged, by).await,
            Request::LinkList { space } => {
                let spaces = self.spaces(space, judged).await?;
                let links = self.sharing.all_links(&judged.accesses(&spaces)).await?;
                Ok(Reply::Links(links.into_iter().map(|link| shown::link(link, &spaces)).collect()))
            }
            Request::LinkAdd { user, asked } => self.add_link(&user, *asked, judged, now).await,
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
            Request::RequestPlan { id, plan } => self.plan_reminders(id, &plan, judged, by).await,
            Request::RequestRecipient { id, recipient, mail } => {
                self.readdress(id, (recipient, &mail), judged, by).await
            }
            Request::RequestInvite { id } => self.invite(id, judged, by).await,
            Request::RequestRenew { id, recipient } => self.renew_address(id, recipient, judged, by).await,
            Request::RequestAnswer { id, comment, text } => {
                self.answer_comment(id, (comment, &text), judged, by).await
            }
            Request::TemplateList => self.templates().await,
            Request::TemplateShow { name } => self.template(&name).await,
            Request::TemplateImport { text } => self.import_template(&text, by).await,
            Request::TemplateRemove { name } => self.remove_template(&name, by).await,
            Request::TemplateReset { name } => self.reset_template(&name, by).await,
            Request::LinkRevoke { link } => {
                if !self.sharing.revoke(LinkId(link), by).await? {
                    return Err(LinkError::NoSuchLink.into());
                }
                Ok(Reply::Done(format!("link {link} does not open any more")))
            }
            Request::HoldList { space, all } => self.holds(space, all, judged, now).await,
            Request::HoldShow { id } => self.hold_shown(HoldId(id), judged, now).await,
            Request::HoldDecide { id, decision, reason, to } => {
                self.decide(judged, HoldId(id), &decision, (reason, to), by).await
            }
            Request::HoldDecline { id, user, reason } => {
                self.decline(HoldId(id), (&user, reason), judged, by).await
            }
            Request::HoldAllow { id, days, reason } => {
                self.allow(HoldId(id), (days, reason), judged, by).await
            }
            Request::HoldDisallow { id } => self.disallow(HoldId(id), judged, by).await,
            Request::HoldAllowed => self.allowed(judged).await,
            Request::HoldPassword { id, password } => {
                self.give_password(HoldId(id), &password, judged, by).await
            }
            Request::HoldCertificate { id } => self.certificate(HoldId(id), judged, now).await,
            Request::HoldCertificateKey => Ok(Reply::Text(format!("{}\n", self.intake.certificate_key()))),
            Request::ScanStatus => {
                let pass = self.intake.rescan().await?;
                Ok(Reply::Rescan(pass.map(|pass| shown::rescan(&pass, now))))
            }
            Request::ScanSet { mode } => self.set_rescan(&mode).await,
            Request::LockList { space } => self.locks(space, judged, now).await,
            Request::LockEnd { token, user, space } => self.end_locks(token, user, space, judged, by).await,
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
}

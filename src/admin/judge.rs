//! Decides who may make a request, before anything of it is done.

use super::error::AdminError;
use super::request::Request;
use crate::accounts::{Accounts, Principal, UserName, owner_access};
use crate::library::{LibraryError, Space};
use crate::model::{Access, AccessDenied, Actor, Right, Role, SpaceId};

/// The person who makes a request.
#[derive(Clone, Debug)]
pub enum Asker {
    /// The owner of the data directory: on its socket, or by a command that opened the instance.
    Owner,
    /// A user who logged in.
    User(Principal),
}

/// The askers to whom a request is open, besides the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Askers<'a> {
    /// No others.
    Owner,
    /// Administrators.
    Administrators,
    /// Administrators, and the user of this name.
    Person(&'a str),
    /// The same, if that user works in the office: the request names colleagues.
    Colleague(&'a str),
    /// Users with this right, in the spaces where they have it. Administrators need a grant as well, because
    /// these requests show names and contents of files.
    Spaces(Right),
    /// Users with the right to write, in the spaces where they have it, except clients of the office: these are asked.
    Staff,
    /// Those, and administrators.
    StaffOrAdministrators,
    /// Users who decide about held contents, in the spaces where they do.
    Releasers,
}

/// The only decision about requests. Secrets of the whole instance, and work for its disk, are the owner's.
fn askers(request: &Request) -> Askers<'_> {
    match request {
        Request::Unlock { .. }
        | Request::ChangeRecoveryKey { .. }
        | Request::Snapshot
        | Request::SnapshotList
        | Request::VerifyBegin { .. }
        | Request::VerifyStep { .. }
        | Request::History { space: None, .. } => Askers::Owner,
        Request::Status
        | Request::OfficeShow
        | Request::OfficeSet(_)
        | Request::NoticeList
        | Request::NoticeShow { .. }
        | Request::NoticeRetry { .. }
        | Request::NoticeTest { .. }
        | Request::UserAdd { .. }
        | Request::UserList
        | Request::UserSetRole { .. }
        | Request::UserDisable { .. }
        | Request::UserEnable { .. }
        | Request::UserRemovalPreview { .. }
        | Request::UserRemove { .. }
        | Request::SpaceAdd { .. }
        | Request::SpaceList
        | Request::SpaceSet { .. }
        | Request::SpaceRename { .. }
        | Request::Grant { .. }
        | Request::Revoke { .. }
        | Request::GrantList { user: None, .. }
        | Request::ScanStatus
        | Request::ScanSet { .. }
        | Request::TemplateImport { .. }
        | Request::TemplateRemove { .. }
        | Request::TemplateReset { .. }
        // With another address, others would get this person's mails.
        | Request::UserSet { mail: Some(_), .. }
        // Names a link by number and shows nothing about it.
        | Request::LinkRevoke { .. }
        // Not the user's own: a session alone, without the present password, must not take over the account.
        | Request::UserSetPassword { .. }
        | Request::SecondFactorRemove { .. } => Askers::Administrators,
        Request::UserSet { name, substitute: Some(_), .. } => Askers::Colleague(name),
        Request::UserSet { name, .. }
        | Request::AppPasswordAdd { user: name, .. }
        | Request::AppPasswordList { user: name }
        | Request::AppPasswordRevoke { user: name, .. }
        | Request::SessionList { user: name }
        | Request::SessionEnd { user: name, .. }
        | Request::PasskeyList { user: name }
        | Request::PasskeyRename { user: name, .. }
        | Request::PasskeyRemove { user: name, .. }
        | Request::SecondFactorBegin { name, .. }
        | Request::SecondFactorConfirm { name, .. }
        | Request::RecoveryCodesRenew { name }
        | Request::LinkAdd { user: name, .. }
        | Request::RequestAdd { user: name, .. }
        | Request::GrantList { user: Some(name), .. } => Askers::Person(name),
        Request::TrashList { .. }
        | Request::VersionList { .. }
        | Request::HandInList { .. }
        | Request::ReceiptShow { .. }
        | Request::DownloadList { .. }
        | Request::DownloadReceipt { .. } => Askers::Spaces(Right::Read),
        Request::TrashRestore { .. } | Request::VersionRestore { .. } => Askers::Spaces(Right::Write),
        Request::RequestList { .. }
        | Request::RequestShow { .. }
        | Request::RequestJudge { .. }
        | Request::RequestClose { .. }
        | Request::RequestExtend { .. }
        | Request::RequestItem { .. }
        | Request::RequestRemind { .. }
        | Request::RequestPreview { .. }
        | Request::RequestPause { .. }
        | Request::RequestPlan { .. }
        | Request::RequestInvite { .. }
        | Request::RequestRenew { .. }
        | Request::RequestAnswer { .. }
        | Request::RequestRecipient { .. } => Askers::Staff,
        // They name no client and no file; administrators change them.
        Request::TemplateList | Request::TemplateShow { .. } => Askers::StaffOrAdministrators,
        Request::TrashPurge { .. }
        | Request::History { space: Some(_), .. }
        | Request::UploadList { .. }
        | Request::UploadCancel { .. }
        | Request::LinkList { .. }
        | Request::LockList { .. }
        | Request::LockEnd { .. } => Askers::Spaces(Right::Manage),
        Request::HoldList { .. }
        | Request::HoldShow { .. }
        | Request::HoldDecide { .. }
        | Request::HoldDecline { .. }
        | Request::HoldAllow { .. }
        | Request::HoldDisallow { .. }
        | Request::HoldAllowed
        | Request::HoldPassword { .. }
        | Request::HoldCertificate { .. }
        | Request::HoldCertificateKey => Askers::Releasers,
    }
}

/// The right of an asker to make one request: the actor of its changes, and the only source of accesses in this
/// room.
pub(super) struct Judged {
    actor: Actor,
    reach: Reach,
}

/// The spaces whose files a request may reach.
enum Reach {
    Every,
    /// Those of the user's accesses that include this right.
    Granted(Vec<Access>, Right),
    /// Those of the user's accesses that include decisions about held contents.
    Releasing(Vec<Access>),
    /// None: the request is about accounts or settings.
    None,
}

impl Judged {
    /// Whether the owner of the server asks, who may know every user and space.
    pub(super) fn is_owner(&self) -> bool {
        self.actor == Actor::Owner
    }

    /// Judges a request by the present role and grants of the asker.
    ///
    /// Errors: `NotAllowed`.
    pub(super) async fn new(request: &Request, by: &Asker, accounts: &Accounts) -> Result<Self, AdminError> {
        let user = match by {
            Asker::Owner => return Ok(Self { actor: Actor::Owner, reach: Reach::Every }),
            // A device's password opens files and nothing else, so a lost device cannot change accounts.
            Asker::User(user) if user.via_app_password.is_some() => return Err(AdminError::NotAllowed),
            Asker::User(user) => user,
        };
        let reach = match askers(request) {
            Askers::Owner => None,
            Askers::Administrators => accounts.may_administer(user).await?.then_some(Reach::None),
            Askers::Person(name) => {
                let is_allowed = accounts.may_administer(user).await? || is(user, name, accounts).await?;
                is_allowed.then_some(Reach::None)
            }
            Askers::Colleague(name) => {
                let is_own = user.role == Role::Staff && is(user, name, accounts).await?;
                (is_own || accounts.may_administer(user).await?).then_some(Reach::None)
            }
            Askers::Spaces(needed) => {
                let rights = accounts.spaces_of(user).await?;
                let has_any = rights.iter().any(|access| access.require(needed).is_ok());
                has_any.then_some(Reach::Granted(rights, needed))
            }
            Askers::StaffOrAdministrators if accounts.may_administer(user).await? => Some(Reach::None),
            Askers::Staff | Askers::StaffOrAdministrators => {
                let rights = accounts.spaces_of(user).await?;
                let has_any = rights.iter().any(|access| access.require(Right::Write).is_ok());
                (has_any && user.role != Role::Client).then_some(Reach::Granted(rights, Right::Write))
            }
            Askers::Releasers => {
                let rights = accounts.spaces_of(user).await?;
                rights.iter().any(Access::may_release).then_some(Reach::Releasing(rights))
            }
        };
        Ok(Self { actor: user.actor(), reach: reach.ok_or(AdminError::NotAllowed)? })
    }

    /// The actor of the changes.
    pub(super) fn actor(&self) -> Actor {
        self.actor
    }

    /// The access to a space.
    ///
    /// Errors: the same for a space that the asker cannot see as for one that does not exist.
    pub(super) fn access(&self, space: SpaceId) -> Result<Access, AdminError> {
        match &self.reach {
            Reach::Every => Ok(owner_access(space)),
            Reach::Granted(rights, needed) => {
                let access = rights.iter().find(|access| access.space() == space);
                let access = access.ok_or(LibraryError::NoSuchSpace)?;
                access.require(*needed).map_err(LibraryError::from)?;
                Ok(*access)
            }
            Reach::Releasing(rights) => {
                let access = rights.iter().find(|access| access.space() == space);
                let access = access.ok_or(LibraryError::NoSuchSpace)?;
                match access.may_release() {
                    true => Ok(*access),
                    false => Err(LibraryError::from(AccessDenied { needed: Right::Manage }).into()),
                }
            }
            Reach::None => Err(LibraryError::NoSuchSpace.into()),
        }
    }

    /// The accesses to those of these spaces that the request may reach.
    pub(super) fn accesses(&self, spaces: &[Space]) -> Vec<Access> {
        spaces.iter().filter_map(|space| self.access(space.id).ok()).collect()
    }

    /// Accesses for counting what ends with an account. Administrators count in every space, because numbers
    /// tell nothing about files.
    pub(super) fn to_count_in(&self, spaces: &[Space]) -> Vec<Access> {
        match self.reach {
            Reach::Every | Reach::None => spaces.iter().map(|space| owner_access(space.id)).collect(),
            Reach::Granted(..) | Reach::Releasing(_) => self.accesses(spaces),
        }
    }
}

/// Whether `name` is the enabled account of this user: a removed account's name may be in use again.
async fn is(user: &Principal, name: &str, accounts: &Accounts) -> Result<bool, AdminError> {
    let Ok(name) = UserName::parse(name) else { return Ok(false) };
    let row = accounts.user_by_name(&name).await?;
    Ok(row.is_some_and(|row| row.id == user.user && row.disabled.is_none()))
}

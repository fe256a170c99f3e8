//! Spaces, and what lies in them: the trash, earlier versions, uploads under way, locks.

use super::error::AdminError;
use super::judge::Judged;
use super::reply::{Reply, TrashShown, VersionShown, When};
use super::request::{IntakeAsked, MailAsked};
use super::service::{Admin, parse_path, word};
use super::shown;
use crate::library::{LibraryError, LockFilter, SpaceSettings};
use crate::model::{Access, ByteSize, ChecksumKind, EntryName, LockToken, SpaceKind, Stamp, Timestamp};
use crate::uploads::{Upload, UploadError, UploadsOf};

/// Settings of a space that a request changes; `None` leaves one as it is.
pub(super) struct SettingsAsked {
    /// Bytes of its quota; 0 for none.
    pub(super) quota: Option<u64>,
    /// Bytes for earlier versions and the trash; 0 for no limit.
    pub(super) history: Option<u64>,
    pub(super) version_days: Option<u32>,
    pub(super) trash_days: Option<u32>,
    pub(super) intake: IntakeAsked,
    pub(super) mail: Option<MailAsked>,
}

impl Admin {
    pub(super) async fn add_space(
        &self,
        name: &str,
        kind: &str,
        asked: SettingsAsked,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let name = EntryName::parse(name)?;
        let kind = word("kind of space", kind, SpaceKind::from_word, SpaceKind::ALL)?;
        let settings = self.changed(SpaceSettings::default(), asked)?;
        self.library.add_space(&name, kind, settings, by).await?;
        self.accounts.forget_snapshot();
        Ok(Reply::Done(format!("space {name} is ready; give people access with `tresor grant`")))
    }

    pub(super) async fn set_space(
        &self,
        name: &str,
        asked: SettingsAsked,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let space = self.space(name).await?;
        let settings = self.changed(space.settings.clone(), asked)?;
        self.library.set_space_settings(space.id, settings, by).await?;
        Ok(Reply::Done(format!("space {} has new settings", space.name)))
    }

    /// The settings after a change.
    fn changed(&self, settings: SpaceSettings, asked: SettingsAsked) -> Result<SpaceSettings, AdminError> {
        let bound = |wanted, present| match wanted {
            None => present,
            Some(0) => None,
            Some(bytes) => Some(ByteSize(bytes)),
        };
        let settings = SpaceSettings {
            quota: bound(asked.quota, settings.quota),
            history: bound(asked.history, settings.history),
            version_days: asked.version_days.unwrap_or(settings.version_days),
            trash_days: asked.trash_days.unwrap_or(settings.trash_days),
            ..settings
        };
        self.with_intake(settings, asked.intake, asked.mail)
    }

    pub(super) async fn trash(&self, space: &str, judged: &Judged) -> Result<Reply, AdminError> {
        let access = judged.access(self.space(space).await?.id)?;
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

    pub(super) async fn versions(
        &self,
        space: &str,
        path: &str,
        judged: &Judged,
    ) -> Result<Reply, AdminError> {
        let access = judged.access(self.space(space).await?.id)?;
        let names = self.accounts.names_in_history().await?;
        let versions = self.library.versions(&access, &parse_path(path)?).await?.into_iter();
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

    pub(super) async fn uploads_shown(
        &self,
        user: Option<String>,
        judged: &Judged,
    ) -> Result<Reply, AdminError> {
        let only = match user {
            Some(name) => Some(self.user(&name).await?.id),
            None => None,
        };
        let (users, spaces) = (self.accounts.users().await?, self.library.spaces().await?);
        let uploads = self.uploads_to(&judged.accesses(&spaces)).await?.into_iter();
        let meant = uploads.filter(|upload| only.is_none() || upload.user() == only);
        Ok(Reply::Uploads(meant.map(|upload| shown::upload(upload, &users, &spaces)).collect()))
    }

    pub(super) async fn cancel_upload(
        &self,
        upload: &str,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let uploads = self.uploads_to(&judged.accesses(&spaces)).await?;
        let found = uploads.iter().find(|one| one.id.to_string() == upload);
        let found = found.ok_or(UploadError::NoSuchUpload)?;
        let access = judged.access(found.space)?;
        self.uploads.cancel(&access, UploadsOf::Everybody, found.id, by).await?;
        Ok(Reply::Done("the upload is ended and what had arrived of it removed".into()))
    }

    /// All users' uploads into the spaces of these rights.
    pub(super) async fn uploads_to(&self, rights: &[Access]) -> Result<Vec<Upload>, AdminError> {
        Ok(self.uploads.list(rights, UploadsOf::Everybody).await?)
    }

    pub(super) async fn locks(
        &self,
        space: Option<String>,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let spaces = self.spaces(space, judged).await?;
        let (rights, users) = (judged.accesses(&spaces), self.accounts.users().await?);
        let locks = self.library.locks(&rights, now).await?.into_iter();
        Ok(Reply::Locks(locks.map(|held| shown::lock(held, &users, &spaces)).collect()))
    }

    pub(super) async fn end_locks(
        &self,
        token: Option<String>,
        user: Option<String>,
        space: Option<String>,
        judged: &Judged,
        by: Stamp,
    ) -> Result<Reply, AdminError> {
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
}

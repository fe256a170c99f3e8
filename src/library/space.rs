//! Creates and changes spaces.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::RwLock;

use super::error::disk_error;
use super::space_note::SpaceNote;
use super::{Detail, JointUsage, Library, LibraryError, Member, SpaceUsage};
use crate::catalog::{Catalog, NewSpace, ReadTx, SpaceRow, WriteTx};
use crate::model::{
    Access, ByteSize, EntryId, EntryName, Etag, Event, Holding, MailName, PdfRule, ReleaseBy, Right,
    SpaceEvent, SpaceId, SpaceKind, Stamp, Timestamp,
};

/// A client's or team's space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Id of the space.
    pub id: SpaceId,
    /// Name of its top folder in every mount.
    pub name: String,
    /// Client or team.
    pub kind: SpaceKind,
    /// Top folder of the space.
    pub root: EntryId,
    /// Bytes that count towards its quota: current files, uploads and properties.
    pub used: ByteSize,
    /// Bytes of earlier versions and the trash.
    pub history: ByteSize,
    /// Time of creation.
    pub created: Timestamp,
    /// Settings that can be changed.
    pub settings: SpaceSettings,
}

/// An administrator's settings for a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceSettings {
    /// The quota: limit for current data; `None` for as much as the disk can hold.
    pub quota: Option<ByteSize>,
    /// Limit for earlier versions and the trash, in addition to the quota; `None` for the same as the quota.
    pub history: Option<ByteSize>,
    /// Days for which replaced versions are kept; 0 keeps none.
    pub version_days: u32,
    /// Days for which deleted entries are kept.
    pub trash_days: u32,
    /// How contents that arrive are held and examined; `None` if nothing is held.
    pub hold: Option<Holding>,
    /// Number of persons who must decide to release a held content.
    pub release_by: ReleaseBy,
    /// Rules for the PDFs of held documents.
    pub pdf: PdfRule,
    /// Its address for mails; `None` if it takes none.
    pub mail: Option<MailName>,
}

impl Default for SpaceSettings {
    fn default() -> Self {
        Self {
            quota: None,
            history: None,
            version_days: 30,
            trash_days: 30,
            hold: None,
            release_by: ReleaseBy::One,
            pdf: PdfRule::default(),
            mail: None,
        }
    }
}

/// A space as a mount shows it.
#[derive(Clone, Debug)]
pub struct Top {
    /// The user's right to it.
    pub access: Access,
    /// The space itself.
    pub space: Space,
    /// Top folder of the space.
    pub member: Member,
    /// Usage, if [`Detail::usage`] requests it.
    pub usage: Option<SpaceUsage>,
}

/// The top level of a mount, read from one snapshot.
#[derive(Clone, Debug)]
pub struct Tops {
    /// The spaces by name.
    pub tops: Vec<Top>,
    /// Total usage, if [`Detail::usage`] requests it.
    pub usage: Option<JointUsage>,
}

impl From<SpaceRow> for Space {
    fn from(row: SpaceRow) -> Self {
        let used = ByteSize(row.counted());
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            root: row.root,
            used,
            history: row.history,
            created: row.created,
            settings: SpaceSettings {
                quota: row.quota,
                history: row.history_limit,
                version_days: row.version_days,
                trash_days: row.trash_days,
                hold: row.hold,
                release_by: row.release_by,
                pdf: row.pdf,
                mail: row.mail,
            },
        }
    }
}

/// Errors: `MailNameTaken` if another space has this address.
fn require_free(tx: &ReadTx<'_>, mail: Option<&MailName>, space: SpaceId) -> Result<(), LibraryError> {
    let Some(name) = mail else { return Ok(()) };
    match tx.space_by_mail(name)? {
        Some(other) if other.id != space => Err(LibraryError::MailNameTaken),
        _ => Ok(()),
    }
}

/// Ids by name key, so that a request needs no read to find its space.
#[derive(Default)]
pub(super) struct SpaceIds(RwLock<Option<Arc<HashMap<String, SpaceId>>>>);

impl SpaceIds {
    async fn current(&self, catalog: &Catalog) -> Result<Arc<HashMap<String, SpaceId>>, LibraryError> {
        if let Some(ids) = &*self.0.read().await {
            return Ok(Arc::clone(ids));
        }
        // Loaded under the lock that invalidation takes, so a load that missed a change is invalidated after it.
        let mut place = self.0.write().await;
        let load = |tx: &ReadTx<'_>| {
            let key = |row: &SpaceRow| EntryName::parse(&row.name).map(|name| name.key()).unwrap_or_default();
            Ok::<_, LibraryError>(tx.spaces()?.iter().map(|row| (key(row), row.id)).collect())
        };
        let ids: Arc<HashMap<_, _>> = Arc::new(catalog.read(load).await?);
        *place = Some(Arc::clone(&ids));
        Ok(ids)
    }

    /// Call it after a change is durable and before it is acknowledged.
    async fn forget(&self) {
        *self.0.write().await = None;
    }
}

impl Library {
    /// Creates an empty space with a key of its own. The key is durable before the row: a key without a space is
    /// harmless, but the files of a space without a key would be lost.
    pub async fn add_space(
        &self,
        name: &EntryName,
        kind: SpaceKind,
        settings: SpaceSettings,
        by: Stamp,
    ) -> Result<Space, LibraryError> {
        self.storing().await?;
        let id = SpaceId::random();
        let root = self.new_entry_id().await?;
        if self.space_named(name).await?.is_some() {
            return Err(LibraryError::SpaceExists);
        }
        let keys = Arc::clone(&self.shared.keys);
        let made = tokio::task::spawn_blocking(move || keys.create_space_key(id)).await?;
        made.map_err(|error| self.noted(error))?;
        let note = SpaceNote {
            name: name.clone(),
            kind,
            quota: settings.quota,
            history: settings.history,
            version_days: settings.version_days,
            trash_days: settings.trash_days,
            hold: settings.hold,
            release_by: settings.release_by,
            pdf: settings.pdf,
            mail: settings.mail.clone(),
            created: by.at,
        };
        self.note_new_space(id, note).await?;
        let name = name.clone();
        let space = self
            .catalog()
            .write(move |tx| {
                if tx.space_by_name(&name.key())?.is_some() {
                    return Err(LibraryError::SpaceExists);
                }
                require_free(tx, settings.mail.as_ref(), id)?;
                tx.insert_space(&NewSpace {
                    id,
                    name: &name,
                    kind,
                    root,
                    quota: settings.quota,
                    history_limit: settings.history,
                    version_days: settings.version_days,
                    trash_days: settings.trash_days,
                    hold: settings.hold,
                    release_by: settings.release_by,
                    pdf: settings.pdf,
                    mail: settings.mail.as_ref(),
                    created: by.at,
                })?;
                let made = tx.space(id)?.map(Space::from).ok_or(LibraryError::NoSuchSpace)?;
                record(tx, &by, SpaceEvent::Made, &made)?;
                Ok(made)
            })
            .await?;
        self.shared.spaces.ids.forget().await;
        Ok(space)
    }

    /// The id of the space with this name, in any capitals and composition of accents. Answers from memory.
    pub async fn space_id(&self, name: &EntryName) -> Result<Option<SpaceId>, LibraryError> {
        let ids = self.shared.spaces.ids.current(self.catalog()).await?;
        Ok(ids.get(&name.key()).copied())
    }

    /// The name of a space.
    pub async fn space_name(&self, id: SpaceId) -> Result<String, LibraryError> {
        let found = self.catalog().read(move |tx| Ok::<_, LibraryError>(tx.space(id)?)).await?;
        Ok(found.ok_or(LibraryError::NoSuchSpace)?.name)
    }

    /// The space with this address for mails.
    pub async fn space_with_mail(&self, name: &MailName) -> Result<Option<Space>, LibraryError> {
        let name = name.clone();
        self.catalog().read(move |tx| Ok(tx.space_by_mail(&name)?.map(Space::from))).await
    }

    /// All spaces by name, whatever the rights of the user.
    pub async fn spaces(&self) -> Result<Vec<Space>, LibraryError> {
        self.catalog().read(|tx| Ok(tx.spaces()?.into_iter().map(Space::from).collect())).await
    }

    /// The spaces whose key file is missing, damaged or another's. Without a backup of it, none of their files can
    /// be opened after a restart.
    pub async fn spaces_without_key(&self) -> Result<Vec<Space>, LibraryError> {
        let keys = Arc::clone(&self.shared.keys);
        self.catalog()
            .read(move |tx| {
                let mut without = Vec::new();
                for row in tx.spaces()? {
                    if keys.space_key_fault(row.id)?.is_some() {
                        without.push(Space::from(row));
                    }
                }
                Ok(without)
            })
            .await
    }

    /// A space with stored files, if no such space has a folder on the disk: `spaces/` was removed, or its own disk
    /// is not mounted. Files stored now would be hidden under that disk's mount.
    pub async fn lost_space(&self) -> Result<Option<SpaceId>, LibraryError> {
        let containers = Arc::clone(&self.storage().containers);
        self.catalog()
            .read(move |tx| {
                let folders = containers.spaces().map_err(disk_error("look into spaces/"))?;
                Ok(tx.stored_space_outside(&folders)?)
            })
            .await
    }

    /// The space of this name, in any capitals and composition of accents.
    pub async fn space_named(&self, name: &EntryName) -> Result<Option<Space>, LibraryError> {
        let key = name.key();
        self.catalog().read(move |tx| Ok(tx.space_by_name(&key)?.map(Space::from))).await
    }

    /// Changes a space's settings.
    pub async fn set_space_settings(
        &self,
        space: SpaceId,
        settings: SpaceSettings,
        by: Stamp,
    ) -> Result<(), LibraryError> {
        let note = self.shared.spaces.notes.lock().await;
        self.catalog()
            .write(move |tx| {
                let row = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?;
                require_free(tx, settings.mail.as_ref(), space)?;
                record(tx, &by, SpaceEvent::SettingsChanged, &row.into())?;
                tx.set_quota(space, settings.quota)?;
                tx.set_history_limit(space, settings.history)?;
                tx.set_hold(space, settings.hold)?;
                tx.set_release_by(space, settings.release_by)?;
                tx.set_pdf_rule(space, settings.pdf)?;
                tx.set_mail(space, settings.mail.as_ref())?;
                Ok::<_, LibraryError>(tx.set_keep_days(space, settings.version_days, settings.trash_days)?)
            })
            .await?;
        self.renew_space_note(space, note).await;
        Ok(())
    }

    /// Renames a space in every mount.
    pub async fn rename_space(
        &self,
        space: SpaceId,
        name: &EntryName,
        by: Stamp,
    ) -> Result<(), LibraryError> {
        let name = name.clone();
        let note = self.shared.spaces.notes.lock().await;
        let renamed = self
            .catalog()
            .write(move |tx| match tx.space_by_name(&name.key())? {
                Some(other) if other.id != space => Err(LibraryError::SpaceExists),
                _ => {
                    tx.rename_space(space, &name)?;
                    let row = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?;
                    record(tx, &by, SpaceEvent::Renamed, &row.into())
                }
            })
            .await;
        self.shared.spaces.ids.forget().await;
        if renamed.is_ok() {
            self.renew_space_note(space, note).await;
        }
        renamed
    }

    /// The top folders that these rights open, with their spaces, by name: one read for a whole mount.
    pub async fn tops(&self, rights: &[Access], now: Timestamp) -> Result<Vec<Top>, LibraryError> {
        let wanted = rights.iter().map(|access| (*access, Detail::NONE)).collect();
        Ok(self.tops_with(wanted, now).await?.tops)
    }

    /// Like [`Self::tops`], with details: each right has its own, because it decides what may be shown of the
    /// space.
    pub async fn tops_with(
        &self,
        wanted: Vec<(Access, Detail)>,
        now: Timestamp,
    ) -> Result<Tops, LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let wanted: HashMap<_, _> = wanted.iter().map(|asked| (asked.0.space(), asked)).collect();
                let mut rows = tx.spaces()?;
                rows.retain(|row| wanted.contains_key(&row.id));
                let free = match wanted.values().any(|(_, detail)| detail.usage) {
                    true => Some(library.room_on_disk()?),
                    false => None,
                };
                let joint = free.map(|free| JointUsage::new(&rows, free));
                let mut tops = Vec::with_capacity(rows.len());
                for space in rows {
                    let Some((access, detail)) = wanted.get(&space.id) else { continue };
                    access.require(Right::Read)?;
                    let row = tx.entry(space.root)?.ok_or(LibraryError::NotFound)?;
                    let member = library.member_of(tx, access, row, detail, now)?;
                    let usage = free.filter(|_| detail.usage).map(|free| SpaceUsage::new(&space, free));
                    tops.push(Top { access: *access, space: Space::from(space), member, usage });
                }
                Ok(Tops { tops, usage: joint })
            })
            .await
    }

    /// One ETag for a mount's top level, which shows `tops`: changes with any change in one of them, and when one
    /// is added, removed or renamed or its right changes.
    pub fn mount_etag(&self, tops: &[Top]) -> Etag {
        let mut hash = <sha2::Sha256 as sha2::Digest>::new();
        for Top { space, member, access, .. } in tops {
            let right = access.right();
            sha2::Digest::update(&mut hash, format!("{} {} {right}\n", member.entry.etag.0, space.name));
        }
        let digest = sha2::Digest::finalize(hash);
        let text = data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default());
        Etag(format!("{text}-{}", self.state_fingerprint()))
    }
}

fn record(tx: &WriteTx<'_>, by: &Stamp, kind: SpaceEvent, space: &Space) -> Result<(), LibraryError> {
    Ok(tx.record(by, &Event::Space { kind, space: space.id, name: space.name.clone() })?)
}

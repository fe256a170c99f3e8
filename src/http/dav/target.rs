//! Resolves a request to its target and the right to it: every method starts here.

use super::visitor::Visitor;
use super::{DavRequest, Failure};
use crate::http::protocol::conditional;
use crate::http::protocol::href::{Located, Place};
use crate::library::{Change, Detail, LibraryError, Tops};
use crate::model::{Access, Conditions, EntryName, EntryPath, Right, Timestamp};

/// The target of a request.
pub(super) enum Target {
    /// The mount itself: the list of spaces.
    Root,
    /// A space or an entry in it.
    Entry(EntryTarget),
}

/// A place in a space that this user may see.
pub(super) struct EntryTarget {
    /// The space's name as in the request, so that hrefs match the request.
    pub(super) space: EntryName,
    pub(super) path: EntryPath,
    pub(super) access: Access,
}

impl EntryTarget {
    pub(super) fn place(&self) -> Place {
        Place::Entry { space: self.space.clone(), path: self.path.clone() }
    }
}

impl DavRequest<'_> {
    /// The request's own target.
    pub(super) async fn target(&self) -> Result<Target, Failure> {
        let located = self.mount.locate(self.written_path())?.ok_or_else(Failure::not_found)?;
        let target = self.resolve(located).await?;
        if let (Target::Entry(entry), Visitor::User(principal)) = (&target, self.visitor) {
            self.services.recent_spaces.note(principal.user, entry.access.space());
        }
        Ok(target)
    }

    /// The request's own target, for methods that refuse the mount itself.
    pub(super) async fn entry_target(&self, refusal: fn() -> Failure) -> Result<EntryTarget, Failure> {
        match self.target().await? {
            Target::Root => Err(refusal()),
            Target::Entry(target) => Ok(target),
        }
    }

    /// A space that does not exist and one that this user may not see get the same answer.
    pub(super) async fn resolve(&self, located: Located) -> Result<Target, Failure> {
        let Place::Entry { space: name, path } = located.place else { return Ok(Target::Root) };
        let access = match self.visitor {
            // A guest's mounts contain only the linked entry.
            Visitor::Guest(visit) => visit.access,
            Visitor::User(principal) => {
                let id = self.services.library.space_id(&name).await?.ok_or_else(Failure::not_found)?;
                self.services.accounts.access(principal, id).await?.ok_or_else(Failure::not_found)?
            }
        };
        Ok(Target::Entry(EntryTarget { space: name, path, access }))
    }

    /// Fails if the checked right to store a file no longer exists: the grant was revoked, the account disabled,
    /// the link ended.
    pub(super) async fn may_still_store(&self, access: &Access) -> Result<(), Failure> {
        self.access_now(access).await?.scope_to_add().map_err(LibraryError::from)?;
        Ok(())
    }

    /// Fails if a checked right no longer exists.
    pub(super) async fn may_still(&self, access: &Access, needed: Right) -> Result<(), Failure> {
        self.access_now(access).await?.scope(needed).map_err(LibraryError::from)?;
        Ok(())
    }

    /// The present right.
    async fn access_now(&self, access: &Access) -> Result<Access, Failure> {
        match self.visitor {
            Visitor::Guest(visit) => Ok(self.services.sharing.still_valid(visit, Timestamp::now()).await?),
            Visitor::User(principal) => {
                self.services.accounts.access(principal, access.space()).await?.ok_or_else(Failure::not_found)
            }
        }
    }

    /// The spaces that this user may see, by name, each with the data that `detail` asks for.
    pub(super) async fn visible_spaces(&self, detail: impl Fn(&Access) -> Detail) -> Result<Tops, Failure> {
        let rights = self.services.accounts.spaces_of(self.principal()?).await?;
        let wanted = rights.into_iter().map(|access| (access, detail(&access))).collect();
        Ok(self.services.library.tops_with(wanted, self.info.received).await?)
    }

    pub(super) fn conditions(&self) -> Result<Conditions, Failure> {
        Ok(conditional::read(&self.parts.headers, &self.site)?)
    }

    /// A change at `target` under the request's conditions. Fails at once if the right is too low, before the body
    /// is read.
    pub(super) fn change(&self, target: &EntryTarget) -> Result<Change, Failure> {
        target.access.scope(Right::Write).map_err(LibraryError::from)?;
        self.changing(target)
    }

    /// Like [`Self::change`], for putting a file somewhere.
    pub(super) fn addition(&self, target: &EntryTarget) -> Result<Change, Failure> {
        target.access.scope_to_add().map_err(LibraryError::from)?;
        self.changing(target)
    }

    fn changing(&self, target: &EntryTarget) -> Result<Change, Failure> {
        Ok(Change {
            access: target.access,
            actor: self.visitor.actor(),
            now: self.info.received,
            conditions: self.conditions()?,
        })
    }
}

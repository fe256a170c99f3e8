//! Roles, rights and the proof that a right was checked.

use std::time::Duration;

use super::words::word_form;
use super::{EntryId, LinkId, SpaceId, UserId, Worker};

/// A user's role in this office; each account has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the instance: users, spaces, grants. Sees no content without a grant.
    Administrator,
    /// A member of the office.
    Staff,
    /// A client of the office (Mandant).
    Client,
    /// Reads, never changes anything.
    Auditor,
}

/// A user's right in one space; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// List and fetch.
    Read,
    /// Create, change, move and delete (into the trash).
    Write,
    /// Empty the trash, change the space's settings.
    Manage,
}

/// The right that a link gives for its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkRight {
    /// List and fetch.
    Read,
    /// Everything a writer may do below the linked folder, or with the linked file's content; never with the linked
    /// entry itself.
    Edit,
    /// Put new files into the linked folder and nothing else: not even see its contents.
    Add,
}

/// The purpose of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpaceKind {
    /// One client of the office.
    Client,
    /// A group of colleagues.
    Team,
}

/// State of a version, which decides who may see it (`library::visibility`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// Visible to every user with the right to read the file.
    Visible,
    /// Withheld until it is examined.
    Held,
    /// Withheld because it was found to be dangerous.
    Quarantined,
    /// May be stored but not used (GDPR Art. 18).
    Restricted,
}

word_form!(Role { Administrator = "administrator", Staff = "staff", Client = "client", Auditor = "auditor" });
word_form!(Right { Read = "read", Write = "write", Manage = "manage" });
word_form!(LinkRight { Read = "read", Edit = "edit", Add = "add" });
word_form!(SpaceKind { Client = "client", Team = "team" });
word_form!(VersionState {
    Visible = "visible",
    Held = "held",
    Quarantined = "quarantined",
    Restricted = "restricted"
});

/// The person or program that looks at a file: decides how much of a withheld version it may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// A user with an account.
    User(UserId),
    /// A guest with this link.
    Guest(LinkId),
    /// The owner of the data directory, through a command.
    Owner,
    /// The server itself.
    Worker(Worker),
}

/// Proof that a user's right to a space, or a guest's to a part of one, was checked. `library` accepts nothing
/// else, and `tests/architecture.rs` makes sure that only `accounts`, and `library::worker` for workers, creates one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    space: SpaceId,
    right: Right,
    /// Whether it reaches decisions about held contents.
    releases: bool,
    viewer: Viewer,
    grant: Option<LinkGrant>,
    /// The entry that the guest's link leads to; the access begins there, or below if it was narrowed.
    linked: Option<EntryId>,
    /// Whether a content that it stores gets a free name, so that it replaces none.
    stores_beside: bool,
}

/// The rights of a person in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceGrant {
    /// The right to its files.
    pub right: Right,
    /// Whether the person decides about held contents. Managers of the space do so anyway.
    pub releases: bool,
    /// Time for which a space with a holding time holds this person's contents; `None` for the space's own.
    pub hold: Option<Duration>,
}

impl From<Right> for SpaceGrant {
    /// The right alone.
    fn from(right: Right) -> Self {
        Self { right, releases: false, hold: None }
    }
}

/// The access that the creator of a link gives to its guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkGrant {
    /// Id of the link.
    pub link: LinkId,
    /// Entry where the access begins: nothing above or beside it exists for a guest.
    pub top: EntryId,
    /// Right of the guests.
    pub right: LinkRight,
}

/// The part of a space that a checked request may use, and the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    start: Start,
    viewer: Viewer,
}

/// Where the paths of a checked request begin: at a space's root, or for a guest at the entry of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    space: SpaceId,
    top: Option<EntryId>,
    linked: Option<EntryId>,
}

/// The checked right is not enough for the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the right to {needed}")]
pub struct AccessDenied {
    /// The right that was missing.
    pub needed: Right,
}

impl Access {
    /// Access for a user with an account. Only the rights check in `accounts` may call this.
    pub fn granted(space: SpaceId, right: Right, user: UserId) -> Self {
        Self::to_all(space, right, Viewer::User(user))
    }

    /// The same for a user who decides about held contents, too.
    pub fn granted_to_release(space: SpaceId, right: Right, user: UserId) -> Self {
        Self { releases: true, ..Self::granted(space, right, user) }
    }

    /// Access for the owner of the data directory. Only the rights check in `accounts` may call this.
    pub fn granted_to_owner(space: SpaceId) -> Self {
        Self::to_all(space, Right::Manage, Viewer::Owner)
    }

    /// Access for a worker. Only `library::worker` may call this.
    pub fn granted_to_worker(worker: Worker, space: SpaceId) -> Self {
        Self::to_all(space, Right::Manage, Viewer::Worker(worker))
    }

    fn to_all(space: SpaceId, right: Right, viewer: Viewer) -> Self {
        Self {
            space,
            right,
            releases: right == Right::Manage,
            viewer,
            grant: None,
            linked: None,
            stores_beside: false,
        }
    }

    /// Access for a guest. Only the rights check in `accounts` may call this.
    pub fn granted_to_guest(space: SpaceId, grant: LinkGrant) -> Self {
        let right = match grant.right {
            LinkRight::Read | LinkRight::Add => Right::Read,
            LinkRight::Edit => Right::Write,
        };
        let viewer = Viewer::Guest(grant.link);
        let stores_beside = grant.right == LinkRight::Add;
        Self {
            space,
            right,
            releases: false,
            viewer,
            linked: Some(grant.top),
            grant: Some(grant),
            stores_beside,
        }
    }

    /// The space of the access; a guest has access to a part of it.
    pub fn space(&self) -> SpaceId {
        self.space
    }

    /// The highest right it carries. Meaningless for a guest who may only add files and cannot even read.
    pub fn right(&self) -> Right {
        self.right
    }

    /// The viewer whose right was checked.
    pub fn viewer(&self) -> Viewer {
        self.viewer
    }

    /// The link that a guest used; `None` for a user with an account.
    pub fn link(&self) -> Option<LinkId> {
        self.grant.map(|grant| grant.link)
    }

    /// The entry at which a guest's access begins.
    pub fn top(&self) -> Option<EntryId> {
        self.grant.map(|grant| grant.top)
    }

    /// The right that a guest's link gives.
    pub fn link_right(&self) -> Option<LinkRight> {
        self.grant.map(|grant| grant.right)
    }

    /// Whether adding files is the only thing allowed.
    pub fn only_adds(&self) -> bool {
        self.grant.is_some_and(|grant| grant.right == LinkRight::Add)
    }

    /// Whether a content that it stores gets a free name, so that it replaces none.
    pub fn stores_beside(&self) -> bool {
        self.stores_beside
    }

    /// The same access, but its files replace nothing: a file whose name is taken gets a number.
    pub fn storing_beside(self) -> Self {
        Self { stores_beside: true, ..self }
    }

    /// Access for a guest to add files to this folder and nothing else, while the folder stays below the link's
    /// entry. The folder must just have been found there.
    pub fn narrowed_to_adding(&self, folder: EntryId) -> Result<Self, AccessDenied> {
        if self.only_adds() && self.top() != Some(folder) {
            return Err(AccessDenied { needed: Right::Write });
        }
        self.narrowed_to_hand_in(folder)
    }

    /// The same for a folder that the server chose for a guest's file. The guest need not see it.
    pub fn narrowed_to_hand_in(&self, folder: EntryId) -> Result<Self, AccessDenied> {
        self.scope_to_add()?;
        let grant = self.grant.ok_or(AccessDenied { needed: Right::Write })?;
        let narrowed =
            Self::granted_to_guest(self.space, LinkGrant { top: folder, right: LinkRight::Add, ..grant });
        Ok(Self { linked: self.linked, ..narrowed })
    }

    /// The space, if the right reaches `needed` and covers the whole space. Refuses guests, so that every new use
    /// case must decide about guests explicitly.
    pub fn require(&self, needed: Right) -> Result<SpaceId, AccessDenied> {
        if self.grant.is_none() && self.right >= needed {
            Ok(self.space)
        } else {
            Err(AccessDenied { needed })
        }
    }

    /// Whether it reaches decisions about held contents of the space.
    pub fn may_release(&self) -> bool {
        self.releases
    }

    /// Where paths begin, if the right reaches `needed` there; for guests too.
    pub fn scope(&self, needed: Right) -> Result<Scope, AccessDenied> {
        if self.only_adds() || self.right < needed {
            return Err(AccessDenied { needed });
        }
        Ok(self.reached())
    }

    /// Like [`Self::scope`] for the whole space; refuses guests, as [`Self::require`] does.
    pub fn whole_space(&self, needed: Right) -> Result<Scope, AccessDenied> {
        self.require(needed).map(|_| self.reached())
    }

    /// Like [`Self::scope`], for putting a file somewhere.
    pub fn scope_to_add(&self) -> Result<Scope, AccessDenied> {
        if self.only_adds() {
            return Ok(self.reached());
        }
        self.scope(Right::Write)
    }

    fn reached(&self) -> Scope {
        let start = Start { space: self.space, top: self.top(), linked: self.linked };
        Scope { start, viewer: self.viewer }
    }
}

impl Scope {
    /// The space that contains it.
    pub fn space(self) -> SpaceId {
        self.start.space
    }

    /// The entry where it begins; `None` for the space's root.
    pub fn top(self) -> Option<EntryId> {
        self.start.top
    }

    /// The entry that a guest's link leads to: where the access begins, or above.
    pub fn linked(self) -> Option<EntryId> {
        self.start.linked
    }

    /// Where its paths begin, for any viewer.
    pub fn start(self) -> Start {
        self.start
    }

    /// The viewer.
    pub fn viewer(self) -> Viewer {
        self.viewer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(right: LinkRight) -> Access {
        let grant = LinkGrant { link: LinkId(1), top: EntryId(7), right };
        Access::granted_to_guest(SpaceId([1; 16]), grant)
    }

    #[test]
    fn a_guest_reaches_what_his_link_lends_and_never_a_whole_space() {
        use LinkRight::{Add, Edit, Read};
        for (right, reads, writes, adds) in
            [(Read, true, false, false), (Edit, true, true, true), (Add, false, false, true)]
        {
            let access = guest(right);
            assert_eq!(access.scope(Right::Read).is_ok(), reads, "{right}");
            assert_eq!(access.scope(Right::Write).is_ok(), writes, "{right}");
            assert_eq!(access.scope_to_add().is_ok(), adds, "{right}");
            assert!(access.scope(Right::Manage).is_err(), "{right}");
            for &needed in Right::ALL {
                assert_eq!(access.require(needed), Err(AccessDenied { needed }), "{right}");
            }
        }
        assert_eq!(guest(Read).scope(Right::Read).unwrap().top(), Some(EntryId(7)));
    }

    #[test]
    fn a_guest_may_be_held_to_adding_and_to_nothing_more() {
        let (here, below) = (EntryId(7), EntryId(8));
        assert!(guest(LinkRight::Read).narrowed_to_adding(here).is_err());
        assert!(guest(LinkRight::Add).narrowed_to_adding(below).is_err(), "he cannot have found it");
        assert_eq!(guest(LinkRight::Add).narrowed_to_adding(here), Ok(guest(LinkRight::Add)));
        let narrowed = guest(LinkRight::Edit).narrowed_to_adding(below).unwrap();
        assert_eq!((narrowed.top(), narrowed.only_adds()), (Some(below), true));
        let owner = Access::granted(SpaceId([1; 16]), Right::Manage, UserId(1));
        assert!(owner.narrowed_to_adding(here).is_err(), "no guest");
    }

    #[test]
    fn whoever_has_an_account_reaches_from_the_root() {
        let (space, anna) = (SpaceId([1; 16]), UserId(7));
        let access = Access::granted(space, Right::Write, anna);
        for scope in [access.scope(Right::Write), access.scope_to_add(), access.whole_space(Right::Read)] {
            let scope = scope.unwrap();
            assert_eq!((scope.space(), scope.top(), scope.viewer()), (space, None, Viewer::User(anna)));
        }
        assert_eq!(access.require(Right::Manage), Err(AccessDenied { needed: Right::Manage }));
        assert!(Access::granted(space, Right::Read, anna).scope_to_add().is_err());
        assert!(guest(LinkRight::Edit).whole_space(Right::Read).is_err());
    }

    #[test]
    fn guests_and_readers_decide_about_nothing() {
        let (space, anna) = (SpaceId([1; 16]), UserId(7));
        for (right, decides) in [(Right::Read, false), (Right::Write, false), (Right::Manage, true)] {
            assert_eq!(Access::granted(space, right, anna).may_release(), decides, "{right}");
            let releasing = Access::granted_to_release(space, right, anna);
            assert!(releasing.may_release() && releasing.right() == right, "{right}");
        }
        assert!(Access::granted_to_owner(space).may_release());
        for right in [LinkRight::Read, LinkRight::Edit, LinkRight::Add] {
            assert!(!guest(right).may_release(), "{right}");
        }
    }

    #[test]
    fn each_access_says_who_looks() {
        let space = SpaceId([1; 16]);
        assert_eq!(Access::granted_to_owner(space).viewer(), Viewer::Owner);
        let worker = Access::granted_to_worker(Worker::Upkeep, space);
        assert_eq!(worker.viewer(), Viewer::Worker(Worker::Upkeep));
        let narrowed = guest(LinkRight::Edit).narrowed_to_adding(EntryId(8)).unwrap();
        assert_eq!(narrowed.scope_to_add().unwrap().viewer(), Viewer::Guest(LinkId(1)));
    }
}

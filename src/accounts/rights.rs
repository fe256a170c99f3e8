//! The only code that decides about rights. No other code compares roles.

use crate::model::{Access, LinkGrant, LinkRight, Right, Role, SpaceGrant, SpaceId, UserId};

/// Whether an account is enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May log in.
    Enabled,
    /// Disabled by an administrator; keeps its grants but has no access.
    Disabled,
}

/// The effective grant of a user who was granted `grant` in a space.
///
/// Without a grant there is no right, not even for administrators: an administrator who wants to read a client's
/// files has to grant the right to their own account, which is recorded. Auditors can at most read, clients of
/// the office at most write, whatever the grant, and neither decides about held contents. Managers of a space
/// do.
pub fn decide(role: Role, standing: Standing, grant: Option<SpaceGrant>) -> Option<SpaceGrant> {
    let highest = match role {
        Role::Auditor => Right::Read,
        Role::Client => Right::Write,
        Role::Staff | Role::Administrator => Right::Manage,
    };
    let grant = grant.filter(|_| standing == Standing::Enabled)?;
    let right = grant.right.min(highest);
    let releases = (grant.releases && highest == Right::Manage) || right == Right::Manage;
    Some(SpaceGrant { right, releases, ..grant })
}

/// The proof that `library` requires for every request from the network.
pub(super) fn access(
    (user, role, standing): (UserId, Role, Standing),
    space: SpaceId,
    grant: Option<SpaceGrant>,
) -> Option<Access> {
    let SpaceGrant { right, releases, .. } = decide(role, standing, grant)?;
    Some(match releases {
        true => Access::granted_to_release(space, right, user),
        false => Access::granted(space, right, user),
    })
}

/// The proof for a guest, from the present right of the link's creator and from the link's own right. A link never
/// gives more than its creator has: it narrows with the creator's right and ends with it.
pub(super) fn guest_access(space: SpaceId, creator: Option<Right>, grant: LinkGrant) -> Option<Access> {
    let right = match (grant.right, creator?) {
        (LinkRight::Read, _) | (LinkRight::Edit, Right::Read) => LinkRight::Read,
        (LinkRight::Edit, Right::Write | Right::Manage) => LinkRight::Edit,
        (LinkRight::Add, Right::Write | Right::Manage) => LinkRight::Add,
        (LinkRight::Add, Right::Read) => return None,
    };
    Some(Access::granted_to_guest(space, LinkGrant { right, ..grant }))
}

/// The proof for the owner of the data directory, who uses its socket or the command line. The owner could change
/// any grant anyway, so none is required. For trash and versions, never for a network route.
pub fn owner_access(space: SpaceId) -> Access {
    Access::granted_to_owner(space)
}

/// Whether the user may change users, spaces and grants.
pub fn may_administer(role: Role, standing: Standing) -> bool {
    role == Role::Administrator && standing == Standing::Enabled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryId, LinkId, Viewer};
    use Right::{Manage, Read, Write};
    use Role::{Administrator, Auditor, Client, Staff};

    #[test]
    fn rights_follow_role_and_grant_and_nothing_else() {
        let table = [
            (Administrator, None, None),
            (Administrator, Some(Read), Some(Read)),
            (Administrator, Some(Write), Some(Write)),
            (Administrator, Some(Manage), Some(Manage)),
            (Staff, None, None),
            (Staff, Some(Read), Some(Read)),
            (Staff, Some(Write), Some(Write)),
            (Staff, Some(Manage), Some(Manage)),
            (Client, None, None),
            (Client, Some(Read), Some(Read)),
            (Client, Some(Write), Some(Write)),
            (Client, Some(Manage), Some(Write)),
            (Auditor, None, None),
            (Auditor, Some(Read), Some(Read)),
            (Auditor, Some(Write), Some(Read)),
            (Auditor, Some(Manage), Some(Read)),
        ];
        assert_eq!(table.len(), Role::ALL.len() * (Right::ALL.len() + 1));
        for (role, grant, expected) in table {
            for releases in [false, true] {
                let grant = grant.map(|right| SpaceGrant { right, releases, hold: None });
                let decided = decide(role, Standing::Enabled, grant);
                assert_eq!(decided.map(|decided| decided.right), expected, "{role} {grant:?}");
                let of_the_office = role == Staff || role == Administrator;
                let may_decide = grant.is_some() && of_the_office && (releases || expected == Some(Manage));
                assert_eq!(decided.is_some_and(|decided| decided.releases), may_decide, "{role} {grant:?}");
                assert_eq!(decide(role, Standing::Disabled, grant), None, "{role} {grant:?}");
            }
        }
    }

    #[test]
    fn access_names_the_space_that_was_asked_for() {
        let space = SpaceId::random();
        let who = (UserId(7), Client, Standing::Enabled);
        let access = access(who, space, Some(Manage.into())).unwrap();
        assert_eq!((access.space(), access.right()), (space, Write));
        assert_eq!(access.viewer(), Viewer::User(UserId(7)));
    }

    #[test]
    fn a_guest_never_has_more_than_whoever_made_his_link() {
        let space = SpaceId::random();
        let lent = |creator, right| {
            let grant = LinkGrant { link: LinkId(1), top: EntryId(2), right };
            let access = guest_access(space, creator, grant)?;
            assert_eq!((access.link(), access.top()), (Some(grant.link), Some(grant.top)));
            let does =
                (access.scope(Read).is_ok(), access.scope(Write).is_ok(), access.scope_to_add().is_ok());
            Some(does)
        };
        for (creator, right, does) in [
            (None, LinkRight::Read, None),
            (None, LinkRight::Edit, None),
            (None, LinkRight::Add, None),
            (Some(Read), LinkRight::Read, Some((true, false, false))),
            (Some(Read), LinkRight::Edit, Some((true, false, false))),
            (Some(Read), LinkRight::Add, None),
            (Some(Write), LinkRight::Read, Some((true, false, false))),
            (Some(Write), LinkRight::Edit, Some((true, true, true))),
            (Some(Write), LinkRight::Add, Some((false, false, true))),
            (Some(Manage), LinkRight::Read, Some((true, false, false))),
            (Some(Manage), LinkRight::Edit, Some((true, true, true))),
            (Some(Manage), LinkRight::Add, Some((false, false, true))),
        ] {
            assert_eq!(lent(creator, right), does, "{creator:?} {right}");
        }
    }

    #[test]
    fn only_enabled_administrators_administer() {
        for &role in Role::ALL {
            assert_eq!(may_administer(role, Standing::Enabled), role == Administrator);
            assert!(!may_administer(role, Standing::Disabled));
        }
    }
}

//! The user or guest to whom contents are sent, and whose right is checked again while a long answer is sent.

use crate::accounts::{Accounts, Principal};
use crate::library::{Content, Visibility};
use crate::model::{Access, Right, SpaceId, Stamp, Timestamp};
use crate::sharing::{Sharing, Visit};

use super::context::RequestContext;

/// The user or guest to whom contents are sent.
pub(super) enum Reader {
    User { accounts: Accounts, principal: Principal, space: SpaceId },
    Guest { sharing: Sharing, visit: Box<Visit> },
}

impl Reader {
    /// A user with a right to this space.
    pub(super) fn user(context: RequestContext<'_>, principal: &Principal, space: SpaceId) -> Self {
        Self::User { accounts: context.services.accounts.clone(), principal: principal.clone(), space }
    }

    /// A guest with an open link.
    pub(super) fn guest(context: RequestContext<'_>, visit: &Visit) -> Self {
        Self::Guest { sharing: context.services.sharing.clone(), visit: Box::new(visit.clone()) }
    }

    /// The actor of a read, and this time.
    pub(super) fn stamp(&self, at: Timestamp) -> Stamp {
        let actor = match self {
            Self::User { principal, .. } => principal.actor(),
            Self::Guest { visit, .. } => visit.actor(),
        };
        Stamp { actor, at }
    }

    /// Whether it is a guest under the lease of a counted download.
    pub(super) fn is_leased(&self) -> bool {
        matches!(self, Self::Guest { visit, .. } if visit.lease.is_some())
    }

    /// The present right to read, if it still exists.
    pub(super) async fn access(&self) -> Option<Access> {
        let access = match self {
            Self::User { accounts, principal, space } => {
                accounts.access(principal, *space).await.ok().flatten()
            }
            Self::Guest { sharing, visit } => sharing.still_valid(visit, Timestamp::now()).await.ok(),
        };
        access.filter(|access| access.scope(Right::Read).is_ok())
    }

    /// Whether the right still exists and the content was not withheld since it was opened.
    pub(super) async fn still_may(&self, content: &Content) -> bool {
        let Some(access) = self.access().await else { return false };
        content.visibility(access.viewer()).await.is_ok_and(|seen| seen == Visibility::Full)
    }
}

//! The sender of a request: a user with an account, or a guest with a link.

use http::{HeaderValue, Method, StatusCode};

use super::{ALLOWED, DavRequest, Failure};
use crate::accounts::Principal;
use crate::model::{Actor, LinkRight, Stamp, UserId};
use crate::sharing::Visit;

/// Methods for a link with the right to read.
const READABLE: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, PROPFIND");
/// Methods for a folder that accepts files.
const ADDABLE: HeaderValue = HeaderValue::from_static("OPTIONS, PUT");

/// The sender of a request.
#[derive(Clone, Copy)]
pub(super) enum Visitor<'a> {
    /// An authenticated user.
    User(&'a Principal),
    /// A guest with a link.
    Guest(&'a Visit),
}

impl<'a> Visitor<'a> {
    /// The user on whose behalf changes are made: for a guest, the link's creator.
    pub(super) fn user(self) -> UserId {
        match self {
            Self::User(principal) => principal.user,
            Self::Guest(visit) => visit.link.creator,
        }
    }

    /// The sender as an actor.
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::User(principal) => principal.actor(),
            Self::Guest(visit) => visit.actor(),
        }
    }

    /// The name of the tree's owner as the sender may see it: empty for a guest.
    pub(super) fn owner_name(self) -> &'a str {
        match self {
            Self::User(principal) => principal.name.as_str(),
            Self::Guest(_) => "",
        }
    }

    pub(super) fn is_guest(self) -> bool {
        matches!(self, Self::Guest(_))
    }

    /// Whether the visitor's whole tree is one file.
    pub(super) fn is_at_a_file(self) -> bool {
        matches!(self, Self::Guest(visit) if !visit.entry.is_folder())
    }

    /// The methods that the sender may use; a guest's other methods are refused unread.
    pub(super) fn allowed(self) -> HeaderValue {
        match self.right() {
            None | Some(LinkRight::Edit) => ALLOWED,
            Some(LinkRight::Read) => READABLE,
            Some(LinkRight::Add) => ADDABLE,
        }
    }

    /// Fails unless the guest's link allows the method. The answer does not depend on the target, so it reveals
    /// nothing about it.
    pub(super) fn require_method(self, method: &Method) -> Result<(), Failure> {
        let allowed = self.allowed();
        let mut methods = allowed.to_str().unwrap_or_default().split(", ");
        if !self.is_guest() || methods.any(|allowed| allowed == method.as_str()) {
            return Ok(());
        }
        let is_known = ALLOWED.to_str().unwrap_or_default().split(", ").any(|known| known == method.as_str());
        match is_known {
            true => Err(Failure::status(StatusCode::FORBIDDEN, "this link does not allow that")),
            false => {
                Err(Failure::status(StatusCode::METHOD_NOT_ALLOWED, "this method is not supported here"))
            }
        }
    }

    /// The present right of a guest's link; `None` for a user.
    fn right(self) -> Option<LinkRight> {
        match self {
            Self::User(_) => None,
            Self::Guest(visit) => Some(visit.access.link_right().unwrap_or(LinkRight::Read)),
        }
    }
}

impl<'a> DavRequest<'a> {
    /// The sender as an actor, and the time of the request.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { actor: self.visitor.actor(), at: self.info.received }
    }

    /// The authenticated user; an error for guests, who may not use the caller's function.
    pub(super) fn principal(&self) -> Result<&'a Principal, Failure> {
        match self.visitor {
            Visitor::User(principal) => Ok(principal),
            Visitor::Guest(_) => Err(Failure::not_found()),
        }
    }
}

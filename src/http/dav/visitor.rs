//! The sender of a request: a user with an account, or a guest by a link.

use http::{HeaderValue, Method, StatusCode};

use super::{ALLOWED, DavRequest, Failure};
use crate::accounts::Principal;
use crate::model::{Actor, LinkRight, Stamp, UserId};
use crate::sharing::Visit;

/// Of a link to be read.
const READABLE: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, PROPFIND");
/// Of a folder that takes files in.
const ADDABLE: HeaderValue = HeaderValue::from_static("OPTIONS, PUT");

/// Who sends a request.
#[derive(Clone, Copy)]
pub(super) enum Visitor<'a> {
    /// A user who has logged in.
    User(&'a Principal),
    /// A guest with a link.
    Guest(&'a Visit),
}

impl<'a> Visitor<'a> {
    /// For whom changes are made: of a guest, who made his link.
    pub(super) fn user(self) -> UserId {
        match self {
            Self::User(principal) => principal.user,
            Self::Guest(visit) => visit.link.creator,
        }
    }

    /// Who acts.
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::User(principal) => principal.actor(),
            Self::Guest(visit) => visit.actor(),
        }
    }

    /// What he is told of whose tree it is: a guest nothing.
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

    /// What the methods are that he may use; for a guest no others are looked at.
    pub(super) fn allowed(self) -> HeaderValue {
        match self.right() {
            None | Some(LinkRight::Edit) => ALLOWED,
            Some(LinkRight::Read) => READABLE,
            Some(LinkRight::Add) => ADDABLE,
        }
    }

    /// Fails unless the method is one that his link is for. Whatever it is about: the answer tells nothing of it.
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

    /// Of a guest, what his link lends at this moment.
    fn right(self) -> Option<LinkRight> {
        match self {
            Self::User(_) => None,
            Self::Guest(visit) => Some(visit.access.link_right().unwrap_or(LinkRight::Read)),
        }
    }
}

impl<'a> DavRequest<'a> {
    /// Who sends the request, and when it came.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { actor: self.visitor.actor(), at: self.info.received }
    }

    /// Who has logged in; what asks for him is not there for guests.
    pub(super) fn principal(&self) -> Result<&'a Principal, Failure> {
        match self.visitor {
            Visitor::User(principal) => Ok(principal),
            Visitor::Guest(_) => Err(Failure::not_found()),
        }
    }
}

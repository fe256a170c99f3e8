//! LOCK and UNLOCK.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::listing::active_lock;
use super::target::EntryTarget;
use super::{Answer, DavRequest, Failure, header_value};
use crate::http::protocol::error_body::Precondition;
use crate::http::protocol::href::Place;
use crate::http::protocol::lockinfo::{self, LockRequest as Asked};
use crate::http::protocol::properties::lock_answer;
use crate::http::protocol::{headers, multistatus, xml};
use crate::http::reply::empty;
use crate::library::{LibraryError, Lock, LockRequest, MAX_LOCK_SECONDS, NewFile};
use crate::model::Depth;
use crate::net::{RequestBody, ResponseBody};

impl DavRequest<'_> {
    pub(super) async fn lock(&self, body: &mut RequestBody) -> Answer {
        let target = self.entry_target(is_the_mount).await?;
        let change = self.change(&target)?;
        let longest = Duration::from_secs(MAX_LOCK_SECONDS);
        let timeout = headers::lock_timeout(&self.parts.headers, longest);
        match lockinfo::parse(&body.collect(xml::MAX_BODY_BYTES).await?)? {
            Asked::Refresh => {
                let lock = self.services.library.refresh_lock(change, &target.path, timeout).await.map_err(
                    |error| {
                        match error {
                            // RFC 4918 9.10.2: the If header does not name a lock of this resource.
                            LibraryError::NoSuchLock => Failure::Precondition(
                                StatusCode::PRECONDITION_FAILED,
                                Precondition::LockTokenMatchesRequestUri,
                                "no lock of this file is named; it may have ended",
                            ),
                            other => Failure::in_space(&target.space)(other),
                        }
                    },
                )?;
                Ok(self.locked(&target, &lock, StatusCode::OK))
            }
            Asked::New { scope, owner } => {
                let request = LockRequest {
                    scope,
                    is_deep: self.lock_depth()?,
                    owner: owner.unwrap_or_default(),
                    timeout,
                };
                self.take_lock(target, request).await
            }
        }
    }

    /// Whether the lock applies to everything below, which is the default (RFC 4918 9.10.3).
    fn lock_depth(&self) -> Result<bool, Failure> {
        match headers::depth(&self.parts.headers)? {
            None | Some(Depth::Infinity) => Ok(true),
            Some(Depth::Zero) => Ok(false),
            Some(Depth::One) => {
                Err(Failure::status(StatusCode::BAD_REQUEST, "LOCK knows Depth 0 and infinity only"))
            }
        }
    }

    async fn take_lock(&self, target: EntryTarget, request: LockRequest) -> Answer {
        let taken = self.services.library.lock(self.change(&target)?, &target.path, request.clone()).await;
        let (lock, status) = match taken {
            Ok(lock) => (lock, StatusCode::OK),
            // Nothing exists here: create an empty file and lock it in one step (RFC 4918 9.10.4).
            Err(LibraryError::NotFound) if !target.path.is_root() => {
                let file =
                    NewFile { path: target.path.clone(), size: Some(0), modified: None, checksum: None };
                let conflict = conflict_in(&target);
                let session =
                    self.services.library.begin_put(self.change(&target)?, file).await.map_err(&conflict)?;
                let (_, lock) =
                    session.commit_locked(self.info.received, request).await.map_err(&conflict)?;
                (lock, StatusCode::CREATED)
            }
            Err(error) => return Err(conflict_in(&target)(error)),
        };
        let mut response = self.locked(&target, &lock, status);
        let value = header_value(&format!("<{}>", lock.token.0))?;
        response.headers_mut().insert(HeaderName::from_static("lock-token"), value);
        Ok(response)
    }

    fn locked(&self, target: &EntryTarget, lock: &Lock, status: StatusCode) -> Response<ResponseBody> {
        let place = Place::Entry { space: target.space.clone(), path: lock.root.clone() };
        let root = self.mount.href(&place, lock.root_is_folder);
        let xml = lock_answer(&[active_lock(lock, &root, self.info.received)]);
        let mut response = Response::new(ResponseBody::full(xml));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::CONTENT_TYPE));
        response
    }

    pub(super) async fn unlock(&self) -> Answer {
        let target = self.entry_target(is_the_mount).await?;
        let token = headers::lock_token(&self.parts.headers)?;
        self.services.library.unlock(&target.access, self.stamp(), &target.path, &token).await.map_err(
            |error| match error {
                LibraryError::NoSuchLock => Failure::Precondition(
                    StatusCode::CONFLICT,
                    Precondition::LockTokenMatchesRequestUri,
                    "this lock does not exist here or has ended",
                ),
                // The lock of another user (RFC 4918 9.11.1).
                LibraryError::Locked { .. } => {
                    Failure::status(StatusCode::FORBIDDEN, "only the holder of the lock may end it")
                }
                other => Failure::Library(other),
            },
        )?;
        Ok(empty(StatusCode::NO_CONTENT))
    }
}

fn is_the_mount() -> Failure {
    Failure::status(StatusCode::FORBIDDEN, "the list of spaces cannot be locked")
}

/// A lock that conflicts with the requested one.
fn conflict_in(target: &EntryTarget) -> impl Fn(LibraryError) -> Failure {
    let space = target.space.clone();
    move |error| match error {
        LibraryError::Locked { path, .. } => Failure::Locked { space: space.clone(), path, taking: true },
        other => Failure::Library(other),
    }
}

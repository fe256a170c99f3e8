//! Contents that are let in whatever scanners say of them: the office's own macro template that became a virus overnight, the
//! self-extracting archive of the tax authority's software.
//!
//! A content, not a name or a sender: its SHA-256, in one space, until a date, by a person with a reason. Only a
//! content that was released there before can be put on the list, and where two persons release, only one that they
//! released in spite of a scanner. A content that is let in keeps the mark of an override, and its scans are
//! recorded like any.

use std::time::Duration;

use super::allowance::sha256;
use super::people::words;
use super::shown::{handled, path};
use super::tell::tell;
use super::{Intake, IntakeError};
use crate::catalog::{AllowedRow, HoldRow, ReadTx, WriteTx};
use crate::model::{Access, HoldEvent, HoldId, HoldState, ReleaseBy, Stamp, Timestamp};

/// Longest time for which a content is let in; then a person looks at it again.
pub const LONGEST_ALLOWED: Duration = Duration::from_hours(24 * 366);
/// Most contents that one space lets in.
const MAX_ALLOWED: usize = 1_000;

impl Intake {
    /// Lets the content of a released item into its space from now on, for `time`, at most [`LONGEST_ALLOWED`]; returns
    /// when that ends.
    ///
    /// Errors: `NoSuchHold`, also without the right to decide about it; `NoReason`; `WrongState` unless it is released;
    /// `NotOverridden`; `NoHash`; `TooManyAllowed`.
    pub async fn allow(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        time: Duration,
        reason: Option<String>,
        by: Stamp,
    ) -> Result<Timestamp, IntakeError> {
        let allow = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let (hold, sha256) = content_of(tx, &accesses, id)?;
            let reason = words(reason).ok_or(IntakeError::NoReason)?;
            if hold.state != HoldState::Released {
                return Err(IntakeError::WrongState { state: hold.state });
            }
            // No second person has decided about a content that the server released.
            if hold.release_by == ReleaseBy::Two && !hold.overridden {
                return Err(IntakeError::NotOverridden);
            }
            if tx.allowed(hold.space, &sha256)?.is_none()
                && tx.allowed_in(hold.space, MAX_ALLOWED)?.len() >= MAX_ALLOWED
            {
                return Err(IntakeError::TooManyAllowed);
            }
            let ends = tx.not_before_certain(by.at)?.after(time.min(LONGEST_ALLOWED));
            tx.allow(&AllowedRow {
                id: 0,
                space: hold.space,
                sha256,
                path: path(tx, &hold)?,
                reason: reason.clone(),
                user: by.actor.person(),
                at: by.at,
                ends,
            })?;
            tell(tx, &by, &hold, HoldEvent::Allowed, Some(reason), None)?;
            Ok(ends)
        };
        self.library.storing().await?.write(allow).await
    }

    /// Takes the content of an item off the list. Released contents stay released.
    ///
    /// Errors: `NoSuchHold`, also without the right to decide about it; `NoHash`; `NotAllowed` if it is not on the list.
    pub async fn disallow(&self, accesses: Vec<Access>, id: HoldId, by: Stamp) -> Result<(), IntakeError> {
        let disallow = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let (hold, sha256) = content_of(tx, &accesses, id)?;
            if !tx.disallow(hold.space, &sha256)? {
                return Err(IntakeError::NotAllowed);
            }
            tell(tx, &by, &hold, HoldEvent::Disallowed, None, None)
        };
        self.library.storing().await?.write(disallow).await
    }

    /// The contents that the spaces of these accesses let in, of each space the latest first; also those whose time is over.
    pub async fn allowed(&self, accesses: Vec<Access>) -> Result<Vec<AllowedRow>, IntakeError> {
        self.catalog()
            .read(move |tx| {
                let mut rows = Vec::new();
                for access in accesses.iter().filter(|access| access.may_release()) {
                    rows.extend(tx.allowed_in(access.space(), MAX_ALLOWED)?);
                }
                Ok(rows)
            })
            .await
    }
}

/// An item about which the person decides, and the hash of its content.
fn content_of(tx: &ReadTx<'_>, accesses: &[Access], id: HoldId) -> Result<(HoldRow, [u8; 32]), IntakeError> {
    let hold = handled(tx, accesses, id)?;
    let version = tx.version(hold.version)?.ok_or(IntakeError::NoSuchHold)?;
    Ok((hold, sha256(&version).ok_or(IntakeError::NoHash)?))
}

//! Checks before a change: the request's conditions and other people's locks.
//!
//! Both are checked twice with the same code: before the body is read, so that a doomed upload ends early, and
//! inside the transaction that commits, so that nothing can change in between.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};

use super::resolve::{changed, find, path_within};
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, LockRow, ReadTx};
use crate::model::{
    Access, EntryId, EntryPath, Etag, EtagMatch, IfCondition, IfState, IfTarget, LockToken, Right, Scope,
};

impl Library {
    /// Fails unless the conditions hold for the entry at `path`; for requests that change nothing.
    pub async fn require_conditions(&self, demand: Change, path: &EntryPath) -> Result<(), LibraryError> {
        let scope = demand.access.scope(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let entry = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &demand, scope, Some(&entry))
            })
            .await
    }

    /// Checks the `If` header before a request waits for the catalogue's writer, so that a failing one costs other
    /// writers nothing. The transaction checks it again, together with everything else.
    pub(super) async fn foresee(
        &self,
        change: &Change,
        scope: Scope,
        path: &EntryPath,
    ) -> Result<(), LibraryError> {
        if change.conditions.if_lists.is_empty() {
            return Ok(());
        }
        let (library, change, path) = (self.clone(), change.clone(), path.clone());
        self.catalog()
            .read(move |tx| match find(tx, scope, &path)? {
                Some(entry) => library.check_conditions(tx, &change, scope, Some(&entry)),
                None => Ok(()),
            })
            .await
    }

    /// Fails unless every condition of the request holds for `target`, the entry that it names (`None` if there is
    /// none yet).
    pub(super) fn check_conditions(
        &self,
        tx: &ReadTx<'_>,
        change: &Change,
        scope: Scope,
        target: Option<&EntryRow>,
    ) -> Result<(), LibraryError> {
        self.check_conditions_among(tx, change, &[scope], target)
    }

    /// Like [`Self::check_conditions`], for a request that concerns several spaces.
    pub(super) fn check_conditions_among(
        &self,
        tx: &ReadTx<'_>,
        change: &Change,
        scopes: &[Scope],
        target: Option<&EntryRow>,
    ) -> Result<(), LibraryError> {
        let conditions = &change.conditions;
        let matches = |wanted: &EtagMatch| match (wanted, target) {
            (_, None) => false,
            (EtagMatch::Any, Some(_)) => true,
            (EtagMatch::OneOf(tags), Some(row)) => tags.contains(&self.etag(row)),
        };
        let mut holds = conditions.if_match.as_ref().is_none_or(matches)
            && !conditions.if_none_match.as_ref().is_some_and(matches);
        // RFC 9110 13.1.4: If-Unmodified-Since is ignored if there is an If-Match.
        if let (None, Some(limit), Some(row)) = (&conditions.if_match, conditions.if_unmodified_since, target)
        {
            let version = row.version.map(|id| tx.version(id)).transpose()?.flatten();
            let changed = version.map_or(row.modified.as_mtime(), |version| changed(row.modified, &version));
            holds &= changed.as_secs() <= limit.as_secs();
        }
        if holds && !conditions.if_lists.is_empty() {
            holds = self.any_list_holds(tx, change, scopes, target)?;
        }
        if holds { Ok(()) } else { Err(LibraryError::PreconditionFailed) }
    }

    /// Reads each resource that the header names once, however many conditions refer to it.
    fn any_list_holds(
        &self,
        tx: &ReadTx<'_>,
        change: &Change,
        scopes: &[Scope],
        target: Option<&EntryRow>,
    ) -> Result<bool, LibraryError> {
        let mut states: HashMap<&IfTarget, Option<State>> = HashMap::new();
        for list in &change.conditions.if_lists {
            let state = match states.entry(&list.target) {
                Slot::Occupied(known) => known.into_mut(),
                Slot::Vacant(slot) => {
                    let tagged = tagged(tx, change, scopes, &list.target)?;
                    let subject = if list.target == IfTarget::Request { target } else { tagged.as_ref() };
                    slot.insert(subject.map(|row| self.state(tx, change, row)).transpose()?)
                }
            };
            if list.conditions.iter().all(|condition| holds(state.as_ref(), condition)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn state(&self, tx: &ReadTx<'_>, change: &Change, row: &EntryRow) -> Result<State, LibraryError> {
        let locks = tx.locks_covering(row.id, change.now)?.into_iter();
        Ok(State { etag: self.etag(row), tokens: locks.map(|lock| lock.token).collect() })
    }
}

/// The state of an existing resource that conditions of an `If` header test.
struct State {
    etag: Etag,
    /// Tokens of the locks that cover it.
    tokens: HashSet<LockToken>,
}

fn holds(state: Option<&State>, condition: &IfCondition) -> bool {
    let is_so = state.is_some_and(|state| match &condition.state {
        IfState::Tag(tag) => *tag == state.etag,
        IfState::Token(token) => state.tokens.contains(token),
    });
    is_so != condition.negated
}

/// The entry that a tag names. Entries in spaces that the request does not concern have no state.
fn tagged(
    tx: &ReadTx<'_>,
    change: &Change,
    scopes: &[Scope],
    tag: &IfTarget,
) -> Result<Option<EntryRow>, LibraryError> {
    let IfTarget::Entry { space, path } = tag else { return Ok(None) };
    // For a guest who must not see it, the entry has no state.
    if change.access.only_adds() {
        return Ok(None);
    }
    let Some(named) = tx.space_by_name(&space.key())? else { return Ok(None) };
    match scopes.iter().find(|scope| scope.space() == named.id) {
        Some(scope) => find(tx, *scope, path),
        None => Ok(None),
    }
}

/// Fails if a lock on `entry`, its own or a deep one on a parent, is not held by this request.
pub(super) fn require_unlocked(tx: &ReadTx<'_>, change: &Change, entry: EntryId) -> Result<(), LibraryError> {
    let locks = tx.locks_covering(entry, change.now)?;
    require_tokens(tx, change, &locks)
}

/// Like [`require_unlocked`], for `entry` and everything below it, which a move or delete affects.
pub(super) fn require_tree_unlocked(
    tx: &ReadTx<'_>,
    change: &Change,
    top: &EntryRow,
) -> Result<(), LibraryError> {
    require_unlocked(tx, change, top.id)?;
    require_tokens(tx, change, &tx.locks_below(top.id, change.now)?)
}

/// A locked entry may be changed by the holder of the lock, if the request submits its token. Of several shared
/// locks with one root, one is enough.
pub(super) fn require_tokens(
    tx: &ReadTx<'_>,
    change: &Change,
    locks: &[LockRow],
) -> Result<(), LibraryError> {
    let submitted: HashSet<&LockToken> = change.conditions.submitted_tokens().collect();
    let opened: HashSet<EntryId> = locks
        .iter()
        .filter(|lock| change.owns(lock) && submitted.contains(&lock.token))
        .map(|lock| lock.entry)
        .collect();
    match locks.iter().find(|lock| !opened.contains(&lock.entry)) {
        None => Ok(()),
        Some(lock) => Err(locked(tx, &change.access, lock.entry)?),
    }
}

/// The error for a lock on `entry`, whose path is left out if the entry is hidden.
pub(super) fn locked(tx: &ReadTx<'_>, access: &Access, entry: EntryId) -> Result<LibraryError, LibraryError> {
    let row = tx.entry(entry)?.ok_or(LibraryError::NotFound)?;
    if row.is_hidden_from(access.viewer()) {
        return Ok(LibraryError::Withheld);
    }
    Ok(LibraryError::Locked { space: row.space, path: path_within(tx, access, entry)? })
}

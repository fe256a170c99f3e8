//! Containers that this run has made durable and that no row knows yet.
//!
//! A request may write for days before the transaction that binds what it wrote: the segments of a large part, the
//! copies of a tree. Until then its containers look like garbage to everybody who looks at the disk. So each is
//! held here from before it becomes visible until a committed transaction has given it a row, or it has been
//! removed: both happen at one place, the disk's and the catalogue's, and no request can forget it. Of what cannot
//! be told, because a write, a removal or a commit failed, nothing is let go: the sweep of the next run takes it.
//!
//! A container that has a row or is held is alive. To know that one is neither, ask here first and for the row in a
//! transaction that begins after; or both on the writer's thread, where nothing is bound in between.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::ContainerId;

#[derive(Default)]
pub(super) struct Unbound(Mutex<HashSet<ContainerId>>);

impl Unbound {
    /// To be called before the containers become visible.
    pub(super) fn hold(&self, containers: impl IntoIterator<Item = ContainerId>) {
        self.held().extend(containers);
    }

    /// To be called when a row knows them, or nothing is left of them.
    pub(super) fn release<'a>(&self, containers: impl IntoIterator<Item = &'a ContainerId>) {
        let mut held = self.held();
        for container in containers {
            held.remove(container);
        }
    }

    pub(super) fn holds(&self, container: ContainerId) -> bool {
        self.held().contains(&container)
    }

    fn held(&self) -> MutexGuard<'_, HashSet<ContainerId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

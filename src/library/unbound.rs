//! Containers that this run has made durable and that no row refers to yet.
//!
//! A request may write for days before the transaction that binds its containers: the segments of a large part, the
//! copies of a tree. Until then they look like garbage to any code that lists the disk. So each is held here from
//! before it becomes visible until a committed transaction has given it a row, or until it is removed. Both are
//! noted in one place each, the disk's and the catalogue's, so no request can forget it. If a write, a removal or a
//! commit fails and the result is unknown, the containers stay held: the sweep of the next run takes them.
//!
//! A container that has a row or is held is in use. To know that it is neither, check here first and then for the
//! row in a transaction that begins after; or check both on the writer's thread, where nothing is bound in between.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Library;
use crate::model::ContainerId;

#[derive(Default)]
pub(super) struct Unbound(Mutex<HashSet<ContainerId>>);

impl Unbound {
    /// Call it before the containers become visible.
    pub(super) fn hold(&self, containers: impl IntoIterator<Item = ContainerId>) {
        self.held().extend(containers);
    }

    /// Call it when they have rows, or are removed completely.
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

impl Library {
    /// Whether a container is durable, or about to be, and has no row yet.
    pub(crate) fn is_unbound(&self, container: ContainerId) -> bool {
        self.shared.writing.unbound.holds(container)
    }
}

//! Durable containers that no row refers to yet.

use super::Library;
use crate::model::{ContainerId, Place, SpaceId};
use crate::vault::writer::SealedContainer;

/// Containers of one space that are removed unless they are released or a committed row refers to them: shortly
/// after a drop, or by [`Self::remove`] before it returns.
pub(crate) struct Leftovers {
    pub(crate) library: Library,
    pub(crate) space: SpaceId,
    pub(crate) containers: Vec<SealedContainer>,
}

impl Leftovers {
    /// Keeps them, because a row may refer to them.
    pub(crate) fn release(&mut self) {
        self.containers.clear();
    }

    /// Removes the containers before it returns.
    pub(super) async fn remove(mut self) {
        for (container, place) in self.take() {
            self.library.remove_uncommitted(self.space, container, place).await;
        }
    }

    fn take(&mut self) -> Vec<(ContainerId, Place)> {
        let unbound = &self.library.shared.writing.unbound;
        let unknown = self.containers.drain(..).filter(|sealed| unbound.holds(sealed.id));
        unknown.map(|sealed| (sealed.id, sealed.place)).collect()
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        let left = self.take();
        let (library, space) = (self.library.clone(), self.space);
        // Without a runtime the sweep finds them later.
        if let (false, Ok(runtime)) = (left.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                for (container, place) in left {
                    library.remove_uncommitted(space, container, place).await;
                }
            });
        }
    }
}

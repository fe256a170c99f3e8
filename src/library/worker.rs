//! The right by which the server itself acts on files: the one place that makes it.

use super::Library;
use crate::model::{Access, SpaceId, Worker};

impl Library {
    /// The right of a worker to all of a space, contents that are withheld from people among it.
    pub fn as_worker(&self, worker: Worker, space: SpaceId) -> Access {
        Access::granted_to_worker(worker, space)
    }
}

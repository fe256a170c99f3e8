//! The right with which the server itself acts on files. This is the only place that creates it.

use super::Library;
use crate::model::{Access, SpaceId, Worker};

impl Library {
    /// A worker's right to a whole space, including contents that are withheld from people.
    pub fn as_worker(&self, worker: Worker, space: SpaceId) -> Access {
        Access::granted_to_worker(worker, space)
    }
}

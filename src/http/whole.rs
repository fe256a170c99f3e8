//! Work that a client cannot stop halfway by leaving.

use std::future::Future;

use crate::library::LibraryError;

/// Runs work to its end in a task of its own, and returns its result to a client that stays.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, LibraryError>> + Send + 'static,
) -> Result<T, LibraryError> {
    tokio::spawn(work).await?
}

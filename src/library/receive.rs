//! Taking in a content whose bytes may be on their way for hours: the one pump for every protocol.
//!
//! ```text
//! begin_put, begin_chunk, begin_append   the right, conditions, room: before the first byte
//! receive   each piece as it comes → the right once more → the commit, dated when it happens
//! ```

use std::future::{Future, pending, ready};

use bytes::Bytes;

use super::{LibraryError, PutOutcome, PutSession};
use crate::model::Timestamp;

/// A content that is being written: what [`receive`] feeds.
pub trait Incoming: Sized {
    /// What the commit makes of it.
    type Stored;

    /// Takes the next bytes and returns how far the upload is durable; 0 for a content that is stored whole or not at
    /// all. Waits while the disk is behind.
    fn write(&mut self, bytes: Bytes) -> impl Future<Output = Result<u64, LibraryError>> + Send;

    /// Makes it durable and visible.
    fn commit(self, now: Timestamp) -> impl Future<Output = Result<Self::Stored, LibraryError>> + Send;

    /// Ends it without its last bytes.
    fn break_off(self, _now: Timestamp) -> impl Future<Output = Result<(), LibraryError>> + Send {
        drop(self);
        ready(Ok(()))
    }

    /// Returns once another writer has taken its place, so that no byte more would be stored.
    fn taken_over(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }
}

/// Where a content comes from: the body of a request, a file of a form.
pub trait Source {
    /// Why the rest does not come.
    type Error;

    /// The next bytes; `None` after the last. `durable` is how far the upload is durable, for protocols that report it
    /// to the sender.
    fn next(&mut self, durable: u64) -> impl Future<Output = Option<Result<Bytes, Self::Error>>> + Send;
}

/// Writes what `source` gives to its end; then asks `still_allowed`, since the right may have been revoked while the
/// content was on its way, and commits at the time of `clock`.
///
/// Errors: outside, what `source` or `still_allowed` failed of; inside, what storing failed of. After either the
/// content is broken off: an append keeps what arrived, anything else nothing.
pub async fn receive<I: Incoming, S: Source, E: From<S::Error>>(
    mut incoming: I,
    mut source: S,
    still_allowed: impl AsyncFnOnce() -> Result<(), E>,
    clock: impl Fn() -> Timestamp,
) -> Result<Result<I::Stored, LibraryError>, E> {
    let mut durable = 0;
    let failure = loop {
        let piece = tokio::select! {
            biased;
            // A client that has been replaced may never send another byte.
            () = incoming.taken_over() => return Ok(Err(LibraryError::UploadTakenOver)),
            piece = source.next(durable) => piece,
        };
        match piece {
            Some(Ok(bytes)) => match incoming.write(bytes).await {
                Ok(far) => durable = far,
                Err(error) => break Ok(error),
            },
            Some(Err(error)) => break Err(error.into()),
            None => match still_allowed().await {
                Ok(()) => return Ok(incoming.commit(clock()).await),
                Err(error) => break Err(error),
            },
        }
    };
    match incoming.break_off(clock()).await {
        Ok(()) => failure.map(Err),
        Err(error) => Ok(Err(error)),
    }
}

impl Incoming for PutSession {
    type Stored = PutOutcome;

    async fn write(&mut self, bytes: Bytes) -> Result<u64, LibraryError> {
        Self::write(self, bytes).await.map(|()| 0)
    }

    fn commit(self, now: Timestamp) -> impl Future<Output = Result<PutOutcome, LibraryError>> + Send {
        Self::commit(self, now)
    }
}

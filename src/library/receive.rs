//! Receives content whose bytes may take hours to arrive: the one pump for every protocol.
//!
//! ```text
//! begin_put, begin_chunk, begin_append   the right, conditions, quota: before the first byte
//! receive   each piece as it arrives → the right again → the commit, dated when it happens
//! ```

use std::future::{Future, pending, ready};

use bytes::Bytes;

use super::{LibraryError, PutOutcome, PutSession};
use crate::model::Timestamp;

/// Content that is being written, for [`receive`].
pub trait Incoming: Sized {
    /// Result of the commit.
    type Stored;
    /// Why storing failed.
    type Error: Send;

    /// Takes the next bytes and returns the offset up to which the upload is durable; 0 for content that is stored
    /// as a whole or not at all. Waits while the disk is behind.
    fn write(&mut self, bytes: Bytes) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Makes it durable and visible.
    fn commit(self, now: Timestamp) -> impl Future<Output = Result<Self::Stored, Self::Error>> + Send;

    /// Ends it without its last bytes.
    fn break_off(self, _now: Timestamp) -> impl Future<Output = Result<(), Self::Error>> + Send {
        drop(self);
        ready(Ok(()))
    }

    /// Returns once another writer has taken over, so that no further byte would be stored, with what to report then.
    fn taken_over(&mut self) -> impl Future<Output = Self::Error> + Send {
        pending()
    }
}

/// Source of content: the body of a request, or a file of a form.
pub trait Source {
    /// Why the rest does not arrive.
    type Error;

    /// The next bytes; `None` after the last. `durable` is the offset up to which the upload is durable, for
    /// protocols that report it to the sender.
    fn next(&mut self, durable: u64) -> impl Future<Output = Option<Result<Bytes, Self::Error>>> + Send;
}

impl<S: Source + Send> Source for &mut S {
    type Error = S::Error;

    fn next(&mut self, durable: u64) -> impl Future<Output = Option<Result<Bytes, S::Error>>> + Send {
        (**self).next(durable)
    }
}

/// Writes all data of `source`; then calls `still_allowed`, because the right may have been revoked meanwhile, and
/// commits at the time of `clock`.
///
/// Errors: outside, those of `source` and `still_allowed`; inside, those of storing. After either, the content is
/// broken off: an append keeps the bytes received, everything else keeps none.
pub async fn receive<I: Incoming, S: Source, E: From<S::Error>>(
    mut incoming: I,
    mut source: S,
    still_allowed: impl AsyncFnOnce() -> Result<(), E>,
    clock: impl Fn() -> Timestamp,
) -> Result<Result<I::Stored, I::Error>, E> {
    let mut durable = 0;
    let failure = loop {
        let piece = tokio::select! {
            biased;
            // A client that was replaced may never send another byte.
            error = incoming.taken_over() => return Ok(Err(error)),
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
    type Error = LibraryError;

    async fn write(&mut self, bytes: Bytes) -> Result<u64, LibraryError> {
        Self::write(self, bytes).await.map(|()| 0)
    }

    fn commit(self, now: Timestamp) -> impl Future<Output = Result<PutOutcome, LibraryError>> + Send {
        Self::commit(self, now)
    }
}

//! Buffers in which sealed chunks are read and opened in place, kept for the next read.
//!
//! A fresh buffer of this size costs the kernel a page fault for every 4 KiB, more than opening them.

use std::sync::{Mutex, PoisonError};

use super::stream::SEALED_CHUNK_LEN;

/// Idle buffers of one length.
struct Pool {
    length: usize,
    /// Most that are kept; more are freed.
    keep: usize,
    idle: Mutex<Vec<Box<[u8]>>>,
}

/// For a range request of up to a chunk's length, which touches two: 4 MiB are kept.
static PAIRS: Pool = Pool { length: 2 * SEALED_CHUNK_LEN, keep: 32, idle: Mutex::new(Vec::new()) };
/// For a long read: 8 MiB are kept.
static RUNS: Pool = Pool { length: 8 * SEALED_CHUNK_LEN, keep: 16, idle: Mutex::new(Vec::new()) };

impl Pool {
    fn for_length(length: usize) -> Option<&'static Self> {
        match length {
            // What malloc serves without asking the kernel is not worth keeping.
            ..=SEALED_CHUNK_LEN => None,
            _ => [&PAIRS, &RUNS].into_iter().find(|pool| length <= pool.length),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that go back to where they came from when dropped.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    pool: Option<&'static Pool>,
}

impl Buffer {
    /// `length` bytes of any content.
    pub(super) fn of(length: usize) -> Self {
        let pool = Pool::for_length(length);
        let idle = pool.and_then(|pool| pool.idle().pop());
        let bytes = idle.unwrap_or_else(|| vec![0; pool.map_or(length, |pool| pool.length)].into());
        Self { bytes, length, pool }
    }

    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            let mut idle = pool.idle();
            if idle.len() < pool.keep {
                idle.push(std::mem::take(&mut self.bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_the_length_asked_for_and_comes_back() {
        for length in
            [0, 1, SEALED_CHUNK_LEN, SEALED_CHUNK_LEN + 1, 8 * SEALED_CHUNK_LEN, 16 * SEALED_CHUNK_LEN]
        {
            let mut buffer = Buffer::of(length);
            buffer.as_mut().fill(7);
            assert_eq!(buffer.as_ref(), vec![7; length]);
        }
        for pool in [&PAIRS, &RUNS] {
            let many: Vec<_> = (0..pool.keep + 5).map(|_| Buffer::of(pool.length)).collect();
            drop(many);
            assert!((1..=pool.keep).contains(&pool.idle().len()));
        }
    }
}

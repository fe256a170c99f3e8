//! Buffers in which sealed chunks are read and opened in place, kept for the next read.
//!
//! A fresh buffer of this size costs the kernel a page fault for every 4 KiB, more than opening them.

use std::sync::{Arc, Mutex, PoisonError};

use super::stream::SEALED_CHUNK_LEN;

/// Idle buffers, shared by the clones.
#[derive(Clone)]
pub struct Buffers([Arc<Pool>; 2]);

/// Idle buffers of one length.
struct Pool {
    length: usize,
    /// Most that are kept; more are freed.
    keep: usize,
    idle: Mutex<Vec<Box<[u8]>>>,
}

impl Default for Buffers {
    fn default() -> Self {
        let pool = |chunks, keep| Pool { length: chunks * SEALED_CHUNK_LEN, keep, idle: Mutex::default() };
        // For a range request of up to a chunk's length, which touches two: 4 MiB are kept. For a long read: 8 MiB.
        Self([pool(2, 32), pool(8, 16)].map(Arc::new))
    }
}

impl Buffers {
    /// A buffer of `length` bytes with any content.
    pub(super) fn take(&self, length: usize) -> Buffer {
        let pool = match length {
            // A buffer that malloc serves without asking the kernel is not worth keeping.
            ..=SEALED_CHUNK_LEN => None,
            _ => self.0.iter().find(|pool| length <= pool.length).cloned(),
        };
        let idle = pool.as_ref().and_then(|pool| pool.idle().pop());
        let bytes = idle.unwrap_or_else(|| vec![0; pool.as_ref().map_or(length, |pool| pool.length)].into());
        Buffer { bytes, length, pool }
    }
}

impl Pool {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Box<[u8]>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that go back to where they came from when dropped.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    length: usize,
    pool: Option<Arc<Pool>>,
}

impl Buffer {
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
        if let Some(pool) = &self.pool {
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
        let buffers = Buffers::default();
        for length in
            [0, 1, SEALED_CHUNK_LEN, SEALED_CHUNK_LEN + 1, 8 * SEALED_CHUNK_LEN, 16 * SEALED_CHUNK_LEN]
        {
            let mut buffer = buffers.take(length);
            buffer.as_mut().fill(7);
            assert_eq!(buffer.as_ref(), vec![7; length]);
        }
        for pool in &buffers.0 {
            let many: Vec<_> = (0..pool.keep + 5).map(|_| buffers.take(pool.length)).collect();
            drop(many);
            assert_eq!(pool.idle().len(), pool.keep);
        }
    }
}

//! Interim answers (1xx, RFC 9110 15.2), which hyper's server cannot send. HTTP/1.1 only.
//!
//! They bypass hyper and go into the same socket, so the one question is when. hyper writes everything that it has
//! gathered, including answers to earlier requests and `100 Continue`, and then flushes. Between that flush and the
//! first byte of a request's own answer, nothing else is written: [`super::wire`] inserts waiting interim answers
//! there. Those still waiting when the final answer is ready are dropped; 1xx answers only inform.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode};

/// Bytes of interim answers that wait for a client; a client that reads nothing does not need more of them.
const MAX_WAITING: usize = 4 << 10;

/// The interim answers of one connection.
#[derive(Debug, Default)]
pub(super) struct Interims {
    state: Mutex<State>,
    /// Saves most flushes from taking the lock.
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Counts requests, so that interim answers for an earlier one are dropped.
    turn: u64,
    is_open: bool,
    waiting: Vec<u8>,
}

impl Interims {
    fn state(&self) -> MutexGuard<'_, State> {
        // The buffer always holds whole messages, so a panic elsewhere cannot corrupt it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a new request and returns its number for [`Self::queue`].
    pub(super) fn open(&self) -> u64 {
        let mut state = self.state();
        state.turn += 1;
        state.is_open = true;
        state.turn
    }

    /// The request's final answer is ready; no more interim answers may precede it.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_open = false;
        state.waiting.clear();
        self.any.store(false, Ordering::Release);
    }

    /// Queues an interim answer for the next flush.
    pub(super) fn queue(&self, turn: u64, status: StatusCode, reason: &str, headers: &HeaderMap) {
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
        for (name, value) in headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        let mut state = self.state();
        if state.is_open && state.turn == turn && state.waiting.len() + text.len() <= MAX_WAITING {
            state.waiting.append(&mut text);
            self.any.store(true, Ordering::Release);
        }
    }

    /// Takes the bytes to write now, if any.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        if !self.any.swap(false, Ordering::Acquire) {
            return None;
        }
        Some(std::mem::take(&mut self.state().waiting)).filter(|waiting| !waiting.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn queue(interims: &Interims, turn: u64) {
        let mut headers = HeaderMap::new();
        headers.insert("location", HeaderValue::from_static("/uploads/1"));
        let status = StatusCode::from_u16(104).unwrap();
        interims.queue(turn, status, "Upload Resumption Supported", &headers);
    }

    #[test]
    fn an_interim_answer_belongs_to_its_request() {
        let interims = Interims::default();
        let turn = interims.open();
        assert_eq!(interims.take(), None);
        queue(&interims, turn);
        let text = interims.take().unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "HTTP/1.1 104 Upload Resumption Supported\r\nlocation: /uploads/1\r\n\r\n"
        );
        assert_eq!(interims.take(), None);
        queue(&interims, turn);
        interims.close();
        queue(&interims, turn);
        assert_eq!(interims.take(), None, "its answer is there");
        assert_eq!(interims.open(), turn + 1);
        queue(&interims, turn);
        assert_eq!(interims.take(), None, "it is over");
    }

    #[test]
    fn what_waits_is_bounded() {
        let interims = Interims::default();
        let turn = interims.open();
        (0..1_000).for_each(|_| queue(&interims, turn));
        assert!(interims.take().unwrap().len() <= MAX_WAITING);
    }
}

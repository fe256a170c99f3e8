//! Answers before the answer (1xx, RFC 9110 15.2), which hyper's server cannot send. HTTP/1.1 only.
//!
//! They go past hyper into the same socket, so the one question is when. hyper writes all that it has gathered, answers
//! to earlier requests and `100 Continue` among it, and then flushes. Between that and the first byte of a request's own
//! answer stands nothing on the way: [`super::wire`] puts in there what waits here. What still waits when
//! the answer is made is thrown away; 1xx answers only inform.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode};

/// Bytes of interim answers that wait for a client; one that takes nothing needs no more of them.
const MAX_WAITING: usize = 4 << 10;

/// The interim answers of one connection.
#[derive(Debug, Default)]
pub(super) struct Interims {
    state: Mutex<State>,
    /// Spares most flushes the lock.
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// Counts requests: what belongs to an earlier one is not taken any more.
    turn: u64,
    is_open: bool,
    waiting: Vec<u8>,
}

impl Interims {
    fn state(&self) -> MutexGuard<'_, State> {
        // Bytes of whole messages at every moment, so a panic elsewhere cannot spoil them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come; the number under which it may be answered beforehand.
    pub(super) fn open(&self) -> u64 {
        let mut state = self.state();
        state.turn += 1;
        state.is_open = true;
        state.turn
    }

    /// The request's own answer is there.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_open = false;
        state.waiting.clear();
        self.any.store(false, Ordering::Release);
    }

    /// Lets an answer wait for the next flush.
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

    /// Takes the bytes to write now.
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

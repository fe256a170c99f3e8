//! A connection with line-based requests, whose answers are sent together.

use std::io;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::listen::BoxedStream;

/// Longest time in which the other side must send or take something (RFC 5321, section 4.5.3.2, asks for 5 minutes).
const PATIENCE: Duration = Duration::from_mins(5);
/// Bytes read at once.
const PIECE: usize = 64 << 10;
/// Most bytes of answers that are collected before they are sent.
const MAX_ANSWERS: usize = 64 << 10;

/// A connection.
pub(super) struct Wire {
    stream: BoxedStream,
    input: BytesMut,
    output: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: BoxedStream) -> Self {
        Self { stream, input: BytesMut::new(), output: Vec::new() }
    }

    /// The next line, with its end; sends the answers so far before it waits. `None` at the end of the connection.
    ///
    /// Errors: those of the connection; `FileTooLarge` for a line of more than `most` bytes.
    pub(super) async fn line(&mut self, most: usize) -> io::Result<Option<BytesMut>> {
        loop {
            match self.input.iter().position(|byte| *byte == b'\n') {
                Some(end) if end < most => return Ok(Some(self.input.split_to(end + 1))),
                None if self.input.len() < most => {}
                _ => return Err(io::ErrorKind::FileTooLarge.into()),
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The bytes that have arrived and were not taken yet.
    pub(super) fn arrived(&self) -> &[u8] {
        &self.input
    }

    /// Takes this many of the bytes that have arrived.
    pub(super) fn take(&mut self, bytes: usize) {
        self.input.advance(bytes);
    }

    /// Sends the answers and reads more; `false` at the end of the connection.
    pub(super) async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        self.input.reserve(PIECE);
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.input));
        Ok(read.await.map_err(|_| io::ErrorKind::TimedOut)?? > 0)
    }

    /// Adds an answer.
    pub(super) async fn answer(&mut self, text: &str) -> io::Result<()> {
        self.output.extend_from_slice(text.as_bytes());
        if self.output.len() >= MAX_ANSWERS { self.flush().await } else { Ok(()) }
    }

    /// Sends the answers.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let sent = timeout(PATIENCE, async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        });
        sent.await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.output.clear();
        Ok(())
    }
}

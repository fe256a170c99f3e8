//! Writes the log to standard error without ever blocking the server.
//!
//! A pipe with no reader would otherwise hold the lock of standard error forever, and with it every request
//! and even the signal to stop. So lines go through a queue to a thread of their own; lines that do not fit
//! are dropped and counted.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines of the log that wait to be written, some 300 bytes each.
const MAX_WAITING_LINES: usize = 4_096;
/// Time that the program waits at its end for the last lines of the log.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(1);

/// Queues lines without waiting.
#[derive(Clone)]
pub(super) struct Log {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// On drop, waits briefly until all queued lines are written.
pub(super) struct LastLines(Log);

impl Log {
    /// Starts the thread that writes to `target`.
    pub(super) fn start(target: impl Write + Send + 'static) -> io::Result<(Self, LastLines)> {
        let (queue, messages) = sync_channel(MAX_WAITING_LINES);
        let log = Self { queue, dropped: Arc::default() };
        let dropped = Arc::clone(&log.dropped);
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write_all(&messages, target, &dropped))?;
        Ok((log.clone(), LastLines(log)))
    }
}

fn write_all(messages: &Receiver<Message>, mut target: impl Write, dropped: &AtomicU64) {
    while let Ok(message) = messages.recv() {
        let line = match message {
            Message::Line(line) => line,
            Message::Flush(done) => {
                let _ = done.send(());
                continue;
            }
        };
        // Write errors are ignored: a closed pipe cannot report them either.
        let mut outcome = Ok(());
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            outcome = writeln!(target, "{lost} lines of the log were dropped: they were not read in time");
        }
        let _ = outcome.and_then(|()| target.write_all(&line)).and_then(|()| target.flush());
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Log {
    /// Each call has exactly one line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let (done, written) = sync_channel(1);
        // If the queue is full, the reader has stopped, so waiting is useless.
        if self.0.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = written.recv_timeout(LAST_LINES_WITHIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_reader_that_stops_costs_lines_and_hears_how_many() {
        let (mut reader, writer) = io::pipe().unwrap();
        let (log, last_lines) = Log::start(writer).unwrap();
        let line = [b'x'; 4_096];
        // More than a pipe and the queue can hold.
        for _ in 0..2 * MAX_WAITING_LINES {
            (&log).write_all(&line).unwrap();
        }
        let dropped = log.dropped.load(Ordering::Relaxed);
        assert!(dropped > 0);
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        let flush = || {
            let (done, written) = sync_channel(1);
            log.queue.send(Message::Flush(done)).unwrap();
            written.recv().unwrap();
        };
        flush();
        (&log).write_all(b"the last one\n").unwrap();
        flush();
        drop((log, last_lines));
        let text = reading.join().unwrap();
        assert!(text.ends_with("the last one\n"));
        assert_eq!(text.matches("lines of the log were dropped").count(), 1);
        let kept = text.matches('x').count() / line.len();
        assert_eq!(kept as u64 + dropped, 2 * MAX_WAITING_LINES as u64);
    }
}

//! The log on standard error: no part of the server waits for whoever reads it.
//!
//! A pipe that nobody empties would otherwise hold the lock of standard error for ever, and each request with it, even
//! the signal to stop. So lines go to a thread of their own, by a queue; what does not fit is dropped and counted.

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

/// Takes lines without waiting.
#[derive(Clone)]
pub(super) struct Log {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    /// To be answered when all before it are written.
    Flush(SyncSender<()>),
}

/// Waits on drop, for a moment, until what was logged is written.
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
        // A closed pipe may be followed by nothing better; what it does not take is not told either.
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
    /// One call brings one line.
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
        // With a full queue nothing is being read, and nothing will be.
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
        // More than a pipe and the queue hold.
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

//! The socket as hyper sees it: tracks waiting times, keeps out requests that hyper would misread, and inserts
//! interim answers between hyper's own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use rustix::net::sockopt::set_tcp_quickack;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::framing::{Framing, POISON, Position, Verdict};
use super::header_blocks::HeaderBlocks;
use super::watch::Activity;

/// A byte stream over a TCP connection.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// The underlying connection.
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A [`Transport`] that keeps the connection's [`Activity`] up to date.
#[derive(Debug)]
pub(super) struct Wire<S: Transport> {
    inner: S,
    activity: Arc<Activity>,
    reader: Reader,
    pending: Pending,
    write_blocked: bool,
    /// The rest of interim answers that are partly written.
    interim: Bytes,
}

/// The parser that reads the same bytes as hyper.
#[derive(Debug)]
enum Reader {
    Http1(Framing),
    Http2(HeaderBlocks),
}

/// What the next reads return in place of network data.
#[derive(Debug)]
enum Pending {
    Nothing,
    Poison,
    Malformed,
    End,
}

impl<S: Transport> Wire<S> {
    pub(super) fn http1(inner: S, activity: Arc<Activity>) -> Self {
        Self::new(inner, activity, Reader::Http1(Framing::default()))
    }

    pub(super) fn http2(inner: S, activity: Arc<Activity>) -> Self {
        Self::new(inner, activity, Reader::Http2(HeaderBlocks::default()))
    }

    fn new(inner: S, activity: Arc<Activity>, reader: Reader) -> Self {
        Self {
            inner,
            activity,
            reader,
            pending: Pending::Nothing,
            write_blocked: false,
            interim: Bytes::new(),
        }
    }

    /// The stream below, for reading and discarding input.
    pub(super) fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    fn note_write<T>(&mut self, poll: Poll<T>) -> Poll<T> {
        if self.write_blocked != poll.is_pending() {
            self.write_blocked = poll.is_pending();
            self.activity.write_blocked(self.write_blocked);
        }
        poll
    }

    /// Writes the rest of an interim answer; none of hyper's bytes may come in between.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.interim))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.interim.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Result of a read after a fault was found.
    fn read_pending(&mut self, buf: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        match self.pending {
            Pending::Nothing => return None,
            Pending::End => {}
            // hyper always offers a buffer of kilobytes; a tiny one gets a plain end of stream.
            Pending::Poison => {
                self.pending = Pending::End;
                if buf.remaining() >= POISON.len() {
                    buf.put_slice(POISON);
                }
            }
            Pending::Malformed => {
                return Some(Err(io::Error::new(io::ErrorKind::InvalidData, "malformed chunk")));
            }
        }
        Some(Ok(()))
    }
}

impl<S: Transport> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(answer) = self.read_pending(buf) {
            return Poll::Ready(answer);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let Self { inner, reader, activity, pending, .. } = &mut *self;
        let framing = match reader {
            Reader::Http1(framing) => framing,
            Reader::Http2(blocks) => {
                let observed = blocks.observe(buf.filled_mut().split_at_mut(before).1);
                let unreadable = |_| io::Error::new(io::ErrorKind::InvalidData, "unreadable header block");
                return Poll::Ready(observed.map_err(unreadable));
            }
        };
        let fresh = buf.filled().split_at(before).1;
        if fresh.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let was_in_body = framing.position() == Position::Body;
        let pass = match framing.observe(fresh) {
            Verdict::Pass => fresh.len(),
            Verdict::BadHead(offset) => {
                *pending = Pending::Poison;
                offset
            }
            Verdict::BadBody(offset) => {
                *pending = Pending::Malformed;
                offset
            }
        };
        if !was_in_body && framing.position() == Position::Body {
            // Qt, and so Nextcloud's desktop client, sends the body in a segment of its own and holds it back until
            // the head is acknowledged. By default the kernel delays that by 40 ms, for every PROPFIND.
            let _ = set_tcp_quickack(inner.tcp(), true);
        }
        activity.received(match pending {
            Pending::Nothing => framing.position(),
            // The client may still be sending; that data is read and dropped before the close.
            _ => Position::Body,
        });
        buf.set_filled(before + pass);
        // An empty read would mean the end of the stream.
        if pass == 0
            && let Some(answer) = self.read_pending(buf)
        {
            return Poll::Ready(answer);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Transport> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut poll = self.poll_interim(cx).map_ok(|()| 0);
        if matches!(poll, Poll::Ready(Ok(_))) {
            poll = Pin::new(&mut self.inner).poll_write(cx, buf);
        }
        self.note_write(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut poll = self.poll_interim(cx).map_ok(|()| 0);
        if matches!(poll, Poll::Ready(Ok(_))) {
            poll = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        }
        self.note_write(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written everything: a message ends here, or none has begun.
        if self.interim.is_empty()
            && let Some(waiting) = self.activity.interims().take()
        {
            self.interim = waiting.into();
        }
        let mut poll = self.poll_interim(cx);
        if matches!(poll, Poll::Ready(Ok(()))) {
            poll = Pin::new(&mut self.inner).poll_flush(cx);
        }
        self.note_write(poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.note_write(poll)
    }
}

impl<S: Transport> Drop for Wire<S> {
    fn drop(&mut self) {
        // A FIN is the regular end of an HTTP/1.0 answer without a length, so a truncated file would look complete.
        // A reset never does.
        if self.activity.is_broken() {
            // Fails only on a socket that is already dead.
            let _ = self.inner.tcp().set_zero_linger();
        }
    }
}

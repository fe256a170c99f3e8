//! Bodies of answers. An answer that cannot be completed never ends like one that was.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// The body of an answer. Its errors end the connection (HTTP/2: the stream) abruptly.
pub struct ResponseBody(Kind);

enum Kind {
    Empty,
    Full(Bytes),
    Pieces(VecDeque<Bytes>),
    Stream(Pin<Box<dyn Body<Data = Bytes, Error = io::Error> + Send>>),
}

impl ResponseBody {
    /// No body.
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// A body at hand; sent with its `Content-Length`.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(if bytes.is_empty() { Kind::Empty } else { Kind::Full(bytes) })
    }

    /// A body at hand in several pieces, sent without joining them.
    pub fn pieces(pieces: Vec<Bytes>) -> Self {
        Self(Kind::Pieces(pieces.into()))
    }

    /// A body that comes in pieces. With a `Content-Length` header on the answer, or an exact size
    /// hint, ending short of it is an error too.
    pub fn stream(body: impl Body<Data = Bytes, Error = io::Error> + Send + 'static) -> Self {
        Self(Kind::Stream(Box::pin(body)))
    }

    /// A body fed by another task through a channel of `capacity` deliveries (at least 1).
    pub fn channel(capacity: usize) -> (BodySender, Self) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        let channel = Channel { receiver, pieces: VecDeque::new(), ended: false };
        (BodySender(sender), Self::stream(channel))
    }
}

impl Default for ResponseBody {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Empty => "ResponseBody(empty)",
            Kind::Full(_) => "ResponseBody(full)",
            Kind::Pieces(_) => "ResponseBody(pieces)",
            Kind::Stream(_) => "ResponseBody(stream)",
        })
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match std::mem::replace(&mut self.0, Kind::Empty) {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Kind::Pieces(mut pieces) => {
                let piece = pieces.pop_front();
                if !pieces.is_empty() {
                    self.0 = Kind::Pieces(pieces);
                }
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Kind::Stream(mut body) => {
                let poll = body.as_mut().poll_frame(cx);
                self.0 = Kind::Stream(body);
                poll
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Pieces(pieces) => pieces.is_empty(),
            Kind::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(pieces) => SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum()),
            Kind::Stream(body) => body.size_hint(),
        }
    }
}

/// Feeds a [`ResponseBody::channel`]. Dropped before [`finish`](Self::finish), it breaks the answer
/// off: a producer that panics must not pass for one that is done.
#[derive(Debug)]
pub struct BodySender(mpsc::Sender<Delivery>);

#[derive(Debug)]
enum Delivery {
    Pieces(VecDeque<Bytes>),
    Failed(io::Error),
    End,
}

/// The client is gone; there is no use in producing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client closed the connection")]
pub struct ReceiverGone;

impl BodySender {
    /// Sends the next piece; waits while the channel is full.
    pub async fn send(&self, bytes: Bytes) -> Result<(), ReceiverGone> {
        self.send_all(vec![bytes]).await
    }

    /// Sends several pieces at once, which wakes the other side once; waits while the channel is full.
    pub async fn send_all(&self, pieces: Vec<Bytes>) -> Result<(), ReceiverGone> {
        let sent = self.0.send(Delivery::Pieces(pieces.into())).await;
        sent.map_err(|_| ReceiverGone)
    }

    /// The body is complete.
    pub async fn finish(self) -> Result<(), ReceiverGone> {
        self.0.send(Delivery::End).await.map_err(|_| ReceiverGone)
    }

    /// Breaks the answer off with this error as the reason. Dropping does the same without one.
    pub fn fail(self, error: io::Error) {
        // With a full channel or without a receiver the drop that follows has the same effect.
        let _ = self.0.try_send(Delivery::Failed(error));
    }
}

struct Channel {
    receiver: mpsc::Receiver<Delivery>,
    /// What of the last delivery is still to be sent.
    pieces: VecDeque<Bytes>,
    ended: bool,
}

impl Body for Channel {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(self.receiver.poll_recv(cx)) {
                Some(Delivery::Pieces(pieces)) => self.pieces = pieces,
                Some(Delivery::End) => self.ended = true,
                Some(Delivery::Failed(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(Some(Err(io::Error::other("the producer broke off")))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn dropped_sender_is_an_error_and_finish_is_not() {
        let (sender, body) = ResponseBody::channel(2);
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        drop(sender);
        assert!(body.collect().await.is_err());

        let (sender, body) = ResponseBody::channel(2);
        sender.send(Bytes::from_static(b"whole")).await.unwrap();
        sender.finish().await.unwrap();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");

        let (sender, body) = ResponseBody::channel(1);
        drop(body);
        assert_eq!(sender.send(Bytes::new()).await, Err(ReceiverGone));
    }

    #[test]
    fn known_bodies_state_their_length() {
        assert_eq!(ResponseBody::full("abc").size_hint().exact(), Some(3));
        assert_eq!(ResponseBody::full("").size_hint().exact(), Some(0));
        assert!(ResponseBody::full("").is_end_stream());
    }
}

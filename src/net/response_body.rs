//! Bodies of answers. An answer that cannot be completed never ends like a complete one.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::pieces::Pieces;

/// The body of an answer. Its errors end the connection (HTTP/2: the stream) abruptly.
pub struct ResponseBody(Kind);

enum Kind {
    Empty,
    AtHand(Pieces),
    Stream(Pin<Box<dyn Body<Data = Pieces, Error = io::Error> + Send>>),
}

impl ResponseBody {
    /// An empty body.
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// A body in memory; sent with its `Content-Length`.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::at_hand(bytes.into().into())
    }

    /// A body in memory in several pieces, sent without joining them.
    pub fn pieces(pieces: Vec<Bytes>) -> Self {
        Self::at_hand(pieces.into())
    }

    fn at_hand(pieces: Pieces) -> Self {
        Self(if pieces.has_remaining() { Kind::AtHand(pieces) } else { Kind::Empty })
    }

    /// A body that comes in pieces. With a `Content-Length` header on the answer, or an exact size
    /// hint, ending short of it is an error too.
    pub fn stream(body: impl Body<Data = Pieces, Error = io::Error> + Send + 'static) -> Self {
        Self(Kind::Stream(Box::pin(body)))
    }

    /// A body that is produced as the client takes it: `step` is called for the next pieces when the previous ones
    /// are sent, until it returns none. An error breaks the answer off.
    pub fn steps<S, F, N>(state: S, step: N) -> Self
    where
        S: Send + Unpin + 'static,
        N: Fn(S) -> F + Send + Unpin + 'static,
        F: Future<Output = (S, io::Result<Vec<Bytes>>)> + Send + 'static,
    {
        Self::stream(Steps { step, next: Next::Idle(state) })
    }

    /// A body fed by another task through a channel of `capacity` pieces (at least 1).
    pub fn channel(capacity: usize) -> (BodySender, Self) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (BodySender(sender), Self::steps(receiver, next_delivery))
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
            Kind::AtHand(_) => "ResponseBody(at hand)",
            Kind::Stream(_) => "ResponseBody(stream)",
        })
    }
}

impl Body for ResponseBody {
    type Data = Pieces;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Pieces>>>> {
        match std::mem::replace(&mut self.0, Kind::Empty) {
            Kind::Empty => Poll::Ready(None),
            Kind::AtHand(pieces) => Poll::Ready(Some(Ok(Frame::data(pieces)))),
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
            Kind::AtHand(_) => false,
            Kind::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::AtHand(pieces) => SizeHint::with_exact(pieces.remaining() as u64),
            Kind::Stream(body) => body.size_hint(),
        }
    }
}

struct Steps<S, F, N> {
    step: N,
    next: Next<S, F>,
}

enum Next<S, F> {
    Idle(S),
    Underway(Pin<Box<F>>),
    Ended,
}

impl<S, F, N> Body for Steps<S, F, N>
where
    S: Send + Unpin,
    N: Fn(S) -> F + Unpin,
    F: Future<Output = (S, io::Result<Vec<Bytes>>)> + Send,
{
    type Data = Pieces;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Pieces>>>> {
        let mut future = match std::mem::replace(&mut self.next, Next::Ended) {
            Next::Idle(state) => Box::pin((self.step)(state)),
            Next::Underway(future) => future,
            Next::Ended => return Poll::Ready(None),
        };
        let Poll::Ready((state, pieces)) = future.as_mut().poll(cx) else {
            self.next = Next::Underway(future);
            return Poll::Pending;
        };
        Poll::Ready(match pieces {
            Err(error) => Some(Err(error)),
            Ok(pieces) if pieces.is_empty() => None,
            Ok(pieces) => {
                self.next = Next::Idle(state);
                Some(Ok(Frame::data(pieces.into())))
            }
        })
    }
}

/// Feeds a [`ResponseBody::channel`]. Dropping it before [`finish`](Self::finish) breaks the answer off, so that a
/// producer that panics does not look like one that is done.
#[derive(Debug)]
pub struct BodySender(mpsc::Sender<Delivery>);

#[derive(Debug)]
enum Delivery {
    Data(Bytes),
    Failed(io::Error),
    End,
}

/// The client disconnected; no more data is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client closed the connection")]
pub struct ReceiverGone;

impl BodySender {
    /// Sends the next piece; waits while the channel is full.
    pub async fn send(&self, bytes: Bytes) -> Result<(), ReceiverGone> {
        let sent = self.0.send(Delivery::Data(bytes)).await;
        sent.map_err(|_| ReceiverGone)
    }

    /// Marks the body as complete.
    pub async fn finish(self) -> Result<(), ReceiverGone> {
        self.0.send(Delivery::End).await.map_err(|_| ReceiverGone)
    }

    /// Breaks the answer off with this error as the reason. Dropping does the same without one.
    pub fn fail(self, error: io::Error) {
        // If the channel is full or has no receiver, the drop that follows has the same effect.
        let _ = self.0.try_send(Delivery::Failed(error));
    }
}

type Receiver = mpsc::Receiver<Delivery>;

async fn next_delivery(mut receiver: Receiver) -> (Receiver, io::Result<Vec<Bytes>>) {
    let pieces = match receiver.recv().await {
        Some(Delivery::Data(bytes)) => Ok(vec![bytes]),
        Some(Delivery::End) => Ok(Vec::new()),
        Some(Delivery::Failed(error)) => Err(error),
        None => Err(io::Error::other("the producer broke off")),
    };
    (receiver, pieces)
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

    async fn count(left: u8) -> (u8, io::Result<Vec<Bytes>>) {
        tokio::task::yield_now().await;
        let pieces = (0..left.min(2)).map(|_| Bytes::from_static(b"x")).collect();
        (left.saturating_sub(2), Ok(pieces))
    }

    async fn fail_at_second(step: u8) -> (u8, io::Result<Vec<Bytes>>) {
        match step {
            0 => (1, Ok(vec![Bytes::from_static(b"half")])),
            _ => (step, Err(io::ErrorKind::InvalidData.into())),
        }
    }

    #[tokio::test]
    async fn steps_go_on_until_there_is_nothing_more_or_one_fails() {
        let whole = ResponseBody::steps(5, count).collect().await.unwrap().to_bytes();
        assert_eq!(whole, "xxxxx");

        let mut body = ResponseBody::steps(0, fail_at_second);
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
    }

    #[test]
    fn known_bodies_state_their_length() {
        assert_eq!(ResponseBody::full("abc").size_hint().exact(), Some(3));
        assert_eq!(ResponseBody::full("").size_hint().exact(), Some(0));
        assert!(ResponseBody::full("").is_end_stream());
    }
}

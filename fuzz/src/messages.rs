//! Where HTTP/1 messages begin and end: [`Framing`] beside hyper on the same bytes. And [`HeaderBlocks`] of HTTP/2.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;

use tresor::parsers::requests::{Framing, HeaderBlocks, POISON, Position, Verdict};

/// First byte: how the stream is cut into reads. The others: what a client sends.
pub(super) fn framing(data: &[u8]) {
    let Some((&cut, sent)) = data.split_first() else { return };
    let (messages, fault) = read_by_framing(sent);
    let piece = usize::from(cut % 64) + 1;
    assert_eq!(fault, first_fault(sent, piece), "the fault lies in the same place however the bytes come");
    assert_eq!(fault, first_fault(sent, usize::MAX));

    let mut passed = sent[..fault.map_or(sent.len(), offset)].to_vec();
    if matches!(fault, Some(Verdict::BadHead(_))) {
        passed.extend(POISON);
    }
    for (number, seen) in read_by_hyper(passed, piece).iter().enumerate() {
        let Some(message) = messages.get(number) else {
            panic!("hyper found request {number}, the guard only {}", messages.len());
        };
        let line = message.head.trim_ascii_start();
        assert!(line.starts_with(seen.method.as_str().as_bytes()), "request {number} begins elsewhere");
        if let Some(body) = &seen.body {
            assert!(message.is_whole, "hyper took a body for whole that the guard did not");
            assert_eq!(*body, message.content(), "request {number} has another body");
        }
    }
}

/// First byte: how the stream is cut into reads. The others: frames after the connection preface.
pub(super) fn header_blocks(data: &[u8]) {
    let Some((&cut, frames)) = data.split_first() else { return };
    let sent = [&[0; 24], frames].concat();
    let mut whole = sent.clone();
    let verdict = HeaderBlocks::default().observe(&mut whole);
    let (mut cut_up, mut reader) = (sent.clone(), HeaderBlocks::default());
    let piecewise = cut_up.chunks_mut(usize::from(cut % 64) + 1).try_for_each(|piece| reader.observe(piece));
    assert_eq!((verdict, &whole), (piecewise, &cut_up), "the same however the bytes come");
    for (before, after) in sent.iter().zip(&whole) {
        let is_spoiled = (*before, *after) == (b'#', b'>') || (before ^ after).is_power_of_two();
        assert!(before == after || is_spoiled, "nothing but a fragment is touched");
    }
}

fn offset(fault: Verdict) -> usize {
    match fault {
        Verdict::Pass => unreachable!("no fault"),
        Verdict::BadHead(offset) | Verdict::BadBody(offset) => offset,
    }
}

fn first_fault(sent: &[u8], piece: usize) -> Option<Verdict> {
    let mut guard = Framing::default();
    let mut before = 0;
    for bytes in sent.chunks(piece.min(sent.len().max(1))) {
        match guard.observe(bytes) {
            Verdict::Pass => before += bytes.len(),
            Verdict::BadHead(offset) => return Some(Verdict::BadHead(before + offset)),
            Verdict::BadBody(offset) => return Some(Verdict::BadBody(before + offset)),
        }
    }
    None
}

/// A message as the guard sees it.
#[derive(Default)]
struct Message {
    head: Vec<u8>,
    /// With its chunk framing.
    body: Vec<u8>,
    is_whole: bool,
}

impl Message {
    /// The body without chunk framing.
    fn content(&self) -> Vec<u8> {
        let head = self.head.to_ascii_lowercase();
        let is_chunked =
            head.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"transfer-encoding:"));
        if !is_chunked {
            return self.body.clone();
        }
        let (mut content, mut rest) = (Vec::new(), self.body.as_slice());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line = &rest[..end];
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let size = usize::from_str_radix(std::str::from_utf8(&line[..digits]).unwrap(), 16).unwrap();
            if size == 0 {
                break;
            }
            content.extend(&rest[end + 1..end + 1 + size]);
            rest = &rest[end + 1 + size + 2..];
        }
        content
    }
}

/// The messages up to the first fault, byte by byte.
fn read_by_framing(sent: &[u8]) -> (Vec<Message>, Option<Verdict>) {
    let mut guard = Framing::default();
    let mut messages: Vec<Message> = Vec::new();
    let mut was = Position::Boundary;
    for (at, byte) in sent.iter().enumerate() {
        match guard.observe(&[*byte]) {
            Verdict::Pass => {}
            Verdict::BadHead(offset) => return (messages, Some(Verdict::BadHead(at + offset))),
            Verdict::BadBody(offset) => return (messages, Some(Verdict::BadBody(at + offset))),
        }
        let now = guard.position();
        if was == Position::Boundary && now != Position::Boundary {
            messages.push(Message::default());
        }
        if let Some(message) = messages.last_mut().filter(|message| !message.is_whole) {
            if was == Position::Body { &mut message.body } else { &mut message.head }.push(*byte);
            message.is_whole = now == Position::Boundary;
        }
        // Empty lines before a request (RFC 9112 2.2) are none.
        messages.pop_if(|message| message.is_whole && message.head.trim_ascii().is_empty());
        was = now;
    }
    (messages, None)
}

/// A request as a handler gets it; no body if that broke off.
struct Seen {
    method: Method,
    body: Option<Vec<u8>>,
}

/// Serves the bytes as `connection` would, then the end of the stream.
fn read_by_hyper(sent: Vec<u8>, piece: usize) -> Vec<Seen> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let seen = Rc::clone(&seen);
        async move {
            let method = request.method().clone();
            // As `admission` does; hyper would hand the connection over on a 200.
            let status =
                if method == Method::CONNECT { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::OK };
            let number = seen.borrow().len();
            seen.borrow_mut().push(Seen { method, body: None });
            let body = request.into_body().collect().await.ok();
            seen.borrow_mut()[number].body = body.map(|body| body.to_bytes().to_vec());
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_header_size(32 << 10);
    let mut connection = Box::pin(builder.serve_connection(Script { sent, at: 0, piece }, service));
    let mut context = Context::from_waker(Waker::noop());
    // Nothing ever waits for the network here; hyper asks for another turn now and then.
    for _ in 0..1_000_000 {
        if connection.as_mut().poll(&mut context).is_ready() {
            drop(connection);
            return Rc::into_inner(seen).unwrap().into_inner();
        }
    }
    panic!("hyper waits for something");
}

/// A connection on which everything was sent and nothing blocks.
struct Script {
    sent: Vec<u8>,
    at: usize,
    piece: usize,
}

impl Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let end = self.at.saturating_add(self.piece).min(self.sent.len());
        let end = end.min(self.at + buffer.remaining());
        buffer.put_slice(&self.sent[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl Write for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

//! Requests that are wrong in HTTP/1.1 and in HTTP/2 alike: neither protocol may act on a request that the other
//! refuses.

use std::fmt::Write as _;

use tokio::io::AsyncWriteExt;
use tresor::net::Limits;

use crate::network::http2::{
    CONTINUATION, Client, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, frame, has_status,
};
use crate::network::support::{plain, rest, soon, start, status};
use crate::network::tls::{certificate, in_memory};

/// RFC 9113 7.
const PROTOCOL_ERROR: [u8; 4] = [0, 0, 0, 1];

/// The fate of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Status(&'static str),
    /// HTTP/2: the stream is reset as malformed (RFC 9113 8.1.1).
    Reset,
    /// HTTP/2: the connection ends.
    Ended,
    /// No such request can be written in this protocol.
    Impossible,
}
use Fate::{Ended, Impossible, Reset, Status};

#[derive(Clone, Copy)]
struct Sent {
    method: &'static str,
    path: &'static str,
    /// The request line's host, and `:authority`; `None` for origin-form, where HTTP/2 names `localhost`.
    authority: Option<&'static str>,
    fields: &'static [(&'static str, &'static str)],
}

const GET: Sent = Sent { method: "GET", path: "/", authority: None, fields: &[] };

/// A request, and its outcome in HTTP/1.1 and in HTTP/2.
const REQUESTS: &[(Sent, Fate, Fate)] = &[
    (GET, Status("200"), Status("200")),
    // DELETE of `/a/#b` deleted `/a/` over HTTP/2.
    (Sent { method: "DELETE", path: "/a/#b", ..GET }, Status("400"), Reset),
    (Sent { path: "/#", ..GET }, Status("400"), Reset),
    (Sent { path: "/a?b#c", ..GET }, Status("400"), Reset),
    (Sent { path: "#", ..GET }, Status("400"), Reset),
    (Sent { path: "/a#b", authority: Some("localhost"), ..GET }, Status("400"), Reset),
    (Sent { path: "/a b", ..GET }, Status("400"), Reset),
    (Sent { path: "/a\x7fb", ..GET }, Status("400"), Reset),
    (Sent { path: "", ..GET }, Status("400"), Reset),
    (Sent { path: "a", ..GET }, Status("400"), Reset),
    (Sent { path: "?a", ..GET }, Status("400"), Status("400")),
    (Sent { path: "*", ..GET }, Status("400"), Status("400")),
    (Sent { method: "OPTIONS", path: "*", ..GET }, Status("200"), Status("200")),
    (Sent { authority: Some("user@localhost"), ..GET }, Status("400"), Status("400")),
    (
        Sent { authority: Some("other"), fields: &[("host", "localhost")], ..GET },
        Status("400"),
        Status("400"),
    ),
    (Sent { fields: &[("host", "localhost"), ("host", "localhost")], ..GET }, Status("400"), Status("400")),
    (Sent { method: "CONNECT", path: "localhost:443", ..GET }, Status("405"), Reset),
    (Sent { fields: &[("x", "a\x01b")], ..GET }, Status("400"), Ended),
    (Sent { fields: &[("x y", "a")], ..GET }, Status("400"), Ended),
    (
        Sent { fields: &[("content-length", "0"), ("content-length", "0")], ..GET },
        Status("400"),
        Status("400"),
    ),
    (Sent { fields: &[("content-length", "+0")], ..GET }, Status("400"), Reset),
    (
        Sent { fields: &[("content-length", "0"), ("transfer-encoding", "chunked")], ..GET },
        Status("400"),
        Reset,
    ),
    (Sent { fields: &[("content-encoding", "gzip")], ..GET }, Status("415"), Status("415")),
    // A blank before a value is none of it in HTTP/1.1.
    (Sent { fields: &[("x", " a")], ..GET }, Status("200"), Status("400")),
    (Sent { fields: &[("X", "a")], ..GET }, Status("200"), Ended),
    (Sent { fields: &[("connection", "keep-alive")], ..GET }, Impossible, Reset),
    (Sent { fields: &[("te", "trailers")], ..GET }, Status("200"), Status("200")),
    (Sent { fields: &[("te", "gzip")], ..GET }, Impossible, Reset),
    (Sent { fields: &[(":path", "/a")], ..GET }, Impossible, Reset),
];

impl Sent {
    fn http1(self) -> String {
        let Self { method, path, authority, fields } = self;
        let target = authority.map_or_else(String::new, |authority| format!("http://{authority}"));
        let mut text = format!("{method} {target}{path} HTTP/1.1\r\nConnection: close\r\n");
        if !fields.iter().any(|(name, _)| *name == "host") {
            text.push_str("Host: localhost\r\n");
        }
        for (name, value) in fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text + "\r\n"
    }

    /// A header block of literals only (RFC 7541 6.2.2).
    fn http2(self) -> Vec<u8> {
        let Self { method, path, authority, fields } = self;
        let mut pseudo = vec![(":method", method), (":scheme", "https"), (":path", path)];
        pseudo.push((":authority", authority.unwrap_or("localhost")));
        let mut block = Vec::new();
        for (name, value) in pseudo.iter().chain(fields) {
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).unwrap());
                block.extend(text.as_bytes());
            }
        }
        block
    }
}

/// The fate of a request over HTTP/2, sent whole and then cut in two frames.
async fn fate(client: &mut Client, stream: u32, bytes: &[u8]) -> Fate {
    client.send(bytes).await;
    loop {
        let Some(answer) = client.next().await else { return Ended };
        match answer.kind {
            GOAWAY => return Ended,
            RST_STREAM if answer.stream == stream && answer.payload == PROTOCOL_ERROR => return Reset,
            HEADERS if answer.stream == stream => {
                let known = ["200", "400", "404", "405", "415"];
                let status = known.into_iter().find(|status| has_status(&answer.payload, status));
                return Status(status.unwrap_or_else(|| panic!("another status: {:?}", answer.payload)));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_one_protocol_refuses_the_other_does_not_act_on() {
    let made = certificate();
    let (open, secure) = (plain(Limits::default()), start(Some(in_memory(&made)), |_| {}));
    for (sent, old, new) in REQUESTS {
        let what = sent.http1();
        if let Status(expected) = old {
            assert_eq!(status(&open.exchange(&what).await), *expected, "{what:?}");
        }
        let block = sent.http2();
        let (one, two) = block.split_at(block.len() / 2);
        let whole = frame(HEADERS, END_STREAM | END_HEADERS, 1, &block);
        let cut = [frame(HEADERS, END_STREAM, 1, one), frame(CONTINUATION, END_HEADERS, 1, two)].concat();
        for bytes in [whole, cut] {
            let mut client = Client::connect(&secure, &made).await;
            assert_eq!(fate(&mut client, 1, &bytes).await, *new, "{what:?}");
            if *new != Ended {
                // Only that request failed.
                client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 3, &GET.http2())).await;
                assert_eq!(client.wait_for(DATA, 3).await.payload, b"hello\n", "{what:?}");
            }
        }
    }
}

/// A body that is shorter or longer than its head says is nothing that a handler takes for whole.
#[tokio::test]
async fn a_body_of_another_length_than_announced_is_refused() {
    let made = certificate();
    let (open, secure) = (plain(Limits::default()), start(Some(in_memory(&made)), |_| {}));
    let sent = Sent { method: "PUT", path: "/echo", authority: None, fields: &[("content-length", "4")] };
    for body in [&b"abc"[..], b"abcde"] {
        let mut client = Client::connect(&secure, &made).await;
        client.send(&frame(HEADERS, END_HEADERS, 1, &sent.http2())).await;
        client.send(&frame(DATA, END_STREAM, 1, body)).await;
        assert_eq!(client.wait_for(RST_STREAM, 1).await.payload, PROTOCOL_ERROR);
    }
    let mut stream = open.connect().await;
    stream.write_all(format!("{}abc", sent.http1()).as_bytes()).await.unwrap();
    soon(stream.shutdown()).await.unwrap();
    assert!(!rest(&mut stream).await.contains(" 200 "));
}

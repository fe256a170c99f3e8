//! HTTP/2 in raw frames: floods end in GOAWAY, one stalled answer does not hurt the others.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tresor::net::{Limits, SelfSigned};

use crate::network::support::{Running, seconds, soon, start};
use crate::network::tls::{certificate, connect, in_memory};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

const CANCEL: [u8; 4] = [0, 0, 0, 8];

pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A head in HPACK (RFC 7541) without dynamic entries: `method` is 2 for GET, 3 for POST.
fn head(method: u8, path: &str) -> Vec<u8> {
    let mut block = vec![0x80 | method, 0x87];
    for (name, value) in [(4, path), (1, "localhost")] {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    }
    block
}

pub(crate) struct Client {
    reader: ReadHalf<TlsStream<TcpStream>>,
    writer: WriteHalf<TlsStream<TcpStream>>,
}

impl Client {
    pub(crate) async fn connect(server: &Running, made: &SelfSigned) -> Self {
        let (reader, writer) = split(connect(server, made, "h2").await);
        let mut client = Self { reader, writer };
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        client.send(&frame(SETTINGS, 0, 0, &[])).await;
        client
    }

    /// The server may have closed already; its frames before that count.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = soon(self.writer.write_all(bytes)).await;
        let _ = soon(self.writer.flush()).await;
    }

    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        soon(self.reader.read_exact(&mut head)).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        soon(self.reader.read_exact(&mut payload)).await.ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The first frame of this kind on this stream.
    pub(crate) async fn wait_for(&mut self, kind: u8, stream: u32) -> Frame {
        loop {
            let frame = self.next().await.expect("the connection is open");
            if frame.kind == kind && frame.stream == stream {
                return frame;
            }
        }
    }
}

/// Sends the flood while reading, so that the end of it is seen.
async fn assert_flood_ends_in_goaway(what: &str, flood: Vec<u8>) {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let Client { reader, mut writer } = Client::connect(&server, &made).await;
    let sending = tokio::spawn(async move {
        let _ = writer.write_all(&flood).await;
        let _ = writer.flush().await;
        writer
    });
    // Reading needs no writer; a second client lends its own.
    let spare = Client::connect(&server, &made).await;
    let mut client = Client { reader, writer: spare.writer };
    let goaway = client.wait_for(GOAWAY, 0).await;
    let code = goaway.payload[4..8].to_vec();
    assert_ne!(code, [0, 0, 0, 0], "{what}: GOAWAY says what was wrong");
    drop(soon(sending).await);

    let mut after = Client::connect(&server, &made).await;
    after.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(2, "/"))).await;
    let body = after.wait_for(DATA, 1).await;
    assert_eq!(body.payload, b"hello\n", "{what}: the server is alive");
}

fn odd_streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|n| 2 * n + 1)
}

#[tokio::test]
async fn rapid_resets_end_in_goaway() {
    let open = head(2, "/wait");
    let flood = odd_streams(5_000)
        .flat_map(|stream| {
            let mut bytes = frame(HEADERS, END_STREAM | END_HEADERS, stream, &open);
            bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL));
            bytes
        })
        .collect();
    assert_flood_ends_in_goaway("rapid reset", flood).await;
}

#[tokio::test]
async fn endless_continuation_ends_in_goaway() {
    let mut flood = frame(HEADERS, END_STREAM, 1, &head(2, "/"));
    for _ in 0..20_000 {
        flood.extend(frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y"));
    }
    assert_flood_ends_in_goaway("CONTINUATION", flood).await;
}

#[tokio::test]
async fn tiny_data_frames_end_in_goaway() {
    let mut flood = frame(HEADERS, END_HEADERS, 1, &head(3, "/hold"));
    for _ in 0..60_000 {
        flood.extend(frame(DATA, 0, 1, b"x"));
    }
    assert_flood_ends_in_goaway("tiny DATA", flood).await;
}

#[tokio::test]
async fn empty_data_frames_end_in_goaway() {
    let mut flood = frame(HEADERS, END_HEADERS, 1, &head(3, "/hold"));
    for _ in 0..10_000 {
        flood.extend(frame(DATA, 0, 1, b""));
    }
    assert_flood_ends_in_goaway("empty DATA", flood).await;
}

#[tokio::test]
async fn heads_above_the_limit_get_431() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let mut client = Client::connect(&server, &made).await;
    let mut block = head(2, "/");
    for _ in 0..101 {
        block.extend(b"\x00\x01x\x01y");
    }
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)).await;
    let answer = client.wait_for(HEADERS, 1).await;
    // `:status` is a literal with the static name 8 and three Huffman-packed digits, or plain.
    assert!(has_status(&answer.payload, "431"), "{:?}", answer.payload);
}

/// Whether a head block begins with this status, as hpack writes it: from the static table, or literal and
/// Huffman-packed.
pub(crate) fn has_status(block: &[u8], status: &str) -> bool {
    let indexed = match status {
        "200" => 8,
        "400" => 12,
        "404" => 13,
        _ => 0,
    };
    // RFC 7541 appendix B: 0 to 2 have five bits and 3 to 9 six; filled up with ones.
    let bits: String = status
        .bytes()
        .map(|digit| match digit - b'0' {
            small @ 0..=2 => format!("{small:05b}"),
            large => format!("{:06b}", large + 0b01_0110),
        })
        .collect();
    let bits = format!("{bits:1<24}");
    let packed: Vec<_> = (0..3).map(|n| u8::from_str_radix(&bits[8 * n..8 * n + 8], 2).unwrap()).collect();
    let packed = &packed[..bits.trim_end_matches('1').len().div_ceil(8).max(2)];
    // The status comes first; behind it the same bytes mean something else.
    let block = &block[..block.len().min(8)];
    block.first() == Some(&(0x80 | indexed))
        || block.windows(packed.len()).any(|window| window == packed)
        || block.windows(3).any(|window| window == status.as_bytes())
}

#[tokio::test]
async fn broken_answer_resets_its_stream_alone() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let mut client = Client::connect(&server, &made).await;
    for (stream, path) in [(1, "/broken"), (3, "/short")] {
        client.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(2, path))).await;
        let reset = client.wait_for(RST_STREAM, stream).await;
        assert_ne!(reset.payload, [0, 0, 0, 0], "{path}");
    }
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 5, &head(2, "/"))).await;
    assert_eq!(client.wait_for(DATA, 5).await.payload, b"hello\n");
}

#[tokio::test]
async fn stalled_answer_is_reset_while_others_flow() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |server| {
        server.limits = Arc::new(Limits { write_stall_seconds: seconds(0.3), ..Limits::default() });
    });
    let mut client = Client::connect(&server, &made).await;
    // The connection's window is wide, this stream's stays at 65,535 bytes.
    client.send(&frame(WINDOW_UPDATE, 0, 0, &[0, 16, 0, 0])).await;
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(2, "/endless"))).await;
    client.wait_for(RST_STREAM, 1).await;
    soon(server.echo.gone.notified()).await;
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 3, &head(2, "/"))).await;
    assert_eq!(client.wait_for(DATA, 3).await.payload, b"hello\n");
}

/// A reset right behind the answer made curl 7.88 forget the answer.
#[tokio::test]
async fn an_answer_before_the_end_of_the_body_is_followed_by_no_reset() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let mut client = Client::connect(&server, &made).await;
    client.send(&frame(HEADERS, END_HEADERS, 1, &head(3, "/"))).await;
    client.send(&frame(DATA, 0, 1, b"unwanted")).await;
    assert_eq!(client.wait_for(DATA, 1).await.payload, b"hello\n");
    client.send(&frame(DATA, END_STREAM, 1, b"and the rest")).await;
    client.send(&frame(PING, 0, 0, b"are you?")).await;
    loop {
        let frame = client.next().await.expect("the connection is open");
        assert_ne!(frame.kind, RST_STREAM);
        if frame.kind == PING {
            break;
        }
    }
}

/// Though the whole of it takes longer than an answer may lie still.
#[tokio::test]
async fn a_slow_but_steady_client_gets_all_of_large_steps() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |server| {
        server.limits = Arc::new(Limits { write_stall_seconds: seconds(4.0), ..Limits::default() });
    });
    let Client { reader, mut writer } = Client::connect(&server, &made).await;
    writer.write_all(&frame(WINDOW_UPDATE, 0, 0, &[0, 64, 0, 0])).await.unwrap();
    writer.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(2, "/large"))).await.unwrap();
    writer.flush().await.unwrap();
    let spare = Client::connect(&server, &made).await;
    tokio::spawn(async move {
        let takes = frame(WINDOW_UPDATE, 0, 1, &(80_u32 << 10).to_be_bytes());
        while writer.write_all(&takes).await.is_ok() && writer.flush().await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
    let mut client = Client { reader, writer: spare.writer };
    let mut received = 0;
    loop {
        let frame = client.next().await.expect("the connection is open");
        assert_ne!(frame.kind, RST_STREAM, "after {received} bytes");
        if frame.kind == DATA {
            received += frame.payload.len();
            if frame.flags & END_STREAM != 0 {
                break;
            }
        }
    }
    assert_eq!(received, 2 * 32 * (64 << 10));
}

#[tokio::test]
async fn stopping_ends_idle_and_finishes_busy_connections() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let mut client = Client::connect(&server, &made).await;
    client.send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(2, "/wait"))).await;
    soon(server.echo.arrived.notified()).await;
    server.stop.stop();
    client.wait_for(GOAWAY, 0).await;
    server.echo.release.notify_one();
    let body = client.wait_for(DATA, 1).await;
    assert_eq!(body.payload, b"released\n");
    let ended = body.flags & END_STREAM != 0 || client.wait_for(DATA, 1).await.flags & 1 != 0;
    assert!(ended);
    drop(client);
    soon(server.task).await.unwrap().unwrap();
}

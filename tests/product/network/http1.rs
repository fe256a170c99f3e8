//! HTTP/1.1: slow, oversized and ambiguous messages.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tresor::net::{Limits, ProxyTrust};

use crate::network::support::{ask, plain, read_past, rest, seconds, soon, start, status};

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn quick_heads() -> Limits {
    Limits { header_timeout_seconds: seconds(0.3), ..Limits::default() }
}

#[tokio::test]
async fn silent_connection_is_cut() {
    let server = plain(quick_heads());
    assert_eq!(server.exchange("").await, "");
    server.assert_alive().await;
}

#[tokio::test]
async fn unfinished_head_is_cut() {
    let server = plain(quick_heads());
    assert_eq!(server.exchange("GET / HTTP/1.1\r\nX-Slow: ").await, "");
    let mut second = server.connect().await;
    ask(&mut second, GET, "hello\n").await;
    second.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut second).await, "");
    server.assert_alive().await;
}

#[tokio::test]
async fn resting_connection_outlives_the_header_timeout() {
    // hyper's own timer would cut it after the header timeout.
    let server = plain(Limits { keep_alive_seconds: seconds(1.2), ..quick_heads() });
    let mut stream = server.connect().await;
    // Taken before the answer, so that a busy machine can only make the rest look longer than it was.
    let asked = Instant::now();
    ask(&mut stream, GET, "hello\n").await;
    assert_eq!(rest(&mut stream).await, "");
    assert!(asked.elapsed().as_millis() >= 1_200);
}

#[tokio::test]
async fn long_request_is_no_rest() {
    let server = plain(Limits { keep_alive_seconds: seconds(0.2), ..quick_heads() });
    let mut stream = server.connect().await;
    let request = GET.replace("/ ", "/wait ");
    stream.write_all(request.as_bytes()).await.unwrap();
    soon(server.echo.arrived.notified()).await;
    // Another connection lives through all the limits meanwhile.
    assert_eq!(server.exchange("").await, "");
    server.echo.release.notify_one();
    let answer = read_past(&mut stream, "released\n").await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn slow_bodies_get_408() {
    let stalling = Limits { read_stall_seconds: seconds(0.2), ..Limits::default() };
    let crawling = Limits { min_body_grace_seconds: seconds(0.2), ..Limits::default() };
    for limits in [stalling, crawling] {
        let server = plain(limits);
        for head in ["Content-Length: 1000\r\n\r\na", "Transfer-Encoding: chunked\r\n\r\n1\r\na"] {
            let text = format!("PUT /echo HTTP/1.1\r\nHost: localhost\r\n{head}");
            assert_eq!(status(&server.exchange(text).await), "408", "{head:?}");
        }
        server.assert_alive().await;
    }
}

#[tokio::test]
async fn slow_reader_is_cut() {
    let server = plain(Limits { write_stall_seconds: seconds(0.3), ..Limits::default() });
    let mut stream = server.connect().await;
    let request = GET.replace("/ ", "/endless ");
    stream.write_all(request.as_bytes()).await.unwrap();
    soon(server.echo.gone.notified()).await;
    server.assert_alive().await;
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let server = plain(Limits::default());
    let long = format!("X-Long: {}\r\n", "y".repeat(40_000));
    let many = "X: y\r\n".repeat(100);
    assert_eq!(status(&server.get("/", &long).await), "431");
    assert_eq!(status(&server.get("/", &many).await), "431");
    let path = format!("/{}", "z".repeat(9_000));
    assert_eq!(status(&server.get(&path, "").await), "414");
    let fitting = "X: y\r\n".repeat(98);
    assert_eq!(status(&server.get("/", &fitting).await), "200");
}

#[tokio::test]
async fn ambiguous_framing_gets_400_and_the_connection_ends() {
    let server = plain(Limits::default());
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "X-Folded: a\r\n b\r\nContent-Length: 5",
        "Content-Length : 5",
        "Content-Length: 5\r\nTransfer-Encoding\t: chunked",
    ] {
        // The rest would be a second request to a server that reads the first one as empty.
        let text = format!("PUT /echo HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n0\r\n\r\n{GET}");
        let answer = server.exchange(text).await;
        assert_eq!(status(&answer), "400", "{fields:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{fields:?}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn requests_before_an_ambiguous_one_are_answered() {
    let server = plain(Limits::default());
    let bad = "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na";
    let chunked = "PUT /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3;x=y\r\nabc\r\n0\r\nX-Trailer: z\r\n\r\n";
    let answers = server.exchange(format!("{GET}{chunked}{bad}")).await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|a| &a[..3]).collect();
    assert_eq!(statuses, ["200", "200", "400"], "{answers}");
}

#[tokio::test]
async fn malformed_chunks_get_400() {
    let server = plain(Limits::default());
    for body in [
        "10000000000000000\r\nabc",
        "fffffffffffffffff\r\nabc",
        "-1\r\nabc",
        "3\r\nabcd\r\n0\r\n\r\n",
        "zz\r\n",
    ] {
        let text =
            format!("PUT /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        assert_eq!(status(&server.exchange(text).await), "400", "{body:?}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn body_above_the_callers_limit_gets_413() {
    let server = plain(Limits::default());
    let head = "PUT /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let announced = format!("{head}Content-Length: 1048577\r\n\r\n");
    assert_eq!(status(&server.exchange(announced).await), "413");
    let piece = format!("40000\r\n{}\r\n", "x".repeat(0x40000)).repeat(5);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{piece}0\r\n\r\n");
    assert_eq!(status(&server.exchange(chunked).await), "413");
}

#[tokio::test]
async fn answer_before_the_body_is_not_lost() {
    // Closing at once would reset the connection while the client is still sending, and many
    // clients then report the reset and never look at the answer.
    let server = plain(Limits::default());
    let mut stream = server.connect().await;
    let head = "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; 4_000_000]).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.ends_with(b"hello\n"));
}

/// RFC 9112 9.6: a client without `Connection: close` sent its next request into a connection that was ending.
#[tokio::test]
async fn an_answer_before_the_body_says_whether_the_connection_ends() {
    let server = plain(Limits { read_stall_seconds: seconds(0.2), ..Limits::default() });
    let chunk = "Transfer-Encoding: chunked\r\n\r\n1\r\na";
    for (path, lines, status_of) in [
        ("/", "Content-Length: 4000000\r\n\r\nab", "200"),
        ("/", "Content-Length: 65537\r\n\r\nab", "200"),
        ("/", chunk, "200"),
        ("/", "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", "200"),
        ("/echo", "Content-Length: 4000000\r\n\r\nab", "413"),
        ("/echo", "Content-Length: 40\r\n\r\nab", "408"),
        ("/echo", chunk, "408"),
        ("/echo", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
        ("/echo", "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", "415"),
    ] {
        let mut stream = server.connect().await;
        let text = format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\n{lines}");
        stream.write_all(text.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert_eq!(status(&answer), status_of, "{text}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{text} {answer}");
    }
}

/// Patience is long here: a busy machine must not make the server give up on the rest.
#[tokio::test]
async fn a_short_rest_is_read_away_and_the_connection_goes_on() {
    let server = plain(Limits::default());
    for length in [0, 5, 65_536] {
        let mut stream = server.connect().await;
        let text = format!("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let answer = read_past(&mut stream, "hello\n").await;
        assert!(!answer.contains("\r\nconnection: "), "{answer}");
        stream.write_all(&vec![b'x'; length]).await.unwrap();
        ask(&mut stream, GET, "hello\n").await;
        // So it does after a body that was read.
        ask(
            &mut stream,
            &text.replace(&length.to_string(), "3").replace("/ ", "/echo ").replacen(
                "\r\n\r\n",
                "\r\n\r\nabc",
                1,
            ),
            "abc",
        )
        .await;
        ask(&mut stream, GET, "hello\n").await;
    }
}

#[tokio::test]
async fn expect_continue_is_answered_when_the_body_is_read() {
    let server = plain(Limits::default());
    let mut stream = server.connect().await;
    let head = "PUT /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    read_past(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream.write_all(b"abc").await.unwrap();
    let answer = read_past(&mut stream, "\r\n\r\nabc").await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn answer_that_breaks_off_never_looks_complete() {
    let server = plain(Limits::default());
    for request in [
        "GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /short HTTP/1.1\r\nHost: localhost\r\n\r\n",
        // Without a length or chunks, only a reset tells the difference.
        "GET /broken HTTP/1.0\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = soon(stream.read_to_end(&mut bytes)).await;
        let kind = end.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset, "{request}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn answers_carry_the_standard_headers() {
    let server = plain(Limits::default());
    let answer = server.get("/", "X-Request-Id: chosen\r\n").await;
    for line in ["\r\nx-content-type-options: nosniff\r\n", "\r\ndate: "] {
        assert!(answer.contains(line), "{line:?} {answer}");
    }
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    let (_, id) = answer.split_once("x-request-id: ").unwrap();
    assert!(id[..16].chars().all(|c| c.is_ascii_hexdigit()), "{id}");
    let head = server.exchange("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(head.contains("\r\ncontent-length: 6\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn interim_answers_come_while_the_body_is_awaited() {
    let server = plain(Limits::default());
    let mut stream = server.connect().await;
    // Twice: the second request finds the connection as the first one left it.
    for _ in 0..2 {
        let head = "POST /interim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let told = read_past(&mut stream, "\r\n\r\n").await;
        assert_eq!(told, "HTTP/1.1 104 So Far\r\nx-far: 0\r\n\r\n");
        stream.write_all(b"12345").await.unwrap();
        assert_eq!(read_past(&mut stream, "\r\n\r\n").await, "HTTP/1.1 104 So Far\r\nx-far: 5\r\n\r\n");
        stream.write_all(b"67890").await.unwrap();
        // No interim answer follows the final one.
        let answer = read_past(&mut stream, "true 10\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn interim_answers_stand_beside_100_continue() {
    let server = plain(Limits::default());
    let mut stream = server.connect().await;
    let head =
        "POST /interim HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = [read_past(&mut stream, "\r\n\r\n").await, read_past(&mut stream, "\r\n\r\n").await];
    told.sort();
    assert_eq!(told, ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 104 So Far\r\nx-far: 0\r\n\r\n"]);
    ask(&mut stream, "ab", "true 2\n").await;
    // A refusal without the body keeps its place, too.
    let wanted = head.replace("/interim", "/");
    stream.write_all(wanted.as_bytes()).await.unwrap();
    assert!(read_past(&mut stream, "hello\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn interim_answers_keep_their_place_among_pipelined_ones() {
    let server = plain(Limits::default());
    let large = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let with_body = "POST /interim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    let last = GET.replace("Host", "Connection: close\r\nHost");
    let answers = server.exchange([GET, with_body, large, with_body, GET, with_body, &last].concat()).await;
    let mut left = answers.as_str();
    let mut statuses = Vec::new();
    while !left.is_empty() {
        let (head, after) = left.split_once("\r\n\r\n").unwrap();
        let status: u16 = status(head).parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = match (status, length) {
            (104, _) => 0,
            (_, Some(length)) => length.parse().unwrap(),
            // The large one, in chunks without an extension.
            _ => after.find("0\r\n\r\n").unwrap() + 5,
        };
        statuses.push(status);
        left = &after[body..];
    }
    // Where the body is there at once, the answer may be, too.
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 7, "{statuses:?}");
    assert_eq!(statuses.first(), Some(&200), "nothing comes before the first answer");
    assert_eq!(statuses.last(), Some(&200));
}

#[tokio::test]
async fn http_1_0_hears_no_interim_answer() {
    let server = plain(Limits::default());
    let answer =
        server.exchange("POST /interim HTTP/1.0\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("false 3\n"), "{answer}");
}

#[tokio::test]
async fn proxies_hear_no_interim_answer() {
    let server = start(None, |server| {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        server.trust = Arc::new(ProxyTrust { trusted_proxies, ..ProxyTrust::default() });
    });
    let lines =
        "Host: localhost\r\nX-Forwarded-Proto: https\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
    let answer = server.exchange(format!("POST /interim HTTP/1.1\r\n{lines}")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("false 3\n"), "{answer}");
}

//! Requests that stop in their middle.

use std::io::{self, BufRead, BufReader, Write};

use crate::support::TestServer;
use crate::support::http::Connection;
use crate::support::server::{PASSWORD, USER};

/// Begins a request with these header lines, which announce its body's length, and sends `bytes` of it.
pub(crate) fn begin_request(
    server: &TestServer,
    request: &str,
    lines: &[&str],
    bytes: &[u8],
) -> Box<dyn Connection> {
    try_begin_request(server, request, lines, bytes).unwrap()
}

/// The same, where the server may be gone.
pub(crate) fn try_begin_request(
    server: &TestServer,
    request: &str,
    lines: &[&str],
    bytes: &[u8],
) -> io::Result<Box<dyn Connection>> {
    let login = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let lines: String = lines.iter().map(|line| [line, "\r\n"].concat()).collect();
    let head =
        format!("{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n{lines}\r\n");
    let mut connection = server.endpoint().try_connect()?;
    connection.write_all(head.as_bytes())?;
    connection.write_all(bytes)?;
    Ok(connection)
}

/// The head of the next answer, interim or not: its status and its lines in small letters.
pub(crate) fn next_head(connection: &mut BufReader<Box<dyn Connection>>) -> (u16, Vec<(String, String)>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" if lines.is_empty() => panic!("no answer"),
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    };
    (status, lines[1..].iter().map(pair).collect())
}

pub(crate) fn value<'a>(lines: &'a [(String, String)], name: &str) -> Option<&'a str> {
    lines.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

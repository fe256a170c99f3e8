//! A tus client that sends exactly the bytes of a test.

use data_encoding::BASE64;

use crate::support::TestServer;
use crate::support::content::sha256;
use crate::support::http::{Request, Response};
use crate::support::server::SPACE;

pub(crate) const CONTENT: &str = "application/offset+octet-stream";

/// A request that says which protocol it means.
pub(crate) fn tus(server: &TestServer, method: &str, target: &str) -> Request {
    server.request(method, target).header("Tus-Resumable", "1.0.0")
}

pub(crate) fn with(request: Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

pub(crate) fn metadata(pairs: &[(&str, &str)]) -> String {
    let pair = |(key, value): &(&str, &str)| format!("{key} {}", BASE64.encode(value.as_bytes()));
    pairs.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// Metadata that send an upload to a path of the test's space.
pub(crate) fn to(path: &str) -> String {
    metadata(&[("path", &format!("{SPACE}/{path}"))])
}

/// A POST without a body.
pub(crate) fn post(server: &TestServer, headers: &[(&str, &str)]) -> Response {
    with(tus(server, "POST", "/tus"), headers).body("").send()
}

/// Begins an upload of this length; its address.
#[track_caller]
pub(crate) fn begin(server: &TestServer, path: &str, length: usize) -> String {
    let headers = [("Upload-Length", length.to_string()), ("Upload-Metadata", to(path))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let begun = post(server, &headers).expect(201);
    begun.header("location").unwrap().to_owned()
}

pub(crate) fn patch(
    server: &TestServer,
    upload: &str,
    offset: usize,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Response {
    let request = tus(server, "PATCH", upload).header("Content-Type", CONTENT);
    with(request.header("Upload-Offset", &offset.to_string()), headers).body(body).send()
}

pub(crate) fn head(server: &TestServer, upload: &str) -> Response {
    tus(server, "HEAD", upload).send()
}

/// How far an upload has come.
#[track_caller]
pub(crate) fn offset(server: &TestServer, upload: &str) -> usize {
    number(&head(server, upload).expect(200), "upload-offset")
}

#[track_caller]
pub(crate) fn number(response: &Response, header: &str) -> usize {
    let value = response.header(header).unwrap_or_else(|| panic!("no {header}: {response}"));
    value.parse().unwrap()
}

/// The address of a path of the test's space.
pub(crate) fn file(path: &str) -> String {
    format!("/dav/{SPACE}/{path}")
}

#[track_caller]
pub(crate) fn assert_content(server: &TestServer, path: &str, expected: &[u8]) {
    let read = server.request("GET", &file(path)).send().expect(200);
    assert_eq!(sha256(&read.body), sha256(expected), "{path}");
}

#[track_caller]
pub(crate) fn assert_absent(server: &TestServer, path: &str) {
    server.request("HEAD", &file(path)).send().expect(404);
}

/// The bytes of uploads that have reached the disk.
pub(crate) fn on_disk(server: &TestServer) -> u64 {
    let files = std::fs::read_dir(server.data().join("tmp")).unwrap();
    files.map(|file| file.unwrap().metadata().map_or(0, |file| file.len())).sum()
}

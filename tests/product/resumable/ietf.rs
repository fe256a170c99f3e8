//! A client of "Resumable Uploads for HTTP" that sends exactly the bytes of a test, in any draft's words.

use crate::resumable::tus::{file, number, with};
use crate::support::TestServer;
use crate::support::http::{Request, Response};

/// Every number that the server speaks.
pub(crate) const VERSIONS: [u32; 6] = [3, 4, 5, 6, 7, 8];
pub(crate) const PART: &str = "application/partial-upload";

/// The line that says whether a request brings the end.
pub(crate) fn completes(version: u32, is_complete: bool) -> (&'static str, &'static str) {
    match (version, is_complete) {
        (3, true) => ("Upload-Incomplete", "?0"),
        (3, false) => ("Upload-Incomplete", "?1"),
        (_, true) => ("Upload-Complete", "?1"),
        (_, false) => ("Upload-Complete", "?0"),
    }
}

/// A request in this draft's words.
pub(crate) fn ietf(server: &TestServer, version: u32, method: &str, target: &str) -> Request {
    server.request(method, target).header("Upload-Draft-Interop-Version", &version.to_string())
}

/// A PUT to a path of the test's space that says whether it brings all.
pub(crate) fn put(server: &TestServer, version: u32, path: &str, is_complete: bool) -> Request {
    let (name, value) = completes(version, is_complete);
    ietf(server, version, "PUT", &file(path)).header(name, value)
}

/// Begins an upload without a byte; its address.
#[track_caller]
pub(crate) fn begin(server: &TestServer, version: u32, path: &str) -> String {
    let begun = put(server, version, path, false).body("").send().expect(201);
    begun.header("location").unwrap().to_owned()
}

pub(crate) fn patch(
    server: &TestServer,
    version: u32,
    upload: &str,
    (offset, body): (usize, &[u8]),
    is_complete: bool,
    headers: &[(&str, &str)],
) -> Response {
    let (name, value) = completes(version, is_complete);
    let request = ietf(server, version, "PATCH", upload).header(name, value).header("Content-Type", PART);
    with(request.header("Upload-Offset", &offset.to_string()), headers).body(body).send()
}

/// How far an upload has come, which is not its end.
#[track_caller]
pub(crate) fn offset(server: &TestServer, upload: &str) -> usize {
    let told = ietf(server, 8, "HEAD", upload).send().expect(204);
    assert_eq!(told.header("upload-complete"), Some("?0"), "{told}");
    number(&told, "upload-offset")
}

/// Panics unless the answer says, in this draft's word, whether all is there.
#[track_caller]
pub(crate) fn assert_says(response: &Response, version: u32, is_complete: bool) {
    let (name, value) = completes(version, is_complete);
    assert_eq!(response.header(name), Some(value), "version {version}: {response}");
    let (other, _) = completes(if version == 3 { 4 } else { 3 }, true);
    assert_eq!(response.header(other), None, "version {version}: {response}");
}

/// The problem type of a refusal.
pub(crate) fn problem(response: &Response) -> (String, serde_json::Value) {
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{response}");
    let problem: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let kind = problem["type"].as_str().unwrap();
    let kind = kind.strip_prefix("https://iana.org/assignments/http-problem-types#").unwrap();
    (kind.to_owned(), problem)
}

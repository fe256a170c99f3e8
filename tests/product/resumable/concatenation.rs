//! Uploads that are parts of another one.

use crate::resumable::tus::{assert_absent, assert_content, begin, head, metadata, patch, post, to, tus};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::server::SPACE;

/// Begins a part of this length; its address.
#[track_caller]
fn part(server: &TestServer, headers: &[(&str, &str)], length: usize) -> String {
    let length = length.to_string();
    let own = [("Upload-Concat", "partial"), ("Upload-Length", length.as_str())];
    let begun = post(server, &[&own[..], headers].concat()).expect(201);
    begun.header("location").unwrap().to_owned()
}

#[test]
fn parts_that_were_sent_side_by_side_become_one_file() {
    let server = TestServer::start_plain();
    let whole = bytes(1, 900_000);
    let (first, second) = whole.split_at(400_000);
    // Parts need not say where they will go.
    let one = part(&server, &[], first.len());
    let two = part(&server, &[("Upload-Metadata", &to("ignored.bin"))], second.len());
    assert_eq!(head(&server, &one).expect(200).header("upload-concat"), Some("partial"));
    let join = format!("final;{one} {}", server.url(&two));
    let said = metadata(&[
        ("path", &format!("{SPACE}/a.bin")),
        ("mtime", "1600000000"),
        ("sha256", &sha256(&whole)),
    ]);
    let headers = [("Upload-Concat", join.as_str()), ("Upload-Metadata", &said)];
    patch(&server, &two, 0, second, &[]).expect(204);
    patch(&server, &one, 0, &first[..100], &[]).expect(204);
    post(&server, &headers).expect(400);
    patch(&server, &one, 100, &first[100..], &[]).expect(204);
    // A part alone is no file, however complete.
    assert_absent(&server, "ignored.bin");
    assert_eq!(crate::resumable::tus::offset(&server, &one), first.len());

    post(&server, &[headers[0], headers[1], ("Upload-Length", "900000")]).expect(400);
    post(&server, &[headers[0]]).expect(400);
    post(&server, &[("Upload-Concat", &format!("final;{one} {one}")), headers[1]]).expect(404);
    let whole_one = begin(&server, "other.bin", 3);
    post(&server, &[("Upload-Concat", &format!("final;{one} {whole_one}")), headers[1]]).expect(404);
    // An obstacle leaves the parts as they are.
    post(&server, &[headers[0], headers[1], ("If-Match", "*")]).expect(412);
    let done = post(&server, &headers).expect(201);
    assert!(done.header("etag").is_some());
    assert_content(&server, "a.bin", &whole);
    let joined = done.header("location").unwrap();
    let told = head(&server, joined).expect(200);
    assert!(told.header("upload-concat").unwrap().starts_with("final"));
    assert_eq!(crate::resumable::tus::number(&told, "upload-length"), whole.len());
    patch(&server, joined, whole.len(), b"", &[]).expect(403);
    patch(&server, joined, 0, b"x", &[]).expect(403);
    head(&server, &one).expect(404);
    post(&server, &headers).expect(404);
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

#[test]
fn parts_that_were_meant_for_another_space_come_along() {
    let server = TestServer::start_plain();
    server.add_space("anderer", ["--kind", "client"], "write");
    let one = part(&server, &[("Upload-Metadata", &metadata(&[("space", "anderer")]))], 3);
    let two = part(&server, &[("Upload-Metadata", &metadata(&[("space", SPACE)]))], 0);
    patch(&server, &one, 0, b"abc", &[]).expect(204);
    let join = format!("final;{one} {two} ");
    post(&server, &[("Upload-Concat", &join), ("Upload-Metadata", &to("a.bin"))]).expect(201);
    assert_content(&server, "a.bin", b"abc");
    let deferred = [("Upload-Concat", "partial"), ("Upload-Defer-Length", "1")];
    let begun = post(&server, &deferred).expect(201);
    let three = begun.header("location").unwrap();
    let join = format!("final;{three}");
    post(&server, &[("Upload-Concat", &join), ("Upload-Metadata", &to("b.bin"))]).expect(400);
    patch(&server, three, 0, b"def", &[("Upload-Length", "3")]).expect(204);
    post(&server, &[("Upload-Concat", &join), ("Upload-Metadata", &to("b.bin"))]).expect(201);
    assert_content(&server, "b.bin", b"def");
    // A part may be given up like any other.
    let four = part(&server, &[], 3);
    tus(&server, "DELETE", &four).send().expect(204);
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

//! Parts in unsupported forms: refused so that a client stops, and the file stays whole.

use crate::resumable::tus::{assert_absent, assert_content, file, with};
use crate::support::TestServer;

const WHOLE: &[u8] = b"the whole file";

#[test]
fn a_put_of_a_range_is_400_and_changes_nothing() {
    let server = TestServer::start_plain();
    server.request("PUT", &file("a.bin")).body(WHOLE).send().expect(201);
    let etag = server.request("HEAD", &file("a.bin")).send().expect(200).header("etag").unwrap().to_owned();
    for top in ["/dav", "/remote.php/webdav", "/remote.php/dav/files/staff"] {
        for range in [
            "bytes 0-3/14",
            "bytes 4-7/14",
            "bytes 14-17/18",
            "bytes 0-3/*",
            "bytes */14",
            "items 0-3/14",
            "",
            "x",
        ] {
            let put = |name: &str| {
                let request = server.request("PUT", &format!("{top}/space/{name}"));
                request.header("Content-Range", range).body("part")
            };
            let refused = put("a.bin").send().expect(400);
            assert!(refused.text().contains("tus (/tus)"), "{refused}");
            put("new.bin").send().expect(400);
            // Before a byte of it was sent.
            assert!(put("a.bin").expect_continue().send().expect(400).interim.is_empty());
        }
    }
    let chunked = [("OC-Chunked", "1")];
    with(server.request("PUT", &file("a.bin-chunking-1-2-0")), &chunked).body("part").send().expect(400);
    assert_absent(&server, "new.bin");
    assert_content(&server, "a.bin", WHOLE);
    let after = server.request("HEAD", &file("a.bin")).send().expect(200);
    assert_eq!(after.header("etag"), Some(etag.as_str()));
}

#[test]
fn a_partial_update_is_405_and_changes_nothing() {
    let server = TestServer::start_plain();
    server.request("PUT", &file("a.bin")).body(WHOLE).send().expect(201);
    let told = server.request("OPTIONS", &file("a.bin")).send().expect(200);
    assert!(!told.header("allow").unwrap().split(", ").any(|method| method == "PATCH"), "{told}");
    assert_eq!(told.header("dav"), Some("1, 2"), "no sabredav-partialupdate");
    for range in ["append", "bytes=0-3", "bytes=4-", "bytes=-3", "bytes=0-99999999999999999999", ""] {
        for kind in ["application/x-sabredav-partialupdate", "application/partial-upload", "text/plain"] {
            for name in ["a.bin", "new.bin", ""] {
                let request = server.request("PATCH", &file(name)).header("Content-Type", kind);
                let refused = request.header("X-Update-Range", range).body("part").send().expect(405);
                assert!(refused.header("allow").unwrap().contains("PUT"), "{refused}");
                assert!(refused.text().contains("tus (/tus)"), "{refused}");
            }
        }
    }
    // Nextcloud's desktop asks in this way for a checksum that it found wrong, and rclone for one that it lacks: the
    // known ones are the answer, and nothing changes.
    let again = server.request("PATCH", &file("a.bin")).header("X-Recalculate-Hash", "SHA1").body("").send();
    assert!(again.expect(204).header("oc-checksum").is_some());
    assert_absent(&server, "new.bin");
    assert_content(&server, "a.bin", WHOLE);
}

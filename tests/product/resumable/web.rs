//! The rights of web pages here, and the places where uploads are announced.

use crate::resumable::tus::{CONTENT, begin, file, tus};
use crate::support::TestServer;
use crate::support::http::Response;

const PAGE: &str = "https://app.example";

fn allowed(response: &Response) -> Option<&str> {
    response.header("access-control-allow-origin")
}

fn preflight(server: &TestServer, target: &str, origin: &str) -> Response {
    let request = server.anonymous("OPTIONS", target).header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", "PATCH");
    request.header("Access-Control-Request-Headers", "authorization,tus-resumable,upload-offset").send()
}

#[test]
fn no_page_is_let_in_unless_it_is_named() {
    let closed = TestServer::start_plain();
    let open = TestServer::start_configured(&format!("cors_origins = ['{PAGE}', 'http://localhost:5173']"));
    let upload = begin(&open, "a.bin", 3);
    for target in ["/tus", &upload, "/uploads", "/uploads/x"] {
        assert_eq!(allowed(&preflight(&closed, target, PAGE).expect(204)), None);
        for origin in ["https://evil.example", "null", "https://app.example.evil", "http://app.example", ""] {
            let told = preflight(&open, target, origin).expect(204);
            assert_eq!(allowed(&told), None, "{origin}");
            assert_eq!(told.header("access-control-allow-headers"), None);
            assert_eq!(told.header("vary"), Some("Origin"));
        }
        let told = preflight(&open, target, PAGE).expect(204);
        assert_eq!(allowed(&told), Some(PAGE));
        assert_eq!(told.header("access-control-allow-credentials"), None);
        assert!(told.header("access-control-allow-methods").unwrap().contains("PATCH"));
        let headers = told.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
        for needed in ["authorization", "tus-resumable", "upload-offset", "upload-metadata", "content-type"] {
            assert!(headers.split(", ").any(|header| header == needed), "{needed}");
        }
    }
    // Every answer at a protocol says it, or the page could not read why it was refused.
    let as_page = |method: &str, target: &str| tus(&open, method, target).header("Origin", PAGE);
    let told = as_page("HEAD", &upload).send().expect(200);
    assert_eq!(allowed(&told), Some(PAGE));
    let exposed = told.header("access-control-expose-headers").unwrap();
    for needed in ["Location", "Upload-Offset", "Upload-Length", "Upload-Expires", "Tus-Resumable"] {
        assert!(exposed.split(", ").any(|header| header == needed), "{needed}");
    }
    assert_eq!(allowed(&as_page("HEAD", &upload).anonymous().send().expect(401)), Some(PAGE));
    let wrong = as_page("PATCH", &upload).header("Content-Type", CONTENT).header("Upload-Offset", "9");
    assert_eq!(allowed(&wrong.body("x").send().expect(409)), Some(PAGE));
    // Files belong only to the office.
    assert_eq!(allowed(&as_page("GET", &file("")).send()), None);
    let told = open.request("OPTIONS", &file("")).header("Origin", PAGE).send().expect(200);
    assert_eq!(allowed(&told), None);
}

#[test]
fn uploads_are_announced_where_clients_look() {
    let server = TestServer::start_plain();
    for target in ["/dav/", "/remote.php/dav/files/staff/", "/remote.php/webdav/", "/dav/space/"] {
        let told = server.request("OPTIONS", target).send().expect(200);
        assert_eq!(
            (told.header("tus-resumable"), told.header("tus-version")),
            (Some("1.0.0"), Some("1.0.0"))
        );
        assert!(told.header("tus-extension").unwrap().contains("creation-with-upload"));
        assert_eq!(told.header("tus-max-size"), Some("5368709120000"));
        assert!(told.header("allow").unwrap().starts_with("OPTIONS, GET, HEAD, PUT"), "{told}");
    }
    let told = server.request("GET", "/ocs/v2.php/cloud/capabilities?format=json");
    let told = told.header("OCS-APIRequest", "true").send().expect(200);
    let told: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    let support = told.pointer("/ocs/data/capabilities/files/tus_support").unwrap();
    assert_eq!((&support["version"], &support["resumable"]), (&"1.0.0".into(), &"1.0.0".into()));
}

//! Questions of Nextcloud clients about server and user, beside WebDAV.

use serde_json::{Value, json};

use crate::http::fixture::shared;
use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_else(|error| panic!("{error}: {response}"))
}

/// A signed-in request whose answer is JSON.
fn ask(server: &TestServer, path: &str) -> Response {
    let request = server.request("GET", path).header("Accept", "application/json");
    request.header("OCS-APIRequest", "true").send()
}

/// Status of HTTP and of OCS.
#[track_caller]
fn statuses(response: &Response) -> (u16, u64) {
    (response.status, json_of(response)["ocs"]["meta"]["statuscode"].as_u64().unwrap())
}

fn app_password(server: &TestServer, label: &str) -> String {
    let made = server.cli_ok(["user", "app-password", "add", USER, "--label", label, "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    made["password"].as_str().unwrap().to_owned()
}

/// The labels of the user's devices as the owner sees them.
pub(crate) fn devices(server: &TestServer) -> Vec<String> {
    let list: Value =
        serde_json::from_str(&server.cli_ok(["user", "app-password", "list", USER, "--json"])).unwrap();
    let label = |row: &Value| row["label"].as_str().unwrap().to_owned();
    list.as_array().unwrap_or_else(|| panic!("{list}")).iter().map(label).collect()
}

#[test]
fn status_php_says_word_for_word_what_clients_expect() {
    let server = shared();
    for path in ["/status.php", "/index.php/status.php"] {
        let response = server.anonymous("GET", path).send().expect(200);
        assert_eq!(
            response.text(),
            r#"{"installed":true,"maintenance":false,"needsDbUpgrade":false,"version":"31.0.4.1","versionstring":"31.0.4","edition":"","productname":"Tresor","extendedSupport":false}"#
        );
        assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
    }
    server.anonymous("HEAD", "/status.php").send().expect(200);
    server.anonymous("POST", "/status.php").send().expect(405);
}

#[test]
fn what_clients_probe_without_login_answers_at_once() {
    let server = shared();
    for path in ["/204", "/index.php/204"] {
        let response = server.anonymous("GET", path).send().expect(204);
        assert!(response.body.is_empty());
    }
    for (method, path) in [
        ("POST", "/index.php/core/wipe/check"),
        ("GET", "/remote.php/dav/avatars/staff/128.png"),
        ("GET", "/index.php/avatar/staff/64"),
        ("GET", "/index.php/core/preview?fileId=1&x=64&y=64"),
        ("GET", "/index.php/core/preview.png?file=a"),
    ] {
        server.anonymous(method, path).send().expect(404);
    }
    // A 401 here would make the desktop ask for a password in its old dialog.
    server.anonymous("GET", "/").send().expect(200);
}

#[test]
fn capabilities_hold_what_each_client_needs() {
    let server = shared();
    for (path, code) in [("/ocs/v1.php/cloud/capabilities", 100), ("/ocs/v2.php/cloud/capabilities", 200)] {
        let response = server.request("GET", &format!("{path}?format=json")).send().expect(200);
        let answer = json_of(&response);
        assert_eq!(answer["ocs"]["meta"], json!({ "status": "ok", "statuscode": code, "message": "OK" }));
        let data = &answer["ocs"]["data"];
        assert_eq!(data["version"]["string"], "31.0.4");
        let capabilities = &data["capabilities"];
        for (pointer, expected) in [
            ("/core/pollinterval", json!(60)),
            ("/core/webdav-root", json!("remote.php/webdav")),
            ("/dav/chunking", json!("1.0")),
            ("/files/bigfilechunking", json!(true)),
            ("/checksums/preferredUploadType", json!("SHA1")),
            ("/files_sharing/api_enabled", json!(true)),
            ("/files_sharing/resharing", json!(false)),
            ("/files_sharing/public/enabled", json!(true)),
            ("/files_sharing/public/upload", json!(true)),
            ("/files_sharing/public/password/enforced", json!(false)),
            ("/files_sharing/public/expire_date/enabled", json!(true)),
            ("/files_sharing/public/expire_date/days", json!(30)),
            ("/password_policy/minLength", json!(8)),
            ("/files_sharing/user/send_mail", json!(false)),
            ("/files_sharing/federation/outgoing", json!(false)),
            ("/files_sharing/federation/incoming", json!(false)),
            ("/theming/name", json!("Tresor")),
            ("/theming/slogan", json!("")),
            ("/theming/color", json!("#0b57d0")),
            ("/theming/url", json!(server.url(""))),
        ] {
            assert_eq!(capabilities.pointer(pointer), Some(&expected), "{pointer}");
        }
        for absent in ["notifications", "activity", "user_status"] {
            assert!(capabilities.get(absent).is_none(), "{absent}");
        }
        assert!(capabilities["dav"].get("bulkupload").is_none());
    }
}

#[test]
fn strangers_learn_that_there_is_a_server_and_no_more() {
    let server = shared();
    for path in ["/ocs/v1.php/cloud/capabilities", "/ocs/v2.php/cloud/capabilities"] {
        let response = server.anonymous("GET", &format!("{path}?format=json")).send().expect(200);
        let capabilities = &json_of(&response)["ocs"]["data"]["capabilities"];
        let names: Vec<_> = capabilities.as_object().unwrap().keys().collect();
        assert_eq!(names, ["core", "theming"]);
        let wrong = server.anonymous("GET", &format!("{path}?format=json")).sign_in(USER, "Falsch-geraten-1");
        assert_eq!(statuses(&wrong.send()), (401, 997));
    }
    for path in ["cloud/user", "cloud/users/staff", "core/navigation/apps", "core/getapppassword"] {
        for version in ["v1", "v2"] {
            let path = format!("/ocs/{version}.php/{path}");
            let response = server.anonymous("GET", &format!("{path}?format=json")).send();
            assert_eq!(statuses(&response), (401, 997), "{path}");
            assert_eq!(
                response.header("www-authenticate"),
                Some("Basic realm=\"Tresor\", charset=\"UTF-8\"")
            );
            assert!(server.anonymous("GET", &path).send().text().contains("<statuscode>997</statuscode>"));
        }
    }
}

#[test]
fn a_user_sees_himself_and_how_full_his_spaces_are() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "add", "zweiter", "--kind", "team", "--quota", "10MiB"]);
    server.cli_ok(["space", "add", "fremder", "--kind", "team", "--quota", "1GiB"]);
    server.cli_ok(["grant", USER, "zweiter", "read"]);
    for space in [SPACE, "zweiter"] {
        // Reading is enough to see it; who wrote does not matter.
        server.cli_ok(["grant", USER, space, "write"]);
        server.request("PUT", &format!("/dav/{space}/a.bin")).body(vec![7; 1_000_000]).send().expect(201);
    }
    for path in [
        "/ocs/v1.php/cloud/user",
        "/ocs/v2.php/cloud/user",
        "/ocs/v2.php/cloud/users/staff",
        "/ocs/v2.php/cloud/users/STAFF",
    ] {
        let data = json_of(&ask(&server, path).expect(200))["ocs"]["data"].clone();
        assert_eq!((data["id"].as_str(), data["display-name"].as_str()), (Some(USER), Some(USER)), "{path}");
        assert_eq!((&data["displayname"], &data["enabled"]), (&json!(USER), &json!(true)));
        assert_eq!((&data["email"], &data["groups"]), (&json!(""), &json!([])));
        let quota = &data["quota"];
        let number = |name: &str| quota[name].as_u64().unwrap();
        assert!((2_000_000..3_000_000).contains(&number("used")), "{quota}");
        assert_eq!(number("total"), number("used") + number("free"));
        assert!(number("free") > 10 << 20, "the space without a quota has the disk: {quota}");
        assert_eq!(quota["quota"], json!(-3));
        assert!((0.0..=100.0).contains(&quota["relative"].as_f64().unwrap()));
    }
    server.cli_ok(["revoke", USER, SPACE]);
    let quota = json_of(&ask(&server, "/ocs/v2.php/cloud/user"))["ocs"]["data"]["quota"].clone();
    assert_eq!(quota["quota"], json!(10 << 20));
    assert_eq!(quota["total"], json!(10 << 20));
    let relative = quota["relative"].as_f64().unwrap();
    assert!((9.0..15.0).contains(&relative), "{quota}");

    assert_eq!(statuses(&ask(&server, "/ocs/v2.php/cloud/users/admin")), (404, 404));
    assert_eq!(statuses(&ask(&server, "/ocs/v1.php/cloud/users/admin")), (200, 404));
    assert_eq!(statuses(&ask(&server, "/ocs/v2.php/cloud/users/niemand")), (404, 404));
}

#[test]
fn answers_come_as_xml_to_who_does_not_ask_for_json() {
    let server = shared();
    let user = server.request("GET", "/ocs/v2.php/cloud/user").send().expect(200);
    assert_eq!(user.header("content-type"), Some("application/xml; charset=utf-8"));
    let text = user.text();
    for part in [
        "<?xml version=\"1.0\"?>\n<ocs><meta>",
        "<status>ok</status><statuscode>200</statuscode>",
        "<id>staff</id>",
        "<groups></groups>",
        "<quota>-3</quota>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let capabilities = server.request("GET", "/ocs/v1.php/cloud/capabilities").send().expect(200).text();
    for part in
        ["<statuscode>100</statuscode>", "<element>SHA256</element>", "<bigfilechunking>1</bigfilechunking>"]
    {
        assert!(capabilities.contains(part), "{part}: {capabilities}");
    }
    let apps = server.request("GET", "/ocs/v2.php/core/navigation/apps").send().expect(200).text();
    assert!(apps.contains("<data></data>"), "{apps}");
    assert_eq!(json_of(&ask(&server, "/ocs/v2.php/core/navigation/apps"))["ocs"]["data"], json!([]));
}

#[test]
fn unknown_interfaces_are_said_to_be_unknown() {
    let server = shared();
    for path in
        ["apps/notifications/api/v2/notifications", "cloud/users", "cloud/groups", "", "core/apppassword"]
    {
        for version in ["v1", "v2"] {
            let path = format!("/ocs/{version}.php/{path}");
            assert_eq!(statuses(&ask(&server, &path)), (404, 998), "{path}");
            let xml = server.anonymous("GET", &path).send().expect(404).text();
            assert!(xml.contains("<statuscode>998</statuscode>"), "{xml}");
        }
    }
    let response = server.request("POST", "/ocs/v2.php/cloud/user?format=json").body("a=b").send();
    assert_eq!(statuses(&response), (404, 998));
}

#[test]
fn a_client_changes_the_accounts_password_for_one_of_its_own() {
    let server = TestServer::start_plain();
    let path = "/ocs/v2.php/core/getapppassword?format=json";
    let get = |password: &str| {
        let request = server.anonymous("GET", path).sign_in(USER, password).header("OCS-APIRequest", "true");
        request.header("User-Agent", "Annas\tTelefon (iOS)").send()
    };
    let password = json_of(&get(PASSWORD).expect(200))["ocs"]["data"]["apppassword"].clone();
    let password = password.as_str().unwrap();
    assert_eq!(devices(&server), ["Annas Telefon (iOS)"]);
    server.anonymous("PROPFIND", "/dav/").sign_in(USER, password).header("Depth", "0").send().expect(207);
    // One that has its own gets no further one.
    assert_eq!(statuses(&get(password)), (403, 403));
    // Nor does a page of another site that a logged-in browser shows.
    let response = server.request("GET", path).send();
    assert_eq!(statuses(&response), (412, 412));
    server.request("HEAD", path).header("OCS-APIRequest", "true").send().expect(404);
    assert_eq!(devices(&server).len(), 1);
}

#[test]
fn removing_the_account_from_a_device_ends_its_password() {
    let server = TestServer::start_plain();
    let (gone, kept) = (app_password(&server, "Laptop"), app_password(&server, "Telefon"));
    let dav = |password: &str| {
        server.anonymous("PROPFIND", "/dav/").sign_in(USER, password).header("Depth", "0").send().status
    };
    assert_eq!((dav(&gone), dav(&kept)), (207, 207));
    let path = "/ocs/v2.php/core/apppassword?format=json";
    let end = |password: &str| server.anonymous("DELETE", path).sign_in(USER, password).send();
    // The account's own password is no device's.
    assert_eq!(statuses(&end(PASSWORD)), (403, 403));
    assert_eq!(statuses(&end(&gone)), (200, 200));
    assert_eq!((dav(&gone), dav(&kept)), (401, 207));
    assert_eq!(statuses(&end(&gone)), (401, 997));
    assert_eq!(devices(&server), ["Telefon"]);
}

#[test]
fn guessing_here_is_throttled_as_everywhere() {
    let server = TestServer::start_plain();
    let guess = |n: usize| {
        let request = server.anonymous("GET", "/ocs/v1.php/cloud/user?format=json");
        request.sign_in(USER, &format!("Falsch-geraten-{n}")).send()
    };
    for n in 0..10 {
        assert_eq!(statuses(&guess(n)), (401, 997));
    }
    let refused = guess(10);
    assert_eq!(statuses(&refused), (429, 429));
    assert!(refused.header("retry-after").is_some() && refused.header("www-authenticate").is_none());
}

#[test]
fn the_first_page_is_shown_in_its_style() {
    let page = shared().anonymous("GET", "/").send().expect(200);
    assert!(page.text().contains("href=\"/static/tresor.css\""), "{page}");
    assert!(page.header("content-security-policy").unwrap().contains("style-src 'self'"), "{page}");
}

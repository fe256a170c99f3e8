//! The command line: the same answers with and without a running server, for people and for scripts.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tresor::library::Change;
use tresor::model::{Access, Actor, Conditions, EntryPath, Right, Timestamp, UploadId, UploadShape, UserId};
use tresor::uploads::{NewUpload, PartInfo};

use crate::support::office::{Office, PASSWORD, Served};
use crate::support::process::{Outcome, require};

/// An office with two users, a space, and a file that has a past; its server has stopped.
fn lived_in() -> Office {
    let office = Office::with_instance();
    office.write("password", PASSWORD);
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    for words in [
        &["user", "add", "Anna", "--role", "staff", "--password-file", "password"][..],
        &["user", "add", "otto", "--role", "client", "--no-password"],
        &["space", "add", "Müller GmbH", "--kind", "client", "--quota", "20GB"],
        &["grant", "anna", "müller gmbh", "write"],
        &["grant", "otto", "Müller GmbH", "manage"],
    ] {
        run(&office, words);
    }
    let space = "/dav/M%C3%BCller%20GmbH";
    for (method, path, body) in [
        ("MKCOL", "2025", ""),
        ("PUT", "2025/Bilanz.pdf", "first"),
        ("PUT", "2025/Bilanz.pdf", "second"),
        ("PUT", "2025/alt.txt", "hello"),
        ("DELETE", "2025/alt.txt", ""),
    ] {
        let request = served.request(method, &format!("{space}/{path}")).sign_in("anna", PASSWORD);
        let request = if method == "PUT" { request.body(body) } else { request };
        let answer = request.send();
        assert!(answer.status < 300, "{method} {path}: {answer}");
    }
    drop(served);
    office
}

/// A copy of an office, byte for byte.
fn twin(office: &Office) -> Office {
    let twin = Office::new();
    twin.begin_as(&office.template());
    twin
}

#[track_caller]
fn run(office: &Office, words: &[&str]) -> String {
    let outcome = office.attempt(words);
    assert_eq!(outcome.code, 0, "{words:?}\n{outcome}");
    outcome.stdout
}

#[track_caller]
fn json(office: &Office, words: &[&str]) -> Value {
    serde_json::from_str(&run(office, &[words, &["--json"]].concat())).unwrap()
}

/// The text with times and secrets taken out, which differ from run to run.
fn masked(text: &str) -> String {
    text.lines().map(|line| mask_words(line) + "\n").collect()
}

fn mask_words(line: &str) -> String {
    let is_time = |word: &str| {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
        let word = word.trim_matches(['"', ',']);
        word.len() == 20 && digits(word) == 14 && word.contains('T') && word.ends_with('Z')
    };
    let is_token =
        |word: &str| word.len() > 25 && word.chars().all(|c| c.is_ascii_alphanumeric() || "-\",".contains(c));
    let is_long = |word: &str| is_token(word) && word.chars().any(|c| c.is_ascii_digit());
    line.split(' ')
        .map(|word| {
            if is_time(word) {
                "TIME"
            } else if is_long(word) {
                "SECRET"
            } else {
                word
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The answer without the background jobs, which only a running server has.
fn without_jobs(status: &str) -> String {
    if let Some((state, _)) = status.split_once("\nJOB ") {
        return state.to_owned();
    }
    match serde_json::from_str::<Value>(status) {
        Ok(mut parsed) if parsed.get("workers").is_some() => {
            parsed["workers"] = serde_json::json!([]);
            format!("{parsed:#}\n")
        }
        _ => status.to_owned(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line per command")]
fn a_running_server_and_the_command_itself_give_the_same_answers() {
    let (online, offline) = (lived_in(), Office::new());
    drop(offline);
    let offline = twin(&online);
    let _served: Served = online.serve(["--key-file", "key.txt", "--plain-http"]);
    let steps: &[&[&str]] = &[
        &["status"],
        &["user", "list"],
        &["user", "add", "berta", "--role", "auditor", "--password-file", "password"],
        &["user", "add", "BERTA", "--role", "staff", "--password-file", "password"],
        &["user", "add", "a/b", "--role", "staff", "--no-password"],
        &["user", "set-password", "berta", "--password-file", "password"],
        &["user", "set-password", "nobody", "--password-file", "password"],
        &["user", "set-role", "berta", "client"],
        &["user", "set-role", "admin", "staff"],
        &["user", "disable", "berta"],
        &["user", "disable", "admin"],
        &["user", "list"],
        &["user", "enable", "berta"],
        &["user", "app-password", "add", "anna", "--label", "Laptop", "--days", "30"],
        &["user", "app-password", "add", "anna", "--label", "\u{1b}[31m"],
        &["user", "app-password", "add", "nobody", "--label", "Laptop"],
        &["user", "app-password", "list", "anna"],
        &["user", "app-password", "list", "otto"],
        &["user", "app-password", "revoke", "anna", "1"],
        &["user", "app-password", "revoke", "anna", "1"],
        &["space", "list"],
        &["space", "add", "Team", "--kind", "team", "--version-days", "7", "--trash-days", "0"],
        &["space", "add", "TEAM", "--kind", "team"],
        &["space", "add", "a/b", "--kind", "team"],
        &["space", "set", "team", "--quota", "1.5GiB"],
        &["space", "set", "none", "--quota", "1GB"],
        &["space", "rename", "team", "Mannschaft"],
        &["space", "rename", "Mannschaft", "müller gmbh"],
        &["space", "list"],
        &["grants"],
        &["grant", "berta", "Mannschaft", "manage"],
        &["grant", "berta", "Mannschaft", "read", "--release", "--hold", "1h"],
        &["grant", "berta", "Mannschaft", "manage"],
        &["grant", "berta", "none", "read"],
        &["grants", "--user", "berta"],
        &["grants", "--space", "Mannschaft"],
        &["revoke", "berta", "Mannschaft"],
        &["revoke", "berta", "Mannschaft"],
        &["trash", "list", "Müller GmbH"],
        &["versions", "list", "Müller GmbH", "2025/Bilanz.pdf"],
        &["versions", "list", "Müller GmbH", "/2025/none.pdf"],
        &["versions", "restore", "Müller GmbH", "2025/Bilanz.pdf", "1"],
        &["versions", "restore", "Müller GmbH", "2025/Bilanz.pdf", "999"],
        &["trash", "purge", "Müller GmbH", "999"],
        &["history"],
        &["history", "Müller GmbH", "--lang", "de"],
        &["history", "Müller GmbH/2025/Bilanz.pdf", "--limit", "2"],
        &["history", "Müller GmbH/../2025"],
        &["history", "none"],
        &["upload", "list"],
        &["upload", "list", "--user", "anna"],
        &["upload", "list", "--user", "nobody"],
        &["upload", "cancel", "00112233445566778899aabbccddeeff"],
        &["link", "list"],
        &["link", "list", "--space", "müller gmbh"],
        &["link", "list", "--space", "nowhere"],
        &["link", "revoke", "7"],
        &["link", "add", "nowhere", "--as", "anna", "--can", "add"],
        &["link", "add", "Müller GmbH", "--as", "anna", "--can", "edit", "--once"],
        &["link", "add", "Müller GmbH", "--as", "anna", "--can", "add", "--until", "tomorrow"],
        &["template", "list"],
        &["template", "show", "lohn"],
        &["template", "show", "none"],
        &["template", "import", "none.toml"],
        &["template", "remove", "lohn"],
        &["template", "remove", "none"],
        &["template", "reset", "lohn"],
        &["template", "reset", "none"],
        &["request", "list"],
        &["request", "list", "Müller GmbH", "--show", "to-check"],
        &["request", "list", "nowhere"],
        &["request", "show", "7"],
        &["request", "add", "nowhere", "--as", "anna", "--item", "Bescheid"],
        &["request", "add", "Müller GmbH", "--as", "anna", "--template", "none"],
        &[
            "request",
            "add",
            "nowhere",
            "--as",
            "anna",
            "--item",
            "A",
            "--to",
            "a@example.de",
            "--code-by-mail",
        ],
        &["request", "accept", "7", "1"],
        &["request", "reject", "7", "1", "--reason", "x"],
        &["request", "undo", "7", "1"],
        &["request", "close", "7"],
        &["request", "reopen", "7"],
        &["request", "extend", "7", "--deadline", "2999-12-31"],
        &["request", "item", "7", "1", "--until", "2999-12-01"],
        &["request", "item", "7", "1", "--form", "Müller GmbH/Formular.pdf", "--example", ""],
        &["request", "remind", "7"],
        &["request", "remind", "7", "--preview"],
        &["request", "plan", "7", "14d,3d"],
        &["request", "plan", "7", "sometimes"],
        &["request", "pause", "7"],
        &["request", "resume", "7"],
        &["request", "recipient", "7", "1", "--mail", "erika@example.de"],
        &["request", "invite", "7"],
        &["request", "renew", "7", "1"],
        &["request", "answer", "7", "1", "Page 2, please."],
        &["receipt", "list"],
        &["receipt", "list", "nowhere"],
        &["receipt", "list", "--downloads"],
        &["receipt", "show", "7"],
        &["receipt", "show", "7", "--download"],
        &["lock", "list"],
        &["lock", "list", "nowhere"],
        &["lock", "end", "urn:uuid:none"],
        &["lock", "end", "--user", "anna"],
        &["user", "remove", "berta"],
        &["user", "remove", "berta", "--yes"],
        &["user", "remove", "admin", "--yes"],
    ];
    for step in steps {
        for format in [&[][..], &["--json"]] {
            let words = [step, format].concat();
            let (there, here) = (online.attempt(&words), offline.attempt(&words));
            assert_eq!(there.code, here.code, "{words:?}\n{there}\n{here}");
            // The one answer that must differ.
            let online = masked(&without_jobs(&there.stdout)).replace("serving", "stopped");
            assert_eq!(online, masked(&here.stdout), "{words:?}");
            assert_eq!(there.stderr, here.stderr, "{words:?}");
            if there.code == 0 && !format.is_empty() {
                serde_json::from_str::<Value>(&there.stdout).unwrap_or_else(|why| panic!("{words:?}: {why}"));
            }
            if there.code != 0 {
                assert_eq!((there.code, there.stdout.as_str()), (1, ""), "{words:?}\n{there}");
                assert_eq!(there.stderr.lines().count(), 1, "{words:?}\n{there}");
                assert!(there.stderr.starts_with("tresor: "), "{there}");
            }
        }
    }
}

/// With `TRESOR_DATA` set, a mistyped command was answered with a usage in which `--data` looked required and every other
/// option was missing.
#[test]
fn the_usage_shown_with_an_error_is_that_of_the_help() {
    let usage_of = |outcome: &Outcome| {
        let text = format!("{}{}", outcome.stdout, outcome.stderr);
        text.lines().find(|line| line.starts_with("Usage: ")).map(str::to_owned).unwrap()
    };
    let ask = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresor"));
        usage_of(&Outcome::of(command.args(words).env("TRESOR_DATA", "/nowhere").stdin(Stdio::null())))
    };
    for (help, wrong, usage) in [
        (
            &["user", "add", "--help"][..],
            &["user", "add"][..],
            "tresor user add [OPTIONS] --role <ROLE> <NAME>",
        ),
        (&["serve", "--help"], &["serve", "--bogus"], "tresor serve [OPTIONS]"),
        (&["upload", "cancel", "--help"], &["upload", "cancel"], "tresor upload cancel [OPTIONS] <ID>"),
    ] {
        assert_eq!(ask(help), format!("Usage: {usage}"));
        assert_eq!(ask(wrong), format!("Usage: {usage}"), "{wrong:?}");
    }
}

/// Begins an upload of 100,000 bytes as anna, who sends 1,500 of them.
fn begin_upload(office: &Office) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let open = office.open().await;
        let instance = &open.instance;
        let users = instance.accounts.users().await.unwrap();
        let user = users.iter().find(|user| user.name == "Anna").unwrap().id;
        let space = instance.library.spaces().await.unwrap().remove(0).id;
        let (access, now) = (Access::granted(space, Right::Write, UserId(1)), Timestamp::now());
        let change = Change { access, actor: Actor::user(user), now, conditions: Conditions::default() };
        let new = NewUpload {
            id: UploadId::random(),
            protocol: "tus",
            name: None,
            shape: UploadShape::Linear,
            path: Some(EntryPath::parse("2025/Film.mp4").unwrap()),
            length: Some(100_000),
            modified: None,
            checksum: None,
            metadata: String::new(),
            guest: None,
        };
        let upload = instance.uploads.create(change, new).await.unwrap();
        let part = PartInfo::default();
        let mut append = instance.uploads.begin_append(&access, user, upload.id, 0, part, now).await.unwrap();
        append.write(vec![7; 1_500].into()).await.unwrap();
        append.finish(now).await.unwrap();
        open.close();
        upload.id.to_string()
    })
}

#[test]
fn uploads_are_listed_and_ended() {
    let office = lived_in();
    let id = begin_upload(&office);
    let list = json(&office, &["upload", "list"]);
    let expected = serde_json::json!([{
        "id": id, "user": "Anna", "space": "Müller GmbH", "protocol": "tus", "path": "/2025/Film.mp4",
        "received_bytes": 1_500, "length_bytes": 100_000, "expires": list[0]["expires"],
    }]);
    assert_eq!(list, expected);
    assert_eq!(json(&office, &["upload", "list", "--user", "otto"]), serde_json::json!([]));
    let table = run(&office, &["upload", "list", "--user", "anna"]);
    assert!(table.contains(&id) && table.contains("/2025/Film.mp4") && table.contains("97.6 KiB"), "{table}");
    run(&office, &["upload", "cancel", &id]);
    assert_eq!(json(&office, &["upload", "list"]), serde_json::json!([]));
    assert_eq!(office.attempt(["upload", "cancel", &id]).code, 1);
    assert_eq!(office.attempt(["verify", "--full"]).code, 0);
}

#[test]
fn links_are_listed_and_ended() {
    let office = lived_in();
    assert_eq!(json(&office, &["link", "list"]), serde_json::json!([]));
    run(&office, &["office", "set", "--zone", "Europe/Berlin"]);
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    let shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
    let form = "path=/M%C3%BCller%20GmbH/2025&shareType=3&permissions=4&label=Belege&expireDate=2099-12-31";
    let made = served.request("POST", shares).sign_in("anna", PASSWORD).header("OCS-APIRequest", "true");
    let made: Value = serde_json::from_slice(&made.body(form).send().expect(200).body).unwrap();
    let token = made["ocs"]["data"]["token"].as_str().unwrap();
    let page = format!("/s/{token}");
    served.request("GET", &page).send().expect(200);

    let list = json(&office, &["link", "list", "--space", "Müller GmbH"]);
    let expected = serde_json::json!([{
        "id": 1, "user": "Anna", "space": "Müller GmbH", "path": "/2025", "right": "add", "has_password": false,
        "label": "Belege", "created": list[0]["created"], "expires": "2099-12-31T23:00:00Z",
        "opened": list[0]["opened"], "fetched": null, "uses": 0, "most_uses": null, "deadline": null, "code_to": null, "box": false,
    }]);
    assert_eq!(list, expected);
    assert!(list[0]["opened"].is_string(), "{list}");
    let table = run(&office, &["link", "list"]);
    assert!(table.contains("Belege") && table.contains("2099-12-31") && !table.contains(token), "{table}");
    run(&office, &["space", "add", "Team", "--kind", "team"]);
    assert_eq!(json(&office, &["link", "list", "--space", "Team"]), serde_json::json!([]));
    run(&office, &["link", "revoke", "1"]);
    served.request("GET", &page).send().expect(404);
    assert_eq!(office.attempt(["link", "revoke", "1"]).code, 1);
}

/// A crashed program may hold a file for an hour, and a client held all locks of a server: an owner sees
/// every lock and its holder, and ends it.
#[test]
fn locks_are_listed_and_ended() {
    let office = lived_in();
    assert_eq!(json(&office, &["lock", "list"]), serde_json::json!([]));
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    let lock = |path: &str| {
        let body = r#"<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"#;
        let request = served.request("LOCK", &format!("/dav/M%C3%BCller%20GmbH/{path}"));
        let answer = request.sign_in("anna", PASSWORD).header("Depth", "infinity").xml(body).send();
        answer.header("lock-token").unwrap().trim_matches(['<', '>']).to_owned()
    };
    let file = lock("2025/Bilanz.pdf");
    let list = json(&office, &["lock", "list", "Müller GmbH"]);
    let expected = serde_json::json!([{
        "token": file, "user": "Anna", "by_guest": false, "space": "Müller GmbH", "path": "/2025/Bilanz.pdf",
        "scope": "exclusive", "deep": false, "expires": list[0]["expires"],
    }]);
    assert_eq!(list, expected);
    let table = run(&office, &["lock", "list"]);
    assert!(table.contains(&file) && table.contains("/2025/Bilanz.pdf"), "{table}");
    run(&office, &["space", "add", "Team", "--kind", "team"]);
    assert_eq!(json(&office, &["lock", "list", "Team"]), serde_json::json!([]));

    run(&office, &["lock", "end", &file]);
    assert_eq!(office.attempt(["lock", "end", &file]).code, 1);
    lock("2025");
    assert_eq!(run(&office, &["lock", "end", "--user", "otto"]), "0 locks are ended\n");
    assert_eq!(
        run(&office, &["lock", "end", "--user", "anna", "--space", "Müller GmbH"]),
        "1 lock is ended\n"
    );
    assert_eq!(json(&office, &["lock", "list"]), serde_json::json!([]));
    assert_ne!(office.attempt(["lock", "end"]).code, 0);
}

#[test]
fn tables_read_well() {
    let office = lived_in();
    run(&office, &["user", "disable", "otto"]);
    run(&office, &["user", "app-password", "add", "anna", "--label", "Laptop"]);
    run(&office, &["user", "app-password", "add", "anna", "--label", "Telefon im Büro", "--days", "30"]);
    run(&office, &["space", "add", "Team", "--kind", "team"]);
    let show = |words: &[&str]| {
        let shown = run(&office, words);
        for line in shown.lines() {
            assert_eq!(line.trim_end(), line, "no blanks at the end");
        }
        let joined: Vec<String> = masked(&shown)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        joined.join("\n")
    };
    assert_eq!(
        show(&["user", "list"]),
        "NAME ROLE STATE PASSWORD SECOND FACTOR SINCE\n\
         admin administrator enabled own no TIME\n\
         Anna staff enabled own no TIME\n\
         otto client disabled devices only no TIME"
    );
    assert_eq!(
        show(&["user", "app-password", "list", "anna"]),
        "ID DEVICE SINCE LAST USED ENDS\n\
         1 Laptop TIME never never\n\
         2 Telefon im Büro TIME never TIME"
    );
    assert_eq!(
        show(&["space", "list"]),
        "NAME KIND USED QUOTA HISTORY AT MOST VERSIONS TRASH HELD MAIL ID\n\
         Müller GmbH client 6 B 18.6 GiB 10 B 18.6 GiB 30 days 30 days no no SECRET\n\
         Team team 0 B none 0 B none 30 days 30 days no no SECRET"
    );
    assert_eq!(
        show(&["grants"]),
        "SPACE USER RIGHT RELEASE HOLD\nMüller GmbH Anna write\nMüller GmbH otto write"
    );
    let trash = show(&["trash", "list", "müller gmbh"]);
    let lines: Vec<&str> = trash.lines().collect();
    assert_eq!(lines[0], "ID DELETED BY SIZE PATH");
    assert!(lines[1].ends_with("TIME Anna 5 B 2025/alt.txt"), "{trash}");
    assert_eq!(
        show(&["versions", "list", "Müller GmbH", "2025/Bilanz.pdf"]),
        "VERSION STORED BY SIZE SHA-256\n\
         2 TIME Anna 6 B current SECRET\n\
         1 TIME Anna 5 B SECRET"
    );
    // A scheduled verification may have found the time.
    assert_eq!(
        show(&["status"]).replace("TIME", "never in full"),
        format!(
            "state stopped\nversion {}\nusers 3\nspaces 2\nstored 6 B\nverified never in full\ndamaged none",
            env!("CARGO_PKG_VERSION")
        )
    );
    // Columns stand under their heads.
    let raw = run(&office, &["user", "list"]);
    let column = raw.lines().next().unwrap().find("ROLE").unwrap();
    for (line, role) in raw.lines().skip(1).zip(["administrator", "staff", "client"]) {
        assert!(line[column..].starts_with(role), "{raw}");
    }
    let empty = office.attempt(["trash", "list", "Team"]);
    assert_eq!((empty.code, empty.stdout.as_str(), empty.stderr.as_str()), (0, "", "none\n"));
}

#[test]
fn scripts_find_the_same_keys_for_good() {
    let office = lived_in();
    run(&office, &["user", "app-password", "add", "anna", "--label", "Laptop"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    for (words, expected) in [
        (
            &["status"][..],
            "advice damaged_containers last_full_verify spaces spaces_without_key state troubles used_bytes users version warnings workers",
        ),
        (
            &["office", "show"],
            "accessibility contact imprint lock_seconds logo_bytes mail name phone privacy privacy_version web zone zone_is_own",
        ),
        (
            &["user", "list"],
            "created disabled has_password language mail name notices role second_factor substitute substitute_until",
        ),
        (&["user", "app-password", "list", "anna"], "created expires id label last_used"),
        (&["user", "app-password", "add", "anna", "--label", "x"], "id password user"),
        (
            &["space", "list"],
            "history_bytes history_limit_bytes hold_seconds holds id kind mail name pdf pdf_pages quota_bytes release_by trash_days used_bytes version_days",
        ),
        (&["grants"], "hold_seconds release right space user"),
        (&["trash", "list", "Müller GmbH"], "bytes deleted deleted_by entry folder path"),
        (
            &["versions", "list", "Müller GmbH", "2025/Bilanz.pdf"],
            "author bytes created current sha256 version",
        ),
    ] {
        let value = json(&office, words);
        let row = if value.is_array() { &value[0] } else { &value };
        assert_eq!(keys(row), expected, "{words:?}");
    }
    assert_eq!(json(&office, &["user", "app-password", "list", "otto"]), serde_json::json!([]));
    assert_eq!(
        json(&office, &["revoke", "otto", "Müller GmbH"]),
        serde_json::json!("otto has no right to Müller GmbH any more")
    );
    let secret = json(&office, &["user", "app-password", "add", "anna", "--label", "y"]);
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    assert_eq!(served.login("anna", secret["password"].as_str().unwrap()), 207);
}

/// A client's account was removed: the history of all files forgot who had stored them, and links that others waited for
/// ended without a word.
#[test]
fn a_removed_user_stays_in_the_history_and_what_ends_is_said_before() {
    let office = lived_in();
    run(&office, &["user", "app-password", "add", "anna", "--label", "Laptop"]);
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    let shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
    let form = "path=/M%C3%BCller%20GmbH/2025&shareType=3";
    let made = served.request("POST", shares).sign_in("anna", PASSWORD).header("OCS-APIRequest", "true");
    let made: Value = serde_json::from_slice(&made.body(form).send().expect(200).body).unwrap();
    let page = format!("/s/{}", made["ocs"]["data"]["token"].as_str().unwrap());
    served.request("GET", &page).send().expect(200);

    let asked = office.attempt(["user", "remove", "anna"]);
    assert_eq!(asked.code, 1, "{asked}");
    for needle in
        ["1 links, 1 device passwords, 0 passkeys, rights in 1 spaces", "Nothing was changed", "--yes"]
    {
        assert!(asked.stderr.contains(needle), "{needle}: {asked}");
    }
    served.request("GET", &page).send().expect(200);
    let removed = json(&office, &["user", "remove", "anna", "--yes"]);
    let expected = serde_json::json!({ "name": "Anna", "links": 1, "app_passwords": 1, "passkeys": 0, "grants": 1, "uploads": 0 });
    assert_eq!(removed, expected);
    served.request("GET", &page).send().expect(404);
    assert_eq!(served.login("anna", PASSWORD), 401);

    // Another user of that name did not do it.
    run(&office, &["user", "add", "anna", "--role", "staff", "--password-file", "password"]);
    assert_eq!(json(&office, &["grants", "--user", "anna"]), serde_json::json!([]));
    assert_eq!(json(&office, &["user", "app-password", "list", "anna"]), serde_json::json!([]));
    let names: Vec<String> = json(&office, &["user", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["admin", "anna", "otto"]);
    let versions = json(&office, &["versions", "list", "Müller GmbH", "2025/Bilanz.pdf"]);
    assert_eq!((&versions[0]["author"], &versions[1]["author"]), (&"Anna".into(), &"Anna".into()));
    assert_eq!(json(&office, &["trash", "list", "Müller GmbH"])[0]["deleted_by"], "Anna");
    assert_eq!(office.attempt(["verify"]).code, 0);
}

/// Scripts had to read sentences of `init` and `change-passphrase`.
#[test]
fn every_command_but_the_server_and_its_helpers_speaks_json() {
    let office = Office::new();
    fs::create_dir(office.path("man")).unwrap();
    assert_eq!(office.run(["man", "man"]).code, 0);
    let pages: Vec<_> = fs::read_dir(office.path("man")).unwrap().map(|page| page.unwrap().path()).collect();
    let name = |page: &PathBuf| page.file_stem().unwrap().to_str().unwrap().to_owned();
    let is_group = |page: &PathBuf| pages.iter().any(|other| name(other).starts_with(&(name(page) + "-")));
    let silent: BTreeSet<_> = pages
        .iter()
        .filter(|page| !is_group(page) && !fs::read_to_string(page).unwrap().contains(r"\-\-json"))
        .map(name)
        .collect();
    let expected = ["check-config", "completions", "man", "serve"].map(|word| format!("tresor-{word}"));
    assert_eq!(silent, BTreeSet::from(expected));

    let office = Office::new();
    office.write_key("key.txt");
    office.write_key("other.txt");
    let made = office.init(["--key-file", "key.txt", "--recovery-out", "recovery.txt", "--json"]);
    let expected = serde_json::json!({ "data": "data", "admin": "admin", "recovery_file": "recovery.txt" });
    assert_eq!(serde_json::from_str::<Value>(&made.stdout).unwrap(), expected, "{made}");
    let changed = json(&office, &["change-passphrase", "--new-key-file", "other.txt"]);
    assert!(changed.is_string(), "{changed}");
}

#[test]
fn exit_codes_are_documented_in_one_way() {
    let help = Office::new().run(["--help"]).stdout;
    let (_, told) = help.split_once("Exit codes:").unwrap();
    let plain = |text: &str| text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let documented = include_str!("../../docs/commands.md");
    for line in told.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (code, meaning) = line.split_once("  ").unwrap();
        let row = documented.lines().find(|row| row.starts_with(&format!("| {code} |"))).unwrap();
        assert!(plain(row).contains(&plain(meaning)), "{line}: {row}");
    }
}

#[test]
fn restoring_and_purging_by_the_numbers_that_list_shows() {
    let office = lived_in();
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    let number = |value: &Value| value.as_i64().unwrap().to_string();
    let item = number(&json(&office, &["trash", "list", "Müller GmbH"])[0]["entry"]);
    assert_eq!(run(&office, &["trash", "restore", "Müller GmbH", &item]), "restored to /2025/alt.txt\n");
    let old = number(&json(&office, &["versions", "list", "Müller GmbH", "2025/Bilanz.pdf"])[1]["version"]);
    run(&office, &["versions", "restore", "Müller GmbH", "2025/Bilanz.pdf", &old]);
    let read = |file: &str| {
        let target = format!("/dav/M%C3%BCller%20GmbH/2025/{file}");
        served.request("GET", &target).sign_in("anna", PASSWORD).send()
    };
    assert_eq!(read("alt.txt").text(), "hello");
    assert_eq!(read("Bilanz.pdf").text(), "first");
    served.request("DELETE", "/dav/M%C3%BCller%20GmbH/2025").sign_in("anna", PASSWORD).send().expect(204);
    let folder = &json(&office, &["trash", "list", "Müller GmbH"])[0];
    assert_eq!((folder["folder"].as_bool(), folder["bytes"].as_u64()), (Some(true), Some(10)));
    run(&office, &["trash", "purge", "Müller GmbH", &number(&folder["entry"])]);
    assert_eq!(json(&office, &["status"])["used_bytes"], 0);
}

#[test]
fn what_is_refused_says_what_helps() {
    let office = lived_in();
    office.write("weak", "tresor");
    for (words, needles) in [
        (&["user", "set-password", "anna", "--password-file", "weak"][..], ["at least 12", "words"]),
        (&["user", "add", "x", "--role", "staff", "--password-file", "none"], ["none", "No such file"]),
        (&["user", "add", "x", "--role", "staff"], ["no terminal to ask", "name a file"]),
        (&["user", "disable", "admin"], ["administrator", ""]),
        (&["user", "disable", "nobody"], ["user", ""]),
        (&["trash", "list", "none"], ["no such space", ""]),
        (
            &["link", "add", "Müller GmbH/x", "--as", "admin", "--can", "add"],
            ["Admin has no right to Müller GmbH", "`tresor grant`"],
        ),
        (&["link", "add", "none", "--as", "admin", "--can", "add"], ["no such space", ""]),
        (
            &["link", "add", "Müller GmbH/Neu", "--as", "anna", "--can", "add", "--until", "2001-01-01"],
            ["in the past", ""],
        ),
        (&["link", "add", "Müller GmbH/Neu", "--as", "anna", "--can", "read"], ["no such file", ""]),
        (&["template", "show", "lohnn"], ["no template 'lohnn'", "`tresor template list`"]),
        (&["template", "remove", "lohn"], ["comes with the program", "tresor template reset"]),
        (&["versions", "list", "Müller GmbH", "a//b"], ["name must not be empty", ""]),
        (&["trash", "restore", "Müller GmbH", "999"], ["no item with this number", "`tresor trash list`"]),
        (&["trash", "purge", "Müller GmbH", "999"], ["no item with this number", "`tresor trash list`"]),
        (&["versions", "list", "Müller GmbH", "2025"], ["a folder", ""]),
        (&["versions", "restore", "Müller GmbH", "2025", "1"], ["a folder", ""]),
    ] {
        let outcome = office.attempt(words);
        assert_eq!(outcome.code, 1, "{words:?}\n{outcome}");
        for needle in needles {
            assert!(outcome.stderr.contains(needle), "{needle}\n{outcome}");
        }
    }
    for (words, needles) in [
        (&["user", "add", "x", "--role", "boss"][..], ["administrator, staff, client, auditor", "--help"]),
        (&["space", "set", "x", "--quota", "viel"], ["is not a size", "20GB"]),
        (&["space", "set", "x", "--quota", "10"], ["'10' is not a size", "a number and its unit"]),
        (&["grant", "anna", "x", "own"], ["read, write, manage", "--help"]),
        (&["usr", "list"], ["user", "--help"]),
        (&["user", "app-password", "add", "anna"], ["--label", "--help"]),
        (&[], ["serve", "init"]),
    ] {
        let outcome = office.run(words);
        assert_eq!(outcome.code, 2, "{words:?}\n{outcome}");
        for needle in needles {
            assert!(outcome.stderr.contains(needle), "{needle}\n{outcome}");
        }
    }
}

#[test]
fn names_cannot_steer_the_terminal() {
    let office = Office::with_instance();
    run(&office, &["space", "add", "a\u{1b}[2J\u{202e}fdp", "--kind", "team"]);
    run(&office, &["grant", "admin", "a\u{1b}[2J\u{202e}fdp", "read"]);
    for words in
        [&["space", "list"][..], &["grants"], &["space", "rename", "a\u{1b}[2J\u{202e}fdp", "b\u{7}"]]
    {
        let shown = run(&office, words);
        assert!(!shown.contains(|c: char| c != '\n' && c.is_control() || c == '\u{202e}'), "{shown:?}");
    }
    let outcome = office.attempt(["trash", "list", "\u{1b}[2J"]);
    assert!(outcome.code == 1 && !outcome.stderr.contains('\u{1b}'), "{outcome}");
}

#[test]
fn secrets_are_never_words_of_a_command() {
    for command in every_command() {
        let help = help(&command);
        for option in ["--password ", "--passphrase ", "--key "] {
            assert!(!help.contains(option), "{command:?} takes a secret on the command line");
        }
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let office = lived_in();
    let mut command = office.tresor(["user", "list", "--data", "data", "--key-file", "key.txt"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every command with its subcommands, as words; the first is the program itself.
fn every_command() -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut at = 0;
    while at < commands.len() {
        let words = commands[at].clone();
        let text = help(&words);
        let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in listed.take_while(|line| !line.is_empty()) {
            if let Some(name) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
                let name = name.split_whitespace().next().unwrap().to_owned();
                commands.push([words.clone(), vec![name]].concat());
            }
        }
        at += 1;
    }
    assert!(commands.len() > 30, "{commands:?}");
    commands
}

fn help(words: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tresor"));
    let outcome = Outcome::of(command.args(words).arg("--help").env("COLUMNS", "100"));
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

#[test]
fn every_command_explains_itself() {
    for command in every_command() {
        let mut short = Command::new(env!("CARGO_BIN_EXE_tresor"));
        let short = Outcome::of(short.args(&command).arg("-h").env("COLUMNS", "400")).stdout;
        let about = short.lines().next().unwrap();
        assert!(about.chars().next().is_some_and(char::is_uppercase), "{command:?}: {about}");
        assert!(about.split(' ').count() >= 3, "{command:?}: {about}");
        let mut section = "";
        for line in short.lines().skip(1) {
            if !line.starts_with(' ') {
                section = line;
            } else if !section.starts_with("Usage") && !line.starts_with("          ") {
                // Name, at least two blanks, then a sentence.
                let explained = line.trim_start().split_once("  ").map(|(_, text)| text.trim());
                let starts = explained.and_then(|text| text.chars().next());
                assert!(starts.is_some_and(char::is_uppercase), "{command:?}: {line}");
            }
        }
        for line in help(&command).lines() {
            assert!(line.chars().count() <= 100, "{command:?}: {line}");
        }
    }
}

#[test]
fn completions_know_every_command() {
    let office = Office::new();
    for shell in ["bash", "zsh", "fish"] {
        let outcome = office.run(["completions", shell]);
        assert_eq!(outcome.code, 0, "{outcome}");
        for word in ["app-password", "recovery-out", "check-config", "set-role", "auditor"] {
            assert!(outcome.stdout.contains(word), "{shell}: {word}");
        }
    }
    let script = office.write("tresor.bash", office.run(["completions", "bash"]).stdout);
    let asked = format!(
        "source {}; COMP_WORDS=(tresor user s); COMP_CWORD=2; _tresor tresor s user; echo ${{COMPREPLY[@]}}",
        script.display()
    );
    let outcome = Outcome::of(Command::new(require("bash", "bash")).args(["--norc", "-c", &asked]));
    assert_eq!(outcome.stdout.trim(), "set-password set-role set session second-factor", "{outcome}");
}

#[test]
fn manual_pages_are_written_one_for_each_command() {
    let office = Office::new();
    fs::create_dir(office.path("man")).unwrap();
    let outcome = office.run(["man", "man"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let pages: BTreeSet<PathBuf> =
        fs::read_dir(office.path("man")).unwrap().map(|e| e.unwrap().path()).collect();
    let expected: BTreeSet<PathBuf> = every_command()
        .into_iter()
        .map(|words| [vec!["tresor".to_owned()], words].concat().join("-"))
        .map(|name| office.path("man").join(name + ".1"))
        .collect();
    assert_eq!(pages, expected);
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for section in [".TH tresor", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS"] {
            assert!(text.contains(section), "{}: {section}", page.display());
        }
    }
    let nowhere = office.run(["man", "none"]);
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.stderr.contains("none") && nowhere.stderr.contains("No such file"), "{nowhere}");
}

/// The socket gives everything without a password, so it is for the owner alone.
#[test]
fn another_user_gets_nothing_from_the_socket() {
    assert!(rustix::process::geteuid().is_root(), "this test changes users and so needs root");
    let office = Office::with_instance();
    fs::set_permissions(office.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let served = office.serve(["--key-file", "key.txt"]);
    let socket = office.data().join("control.sock");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let as_nobody = || {
        let mut command = Command::new(require("setpriv", "util-linux"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(env!("CARGO_BIN_EXE_tresor")).args(["user", "list", "--data", "data"]);
        Outcome::of(command.current_dir(office.path("")))
    };
    let outcome = as_nobody();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome}");
    assert!(outcome.stderr.contains("Permission denied"), "{outcome}");
    // Nor if the socket becomes writable for everyone.
    fs::set_permissions(office.data(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let outcome = as_nobody();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome}");
    assert!(outcome.stderr.contains("did not answer"), "{outcome}");
    assert_eq!(run(&office, &["user", "list"]).lines().count(), 2, "the owner is served on");
    drop(served);
}

#[test]
fn a_data_directory_may_lie_deeper_than_a_socket_path_reaches() {
    let office = Office::new();
    office.write_key("key.txt");
    office.write("password", PASSWORD);
    let deep = format!("{}/data", "a-folder-with-a-long-name/".repeat(6));
    assert!(deep.len() > 108);
    let place = ["--data", &deep, "--key-file", "key.txt"];
    let init = ["init", "--admin", "admin", "--admin-password-file", "password", "--recovery-out", "r.txt"];
    let made = office.run(init.iter().chain(&place));
    assert_eq!(made.code, 0, "{made}");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--plain-http"];
    let served = office.serve_by(&mut office.tresor(serve.iter().chain(&place)));
    let listed = office.run(["user", "list", "--data", &deep]);
    assert_eq!((listed.code, listed.stdout.lines().count()), (0, 2), "{listed}");
    assert!(served.stop(rustix::process::Signal::TERM).success());
}

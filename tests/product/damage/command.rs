//! `tresor verify`, with and without a running server.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::content::bytes;
use crate::support::office::{Office, PASSWORD, Served};
use crate::support::process::eventually;

pub const SPACE: &str = "/dav/M%C3%BCller%20GmbH";

/// An office with a file and its copy, and a second file that was deleted; its server has stopped.
pub fn office() -> Office {
    let office = Office::with_instance();
    office.write("password", PASSWORD);
    office.write("tresor.toml", "[scrub]\nevery_days = 0\n");
    let served = serve(&office);
    for words in [
        &["user", "add", "anna", "--role", "staff", "--password-file", "password"][..],
        &["space", "add", "Müller GmbH", "--kind", "client"],
        &["grant", "anna", "müller gmbh", "write"],
    ] {
        assert_eq!(office.attempt(words).code, 0, "{words:?}");
    }
    let ask = |method: &str, path: &str| {
        served.request(method, &format!("{SPACE}/{path}")).sign_in("anna", PASSWORD)
    };
    ask("MKCOL", "2025").send().expect(201);
    ask("PUT", "2025/Bilanz.pdf").body(bytes(1, 200_000)).send().expect(201);
    // A name that would turn the line around.
    let copy = format!("{SPACE}/Kopie%E2%80%AE.pdf");
    ask("COPY", "2025/Bilanz.pdf").header("Destination", &copy).send().expect(201);
    ask("PUT", "alt.pdf").body(bytes(2, 100_000)).send().expect(201);
    ask("DELETE", "alt.pdf").send().expect(204);
    office
}

pub fn serve(office: &Office) -> Served {
    office.serve(["--key-file", "key.txt", "--plain-http", "--config", "tresor.toml"])
}

pub fn containers(office: &Office) -> Vec<PathBuf> {
    let mut folders = vec![office.data().join("spaces")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    // The longest first.
    files.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).unwrap().len()));
    files
}

#[test]
fn findings_are_named_and_have_an_exit_code_of_their_own() {
    let office = office();
    for online in [false, true] {
        let served = online.then(|| serve(&office));
        let clean = office.attempt(["verify"]);
        assert_eq!((clean.code, clean.stderr.as_str()), (0, ""), "{clean}");
        assert_eq!(clean.stdout, "2 containers, header and end of each: nothing is wrong\n");
        let clean = office.attempt(["verify", "--full", "--rate", "10MB"]);
        assert_eq!((clean.code, clean.stderr.as_str()), (0, ""), "{clean}");
        assert_eq!(clean.stdout, "2 containers, 292.9 KiB read: nothing is wrong\n");

        let file = &containers(&office)[0];
        let pristine = fs::read(file).unwrap();
        let mut damaged = pristine.clone();
        damaged[100_000] ^= 1;
        fs::write(file, &damaged).unwrap();
        assert_eq!(office.attempt(["verify"]).code, 0, "the middle is for --full");
        let found = office.attempt(["verify", "--full"]);
        assert_eq!(found.code, 3, "{found}");
        let place = file.strip_prefix(office.data()).unwrap().display();
        assert_eq!(
            found.stdout,
            format!(
                "damaged-chunk: some of its bytes are not what was written, chunk 1: {place}\n    \
                 Müller GmbH:/2025/Bilanz.pdf\n    Müller GmbH:/Kopie\\u{{202e}}.pdf\n\
                 2 containers, 97.6 KiB read: 1 finding\n"
            ),
        );
        assert!(found.stderr.contains("from a backup"), "{found}");
        let status = office.attempt(["status"]).stdout;
        assert!(status.contains("damaged  1 (`tresor verify` names them)"), "{status}");

        // A quick run reports known damage, too.
        let again = office.attempt(["verify"]);
        assert_eq!(again.code, 3, "{again}");
        assert!(again.stdout.contains(&format!("chunk 1: {place} (known since 20")), "{again}");

        let gone = &containers(&office)[1];
        let kept = fs::read(gone).unwrap();
        fs::remove_file(gone).unwrap();
        let report = office.attempt(["verify", "--json"]);
        assert_eq!(report.code, 3, "{report}");
        let report: Value = serde_json::from_str(&report.stdout).unwrap();
        assert_eq!(
            (report["findings"].as_array().unwrap().len(), &report["clean"]),
            (2, &Value::Bool(false))
        );
        let findings = report["findings"].as_array().unwrap();
        let missing = findings.iter().find(|finding| finding["kind"] == "missing").unwrap();
        assert_eq!(missing["uses"][0]["state"], "trash");
        assert_eq!(missing["uses"][0]["path"], "/alt.pdf");

        // Brought back, all is well again.
        fs::write(file, pristine).unwrap();
        fs::write(gone, kept).unwrap();
        assert_eq!(office.attempt(["verify"]).code, 0, "a quick one clears what it reads in full");
        let status = office.attempt(["status"]).stdout;
        assert!(status.contains("damaged  none"), "{status}");
        drop(served);
    }
}

#[test]
fn scripts_find_the_same_keys_for_good() {
    let office = office();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let files = containers(&office);
    fs::write(&files[0], b"something else").unwrap();
    fs::copy(&files[1], files[1].with_file_name(format!("{}.age", "ab".repeat(16)))).unwrap();
    let outcome = office.attempt(["verify", "--full", "--json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        keys(&report),
        "bytes clean containers findings finished mode resumed started unknown_file_count unknown_files"
    );
    assert_eq!(
        keys(&report["findings"][0]),
        "chunk container detail file first_seen kind known_before space uses"
    );
    assert_eq!(keys(&report["findings"][0]["uses"][0]), "entry path space state version");
    assert_eq!(keys(&report["unknown_files"][0]), "age_seconds bytes container file space");
    assert_eq!((report["clean"].as_bool(), report["mode"].as_str()), (Some(false), Some("full")));
    assert_eq!((report["unknown_file_count"].as_u64(), outcome.code), (Some(1), 3));
}

#[test]
fn an_interrupted_verification_is_gone_on_with() {
    let office = office();
    let served = serve(&office);
    let mut slow = office.tresor(["verify", "--full", "--rate", "64KiB", "--data", "data"]).spawn().unwrap();
    // The next command goes on with it, and the slow one learns that it was taken over. Until it has
    // begun, the others are ahead of it, or it takes over from them.
    eventually("the slow one is taken over", std::time::Duration::from_mins(1), || {
        let report = office.attempt(["verify", "--full", "--json"]);
        assert!(report.code <= 1, "{report}");
        let report: Value = serde_json::from_str(&report.stdout).unwrap_or_default();
        report["resumed"].as_bool().unwrap_or(false)
    });
    assert_eq!(slow.wait().unwrap().code(), Some(1));
    drop(served);
    for (rate, needle) in [("1B", "at least 64.0 KiB"), ("10", "is not a size"), ("fast", "is not a size")] {
        let refused = office.attempt(["verify", "--rate", rate]);
        assert!(refused.code != 0 && refused.stderr.contains(needle), "{refused}");
    }
}

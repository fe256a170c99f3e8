//! `tresor status`, `tresor doctor` and `/health` report the same damage, and advise.

use std::fs;
use std::os::unix::fs::FileExt;

use serde_json::Value;

use crate::damage::command::{SPACE, containers, office, serve};
use crate::support::office::{Office, PASSWORD, Served};
use crate::support::process::Outcome;

const PAGE: usize = 4_096;

fn doctor(office: &Office) -> Outcome {
    office.run(["doctor", "--data", "data"])
}

fn status(office: &Office) -> Value {
    serde_json::from_str(&office.attempt(["status", "--json"]).stdout).unwrap()
}

fn health(served: &Served) -> Value {
    serde_json::from_str(&served.health().expect(200).text()).unwrap()
}

/// Damages all pages but those that a connection needs to open.
fn damage_catalogue(office: &Office) {
    let file = fs::OpenOptions::new().write(true).open(office.data().join("catalog/catalog.db")).unwrap();
    let pages = usize::try_from(file.metadata().unwrap().len()).unwrap() / PAGE;
    for page in 2..pages {
        file.write_all_at(&[0x55; 64], (page * PAGE + 2_000) as u64).unwrap();
    }
}

/// A tester found it: neither mentioned damaged files.
#[test]
fn damaged_containers_are_told_by_doctor_and_health_without_names() {
    let office = office();
    let served = serve(&office);
    assert_eq!(doctor(&office).code, 0);
    assert_eq!(health(&served)["catalogue_damaged"], false);
    let file = &containers(&office)[0];
    let pristine = fs::read(file).unwrap();
    let mut damaged = pristine.clone();
    damaged[100_000] ^= 1;
    fs::write(file, &damaged).unwrap();
    let read = served.request("GET", &format!("{SPACE}/2025/Bilanz.pdf")).sign_in("anna", PASSWORD).send();
    assert!(read.is_cut, "{read}");

    let told = doctor(&office);
    assert_eq!(told.code, 3, "{told}");
    assert!(
        told.stdout.contains("FAULT   1 stored container is damaged: `tresor verify` names it"),
        "{told}"
    );
    let answer = health(&served);
    assert_eq!((&answer["status"], &answer["damaged_containers"]), (&"serving".into(), &1.into()));
    assert!(!answer.to_string().contains("Bilanz"), "{answer}");

    fs::write(file, pristine).unwrap();
    assert_eq!(office.attempt(["verify"]).code, 0);
    assert_eq!(health(&served)["damaged_containers"], 0);
    assert_eq!(doctor(&office).code, 0);
    drop(served);
    // Without a server it takes the passphrase to know, and the answer says so.
    assert!(doctor(&office).stdout.contains("`tresor status` tells it"));
}

/// A tester found it: every request of the owner failed, and `doctor` said that the server was of another
/// version than the program; or `verify` failed, and `status` said "damaged none".
#[test]
fn a_damaged_catalogue_is_remembered_and_told_everywhere() {
    let office = office();
    let served = serve(&office);
    damage_catalogue(&office);
    let found = office.attempt(["verify"]);
    assert_eq!(found.code, 3, "{found}");
    assert!(found.stdout.contains("catalogue: "), "{found}");
    for _ in 0..2 {
        let (told, listed) = (office.attempt(["status"]), doctor(&office));
        assert_eq!((told.code, listed.code), (0, 3), "{told}{listed}");
        for text in [&told.stdout, &listed.stdout] {
            assert!(
                text.contains("the catalogue is damaged; stop the server and run `tresor rebuild`"),
                "{text}"
            );
            assert!(!text.contains("another version"), "{text}");
        }
        assert_eq!(health(&served)["catalogue_damaged"], true);
        assert_eq!(status(&office)["state"], "serving");
    }
    let log = served.logged();
    assert_eq!(
        log.lines().filter(|line| line.contains("data at risk: the catalogue is damaged")).count(),
        1,
        "{log}"
    );
}

/// A tester found it: "damaged none" while no file of a space opened.
#[test]
fn a_space_without_its_key_stands_beside_the_count_of_damage() {
    let office = office();
    let keys = office.data().join("keys/spaces");
    let key = fs::read_dir(keys).unwrap().next().unwrap().unwrap().path();
    let kept = fs::read(&key).unwrap();
    for change in [None, Some(&kept[..kept.len() - 1])] {
        match change {
            Some(bytes) => fs::write(&key, bytes).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        for online in [false, true] {
            let served = online.then(|| serve(&office));
            let told = office.attempt(["status"]).stdout;
            assert!(
                told.contains("damaged  none, but no file of 1 space opens: its key is missing"),
                "{told}"
            );
            assert!(
                told.contains("WARNING  the key file of space Müller GmbH is missing, damaged"),
                "{told}"
            );
            assert_eq!(status(&office)["spaces_without_key"], 1);
            drop(served);
        }
    }
    fs::write(&key, kept).unwrap();
    assert!(office.attempt(["status"]).stdout.ends_with("damaged  none\n"));
    assert_eq!(status(&office)["spaces_without_key"], 0);
}

/// A tester found it: beside an older catalogue, acknowledged files were "left by uploads that broke off", nothing was
/// reported as lost, and the advice was to bring files back from a backup.
#[test]
fn beside_an_older_catalogue_unknown_files_are_not_called_leftovers() {
    let office = office();
    let catalogue = office.data().join("catalog/catalog.db");
    let old = fs::read(&catalogue).unwrap();
    let served = serve(&office);
    let put = |name: &str, length: usize| {
        let request = served.request("PUT", &format!("{SPACE}/{name}")).sign_in("anna", PASSWORD);
        request.body(vec![7; length]).send().expect(201);
    };
    put("neu.pdf", 100_000);
    drop(served);
    let found = office.attempt(["verify"]);
    assert_eq!((found.code, found.stderr.as_str()), (0, ""), "{found}");

    fs::write(&catalogue, old).unwrap();
    let found = office.attempt(["verify"]);
    assert_eq!(found.code, 3, "{found}");
    let older: Vec<_> =
        found.stdout.lines().filter(|line| line.starts_with("catalogue: it is older")).collect();
    assert!(older.len() == 1 && older[0].contains("run `tresor rebuild`"), "{found}");
    assert!(found.stdout.contains("note: not in the catalogue: spaces/"), "{found}");
    assert!(
        found.stdout.contains("may be files that it does not know: stop the server and run `tresor rebuild`")
    );
    assert!(!found.stdout.contains("nothing is lost"), "{found}");
    // The finding advises, and no file has to be brought back.
    assert_eq!(found.stderr, "", "{found}");
}

/// A tester found it: the advice for damaged files followed strangers too.
#[test]
fn the_closing_advice_is_about_what_was_found() {
    let office = office();
    let stranger = containers(&office)[0].with_file_name("Notizen.txt");
    fs::write(&stranger, b"readable").unwrap();
    let found = office.attempt(["verify"]);
    assert_eq!((found.code, found.stderr.as_str()), (3, ""), "{found}");
    fs::remove_file(&stranger).unwrap();
    let key = fs::read_dir(office.data().join("keys/spaces")).unwrap().next().unwrap().unwrap().path();
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let found = office.attempt(["verify"]);
    assert!(
        found.stdout.contains("wrong-key: ")
            && found.stdout.contains("without it no file of this space opens")
    );
    assert_eq!(found.stderr, "", "the files need no backup, but the key does: {found}");
    fs::write(&key, kept).unwrap();
    fs::remove_file(&containers(&office)[0]).unwrap();
    let found = office.attempt(["verify"]);
    assert!(found.stderr.contains("bring the files back from a backup"), "{found}");
}

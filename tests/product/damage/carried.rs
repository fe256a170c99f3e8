//! Copying and moving damaged files into another space.

use std::fs;

use crate::damage::command::{SPACE, containers, office, serve};
use crate::support::office::PASSWORD;

/// A tester found it: 201, and an unreadable copy under an id that no backup has; after a MOVE the
/// original lay in the trash.
#[test]
fn what_is_damaged_is_not_carried_into_another_space() {
    let office = office();
    let served = serve(&office);
    for words in [&["space", "add", "Huber", "--kind", "client"][..], &["grant", "anna", "Huber", "write"]] {
        assert_eq!(office.attempt(words).code, 0, "{words:?}");
    }
    let ask = |method: &str, path: &str| served.request(method, path).sign_in("anna", PASSWORD);
    let source = format!("{SPACE}/2025");
    let before = containers(&office);
    let file = &before[0];
    let pristine = fs::read(file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = pristine.clone();
        bytes[at] ^= 1;
        Some(bytes)
    };
    let middle = flipped(100_000);
    for damage in [middle, flipped(60), flipped(pristine.len() - 1), Some(pristine[..90_000].to_vec()), None]
    {
        match &damage {
            Some(bytes) => fs::write(file, bytes).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        for method in ["COPY", "MOVE"] {
            for (from, to) in
                [(format!("{source}/Bilanz.pdf"), "/dav/Huber/x.pdf"), (source.clone(), "/dav/Huber/x")]
            {
                let answer = ask(method, &from).header("Destination", to).send();
                let answer = answer.expect(500);
                assert!(answer.text().contains("damaged or missing; restore it from a backup"), "{answer}");
                ask("HEAD", to).send().expect(404);
                ask("PROPFIND", &from).header("Depth", "0").send().expect(207);
            }
        }
        fs::write(file, &pristine).unwrap();
        assert_eq!(containers(&office), before);
    }
    let trash = office.attempt(["trash", "list", "Müller GmbH"]).stdout;
    assert!(!trash.contains("Bilanz"), "{trash}");
    // It was noted, and is good again at once.
    assert!(office.attempt(["status"]).stdout.contains("damaged  1"));
    ask("MOVE", &source).header("Destination", "/dav/Huber/x").send().expect(201);
    assert_eq!(ask("GET", "/dav/Huber/x/Bilanz.pdf").send().expect(200).body.len(), 200_000);
}

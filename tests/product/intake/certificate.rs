//! The certificate of a release: an auditor checks it with nothing but the file and the office's key.

use tresor::proof::Signer;
use zeroize::Zeroizing;

use super::world::World;
use crate::support::clamd::{IDLE, eicar};
use crate::support::office::Office;

#[test]
fn a_release_is_certified_and_checked_without_an_instance() {
    let world = World::holding("2s");
    let id = world.arrive("bilanz.txt", b"a harmless content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    let refused = world.server.office.attempt(["hold", "certificate", &id.to_string()]);
    assert!(refused.code == 1 && refused.stderr.contains("not possible"), "{refused}");
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.comes_to(id, "released");
    let early = world.arrive("eilig.txt", b"needed today");
    world.comes_to(early, "held");
    world.decide("release", early, "the sender confirmed by phone");
    let forced = world.arrive("virus.txt", &eicar());
    world.comes_to(forced, "quarantined");
    world.server.cli_ok(["hold", "release", "--override", &forced.to_string(), "--reason", "a test file"]);

    let certificate = |id: i64| world.server.cli_ok(["hold", "certificate", &id.to_string()]);
    let key = world.server.cli_ok(["hold", "certificate-key"]);
    let key = key.trim();

    // Another machine.
    let auditor = Office::new();
    auditor.write("released.txt", certificate(id));
    auditor.write("early.txt", certificate(early));
    auditor.write("forced.txt", certificate(forced));
    auditor.write("bilanz.txt", b"a harmless content");
    let check = |file: &str, more: &[&str]| {
        let words = ["hold", "verify-certificate", file].into_iter().chain(more.iter().copied());
        auditor.run(words)
    };
    let shown = check("released.txt", &["--signed-by", key, "--content", "bilanz.txt", "--json"]);
    assert_eq!(shown.code, 0, "{shown}");
    let known: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(
        (&known["outcome"], &known["path"], &known["released_by"]),
        (&"released-after-hold".into(), &"/bilanz.txt".into(), &"worker".into()),
        "{known}"
    );
    let verdicts = known["verdicts"].as_array().unwrap();
    let (first, last) = (&verdicts[0], &verdicts[verdicts.len() - 1]);
    assert_ne!(first["signatures"], last["signatures"], "{known}");
    assert!(
        last["scanner_tested"].as_str() <= last["at"].as_str()
            && last["at"].as_str() >= known["due"].as_str()
    );
    assert!(!known["not_checked"].as_array().unwrap().is_empty());

    let early = check("early.txt", &["--signed-by", key]);
    assert!(early.code == 0 && early.stdout.contains("released early by a person"), "{early}");
    assert!(early.stdout.contains("the sender confirmed by phone"), "{early}");
    let forced = check("forced.txt", &["--signed-by", key]);
    assert!(forced.code == 0 && forced.stdout.contains("this proves no clean scan"), "{forced}");

    // Without the key it names the open question.
    let unsure = check("released.txt", &[]);
    assert!(unsure.code == 0 && unsure.stdout.contains("Is this the office's key?"), "{unsure}");

    // Another content, another key, a changed word.
    auditor.write("bilanz.txt", b"another content");
    let other = check("released.txt", &["--content", "bilanz.txt"]);
    assert!(other.code == 1 && other.stderr.contains("about another content"), "{other}");
    let name = key.split('+').next().unwrap();
    let stranger = Signer::new(name.to_owned(), &Zeroizing::new([1; 32])).verifier().to_string();
    let foreign = check("released.txt", &["--signed-by", &stranger]);
    assert!(foreign.code == 1 && foreign.stderr.contains("not signed by this key"), "{foreign}");
    let text = std::fs::read_to_string(auditor.path("forced.txt")).unwrap();
    auditor.write("forged.txt", text.replace("released-by-override", "released-after-hold"));
    for more in [&["--signed-by", key][..], &[]] {
        let told = check("forged.txt", more);
        assert!(told.code == 1 && told.stderr.contains("signature does not fit"), "{told}");
    }
    world.assert_sound();
}

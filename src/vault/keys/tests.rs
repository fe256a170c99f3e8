use std::path::Path;

use age::secrecy::SecretString;

use super::*;
use crate::vault::disk::LocalDisk;

fn passphrase(text: &str) -> Unlock {
    Unlock::Passphrase(SecretString::from(text.to_owned()))
}

fn create(dir: &Path, unlock: &Unlock, recovery: &RecoveryRecipient) -> Result<KeyRing, VaultError> {
    KeyRing::create_with(Arc::new(LocalDisk::new(dir)), unlock, recovery, WorkFactor::CHEAP)
}

fn open(dir: &Path, unlock: &Unlock) -> Result<KeyRing, VaultError> {
    KeyRing::open_with(Arc::new(LocalDisk::new(dir)), unlock, WorkFactor::CHEAP)
}

fn key_file() -> (Unlock, Unlock) {
    let text = generate_recovery().0;
    (Unlock::KeyFile(text.clone()), Unlock::Recovery(text))
}

/// All bytes below a directory, names included.
fn all_bytes(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(path.to_str().unwrap().as_bytes());
        bytes.extend(if path.is_dir() { all_bytes(&path) } else { std::fs::read(&path).unwrap() });
    }
    bytes
}

fn flip_last_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::remove_file(path).unwrap();
    crate::vault::disk::write_durably(path, &bytes, Overwrite::Forbid).unwrap();
}

/// The padding counted characters, so the length of the file showed how many umlauts a client's name has.
#[test]
fn notes_of_names_of_equal_length_or_not_are_files_of_equal_length() {
    let dir = tempfile::tempdir().unwrap();
    let ring = create(dir.path(), &passphrase("eins zwei"), &generate_recovery().1).unwrap();
    let lengths = ["A", "Müller & Söhne", "Ä"].map(|name| {
        let space = SpaceId::random();
        ring.note_space(space, name).unwrap();
        assert_eq!(ring.space_note(space).unwrap().as_deref(), Some(name));
        let sealed = std::fs::read(dir.path().join(format!("keys/names/{space}.age"))).unwrap();
        // After the header, whose last line begins with three dashes: nonce, padded text, tag.
        let dashes = sealed.windows(5).position(|five| five == b"\n--- ").unwrap();
        let header = dashes + 1 + sealed[dashes + 1..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        sealed.len() - header
    });
    assert_eq!(lengths, [16 + NOTE_PADDING + 16; 3]);
}

#[test]
fn every_way_in_finds_the_same_keys() {
    let dir = tempfile::tempdir().unwrap();
    let (recovery_text, recovery) = generate_recovery();
    let ring = create(dir.path(), &passphrase("eins zwei"), &recovery).unwrap();
    let space = SpaceId::random();
    let key = ring.create_space_key(space).unwrap();

    for unlock in [passphrase("eins zwei"), Unlock::Recovery(recovery_text)] {
        let again = open(dir.path(), &unlock).unwrap();
        assert_eq!(again.catalogue_key().expose(), ring.catalogue_key().expose());
        assert_eq!(again.token_key().expose(), ring.token_key().expose());
        let same = again.space_key(space).unwrap();
        assert!(same.is_same(&key));
        assert_eq!(again.open_blob(&ring.seal_blob(b"tls")).unwrap().as_slice(), b"tls");
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (_, recovery) = generate_recovery();
    let (by_file, _) = key_file();
    let reason = |dir: &Path, unlock: &Unlock| open(dir, unlock).unwrap_err();

    assert!(matches!(reason(dir.path(), &passphrase("a")), VaultError::NoKeys));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was created");

    create(dir.path(), &passphrase("right"), &recovery).unwrap();
    let before = all_bytes(dir.path());
    assert!(matches!(reason(dir.path(), &passphrase("wrong")), VaultError::WrongPassphrase));
    assert!(matches!(reason(dir.path(), &by_file), VaultError::PassphraseNeeded));
    let (_, other_recovery) = key_file();
    assert!(matches!(reason(dir.path(), &other_recovery), VaultError::WrongKeyFile));
    let nonsense = Unlock::Recovery(SecretString::from("hello"));
    assert!(matches!(reason(dir.path(), &nonsense), VaultError::NotAnIdentity));
    assert!(matches!(create(dir.path(), &passphrase("new"), &recovery), Err(VaultError::KeysExist)));
    assert_eq!(all_bytes(dir.path()), before, "refusals touch nothing");

    let root = dir.path().join("keys/root.age");
    flip_last_byte(&root);
    assert!(matches!(reason(dir.path(), &passphrase("right")), VaultError::KeyFileDamaged { .. }));
    std::fs::remove_file(root).unwrap();
    assert!(matches!(reason(dir.path(), &passphrase("right")), VaultError::KeyFileMissing { .. }));
}

#[test]
fn a_key_file_opens_what_it_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let (_, recovery) = generate_recovery();
    let (unlock, as_recovery) = key_file();
    create(dir.path(), &unlock, &recovery).unwrap();
    open(dir.path(), &unlock).unwrap();
    assert!(matches!(open(dir.path(), &key_file().0), Err(VaultError::WrongKeyFile)));
    assert!(matches!(open(dir.path(), &passphrase("x")), Err(VaultError::KeyFileNeeded)));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(create(empty.path(), &as_recovery, &recovery), Err(VaultError::RecoveryIsOffline)));
    let comments = Unlock::KeyFile(SecretString::from("# nothing\n"));
    assert!(matches!(create(empty.path(), &comments, &recovery), Err(VaultError::NotAnIdentity)));
}

#[test]
fn a_new_passphrase_replaces_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let (recovery_text, recovery) = generate_recovery();
    let ring = create(dir.path(), &passphrase("old"), &recovery).unwrap();
    ring.change_unlock(&passphrase("new")).unwrap();
    assert!(matches!(open(dir.path(), &passphrase("old")), Err(VaultError::WrongPassphrase)));
    let again = open(dir.path(), &passphrase("new")).unwrap();
    assert_eq!(again.audit_key().expose(), ring.audit_key().expose());
    open(dir.path(), &Unlock::Recovery(recovery_text)).unwrap();
}

#[test]
fn a_destroyed_space_key_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let ring = create(dir.path(), &passphrase("p"), &generate_recovery().1).unwrap();
    let space = SpaceId::random();
    ring.create_space_key(space).unwrap();
    assert!(matches!(ring.create_space_key(space), Err(VaultError::SpaceKeyExists(_))));
    ring.destroy_space_key(space).unwrap();
    ring.destroy_space_key(space).unwrap();
    assert!(matches!(ring.space_key(space), Err(VaultError::SpaceKeyMissing(_))));
}

/// A restore had swapped two clients' key files: new files of one were sealed to the other, and were lost when the
/// right key file was back.
#[test]
fn the_key_file_of_another_space_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ring = create(dir.path(), &passphrase("p"), &generate_recovery().1).unwrap();
    let (one, other) = (SpaceId([1; 16]), SpaceId([2; 16]));
    let key = ring.create_space_key(one).unwrap();
    ring.create_space_key(other).unwrap();
    let file = |space| dir.path().join(format!("keys/spaces/{space}.age"));
    let own = std::fs::read(file(one)).unwrap();
    std::fs::remove_file(file(one)).unwrap();
    std::fs::copy(file(other), file(one)).unwrap();

    // A process that has the right key keeps using it, and reports the fault.
    assert!(ring.space_key(one).unwrap().is_same(&key));
    let again = open(dir.path(), &passphrase("p")).unwrap();
    assert!(matches!(again.space_key(one), Err(VaultError::KeyFileDamaged { .. })));
    again.space_key(other).unwrap();
    for ring in [&ring, &again] {
        assert_eq!(ring.space_key_fault(one).unwrap(), Some(KeyFileFault::Exchanged));
        assert_eq!(ring.space_key_fault(other).unwrap(), None);
    }
    std::fs::remove_file(file(one)).unwrap();
    crate::vault::disk::write_durably(&file(one), &own, Overwrite::Forbid).unwrap();
    assert!(again.space_key(one).unwrap().is_same(&key));
    assert_eq!(again.space_key_fault(one).unwrap(), None);
}

#[test]
fn a_key_file_that_does_not_say_whose_it_is_still_opens() {
    let dir = tempfile::tempdir().unwrap();
    let ring = create(dir.path(), &passphrase("p"), &generate_recovery().1).unwrap();
    let space = SpaceId([1; 16]);
    let key = SpaceKey::generate();
    let text = key.text_for(space);
    let line = text.expose_secret().lines().last().unwrap();
    let sealed = seal::to(&[&ring.identity.to_public()], format!("{line}\n").as_bytes());
    ring.files.write_small(&SmallFile::space_key(space), &sealed, Overwrite::Forbid).unwrap();
    assert!(ring.space_key(space).unwrap().is_same(&key));
    assert_eq!(ring.space_key_fault(space).unwrap(), None);
}

#[test]
fn no_key_text_reaches_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (recovery_text, recovery) = generate_recovery();
    let ring = create(dir.path(), &passphrase("geheim"), &recovery).unwrap();
    let space = SpaceId::random();
    let key = ring.create_space_key(space).unwrap();
    let bytes = all_bytes(dir.path());
    let secrets = [
        "geheim",
        "AGE-SECRET-KEY",
        "age1",
        recovery_text.expose_secret(),
        key.text_for(space).expose_secret().lines().last().unwrap(),
    ]
    .map(|text| text.as_bytes().to_vec());
    for secret in secrets.into_iter().chain([ring.root.expose().to_vec()]) {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    assert_eq!(format!("{ring:?} {key:?}"), "KeyRing([redacted]) SpaceKey([redacted])");
}

#[test]
fn production_spends_what_the_age_program_spends() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(LocalDisk::new(dir.path()));
    KeyRing::create(disk, &passphrase("p"), &generate_recovery().1).unwrap();
    let header = std::fs::read(dir.path().join("keys/root.age")).unwrap();
    let text = String::from_utf8_lossy(&header).into_owned();
    let stanza = text.lines().nth(1).unwrap();
    assert!(stanza.starts_with("-> scrypt ") && stanza.ends_with(" 18"), "{stanza}");
}

/// An office lost the passphrase and had the recovery key: that key opened single files, but there was no way to
/// open the instance with it.
#[test]
fn the_recovery_key_makes_the_everyday_file_again() {
    for is_gone in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (recovery_text, recovery) = generate_recovery();
        let ring = create(dir.path(), &passphrase("lost"), &recovery).unwrap();
        if is_gone {
            std::fs::remove_file(dir.path().join("keys/root.age")).unwrap();
        }
        open(dir.path(), &Unlock::Recovery(recovery_text))
            .unwrap()
            .change_unlock(&passphrase("new"))
            .unwrap();
        let again = open(dir.path(), &passphrase("new")).unwrap();
        assert_eq!(again.catalogue_key().expose(), ring.catalogue_key().expose());
        assert!(open(dir.path(), &passphrase("lost")).is_err());
    }
}

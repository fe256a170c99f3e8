//! The Debian program `age` (an independent implementation in Go) opens what we seal, and we open
//! what it seals.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use age::secrecy::{ExposeSecret, SecretString};
use tresor::model::{EntryId, EntryPath, SpaceId, Timestamp, WriteSerial};
use tresor::vault::container::{ContainerMeta, OpenHeader, Part};
use tresor::vault::disk::{LocalDisk, Overwrite, write_durably};
use tresor::vault::keys::{KeyRing, Unlock, generate_recovery};
use tresor::vault::reader::ContainerReader;
use tresor::vault::rewrap::rewrap;
use tresor::vault::stream::CHUNK_LEN;
use tresor::vault::writer::{ContainerWriter, SealedContainer};

use crate::conformance::open_payload;

/// An office with its recovery identity in a file beside it.
struct Office {
    dir: tempfile::TempDir,
    disk: Arc<LocalDisk>,
    ring: KeyRing,
    recovery: PathBuf,
    key_file: PathBuf,
}

impl Office {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(LocalDisk::new(dir.path().join("data")));
        let (recovery_text, recipient) = generate_recovery();
        let (key_text, _) = generate_recovery();
        let put = |name: &str, text: &SecretString| {
            let path = dir.path().join(name);
            write_durably(&path, text.expose_secret().as_bytes(), Overwrite::Forbid).unwrap();
            path
        };
        Self {
            recovery: put("recovery.txt", &recovery_text),
            key_file: put("key.txt", &key_text),
            // By key file: nothing here is about the cost of a passphrase.
            ring: KeyRing::create(disk.clone(), &Unlock::KeyFile(key_text), &recipient).unwrap(),
            disk,
            dir,
        }
    }

    fn data(&self, path: &str) -> PathBuf {
        self.dir.path().join("data").join(path)
    }

    fn container(&self, space: SpaceId, container: &SealedContainer) -> PathBuf {
        let [first, ..] = container.id.0;
        self.data(&format!("spaces/{space}/{first:02x}/{}.age", container.id))
    }

    fn seal(&self, space: SpaceId, plain: &[u8]) -> SealedContainer {
        let key = self.ring.space_key(space).unwrap();
        let mut writer = ContainerWriter::create(&*self.disk, &key, space, &meta()).unwrap();
        writer.write(plain).unwrap();
        writer.finish().unwrap()
    }

    /// First half of the recipe in docs/recovery.md: `age -d -i recovery.txt keys/spaces/S.age > s.txt`.
    fn recover_space_key(&self, space: SpaceId) -> PathBuf {
        let sealed = self.data(&format!("keys/spaces/{space}.age"));
        let text = age_program(&["-d", "-i", path(&self.recovery), path(&sealed)], b"");
        let target = self.dir.path().join(format!("{space}.txt"));
        write_durably(&target, &text, Overwrite::Forbid).unwrap();
        target
    }
}

fn meta() -> ContainerMeta {
    ContainerMeta {
        entry: EntryId(1),
        path: EntryPath::parse("Mandant Müller/Bilanz.pdf").unwrap(),
        modified: Timestamp(1_700_000_000_000),
        serial: WriteSerial(2),
        written: Timestamp(1_700_000_000_000),
        segment: 0,
        size: None,
        part: Part::Numbered,
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from((i * 31 + i / 251) & 0xff).unwrap()).collect()
}

/// Runs `age`, feeds it `input` and returns its output.
fn age_program(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("age")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program `age` is needed: apt-get install age");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "age {args:?}: {errors}");
    feeder.join().unwrap().unwrap();
    output.stdout
}

#[test]
fn the_recovery_recipe_opens_every_container() {
    let office = Office::new();
    let space = SpaceId::random();
    office.ring.create_space_key(space).unwrap();
    let space_key = office.recover_space_key(space);
    for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 40 * CHUNK_LEN + 5] {
        let plain = content(len);
        let file = office.container(space, &office.seal(space, &plain));
        let opened = age_program(&["-d", "-i", path(&space_key), path(&file)], b"");
        assert!(opened == plain, "{len} bytes");
    }
}

#[test]
fn a_rewrapped_container_opens_with_its_new_spaces_key() {
    let office = Office::new();
    let [from, to] = [SpaceId::random(), SpaceId::random()];
    let from_key = office.ring.create_space_key(from).unwrap();
    let to_key = office.ring.create_space_key(to).unwrap();
    let plain = content(3 * CHUNK_LEN);
    let source = office.seal(from, &plain).to_ref();
    let reader = ContainerReader::open(&*office.disk, &from_key, from, &source).unwrap();
    let copy = rewrap(&*office.disk, &reader, &to_key, to, &meta()).unwrap();
    let file = office.container(to, &copy);
    let key = office.recover_space_key(to);
    assert!(age_program(&["-d", "-i", path(&key), path(&file)], b"") == plain);
}

#[test]
fn both_root_files_open_to_the_same_secret() {
    let office = Office::new();
    let root = office.data("keys/root.age");
    let for_recovery = office.data("keys/root.recovery.age");
    let secret = age_program(&["-d", "-i", path(&office.key_file), path(&root)], b"");
    assert_eq!(secret.len(), 32);
    let recovered = age_program(&["-d", "-i", path(&office.recovery), path(&for_recovery)], b"");
    assert_eq!(recovered, secret);
}

#[test]
fn we_open_what_the_age_program_seals() {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    for len in [0, 1, CHUNK_LEN, CHUNK_LEN + 1, 5 * CHUNK_LEN] {
        let plain = content(len);
        let file = age_program(&["-e", "-r", &recipient], &plain);
        let header = OpenHeader::open(&file, &[&identity]).unwrap();
        assert_eq!(header.meta().unwrap(), None, "no container of ours");
        let (opened, is_complete) = open_payload(&header, &file[header.len()..]);
        assert!(is_complete && opened == plain, "{len} bytes");
    }
}

//! Containers from writer to reader, intact and tampered with.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::container::{ContainerMeta, Part};
use super::disk::{Containers, Housekeeping, LocalDisk, StoredFile};
use super::error::VaultError;
use super::keys::SpaceKey;
use super::reader::{ContainerReader, ContainerRef, MAX_READ_LEN};
use super::rewrap::rewrap;
use super::stream::{CHUNK_LEN, SEALED_CHUNK_LEN};
use super::sweep::{ORPHAN_AGE, find_orphans};
use super::writer::{ContainerWriter, SealedContainer};
use crate::model::{ByteRange, EntryId, EntryPath, Place, SpaceId, Timestamp, WriteSerial};

const SPACE: SpaceId = SpaceId([1; 16]);

/// A data directory with one space.
struct Vault {
    dir: tempfile::TempDir,
    disk: LocalDisk,
    key: SpaceKey,
}

impl Vault {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { disk: LocalDisk::new(dir.path()), dir, key: SpaceKey::generate() }
    }

    fn writer(&self) -> ContainerWriter {
        ContainerWriter::create(&self.disk, &self.key, SPACE, &meta("a/b.txt")).unwrap()
    }

    fn seal(&self, plain: &[u8]) -> SealedContainer {
        let mut writer = self.writer();
        writer.write(plain).unwrap();
        writer.finish().unwrap()
    }

    fn open(&self, container: &ContainerRef) -> Result<ContainerReader, VaultError> {
        ContainerReader::open(&self.disk, &self.key, SPACE, container)
    }

    fn path(&self, container: &ContainerRef) -> PathBuf {
        let id = container.id;
        let [first, ..] = id.0;
        self.dir.path().join(format!("spaces/{SPACE}/{first:02x}/{id}.age"))
    }

    /// Changes a container's bytes behind the vault's back.
    fn tamper(&self, container: &ContainerRef, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path(container);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        put(&path, &bytes);
    }
}

#[expect(clippy::disallowed_methods, reason = "an attacker does not ask vault::disk")]
fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

fn meta(path: &str) -> ContainerMeta {
    ContainerMeta {
        entry: EntryId(42),
        path: EntryPath::parse(path).unwrap(),
        modified: Timestamp(1_700_000_000_000),
        serial: WriteSerial(43),
        written: Timestamp(1_700_000_000_000),
        segment: 0,
        size: None,
        part: Part::Numbered,
    }
}

/// Bytes that differ from chunk to chunk and within each.
fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from((i ^ (i / CHUNK_LEN * 7) ^ (i >> 8)) & 0xff).unwrap()).collect()
}

fn read(reader: &ContainerReader, start: usize, end: usize) -> Result<Vec<u8>, VaultError> {
    let range = ByteRange::new(start as u64, end as u64).unwrap();
    Ok(reader.read(range)?.concat())
}

fn files_below(dir: &Path) -> usize {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { 1 }
        })
        .sum()
}

#[test]
fn every_length_comes_back_from_every_offset() {
    let vault = Vault::new();
    for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 2 * CHUNK_LEN, 5 * CHUNK_LEN + 77] {
        let plain = content(len);
        let sealed = vault.seal(&plain);
        assert_eq!(sealed.plain_len, len as u64);
        assert_eq!(fs::metadata(vault.path(&sealed.to_ref())).unwrap().len(), sealed.length);
        let reader = vault.open(&sealed.to_ref()).unwrap();
        assert_eq!(reader.plain_len(), len as u64);
        assert_eq!(*reader.meta(), meta("a/b.txt"));

        let marks = [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN - 5, len - len.min(1), len];
        for start in marks {
            for end in marks {
                if start <= end && end <= len {
                    assert_eq!(read(&reader, start, end).unwrap(), plain[start..end]);
                    let range = ByteRange::new(start as u64, end as u64).unwrap();
                    // Not every file system can report what it has in memory.
                    if let Some(pieces) = reader.read_at_hand(range).unwrap() {
                        assert_eq!(pieces.concat(), plain[start..end]);
                    }
                }
            }
        }
        assert!(matches!(read(&reader, 0, len + 1), Err(VaultError::Range)));
    }
}

#[test]
fn it_does_not_matter_how_the_bytes_arrive() {
    let vault = Vault::new();
    let plain = content(40 * CHUNK_LEN + 3); // several batches
    for step in [1_000, CHUNK_LEN, CHUNK_LEN + 1, 10 * CHUNK_LEN] {
        let mut writer = vault.writer();
        for piece in plain.chunks(step) {
            writer.write(piece).unwrap();
            writer.write(&[]).unwrap();
        }
        let sealed = writer.finish().unwrap();
        let reader = vault.open(&sealed.to_ref()).unwrap();
        let most = usize::try_from(MAX_READ_LEN).unwrap();
        let mut back = Vec::new();
        while back.len() < plain.len() {
            let end = plain.len().min(back.len() + most);
            let piece = read(&reader, back.len(), end).unwrap();
            back.extend(piece);
        }
        assert!(back == plain, "pieces of {step}");
        assert!(read(&reader, 3, 3 + most).unwrap() == plain[3..3 + most]);
        assert!(matches!(read(&reader, 0, most + 1), Err(VaultError::Range)));
    }
}

#[test]
fn many_threads_read_one_container() {
    let vault = Vault::new();
    let plain = content(8 * CHUNK_LEN);
    let reader = vault.open(&vault.seal(&plain).to_ref()).unwrap();
    std::thread::scope(|scope| {
        for start in 0..8 {
            let (reader, plain) = (&reader, &plain);
            scope.spawn(move || {
                for end in (start * 1000..plain.len()).step_by(50_001) {
                    assert!(read(reader, start * 1000, end).unwrap() == plain[start * 1000..end]);
                }
            });
        }
    });
}

#[test]
fn two_containers_of_the_same_bytes_share_none() {
    let vault = Vault::new();
    let [a, b] = [vault.seal(b"same"), vault.seal(b"same")];
    let [a, b] = [a, b].map(|sealed| fs::read(vault.path(&sealed.to_ref())).unwrap());
    assert_ne!(a[a.len() - 20..], b[b.len() - 20..]);
}

#[test]
fn a_truncated_container_never_yields_its_first_byte() {
    let vault = Vault::new();
    let plain = content(3 * CHUNK_LEN);
    for cut in [1, 16, SEALED_CHUNK_LEN - 1, SEALED_CHUNK_LEN, 2 * SEALED_CHUNK_LEN, 3 * SEALED_CHUNK_LEN] {
        let sealed = vault.seal(&plain);
        vault.tamper(&sealed.to_ref(), |bytes| bytes.truncate(bytes.len() - cut));
        assert!(
            matches!(vault.open(&sealed.to_ref()), Err(VaultError::WrongLength(_) | VaultError::Foreign(_))),
            "{cut}"
        );
        // Even a catalogue that knows the shorter length does not help a forger.
        let forged = ContainerRef { length: sealed.length - cut as u64, ..sealed.to_ref() };
        assert!(matches!(vault.open(&forged), Err(VaultError::Damaged(_))), "{cut}");
    }
}

#[test]
fn appended_bytes_are_refused() {
    let vault = Vault::new();
    for extra in [1, 16, 17, SEALED_CHUNK_LEN] {
        let sealed = vault.seal(&content(CHUNK_LEN));
        vault.tamper(&sealed.to_ref(), |bytes| {
            bytes.resize(bytes.len() + extra, 0);
        });
        assert!(matches!(vault.open(&sealed.to_ref()), Err(VaultError::WrongLength(_))));
        let forged = ContainerRef { length: sealed.length + extra as u64, ..sealed.to_ref() };
        assert!(matches!(vault.open(&forged), Err(VaultError::Damaged(_))), "{extra}");
    }
}

#[test]
fn a_flipped_bit_costs_its_chunk_and_no_other() {
    let vault = Vault::new();
    let plain = content(4 * CHUNK_LEN);
    let sealed = vault.seal(&plain);
    let payload = usize::try_from(sealed.length).unwrap() - 4 * SEALED_CHUNK_LEN;
    vault.tamper(&sealed.to_ref(), |bytes| {
        bytes[payload + SEALED_CHUNK_LEN + 9] ^= 4;
    });
    let reader = vault.open(&sealed.to_ref()).unwrap();
    assert!(matches!(read(&reader, CHUNK_LEN, CHUNK_LEN + 1), Err(VaultError::Damaged(_))));
    assert!(read(&reader, 0, 3 * CHUNK_LEN).is_err(), "nothing of such a call");
    assert_eq!(read(&reader, 0, CHUNK_LEN).unwrap(), plain[..CHUNK_LEN]);
    assert_eq!(read(&reader, 2 * CHUNK_LEN, plain.len()).unwrap(), plain[2 * CHUNK_LEN..]);

    // In the header, the nonce, the last chunk and its tag: these containers do not even open.
    for (at, foreign) in [
        (30, true),
        (payload - 1, true),
        (payload + 3 * SEALED_CHUNK_LEN, false),
        (payload + 4 * SEALED_CHUNK_LEN - 1, false),
    ] {
        let sealed = vault.seal(&plain);
        vault.tamper(&sealed.to_ref(), |bytes| bytes[at] ^= 1);
        match vault.open(&sealed.to_ref()).unwrap_err() {
            VaultError::Foreign(_) => assert!(foreign, "byte {at}"),
            VaultError::Damaged(_) => assert!(!foreign, "byte {at}"),
            other => panic!("byte {at}: {other}"),
        }
    }
}

#[test]
fn swapped_and_missing_containers_are_told_apart() {
    let vault = Vault::new();
    let [a, b] = [vault.seal(b"aaaa").to_ref(), vault.seal(b"bbbb").to_ref()];
    let bytes = fs::read(vault.path(&b)).unwrap();
    vault.tamper(&a, |old| *old = bytes);
    let refused = vault.open(&a).unwrap_err();
    assert!(matches!(refused, VaultError::Foreign(_)) && refused.is_integrity_alarm());
    fs::remove_file(vault.path(&b)).unwrap();
    assert!(matches!(vault.open(&b), Err(VaultError::Missing(_))));

    let c = vault.seal(b"cccc").to_ref();
    vault.tamper(&c, |bytes| *bytes = vec![b'x'; bytes.len()]);
    assert!(matches!(vault.open(&c), Err(VaultError::Foreign(_))), "no age file at all");
    vault.tamper(&c, Vec::clear);
    assert!(matches!(vault.open(&c), Err(VaultError::WrongLength(_))));
}

#[test]
fn a_forger_who_knows_the_recipient_is_refused_by_the_hash() {
    let vault = Vault::new();
    let genuine = vault.seal(b"genuine").to_ref();
    let forged = vault.seal(b"forgery").to_ref();
    let bytes = fs::read(vault.path(&forged)).unwrap();
    vault.tamper(&genuine, |old| *old = bytes);
    assert_eq!(genuine.length, forged.length);
    assert!(matches!(vault.open(&genuine), Err(VaultError::Foreign(_))));
}

#[test]
fn another_spaces_key_opens_nothing() {
    let vault = Vault::new();
    let container = vault.seal(b"a").to_ref();
    let opened = ContainerReader::open(&vault.disk, &SpaceKey::generate(), SPACE, &container);
    assert!(matches!(opened, Err(VaultError::WrongSpaceKey(_))));
}

#[test]
fn a_file_alone_tells_its_binding_and_entry() {
    let vault = Vault::new();
    let container = vault.seal(b"a").to_ref();
    let reader =
        ContainerReader::open_untracked(&vault.disk, &vault.key, SPACE, container.id, Place::OwnFile)
            .unwrap();
    assert_eq!((reader.to_ref(), reader.meta()), (container, &meta("a/b.txt")));
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let vault = Vault::new();
    let mut writer = vault.writer();
    writer.write(&content(40 * CHUNK_LEN)).unwrap();
    assert_eq!(files_below(vault.dir.path()), 1);
    drop(writer);
    assert_eq!(files_below(vault.dir.path()), 0);
}

#[test]
fn writers_and_readers_cross_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<ContainerWriter>();
    is_send::<ContainerReader>();
    is_sync::<ContainerReader>();
    is_sync::<super::keys::KeyRing>();
}

#[test]
fn a_copy_in_another_space_opens_with_its_key_only() {
    let vault = Vault::new();
    let plain = content(40 * CHUNK_LEN + 1);
    let source = vault.seal(&plain);
    let reader = vault.open(&source.to_ref()).unwrap();
    let (other, key) = (SpaceId([2; 16]), SpaceKey::generate());
    let copy = rewrap(&vault.disk, &reader, &key, other, &meta("elsewhere")).unwrap();
    assert_eq!(copy.plain_len, source.plain_len);
    assert_ne!(copy.header_hash, source.header_hash);

    let copied = ContainerReader::open(&vault.disk, &key, other, &copy.to_ref()).unwrap();
    assert_eq!(*copied.meta(), meta("elsewhere"));
    assert!(read(&copied, 0, 1 << 20).unwrap() == plain[..1 << 20]);
    let opened = ContainerReader::open(&vault.disk, &vault.key, other, &copy.to_ref());
    assert!(matches!(opened, Err(VaultError::WrongSpaceKey(_))));
    vault.disk.remove(SPACE, source.id, Place::OwnFile).unwrap();
    assert!(read(&copied, plain.len() - 1, plain.len()).unwrap() == plain[plain.len() - 1..]);
}

#[test]
fn only_old_unknown_containers_are_orphans() {
    let vault = Vault::new();
    let [known, orphan] = [vault.seal(b"a").to_ref(), vault.seal(b"b").to_ref()];
    let now = Timestamp::now();
    let found = |now| {
        let mut found = Vec::new();
        let tell = |file: StoredFile| {
            found.push((file.id, file.length));
            Ok(())
        };
        let seen = find_orphans(&vault.disk, now, |id| id == known.id, tell).unwrap();
        (seen, found)
    };

    assert_eq!(found(now), (2, vec![]), "too young");
    assert_eq!(found(Timestamp(0)), (2, vec![]), "clock set back");
    let later = now.after(ORPHAN_AGE + Duration::from_secs(1));
    assert_eq!(found(later), (2, vec![(orphan.id, orphan.length)]));
}

#[test]
fn leftovers_of_a_crash_are_swept_at_the_start() {
    let vault = Vault::new();
    let mut writer = vault.writer();
    writer.write(b"half").unwrap();
    std::mem::forget(writer);
    assert_eq!(vault.disk.remove_parts().unwrap(), 1);
    assert_eq!(files_below(vault.dir.path()), 0);
}

#[test]
fn a_full_disk_is_told_from_a_broken_one() {
    let full = |kind: std::io::ErrorKind| VaultError::io("write a container")(kind.into());
    assert!(full(std::io::ErrorKind::StorageFull).is_out_of_space());
    assert!(full(std::io::ErrorKind::QuotaExceeded).is_out_of_space());
    assert!(full(std::io::ErrorKind::ReadOnlyFilesystem).is_read_only());
    assert!(!full(std::io::ErrorKind::Other).is_out_of_space());
}

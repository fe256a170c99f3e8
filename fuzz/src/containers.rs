//! Fuzz targets for everything that lies on disk: headers, containers, payloads, key files.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use secrecy::{ExposeSecret, SecretString};

use tresor::model::{
    ByteRange, ContainerId, EntryId, EntryPath, Place, SpaceId, Timestamp, WriteSerial, layout,
};
use tresor::vault::container::{ContainerMeta, OpenHeader};
use tresor::vault::disk::{ContainerFile, Containers, KeyFiles, Overwrite, PartFile, SmallFile, StoredFile};
use tresor::vault::keys::{KeyRing, RecoveryRecipient, SpaceKey, Unlock, generate_recovery};
use tresor::vault::reader::ContainerReader;
use tresor::vault::stream::CHUNK_LEN;
use tresor::vault::writer::ContainerWriter;

const SPACE: SpaceId = SpaceId([1; 16]);
const ID: ContainerId = ContainerId([2; 16]);
/// The key of the seeds, known to everybody: `age-keygen` made it for this file.
const KEY: &[u8] = b"AGE-SECRET-KEY-17PXAFUWK3JGCWCZMXX4X32XDPN7CTNT7TMJEH79WAVRXD6JDRESQVJRW3Z\n";

fn space_key() -> &'static SpaceKey {
    static FOUND: OnceLock<SpaceKey> = OnceLock::new();
    FOUND.get_or_init(|| SpaceKey::from_text(KEY).unwrap().0)
}

/// The start of a file: the age parser and our own search for the header's end must agree.
pub(super) fn age_header(data: &[u8]) {
    let extent = tresor::vault::container::header_extent(data);
    if let Ok(header) = OpenHeader::open_in_space(data, space_key()) {
        assert_eq!(extent, Some(header.len()), "both see the same end of the header");
        let _ = header.meta();
    }
}

/// The record inside the stanza, as somebody who knows the space's recipient could seal it.
pub(super) fn meta(data: &[u8]) {
    let Ok(meta) = ContainerMeta::read(data) else { return };
    let again = meta.record().unwrap();
    assert_eq!(ContainerMeta::read(&again), Ok(meta));
}

/// A whole file in place of a container.
pub(super) fn container(data: &[u8]) {
    let disk = Shelf::holding(data);
    let Ok(reader) = ContainerReader::open_untracked(&disk, space_key(), SPACE, ID, Place::OwnFile) else {
        return;
    };
    let whole = ByteRange::whole(reader.plain_len().min(tresor::vault::reader::MAX_READ_LEN));
    if let Ok(pieces) = reader.read(whole) {
        assert_eq!(pieces.iter().map(|piece| piece.len() as u64).sum::<u64>(), whole.len());
    }
    ContainerReader::open(&disk, space_key(), SPACE, &reader.to_ref()).expect("a file is bound to itself");
}

/// First byte: which content. Then changes to its container, five bytes each: what, where (3), how much.
/// Whatever is read afterwards is the content itself, whole or in parts.
pub(super) fn payload(data: &[u8]) {
    let Some((&which, changes)) = data.split_first() else { return };
    let sealed = contents();
    let (plain, file, reference) = &sealed[usize::from(which) % sealed.len()];
    let mut damaged = file.clone();
    for change in changes.chunks_exact(5).take(16) {
        let &[what, high, middle, low, how] = change else { continue };
        let at = u32::from_be_bytes([0, high, middle, low]) as usize % damaged.len().max(1);
        match what % 5 {
            0 => damaged.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= how),
            1 => damaged.truncate(at),
            2 => damaged.extend(std::iter::repeat_n(how, usize::from(low))),
            3 => damaged.drain(at..(at + usize::from(how)).min(damaged.len())).for_each(drop),
            _ => {
                // Two chunks, or what lies in their places, change seats.
                let other = usize::from(how) * (CHUNK_LEN + 16) % damaged.len().max(1);
                let length = (CHUNK_LEN + 16).min(damaged.len() - at.max(other));
                for byte in 0..length {
                    damaged.swap(at + byte, other + byte);
                }
            }
        }
    }
    let is_whole = damaged == *file;
    let disk = Shelf::holding(&damaged);
    for reader in [
        ContainerReader::open(&disk, space_key(), SPACE, reference),
        ContainerReader::open_untracked(&disk, space_key(), SPACE, ID, Place::OwnFile),
    ] {
        let Ok(reader) = reader else {
            assert!(!is_whole, "an intact container opens");
            continue;
        };
        assert_eq!(reader.plain_len(), plain.len() as u64, "no other length is ever believed");
        let mut intact = true;
        for start in (0..plain.len()).step_by(CHUNK_LEN) {
            let end = (start + CHUNK_LEN).min(plain.len());
            match reader.read(ByteRange::new(start as u64, end as u64).unwrap()) {
                Ok(pieces) => assert_eq!(pieces.concat(), plain[start..end], "no damaged byte is read"),
                Err(_) => intact = false,
            }
        }
        let first_and_last = reader.read(ByteRange::whole(plain.len() as u64)).is_ok();
        assert_eq!(first_and_last, intact, "a range is read if all of its chunks are");
        assert_eq!(intact, is_whole, "every change is noticed");
    }
}

/// A file in place of `keys/root.age`, opened with a key file.
pub(super) fn root_key(data: &[u8]) {
    let disk = Shelf::default();
    disk.small.lock().unwrap().insert(layout::ROOT_KEY.to_owned(), data.to_vec());
    let unlock = Unlock::KeyFile(SecretString::from(std::str::from_utf8(KEY).unwrap()));
    assert!(KeyRing::open(Arc::new(disk), &unlock).is_err(), "nobody sealed a root secret to this key");
}

/// A file that an owner gives as key file, recovery identity or recovery recipient.
pub(super) fn key_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = RecoveryRecipient::parse(text);
    if let Some((key, whose)) = SpaceKey::from_text(data) {
        let written = key.text_for(whose.unwrap_or(SPACE));
        let (again, whose_again) = SpaceKey::from_text(written.expose_secret().as_bytes()).unwrap();
        assert_eq!(whose_again, whose.or(Some(SPACE)), "a key file says whose it is");
        assert_eq!(again.text_for(SPACE).expose_secret(), key.text_for(SPACE).expose_secret());
    }
    let unlock = Unlock::KeyFile(SecretString::from(text));
    if unlock.check_new().is_ok() {
        let disk: Arc<dyn KeyFiles> = Arc::new(Shelf::default());
        KeyRing::create(Arc::clone(&disk), &unlock, &generate_recovery().1).unwrap();
        KeyRing::open(disk, &unlock).expect("what seals a root secret opens it");
    }
}

/// Content, container and its binding, for the lengths around a chunk.
type Sealed = (Vec<u8>, Vec<u8>, tresor::vault::reader::ContainerRef);

fn contents() -> &'static [Sealed] {
    static SEALED: OnceLock<Vec<Sealed>> = OnceLock::new();
    SEALED.get_or_init(|| {
        let chunk = CHUNK_LEN;
        [0, 1, 1_000, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 17].map(seal).into()
    })
}

fn seal(length: usize) -> Sealed {
    let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let meta = ContainerMeta {
        entry: EntryId(7),
        path: EntryPath::parse("Akte/a.txt").unwrap(),
        modified: Timestamp(0),
        serial: WriteSerial(1),
        written: Timestamp(0),
        segment: 0,
        size: None,
        part: tresor::vault::container::Part::Numbered,
    };
    let disk = Shelf::default();
    let mut writer = ContainerWriter::create(&disk, space_key(), SPACE, &meta).unwrap();
    writer.write(&plain).unwrap();
    let mut reference = writer.finish().unwrap().to_ref();
    reference.id = ID;
    let file = disk.container.lock().unwrap().clone();
    (plain, file.to_vec(), reference)
}

/// A disk with one container and a few small files, in memory.
#[derive(Default)]
struct Shelf {
    container: Arc<Mutex<Arc<[u8]>>>,
    small: Mutex<HashMap<String, Vec<u8>>>,
}

impl Shelf {
    fn holding(container: &[u8]) -> Self {
        Self { container: Arc::new(Mutex::new(container.into())), small: Mutex::default() }
    }
}

impl Containers for Shelf {
    fn create(&self, _: ContainerId) -> io::Result<Box<dyn PartFile>> {
        Ok(Box::new(Part { bytes: Vec::new(), shelf: Arc::clone(&self.container) }))
    }

    fn open(&self, _: SpaceId, _: ContainerId, _: Place) -> io::Result<Box<dyn ContainerFile>> {
        Ok(Box::new(Whole(Arc::clone(&self.container.lock().unwrap()))))
    }

    fn remove(&self, _: SpaceId, _: ContainerId, _: Place) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, _: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        Ok(Vec::new())
    }
}

impl KeyFiles for Shelf {
    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>> {
        Ok(self.small.lock().unwrap().get(file.as_str()).cloned())
    }

    fn write_small(&self, file: &SmallFile, bytes: &[u8], _: Overwrite) -> io::Result<()> {
        self.small.lock().unwrap().insert(file.as_str().to_owned(), bytes.to_vec());
        Ok(())
    }

    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()> {
        let mut small = self.small.lock().unwrap();
        small.extend(files.iter().map(|(name, bytes)| (format!("{folder}/{name}"), bytes.to_vec())));
        Ok(())
    }

    fn remove_small(&self, file: &SmallFile) -> io::Result<()> {
        self.small.lock().unwrap().remove(file.as_str());
        Ok(())
    }

    fn space_keys(&self) -> io::Result<Vec<SpaceId>> {
        Ok(Vec::new())
    }
}

struct Part {
    bytes: Vec<u8>,
    shelf: Arc<Mutex<Arc<[u8]>>>,
}

impl PartFile for Part {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend(bytes);
        Ok(())
    }

    fn publish(self: Box<Self>, _: SpaceId) -> io::Result<()> {
        *self.shelf.lock().unwrap() = self.bytes.into();
        Ok(())
    }
}

struct Whole(Arc<[u8]>);

impl ContainerFile for Whole {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = self.0.get(start..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn read_at_hand(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        self.read_at(buffer, offset).map(|()| true)
    }
}

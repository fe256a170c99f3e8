//! Containers: sealing to disk, opening in order, opening at an offset.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use tresor::model::{ByteRange, EntryId, WriteSerial};
use tresor::vault::container::{ContainerMeta, Part};
use tresor::vault::disk::Containers;
use tresor::vault::reader::{ContainerReader, MAX_READ_LEN};
use tresor::vault::writer::{ContainerWriter, SealedContainer};

use crate::office::{NOW, Office, SMALL, path};

const LARGE: usize = 64 << 20;
/// Large enough that two reads seldom meet in one chunk.
const VAST: usize = 256 << 20;
const CHUNK: u64 = 64 << 10;

/// Plaintext becomes a container.
pub(crate) fn seal(criterion: &mut Criterion, office: &Office) {
    let mut group = criterion.benchmark_group("seal");
    for (name, len) in [("4 KiB, durable", SMALL), ("64 MiB, durable", LARGE)] {
        let plain = vec![7; len];
        group.throughput(Throughput::Bytes(len as u64)).sample_size(10);
        group.bench_function(name, |bencher| {
            bencher.iter(|| remove(office, &seal_all(office, &plain)));
        });
    }
    // Without fsync: cipher, copies and page cache.
    let plain = vec![7; LARGE];
    group.throughput(Throughput::Bytes(LARGE as u64));
    group.bench_function("64 MiB, dropped before fsync", |bencher| {
        bencher.iter(|| create(office).write(black_box(&plain)).expect("the disk takes bytes"));
    });
    group.finish();
}

/// A container is opened and read from its beginning.
pub(crate) fn open(criterion: &mut Criterion, office: &Office) {
    let large = seal_all(office, &vec![7; LARGE]);
    let small = seal_all(office, &[7; SMALL]);
    let mut group = criterion.benchmark_group("open");

    group.bench_function("header and last chunk", |bencher| {
        bencher.iter(|| black_box(reader(office, &large).plain_len()));
    });
    group.throughput(Throughput::Bytes(SMALL as u64));
    group.bench_function("4 KiB, whole", |bencher| {
        bencher.iter(|| read(&reader(office, &small), 0, SMALL as u64));
    });
    let open = reader(office, &large);
    group.throughput(Throughput::Bytes(LARGE as u64)).sample_size(20);
    group.bench_function("64 MiB, in order", |bencher| {
        bencher.iter(|| {
            for start in (0..LARGE as u64).step_by(1 << 20) {
                read(&open, start, start + MAX_READ_LEN);
            }
        });
    });
    group.finish();
    remove(office, &large);
    remove(office, &small);
}

/// An open container is read at random places.
pub(crate) fn seek(criterion: &mut Criterion, office: &Office) {
    let vast = seal_all(office, &vec![7; VAST]);
    let reader = reader(office, &vast);
    let mut group = criterion.benchmark_group("seek");
    let mut places = Places(88_172_645_463_325_252);
    // A read at the start of a chunk needs one chunk, a read anywhere mostly two.
    for (name, len, step) in [
        ("4 KiB, anywhere", SMALL as u64, SMALL as u64),
        ("64 KiB, one chunk", CHUNK, CHUNK),
        ("64 KiB, anywhere", CHUNK, SMALL as u64),
    ] {
        group.throughput(Throughput::Bytes(len));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || places.next(VAST as u64 - len, step),
                |start| read(&reader, start, start + len),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    remove(office, &vast);
}

fn create(office: &Office) -> ContainerWriter {
    let meta = ContainerMeta {
        entry: EntryId(1),
        path: path("folder/file.bin"),
        modified: NOW,
        serial: WriteSerial(2),
        written: NOW,
        segment: 0,
        size: None,
        part: Part::Numbered,
    };
    ContainerWriter::create(&*office.disk, &office.key, office.space, &meta)
        .expect("the disk takes a container")
}

fn seal_all(office: &Office, plain: &[u8]) -> SealedContainer {
    let mut writer = create(office);
    for piece in plain.chunks(256 << 10) {
        writer.write(piece).expect("the disk takes bytes");
    }
    writer.finish().expect("the disk makes bytes durable")
}

fn remove(office: &Office, container: &SealedContainer) {
    office.disk.remove(office.space, container.id, container.place).expect("the disk removes");
}

fn reader(office: &Office, container: &SealedContainer) -> ContainerReader {
    ContainerReader::open(&*office.disk, &office.key, office.space, &container.to_ref())
        .expect("what was sealed opens")
}

fn read(reader: &ContainerReader, start: u64, end: u64) {
    let range = ByteRange::new(start, end).expect("start before end");
    black_box(reader.read(range).expect("an intact container"));
}

/// Places without order (xorshift), the same in every run.
struct Places(u64);

impl Places {
    /// The next one, at most `last` and a multiple of `step`.
    fn next(&mut self, last: u64, step: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (last / step + 1) * step
    }
}

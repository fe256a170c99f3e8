//! Speed of containers: sealing to disk, opening in order, opening at an offset.
//! `cargo bench --bench vault`; set `TMPDIR` to measure another disk.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tresor::model::{ByteRange, EntryId, EntryPath, SpaceId, Timestamp, WriteSerial};
use tresor::vault::container::ContainerMeta;
use tresor::vault::disk::{Disk, LocalDisk};
use tresor::vault::keys::{KeyRing, SpaceKey, Unlock, generate_recovery};
use tresor::vault::reader::{ContainerReader, MAX_READ_LEN};
use tresor::vault::writer::{ContainerWriter, SealedContainer};

const LARGE: usize = 64 << 20;
const SMALL: usize = 4 << 10;

struct Bench {
    _dir: tempfile::TempDir,
    disk: Arc<LocalDisk>,
    key: Arc<SpaceKey>,
    space: SpaceId,
    meta: ContainerMeta,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let disk = Arc::new(LocalDisk::new(dir.path()));
        let (key_file, recipient) = generate_recovery();
        let ring = KeyRing::create(disk.clone(), &Unlock::KeyFile(key_file), &recipient)
            .expect("a fresh directory takes keys");
        let space = SpaceId::random();
        Self {
            key: ring.create_space_key(space).expect("a fresh space takes a key"),
            space,
            meta: ContainerMeta {
                entry: EntryId(1),
                path: EntryPath::parse("folder/file.bin").expect("a plain path"),
                modified: Timestamp(1_700_000_000_000),
                serial: WriteSerial(2),
                written: Timestamp(1_700_000_000_000),
                segment: 0,
                size: None,
            },
            disk,
            _dir: dir,
        }
    }

    fn seal(&self, plain: &[u8]) -> SealedContainer {
        let mut writer = ContainerWriter::create(&*self.disk, &self.key, self.space, &self.meta)
            .expect("the disk takes a container");
        for piece in plain.chunks(256 << 10) {
            writer.write(piece).expect("the disk takes bytes");
        }
        writer.finish().expect("the disk makes bytes durable")
    }

    fn open(&self, container: &SealedContainer) -> ContainerReader {
        ContainerReader::open(&*self.disk, &self.key, self.space, &container.to_ref())
            .expect("what was sealed opens")
    }
}

fn seal(criterion: &mut Criterion) {
    let bench = Bench::new();
    let mut group = criterion.benchmark_group("seal");
    for (name, len) in [("4 KiB, durable", SMALL), ("64 MiB, durable", LARGE)] {
        let plain = vec![7; len];
        group.throughput(Throughput::Bytes(len as u64)).sample_size(10);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let container = bench.seal(&plain);
                bench.disk.remove(bench.space, container.id, container.place).expect("the disk removes");
            });
        });
    }
    // Without fsync: cipher, copies and page cache.
    let plain = vec![7; LARGE];
    group.throughput(Throughput::Bytes(LARGE as u64));
    group.bench_function("64 MiB, dropped before fsync", |bencher| {
        bencher.iter(|| {
            let mut writer = ContainerWriter::create(&*bench.disk, &bench.key, bench.space, &bench.meta)
                .expect("the disk takes a container");
            writer.write(black_box(&plain)).expect("the disk takes bytes");
        });
    });
    group.finish();
}

fn open(criterion: &mut Criterion) {
    let bench = Bench::new();
    let large = bench.seal(&vec![7; LARGE]);
    let small = bench.seal(&[7; SMALL]);
    let mut group = criterion.benchmark_group("open");

    group.bench_function("header and last chunk", |bencher| {
        bencher.iter(|| black_box(bench.open(&large).plain_len()));
    });
    group.throughput(Throughput::Bytes(SMALL as u64));
    group.bench_function("4 KiB, whole", |bencher| {
        bencher.iter(|| read(&bench.open(&small), 0, SMALL as u64));
    });
    let reader = bench.open(&large);
    group.throughput(Throughput::Bytes(LARGE as u64)).sample_size(20);
    group.bench_function("64 MiB, in order", |bencher| {
        bencher.iter(|| {
            for start in (0..LARGE as u64).step_by(1 << 20) {
                read(&reader, start, start + MAX_READ_LEN);
            }
        });
    });
    group.throughput(Throughput::Elements(1)).sample_size(100);
    let mut at = 0;
    group.bench_function("seek and read 4 KiB", |bencher| {
        bencher.iter_batched(
            || {
                at = (at + 7_654_321) % (LARGE - SMALL) as u64;
                at
            },
            |start| read(&reader, start, start + SMALL as u64),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn read(reader: &ContainerReader, start: u64, end: u64) {
    let range = ByteRange::new(start, end).expect("start before end");
    black_box(reader.read(range).expect("an intact container"));
}

criterion_group!(benches, seal, open);
criterion_main!(benches);

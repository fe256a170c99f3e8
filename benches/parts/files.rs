//! Files in the tree: storing, finding, listing, each through the library and the catalogue below it.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use tresor::library::Entry;

use crate::office::{MANY, Office, member, path};

/// Entries are made, each durable when it is acknowledged. The first kind costs a transaction and nothing
/// else; the others show what sharing saves.
pub(crate) fn put(criterion: &mut Criterion, office: &Office) {
    let mut numbers = 0..;
    let mut next = || numbers.next().expect("numbers do not end");
    let mut group = criterion.benchmark_group("insert");
    group.sample_size(20);
    group.bench_function("a folder", |bencher| {
        bencher.iter(|| office.make_folder(&format!("folder-{}", next())));
    });
    office.make_folder("put");
    for at_once in [1, 8, 32] {
        group.throughput(Throughput::Elements(at_once));
        group.bench_function(format!("files of 4 KiB, {at_once} at a time"), |bencher| {
            bencher.iter(|| office.put_all((0..at_once).map(|_| member("put", next()))));
        });
    }
    group.finish();
}

/// A path is looked up in the folder "large".
pub(crate) fn find(criterion: &mut Criterion, office: &Office) {
    let access = office.access();
    let mut number = 0;
    criterion.bench_function("find/a file by its path", |bencher| {
        bencher.iter(|| {
            number = (number + 7_919) % MANY;
            let at = path(&member("large", number));
            black_box(office.runtime.block_on(office.library.find(&access, &at)).expect("it is there"))
        });
    });
}

/// All members of a large folder are read, page by page.
pub(crate) fn list(criterion: &mut Criterion, office: &Office, folder: &Entry) {
    let mut group = criterion.benchmark_group("list");
    group.throughput(Throughput::Elements(MANY as u64)).sample_size(20);
    group.bench_function("10,000 members", |bencher| {
        bencher.iter(|| {
            let mut count = 0;
            office.each_page(folder, |members| count += black_box(members).len());
            assert_eq!(count, MANY);
        });
    });
    group.finish();
}

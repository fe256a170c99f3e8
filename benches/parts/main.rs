//! What the parts cost, without network and clients: containers, files in the tree, the answer to PROPFIND.
//! `cargo bench --bench parts -- seek` runs those with that word in their name; set `TMPDIR` to measure
//! another disk. `benches/peers/` measures what a client sees, beside other servers.

mod files;
mod office;
mod propfind;
mod vault;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

use crate::office::Office;

/// One office for all, because the large folder takes its time to fill.
fn parts(criterion: &mut Criterion) {
    let office = Office::new();
    vault::seal(criterion, &office);
    vault::open(criterion, &office);
    vault::seek(criterion, &office);
    files::put(criterion, &office);
    let folder = office.fill_folder("large");
    files::find(criterion, &office);
    files::list(criterion, &office, &folder);
    propfind::propfind(criterion, &office, &folder);
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = parts
}
criterion_main!(benches);

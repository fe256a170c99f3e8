//! Containers in another store than the local one: the six methods of `Containers` are enough.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tresor::library::Library;
use tresor::model::{ContainerId, NamePolicy, Place, SpaceId, VerifyMode, VerifyStarter};
use tresor::recovery::{Recovery, VerifyOrder, VerifyStage};
use tresor::uploads::Uploads;
use tresor::vault::disk::{ContainerFile, Containers, Housekeeping, PartFile, Storage, StoredFile};

use crate::library::store::{NOW, Store, days};
use crate::support::content::bytes;

type Objects = BTreeMap<(SpaceId, ContainerId), Arc<[u8]>>;

/// Objects in memory: no packs, no holes, no temporary files, no look into the page cache.
#[derive(Clone, Default)]
struct ObjectStore(Arc<Mutex<Objects>>);

impl ObjectStore {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.0.lock().unwrap()
    }
}

impl Containers for ObjectStore {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        Ok(Box::new(Part { bytes: Vec::new(), id, store: self.clone() }))
    }

    fn open(&self, space: SpaceId, id: ContainerId, _: Place) -> io::Result<Box<dyn ContainerFile>> {
        let object = self.objects().get(&(space, id)).cloned();
        Ok(Box::new(Object(object.ok_or(io::ErrorKind::NotFound)?)))
    }

    fn remove(&self, space: SpaceId, id: ContainerId, _: Place) -> io::Result<()> {
        self.objects().remove(&(space, id));
        Ok(())
    }

    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        let objects = self.objects().clone();
        objects.into_iter().try_for_each(|((space, id), bytes)| {
            visit(StoredFile { space, id, place: Place::OwnFile, length: bytes.len() as u64, changed: NOW })
        })
    }

    fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        Ok(self.objects().keys().map(|(space, _)| *space).collect())
    }
}

impl Housekeeping for ObjectStore {}

struct Part {
    bytes: Vec<u8>,
    id: ContainerId,
    store: ObjectStore,
}

impl PartFile for Part {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend(bytes);
        Ok(())
    }

    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()> {
        self.store.objects().insert((space, self.id), self.bytes.into());
        Ok(())
    }
}

struct Object(Arc<[u8]>);

impl ContainerFile for Object {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.0.get(start..));
        let found = rest.and_then(|rest| rest.get(..buffer.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}

/// A library whose containers are objects stores small and large files, reads, copies and removes them, sweeps those that no
/// row names, and finds nothing wrong in a verification of all content. The local store gets no container.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_holds_the_containers() {
    let store = Store::new().await;
    let objects = ObjectStore::default();
    let storage = Storage {
        containers: Arc::new(objects.clone()),
        housekeeping: Arc::new(objects.clone()),
        ..store.disk.storage()
    };
    let (catalog, keys) = (store.catalog.clone(), Arc::clone(&store.keys));
    let library = Library::open(catalog, storage, keys, NamePolicy::Any).await.unwrap();
    let (uploads, recovery) = (Uploads::new(library.clone()), Recovery::new(library.clone()));
    let store = Store { library, uploads, recovery, ..store };

    let files = [("small", bytes(1, 300)), ("chunk", bytes(2, 64 * 1024)), ("large", bytes(3, 3_000_000))];
    for (name, content) in &files {
        store.put(name, content).await.unwrap();
    }
    store.put("small", b"newer").await.unwrap();
    store.copy("large", "copy").await.unwrap();
    assert_eq!(store.read("small").await.unwrap(), b"newer");
    for (name, content) in &files[1..] {
        assert_eq!(&store.read(name).await.unwrap(), content, "{name}");
    }
    assert_eq!(objects.objects().len(), 4);
    assert!(store.containers().is_empty(), "nothing of it is on the local disk");

    let (starter, mode) = (VerifyStarter::Owner, VerifyMode::Full);
    let order = VerifyOrder { starter, mode, rate: None, restart: true };
    let mut step = store.recovery.begin_verify(order, NOW).await.unwrap();
    while step.stage != VerifyStage::Done {
        step = store.recovery.verify_step(starter, step.run, NOW).await.unwrap();
        assert!(step.findings.is_empty(), "{:?}", step.findings);
    }

    store.delete("large").await.unwrap();
    store.delete("copy").await.unwrap();
    store.library.upkeep(days(400)).await.unwrap();
    assert_eq!(
        objects.objects().len(),
        2,
        "the last copy, the old content of `small` and the trash are gone"
    );

    let orphan = (store.space.id, ContainerId([7; 16]));
    objects.objects().insert(orphan, Arc::from(bytes(9, 500)));
    let swept = store.library.sweep(days(2)).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (3, 1));
}

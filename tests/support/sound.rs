//! Checks that catalogue and disk of a stopped server agree.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use secrecy::SecretString;
use tresor::app::DataDirectory;
use tresor::catalog::{Catalog, CatalogKey};
use tresor::library::Library;
use tresor::model::{ByteRange, ContainerId, NamePolicy, SpaceId, Timestamp, VersionId};
use tresor::vault::disk::{Containers, LocalDisk, Storage};
use tresor::vault::keys::{KeyRing, Unlock};
use tresor::vault::reader::{ContainerReader, ContainerRef, MAX_READ_LEN};

use super::TestServer;
use super::process::succeed;

/// Invariants of the rows: each query counts violations.
pub const RULES: [(&str, &str); 14] = [
    ("foreign keys hold", "SELECT count(*) FROM pragma_foreign_key_check"),
    (
        "a space counts the bytes of its containers",
        "SELECT count(*) FROM spaces WHERE used_bytes <>
             (SELECT coalesce(sum(plain_len), 0) FROM containers WHERE space_id = spaces.id)",
    ),
    (
        "every container is part of a version or of an upload, and not of both",
        "SELECT count(*) FROM containers WHERE
             (id IN (SELECT container_id FROM segments)) = (id IN (SELECT container_id FROM upload_pieces))",
    ),
    (
        "a space has reserved what its uploads still miss",
        "SELECT count(*) FROM spaces WHERE reserved_bytes <> (SELECT coalesce(sum(reserved), 0) FROM uploads
             WHERE space_id = spaces.id)",
    ),
    (
        "a space knows what has arrived of its uploads",
        "SELECT count(*) FROM spaces WHERE received_bytes <> (SELECT coalesce(sum(received), 0) FROM uploads
             WHERE space_id = spaces.id)",
    ),
    (
        "a space knows how long its past is",
        "SELECT count(*) FROM spaces WHERE history_bytes <>
             (SELECT coalesce(sum(versions.size), 0) FROM versions JOIN entries ON entries.id = versions.entry_id
              WHERE replaced_at IS NOT NULL AND space_id = spaces.id)
             + (SELECT coalesce(sum(entries.size), 0) FROM trash JOIN entries ON entries.id = entry_id
                WHERE trash.space_id = spaces.id AND is_purging = 0)",
    ),
    (
        "a space knows what its properties weigh",
        "SELECT count(*) FROM spaces WHERE property_bytes <>
             (SELECT coalesce(sum(octet_length(namespace) + octet_length(properties.name) + octet_length(value)), 0)
              FROM properties JOIN entries ON entries.id = entry_id WHERE space_id = spaces.id)",
    ),
    (
        "an upload has received what its containers hold, and reserved at most the rest",
        "SELECT count(*) FROM uploads WHERE reserved > max(0, coalesce(length, 0) - received) OR received <>
             (SELECT coalesce(sum(plain_len), 0) FROM upload_pieces JOIN containers ON containers.id = container_id
              WHERE upload_id = uploads.id)",
    ),
    (
        "a version is as long as its containers, which lie in its space",
        "SELECT count(*) FROM versions JOIN entries ON entries.id = versions.entry_id WHERE versions.size IS NOT
             (SELECT sum(plain_len) FROM segments JOIN containers ON containers.id = container_id
              WHERE version_id = versions.id AND containers.space_id = entries.space_id)",
    ),
    (
        "a file is as long as its current version, which is its own and not replaced",
        "SELECT count(*) FROM entries WHERE is_folder = 0 AND NOT EXISTS
             (SELECT 1 FROM versions WHERE versions.id = version_id AND versions.size = entries.size
              AND entry_id = entries.id AND replaced_at IS NULL)",
    ),
    (
        "every other version of a file is replaced",
        "SELECT count(*) FROM versions JOIN entries ON entries.id = entry_id
         WHERE versions.id <> version_id AND replaced_at IS NULL",
    ),
    (
        "a folder is as large as its members",
        "SELECT count(*) FROM entries AS folder WHERE is_folder = 1 AND size <>
             (SELECT coalesce(sum(size), 0) FROM entries WHERE parent_id = folder.id)",
    ),
    (
        "what has no folder is a space's root or lies in the trash, and nothing else does",
        "SELECT count(*) FROM entries WHERE (parent_id IS NULL) <>
             (id IN (SELECT root_id FROM spaces) OR id IN (SELECT entry_id FROM trash))",
    ),
    (
        "a lock knows the folders above it",
        "SELECT count(*) FROM locks WHERE lineage IS NOT (
             WITH RECURSIVE up (id, line) AS (
                 SELECT locks.entry_id, printf('/%x', locks.entry_id)
                 UNION ALL SELECT parent_id, printf('/%x', parent_id) || line
                 FROM up JOIN entries USING (id) WHERE parent_id IS NOT NULL
             )
             SELECT line FROM up ORDER BY length(line) DESC LIMIT 1)",
    ),
];

/// Panics unless the rows satisfy all rules, every version can be read to its end, a sweep a day later leaves
/// exactly the containers that rows name, and `tresor verify --full` finds nothing. The server must not run.
/// Returns the number of versions read and of orphans that the sweep removed.
#[track_caller]
pub fn assert_sound(server: &TestServer) -> (usize, u64) {
    let data = server.data();
    let directory = DataDirectory::open(&data).expect("no server runs");
    let storage = Storage::of(Arc::new(LocalDisk::new(&data)));
    let key_file = SecretString::from(std::fs::read_to_string(server.key_file()).unwrap());
    let keys = Arc::new(KeyRing::open(Arc::clone(&storage.key_files), &Unlock::KeyFile(key_file)).unwrap());
    let key = CatalogKey::new(*keys.catalogue_key().expose());
    let catalog = Catalog::open(&directory.catalog(), &key).unwrap();
    storage.housekeeping.remove_parts().unwrap();

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (open_catalog, opened, open_keys) = (catalog.clone(), storage.clone(), Arc::clone(&keys));
    let swept = runtime.block_on(async move {
        let library = Library::open(open_catalog, opened, open_keys, NamePolicy::Any).await.unwrap();
        let now = Timestamp::now();
        library.upkeep(now).await.unwrap();
        let day = i64::try_from(Duration::from_hours(25).as_millis()).unwrap();
        library.sweep(Timestamp(now.0 + day)).await.unwrap()
    });

    let database = Connection::open(directory.catalog()).unwrap();
    let hex = data_encoding::HEXLOWER.encode(keys.catalogue_key().expose());
    database.execute_batch(&format!("PRAGMA key = \"x'{hex}'\"; PRAGMA query_only = ON;")).unwrap();
    for (what, sql) in RULES {
        let broken: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(broken, 0, "{what}");
    }
    let named = ids(&database, "SELECT space_id, id FROM containers");
    let mut stored = BTreeSet::new();
    let containers = &*storage.containers;
    containers
        .list(&mut |file| {
            stored.insert((file.space, file.id));
            Ok(())
        })
        .unwrap();
    assert!(named.is_subset(&stored), "rows without a container: {:?}", named.difference(&stored));
    assert!(stored.is_subset(&named), "left over after the sweep: {:?}", stored.difference(&named));

    let versions = versions(&database);
    for (version, space) in versions.iter().copied() {
        let segments = runtime.block_on(catalog.read(move |tx| tx.segments(version))).unwrap();
        assert!(!segments.is_empty(), "{version:?} has no content");
        for row in segments {
            let (header_hash, length, place) = (row.header_hash, row.length, row.place);
            let bound = ContainerRef { id: row.id, header_hash, length, place };
            read_to_its_end(containers, &keys, space, &bound);
        }
    }
    catalog.close();
    drop((database, catalog, directory));
    let mut verify = server.cli(["verify", "--full"]);
    succeed(verify.arg("--key-file").arg(server.key_file()));
    (versions.len(), swept.removed)
}

fn ids(database: &Connection, sql: &str) -> BTreeSet<(SpaceId, ContainerId)> {
    let mut query = database.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((SpaceId(row.get(0)?), ContainerId(row.get(1)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn versions(database: &Connection) -> Vec<(VersionId, SpaceId)> {
    let sql = "SELECT versions.id, space_id FROM versions JOIN entries ON entries.id = entry_id";
    let mut query = database.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((VersionId(row.get(0)?), SpaceId(row.get(1)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn read_to_its_end(containers: &dyn Containers, keys: &KeyRing, space: SpaceId, bound: &ContainerRef) {
    let key = keys.space_key(space).unwrap();
    let reader =
        ContainerReader::open(containers, &key, space, bound).unwrap_or_else(|e| panic!("{bound:?}: {e}"));
    for start in (0..reader.plain_len()).step_by(usize::try_from(MAX_READ_LEN).unwrap()) {
        let range = ByteRange::new(start, reader.plain_len().min(start + MAX_READ_LEN)).unwrap();
        reader.read(range).unwrap_or_else(|e| panic!("{bound:?} from {start}: {e}"));
    }
}

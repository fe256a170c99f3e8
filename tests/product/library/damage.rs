//! Stored files that differ from the committed ones: reported as damaged, and no byte of them sent.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use tresor::library::LibraryError;
use tresor::model::ByteRange;
use tresor::vault::VaultError;

use crate::library::store::Store;
use crate::support::content::bytes;

const CHUNK: u64 = 64 * 1024;
const CHUNK_LEN: usize = 64 * 1024;
/// Three chunks and a bit.
const LENGTH: usize = 3 * CHUNK_LEN + 100;

/// A store with one file of three chunks and a bit, and its container.
async fn store() -> (Store, PathBuf) {
    let store = Store::new().await;
    store.put("a", &bytes(1, LENGTH)).await.unwrap();
    let container = store.container_files().pop_first().unwrap();
    (store, container)
}

async fn refusal(store: &Store) -> VaultError {
    match store.read("a").await {
        Err(LibraryError::Damaged(error)) => error,
        other => panic!("{:?}", other.map(|bytes| bytes.len())),
    }
}

fn flip(file: &std::path::Path, offset: u64) {
    let file = fs::OpenOptions::new().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_container_is_damage() {
    let (store, container) = store().await;
    fs::remove_file(container).unwrap();
    assert!(matches!(refusal(&store).await, VaultError::Missing(_)));
    // Everything else goes on: the file can be replaced.
    store.put("a", b"again").await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), b"again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_header_or_last_chunk_is_found_before_the_first_byte() {
    let (store, container) = store().await;
    let length = fs::metadata(&container).unwrap().len();
    let pristine = fs::read(&container).unwrap();
    for offset in [0, 30, 200, length - 1, length - 60] {
        flip(&container, offset);
        let opened = store.open("a").await;
        assert!(matches!(opened, Err(LibraryError::Damaged(_))), "byte {offset}");
        fs::write(&container, &pristine).unwrap();
    }
    assert_eq!(store.read("a").await.unwrap(), bytes(1, LENGTH));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_chunk_ends_the_read_there() {
    let (store, container) = store().await;
    // Behind header and first chunk, inside the second one.
    flip(&container, 2 * CHUNK);
    let mut content = store.open("a").await.unwrap();
    let first = content.read(ByteRange::new(0, CHUNK).unwrap()).await.unwrap().concat();
    assert_eq!(first, bytes(1, CHUNK_LEN));
    let second = content.read(ByteRange::new(CHUNK, CHUNK + 1).unwrap()).await;
    assert!(matches!(second, Err(LibraryError::Damaged(VaultError::Damaged(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn shorter_longer_and_empty_files_are_refused() {
    let (store, container) = store().await;
    let pristine = fs::read(&container).unwrap();
    for length in [0, 10, pristine.len() - 1, pristine.len() - CHUNK_LEN, pristine.len() + 1] {
        let mut bytes = pristine.clone();
        bytes.resize(length, 0);
        fs::write(&container, bytes).unwrap();
        let refused = refusal(&store).await;
        assert!(
            matches!(refused, VaultError::WrongLength(_) | VaultError::Foreign(_)),
            "{length}: {refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_container_in_its_place_is_foreign() {
    let (store, container) = store().await;
    store.put("b", &bytes(2, LENGTH)).await.unwrap();
    let other = store.container_files().into_iter().find(|file| *file != container).unwrap();
    fs::copy(&other, &container).unwrap();
    assert!(matches!(refusal(&store).await, VaultError::Foreign(_)));
    assert_eq!(store.read("b").await.unwrap(), bytes(2, LENGTH));
}

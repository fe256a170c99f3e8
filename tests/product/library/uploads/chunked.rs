//! Named chunks in any order.

use tresor::library::LibraryError;
use tresor::uploads::{Finish, NewUpload, PartInfo, UploadError};

use super::{SEGMENT, checksum, chunk, chunked, linear, to};
use crate::library::store::{NOW, Store};
use crate::support::content::{bytes, sha256};

fn sum(content: &[u8]) -> Vec<String> {
    vec![format!("SHA256:{}", sha256(content))]
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_in_their_order_are_hashed_as_they_come() {
    let mut store = Store::with_segments().await;
    let content = bytes(1, 3 * SEGMENT + 50);
    for names in [
        ["0000", "0001", "0002", "0003"],
        ["00001", "00002", "00003", "00004"],
        ["1", "10", "11", "12"],
        ["0-9", "10-19", "20-29", "30-39"],
    ] {
        // Number 2 might still have come.
        let consecutive = names[1] != "10";
        let upload = store.create(chunked(Some(content.len() as u64))).await.unwrap();
        for (name, part) in names.iter().zip(content.chunks(SEGMENT)) {
            store.send_chunk(upload.id, name, part).await.unwrap();
            store = store.reopen().await;
            store.cut();
        }
        let outcome = store.end(upload.id, to("a")).await.unwrap();
        assert_eq!(outcome.entry.size, content.len() as u64);
        assert!(store.read("a").await.unwrap() == content);
        assert_eq!(store.sums("a").await, if consecutive { sum(&content) } else { Vec::new() }, "{names:?}");
    }
    store.check_all().await;
}

/// Desktop clients send their SHA-1 only with the last request; that must not make the server read 60 GB again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_desktop_demands_at_the_end_is_known_by_then() {
    use sha1::Digest;
    let store = Store::with_segments().await;
    let content = bytes(1, 5 * SEGMENT);
    let upload = store.create(chunked(Some(content.len() as u64))).await.unwrap();
    for (number, part) in content.chunks(100_000).enumerate() {
        store.send_chunk(upload.id, &format!("{number:016}"), part).await.unwrap();
    }
    store.disk.set(|moment| match moment {
        crate::library::hooked::Moment::Open | crate::library::hooked::Moment::Read => {
            Err(std::io::ErrorKind::Other.into())
        }
        _ => Ok(()),
    });
    let sum = |content: &[u8]| {
        let digest = sha1::Sha1::digest(content).to_vec();
        tresor::model::Checksum::new(tresor::model::ChecksumKind::Sha1, digest)
    };
    let wrong = Finish { checksum: sum(&content[1..]), ..to("a") };
    assert!(matches!(
        store.end(upload.id, wrong).await,
        Err(UploadError::Library(LibraryError::WrongChecksum))
    ));
    let right = Finish { checksum: sum(&content), ..to("a") };
    store.end(upload.id, right).await.unwrap();
    store.disk.clear();
    assert_eq!(store.sums("a").await.len(), 2);
    assert!(store.read("a").await.unwrap() == content);
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_come_in_any_order_and_several_at_once() {
    let store = Store::with_segments().await;
    let content = bytes(1, 12 * 100_000);
    let upload = store.create(chunked(None)).await.unwrap();
    let parts: Vec<_> = content.chunks(100_000).enumerate().collect();
    let sent = parts.iter().rev().map(|(number, part)| {
        let (uploads, access, user) = (store.uploads.clone(), store.access(), store.user);
        let (name, part) = (chunk(&(number + 1).to_string()), part.to_vec());
        tokio::spawn(async move {
            let mut session =
                uploads.begin_chunk(&access, user, upload.id, name, PartInfo::default(), NOW).await.unwrap();
            for piece in part.chunks(9_999) {
                session.write(piece.to_vec().into()).await.unwrap();
            }
            session.finish(NOW).await.unwrap();
        })
    });
    for task in sent.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let sizes: Vec<_> = (1..=12).map(|number| (number.to_string(), 100_000)).collect();
    assert_eq!(store.sizes(upload.id).await, sizes, "in the order of their numbers");
    // A demanded checksum is computed by reading the bytes that were not hashed.
    for wrong in [checksum(b"x"), "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d".parse().unwrap()] {
        let finish = Finish { checksum: Some(wrong), ..to("a") };
        assert!(matches!(
            store.end(upload.id, finish).await,
            Err(UploadError::Library(LibraryError::WrongChecksum))
        ));
    }
    assert_eq!(store.sizes(upload.id).await, sizes, "the session is kept");
    store.check();
    let finish = Finish { checksum: Some(checksum(&content)), length: Some(content.len() as u64), ..to("a") };
    store.end(upload.id, finish).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
    assert_eq!(store.sums("a").await, sum(&content));
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_is_replaced_whole_and_a_broken_one_is_none() {
    let store = Store::with_segments().await;
    let (first, second) = (bytes(1, 2 * SEGMENT), bytes(2, SEGMENT + 10));
    let upload = store.create(chunked(None)).await.unwrap();
    store.send_chunk(upload.id, "1", &first).await.unwrap();
    store.send_chunk(upload.id, "2", b"tail").await.unwrap();
    // Broken off, too short, with a wrong checksum: the old one stays.
    let (access, user) = (store.access(), store.user);
    let begin = async |part| {
        let mut session =
            store.uploads.begin_chunk(&access, user, upload.id, chunk("1"), part, NOW).await.unwrap();
        session.write(second.clone().into()).await.unwrap();
        session
    };
    drop(begin(PartInfo::default()).await);
    let short = begin(PartInfo { size: Some(second.len() as u64 + 1), checksum: None }).await;
    assert!(matches!(short.finish(NOW).await, Err(UploadError::Library(LibraryError::WrongSize))));
    let wrong = begin(PartInfo { size: None, checksum: Some(checksum(b"x")) }).await;
    assert!(matches!(wrong.finish(NOW).await, Err(UploadError::Library(LibraryError::WrongChecksum))));
    let sizes = |one: usize| vec![("1".to_owned(), one as u64), ("2".to_owned(), 4)];
    assert_eq!(store.sizes(upload.id).await, sizes(first.len()));
    // Two of one name at once: the last commit wins.
    let (one, other) = (begin(PartInfo::default()).await, begin(PartInfo::default()).await);
    one.finish(NOW).await.unwrap();
    other.finish(NOW).await.unwrap();
    assert_eq!(store.sizes(upload.id).await, sizes(second.len()));
    store.upkeep(NOW).await.unwrap();
    store.settle().await;
    assert_eq!(store.used().await, second.len() as u64 + 4);
    // Empty chunks and deleted ones.
    store.send_chunk(upload.id, "3", b"").await.unwrap();
    store.send_chunk(upload.id, "4", b"unwanted").await.unwrap();
    store.uploads.delete_chunk(&access, user, upload.id, &chunk("4"), NOW).await.unwrap();
    let gone = store.uploads.delete_chunk(&access, user, upload.id, &chunk("4"), NOW).await;
    assert!(matches!(gone, Err(UploadError::NoSuchChunk)));
    store.check();
    store.end(upload.id, to("a")).await.unwrap();
    let content = [second.as_slice(), b"tail"].concat();
    assert!(store.read("a").await.unwrap() == content);
    store.settle().await;
    store.check_all().await;
}

/// A digest that went on over a chunk which was replaced afterwards would be that of no file.
#[tokio::test(flavor = "multi_thread")]
async fn no_digest_is_kept_of_what_changed() {
    let store = Store::new().await;
    let (access, user) = (store.access(), store.user);
    for change in 0..5 {
        let upload = store.create(chunked(None)).await.unwrap();
        let mut parts = vec![("1", b"one".as_slice()), ("2", b"two"), ("3", b"three")];
        for (name, part) in &parts {
            store.send_chunk(upload.id, name, part).await.unwrap();
        }
        match change {
            0 => parts[0].1 = b"another",
            1 => parts[2].1 = b"another",
            2 => parts.insert(0, ("0", b"zero")),
            3 => {
                store.uploads.delete_chunk(&access, user, upload.id, &chunk("2"), NOW).await.unwrap();
                parts.remove(1);
            }
            _ => {
                // One that was begun before the one in front of it changed.
                let begin =
                    store.uploads.begin_chunk(&access, user, upload.id, chunk("4"), PartInfo::default(), NOW);
                let mut session = begin.await.unwrap();
                session.write("four".into()).await.unwrap();
                store.send_chunk(upload.id, "3", b"THREE").await.unwrap();
                session.finish(NOW).await.unwrap();
                parts[2].1 = b"THREE";
                parts.push(("4", b"four"));
            }
        }
        if let Some((name, part)) = match change {
            0 | 2 => Some(parts[0]),
            1 => Some(parts[2]),
            _ => None,
        } {
            store.send_chunk(upload.id, name, part).await.unwrap();
        }
        let content = parts.iter().map(|(_, part)| *part).collect::<Vec<_>>().concat();
        let demanded = Finish { checksum: Some(checksum(&content)), ..to("a") };
        // Every other time no client demands one: then the known one is right, or there is none.
        let finish = if change % 2 == 0 { to("a") } else { demanded };
        store.end(upload.id, finish).await.unwrap();
        assert_eq!(store.read("a").await.unwrap(), content);
        let known = store.sums("a").await;
        assert!(known.is_empty() || known == sum(&content), "{change}: {known:?}");
    }
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shapes_are_not_mixed_up() {
    let store = Store::new().await;
    let (one, other) =
        (store.create(linear("a", None)).await.unwrap(), store.create(chunked(None)).await.unwrap());
    assert!(matches!(store.send_chunk(one.id, "1", b"x").await, Err(UploadError::WrongShape)));
    let appended = store.send(other.id, 0, b"x", PartInfo::default()).await;
    assert!(matches!(appended, Err(UploadError::WrongShape)));
    assert!(matches!(store.end(other.id, Finish::default()).await, Err(UploadError::NoPath)));
    store.check();
}

/// One download of a file in thousands of chunks once had a file open for each.
#[tokio::test(flavor = "multi_thread")]
async fn a_content_of_many_pieces_is_opened_piece_by_piece() {
    const PIECE: usize = 66_000;
    let store = Store::new().await;
    let content = bytes(1, 300 * PIECE);
    let upload = store.create(chunked(None)).await.unwrap();
    for (number, part) in content.chunks(PIECE).enumerate() {
        store.send_chunk(upload.id, &number.to_string(), part).await.unwrap();
    }
    store.end(upload.id, to("a")).await.unwrap();
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open_files();
    let (mut one, mut other) = (store.open("a").await.unwrap(), store.open("a").await.unwrap());
    assert!(open_files() < before + 64, "{} before, {} now", before, open_files());
    assert!(crate::library::store::read_whole(&mut one).await.unwrap() == content);
    for start in [0, PIECE - 1, PIECE, 150 * PIECE + 7, 300 * PIECE - 1] {
        let range = tresor::model::ByteRange::new(start as u64, content.len() as u64).unwrap();
        let pieces = other.read(range).await.unwrap().concat();
        assert_eq!(pieces, content[start..start + pieces.len()]);
    }
    // A damaged one in the middle ends the reading there.
    let container = store.containers_in_order("a").remove(150);
    std::fs::remove_file(container).unwrap();
    let store = store.reopen().await;
    let mut torn = store.open("a").await.unwrap();
    assert!(matches!(crate::library::store::read_whole(&mut torn).await, Err(LibraryError::Damaged(_))));
}

/// A PUT of a chunk that began before its session was deleted, and made again under the same name, ended in
/// the new session: the file was put together of two contents.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_does_not_arrive_in_a_later_upload_of_the_same_name() {
    let store = Store::new().await;
    let named = || NewUpload { name: Some("7".to_owned()), ..chunked(None) };
    let old = store.create(named()).await.unwrap();
    let (access, user, part) = (store.access(), store.user, PartInfo::default());
    let mut late = store.uploads.begin_chunk(&access, user, old.id, chunk("2"), part, NOW).await.unwrap();
    late.write("OLDOLD".into()).await.unwrap();
    store.cancel(old.id).await.unwrap();
    let new = store.create(named()).await.unwrap();
    for (name, bytes) in [("1", "new111"), ("2", "new222"), ("3", "new333")] {
        store.send_chunk(new.id, name, bytes.as_bytes()).await.unwrap();
    }
    assert!(matches!(late.finish(NOW).await, Err(UploadError::NoSuchUpload)));
    // Nor does any other request that named the old one.
    let deleted = store.uploads.delete_chunk(&access, user, old.id, &chunk("1"), NOW).await;
    assert!(matches!(deleted, Err(UploadError::NoSuchUpload)));
    assert!(matches!(store.cancel(old.id).await, Err(UploadError::NoSuchUpload)));
    assert!(matches!(store.end(old.id, to("a")).await, Err(UploadError::NoSuchUpload)));
    store.end(new.id, to("a")).await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), b"new111new222new333");
    store.check();
}

//! The foreseen faults, one by one: the findings, and the bytes that can still be read.

use std::fs;
use std::path::Path;

use rustix::io::Errno;
use tresor::library::LibraryError;
use tresor::model::{Access, ByteRange, DamageKind, Right, Timestamp, UserId, VerifyMode};
use tresor::recovery::{FindingKind, RecoveryError, UseState};
use tresor::vault::VaultError;

use crate::damage::archive::{Archive, CHUNK, Opened, Report, seal, verify};
use crate::library::hooked::Moment;
use crate::library::store::{NOW, path};
use crate::support::content::bytes;

const SEALED_CHUNK: usize = CHUNK + 16;
/// A file of the archive with 18 chunks, the last of 5 bytes.
const LONG: &str = "f";

async fn full(opened: &Opened) -> Report {
    verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap()
}

async fn quick(opened: &Opened) -> Report {
    verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap()
}

/// Replaces the container of a file and asserts the names that both kinds of verification give to it.
async fn check(file: &'static str, change: impl FnOnce(&Archive, Vec<u8>) -> Vec<u8>, kind: DamageKind) {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, file).await;
    let bytes = fs::read(&container).unwrap();
    fs::write(&container, change(&archive, bytes)).unwrap();
    for report in [quick(&opened).await, full(&opened).await] {
        assert_eq!(report.findings.len(), 1, "{:?}", report.kinds());
        let finding = report.about(id).unwrap();
        assert_eq!(finding.kind, FindingKind::Damage(kind));
        assert_eq!(finding.space, Some(archive.store.space.id));
        assert_eq!((&*finding.uses[0].space, &*finding.uses[0].path), ("space", &*format!("/{file}")));
        assert_eq!(finding.uses[0].state, UseState::Current);
    }
    let refused = read(&opened, &archive, file, ByteRange::whole(1)).await;
    assert!(matches!(refused, Err(LibraryError::Damaged(_))), "{refused:?}");
}

async fn read(
    opened: &Opened,
    archive: &Archive,
    file: &str,
    range: ByteRange,
) -> Result<Vec<u8>, LibraryError> {
    let access = Access::granted(archive.store.space.id, Right::Read, UserId(1));
    let mut content = opened.library.open_content(&access, &path(file), None, |_| None).await?;
    Ok(content.read(range).await?.concat())
}

fn payload(container: &[u8]) -> usize {
    let mac = container.windows(5).position(|window| window == b"\n--- ").unwrap() + 1;
    mac + container[mac..].iter().position(|byte| *byte == b'\n').unwrap() + 1 + 16
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_cut_at_a_chunk_is_of_wrong_length() {
    let cut = |_: &Archive, mut bytes: Vec<u8>| {
        bytes.truncate(payload(&bytes) + 3 * SEALED_CHUNK);
        bytes
    };
    check(LONG, cut, DamageKind::WrongLength).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_cut_to_nothing_or_inside_its_header_is_of_wrong_length() {
    for length in [0, 1, 150] {
        let cut = move |_: &Archive, mut bytes: Vec<u8>| {
            bytes.truncate(length);
            bytes
        };
        check("last", cut, DamageKind::WrongLength).await;
    }
}

/// The header is compared before any key is tried, so the advice is never to look for another key.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_a_header_is_damage_of_the_header_and_not_a_wrong_key() {
    // In the stanza that holds the file key, in its body and in the MAC.
    for needle in ["-> X25519 ", "\n", "--- "] {
        let flip = move |_: &Archive, mut bytes: Vec<u8>| {
            let from = bytes.windows(10).position(|window| window == b"-> X25519 ").unwrap();
            let found =
                bytes[from..].windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap();
            bytes[from + found + needle.len() + 5] ^= 1;
            bytes
        };
        check("last", flip, DamageKind::Foreign).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_costs_its_chunk_and_no_other() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, LONG).await;
    let mut sealed = fs::read(&container).unwrap();
    let at = payload(&sealed) + 5 * SEALED_CHUNK + 77;
    sealed[at] ^= 4;
    fs::write(&container, sealed).unwrap();
    assert!(quick(&opened).await.findings.is_empty(), "a quick look reads no chunk but the last");
    let report = full(&opened).await;
    let finding = report.about(id).unwrap();
    assert_eq!((report.findings.len(), finding.chunk), (1, Some(5)));
    assert_eq!(finding.kind, FindingKind::Damage(DamageKind::DamagedChunk));

    // A quick run reports known damage, too, as it reads that container in full.
    let again = verify(&opened.recovery, VerifyMode::Quick, Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!(again.kinds(), ["damaged-chunk"]);
    assert_eq!((again.findings[0].chunk, again.findings[0].first_seen), (Some(5), Some(NOW)));

    let truth = bytes(6, 17 * CHUNK + 5);
    for chunk in 0..18 {
        let range =
            ByteRange::new((chunk * CHUNK) as u64, ((chunk + 1) * CHUNK).min(truth.len()) as u64).unwrap();
        let read = read(&opened, &archive, LONG, range).await;
        if chunk == 5 {
            assert!(matches!(read, Err(LibraryError::Damaged(VaultError::Damaged(_)))), "{read:?}");
        } else {
            assert_eq!(read.unwrap(), truth[chunk * CHUNK..].get(..CHUNK).unwrap_or(&truth[17 * CHUNK..]));
        }
    }
}

/// A tester found it: a reader had met the damage, and `tresor verify` said that nothing was wrong, also
/// after the container had been brought back, while `tresor status` went on to say "damaged 1".
#[tokio::test(flavor = "multi_thread")]
async fn a_quick_look_tells_what_readers_met_and_clears_what_was_brought_back() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, LONG).await;
    let pristine = fs::read(&container).unwrap();
    let mut sealed = pristine.clone();
    sealed[payload(&pristine) + 5 * SEALED_CHUNK + 77] ^= 4;
    fs::write(&container, sealed).unwrap();
    assert!(
        read(&opened, &archive, LONG, ByteRange::new(5 * CHUNK as u64, 6 * CHUNK as u64).unwrap())
            .await
            .is_err()
    );
    // Readers note by the clock.
    let now = || Timestamp(Timestamp::now().0 + 1_000);
    let report = verify(&opened.recovery, VerifyMode::Quick, now()).await.unwrap();
    assert_eq!((report.kinds(), report.findings[0].chunk), (vec!["damaged-chunk"], Some(5)));
    assert_eq!(report.findings[0].container, Some(id));

    fs::write(&container, pristine).unwrap();
    let later = Timestamp(now().0 + 1_000);
    assert_eq!(verify(&opened.recovery, VerifyMode::Quick, later).await.unwrap().kinds(), [""; 0]);
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
}

/// A reader met it after the run had looked there: nothing of this run judges it.
#[tokio::test(flavor = "multi_thread")]
async fn damage_noted_behind_a_runs_back_is_told_at_its_end_once() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, _) = opened.container_of(&archive, LONG).await;
    let after = Timestamp(NOW.0 + 5);
    let note = move |tx: &tresor::catalog::WriteTx<'_>| tx.note_damage(id, DamageKind::Missing, None, after);
    opened.catalog.write_silent("a test", note).await.unwrap();
    for mode in [VerifyMode::Quick, VerifyMode::Full] {
        let report = verify(&opened.recovery, mode, NOW).await.unwrap();
        assert_eq!((report.kinds(), report.findings[0].first_seen), (vec!["missing"], Some(after)));
        assert_eq!(report.findings[0].uses[0].path, "/f");
    }
    assert_eq!(
        verify(&opened.recovery, VerifyMode::Quick, Timestamp(NOW.0 + 6)).await.unwrap().kinds(),
        [""; 0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_container_in_its_place_is_foreign() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let ((one, first), (two, second)) =
        (opened.container_of(&archive, "folder/d").await, opened.container_of(&archive, "last").await);
    let (a, b) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
    fs::write(&first, b).unwrap();
    fs::write(&second, a).unwrap();
    let report = quick(&opened).await;
    assert_eq!(report.findings.len(), 2);
    for (id, place) in [(one, "/folder/d"), (two, "/last")] {
        assert_eq!(report.about(id).unwrap().uses[0].path, place);
    }
    assert!(read(&opened, &archive, "last", ByteRange::whole(1)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_of_the_same_file_is_foreign() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let access = Access::granted(archive.store.space.id, Right::Manage, UserId(1));
    // Of one length, so that only the header tells them apart.
    opened.put(&archive, "same", &bytes(1, 100_000)).await;
    let (_, old) = opened.container_of(&archive, "same").await;
    let old = fs::read(old).unwrap();
    opened.put(&archive, "same", &bytes(2, 100_000)).await;
    let (id, new) = opened.container_of(&archive, "same").await;
    assert_eq!(fs::metadata(&new).unwrap().len(), old.len() as u64);
    fs::write(new, old).unwrap();
    let report = quick(&opened).await;
    assert_eq!(report.about(id).unwrap().kind, FindingKind::Damage(DamageKind::Foreign));
    assert_eq!((report.findings.len(), report.about(id).unwrap().uses.len()), (1, 1));
    let opened = opened.library.open_content(&access, &path("same"), None, |_| None).await;
    assert!(matches!(opened, Err(LibraryError::Damaged(VaultError::Foreign(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_forged_with_the_known_recipient_is_foreign() {
    let forge = |archive: &Archive, pristine: Vec<u8>| {
        let forged = seal(&archive.store, archive.store.space.id, 1, 0, &bytes(99, 90_000));
        let file = archive.containers()[&forged.id].clone();
        let forged = fs::read(&file).unwrap();
        fs::remove_file(file).unwrap();
        assert_eq!(forged.len(), pristine.len());
        forged
    };
    check("last", forge, DamageKind::Foreign).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_container_is_of_wrong_length() {
    for count in [1, 16, 17, SEALED_CHUNK] {
        let append = |_: &Archive, pristine: Vec<u8>| [pristine, vec![0; count]].concat();
        check("last", append, DamageKind::WrongLength).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_container_is_named_and_the_rest_goes_on() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, "b").await;
    fs::remove_file(container).unwrap();
    let report = quick(&opened).await;
    let finding = report.about(id).unwrap();
    assert_eq!(finding.kind, FindingKind::Damage(DamageKind::Missing));
    let mut paths: Vec<_> = finding.uses.iter().map(|used| used.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!((report.findings.len(), paths), (1, vec!["/b", "/copy of b"]));
    let access = Access::granted(archive.store.space.id, Right::Read, UserId(1));
    let root = opened.library.find(&access, &path("")).await.unwrap().id;
    assert_eq!(opened.library.list(&access, root, None, NOW).await.unwrap().members.len(), 7);
    assert_eq!(archive.read_all(&opened.library).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_first_page_stops_the_start_and_says_what_helps() {
    let archive = Archive::new().await;
    let key = tresor::catalog::CatalogKey::new(*archive.store.keys.catalogue_key().expose());
    for at in [20, 2_000, 4_095] {
        let mut catalogue = archive.catalogue.clone();
        catalogue[at] ^= 1;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("catalog.db");
        fs::write(&file, catalogue).unwrap();
        let Err(error) = tresor::catalog::Catalog::open(&file, &key) else { panic!("opened") };
        assert!(error.to_string().contains("bring catalog/ back from a backup"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_inner_page_of_a_small_catalogue_stops_the_start() {
    let archive = Archive::new().await;
    let mut catalogue = archive.catalogue.clone();
    // The last page: nothing of the start lies there, but as much as this is looked at.
    let end = catalogue.len();
    catalogue[end - 100] ^= 1;
    assert_eq!(archive.open(&catalogue).await.err().as_deref(), Some("Damaged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_put_back_as_a_whole_does_not_fit_its_containers() {
    let archive = Archive::new().await;
    let opened = archive.open(&archive.older_catalogue).await.unwrap();
    let report = quick(&opened).await;
    // More ids were given out than it knows, which is noticed at the start; a container removed since is missing,
    // one added since is unknown.
    assert_eq!(report.kinds(), ["catalogue", "missing"]);
    assert_eq!(report.findings[1].uses[0].path, "/purged");
    assert_eq!(report.unknown.count, 8);
    let shown: Vec<_> = report.unknown.shown.iter().map(|file| file.container).collect();
    assert!(shown.iter().all(|id| archive.containers().contains_key(id)));
}

/// Ids of entries are given out before a container names them, so a container with an id to come is
/// from a time after the catalogue's.
#[tokio::test(flavor = "multi_thread")]
async fn a_container_from_the_future_shows_that_the_catalogue_is_old() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    seal(&archive.store, archive.store.space.id, 1, 0, b"left behind by a crash");
    let report = quick(&opened).await;
    assert_eq!((report.kinds().len(), report.unknown.count), (0, 1));
    seal(&archive.store, archive.store.space.id, 1 << 40, 0, b"from the future");
    let report = quick(&opened).await;
    assert_eq!((report.kinds(), report.unknown.count), (vec!["catalogue"], 2));
    assert!(report.findings[0].detail.as_ref().unwrap().contains("older than the containers"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_without_its_key_is_named_file_by_file() {
    let archive = Archive::new().await;
    let space = archive.store.space.id;
    let key = archive.store.dir.path().join(format!("keys/spaces/{space}.age"));
    let kept = fs::read(&key).unwrap();
    archive.store.keys.destroy_space_key(space).unwrap();
    assert!(!key.exists());
    let opened = archive.open_now().await;
    let report = quick(&opened).await;
    let in_space = archive.containers().values().filter(|file| is_in(file, &space.to_string())).count();
    let mut kinds = vec!["key", "note"];
    kinds.resize(2 + in_space, "wrong-key");
    assert_eq!(report.kinds(), kinds);
    let without: Vec<_> = opened.library.spaces_without_key().await.unwrap();
    assert_eq!(without.iter().map(|without| without.id).collect::<Vec<_>>(), [space]);
    fs::write(&key, kept).unwrap();
    opened.recovery.snapshot(NOW).await.unwrap();
    let later = verify(&opened.recovery, VerifyMode::Quick, Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!(later.kinds(), [""; 0]);
}

fn is_in(file: &Path, space: &str) -> bool {
    file.ancestors().nth(2).unwrap().ends_with(space)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_does_not_give_its_bytes_is_an_error_and_a_finding() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, _) = opened.container_of(&archive, LONG).await;
    // The first two reads are of the header and the last chunk.
    let mut reads = 0;
    archive.store.disk.set(move |moment| {
        reads += usize::from(moment == Moment::Read);
        if reads >= 3 { Err(Errno::IO.into()) } else { Ok(()) }
    });
    let range = ByteRange::new(0, 10).unwrap();
    let error = read(&opened, &archive, LONG, range).await.unwrap_err();
    assert!(matches!(error, LibraryError::Vault(VaultError::Io { .. })), "{error:?}");
    archive.store.disk.clear();
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0, "one read says little");

    archive.store.disk.set(|moment| if moment == Moment::Read { Err(Errno::IO.into()) } else { Ok(()) });
    let report = full(&opened).await;
    archive.store.disk.clear();
    assert_eq!(report.about(id).unwrap().kind, FindingKind::Damage(DamageKind::Unreadable));
    assert_eq!(report.kinds(), vec!["unreadable"; archive.containers().len()]);
    let whole = verify(&opened.recovery, VerifyMode::Full, Timestamp(NOW.0 + 1)).await.unwrap();
    assert_eq!((whole.kinds().len(), opened.library.integrity().await.unwrap().damaged), (0, 0));

    // Too many open files say nothing about a container.
    archive.store.disk.set(|moment| if moment == Moment::Open { Err(Errno::MFILE.into()) } else { Ok(()) });
    let failed = verify(&opened.recovery, VerifyMode::Full, Timestamp(NOW.0 + 2)).await;
    archive.store.disk.clear();
    assert!(matches!(failed, Err(RecoveryError::Library(LibraryError::Busy))), "{failed:?}");
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_contradict_containers_or_each_other_are_found() {
    for (sql, kind) in [
        ("UPDATE versions SET sha256 = zeroblob(32) WHERE id = (SELECT max(id) FROM versions)", "wrong-hash"),
        ("DELETE FROM segments WHERE position = 1", "incomplete"),
        ("UPDATE segments SET position = 2 WHERE position = 1", "incomplete"),
        (
            "UPDATE containers SET plain_len = plain_len + 1 WHERE id = (SELECT max(id) FROM containers)",
            "wrong-length",
        ),
        ("UPDATE spaces SET used_bytes = used_bytes - 1 WHERE name = 'other'", "catalogue"),
        ("UPDATE entries SET size = size + 1 WHERE name = 'folder'", "catalogue"),
        ("UPDATE entries SET version_id = 1 WHERE name = 'a'", "catalogue"),
        ("UPDATE counters SET revision = revision - 1", "catalogue"),
        ("UPDATE counters SET next_entry_id = 2", "catalogue"),
        ("DELETE FROM versions WHERE id = 1", "catalogue"),
    ] {
        let archive = Archive::new().await;
        let opened = archive.open_now().await;
        opened.falsify(&archive, sql);
        let report = full(&opened).await;
        assert!(report.kinds().contains(&kind), "{sql}: {:?}", report.kinds());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_of_several_containers_is_hashed_as_one() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let report = full(&opened).await;
    assert_eq!(report.containers, archive.containers().len() as u64);
    // Damage of its second container is reported once, and both chunks of the first are good.
    let second = opened.segments(&archive, "parts").await[1];
    let file = archive.containers()[&second].clone();
    let mut sealed = fs::read(&file).unwrap();
    let at = payload(&sealed) + 9;
    sealed[at] ^= 1;
    fs::write(&file, sealed).unwrap();
    let report = full(&opened).await;
    assert_eq!((report.kinds(), report.about(second).unwrap().chunk), (vec!["damaged-chunk"], Some(0)));
    assert_eq!(report.findings[0].uses[0].path, "/parts");
}

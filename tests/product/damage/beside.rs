//! Files that daily use never opens: key files, notes, snapshots; and strangers among the containers.

use std::fs;

use tresor::library::{LibraryError, SpaceSettings};
use tresor::model::{Access, ByteSize, EntryName, Right, Stamp, UserId, VerifyMode};

use crate::damage::archive::{Archive, verify};
use crate::library::store::{NOW, path};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_note_or_snapshot_that_is_gone_or_changed_is_named() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    opened.recovery.snapshot(NOW).await.unwrap();
    let root = archive.store.dir.path();
    let space = archive.store.space.id;
    let snapshot = fs::read_dir(root.join("snapshots")).unwrap().next().unwrap().unwrap().file_name();
    let clean = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(clean.kinds(), [""; 0], "{:?}", clean.findings);

    opened.library.note_progress().await.unwrap();
    let clean = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(clean.kinds(), [""; 0], "{:?}", clean.findings);
    for (file, kind) in [
        ("keys/root.age".to_owned(), "key"),
        ("keys/root.recovery.age".to_owned(), "key"),
        ("keys/recovery-recipient.age".to_owned(), "key"),
        (format!("keys/spaces/{space}.age"), "key"),
        (format!("keys/names/{space}.age"), "note"),
        ("mark.age".to_owned(), "mark"),
        (format!("snapshots/{}", snapshot.to_str().unwrap()), "snapshot"),
    ] {
        let place = root.join(&file);
        let whole = fs::read(&place).unwrap();
        let mut changes: Vec<Option<Vec<u8>>> = Vec::new();
        for at in [10, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            changes.push(Some(flipped));
        }
        changes.push(Some(whole[..whole.len() - 1].to_vec()));
        changes.push(Some(Vec::new()));
        changes.push(None);
        for change in changes {
            match &change {
                Some(bytes) => fs::write(&place, bytes).unwrap(),
                None => fs::remove_file(&place).unwrap(),
            }
            for mode in [VerifyMode::Quick, VerifyMode::Full] {
                let report = verify(&opened.recovery, mode, NOW).await.unwrap();
                let told: Vec<_> =
                    report.findings.iter().filter(|finding| finding.kind.as_str() == kind).collect();
                assert_eq!(told.len(), 1, "{file}: {:?}", report.findings);
                // Where the only snapshot is gone, that there is none.
                let named =
                    if change.is_none() && kind == "snapshot" { "snapshots/ holds none" } else { &file };
                assert!(told[0].detail.as_ref().unwrap().contains(named), "{told:?}");
            }
        }
        fs::write(&place, &whole).unwrap();
    }
    let clean = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    assert_eq!(clean.kinds(), [""; 0], "{:?}", clean.findings);
}

/// A tester found it: a pipe or a folder in the place of the newest snapshot was taken for one that had just made
/// room for a newer one.
#[tokio::test(flavor = "multi_thread")]
async fn something_else_in_the_place_of_a_snapshot_is_named() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    for _ in 0..2 {
        opened.recovery.snapshot(NOW).await.unwrap();
    }
    let folder = archive.store.dir.path().join("snapshots");
    let mut all: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    for (snapshot, modes) in
        [(&all[1], &[VerifyMode::Quick, VerifyMode::Full][..]), (&all[0], &[VerifyMode::Full])]
    {
        let kept = fs::read(snapshot).unwrap();
        let name = snapshot.file_name().unwrap().to_str().unwrap();
        for is_folder in [true, false] {
            fs::remove_file(snapshot).unwrap();
            match is_folder {
                true => fs::create_dir(snapshot).unwrap(),
                false => put_pipe(snapshot),
            }
            for mode in modes {
                let report = verify(&opened.recovery, *mode, NOW).await.unwrap();
                assert_eq!(report.kinds(), ["snapshot"]);
                let detail = report.findings[0].detail.as_ref().unwrap();
                assert!(detail.contains(name) && detail.contains("is no file; remove it"), "{detail}");
            }
            if is_folder {
                fs::remove_dir(snapshot).unwrap();
                fs::write(snapshot, &kept).unwrap();
            }
        }
        fs::remove_file(snapshot).unwrap();
        fs::write(snapshot, &kept).unwrap();
    }
}

/// A tester found it: it is served, and the advice was to move the link away, which takes the file away.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_the_place_of_a_container_or_pack_is_called_a_link() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    opened.put(&archive, "letter", b"goes into a pack").await;
    let (_, container) = opened.container_of(&archive, "f").await;
    let root = archive.store.dir.path();
    let packs = root.join(format!("spaces/{}/packs", archive.store.space.id));
    let pack = fs::read_dir(packs).unwrap().next().unwrap().unwrap().path();
    for (number, place) in [container, pack].iter().enumerate() {
        let elsewhere = tempfile::tempdir().unwrap();
        let away = elsewhere.path().join(number.to_string());
        fs::copy(place, &away).unwrap();
        fs::remove_file(place).unwrap();
        std::os::unix::fs::symlink(&away, place).unwrap();
        let report = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
        assert_eq!(report.kinds(), ["stranger"], "{:?}", report.findings);
        let detail = report.findings[0].detail.as_ref().unwrap();
        assert!(detail.contains("is a link") && detail.ends_with("put the file itself there"), "{detail}");
        fs::remove_file(place).unwrap();
        fs::copy(&away, place).unwrap();
    }
}

fn put_pipe(path: &std::path::Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_recovery_file_is_named_after_a_restart() {
    let archive = Archive::new().await;
    let file = archive.store.dir.path().join("keys/root.recovery.age");
    let mut sealed = fs::read(&file).unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    fs::write(&file, sealed).unwrap();
    let report = verify(&archive.open_now().await.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(report.kinds(), ["key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_snapshot_writes_a_lost_note_anew() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let note = archive.store.dir.path().join(format!("keys/names/{}.age", archive.store.space.id));
    fs::remove_file(&note).unwrap();
    opened.recovery.snapshot(NOW).await.unwrap();
    let report = verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(report.kinds(), [""; 0]);
}

/// A note that was put back from a backup would give a space its earlier name after a rebuild.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_note_is_named_and_a_present_one_never_is() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let space = archive.store.space.id;
    let note = archive.store.dir.path().join(format!("keys/names/{space}.age"));
    let older = fs::read(&note).unwrap();
    let kinds = async || verify(&opened.recovery, VerifyMode::Quick, NOW).await.unwrap().kinds();
    let name = |text: &str| EntryName::parse(text).unwrap();
    opened.library.rename_space(space, &name("another name"), Stamp::owner(NOW)).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);
    let settings = SpaceSettings { quota: Some(ByteSize(1 << 40)), ..archive.store.space.settings };
    opened.library.set_space_settings(space, settings, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);

    fs::write(&note, older).unwrap();
    assert_eq!(kinds().await, ["note"]);
    opened.recovery.snapshot(NOW).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);

    // Nor while its name changes again and again: a verification sees one or the other.
    let (library, names) = (opened.library.clone(), ["one", "two"].map(name));
    let renaming = tokio::spawn(async move {
        for at in 0..60 {
            library.rename_space(space, &names[at % 2], Stamp::owner(NOW)).await.unwrap();
        }
    });
    while !renaming.is_finished() {
        assert_eq!(kinds().await, [""; 0]);
    }
    renaming.await.unwrap();
}

/// A program that opens a pipe to read it waits for a writer.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_the_place_of_a_container_keeps_nobody_waiting() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, "f").await;
    fs::remove_file(&container).unwrap();
    put_pipe(&container);
    let access = Access::granted(archive.store.space.id, Right::Read, UserId(1));
    let refused = opened.library.open_content(&access, &path("f"), None, |_| None).await;
    assert!(matches!(refused, Err(LibraryError::Damaged(_))));

    fs::write(container.with_file_name("Steuerbescheid.txt"), b"readable").unwrap();
    let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    assert_eq!(report.kinds(), ["missing", "stranger", "stranger"]);
    assert_eq!(report.about(id).unwrap().kind.as_str(), "missing");
    let told: Vec<_> = report.findings.iter().filter_map(|finding| finding.detail.as_deref()).collect();
    assert!(told.iter().any(|text| text.contains("Steuerbescheid.txt")), "{told:?}");
}

/// A socket ended a verification with an error that named nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_in_the_place_of_a_pack_is_named_and_the_rest_goes_on() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    opened.put(&archive, "packed", b"small").await;
    let packs = archive.store.dir.path().join(format!("spaces/{}/packs", archive.store.space.id));
    let packs: Vec<_> = fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path()).collect();
    for pack in &packs {
        fs::remove_file(pack).unwrap();
        drop(std::os::unix::net::UnixListener::bind(pack).unwrap());
    }
    let report = verify(&opened.recovery, VerifyMode::Full, NOW).await.unwrap();
    let strangers: Vec<_> =
        report.findings.iter().filter(|finding| finding.kind.as_str() == "stranger").collect();
    assert_eq!(strangers.len(), packs.len());
    for pack in &packs {
        let name = pack.file_name().unwrap().to_str().unwrap();
        let is_named = strangers.iter().any(|finding| finding.detail.as_ref().unwrap().contains(name));
        assert!(is_named, "{name}: {strangers:?}");
    }
    assert!(report.findings.iter().any(|finding| finding.kind.as_str() == "missing"));
    // Nor does it end the sweep, or the removal of deleted files.
    let access = Access::granted(archive.store.space.id, Right::Manage, UserId(1));
    opened.library.sweep(NOW).await.unwrap();
    opened.library.delete(archive.store.change(), &path("packed")).await.unwrap();
    let trash = opened.library.trash(&access).await.unwrap();
    let gone = trash.iter().find(|item| item.path == "packed").unwrap();
    opened.library.purge(&access, Stamp::owner(NOW), gone.entry).await.unwrap();
    assert_eq!(opened.library.read_only(), None);
}

//! What nobody opens in daily use: key files, notes, snapshots; and what does not belong among the containers.

use std::fs;

use tresor::library::{LibraryError, SpaceSettings};
use tresor::model::{Access, ByteSize, EntryName, Right, VerifyMode};

use crate::archive::{Archive, verify};
use crate::store::{NOW, path};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_note_or_snapshot_that_is_gone_or_changed_is_named() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    opened.library.snapshot(NOW).await.unwrap();
    let root = archive.store.dir.path();
    let space = archive.store.space.id;
    let snapshot = fs::read_dir(root.join("snapshots")).unwrap().next().unwrap().unwrap().file_name();
    let clean = verify(&opened.library, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(clean.kinds(), [""; 0], "{:?}", clean.findings);

    for (file, kind, is_told_when_gone) in [
        ("keys/root.age".to_owned(), "key", true),
        ("keys/root.recovery.age".to_owned(), "key", true),
        ("keys/recovery-recipient.age".to_owned(), "key", true),
        (format!("keys/spaces/{space}.age"), "key", true),
        (format!("keys/names/{space}.age"), "note", true),
        (format!("snapshots/{}", snapshot.to_str().unwrap()), "snapshot", false),
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
                let report = verify(&opened.library, mode, NOW).await.unwrap();
                let told: Vec<_> =
                    report.findings.iter().filter(|finding| finding.kind.as_str() == kind).collect();
                let expected = usize::from(change.is_some() || is_told_when_gone);
                assert_eq!(told.len(), expected, "{file}: {:?}", report.findings);
                assert!(
                    told.iter().all(|finding| finding.detail.as_ref().unwrap().contains(&file)),
                    "{told:?}"
                );
            }
        }
        fs::write(&place, &whole).unwrap();
    }
    let clean = verify(&opened.library, VerifyMode::Full, NOW).await.unwrap();
    assert_eq!(clean.kinds(), [""; 0], "{:?}", clean.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_recovery_file_is_named_after_a_restart() {
    let archive = Archive::new().await;
    let file = archive.store.dir.path().join("keys/root.recovery.age");
    let mut sealed = fs::read(&file).unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    fs::write(&file, sealed).unwrap();
    let report = verify(&archive.open_now().await.library, VerifyMode::Quick, NOW).await.unwrap();
    assert_eq!(report.kinds(), ["key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_snapshot_writes_a_lost_note_anew() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let note = archive.store.dir.path().join(format!("keys/names/{}.age", archive.store.space.id));
    fs::remove_file(&note).unwrap();
    opened.library.snapshot(NOW).await.unwrap();
    let report = verify(&opened.library, VerifyMode::Quick, NOW).await.unwrap();
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
    let kinds = async || verify(&opened.library, VerifyMode::Quick, NOW).await.unwrap().kinds();
    let name = |text: &str| EntryName::parse(text).unwrap();
    opened.library.rename_space(space, &name("another name")).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);
    let settings = SpaceSettings { quota: Some(ByteSize(1 << 40)), ..archive.store.space.settings };
    opened.library.set_space_settings(space, settings).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);

    fs::write(&note, older).unwrap();
    assert_eq!(kinds().await, ["note"]);
    opened.library.snapshot(NOW).await.unwrap();
    assert_eq!(kinds().await, [""; 0]);

    // Nor while its name changes again and again: what a verification sees in between is one or the other.
    let (library, names) = (opened.library.clone(), ["one", "two"].map(name));
    let renaming = tokio::spawn(async move {
        for at in 0..60 {
            library.rename_space(space, &names[at % 2]).await.unwrap();
        }
    });
    while !renaming.is_finished() {
        assert_eq!(kinds().await, [""; 0]);
    }
    renaming.await.unwrap();
}

/// Whoever opens a pipe to read it waits for a writer.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_the_place_of_a_container_keeps_nobody_waiting() {
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let (id, container) = opened.container_of(&archive, "f").await;
    fs::remove_file(&container).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &container, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let access = Access::granted(archive.store.space.id, Right::Read);
    let refused = opened.library.open_content(&access, &path("f"), None, |_| None).await;
    assert!(matches!(refused, Err(LibraryError::Damaged(_))));

    fs::write(container.with_file_name("Steuerbescheid.txt"), b"readable").unwrap();
    let report = verify(&opened.library, VerifyMode::Full, NOW).await.unwrap();
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
    let report = verify(&opened.library, VerifyMode::Full, NOW).await.unwrap();
    let strangers: Vec<_> =
        report.findings.iter().filter(|finding| finding.kind.as_str() == "stranger").collect();
    assert_eq!(strangers.len(), packs.len());
    for pack in &packs {
        let name = pack.file_name().unwrap().to_str().unwrap();
        let is_named = strangers.iter().any(|finding| finding.detail.as_ref().unwrap().contains(name));
        assert!(is_named, "{name}: {strangers:?}");
    }
    assert!(report.findings.iter().any(|finding| finding.kind.as_str() == "missing"));
    // Nor does it end the sweep, or what removes what was deleted.
    let access = Access::granted(archive.store.space.id, Right::Manage);
    opened.library.sweep(NOW).await.unwrap();
    opened.library.delete(archive.store.change(), &path("packed")).await.unwrap();
    let trash = opened.library.trash(&access).await.unwrap();
    let gone = trash.iter().find(|item| item.path == "packed").unwrap();
    opened.library.purge(&access, gone.entry).await.unwrap();
    assert_eq!(opened.library.read_only(), None);
}

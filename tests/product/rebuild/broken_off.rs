//! Killed in the middle: a rebuild can simply be run again, a snapshot is there whole or not at all.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tresor::model::Timestamp;

use crate::support::content::bytes;
use crate::support::office::Office;

/// Kills the command after each of these times, in milliseconds, until it comes to its end.
fn kill_after(office: &Office, words: &[&str], delays: impl Iterator<Item = u64>) -> u32 {
    let mut killed = 0;
    for delay in delays {
        let mut command = office.command(words);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = Instant::now() + Duration::from_millis(delay);
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
    }
    killed
}

async fn filled(files: u64) -> Office {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let mut puts = Vec::new();
    for at in 0..files {
        puts.push(async move { (format!("{at:05}"), bytes(at, 10 + usize::try_from(at % 90).unwrap())) });
    }
    for put in puts {
        let (at, content) = put.await;
        open.put(&space, &at, &content).await;
    }
    open.close();
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_killed_is_given_again() {
    let office = filled(400).await;
    let open = office.open().await;
    let tree = open.tree().await;
    open.close();
    let old = fs::read(office.catalog()).unwrap();
    let mut damaged = old.clone();
    damaged[5_000] ^= 1;
    fs::write(office.catalog(), &damaged).unwrap();
    let words = ["rebuild", "--admin", "chef", "--admin-password-file", "admin.password"];
    let killed = kill_after(&office, &words, (1..200).map(|step| step * 12));
    assert!(killed > 3, "killed only {killed} times: this proves nothing");
    // Either the last one came to its end, or it is given once more.
    let refused_or_done = office.attempt(words);
    let is_sound = refused_or_done.stderr.contains("sound");
    assert!(refused_or_done.code == 0 || is_sound, "{refused_or_done}");
    let open = office.open().await;
    assert_eq!(open.tree().await, tree);
    open.close();
    let kept: Vec<_> = fs::read_dir(office.data().join("catalog"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains("catalog.replaced-"))
        .collect();
    assert!(kept.iter().any(|path| fs::read(path).unwrap() == damaged), "{kept:?}");
    assert!(fs::read_dir(office.data().join("tmp")).unwrap().next().is_none());
}

/// Each step of the exchange at the end, as a crash between leaves it.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_broke_off_is_made_good() {
    let office = filled(20).await;
    let open = office.open().await;
    let tree = open.tree().await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.close();
    let folder = office.data().join("catalog");
    // The old one moved aside, its log still there, the new one not yet in its place.
    fs::copy(office.catalog(), folder.join("catalog.rebuild.db")).unwrap();
    fs::rename(office.catalog(), folder.join("catalog.replaced-1.db")).unwrap();
    fs::write(folder.join("catalog.db-wal"), b"frames of another database").unwrap();
    let outcome = office.attempt(["user", "list"]);
    assert!(outcome.stderr.contains("tresor rebuild"), "{outcome}");
    office.rebuild([], 0);
    assert!(
        !folder.join("catalog.db-wal").exists()
            || fs::read(folder.join("catalog.db-wal")).unwrap().is_empty()
    );
    let open = office.open().await;
    assert_eq!(open.tree().await, tree);
    open.close();
    // The next start clears the files of a rebuild that was broken off.
    fs::write(folder.join("catalog.rebuild.db"), b"half").unwrap();
    fs::write(folder.join("catalog.rebuild.db-wal"), b"half").unwrap();
    assert_eq!(office.attempt(["user", "list"]).code, 0);
    assert!(!folder.join("catalog.rebuild.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_was_killed_leaves_none() {
    let office = filled(400).await;
    let killed = kill_after(&office, &["snapshot"], (1..120).map(|step| 5 + step * 7));
    assert!(killed > 3, "killed only {killed} times: this proves nothing");
    // Every snapshot opens to its end.
    for snapshot in office.snapshots() {
        let text = office.snapshot_text(&snapshot);
        assert!(text.ends_with(b"COMMIT;\n"), "{}", snapshot.display());
    }
    assert_eq!(office.attempt(["snapshot"]).code, 0);
    office.lose_catalog();
    let report = office.rebuild([], 0);
    assert_eq!(report["unsound_snapshots"], serde_json::json!([]));
    assert_eq!(report["added"], 0);
}

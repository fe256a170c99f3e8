//! An older catalogue in the place of the present one.

use std::fs;

use tresor::library::Space;
use tresor::model::Timestamp;

use crate::rebuild::office::{access, path};
use crate::support::content::{bytes, files_below, sha256};
use crate::support::office::{Office, Open};

const DAY: i64 = 86_400_000;

/// A office in which files were written, the catalogue copied, and more files written.
async fn with_older_copy() -> Office {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "old", &bytes(1, 70_000)).await;
    open.put(&space, "deleted then", &bytes(2, 70_000)).await;
    open.delete(&space, "deleted then").await;
    open.instance.library.note_progress().await.unwrap();
    open.close();
    fs::copy(office.catalog(), office.path("older.db")).unwrap();
    fs::copy(office.data().join("mark.age"), office.path("older.mark")).unwrap();
    let open = office.open().await;
    let space = open.space("s").await;
    open.put(&space, "old", &bytes(3, 80_000)).await;
    open.put(&space, "new", &bytes(4, 90_000)).await;
    let item = open.instance.library.trash(&access(&space)).await.unwrap()[0].entry;
    open.instance.library.restore(open.change(&space), item).await.unwrap();
    open.instance.library.note_progress().await.unwrap();
    open.close();
    office
}

async fn assert_nothing_goes(office: &Office) {
    let containers = files_below(&office.data().join("spaces"));
    let open = office.open().await;
    assert!(open.instance.library.is_rolled_back().await.unwrap());
    let far = Timestamp(Timestamp::now().0 + 400 * DAY);
    assert_eq!(open.instance.library.sweep(far).await.unwrap().removed, 0);
    let report = open.instance.library.upkeep(far).await.unwrap();
    assert_eq!((report.trash, report.versions, report.containers), (0, 0, 0));
    open.close();
    assert_eq!(files_below(&office.data().join("spaces")), containers);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_catalogue_is_noticed_and_nothing_is_removed_until_it_is_rebuilt() {
    let office = with_older_copy().await;
    let tag = {
        let open = office.open().await;
        let space = open.space("s").await;
        let entry = open.instance.library.find(&access(&space), &path("old")).await.unwrap();
        open.close();
        entry.etag
    };
    fs::copy(office.path("older.db"), office.catalog()).unwrap();
    let status = office.attempt(["status"]);
    assert!(status.stdout.contains("WARNING") && status.stdout.contains("tresor rebuild"), "{status}");
    let verified = office.attempt(["verify"]);
    assert_eq!(verified.code, 3, "{verified}");
    assert!(verified.stdout.contains("it is older than the containers on the disk"), "{verified}");
    // Not even after another start, when the catalogue has gone on.
    let open = office.open().await;
    let space = open.space("s").await;
    let new = open.put(&space, "after", &bytes(5, 70_000)).await;
    open.instance.library.note_progress().await.unwrap();
    let entry = open.instance.library.find(&access(&space), &path("old")).await.unwrap();
    assert_ne!(entry.etag, tag);
    open.close();
    assert_nothing_goes(&office).await;

    let report = office.rebuild([], 0);
    assert_eq!((&report["base"], &report["added"]), (&"catalogue".into(), &2.into()), "{report}");
    assert!(report["kept_catalogue"].as_str().unwrap().contains("catalog.replaced-"));
    let open = office.open().await;
    assert!(!open.instance.library.is_rolled_back().await.unwrap());
    let space = open.space("s").await;
    let files = open.files(&space).await;
    for (at, content) in [("old", bytes(3, 80_000)), ("new", bytes(4, 90_000)), ("after", bytes(5, 70_000))] {
        assert_eq!(files[at], sha256(&content), "{at}");
    }
    assert_eq!(open.hashes(&space, "old").await.len(), 2);
    let after = open.instance.library.find(&access(&space), &path("new")).await.unwrap();
    assert_ne!(after.id, new.id, "no number means two files");
    open.close();
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
    let status = office.attempt(["status"]);
    assert!(!status.stdout.contains("WARNING"), "{status}");
}

/// An office whose catalogue was put back to before some files were written, and their contents. Its mark is as
/// old, or gone.
async fn put_back(with_mark: bool) -> (Office, Vec<(String, String)>) {
    let office = with_older_copy().await;
    // Numbers are given in blocks, one at each start: those of this run were never given before.
    let open = office.open().await;
    let space = open.space("s").await;
    let mut written = vec![("new".to_owned(), sha256(&bytes(4, 90_000)))];
    for (number, size) in (0..20).zip([100, 70_000].into_iter().cycle()) {
        let at = format!("later {number}");
        open.put(&space, &at, &bytes(100 + number, size)).await;
        written.push((at, sha256(&bytes(100 + number, size))));
    }
    open.put(&space, "old", &bytes(7, 60_000)).await;
    open.close();
    fs::copy(office.path("older.db"), office.catalog()).unwrap();
    let mark = office.data().join("mark.age");
    if with_mark {
        fs::copy(office.path("older.mark"), mark).unwrap();
    } else {
        fs::remove_file(mark).unwrap();
    }
    (office, written)
}

/// Writes files, and notes their contents.
async fn put_more(open: &Open, space: &Space, written: &mut Vec<(String, String)>) {
    for (number, size) in (0..30).zip([70_000, 200].into_iter().cycle()) {
        let at = format!("after {number}");
        open.put(space, &at, &bytes(300 + number, size)).await;
        written.push((at, sha256(&bytes(300 + number, size))));
    }
}

/// Each file holds its bytes, and has no earlier content of another.
async fn assert_each_its_own(open: &Open, space: &Space, expected: &[(String, String)]) {
    let files = open.files(space).await;
    for (at, hash) in expected {
        assert_eq!(files.get(at), Some(hash), "{at}: {files:?}");
        assert_eq!(open.hashes(space, at).await.len(), 1, "{at} has one content");
    }
}

/// Files are written on an older catalogue; after a rebuild every content is there, each file a file of its own.
async fn assert_nothing_is_mixed_up(office: &Office, mut expected: Vec<(String, String)>) {
    let open = office.open().await;
    let space = open.space("s").await;
    open.instance.library.look_for_newer_containers().await.unwrap();
    put_more(&open, &space, &mut expected).await;
    open.close();
    assert_nothing_goes(office).await;
    let report = office.rebuild([], 0);
    assert_eq!(report["base"], "catalogue");
    let open = office.open().await;
    let space = open.space("s").await;
    let files = open.files(&space).await;
    assert_each_its_own(&open, &space, &expected).await;
    assert_eq!(files["old"], sha256(&bytes(7, 60_000)));
    open.close();
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_mark_it_is_noticed_at_the_start_by_the_containers() {
    let (office, written) = put_back(false).await;
    let open = office.open().await;
    assert!(open.instance.library.is_rolled_back().await.unwrap());
    open.close();
    assert_nothing_is_mixed_up(&office, written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_mark_as_old_it_is_noticed_by_the_first_look() {
    let (office, written) = put_back(true).await;
    let open = office.open().await;
    assert!(!open.instance.library.is_rolled_back().await.unwrap());
    let space = open.space("s").await;
    let before = open.instance.library.find(&access(&space), &path("old")).await.unwrap();
    assert!(open.instance.library.look_for_newer_containers().await.unwrap());
    let after = open.instance.library.find(&access(&space), &path("old")).await.unwrap();
    assert_ne!(before.etag, after.etag, "no tag of the state that is lost is told again");
    open.close();
    assert_nothing_is_mixed_up(&office, written).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_notices_it_without_a_start_before() {
    let (office, written) = put_back(true).await;
    let report = office.rebuild([], 0);
    assert_eq!((&report["base"], &report["new_files"]), (&"catalogue".into(), &21.into()), "{report}");
    let open = office.open().await;
    let files = open.files(&open.space("s").await).await;
    assert!(written.iter().all(|(at, hash)| files[at] == *hash), "{files:?}");
    open.close();
}

/// As it was before the look was taken in time: numbers are given again, to other files.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_given_twice_make_no_file_an_earlier_content_of_another() {
    let (office, written) = put_back(true).await;
    let open = office.open().await;
    let space = open.space("s").await;
    let mut expected = written;
    put_more(&open, &space, &mut expected).await;
    open.close();
    for from in ["catalogue", "containers"] {
        if from == "containers" {
            office.lose_catalog();
        }
        let words = ["--from", from, "--admin", "chef", "--admin-password-file", "admin.password"];
        office.rebuild(words, 0);
        let open = office.open().await;
        assert_each_its_own(&open, &open.space("s").await, &expected).await;
        open.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_catalogue_is_not_rebuilt_unless_somebody_insists() {
    let office = with_older_copy().await;
    let before = office.everything();
    let refused = office.attempt(["rebuild"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("sound") && refused.stderr.contains("--from"), "{refused}");
    assert_eq!(office.everything(), before);
    let report = office.rebuild(["--from", "catalogue"], 0);
    assert_eq!((&report["added"], &report["displaced"]), (&0.into(), &serde_json::json!([])));
    let kept = report["kept_catalogue"].as_str().unwrap();
    assert!(office.path(kept).exists());
    assert_eq!(
        office.attempt(["user", "list"]).code,
        0,
        "the start takes the kept catalogue for nothing strange"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_containers_are_listed_and_stay() {
    let office = with_older_copy().await;
    let open = office.open().await;
    let space = open.space("s").await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.close();
    let container = files_below(&office.data().join("spaces").join(space.id.to_string()))
        .into_iter()
        .find(|path| (90_000..95_000).contains(&fs::metadata(path).unwrap().len()))
        .unwrap();
    fs::rename(&container, office.path("lost.age")).unwrap();
    office.lose_catalog();
    let report = office.rebuild([], 3);
    assert_eq!(report["missing"][0]["paths"], serde_json::json!(["/new"]), "{report}");
    // It may come back from a backup.
    fs::rename(office.path("lost.age"), &container).unwrap();
    let open = office.open().await;
    assert_eq!(open.files(&open.space("s").await).await["new"], sha256(&bytes(4, 90_000)));
    open.close();
}

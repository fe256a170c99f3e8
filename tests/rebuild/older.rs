//! An older catalogue in the place of the present one.

use std::fs;

use tresor::model::Timestamp;

use crate::house::{House, access};
use crate::support::content::{bytes, files_below, sha256};

const DAY: i64 = 86_400_000;

/// A house in which files were written, the catalogue copied, and more files written.
async fn with_older_copy() -> House {
    let house = House::new().await;
    let open = house.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "old", &bytes(1, 70_000)).await;
    open.put(&space, "deleted then", &bytes(2, 70_000)).await;
    open.delete(&space, "deleted then").await;
    open.close();
    fs::copy(house.catalog(), house.path("older.db")).unwrap();
    let open = house.open().await;
    let space = open.space("s").await;
    open.put(&space, "old", &bytes(3, 80_000)).await;
    open.put(&space, "new", &bytes(4, 90_000)).await;
    let item = open.instance.library.trash(&access(&space)).await.unwrap()[0].entry;
    open.instance.library.restore(open.change(&space), item).await.unwrap();
    open.instance.library.note_progress().await.unwrap();
    open.close();
    house
}

async fn assert_nothing_goes(house: &House) {
    let containers = files_below(&house.data().join("spaces"));
    let open = house.open().await;
    assert!(open.instance.library.is_rolled_back().await.unwrap());
    let far = Timestamp(Timestamp::now().0 + 400 * DAY);
    assert_eq!(open.instance.library.sweep(far).await.unwrap().removed, 0);
    let report = open.instance.library.upkeep(far).await.unwrap();
    assert_eq!((report.trash, report.versions, report.containers), (0, 0, 0));
    open.close();
    assert_eq!(files_below(&house.data().join("spaces")), containers);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_catalogue_is_noticed_and_nothing_is_removed_until_it_is_rebuilt() {
    let house = with_older_copy().await;
    let tag = {
        let open = house.open().await;
        let space = open.space("s").await;
        let entry = open.instance.library.find(&access(&space), &crate::house::path("old")).await.unwrap();
        open.close();
        entry.etag
    };
    fs::copy(house.path("older.db"), house.catalog()).unwrap();
    let status = house.run(["status"]);
    assert!(status.stdout.contains("WARNING") && status.stdout.contains("tresor rebuild"), "{status}");
    let verified = house.run(["verify"]);
    assert_eq!(verified.code, 3, "{verified}");
    assert!(verified.stdout.contains("it is older than the containers on the disk"), "{verified}");
    // Not even after another start, when the catalogue has gone on.
    let open = house.open().await;
    let space = open.space("s").await;
    let new = open.put(&space, "after", &bytes(5, 70_000)).await;
    open.instance.library.note_progress().await.unwrap();
    let entry = open.instance.library.find(&access(&space), &crate::house::path("old")).await.unwrap();
    assert_ne!(entry.etag, tag);
    open.close();
    assert_nothing_goes(&house).await;

    let report = house.rebuild([], 0);
    assert_eq!((&report["base"], &report["added"]), (&"catalogue".into(), &2.into()), "{report}");
    assert!(report["kept_catalogue"].as_str().unwrap().contains("catalog.replaced-"));
    let open = house.open().await;
    assert!(!open.instance.library.is_rolled_back().await.unwrap());
    let space = open.space("s").await;
    let files = open.files(&space).await;
    for (at, content) in [("old", bytes(3, 80_000)), ("new", bytes(4, 90_000)), ("after", bytes(5, 70_000))] {
        assert_eq!(files[at], sha256(&content), "{at}");
    }
    assert_eq!(open.hashes(&space, "old").await.len(), 2);
    let after = open.instance.library.find(&access(&space), &crate::house::path("new")).await.unwrap();
    assert_ne!(after.id, new.id, "no number means two files");
    open.close();
    let verified = house.run(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
    let status = house.run(["status"]);
    assert!(!status.stdout.contains("WARNING"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_noticed_without_its_mark_by_the_containers() {
    let house = with_older_copy().await;
    // More than a block of numbers must lie between for this; one restart is enough.
    let open = house.open().await;
    let space = open.space("s").await;
    open.put(&space, "later", &bytes(6, 70_000)).await;
    open.close();
    fs::copy(house.path("older.db"), house.catalog()).unwrap();
    fs::remove_file(house.data().join("mark.age")).unwrap();
    let open = house.open().await;
    assert!(!open.instance.library.is_rolled_back().await.unwrap());
    let far = Timestamp(Timestamp::now().0 + 400 * DAY);
    assert_eq!(open.instance.library.sweep(far).await.unwrap().removed, 0);
    open.close();
    assert_nothing_goes(&house).await;
    let report = house.rebuild([], 0);
    assert_eq!(report["base"], "catalogue");
    assert_eq!(report["added"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_catalogue_is_not_rebuilt_unless_somebody_insists() {
    let house = with_older_copy().await;
    let before = house.everything();
    let refused = house.run(["rebuild"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("sound") && refused.stderr.contains("--from"), "{refused}");
    assert_eq!(house.everything(), before);
    let report = house.rebuild(["--from", "catalogue"], 0);
    assert_eq!((&report["added"], &report["displaced"]), (&0.into(), &serde_json::json!([])));
    let kept = report["kept_catalogue"].as_str().unwrap();
    assert!(house.path(kept).exists());
    assert_eq!(house.run(["user", "list"]).code, 0, "the start takes the kept catalogue for nothing strange");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_containers_are_listed_and_stay() {
    let house = with_older_copy().await;
    let open = house.open().await;
    let space = open.space("s").await;
    open.instance.library.snapshot(Timestamp::now()).await.unwrap();
    open.close();
    let container = files_below(&house.data().join("spaces").join(space.id.to_string()))
        .into_iter()
        .find(|path| (90_000..95_000).contains(&fs::metadata(path).unwrap().len()))
        .unwrap();
    fs::rename(&container, house.path("lost.age")).unwrap();
    house.lose_catalog();
    let report = house.rebuild([], 2);
    assert_eq!(report["missing"][0]["paths"], serde_json::json!(["/new"]), "{report}");
    // It may come back from a backup.
    fs::rename(house.path("lost.age"), &container).unwrap();
    let open = house.open().await;
    assert_eq!(open.files(&open.space("s").await).await["new"], sha256(&bytes(4, 90_000)));
    open.close();
}

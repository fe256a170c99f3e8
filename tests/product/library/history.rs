//! The quota counts present contents; the past of a space has a bound of its own.

use std::fs;

use tresor::library::{LibraryError, NewFile, SpaceSettings, SpaceUsage};
use tresor::model::{Access, ByteSize, Right, Stamp, Timestamp, UserId};

use crate::library::store::{NOW, Store, days, path};
use crate::support::content::bytes;

impl Store {
    async fn usage(&self) -> SpaceUsage {
        self.library.usage(&self.access()).await.unwrap()
    }

    /// Bytes of the past.
    async fn past(&self) -> u64 {
        self.usage().await.history.0
    }

    async fn keep_at_most(&self, quota: Option<u64>, history: Option<u64>) {
        let (quota, history) = (quota.map(ByteSize), history.map(ByteSize));
        let settings = SpaceSettings { quota, history, ..SpaceSettings::default() };
        self.library.set_space_settings(self.space.id, settings, Stamp::owner(NOW)).await.unwrap();
    }

    /// Sizes of the contents that a file has and had, newest first.
    async fn sizes_of(&self, at: &str) -> Vec<u64> {
        let versions = self.library.versions(&self.access(), &path(at)).await.unwrap();
        versions.into_iter().map(|version| version.size).collect()
    }

    async fn deleted(&self) -> Vec<String> {
        let items = self.library.trash(&self.access()).await.unwrap();
        items.into_iter().map(|item| item.path).collect()
    }
}

fn minutes(number: i64) -> Timestamp {
    Timestamp(NOW.0 + number * 60_000)
}

/// A database of 1 MiB was saved six times under a quota of 5 MiB. Every further save was refused, and nothing that
/// its user did freed anything: deleted files only became another part of the past.
#[tokio::test(flavor = "multi_thread")]
async fn saving_goes_on_for_ever_within_a_quota() {
    let store = Store::with_quota(5_000).await;
    for number in 0..30 {
        store.put_by(store.change_at(minutes(number)), "db", &bytes(1, 4_000)).await.unwrap();
        // Old data in the way of the next writer go before it; nothing else is on the disk.
        assert_eq!(store.usage().await.used.0, 4_000);
        assert!(store.past().await <= 8_000 && store.containers().len() <= 3, "{number}");
    }
    store.library.upkeep(minutes(31)).await.unwrap();
    assert_eq!((store.past().await, store.sizes_of("db").await), (4_000, vec![4_000, 4_000]));
    assert_eq!(store.containers().len(), 2);

    // Deleting makes room at once, and can be undone until a request needs the room of the past.
    for number in 0..30 {
        store.delete("db").await.unwrap();
        assert_eq!((store.usage().await.used.0, store.usage().await.available.0), (0, 5_000));
        assert_eq!(store.deleted().await.first().map(String::as_str), Some("db"), "{number}");
        store.put_by(store.change_at(minutes(40 + number)), "other", &bytes(2, 4_000)).await.unwrap();
        store.mv("other", "db").await.unwrap();
        assert!(store.containers().len() <= 4);
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_the_past_goes_first_and_nothing_present() {
    let store = Store::new().await;
    store.keep_at_most(None, Some(2_500)).await;
    let put =
        async |minute, at: &str| store.put_by(store.change_at(minutes(minute)), at, &bytes(1, 1_000)).await;
    for (minute, at) in [(0, "a"), (1, "b"), (2, "c"), (3, "a"), (5, "b")] {
        put(minute, at).await.unwrap();
    }
    store.library.delete(store.change_at(minutes(4)), &path("c")).await.unwrap();
    // The past, oldest first: a of minute 3, c of minute 4, b of minute 5.
    assert_eq!((store.past().await, store.usage().await.history_bound), (3_000, Some(ByteSize(2_500))));
    put(6, "d").await.unwrap();
    assert_eq!((store.sizes_of("a").await, store.sizes_of("b").await), (vec![1_000], vec![1_000, 1_000]));
    assert_eq!((store.deleted().await, store.past().await), (vec!["c".to_owned()], 2_000));
    put(7, "d").await.unwrap();
    store.library.upkeep(minutes(8)).await.unwrap();
    assert_eq!((store.deleted().await, store.sizes_of("b").await), (vec![], vec![1_000, 1_000]));

    // Without room for any, none is kept; present files stay with every setting.
    store.keep_at_most(Some(100), Some(1)).await;
    store.library.upkeep(minutes(9)).await.unwrap();
    assert_eq!((store.past().await, store.usage().await.used.0), (0, 3_000));
    assert_eq!(store.names("").await, ["a", "b", "d"]);
    // More than the quota is there already: nothing is added, and a file may be replaced by a smaller one.
    assert!(matches!(put(10, "e").await, Err(LibraryError::OverQuota)));
    put(10, "a").await.unwrap();
    store.check();

    // Without a bound of its own it has the quota's, without a quota none.
    store.keep_at_most(Some(7_000), None).await;
    assert_eq!(store.usage().await.history_bound, Some(ByteSize(7_000)));
    store.keep_at_most(None, None).await;
    assert_eq!(store.usage().await.history_bound, None);
    let store = store.reopen().await;
    assert_eq!(store.usage().await.used.0, 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_with_all_its_past() {
    let store = Store::new().await;
    store.keep_at_most(None, Some(5_000)).await;
    store.mkcol("old").await.unwrap();
    for name in ["old/1", "old/2", "old/1"] {
        store.put(name, &bytes(1, 1_000)).await.unwrap();
    }
    store.delete("old").await.unwrap();
    assert_eq!((store.past().await, store.usage().await.used.0), (3_000, 0));
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.restore(store.change(), item.entry).await.unwrap();
    assert_eq!((store.past().await, store.usage().await.used.0), (1_000, 2_000));
    store.delete("old").await.unwrap();
    store.keep_at_most(None, Some(100)).await;
    store.put_by(store.change_at(minutes(1)), "new", &bytes(2, 1_000)).await.unwrap();
    assert_eq!((store.past().await, store.containers().len()), (0, 1));
    assert_eq!(store.deleted().await, Vec::<String>::new());
    store.check();
}

/// A restored file counts as present again.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_or_copied_must_fit_the_quota() {
    let store = Store::with_quota(10_000).await;
    store.put("a", &bytes(1, 9_000)).await.unwrap();
    store.put("a", &bytes(2, 1_000)).await.unwrap();
    store.put("b", &bytes(3, 2_000)).await.unwrap();
    let earlier = store.library.versions(&store.access(), &path("a")).await.unwrap()[1].id;
    let restored = store.library.restore_version(store.change(), &path("a"), earlier).await;
    assert!(matches!(restored, Err(LibraryError::OverQuota)));
    store.delete("b").await.unwrap();
    store.library.restore_version(store.change(), &path("a"), earlier).await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    let restored = store.library.restore(store.change(), item.entry).await;
    assert!(matches!(restored, Err(LibraryError::OverQuota)));
    // A copy shares its bytes; it counts as soon as they would be more than the disk holds of the space.
    assert!(matches!(store.copy("a", "c").await, Err(LibraryError::OverQuota)));
    let writer = Access::granted(store.space.id, Right::Write, UserId(1));
    assert!(matches!(
        store.library.purge(&writer, Stamp::owner(NOW), item.entry).await,
        Err(LibraryError::Denied(_))
    ));
    store.library.upkeep(days(31)).await.unwrap();
    assert_eq!((store.past().await, store.usage().await.used.0, store.containers().len()), (0, 9_000, 1));
    store.copy("a", "c").await.unwrap();
    assert_eq!(store.usage().await.used.0, 9_000);
    store.check();
}

/// Forty writers that replace one file of a full space must not fill the disk together, nor pass the quota.
#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_content_that_is_replaced_is_for_one_writer() {
    let store = Store::with_quota(1_000_000).await;
    store.put("a", &bytes(1, 800_000)).await.unwrap();
    for size in [Some(800_000), None] {
        let mut writers = Vec::new();
        for _ in 0..10 {
            let file = NewFile { path: path("a"), size, modified: None, checksum: None };
            let Ok(mut writer) = store.library.begin_put(store.change(), file).await else { continue };
            if writer.write(bytes(2, 800_000).into()).await.is_ok() {
                writers.push(writer);
            }
        }
        assert_eq!(writers.len(), 1, "{size:?}");
        writers.remove(0).commit(minutes(1)).await.unwrap();
        assert_eq!(store.usage().await.used.0, 800_000);
    }
    // The content that its room belonged to goes, and another request gets the room.
    let file = NewFile { path: path("a"), size: Some(800_000), modified: None, checksum: None };
    let mut writer = store.library.begin_put(store.change(), file).await.unwrap();
    writer.write(bytes(2, 800_000).into()).await.unwrap();
    store.delete("a").await.unwrap();
    store.put("b", &bytes(3, 900_000)).await.unwrap();
    assert!(matches!(writer.commit(minutes(20)).await, Err(LibraryError::OverQuota)));
    assert_eq!(store.usage().await.used.0, 900_000);
    store.check();
}

/// All old data of a space is damaged, and so kept for inspection. A person who stores something learns which room is
/// full and the remedy, not that there are too many files.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_past_of_which_nothing_may_go_says_so() {
    let store = Store::new().await;
    store.put("a", &bytes(1, 200_000)).await.unwrap();
    store.mkcol("f").await.unwrap();
    store.put("f/b", &bytes(2, 200_000)).await.unwrap();
    for file in store.container_files() {
        let mut content = fs::read(&file).unwrap();
        content[100_000] ^= 1;
        fs::write(&file, content).unwrap();
    }
    assert!(store.read("a").await.is_err() && store.read("f/b").await.is_err(), "both are found damaged");
    store.put("a", &bytes(3, 1_000)).await.unwrap();
    store.delete("f").await.unwrap();
    store.keep_at_most(Some(10_000), Some(1_000)).await;
    assert_eq!(store.past().await, 400_000);

    let refused = store.put("c", &bytes(4, 1_000)).await.unwrap_err();
    assert!(matches!(refused, LibraryError::HistoryFull), "{refused}");
    let text = refused.to_string();
    for said in ["earlier versions and the trash", "protected", "ask the server's owner for a higher limit"] {
        assert!(text.contains(said), "{text}");
    }
    // Neither the bound nor time removes any of it.
    store.library.upkeep(days(4_000)).await.unwrap();
    assert_eq!((store.past().await, store.deleted().await), (400_000, vec!["f".to_owned()]));
    // Stored files can be read and deleted.
    assert_eq!(store.read("a").await.unwrap(), bytes(3, 1_000));
    store.delete("a").await.unwrap();

    // A user with the right removes it, and with more room files are stored again.
    for item in store.library.trash(&store.access()).await.unwrap() {
        store.library.purge(&store.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    }
    assert_eq!(store.past().await, 0);
    store.put("c", &bytes(4, 1_000)).await.unwrap();
    store.check();
}

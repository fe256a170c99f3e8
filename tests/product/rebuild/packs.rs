//! Packs whose headers are damaged, or whose files are no packs any more.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tresor::model::Timestamp;

use crate::rebuild::office::CHEF;
use crate::support::content::{bytes, files_below, sha256};
use crate::support::office::Office;

const BLOCK: usize = 512;

/// A office with small files, half of them after a snapshot.
async fn small_files() -> (Office, BTreeMap<String, String>) {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let mut written = BTreeMap::new();
    let sizes = [0, 1, 300, 511, 512, 513, 4_096, 65_536].into_iter().cycle();
    for (number, size) in (0..24).zip(sizes) {
        if number == 12 {
            open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
        }
        let (at, content) = (format!("file {number}"), bytes(number, size));
        open.put(&space, &at, &content).await;
        written.insert(at, sha256(&content));
    }
    open.put(&space, "large", &bytes(99, 200_000)).await;
    written.insert("large".into(), sha256(&bytes(99, 200_000)));
    open.close();
    (office, written)
}

fn packs(office: &Office) -> Vec<PathBuf> {
    let is_pack = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tar");
    files_below(&office.data().join("spaces")).into_iter().filter(is_pack).collect()
}

/// Where headers begin, in order.
fn headers(pack: &[u8]) -> Vec<usize> {
    let is_header = |at: &usize| pack[*at + 257..].starts_with(b"ustar");
    (0..pack.len() - BLOCK).step_by(BLOCK).filter(is_header).collect()
}

fn spoil(office: &Office, spoil: impl Fn(&mut [u8])) {
    for path in packs(office) {
        let mut pack = fs::read(&path).unwrap();
        for (number, at) in headers(&pack).into_iter().enumerate() {
            let header = &mut pack[at..at + BLOCK];
            match number % 3 {
                0 => header.fill(0),
                1 => header.fill(0xa5),
                _ => spoil(header),
            }
        }
        fs::write(&path, pack).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_without_headers_come_back_all_of_them() {
    for with_snapshot in [false, true] {
        let (office, written) = small_files().await;
        // The last third keeps its name.
        spoil(&office, |header| header[150] ^= 1);
        office.lose_catalog();
        if !with_snapshot {
            fs::remove_dir_all(office.data().join("snapshots")).unwrap();
        }
        for _ in 0..2 {
            let report = office.rebuild(CHEF, 0);
            assert_eq!(report["strays"], serde_json::json!([]), "{report}");
            let open = office.open().await;
            assert_eq!(open.files(&open.space("s").await).await, written, "{report}");
            open.close();
            // Another one changes nothing.
            office.lose_catalog();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_picked_up_is_told_and_no_verification_calls_it_well() {
    let (office, written) = small_files().await;
    let path = packs(&office).remove(0);
    let mut pack = fs::read(&path).unwrap();
    let at = headers(&pack)[4];
    pack[at..at + 2 * BLOCK].fill(0x5a);
    fs::write(&path, pack).unwrap();
    office.lose_catalog();
    fs::remove_dir_all(office.data().join("snapshots")).unwrap();
    let report = office.rebuild(CHEF, 3);
    let strays = report["strays"].as_array().unwrap();
    assert_eq!((strays.len(), &strays[0]["offset"]), (1, &at.into()), "{report}");
    let open = office.open().await;
    assert_eq!(open.files(&open.space("s").await).await.len(), written.len() - 1);
    open.close();
    let verified = office.attempt(["verify"]);
    assert_eq!(verified.code, 3, "{verified}");
    let told = office.attempt(["rebuild", "--from", "catalogue"]);
    assert_eq!(told.code, 3);
    assert!(told.stdout.contains("something that is no file as it is"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_in_the_place_of_a_pack_is_told() {
    let (office, _) = small_files().await;
    let pack = packs(&office).remove(0);
    fs::rename(&pack, office.path("pack.tar")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pack).status().unwrap();
    assert!(made.success());
    office.lose_catalog();
    let report = office.rebuild(CHEF, 3);
    let below = pack.strip_prefix(office.data()).unwrap().display().to_string();
    assert_eq!(report["strangers"], serde_json::json!([below]), "{report}");
}

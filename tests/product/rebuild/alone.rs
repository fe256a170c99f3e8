//! The tree from containers alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tresor::library::{NewFile, Space};
use tresor::model::{EntryId, Stamp, Timestamp, UploadShape, WriteSerial};
use tresor::uploads::{UploadLimits, UploadsOf};
use tresor::vault::container::{ContainerMeta, Part};
use tresor::vault::disk::LocalDisk;
use tresor::vault::writer::ContainerWriter;

use crate::rebuild::office::{CHEF, access, name, path};
use crate::support::content::{bytes, files_below, sha256};
use crate::support::office::{Office, Open};

const SIZES: [usize; 10] = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_048_575, 1_048_576, 1_048_577, 5_000];
const NAMES: [&str; 8] = [
    "Bilanz.pdf",
    "A\u{308}nderung.txt",
    "Übersicht",
    ".verborgen",
    "ohne Endung",
    "100% (alt) [neu].txt",
    "日本語.docx",
    "a;b='c'.csv",
];
const FOLDERS: [&str; 5] = ["", "Mandant Müller", "Mandant Müller/2026", "u\u{308}ber/tief/tiefer", "Alt"];
const SPACES: [&str; 3] = ["Müller GmbH", "Kanzlei intern", "O'Brien & Söhne"];

/// The contents in the order of writing, by space and path.
#[derive(Default)]
struct Written(BTreeMap<(usize, String), Vec<String>>);

/// A small generator; the same tree for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

async fn fill(open: &Open, seed: u64, steps: usize) -> (Vec<Space>, Written) {
    let (mut dice, mut written, mut spaces) = (Dice(seed), Written::default(), Vec::new());
    for space in SPACES {
        let space = open.add_space(space).await;
        for folder in [
            "Mandant Müller",
            "Mandant Müller/2026",
            "u\u{308}ber",
            "u\u{308}ber/tief",
            "u\u{308}ber/tief/tiefer",
            "Alt",
        ] {
            open.folder(&space, folder).await;
        }
        spaces.push(space);
    }
    let mut alive: BTreeSet<(usize, String)> = BTreeSet::new();
    for step in 0..steps {
        let space = dice.roll(spaces.len());
        let (folder, file) = (FOLDERS[dice.roll(FOLDERS.len())], NAMES[dice.roll(NAMES.len())]);
        let at = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        let content = bytes(seed * 10_000 + step as u64, SIZES[dice.roll(SIZES.len())]);
        match dice.roll(10) {
            0 if alive.contains(&(space, at.clone())) => {
                open.delete(&spaces[space], &at).await;
                alive.remove(&(space, at));
            }
            // Into another space: the containers are rewrapped there and say where they are.
            1 | 2 if alive.contains(&(space, at.clone())) => {
                let (to, target) = ((space + 1) % spaces.len(), format!("Alt/carried {step}"));
                let hash = open.hash(&spaces[space], &at, None).await;
                if dice.roll(2) == 0 {
                    open.mv(&spaces[space], &at, &spaces[to], &target).await;
                    alive.remove(&(space, at));
                } else {
                    open.copy(&spaces[space], &at, &spaces[to], &target).await;
                }
                written.0.entry((to, target.clone())).or_default().push(hash);
                alive.insert((to, target));
            }
            _ => {
                open.put(&spaces[space], &at, &content).await;
                written.0.entry((space, at.clone())).or_default().push(sha256(&content));
                alive.insert((space, at));
            }
        }
    }
    (spaces, written)
}

/// A path as it was and its later numbered namesakes.
fn is_namesake(path: &str, of: &str) -> bool {
    let (folder, file) = of.rsplit_once('/').map_or(("", of), |(folder, file)| (folder, file));
    let (stem, extension) = match file.rfind('.') {
        Some(dot) if dot > 0 => file.split_at(dot),
        _ => (file, ""),
    };
    let Some(rest) = path.strip_prefix(folder).map(|rest| rest.trim_start_matches('/')) else { return false };
    rest == file
        || rest.strip_prefix(stem).and_then(|rest| rest.strip_suffix(extension)).is_some_and(|number| {
            number
                .strip_prefix(" (")
                .and_then(|n| n.strip_suffix(')'))
                .is_some_and(|n| n.parse::<u32>().is_ok())
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn all_contents_come_back_with_path_and_space() {
    for seed in [1, 2] {
        let office = Office::with_instance();
        let open = office.open().await;
        let (spaces, written) = fill(&open, seed, 120).await;
        open.instance
            .library
            .rename_space(spaces[0].id, &name("Müller & Partner"), Stamp::owner(Timestamp::now()))
            .await
            .unwrap();
        // Upkeep removes the garbage for good.
        open.instance.library.upkeep(Timestamp::now()).await.unwrap();
        open.close();
        let containers = files_below(&office.data().join("spaces")).len();
        office.lose_catalog();

        let report = office.rebuild(CHEF, 0);
        assert_eq!(report["base"], "containers", "{report}");
        assert_eq!(report["administrator"], "chef");
        assert_eq!(report["added"], report["containers"]);
        assert_eq!(
            files_below(&office.data().join("spaces")).len(),
            containers,
            "nothing is written or removed"
        );

        let open = office.open().await;
        let found = open.instance.library.spaces().await.unwrap();
        assert_eq!(found.len(), spaces.len());
        for (index, before) in spaces.iter().enumerate() {
            let space = found.iter().find(|space| space.id == before.id).unwrap();
            let expected = if index == 0 { "Müller & Partner" } else { SPACES[index] };
            assert_eq!((space.name.as_str(), space.kind), (expected, before.kind));
            assert_eq!(space.settings, before.settings);
            let files = open.files(space).await;
            for ((_, at), contents) in written.0.iter().filter(|((of, _), _)| *of == index) {
                // The content written last has the path, unless nothing was replaced by it.
                let newest = contents.last().unwrap();
                assert_eq!(files.get(at), Some(newest), "{at} in {expected}");
                let namesakes: Vec<_> = files.keys().filter(|path| is_namesake(path, at)).collect();
                let mut there = BTreeSet::new();
                for namesake in namesakes {
                    there.extend(open.hashes(space, namesake).await);
                }
                for content in contents {
                    // An empty content that was replaced is no version.
                    assert!(there.contains(content) || *content == sha256(b""), "{at}: {content} is lost");
                }
            }
        }
        assert!(open.instance.accounts.grants().await.unwrap().is_empty());
        open.close();
        assert_catalogue_and_disk_agree(&office).await;
    }
}

async fn assert_catalogue_and_disk_agree(office: &Office) {
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
    assert_nothing_is_unknown(office).await;
}

async fn assert_nothing_is_unknown(office: &Office) {
    let open = office.open().await;
    let far = Timestamp(Timestamp::now().0 + 3 * 86_400_000);
    let swept = open.instance.library.sweep(far).await.unwrap();
    assert_eq!(swept.removed, 0, "no container is unknown");
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tag_for_every_file_and_room_for_new_ones() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let before = open.put(&space, "a", b"one").await;
    open.close();
    office.lose_catalog();
    office.rebuild(CHEF, 0);
    let open = office.open().await;
    let space = open.space("s").await;
    let after =
        open.instance.library.find(&access(&space), &crate::rebuild::office::path("a")).await.unwrap();
    assert_eq!(after.id, before.id, "clients that know ids find their file");
    assert_ne!(after.etag, before.etag);
    assert_eq!(after.modified, before.modified);
    let new = open.put(&space, "b", b"two").await;
    assert!(new.id > after.id);
    open.put(&space, "a", b"three").await;
    assert_eq!(open.hashes(&space, "a").await, [sha256(b"three"), sha256(b"one")]);
    open.close();
    // And once more, with the files written since.
    office.lose_catalog();
    office.rebuild(CHEF, 0);
    let open = office.open().await;
    let space = open.space("s").await;
    assert_eq!(open.hashes(&space, "a").await, [sha256(b"three"), sha256(b"one")]);
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_with_one_path_the_newer_keeps_it() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "report.pdf", b"first").await;
    open.delete_earlier(&space, "report.pdf").await;
    open.put(&space, "report.pdf", b"second").await;
    // In capitals it is the same name to a client.
    open.delete_earlier(&space, "report.pdf").await;
    open.put(&space, "Report.pdf", b"third").await;
    // A file whose name a folder has later.
    open.put(&space, "thing", b"a file").await;
    open.delete_earlier(&space, "thing").await;
    open.folder(&space, "thing").await;
    open.put(&space, "thing/inside", b"below").await;
    open.close();
    office.lose_catalog();
    let report = office.rebuild(CHEF, 0);
    assert_eq!(report["displaced"].as_array().unwrap().len(), 3, "{report}");
    let open = office.open().await;
    let files = open.files(&open.space("s").await).await;
    let expected = [
        ("Report.pdf", "third"),
        ("report (2).pdf", "second"),
        ("report (3).pdf", "first"),
        ("thing (2)", "a file"),
        ("thing/inside", "below"),
    ];
    for (at, content) in expected {
        assert_eq!(files.get(at), Some(&sha256(content.as_bytes())), "{at}: {files:?}");
    }
    assert_eq!(files.len(), expected.len() + 1);
    open.close();
}

/// Copies into another space drew their numbers from behind those set aside for uploads: a file stored over such
/// a copy had a lower number than the copy, and a rebuild made the copy the present content again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_stored_over_a_copy_from_another_space_stays_the_newer_one() {
    let office = Office::with_instance();
    let open = office.open().await;
    let (one, other) = (open.add_space("one").await, open.add_space("other").await);
    open.put(&one, "a", b"of the other space").await;
    open.copy(&one, "a", &other, "copied").await;
    open.put(&other, "copied", b"stored over it").await;
    open.mv(&one, "a", &other, "moved").await;
    open.put(&other, "moved", b"stored over that").await;
    open.close();
    office.lose_catalog();
    office.rebuild(CHEF, 0);
    let open = office.open().await;
    let other = open.space("other").await;
    for (at, present) in [("copied", "stored over it"), ("moved", "stored over that")] {
        let expected = [sha256(present.as_bytes()), sha256(b"of the other space")];
        assert_eq!(open.hashes(&other, at).await, expected, "{at}");
    }
    open.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_containers_are_kept_listed_and_never_swept() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let keyless = open.add_space("k").await;
    for (at, size) in [("header", 70_000), ("end", 70_000), ("cut", 200_000), ("good", 100_000)] {
        open.put(&space, at, &bytes(size as u64 + at.len() as u64, size)).await;
    }
    open.put(&keyless, "locked in", &bytes(9, 80_000)).await;
    open.close();
    let containers = files_below(&office.data().join("spaces").join(space.id.to_string()));
    let spoil: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes[60] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.truncate(bytes.len() - 65_552),
    ];
    let mut spoilt = 0;
    for container in &containers {
        let mut content = fs::read(container).unwrap();
        // Their names do not say which file is which; only the good one has its length.
        if content.len() > 100_000 && content.len() < 110_000 {
            continue;
        }
        spoil[spoilt](&mut content);
        fs::write(container, content).unwrap();
        spoilt += 1;
    }
    assert_eq!(spoilt, 3);
    fs::remove_file(office.data().join(format!("keys/spaces/{}.age", keyless.id))).unwrap();
    office.lose_catalog();

    let report = office.rebuild(CHEF, 3);
    let mut reasons: Vec<_> =
        report["set_aside"].as_array().unwrap().iter().map(|file| file["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["damaged", "damaged", "damaged", "no-key"], "{report}");
    let kept = files_below(&office.data().join("spaces"));
    // No report says that all is well as long as a file is in no listing.
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 3, "{verified}");
    assert_eq!(verified.stdout.matches("a rebuild left container").count(), 4, "{verified}");
    assert_nothing_is_unknown(&office).await;
    assert_eq!(files_below(&office.data().join("spaces")), kept);
    let open = office.open().await;
    let files = open.files(&open.space("s").await).await;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["good"]);
    open.close();
    // For people it is said as well.
    let outcome = office.attempt([
        "rebuild",
        "--from",
        "containers",
        "--admin",
        "chef",
        "--admin-password-file",
        "admin.password",
    ]);
    assert_eq!(outcome.code, 3, "{outcome}");
    for needle in ["Kept, but part of no file", "no-key", "chef is the only user", "is kept as"] {
        assert!(outcome.stdout.contains(needle), "{needle}: {outcome}");
    }
}

/// A copy of an upload in another space: several numbered containers for one content.
#[tokio::test(flavor = "multi_thread")]
async fn a_content_in_several_containers_comes_back_whole_or_not_at_all() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    open.put(&space, "placeholder", b"x").await;
    open.close();
    let keys = office.keys();
    let key = keys.space_key(space.id).unwrap();
    let disk = LocalDisk::new(office.data());
    let write = |serial: i64, segment: u32, content: &[u8], size: Option<u64>| {
        let meta = ContainerMeta {
            entry: EntryId(5_000),
            path: path("long/Upload.bin"),
            modified: Timestamp(1_700_000_000_000),
            serial: WriteSerial(serial),
            written: Timestamp(1_700_000_000_000),
            segment,
            size,
            part: Part::Numbered,
        };
        let mut writer = ContainerWriter::create(&disk, &key, space.id, &meta).unwrap();
        writer.write(content).unwrap();
        writer.finish().unwrap();
    };
    let content = bytes(7, 1_000_000);
    let cuts = [0, 65_536, 400_001, 1_000_000];
    for (segment, cut) in (0..).zip(cuts.windows(2)) {
        write(5_001, segment, &content[cut[0]..cut[1]], (segment == 2).then_some(1_000_000));
    }
    // A later one without its end.
    write(5_002, 0, &content[..70_000], Some(900_000));
    office.lose_catalog();
    let report = office.rebuild(CHEF, 3);
    assert_eq!(report["set_aside"][0]["reason"], "incomplete", "{report}");
    let open = office.open().await;
    let files = open.files(&open.space("s").await).await;
    assert_eq!(files["long/Upload.bin"], sha256(&content));
    let new = open.put(&space, "next", b"y").await;
    assert!(new.id > EntryId(5_002), "no number is given twice");
    open.close();
}

/// Uploads name the file of their containers only at their end.
#[tokio::test(flavor = "multi_thread")]
async fn finished_uploads_come_back_and_unfinished_ones_are_kept_aside() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let limits = UploadLimits { segment: 100_000, ..UploadLimits::default() };
    open.instance.uploads.set_limits(limits);
    open.folder(&space, "Akte").await;
    open.put(&space, "Akte/alt.bin", b"before the upload").await;
    let contents = [bytes(1, 350_000), bytes(2, 0), bytes(3, 27_400), bytes(4, 250_000)];
    let begin = async |shape| open.begin_upload(&space, shape).await;
    let linear = begin(UploadShape::Linear).await;
    // Overwritten while it was under way: the upload is the later content.
    open.append(&space, linear, 0, &contents[0][..150_000]).await;
    open.put(&space, "Akte/alt.bin", b"meanwhile").await;
    open.append(&space, linear, 150_000, &contents[0][150_000..]).await;
    open.finish(&space, linear, "Akte/alt.bin").await;
    let empty = begin(UploadShape::Linear).await;
    open.finish(&space, empty, "leer").await;
    // More pieces than one closing container names, out of order, some replaced.
    let chunked = begin(UploadShape::Chunked).await;
    for (number, part) in contents[2].chunks(100).enumerate().rev() {
        if number % 50 == 0 {
            open.chunk(&space, chunked, number, b"replaced").await;
        }
        open.chunk(&space, chunked, number, part).await;
    }
    open.finish(&space, chunked, "Akte/viele").await;
    let unfinished = begin(UploadShape::Linear).await;
    open.append(&space, unfinished, 0, &contents[3]).await;
    open.instance.library.upkeep(Timestamp::now()).await.unwrap();
    let (before, versions) = (open.files(&space).await, open.hashes(&space, "Akte/alt.bin").await);
    assert_eq!(versions[0], sha256(&contents[0]));
    open.close();

    office.lose_catalog();
    let report = office
        .rebuild(["--from", "containers", "--admin", "chef", "--admin-password-file", "admin.password"], 0);
    let set_aside = report["set_aside"].as_array().unwrap();
    assert_eq!(set_aside.len(), 3, "{report}");
    assert!(set_aside.iter().all(|one| one["reason"] == "unfinished-upload"), "{report}");
    let open = office.open().await;
    let space = open.space("s").await;
    assert_eq!(open.files(&space).await, before);
    assert_eq!(open.hashes(&space, "Akte/alt.bin").await, versions);
    assert_eq!(before["Akte/viele"], sha256(&contents[2]));
    open.close();
    assert_lost_uploads_are_no_finding_and_go(&office, 3).await;
}

/// The remains of uploads that no client can go on with take room for a week and a day, and go by themselves.
async fn assert_lost_uploads_are_no_finding_and_go(office: &Office, containers: u64) {
    let verified = office.attempt(["verify", "--full"]);
    assert_eq!(verified.code, 0, "{verified}");
    let day = |days: i64| Timestamp(Timestamp::now().0 + days * 86_400_000);
    let open = office.open().await;
    for (at, gone) in [(day(6), 0), (day(9), containers)] {
        open.instance.uploads.upkeep(at).await.unwrap();
        open.instance.library.upkeep(at).await.unwrap();
        assert_eq!(open.instance.library.sweep(at).await.unwrap().removed, gone);
    }
    open.close();
}

/// A snapshot may know an upload that was finished since, and clients have got later offsets than it knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_ended_after_the_snapshot_comes_back_from_its_containers() {
    let office = Office::with_instance();
    let open = office.open().await;
    let space = open.add_space("s").await;
    let content = bytes(1, 400_000);
    let upload = open.begin_upload(&space, UploadShape::Linear).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let other = open.begin_upload(&space, UploadShape::Linear).await;
        open.append(&space, other, 0, &content[..150_000]).await;
        others.push(other);
    }
    open.append(&space, upload, 0, &content[..150_000]).await;
    open.instance.recovery.snapshot(Timestamp::now()).await.unwrap();
    open.append(&space, upload, 150_000, &content[150_000..]).await;
    open.finish(&space, upload, "a").await;
    open.append(&space, others[0], 150_000, &content[150_000..]).await;
    let everybody = UploadsOf::Everybody;
    open.instance
        .uploads
        .cancel(&access(&space), everybody, others[1], Stamp::owner(Timestamp::now()))
        .await
        .unwrap();
    open.close();
    office.lose_catalog();
    let report = office.rebuild([], 0);
    let reasons: Vec<_> = report["set_aside"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert_eq!(reasons, ["unfinished-upload", "unfinished-upload"], "{report}");
    assert!(report["missing"].as_array().unwrap().is_empty(), "{report}");
    let open = office.open().await;
    let space = open.space("s").await;
    assert_eq!(open.hash(&space, "a", None).await, sha256(&content));
    assert_eq!(space.used.0, 400_000 + 150_000);
    // The client of the unchanged one has the offset that the snapshot knows.
    let left = open.instance.uploads.list(&[access(&space)], everybody).await.unwrap();
    assert_eq!(
        left.iter().map(|upload| (upload.id, upload.received)).collect::<Vec<_>>(),
        [(others[2], 150_000)]
    );
    open.append(&space, others[2], 150_000, &content[150_000..]).await;
    open.finish(&space, others[2], "b").await;
    assert_eq!(open.hash(&space, "b", None).await, sha256(&content));
    open.close();
    assert_lost_uploads_are_no_finding_and_go(&office, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_moved_away_during_an_upload_to_its_old_path_stays_another_one() {
    for size in [1_000, 700_000] {
        let office = Office::with_instance();
        let open = office.open().await;
        let space = open.add_space("s").await;
        open.folder(&space, "archive").await;
        open.put(&space, "moved", &bytes(1, size)).await;
        open.put(&space, "deleted", &bytes(2, size)).await;
        let mut uploads = Vec::new();
        for (at, seed) in [("moved", 3), ("deleted", 4), ("made", 5)] {
            let file = NewFile { path: path(at), size: None, modified: None, checksum: None };
            let mut session = open.instance.library.begin_put(open.change(&space), file).await.unwrap();
            session.write(bytes(seed, size).into()).await.unwrap();
            uploads.push(session);
        }
        open.mv_as(open.earlier_change(&space), "moved", &space, "archive/moved").await;
        open.delete_earlier(&space, "deleted").await;
        open.put(&space, "made", &bytes(6, size)).await;
        for session in uploads {
            session.commit(Timestamp::now()).await.unwrap();
        }
        let before = open.files(&space).await;
        assert_eq!(before.len(), 5, "{before:?}");
        open.close();
        let verified = office.attempt(["verify", "--full"]);
        assert_eq!(verified.code, 0, "no container is left over: {verified}");

        office.lose_catalog();
        office.rebuild(CHEF, 0);
        let open = office.open().await;
        let space = open.space("s").await;
        let after = open.files(&space).await;
        // Containers know no renames: moved and deleted files are back under the names that they were written with.
        for (at, seed) in [("moved", 3), ("moved (2)", 1), ("deleted", 4), ("deleted (2)", 2), ("made", 5)] {
            assert_eq!(after.get(at), Some(&sha256(&bytes(seed, size))), "{at}: {after:?}");
        }
        assert_eq!(open.hashes(&space, "made").await, [5, 6].map(|seed| sha256(&bytes(seed, size))));
        assert_eq!(open.hashes(&space, "moved").await.len(), 1);
        open.close();
    }
}

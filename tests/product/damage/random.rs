//! Random damage, one at a time: found by verification, and no damaged byte sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tresor::model::{ContainerId, SpaceId, Timestamp, VerifyMode};

use crate::damage::archive::{Archive, CHUNK, Opened, Place, seal, verify};
use crate::damage::chance::{Random, damages, later, seed};
use crate::support::content::bytes;

const SEALED_CHUNK: usize = CHUNK + 16;
const PAGE: usize = 4_096;

/// A change to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    FlipHeader,
    FlipStanza,
    FlipMac,
    FlipNonce,
    FlipChunk,
    FlipTag,
    FlipLastChunk,
    Cut,
    CutAtChunk,
    Append,
    Missing,
    Swap,
    Older,
    Foreign,
    Zeroes,
}

const ALL: [Damage; 15] = [
    Damage::FlipHeader,
    Damage::FlipStanza,
    Damage::FlipMac,
    Damage::FlipNonce,
    Damage::FlipChunk,
    Damage::FlipTag,
    Damage::FlipLastChunk,
    Damage::Cut,
    Damage::CutAtChunk,
    Damage::Append,
    Damage::Missing,
    Damage::Swap,
    Damage::Older,
    Damage::Foreign,
    Damage::Zeroes,
];

impl Damage {
    /// Whether a quick verification promises to find it.
    fn is_quick(self) -> bool {
        !matches!(self, Self::FlipChunk | Self::FlipTag | Self::Zeroes)
    }
}

/// The parts of a container's file.
struct Anatomy {
    /// Where the MAC line begins.
    mac: usize,
    /// Where the payload's nonce begins.
    nonce: usize,
    /// Where the payload begins.
    payload: usize,
}

impl Anatomy {
    fn of(container: &[u8]) -> Self {
        let mac = container.windows(5).position(|window| window == b"\n--- ").unwrap() + 1;
        let nonce = mac + container[mac..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        Self { mac, nonce, payload: nonce + 16 }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_damaged_container_is_found_and_none_of_its_bytes_is_sent() {
    let count = damages();
    eprintln!("{count} damages");
    let archive = Archive::new().await;
    let opened = archive.open_now().await;
    let containers = archive.containers();
    let mut random = Random(seed());
    let mut done: BTreeMap<Damage, u64> = BTreeMap::new();
    for number in 0..count {
        let damage = *random.pick(&ALL);
        let damaged = apply(damage, &archive, &containers, &mut random);
        check_found(&archive, &opened, damage, &damaged, number).await;
        for (_, file, pristine) in &damaged {
            fs::write(file, pristine).unwrap();
        }
        *done.entry(damage).or_default() += 1;
    }
    eprintln!("{done:?}");
    assert_eq!(done.len(), ALL.len(), "every kind was tried");
    let clean = verify(&opened.recovery, VerifyMode::Full, later(count)).await.unwrap();
    assert_eq!((clean.findings, clean.unknown.count), (Vec::new(), 0));
    assert_eq!(opened.library.integrity().await.unwrap().damaged, 0);
    assert_eq!(archive.read_all(&opened.library).await, []);
}

/// Files as they were before.
type Damaged = Vec<(ContainerId, PathBuf, Vec<u8>)>;

fn apply(
    damage: Damage,
    archive: &Archive,
    containers: &BTreeMap<ContainerId, PathBuf>,
    random: &mut Random,
) -> Damaged {
    let ids: Vec<ContainerId> = containers.keys().copied().collect();
    let id = *random.pick(&ids);
    let file = containers[&id].clone();
    let pristine = fs::read(&file).unwrap();
    let anatomy = Anatomy::of(&pristine);
    let mut bytes_now = pristine.clone();
    let mut flip = |from: usize, to: usize, random: &mut Random| {
        bytes_now[from + random.below(to - from)] ^= 1 << random.below(8);
    };
    let last = anatomy.payload + (pristine.len() - anatomy.payload - 1) / SEALED_CHUNK * SEALED_CHUNK;
    let full_chunks = (last - anatomy.payload) / SEALED_CHUNK;
    let mut damaged = vec![(id, file.clone(), pristine.clone())];
    match damage {
        Damage::FlipHeader => flip(0, anatomy.nonce, random),
        Damage::FlipStanza => {
            let stanza = pristine.windows(9).position(|window| window == b"-> tresor").unwrap();
            flip(stanza, anatomy.mac, random);
        }
        Damage::FlipMac => flip(anatomy.mac, anatomy.nonce, random),
        Damage::FlipNonce => flip(anatomy.nonce, anatomy.payload, random),
        Damage::FlipChunk => flip(anatomy.payload, last.max(anatomy.payload + 1), random),
        Damage::FlipTag => {
            let chunk = random.below(full_chunks.max(1));
            let tag = (anatomy.payload + (chunk + 1) * SEALED_CHUNK).min(pristine.len()) - 16;
            flip(tag, tag + 16, random);
        }
        Damage::FlipLastChunk => flip(last, pristine.len(), random),
        Damage::Cut => bytes_now.truncate(random.below(pristine.len())),
        Damage::CutAtChunk => {
            bytes_now.truncate(anatomy.payload + random.below(full_chunks + 1) * SEALED_CHUNK);
            if bytes_now.len() == pristine.len() {
                bytes_now.pop();
            }
        }
        Damage::Append => {
            let count = *random.pick(&[1, 16, 17, PAGE, SEALED_CHUNK]);
            bytes_now.extend(bytes(random.next(), count));
        }
        Damage::Missing => {}
        Damage::Swap | Damage::Older => {
            // Any other container of the archive.
            let other = *random.pick(&ids.iter().copied().filter(|other| *other != id).collect::<Vec<_>>());
            let other_bytes = fs::read(&containers[&other]).unwrap();
            if damage == Damage::Swap {
                fs::write(&containers[&other], &pristine).unwrap();
                damaged.push((other, containers[&other].clone(), other_bytes.clone()));
            }
            bytes_now = other_bytes;
        }
        Damage::Foreign => {
            // Sealed to the right recipient by an attacker who knows it, of the same length if need be.
            let plain = pristine.len() - anatomy.payload - 16 * (full_chunks + 1);
            let space = space_of(&file);
            let forged = seal(&archive.store, space, 1, 0, &bytes(random.next(), plain));
            let forged_file = file.parent().unwrap().parent().unwrap();
            let name = forged.id.to_string();
            let forged_file = forged_file.join(&name[..2]).join(format!("{name}.age"));
            bytes_now = fs::read(&forged_file).unwrap();
            fs::remove_file(forged_file).unwrap();
        }
        Damage::Zeroes => {
            // A lost page inside a chunk that is not the last.
            let at = anatomy.payload + random.below((last - anatomy.payload).max(1));
            let end = (at + PAGE).min(last).max(at + 1);
            bytes_now[at..end].fill(0);
            if bytes_now == pristine {
                bytes_now[at] ^= 1;
            }
        }
    }
    if damage == Damage::Missing {
        fs::remove_file(&file).unwrap();
    } else {
        assert_ne!(bytes_now, pristine, "{damage:?} changes something");
        fs::write(&file, bytes_now).unwrap();
    }
    damaged
}

fn space_of(file: &std::path::Path) -> SpaceId {
    file.ancestors().nth(2).unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap()
}

async fn check_found(archive: &Archive, opened: &Opened, damage: Damage, damaged: &Damaged, number: u64) {
    let now = later(number);
    if damage.is_quick() && number.is_multiple_of(4) {
        let report = verify(&opened.recovery, VerifyMode::Quick, now).await.unwrap();
        for (id, ..) in damaged {
            assert!(report.about(*id).is_some(), "{number} {damage:?}: quick, {:?}", report.kinds());
        }
    }
    let report = verify(&opened.recovery, VerifyMode::Full, Timestamp(now.0 + 1)).await.unwrap();
    assert_eq!(report.findings.len(), damaged.len(), "{number} {damage:?}: {:#?}", report.findings);
    let mut concerned: Vec<(String, tresor::model::VersionId)> = Vec::new();
    for (id, ..) in damaged {
        let finding =
            report.about(*id).unwrap_or_else(|| panic!("{number} {damage:?}: {:?}", report.kinds()));
        let places = archive.places_of(opened, *id).await;
        assert_eq!(finding.uses.len(), places.len(), "{number} {damage:?}");
        for (path, version) in places {
            let used = finding.uses.iter().find(|used| used.version == version).unwrap();
            assert!(used.path == format!("/{path}") || path.is_empty(), "{} is {path}", used.path);
            concerned.push((path, version));
        }
    }
    assert_eq!(opened.library.integrity().await.unwrap().damaged, damaged.len() as u64);
    let failed = archive.read_all(&opened.library).await;
    for Place { path, version, .. } in failed {
        let is_concerned = concerned
            .iter()
            .any(|(place, content)| place == path && version.is_none_or(|version| version == *content));
        assert!(is_concerned, "{number} {damage:?}: {path} {version:?} is not damaged");
    }
}

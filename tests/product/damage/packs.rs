//! Packs: a flipped bit costs the container it falls into, and no other.

use std::collections::BTreeSet;
use std::fs;

use tresor::model::{PackedPlace, Place, Stamp, VerifyMode};
use tresor::vault::disk::Containers;

use crate::damage::archive::{CHUNK, verify};
use crate::damage::chance::{Random, damages, later, seed};
use crate::library::store::Store;
use crate::support::content::bytes;

#[tokio::test(flavor = "multi_thread")]
async fn every_damaged_byte_of_a_packed_container_is_found() {
    let store = Store::new().await;
    let mut sizes = [0, 1, 100, 700, 5_000, CHUNK].into_iter().cycle();
    let truth: Vec<Vec<u8>> = (0..30).map(|seed| bytes(seed, sizes.next().unwrap())).collect();
    for (number, content) in truth.iter().enumerate() {
        store.put(&format!("f{number}"), content).await.unwrap();
    }
    store.delete("f29").await.unwrap();
    let trash = store.library.trash(&store.access()).await.unwrap();
    store
        .library
        .purge(&store.access(), Stamp::owner(tresor::model::Timestamp::now()), trash[0].entry)
        .await
        .unwrap();
    let (mut members, mut packs) = (Vec::new(), BTreeSet::new());
    store
        .disk
        .list(&mut |file| {
            let Place::Packed(place) = file.place else { panic!("{file:?} is small") };
            members.push((file.id, place));
            packs.insert(place.pack);
            Ok(())
        })
        .unwrap();
    assert_eq!((members.len(), packs.len()), (29, 1));
    let pack = format!("spaces/{}/packs/{}.tar", store.space.id, packs.first().unwrap());
    let pack = store.dir.path().join(pack);
    let pristine = fs::read(&pack).unwrap();

    let mut random = Random(seed());
    let (mut inside, mut outside) = (0, 0);
    for number in 0..(damages() / 5).max(100) {
        // Anywhere in the pack, or near a member's beginning, where its header is.
        let mut at = random.below(pristine.len());
        if number % 2 == 0 {
            let (_, place) = random.pick(&members);
            at = usize::try_from(place.offset).unwrap() - 512 + random.below(1_500);
        }
        let mut damaged = pristine.clone();
        damaged[at] ^= 1 << random.below(8);
        fs::write(&pack, damaged).unwrap();
        let report = verify(&store.recovery, VerifyMode::Quick, later(number)).await.unwrap();
        let covers =
            |place: &PackedPlace| (place.offset - 512..place.offset + place.length).contains(&(at as u64));
        if let Some((id, place)) = members.iter().find(|(_, place)| covers(place)) {
            inside += 1;
            assert_eq!(report.findings.len(), 1, "{number}: byte {at}: {:?}", report.kinds());
            let finding = report.about(*id).unwrap();
            assert_eq!(finding.kind.as_str() == "unnamed", (at as u64) < place.offset, "{finding:?}");
            let file = format!("spaces/{}/packs/{}.tar", store.space.id, place.pack);
            assert_eq!(finding.file().unwrap(), file);
        } else {
            outside += 1;
            assert_eq!(report.kinds(), [""; 0], "{number}: byte {at}");
        }
        for (file, content) in truth.iter().enumerate().take(29) {
            if let Ok(read) = store.read(&format!("f{file}")).await {
                assert!(read == *content, "{number}: byte {at}: f{file}");
            }
        }
    }
    fs::write(&pack, &pristine).unwrap();
    eprintln!("{inside} in containers and their headers, {outside} between them");
    assert!(inside > outside && outside > 0);

    // Cut short, a member is of wrong length, and those behind it too; without the pack all are missing.
    let (_, last) = members.iter().max_by_key(|(_, place)| place.offset).unwrap();
    fs::write(&pack, &pristine[..usize::try_from(last.offset).unwrap()]).unwrap();
    let report = verify(&store.recovery, VerifyMode::Quick, later(1 << 30)).await.unwrap();
    assert_eq!(report.kinds(), ["wrong-length"]);
}

//! Chance from a fixed seed, and how much of it.

use tresor::model::Timestamp;

use crate::library::store::NOW;

/// Damages of a normal run; `TRESOR_TEST_DAMAGES` asks for more.
const DAMAGES: u64 = 1_000;
/// Of a normal run; `TRESOR_TEST_SEED` asks for others.
const SEED: u64 = 0x0d15_ea5e_0b57_ac1e;

/// `SplitMix64`: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Each damage at a time of its own, so that each is forgotten by the next one's verification.
pub fn later(number: u64) -> Timestamp {
    Timestamp(NOW.0 + 10 + 2 * i64::try_from(number).unwrap())
}

pub fn seed() -> u64 {
    let seed = std::env::var("TRESOR_TEST_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    eprintln!("TRESOR_TEST_SEED={seed}");
    seed
}

pub fn damages() -> u64 {
    std::env::var("TRESOR_TEST_DAMAGES").map_or(DAMAGES, |count| count.parse().unwrap())
}

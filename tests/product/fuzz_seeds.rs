//! The fuzz targets on their committed seeds and on changes to them that are the same in each run. `make fuzz` runs them
//! under libFuzzer.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "public in the fuzz crate, to which these files belong")]
pub(crate) mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use targets::targets;

/// Changed seeds for each target; `make fuzz` takes new ones for hours.
const RUNS: usize = 2_000;
/// Where the changes begin, unless `TRESOR_TEST_SEED` says otherwise.
const SEED: u64 = 0x5eed;

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> =
        files.map(|file| file.unwrap().path()).map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{name} has no seed");
    seeds
}

#[test]
fn every_parser_keeps_its_promises_on_the_seeds_and_past_findings() {
    for (name, target) in targets() {
        for (path, seed) in seeds(name) {
            println!("{}", path.display());
            target(&seed);
        }
    }
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")).unwrap();
    assert_eq!(folders.count(), targets().count(), "a folder of seeds for each target and no other");
}

#[test]
fn every_parser_keeps_its_promises_on_changed_seeds() {
    let start = std::env::var("TRESOR_TEST_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    for (name, target) in targets() {
        let seeds: Vec<_> = seeds(name).into_iter().map(|(_, seed)| seed).collect();
        let mut dice = Dice(start | 1);
        for run in 0..RUNS {
            let input = dice.change(&seeds);
            let outcome = std::panic::catch_unwind(|| target(&input));
            if let Err(panic) = outcome {
                eprintln!("{name}, run {run}, {} bytes: {}", input.len(), input.escape_ascii());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

const SPECIAL: &[u8] = b"\0\n\r \"%&'(),-./:;<=>[]{}\xff0aZ";

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap() % sides.max(1)
    }

    /// A seed with a few bytes or runs of bytes changed, removed, repeated or taken from another seed.
    fn change(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.roll(seeds.len())].clone();
        for _ in 0..=self.roll(6) {
            let at = self.roll(input.len() + 1);
            let longest = 1 << self.roll(8);
            let run = self.roll(longest).min(input.len() - at);
            match self.roll(6) {
                0 if at < input.len() => input[at] ^= 1_u8 << self.roll(8),
                1 if at < input.len() => input[at] = SPECIAL[self.roll(SPECIAL.len())],
                2 => drop(input.drain(at..at + run)),
                3 => {
                    let piece = input[at..at + run].to_vec();
                    input.splice(at..at, piece.repeat(1 + self.roll(4)));
                }
                4 => {
                    let other = &seeds[self.roll(seeds.len())];
                    let from = self.roll(other.len() + 1);
                    let to = (from + self.roll(200)).min(other.len());
                    input.splice(at..at, other[from..to].iter().copied());
                }
                _ => input.insert(at, u8::try_from(self.roll(256)).unwrap()),
            }
        }
        input.truncate(70_000);
        input
    }
}

//! Every parser of bytes that others chose, as functions of bytes alone.
//!
//! Each target checks a promise, not only that nothing panics: what is read can be written and read
//! again, bounds hold, damaged bytes never pass. Two runners call them: libFuzzer in `fuzz/`, for hours,
//! and the tests below, which take the committed seeds and some changes to them, the same ones in each run.
//! In the program itself this module does not exist.

#![allow(clippy::unwrap_used, reason = "a target ends at the first broken promise, as a test does")]

use std::path::PathBuf;

use secrecy::SecretString;

use crate::accounts::{AppToken, UserName, device_label, login_name};
use crate::admin::Request;
use crate::config::RawConfig;
use crate::model::{ByteSize, Checksum, ContainerId, SpaceId};

/// A parser and what must be true of it: returns for any input, panics where a promise is broken.
pub type Target = fn(&[u8]);

/// All targets with the names of their seed folders in `fuzz/seeds/`.
pub fn targets() -> impl Iterator<Item = (&'static str, Target)> {
    const OWN: &[(&str, Target)] = &[("config", config), ("owner-line", owner_line), ("words", words)];
    OWN.iter().chain(crate::vault::fuzzing::TARGETS).chain(crate::http::fuzzing::TARGETS).copied()
}

/// A configuration file.
fn config(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data).map_err(drop).and_then(|text| toml::from_str(text).map_err(drop))
    else {
        return;
    };
    let raw: RawConfig = raw;
    let Ok(config) = raw.check(PathBuf::from("data")) else { return };
    config.limits.check().unwrap();
    assert!(config.metrics_listen.is_none_or(|listen| listen.ip().to_canonical().is_loopback()));
}

/// A line on the owner's socket.
fn owner_line(data: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Request>(data) else { return };
    let line = serde_json::to_vec(&request).unwrap();
    let again: Request = serde_json::from_slice(&line).unwrap();
    assert_eq!(serde_json::to_vec(&again).unwrap(), line);
    if let Request::Unlock { .. } = request {
        assert_eq!(
            format!("{request:?}"),
            "Unlock { passphrase: Secret([redacted]) }",
            "secrets do not print"
        );
    }
}

/// Sizes, checksums, ids, names of accounts and device passwords as people and clients write them.
fn words(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(size) = text.parse::<ByteSize>() {
        assert!(i64::try_from(size.0).is_ok(), "the catalogue can hold every size");
        let _ = size.to_string();
    }
    if let Ok(checksum) = text.parse::<Checksum>() {
        assert_eq!(checksum.to_string().parse(), Ok(checksum));
    }
    if let Ok(id) = text.parse::<ContainerId>() {
        assert_eq!(id.to_string(), text, "one id has one spelling");
    }
    let _ = text.parse::<SpaceId>();
    if let Ok(name) = UserName::parse(text) {
        assert_eq!(UserName::parse(name.as_str()), Ok(name.clone()));
        if let Ok(key) = UserName::parse(&name.key()) {
            assert_eq!(
                key.key(),
                name.key(),
                "names that are one account when written small are one account"
            );
        }
    }
    let _ = login_name(text);
    let label = device_label(text);
    assert_eq!(device_label(&label), label, "what is fit to show stays as it is");
    assert!(!label.is_empty() && label.chars().count() <= 100 && !label.chars().any(char::is_control));
    if let Some(token) = AppToken::parse(&SecretString::from(text)) {
        assert!(AppToken::parse(&token.reveal()).is_some(), "a device password reads back as it is shown");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Changed seeds for each target; `make fuzz` takes new ones for hours.
    const RUNS: usize = 2_000;
    /// Where the changes begin, unless `TRESOR_TEST_SEED` says otherwise.
    const SEED: u64 = 0x5eed;

    fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut seeds: Vec<_> = files
            .map(|file| file.unwrap().path())
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect();
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
}

//! Whether an engine can be trusted: it finds a test virus, and passes a harmless text.
//!
//! This reveals an empty database, a service that says yes to everything, a scanner that sticks to its last hit.

use std::hint::black_box;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Engine, Sample, ScanError, Verdict};
use crate::model::random_bytes;

/// Whether an engine's verdicts count.
#[derive(Debug)]
pub enum Trust {
    /// It knows a test virus from a harmless text.
    Trusted,
    /// Its verdicts mean nothing.
    NotTrusted(Distrust),
}

/// Why an engine's verdicts do not count.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It does not find the test virus.
    #[error("the scanner does not find a test virus")]
    MissesTestVirus,
    /// It finds something in a harmless text.
    #[error("the scanner reports a harmless text")]
    ReportsHarmless,
    /// It gives no verdict.
    #[error("the scanner gives no verdict")]
    NoVerdict(#[source] ScanError),
}

/// Tries an engine.
pub fn canary(engine: &dyn Engine) -> Trust {
    match tried(engine) {
        Ok(()) => Trust::Trusted,
        Err(why) => Trust::NotTrusted(why),
    }
}

fn tried(engine: &dyn Engine) -> Result<(), Distrust> {
    let verdict = |content: &[u8]| {
        let report = Sample::of(content).and_then(|sample| engine.scan(&sample));
        report.map(|report| report.verdict).map_err(Distrust::NoVerdict)
    };
    if !matches!(verdict(&test_virus())?, Verdict::Infected { .. }) {
        return Err(Distrust::MissesTestVirus);
    }
    // Another text each time: clamd remembers what was clean.
    let harmless = format!("A text without any harm, number {:016x}.\n", u64::from_ne_bytes(random_bytes()));
    match verdict(harmless.as_bytes())? {
        Verdict::Clean => Ok(()),
        _ => Err(Distrust::ReportsHarmless),
    }
}

/// Whether the engine says so if it looks only at a part of a content, for one that is nested deeper than any
/// scanner looks. Otherwise it also calls clean what it did not read because of its size.
pub fn reports_its_limits(engine: &dyn Engine) -> Result<bool, ScanError> {
    /// Levels of compression; clamd looks into 100 at most, by default into 17.
    const LEVELS: usize = 101;
    // Others each time, so that no memory of an earlier content answers.
    let mut nested = random_bytes::<16>().to_vec();
    for _ in 0..LEVELS {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = encoder.write_all(&nested).and_then(|()| encoder.finish());
        nested = packed.map_err(ScanError::NoMemory)?;
    }
    let report = engine.scan(&Sample::of(&nested)?)?;
    Ok(matches!(report.verdict, Verdict::NotFullyScannable { .. }))
}

/// The test file of EICAR, which every scanner knows. It stands backwards here and in the program, so that no scanner
/// mistakes either for it.
fn test_virus() -> Vec<u8> {
    black_box(r"*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X").bytes().rev().collect()
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_test_virus_is_the_one_that_scanners_know() {
        let expected = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
        assert_eq!(data_encoding::HEXLOWER.encode(&Sha256::digest(test_virus())), expected);
    }
}

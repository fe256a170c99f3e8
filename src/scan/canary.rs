//! Whether an engine can be trusted: it finds a test virus, and passes a harmless text.
//!
//! This reveals an empty database, a service that says yes to everything, a scanner that sticks to its last hit.

use std::hint::black_box;
use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};

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
    // Another text each time: clamd remembers clean contents.
    let harmless = format!("A text without any harm, number {:016x}.\n", u64::from_ne_bytes(random_bytes()));
    match verdict(harmless.as_bytes())? {
        Verdict::Clean => Ok(()),
        _ => Err(Distrust::ReportsHarmless),
    }
}

/// Whether the engine says so if it looks only at a part of a content. One that has a word for that must say so of a
/// content that is nested deeper than any scanner looks; otherwise it also calls contents clean that it did not read
/// because of their size. Any other must find a test virus at the end of the largest content that it takes.
pub fn reports_its_limits(engine: &dyn Engine) -> Result<bool, ScanError> {
    match engine.largest() {
        None => reports_depth(engine),
        Some(size) => match engine.scan(&ends_with_virus(size)?) {
            Ok(report) => Ok(report.verdict != Verdict::Clean),
            Err(ScanError::Early) => Ok(false),
            Err(error) => Err(error),
        },
    }
}

/// A ZIP archive of this many bytes, and at least some hundred, whose last file is the test virus.
fn ends_with_virus(size: u64) -> Result<Sample, ScanError> {
    /// Bytes of both files' headers with names of seven letters, and of the end.
    const FRAME: u64 = 2 * (30 + 7 + 46 + 7) + 22;
    /// Bytes written at once.
    const PIECE: usize = 1 << 20;
    let virus = test_virus();
    let filler = size.saturating_sub(FRAME + virus.len() as u64).min(u64::from(u32::MAX) / 2);
    let zeros = vec![0; PIECE];
    let pieces = || {
        let (whole, rest) =
            (filler / PIECE as u64, usize::try_from(filler % PIECE as u64).unwrap_or_default());
        let last = zeros.get(..rest).unwrap_or_default();
        (0..whole).map(|_| &zeros[..]).chain([last])
    };
    let crc = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut crc = Crc::new();
        pieces.for_each(|piece| crc.update(piece));
        crc.sum()
    };
    // The fields in both headers of a file: version, flags, method, time, CRC, sizes, lengths of the name and of
    // nothing.
    let header = |crc: u32, len: u64| {
        let len = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
        [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x58][..], &crc.to_le_bytes(), &len, &len, &[7, 0, 0, 0]].concat()
    };
    let first = header(crc(&mut pieces()), filler);
    let second = header(crc(&mut std::iter::once(&virus[..])), virus.len() as u64);
    let at = u32::try_from(30 + 7 + filler).unwrap_or(u32::MAX);
    let central = |header: &[u8], at: u32, name: &[u8]| {
        [b"PK\x01\x02\x0a\0", header, &[0; 10], &at.to_le_bytes(), name].concat()
    };
    let directory = [central(&first, 0, b"a.empty"), central(&second, at, b"b.virus")].concat();
    let (len, begin) = (u32::try_from(directory.len()).unwrap_or(u32::MAX), at + 30 + 7 + 68);
    let end = [&b"PK\x05\x06\0\0\0\0\x02\0\x02\0"[..], &len.to_le_bytes(), &begin.to_le_bytes(), &[0, 0]];
    let mut sample = Sample::begin()?;
    let mut write = |bytes: &[u8]| {
        sample.write_all(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => ScanError::TooLarge,
            _ => ScanError::NoMemory(error),
        })
    };
    write(&[b"PK\x03\x04", &first[..], b"a.empty"].concat())?;
    pieces().try_for_each(&mut write)?;
    write(&[b"PK\x03\x04", &second[..], b"b.virus", &virus, &directory, &end.concat()].concat())?;
    sample.seal()
}

fn reports_depth(engine: &dyn Engine) -> Result<bool, ScanError> {
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
    use std::os::fd::{AsFd, AsRawFd};

    use sha2::{Digest, Sha256};

    use super::*;

    /// Python reads it, and finds the test virus in it.
    #[test]
    fn the_largest_content_is_an_archive_with_the_test_virus() {
        for size in [400, 401, (1 << 20) + 302, (3 << 20) + 7] {
            let sample = ends_with_virus(size).unwrap();
            assert_eq!(sample.len(), size);
            let read = "import sys, io, zipfile, hashlib\n\
                        archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\n\
                        assert archive.testzip() is None\n\
                        assert sum(len(archive.read(name)) for name in archive.namelist()) + 202 == int(sys.argv[1])\n\
                        print(hashlib.sha256(archive.read('b.virus')).hexdigest())";
            let input = std::fs::File::open(format!("/proc/self/fd/{}", sample.as_fd().as_raw_fd())).unwrap();
            let mut python = std::process::Command::new("python3");
            let read = python.args(["-c", read, &size.to_string()]).stdin(input).output();
            let read = read.expect("install the Debian package python3");
            let hash = String::from_utf8_lossy(&read.stdout).trim().to_owned();
            assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
            assert_eq!(hash, data_encoding::HEXLOWER.encode(&Sha256::digest(test_virus())));
        }
    }

    #[test]
    fn the_test_virus_is_the_one_that_scanners_know() {
        let expected = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";
        assert_eq!(data_encoding::HEXLOWER.encode(&Sha256::digest(test_virus())), expected);
    }
}

//! All 143 vectors of C2SP/CCTV, through our own reader and through the age crate.
//!
//! Our reader is what opens containers: `vault::container` for the header (the age crate parses and
//! unwraps, we capture the file key) and `vault::stream` for the payload. Armor is no part of it;
//! armored vectors are unpacked by the age crate first.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Read};
use std::path::Path;

use age::armor::{ArmoredReadError, ArmoredReader};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Identity};
use sha2::{Digest, Sha256};
use tresor::vault::container::{HeaderError, OpenHeader};
use tresor::vault::stream::CHUNK_LEN;

use crate::conformance::open_payload;

/// How a vector's outcome differs from what it expects.
#[derive(Clone, Copy)]
enum Deviation {
    /// Both readers give this result.
    Result(&'static str),
    /// Our reader fails as expected, but has released only this many bytes until then: a prefix of what the
    /// age crate releases.
    WeRelease(usize),
}

/// All exceptions and why each is fine.
const EXCEPTIONS: &[(Deviation, &str, &[&str])] = &[
    (
        Deviation::Result("no match"),
        "the age crate has no hybrid identities (age 1.3): whatever the stanza holds, nothing matches",
        &[
            "armor_hybrid",
            "hybrid",
            "hybrid_and_x25519",
            "hybrid_extra_argument",
            "hybrid_grease",
            "hybrid_identity",
            "hybrid_long_file_key",
            "hybrid_long_share",
            "hybrid_low_order",
            "hybrid_multiple_recipients",
            "hybrid_not_canonical_enc",
            "hybrid_short_share",
        ],
    ),
    (
        Deviation::Result("success"),
        "the age crate still reads stanzas of the first age betas; the MAC covers them all the same",
        &["stanza_missing_body", "stanza_missing_final_line"],
    ),
    (
        Deviation::Result("header failure"),
        "the age crate knows armor by its very first bytes; containers are never armored",
        &[
            "armor_garbage_leading",
            "armor_lowercase",
            "armor_whitespace_begin",
            "armor_whitespace_outside",
            "armor_wrong_type",
        ],
    ),
    (
        Deviation::WeRelease(0),
        "we know the payload's length: a first chunk with the wrong flag is refused at once, where a \
         streaming reader still releases it",
        &[
            "armor_garbage_encoded",
            "stream_no_final_full",
            "stream_trailing_garbage_long",
            "stream_trailing_garbage_short",
            "stream_two_final_chunks",
            "stream_two_final_chunks_full",
        ],
    ),
    (
        Deviation::WeRelease(CHUNK_LEN),
        "the same with the second chunk",
        &["stream_no_final_two_chunks_full", "stream_two_final_chunks_second"],
    ),
];

#[test]
fn all_vectors_pass_our_reader() {
    check_all(our_reader, |vector, deviation, outcome| match deviation {
        Some(Deviation::WeRelease(len)) => {
            outcome.released.len() == len && age_crate(vector).released.starts_with(&outcome.released)
        }
        _ => vector.allows(outcome),
    });
}

#[test]
fn all_vectors_pass_the_age_crate() {
    check_all(age_crate, |vector, _, outcome| vector.allows(outcome));
}

/// The outcome of a vector: one of CCTV's words, and the bytes released until then.
struct Outcome {
    result: &'static str,
    released: Vec<u8>,
}

impl Outcome {
    fn failed(result: &'static str) -> Self {
        Self { result, released: Vec::new() }
    }
}

struct Vector {
    expect: String,
    payload: Option<String>,
    identities: Vec<String>,
    passphrases: Vec<String>,
    is_armored: bool,
    file: Vec<u8>,
}

fn check_all(
    run: impl Fn(&Vector) -> Outcome,
    is_released_right: impl Fn(&Vector, Option<Deviation>, &Outcome) -> bool,
) {
    let mut exceptions: BTreeMap<_, _> = EXCEPTIONS
        .iter()
        .flat_map(|(deviation, _, names)| names.iter().map(|name| (*name, *deviation)))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/age/testdata");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let vector = Vector::parse(&fs::read(&path).unwrap());
        let deviation = exceptions.remove(name);
        count += 1;

        let expected = match deviation {
            Some(Deviation::Result(result)) => {
                assert_ne!(result, vector.expect, "{name} is no exception any more");
                result
            }
            _ => &vector.expect,
        };
        let outcome = run(&vector);
        if outcome.result != expected {
            failures.push(format!("{name}: {} instead of {expected}", outcome.result));
        }
        if !is_released_right(&vector, deviation, &outcome) {
            let len = outcome.released.len();
            failures.push(format!("{name}: released {len} bytes, not the expected ones"));
        }
    }
    assert_eq!(count, 143, "all vectors are there");
    assert_eq!(exceptions.into_keys().next(), None, "an exception without a vector");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn our_reader(vector: &Vector) -> Outcome {
    let Ok(file) = vector.unpacked() else {
        return Outcome::failed("armor failure");
    };
    let identities = vector.identities();
    let identities: Vec<&dyn Identity> = identities.iter().map(AsRef::as_ref).collect();
    let header = match OpenHeader::open(&file, &identities) {
        Ok(header) => header,
        Err(HeaderError::Malformed) => return Outcome::failed("header failure"),
        Err(HeaderError::NoMatch) => return Outcome::failed("no match"),
        Err(HeaderError::BadMac) => return Outcome::failed("HMAC failure"),
    };
    let (released, is_complete) = open_payload(&header, &file[header.len()..]);
    let result = if is_complete { "success" } else { "payload failure" };
    Outcome { result, released }
}

fn age_crate(vector: &Vector) -> Outcome {
    let identities = vector.identities();
    let identities = identities.iter().map(AsRef::as_ref);
    let opened = Decryptor::new(ArmoredReader::new(&vector.file[..]))
        .and_then(|decryptor| decryptor.decrypt(identities));
    match opened {
        Ok(mut reader) => {
            let mut released = Vec::new();
            let result = match reader.read_to_end(&mut released) {
                Ok(_) => "success",
                Err(error) if is_armor_error(&error) => "armor failure",
                Err(_) => "payload failure",
            };
            Outcome { result, released }
        }
        Err(DecryptError::InvalidMac) => Outcome::failed("HMAC failure"),
        Err(DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed) => Outcome::failed("no match"),
        Err(DecryptError::Io(error)) if is_armor_error(&error) => Outcome::failed("armor failure"),
        Err(_) => Outcome::failed("header failure"),
    }
}

fn is_armor_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<ArmoredReadError>)
}

impl Vector {
    fn parse(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let mut vector = Self {
            expect: String::new(),
            payload: None,
            identities: Vec::new(),
            passphrases: Vec::new(),
            is_armored: false,
            file: Vec::new(),
        };
        let mut is_compressed = false;
        loop {
            let mut line = String::new();
            rest.read_line(&mut line).unwrap();
            let line = line.trim_end_matches('\n');
            if line.is_empty() {
                break;
            }
            let (key, value) = line.split_once(": ").unwrap();
            match key {
                "expect" => value.clone_into(&mut vector.expect),
                "payload" => vector.payload = Some(value.to_owned()),
                "identity" => vector.identities.push(value.to_owned()),
                "passphrase" => vector.passphrases.push(value.to_owned()),
                "armored" => vector.is_armored = value == "yes",
                "compressed" => is_compressed = value == "zlib",
                "file key" | "comment" => {}
                other => panic!("unknown key {other}"),
            }
        }
        if is_compressed {
            flate2::read::ZlibDecoder::new(rest).read_to_end(&mut vector.file).unwrap();
        } else {
            vector.file = rest.to_vec();
        }
        vector
    }

    /// Whether the released bytes are those of the vector, before a failure too; none may leave when
    /// the payload was not reached.
    fn allows(&self, outcome: &Outcome) -> bool {
        match (outcome.result, &self.payload) {
            ("success" | "payload failure", Some(hash)) => {
                data_encoding::HEXLOWER.encode(&Sha256::digest(&outcome.released)) == *hash
            }
            ("success", None) => true,
            _ => outcome.released.is_empty(),
        }
    }

    /// The binary age file.
    fn unpacked(&self) -> io::Result<Vec<u8>> {
        if !self.is_armored {
            return Ok(self.file.clone());
        }
        let mut file = Vec::new();
        ArmoredReader::new(&self.file[..]).read_to_end(&mut file)?;
        Ok(file)
    }

    /// Identities that the age crate knows, all passphrases as such.
    fn identities(&self) -> Vec<Box<dyn Identity>> {
        let native = self
            .identities
            .iter()
            .filter_map(|text| text.parse::<age::x25519::Identity>().ok())
            .map(|identity| Box::new(identity) as Box<dyn Identity>);
        let by_passphrase = self.passphrases.iter().map(|text| {
            let mut identity = age::scrypt::Identity::new(SecretString::from(text.clone()));
            identity.set_max_work_factor(16);
            Box::new(identity) as Box<dyn Identity>
        });
        native.chain(by_passphrase).collect()
    }
}

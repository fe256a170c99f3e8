//! Computes digests of a content while it streams by.
//!
//! Their state can be saved and restored: an upload of many parts is hashed as they arrive, even across restarts,
//! and need not be read again at its end.

use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::digest::{Digest, Update};
use simd_adler32::Adler32;

use crate::model::{Checksum, ChecksumKind};

/// First byte of the output of [`Digests::save`]. Another release of the hash crates may write another format;
/// content with an unknown one is hashed again.
const FORM: u8 = 1;

/// Digests of the first part of a content.
#[derive(Clone)]
pub(crate) struct Digests {
    running: Vec<Running>,
    /// Digest of one request's body, for the checksum sent with it.
    own: Option<Running>,
}

#[derive(Clone)]
enum Running {
    Sha256(Sha256),
    Sha1(Sha1),
    Md5(md5::Md5),
    Adler32(Adler32),
}

impl Digests {
    /// SHA-256, and the algorithm of `expected`, if any.
    pub(crate) fn new(expected: Option<&Checksum>) -> Self {
        let expected = expected.map(Checksum::kind);
        Self::of([ChecksumKind::Sha256].into_iter().chain(expected))
    }

    /// These algorithms, each once; with none, nothing is hashed.
    pub(crate) fn of(kinds: impl IntoIterator<Item = ChecksumKind>) -> Self {
        let mut running: Vec<Running> = Vec::new();
        for kind in kinds {
            if running.iter().all(|one| one.kind() != kind) {
                running.push(Running::new(kind));
            }
        }
        Self { running, own: None }
    }

    /// Adds another digest from here on, which [`Self::take_own`] ends.
    pub(crate) fn with_own(mut self, kind: Option<ChecksumKind>) -> Self {
        self.own = kind.map(Running::new);
        self
    }

    /// The digest of the bytes since [`Self::with_own`].
    pub(crate) fn take_own(&mut self) -> Option<Checksum> {
        self.own.take().and_then(Running::finish)
    }

    /// Whether a digest of this kind is computed.
    pub(crate) fn has(&self, kind: ChecksumKind) -> bool {
        self.running.iter().any(|one| one.kind() == kind)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.running.iter_mut().chain(&mut self.own).for_each(|one| one.update(bytes));
    }

    /// All digests of the bytes so far.
    pub(crate) fn finish(self) -> Vec<Checksum> {
        self.running.into_iter().filter_map(Running::finish).collect()
    }

    /// The present state. Contains up to 63 bytes of the content, so store it in the catalogue only.
    pub(crate) fn save(&self) -> Vec<u8> {
        let mut saved = vec![FORM];
        for one in &self.running {
            let (tag, state) = one.save();
            saved.extend([tag, u8::try_from(state.len()).expect("the longest state has 105 bytes")]);
            saved.extend(state);
        }
        saved
    }

    /// Restores the state of [`Self::save`]; `None` if the format is unknown.
    pub(crate) fn restore(saved: &[u8]) -> Option<Self> {
        let (form, mut rest) = saved.split_first()?;
        let mut running = Vec::new();
        while let [tag, length, behind @ ..] = rest {
            let (state, behind) = behind.split_at_checked(usize::from(*length))?;
            running.push(Running::restore(*tag, state)?);
            rest = behind;
        }
        (*form == FORM && rest.is_empty()).then_some(Self { running, own: None })
    }
}

impl Running {
    fn new(kind: ChecksumKind) -> Self {
        match kind {
            ChecksumKind::Sha256 => Self::Sha256(Sha256::new()),
            ChecksumKind::Sha1 => Self::Sha1(Sha1::new()),
            ChecksumKind::Md5 => Self::Md5(md5::Md5::new()),
            ChecksumKind::Adler32 => Self::Adler32(Adler32::new()),
        }
    }

    fn kind(&self) -> ChecksumKind {
        match self {
            Self::Sha256(_) => ChecksumKind::Sha256,
            Self::Sha1(_) => ChecksumKind::Sha1,
            Self::Md5(_) => ChecksumKind::Md5,
            Self::Adler32(_) => ChecksumKind::Adler32,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => Update::update(hash, bytes),
            Self::Sha1(hash) => Update::update(hash, bytes),
            Self::Md5(hash) => Update::update(hash, bytes),
            Self::Adler32(sum) => sum.write(bytes),
        }
    }

    fn finish(self) -> Option<Checksum> {
        let kind = self.kind();
        let digest = match self {
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Sha1(hash) => hash.finalize().to_vec(),
            Self::Md5(hash) => hash.finalize().to_vec(),
            Self::Adler32(sum) => sum.finish().to_be_bytes().to_vec(),
        };
        Checksum::new(kind, digest)
    }

    fn save(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Sha256(hash) => (0, hash.serialize().to_vec()),
            Self::Sha1(hash) => (1, hash.serialize().to_vec()),
            Self::Md5(hash) => (2, hash.serialize().to_vec()),
            Self::Adler32(sum) => (3, sum.finish().to_be_bytes().to_vec()),
        }
    }

    fn restore(tag: u8, state: &[u8]) -> Option<Self> {
        fn hash<T: SerializableState>(state: &[u8]) -> Option<T> {
            T::deserialize(&SerializedState::<T>::try_from(state).ok()?).ok()
        }
        Some(match tag {
            0 => Self::Sha256(hash(state)?),
            1 => Self::Sha1(hash(state)?),
            2 => Self::Md5(hash(state)?),
            3 => Self::Adler32(Adler32::from_checksum(u32::from_be_bytes(state.try_into().ok()?))),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = [
        "SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        "MD5:5d41402abc4b2a76b9719d911017c592",
        "ADLER32:062c0215",
    ];

    #[test]
    fn each_algorithm_gives_its_known_answer() {
        for known in KNOWN {
            let expected: Checksum = known.parse().unwrap();
            let mut digests = Digests::new(Some(&expected));
            digests.update(b"hel");
            digests.update(b"lo");
            assert!(digests.finish().contains(&expected), "{known}");
        }
    }

    #[test]
    fn what_was_written_down_goes_on_from_any_byte() {
        let kinds = KNOWN.map(|known| known.parse::<Checksum>().unwrap().kind());
        let content: Vec<u8> = (0..300_u32).flat_map(u32::to_le_bytes).collect();
        let mut whole = Digests::of(kinds);
        whole.update(&content);
        let whole = whole.finish();
        for at in (0..200).chain([content.len()]) {
            let mut digests = Digests::of(kinds).with_own(Some(ChecksumKind::Md5));
            digests.update(&content[..at]);
            let saved = digests.save();
            let mut digests = Digests::restore(&saved).unwrap().with_own(Some(ChecksumKind::Sha1));
            digests.update(&content[at..]);
            let mut own = Digests::of([ChecksumKind::Sha1]);
            own.update(&content[at..]);
            assert_eq!(digests.take_own(), own.finish().pop(), "{at}");
            assert_eq!(digests.finish(), whole, "{at}");
            for cut in 1..saved.len() {
                let is_shorter = |digests: Digests| digests.running.len() < kinds.len();
                assert!(Digests::restore(&saved[..cut]).is_none_or(is_shorter));
            }
        }
        assert!(Digests::restore(&[]).is_none() && Digests::restore(&[9]).is_none());
    }
}

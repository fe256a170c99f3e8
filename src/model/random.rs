//! Bytes from the system's random source.

/// `N` random bytes, fit for keys.
///
/// Panics if the system's random source does not answer: nothing may go on with a guessable key.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}

/// Fills `bytes` with random ones, in place for secrets that are wiped on drop. Panics like [`random_bytes`].
pub fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's random source answers");
}

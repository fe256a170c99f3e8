//! Passwords that the server makes up.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::model::fill_random;

/// Letters and digits of a group.
const GROUP: usize = 5;

/// Groups of five letters and digits that are easy to read aloud, with 25 random bits each.
pub fn random_words(groups: usize) -> SecretString {
    // Crockford's alphabet: no i, l, o or u.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = Zeroizing::new(vec![0_u8; groups * GROUP]);
    fill_random(&mut random);
    let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    let letters: Vec<char> = letters.map(|letter| char::from(*letter)).collect();
    let text: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    SecretString::from(text.join("-"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn made_up_passwords_have_the_promised_length() {
        let words = random_words(8);
        assert_eq!(words.expose_secret().len(), 8 * 5 + 7);
        assert_ne!(words.expose_secret(), random_words(8).expose_secret());
    }
}

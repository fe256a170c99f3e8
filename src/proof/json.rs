//! Signed notes whose text is JSON with fixed fields.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::note::{NoteError, Signer, Verifier, split};

/// A text of a known form that names the key by which it is signed.
pub trait Proof: Serialize + DeserializeOwned {
    /// The form; another kind of text has another one, so that none can pass for the other.
    const FORM: &'static str;

    /// The form that the text names.
    fn form(&self) -> &str;

    /// The key that the text names.
    fn key(&self) -> &str;
}

/// The text in a signed note. Without a key, the one that it names is used: that shows only that the text was not changed
/// since, so compare the key with that of the office.
///
/// Errors: those of the note; `NotSigned` also for a text of another form.
pub fn open<P: Proof>(note: &str, key: Option<&Verifier>) -> Result<P, NoteError> {
    let parse = |text: &str| serde_json::from_str::<P>(text).map_err(|_| NoteError::NotSigned);
    let own = match key {
        Some(_) => None,
        None => Some(parse(split(note).ok_or(NoteError::NotSigned)?.0)?.key().parse()?),
    };
    let text = key.or(own.as_ref()).ok_or(NoteError::NotAKey)?.open(note)?;
    parse(text).and_then(|known| if known.form() == P::FORM { Ok(known) } else { Err(NoteError::NotSigned) })
}

impl Signer {
    /// The signed note of a text as JSON.
    pub fn sign_json<P: Proof>(&self, proof: &P) -> String {
        let text = serde_json::to_string_pretty(proof).expect("texts and numbers become JSON");
        self.sign(&format!("{text}\n"))
    }
}

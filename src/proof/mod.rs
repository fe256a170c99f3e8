//! Signed notes: texts that prove something to a person who has nothing but the file, such as certificates and receipts.

mod json;
mod note;

pub use json::{Proof, open};
pub use note::{MAX_NOTE, NoteError, Signer, Verifier, split};

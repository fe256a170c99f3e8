//! One file per format. Each reads a content, adds labels and obstacles to the notes, and gives the members to be looked
//! at; none looks at a member itself.

mod biff;
pub(super) mod bytes;
pub(crate) mod cms;
pub(super) mod deflate64;
mod encoded;
pub(super) mod field;
pub(super) mod head;
mod invoice;
pub(super) mod letter;
pub(super) mod mail;
pub(super) mod manifest;
pub(super) mod odf;
pub(super) mod ole;
pub(super) mod ooxml;
mod parameters;
pub(super) mod pdf;
pub(super) mod rar;
pub(crate) mod report;
pub(super) mod rtf;
pub(super) mod seven_zip;
pub(super) mod tar;
pub(super) mod text;
pub(super) mod tnef;
pub(crate) mod uuencode;
pub(super) mod xml;
pub(super) mod zip;

/// A content inside another.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    /// The name as the format has it; empty if it has none.
    pub(super) name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

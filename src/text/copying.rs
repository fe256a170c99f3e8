//! The button beside a value that people copy.

use super::sentences::sentences;

sentences! {
    /// Sentences of the button that copies a value.
    CopyingTexts;

    copy:
        de "Kopieren",
        en "Copy";
    copied:
        de "Kopiert",
        en "Copied";
}

//! Archives of folders: the button that fetches one, and the text in it about names that were changed.

use super::sentences::sentences;

sentences! {
    /// Sentences about archives of folders.
    ArchiveTexts;

    fetch_all:
        de "Alles als ZIP herunterladen",
        en "Download everything as a ZIP file";
    one_file(size: &str):
        de "Eine Datei, {size}.",
        en "One file, {size}.";
    many_files(count: usize, size: &str):
        de "{count} Dateien, {size}.",
        en "{count} files, {size}.";
    too_many:
        de "Für eine ZIP-Datei sind das zu viele Einträge. Bitte laden Sie die Ordner darin einzeln herunter.",
        en "These are too many entries for one ZIP file. Please download the folders in it one by one.";

    one_held:
        de "Eine Datei wird noch geprüft und ist deshalb nicht enthalten.",
        en "One file is still being checked and is therefore not included.";
    many_held(count: usize):
        de "{count} Dateien werden noch geprüft und sind deshalb nicht enthalten.",
        en "{count} files are still being checked and are therefore not included.";
    renamed:
        de "Diese Namen sind hier anders, weil Windows sie nicht annimmt, weil zwei gleich wären oder weil der Pfad zu lang ist:",
        en "These names differ here because Windows does not accept them, because two would be the same, or because the path is \
            too long:";
    more_renamed(count: usize):
        de "Dazu kommen {count} weitere geänderte Namen.",
        en "{count} more names were changed.";
}

impl ArchiveTexts {
    /// Number and size of the files.
    pub fn files(self, count: usize, size: &str) -> String {
        if count == 1 { self.one_file(size) } else { self.many_files(count, size) }
    }

    /// How many files are left out.
    pub fn held(self, count: usize) -> String {
        if count == 1 { self.one_held().to_owned() } else { self.many_held(count) }
    }
}

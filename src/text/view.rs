//! Files that are looked at on pages, without being opened.

use super::sentences::sentences;

sentences! {
    /// Sentences about a file that a page shows.
    ViewTexts;

    view:
        de "Ansehen",
        en "View";
    view_file(name: &str):
        de "Ansehen: {name}",
        en "View: {name}";
    browse_pages:
        de "In den Seiten blättern",
        en "Turn the pages";
    previous_page:
        de "Vorige Seite",
        en "Previous page";
    next_page:
        de "Nächste Seite",
        en "Next page";
    browse_files:
        de "Andere Dateien",
        en "Other files";
    previous_file:
        de "Vorige Datei",
        en "Previous file";
    next_file:
        de "Nächste Datei",
        en "Next file";
    picture_of(name: &str):
        de "Abbildung der Datei {name}",
        en "Picture of the file {name}";
    picture_of_page(name: &str, number: u32):
        de "Abbildung von Seite {number} der Datei {name}. Den Text lesen Sie in der heruntergeladenen Datei.",
        en "Picture of page {number} of the file {name}. To read its text, download the file.";
    beginning:
        de "Gezeigt wird nur der Anfang. Das Übrige steht in der heruntergeladenen Datei.",
        en "Only the first part is shown. Download the file for the rest.";
    no_view:
        de "Dateien dieser Art lassen sich hier nicht ansehen. Laden Sie die Datei herunter, um sie zu öffnen.",
        en "Files of this kind cannot be viewed here. Download the file to open it.";
    no_converter:
        de "Dieser Server kann die Seiten solcher Dateien nicht zeigen. Laden Sie die Datei herunter, um sie zu öffnen.",
        en "This server cannot show the pages of such files. Download the file to open it.";
    busy:
        de "Im Moment werden zu viele Seiten zugleich abgebildet. Bitte laden Sie diese Seite in einer Minute neu.",
        en "Too many pages are being prepared right now. Please reload this one in a minute.";
    no_such_page:
        de "Diese Seite gibt es in der Datei nicht.",
        en "The file does not have this page.";
    first_page:
        de "Zur ersten Seite",
        en "To the first page";
    encrypted:
        de "Die Datei ist mit einem Kennwort geschützt. Laden Sie sie herunter und öffnen Sie sie mit dem Kennwort.",
        en "The file is protected with a password. Download it and open it with the password.";
    too_large:
        de "Die Datei ist zu groß, um hier angesehen zu werden. Laden Sie sie herunter, um sie zu öffnen.",
        en "The file is too large to be viewed here. Download it to open it.";
    damaged:
        de "Von dieser Datei lässt sich keine Abbildung machen; vielleicht ist sie beschädigt. Laden Sie sie herunter, um das zu \
            prüfen.",
        en "No picture can be made of this file; it may be damaged. Download it to find out.";
    keys:
        de "Tasten",
        en "Keys";
    keys_on:
        de "Tasten auf diesem Gerät benutzen",
        en "Use keys on this device";
    key_pages:
        de "vorige und nächste Seite",
        en "previous and next page";
    key_files:
        de "vorige und nächste Datei",
        en "previous and next file";
    key_help:
        de "diese Übersicht",
        en "this list";
    key_shift:
        de "Umschalt",
        en "Shift";
}

//! The pages on which users of the office check one item after another.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences of the pages that check items.
    CheckTexts;

    in_turn:
        de "Nacheinander prüfen",
        en "Check one after another";
    place(at: usize, all: usize):
        de "Punkt {at} von {all}",
        en "Item {at} of {all}";
    left(count: usize):
        de "noch {count} zu prüfen",
        en "{count} still to check";
    other_items:
        de "Andere Punkte",
        en "Other items";
    back:
        de "Voriger Punkt",
        en "Previous item";
    skip:
        de "Überspringen",
        en "Skip";
    files:
        de "Was zu diesem Punkt gekommen ist",
        en "What has come for this item";
    no_file:
        de "Zu diesem Punkt ist keine Datei gekommen.",
        en "No file has come for this item.";
    file:
        de "Dateiname",
        en "File name";
    size:
        de "Größe der Datei",
        en "Size of the file";
    came:
        de "Angekommen",
        en "Arrived";
    download:
        de "Datei herunterladen",
        en "Download the file";
    missing(state: &str):
        de "Diese Datei lässt sich gerade nicht ansehen: {state}.",
        en "This file cannot be viewed at present: {state}.";
    done(title: &str):
        de "Ihre Entscheidung zu „{title}“ ist gespeichert.",
        en "Your decision about \"{title}\" is stored.";
    again:
        de "Diesen Punkt noch einmal ansehen",
        en "Look at this item again";
    nothing_yet:
        de "Es ist noch nichts angekommen, was zu prüfen wäre.",
        en "Nothing has arrived that could be checked.";
    all_checked:
        de "Alles ist geprüft. Die Empfänger sehen Ihre Entscheidungen auf ihrer Seite.",
        en "Everything is checked. The recipients see your decisions on their page.";
    next_request(title: &str):
        de "Weiter prüfen: {title}",
        en "Go on checking: {title}";
    to_request:
        de "Zur ganzen Anfrage",
        en "To the whole request";
    key_reject:
        de "zum Grund einer Ablehnung; danach Tabulator und Eingabe",
        en "to the reason of a rejection; then Tab and Enter";
}

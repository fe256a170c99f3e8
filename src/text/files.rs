//! The pages of files.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages on which users work with their files.
    FilesTexts;

    title:
        de "Ihre Dateien",
        en "Your files";
    path:
        de "Ordner über diesem",
        en "Folders above this one";
    search_label:
        de "In allen Bereichen suchen",
        en "Search in all spaces";
    search:
        de "Suchen",
        en "Search";
    search_kind:
        de "Dateien und Ordner",
        en "Files and folders";
    search_title(text: &str):
        de "Suche nach „{text}“",
        en "Search for “{text}”";
    search_about:
        de "Ein Teil des Namens genügt. Groß oder klein ist gleich, ebenso ä, ae und a. Bei mehreren Wörtern muss eines im Namen stehen; die anderen dürfen auch in den Ordnern darüber oder im Bereich vorkommen.",
        en "A part of the name is enough. Capitals do not matter, and ä, ae and a are the same. Of several words, one must be in the name; the others may also be in the folders above it or in the space.";
    search_nothing:
        de "Nichts gefunden.",
        en "Nothing found.";
    search_elsewhere:
        de "Gesucht wird in Namen, nicht in Inhalten und nicht im Papierkorb.",
        en "Names are searched, not contents, and not the trash.";
    search_nothing_yet:
        de "Bis hierher nichts gefunden. Die Suche ist noch nicht am Ende.",
        en "Nothing found so far. The search has not come to its end.";
    search_one:
        de "Ein Treffer.",
        en "One hit.";
    search_many(count: usize):
        de "{count} Treffer, die neuesten zuerst.",
        en "{count} hits, the latest first.";
    search_first(count: usize):
        de "Die neuesten {count} Treffer. Es gibt vielleicht weitere.",
        en "The latest {count} hits. There may be more.";
    search_further(count: usize):
        de "Weitere Treffer: {count}.",
        en "Further hits: {count}.";
    search_next:
        de "Ältere Treffer",
        en "Older hits";
    search_top:
        de "Zurück zu den ersten Treffern",
        en "Back to the first hits";
    search_spaces:
        de "Bereiche",
        en "Spaces";
    search_empty:
        de "Geben Sie mindestens einen Buchstaben oder eine Ziffer ein.",
        en "Type at least one letter or digit.";
    search_too_long:
        de "Das ist zu lang für eine Suche. Einige Wörter genügen.",
        en "This is too long for a search. A few words are enough.";
    upload_title:
        de "Dateien hochladen",
        en "Upload files";
    choose_files:
        de "Dateien auswählen",
        en "Choose files";
    choose_folder:
        de "oder einen ganzen Ordner",
        en "or a whole folder";
    replace:
        de "Dateien gleichen Namens ersetzen. Was bisher darin stand, bleibt als frühere Fassung erhalten. Ohne Häkchen bekommt die neue Datei eine Nummer.",
        en "Replace files of the same name. What they held stays as an earlier version. Otherwise the new file gets a number.";
    upload:
        de "Hochladen",
        en "Upload";
    folder_title:
        de "Neuer Ordner",
        en "New folder";
    folder_name:
        de "Name des Ordners",
        en "Name of the folder";
    make_folder:
        de "Ordner anlegen",
        en "Make the folder";
    held_one:
        de "Eine Datei wird noch geprüft.",
        en "One file is still being examined.";
    held(count: usize):
        de "{count} Dateien werden noch geprüft.",
        en "{count} files are still being examined.";
    choose(name: &str):
        de "Auswahl: {name}",
        en "Selection: {name}";
    more_about(name: &str):
        de "Mehr zu {name}",
        en "More about {name}";
    more:
        de "Mehr",
        en "More";
    next:
        de "Weitere Einträge",
        en "More entries";
    first:
        de "Zum Anfang der Liste",
        en "Back to the top of the list";
    selected_title:
        de "Mit den ausgewählten Einträgen",
        en "With the selected entries";
    delete:
        de "Löschen",
        en "Delete";
    delete_about:
        de "Gelöschtes kommt in den Papierkorb des Bereichs und lässt sich von dort zurückholen.",
        en "What you delete goes to the trash of the space and can be put back from there.";
    to_space:
        de "In den Bereich",
        en "To the space";
    to_folder:
        de "In den Ordner",
        en "To the folder";
    to_folder_about:
        de "Zum Beispiel: Belege/2026. Leer: oberste Ebene des Bereichs.",
        en "For example: Receipts/2026. Empty: the top level of the space.";
    relocate:
        de "Verschieben",
        en "Move";
    copy:
        de "Kopieren",
        en "Copy";
    look_for_folder:
        de "Ordner aussuchen …",
        en "Choose the folder …";
    choose_title:
        de "Wohin?",
        en "Where to?";
    choose_for(count: usize):
        de "{count} Einträge sollen verschoben oder kopiert werden.",
        en "{count} entries are to be moved or copied.";
    choose_for_one:
        de "Gehen Sie in den Ordner, in den der Eintrag soll.",
        en "Go to the folder that the entry is meant for.";
    choose_space:
        de "Andere Bereiche",
        en "Other spaces";
    choose_above:
        de "Einen Ordner höher",
        en "One folder up";
    choose_none:
        de "Hier gibt es keine Ordner.",
        en "There are no folders here.";
    choose_cut:
        de "Es gibt hier mehr Ordner. Den Pfad eines anderen können Sie auf der Seite davor eintippen.",
        en "There are more folders here. The path of another one can be typed on the page before.";
    move_here:
        de "Hierher verschieben",
        en "Move here";
    copy_here:
        de "Hierher kopieren",
        en "Copy here";
    new_folder_here:
        de "Neuer Ordner an dieser Stelle",
        en "New folder in this place";
    choose_cancel:
        de "Zurück, ohne etwas zu ändern",
        en "Back, without changing anything";
    relocate_title:
        de "Verschieben oder kopieren",
        en "Move or copy";
    rename_title:
        de "Umbenennen",
        en "Rename";
    new_name:
        de "Neuer Name",
        en "New name";
    rename:
        de "Umbenennen",
        en "Rename";
    download:
        de "Herunterladen",
        en "Download";
    open:
        de "Ordner öffnen",
        en "Open the folder";
    archive:
        de "Alles als ZIP-Datei",
        en "All of it as a ZIP file";
    link_here:
        de "Link für Personen ohne Konto anlegen",
        en "Make a link for people without an account";
    created:
        de "Angelegt",
        en "Created";
    checked:
        de "Die Datei wird noch geprüft. Sie lässt sich öffnen, sobald sie freigegeben ist.",
        en "The file is still being examined. It can be opened once it is released.";
    versions_title:
        de "Frühere Fassungen",
        en "Earlier versions";
    versions_none:
        de "Es gibt keine frühere Fassung.",
        en "There is no earlier version.";
    version_of(moment: &str, size: &str):
        de "gespeichert {moment}, {size}",
        en "stored {moment}, {size}";
    view_version(when: &str):
        de "Fassung vom {when} ansehen",
        en "Look at the version of {when}";
    download_version(when: &str):
        de "Fassung vom {when} herunterladen",
        en "Download the version of {when}";
    is_earlier(when: &str):
        de "Dies ist eine frühere Fassung, gespeichert {when}.",
        en "This is an earlier version, stored {when}.";
    version_withheld:
        de "noch zurückgehalten",
        en "still withheld";
    restore:
        de "Wiederherstellen",
        en "Restore";
    restore_about:
        de "Die jetzige Fassung geht dabei nicht verloren, sie wird selbst zu einer früheren.",
        en "The present content is not lost: it becomes an earlier version.";
    request_here:
        de "Unterlagen für diesen Ordner anfordern",
        en "Ask for documents for this folder";
    history:
        de "Verlauf",
        en "History";
    history_of(name: &str):
        de "Verlauf von „{name}“",
        en "History of \"{name}\"";
    history_none:
        de "Dazu ist nichts verzeichnet.",
        en "Nothing is recorded about this.";
    history_further:
        de "Unter den neuesten Einträgen des Bereichs ist keiner dazu. Ältere finden Sie auf der nächsten Seite.",
        en "None of the latest records of the space is about this. Older ones are on the next page.";
    history_pages:
        de "Im Verlauf blättern",
        en "Pages of the history";
    history_latest:
        de "Neueste",
        en "Latest";
    history_earlier:
        de "Ältere",
        en "Older";
    trash:
        de "Papierkorb",
        en "Trash";
    trash_of(space: &str):
        de "Papierkorb von {space}",
        en "Trash of {space}";
    trash_empty:
        de "Der Papierkorb ist leer.",
        en "The trash is empty.";
    deleted_at(moment: &str):
        de "gelöscht {moment}",
        en "deleted {moment}";
    put_back:
        de "Zurückholen",
        en "Put back";
    purge:
        de "Endgültig löschen",
        en "Delete for good";
    purge_title:
        de "Endgültig löschen?",
        en "Delete for good?";
    purge_about:
        de "Danach lässt sich der Eintrag auch von uns nicht mehr zurückholen.",
        en "After that, nobody can put the entry back, not even the office.";

    stored_one:
        de "Eine Datei ist gespeichert.",
        en "One file is stored.";
    stored(count: u64):
        de "{count} Dateien sind gespeichert.",
        en "{count} files are stored.";
    folder_made:
        de "Der Ordner ist angelegt.",
        en "The folder is made.";
    renamed:
        de "Der Eintrag ist umbenannt.",
        en "The entry is renamed.";
    relocated:
        de "Verschoben.",
        en "Moved.";
    copied:
        de "Kopiert.",
        en "Copied.";
    deleted:
        de "Gelöscht. Sie finden es im Papierkorb.",
        en "Deleted. You find it in the trash.";
    restored:
        de "Die frühere Fassung ist wiederhergestellt.",
        en "The earlier version is restored.";
    returned:
        de "Zurückgeholt.",
        en "Put back.";
    purged:
        de "Endgültig gelöscht.",
        en "Deleted for good.";
    left_out(name: &str, why: &str):
        de "„{name}“: {why}",
        en "“{name}”: {why}";
    not_done:
        de "Für diese ging es nicht:",
        en "But not for these:";

    nothing_chosen:
        de "Sie haben nichts ausgewählt.",
        en "You have not selected anything.";
    too_many_chosen:
        de "So viele Einträge auf einmal sind nicht möglich. Wählen Sie weniger aus.",
        en "That is too many entries at once. Select fewer.";
    bad_name:
        de "Dieser Name ist nicht möglich. Er darf weder leer noch zu lang sein und keinen Schrägstrich enthalten.",
        en "This name is not possible. It must be neither empty nor too long, and contain no slash.";
    taken:
        de "Dieser Name ist hier schon vergeben.",
        en "This name is already taken here.";
    locked:
        de "Gerade in Bearbeitung. Versuchen Sie es später noch einmal.",
        en "Being edited at the moment. Please try again later.";
    examined:
        de "Wird noch geprüft. Danach ist es möglich.",
        en "Still being examined. It is possible once that is done.";
    no_room:
        de "Kein Platz mehr. Löschen Sie, was Sie nicht brauchen, oder bitten Sie um mehr Speicherplatz.",
        en "No room left. Delete what you do not need, or ask for more storage.";
    too_large:
        de "Der Ordner hat zu viele Einträge, um ihn in einem Schritt zu kopieren. Kopieren Sie ihn in Teilen.",
        en "The folder has too many entries to be copied in one step. Copy it in parts.";
    gone:
        de "Das gibt es nicht mehr.",
        en "This does not exist any more.";
    no_folder:
        de "Den Zielordner gibt es nicht.",
        en "The destination folder does not exist.";
    denied:
        de "Dafür reicht Ihre Berechtigung hier nicht.",
        en "Your rights here are not sufficient for this.";
    into_itself:
        de "Ein Ordner lässt sich nicht in sich selbst verschieben oder kopieren.",
        en "A folder cannot be moved or copied into itself.";
    broken_off:
        de "Die Übertragung ist abgebrochen. Diese und alle folgenden Dateien sind nicht gespeichert.",
        en "The transfer broke off. This file and all after it are not stored.";
    too_many_files:
        de "Das waren zu viele Dateien auf einmal. Die restlichen sind nicht gespeichert.",
        en "These were too many files at once. The rest is not stored.";
    not_now:
        de "Der Server kann im Augenblick nichts ändern. Versuchen Sie es bald noch einmal.",
        en "The server cannot change anything at the moment. Please try again soon.";
    failed:
        de "Das ist leider misslungen. Ihr Büro findet den Grund im Protokoll des Servers.",
        en "Sorry, this failed. Your office finds the reason in the log of the server.";
}

//! Sentences of the pages' script about uploads. The script gets the whole table as it is, and fills the places
//! itself.

use super::script;
use super::sentences::sentences;

sentences! {
    /// Sentences about uploads. `web/src/words.ts` names the same ones.
    UploadTexts;

    drop:
        de "Ziehen Sie Ihre Dateien hierher oder wählen Sie sie aus.",
        en "Drag your files here or choose them.";
    choose_files:
        de "Dateien auswählen",
        en "Choose files";
    choose_file:
        de "Datei auswählen",
        en "Choose a file";
    choose_folder:
        de "Ordner auswählen",
        en "Choose a folder";
    take_photo:
        de "Foto aufnehmen",
        en "Take a photo";
    photos:
        de "Mehrere Fotos als ein PDF",
        en "Several photos as one PDF";
    photos_about:
        de "Jedes Foto wird eine Seite. Ordnen Sie die Seiten, dann senden Sie das PDF; die Fotos selbst bleiben auf Ihrem Gerät.",
        en "Each photo becomes a page. Put the pages in order, then send the PDF; the photos themselves stay on your device.";
    photos_add:
        de "Fotos hinzufügen",
        en "Add photos";
    photos_page(page: usize):
        de "Seite {page}",
        en "Page {page}";
    photos_up(page: usize):
        de "Seite {page} nach vorn",
        en "Move page {page} up";
    photos_down(page: usize):
        de "Seite {page} nach hinten",
        en "Move page {page} down";
    photos_remove(page: usize):
        de "Seite {page} weglassen",
        en "Leave page {page} out";
    photos_moved(from: usize, to: usize):
        de "Seite {from} ist jetzt Seite {to}.",
        en "Page {from} is page {to} now.";
    photos_making(page: usize, total: usize):
        de "Seite {page} von {total} wird vorbereitet.",
        en "Preparing page {page} of {total}.";
    photos_send:
        de "PDF senden",
        en "Send the PDF";
    photos_cancel:
        de "Doch nicht",
        en "Cancel the PDF";
    photos_most(count: usize):
        de "Ein PDF nimmt höchstens {count} Fotos auf. Senden Sie dieses und beginnen Sie ein weiteres.",
        en "A PDF takes at most {count} photos. Send this one and begin another.";
    photos_unreadable(name: &str):
        de "Dieses Bild kann Ihr Browser nicht lesen: {name}. Senden Sie es über „Dateien auswählen“ so, wie es ist.",
        en "Your browser cannot read this picture: {name}. Send it as it is by “Choose files”.";
    photos_file:
        de "Seiten",
        en "Pages";
    at_once:
        de "Das Hochladen beginnt gleich nach der Auswahl.",
        en "The upload begins as soon as you have chosen.";
    stay:
        de "Bitte lassen Sie diese Seite offen, bis alles angekommen ist.",
        en "Please keep this page open until everything has arrived.";
    reading(count: usize):
        de "Ihre Auswahl wird gelesen: {count} Dateien",
        en "Reading what you chose: {count} files";
    waiting:
        de "wartet",
        en "waiting";
    sending(percent: u8):
        de "wird gesendet, {percent} %",
        en "being sent, {percent} %";
    storing:
        de "wird gespeichert",
        en "being stored";
    no_line:
        de "Verbindung unterbrochen, es geht von selbst weiter",
        en "connection lost, it goes on by itself";
    arrived(clock: &str):
        de "angekommen {clock} Uhr",
        en "arrived {clock}";
    renamed(clock: &str, name: &str):
        de "angekommen {clock} Uhr, gespeichert als „{name}“",
        en "arrived {clock}, stored as \"{name}\"";
    there:
        de "war schon angekommen",
        en "had arrived before";
    wanted(percent: u8):
        de "zu {percent} % angekommen, bitte noch einmal auswählen",
        en "{percent} % arrived, please choose it again";
    overall(done: usize, total: usize):
        de "{done} von {total} angekommen",
        en "{done} of {total} arrived";
    hours_left(hours: usize):
        de "noch etwa {hours} Stunden",
        en "about {hours} hours left";
    minutes_left(minutes: usize):
        de "noch etwa {minutes} Minuten",
        en "about {minutes} minutes left";
    minute_left:
        de "noch etwa eine Minute",
        en "about one minute left";
    soon:
        de "noch weniger als eine Minute",
        en "less than a minute left";
    paused:
        de "angehalten",
        en "paused";
    all_one:
        de "Die Datei ist angekommen.",
        en "The file has arrived.";
    all(total: usize):
        de "Alle {total} Dateien sind angekommen.",
        en "All {total} files have arrived.";
    some(done: usize, total: usize):
        de "{done} von {total} Dateien sind angekommen. Was nicht angekommen ist, steht darunter.",
        en "{done} of {total} files have arrived. Those that have not are listed below.";
    begun_one:
        de "Das Hochladen hat begonnen.",
        en "The upload has begun.";
    begun(total: usize):
        de "Das Hochladen von {total} Dateien hat begonnen.",
        en "The upload of {total} files has begun.";
    quarter(percent: u8):
        de "{percent} % sind übertragen.",
        en "{percent} % are sent.";
    lost_one(name: &str, reason: &str):
        de "{name} ist nicht angekommen. {reason}",
        en "{name} has not arrived. {reason}";
    lost(count: usize):
        de "{count} Dateien sind nicht angekommen.",
        en "{count} files have not arrived.";
    lost_title:
        de "Nicht angekommen",
        en "Not arrived";
    more(count: usize):
        de "und {count} weitere",
        en "and {count} more";
    pause:
        de "Anhalten",
        en "Pause";
    resume:
        de "Weiter",
        en "Go on";
    cancel:
        de "Abbrechen",
        en "Cancel";
    retry:
        de "Noch einmal",
        en "Try again";
    retry_all:
        de "Alle noch einmal senden",
        en "Send all of them again";
    anyway:
        de "Trotzdem senden",
        en "Send anyway";
    anyway_all:
        de "Alle trotzdem senden",
        en "Send all of them anyway";
    remove:
        de "Aus der Liste nehmen",
        en "Remove from the list";
    left_out_one:
        de "Eine Datei, die Ihr Gerät selbst anlegt, wurde weggelassen (etwa Thumbs.db oder ~$…).",
        en "One file that your device makes by itself was left out (such as Thumbs.db or ~$…).";
    left_out(count: usize):
        de "{count} Dateien, die Ihr Gerät selbst anlegt, wurden weggelassen (etwa Thumbs.db oder ~$…).",
        en "{count} files that your device makes by itself were left out (such as Thumbs.db or ~$…).";
    wrong_type(types: &str):
        de "Diese Dateiart wird hier nicht angenommen. Erlaubt sind: {types}.",
        en "Files of this kind are not taken here. Allowed are: {types}.";
    too_many:
        de "So viele Dateien werden hier nicht angenommen.",
        en "So many files are not taken here.";
    too_much:
        de "Zusammen wäre das mehr, als hier angenommen wird.",
        en "Together this would be more than is taken here.";
    only_one:
        de "Hier wird nur eine Datei angenommen.",
        en "Only one file is taken here.";
    unreadable:
        de "Ihr Gerät kann die Datei nicht lesen, oder sie wurde inzwischen geändert. Liegt sie in einer Cloud (iCloud, \
            Google Drive, OneDrive), speichern Sie sie bitte zuerst auf dem Gerät, und wählen Sie sie dann noch einmal aus.",
        en "Your device cannot read the file, or the file was changed meanwhile. If it is in a cloud (iCloud, Google Drive, \
            OneDrive), please save it on the device first and choose it again.";
    unreadable_folder:
        de "Ein Teil des Ordners ließ sich nicht lesen. Bitte prüfen Sie die Liste.",
        en "A part of the folder could not be read. Please check the list.";
    failed:
        de "Der Server hat die Datei nicht angenommen. Bitte versuchen Sie es noch einmal.",
        en "The server did not take the file. Please try again.";
    folders_made(count: usize):
        de "Angelegte Ordner ohne Dateien: {count}",
        en "Folders without files that were made: {count}";
    folders_lost(count: usize):
        de "Ordner ohne Dateien, die nicht angelegt wurden: {count}",
        en "Folders without files that could not be made: {count}";
    signed_out:
        de "Ihre Anmeldung ist abgelaufen. Ihre Auswahl bleibt erhalten: Melden Sie sich in einem zweiten Fenster an, und \
            drücken Sie dann hier auf „Weiter“.",
        en "Your login has ended. What you chose is kept: sign in in a second window, then press \"Go on\" here.";
    sign_in:
        de "Zweites Fenster öffnen",
        en "Open a second window";
    rest:
        de "Einige Dateien sind erst zum Teil angekommen. Wählen Sie dieselben Dateien oder denselben Ordner noch einmal: Nur \
            der Rest wird gesendet.",
        en "Some files have arrived in part only. Choose the same files or the same folder again: only the rest is sent.";
    rest_of(done: usize, total: usize):
        de "{done} von {total} Dateien sind da. Wählen Sie dieselben Dateien oder denselben Ordner noch einmal: Nur der Rest \
            wird gesendet.",
        en "{done} of {total} files are here. Choose the same files or the same folder again: only the rest is sent.";
    go_on:
        de "Hochladen fortsetzen",
        en "Continue uploading";
    go_on_about:
        de "Oder drücken Sie auf „Hochladen fortsetzen“: Sobald Sie es Ihrem Browser erlauben, liest er die Dateien Ihrer \
            letzten Auswahl von selbst.",
        en "Or press “Continue uploading”: once you allow it, your browser reads the files that you chose last by itself.";
    not_allowed:
        de "Der Browser darf diese Dateien nicht lesen. Wählen Sie sie bitte noch einmal aus.",
        en "The browser may not read these files. Please choose them once more.";
    progress:
        de "Fortschritt des Hochladens",
        en "Progress of the upload";
    list:
        de "Ausgewählte Dateien",
        en "Chosen files";
}

impl UploadTexts {
    /// All sentences, for the script.
    pub fn json(self) -> String {
        script::json(Self::ALL, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::script::tests::assert_known;

    #[test]
    fn the_script_knows_these_sentences() {
        assert_known(UploadTexts::ALL, include_str!("../../web/src/words.ts"));
    }
}

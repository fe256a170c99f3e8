//! The pages of links, for people without an account.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages of links.
    LinkTexts;

    password_title:
        de "Kennwort erforderlich",
        en "Password required";
    password_needed:
        de "Dieser Link ist mit einem Kennwort geschützt. Sie haben es von der Person erhalten, die Ihnen den Link geschickt \
            hat.",
        en "This link is protected by a password. The person who sent you the link gave you the password.";
    password:
        de "Kennwort",
        en "Password";
    open:
        de "Öffnen",
        en "Open";
    wrong_password:
        de "Das Kennwort ist falsch. Bitte versuchen Sie es noch einmal.",
        en "The password is wrong. Please try again.";
    files_not_arrived:
        de "Ihre Dateien sind nicht angekommen, weil die Eingabe des Kennworts zu lange zurückliegt. Bitte geben Sie das \
            Kennwort noch einmal ein und senden Sie die Dateien danach erneut.",
        en "Your files have not arrived because you entered the password too long ago. Please enter it again, and then send \
            the files once more.";

    later_title:
        de "Bitte warten",
        en "Please wait";
    busy(wait: &str):
        de "Der Server ist gerade ausgelastet. Bitte versuchen Sie es in {wait} noch einmal.",
        en "The server is busy at the moment. Please try again in {wait}.";
    throttled(wait: &str):
        de "Es gab zu viele Versuche. Bitte versuchen Sie es in {wait} noch einmal.",
        en "There were too many attempts. Please try again in {wait}.";

    gone_title:
        de "Diesen Link gibt es nicht",
        en "There is no such link";
    gone:
        de "Der Link ist abgelaufen, wurde gelöscht oder nicht vollständig kopiert. Bitten Sie die Person, die ihn Ihnen \
            geschickt hat, um einen neuen.",
        en "The link has expired, was deleted, or was not copied completely. Ask the person who sent it to you for a new one.";

    valid_through(day: &str):
        de "Gültig bis einschließlich {day}.",
        en "Valid through {day}.";
    back:
        de "Zurück",
        en "Back";
    download:
        de "Herunterladen",
        en "Download";
    left_once:
        de "Das geht einmal. Bricht es ab, können Sie es 15 Minuten lang fortsetzen.",
        en "This works once. If it breaks off, you can go on with it for 15 minutes.";
    left_times(count: u32):
        de "Das geht noch {count}-mal. Bricht es ab, können Sie es 15 Minuten lang fortsetzen.",
        en "This works {count} more times. If it breaks off, you can go on with it for 15 minutes.";
    being_fetched:
        de "Über diesen Link wird gerade schon heruntergeladen. Bricht das ab, ist er nach 15 Minuten wieder frei.",
        en "A download through this link is under way. If it breaks off, the link is free again after 15 minutes.";
    no_download:
        de "Diese Datei kann hier nicht heruntergeladen werden.",
        en "This file cannot be downloaded here.";
    more:
        de "Diese Seite zeigt nicht alle Einträge. In einem WebDAV-Programm sehen Sie alle.",
        en "This page does not show all entries. A WebDAV program shows them all.";

    add_title:
        de "Dateien hinzufügen",
        en "Add files";
    add:
        de "Vorhandene Dateien werden nicht ersetzt. Gibt es schon eine Datei dieses Namens, erhält Ihre eine Nummer.",
        en "Existing files are not replaced. If there is already a file of that name, yours gets a number.";
    choose_files:
        de "Dateien auswählen",
        en "Choose files";
    send:
        de "Hochladen",
        en "Upload";
    patience:
        de "Bitte lassen Sie diese Seite geöffnet, bis sie den Eingang bestätigt. Bei großen Dateien kann das dauern.",
        en "Please keep this page open until it confirms the arrival. Large files can take a while.";

    received_one:
        de "Eine Datei ist angekommen und sicher gespeichert:",
        en "One file has arrived and is safely stored:";
    received_many(count: usize):
        de "{count} Dateien sind angekommen und sicher gespeichert:",
        en "{count} files have arrived and are safely stored:";
    nothing_chosen:
        de "Bitte wählen Sie zuerst eine Datei.",
        en "Please choose a file first.";
    none_received:
        de "Es ist nichts angekommen:",
        en "Nothing has arrived:";
    some_not_received:
        de "Nicht angekommen:",
        en "Not arrived:";
    bad_name:
        de "dieser Name ist nicht zulässig; bitte benennen Sie die Datei um",
        en "this name is not allowed; please rename the file";
    no_room:
        de "der Speicherplatz reicht nicht aus",
        en "there is not enough room";
    being_edited:
        de "die Datei wird gerade bearbeitet; bitte versuchen Sie es später noch einmal",
        en "the file is being edited; please try again later";
    broken_off:
        de "die Übertragung wurde unterbrochen; bitte senden Sie die Datei noch einmal",
        en "the transfer was interrupted; please send the file again";
    too_many:
        de "es waren zu viele Dateien auf einmal; bitte senden Sie die übrigen noch einmal",
        en "these were too many files at once; please send the rest again";
    takes_no_files:
        de "dieser Link nimmt keine Dateien an",
        en "this link does not accept files";
    not_stored:
        de "die Datei konnte nicht gespeichert werden; bitte versuchen Sie es später noch einmal",
        en "the file could not be stored; please try again later";
}

impl LinkTexts {
    /// How often it can still be downloaded.
    pub fn left(self, count: u32) -> String {
        match count {
            1 => self.left_once().to_owned(),
            count => self.left_times(count),
        }
    }

    /// How many files have arrived.
    pub fn received(self, count: usize) -> String {
        match count {
            1 => self.received_one().to_owned(),
            count => self.received_many(count),
        }
    }
}

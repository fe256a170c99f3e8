//! The form of a template of requests.

use super::sentences::sentences;

sentences! {
    /// Sentences of the form of a template.
    TemplateTexts;

    new_template:
        de "Neue Vorlage",
        en "A new template";
    copy:
        de "Diese Vorlage kopieren",
        en "Copy this template";
    short_name:
        de "Kurzname der Vorlage",
        en "Short name of the template";
    short_name_about:
        de "Er steht in Listen und lässt sich später nicht ändern, zum Beispiel: lohn-minijob.",
        en "It stands in lists and cannot be changed later, for example: payroll-monthly.";
    title:
        de "Titel der Anfragen aus dieser Vorlage",
        en "Title of the requests made from this template";
    note:
        de "Nachricht am Anfang der Anfrage",
        en "Message at the beginning of the request";
    naming:
        de "Ordner und Namen der eingereichten Dateien",
        en "Folders and names of the files that are handed in";
    naming_about:
        de "Ein Schrägstrich beginnt einen Ordner. Der Server ersetzt:",
        en "A slash begins a folder. The server replaces:";
    remind:
        de "Erinnerungen, Tage vor Fristende",
        en "Reminders, days before the end";
    remind_about:
        de "Zum Beispiel: 14, 3. Ein leeres Feld heißt: keine Erinnerungen.",
        en "For example: 14, 3. An empty field means: no reminders.";
    code:
        de "Die Links öffnen sich nur mit einem Code, der per E-Mail kommt",
        en "The links open only with a code that comes by mail";
    item(number: usize):
        de "Punkt Nummer {number}",
        en "Item number {number}";
    item_title:
        de "Welche Unterlage?",
        en "Which document?";
    item_more:
        de "Hinweis, Person, eigenes Fristende",
        en "Advice, person, an end of its own";
    item_help:
        de "Hinweis für den Mandanten",
        en "Advice for the client";
    item_person:
        de "Person, wenn es mehrere sind, etwa A und B",
        en "Person, if there are several, such as A and B";
    item_until:
        de "Wie viele Tage vor der Anfrage ist er fällig? (leer: mit ihr)",
        en "How many days before the request is it due? (empty: with it)";
    item_several:
        de "nimmt mehrere Dateien",
        en "takes several files";
    up(number: usize):
        de "Punkt Nummer {number} nach oben",
        en "Move item number {number} up";
    down(number: usize):
        de "Punkt Nummer {number} nach unten",
        en "Move item number {number} down";
    remove:
        de "Punkt entfernen",
        en "Remove the item";
    add:
        de "Punkt hinzufügen",
        en "Add an item";
    not_saved:
        de "Noch ist nichts gespeichert.",
        en "Nothing is saved yet.";
    save:
        de "Vorlage speichern",
        en "Save this template";
    as_text:
        de "Die Vorlage als Text, zum Mitnehmen und Einlesen",
        en "The template as text, to take along and to import";
    reset:
        de "Auf die mitgelieferte Vorlage zurücksetzen",
        en "Set back to the template of the program";
    reset_about:
        de "Ihre Fassung geht verloren. Gestellte Anfragen bleiben, wie sie sind.",
        en "Your version is lost. Requests already made stay as they are.";
    reset_sure:
        de "Ja, meine Fassung verwerfen",
        en "Yes, discard my version";
    delete:
        de "Diese Vorlage löschen",
        en "Delete this template";
    delete_about:
        de "Sie lässt sich nicht wiederherstellen. Anfragen, die aus ihr entstanden sind, bleiben.",
        en "It cannot be restored. Requests that were made from it stay.";
    delete_sure:
        de "Ja, die Vorlage löschen",
        en "Yes, delete the template";
    not_sure:
        de "Setzen Sie zuerst das Häkchen, das die Absicht bestätigt.",
        en "First tick the box that confirms it.";
    faults:
        de "Die Vorlage wurde nicht gespeichert. Bitte ändern Sie die Felder, an denen ein Hinweis steht.",
        en "The template was not saved. Please change the fields that have a remark.";
    bad_name:
        de "Der Kurzname besteht aus 1 bis 60 kleinen Buchstaben ohne Umlaute, Ziffern und Bindestrichen.",
        en "The short name has 1 to 60 lower-case letters without accents, digits and hyphens.";
    taken:
        de "Eine Vorlage mit diesem Kurznamen gibt es schon.",
        en "There is a template of this short name already.";
    bad_title(most: usize):
        de "Hier fehlt ein Text, oder er hat mehr als {most} Zeichen.",
        en "A text is missing here, or has more than {most} characters.";
    bad_text(most: usize):
        de "Der Text darf höchstens {most} Zeichen haben.",
        en "The text may have at most {most} characters.";
    bad_naming:
        de "So lässt sich kein Dateiname bilden: höchstens fünf Teile zwischen Schrägstrichen, keiner leer, und nur die genannten Platzhalter.",
        en "No file name can be made of this: at most five parts between slashes, none empty, and only the places that are named.";
    bad_remind:
        de "Nennen Sie bis zu fünf Zahlen von Tagen, jede höchstens 90, zum Beispiel 14, 3.",
        en "Name up to five numbers of days, each at most 90, such as 14, 3.";
    bad_items(most: usize):
        de "Eine Vorlage hat mindestens einen Punkt und höchstens {most}.",
        en "A template has at least one item and at most {most}.";
    bad_person(most: usize):
        de "Die Person hat höchstens {most} Zeichen in einer Zeile.",
        en "The person has at most {most} characters on one line.";
    bad_until(most: u16):
        de "Eine Zahl von Tagen von 1 bis {most}, oder nichts.",
        en "A number of days from 1 to {most}, or nothing.";
    bad_line(line: usize):
        de "Zeile {line} passt nicht zum Aufbau einer Vorlage.",
        en "line {line} does not fit the form of a template.";
    too_long:
        de "ihr Text ist zu lang.",
        en "its text is too long.";
}

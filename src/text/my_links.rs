//! The pages on which users make links.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages on which users make links and see hand-ins.
    MyLinksTexts;

    title:
        de "Ihre Links",
        en "Your links";
    about:
        de "Mit einem Link nimmt oder zeigt Ihr Büro Dateien, ohne dass die andere Seite ein Konto braucht.",
        en "With a link your office takes or shows files, and the other side needs no account.";
    none:
        de "Sie haben noch keinen Link angelegt.",
        en "You have not made a link yet.";
    no_spaces:
        de "Sie dürfen in keinem Bereich Links anlegen.",
        en "You may not make links in any space.";
    new_link:
        de "Neuer Link",
        en "New link";
    make:
        de "Link anlegen",
        en "Make the link";
    space:
        de "Bereich",
        en "Space";
    folder:
        de "Ordner oder Datei darin",
        en "Folder or file in it";
    folder_about:
        de "Zum Beispiel: Belege 2026. Einen Ordner, den es noch nicht gibt, legt der Server an. Leer: der ganze Bereich.",
        en "For example: Receipts 2026. A folder that does not exist yet is created. Empty: the whole space.";
    purpose:
        de "Wozu",
        en "What for";
    take:
        de "Dateien entgegennehmen",
        en "Take files in";
    show:
        de "Dateien zeigen",
        en "Show files";
    label:
        de "Für wen (nur für Ihre Liste)",
        en "For whom (for your list only)";
    note:
        de "Nachricht auf der Seite",
        en "Message on the page";
    deadline:
        de "Bitte bis",
        en "Please by";
    until:
        de "Link gilt bis",
        en "Link is valid through";
    until_usual:
        de "Link gilt bis (leer: 30 Tage lang)",
        en "Link is valid through (empty: for 30 days)";
    for_taking:
        de "Nur zum Entgegennehmen",
        en "Only for taking files in";
    for_showing:
        de "Nur zum Zeigen",
        en "Only for showing files";
    only_for_showing:
        de "Die Zahl der Downloads gilt nur, wenn der Link Dateien zeigt. Bitte lassen Sie das Feld leer.",
        en "A number of downloads is only for links that show files. Please leave that field empty.";
    once:
        de "Nur für eine Einreichung",
        en "For one hand-in only";
    downloads:
        de "Wie oft herunterladbar (leer: beliebig oft; ein Ordner als ZIP-Datei)",
        en "How many downloads (empty: any number; a folder as a ZIP file)";
    own_folder:
        de "Jede Einreichung in einen eigenen Ordner",
        en "Each hand-in in a folder of its own";
    limits:
        de "Grenzen",
        en "Limits";
    most_hand_ins:
        de "Wie viele Einreichungen, wenn es mehr als eine sein darf",
        en "How many hand-ins, if there may be more than one";
    most_files:
        de "Höchstens so viele Dateien je Einreichung (leer: beliebig viele)",
        en "At most this many files in a hand-in (empty: any number)";
    most_bytes:
        de "Höchstens so groß ist eine Einreichung, zum Beispiel 500 MB (leer: beliebig)",
        en "Largest hand-in, such as 500 MB (empty: any size)";
    types:
        de "Nur diese Arten von Dateien, zum Beispiel pdf, jpg, xlsx (leer: alle)",
        en "Only these kinds of files, such as pdf, jpg, xlsx (empty: all)";
    only_for_taking:
        de "Grenzen für Einreichungen gelten nur, wenn der Link Dateien entgegennimmt. Bitte lassen Sie diese Felder leer.",
        en "Limits of hand-ins are only for links that take files in. Please leave those fields empty.";
    bad_count:
        de "Die Zahl der Dateien und die der Einreichungen müssen mindestens 1 sein.",
        en "The numbers of files and of hand-ins must be at least 1.";
    bad_size:
        de "Bitte schreiben Sie die Größe mit einer Einheit, zum Beispiel 500 MB oder 2 GB.",
        en "Please write the size with a unit, such as 500 MB or 2 GB.";
    bad_types:
        de "Bitte nennen Sie die Endungen der Dateien, durch Kommas getrennt, zum Beispiel pdf, jpg.",
        en "Please name the endings of the files, with commas between them, such as pdf, jpg.";
    change:
        de "Bezeichnung, Hinweis und Grenzen ändern",
        en "Change label, note and limits";
    keep:
        de "Änderungen speichern",
        en "Save the changes";
    changed:
        de "Der Link ist geändert; seine Adresse bleibt dieselbe.",
        en "The link is changed; its address stays the same.";
    password:
        de "Kennwort (leer: keines)",
        en "Password (empty: none)";
    guest_chooses:
        de "Das Kennwort wählt, wer den Link zuerst öffnet",
        en "The first visitor chooses the password";

    code_to:
        de "Statt eines Kennworts: Code per E-Mail an diese Adresse (leer: keiner)",
        en "Instead of a password: a code by mail to this address (empty: none)";
    code_goes_to(address: &str):
        de "Wer den Link öffnet, fordert einen Code an; er geht an {address}.",
        en "People who open the link ask for a code, which goes to {address}.";
    no_mails:
        de "Dieser Server sendet keine E-Mails, also auch keine Codes.",
        en "This server sends no mails, and so no codes.";
    bad_code_address:
        de "An diese Adresse kann kein Code gehen; bitte prüfen Sie sie.",
        en "No code can go to this address; please check it.";
    make_box:
        de "Briefkasten anlegen",
        en "Make a box";
    your_box:
        de "Ihr Briefkasten",
        en "Your box";
    box_about:
        de "Ein Briefkasten ist Ihr dauerhafter Link für die Signatur Ihrer E-Mails. Wer ihn öffnet, nennt seinen Namen und sendet Ihnen Dateien; jede Sendung bekommt einen Ordner. Mehr als 30 Sendungen in der Stunde nimmt er nicht an, von einem Anschluss nicht mehr als 5.",
        en "A box is your permanent link for the signature of your mails. People who open it give their name and send you files; each hand-in gets a folder. It takes no more than 30 hand-ins an hour, and no more than 5 from one network.";
    signature:
        de "Zeile für Ihre Signatur",
        en "Line for your signature";
    signature_text(address: &str):
        de "Dateien sicher an mich senden:\n{address}",
        en "Send me files securely:\n{address}";
    has_box:
        de "Sie haben schon einen Briefkasten.",
        en "You have a box already.";
    not_for_box:
        de "Einen Briefkasten haben nur Personen, die im Büro arbeiten; er hat weder Frist noch Ende.",
        en "Only people who work in the office have a box; it has neither a deadline nor an end.";

    made:
        de "Der Link ist angelegt.",
        en "The link is made.";
    address:
        de "Adresse zum Weitergeben",
        en "Address to pass on";
    mail:
        de "Text für eine E-Mail",
        en "Text for a mail";
    mail_take(office: &str, address: &str):
        de "Guten Tag,\n\nbitte laden Sie Ihre Unterlagen für {office} hier hoch:\n{address}\n\nSie brauchen dafür kein Konto und kein \
            Programm.\n\nMit freundlichen Grüßen",
        en "Hello,\n\nplease upload your documents for {office} here:\n{address}\n\nYou need no account and no program for \
            this.\n\nKind regards";
    mail_show(office: &str, address: &str):
        de "Guten Tag,\n\n{office} hat Dateien für Sie bereitgelegt:\n{address}\n\nMit freundlichen Grüßen",
        en "Hello,\n\n{office} has files ready for you:\n{address}\n\nKind regards";
    mail_by(day: &str):
        de "Bitte bis {day}.",
        en "Please by {day}.";
    mail_password:
        de "Das Kennwort dafür bekommen Sie von uns auf einem anderen Weg.",
        en "You get the password for it from us by another way.";
    our_office:
        de "unser Büro",
        en "our firm";
    password_apart:
        de "Das Kennwort geben Sie bitte auf anderem Weg weiter, zum Beispiel am Telefon.",
        en "Please pass the password on by another way, such as the phone.";
    target:
        de "Ziel",
        en "Target";
    conditions:
        de "Vereinbart",
        en "Conditions";
    conditions_downloads(most: u32):
        de "herunterladbar: höchstens {most}-mal",
        en "downloads: {most} at most";
    state:
        de "Stand",
        en "State";
    never_opened:
        de "noch nicht geöffnet",
        en "not opened yet";
    opened(when: &str):
        de "zuletzt geöffnet {when}",
        en "last opened {when}";
    used_up:
        de "aufgebraucht",
        en "used up";
    handed_in_once(when: &str):
        de "1 Einreichung, {when}",
        en "1 hand-in, {when}";
    handed_in(count: u32, when: &str):
        de "{count} Einreichungen, zuletzt {when}",
        en "{count} hand-ins, the last {when}";
    expired:
        de "abgelaufen",
        en "expired";
    open:
        de "offen",
        en "open";
    hand_ins:
        de "Einreichungen",
        en "Hand-ins";
    no_hand_ins:
        de "Noch wurde nichts eingereicht.",
        en "Nothing was handed in so far.";
    hand_in(number: i64, name: &str):
        de "Nr. {number} {name}",
        en "No. {number} {name}";
    under_way:
        de "noch nicht abgeschlossen",
        en "not finished yet";
    finished(when: &str):
        de "abgeschlossen {when}",
        en "finished {when}";
    finished_late(when: &str):
        de "verspätet abgeschlossen {when}",
        en "finished late {when}";
    closed(when: &str):
        de "Link endete vorher, {when}",
        en "link ended before, {when}";
    receipt:
        de "Eingangsbestätigung",
        en "Receipt";
    fetched:
        de "Vollständige Downloads",
        en "Complete downloads";
    none_fetched:
        de "Noch wurde nichts vollständig heruntergeladen.",
        en "Nothing was downloaded completely so far.";
    download(number: i64, when: &str, size: &str):
        de "Nr. {number}, vollständig {when}, {size}",
        en "No. {number}, complete {when}, {size}";
    proof:
        de "Nachweis",
        en "Proof";
    fetched_times(count: u32, most: u32):
        de "{count} von {most} Downloads",
        en "downloaded {count} of {most} times";
    fetched_at(when: &str):
        de "zuletzt abgerufen {when}",
        en "last fetched {when}";
    never_fetched:
        de "noch nicht abgerufen",
        en "not fetched yet";
    ends_today:
        de "endet heute",
        en "ends today";
    ends_tomorrow:
        de "endet morgen",
        en "ends tomorrow";
    ends_in(days: i64):
        de "endet in {days} Tagen",
        en "ends in {days} days";
    bad_number:
        de "Die Zahl der Downloads muss mindestens 1 sein.",
        en "The number of downloads must be at least 1.";
    extend:
        de "Verlängern",
        en "Extend";
    extend_about:
        de "Die Adresse bleibt dieselbe. Ein aufgebrauchter Link erlaubt danach noch eine Einreichung oder einen Download.",
        en "The address stays the same. A used-up link allows one more hand-in or download after that.";
    extended:
        de "Der Link ist verlängert.",
        en "The link is extended.";
    end:
        de "Link beenden",
        en "End the link";
    end_about:
        de "Der Link öffnet dann nichts mehr. Was eingereicht wurde, bleibt.",
        en "The link opens nothing any more. What was handed in stays.";
    ended:
        de "Der Link ist beendet.",
        en "The link is ended.";

    not_made:
        de "Der Link wurde nicht angelegt:",
        en "The link was not made:";
    clients_make_none:
        de "Konten von Mandanten dürfen in diesem Büro keine Links anlegen. Bitte wenden Sie sich an das Büro.",
        en "Accounts of clients may not make links in this office. Please ask the office.";
    not_a_folder:
        de "Entgegennehmen kann nur ein Ordner, keine Datei.",
        en "Only a folder can take files in, not a file.";
    bad_name:
        de "Dieser Name ist für einen Ordner nicht zulässig.",
        en "This name is not allowed for a folder.";
    missing(name: &str, space: &str):
        de "„{name}“ gibt es im Bereich „{space}“ nicht.",
        en "There is no \"{name}\" in the space \"{space}\".";
    weak_password:
        de "Das Kennwort hat weniger als 8 Zeichen oder ist leicht zu erraten.",
        en "The password has fewer than 8 characters or is easy to guess.";
    bad_date:
        de "Bitte wählen Sie ein Datum, das noch kommt.",
        en "Please choose a date that is still to come.";
    ends_early:
        de "Der Link würde enden, bevor die Frist um ist.",
        en "The link would end before the deadline.";
    terms:
        de "Frist und eigener Ordner gelten nur, wenn der Link Dateien entgegennimmt.",
        en "A deadline and a folder of its own are only for links that take files in.";
    two_passwords:
        de "Bitte nur eines davon: ein Kennwort von Ihnen, eines, das beim ersten Öffnen gewählt wird, oder ein Code per E-Mail.",
        en "Please only one of these: a password that you set, one that is chosen when the link is first opened, or a code by mail.";
    too_many:
        de "Es gibt schon zu viele Links. Bitte beenden Sie einige, die niemand mehr braucht.",
        en "There are too many links already. Please end some that are no longer needed.";
    bad_text:
        de "Die Nachricht oder Bezeichnung ist zu lang.",
        en "The message or label is too long.";
    failed:
        de "Bitte versuchen Sie es in einigen Sekunden noch einmal.",
        en "Please try again in a few seconds.";
}

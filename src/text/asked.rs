//! The page of a request, for the recipients.

use super::sentences::sentences;

sentences! {
    /// Sentences of the page on which people see what the office asks for.
    AskedTexts;

    open_of(open: usize, all: usize):
        de "{open} von {all} offen",
        en "{open} of {all} open";
    finished_now:
        de "Ihre Einreichung ist bei uns. Hier ist die Bestätigung dafür:",
        en "Your hand-in has reached us. Here is its receipt:";
    nothing_open:
        de "Es ist nichts mehr offen. Vielen Dank!",
        en "Nothing is open any more. Thank you!";
    closed:
        de "Diese Anfrage ist abgeschlossen und nimmt nichts mehr an. Bitte wenden Sie sich bei Fragen an uns.",
        en "This request is closed and takes nothing more. Please ask us if you have questions.";
    saved:
        de "Alles bis hier ist gespeichert. Derselbe Link bringt Sie zurück.",
        en "Everything so far is stored. The same link brings you back.";
    saved_in_account:
        de "Alles bis hier ist gespeichert. Sie finden diese Liste jederzeit unter „Ihre Dateien“ wieder, auch an einem anderen Gerät.",
        en "Everything so far is stored. You find this list under \"Your files\" at any time, on another device, too.";
    about:
        de "Reichen Sie zu jedem Punkt ein, was Sie haben, und kommen Sie für den Rest wieder. Ihre Dateien werden \
            verschlüsselt übertragen und gespeichert.",
        en "Hand in what you have for each item, and come back for the rest. Your files are encrypted on their way and in \
            storage.";
    asked_of_you:
        de "Anfragen an Sie",
        en "Requests to you";
    none_open:
        de "Es fehlt nichts mehr",
        en "Nothing is missing any more";
    again_title:
        de "Bitte noch einmal",
        en "Please again";
    list_title:
        de "Was wir brauchen",
        en "What we need";
    person(person: &str):
        de "für Person {person}",
        en "for person {person}";
    state_open:
        de "offen",
        en "still open";
    state_handed_in:
        de "angekommen – wird geprüft",
        en "arrived – being checked";
    state_does_not_apply:
        de "betrifft Sie nicht – wird geprüft",
        en "does not apply – being checked";
    state_accepted:
        de "angenommen",
        en "accepted";
    state_rejected(reason: &str):
        de "bitte neu: {reason}",
        en "please again: {reason}";
    until(day: &str):
        de "bis {day}",
        en "by {day}";
    was_until(day: &str):
        de "überfällig: Wir hatten Sie bis {day} darum gebeten.",
        en "overdue: we had asked you for it by {day}.";
    form:
        de "Formular zum Ausfüllen",
        en "Form to fill in";
    look:
        de "ansehen",
        en "look at it";
    look_at(name: &str):
        de "{name} ansehen",
        en "look at {name}";
    to_request:
        de "Zurück zur Liste der Unterlagen",
        en "Back to the list of documents";
    fetch_file(size: &str):
        de "Auf dieses Gerät laden ({size})",
        en "Save on this device ({size})";
    form_missing:
        de "Das Formular zu diesem Punkt ist zurzeit nicht abrufbar. Bitte fragen Sie uns danach.",
        en "The form for this item cannot be fetched at present. Please ask us for it.";
    example:
        de "So kann es aussehen",
        en "What it can look like";
    example_missing:
        de "Das Muster zu diesem Punkt ist zurzeit nicht abrufbar.",
        en "The example for this item cannot be fetched at present.";
    by_another:
        de "Dazu sind Dateien angekommen, die nicht aus diesem Browser stammen.",
        en "Files have arrived for this that were not sent from this browser.";
    file:
        de "Datei oder Foto",
        en "File or photo";
    send(title: &str):
        de "Hochladen zu {title}",
        en "Upload for {title}";
    more:
        de "Weitere Dateien zu diesem Punkt",
        en "More files for this item";
    does_not_apply:
        de "Habe ich nicht oder betrifft mich nicht",
        en "I do not have it, or it does not apply";
    does_not_apply_why:
        de "Möchten Sie etwas dazu sagen? (freiwillig)",
        en "Would you like to say why? (optional)";
    say_so:
        de "Betrifft mich nicht",
        en "Does not apply to me";
    applies:
        de "Betrifft mich doch",
        en "It does apply";
    comment:
        de "Frage oder Anmerkung",
        en "Question or comment";
    your_words:
        de "Ihre Frage oder Anmerkung",
        en "Your question or comment";
    comment_send:
        de "Absenden",
        en "Send it";
    commented(when: &str, text: &str):
        de "Sie schrieben {when}: {text}",
        en "You wrote {when}: {text}";
    answered(when: &str, text: &str):
        de "Unsere Antwort vom {when}: {text}",
        en "Our answer of {when}: {text}";
    other_title:
        de "Weitere Unterlagen",
        en "Other documents";
    other_about:
        de "Für alles, was zu keinem Punkt passt.",
        en "For everything that fits no item.";
    finish_about:
        de "Mit „Fertig“ erhalten Sie eine Eingangsbestätigung über alles, was Sie seit der letzten gesendet haben. Der Link \
            bleibt gültig: Fehlendes können Sie jederzeit nachreichen.",
        en "\"Done\" gives you a receipt for everything that you have sent since the last one. The link stays valid: you can \
            hand in what is missing at any time.";
    finish_in_account:
        de "Mit „Fertig“ erhalten Sie eine Eingangsbestätigung über alles, was Sie seit der letzten gesendet haben. Fehlendes \
            können Sie auch danach nachreichen.",
        en "\"Done\" gives you a receipt for everything that you have sent since the last one. You can hand in what is missing \
            afterwards, too.";
    receipts_title:
        de "Eingangsbestätigungen",
        en "Your receipts";
    receipt(number: i64, when: &str):
        de "Bestätigung Nr. {number} vom {when}",
        en "Receipt no. {number} of {when}";
    next:
        de "Wir prüfen, was angekommen ist, und melden uns, wenn etwas fehlt.",
        en "We check what has arrived, and tell you if something is missing.";
    bad_text:
        de "Bitte geben Sie einen Text mit höchstens 1.000 Zeichen ein.",
        en "Please enter a text of at most 1,000 characters.";
    too_many_comments:
        de "Zu diesem Punkt gibt es schon sehr viele Anmerkungen. Bitte rufen Sie uns an.",
        en "There are very many comments on this item already. Please call us.";
    accepted_meanwhile:
        de "diesen Punkt haben wir schon angenommen",
        en "we have accepted this item already";
    item_done:
        de "Diesen Punkt haben wir schon angenommen. Es ist nichts mehr zu tun.",
        en "We have accepted this item already. There is nothing left to do.";
}

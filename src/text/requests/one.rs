//! The page of a request, on which users of the office judge the files that came.

use crate::text::Language;
use crate::text::sentences::sentences;

sentences! {
    /// Sentences of the page of a request.
    RequestTexts;

    judged:
        de "Ihre Entscheidungen sind gespeichert. Die Empfänger sehen sie auf ihrer Seite.",
        en "Your decisions are stored. The recipients see them on their page.";
    closed:
        de "Die Anfrage ist abgeschlossen und nimmt nichts mehr an.",
        en "The request is closed and takes nothing more.";
    reopened:
        de "Die Anfrage ist wieder offen.",
        en "The request is open again.";
    extended:
        de "Die neue Frist gilt. Die Links sind dieselben geblieben.",
        en "The new deadline applies. The links have stayed the same.";
    reasons_missing:
        de "Nichts wurde gespeichert: Bei einer Ablehnung fehlt der Grund, oder er ist länger als 1.000 Zeichen.",
        en "Nothing was stored: a rejection lacks its reason, or it is longer than 1,000 characters.";
    reason_missing:
        de "Bitte nennen Sie den Grund; der Mandant liest ihn.",
        en "Please give the reason; the client reads it.";
    changed_meanwhile:
        de "Nichts wurde gespeichert: Seit Sie diese Seite geöffnet haben, hat sich etwas geändert. Was Sie gewählt haben, steht noch \
            da; bitte sehen Sie diese Punkte noch einmal an.",
        en "Nothing was stored: something has changed since you opened this page. Your choices are still there; please look at \
            these items again.";
    changed_item:
        de "Inzwischen geändert.",
        en "Changed meanwhile.";
    nothing_chosen:
        de "Sie haben bei keinem Punkt etwas ausgewählt.",
        en "You have not chosen anything for any item.";
    not_extended:
        de "Die Frist wurde nicht geändert.",
        en "The deadline was not changed.";
    bad_date:
        de "Bitte wählen Sie einen Tag in der Zukunft.",
        en "Please choose a day in the future.";
    item_dates:
        de "Eigene Fristen der Punkte",
        en "Dates of single items";
    item_dates_about:
        de "Ein Punkt kann vor der Anfrage fällig sein, nicht danach. Ohne eigene Frist gilt die der Anfrage.",
        en "An item can be due before the request, not after it. Without a date of its own it is due with the request.";
    store_dates:
        de "Fristen speichern",
        en "Store the dates";
    dated:
        de "Die Fristen der Punkte sind gespeichert.",
        en "The dates of the items are stored.";
    not_dated:
        de "Nichts wurde gespeichert: Die Frist eines Punkts ist kein Tag, ist vorbei oder liegt nach der Frist der Anfrage.",
        en "Nothing was stored: the date of an item is no day, is over, or is after the deadline of the request.";
    bad_item_date:
        de "Bitte wählen Sie einen Tag von heute bis zur Frist der Anfrage.",
        en "Please choose a day from today to the deadline of the request.";
    handouts:
        de "Formulare und Muster zum Herunterladen",
        en "Forms and examples to fetch";
    handouts_about(most: &str):
        de "Die Datei bleibt, wo sie liegt; die Empfänger erhalten sie in ihrer jeweiligen Fassung, solange die Anfrage läuft und der \
            Absender der Anfrage sie lesen darf. Möglich sind Dokumente und Bilder bis {most}.",
        en "The file stays where it is; the recipients get it as it is then, while the request runs and the user who made it may \
            read the file. Documents and pictures of up to {most} are possible.";
    handout_item:
        de "Für welchen Punkt",
        en "For which item";
    handout_what:
        de "Wozu die Datei dient",
        en "What the file is for";
    handout_form:
        de "Ausfüllen",
        en "Fill it in";
    handout_example:
        de "Als Muster",
        en "As an example";
    handout_file:
        de "Bereich und Pfad der Datei (leer: keine)",
        en "Space and path of the file (empty: none)";
    handout_upload:
        de "Oder eine Datei von diesem Gerät",
        en "Or a file from this device";
    handout_folder(place: &str):
        de "Sie wird als neue Datei abgelegt in: {place}. Über ihren Link sehen die Empfänger diesen Ordner nicht.",
        en "It is stored as a new file in: {place}. By their link, the recipients do not see this folder.";
    handout_for_example:
        de "Zum Beispiel: Vorlagen/Fragebogen.pdf",
        en "For example: Forms/Questionnaire.pdf";
    hand_out:
        de "Datei bereitstellen",
        en "Hand the file out";
    handed_out:
        de "Gespeichert; die Empfänger sehen es auf ihrer Seite.",
        en "Stored; the recipients see it on their page.";
    not_handed_out:
        de "Die Datei wurde nicht bereitgestellt: Es gibt sie nicht, sie ist zu groß, oder sie ist weder Dokument noch Bild.",
        en "The file was not handed out: it does not exist, is too large, or is neither a document nor a picture.";
    hands_out_form(name: &str):
        de "Formular für die Empfänger: {name}",
        en "Form for the recipients: {name}";
    hands_out_example(name: &str):
        de "Muster für die Empfänger: {name}",
        en "Example for the recipients: {name}";
    handout_gone:
        de "nicht abrufbar",
        en "cannot be fetched";
    state:
        de "Wie es steht",
        en "How it stands";
    closed_fact:
        de "Ende",
        en "End";
    folder:
        de "Dateien liegen in",
        en "Files go to";
    no_folder(space: &str):
        de "{space} (den Ordner gibt es nicht mehr)",
        en "{space} (the folder is gone)";
    made:
        de "Angelegt am",
        en "Made on";
    questions:
        de "Fragen und Anmerkungen der Empfänger",
        en "Questions and comments of the recipients";
    answers_about:
        de "Ihre Antwort steht danach auf der Seite des Empfängers; hat er eine E-Mail-Adresse, bekommt er einen Hinweis.",
        en "Your answer is then on the recipient's page; a recipient with a mail address gets a note.";
    answer:
        de "Ihre Antwort",
        en "Your answer";
    send_answer:
        de "Antworten",
        en "Answer";
    settle:
        de "Ohne Antwort erledigt",
        en "Settled without an answer";
    answer_missing:
        de "Bitte schreiben Sie eine Antwort, oder wählen Sie „Ohne Antwort erledigt“.",
        en "Please write an answer, or choose \"Settled without an answer\".";
    not_answered:
        de "Nicht gesendet: Die Antwort fehlt.",
        en "Not sent: the answer is missing.";
    is_answered:
        de "Die Anmerkung ist erledigt.",
        en "The comment is dealt with.";
    items:
        de "Punkte",
        en "Items";
    is_open:
        de "noch nichts angekommen",
        en "nothing has arrived";
    is_handed_in:
        de "angekommen, zu prüfen",
        en "arrived, to check";
    is_declined:
        de "trifft laut Empfänger nicht zu, zu prüfen",
        en "does not apply, says the recipient; to check";
    is_declined_because(why: &str):
        de "trifft laut Empfänger nicht zu, zu prüfen: {why}",
        en "does not apply, says the recipient; to check: {why}";
    is_accepted:
        de "angenommen, erledigt",
        en "accepted, done";
    is_rejected(reason: &str):
        de "abgelehnt: {reason}",
        en "rejected: {reason}";
    commented(when: &str, text: &str):
        de "Anmerkung vom {when}: {text}",
        en "Comment of {when}: {text}";
    commented_by(name: &str, when: &str, text: &str):
        de "{name} schrieb am {when}: {text}",
        en "{name} wrote on {when}: {text}";
    answered(when: &str, text: &str):
        de "Ihre Antwort vom {when}: {text}",
        en "Your answer of {when}: {text}";
    settled(when: &str):
        de "Ohne Antwort erledigt am {when}",
        en "Settled without an answer on {when}";
    decision(title: &str):
        de "Entscheidung zu „{title}“",
        en "Decision about \"{title}\"";
    later:
        de "Noch nicht entscheiden",
        en "Do not decide yet";
    leave:
        de "So lassen",
        en "Leave it so";
    accept:
        de "Annehmen",
        en "Accept";
    accept_open:
        de "Als erledigt annehmen, auch ohne Datei",
        en "Accept as done, even without a file";
    accept_declined:
        de "Annehmen: wird nicht gebraucht",
        en "Accept: not needed";
    reject:
        de "Ablehnen, wird noch einmal gebraucht",
        en "Reject, needed again";
    undo:
        de "Entscheidung zurücknehmen",
        en "Take the decision back";
    reason:
        de "Grund der Ablehnung (liest der Mandant)",
        en "Reason of the rejection (the client reads it)";
    change:
        de "Ändern",
        en "Change it";
    judge_about:
        de "Alles, was Sie oben ausgewählt haben, wird zusammen gespeichert.",
        en "Everything that you have chosen above is stored together.";
    judge:
        de "Entscheidungen speichern",
        en "Store the decisions";
    others:
        de "Dateien zu keinem Punkt",
        en "Files for no item";
    file_gone:
        de "nicht mehr da",
        en "not there any more";
    file_held:
        de "wird noch geprüft",
        en "still being examined";
    file_quarantined:
        de "als gefährlich erkannt",
        en "found to be dangerous";
    file_restricted:
        de "gesperrt",
        en "blocked";
    recipients:
        de "Empfänger und Links",
        en "Recipients and links";
    opens_by_code:
        de "Jeder Link öffnet sich erst mit einem Code, der an die Adresse seines Empfängers geht.",
        en "Each link opens only with a code that goes to the address of its recipient.";
    by_account(name: &str):
        de "Konto: {name}",
        en "Account: {name}";
    not_opened:
        de "Link nie geöffnet",
        en "link never opened";
    opened(when: &str):
        de "Link zuletzt geöffnet {when}",
        en "link last opened {when}";
    finished(times: u32):
        de "{times}-mal „Fertig“ gewählt",
        en "finished {times} times";
    link_until(day: &str):
        de "Link öffnet bis {day}",
        en "link opens until {day}";
    link_ended(day: &str):
        de "Link öffnet seit {day} nicht mehr",
        en "link has not opened since {day}";
    link_gone:
        de "Link beendet",
        en "link ended";
    more:
        de "Frist und Abschluss",
        en "Deadline and end";
    extend:
        de "Frist verlängern",
        en "Extend the deadline";
    extend_about:
        de "Die Links bleiben dieselben; abgelaufene öffnen wieder.",
        en "The links stay the same; those that had ended open again.";
    new_deadline:
        de "Neue Frist",
        en "New deadline";
    close:
        de "Anfrage abschließen",
        en "Close the request";
    close_about:
        de "Die Empfänger sehen dann nur noch, wie es steht, und können nichts mehr senden. Sie können die Anfrage jederzeit \
            wieder öffnen.",
        en "The recipients then only see how it stands, and cannot send anything. You can reopen the request at any time.";
    reopen:
        de "Anfrage wieder öffnen",
        en "Reopen the request";
    history:
        de "Was bisher geschah",
        en "What has happened so far";
    no_history:
        de "Darüber ist nichts mehr aufgezeichnet.",
        en "Nothing about it is on record any more.";
}

impl RequestTexts {
    /// Name of the folder in a space for forms and examples that users send.
    pub fn forms_folder(self) -> &'static str {
        match self.0 {
            Language::German => "Vorlagen",
            Language::English => "Forms",
        }
    }
}

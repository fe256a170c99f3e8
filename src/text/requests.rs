//! The pages on which users of the office see what they asked for, and judge what came.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages of requests.
    RequestsTexts;

    title:
        de "Anfragen",
        en "Requests";
    about:
        de "Was Ihr Büro von anderen erbeten hat, was davon angekommen ist und was noch fehlt.",
        en "What your office has asked others for, what has arrived, and what is still missing.";
    show:
        de "Was die Liste zeigt",
        en "What the list shows";
    show_running:
        de "Alle laufenden",
        en "All running";
    show_to_check:
        de "Zu prüfen",
        en "To check";
    show_new:
        de "Neu seit dem letzten Besuch",
        en "New since your last visit";
    show_missing:
        de "Es fehlt etwas",
        en "Something missing";
    show_rejected:
        de "Abgelehnt",
        en "Rejected";
    show_overdue:
        de "Überfällig",
        en "Overdue";
    show_never_opened:
        de "Nie geöffnet",
        en "Never opened";
    show_closed:
        de "Abgeschlossen",
        en "Closed";
    space:
        de "In welchem Bereich",
        en "In which space";
    any_space:
        de "In allen Bereichen",
        en "In any space";
    choose:
        de "Auswählen",
        en "Choose";
    none:
        de "Es läuft keine Anfrage.",
        en "No request is running.";
    none_to_check:
        de "Es ist nichts zu prüfen.",
        en "There is nothing to check.";
    none_here:
        de "Hier ist keine Anfrage. Sehen Sie bei allen laufenden nach.",
        en "No request is here. Look at all that are running.";
    pages:
        de "Blättern",
        en "More pages";
    latest:
        de "Zu den neuesten",
        en "To the latest ones";
    earlier:
        de "Frühere Anfragen",
        en "Earlier requests";
    and_more(names: &str, more: usize):
        de "{names} und {more} weitere",
        en "{names} and {more} more";
    open_of(open: u32, all: u32):
        de "{open} von {all} offen",
        en "{open} of {all} open";
    none_open:
        de "nichts mehr offen",
        en "nothing open";
    to_check(count: u32):
        de "{count} zu prüfen",
        en "{count} to check";
    rejected(count: u32):
        de "{count} abgelehnt",
        en "{count} rejected";
    deadline_on(day: &str):
        de "Frist: {day}",
        en "Deadline: {day}";
    due_in(day: &str, days: i64):
        de "Frist {day}, noch {days} Tage",
        en "Due {day}, {days} days left";
    due_tomorrow(day: &str):
        de "Frist morgen, {day}",
        en "Due tomorrow, {day}";
    due_today(day: &str):
        de "Frist heute, {day}",
        en "Due today, {day}";
    overdue_since_yesterday(day: &str):
        de "Frist war gestern, {day}",
        en "Was due yesterday, {day}";
    overdue_since(day: &str, days: i64):
        de "Frist war der {day}, seit {days} Tagen überfällig",
        en "Was due {day}, overdue for {days} days";
    never_opened:
        de "Noch von niemandem geöffnet",
        en "Not opened by any recipient yet";
    new_at(when: &str):
        de "Neu: {when}",
        en "New: {when}";
    closed_at(when: &str):
        de "Abgeschlossen am {when}",
        en "Closed on {when}";

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
    state:
        de "Wie es steht",
        en "How it stands";
    deadline:
        de "Bis wann",
        en "Until when";
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
    items:
        de "Punkte",
        en "Items";
    person(person: &str):
        de "zu Person {person}",
        en "about person {person}";
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
        de "in Quarantäne",
        en "in quarantine";
    file_restricted:
        de "gesperrt",
        en "blocked";
    recipients:
        de "Empfänger und Links",
        en "Recipients and links";
    no_name:
        de "Empfänger ohne Namen",
        en "Recipient without a name";
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
    all:
        de "Zu allen Anfragen",
        en "To all requests";
}

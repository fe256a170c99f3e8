//! The list of requests, and sentences of several of their pages.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences of the list of requests, and those of several pages.
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
        de "Es läuft keine Anfrage. Mit „Neue Anfrage“ bitten Sie um Unterlagen: Jeder Empfänger bekommt einen Link und braucht \
            kein Konto.",
        en "No request is running. Ask for documents with \"New request\": each recipient gets a link and needs no account.";
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
    until(day: &str):
        de "bis {day}",
        en "by {day}";
    overdue_item(day: &str):
        de "überfällig, erbeten bis {day}",
        en "overdue, was due by {day}";
    next_item(until: &str):
        de "Nächster Punkt: {until}",
        en "Next item: {until}";
    never_opened:
        de "Noch von niemandem geöffnet",
        en "Not opened by any recipient yet";
    new_at(when: &str):
        de "Neu: {when}",
        en "New: {when}";
    closed_at(when: &str):
        de "Abgeschlossen am {when}",
        en "Closed on {when}";
    deadline:
        de "Bis wann",
        en "Until when";
    person(person: &str):
        de "für Person {person}",
        en "for person {person}";
    no_name:
        de "Empfänger ohne Namen",
        en "Recipient without a name";
    all:
        de "Zu allen Anfragen",
        en "To all requests";
    new_title:
        de "Neue Anfrage",
        en "New request";
    subject:
        de "Betreff der Anfrage",
        en "Subject of the request";
    space_asked:
        de "Bereich für die Dateien",
        en "Space for the files";
    mail:
        de "E-Mail-Adresse",
        en "Email address";
    matrix_title:
        de "Mandanten und Punkte nebeneinander",
        en "Clients and items side by side";
}

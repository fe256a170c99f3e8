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
    check_in_turn:
        de "Nacheinander prüfen",
        en "Check one after another";
    check_place(at: usize, all: usize):
        de "Punkt {at} von {all}",
        en "Item {at} of {all}";
    check_left(count: usize):
        de "noch {count} zu prüfen",
        en "{count} still to check";
    check_other_items:
        de "Andere Punkte",
        en "Other items";
    check_back:
        de "Voriger Punkt",
        en "Previous item";
    check_skip:
        de "Überspringen",
        en "Skip";
    check_files:
        de "Was zu diesem Punkt gekommen ist",
        en "What has come for this item";
    check_no_file:
        de "Zu diesem Punkt ist keine Datei gekommen.",
        en "No file has come for this item.";
    check_file:
        de "Dateiname",
        en "File name";
    check_size:
        de "Größe der Datei",
        en "Size of the file";
    check_came:
        de "Angekommen",
        en "Arrived";
    check_download:
        de "Datei herunterladen",
        en "Download the file";
    check_missing(state: &str):
        de "Diese Datei lässt sich gerade nicht ansehen: {state}.",
        en "This file cannot be viewed at present: {state}.";
    check_done(title: &str):
        de "Ihre Entscheidung zu „{title}“ steht fest.",
        en "Your decision about \"{title}\" is made.";
    check_again:
        de "Diesen Punkt noch einmal ansehen",
        en "Look at this item again";
    all_checked:
        de "Alles ist geprüft. Die Empfänger sehen Ihre Entscheidungen auf ihrer Seite.",
        en "Everything is checked. The recipients see your decisions on their page.";
    to_request:
        de "Zur ganzen Anfrage",
        en "To the whole request";
    key_reject:
        de "zum Grund einer Ablehnung; danach Tabulator und Eingabe",
        en "to the reason of a rejection; then Tab and Enter";
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
    reminders:
        de "Erinnerungen per Mail",
        en "Reminders by mail";
    no_mails:
        de "Dieser Server verschickt keine Mails.",
        en "This server sends no mails.";
    reminders_paused:
        de "Die Erinnerungen sind angehalten.",
        en "Reminders are paused.";
    no_reminder_planned:
        de "Es ist keine Erinnerung geplant.",
        en "No reminder is planned.";
    never_reminded:
        de "noch nicht erinnert",
        en "not reminded yet";
    reminded(times: u32, when: &str):
        de "{times}-mal erinnert, zuletzt {when}",
        en "reminded {times} times, last {when}";
    reminds_next(when: &str):
        de "wieder am {when}",
        en "again on {when}";
    address_refused(when: &str, why: &str):
        de "An diese Adresse ging die Mail vom {when} nicht hinaus: {why}",
        en "The mail of {when} could not be delivered to this address: {why}";
    readdress:
        de "Adresse speichern",
        en "Store the address";
    readdressed:
        de "Die Adresse ist gespeichert.",
        en "The address is stored.";
    remind_now:
        de "Jetzt erinnern",
        en "Remind now";
    reminder_made:
        de "Die Erinnerung geht gleich hinaus.",
        en "The reminder is about to be sent.";
    pause_reminders:
        de "Erinnerungen anhalten",
        en "Pause reminders";
    resume_reminders:
        de "Erinnerungen fortsetzen",
        en "Resume reminders";
    nothing_missing:
        de "Es fehlt nichts, woran zu erinnern wäre.",
        en "Nothing is missing of which to remind.";
    reminded_today:
        de "Heute wurde schon erinnert. Einmal am Tag genügt.",
        en "A reminder was sent today. One a day is enough.";
    nobody_reached:
        de "Kein Empfänger ist per Mail erreichbar.",
        en "No recipient can be reached by mail.";
    wrong_address:
        de "Das ist keine gültige Mail-Adresse.",
        en "This is not a valid mail address.";
    other_has_address:
        de "Diese Adresse hat schon ein anderer Empfänger der Anfrage.",
        en "Another recipient of the request has this address.";
    history:
        de "Was bisher geschah",
        en "What has happened so far";
    no_history:
        de "Darüber ist nichts mehr aufgezeichnet.",
        en "Nothing about it is on record any more.";
    all:
        de "Zu allen Anfragen",
        en "To all requests";

    new_title:
        de "Neue Anfrage",
        en "New request";
    again:
        de "Dasselbe noch einmal anfragen, zum Beispiel für das nächste Jahr",
        en "Ask for the same again, for example for the next year";
    template:
        de "Vorlage",
        en "Template";
    load:
        de "Mit dieser Vorlage beginnen",
        en "Begin with this template";
    or_own:
        de "Oder schreiben Sie selbst, was Sie brauchen:",
        en "Or write what you need yourself:";
    without:
        de "Ohne Vorlage beginnen",
        en "Begin without a template";
    subject:
        de "Betreff der Anfrage",
        en "Subject of the request";
    items_of(title: &str):
        de "Punkte aus „{title}“; wählen Sie ab, was Sie nicht brauchen",
        en "Items of \"{title}\"; unselect what you do not need";
    own_items:
        de "Was Sie brauchen, je Zeile ein Punkt",
        en "What you need, one item on each line";
    more_items:
        de "Weitere Punkte, je Zeile einer",
        en "More items, one on each line";
    note:
        de "Nachricht an die Empfänger",
        en "Message to the recipients";
    asked_until:
        de "Letzter Tag der Frist (leer: keine Frist)",
        en "Last day of the deadline (empty: no deadline)";
    space_asked:
        de "Bereich für die Dateien",
        en "Space for the files";
    folder_asked:
        de "Ordner im Bereich",
        en "Folder in the space";
    folder_about:
        de "Zum Beispiel: Huber/Steuer 2025. Fehlende Ordner legt der Server an.",
        en "For example: Huber/Tax 2025. The server makes missing folders.";
    recipient:
        de "Empfänger",
        en "Recipient";
    name:
        de "Name",
        en "Name";
    mail:
        de "E-Mail-Adresse",
        en "Email address";
    language:
        de "Sprache der Texte",
        en "Language of the texts";
    many:
        de "Mehrere Empfänger oder viele Mandanten",
        en "Several recipients, or many clients";
    many_about:
        de "Je Zeile ein Empfänger: Name; E-Mail-Adresse; Sprache (de oder en); Ordner; Bereich. Name oder Adresse genügt. Eine \
            erste Zeile mit Überschriften darf die Spalten anders ordnen.",
        en "One recipient on each line: name; email address; language (de or en); folder; space. Name or address is enough. A \
            first line with heads may order the columns in another way.";
    list:
        de "Liste der Empfänger",
        en "List of recipients";
    list_file:
        de "Oder die Liste als CSV-Datei",
        en "Or the list as a CSV file";
    how:
        de "Wie werden sie gefragt?",
        en "How are they asked?";
    together(most: usize):
        de "Gemeinsam: eine Anfrage, in der alle denselben Stand sehen (höchstens {most})",
        en "Together: one request in which all see the same state (at most {most})";
    each(most: usize):
        de "Einzeln: für jeden eine eigene Anfrage mit eigenem Ordner (höchstens {most})",
        en "One by one: for each a request with a folder of its own (at most {most})";
    make:
        de "Anfrage anlegen",
        en "Make the request";
    faults:
        de "Es wurde nichts angelegt. Bitte ändern Sie:",
        en "Nothing was made. Please change:";
    in_line(line: usize, why: &str):
        de "Zeile {line}: {why}",
        en "Line {line}: {why}";
    bad_space(name: &str):
        de "In einem Bereich „{name}“ dürfen Sie nichts anfragen.",
        en "You may not ask for anything in a space \"{name}\".";
    bad_folder:
        de "Der Ordner kann so nicht heißen.",
        en "A folder cannot have this name.";
    not_a_folder:
        de "Unter diesem Namen liegt dort schon eine Datei.",
        en "There is a file of this name already.";
    bad_title(most: usize):
        de "Der Betreff fehlt oder hat mehr als {most} Zeichen.",
        en "The subject is missing or has more than {most} characters.";
    bad_note(most: usize):
        de "Die Nachricht hat mehr als {most} Zeichen.",
        en "The message has more than {most} characters.";
    bad_deadline:
        de "Die Frist ist kein Tag oder liegt in der Vergangenheit.",
        en "The deadline is no day, or in the past.";
    bad_items(most: usize):
        de "Eine Anfrage braucht 1 bis {most} Punkte.",
        en "A request needs 1 to {most} items.";
    bad_item(start: &str, most: usize):
        de "Der Punkt „{start}“ hat mehr als {most} Zeichen.",
        en "The item \"{start}\" has more than {most} characters.";
    bad_name(most: usize):
        de "Der Name hat mehr als {most} Zeichen.",
        en "The name has more than {most} characters.";
    bad_mail(mail: &str):
        de "„{mail}“ ist keine E-Mail-Adresse.",
        en "\"{mail}\" is no email address.";
    bad_language(language: &str):
        de "„{language}“ ist keine Sprache dieses Servers; es gibt de und en.",
        en "\"{language}\" is no language of this server; there are de and en.";
    bad_folder_in_line(folder: &str):
        de "„{folder}“ kann kein Ordner heißen.",
        en "No folder can have the name \"{folder}\".";
    nobody:
        de "Name und Adresse fehlen.",
        en "Name and address are missing.";
    too_many_cells(most: usize):
        de "Die Zeile hat mehr als {most} Spalten.",
        en "The line has more than {most} columns.";
    bad_quote:
        de "Ein Anführungszeichen wird nicht geschlossen.",
        en "A quotation mark is not closed.";
    too_many_lines(most: usize):
        de "Die Liste hat mehr als {most} Zeilen.",
        en "The list has more than {most} lines.";
    same_mail(mail: &str):
        de "„{mail}“ steht schon in der Liste.",
        en "\"{mail}\" is in the list already.";
    same_folder(folder: &str, line: usize):
        de "Der Ordner „{folder}“ ist schon der aus Zeile {line}; so würden sich Dateien zweier Mandanten mischen.",
        en "The folder \"{folder}\" is that of line {line} already; files of two clients would be mixed.";
    too_many_recipients(most: usize):
        de "Das sind mehr als {most} Empfänger.",
        en "These are more than {most} recipients.";
    no_recipients:
        de "Es fehlt, wer einzeln gefragt wird.",
        en "It is missing who is asked one by one.";
    made_meanwhile:
        de "Seit Sie dieses Formular geöffnet haben, haben Sie schon etwas angelegt; vielleicht war es dieses. Soll es noch eine \
            Anfrage geben, schicken Sie das Formular noch einmal ab.",
        en "Since you opened this form you have made something already; perhaps it was this. Send the form again if there shall \
            be another request.";
    see_made:
        de "Was Sie angelegt haben",
        en "What you have made";
    too_many:
        de "Sie haben schon sehr viele laufende Anfragen. Schließen Sie zuerst einige ab.",
        en "You have very many running requests already. Close some of them first.";
    not_made:
        de "Die Anfrage konnte nicht angelegt werden.",
        en "The request could not be made.";
    made_title:
        de "Links zum Weitergeben",
        en "Links to pass on";
    made_count(requests: usize, links: usize):
        de "Neu angelegte Anfragen: {requests}. Links zum Weitergeben: {links}.",
        en "Requests made: {requests}. Links to pass on: {links}.";
    addresses_once:
        de "Geben Sie die Adressen jetzt weiter: Diese Seite sehen nur Sie, und nur eine Stunde lang.",
        en "Pass the addresses on now: only you see this page, and for an hour only.";
    as_table:
        de "Alle Adressen als CSV-Datei",
        en "All addresses as a CSV file";
    none_made:
        de "In der letzten Stunde haben Sie nichts angefragt.",
        en "You have not asked for anything within the last hour.";
    address:
        de "Adresse für diesen Empfänger",
        en "Address for this recipient";
    mail_text:
        de "Text für die E-Mail",
        en "Text for the mail";
    letter(name: &str, office: &str, title: &str, address: &str, until: &str):
        de "Guten Tag{name},\n\nwir bitten Sie um Unterlagen: {title}\n{address}\n\n{until}Sie brauchen kein Konto und kein \
            Programm. Sie können jederzeit unterbrechen; derselbe Link bringt Sie zurück.\n\nMit freundlichen Grüßen\n{office}",
        en "Hello{name},\n\nwe ask you for documents: {title}\n{address}\n\n{until}You need no account and no program. You can \
            stop at any time; the same link brings you back.\n\nKind regards\n{office}";
    letter_until(day: &str):
        de "Bitte senden Sie uns alles bis zum {day}.",
        en "Please send us everything by {day}.";

    matrix_title:
        de "Mandanten und Punkte nebeneinander",
        en "Clients and items side by side";
    matrix_about:
        de "Was jeder Mandant zu den Anfragen aus einer Vorlage schon gesendet hat und was ihm noch fehlt.",
        en "What each client has already sent for the requests made from one template, and what is still missing.";
    matrix_template:
        de "Anfragen aus der Vorlage",
        en "Requests made from the template";
    no_template:
        de "keiner: was selbst geschrieben wurde",
        en "none: what was written by hand";
    matrix_empty:
        de "Aus dieser Vorlage gibt es hier keine Anfrage. Wählen Sie eine andere.",
        en "There is no request from this template here. Choose another one.";
    matrix_table:
        de "Als CSV-Datei für eine Tabelle",
        en "As a CSV file for a spreadsheet";
    matrix_like:
        de "Mit gleichen Anfragen vergleichen",
        en "Compare with requests of the same kind";
    matrix_cut(rows: usize, columns: usize):
        de "Die Tabelle ist gekürzt: Sie hat höchstens {rows} Anfragen und {columns} Punkte.",
        en "The table is cut: it has at most {rows} requests and {columns} items.";
    client:
        de "Mandant",
        en "Client";
    not_asked:
        de "nicht gefragt",
        en "not requested";
    word_open:
        de "fehlt",
        en "missing";
    word_handed_in:
        de "prüfen",
        en "check";
    word_declined:
        de "trifft nicht zu?",
        en "does not apply?";
    word_accepted:
        de "erledigt",
        en "done";
    word_rejected:
        de "fehlt wieder",
        en "missing again";
}

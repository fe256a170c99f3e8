//! The form of a new request, and the addresses that it makes.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences of the form of a new request.
    AskingTexts;

    again:
        de "Dasselbe noch einmal anfragen, zum Beispiel für das nächste Jahr",
        en "Ask for the same again, for example for the next year";
    template:
        de "Vorlage",
        en "Template";
    load:
        de "Punkte der Vorlage zeigen",
        en "Show the items of the template";
    without:
        de "Ohne Vorlage",
        en "Without a template";
    template_about:
        de "Was Sie schon eingetragen haben, bleibt stehen.",
        en "What you have filled in already stays.";
    items_of(title: &str):
        de "Punkte aus „{title}“; wählen Sie ab, was Sie nicht brauchen",
        en "Items of \"{title}\"; unselect what you do not need";
    own_items:
        de "Was Sie brauchen, je Zeile ein Punkt",
        en "What you need, one item on each line";
    more_items:
        de "Weitere Punkte, je Zeile einer",
        en "More items, one on each line";
    items_day:
        de "Mit eigener Frist: Ausweis; 15.11.2027",
        en "With a date of its own: Passport; 2027-11-15";
    dates:
        de "Frühere Fristen einzelner Punkte",
        en "Earlier dates of single items";
    dates_about:
        de "Ein leeres Feld heißt: fällig mit der Anfrage, oder wie daneben steht.",
        en "An empty field means: due with the request, or as it says beside the item.";
    day_before:
        de "am Tag vor der Frist",
        en "on the day before the deadline";
    days_before(days: u16):
        de "{days} Tage vor der Frist",
        en "{days} days before the deadline";
    bad_item_date(start: &str):
        de "Die Frist von „{start}“ ist kein Tag, ist vorbei oder liegt nach der Frist der Anfrage.",
        en "The date of \"{start}\" is no day, is over, or is after the deadline of the request.";
    note:
        de "Nachricht an die Empfänger",
        en "Message to the recipients";
    asked_until:
        de "Letzter Tag der Frist (leer: keine Frist)",
        en "Last day of the deadline (empty: no deadline)";
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
    account:
        de "Konto des Empfängers",
        en "Account of the recipient";
    no_account:
        de "ohne Konto, nur mit Link",
        en "without an account, by link only";
    account_about:
        de "Wer ein Konto hat, sieht die Anfrage nach der Anmeldung. Name, Adresse und Sprache dürfen dann fehlen.",
        en "A person with an account sees the request after signing in. Name, address and language may then be missing.";
    bad_account(name: &str):
        de "„{name}“ ist kein Konto, das in diesem Bereich Dateien ablegen darf.",
        en "\"{name}\" is no account that may add files in this space.";
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
    bad_plan:
        de "Bei den Erinnerungen stehen bis zu fünf Zahlen von 0 bis 90, oder nichts.",
        en "Reminders are up to five numbers from 0 to 90, or nothing.";
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
    add_form:
        de "Formular oder Muster zu einem Punkt dazulegen",
        en "Add a form or an example to an item";
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
        de "Guten Tag{name},\n\nwir bitten Sie um Folgendes: {title}\n{address}\n\n{until}Sie brauchen kein Konto und kein \
            Programm. Sie können jederzeit unterbrechen; derselbe Link bringt Sie zurück.\n\nMit freundlichen Grüßen\n{office}",
        en "Hello{name},\n\nwe ask you for the following: {title}\n{address}\n\n{until}You need no account and no program. You can \
            stop at any time; the same link brings you back.\n\nKind regards\n{office}";
    letter_code:
        de "Beim ersten Öffnen fragt die Seite nach einem Code: Sie fordern ihn dort an, und wir senden ihn an die \
            E-Mail-Adresse, die wir von Ihnen haben.",
        en "When you first open the page it asks for a code: ask for it there, and we send it to the mail address that we have \
            of you.";
    code_by_mail:
        de "Code per Mail verlangen",
        en "Ask for a code by mail";
    code_about:
        de "Der Link allein genügt dann nicht: Beim Öffnen geht ein Code an die Adresse des Empfängers. Das hilft, wenn ein Link \
            weitergeleitet wird oder in falsche Hände gerät. Jeder Empfänger braucht dafür eine E-Mail-Adresse; mit einem Konto \
            genügt die Anmeldung.",
        en "The link alone is not enough then: to open it, a code goes to the address of the recipient. That helps when a link is forwarded \
            or gets into wrong hands. Each recipient needs an email address for it; with an account, signing in is enough.";
    no_code_address(name: &str):
        de "Für den Code fehlt eine E-Mail-Adresse: {name}.",
        en "An email address for the code is missing: {name}.";
    no_codes:
        de "Codes kann dieser Server nicht verschicken, denn er hat keinen Mailserver.",
        en "This server cannot send codes, because it has no mail server.";
    letter_until(day: &str):
        de "Bitte senden Sie uns alles bis zum {day}.",
        en "Please send us everything by {day}.";
}

impl AskingTexts {
    /// The time of an item that is due this number of days before the deadline.
    pub fn before(self, days: u16) -> String {
        if days == 1 { self.day_before().to_owned() } else { self.days_before(days) }
    }
}

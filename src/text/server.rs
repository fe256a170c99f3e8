//! The pages on which administrators look after the server: its state, templates, rights.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages about the server itself.
    ServerTexts;

    title:
        de "Zustand des Servers",
        en "State of the server";
    all_well:
        de "Alles in Ordnung: nichts wartet auf Sie.",
        en "All is well: nothing waits for you.";
    see_to:
        de "Darum müssen Sie sich kümmern:",
        en "Please see to this:";
    version:
        de "Programmversion",
        en "Version of the program";
    stored:
        de "Gespeichert",
        en "Stored";
    verified:
        de "Zuletzt vollständig geprüft",
        en "Last verified in full";
    never:
        de "noch nie",
        en "never yet";

    disk_full:
        de "Die Festplatte ist voll. Lesen und Löschen geht, Speichern nicht. Sobald wieder Platz ist, geht es von selbst weiter.",
        en "The disk is full. Files can be read and deleted, not stored. It goes on by itself once there is room.";
    disk_failed:
        de "Die Festplatte hat einen Fehler gemeldet. Bis zu einem Neustart wird nichts mehr gespeichert. Lassen Sie die Platte prüfen.",
        en "The disk reported a fault. Nothing is stored until a restart. Have the disk examined.";
    rolled_back:
        de "Das Verzeichnis ist älter als die gespeicherten Dateien, etwa nach einer Rücksicherung. Bis es neu aufgebaut ist, wird nichts endgültig entfernt.",
        en "The catalogue is older than the stored files, as after a restore. Until it is rebuilt, nothing is removed for good.";
    catalogue_damaged:
        de "Das Verzeichnis ist beschädigt. Es muss neu aufgebaut oder zurückgesichert werden.",
        en "The catalogue is damaged. It must be rebuilt or restored.";
    storage_missing:
        de "Die gespeicherten Dateien fehlen. Ist die Platte eingehängt, auf der sie liegen?",
        en "The stored files are missing. Is the disk mounted that they lie on?";
    key_missing(space: &str):
        de "Der Schlüssel des Bereichs {space} fehlt oder ist beschädigt. Holen Sie ihn aus der Sicherung; bis dahin öffnet sich dort keine Datei.",
        en "The key of the space {space} is missing or damaged. Bring it back from the backup; until then no file opens there.";
    clock_ahead(hours: u64):
        de "Die Uhr des Servers geht vermutlich {hours} Stunden vor. Bis das geklärt ist, wird nach ihr nichts endgültig entfernt.",
        en "The clock of the server is probably {hours} hours fast. Until that is settled, nothing is removed for good by it.";
    clock_behind(hours: u64):
        de "Die Uhr des Servers geht vermutlich {hours} Stunden nach. Bis das geklärt ist, wird nach ihr nichts endgültig entfernt.",
        en "The clock of the server is probably {hours} hours slow. Until that is settled, nothing is removed for good by it.";
    no_scanner:
        de "Bereiche halten zurück, was von außen kommt, aber es ist kein Virenscanner eingerichtet. Deshalb wird nichts freigegeben.",
        en "Spaces hold what comes from outside, but no virus scanner is set up. So nothing is released.";
    scanner_silent(reason: &str):
        de "Der Prüfbereich gibt nichts frei: {reason}.",
        en "The holding area releases nothing: {reason}.";
    scanner_named(scanner: &str, reason: &str):
        de "Ein zusätzlicher Virenscanner ({scanner}) fehlt: {reason}.",
        en "A further virus scanner ({scanner}) is missing: {reason}.";
    pages:
        de "Seiten der Verwaltung",
        en "Pages for administrators";
    mail_undelivered:
        de "Eine Mail der letzten Woche kam nicht an.",
        en "One mail of the last week did not arrive.";
    mails_undelivered(count: u64):
        de "{count} Mails der letzten Woche kamen nicht an.",
        en "{count} mails of the last week did not arrive.";
    no_address(count: u64):
        de "Personen ohne E-Mail-Adresse, die deshalb keine Benachrichtigungen bekommen: {count}.",
        en "People without an email address, who therefore get no notifications: {count}.";
    to_people:
        de "Zu den Personen",
        en "Go to the people";
    failed_mails:
        de "Mails, die nicht ankamen",
        en "Mails that did not arrive";
    failed_to(to: &str, when: &str):
        de "Empfänger {to}, zuletzt versucht: {when}",
        en "Recipient {to}, last tried: {when}";
    answer_was(answer: &str):
        de "Antwort des Mailservers: {answer}",
        en "The mail server answered: {answer}";
    send_again:
        de "Diese Mail noch einmal senden",
        en "Send this mail again";
    undecided(count: u64):
        de "{count} Dateien im Prüfbereich warten auf eine Entscheidung.",
        en "{count} files in the holding area wait for a decision.";
    mass_hit(count: u64):
        de "Ein Virenscanner hat auf einmal in vielen Dateien etwas gefunden; {count} sind gesperrt, bis jemand entscheidet. Ist es ein Fehlalarm?",
        en "A virus scanner found something in many files at once; {count} are locked until a person decides. Is it a false alarm?";
    damaged(count: u64):
        de "{count} gespeicherte Dateien sind beschädigt. Holen Sie sie aus der Sicherung.",
        en "{count} stored files are damaged. Bring them back from the backup.";
    job_failing(job: &str, times: u64):
        de "{job}: {times}-mal hintereinander misslungen.",
        en "{job}: failed {times} times in a row.";
    to_holding:
        de "Zum Prüfbereich",
        en "Go to the holding area";

    jobs:
        de "Laufende Aufgaben",
        en "Background jobs";
    job:
        de "Aufgabe",
        en "Job";
    last_run:
        de "Zuletzt",
        en "Last run";
    next_run:
        de "Nächstes Mal",
        en "Next run";
    under_way:
        de "läuft gerade",
        en "under way";
    upkeep:
        de "Abgelaufenes entfernen",
        en "Removal of what has expired";
    sweep:
        de "Übrige Dateien aufräumen",
        en "Removal of stray files";
    reads:
        de "Zugriffe festhalten",
        en "Record of reads";
    mark:
        de "Stand des Verzeichnisses sichern",
        en "Mark of the catalogue";
    snapshots:
        de "Sicherungen des Verzeichnisses",
        en "Snapshots of the catalogue";
    verify:
        de "Gespeichertes nachprüfen",
        en "Verification of what is stored";
    intake:
        de "Eingegangenes auf Viren prüfen",
        en "Virus scans of what arrives";
    pdf:
        de "PDFs erzeugen",
        en "Making of PDFs";
    rescan:
        de "Bestand auf Viren prüfen",
        en "Virus scans of everything stored";
    watch:
        de "Eingangsordner abholen",
        en "Collection from the watched folder";
    mail:
        de "Anhänge auspacken",
        en "Unpacking of attachments";
    notices:
        de "Mails verschicken",
        en "Sending of mails";
    keys:
        de "Schlüssel der Bereiche prüfen",
        en "Check of the spaces' keys";
    disk:
        de "Freien Platz prüfen",
        en "Check of free space";
    writer:
        de "Antwort der Datenbank prüfen",
        en "Check that the database answers";
    certificate_ends:
        de "Das TLS-Zertifikat läuft in weniger als zwei Wochen ab. Erneuern Sie es; der Server liest es dann von selbst.",
        en "The TLS certificate ends in less than two weeks. Renew it; the server then reads it by itself.";
    certificate_ended:
        de "Das TLS-Zertifikat ist abgelaufen; Programme und Browser verbinden sich nicht mehr. Erneuern Sie es.",
        en "The TLS certificate has ended; programs and browsers no longer connect. Renew it.";
    certificate:
        de "Zertifikat erneuern",
        en "Renewal of the certificate";

    templates:
        de "Vorlagen für Anfragen",
        en "Templates for requests";
    templates_about:
        de "Eine Vorlage nennt, was Mandanten einreichen sollen. Die mitgelieferten lassen sich ändern: Ihre Fassung tritt an ihre Stelle.",
        en "A template lists what clients are to hand in. Those that come with the program can be changed: yours takes their place.";
    template_items(count: usize):
        de "Punkte: {count}",
        en "items: {count}";
    own_template:
        de "eigene Fassung",
        en "your own version";
    template_text:
        de "Text der Vorlage",
        en "Text of the template";
    template_how:
        de "Jeder Punkt beginnt mit „items“ in doppelten eckigen Klammern. Unter einem anderen Namen wird daraus eine weitere Vorlage.",
        en "Each item begins with \"items\" in double square brackets. Under another name it becomes a further template.";
    save_template:
        de "Vorlage sichern",
        en "Keep the template";
    template_refused(why: &str):
        de "Die Vorlage ist nicht verständlich: {why}",
        en "The template is not understood: {why}";

    rights:
        de "Rechte im Überblick",
        en "All rights";
    no_rights:
        de "Noch hat niemand ein Recht an diesen Bereichen.",
        en "No person has a right in these spaces yet.";
    rights_cut:
        de "Die Tabelle zeigt nur einen Teil. Suchen Sie nach einem Bereich.",
        en "The table shows a part only. Search for a space.";
    releases:
        de "gibt frei",
        en "releases";

    find:
        de "Suche nach Namen",
        en "Search by name";
    search:
        de "Suchen",
        en "Search";
    more(count: usize):
        de "und {count} weitere: Suchen Sie nach einem Teil des Namens.",
        en "and {count} more: search for a part of the name.";
}

impl ServerTexts {
    /// The work of a background job, by its name; the name itself for one that is not known here.
    pub fn of_job(self, name: &str) -> &str {
        match name {
            "upkeep" => self.upkeep(),
            "sweep" => self.sweep(),
            "reads" => self.reads(),
            "mark" => self.mark(),
            "snapshots" => self.snapshots(),
            "verify" => self.verify(),
            "intake" => self.intake(),
            name if name.starts_with("pdf") => self.pdf(),
            "rescan" => self.rescan(),
            "watch" => self.watch(),
            "mail" => self.mail(),
            "notices" => self.notices(),
            "keys" => self.keys(),
            "disk" => self.disk(),
            "writer" => self.writer(),
            "certificate" => self.certificate(),
            name => name,
        }
    }
}

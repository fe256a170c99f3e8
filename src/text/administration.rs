//! The pages on which administrators see to people, spaces and the office's details.

use super::sentences::sentences;
use crate::model::{Right, SpaceKind};

sentences! {
    /// Sentences of the pages for administrators.
    AdministrationTexts;

    title:
        de "Büro verwalten",
        en "Administration";
    people:
        de "Personen",
        en "People";
    shut_out:
        de "Zugang ruht",
        en "shut out";
    no_password:
        de "nur mit Gerätekennwörtern",
        en "device passwords only";
    with_factor:
        de "mit zweitem Faktor",
        en "with a second factor";
    new_person:
        de "Neue Person",
        en "New person";
    person_name:
        de "Benutzername",
        en "User name";
    role:
        de "Rolle",
        en "Role";
    make_person:
        de "Person anlegen",
        en "Add the person";
    make_person_about:
        de "Der Server denkt sich ein erstes Kennwort aus und zeigt es Ihnen einmal.",
        en "The server makes up a first password and shows it to you once.";

    person_refused(name: &str, why: &str):
        de "Neue Person „{name}“: {why}",
        en "New person “{name}”: {why}";

    spaces:
        de "Bereiche",
        en "Spaces";
    kind_client:
        de "für einen Mandanten",
        en "for a client";
    kind_team:
        de "für ein Team",
        en "for a team";
    used_of(used: &str, quota: &str):
        de "{used} von {quota} belegt",
        en "{used} of {quota} used";
    used(used: &str):
        de "{used} belegt",
        en "{used} used";
    holds:
        de "mit Prüfbereich",
        en "with a holding area";
    new_space:
        de "Neuer Bereich",
        en "New space";
    space_name:
        de "Name",
        en "Name";
    kind:
        de "Wofür",
        en "For";
    make_space:
        de "Bereich anlegen",
        en "Add the space";
    space_refused(name: &str, why: &str):
        de "Neuer Bereich „{name}“: {why}",
        en "New space “{name}”: {why}";
    for_me:
        de "Ich arbeite selbst darin und verwalte ihn",
        en "I work in it and manage it";
    intake:
        de "Was von außen kommt, wird geprüft und zurückgehalten",
        en "What comes from outside is examined and held";
    hours:
        de "Stunden, die es zurückgehalten wird",
        en "Hours for which it is held";
    quota:
        de "Höchstens so viele GiB (leer: ohne Grenze)",
        en "At most this many GiB (empty: no limit)";
    version_days:
        de "Tage, die frühere Fassungen bleiben",
        en "Days for which earlier versions are kept";
    trash_days:
        de "Tage, die Gelöschtes im Papierkorb bleibt",
        en "Days for which deleted entries stay in the trash";
    settings:
        de "Einstellungen",
        en "Settings";
    save:
        de "Speichern",
        en "Save";

    details:
        de "Angaben zum Büro",
        en "Details of the office";
    details_about:
        de "Stehen am Fuß jeder Seite und in jeder Mail.",
        en "They stand at the foot of every page and in every mail.";
    office_name:
        de "Name des Büros",
        en "Name of the office";
    contact:
        de "Ansprechperson",
        en "Person to ask";
    phone:
        de "Telefon",
        en "Phone";
    mail:
        de "E-Mail",
        en "Email";
    web:
        de "Website",
        en "Web site";
    zone:
        de "Zeitzone",
        en "Time zone";
    logo:
        de "Logo des Büros",
        en "Logo of the office";
    logo_about:
        de "Steht oben auf jeder Seite an Stelle des Namens. Mails bleiben ohne Bild, damit niemand sie für Werbung oder Betrug hält.",
        en "It stands at the top of every page in place of the name. Mails stay without a picture, so that they are not taken for fraud.";
    logo_file:
        de "PNG oder JPEG, höchstens 128 KiB",
        en "PNG or JPEG, at most 128 KiB";
    logo_save:
        de "Logo übernehmen",
        en "Use this logo";
    logo_remove:
        de "Logo entfernen",
        en "Remove the logo";
    lock_after:
        de "Sperre nach so vielen Minuten ohne Eingabe (0: nie)",
        en "Lock after this many minutes without input (0: never)";
    imprint:
        de "Impressum",
        en "Imprint";
    privacy:
        de "Datenschutz",
        en "Privacy";
    accessibility:
        de "Barrierefreiheit",
        en "Accessibility";

    rights:
        de "Rechte",
        en "Rights";
    no_rights:
        de "Noch keine.",
        en "None yet.";
    right:
        de "Recht",
        en "Right";
    may_read:
        de "lesen",
        en "read";
    may_write:
        de "lesen und schreiben",
        en "read and write";
    may_manage:
        de "auch verwalten",
        en "manage as well";
    release:
        de "entscheidet über Zurückgehaltenes",
        en "decides about what is held";
    give:
        de "Recht geben",
        en "Grant the right";
    take:
        de "Entziehen",
        en "Take away";
    take_about:
        de "Der Zugang endet sofort. Links und laufende Anfragen dieser Person in diesem Bereich öffnen sich nicht mehr, solange sie kein \
            Recht hat.",
        en "Access ends at once. This person's links and open requests in this space no longer open as long as the person has no right.";
    take_now:
        de "Recht entziehen",
        en "Take the right away";
    person:
        de "Wer",
        en "Person";
    space:
        de "Bereich",
        en "Space";
    choose:
        de "Bitte wählen",
        en "Please choose";
    replaces:
        de "Ersetzt ein bisheriges Recht.",
        en "It replaces a right that was given before.";
    no_person_chosen:
        de "Wählen Sie aus, wer das Recht bekommt.",
        en "Choose the person who gets the right.";
    no_space_chosen:
        de "Wählen Sie aus, in welchem Bereich das Recht gilt.",
        en "Choose the space for which the right is given.";

    change_role:
        de "Rolle ändern",
        en "Change the role";
    reach:
        de "Erreichbar",
        en "How to reach them";
    reset:
        de "Neues Kennwort",
        en "New password";
    reset_about:
        de "Der Server denkt sich eines aus und zeigt es einmal. Mit dem bisherigen kommt dann niemand mehr herein.",
        en "The server makes one up and shows it once. The present one then opens nothing any more.";
    remove_factor:
        de "Zweiten Faktor entfernen",
        en "Remove the second factor";
    remove_factor_about:
        de "Wenn Telefon und Ersatzcodes verloren sind. Danach genügt das Kennwort.",
        en "If phone and recovery codes are lost. The password alone is then enough.";
    disable:
        de "Sperren",
        en "Shut out";
    disable_about:
        de "Wirkt sofort, auch für alle Geräte und Links dieser Person. Rechte bleiben für später erhalten.",
        en "Takes effect at once, for all devices and links of this person as well. Rights are kept for later.";
    enable:
        de "Wieder zulassen",
        en "Let in again";
    delete:
        de "Endgültig entfernen",
        en "Remove for good";
    delete_about:
        de "Dateien bleiben, und der Name bleibt im Verlauf. Alles andere von dieser Person endet, auch ihre Links.",
        en "Files stay, and the name stays in their history. Everything else of this person ends, links included.";
    ends(links: usize, devices: usize, passkeys: usize, grants: usize):
        de "Es enden {links} Links, {devices} Gerätekennwörter, {passkeys} Passkeys und {grants} Rechte.",
        en "This ends {links} links, {devices} device passwords, {passkeys} passkeys and {grants} rights.";
    type_name:
        de "Zur Bestätigung den Benutzernamen eingeben",
        en "Enter the user name to confirm";
    mail_name:
        de "Adresse für Mails: der Teil vor dem @ (leer: nimmt keine an)",
        en "Address for mails: the part before the @ (empty: takes none)";
    rename:
        de "Umbenennen",
        en "Rename";
    devices:
        de "Geräte",
        en "Devices";
    no_devices:
        de "Kein Gerät hat ein Kennwort.",
        en "No device has a password.";
    remove_device:
        de "Gerät entfernen",
        en "Remove the device";
    last_used(moment: &str):
        de "zuletzt benutzt {moment}",
        en "last used {moment}";
    never_used:
        de "noch nie benutzt",
        en "never used";

    first_password(name: &str):
        de "Kennwort für {name}",
        en "Password for {name}";
    once:
        de "Es wird nur jetzt gezeigt. Geben Sie es persönlich oder am Telefon weiter. Unter „Ihr Konto“ lässt es sich ändern.",
        en "It is shown only now. Pass it on in person or on the phone. It can be changed at “Your account”.";
    onward:
        de "Weiter zu den Rechten",
        en "Go on to the rights";
    done:
        de "Gespeichert.",
        en "Saved.";
    removed:
        de "Die Person ist entfernt.",
        en "The person is removed.";
    not_confirmed:
        de "Der eingegebene Name ist ein anderer. Es wurde nichts entfernt.",
        en "The name that you entered is another one. Nothing was removed.";
    bad_number:
        de "Geben Sie eine ganze Zahl ein.",
        en "Enter a whole number.";
}

impl AdministrationTexts {
    /// The words for a right.
    pub const fn of_right(self, right: Right) -> &'static str {
        match right {
            Right::Read => self.may_read(),
            Right::Write => self.may_write(),
            Right::Manage => self.may_manage(),
        }
    }

    /// The words for a kind of space.
    pub const fn of_kind(self, kind: SpaceKind) -> &'static str {
        match kind {
            SpaceKind::Client => self.kind_client(),
            SpaceKind::Team => self.kind_team(),
        }
    }
}

//! Why a change of accounts, spaces and rights was refused.

use super::sentences::sentences;

sentences! {
    /// Sentences for the codes of docs/errors.md that pages meet.
    RefusalTexts;

    own_substitute:
        de "Sich selbst vertreten geht nicht. Wählen Sie eine andere Person.",
        en "People cannot stand in for themselves. Choose another person.";
    day:
        de "Nennen Sie auch den letzten Tag der Vertretung.",
        en "Name the last day of the substitute, too.";
    mail_name:
        de "Der Teil vor dem @ besteht aus kleinen Buchstaben, Ziffern, Punkten und Bindestrichen; postmaster und abuse gehören dem Mailserver.",
        en "The part before the @ consists of small letters, digits, dots and hyphens; postmaster and abuse belong to the mail server.";
    name_taken:
        de "Diesen Namen gibt es schon.",
        en "This name already exists.";
    unknown:
        de "Das gibt es nicht mehr. Laden Sie die Seite neu.",
        en "This does not exist any more. Reload the page.";
    last_administrator:
        de "Das ist die letzte Person, die das Büro verwalten darf. Geben Sie die Aufgabe zuerst an eine weitere.",
        en "This is the last person who may administer the office. Make somebody else an administrator first.";
    label:
        de "Geben Sie dem Gerät einen Namen mit höchstens 100 Zeichen, etwa: Laptop.",
        en "Give the device a name of at most 100 characters, such as: Laptop.";
    too_many_devices:
        de "Sie haben schon 100 Geräte. Entfernen Sie zuerst eines, das Sie nicht mehr benutzen.",
        en "You have 100 devices already. Remove one first that you no longer use.";
    too_many_passkeys:
        de "Mehr als 10 Passkeys sind nicht möglich. Entfernen Sie zuerst einen, den Sie nicht mehr benutzen.",
        en "More than 10 passkeys are not possible. Remove one first that you no longer use.";
    passkey_refused:
        de "Mit dieser Antwort des Browsers kann der Server nichts anfangen. Versuchen Sie es noch einmal, oder mit einem anderen Gerät.",
        en "The server cannot use this answer from the browser. Try again, or use another device.";
    passkey_stale:
        de "Zwischen Kennwort und Passkey lag zu viel Zeit, oder die Seite wurde zweimal abgeschickt. Beginnen Sie noch einmal.",
        en "Too much time passed between password and passkey, or the page was sent twice. Begin again.";
    factor_exists:
        de "Für dieses Konto ist schon ein zweiter Faktor eingerichtet.",
        en "This account has a second factor already.";
    factor_missing:
        de "Für dieses Konto ist kein zweiter Faktor eingerichtet.",
        en "This account has no second factor.";
    wrong_code:
        de "Der Code stimmt nicht. Geben Sie den ein, den die App jetzt zeigt, und prüfen Sie die Uhr des Telefons.",
        en "The code is wrong. Enter the one that the app shows now, and check the clock of the phone.";
    password_short:
        de "Das Kennwort braucht mindestens 12 Zeichen. Drei oder vier Wörter, die nichts miteinander zu tun haben, sind ein gutes.",
        en "The password needs at least 12 characters. Three or four unrelated words are a good one.";
    password_long:
        de "Das Kennwort darf höchstens 128 Zeichen haben und keine Zeilenumbrüche.",
        en "The password may have at most 128 characters and no line breaks.";
    password_name:
        de "Das Kennwort darf den Benutzernamen nicht enthalten.",
        en "The password must not contain the user name.";
    password_guessable:
        de "Dieses Kennwort würde früh erraten: Es besteht aus häufigen Wörtern, Jahreszahlen, Tastenfolgen oder Wiederholungen.",
        en "This password is among the first that are guessed: it is made of common words, years, neighbouring keys or repetitions.";
    user_name:
        de "Ein Benutzername hat 1 bis 64 Zeichen, ohne Doppelpunkt und Schrägstrich.",
        en "A user name has 1 to 64 characters, without colon and slash.";
    space_name:
        de "Dieser Name ist nicht möglich. Er darf weder leer noch zu lang sein und keinen Schrägstrich enthalten.",
        en "This name is not possible. It must be neither empty nor too long, and contain no slash.";
    mail:
        de "Das ist keine E-Mail-Adresse.",
        en "This is not an email address.";
    line:
        de "Die Angaben dürfen höchstens 200 Zeichen je Zeile haben, die Texte höchstens 64 KiB.",
        en "Each line may have at most 200 characters, and each text at most 64 KiB.";
    web:
        de "Die Adresse der Website beginnt mit https:// und enthält keine Leerzeichen.",
        en "The address of the web site begins with https:// and has no blanks.";
    logo:
        de "Das Logo muss ein Bild im Format PNG oder JPEG sein und höchstens 128 KiB haben.",
        en "The logo must be a picture in PNG or JPEG of at most 128 KiB.";
    lock:
        de "Geben Sie an, nach wie vielen Minuten gesperrt wird: 1 bis 30, oder 0 für nie.",
        en "Enter the minutes after which pages are locked: 1 to 30, or 0 for never.";
    zone:
        de "Diese Zeitzone ist nicht bekannt. Gebräuchlich ist Europe/Berlin.",
        en "This time zone is not known. A usual one is Europe/Berlin.";
    not_allowed:
        de "Das dürfen nur Personen, die das Büro verwalten.",
        en "Only administrators may do this.";
    busy:
        de "Der Server hat gerade viel zu tun oder kann nichts ändern. Versuchen Sie es gleich noch einmal.",
        en "The server is busy or cannot change anything at the moment. Please try again soon.";
    failed:
        de "Das ist leider misslungen. Der Grund steht im Protokoll des Servers.",
        en "Sorry, this failed. The reason is in the log of the server.";
}

impl RefusalTexts {
    /// The sentence for a code of docs/errors.md.
    pub fn of_code(self, code: &str) -> &'static str {
        match code {
            "mail-name-malformed" | "mail-name-reserved" => self.mail_name(),
            "user-exists" | "space-exists" | "mail-name-taken" => self.name_taken(),
            "user-unknown"
            | "space-unknown"
            | "app-password-unknown"
            | "upload-unknown"
            | "passkey-unknown"
            | "template-own"
            | "template-shipped"
            | "template-unknown" => self.unknown(),
            "own-substitute" => self.own_substitute(),
            "word-unknown" => self.day(),
            "last-administrator" => self.last_administrator(),
            "label-invalid" => self.label(),
            "too-many-app-passwords" => self.too_many_devices(),
            "too-many-passkeys" => self.too_many_passkeys(),
            "passkey-refused" => self.passkey_refused(),
            "passkey-stale" => self.passkey_stale(),
            "second-factor-exists" => self.factor_exists(),
            "second-factor-missing" => self.factor_missing(),
            "wrong-code" => self.wrong_code(),
            "password-too-short" => self.password_short(),
            "password-too-long" | "password-control-character" => self.password_long(),
            "password-contains-name" => self.password_name(),
            "password-guessable" => self.password_guessable(),
            code if code.starts_with("user-name-") => self.user_name(),
            code if code.starts_with("name-") || code == "path-too-long" => self.space_name(),
            "mail-address-invalid" => self.mail(),
            "office-line-invalid" | "office-text-invalid" => self.line(),
            "office-web-invalid" => self.web(),
            "office-logo-invalid" => self.logo(),
            "office-lock-invalid" => self.lock(),
            "zone-unknown" => self.zone(),
            "not-allowed" => self.not_allowed(),
            "busy" | "disk-full" | "disk-failed" | "stopping" => self.busy(),
            _ => self.failed(),
        }
    }
}

//! The page of a person's own account.

use super::sentences::sentences;
use crate::model::Role;

sentences! {
    /// Sentences of the page on which a person manages their own account.
    AccountTexts;

    title:
        de "Ihr Konto",
        en "Your account";
    role:
        de "Rolle",
        en "Role";
    administrator:
        de "verwaltet das Büro",
        en "administrates the office";
    staff:
        de "Mitarbeiter",
        en "member of staff";
    client:
        de "Mandant",
        en "client of the office";
    auditor:
        de "nur zur Prüfung",
        en "for audits only";

    reach_title:
        de "Mails an Sie",
        en "Mails to you";
    reach_at(mail: &str):
        de "Sie gehen an {mail}. Die Adresse ändert, wer das Büro verwaltet.",
        en "They go to {mail}. Administrators of the office change that address.";
    reach_nowhere:
        de "Für Sie ist keine Adresse eingetragen; das macht, wer das Büro verwaltet.",
        en "No address is known for you; administrators of the office enter one.";
    save:
        de "Übernehmen",
        en "Apply";
    saved:
        de "Übernommen.",
        en "Applied.";

    devices_title:
        de "Geräte und Programme",
        en "Devices and programs";
    devices_about:
        de "Jedes Gerät, das Ihre Dateien als Laufwerk oder in der Nextcloud-App zeigt, bekommt ein eigenes Kennwort. Geht es verloren, entfernen Sie hier nur dieses eine.",
        en "Each device that shows your files as a drive or in the Nextcloud app gets a password of its own. If it is lost, you remove only this one here.";
    no_devices:
        de "Noch kein Gerät hat ein Kennwort.",
        en "No device has a password yet.";
    uploads_title:
        de "Noch nicht ganz angekommen",
        en "Not fully arrived yet";
    uploads_about:
        de "Von diesen Dateien ist erst ein Teil da. Wählen Sie eine noch einmal aus, geht es dort weiter, bis sie verfällt.",
        en "Only a part of these files is here. Choose one again and it goes on from there, until it expires.";
    upload_part(arrived: &str, whole: &str, until: &str):
        de "{arrived} von {whole} da, verfällt {until}",
        en "{arrived} of {whole} here, expires {until}";
    upload_begun(arrived: &str, until: &str):
        de "{arrived} da, verfällt {until}",
        en "{arrived} here, expires {until}";
    discard:
        de "Verwerfen",
        en "Discard";
    discarded:
        de "Der angefangene Upload ist verworfen.",
        en "The upload that had begun is discarded.";
    device_since(moment: &str):
        de "seit {moment}",
        en "since {moment}";
    device_used(moment: &str):
        de "zuletzt benutzt {moment}",
        en "last used {moment}";
    device_unused:
        de "noch nie benutzt",
        en "never used";
    device_until(moment: &str):
        de "läuft ab am {moment}",
        en "expires on {moment}";
    remove:
        de "Entfernen",
        en "Remove";
    new_device:
        de "Neues Gerät",
        en "New device";
    device_label:
        de "Name des Geräts",
        en "Name of the device";
    make_device:
        de "Kennwort erzeugen",
        en "Make a password";
    removed:
        de "Das Gerät kommt nicht mehr an Ihre Dateien.",
        en "The device can no longer reach your files.";

    device_made:
        de "Kennwort für das neue Gerät",
        en "Password for the new device";
    shown_once:
        de "Dieses Kennwort wird nur jetzt gezeigt. Tragen Sie es auf dem Gerät ein, bevor Sie die Seite verlassen.",
        en "This password is shown only now. Enter it on the device before you leave this page.";
    address:
        de "Adresse",
        en "Address";
    user_name:
        de "Benutzername",
        en "User name";
    password:
        de "Kennwort",
        en "Password";
    scan:
        de "In der Nextcloud-App auf dem Telefon: Anmelden, dann diesen Code scannen.",
        en "In the Nextcloud app on the phone: log in, then scan this code.";
    how_title:
        de "So binden Sie Ihre Dateien ein",
        en "How to mount your files";
    how_finder:
        de "Mac: Im Finder „Gehe zu“, „Mit Server verbinden“, dort die Adresse eintragen.",
        en "Mac: in Finder choose Go, Connect to Server, and enter the address.";
    how_explorer:
        de "Windows: Im Explorer „Netzlaufwerk verbinden“, dort die Adresse als Ordner eintragen.",
        en "Windows: in Explorer choose Map network drive, and enter the address as the folder.";
    how_nextcloud(address: &str):
        de "Nextcloud-Programm am Rechner: als Serveradresse {address} eintragen.",
        en "Nextcloud program on a computer: enter {address} as the server.";
    back:
        de "Zurück zu Ihrem Konto",
        en "Back to your account";

    factor_title:
        de "Zweiter Faktor",
        en "Second factor";
    factor_on:
        de "Beim Anmelden im Browser fragt der Server nach dem Code Ihrer App. Ist das Telefon weg, hilft ein Ersatzcode, sonst das Büro.",
        en "When you sign in with a browser, the server asks for the code of your app. Without the phone, a recovery code helps, or else the office.";
    factor_off:
        de "Mit einer Authenticator-App auf dem Telefon genügt ein gestohlenes Kennwort niemandem mehr.",
        en "With an authenticator app on the phone, a stolen password alone opens nothing.";
    factor_begin:
        de "Zweiten Faktor einrichten",
        en "Set up a second factor";
    factor_scan:
        de "Scannen Sie das Bild mit Ihrer Authenticator-App, oder tippen Sie dort den Schlüssel ein. Danach melden Sie sich mit ihrem Code neu an.",
        en "Scan the picture with your authenticator app, or type the key into it. You then sign in again with its code.";
    factor_key:
        de "Schlüssel",
        en "Key";
    factor_code:
        de "Code, den die App jetzt zeigt",
        en "Code that the app shows now";
    factor_confirm:
        de "Einschalten",
        en "Switch on";
    codes_title:
        de "Ihre Ersatzcodes",
        en "Your recovery codes";
    codes_about:
        de "Jeder gilt einmal, wenn das Telefon nicht da ist. Drucken Sie die Seite, oder schreiben Sie die Codes ab: Sie werden nur jetzt gezeigt.",
        en "Each is good once, when the phone is not at hand. Print this page or write the codes down: they are shown only now.";
    signed_out_everywhere:
        de "Mit dem zweiten Faktor sind Sie jetzt in allen Browsern abgemeldet, auch in diesem.",
        en "With the second factor, all your browsers are now signed out, and so is this one.";
    codes_written:
        de "Ich habe die Codes aufgeschrieben – neu anmelden",
        en "I have written the codes down: sign in again";
    codes_renew:
        de "Neue Ersatzcodes",
        en "New recovery codes";
    codes_end:
        de "Die bisherigen Ersatzcodes gelten dann nicht mehr.",
        en "The codes that you have now are then no longer valid.";
    codes_make:
        de "Ersatzcodes neu erzeugen",
        en "Make new codes";

    password_title:
        de "Kennwort ändern",
        en "Change the password";
    present_password:
        de "Bisheriges Kennwort",
        en "Present password";
    new_password:
        de "Neues Kennwort",
        en "New password";
    again:
        de "Noch einmal das neue",
        en "The new one once more";
    password_about:
        de "Danach melden Sie sich neu an, auch in anderen Browsern. Geräte behalten ihre eigenen Kennwörter.",
        en "You then sign in again, in other browsers as well. Devices keep passwords of their own.";
    change_password:
        de "Ändern",
        en "Change";
    not_the_same:
        de "Die beiden neuen Kennwörter sind nicht gleich.",
        en "The two new passwords are not the same.";
    wrong_password:
        de "Das bisherige Kennwort oder der Code stimmt nicht.",
        en "The present password or the code is wrong.";
}

impl AccountTexts {
    /// The word for a role.
    pub const fn of_role(self, role: Role) -> &'static str {
        match role {
            Role::Administrator => self.administrator(),
            Role::Staff => self.staff(),
            Role::Client => self.client(),
            Role::Auditor => self.auditor(),
        }
    }
}

//! Passkeys: on the page of a person's own account, on an administrator's page of a person, and where people sign in.

use super::sentences::sentences;

sentences! {
    /// Sentences about passkeys.
    PasskeyTexts;

    title:
        de "Passkeys: Anmelden ohne Kennwort",
        en "Passkeys: signing in without a password";
    about:
        de "Mit einem Passkey melden Sie sich im Browser per Fingerabdruck, Gesicht oder PIN Ihres Geräts an, ohne Kennwort und Einmalcode. \
            Er liegt auf dem Gerät oder in Ihrem Kennwortmanager.",
        en "With a passkey you sign in to the pages by fingerprint, face or the PIN of your device, without password and one-time code. \
            It is kept on the device or in your password manager.";
    none:
        de "Bisher ist kein Passkey eingerichtet.",
        en "So far there is no passkey.";
    made(moment: &str):
        de "hinzugefügt {moment}",
        en "added {moment}";
    used(moment: &str):
        de "zuletzt verwendet {moment}",
        en "last used to sign in {moment}";
    unused:
        de "bisher nicht verwendet",
        en "not used so far";
    rename:
        de "Passkey umbenennen",
        en "Rename the passkey";
    new_label:
        de "So soll der Passkey künftig heißen",
        en "The new name of this passkey";
    renamed:
        de "Der Passkey heißt jetzt anders.",
        en "The passkey has its new name.";
    remove:
        de "Passkey entfernen",
        en "Remove the passkey";
    removed:
        de "Mit diesem Passkey kann sich niemand mehr anmelden.",
        en "This passkey can no longer be used to sign in.";
    added:
        de "Der Passkey ist eingerichtet. Beim nächsten Anmelden können Sie ihn verwenden.",
        en "The passkey is set up. You can use it the next time you sign in.";

    add:
        de "Passkey hinzufügen",
        en "Add a passkey";
    label:
        de "So soll der Passkey heißen",
        en "Name of the passkey";
    confirm:
        de "Zur Sicherheit Ihr Kennwort",
        en "Your password, to be safe";
    go_on:
        de "Weiter zum Gerät",
        en "Go on to the device";
    make_title:
        de "Neuer Passkey",
        en "New passkey";
    make_about:
        de "Ihr Browser fragt jetzt, wo der Passkey liegen soll, und prüft, ob Sie es sind.",
        en "Your browser now asks where to keep the passkey, and makes sure that it is you.";
    make:
        de "Passkey jetzt anlegen",
        en "Make the passkey now";
    not_made:
        de "Es ist kein Passkey entstanden. Vielleicht hat dieses Gerät schon einen für Ihr Konto, oder der Vorgang wurde abgebrochen.",
        en "No passkey was made. Perhaps this device has one for your account already, or the request was cancelled.";

    no_script:
        de "Dieser Browser kann hier keinen Passkey anlegen. Er braucht dafür JavaScript.",
        en "This browser cannot make a passkey here. It needs JavaScript for that.";
    no_name:
        de "Passkeys brauchen einen Server mit einem Namen statt einer IP-Adresse. Er steht als öffentliche Adresse in dessen Einstellungen.",
        en "Passkeys need a server with a name instead of an IP address. That name is the public address in the server's settings.";
    elsewhere(address: &str):
        de "Passkeys gelten nur unter {address}. Öffnen Sie die Seite dort.",
        en "Passkeys work at {address} only. Open the page there.";

    sign_in:
        de "Mit Passkey anmelden",
        en "Sign in with a passkey";
    failed:
        de "Der Browser hat keinen Passkey übergeben. Versuchen Sie es noch einmal, oder nehmen Sie Ihr Kennwort.",
        en "The browser did not provide a passkey. Try again, or use your password.";
    rejected:
        de "Dieser Passkey gilt hier nicht oder nicht mehr. Nehmen Sie Ihr Kennwort.",
        en "This passkey is not valid here, or not any more. Use your password.";
    stale:
        de "Die Abfrage des Passkeys war abgelaufen. Versuchen Sie es noch einmal.",
        en "The request for the passkey had expired. Try again.";
}

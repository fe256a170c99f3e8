//! The pages on which a user approves a device.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages of a device's login.
    LoginTexts;

    title:
        de "Gerät verbinden",
        en "Connect a device";
    explanation:
        de "Ein Gerät möchte auf Ihre Dateien zugreifen. Es erhält ein eigenes Kennwort, das sich jederzeit einzeln sperren \
            lässt. Ihr Kennwort erfährt das Gerät nicht.",
        en "A device asks for access to your files. It gets a password of its own, which can be revoked on its own at any time. \
            The device does not learn your password.";
    device:
        de "Gerät",
        en "Device";
    asked_from:
        de "Anfrage von",
        en "Request from";
    valid_until:
        de "Gültig bis",
        en "Valid until";
    one_minute_left(clock: &str):
        de "{clock} (noch 1 Minute)",
        en "{clock} (1 minute left)";
    minutes_left(clock: &str, minutes: u64):
        de "{clock} (noch {minutes} Minuten)",
        en "{clock} ({minutes} minutes left)";
    other_network:
        de "Die Anfrage kommt aus einem anderen Netz als Ihr Browser. Das ist nur dann richtig, wenn sich das Gerät gerade \
            woanders befindet.",
        en "The request comes from another network than your browser. That is right only if the device is somewhere else \
            at the moment.";
    warning:
        de "Melden Sie sich nur an, wenn Sie die Verbindung eben selbst auf diesem Gerät begonnen haben.",
        en "Log in only if you have just started this connection on that device yourself.";
    user_name:
        de "Benutzername",
        en "User name";
    password:
        de "Kennwort",
        en "Password";
    code:
        de "Einmalcode",
        en "One-time code";
    send_by_passkey:
        de "Mit Passkey verbinden",
        en "Connect with a passkey";
    send:
        de "Anmelden und verbinden",
        en "Log in and connect";

    rejected:
        de "Benutzername oder Kennwort ist falsch.",
        en "The user name or password is wrong.";
    code_needed:
        de "Ihr Konto ist mit einem zweiten Faktor geschützt. Bitte geben Sie Ihr Kennwort noch einmal ein und dazu den Code, \
            den Ihre App gerade anzeigt, oder einen Ersatzcode.",
        en "Your account is protected by a second factor. Please enter your password again, and the code that your app shows \
            now, or a recovery code.";
    wrong_code:
        de "Dieser Code gilt nicht oder nicht mehr. Bitte geben Sie Ihr Kennwort und den nächsten Code ein.",
        en "This code is wrong or has expired. Please enter your password and the next code.";
    throttled(wait: &str):
        de "Es gab zu viele Versuche mit einem falschen Kennwort. Bitte versuchen Sie es in {wait} noch einmal.",
        en "There were too many attempts with a wrong password. Please try again in {wait}.";
    busy:
        de "Der Server ist gerade ausgelastet. Bitte versuchen Sie es in einigen Sekunden noch einmal.",
        en "The server is busy at the moment. Please try again in a few seconds.";
    stale_page:
        de "Diese Seite wurde schon einmal abgeschickt. Bitte melden Sie sich hier noch einmal an.",
        en "This page was sent before. Please log in here once more.";
    device_password:
        de "Das ist das Kennwort eines Geräts. Bitte geben Sie Ihr eigenes ein.",
        en "This is the password of a device. Please enter your own.";
    too_many_devices:
        de "Mit Ihrem Konto sind so viele Geräte verbunden, wie möglich sind. Lassen Sie ein Gerät sperren, das Sie nicht mehr \
            benutzen.",
        en "Your account has as many connected devices as possible. Have one revoked that you no longer use.";
    failed:
        de "Die Anmeldung konnte nicht geprüft werden. Bitte versuchen Sie es später noch einmal.",
        en "The login could not be checked. Please try again later.";

    done_title:
        de "Anmeldung erfolgreich",
        en "You are logged in";
    done:
        de "Das Gerät wird jetzt verbunden. Sie können dieses Fenster schließen.",
        en "The device is now being connected. You can close this window.";
    gone_title:
        de "Diese Anmeldung ist beendet",
        en "This login has ended";
    gone:
        de "Sie ist abgelaufen oder schon abgeschlossen. Falls das Gerät noch nicht verbunden ist, beginnen Sie dort noch \
            einmal.",
        en "It has expired or is finished. If the device is not connected yet, start again there.";
}

impl LoginTexts {
    /// Expiry time of a request, and the time left.
    pub fn valid_for(self, clock: &str, minutes: u64) -> String {
        match minutes {
            1 => self.one_minute_left(clock),
            minutes => self.minutes_left(clock, minutes),
        }
    }
}

//! Signing in to the pages, and the bar at the top of each.

use super::sentences::sentences;

sentences! {
    /// Sentences of the sign-in page and of the bar.
    SignInTexts;

    title:
        de "Anmelden",
        en "Sign in";
    explanation:
        de "Melden Sie sich mit Ihrem Benutzernamen und Ihrem eigenen Kennwort an, nicht mit dem eines Geräts.",
        en "Sign in with your user name and your own password, not with that of a device.";
    sign_in:
        de "Jetzt anmelden",
        en "Sign in now";
    ends(minutes: u64, hours: u64):
        de "Die Anmeldung endet von selbst, wenn Sie {minutes} Minuten nichts tun, spätestens nach {hours} Stunden.",
        en "You are signed out after {minutes} minutes without activity, and after {hours} hours at the latest.";
    signed_out:
        de "Sie sind abgemeldet.",
        en "You are signed out.";
    lost:
        de "Ihre Anmeldung war abgelaufen. Was Sie eben abgeschickt haben, wurde nicht ausgeführt.",
        en "Your session had ended. What you have just sent was not carried out.";
    changed:
        de "Ihr Kennwort ist geändert. Melden Sie sich mit dem neuen an.",
        en "Your password is changed. Sign in with the new one.";

    forged_title:
        de "Nicht ausgeführt",
        en "Not carried out";
    forged:
        de "Zu Ihrer Sicherheit nimmt der Server nur Formulare an, die er Ihnen selbst gezeigt hat. Öffnen Sie die Seite neu und \
            schicken Sie das Formular dort noch einmal ab. Ihr Browser muss dafür Cookies dieser Adresse zulassen.",
        en "For your safety the server accepts only forms that it has shown to you itself. Open the page again and send the form \
            from there. Your browser must allow cookies of this address.";
    open_again:
        de "Seite neu öffnen",
        en "Open the page again";

    skip:
        de "Zum Inhalt",
        en "Skip to the content";
    pages:
        de "Seiten",
        en "Pages";
    language:
        de "Sprache",
        en "Language";
    signed_in_as(name: &str):
        de "Angemeldet als {name}",
        en "Signed in as {name}";
    sign_out:
        de "Abmelden",
        en "Sign out";
}

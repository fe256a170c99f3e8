//! The pages that a browser shows in place of an answer with an error.

use super::sentences::sentences;

sentences! {
    /// Titles and texts of error pages.
    ErrorTexts;

    request_number:
        de "Vorgangsnummer",
        en "Request number";

    login_title:
        de "Anmeldung erforderlich",
        en "Please log in";
    login:
        de "Melden Sie sich mit Ihrem Benutzernamen und Ihrem Kennwort an. Wenn Sie einen Link erhalten haben, öffnen Sie \
            stattdessen diesen Link.",
        en "Log in with your user name and password. If you were sent a link, open that link instead.";
    denied_title:
        de "Kein Zugriff",
        en "No access";
    denied:
        de "Dafür haben Sie keine Berechtigung. Wenden Sie sich an die Person, von der Sie die Adresse haben.",
        en "You have no permission for this. Ask the person who gave you the address.";
    nothing_title:
        de "Nicht gefunden",
        en "Not found";
    nothing:
        de "Unter dieser Adresse gibt es nichts, oder Sie haben keinen Zugriff darauf. Prüfen Sie die Adresse, oder fragen Sie \
            die Person, von der Sie sie haben.",
        en "There is nothing at this address, or you have no access to it. Check the address, or ask the person who gave it to \
            you.";
    wrong_address_title:
        de "Falsche Adresse",
        en "Wrong address";
    wrong_address:
        de "Unter diesem Namen ist der Server nicht erreichbar. Verwenden Sie die Adresse, die Sie erhalten haben, oder wenden \
            Sie sich an Ihr Büro.",
        en "This server does not answer under this name. Use the address that you were given, or contact your office.";
    encrypted_only_title:
        de "Nur verschlüsselt",
        en "Encrypted only";
    encrypted_only:
        de "Rufen Sie diese Adresse mit https:// am Anfang auf.",
        en "Open this address with https:// at its beginning.";
    being_edited_title:
        de "In Bearbeitung",
        en "Being edited";
    being_edited:
        de "Die Datei oder der Ordner wird gerade bearbeitet. Bitte versuchen Sie es später noch einmal.",
        en "The file or folder is being edited at the moment. Please try again later.";
    wait_title:
        de "Bitte warten",
        en "Please wait";
    too_many_attempts:
        de "Das waren zu viele Versuche. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        en "There were too many attempts. Please try again in a few minutes.";
    not_now:
        de "Der Server kann das im Augenblick nicht ausführen. Bitte versuchen Sie es in einer Minute noch einmal.",
        en "The server cannot do this at the moment. Please try again in a minute.";
    not_this_way_title:
        de "Das geht hier nicht",
        en "This is not possible here";
    not_this_way:
        de "Diese Adresse lässt sich so nicht aufrufen. Prüfen Sie, ob sie vollständig ist.",
        en "This address cannot be opened in this way. Check that it is complete.";
    no_room_title:
        de "Kein Speicherplatz",
        en "No room left";
    no_room:
        de "Der Speicherplatz ist aufgebraucht. Löschen Sie Dateien, die Sie nicht mehr brauchen, oder wenden Sie sich an Ihr \
            Büro.",
        en "There is no room left. Delete files that you no longer need, or contact your office.";
    locked_title:
        de "Noch nicht geöffnet",
        en "Not open yet";
    locked:
        de "Der Server wurde neu gestartet und ist noch verschlossen. Bitte versuchen Sie es später noch einmal, oder wenden Sie \
            sich an Ihr Büro.",
        en "The server was restarted and is still locked. Please try again later, or contact your office.";
    failed_title:
        de "Das hat nicht geklappt",
        en "This did not work";
    failed:
        de "Auf dem Server ist ein Fehler aufgetreten. Bitte versuchen Sie es noch einmal. Tritt der Fehler wieder auf, nennen \
            Sie Ihrem Büro die Vorgangsnummer.",
        en "An error occurred on the server. Please try again. If it occurs again, tell your office the request number.";
}

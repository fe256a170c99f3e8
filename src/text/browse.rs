//! The server's front page, and folders as pages.

use super::sentences::sentences;

sentences! {
    /// Sentences of the front page and of the pages of folders.
    BrowseTexts;

    front_title:
        de "Dateien verschlüsselt austauschen",
        en "Exchange files in encrypted form";
    front:
        de "Ihre Dateien finden Sie nach der Anmeldung mit Ihrem Benutzernamen und Ihrem Kennwort.",
        en "Log in with your user name and password to find your files.";
    your_files:
        de "Zu Ihren Dateien",
        en "Go to your files";
    front_app:
        de "In der Nextcloud-App genügt die Adresse dieses Servers.",
        en "In the Nextcloud app, the address of this server is all you need.";
    front_link:
        de "Haben Sie einen Link erhalten? Öffnen Sie ihn; hier brauchen Sie nichts.",
        en "Did you receive a link? Open it; you need nothing here.";
    front_check:
        de "Bestätigung prüfen",
        en "Check a confirmation";
    front_own:
        de "Sie sind angemeldet. Hier geht es weiter:",
        en "You are signed in. Go on here:";

    spaces:
        de "Ihre Bereiche",
        en "Your spaces";
    no_spaces:
        de "Sie haben noch auf keinen Bereich Zugriff. Wenden Sie sich an Ihr Büro.",
        en "You do not have access to any space yet. Please contact your office.";
    up:
        de "eine Ebene höher",
        en "one level up";
    name:
        de "Name",
        en "Name";
    size:
        de "Größe",
        en "Size";
    changed:
        de "Geändert",
        en "Changed";
    slides:
        de "Die Tabelle lässt sich zur Seite schieben.",
        en "The table can be moved to the side.";
    empty:
        de "Dieser Ordner ist leer.",
        en "This folder is empty.";
    more:
        de "Diese Seite zeigt nicht alle Einträge. Binden Sie den Ordner als Laufwerk ein, um alle zu sehen.",
        en "This page does not show all entries. Mount the folder as a drive to see them all.";
}

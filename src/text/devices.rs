//! Pages about devices: values to enter on them, and how far they come.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages about devices that show the office's files.
    DeviceTexts;

    setup_title:
        de "Dateien auf einem Gerät einbinden",
        en "Show your files on a device";
    setup_about:
        de "So erscheinen Ihre Dateien als Laufwerk oder in einer App. Sie brauchen dazu das Kennwort eines Geräts; ein neues erzeugen Sie in Ihrem Konto.",
        en "This is how your files appear as a drive or in an app. You need a device's password for it; your account page makes a new one.";
    setup_link:
        de "Was trage ich wo ein?",
        en "What do I enter where?";
    for_all:
        de "Für alle Programme",
        en "For all programs";
    webdav_address:
        de "WebDAV-Adresse",
        en "WebDAV address";
    nextcloud_address:
        de "Adresse für Nextcloud-Apps",
        en "Address for Nextcloud apps";
    name:
        de "Ihr Benutzername",
        en "Your user name";
    own_certificate:
        de "Der Server hat sein Zertifikat selbst ausgestellt. Programme fragen deshalb einmal nach; bestätigen Sie nur, wenn sie diesen Fingerabdruck zeigen (SHA-256):",
        en "The server issued its certificate itself, so programs ask about it once. Confirm only if they show this fingerprint (SHA-256):";
    own_certificate_windows:
        de "Explorer fragt nicht nach und verbindet sich erst, wenn das Zertifikat in Windows unter „Vertrauenswürdige Stammzertifizierungsstellen“ eingetragen ist.",
        en "Explorer does not ask: it connects only after the certificate is among the “Trusted Root Certification Authorities” of Windows.";
    own_certificate_fetch:
        de "Zertifikat des Servers herunterladen",
        en "Download the server's certificate";
    not_encrypted:
        de "Diese Verbindung ist nicht verschlüsselt. Windows und die Apps verweigern das; richten Sie Geräte über die https-Adresse ein.",
        en "This connection is not encrypted. Windows and the apps refuse that; set devices up by the https address.";
    command:
        de "Befehl",
        en "Command";
    place:
        de "Adresse für dieses Programm",
        en "Address for this program";
    finder:
        de "Im Finder „Gehe zu“, „Mit Server verbinden“ wählen, die WebDAV-Adresse eintragen und sich als registrierter Benutzer anmelden.",
        en "In Finder choose Go, Connect to Server, enter the WebDAV address, and connect as a registered user.";
    explorer:
        de "Im Explorer „Dieser PC“, „Netzlaufwerk verbinden“ wählen, die WebDAV-Adresse als Ordner eintragen und „Verbindung mit anderen Anmeldeinformationen“ ankreuzen. Oder in der Eingabeaufforderung:",
        en "In Explorer choose This PC, Map network drive, enter the WebDAV address as the folder, and tick “Connect using different credentials”. Or at a command prompt:";
    explorer_large:
        de "Windows öffnet über WebDAV keine Datei, die größer ist als 50 MB, bis eine Administratorin das einmal ändert. Danach den Rechner neu starten; bei 4 GB ist immer Schluss:",
        en "Over WebDAV Windows opens no file of more than 50 MB until an administrator of the machine changes that once. Then restart it; 4 GB remain the end:";
    nextcloud:
        de "Im Nextcloud-Programm als Server die Adresse für Nextcloud-Apps eintragen; die Anmeldung öffnet sich im Browser und macht ein eigenes Kennwort. Auf dem Telefon genügt der Code, den die Seite eines neuen Geräts zeigt.",
        en "In the Nextcloud program enter the address for Nextcloud apps as the server; you sign in with the browser, which makes a password of its own. On a phone, the code on the page of a new device is enough.";
    gnome:
        de "In „Dateien“ unter „Andere Orte“ diese Adresse eintragen:",
        en "In Files, below Other Locations, enter this address:";
    dolphin:
        de "In Dolphin diese Adresse in die Adresszeile eintragen:",
        en "In Dolphin enter this address in the location bar:";
    davfs2:
        de "Als root einhängen; davfs2 fragt nach Name und Kennwort:",
        en "Mount as root; davfs2 asks for name and password:";
    davfs2_cache:
        de "davfs2 legt Kopien unverschlüsselt unter /var/cache/davfs2 ab.",
        en "davfs2 keeps unencrypted copies in /var/cache/davfs2.";
    rclone:
        de "Einmal einrichten; danach heißt der Ort „office:“:",
        en "Set up once; the place is then called “office:”:";

    device_title(label: &str):
        de "Gerät: {label}",
        en "Device: {label}";
    own_password_title:
        de "Programme mit dem Kennwort Ihres Kontos",
        en "Programs with the password of your account";
    look:
        de "Wie weit kommt es?",
        en "How far does it come?";
    look_own:
        de "Ein Programm benutzt das Kennwort Ihres Kontos. Wie weit kommt es?",
        en "A program uses the password of your account. How far does it come?";
    not_seen:
        de "Seit dem Start des Servers hat sich mit diesem Kennwort nichts gemeldet. Verbinden Sie das Gerät jetzt und laden Sie diese Seite neu.",
        en "Nothing has come with this password since the server started. Connect the device now and load this page again.";
    seen_about:
        de "Was der Server von diesem Gerät sieht, seit er läuft. Probieren Sie auf dem Gerät aus, was noch fehlt, und laden Sie die Seite neu. Namen von Dateien werden dafür nicht gemerkt.",
        en "What the server sees of this device since it started. Try on the device what is still missing, and load this page again. No names of files are kept for this.";
    reload:
        de "Neu laden",
        en "Load again";
    program:
        de "Programm",
        en "Program";
    unknown_program:
        de "unbekannt",
        en "not known";
    last:
        de "Zuletzt",
        en "Last seen";
    connection:
        de "Verbindung",
        en "Connection";
    secure(version: &str):
        de "verschlüsselt, das Zertifikat ist angenommen ({version})",
        en "encrypted, the certificate is accepted ({version})";
    insecure(version: &str):
        de "nicht verschlüsselt ({version})",
        en "not encrypted ({version})";
    steps:
        de "Was schon geklappt hat",
        en "What has worked so far";
    step_seen(moment: &str):
        de "geklappt, {moment}",
        en "worked, {moment}";
    step_missing:
        de "noch nicht",
        en "not yet";
    list:
        de "Einen Ordner zeigen",
        en "Show a folder";
    make_folder:
        de "Einen Ordner anlegen",
        en "Make a folder";
    write:
        de "Eine Datei ablegen",
        en "Store a file";
    lock:
        de "Eine Datei beim Bearbeiten sperren",
        en "Lock a file that is being edited";
    read:
        de "Eine Datei öffnen",
        en "Open a file";
    read_part:
        de "Ab einer Stelle weiterlesen, auch nach einer Unterbrechung",
        en "Go on reading from a place, also after a cut";
    relocate:
        de "Umbenennen, verschieben, kopieren",
        en "Rename, move, copy";
    delete:
        de "Löschen",
        en "Delete";

    hints:
        de "Was Sie dazu wissen sollten",
        en "What you should know about it";
    hint_insecure:
        de "Kennwort und Dateien gehen lesbar durch das Netz. Binden Sie das Gerät über die https-Adresse neu ein.",
        en "Password and files cross the network readable. Set the device up again by the https address.";
    hint_own_password:
        de "Das Programm kennt das Kennwort Ihres Kontos. Geben Sie ihm ein eigenes; das lässt sich einzeln entfernen.",
        en "The program knows the password of your account. Give it one of its own, which you can remove by itself.";
    hint_no_lock:
        de "Das Programm sperrt Dateien nicht. Bearbeiten zwei Personen dieselbe, gilt die letzte; die andere Fassung bleibt unter „Versionen“.",
        en "The program does not lock files. If two people edit the same one, the last stays; the other remains under “Versions”.";
    hint_decomposed:
        de "Das Programm schickt Umlaute zerlegt. Das schadet nicht: Der Server findet sie in beiden Schreibweisen.",
        en "The program sends umlauts decomposed. That does no harm: the server finds both spellings.";
    hint_lengths:
        de "Das Programm sagt nicht, wie groß eine Datei wird. Ob sie in den Platz passt, zeigt sich deshalb erst am Ende.",
        en "The program does not say how large a file will be, so whether there is room for it shows only at the end.";
    hint_finder:
        de "Finder legt neben Dateien eigene ab, die mit „._“ beginnen. Das ist richtig so.",
        en "Finder stores files of its own beside others, which begin with “._”. That is as it should be.";
    hint_explorer:
        de "Windows öffnet über WebDAV zunächst keine Datei über 50 MB. Wie man das ändert, steht unter „Was trage ich wo ein?“.",
        en "At first, Windows opens no file of more than 50 MB over WebDAV. How to change that is below “What do I enter where?”.";
    hint_nothing:
        de "Es ist nichts aufgefallen.",
        en "Nothing has caught the server's eye.";

    troubles:
        de "Was nicht geklappt hat",
        en "What did not work";
    refused_password(moment: &str, program: &str):
        de "{moment}: Eine Anmeldung mit Ihrem Namen ist gescheitert, weil das Kennwort falsch war ({program}). Ist das Ihr Gerät, tragen Sie dort sein eigenes Kennwort ein.",
        en "{moment}: a login with your name failed because the password was wrong ({program}). If that is your device, enter its own password there.";
    refused_factor(moment: &str, program: &str):
        de "{moment}: Ein Programm hat das Kennwort Ihres Kontos benutzt ({program}). Wegen des zweiten Faktors öffnet das kein Gerät; erzeugen Sie ein eigenes Kennwort.",
        en "{moment}: a program used the password of your account ({program}). Because of your second factor it opens no device; make a password of its own.";
    refused_many(moment: &str, program: &str):
        de "{moment}: Nach zu vielen falschen Kennwörtern musste ein Programm warten ({program}).",
        en "{moment}: after too many wrong passwords a program had to wait ({program}).";
    trouble(moment: &str, kind: &str, why: &str):
        de "{moment}, {kind}: {why}",
        en "{moment} while {kind}: {why}";
    kind_list:
        de "Ordner zeigen",
        en "showing a folder";
    kind_read:
        de "Lesen",
        en "reading";
    kind_write:
        de "Ablegen",
        en "storing";
    kind_make_folder:
        de "Ordner anlegen",
        en "making a folder";
    kind_move:
        de "Umbenennen oder Kopieren",
        en "renaming or copying";
    kind_delete:
        de "Entfernen einer Datei",
        en "deleting";
    kind_lock:
        de "Sperren",
        en "locking";
    kind_other:
        de "Anderes",
        en "something else";
    why_right:
        de "Das Recht des Kontos reicht dort nicht, oder die Datei wird noch geprüft.",
        en "the account's right is not enough there, or the file is still being examined.";
    why_missing:
        de "Der Ordner dafür ist nicht da. Ist er umbenannt oder gelöscht?",
        en "the folder for it is not there. Was it renamed or deleted?";
    why_exists:
        de "Dort steht schon etwas mit diesem Namen, oder das geht an dieser Stelle nicht.",
        en "there is already something of that name, or it cannot be done at this place.";
    why_broken:
        de "Die Anfrage kam unvollständig oder verändert an. Oft ist es ein Proxy oder Virenschutz dazwischen, manchmal ein ungültiger Name.",
        en "the request arrived incomplete or changed. Often a proxy or virus scanner in between does that, sometimes a name is not valid.";
    why_locked:
        de "Eine andere Person oder ein anderes Programm bearbeitet die Datei gerade.",
        en "another person or program is editing the file.";
    why_large:
        de "Die Datei ist größer als erlaubt.",
        en "the file is larger than allowed.";
    why_full:
        de "Der Platz reicht nicht. Das Büro kann mehr geben.",
        en "there is not enough room. The office can give more.";
    why_busy:
        de "Es waren zu viele Anfragen auf einmal; das Programm versucht es meist von selbst noch einmal.",
        en "there were too many requests at once; programs mostly try again by themselves.";
    why_server:
        de "Der Server konnte es nicht ausführen. Sein Protokoll nennt den Grund.",
        en "the server could not do it. Its log names the reason.";
    why_other(status: &str):
        de "Der Server hat abgelehnt (Status {status}).",
        en "the server refused (status {status}).";

    back_to_person:
        de "Zurück zur Person",
        en "Back to the person";
}

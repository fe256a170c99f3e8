//! The pages on which people without an account hand in files.

use super::sentences::sentences;

sentences! {
    /// Sentences of the pages on which people hand in files.
    HandInTexts;

    asked_by:
        de "Angefragt von",
        en "Asked by";
    sent_to:
        de "An",
        en "To";
    deadline:
        de "Bitte bis",
        en "Please by";
    open_until:
        de "Der Link gilt bis",
        en "The link is valid through";
    takes:
        de "Erlaubt sind",
        en "Allowed are";
    all_types:
        de "alle Dateiarten",
        en "all kinds of files";
    most_files(count: u32):
        de "höchstens {count} Dateien",
        en "at most {count} files";
    most_bytes(size: &str):
        de "zusammen höchstens {size}",
        en "at most {size} together";
    about:
        de "Ihre Dateien werden verschlüsselt übertragen und verschlüsselt gespeichert. Was andere eingereicht haben, ist hier \
            nicht zu sehen.",
        en "Your files are encrypted on their way and in storage. What others handed in is not shown here.";
    choose_title:
        de "Dateien auswählen",
        en "Choose files";
    your_name:
        de "Ihr Name (freiwillig)",
        en "Your name (optional)";
    files:
        de "Dateien oder Fotos",
        en "Files or photos";
    folder:
        de "Oder einen ganzen Ordner",
        en "Or a whole folder";
    send:
        de "Hochladen",
        en "Upload";
    sent_title:
        de "Angekommen",
        en "Arrived";
    saved:
        de "Alles in dieser Liste ist sicher gespeichert. Sie können die Seite schließen und später weitermachen: Derselbe Link \
            bringt Sie in diesem Browser zurück.",
        en "Everything in this list is safely stored. You can close this page and go on later: the same link brings you back \
            in this browser.";
    saved_partly:
        de "Angekommene Dateien in dieser Liste sind sicher gespeichert, die anderen nicht; daneben steht, warum. Sie können die \
            Seite schließen und später weitermachen: Derselbe Link bringt Sie in diesem Browser zurück.",
        en "Files in this list that arrived are safely stored, the others are not; the reason is beside them. You can close this \
            page and go on later: the same link brings you back in this browser.";
    arrived(clock: &str):
        de "angekommen {clock}",
        en "arrived {clock}";
    examined(clock: &str):
        de "angekommen {clock} – wird geprüft",
        en "arrived {clock} – being checked";
    set_aside:
        de "angekommen – auffällig, bitte rufen Sie uns an",
        en "arrived – suspicious, please call us";
    gone:
        de "angekommen, inzwischen abgelegt",
        en "arrived, filed since";
    withdrawn:
        de "zurückgenommen",
        en "taken back";
    refused(reason: &str):
        de "nicht angekommen: {reason}",
        en "not arrived: {reason}";
    stored_as(name: &str):
        de "gespeichert als „{name}“",
        en "stored as \"{name}\"";
    withdraw:
        de "Zurücknehmen",
        en "Take back";
    withdraw_file(name: &str):
        de "{name} zurücknehmen",
        en "Take back {name}";
    withdraw_finished:
        de "Die Datei wird endgültig entfernt. Ihre Eingangsbestätigung nennt sie weiterhin.",
        en "The file is removed for good. Your receipt still names it.";
    finish_title:
        de "Alles eingereicht?",
        en "Is this everything?";
    finish_about:
        de "Mit „Fertig“ schließen Sie die Einreichung ab. Sie erhalten eine Eingangsbestätigung.",
        en "\"Done\" finishes your hand-in. You get a receipt.";
    finish_once:
        de "Danach nimmt dieser Link nichts mehr an.",
        en "After that, this link takes nothing more.";
    finish:
        de "Fertig",
        en "Done";
    under_way_title:
        de "Es fehlt noch etwas",
        en "Something is still missing";
    under_way:
        de "Diese Dateien sind erst zum Teil angekommen:",
        en "These files have arrived only in part:";
    under_way_about:
        de "Gehen Sie zurück und warten Sie, bis sie angekommen sind. Wurde die Seite inzwischen geschlossen, wählen Sie die Dateien \
            dort noch einmal aus; nur der Rest wird gesendet.",
        en "Go back and wait until they have arrived. If the page was closed meanwhile, choose these files there again; only the \
            rest is sent.";
    go_on_sending:
        de "Zurück zum Senden",
        en "Back to sending";
    finish_without:
        de "Ohne diese Dateien abschließen",
        en "Finish without these files";
    nothing_yet:
        de "Sie haben noch nichts eingereicht.",
        en "You have not handed in anything yet.";
    used_up:
        de "Dieser Link wurde inzwischen von einem anderen Gerät aus abgeschlossen. Was Sie gesendet haben, ist gespeichert.",
        en "This link was finished from another device meanwhile. What you have sent is stored.";
    too_late:
        de "Diese Datei lässt sich nicht mehr zurücknehmen. Bitte rufen Sie uns an.",
        en "This file can no longer be taken back. Please call us.";
    not_done_title:
        de "Nicht ausgeführt",
        en "Not done";
    failed:
        de "Bitte versuchen Sie es noch einmal. Was schon angekommen ist, bleibt gespeichert.",
        en "Please try again. What has arrived already stays stored.";

    done_title:
        de "Vielen Dank",
        en "Thank you";
    done(number: i64):
        de "Ihre Einreichung ist vollständig angekommen. Sie hat die Nummer {number}.",
        en "Your hand-in has arrived completely. Its number is {number}.";
    done_partly(number: i64, kept: usize, refused: usize):
        de "Ihre Einreichung ist abgeschlossen. Angekommen: {kept}, nicht angenommen: {refused}. Sie hat die Nummer {number}.",
        en "Your hand-in is finished. Arrived: {kept}, not taken: {refused}. Its number is {number}.";
    closed(number: i64):
        de "Der Link nimmt nichts mehr an. Was bis dahin angekommen ist, ist gespeichert. Ihre Einreichung hat die Nummer {number}.",
        en "The link takes nothing more. What had arrived until then is stored. The number of your hand-in is {number}.";
    late:
        de "Sie kam nach dem genannten Termin an und ist entsprechend gekennzeichnet.",
        en "It arrived after the date that was asked for and is marked so.";
    finished_at:
        de "Abgeschlossen",
        en "Finished";
    count:
        de "Umfang",
        en "Extent";
    receipt:
        de "Eingangsbestätigung öffnen",
        en "Open the receipt";
    receipt_about:
        de "Die Bestätigung nennt jede Datei mit Größe, Prüfsumme und Zeit und ist elektronisch signiert. Heben Sie sie auf, am besten \
            als PDF.",
        en "The receipt names each file with its size, checksum and time, and carries an electronic signature. Keep it, best as a \
            PDF.";
    checked_about:
        de "Ihre Dateien werden auf Schadsoftware geprüft, bevor wir sie öffnen. Sie müssen nichts weiter tun.",
        en "Your files are checked for malware before we open them. There is nothing more for you to do.";
    withdraw_within:
        de "Bis 30 Minuten nach dem Abschluss können Sie Dateien zurücknehmen, die noch niemand geöffnet hat.",
        en "For 30 minutes after the end you can take back files that have not been opened yet.";
    again:
        de "Weitere Dateien einreichen",
        en "Hand in more files";

    other_device:
        de "Auf einem zweiten Gerät weitermachen",
        en "Go on with a second device";
    other_device_code(code: &str):
        de "Öffnen Sie denselben Link auf dem anderen Gerät und geben Sie dort diesen Code ein: {code}. Er gilt 15 Minuten. \
            Oder scannen Sie dieses Bild mit der Kamera:",
        en "Open the same link on the other device and enter this code there: {code}. It is valid for 15 minutes. Or scan this \
            picture with its camera:";
    join_title:
        de "Schon auf einem anderen Gerät begonnen?",
        en "Begun on another device already?";
    join_about:
        de "Dann zeigt die Seite dort unter „Auf einem zweiten Gerät weitermachen“ einen Code. Damit sehen Sie hier, was schon \
            angekommen ist, und reichen gemeinsam ein. Verbinden Sie nur mit einem eigenen Gerät: Dort sieht man danach, was Sie hier \
            senden.",
        en "Then the page there shows a code under \"Go on with a second device\". With it you see here what has arrived already, \
            and hand in together. Connect with a device of your own only: it then shows what you send here.";
    code:
        de "Code",
        en "The code";
    join:
        de "Verbinden",
        en "Connect";
    wrong_code:
        de "Dieser Code ist falsch oder abgelaufen. Bitte sehen Sie auf dem anderen Gerät noch einmal nach.",
        en "This code is wrong or has expired. Please look at the other device again.";

    choose_password_title:
        de "Kennwort wählen",
        en "Choose a password";
    choose_password:
        de "Wählen Sie ein Kennwort mit mindestens 8 Zeichen für diesen Link. Ab jetzt lässt er sich nur noch damit öffnen. Bitte \
            notieren Sie es: Wir kennen es nicht.",
        en "Choose a password of at least 8 characters for this link. From now on it opens with that password only. Please write \
            it down: we do not know it.";
    new_password:
        de "Neues Kennwort",
        en "New password";
    password_again:
        de "Dasselbe noch einmal",
        en "The same once more";
    different_passwords:
        de "Die beiden Kennwörter stimmen nicht überein. Bitte geben Sie zweimal dasselbe ein.",
        en "The two passwords are not the same. Please enter the same one twice.";
    weak_password:
        de "Dieses Kennwort ist zu kurz oder zu leicht zu erraten. Bitte wählen Sie ein anderes.",
        en "This password is too short or too easy to guess. Please choose another one.";
    save_password:
        de "Kennwort festlegen",
        en "Set the password";

    wrong_type:
        de "diese Dateiart wird hier nicht angenommen",
        en "this kind of file is not accepted here";
    too_much:
        de "das wären mehr Dateien oder Daten, als dieser Link annimmt",
        en "that would be more files or data than this link accepts";
    left_out:
        de "Systemdatei, wird nicht gebraucht",
        en "system file, not needed";
    no_sender:
        de "geben Sie bitte oben an, wer Sie sind (höchstens 100 Zeichen)",
        en "please say above who you are (at most 100 characters)";
    too_often:
        de "gerade kommt über diesen Link zu viel an; versuchen Sie es in einer Stunde noch einmal, oder rufen Sie das Büro an",
        en "too much is coming through this link now; try again in an hour, or call the office";
    who_sends:
        de "Ihr Name, damit wir wissen, von wem die Dateien sind",
        en "Your name, so that we know from whom the files are";
    box_title(name: &str):
        de "Dateien an {name} senden",
        en "Send files to {name}";
    finished_meanwhile:
        de "die Einreichung war schon abgeschlossen",
        en "the hand-in was finished already";
}

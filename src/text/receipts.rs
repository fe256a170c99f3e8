//! Receipts as pages and on paper, and the page that checks them.

use super::sentences::sentences;

sentences! {
    /// Sentences of receipts, and of the page that checks them.
    ReceiptTexts;

    list_title:
        de "Eingangsbestätigungen",
        en "Receipts";
    title(number: i64):
        de "Eingangsbestätigung Nr. {number}",
        en "Receipt no. {number}";
    download_title(number: i64):
        de "Abholnachweis Nr. {number}",
        en "Proof of download no. {number}";
    office:
        de "Kanzlei",
        en "Office";
    contact:
        de "Ansprechperson",
        en "Contact";
    folder:
        de "Eingereicht für",
        en "Handed in for";
    handed_in_by:
        de "Eingereicht von (eigene Angabe)",
        en "Handed in by (own statement)";
    begun:
        de "Erste Datei angekommen",
        en "First file arrived";
    utc(when: &str, utc: &str):
        de "{when} (Weltzeit: {utc})",
        en "{when} (UTC: {utc})";
    left_open:
        de "Der Link endete, bevor die Einreichung abgeschlossen wurde. Bestätigt ist, was bis dahin ankam.",
        en "The link ended before the hand-in was finished. This confirms what had arrived until then.";
    files_title:
        de "Angekommene Dateien",
        en "Files that arrived";
    no_files:
        de "Keine Datei ist angekommen.",
        en "No file arrived.";
    file:
        de "Datei, darunter ihre Prüfsumme (SHA-256)",
        en "File, and below it its checksum (SHA-256)";
    for_item(item: &str):
        de "zu: {item}",
        en "for: {item}";
    late_item(day: &str):
        de "verspätet: dieser Punkt war bis zum {day} erbeten",
        en "late: this item was asked for by {day}";
    refused_title:
        de "Nicht angekommene Dateien",
        en "Files that did not arrive";
    refused_file:
        de "Datei und Grund",
        en "File and reason";
    tried:
        de "Gesendet",
        en "Sent";
    more_rows(count: usize):
        de "Weitere Dateien, die nur der beigefügte Text nennt: {count}",
        en "More files, which only the attached text names: {count}";
    zone(zone: &str):
        de "Alle Zeiten sind die der Kanzlei (Zeitzone {zone}). Im signierten Text stehen sie in Weltzeit (UTC).",
        en "All times are those of the office (time zone {zone}). The signed text has them in UTC.";
    replaced:
        de "Das Zeichen � steht für Zeichen, die diese Schrift nicht enthält. Im signierten Text stehen sie unverändert.",
        en "The sign � stands for characters that this font lacks. The signed text has them unchanged.";

    made_by:
        de "Link erstellt von",
        en "Link made by";
    recipient:
        de "Empfänger (Angabe der Kanzlei)",
        en "Recipient (as the office states)";
    path:
        de "Abgeholt",
        en "Fetched";
    digest:
        de "SHA-256 der Datei",
        en "SHA-256 of the file";
    started:
        de "Download begonnen",
        en "Download begun";
    completed:
        de "Vollständig gesendet",
        en "Sent completely";
    sent_about:
        de "Alle Bytes wurden an das Gerät gesendet, das den Link geöffnet hat. Wer davor saß, sagt dieser Nachweis nicht.",
        en "All bytes were sent to the device that opened the link. This proof does not say which person used it.";
    archive_title:
        de "Dateien im Archiv",
        en "Files in the archive";
    archive_unnamed(count: usize):
        de "Das Archiv enthielt {count} Dateien, die der Nachweis nicht einzeln nennt.",
        en "The archive had {count} files, which the proof does not name one by one.";
    archived_file:
        de "Datei im Archiv, darunter ihre Prüfsumme (SHA-256)",
        en "File in the archive, and below it its checksum (SHA-256)";

    check_title:
        de "Echtheit prüfen",
        en "Check that it is genuine";
    check_about:
        de "Unterschrieben ist allein der signierte Text; diese Darstellung gibt ihn wieder. Ob er echt und unverändert ist, zeigt \
            die Prüfseite der Kanzlei:",
        en "Only the signed text carries the signature; this is a view of it. The office's check page shows whether it is genuine and \
            unchanged:";
    attached(name: &str):
        de "Der signierte Text liegt dieser PDF-Datei als {name} bei. Die Prüfseite nimmt die PDF-Datei oder den Text.",
        en "The signed text is attached to this PDF as {name}. The check page takes the PDF or the text.";
    attached_file:
        de "Der Text mit der Signatur",
        en "The text with the signature";
    code(address: &str):
        de "QR-Code mit der Adresse der Prüfseite: {address}",
        en "QR code with the address of the check page: {address}";
    fingerprint:
        de "Kennung des Schlüssels",
        en "Id of the key";
    key:
        de "Öffentlicher Schlüssel",
        en "Public key";
    page(page: usize, pages: usize):
        de "Seite {page} von {pages}",
        en "Page {page} of {pages}";
    as_pdf:
        de "PDF-Datei herunterladen",
        en "Download the PDF file";
    as_text:
        de "Signierten Text herunterladen",
        en "Download the signed text";
    not_made:
        de "Die PDF-Datei konnte nicht erstellt werden. Bitte laden Sie den signierten Text herunter.",
        en "The PDF could not be made. Please download the signed text.";

    checker:
        de "Bestätigung prüfen",
        en "Check a receipt";
    checker_about:
        de "Hier sehen Sie, ob eine Eingangsbestätigung oder ein Abholnachweis von dieser Kanzlei stammt und unverändert ist. Was \
            Sie hochladen, wird nur geprüft und nicht gespeichert.",
        en "Here you see whether a receipt or a proof of download is by this office and unchanged. What you upload is only checked \
            and not stored.";
    checker_limits:
        de "Die Prüfung sagt nichts, was nicht in der Bestätigung selbst steht: Sie sieht in keinem Link und in keinem Ordner nach.",
        en "The check says nothing that the receipt itself does not say: it looks into no link and no folder.";
    choose:
        de "PDF-Datei oder signierter Text",
        en "The PDF or the signed text";
    paste:
        de "Oder den signierten Text hier einfügen",
        en "Or paste the signed text here";
    check:
        de "Prüfen",
        en "Check";
    valid:
        de "Echt: Diese Bestätigung stammt von dieser Kanzlei und wurde nicht verändert.",
        en "Genuine: this receipt is by this office and was not changed.";
    compare:
        de "Bestätigt sind nur die folgenden Angaben. Vergleichen Sie sie mit denen auf dem Papier oder in der Datei, die Sie haben.",
        en "Only what follows is confirmed. Compare it with the paper or the file that you have.";
    changed:
        de "Nicht echt: Diese Bestätigung wurde nachträglich verändert oder gefälscht.",
        en "Not genuine: this receipt was changed afterwards or forged.";
    other_key:
        de "Diese Bestätigung ist nicht mit dem Schlüssel dieser Kanzlei unterschrieben.",
        en "This receipt is not signed by the key of this office.";
    no_receipt:
        de "Darin ist keine Bestätigung zu finden. Wählen Sie die Datei so, wie Sie sie erhalten haben. Wurde die PDF-Datei mit einem \
            anderen Programm neu gespeichert, entnehmen Sie ihr bitte den beigefügten Text receipt.txt.",
        en "There is no receipt in it. Choose the file as you got it. If another program has saved the PDF anew, please take the \
            attached text receipt.txt out of it.";
    too_large(most: &str):
        de "Das ist mehr, als hier geprüft werden kann: höchstens {most}.",
        en "That is more than can be checked here: at most {most}.";
    busy:
        de "Im Moment wird zu viel auf einmal geprüft. Bitte versuchen Sie es gleich noch einmal.",
        en "Too much is being checked at this moment. Please try again soon.";
    nothing_given:
        de "Bitte wählen Sie eine Datei, oder fügen Sie den Text ein.",
        en "Please choose a file, or paste the text.";
}

//! The pages of the holding area.

use super::sentences::sentences;

sentences! {
    /// Sentences of the list of held items and of the page of one.
    HoldingTexts;

    title:
        de "Prüfbereich",
        en "Holding area";
    about:
        de "Hier liegen Dateien, die geprüft werden, bevor andere sie sehen. Über einen Teil davon entscheiden Sie.",
        en "These are files that are examined before others see them. You decide about some of them.";
    about_waiting:
        de "Diese Dateien werden geprüft, bevor sie freigegeben werden. Was sich als PDF zeigen lässt, können Sie schon lesen.",
        en "These files are examined before they are released. You can read as a PDF what can be shown as one.";
    nothing:
        de "Hier liegt keine Datei, auf die das zutrifft.",
        en "There is no such file here.";
    nothing_yet:
        de "Auf dieser Seite ist nichts dabei. Auf der nächsten geht die Suche weiter.",
        en "There is nothing on this page. The search goes on with the next one.";
    no_spaces:
        de "Es gibt keinen Bereich, den Sie nutzen dürfen. Wenden Sie sich an Ihr Büro, falls das nicht stimmt.",
        en "There is no space that you may use. Please contact your office if that is wrong.";
    later_items:
        de "Ältere Einträge",
        en "Older items";
    latest_items:
        de "Zurück zu den neuesten Einträgen",
        en "Back to the latest items";
    filter:
        de "Auswahl",
        en "Selection";
    state:
        de "Zustand",
        en "State";
    any_open:
        de "alles Offene",
        en "all open items";
    any_asked:
        de "worum jemand bittet",
        en "what somebody asks for";
    any_state:
        de "alles, auch Erledigtes",
        en "everything, also what has ended";
    space:
        de "Bereich",
        en "Space";
    any_space:
        de "alle Bereiche",
        en "all spaces";
    search:
        de "Name enthält",
        en "Name contains";
    show:
        de "Anzeigen",
        en "Show";

    in_space(space: &str):
        de "im Bereich {space}",
        en "in the space {space}";
    arrived:
        de "Eingegangen",
        en "Arrived";
    reason:
        de "Grund",
        en "Reason";
    due:
        de "Frühestens frei",
        en "Free at the earliest";
    due_over(moment: &str):
        de "{moment} (Zeit abgelaufen)",
        en "{moment} (time is over)";
    due_in(moment: &str, left: &str):
        de "{moment} ({left})",
        en "{moment} – {left}";
    kind:
        de "Art der Datei",
        en "Kind of file";
    found:
        de "Auffälligkeiten",
        en "Peculiarities";
    obstacle:
        de "Nicht ganz untersucht",
        en "Not looked at completely";
    sender:
        de "Per E-Mail von",
        en "By mail from";
    unverified(address: &str):
        de "{address} (Angabe des Absenders, nicht geprüft)",
        en "{address} (as the sender says, not verified)";
    no_sender:
        de "einem Absender, der sich nicht nennt",
        en "a sender without an address";
    attachments_missing:
        de "Nicht alle Anlagen der E-Mail liegen einzeln vor. Die E-Mail selbst (.eml) enthält sie alle.",
        en "Not all attachments of the mail are stored beside it. The mail itself (.eml) has them all.";
    second:
        de "Zweite Person",
        en "Second person";
    waits_for_second(who: &str, decision: &str, until: &str):
        de "{who} hat „{decision}“ entschieden; eine zweite Person muss das bis {until} ebenfalls tun",
        en "{who} decided \"{decision}\"; a second person must do so, too, until {until}";
    awaits_second:
        de "wartet auf eine zweite Person",
        en "waits for a second person";
    two_persons:
        de "In diesem Bereich entscheiden zwei Personen. Ausgeführt wird es, wenn eine zweite dasselbe entscheidet.",
        en "In this space two persons decide. It is carried out when a second one decides the same.";
    first_done:
        de "Ihre Entscheidung ist festgehalten. Sie wird ausgeführt, wenn eine zweite Person dasselbe entscheidet.",
        en "Your decision is recorded. It is carried out when a second person decides the same.";
    awaits_office:
        de "das Büro muss darüber entscheiden",
        en "the office has to decide about it";
    asked_for:
        de "jemand bittet um die Herausgabe",
        en "somebody asks for it";
    asked_by_you:
        de "Sie haben um die Herausgabe gebeten",
        en "you asked for it";
    single_persons:
        de "Einzelne Personen",
        en "Single persons";
    former_reader:
        de "eine Person, die den Bereich nicht mehr lesen darf,",
        en "a person who may not read the space any more";
    has_it(who: &str, moment: &str):
        de "herausgegeben an {who} ({moment})",
        en "handed out to {who} ({moment})";
    asks(who: &str, moment: &str):
        de "{who} bittet darum ({moment})",
        en "{who} asks for it ({moment})";
    declined(moment: &str):
        de "abgelehnt am {moment}",
        en "declined on {moment}";
    decline:
        de "Anfrage ablehnen",
        en "Decline the request";
    decline_done:
        de "Die Anfrage ist abgelehnt.",
        en "The request is declined.";
    original:
        de "Das Original",
        en "The original";
    you_have_it:
        de "Das Original ist an Sie herausgegeben. Für andere bleibt es zurückgehalten; gehen Sie vorsichtig damit um.",
        en "The original was handed out to you. It stays held for others; handle it with care.";
    ask_about:
        de "Die Datei selbst ist frei, sobald die Prüfung abgeschlossen ist. Brauchen Sie sie früher?",
        en "The file itself is free as soon as the examination is complete. Do you need it earlier?";
    ask_why:
        de "Wozu Sie sie brauchen (freiwillig)",
        en "What you need it for (optional)";
    ask:
        de "Um das Original bitten",
        en "Ask for the original";
    ask_done:
        de "Ihre Anfrage ist beim Büro eingegangen.",
        en "The office has received your request.";
    you_asked(moment: &str):
        de "Sie haben am {moment} darum gebeten. Das Büro hat noch nicht geantwortet.",
        en "You asked for it on {moment}. The office has not answered yet.";
    open_original:
        de "Original herunterladen",
        en "Download the original";
    recipients:
        de "Für wen",
        en "For whom";
    everybody:
        de "alle, die den Bereich lesen dürfen",
        en "everybody who may read the space";
    only(name: &str):
        de "nur {name}",
        en "only {name}";
    handed_out_done:
        de "Die Datei ist an eine Person herausgegeben. Für alle anderen bleibt sie zurückgehalten.",
        en "The file is handed out to one person. It stays held for all others.";
    overridden:
        de "gegen den Befund der Prüfung freigegeben",
        en "released against the result of the scan";
    open_pdf:
        de "PDF-Fassung herunterladen",
        en "Download as PDF";
    open_pdfs:
        de "PDF-Fassungen der Dokumente in dieser Datei:",
        en "The documents in this file as PDF:";
    pdfs_missing:
        de "Nicht von allen Dokumenten in dieser Datei ließ sich eine PDF-Fassung herstellen.",
        en "Not all documents in this file could be made a PDF.";
    pdf_next:
        de "Die PDF-Fassung entsteht gerade. Laden Sie die Seite gleich noch einmal.",
        en "The PDF is being made. Reload the page in a moment.";
    pdf_after(others: usize):
        de "Die PDF-Fassung kommt nach etwa {others} anderen an die Reihe.",
        en "The PDF will be made after about {others} others.";
    no_pdf:
        de "Von dieser Datei ließ sich keine PDF-Fassung herstellen.",
        en "No PDF could be made of this file.";
    certificate:
        de "Prüfbescheinigung herunterladen",
        en "Download the certificate";
    all_items:
        de "Zurück zur Liste",
        en "Back to the list";

    scans:
        de "Prüfungen",
        en "Scans";
    no_scans:
        de "Die Datei wurde noch nicht geprüft.",
        en "The file was not scanned yet.";
    signatures(identity: &str):
        de "mit den Signaturen {identity}",
        en "with the signatures {identity}";
    signatures_of(identity: &str, built: &str):
        de "mit den Signaturen {identity}, Stand {built}",
        en "with the signatures {identity}, as of {built}";
    optional:
        de "nicht vorgeschrieben",
        en "not required";
    downloads:
        de "Heruntergeladen von",
        en "Downloaded by";
    no_downloads:
        de "Niemand hat die Datei heruntergeladen.",
        en "The file was not downloaded.";
    history:
        de "Verlauf",
        en "History";
    no_history:
        de "Zu dieser Datei ist nichts mehr verzeichnet.",
        en "Nothing is recorded about this file any more.";

    several_about:
        de "Die Entscheidung gilt für jede ausgewählte Datei einzeln. Vor einer Freigabe wird jede noch einmal geprüft; bei \
            großen Dateien dauert das eine Weile.",
        en "The decision applies to each selected file separately. Each is scanned once more before its release, which takes a \
            while with large files.";
    several_done(decision: &str, done: usize, all: usize):
        de "„{decision}“ ist ausgeführt, für {done} von {all} ausgewählten Dateien.",
        en "\"{decision}\" was carried out for {done} of {all} selected files.";
    several_first(first: usize, all: usize):
        de "Bei {first} von {all} Dateien ist Ihre Entscheidung die erste; eine zweite Person muss dasselbe entscheiden.",
        en "For {first} of {all} files yours is the first decision; a second person must decide the same.";
    several_gone:
        de "Eine der ausgewählten Dateien gibt es nicht mehr.",
        en "One of the selected files is no longer there.";

    decide:
        de "Entscheiden",
        en "Decide";
    why:
        de "Begründung (wird im Verlauf festgehalten)",
        en "Reason (it is recorded in the history)";
    release:
        de "Freigeben",
        en "Release";
    release_about:
        de "Die Datei wird jetzt noch einmal geprüft und nur freigegeben, wenn dabei nichts gefunden wird.",
        en "The file is scanned once more now, and released only if nothing is found.";
    release_done:
        de "Die Datei ist freigegeben.",
        en "The file is released.";
    force:
        de "Trotz Befund freigeben",
        en "Release in spite of the result";
    force_about:
        de "Achtung: Die Datei wird ohne Prüfung freigegeben. Wer den Bereich lesen darf und von Ihnen ausgewählt ist, kann sie \
            öffnen, auch wenn sie Schadsoftware enthält. Die Freigabe bleibt mit Ihrem Namen gekennzeichnet und ist keine Prüfung.",
        en "Warning: the file is released without a scan. Whoever may read the space and is chosen by you can open it, even if it \
            contains malware. The release stays marked, with your name, and proves no scan.";
    force_confirm:
        de "Ich habe die Warnung gelesen und verantworte die Freigabe.",
        en "I have read the warning and answer for the release.";
    force_done:
        de "Die Datei ist ohne Prüfung freigegeben.",
        en "The file was released without a scan.";
    keep:
        de "Zurückhalten",
        en "Keep";
    keep_about:
        de "Die Datei bleibt zurückgehalten, bis jemand anders entscheidet.",
        en "The file stays held until a person decides otherwise.";
    keep_done:
        de "Die Datei wird zurückgehalten, bis jemand anders entscheidet.",
        en "The file is kept until a person decides otherwise.";
    quarantine:
        de "In Quarantäne nehmen",
        en "Quarantine";
    quarantine_about:
        de "Die Datei gilt als gefährlich. Niemand kann sie mehr öffnen.",
        en "The file counts as dangerous. It cannot be opened any more.";
    quarantine_done:
        de "Die Datei ist in Quarantäne.",
        en "The file is quarantined.";
    retry:
        de "Neu prüfen",
        en "Examine again";
    retry_about:
        de "Der Server prüft die Datei in den nächsten Sekunden von vorn. Eine Begründung ist nicht nötig.",
        en "The server examines the file anew within seconds. No reason is needed.";
    retry_done:
        de "Die Datei wird neu geprüft. Laden Sie die Seite in einigen Sekunden neu.",
        en "The file is examined again. Reload the page in a few seconds.";
    withdraw:
        de "Zurückziehen",
        en "Withdraw";
    withdraw_about:
        de "Die Datei wird nicht mehr freigegeben, etwa weil sie ein Versehen war.",
        en "The file is not released any more, for example because it was sent by mistake.";
    withdraw_own_about:
        de "Sie nehmen Ihre Datei zurück, etwa weil sie ein Versehen war. Eine Begründung ist nicht nötig.",
        en "You take your file back, for example because it was sent by mistake. No reason is needed.";
    withdraw_done:
        de "Die Datei ist zurückgezogen.",
        en "The file is withdrawn.";

    password_title:
        de "Kennwort angeben",
        en "Give the password";
    password_about:
        de "Die Datei ist verschlüsselt. Mit dem Kennwort öffnet der Server sie nur im Arbeitsspeicher, um zu prüfen, was darin ist; die \
            Datei selbst bleibt, wie sie ist. Das Kennwort wird nirgends gespeichert. Wird der Server neu gestartet, bevor die \
            Datei frei ist, wird es noch einmal gebraucht.",
        en "The file is encrypted. With the password the server opens it in memory only, to examine what is in it; the file itself \
            stays as it is. The password is stored nowhere. If the server restarts before the file is free, it is needed once more.";
    password:
        de "Kennwort",
        en "Password";
    password_give:
        de "Öffnen und prüfen",
        en "Open and examine";
    password_done:
        de "Die Datei wurde mit dem Kennwort geöffnet und geprüft.",
        en "The file was opened with the password and examined.";
    password_partly:
        de "Ein Teil der Datei wurde mit dem Kennwort geöffnet und geprüft, ein anderer ist noch verschlüsselt.",
        en "A part of the file was opened with the password and examined; another is still encrypted.";
    password_needed:
        de "Bitte geben Sie das Kennwort der Datei ein.",
        en "Please enter the password of the file.";
    password_wrong:
        de "Mit diesem Kennwort lässt sich die Datei nicht öffnen.",
        en "This password does not open the file.";
    not_opened:
        de "Diese Datei ist auf eine Weise verschlüsselt, die der Server nicht öffnen kann.",
        en "This file is encrypted in a way that the server cannot open.";
    too_many_passwords:
        de "Sie haben für diese Datei zu viele Kennwörter versucht. Bitte versuchen Sie es in einer Stunde noch einmal.",
        en "You have tried too many passwords for this file. Please try again in an hour.";
    no_password_needed:
        de "Diese Datei braucht jetzt kein Kennwort.",
        en "This file needs no password now.";

    not_clean(reason: &str):
        de "Nicht freigegeben: {reason}.",
        en "Not released: {reason}.";
    wrong_state(state: &str):
        de "Das ist nicht mehr möglich. Zustand der Datei: {state}.",
        en "This is not possible any more. State of the file: {state}.";
    reason_needed:
        de "Bitte geben Sie eine Begründung an.",
        en "Please give a reason.";
    reason_long:
        de "Bitte fassen Sie die Begründung kürzer.",
        en "Please give a shorter reason.";
    confirm_needed:
        de "Bitte bestätigen Sie, dass Sie die Warnung gelesen haben.",
        en "Please confirm that you have read the warning.";
    same_person:
        de "Das haben Sie schon entschieden. Jetzt muss eine andere Person dasselbe entscheiden.",
        en "You have decided this already. Now another person must decide the same.";
    changed:
        de "An der Datei hat sich inzwischen etwas geändert. Sehen Sie sich den Stand an und entscheiden Sie dann.",
        en "Something about the file has changed meanwhile. Look at it again before you decide.";
    let_in:
        de "Ausnahme",
        en "Exception";
    allowed_until(moment: &str):
        de "dieser Inhalt wird bis {moment} ohne Prüfung zugelassen",
        en "this content is let in whatever scanners say until {moment}";
    allowed_once(moment: &str):
        de "dieser Inhalt wurde bis {moment} ohne Prüfung zugelassen",
        en "this content was let in whatever scanners say until {moment}";
    allow:
        de "Diesen Inhalt künftig zulassen",
        en "Let this content in from now on";
    allow_about:
        de "Achtung: Genau dieser Inhalt wird in diesem Bereich bis zum Ende der Frist sofort freigegeben, unter jedem Namen, von jedem \
            Absender und auch, wenn ein Virenscanner etwas findet. Das ist für eigene Vorlagen gedacht, die zu Unrecht beanstandet werden.",
        en "Warning: in this space, exactly this content is released at once until the date, under any name, from any sender, and even \
            if a scanner finds something. It is meant for templates of your own that scanners object to wrongly.";
    allow_days:
        de "Frist in Tagen",
        en "Days";
    allow_done:
        de "Der Inhalt wird künftig ohne Prüfung zugelassen.",
        en "The content is let in from now on.";
    disallow:
        de "Ausnahme beenden",
        en "End the exception";
    disallow_done:
        de "Der Inhalt wird wieder geprüft.",
        en "The content is examined again from now on.";
    too_many_allowed:
        de "Es gibt zu viele Ausnahmen. Bitte beenden Sie einige davon.",
        en "There are too many exceptions. Please end some of them.";
    not_overridden:
        de "In diesem Bereich entscheiden zwei Personen. Zulassen lässt sich nur ein Inhalt, den sie trotz Befund freigegeben haben.",
        en "In this space two persons decide. Only a content that they released in spite of the result can be let in.";
    not_allowed:
        de "Für diesen Inhalt gibt es keine Ausnahme mehr.",
        en "There is no exception for this content any more.";
    no_recipient:
        de "Diese Person darf den Bereich nicht lesen oder bittet nicht mehr um die Datei.",
        en "This person may not read the space, or does not ask for the file any more.";
    no_hash:
        de "Die Bescheinigung ist noch nicht fertig. Bitte versuchen Sie es in einer Minute noch einmal.",
        en "The certificate is not ready yet. Please try again in a minute.";
    failed:
        de "Die Entscheidung ließ sich nicht ausführen. Bitte versuchen Sie es später noch einmal.",
        en "The decision could not be carried out. Please try again later.";
}

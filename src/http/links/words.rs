//! The words of the pages.

use crate::text::Language;

pub(super) struct Words {
    pub(super) password_title: &'static str,
    pub(super) password_needed: &'static str,
    pub(super) password: &'static str,
    pub(super) show: &'static str,
    pub(super) wrong_password: &'static str,
    pub(super) busy: &'static str,
    pub(super) throttled: fn(u32) -> String,
    pub(super) nothing_arrived: &'static str,
    pub(super) later_title: &'static str,
    pub(super) gone_title: &'static str,
    pub(super) gone: &'static str,
    pub(super) size: &'static str,
    pub(super) changed: &'static str,
    pub(super) valid_through: &'static str,
    pub(super) download: &'static str,
    pub(super) more: &'static str,
    pub(super) add_title: &'static str,
    pub(super) add: &'static str,
    pub(super) drop: &'static str,
    pub(super) files: &'static str,
    pub(super) send: &'static str,
    pub(super) patience: &'static str,
    /// One file, or so many.
    pub(super) received: fn(usize) -> String,
    pub(super) nothing_chosen: &'static str,
    pub(super) not_received: &'static str,
    pub(super) not_all_received: &'static str,
    pub(super) bad_name: &'static str,
    pub(super) no_room: &'static str,
    pub(super) busy_file: &'static str,
    pub(super) broken: &'static str,
    pub(super) too_many: &'static str,
    pub(super) no_longer: &'static str,
    pub(super) failed: &'static str,
}

pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::German => &GERMAN,
        Language::English => &ENGLISH,
    }
}

const GERMAN: Words = Words {
    password_title: "Kennwort erforderlich",
    password_needed: "Dieser Link ist mit einem Kennwort geschützt. Sie haben es von der Person bekommen, die Ihnen den \
                      Link geschickt hat.",
    password: "Kennwort",
    show: "Öffnen",
    wrong_password: "Das Kennwort ist falsch. Bitte versuchen Sie es noch einmal.",
    busy: "Gerade ist sehr viel zu tun. Versuchen Sie es in einigen Sekunden noch einmal.",
    throttled: |seconds| {
        let wait = match seconds {
            0..=1 => "einer Sekunde".to_owned(),
            2..=119 => format!("{seconds} Sekunden"),
            _ => format!("{} Minuten", seconds.div_ceil(60)),
        };
        format!("Zu viele Versuche. Versuchen Sie es in {wait} noch einmal.")
    },
    nothing_arrived: "Ihre Dateien sind nicht angekommen: Seit Sie das Kennwort eingegeben haben, ist zu viel Zeit \
                      vergangen. Bitte geben Sie es noch einmal ein und schicken Sie die Dateien dann noch einmal.",
    later_title: "Bitte warten",
    gone_title: "Diesen Link gibt es nicht",
    gone: "Er ist abgelaufen, wurde gelöscht oder nicht vollständig kopiert. Bitten Sie die Person, die ihn Ihnen \
           geschickt hat, um einen neuen.",
    size: "Größe",
    changed: "Geändert",
    valid_through: "Gültig bis einschließlich",
    download: "Herunterladen",
    more: "Das sind nicht alle Einträge. Mit einem WebDAV-Programm sehen Sie sie alle.",
    add_title: "Dateien hinzufügen",
    add: "Dateien, die es hier schon gibt, werden nicht ersetzt: Ihre bekommen dann eine Nummer.",
    drop: "Hier können Sie Dateien übergeben. Sie werden verschlüsselt übertragen und abgelegt. Was schon hier liegt, \
           sehen Sie nicht.",
    files: "Dateien auswählen",
    send: "Hochladen",
    patience: "Lassen Sie die Seite offen, bis sie die Ankunft bestätigt; große Dateien brauchen ihre Zeit.",
    received: |count| match count {
        1 => "Eine Datei ist angekommen und sicher gespeichert:".to_owned(),
        _ => format!("{count} Dateien sind angekommen und sicher gespeichert:"),
    },
    nothing_chosen: "Sie haben keine Datei ausgewählt.",
    not_received: "Es ist nichts angekommen:",
    not_all_received: "Nicht angekommen:",
    bad_name: "dieser Name kann nicht gespeichert werden; benennen Sie die Datei um",
    no_room: "es ist nicht genug Platz",
    busy_file: "die Datei wird gerade von jemandem bearbeitet; versuchen Sie es später",
    broken: "die Übertragung brach ab; schicken Sie die Datei noch einmal",
    too_many: "es waren zu viele Dateien auf einmal; schicken Sie den Rest noch einmal",
    no_longer: "dieser Link nimmt keine Dateien an",
    failed: "die Datei konnte nicht gespeichert werden; versuchen Sie es später",
};

const ENGLISH: Words = Words {
    password_title: "Password required",
    password_needed: "This link is protected by a password. You have it from the person who sent you the link.",
    password: "Password",
    show: "Open",
    wrong_password: "The password is wrong. Please try again.",
    busy: "There is very much to do at this moment. Try again in a few seconds.",
    throttled: |seconds| {
        let wait = match seconds {
            0..=1 => "a second".to_owned(),
            2..=119 => format!("{seconds} seconds"),
            _ => format!("{} minutes", seconds.div_ceil(60)),
        };
        format!("Too many attempts. Try again in {wait}.")
    },
    nothing_arrived: "Your files have not arrived: too much time has passed since you entered the password. Please enter \
                      it once more, and then send the files again.",
    later_title: "Please wait",
    gone_title: "There is no such link",
    gone: "It has expired, was deleted, or was not copied completely. Ask the person who sent it to you for a new one.",
    size: "Size",
    changed: "Changed",
    valid_through: "Valid through",
    download: "Download",
    more: "These are not all entries. A WebDAV program shows them all.",
    add_title: "Add files",
    add: "Files that exist here already are not replaced: yours then get a number.",
    drop: "You can hand over files here. They travel encrypted and are stored encrypted. You do not see what lies here \
           already.",
    files: "Choose files",
    send: "Upload",
    patience: "Keep this page open until it confirms the arrival; large files take their time.",
    received: |count| match count {
        1 => "One file has arrived and is safely stored:".to_owned(),
        _ => format!("{count} files have arrived and are safely stored:"),
    },
    nothing_chosen: "You have chosen no file.",
    not_received: "Nothing has arrived:",
    not_all_received: "Not arrived:",
    bad_name: "this name cannot be stored; rename the file",
    no_room: "there is not enough room",
    busy_file: "somebody is working on the file; try again later",
    broken: "the transfer broke off; send the file once more",
    too_many: "these were too many files at once; send the rest once more",
    no_longer: "this link takes no files",
    failed: "the file could not be stored; try again later",
};

//! The history in words: actors and events.

use super::Language;
use crate::model::{
    AccountEvent, Actor, EntryEvent, Event, HandInEvent, HoldEvent, InstanceEvent, LinkEvent, LinkRight,
    RemovedKind, RequestEvent, Right, Role, SpaceEvent, SpaceGrant, Span, VersionState, Via, Worker,
};

/// A person's reason, to be appended.
fn because(reason: Option<&String>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

impl Language {
    /// Name of the actor. `account` is the name of its account, `device` the label of the device, as far as known.
    pub fn actor(self, actor: &Actor, account: Option<&str>, device: Option<&str>) -> String {
        let account = account.unwrap_or(self.choose("ein entferntes Konto", "a removed account"));
        match actor {
            Actor::User { via: Via::Password, .. } => account.to_owned(),
            Actor::User { via: Via::Device(_), .. } => match device {
                Some(label) => format!("{account} ({label})"),
                None => format!("{account} ({})", self.choose("entferntes Gerät", "a removed device")),
            },
            Actor::Guest { link, .. } => match self {
                Self::German => format!("Gast mit Link {link} von {account}"),
                Self::English => format!("guest with link {link} of {account}"),
            },
            Actor::Owner => self.choose("Betreiber (Befehlszeile)", "owner (command line)").to_owned(),
            Actor::Worker(worker) => {
                let work = match worker {
                    Worker::Upkeep => self.choose("Fristen", "expiry"),
                    Worker::History => self.choose("Verlauf begrenzen", "history limit"),
                    Worker::Rebuild => self.choose("Wiederaufbau", "rebuild"),
                    Worker::Intake => self.choose("Prüfbereich", "holding area"),
                    Worker::Watch => self.choose("überwachter Ordner", "watched folder"),
                    Worker::Mail => self.choose("E-Mail", "mail"),
                    Worker::HandIn => self.choose("Einreichungen", "hand-ins"),
                    Worker::Reminders => self.choose("Erinnerungen", "reminders"),
                };
                format!("{} ({work})", self.choose("Server", "server"))
            }
        }
    }

    /// The event as a phrase that follows the actor's name.
    pub fn event(self, event: &Event) -> String {
        match event {
            Event::Entry { kind, spot, size, other, .. } => {
                let size = size.map(|bytes| format!(" ({})", self.size(bytes))).unwrap_or_default();
                let other = other.as_ref().map_or("?", |other| other.path.as_str());
                self.entry_event(*kind, &spot.path, &size, other)
            }
            Event::StateChanged { spot, from, to, reason, .. } => {
                self.state_changed(&spot.path, *from, *to) + &because(reason.as_ref())
            }
            Event::Hold { kind, spot, reason, whom, .. } => {
                let whom = whom.as_ref().map(|(_, name)| name.as_str());
                self.hold_event(*kind, &spot.path, whom) + &because(reason.as_ref())
            }
            Event::Removed { what, count, .. } => self.removed(*what, *count),
            Event::Instance(InstanceEvent::RecoveryKeyChanged) => self
                .choose("hat den Wiederherstellungsschlüssel ersetzt", "replaced the recovery key")
                .to_owned(),
            Event::Instance(InstanceEvent::OfficeChanged) => {
                self.choose("hat die Angaben zur Kanzlei geändert", "changed the office's details").to_owned()
            }
            Event::Instance(InstanceEvent::TemplateImported) => self
                .choose("hat eine Vorlage für Anfragen eingelesen", "imported a template of requests")
                .to_owned(),
            Event::Instance(InstanceEvent::TemplateRemoved) => self
                .choose("hat eine Vorlage für Anfragen gelöscht", "removed a template of requests")
                .to_owned(),
            Event::Instance(InstanceEvent::TemplateReset) => self
                .choose(
                    "hat eine Vorlage für Anfragen auf die mitgelieferte zurückgesetzt",
                    "set a template of requests back to that of the program",
                )
                .to_owned(),
            Event::Space { kind, name, .. } => match (self, kind) {
                (Self::German, SpaceEvent::Made) => format!("hat den Bereich „{name}“ angelegt"),
                (Self::English, SpaceEvent::Made) => format!("created the space \"{name}\""),
                (Self::German, SpaceEvent::SettingsChanged) => {
                    format!("hat die Einstellungen des Bereichs „{name}“ geändert")
                }
                (Self::English, SpaceEvent::SettingsChanged) => {
                    format!("changed the settings of the space \"{name}\"")
                }
                (Self::German, SpaceEvent::Renamed) => format!("hat den Bereich in „{name}“ umbenannt"),
                (Self::English, SpaceEvent::Renamed) => format!("renamed the space to \"{name}\""),
                (Self::German, SpaceEvent::Rebuilt) => {
                    format!("hat das Verzeichnis des Bereichs „{name}“ wiederhergestellt")
                }
                (Self::English, SpaceEvent::Rebuilt) => {
                    format!("rebuilt the catalogue of the space \"{name}\"")
                }
            },
            Event::Account { kind, name, .. } => self.account_event(kind, name),
            Event::Grant { name, grant, .. } => match (self, grant) {
                (Self::German, Some(SpaceGrant { right, releases, hold })) => {
                    let more = if *releases { " und „freigeben“" } else { "" };
                    let held = hold.map(|time| format!("; Haltezeit für Dateien von dort: {}", Span(time)));
                    let held = held.unwrap_or_default();
                    format!("hat {name} das Recht „{}“{more} gegeben{held}", self.right(*right))
                }
                (Self::English, Some(SpaceGrant { right, releases, hold })) => {
                    let more = if *releases { ", and to decide about held files" } else { "" };
                    let held = hold.map(|time| format!("; files from there are held for {}", Span(time)));
                    let held = held.unwrap_or_default();
                    format!("gave {name} the right to {}{more}{held}", self.right(*right))
                }
                (Self::German, None) => format!("hat {name} das Recht am Bereich entzogen"),
                (Self::English, None) => format!("took {name}'s right to the space away"),
            },
            Event::Request { kind, request, item, reason, .. } => {
                self.request_event(*kind, request.0, item.as_deref().unwrap_or_default())
                    + &because(reason.as_ref())
            }
            Event::HandIn { kind, spot, count, size, .. } => {
                self.hand_in_event(*kind, &spot.path, *count, *size)
            }
            Event::Link { kind, link, spot, right } => {
                let (path, right) = (&spot.path, self.link_right(*right));
                match (self, kind) {
                    (Self::German, LinkEvent::Made) => {
                        format!("hat Link {link} auf {path} angelegt ({right})")
                    }
                    (Self::English, LinkEvent::Made) => format!("made link {link} to {path} ({right})"),
                    (Self::German, LinkEvent::Changed) => format!("hat Link {link} auf {path} geändert"),
                    (Self::English, LinkEvent::Changed) => format!("changed link {link} to {path}"),
                    (Self::German, LinkEvent::Ended) => format!("hat Link {link} auf {path} beendet"),
                    (Self::English, LinkEvent::Ended) => format!("ended link {link} to {path}"),
                    (Self::German, LinkEvent::PasswordChosen) => {
                        format!("hat für Link {link} auf {path} ein Kennwort gewählt")
                    }
                    (Self::English, LinkEvent::PasswordChosen) => {
                        format!("chose a password for link {link} to {path}")
                    }
                    (Self::German, LinkEvent::Downloaded) => {
                        format!("hat {path} über Link {link} vollständig heruntergeladen")
                    }
                    (Self::English, LinkEvent::Downloaded) => {
                        format!("downloaded all of {path} through link {link}")
                    }
                }
            }
        }
    }

    fn request_event(self, kind: RequestEvent, request: i64, item: &str) -> String {
        match self {
            Self::German => match kind {
                RequestEvent::Made => format!("hat Anfrage {request} angelegt"),
                RequestEvent::Changed => format!("hat Anfrage {request} geändert"),
                RequestEvent::Closed => format!("hat Anfrage {request} geschlossen"),
                RequestEvent::Reopened => format!("hat Anfrage {request} wieder geöffnet"),
                RequestEvent::Reminded => format!("hat zu Anfrage {request} erinnert"),
                RequestEvent::Invited => format!("hat zu Anfrage {request} eingeladen"),
                RequestEvent::LinkRenewed => {
                    format!("hat einem Link von Anfrage {request} eine neue Adresse gegeben")
                }
                RequestEvent::HandedIn => format!("hat „{item}“ zu Anfrage {request} eingereicht"),
                RequestEvent::TakenBack => format!("hat „{item}“ zu Anfrage {request} zurückgenommen"),
                RequestEvent::DoesNotApply => {
                    format!("hat angegeben, dass „{item}“ in Anfrage {request} nicht zutrifft")
                }
                RequestEvent::Applies => {
                    format!("hat angegeben, dass „{item}“ in Anfrage {request} doch zutrifft")
                }
                RequestEvent::Commented => format!("hat „{item}“ in Anfrage {request} kommentiert"),
                RequestEvent::Answered => {
                    format!("hat eine Anmerkung zu „{item}“ in Anfrage {request} beantwortet")
                }
                RequestEvent::Accepted => format!("hat „{item}“ in Anfrage {request} angenommen"),
                RequestEvent::Rejected => format!("braucht „{item}“ in Anfrage {request} noch einmal"),
                RequestEvent::Undone => {
                    format!("hat die Entscheidung über „{item}“ in Anfrage {request} zurückgenommen")
                }
            },
            Self::English => match kind {
                RequestEvent::Made => format!("made request {request}"),
                RequestEvent::Changed => format!("changed request {request}"),
                RequestEvent::Closed => format!("closed request {request}"),
                RequestEvent::Reopened => format!("reopened request {request}"),
                RequestEvent::Reminded => format!("sent a reminder of request {request}"),
                RequestEvent::Invited => format!("sent invitations for request {request}"),
                RequestEvent::LinkRenewed => format!("gave a link of request {request} a new address"),
                RequestEvent::HandedIn => format!("handed in \"{item}\" for request {request}"),
                RequestEvent::TakenBack => format!("took \"{item}\" of request {request} back"),
                RequestEvent::DoesNotApply => {
                    format!("said that \"{item}\" of request {request} does not apply")
                }
                RequestEvent::Applies => format!("said that \"{item}\" of request {request} applies"),
                RequestEvent::Commented => format!("commented on \"{item}\" of request {request}"),
                RequestEvent::Answered => {
                    format!("answered a comment on \"{item}\" of request {request}")
                }
                RequestEvent::Accepted => format!("accepted \"{item}\" of request {request}"),
                RequestEvent::Rejected => format!("needs \"{item}\" of request {request} again"),
                RequestEvent::Undone => {
                    format!("took the decision about \"{item}\" of request {request} back")
                }
            },
        }
    }

    fn hand_in_event(self, kind: HandInEvent, path: &str, count: u64, size: u64) -> String {
        let files = self.files(usize::try_from(count).unwrap_or(usize::MAX), size);
        match (self, kind) {
            (Self::German, HandInEvent::Finished) => format!("hat {files} in {path} eingereicht"),
            (Self::English, HandInEvent::Finished) => format!("handed in {files} to {path}"),
            (Self::German, HandInEvent::FinishedLate) => {
                format!("hat {files} nach dem Termin in {path} eingereicht")
            }
            (Self::English, HandInEvent::FinishedLate) => {
                format!("handed in {files} to {path} after the deadline")
            }
            (Self::German, HandInEvent::Closed) => {
                format!("hat eine Einreichung in {path} abgeschlossen, deren Link endete: {files}")
            }
            (Self::English, HandInEvent::Closed) => {
                format!("closed a hand-in to {path} whose link had ended: {files}")
            }
        }
    }

    fn entry_event(self, kind: EntryEvent, path: &str, size: &str, other: &str) -> String {
        match self {
            Self::German => match kind {
                EntryEvent::Stored => format!("hat {path} gespeichert{size}"),
                EntryEvent::Replaced => format!("hat einen neuen Inhalt von {path} gespeichert{size}"),
                EntryEvent::FolderMade => format!("hat den Ordner {path} angelegt"),
                EntryEvent::Moved => format!("hat {other} nach {path} verschoben"),
                EntryEvent::MovedAway => {
                    format!("hat {path} in einen anderen Bereich nach {other} verschoben")
                }
                EntryEvent::Copied => format!("hat {other} nach {path} kopiert{size}"),
                EntryEvent::Deleted => format!("hat {path} in den Papierkorb gelegt{size}"),
                EntryEvent::Restored => format!("hat {path} aus dem Papierkorb geholt"),
                EntryEvent::Purged => format!("hat {path} endgültig gelöscht{size}"),
                EntryEvent::VersionRestored => {
                    format!("hat einen früheren Inhalt von {path} wiederhergestellt")
                }
                EntryEvent::PropertiesChanged => format!("hat Eigenschaften von {path} geändert"),
                EntryEvent::LockEnded => format!("hat die Sperre von {path} aufgehoben"),
                EntryEvent::Read => format!("hat {path} gelesen{size}"),
            },
            Self::English => match kind {
                EntryEvent::Stored => format!("stored {path}{size}"),
                EntryEvent::Replaced => format!("stored a new content of {path}{size}"),
                EntryEvent::FolderMade => format!("made the folder {path}"),
                EntryEvent::Moved => format!("moved {other} to {path}"),
                EntryEvent::MovedAway => format!("moved {path} into another space, to {other}"),
                EntryEvent::Copied => format!("copied {other} to {path}{size}"),
                EntryEvent::Deleted => format!("moved {path} to the trash{size}"),
                EntryEvent::Restored => format!("restored {path} from the trash"),
                EntryEvent::Purged => format!("removed {path} for good{size}"),
                EntryEvent::VersionRestored => format!("restored an earlier content of {path}"),
                EntryEvent::PropertiesChanged => format!("changed properties of {path}"),
                EntryEvent::LockEnded => format!("ended the lock on {path}"),
                EntryEvent::Read => format!("read {path}{size}"),
            },
        }
    }

    fn state_changed(self, path: &str, from: VersionState, to: VersionState) -> String {
        let from = self.version_state(from);
        match (self, to) {
            (Self::German, VersionState::Visible) => format!("hat {path} freigegeben (vorher {from})"),
            (Self::English, VersionState::Visible) => format!("released {path} (it was {from})"),
            (Self::German, VersionState::Held) => format!("hat {path} zurückgehalten (vorher {from})"),
            (Self::English, VersionState::Held) => format!("held {path} back (it was {from})"),
            (Self::German, VersionState::Quarantined) => {
                format!("hat {path} in Quarantäne genommen (vorher {from})")
            }
            (Self::English, VersionState::Quarantined) => format!("quarantined {path} (it was {from})"),
            (Self::German, VersionState::Restricted) => {
                format!("hat die Nutzung von {path} eingeschränkt (vorher {from})")
            }
            (Self::English, VersionState::Restricted) => {
                format!("restricted the use of {path} (it was {from})")
            }
        }
    }

    fn hold_event(self, kind: HoldEvent, path: &str, whom: Option<&str>) -> String {
        let person = whom.unwrap_or("?");
        match (self, kind) {
            (Self::German, HoldEvent::Kept) => format!("behält {path} im Prüfbereich"),
            (Self::English, HoldEvent::Kept) => format!("keeps {path} in the holding area"),
            (Self::German, HoldEvent::Retried) => format!("lässt {path} neu prüfen"),
            (Self::English, HoldEvent::Retried) => format!("has {path} examined again"),
            (Self::German, HoldEvent::Withdrawn) => format!("hat {path} aus dem Prüfbereich zurückgezogen"),
            (Self::English, HoldEvent::Withdrawn) => format!("withdrew {path} from the holding area"),
            (Self::German, HoldEvent::Approved) => match whom {
                None => format!("hat als erste Person entschieden, {path} freizugeben"),
                Some(_) => format!("hat als erste Person entschieden, {path} an {person} herauszugeben"),
            },
            (Self::English, HoldEvent::Approved) => match whom {
                None => format!("decided as the first of two persons to release {path}"),
                Some(_) => format!("decided as the first of two persons to hand {path} out to {person}"),
            },
            (Self::German, HoldEvent::Allowed) => {
                format!("lässt den Inhalt von {path} künftig ohne Prüfung zu")
            }
            (Self::English, HoldEvent::Allowed) => {
                format!("lets the content of {path} in from now on, whatever scanners say")
            }
            (Self::German, HoldEvent::Disallowed) => {
                format!("lässt den Inhalt von {path} wieder prüfen")
            }
            (Self::English, HoldEvent::Disallowed) => {
                format!("has the content of {path} examined again from now on")
            }
            (Self::German, HoldEvent::Asked) => format!("bittet um die Herausgabe von {path}"),
            (Self::English, HoldEvent::Asked) => format!("asked for {path}"),
            (Self::German, HoldEvent::Declined) => format!("gibt {path} nicht an {person} heraus"),
            (Self::English, HoldEvent::Declined) => format!("declined to hand {path} out to {person}"),
            (Self::German, HoldEvent::HandedOut) => format!("hat {path} an {person} herausgegeben"),
            (Self::English, HoldEvent::HandedOut) => format!("handed {path} out to {person}"),
            (Self::German, HoldEvent::HandedOutUnchecked) => {
                format!("hat {path} entgegen dem Prüfergebnis an {person} herausgegeben")
            }
            (Self::English, HoldEvent::HandedOutUnchecked) => {
                format!("handed {path} out to {person} against the scanner's verdict")
            }
            (Self::German, HoldEvent::PasswordGiven) => format!("hat das Kennwort für {path} angegeben"),
            (Self::English, HoldEvent::PasswordGiven) => format!("gave the password of {path}"),
            (Self::German, HoldEvent::Overridden) => {
                format!("hat {path} entgegen dem Prüfergebnis freigegeben")
            }
            (Self::English, HoldEvent::Overridden) => {
                format!("released {path} against the scanner's verdict")
            }
        }
    }

    fn version_state(self, state: VersionState) -> &'static str {
        match (self, state) {
            (Self::German, VersionState::Visible) => "frei",
            (Self::German, VersionState::Held) => "zurückgehalten",
            (Self::German, VersionState::Quarantined) => "in Quarantäne",
            (Self::German, VersionState::Restricted) => "eingeschränkt",
            (Self::English, VersionState::Held) => "held back",
            (Self::English, state) => state.as_str(),
        }
    }

    fn removed(self, what: RemovedKind, count: u64) -> String {
        let things = match (what, count) {
            (RemovedKind::Versions, 1) => self.choose("einen früheren Inhalt", "1 earlier content"),
            (RemovedKind::Versions, _) => self.choose("frühere Inhalte", "earlier contents"),
            (RemovedKind::Uploads, 1) => self.choose("einen unfertigen Upload", "1 unfinished upload"),
            (RemovedKind::Uploads, _) => self.choose("unfertige Uploads", "unfinished uploads"),
        };
        let things = if count == 1 { things.to_owned() } else { format!("{count} {things}") };
        match self {
            Self::German => format!("hat {things} endgültig entfernt"),
            Self::English => format!("removed {things} for good"),
        }
    }

    fn account_event(self, kind: &AccountEvent, name: &str) -> String {
        match (self, kind) {
            (Self::German, AccountEvent::Made(role)) => {
                format!("hat das Konto {name} angelegt ({})", self.role(*role))
            }
            (Self::English, AccountEvent::Made(role)) => {
                format!("made the account {name} ({})", self.role(*role))
            }
            (Self::German, AccountEvent::RoleChanged(role)) => {
                format!("hat die Rolle von {name} geändert: {}", self.role(*role))
            }
            (Self::English, AccountEvent::RoleChanged(role)) => {
                format!("changed the role of {name} to {}", self.role(*role))
            }
            (Self::German, AccountEvent::PasswordChanged) => format!("hat das Kennwort von {name} geändert"),
            (Self::English, AccountEvent::PasswordChanged) => format!("changed the password of {name}"),
            (Self::German, AccountEvent::ContactChanged) => {
                format!("hat Adresse oder Benachrichtigungen von {name} geändert")
            }
            (Self::English, AccountEvent::ContactChanged) => format!("changed address or notices of {name}"),
            (Self::German, AccountEvent::Disabled) => format!("hat das Konto {name} gesperrt"),
            (Self::English, AccountEvent::Disabled) => format!("disabled the account {name}"),
            (Self::German, AccountEvent::Enabled) => format!("hat das Konto {name} freigegeben"),
            (Self::English, AccountEvent::Enabled) => format!("enabled the account {name}"),
            (Self::German, AccountEvent::Removed) => format!("hat das Konto {name} entfernt"),
            (Self::English, AccountEvent::Removed) => format!("removed the account {name}"),
            (Self::German, AccountEvent::SecondFactorAdded) => {
                format!("hat für {name} einen zweiten Faktor eingerichtet")
            }
            (Self::English, AccountEvent::SecondFactorAdded) => format!("set up a second factor for {name}"),
            (Self::German, AccountEvent::SecondFactorRemoved) => {
                format!("hat den zweiten Faktor von {name} entfernt")
            }
            (Self::English, AccountEvent::SecondFactorRemoved) => {
                format!("removed the second factor of {name}")
            }
            (Self::German, AccountEvent::RecoveryCodesRenewed) => {
                format!("hat die Ersatzcodes von {name} erneuert")
            }
            (Self::English, AccountEvent::RecoveryCodesRenewed) => {
                format!("renewed the recovery codes of {name}")
            }
            (Self::German, AccountEvent::DeviceAdded(id, label)) => {
                format!("hat für {name} das Gerät „{label}“ angemeldet ({id})")
            }
            (Self::English, AccountEvent::DeviceAdded(id, label)) => {
                format!("added the device \"{label}\" of {name} ({id})")
            }
            (Self::German, AccountEvent::DeviceRemoved(id)) => {
                format!("hat ein Gerät von {name} abgemeldet ({id})")
            }
            (Self::English, AccountEvent::DeviceRemoved(id)) => format!("removed a device of {name} ({id})"),
            (Self::German, AccountEvent::PasskeyAdded(label)) => {
                format!("hat für {name} den Passkey „{label}“ hinzugefügt")
            }
            (Self::English, AccountEvent::PasskeyAdded(label)) => {
                format!("added the passkey \"{label}\" of {name}")
            }
            (Self::German, AccountEvent::PasskeyRenamed(label)) => {
                format!("hat einen Passkey von {name} in „{label}“ umbenannt")
            }
            (Self::English, AccountEvent::PasskeyRenamed(label)) => {
                format!("renamed a passkey of {name} to \"{label}\"")
            }
            (Self::German, AccountEvent::PasskeyRemoved(label)) => {
                format!("hat den Passkey „{label}“ von {name} entfernt")
            }
            (Self::English, AccountEvent::PasskeyRemoved(label)) => {
                format!("removed the passkey \"{label}\" of {name}")
            }
        }
    }

    fn right(self, right: Right) -> &'static str {
        match (self, right) {
            (Self::German, Right::Read) => "lesen",
            (Self::German, Right::Write) => "schreiben",
            (Self::German, Right::Manage) => "verwalten",
            (Self::English, right) => right.as_str(),
        }
    }

    fn link_right(self, right: LinkRight) -> &'static str {
        match (self, right) {
            (Self::German, LinkRight::Read) => "lesen",
            (Self::German, LinkRight::Edit) => "bearbeiten",
            (Self::German, LinkRight::Add) => "einreichen",
            (Self::English, LinkRight::Read) => "read",
            (Self::English, LinkRight::Edit) => "edit",
            (Self::English, LinkRight::Add) => "hand in",
        }
    }

    fn role(self, role: Role) -> &'static str {
        match (self, role) {
            (Self::German, Role::Administrator) => "Verwalter",
            (Self::German, Role::Staff) => "Mitarbeiter",
            (Self::German, Role::Client) => "Mandant",
            (Self::German, Role::Auditor) => "Prüfer",
            (Self::English, role) => role.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryId, LinkId, SpaceId, Spot, UserId, VersionId};

    #[test]
    fn events_read_as_sentences_in_both_languages() {
        let spot = |path: &str| Spot { space: SpaceId([1; 16]), entry: EntryId(1), path: path.into() };
        let moved = Event::Entry {
            kind: EntryEvent::Moved,
            spot: spot("/2025/a.pdf"),
            version: None,
            size: Some(1_536),
            other: Some(spot("/a.pdf")),
        };
        let say = |language: Language, event: &Event| {
            let guest = Actor::Guest { link: LinkId(3), creator: UserId(1) };
            format!("{} {}", language.actor(&guest, Some("anna"), None), language.event(event))
        };
        assert_eq!(say(Language::English, &moved), "guest with link 3 of anna moved /a.pdf to /2025/a.pdf");
        assert_eq!(
            say(Language::German, &moved),
            "Gast mit Link 3 von anna hat /a.pdf nach /2025/a.pdf verschoben"
        );
        let gone = |count| Event::Removed { space: SpaceId([1; 16]), what: RemovedKind::Versions, count };
        assert_eq!(Language::English.event(&gone(2)), "removed 2 earlier contents for good");
        let released = Event::StateChanged {
            spot: spot("/a.pdf"),
            version: VersionId(1),
            from: VersionState::Held,
            to: VersionState::Visible,
            reason: None,
        };
        assert_eq!(Language::English.event(&released), "released /a.pdf (it was held back)");
        assert_eq!(Language::German.event(&released), "hat /a.pdf freigegeben (vorher zurückgehalten)");
        assert_eq!(Language::German.event(&gone(1)), "hat einen früheren Inhalt endgültig entfernt");
    }
}

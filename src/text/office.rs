//! The foot of every page, and the pages of the office's legal texts.

use super::sentences::sentences;

sentences! {
    /// Sentences about the office.
    OfficeTexts;

    foot:
        de "Angaben zur Kanzlei",
        en "About the office";
    contact(person: &str):
        de "Ihre Ansprechperson: {person}",
        en "Your contact: {person}";
    phone:
        de "Telefon",
        en "Phone";
    mail:
        de "E-Mail",
        en "Email";
    imprint:
        de "Impressum",
        en "Imprint";
    privacy:
        de "Datenschutz",
        en "Privacy";
    accessibility:
        de "Barrierefreiheit",
        en "Accessibility";
    privacy_version(version: u32):
        de "Fassung {version}",
        en "Version {version}";
}

//! The fields for the limits of a link that takes files in, for a new link and for one that exists.

use maud::{Markup, html};

use super::refused::Refused;
use crate::http::page::form::field;
use crate::model::{ByteSize, LinkTerms};
use crate::sharing::LinkLimits;
use crate::text::MyLinksTexts;

/// The fields as a person filled them in.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedLimits {
    files: String,
    size: String,
    types: String,
}

impl AskedLimits {
    pub(super) fn of(form: &[u8]) -> Self {
        let text = |name| field(form, name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Self { files: text("most-files"), size: text("most-bytes"), types: text("types") }
    }

    /// Those of an existing link.
    pub(super) fn kept(terms: &LinkTerms) -> Self {
        Self {
            files: terms.files.map(|most| most.to_string()).unwrap_or_default(),
            size: terms.bytes.map(exact).unwrap_or_default(),
            types: terms.types.join(", "),
        }
    }

    pub(super) fn are_empty(&self) -> bool {
        [&self.files, &self.size, &self.types].iter().all(|text| text.is_empty())
    }

    /// Empty fields set no limit.
    pub(super) fn parse(&self) -> Result<LinkLimits, Refused> {
        let files = match self.files.as_str() {
            "" => None,
            text => Some(text.parse().ok().filter(|most| *most > 0).ok_or(Refused::BadCount)?),
        };
        let bytes = match self.size.as_str() {
            "" => None,
            // With the comma of a German number.
            text => {
                let size = text.replace(',', ".").parse::<ByteSize>().ok().filter(|size| size.0 > 0);
                Some(size.ok_or(Refused::BadSize)?.0)
            }
        };
        let types = LinkTerms::parse_types(&self.types).map_err(|_| Refused::BadTypes)?;
        Ok(LinkLimits { bytes, files, types })
    }

    pub(super) fn fields(&self, texts: MyLinksTexts) -> Markup {
        html! {
            label { (texts.most_files())
                input type="number" name="most-files" min="1" max="1000000" inputmode="numeric" value=(self.files);
            }
            label { (texts.most_bytes()) input type="text" name="most-bytes" maxlength="20" autocomplete="off" value=(self.size); }
            label { (texts.types())
                input type="text" name="types" maxlength="500" autocomplete="off" autocapitalize="none" spellcheck="false"
                    value=(self.types);
            }
        }
    }
}

/// A size as a person may have written it, and of exactly this value.
fn exact(bytes: u64) -> String {
    let decimal = [("GB", 1_000_000_000), ("MB", 1_000_000)];
    match decimal.into_iter().find(|(_, unit)| bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => ByteSize(bytes).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_they_were_set() {
        for text in ["500 MB", "2 GB", "20MiB", "1234B"] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(exact(size.0), text);
        }
    }
}

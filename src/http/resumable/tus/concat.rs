//! `Upload-Concat`: uploads that are parts of another one.

use super::Failure;
use crate::http::protocol::RequestError;
use crate::model::UploadId;

/// Relation of an upload to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of its own.
    Whole,
    /// A part.
    Partial,
    /// These parts joined, in this order.
    Final(Vec<UploadId>),
}

impl Kind {
    /// Parses the header, if there is one.
    pub fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let Some(text) = text else { return Ok(Self::Whole) };
        if text == "partial" {
            return Ok(Self::Partial);
        }
        let parts: Option<Vec<_>> = text
            .strip_prefix("final;")
            .map(|urls| urls.split_ascii_whitespace().map(id).collect())
            .unwrap_or_default();
        match parts {
            Some(parts) if !parts.is_empty() => Ok(Self::Final(parts)),
            _ => {
                let reason = "is neither partial nor final; and addresses of uploads on this server";
                Err(RequestError::Header { name: "Upload-Concat", reason }.into())
            }
        }
    }
}

/// The upload at an address, with or without the server's own prefix.
fn id(url: &str) -> Option<UploadId> {
    let path = match url.split_once("://") {
        Some(("http" | "https", rest)) => rest.split_once('/')?.1,
        Some(_) => return None,
        None => url.strip_prefix('/')?,
    };
    path.strip_prefix("tus/")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "000102030405060708090a0b0c0d0e0f";
    const TWO: &str = "ff0102030405060708090a0b0c0d0e0f";

    #[test]
    fn parts_are_named_by_path_or_address() {
        let ids = vec![ONE.parse().unwrap(), TWO.parse().unwrap()];
        for text in [
            format!("final;/tus/{ONE} /tus/{TWO}"),
            format!("final; /tus/{ONE}   https://files.example:8443/tus/{TWO}"),
        ] {
            assert_eq!(Kind::parse(Some(&text)).unwrap(), Kind::Final(ids.clone()), "{text}");
        }
        assert_eq!(Kind::parse(Some("partial")).unwrap(), Kind::Partial);
        assert_eq!(Kind::parse(None).unwrap(), Kind::Whole);
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "final",
            "final;",
            "Partial",
            "partial;",
            "final;/tus/",
            "final;/tus/..",
            &format!("final;/dav/{ONE}"),
            &format!("final;{ONE}"),
            &format!("final;ftp://a/tus/{ONE}"),
            &format!("final;/tus/{ONE} /tus/x"),
            &format!("final;/tus/{ONE}/"),
        ] {
            assert!(Kind::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}

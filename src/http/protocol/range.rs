//! Range requests (RFC 9110 14).

use std::fmt::Write;

use http::{HeaderMap, header};

use crate::model::{ByteRange, random_bytes};

/// Most ranges in one answer; a client that asks for more gets the whole content.
pub const MAX_PARTS: usize = 16;

/// The part of the content to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeAnswer {
    /// 200 with everything: no `Range`, one that cannot be parsed, or one that asks for too much.
    Whole,
    /// 206 with `Content-Range`.
    Single(ByteRange),
    /// 206 with `multipart/byteranges`; at least two parts, none touching another.
    Several(Vec<ByteRange>),
    /// 416 with `Content-Range: bytes */size`.
    Unsatisfiable,
}

/// Parses `Range` for content of `size` bytes. Merges ranges that overlap or touch; the parts come in the order in
/// which the client named them. More than [`MAX_PARTS`] parts, or ranges that together name more than twice the
/// content, are answered with the whole.
pub fn read(headers: &HeaderMap, size: u64) -> RangeAnswer {
    let mut lines = headers.get_all(header::RANGE).iter();
    match (lines.next().map(|line| line.to_str()), lines.next()) {
        (Some(Ok(text)), None) => parse(text, size).unwrap_or(RangeAnswer::Whole),
        _ => RangeAnswer::Whole,
    }
}

/// The header is invalid and must be ignored.
struct NotUnderstood;

fn parse(text: &str, size: u64) -> Result<RangeAnswer, NotUnderstood> {
    let (unit, list) = text.split_once('=').ok_or(NotUnderstood)?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Err(NotUnderstood);
    }
    let mut satisfiable = Vec::new();
    let mut any = false;
    for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        any = true;
        satisfiable.extend(parse_item(item, size)?);
    }
    if !any {
        return Err(NotUnderstood);
    }
    let asked: u128 = satisfiable.iter().map(|range| u128::from(range.len())).sum();
    if asked > u128::from(size) * 2 {
        return Ok(RangeAnswer::Whole);
    }
    let parts = merge(satisfiable);
    Ok(match parts.as_slice() {
        [] => RangeAnswer::Unsatisfiable,
        // A suffix of empty content: satisfiable, but Content-Range cannot express it.
        [part] if part.is_empty() => RangeAnswer::Whole,
        [part] => RangeAnswer::Single(*part),
        parts if parts.len() > MAX_PARTS => RangeAnswer::Whole,
        _ => RangeAnswer::Several(parts),
    })
}

/// One `a-b`, `a-` or `-n`; `None` if it is entirely outside the content.
fn parse_item(item: &str, size: u64) -> Result<Option<ByteRange>, NotUnderstood> {
    let (first, last) = item.split_once('-').ok_or(NotUnderstood)?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let suffix = number(last)?;
        let range = ByteRange::new(size.saturating_sub(suffix), size);
        return Ok(range.filter(|_| suffix > 0));
    }
    let first = number(first)?;
    let end = if last.is_empty() {
        size
    } else {
        let last = number(last)?;
        if last < first {
            return Err(NotUnderstood);
        }
        last.saturating_add(1).min(size)
    };
    Ok(ByteRange::new(first, end).filter(|range| !range.is_empty()))
}

/// Digits only; numbers above `u64::MAX` become `u64::MAX`.
fn number(text: &str) -> Result<u64, NotUnderstood> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(text.parse().unwrap_or(u64::MAX)) } else { Err(NotUnderstood) }
}

/// Merges ranges that overlap or touch; a merged part takes the position of its first piece.
fn merge(ranges: Vec<ByteRange>) -> Vec<ByteRange> {
    let mut sorted: Vec<(usize, ByteRange)> = ranges.into_iter().enumerate().collect();
    sorted.sort_by_key(|(_, range)| *range);
    let mut parts: Vec<(usize, ByteRange)> = Vec::new();
    for (place, range) in sorted {
        if let Some((first_place, last)) = parts.last_mut()
            && range.start() <= last.end()
        {
            let end = last.end().max(range.end());
            *last = ByteRange::new(last.start(), end).unwrap_or(*last);
            *first_place = place.min(*first_place);
        } else {
            parts.push((place, range));
        }
    }
    parts.sort_by_key(|(place, _)| *place);
    parts.into_iter().map(|(_, range)| range).collect()
}

/// The value of `Content-Range` for a part.
pub fn content_range(part: ByteRange, size: u64) -> String {
    let last = part.end().saturating_sub(1);
    format!("bytes {}-{last}/{size}", part.start())
}

/// The value of `Content-Range` for 416.
pub fn unsatisfied(size: u64) -> String {
    format!("bytes */{size}")
}

/// Layout of a `multipart/byteranges` body: each part's header, then its bytes, and the trailer at the end.
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    parts: Vec<(String, ByteRange)>,
    trailer: String,
}

impl Multipart {
    /// Lays out the parts of content of `size` bytes. The boundary is random (128 bits), so that no content can
    /// contain it.
    pub fn new(parts: &[ByteRange], size: u64, content_type: &str) -> Self {
        let boundary = data_encoding::HEXLOWER.encode(&random_bytes::<16>());
        let parts = parts
            .iter()
            .enumerate()
            .map(|(i, part)| {
                let mut head = String::new();
                // The line break before a boundary belongs to the boundary.
                let _ = write!(
                    head,
                    "{}--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {}\r\n\r\n",
                    if i == 0 { "" } else { "\r\n" },
                    content_range(*part, size)
                );
                (head, *part)
            })
            .collect();
        let trailer = format!("\r\n--{boundary}--\r\n");
        Self { boundary, parts, trailer }
    }

    /// The value of `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("multipart/byteranges; boundary={}", self.boundary)
    }

    /// The exact length of the whole body in bytes.
    pub fn content_length(&self) -> u64 {
        let length = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        let parts = self.parts.iter().map(|(head, part)| length(head) + part.len());
        parts.sum::<u64>() + length(&self.trailer)
    }

    /// Each part's header text and the bytes that follow it.
    pub fn parts(&self) -> &[(String, ByteRange)] {
        &self.parts
    }

    /// The text that ends the body.
    pub fn trailer(&self) -> &str {
        &self.trailer
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn range(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start, end).unwrap()
    }

    fn answer(value: &str, size: u64) -> RangeAnswer {
        let mut headers = HeaderMap::new();
        headers.insert("range", HeaderValue::from_str(value).unwrap());
        read(&headers, size)
    }

    #[test]
    fn every_form_at_its_boundaries() {
        use RangeAnswer::{Several, Single, Unsatisfiable, Whole};
        for (value, size, expected) in [
            ("bytes=0-0", 10, Single(range(0, 1))),
            ("bytes=0-", 10, Single(range(0, 10))),
            ("bytes=0-9", 10, Single(range(0, 10))),
            ("bytes=9-9", 10, Single(range(9, 10))),
            ("bytes=5-99", 10, Single(range(5, 10))),
            ("Bytes = 5 - 6 ", 10, Single(range(5, 7))),
            ("bytes=-1", 10, Single(range(9, 10))),
            ("bytes=-99", 10, Single(range(0, 10))),
            ("bytes=0-18446744073709551615", 10, Single(range(0, 10))),
            ("bytes=0-99999999999999999999999", 10, Single(range(0, 10))),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-20", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-5", 0, Whole),
            ("bytes=10-,-0", 10, Unsatisfiable),
            ("bytes=10-,0-1", 10, Single(range(0, 2))),
            // Not understood, so ignored.
            ("bytes=", 10, Whole),
            ("bytes=,", 10, Whole),
            ("bytes=5-2", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=1--2", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=1", 10, Whole),
            ("lines=1-2", 10, Whole),
            ("1-2", 10, Whole),
            ("bytes=0-1,x", 10, Whole),
            // Several parts.
            ("bytes=0-1,4-5", 10, Several(vec![range(0, 2), range(4, 6)])),
            ("bytes=4-5,0-1", 10, Several(vec![range(4, 6), range(0, 2)])),
            ("bytes=0-1,2-3", 10, Single(range(0, 4))),
            ("bytes=0-5,3-4", 10, Single(range(0, 6))),
            ("bytes=8-9, 0-1 ,-3", 10, Several(vec![range(7, 10), range(0, 2)])),
            ("bytes=0-,0-", 10, Single(range(0, 10))),
            ("bytes=0-,0-,0-0", 10, Whole),
        ] {
            assert_eq!(answer(value, size), expected, "{value} of {size}");
        }
    }

    #[test]
    fn a_flood_of_ranges_gets_the_whole() {
        let parts = |n: u64| {
            let list: Vec<String> = (0..n).map(|i| format!("{}-{}", 2 * i, 2 * i)).collect();
            format!("bytes={}", list.join(","))
        };
        assert!(matches!(answer(&parts(16), 100_000), RangeAnswer::Several(parts) if parts.len() == 16));
        assert_eq!(answer(&parts(17), 100_000), RangeAnswer::Whole);
        assert_eq!(answer(&parts(10_000), 100_000), RangeAnswer::Whole);
        let same = format!("bytes={}", "0-,".repeat(1_300));
        assert_eq!(answer(&same, 100_000), RangeAnswer::Whole);
        // Many small adjacent steps become one part.
        let steps: Vec<String> = (0..500).map(|i| format!("{i}-{i}")).collect();
        assert_eq!(answer(&format!("bytes={}", steps.join(",")), 1_000), RangeAnswer::Single(range(0, 500)));
    }

    #[test]
    fn header_values_name_first_and_last_byte() {
        assert_eq!(content_range(range(5, 7), 10), "bytes 5-6/10");
        assert_eq!(unsatisfied(0), "bytes */0");
    }

    #[test]
    fn multipart_body_is_as_long_as_announced() {
        let content = "0123456789";
        let layout = Multipart::new(&[range(0, 2), range(7, 10)], 10, "text/plain");
        let mut body = String::new();
        for (head, part) in layout.parts() {
            body.push_str(head);
            let start = usize::try_from(part.start()).unwrap();
            let end = usize::try_from(part.end()).unwrap();
            body.push_str(content.get(start..end).unwrap());
        }
        body.push_str(layout.trailer());
        let (_, boundary) =
            layout.content_type().split_once("boundary=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(
            body,
            format!(
                "--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\
                 \r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 7-9/10\r\n\r\n789\
                 \r\n--{boundary}--\r\n"
            )
        );
        assert_eq!(layout.content_length(), body.len() as u64);
        let other = Multipart::new(&[range(0, 1), range(3, 4)], 10, "text/plain");
        assert_ne!(other.content_type(), layout.content_type());
    }

    proptest! {
        #[test]
        fn parts_lie_inside_and_apart(value in "bytes=[0-9,\\- ]{0,40}", size in 0_u64..2_000) {
            let parts = match answer(&value, size) {
                RangeAnswer::Several(parts) => parts,
                RangeAnswer::Single(part) => vec![part],
                _ => vec![],
            };
            prop_assert!(parts.len() <= MAX_PARTS);
            for (i, a) in parts.iter().enumerate() {
                prop_assert!(!a.is_empty() && a.end() <= size);
                for b in &parts[i + 1..] {
                    prop_assert!(a.end() < b.start() || b.end() < a.start());
                }
            }
        }
    }
}

//! Ranges byte for byte (RFC 9110 14), around every border of the sealed chunks.

use crate::http::fixture::Folder;
use crate::support::content::bytes;
use crate::support::http::Response;

const CHUNK: usize = 65_536;

/// The parts of a `multipart/byteranges` answer: first byte, last byte, content.
fn parts(response: &Response, size: usize) -> Vec<(usize, usize, Vec<u8>)> {
    let media_type = response.header("content-type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").expect(media_type);
    let (delimiter, mut rest) = (format!("\r\n--{boundary}"), response.body.as_slice());
    rest = rest.strip_prefix(format!("--{boundary}\r\n").as_bytes()).expect("the first boundary");
    let mut parts = Vec::new();
    loop {
        let end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a part's head");
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        let range = head.lines().find_map(|line| line.strip_prefix("Content-Range: bytes ")).expect(head);
        let (range, total) = range.split_once('/').unwrap();
        assert_eq!(total, size.to_string());
        let (first, last) = range.split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let content = &rest[end + 4..][..=last - first];
        parts.push((first, last, content.to_vec()));
        rest = rest[end + 4 + content.len()..].strip_prefix(delimiter.as_bytes()).expect("a boundary");
        let Some(next) = rest.strip_prefix(b"\r\n") else {
            assert_eq!(rest, b"--\r\n");
            return parts;
        };
        rest = next;
    }
}

#[test]
fn several_ranges_are_sent_byte_for_byte() {
    let folder = Folder::new("ranges");
    let size = 5 * CHUNK + 17;
    let content = bytes(7, size);
    folder.put("datei.bin", content.clone());
    let last = size - 1;
    for (ranges, expected) in [
        ("0-0,2-2".to_owned(), vec![(0, 0), (2, 2)]),
        (format!("0-0,{last}-{last}"), vec![(0, 0), (last, last)]),
        ("65535-65535,65537-65537".to_owned(), vec![(65_535, 65_535), (65_537, 65_537)]),
        // Over a border, in the order asked for.
        ("131071-131073,0-9".to_owned(), vec![(131_071, 131_073), (0, 9)]),
        (
            "60000-140000, 200000-200001 ,-3".to_owned(),
            vec![(60_000, 140_000), (200_000, 200_001), (last - 2, last)],
        ),
        // Ranges behind the end fall away, ranges that touch become one.
        (format!("0-9,20-29,{size}-"), vec![(0, 9), (20, 29)]),
        ("0-9,10-19,30-39".to_owned(), vec![(0, 19), (30, 39)]),
    ] {
        let response = folder.request("GET", "datei.bin").header("Range", &format!("bytes={ranges}")).send();
        let response = response.expect(206);
        assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
        let found = parts(&response, size);
        let places: Vec<_> = found.iter().map(|(first, last, _)| (*first, *last)).collect();
        assert_eq!(places, expected, "{ranges}");
        for (first, last, part) in found {
            assert!(part == content[first..=last], "{ranges}: {first}-{last} differs");
        }
        let head = folder.request("HEAD", "datei.bin").header("Range", &format!("bytes={ranges}")).send();
        assert_eq!(head.expect(200).header("content-length"), Some(size.to_string().as_str()));
    }
    let sixteen: Vec<String> = (0..16).map(|n| format!("{}-{}", n * 20_000, n * 20_000 + 9)).collect();
    let response =
        folder.request("GET", "datei.bin").header("Range", &format!("bytes={}", sixteen.join(",")));
    assert_eq!(parts(&response.send().expect(206), size).len(), 16);
}

#[test]
fn single_ranges_meet_every_border() {
    let folder = Folder::new("ranges-single");
    for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
        let content = bytes(9, size);
        folder.put("datei.bin", content.clone());
        let get = |range: String| folder.request("GET", "datei.bin").header("Range", &range).send();
        assert_eq!(folder.get("datei.bin"), content);
        let beyond = get(format!("bytes={size}-")).expect(416);
        assert_eq!(beyond.header("content-range"), Some(format!("bytes */{size}").as_str()));
        get("bytes=-0".to_owned()).expect(416);
        if size == 0 {
            assert_eq!(get("bytes=-5".to_owned()).expect(200).body, b"");
            continue;
        }
        for first in [0, size / 2, size - 1] {
            let part = get(format!("bytes={first}-")).expect(206);
            let last = size - 1;
            assert_eq!(part.header("content-range"), Some(format!("bytes {first}-{last}/{size}").as_str()));
            assert!(part.body == content[first..], "{first}- of {size}");
            let suffix = get(format!("bytes=-{}", size - first)).expect(206);
            assert!(suffix.body == content[first..], "suffix from {first} of {size}");
        }
        for ignored in ["bytes=5-2", "bytes=x", "seiten=1-2", "bytes 0-1", "bytes=0-1;2-3"] {
            assert_eq!(get(ignored.to_owned()).expect(200).body.len(), size, "{ignored}");
        }
    }
}

#[test]
fn a_range_continues_the_same_content_only() {
    let folder = Folder::new("ranges-if");
    let put = folder.put("datei.bin", "0123456789");
    let (tag, date) = (put.header("etag").unwrap(), put.header("last-modified").unwrap());
    let get = |condition: &str| {
        let request = folder.request("GET", "datei.bin").header("Range", "bytes=4-6");
        request.header("If-Range", condition).send()
    };
    for (condition, holds) in [
        (tag, true),
        (date, false),
        ("\"other\"", false),
        (&format!("W/{tag}"), false),
        ("Thu, 01 Jan 1998 00:00:00 GMT", false),
        ("Fri, 01 Jan 2100 00:00:00 GMT", false),
        ("*", false),
        ("", false),
    ] {
        let response = get(condition);
        let (status, body) = if holds { (206, &b"456"[..]) } else { (200, &b"0123456789"[..]) };
        assert_eq!((response.status, response.body.as_slice()), (status, body), "{condition}");
        assert_eq!(response.header("etag"), Some(tag), "{condition}");
    }
    // Clients choose a file's time: with the date believed, the rest of this content was sent as the rest of
    // the one before it.
    folder
        .request("PUT", "datei.bin")
        .header("X-OC-Mtime", "1600000000")
        .body("0123456789")
        .send()
        .expect(204);
    let before = folder.request("GET", "datei.bin").send().expect(200);
    folder
        .request("PUT", "datei.bin")
        .header("X-OC-Mtime", "1600000000")
        .body("abcdefghij")
        .send()
        .expect(204);
    assert_eq!(get(before.header("last-modified").unwrap()).expect(200).body, b"abcdefghij");
    assert_eq!(get(tag).expect(200).body, b"abcdefghij");
    // A failed condition comes before any range.
    let stale = folder.request("GET", "datei.bin").header("Range", "bytes=4-6").header("If-Match", tag);
    stale.send().expect(412);
    let known = folder.request("GET", "datei.bin").header("Range", "bytes=99-");
    known.header("If-None-Match", &folder.etag("datei.bin")).send().expect(304);
}

//! The page to which a person goes after signing in.

/// The page for a person who asked for none.
const FIRST_PAGE: &str = "/files/";
/// The pages that ask for a session.
const PAGES: [&str; 7] = ["/asked", "/files", "/requests", "/links", "/holding", "/account", "/office"];
/// Longest address that is kept while a person signs in, in bytes.
const MAX_ADDRESS: usize = 1_024;

/// The page at this address, if it is one of the pages that ask for a session; else the first of them. A link cannot lead
/// from here to another site.
pub(super) fn own_page(asked: &str) -> String {
    let below = PAGES.iter().find_map(|page| asked.strip_prefix(page));
    let is_ours = below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/?&=%+-_.~*".contains(&byte);
    let is_fine = is_ours
        && asked.len() <= MAX_ADDRESS
        && asked.bytes().all(is_plain)
        && !asked.to_lowercase().replace("%2e", ".").contains("..");
    if is_fine { asked.to_owned() } else { FIRST_PAGE.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_ask_for_a_session_are_returned_to() {
        for fine in [
            "/holding",
            "/holding/5",
            "/holding?state=held&q=a+b%C3%BC",
            "/holding/5?done=keep",
            "/links/3?made",
            "/requests/7?done=judged",
            "/account",
            "/asked/3",
            "/office/people/Anna%20K",
            "/files/Huber%20GmbH/a.b/?about",
        ] {
            assert_eq!(own_page(fine), fine);
        }
        let longest = format!("/holding?q={}", "a".repeat(MAX_ADDRESS - 11));
        let long = format!("{longest}a");
        for bad in [
            "",
            "/",
            "//evil.example",
            "/dav/",
            "/logout",
            "/holdingx",
            "/holding.evil.example",
            "https://evil.example/holding",
            "//evil.example/holding",
            "/holding\\evil",
            "/holding/\r\nSet-Cookie: a=b",
            "/holding/#x",
            "/holding/../dav/",
            "/holding/%2e%2E/dav/",
            "/holding/.%2e/dav/",
            "/holding/ü",
            "/holding@evil.example",
            &long,
        ] {
            assert_eq!(own_page(bad), FIRST_PAGE, "{bad}");
        }
        assert_eq!((own_page(&longest), longest.len()), (longest.clone(), MAX_ADDRESS));
    }
}

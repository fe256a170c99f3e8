//! The common name of the browser that sends a request, as far as its `User-Agent` says (RFC 9110 10.1.5).

use http::HeaderMap;
use http::header::USER_AGENT;

/// Marks of browsers. Most browsers carry the marks of those below them, too.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Marks of systems; Android says that it is Linux, too, and an iPhone that it is like a Mac.
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Marks of programs that fetch a page for a preview in a chat or mail, or to look for harm in it, in small letters.
const ROBOTS: [&str; 9] =
    ["bot/", "bot;", "bot)", "crawler", "spider", "preview", "whatsapp", "facebookexternalhit", "slack"];

/// Whether the sender says that it is no person's browser.
pub(super) fn is_robot(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let agent = agent.to_lowercase();
    ROBOTS.iter().any(|mark| agent.contains(mark))
}

/// Browser and system, such as `Firefox, Windows`; empty if neither is known.
pub(super) fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let known = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let names: Vec<_> = [known(&BROWSERS), known(&SYSTEMS)].into_iter().flatten().collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn browsers_have_the_names_that_people_know() {
        const KIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0",
                "Firefox, Windows",
            ),
            (
                &format!("Mozilla/5.0 (Windows NT 10.0) {KIT} Chrome/150.0 Safari/537.36 Edg/150.0"),
                "Edge, Windows",
            ),
            (
                &format!("Mozilla/5.0 (Linux; Android 15) {KIT} Chrome/150.0 Mobile Safari/537.36"),
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1",
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", "Safari, macOS"),
            ("curl/8.1", ""),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_str(agent).unwrap());
            assert_eq!(browser(&headers), name, "{agent}");
        }
        assert_eq!(browser(&HeaderMap::new()), "");
    }
}

//! The values read from a configuration, and the mistakes that are named.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;

fn check(text: &str) -> Result<Config, ConfigError> {
    let raw: RawConfig = toml::from_str(text)
        .map_err(|error| ConfigError::Syntax { path: String::new(), reason: error.to_string() })?;
    raw.check("data".into())
}

#[test]
fn the_default_is_tls_on_loopback() {
    let config = check("").unwrap();
    assert_eq!((config.listen, config.transport), (DEFAULT_LISTEN, Transport::SelfSigned));
}

#[test]
fn the_defaults_written_out_are_read_as_the_defaults() {
    let text = toml::to_string(&RawConfig::default().with_defaults()).unwrap();
    for line in ["listen = \"127.0.0.1:8443\"", "[limits]", "keep_alive_seconds = 75", "every_days = 30"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let again = toml::to_string(&toml::from_str::<RawConfig>(&text).unwrap()).unwrap();
    assert_eq!(again, text);
}

/// Every key of the reference exists and has the documented default, and none is missing from it.
#[test]
fn the_reference_names_every_key_with_its_default() {
    let (mut documented, mut defaults) = (BTreeSet::new(), String::new());
    let mut section = String::new();
    for line in include_str!("../../docs/configuration.md").lines() {
        if let Some(name) = line.strip_prefix("## `[").and_then(|rest| rest.strip_suffix("]`")) {
            section = format!("{name}.");
            documented.insert(name.to_owned());
        }
        let mut cells = line.split(" | ");
        let key = cells.next().and_then(|cell| cell.strip_prefix("| `")?.strip_suffix('`'));
        let (Some(key), Some(default)) = (key, cells.next()) else { continue };
        documented.insert(format!("{section}{key}"));
        if default != "none" {
            writeln!(defaults, "{section}{key} = {}", default.trim_matches('`')).unwrap();
        }
    }
    let written_out = |raw: RawConfig| toml::to_string(&raw.with_defaults()).unwrap();
    let read: RawConfig = toml::from_str(&defaults).unwrap();
    assert_eq!(written_out(read), written_out(RawConfig::default()));

    // The parser's own error lists the known keys.
    let known = |section: &str| -> Vec<String> {
        let error = toml::from_str::<RawConfig>(&format!("{section}no_such_key = 1")).unwrap_err();
        let text = error.message().split_once("expected").unwrap().1.to_owned();
        let keys = text.split('`').skip(1).step_by(2);
        keys.map(|key| format!("{section}{key}")).collect()
    };
    let tables = ["", "tls.", "log.", "scrub.", "snapshots.", "events.", "intake.", "mail.", "limits."];
    let keys: BTreeSet<_> = tables.iter().flat_map(|table| known(table)).collect();
    assert_eq!(documented, keys);
}

/// A server with `--host files.example.org:8443` answered every request with 421; another, with the level
/// `verbose`, logged nothing at all. `check-config` reported neither.
#[test]
fn usual_hosts_and_levels_are_fine() {
    for text in [
        "hosts = ['files.example.org', 'LOCALHOST', '192.0.2.1', '[::1]', 'xn--bro-hoa.example', 'a_b']",
        "[log]\nlevel = 'warn'",
        "[log]\nlevel = 'off'",
        "[log]\nlevel = 'INFO,hyper=debug'",
        "[log]\nlevel = 'tresor=debug'",
        "[log]\nlevel = 'tresor::http=trace, warn'",
    ] {
        check(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn converters_are_a_few_at_most() {
    let converters = |text: &str| check(text).unwrap().converters;
    assert!((1..=2).contains(&converters("")));
    for number in [1, MAX_CONVERTERS] {
        assert_eq!(converters(&format!("[intake]\nconverters = {number}")), number);
    }
}

/// The folder of a clamd elsewhere is not on this machine, even if one of the same name is.
#[test]
fn signatures_are_where_debian_keeps_them_unless_clamd_is_elsewhere() {
    let folder = |text: &str| check(text).unwrap().scanners.unwrap().clamd.unwrap().signatures;
    assert_eq!(folder("[intake]\nclamd = '/run/clamd'"), Some("/var/lib/clamav".into()));
    assert_eq!(folder("[intake]\nclamd = '/run/clamd'\nsignatures = '/a'"), Some("/a".into()));
    assert_eq!(folder("[intake]\nclamd = 'scanner:3310'"), None);
    assert_eq!(folder("[intake]\nclamd = 'scanner:3310'\nsignatures = '/a'"), Some("/a".into()));
    assert!(check("[intake]\nclamd = 'off'").unwrap().scanners.is_none());
}

#[test]
fn the_watched_folder_and_the_data_lie_apart() {
    let here = std::env::current_dir().unwrap();
    for (folder, is_fine) in
        [("scans", true), ("data", false), ("data/scans", false), ("data2", true), ("", false)]
    {
        let text = format!("[intake]\nwatch = '{}'", here.join(folder).display());
        assert_eq!(check(&text).is_ok(), is_fine, "{folder}");
    }
    assert_eq!(
        check("[intake]\nwatch = '/srv/scans'").unwrap().watch.unwrap().settle,
        Duration::from_secs(10)
    );
}

#[test]
fn every_mistake_is_named() {
    for (text, expected) in [
        ("lisen = '127.0.0.1:1'", "lisen"),
        ("listen = 'localhost'", "listen"),
        ("plain_http = true\nlisten = '0.0.0.0:80'", "loopback"),
        ("plain_listen = '192.0.2.1:80'", "loopback"),
        ("metrics_listen = '0.0.0.0:9'", "metrics_listen"),
        ("[tls]\ncertificate = 'a.pem'", "belong together"),
        ("plain_http = true\n[tls]\ncertificate = 'a'\nkey = 'b'", "exclude"),
        ("[limits]\nnonsense = 1", "nonsense"),
        ("[scrub]\nevery_days = -1", "every_days"),
        ("[scrub]\nevery_days = 3651", "every_days"),
        ("[scrub]\nbytes_per_second = 65535", "bytes_per_second"),
        ("[scrub]\nmonthly = true", "monthly"),
        ("trusted_proxies = ['10.0.0.0/99']", "10.0.0.0/99"),
        ("cors_origins = ['*']", "an origin is"),
        ("passphrase = 'secret'", "passphrase"),
        ("hosts = ['https://files.example.org']", "without https://"),
        ("hosts = ['files.example.org/dav']", "without https://"),
        ("hosts = ['files.example.org', 'files.example.org:8443']", "without port"),
        ("hosts = ['*.example.org']", "no patterns"),
        ("hosts = ['']", "write one name"),
        ("hosts = ['a b']", "write one name"),
        ("hosts = ['files.example.org.']", "the dot"),
        ("hosts = ['b\u{fc}ro.example']", "Punycode"),
        ("hosts = ['::1']", "[::1]"),
        ("[log]\nlevel = 'warnn'", "'warnn' is no level"),
        ("[log]\nlevel = 'verbose'", "'verbose' is no level"),
        ("[log]\nlevel = 'tresro=debug'", "'tresro=debug' is no level"),
        ("[log]\nlevel = 'info,hyper=loud'", "'hyper=loud' is no level"),
        ("[log]\nlevel = ''", "'' is no level"),
        ("[snapshots]\nkeep = 0", "keep must lie between 1"),
        ("[events]\nkeep_days = 0", "keep_days must lie between 1"),
        ("[snapshots]\nevery_hours = 9000", "every_hours"),
        ("[intake]\nclamd = 'clamd.ctl'", "absolute path of its socket, or host:port"),
        ("[intake]\nclamd = 'scanner'", "'scanner' is no address of clamd"),
        ("[intake]\nclamd = '/run/clamd'\nsignatures = 'clamav'", "signatures must be an absolute path"),
        ("[intake]\nclamd = 'off'\nsignatures = '/var/lib/clamav'", "give clamd, too"),
        ("[intake]\nsignatures_max_age = '36'", "'36' is not a span of time"),
        ("[intake]\nsignatures_max_age = 36", "signatures_max_age"),
        ("[intake]\nrescan = 'no'", "rescan"),
        ("[intake]\nconverters = 0", "converters must lie between 1 and 4"),
        ("[intake]\nconverters = 5", "converters must lie between 1 and 4"),
        ("[intake]\nrescan_share = 0", "rescan_share must lie between 1 and 100"),
        ("[intake]\nrescan_hours = 'night'", "'night' names no hours of a day"),
        ("[intake]\nclamav = '/run/clamd'", "clamav"),
        ("[intake]\nwatch = 'scans'", "watch must be an absolute path"),
        ("[intake]\nwatch = '/'", "must not contain one another"),
        ("[intake]\nwatch_settle = '61m'", "watch_settle must be at most 1h"),
        ("[intake]\nwatch_settle = '0s'", "'0s' is not a span of time"),
        ("[intake]\nlmtp = '0.0.0.0:24'", "must be a loopback address"),
        ("[intake]\nlmtp = 'lmtp.sock'", "absolute path of a socket"),
        ("[intake]\nmail_policy = '127.0.0.1:25'", "give lmtp, too"),
        ("[intake]\nlmtp = '/run/m'\nmail_policy = '/run/m'", "must be two addresses"),
        ("[intake]\nmail_size = '71MiB'", "mail_size must lie between"),
        ("[intake]\nmail_size = '50'", "'50' is not a size"),
        ("[intake]\nmails_per_hour = 0", "mails_per_hour must be at least 1"),
        ("[snapshots]\nevery_days = 1", "every_days"),
    ] {
        let error = check(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

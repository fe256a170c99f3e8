//! The output of the commands about the scanners.

use serde_json::Value;

use crate::support::clamd::TestClamd;
use crate::support::office::Office;

/// The findings of `tresor doctor` about the scanner, with their level.
fn doctor(office: &Office) -> Vec<String> {
    let outcome = office.run(["doctor", "--data", "data", "--config", "tresor.toml", "--json"]);
    let findings: Vec<Value> = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
    let told = findings.iter().map(|finding| {
        format!("{} {}", finding["level"].as_str().unwrap(), finding["text"].as_str().unwrap())
    });
    told.filter(|told| ["ClamAV", "scanner", "signatures"].iter().any(|word| told.contains(word))).collect()
}

fn status(office: &Office) -> Value {
    let outcome = office.run(["scan", "status", "--config", "tresor.toml", "--json"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[track_caller]
fn assert_told(told: &[String], expected: &[&str]) {
    let without_rar: Vec<_> = told.iter().filter(|text| !text.contains("RAR archives")).collect();
    assert_eq!(without_rar.len(), expected.len(), "{told:#?}");
    for (text, words) in without_rar.iter().zip(expected) {
        for word in words.split('…') {
            assert!(text.contains(word), "{word}: {told:#?}");
        }
    }
}

#[test]
fn the_commands_say_whether_the_scanner_can_be_trusted() {
    let office = Office::with_instance();
    office.write("tresor.toml", "[intake]\nclamd = 'off'\n");
    assert_told(&doctor(&office), &[]);
    office.refuses(["scan", "status", "--config", "tresor.toml"], &["no scanner is set up"]);

    let mut clamd = TestClamd::start();
    let folder = clamd.databases();
    let configure = |address: &str, more: &str| {
        let folder = folder.display();
        office.write("tresor.toml", format!("[intake]\nclamd = '{address}'\nsignatures = '{folder}'\n{more}"))
    };
    configure(&clamd.address().to_string(), "");
    assert_told(
        &doctor(&office),
        &["ok ClamAV 1.… finds a test virus", "ok the newest signatures are of 2… s old"],
    );
    let shown = status(&office);
    for name in ["reachable", "trusted", "loaded", "current", "reports_limits"] {
        assert_eq!(shown[name], true, "{shown}");
    }
    assert_eq!(
        (&shown["engine"], &shown["max_age_seconds"], &shown["problem"]),
        (&"clamd".into(), &129_600.into(), &Value::Null)
    );
    let table = office.run(["scan", "status", "--config", "tresor.toml"]);
    assert!(table.code == 0 && table.stdout.contains("trusted         yes\n"), "{table}");

    // Old signatures.
    clamd.write_daily(27_001, 1_600_000_000);
    assert_told(&doctor(&office), &["ok ClamAV", "warning the scanner has not loaded the signatures in /"]);
    clamd.reload();
    let old = "warning the newest signatures are of 2020-09-13T12:26:40Z, …the limit is 48h";
    configure(&clamd.address().to_string(), "signatures_max_age = '2d'");
    assert_told(&doctor(&office), &["ok ClamAV 1.…/27001 finds", old]);
    let shown = status(&office);
    assert_eq!(
        (&shown["current"], &shown["newest"]),
        (&false.into(), &"2020-09-13T12:26:40Z".into()),
        "{shown}"
    );

    clamd.kill();
    assert_told(&doctor(&office), &["fault the scanner cannot be reached at /…/socket: Connection refused"]);
    let shown = status(&office);
    assert_eq!(
        (&shown["reachable"], &shown["trusted"], &shown["version"]),
        (&false.into(), &false.into(), &Value::Null)
    );

    let empty = TestClamd::without_signatures();
    configure(&empty.address().to_string(), "");
    let told = doctor(&office);
    assert!(told[0].contains("fault the scanner does not find a test virus"), "{told:#?}");
    assert_eq!(status(&office)["trusted"], false);

    let hiding = TestClamd::with("TCPAddr 127.0.0.1\n");
    configure(&hiding.tcp_address().to_string(), "");
    let told = doctor(&office);
    assert!(
        told.iter().any(|told| told.contains("warning") && told.contains("AlertExceedsMax yes")),
        "{told:#?}"
    );
    assert_eq!(status(&office)["reports_limits"], false);
}

#[test]
fn the_commands_try_every_scanner() {
    let office = Office::with_instance();
    let engine = |name: &str, script: &str, more: &str| {
        format!(
            "[[intake.engines]]\nname = '{name}'\ncommand = ['/bin/sh', '-c', '{script}']\nmax_size = '1MiB'\n{more}\n"
        )
    };
    let knows = "grep -q EICAR-STANDARD && exit 1; exit 0";
    let undated = engine("undated", knows, "signatures = ['/bin/echo', 'Scan 7']");
    let broken = engine("broken", "exit 9", "");
    let beginning = engine("beginning", &format!("head -c 999 | ({knows})"), "required = false");
    let liar = engine("liar", "exit 0", "required = false");
    office.write(
        "tresor.toml",
        format!("[intake]\nclamd = 'off'\nconverter = 'off'\n{undated}{broken}{beginning}{liar}"),
    );
    assert_told(
        &doctor(&office),
        &[
            "ok scanner undated finds a test virus",
            "ok scanner undated (Scan 7) does not say when its signatures were made",
            "fault scanner broken: the scanner gives no verdict…exit code 9…nothing is released without it",
            "ok scanner beginning finds a test virus",
            "warning scanner beginning calls a large content clean without looking at all of it, so it is not asked",
            "ok scanner beginning (beginning) is not required",
            "warning scanner liar: the scanner does not find a test virus…contents are released without it",
            "warning no required scanner says when its signatures were made",
        ],
    );
    let shown = status(&office);
    let further = shown["further"].as_array().unwrap();
    let names: Vec<_> = further.iter().map(|scanner| scanner["engine"].as_str().unwrap()).collect();
    assert_eq!((shown["engine"].as_str(), names), (Some("undated"), vec!["broken", "beginning", "liar"]));
    assert_eq!(
        (&shown["trusted"], &shown["reports_limits"], &shown["newest"]),
        (&true.into(), &true.into(), &Value::Null)
    );
    assert_eq!((&further[0]["trusted"], &further[0]["required"]), (&false.into(), &true.into()));
    assert_eq!((&further[1]["reports_limits"], &further[1]["required"]), (&false.into(), &false.into()));
    let table = office.run(["scan", "status", "--config", "tresor.toml"]);
    assert!(table.stdout.contains("engine          liar at /bin/sh\nrequired        no\n"), "{table}");
    assert!(table.stderr.contains("tresor: broken: the scanner gives no verdict"), "{table}");

    office.write("tresor.toml", format!("[intake]\nclamd = 'off'\n{liar}"));
    office.refuses(
        ["check-config", "--config", "tresor.toml"],
        &["without clamd one of the engines must be required"],
    );
}

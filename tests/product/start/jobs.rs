//! The background jobs of a running server, as its owner sees them.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;
use tresor::model::Timestamp;
use tresor::net::self_signed;

use crate::support::http::{Endpoint, Request};
use crate::support::office::Office;
use crate::support::process::eventually;

const LIMIT: Duration = Duration::from_mins(1);

fn status(office: &Office) -> String {
    let shown = office.run(["status", "--data", "data"]);
    assert_eq!(shown.code, 0, "{shown}");
    shown.stdout
}

fn jobs(office: &Office) -> Vec<Value> {
    let shown = office.run(["status", "--data", "data", "--json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    shown["workers"].as_array().unwrap().clone()
}

#[test]
fn status_shows_what_each_job_did_last_and_when_it_runs_next() {
    let office = Office::with_instance();
    office.write("tresor.toml", "[intake]\nconverters = 2\n");
    let served = office.serve(["--key-file", "key.txt", "--config", "tresor.toml"]);
    eventually("each job has run once", LIMIT, || {
        jobs(&office).iter().all(|job| job["last_success"].is_string() && job["next_run"].is_string())
    });
    let all = jobs(&office);
    let keys: Vec<_> = all[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["failures", "interval_seconds", "last_run", "last_success", "name", "next_run", "result"]
    );
    let every: Vec<_> = all
        .iter()
        .map(|job| (job["name"].as_str().unwrap(), job["interval_seconds"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        every,
        [
            ("upkeep", 600),
            ("sweep", 86_400),
            ("reads", 3),
            ("mark", 60),
            ("snapshots", 60),
            ("verify", 10),
            ("intake", 2),
            ("pdf", 2),
            ("pdf-2", 2),
            ("rescan", 5),
            ("mail", 2),
            ("keys", 86_400),
            ("disk", 10),
            ("writer", 10),
            ("certificate", 3_600),
        ]
    );
    for job in &all {
        assert_eq!(job["failures"], 0, "{job}");
        assert!(job["result"].is_string() && job["last_run"] == job["last_success"], "{job}");
    }

    let shown = status(&office);
    let (_, table) = shown.split_once("\n\n").unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>().join(" "),
        "JOB EVERY LAST RUN NEXT RUN RESULT"
    );
    let columns = ["EVERY", "LAST RUN", "NEXT RUN", "RESULT"].map(|head| lines[0].find(head).unwrap());
    assert_eq!(lines.len(), all.len() + 1, "{shown}");
    for (line, (name, _)) in lines[1..].iter().zip(every) {
        assert!(line.len() <= 80 && line.trim_end() == *line, "{shown}");
        assert!(line.starts_with(name) && line.contains(" ago "), "{shown}");
        assert!(columns.iter().all(|column| line[..*column].ends_with("  ")), "columns: {shown}");
    }
    assert!(table.contains("sweep        24 h    "), "{shown}");
    drop(served);
    // Commands run no jobs.
    let alone = office.run(["status", "--data", "data", "--key-file", "key.txt"]).stdout;
    assert!(alone.starts_with("state    stopped\n") && !alone.contains("JOB"), "{alone}");
}

/// A certificate that could not be used was in the log once, and nowhere else.
#[test]
fn a_failed_job_is_shown_with_the_reason_until_it_works_again() {
    let office = Office::with_instance();
    let made = self_signed(&["files.example".into()], &[], Timestamp::now()).unwrap();
    office.write("key.pem", made.key_pem.as_bytes());
    office.write("cert.pem", &made.cert_pem);
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    office.write(
        "config.toml",
        format!("metrics_listen = '{metrics}'\n[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n"),
    );
    let served = office.serve(["--key-file", "key.txt", "--config", "config.toml"]);
    let job = || jobs(&office).into_iter().find(|job| job["name"] == "certificate").unwrap();
    eventually("the files were looked at", LIMIT, || job()["last_success"].is_string());
    assert!(!status(&office).contains("FAILED"));

    office.write("cert.pem", "");
    eventually("the job has failed", LIMIT, || job()["failures"] == 1);
    let reason = "The new certificate cannot be used, the old one stays in use: ";
    let failed = job();
    assert!(failed["result"].as_str().unwrap().starts_with(reason), "{failed}");
    assert!(failed["last_success"].is_string() && failed["next_run"].is_string(), "{failed}");
    let shown = status(&office);
    let (state, table) = shown.split_once("\n\n").unwrap();
    assert!(state.contains(&format!("\nFAILED   background job certificate: {reason}")), "{shown}");
    let row = table.lines().find(|line| line.starts_with("certificate ")).unwrap();
    assert!(row.ends_with("  failed"), "{shown}");
    let figures = Request::new(Endpoint { address: metrics, tls: false }, "GET", "/metrics").send().text();
    assert!(figures.contains("tresor_worker_failures_total{worker=\"certificate\"} 1\n"), "{figures}");
    assert!(figures.contains("tresor_worker_failures_total{worker=\"upkeep\"} 0\n"), "{figures}");
    assert!(figures.contains("tresor_worker_last_success_seconds{worker=\"certificate\"} 1"), "{figures}");
    let log = std::fs::read_to_string(office.path("serve.log")).unwrap();
    let told: Vec<_> = log.lines().filter(|line| line.contains("a background job failed")).collect();
    assert!(told.len() == 1 && told[0].contains("ERROR") && told[0].contains("certificate"), "{log}");
    drop(served);
}

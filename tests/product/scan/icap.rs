//! An engine behind ICAP: a real c-icap with the test's clamd, and servers that break the protocol.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tresor::scan::{Engine, Icap, IcapSettings, Newest, Trust, Verdict, canary, reports_its_limits};

use super::{failure, infected, scan, verdict};
use crate::support::clamd::{TestClamd, eicar, test_files};
use crate::support::icap::TestIcap;

#[test]
fn a_real_server_judges_as_its_scanner_does() {
    let mut clamd = TestClamd::start();
    let mut server = TestIcap::start(&clamd);
    let engine = server.engine();
    assert!(matches!(canary(&engine), Trust::Trusted));
    assert_eq!(verdict(&engine, b"harmless"), Verdict::Clean);
    assert_eq!(verdict(&engine, b""), Verdict::Clean);
    assert_eq!(verdict(&engine, &eicar()), infected("Test.Eicar.UNOFFICIAL"));
    let large = [vec![b'a'; 3 << 20], eicar(), vec![b'b'; 3 << 20]].concat();
    assert_eq!(verdict(&engine, &large), infected("Test.Eicar.UNOFFICIAL"));
    assert_eq!(verdict(&engine, &vec![b'a'; 6 << 20]), Verdict::Clean);
    let (_, zipped) = test_files().into_iter().find(|(name, _)| name == "clam.zip").unwrap();
    assert_eq!(verdict(&engine, &zipped), infected("Test.Clam.UNOFFICIAL"));
    let known = engine.signatures().unwrap();
    assert!(!known.identity.as_str().is_empty() && known.newest == Newest::Unknown, "{known:?}");
    assert_eq!(scan(&engine, b"harmless").unwrap().signatures, known);

    // A service that passes everything on, as it came.
    let echo = Icap::new(IcapSettings::new("echo", server.service("echo")));
    assert!(matches!(canary(&echo), Trust::NotTrusted(_)));
    let absent = Icap::new(IcapSettings::new("absent", server.service("absent")));
    assert_eq!(failure(&absent, b"harmless"), "scanner-refused");

    clamd.kill();
    assert!(scan(&engine, b"harmless").is_err());
    server.kill();
    let said = failure(&engine, b"harmless");
    assert!(["scanner-unreachable", "scanner-broke-off"].contains(&said), "{said}");
}

/// c-icap's own default reads contents of up to 5 MB, and passes all larger ones on while they arrive.
#[test]
fn a_server_that_passes_what_is_large_is_found_out() {
    let clamd = TestClamd::start();
    let server = TestIcap::with(&clamd, "allow204=on");
    let of_size =
        |max_size: u64| Icap::new(IcapSettings { max_size, ..IcapSettings::new("icap", server.address()) });
    assert!(!reports_its_limits(&of_size(20 << 20)).unwrap());
    assert!(reports_its_limits(&of_size(64 << 10)).unwrap());
    assert_eq!(failure(&of_size(4), b"12345"), "too-large-to-scan");

    // With these options it reads all of them.
    let server = TestIcap::start(&clamd);
    let max_size = 20 << 20;
    let engine = Icap::new(IcapSettings { max_size, ..IcapSettings::new("icap", server.address()) });
    assert!(reports_its_limits(&engine).unwrap());
}

/// The behaviour of a server after it has read a request.
type Behaviour = Arc<dyn Fn(&mut TcpStream) + Send + Sync>;

const OPTIONS: &str =
    "ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nISTag: \"1\"\r\nEncapsulated: null-body=0\r\n\r\n";
const CLEAN: &str = "ICAP/1.0 204 Unmodified\r\nISTag: \"1\"\r\n\r\n";

/// A server that answers questions for its options with one text and contents with another.
fn server(options: &'static str, behaviour: Behaviour) -> Icap {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("icap://{}/scan", listener.local_addr().unwrap()).parse().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let behaviour = Arc::clone(&behaviour);
            // The client may leave before everything is said.
            thread::spawn(move || drop(serve(socket, options, &behaviour)));
        }
    });
    Icap::new(IcapSettings { timeout: Duration::from_secs(20), ..IcapSettings::new("test", address) })
}

fn serve(mut socket: TcpStream, options: &str, behaviour: &Behaviour) -> std::io::Result<()> {
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    if first.starts_with("OPTIONS") {
        return socket.write_all(options.as_bytes());
    }
    // All of the request, up to the empty chunk.
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n0\r\n\r\n") {
        let mut byte = [0];
        if reader.read(&mut byte)? == 0 {
            break;
        }
        read.extend(byte);
    }
    behaviour(&mut socket);
    Ok(())
}

fn answering(answer: impl Into<String>) -> Icap {
    let answer = answer.into();
    server(OPTIONS, Arc::new(move |socket| drop(socket.write_all(answer.as_bytes()))))
}

/// A 200 with these headers and, as its body, these chunks.
fn answer(headers: &str, body: &str) -> String {
    let page = "HTTP/1.1 200 OK\r\n\r\n";
    format!(
        "ICAP/1.0 200 OK\r\nISTag: \"1\"\r\n{headers}Encapsulated: res-hdr=0, res-body={}\r\n\r\n{page}{body}",
        page.len()
    )
}

#[test]
fn a_server_that_breaks_the_protocol_calls_nothing_clean() {
    let (strange, broken, refused) =
        (Err("scanner-not-understood"), Err("scanner-broke-off"), Err("scanner-refused"));
    let replaced = || Ok(infected("replaced by the service"));
    let endless = format!("ICAP/1.0 204 No\r\n{}", "X-A: b\r\n".repeat(1 << 16));
    let many = "5\r\nother\r\n".repeat(1 << 18);
    for (text, expected) in [
        (CLEAN.to_owned(), Ok(Verdict::Clean)),
        (answer("", "5\r\nother\r\n0\r\n\r\n"), replaced()),
        (answer("", "8;a=b\r\nanother!\r\n0\r\n\r\n"), replaced()),
        (answer("", "0\r\n\r\n"), replaced()),
        (
            "ICAP/1.0 200 OK\r\nISTag: \"1\"\r\nEncapsulated: res-hdr=0, null-body=0\r\n\r\n".to_owned(),
            replaced(),
        ),
        (answer("X-Virus-ID: A\r\n", ""), Ok(infected("A"))),
        // 200 for everything, with the content itself: that says nothing.
        (answer("", "7\r\ncontent\r\n0\r\n\r\n"), strange.clone()),
        (answer("", "4\r\ncont\r\n3\r\nent\r\n0\r\n\r\n"), strange.clone()),
        // Half an answer.
        (String::new(), broken.clone()),
        ("ICAP/1.0 204 Unmod".to_owned(), broken.clone()),
        ("ICAP/1.0 204 Unmodified\r\nISTag: \"1\"\r\n".to_owned(), broken.clone()),
        (answer("", ""), broken.clone()),
        (answer("", "7\r\ncont"), broken.clone()),
        (answer("", "7\r\ncontent\r\n"), broken.clone()),
        (answer("", "5\r\nother\r\n0\r\n"), broken.clone()),
        // Garbage.
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), strange.clone()),
        ("\r\n\r\n".to_owned(), strange.clone()),
        ("ICAP/1.0 204 OK\r\nno colon\r\n\r\n".to_owned(), strange.clone()),
        ("ICAP/1.0 200 OK\r\nISTag: \"1\"\r\n\r\n".to_owned(), strange.clone()),
        (answer("", "x\r\ncontent\r\n0\r\n\r\n"), strange.clone()),
        (answer("", "-7\r\ncontent\r\n0\r\n\r\n"), strange.clone()),
        (answer("", "7\r\ncontentMORE\r\n0\r\n\r\n"), strange.clone()),
        (answer("", "fffffffffffffff\r\ncontent"), strange.clone()),
        // Other answers.
        ("ICAP/1.0 100 Continue\r\n\r\n".to_owned(), refused.clone()),
        ("ICAP/1.0 206 Partial\r\n\r\n".to_owned(), refused.clone()),
        ("ICAP/1.0 404 No service\r\n\r\n".to_owned(), refused.clone()),
        ("ICAP/1.0 503 Overloaded\r\n\r\n".to_owned(), refused.clone()),
        // Too much of everything.
        (endless, strange.clone()),
        ("A".repeat(1 << 20), strange.clone()),
        (answer("", &many), strange.clone()),
        (answer("", &"1".repeat(1 << 20)), strange.clone()),
    ] {
        let shown: String = text.chars().take(160).collect();
        let outcome = scan(&answering(text), b"content");
        let outcome = outcome.map(|report| report.verdict).map_err(|error| error.code());
        assert_eq!(outcome, expected, "{shown:?}");
    }
}

#[test]
fn a_service_that_judges_nothing_or_is_none_gives_no_verdict() {
    for (options, expected) in [
        ("ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nISTag: \"1\"\r\n\r\n", "scanner-refused"),
        ("ICAP/1.0 404 Not found\r\n\r\n", "scanner-refused"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "scanner-not-understood"),
        ("", "scanner-broke-off"),
    ] {
        let engine = server(options, Arc::new(|socket| drop(socket.write_all(CLEAN.as_bytes()))));
        assert_eq!(failure(&engine, b"content"), expected, "{options}");
        assert!(engine.signatures().is_err());
    }
}

#[test]
fn a_state_that_changes_during_every_scan_gives_no_verdict() {
    let other = "ICAP/1.0 204 Unmodified\r\nISTag: \"2\"\r\n\r\n";
    assert_eq!(failure(&answering(other), b"content"), "scanner-reloading");
}

#[test]
fn an_answer_before_the_end_of_the_content_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("icap://{}/scan", listener.local_addr().unwrap()).parse().unwrap();
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut first = [0; 7];
                socket.read_exact(&mut first).unwrap();
                let answer = if &first == b"OPTIONS" { OPTIONS } else { CLEAN };
                // It has not read the content, and takes no more of it.
                socket.write_all(answer.as_bytes()).unwrap();
                let mut rest = Vec::new();
                let _ = socket.read_to_end(&mut rest);
            });
        }
    });
    let engine = Icap::new(IcapSettings::new("early", address));
    assert_eq!(failure(&engine, &vec![0; 50 << 20]), "scanner-answered-early");
    assert!(!reports_its_limits(&engine).unwrap());
}

/// A byte from time to time keeps every single wait short; the whole must end all the same.
#[test]
fn a_server_that_drips_or_hangs_is_left_at_the_ceiling() {
    let drips: Behaviour = Arc::new(|socket| {
        while socket.write_all(b"I").is_ok() {
            thread::sleep(Duration::from_micros(100));
        }
    });
    let hangs: Behaviour = Arc::new(|socket| {
        let mut byte = [0];
        let _ = socket.read(&mut byte);
    });
    for (behaviour, expected) in [(drips, "scanner-not-understood"), (hangs, "scanner-timed-out")] {
        let engine = server(OPTIONS, behaviour);
        let settings = IcapSettings {
            timeout: Duration::from_millis(300),
            ..IcapSettings::new("test", engine.place().parse().unwrap())
        };
        let said = failure(&Icap::new(settings), b"content");
        assert!(said == expected || said == "scanner-timed-out", "{said}");
    }
}

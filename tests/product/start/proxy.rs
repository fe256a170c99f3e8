//! A real nginx in front: as docs/proxies.md has it, and with nothing but its defaults.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tresor::model::Timestamp;
use tresor::net::self_signed;

use crate::support::content::bytes;
use crate::support::http::{Endpoint, Request};
use crate::support::office::{Office, PASSWORD, Served};
use crate::support::process::{eventually, require};

const PROXIES: &str = include_str!("../../../docs/proxies.md");
const HOST: &str = "files.example.org";

/// A port on which no server listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Nginx(Child);

impl Nginx {
    /// Runs nginx with the contents of its `http` block.
    fn start(office: &Office, servers: &str, port: u16) -> Self {
        for folder in ["client", "proxy", "fastcgi", "uwsgi", "scgi"] {
            fs::create_dir_all(office.path("nginx").join(folder)).unwrap();
        }
        let at = office.path("nginx").display().to_string();
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{};\n", kind.trim_end_matches("_body")))
            .concat();
        let text = format!(
            "daemon off; pid {at}/pid; error_log {at}/error.log; user root;\nevents {{}}\nhttp {{ access_log off;\n{paths}{servers}}}\n"
        );
        let config = office.write("nginx/nginx.conf", text);
        let mut command = Command::new(require("nginx", "nginx"));
        command.arg("-e").arg(office.path("nginx/error.log")).arg("-c").arg(config);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        eventually("nginx listens", Duration::from_mins(1), || std::net::TcpStream::connect(address).is_ok());
        Self(child)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = Command::new("kill").args(["-QUIT", &pid.to_string()]).status();
        }
        let _ = self.0.wait();
    }
}

/// A server with a plain port for the proxy, as docs/proxies.md configures it.
fn serve(office: &Office, plain: u16, config: &str) -> Served {
    office.write("tresor.toml", config.replace("127.0.0.1:8080", &format!("127.0.0.1:{plain}")));
    office.serve(["--key-file", "key.txt", "--config", "tresor.toml"])
}

/// The first block of this language in docs/proxies.md; those of the server have none.
fn block(language: &str) -> &'static str {
    let (_, rest) = PROXIES.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split("```").next().unwrap()
}

fn with_space(office: &Office) {
    for words in [&["space", "add", "Akten", "--kind", "team"][..], &["grant", "admin", "Akten", "manage"]] {
        let outcome = office.run(words.iter().chain(&["--data", "data"]));
        assert_eq!(outcome.code, 0, "{outcome}");
    }
}

#[test]
fn nginx_as_documented_hides_nothing() {
    let office = Office::with_instance();
    let (plain, port) = (free_port(), free_port());
    let pair = self_signed(&[HOST.to_owned()], &[], Timestamp::now()).unwrap();
    let cert = office.write("cert.pem", &pair.cert_pem).display().to_string();
    let key = office.write("proxy-key.pem", pair.key_pem.as_bytes()).display().to_string();
    let served = serve(&office, plain, block(""));
    with_space(&office);
    let live = "/etc/letsencrypt/live/files.example.org";
    let servers = block("nginx")
        .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
        .replace(&format!("{live}/fullchain.pem"), &cert)
        .replace(&format!("{live}/privkey.pem"), &key)
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{plain}"));
    let _nginx = Nginx::start(&office, &servers, port);
    let endpoint = Endpoint { address: SocketAddr::from(([127, 0, 0, 1], port)), tls: true };
    let request = |method: &str, target: &str| {
        Request::new(endpoint, method, target).header("Host", HOST).sign_in("admin", PASSWORD)
    };
    let content = bytes(1, 8 << 20);
    request("PUT", "/dav/Akten/gro%C3%9F.bin").body(content.clone()).send().expect(201);
    let destination = format!("https://{HOST}/dav/Akten/a%2Bb%25.bin");
    request("MOVE", "/dav/Akten/gro%C3%9F.bin").header("Destination", &destination).send().expect(201);
    let read = request("GET", "/dav/Akten/a%2Bb%25.bin").send().expect(200);
    assert!(read.body == content);
    let capabilities = request("GET", "/status.php").send().expect(200);
    assert!(capabilities.header("strict-transport-security").is_some(), "{capabilities}");
    let told = office.run(["doctor", "--data", "data"]);
    assert!(!told.stdout.contains("proxy"), "{told}");
    assert!(!served.logged().contains("proxy"), "{}", served.logged());
}

/// An office put nginx in front with `proxy_pass` alone. Files could be listed; moving one failed, links led to
/// 127.0.0.1, one client's wrong passwords locked out all, and neither log nor `doctor` said why.
#[test]
fn nginx_with_its_defaults_is_named_in_log_and_doctor() {
    let office = Office::with_instance();
    let (plain, port) = (free_port(), free_port());
    let served = serve(&office, plain, "plain_listen = \"127.0.0.1:8080\"\n");
    with_space(&office);
    assert!(!office.run(["doctor", "--data", "data"]).stdout.contains("proxy"));
    let servers = format!(
        "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{plain}; }} }}\n"
    );
    let _nginx = Nginx::start(&office, &servers, port);
    let endpoint = Endpoint { address: SocketAddr::from(([127, 0, 0, 1], port)), tls: false };
    for _ in 0..3 {
        let list = Request::new(endpoint, "PROPFIND", "/dav/").header("Host", HOST).header("Depth", "0");
        list.sign_in("admin", PASSWORD).send().expect(207);
    }
    let told = office.run(["doctor", "--data", "data"]);
    assert_eq!(told.code, 3, "{told}");
    for needle in ["does not pass on the host", "not named in trusted_proxies"] {
        assert!(told.stdout.contains(needle), "{needle}: {told}");
        assert_eq!(served.logged().matches(needle).count(), 1, "{}", served.logged());
    }
    let json = office.run(["status", "--data", "data", "--json"]);
    assert!(json.stdout.contains("docs/proxies.md"), "{json}");
}

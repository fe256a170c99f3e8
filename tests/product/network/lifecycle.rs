//! Where it listens, how many it takes, how it stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tresor::net::{Limits, ListenError, Metrics, ProxyTrust, Server, Shutdown, bind, serve, serve_metrics};

use crate::network::support::{PATIENCE, Shared, ask, plain, read_past, rest, seconds, soon, start, status};

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn open_addresses_need_tls_and_metrics_stay_at_home() {
    let limits = Limits::default();
    let (_stop, shutdown) = Shutdown::channel();
    for open in ["0.0.0.0:0", "[::]:0"] {
        let open: SocketAddr = open.parse().unwrap();
        let listener = || bind(open, &limits).unwrap();
        let server = Server::new(Shared::default());
        let refused = serve(listener(), None, server, shutdown.clone()).await;
        assert!(matches!(refused, Err(ListenError::PlainHttp(_))));
        let refused = serve_metrics(listener(), Metrics::new(), shutdown.clone()).await;
        assert!(matches!(refused, Err(ListenError::NotLoopback(_))));
    }
}

#[tokio::test]
async fn metrics_are_served_on_loopback() {
    let listener = bind("127.0.0.1:0".parse().unwrap(), &Limits::default()).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, shutdown) = Shutdown::channel();
    let task = tokio::spawn(serve_metrics(listener, Metrics::new(), shutdown));
    for (path, expected) in [("/metrics", "200"), ("/", "404")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert_eq!(status(&answer), expected);
        assert_eq!(answer.ends_with("# EOF\n"), expected == "200");
    }
    stop.stop();
    soon(task).await.unwrap().unwrap();
}

#[tokio::test]
async fn one_client_cannot_take_all_connections() {
    let limits = Arc::new(Limits { max_connections_per_client: 2, ..Limits::default() });
    let server = start(None, |server| server.limits = Arc::clone(&limits));
    let mut held = [server.connect().await, server.connect().await];
    for stream in &mut held {
        ask(stream, GET, "hello\n").await;
    }
    assert_eq!(server.exchange(GET).await, "");
    drop(held);
    // The places come back as soon as the server has noticed.
    soon(async {
        loop {
            if server.get("/", "").await.ends_with("hello\n") {
                break;
            }
        }
    })
    .await;

    let behind_proxy = start(None, |server| {
        server.limits = limits;
        server.trust = Arc::new(ProxyTrust {
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            ..ProxyTrust::default()
        });
    });
    let mut many = Vec::new();
    for _ in 0..5 {
        let mut stream = behind_proxy.connect().await;
        ask(&mut stream, GET, "hello\n").await;
        many.push(stream);
    }
}

#[tokio::test]
async fn stopping_finishes_what_is_running_and_takes_nothing_new() {
    let server = plain(Limits::default());
    let mut idle = server.connect().await;
    ask(&mut idle, GET, "hello\n").await;
    let mut busy = server.connect().await;
    busy.write_all(GET.replace("/ ", "/wait ").as_bytes()).await.unwrap();
    soon(server.echo.arrived.notified()).await;

    server.stop.stop();
    assert_eq!(rest(&mut idle).await, "", "resting connections end at once");
    soon(async { while TcpStream::connect(server.address).await.is_ok() {} }).await;
    assert!(!server.task.is_finished());
    server.echo.release.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.ends_with("released\n"), "{answer}");
    soon(server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let server = plain(Limits { shutdown_grace_seconds: seconds(0.2), ..Limits::default() });
    let mut busy = server.connect().await;
    busy.write_all(GET.replace("/ ", "/wait ").as_bytes()).await.unwrap();
    soon(server.echo.arrived.notified()).await;
    server.stop.stop();
    soon(server.task).await.unwrap().unwrap();
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn leaving_client_frees_everything() {
    let server = plain(Limits::default());
    let mut busy = server.connect().await;
    busy.write_all(GET.replace("/ ", "/wait ").as_bytes()).await.unwrap();
    soon(server.echo.arrived.notified()).await;
    drop(busy);
    server.stop.stop();
    soon(server.task).await.unwrap().unwrap();
    let text = server.server.metrics.encode();
    assert!(text.contains("tresor_http_in_flight 0"), "{text}");
    assert!(text.contains("tresor_http_connections 0"), "{text}");
}

/// Tells the child process below to serve.
const CHILD: &str = "TRESOR_TEST_FEW_DESCRIPTORS";

#[test]
fn running_out_of_descriptors_only_pauses() {
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 40; exec \"$0\" --exact --nocapture network::lifecycle::child_with_few_descriptors",
        ])
        .arg(own)
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // With one thread the harness writes the test's name at the start of the same line.
    let address: SocketAddr =
        lines.find_map(|line| Some(line.unwrap().split_once("address ")?.1.parse().unwrap())).unwrap();
    let ask = |stream: &mut std::net::TcpStream| {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(GET.replace("Host", "Connection: close\r\nHost").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("hello\n"), "{answer}");
    };
    // More than it has descriptors for; the kernel queues the rest.
    let mut flood: Vec<_> = (0..80).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let mut last = flood.pop().unwrap();
    drop(flood);
    ask(&mut last);
    ask(&mut std::net::TcpStream::connect(address).unwrap());
    // The end of its input stops it.
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

/// Serves for the test above when that starts it, and does nothing otherwise.
#[test]
fn child_with_few_descriptors() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(async { plain(Limits::default()) });
    println!("address {}", server.address);
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    server.stop.stop();
    runtime.block_on(async { soon(server.task).await }).unwrap().unwrap();
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = plain(Limits::default());
    let mut stream = server.connect().await;
    let both = format!("{}{GET}", GET.replace("/ ", "/info "));
    stream.write_all(both.as_bytes()).await.unwrap();
    let answers = read_past(&mut stream, "hello\n").await;
    assert!(answers.contains("127.0.0.1 false"), "{answers}");
}

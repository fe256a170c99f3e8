//! A server with a small handler on a free port, and a client that writes raw bytes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tresor::model::UserId;
use tresor::net::{
    Handler, Limits, ListenError, LogUser, RequestBody, RequestInfo, ResponseBody, Route, Seconds, Server,
    Shutdown, ShutdownSwitch, Tls, bind, plain_response, serve,
};

/// Far longer than anything takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that must happen.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(PATIENCE, what).await.expect("what was waited for happened")
}

pub(crate) fn seconds(seconds: f64) -> Seconds {
    Seconds::try_from(seconds).unwrap()
}

/// Answers by path; tests wait for its notifications.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    /// `/wait` has been reached.
    pub(crate) arrived: Notify,
    /// Lets `/wait` answer.
    pub(crate) release: Notify,
    /// The client of `/endless` is known to be gone.
    pub(crate) gone: Notify,
}

/// The same for all parts that a test holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(pub(crate) Arc<Echo>);

impl Handler for Shared {
    async fn handle(&self, request: Request<RequestBody>, info: RequestInfo) -> Response<ResponseBody> {
        let (head, mut body) = request.into_parts();
        let mut response = match head.uri.path() {
            "/echo" => match body.collect(1 << 20).await {
                Ok(bytes) => Response::new(ResponseBody::full(bytes)),
                Err(error) => plain_response(error.status(), "body\n"),
            },
            "/info" => {
                let text = format!("{} {}", info.peer, info.secure);
                Response::new(ResponseBody::full(text))
            }
            "/wait" => {
                self.0.arrived.notify_one();
                self.0.release.notified().await;
                plain_response(StatusCode::OK, "released\n")
            }
            "/hold" => {
                // Keeps the body unread for ever.
                std::future::pending::<()>().await;
                drop(body);
                plain_response(StatusCode::OK, "never\n")
            }
            "/interim" => {
                let status = StatusCode::from_u16(104).unwrap();
                let mut headers = HeaderMap::new();
                headers.insert("x-far", 0.into());
                body.tell(status, "So Far", &headers);
                let (told, mut far) = (body.takes_interim(), 0);
                while let Some(Ok(bytes)) = body.next().await {
                    far += bytes.len();
                    headers.insert("x-far", far.into());
                    body.tell(status, "So Far", &headers);
                }
                Response::new(ResponseBody::full(format!("{told} {far}\n")))
            }
            "/endless" => Response::new(self.endless()),
            "/large" => Response::new(ResponseBody::steps(2_usize, |left| async move {
                (left.saturating_sub(1), Ok(vec![Bytes::from(vec![b'x'; 64 << 10]); 32 * left.min(1)]))
            })),
            "/broken" => {
                let (sender, body) = ResponseBody::channel(4);
                sender.send(Bytes::from_static(b"half")).await.unwrap();
                sender.fail(io::Error::other("damaged"));
                Response::new(body)
            }
            "/short" => {
                let (sender, body) = ResponseBody::channel(4);
                sender.send(Bytes::from_static(b"half")).await.unwrap();
                sender.finish().await.unwrap();
                let mut response = Response::new(body);
                let headers = response.headers_mut();
                headers.insert("content-length", 8.into());
                response
            }
            _ => plain_response(StatusCode::OK, "hello\n"),
        };
        response.extensions_mut().insert(Route::named("echo"));
        response.extensions_mut().insert(LogUser(UserId(7)));
        response
    }
}

impl Shared {
    fn endless(&self) -> ResponseBody {
        let (sender, body) = ResponseBody::channel(1);
        let echo = Arc::clone(&self.0);
        tokio::spawn(async move {
            let piece = Bytes::from(vec![b'x'; 64 << 10]);
            while sender.send(piece.clone()).await.is_ok() {}
            echo.gone.notify_one();
        });
        body
    }
}

/// A server under test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) echo: Arc<Echo>,
    pub(crate) stop: ShutdownSwitch,
    pub(crate) task: JoinHandle<Result<(), ListenError>>,
    pub(crate) server: Server<Shared>,
}

/// Serves plain HTTP with these limits.
pub(crate) fn plain(limits: Limits) -> Running {
    start(None, |server| server.limits = Arc::new(limits))
}

/// Serves after `adjust` has changed the settings.
pub(crate) fn start(tls: Option<Arc<Tls>>, adjust: impl FnOnce(&mut Server<Shared>)) -> Running {
    let shared = Shared::default();
    let mut server = Server::new(shared.clone());
    adjust(&mut server);
    let listener = bind("127.0.0.1:0".parse().unwrap(), &server.limits).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, shutdown) = Shutdown::channel();
    let task = tokio::spawn(serve(listener, tls, server.clone(), shutdown));
    Running { address, echo: shared.0, stop, task, server }
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.unwrap()
    }

    /// Sends these bytes on a new connection and reads until the server closes it.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // The server may close before it has taken all.
        let _ = soon(stream.write_all(bytes.as_ref())).await;
        rest(&mut stream).await
    }

    /// `GET path` with these extra header lines, each ending in CRLF.
    pub(crate) async fn get(&self, path: &str, lines: &str) -> String {
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
        self.exchange(text).await
    }

    /// Fails unless the server still answers.
    pub(crate) async fn assert_alive(&self) {
        let answer = self.get("/", "").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

/// All bytes until the server closes the connection, orderly or not.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = soon(stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a request that keeps the connection, and reads its answer, whose body must be `body`.
pub(crate) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &str, body: &str) {
    soon(stream.write_all(request.as_bytes())).await.unwrap();
    let answer = read_past(stream, body).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

/// Reads until the text so far ends with `end`.
pub(crate) async fn read_past(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let byte = soon(stream.read_u8()).await;
        let Ok(byte) = byte else {
            panic!("ended at {}", bytes.escape_ascii());
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

//! A raw HTTP/1.1 client: it sends exactly the given bytes, one request on one connection.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use data_encoding::BASE64;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};

/// How long a test waits for one answer.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);

/// Address and transport of a server.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub address: SocketAddr,
    pub tls: bool,
}

/// A connection to write any bytes to.
pub trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

impl Endpoint {
    /// Opens a connection, over TLS if the server uses it. The real clients check the certificate, this one does
    /// not.
    pub fn connect(&self) -> Box<dyn Connection> {
        self.try_connect().unwrap()
    }

    /// The same, for servers that may have ended.
    pub fn try_connect(&self) -> io::Result<Box<dyn Connection>> {
        let stream = self.tcp()?;
        Ok(if self.tls { Box::new(handshake(stream)) } else { Box::new(stream) })
    }

    /// The certificate that the server shows, as PEM.
    pub fn certificate(&self) -> Vec<u8> {
        let stream = handshake(self.tcp().unwrap());
        let certificate = stream.ssl().peer_certificate().unwrap();
        certificate.to_pem().unwrap()
    }

    fn tcp(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, ANSWER_LIMIT)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

fn handshake(stream: TcpStream) -> SslStream<TcpStream> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    let mut setup = builder.build().configure().unwrap();
    setup.set_verify_hostname(false);
    setup.connect("localhost", stream).unwrap()
}

/// A request under construction.
#[must_use]
pub struct Request {
    endpoint: Endpoint,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Body,
    awaits_continue: bool,
}

enum Body {
    None,
    Sized(Vec<u8>),
    Chunked(Vec<Vec<u8>>),
}

impl Request {
    /// A request with the raw target exactly as given; it carries `Host` and `Connection: close`.
    pub fn new(endpoint: Endpoint, method: &str, target: &str) -> Self {
        Self {
            endpoint,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::None,
            awaits_continue: false,
        }
    }

    /// Adds a header, even if one with this name exists.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Signs in with Basic, in place of an earlier sign-in.
    pub fn sign_in(self, user: &str, password: &str) -> Self {
        let token = BASE64.encode(format!("{user}:{password}").as_bytes());
        self.anonymous().header("Authorization", &format!("Basic {token}"))
    }

    /// Removes the credentials.
    pub fn anonymous(mut self) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        self
    }

    /// A body with `Content-Length`, which a header of the same name overrides.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Sized(body.into());
        self
    }

    /// An XML body.
    pub fn xml(self, body: &str) -> Self {
        self.header("Content-Type", "text/xml; charset=\"utf-8\"").body(body)
    }

    /// A body with `Transfer-Encoding: chunked`.
    pub fn chunks<'a>(mut self, chunks: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.body = Body::Chunked(chunks.into_iter().map(<[u8]>::to_vec).collect());
        self
    }

    /// Sends `Expect: 100-continue` and the body only after the server asked for it.
    pub fn expect_continue(mut self) -> Self {
        self.awaits_continue = true;
        self.header("Expect", "100-continue")
    }

    /// Sends the request and reads the whole answer. Panics if there is none.
    pub fn send(self) -> Response {
        let what = format!("{} {}", self.method, self.target);
        self.try_send().unwrap_or_else(|error| panic!("{what}: no answer: {error}"))
    }

    /// The same, for tests in which a closed connection is a valid answer.
    pub fn try_send(self) -> io::Result<Response> {
        let mut connection = BufReader::new(self.endpoint.try_connect()?);
        connection.get_mut().write_all(self.head().as_bytes())?;
        let mut interim = Vec::new();
        if self.awaits_continue {
            let head = Head::read(&mut connection)?;
            if head.status != 100 {
                return head.into_response(&self.method, &mut connection, interim);
            }
            interim.push(100);
        }
        // A server may refuse and close before it has read everything; then its answer decides.
        let _ = self.write_body(connection.get_mut());
        loop {
            let head = Head::read(&mut connection)?;
            if head.status >= 200 {
                return head.into_response(&self.method, &mut connection, interim);
            }
            interim.push(head.status);
        }
    }

    fn head(&self) -> String {
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.target)];
        if !has("host") {
            lines.push(format!("Host: {}", self.endpoint.address));
        }
        if !has("connection") {
            lines.push("Connection: close".to_owned());
        }
        match &self.body {
            Body::Sized(body) if !has("content-length") => {
                lines.push(format!("Content-Length: {}", body.len()));
            }
            Body::Chunked(_) if !has("transfer-encoding") => {
                lines.push("Transfer-Encoding: chunked".to_owned());
            }
            _ => {}
        }
        let given = self.headers.iter();
        lines.extend(given.map(|(name, value)| format!("{name}: {value}")));
        lines.join("\r\n") + "\r\n\r\n"
    }

    fn write_body(&self, out: &mut impl Write) -> io::Result<()> {
        match &self.body {
            Body::None => {}
            Body::Sized(body) => out.write_all(body)?,
            Body::Chunked(chunks) => {
                for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
                    write!(out, "{:x}\r\n", chunk.len())?;
                    out.write_all(chunk)?;
                    out.write_all(b"\r\n")?;
                }
                out.write_all(b"0\r\n\r\n")?;
            }
        }
        out.flush()
    }
}

/// An answer, read to its end.
pub struct Response {
    pub status: u16,
    /// In the order sent.
    pub headers: Vec<(String, String)>,
    /// Without chunk framing.
    pub body: Vec<u8>,
    /// The connection ended before the declared length or the last chunk.
    pub is_cut: bool,
    /// The 1xx answers before this one.
    pub interim: Vec<u16>,
}

impl Response {
    /// The value of a header; of the first one if it came more than once.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Panics with the whole answer unless it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }
}

impl fmt::Display for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "status {}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(out, "{name}: {value}")?;
        }
        let shown = self.body.len().min(4000);
        write!(out, "\n{}", String::from_utf8_lossy(&self.body[..shown]))
    }
}

/// Status line and headers.
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let line = read_line(from)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| invalid(&format!("status line {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(from)?;
            if line.is_empty() {
                return Ok(Self { status, headers });
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid(&line))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn into_response(self, method: &str, from: &mut impl BufRead, interim: Vec<u16>) -> io::Result<Response> {
        let mut response =
            Response { status: self.status, headers: self.headers, body: Vec::new(), is_cut: false, interim };
        if method == "HEAD" || [204, 304].contains(&response.status) {
            return Ok(response);
        }
        let length = response.header("content-length").map(str::to_owned);
        let is_chunked = response.header("transfer-encoding").is_some();
        match length {
            _ if is_chunked => response.is_cut = !read_chunks(from, &mut response.body)?,
            Some(length) => {
                let length: u64 = length.parse().map_err(|_| invalid(&length))?;
                let read = from.take(length).read_to_end(&mut response.body);
                response.is_cut = read.is_err() || (response.body.len() as u64) < length;
            }
            // Without both, the end of the connection ends the body.
            None => response.is_cut = from.read_to_end(&mut response.body).is_err(),
        }
        Ok(response)
    }
}

/// Reads until the last chunk; false when the connection ended before it.
fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let Ok(line) = read_line(from) else {
            return Ok(false);
        };
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16).map_err(|_| invalid(&line))?;
        let read = from.take(size).read_to_end(body);
        if !matches!(read, Ok(n) if n as u64 == size) || read_line(from).is_err() {
            return Ok(false);
        }
        if size == 0 {
            return Ok(true);
        }
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| invalid("a header is not UTF-8"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

//! A server of repositories over git's smart HTTP: a socket in front of
//! `git http-backend`. It can ask for a password, keep requests waiting, and
//! lose connections.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::program::scrubbed;

/// The behaviour of the server, from the next request on.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// The user and password that it requires.
    pub password: Option<(String, String)>,
    /// Whether it refuses even these.
    pub forbids: bool,
    /// The moment at which it loses the connection of a push.
    pub cut: Cut,
}

/// The moment at which a connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    #[default]
    Never,
    /// After that many bytes of the push: nothing is accepted.
    Within(usize),
    /// After everything was accepted, but before the answer.
    BeforeAnswer,
    /// After that many bytes of the answer.
    InAnswer(usize),
}

/// A server that runs until it is dropped.
pub struct SmartHttp {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<thread::JoinHandle<()>>,
}

struct Shared {
    root: PathBuf,
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<String>>,
    /// The number of the first request that waits.
    waiting: Mutex<usize>,
    released: Condvar,
    ends: AtomicBool,
    pushes: AtomicUsize,
}

impl SmartHttp {
    /// Serves the repositories below a directory.
    pub fn serve(root: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            behaviour: Mutex::default(),
            requests: Mutex::default(),
            waiting: Mutex::new(usize::MAX),
            released: Condvar::new(),
            ends: AtomicBool::new(false),
            pushes: AtomicUsize::new(0),
        });
        let served = Arc::clone(&shared);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if served.ends.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), served) = (stream, Arc::clone(&served)) else { continue };
                // Complaining about a broken connection is up to the client.
                thread::spawn(move || drop(served.answer(&stream)));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// The address of a repository below the root.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// The address with a user and password in it.
    pub fn url_with(&self, user: &str, password: &str, repository: &str) -> String {
        format!("http://{user}:{password}@{}/{repository}", self.address)
    }

    /// Changes its behaviour.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.shared.behaviour.lock().unwrap());
    }

    /// Each request so far, as `POST /origin.git/git-receive-pack`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Makes every request from that number on wait, counted from zero, once it
    /// is in [`Self::requests`].
    pub fn hold_from(&self, number: usize) {
        *self.shared.waiting.lock().unwrap() = number;
    }

    /// Answers the waiting requests, and lets later ones through at once.
    pub fn release(&self) {
        self.hold_from(usize::MAX);
        self.shared.released.notify_all();
    }

    /// The number of pushes that arrived complete.
    pub fn pushes(&self) -> usize {
        self.shared.pushes.load(Ordering::SeqCst)
    }
}

impl Drop for SmartHttp {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        self.release();
        // The thread waits for a connection, and this is the last one.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
    }
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn is_push(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/git-receive-pack")
    }
}

impl Shared {
    fn answer(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        let Some(request) = head(&mut reader)? else { return Ok(()) };
        let number = self.note(&request);
        let behaviour = self.behaviour.lock().unwrap().clone();
        let user = match user_of(&request, &behaviour) {
            Ok(user) => user,
            Err(answer) => {
                // Closing before it is read would reset the connection.
                body(&mut reader, &request, stream, usize::MAX)?;
                return stream.write_all(answer.as_bytes());
            }
        };
        let limit = match behaviour.cut {
            Cut::Within(bytes) if request.is_push() => bytes,
            _ => usize::MAX,
        };
        let Some(body) = body(&mut reader, &request, stream, limit)? else { return Ok(()) };
        drop(self.released.wait_while(self.waiting.lock().unwrap(), |from| *from <= number));
        let answer = self.backend(&request, &user, &body)?;
        if request.is_push() {
            self.pushes.fetch_add(1, Ordering::SeqCst);
        }
        match behaviour.cut {
            Cut::BeforeAnswer if request.is_push() => Ok(()),
            Cut::InAnswer(bytes) if request.is_push() => {
                stream.write_all(&answer[..bytes.min(answer.len())])
            }
            _ => stream.write_all(&answer),
        }
    }

    /// Notes a request's line, and returns its number.
    fn note(&self, request: &Request) -> usize {
        let mut requests = self.requests.lock().unwrap();
        requests.push(format!("{} {}", request.method, request.path));
        requests.len() - 1
    }

    /// Runs the backend as CGI, and turns its output into an HTTP answer.
    fn backend(&self, request: &Request, user: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut child = scrubbed("git")
            .arg("http-backend")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_PROTOCOL", request.header("git-protocol"))
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("CONTENT_TYPE", request.header("content-type"))
            .env("CONTENT_LENGTH", body.len().to_string())
            .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
            .env("REMOTE_USER", user)
            .env("REMOTE_ADDR", "127.0.0.1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdin = child.stdin.take().unwrap();
        let written = body.to_vec();
        let writer = thread::spawn(move || stdin.write_all(&written));
        let mut output = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut output)?;
        child.wait()?;
        // A backend that did not read all of it has reported why.
        let _ = writer.join().unwrap();
        Ok(as_http(&output))
    }
}

fn head(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Ok(Some(Request { method, path, query, headers }))
}

/// The body; none if it is longer than `limit`: then the rest is not read.
fn body(
    reader: &mut impl BufRead,
    request: &Request,
    mut stream: &TcpStream,
    limit: usize,
) -> io::Result<Option<Vec<u8>>> {
    if request.header("expect").eq_ignore_ascii_case("100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = Vec::new();
    if !request.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(&mut body)?;
        return Ok(Some(body).filter(|body| body.len() <= limit));
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk)?;
        body.extend_from_slice(&chunk[..length]);
        if body.len() > limit {
            return Ok(None);
        }
        if length == 0 {
            return Ok(Some(body));
        }
    }
}

/// The user of a request, or the answer that refuses it.
fn user_of(request: &Request, behaviour: &Behaviour) -> Result<String, String> {
    use base64::Engine;
    let Some((user, password)) = &behaviour.password else { return Ok("anyone".to_owned()) };
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let empty = "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if request.header("authorization") != format!("Basic {expected}") {
        let asks = "WWW-Authenticate: Basic realm=\"git\"";
        return Err(format!("HTTP/1.1 401 Unauthorized\r\n{asks}\r\n{empty}"));
    }
    if behaviour.forbids {
        return Err(format!("HTTP/1.1 403 Forbidden\r\n{empty}"));
    }
    Ok(user.clone())
}

fn as_http(cgi: &[u8]) -> Vec<u8> {
    let end = cgi.windows(4).position(|four| four == b"\r\n\r\n").map_or(cgi.len(), |at| at + 2);
    let head = String::from_utf8_lossy(&cgi[..end]);
    let mut status = "200 OK".to_owned();
    let mut headers = String::new();
    for line in head.lines() {
        match line.split_once(": ") {
            Some(("Status", value)) => value.clone_into(&mut status),
            _ => headers.extend([line, "\r\n"]),
        }
    }
    let body = cgi.get(end + 2..).unwrap_or_default();
    let length = format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}{length}").into_bytes();
    answer.extend_from_slice(body);
    answer
}

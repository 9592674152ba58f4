//! One connection over TLS that is kept open, for more requests than a process each
//! could send.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use super::program::scrubbed;

/// A request of HTTP. Its path includes the query.
pub struct Request {
    pub path: String,
    /// The type and the text of what is posted; none for a `GET`.
    pub body: Option<(&'static str, String)>,
}

/// After how many attempts without an answer nobody is believed to be there.
const MOST_UNANSWERED: usize = 5;

/// An answer of HTTP.
pub struct Response {
    /// 0 if the server ended the connection instead of answering, twice.
    pub status: u16,
    pub body: Vec<u8>,
}

/// Sends the requests, in their order, to a server whose certificate is in that file,
/// and returns the answers, in the same order.
///
/// `openssl` carries the bytes, so that no TLS library is needed among the crates. The
/// requests do not wait for the answers to those before.
pub fn exchange(
    port: u16,
    certificate: &Path,
    token: &str,
    requests: &[Request],
) -> io::Result<Vec<Response>> {
    let mut responses = Vec::with_capacity(requests.len());
    let mut unanswered = 0;
    while responses.len() < requests.len() {
        let before = responses.len();
        let end = exchange_some(port, certificate, token, &requests[before..], &mut responses);
        // A server may end a connection after any answer, and does it instead of one
        // when it panics.
        unanswered = if responses.len() == before { unanswered + 1 } else { 0 };
        match unanswered {
            0 | 1 => {}
            2..MOST_UNANSWERED => responses.push(Response { status: 0, body: Vec::new() }),
            _ => end?,
        }
    }
    Ok(responses)
}

/// Sends the requests over one connection, and adds the answers up to its end.
fn exchange_some(
    port: u16,
    certificate: &Path,
    token: &str,
    requests: &[Request],
    responses: &mut Vec<Response>,
) -> io::Result<()> {
    let mut tunnel = Tunnel(
        scrubbed("openssl")
            .args(["s_client", "-quiet", "-verify_quiet", "-verify_return_error"])
            .args(["-verify_ip", "127.0.0.1", "-connect"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("-CAfile")
            .arg(certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let mut input = tunnel.0.stdin.take().expect("it was piped");
    let mut output = BufReader::new(tunnel.0.stdout.take().expect("it was piped"));
    std::thread::scope(|scope| {
        // From a thread: the server stops reading while nobody reads its answers.
        let sender = scope.spawn(move || {
            for request in requests {
                // The end of the connection is noticed where its answers are read.
                if input.write_all(written(request, port, token).as_bytes()).is_err() {
                    break;
                }
            }
            // Kept: its end would end the connection before the last answer is there.
            input
        });
        let end = requests.iter().try_for_each(|_| {
            responses.push(read_response(&mut output)?);
            Ok(())
        });
        if end.is_err() {
            // What is still to be sent has nowhere to go.
            tunnel.end();
        }
        sender.join().expect("sending does not panic");
        end
    })
}

/// The process that carries the bytes. It ends when this is dropped.
struct Tunnel(Child);

impl Tunnel {
    fn end(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.end();
    }
}

fn written(request: &Request, port: u16, token: &str) -> String {
    let method = if request.body.is_some() { "POST" } else { "GET" };
    let path = &request.path;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
    );
    match &request.body {
        None => format!("{head}\r\n"),
        Some((kind, text)) => {
            let length = text.len();
            format!("{head}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{text}")
        }
    }
}

fn read_response(output: &mut impl BufRead) -> io::Result<Response> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let first = read_line(output)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| bad("an answer without a status"))?;
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = read_line(output)?.to_ascii_lowercase();
        match line.split_once(": ") {
            None if line.is_empty() => break,
            Some(("content-length", value)) => {
                length = value.parse().map_err(|_| bad("a length that is not a number"))?;
            }
            Some(("transfer-encoding", _)) => chunked = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    if !chunked {
        output.take(length).read_to_end(&mut body)?;
        return Ok(Response { status, body });
    }
    loop {
        let size = u64::from_str_radix(&read_line(output)?, 16);
        let size = size.map_err(|_| bad("a chunk without its size"))?;
        output.by_ref().take(size).read_to_end(&mut body)?;
        read_line(output)?;
        if size == 0 {
            return Ok(Response { status, body });
        }
    }
}

/// A line without its end.
fn read_line(output: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if output.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

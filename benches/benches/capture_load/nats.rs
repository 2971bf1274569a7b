//! A publisher for NATS JetStream: the text protocol, one connection a writer, one acknowledgement at a time.

use crate::Failure;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of our own on the loopback, with `sync_interval: always`.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub(crate) fn start(program: &Path, dir: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(dir)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = dir.join("nats.conf");
        std::fs::write(
            &config,
            format!(
                "listen: 127.0.0.1:{port}\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
                dir.display()
            ),
        )?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { child, port };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if begin.elapsed() > Duration::from_secs(10) {
                return Err("nats-server does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    pub(crate) fn connect(&self, n: usize) -> Result<Client, Failure> {
        Client::new(self.port, n)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    to: TcpStream,
    from: BufReader<TcpStream>,
    inbox: String,
    /// The server's version.
    pub(crate) version: String,
}

impl Client {
    fn new(port: u16, n: usize) -> Result<Self, Failure> {
        let to = TcpStream::connect(("127.0.0.1", port))?;
        to.set_nodelay(true)?;
        to.set_read_timeout(Some(Duration::from_mins(1)))?;
        let from = BufReader::new(to.try_clone()?);
        let mut client = Self { to, from, inbox: format!("_INBOX.{n}"), version: String::new() };
        let mut info = String::new();
        client.from.read_line(&mut info)?;
        let version = info.split("\"version\":\"").nth(1).and_then(|rest| rest.split('"').next());
        version.ok_or("expected INFO with a version")?.clone_into(&mut client.version);
        let hello = format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB {} 1\r\nPING\r\n",
            client.inbox
        );
        client.to.write_all(hello.as_bytes())?;
        let mut line = String::new();
        client.from.read_line(&mut line)?;
        if line.trim() != "PONG" {
            return Err(format!("expected PONG, found `{}`", line.trim()).into());
        }
        Ok(client)
    }

    /// Sends a message and waits for the reply.
    pub(crate) fn request(&mut self, subject: &str, payload: &[u8]) -> Result<String, Failure> {
        let mut message =
            format!("PUB {subject} {} {}\r\n", self.inbox, payload.len()).into_bytes();
        message.extend_from_slice(payload);
        message.extend_from_slice(b"\r\n");
        self.to.write_all(&message)?;
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line)? == 0 {
                return Err("the server hung up".into());
            }
            let line = line.trim();
            if line == "PING" {
                self.to.write_all(b"PONG\r\n")?;
            } else if let Some(rest) = line.strip_prefix("MSG ") {
                let len: usize = rest.rsplit(' ').next().unwrap_or_default().parse()?;
                let mut body = vec![0; len + 2];
                self.from.read_exact(&mut body)?;
                let reply =
                    String::from_utf8_lossy(body.get(..len).unwrap_or_default()).into_owned();
                if reply.contains("\"error\"") {
                    return Err(format!("the server refuses: {reply}").into());
                }
                return Ok(reply);
            } else if line.starts_with("-ERR") {
                return Err(format!("the server says {line}").into());
            }
        }
    }
}

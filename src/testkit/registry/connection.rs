//! One connection, byte by byte, so that any fault can be played.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::script::Step;
use super::{Seen, Shared};

/// Bytes of a request that are read.
const MAX_REQUEST: usize = 1 << 20;

/// After this nobody waits for a silent server any more.
const FOR_EVER: Duration = Duration::from_hours(1);

pub(super) fn acceptor() -> io::Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_slice_iter(include_bytes!("../../../testdata/tls/server.pem"));
    let chain: Vec<_> = certificates.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../testdata/tls/server.key"));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key.map_err(io::Error::other)?)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until either side ends the connection.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut first = [0];
    // Head and body are written one after the other: without this each answer would wait for a delayed receipt.
    if stream.set_nodelay(true).is_err() || !matches!(stream.peek(&mut first).await, Ok(1)) {
        return;
    }
    // 22 begins every greeting in TLS.
    let ended = match (first, &shared.tls) {
        ([22], Some(tls)) => match tls.accept(stream).await {
            Ok(stream) => talk(stream, &shared, "https").await.map(|_| ()),
            Err(error) => Err(error),
        },
        ([22], None) => refuse(stream).await,
        _ => match talk(stream, &shared, "http").await {
            Ok(Some(tunnel)) => Box::pin(through(tunnel, &shared)).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        },
    };
    // A client that hangs up is part of many tests.
    drop(ended);
}

async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nthis is plain HTTP\n").await?;
    stream.shutdown().await
}

/// What comes after `CONNECT`: the same, as if the host were here.
async fn through(tunnel: TcpStream, shared: &Shared) -> io::Result<()> {
    let tls = shared.tls.as_ref().ok_or_else(|| io::Error::other("a tunnel without TLS"))?;
    talk(tls.accept(tunnel).await?, shared, "https").await.map(|_| ())
}

/// Answers requests; gives the connection back where it is to become a tunnel.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    shared: &Shared,
    scheme: &'static str,
) -> io::Result<Option<S>> {
    let mut left = Vec::new();
    while let Some(request) = receive(&mut stream, &mut left, scheme).await? {
        let step = shared.take(&request);
        // Only a proxy says 407.
        if request.method == "CONNECT" && !matches!(step, Step::Answer { status: 407, .. }) {
            stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
            return Ok(Some(stream));
        }
        if play(&mut stream, shared, &request, step).await? == After::Close {
            return Ok(None);
        }
    }
    Ok(None)
}

/// What becomes of the connection.
#[derive(PartialEq, Eq)]
enum After {
    Keep,
    Close,
}

async fn receive<S: AsyncRead + Unpin>(
    stream: &mut S,
    left: &mut Vec<u8>,
    scheme: &'static str,
) -> io::Result<Option<Seen>> {
    let end = loop {
        if let Some(end) = left.windows(4).position(|it| it == b"\r\n\r\n") {
            break end + 4;
        }
        if left.len() > MAX_REQUEST || stream.read_buf(left).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&left[..end]).into_owned();
    let header = |name: &str| {
        let line = head.lines().find(|it| it.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|it| it.parse().ok()).unwrap_or_default();
    while left.len() < end + length {
        if left.len() > MAX_REQUEST || stream.read_buf(left).await? == 0 {
            return Ok(None);
        }
    }
    let body = String::from_utf8_lossy(&left[end..end + length]).into_owned();
    left.drain(..end + length);
    let mut words = head.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // A proxy is asked for whole addresses.
    let path = target.strip_prefix("http://").and_then(|it| it.find('/').map(|at| it[at..].to_owned()));
    Ok(Some(Seen {
        method,
        scheme,
        host: header("host").unwrap_or_default(),
        path: path.unwrap_or(target),
        authorization: header("authorization"),
        body,
    }))
}

async fn play<S: AsyncWrite + Unpin>(
    stream: &mut S,
    shared: &Shared,
    request: &Seen,
    step: Step,
) -> io::Result<After> {
    match step {
        Step::Reset => return Ok(After::Close),
        Step::Silence => {
            tokio::time::sleep(FOR_EVER).await;
            return Ok(After::Close);
        }
        _ => {}
    }
    let (status, headers, body) = shared.head(request, &step);
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("HTTP/1.1 {status} Status\r\n{}\r\n", lines.concat()).as_bytes()).await?;
    if request.method == "HEAD" {
        stream.flush().await?;
        return Ok(After::Keep);
    }
    send(stream, &step, &body).await
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, step: &Step, body: &[u8]) -> io::Result<After> {
    match step {
        Step::Cut(at) => {
            stream.write_all(&body[..(*at).min(body.len())]).await?;
            stream.flush().await?;
            Ok(After::Close)
        }
        Step::Stall(at) => {
            stream.write_all(&body[..(*at).min(body.len())]).await?;
            stream.flush().await?;
            tokio::time::sleep(FOR_EVER).await;
            Ok(After::Close)
        }
        Step::Drip(pause) => {
            for byte in body {
                stream.write_all(&[*byte]).await?;
                stream.flush().await?;
                tokio::time::sleep(*pause).await;
            }
            Ok(After::Keep)
        }
        Step::Endless => loop {
            stream.write_all(&[b' '; 4096]).await?;
        },
        _ => {
            stream.write_all(body).await?;
            stream.flush().await?;
            Ok(After::Keep)
        }
    }
}

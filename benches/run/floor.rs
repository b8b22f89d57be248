//! What no run can do without: its bytes read over the same wire, hashed, and parsed once with the engine's reader;
//! payloads of attestations are decoded first. No signatures, no policies, no report; nothing is kept.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use enterprise_contract::model::Digest;
use enterprise_contract::rego::value::{ReadLimits, json};
use serde::Deserialize;

/// The first argument of [`floor`].
pub(crate) const FLOOR: &str = "--floor";

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

/// Address, threads, file with paths.
pub(crate) fn floor(arguments: &[String]) {
    let threads: usize = arguments[1].parse().expect("threads");
    let paths = std::fs::read_to_string(&arguments[2]).expect("paths");
    let paths = Mutex::new(paths.lines());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&arguments[0], &paths));
        }
    });
}

fn work<'a>(address: &str, paths: &Mutex<impl Iterator<Item = &'a str>>) {
    let mut stream = BufReader::new(TcpStream::connect(address).expect("the registry"));
    stream.get_ref().set_nodelay(true).expect("a socket");
    loop {
        let Some(path) = paths.lock().expect("no panic").next() else { return };
        let body = get(&mut stream, address, path);
        let digest = std::hint::black_box(Digest::of(&body));
        // What is asked for under a tag says nothing of itself, and a list of referrers is named after its subject.
        if let Some((_, named)) = path.rsplit_once("/blobs/sha256:") {
            assert_eq!(digest.hex(), named, "{path}");
        }
        match serde_json::from_slice::<Envelope>(&body) {
            Ok(envelope) => parse(&STANDARD.decode(envelope.payload).expect("base64")),
            Err(_) => parse(&body),
        }
    }
}

fn get(stream: &mut BufReader<TcpStream>, address: &str, path: &str) -> Vec<u8> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).expect("written");
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body");
    body
}

fn parse(text: &[u8]) {
    // Layers of images are no JSON.
    std::hint::black_box(json::read(text, &ReadLimits::default()).ok());
}

//! The crates that speak to the network, by the versions that are built.

/// Crates with known holes below a version: where the lock file has them, they are not older.
const FLOORS: [(&str, [u64; 3]); 3] = [
    // RUSTSEC-2026-0258: empty DATA frames.
    ("h2", [0, 4, 16]),
    // RUSTSEC-2026-0049, 0098, 0099, 0104.
    ("rustls-webpki", [0, 103, 13]),
    // RUSTSEC-2026-0044, 0048.
    ("aws-lc-sys", [0, 39, 0]),
];

#[test]
fn threat_09_no_crate_of_the_client_is_below_its_floor() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let mut lines = lock.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("name = ") else { continue };
        let version = lines.next().and_then(|it| it.strip_prefix("version = ")).unwrap().trim_matches('"');
        let parts = version.split(['.', '-', '+']).take(3).map(|it| it.parse::<u64>().unwrap());
        let parts: Vec<u64> = parts.collect();
        if let Some((name, floor)) = FLOORS.iter().find(|it| it.0 == name.trim_matches('"')) {
            assert!(parts.as_slice() >= floor.as_slice(), "{name} {version} is below {floor:?}");
            found.push(*name);
        }
    }
    assert!(found.contains(&"h2") && found.contains(&"rustls-webpki"), "{found:?}");
}

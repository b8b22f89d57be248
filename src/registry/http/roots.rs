//! Root certificates from where Go looks for them on Linux (`crypto/x509`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::proxy::Variables;

/// The first of these that exists is read.
const FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Every file in these is read.
const FOLDERS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The certificates that servers' chains may end in.
///
/// # Errors
/// Where `SSL_CERT_FILE` cannot be read, or nothing usable is found anywhere.
pub(super) fn read(variables: Variables<'_>) -> Result<RootCertStore, String> {
    let mut found = BTreeSet::new();
    if let Some(file) = variables("SSL_CERT_FILE").filter(|it| !it.is_empty()) {
        let bytes = std::fs::read(&file).map_err(|error| format!("SSL_CERT_FILE: {file}: {error}"))?;
        certificates(&bytes, &mut found);
    } else if let Some(bytes) = FILES.iter().find_map(|it| std::fs::read(it).ok()) {
        certificates(&bytes, &mut found);
    }
    for folder in folders(variables) {
        read_folder(&folder, &mut found);
    }
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.into_iter().map(CertificateDer::from));
    if usable == 0 {
        return Err("no usable root certificate was found (SSL_CERT_FILE, SSL_CERT_DIR)".to_owned());
    }
    Ok(roots)
}

fn folders(variables: Variables<'_>) -> Vec<PathBuf> {
    match variables("SSL_CERT_DIR").filter(|it| !it.is_empty()) {
        Some(list) => list.split(':').filter(|it| !it.is_empty()).map(PathBuf::from).collect(),
        None => FOLDERS.iter().map(PathBuf::from).collect(),
    }
}

/// A folder that is missing, and a file that holds no certificate, are passed over.
fn read_folder(folder: &Path, found: &mut BTreeSet<Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files = BTreeSet::new();
    for entry in entries.flatten() {
        // Hashed names are links to their neighbours; each file is read once.
        if let Ok(path) = entry.path().canonicalize() {
            files.insert(path);
        }
    }
    for file in files.iter().filter(|it| it.is_file()) {
        if let Ok(bytes) = std::fs::read(file) {
            certificates(&bytes, found);
        }
    }
}

fn certificates(pem: &[u8], found: &mut BTreeSet<Vec<u8>>) {
    found.extend(CertificateDer::pem_slice_iter(pem).flatten().map(|it| it.to_vec()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(variables: &[(&str, &str)]) -> Result<usize, String> {
        let look = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        read(&look).map(|it| it.len())
    }

    fn testdata() -> String {
        concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tls").to_owned()
    }

    #[test]
    fn threat_37_a_named_file_that_cannot_be_read_is_an_error() {
        let error = count(&[("SSL_CERT_FILE", "/nowhere/ca.pem")]).unwrap_err();
        assert!(error.contains("SSL_CERT_FILE: /nowhere/ca.pem"), "{error}");
    }

    #[test]
    fn threat_37_a_named_file_replaces_the_systems_and_folders_are_added() {
        let ca = format!("{}/ca.pem", testdata());
        assert_eq!(count(&[("SSL_CERT_FILE", &ca), ("SSL_CERT_DIR", "/nowhere")]), Ok(1));
    }

    #[test]
    fn threat_37_missing_folders_and_empty_items_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(format!("{}/ca.pem", testdata()), dir.path().join("ca.pem")).unwrap();
        std::fs::write(dir.path().join("junk"), "-----BEGIN CERTIFICATE-----\n!!!!\n").unwrap();
        let ca = format!("{}/ca.pem", testdata());
        let list = format!("/nowhere::{}", dir.path().display());
        assert_eq!(count(&[("SSL_CERT_FILE", &ca), ("SSL_CERT_DIR", &list)]), Ok(1));
    }

    #[test]
    fn threat_37_no_usable_root_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let junk = dir.path().join("junk.pem");
        std::fs::write(&junk, "nothing").unwrap();
        let error = count(&[("SSL_CERT_FILE", junk.to_str().unwrap()), ("SSL_CERT_DIR", "/nowhere")]);
        assert!(error.unwrap_err().contains("no usable root certificate"));
    }
}

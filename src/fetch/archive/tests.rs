//! Layers and files of images: what is read of an archive, and what is refused.

use std::io::Write;

use tar::{Builder, EntryType, Header};

use super::*;

const BOUNDS: Bounds = Bounds { unpacked: 1 << 20, file: 1 << 16, kept: 1 << 18, entries: 100 };

/// Regular files by name; other kinds by a leading mark: `>` link, `=` hard link, `/` folder at the end.
fn archive(files: &[(&str, &str)]) -> Bytes {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        let (kind, name) = match name.as_bytes() {
            [b'>', ..] => (EntryType::Symlink, &name[1..]),
            [b'=', ..] => (EntryType::Link, &name[1..]),
            [.., b'/'] => (EntryType::Directory, *name),
            _ => (EntryType::Regular, *name),
        };
        header.set_entry_type(kind);
        if kind == EntryType::Regular {
            header.set_size(content.len() as u64);
            put(&mut header, name);
            builder.append(&header, content.as_bytes()).unwrap();
        } else {
            header.set_size(0);
            header.set_link_name(if content.is_empty() { "x" } else { content }).unwrap();
            put(&mut header, name);
            builder.append(&header, &[][..]).unwrap();
        }
    }
    builder.into_inner().unwrap().into()
}

/// Writes the name as it is: the writer of the crate would refuse `..` and a leading slash.
fn put(header: &mut Header, name: &str) {
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().into()
}

fn zstd(bytes: &[u8]) -> Bytes {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest).into()
}

fn flat(layers: &[Bytes], folder: &str) -> Vec<(String, String)> {
    let files = flattened(layers, &[folder.to_owned()], BOUNDS).unwrap();
    files.into_iter().map(|(name, it)| (name, String::from_utf8(it.to_vec()).unwrap())).collect()
}

fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn pick(archive: &Bytes, names: &[&str]) -> Result<Files, ArchiveError> {
    named(archive, &names.iter().map(ToString::to_string).collect(), BOUNDS)
}

#[test]
fn files_are_found_by_exact_name_whatever_the_packing() {
    let plain = archive(&[("m/a.yaml", "a"), ("m/b.yaml", "b"), ("./c", "c")]);
    for packed in [plain.clone(), gzip(&plain), zstd(&plain)] {
        let files = pick(&packed, &["m/a.yaml", "./c", "/m/b.yaml", "m"]).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["./c", "m/a.yaml"]);
        assert_eq!(files["m/a.yaml"], "a");
    }
    assert_eq!(plain_of(&gzip(&plain)), plain);
    assert_eq!(plain_of(&zstd(&plain)), plain);
}

fn plain_of(bytes: &Bytes) -> Bytes {
    plain(bytes, 1 << 20).unwrap()
}

#[test]
fn what_is_no_archive_is_malformed() {
    let cut = gzip(&archive(&[("a", "a")]));
    for bytes in [Bytes::from_static(b"spam & eggs\n"), cut.slice(..cut.len() / 2)] {
        assert!(matches!(pick(&bytes, &["a"]), Err(ArchiveError::Malformed(_))), "{bytes:?}");
    }
    assert_eq!(pick(&Bytes::new(), &["a"]), Ok(Files::new()));
}

#[test]
fn long_names_are_read_in_both_ways_of_writing_them() {
    let long = format!("{}/x.yaml", "d".repeat(200));
    let mut gnu = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    gnu.append_data(&mut header, &long, &b"1"[..]).unwrap();
    let mut pax = Builder::new(Vec::new());
    pax.append_pax_extensions([("path", long.as_bytes())]).unwrap();
    let mut header = Header::new_ustar();
    header.set_size(1);
    put(&mut header, "cut");
    pax.append(&header, &b"1"[..]).unwrap();
    for bytes in [gnu.into_inner().unwrap(), pax.into_inner().unwrap()] {
        assert_eq!(pick(&bytes.into(), &[&long, "cut"]).unwrap().keys().collect::<Vec<_>>(), [&long]);
    }
}

#[test]
fn threat_39_a_size_in_pax_records_is_refused() {
    let mut builder = Builder::new(Vec::new());
    builder.append_pax_extensions([("size", &b"0"[..])]).unwrap();
    let mut header = Header::new_ustar();
    header.set_size(3);
    put(&mut header, "a");
    builder.append(&header, &b"abc"[..]).unwrap();
    let refused = pick(&builder.into_inner().unwrap().into(), &["a"]);
    assert!(matches!(refused, Err(ArchiveError::Malformed(reason)) if reason.contains("pax")));
}

#[test]
fn threat_39_only_regular_files_are_read_and_their_paths_mean_nothing_to_the_disk() {
    let bytes = archive(&[(">a", "/etc/passwd"), ("=b", "/etc/passwd"), ("../c", "c"), ("/d", "d")]);
    let files = pick(&bytes, &["a", "b", "../c", "/d"]).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["../c", "/d"]);
    assert_eq!(flat(&[archive(&[(">m/a.yaml", "/etc/passwd"), ("m/../../b.yaml", "b")])], "m"), []);
}

#[test]
fn threat_07_what_unpacks_beyond_its_bound_is_refused() {
    let bomb = gzip(&vec![0; 2 << 20]);
    assert!(bomb.len() < 1 << 13);
    assert_eq!(plain(&bomb, 1 << 20), Err(ArchiveError::TooLarge { what: "content", cap: 1 << 20 }));
    let archived = gzip(&archive(&[("a", &" ".repeat(2 << 20))]));
    let refused = pick(&archived, &["b"]);
    assert_eq!(refused, Err(ArchiveError::TooLarge { what: "unpacked content", cap: 1 << 20 }));
    let large = archive(&[("a", &" ".repeat((1 << 16) + 1))]);
    assert_eq!(pick(&large, &["a"]), Err(ArchiveError::TooLarge { what: "a file", cap: 1 << 16 }));
    assert_eq!(pick(&large, &["b"]), Ok(Files::new()));
}

#[test]
fn threat_07_entries_and_what_is_kept_are_bounded_over_all_layers() {
    let many: Vec<_> = (0..60).map(|it| format!("m/{it}.yaml")).collect();
    let layer = archive(&many.iter().map(|it| (it.as_str(), "x")).collect::<Vec<_>>());
    let folders = ["m".to_owned()];
    assert_eq!(flattened(&[layer.clone(), layer.clone()], &folders, BOUNDS), Err(ArchiveError::TooMany(100)));
    let kept = Bounds { kept: 100, ..BOUNDS };
    let refused = flattened(&[layer], &folders, kept);
    assert_eq!(refused, Err(ArchiveError::TooLarge { what: "files together", cap: 100 }));
}

#[test]
fn threat_07_a_name_of_a_megabyte_is_refused() {
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    builder.append_data(&mut header, "d/".repeat(1 << 18), &b"1"[..]).unwrap();
    let refused = pick(&builder.into_inner().unwrap().into(), &["a"]);
    assert!(matches!(refused, Err(ArchiveError::Malformed(reason)) if reason.contains("64 KiB")));
}

#[test]
fn a_folder_is_meant_in_any_case_and_not_what_lies_deeper() {
    let layer = archive(&[
        ("manifests/", ""),
        ("./manifests/a.yaml", "a"),
        ("Manifests/B.YML", "b"),
        ("manifests/c.json", "c"),
        ("manifests/d.txt", "d"),
        ("manifests/deep/e.yaml", "e"),
        ("other/f.yaml", "f"),
    ]);
    let expected = pairs(&[("Manifests/B.YML", "b"), ("manifests/a.yaml", "a"), ("manifests/c.json", "c")]);
    for folder in ["manifests", "manifests/", "MANIFESTS", "./manifests"] {
        assert_eq!(flat(std::slice::from_ref(&layer), folder), expected, "{folder}");
    }
    assert_eq!(
        flat(std::slice::from_ref(&layer), "manifests/deep"),
        pairs(&[("manifests/deep/e.yaml", "e")])
    );
    assert_eq!(flat(&[layer], "absent"), []);
}

#[test]
fn upper_layers_hide_lower_ones() {
    let lower = archive(&[("m/a.yaml", "old"), ("m/b.yaml", "b"), ("m/c.yaml", "c")]);
    let upper = archive(&[("m/a.yaml", "new"), ("m/.wh.b.yaml", "")]);
    assert_eq!(flat(&[lower, upper], "m"), pairs(&[("m/a.yaml", "new"), ("m/c.yaml", "c")]));
}

#[test]
fn a_folder_that_was_deleted_or_made_opaque_keeps_what_is_new_in_it() {
    let lower = archive(&[("m/a.yaml", "a"), ("m/b.yaml", "b")]);
    for mark in [".wh.m", "m/.wh..wh..opq"] {
        let upper = archive(&[(mark, ""), ("m/b.yaml", "new")]);
        assert_eq!(flat(&[lower.clone(), upper], "m"), pairs(&[("m/b.yaml", "new")]), "{mark}");
    }
    let link = archive(&[(">m", "elsewhere")]);
    assert_eq!(flat(&[lower, link], "m"), []);
}

#[test]
fn threat_40_one_path_twice_in_a_layer_is_refused() {
    let layer = archive(&[("m/a.yaml", "one"), ("./m/a.yaml", "two")]);
    let refused = flattened(&[layer], &["m".to_owned()], BOUNDS);
    assert!(matches!(refused, Err(ArchiveError::Malformed(reason)) if reason.contains("twice")));
}

proptest::proptest! {
    #[test]
    fn threat_39_no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2048)) {
        let _ = pick(&bytes.into(), &["a"]);
    }
}

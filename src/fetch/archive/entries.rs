//! The entries of a tar archive (POSIX ustar and pax, GNU long names), one after the other.

use std::io::{self, Read};

use bytes::Bytes;
use tar::EntryType;

use super::unpack::{Counted, is_exceeded, reader};
use super::{ArchiveError, Bounds};

/// Bytes of a long name or of pax records: sixteen times the longest path of Linux.
const NAME_BYTES: u64 = 64 * 1024;

/// One entry, whose content may be read once.
pub(super) struct Entry<'a> {
    name: String,
    kind: EntryType,
    size: u64,
    content: &'a mut dyn Read,
    unpacked: u64,
}

impl Entry<'_> {
    /// As in the archive.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the content, as the archive says.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind.is_file()
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind.is_dir()
    }

    /// The whole content, no more than `cap` bytes.
    pub(super) fn content(&mut self, cap: u64) -> Result<Bytes, ArchiveError> {
        if self.size > cap {
            return Err(ArchiveError::TooLarge { what: "a file", cap });
        }
        let mut bytes = Vec::new();
        self.content.read_to_end(&mut bytes).map_err(|error| fault(&error, self.unpacked))?;
        if bytes.len() as u64 != self.size {
            return Err(ArchiveError::Malformed("a file ends early".to_owned()));
        }
        Ok(bytes.into())
    }
}

/// Shows every entry; `left` is what remains of `bounds`, which errors name.
pub(super) fn each(
    archive: &Bytes,
    left: &mut Bounds,
    bounds: Bounds,
    mut show: impl FnMut(&mut Entry<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let fault = |error: &io::Error| fault(error, bounds.unpacked);
    let counted = Counted { inner: reader(archive)?, left: &mut left.unpacked };
    let mut archive = tar::Archive::new(counted);
    let mut name = None;
    // Raw, since the usual way reads names of any length into memory.
    for entry in archive.entries().map_err(|error| fault(&error))?.raw(true) {
        let mut entry = entry.map_err(|error| fault(&error))?;
        left.entries = left.entries.checked_sub(1).ok_or(ArchiveError::TooMany(bounds.entries))?;
        let (kind, size) = (entry.header().entry_type(), entry.size());
        if kind.is_gnu_longname() {
            name = long_name(&mut entry, size).map_err(|error| fault(&error))?;
        } else if kind.is_pax_local_extensions() {
            name = pax_path(&mut entry, size).map_err(|error| fault(&error))?.or(name);
        } else if !(kind.is_gnu_longlink() || kind.is_pax_global_extensions()) {
            let own = || String::from_utf8(entry.header().path_bytes().into_owned());
            // A name that is no text cannot have been asked for.
            if let Ok(name) = name.take().map_or_else(own, Ok) {
                show(&mut Entry { name, kind, size, content: &mut entry, unpacked: bounds.unpacked })?;
            }
        }
    }
    Ok(())
}

fn fault(error: &io::Error, unpacked: u64) -> ArchiveError {
    if is_exceeded(error) {
        return ArchiveError::TooLarge { what: "unpacked content", cap: unpacked };
    }
    ArchiveError::Malformed(error.to_string())
}

fn long(content: &mut dyn Read, size: u64) -> io::Result<Vec<u8>> {
    if size > NAME_BYTES {
        return Err(io::Error::other("a name of more than 64 KiB"));
    }
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn long_name(content: &mut dyn Read, size: u64) -> io::Result<Option<String>> {
    let mut bytes = long(content, size)?;
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(String::from_utf8(bytes).ok())
}

/// The name among pax records. A size there would let two readers find different entries, so it is refused.
fn pax_path(content: &mut dyn Read, size: u64) -> io::Result<Option<String>> {
    let records = long(content, size)?;
    let mut path = None;
    for record in tar::PaxExtensions::new(&records) {
        let record = record?;
        match record.key_bytes() {
            b"path" => path = record.value().ok().map(str::to_owned),
            b"size" => return Err(io::Error::other("a size in pax records")),
            _ => {}
        }
    }
    Ok(path)
}

//! Blobs in a folder: `blobs/<hex>`, named by their SHA-256; `locks/`, `new/` beside them. Files come into being under
//! another name and are renamed when they are whole, so that a process may be killed at any time.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::model::Digest;
use crate::model::digest::DigestHasher;

/// A blob that would take more than one of so many parts of the room is not kept.
const LARGEST_SHARE: u64 = 4;

/// Where there is no more room, the blobs that were not used for longest go until so many tenths are taken.
const TENTHS_LEFT: u64 = 8;

/// After this nobody works on an unfinished file any more.
const ABANDONED: Duration = Duration::from_hours(24);

/// Hexadecimal digits that choose a lock: 4,096 of them, so that few blobs share one and the folder stays small.
const LOCK_DIGITS: usize = 3;

/// Bytes read at once of what is not held.
const PIECE: usize = 64 << 10;

/// A folder of blobs.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    bound: u64,
    /// As far as this process knows.
    bytes: AtomicU64,
    /// For names of unfinished files.
    counter: AtomicU64,
}

/// What is kept of a blob, its digest checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// All of it.
    Blob(Bytes),
    /// So many bytes, more than were to be read.
    Larger(u64),
}

/// Held while a blob is brought; the system gives it back when its process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "held, not read")] File);

impl Store {
    /// The folder, made where there is none, for `bound` bytes of blobs.
    ///
    /// # Errors
    /// What the system says where it cannot be made or written to.
    pub fn open(root: &Path, bound: u64) -> io::Result<Self> {
        for folder in ["blobs", "locks", "new"] {
            fs::create_dir_all(root.join(folder))?;
        }
        let store =
            Self { root: root.to_owned(), bound, bytes: AtomicU64::new(0), counter: AtomicU64::new(0) };
        let probe = store.unfinished("probe");
        File::create(&probe)?;
        fs::remove_file(&probe)?;
        store.forget_abandoned();
        store.bytes.store(store.listed().iter().map(|it| it.size).sum(), Ordering::Relaxed);
        Ok(store)
    }

    /// The blob, if it is there and what its name says; what is not is thrown away.
    pub(super) fn get(&self, digest: &Digest, cap: u64) -> Option<Kept> {
        let path = self.place(digest);
        let file = File::open(&path).ok()?;
        let size = file.metadata().ok().filter(fs::Metadata::is_file)?.len();
        // One more than there should be, so that a file that grows is not read for ever.
        let mut content = (&file).take(size.saturating_add(1));
        let (found, kept) = if size <= cap {
            let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?);
            content.read_to_end(&mut bytes).ok()?;
            (Some(Digest::of(&bytes)), Kept::Blob(bytes.into()))
        } else if size <= self.bound / LARGEST_SHARE {
            (Some(digest_of(&mut content).ok()?), Kept::Larger(size))
        } else {
            // Nobody ever kept so much.
            (None, Kept::Larger(size))
        };
        if found != Some(*digest) {
            tracing::warn!(%digest, "a blob in the cache was damaged; it is asked for again");
            // Whoever sees it next would throw it away as well.
            let _ = fs::remove_file(&path);
            return None;
        }
        // The time of the last use; without it the blob only goes sooner.
        let _ = file.set_modified(SystemTime::now());
        Some(kept)
    }

    /// Keeps a blob whose digest was checked.
    pub(super) fn put(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        let size = bytes.len() as u64;
        if size > self.bound / LARGEST_SHARE {
            return Ok(());
        }
        let unfinished = self.unfinished(&digest.hex());
        let written = write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, self.place(digest)));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
            return written;
        }
        if self.bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size) > self.bound {
            self.make_room();
        }
        Ok(())
    }

    /// The right to bring a blob, if nobody else has it.
    pub(super) fn try_lock(&self, digest: &Digest) -> io::Result<Option<Lock>> {
        let hex = digest.hex();
        lock(&self.root.join("locks").join(&hex[..LOCK_DIGITS.min(hex.len())]))
    }

    fn place(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.hex())
    }

    fn unfinished(&self, name: &str) -> PathBuf {
        let turn = self.counter.fetch_add(1, Ordering::Relaxed);
        self.root.join("new").join(format!("{name}.{}.{turn}", std::process::id()))
    }

    /// One process at a time; another one's count is taken over with the list.
    fn make_room(&self) {
        let Ok(Some(_lock)) = lock(&self.root.join("locks").join("room")) else { return };
        let mut listed = self.listed();
        listed.sort_by_key(|it| it.used);
        let mut bytes: u64 = listed.iter().map(|it| it.size).sum();
        if bytes > self.bound {
            for blob in &listed {
                if bytes <= self.bound / 10 * TENTHS_LEFT {
                    break;
                }
                // Who reads it at this moment has it open.
                if fs::remove_file(&blob.path).is_ok() {
                    bytes = bytes.saturating_sub(blob.size);
                }
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    fn listed(&self) -> Vec<Listed> {
        listed(&self.root.join("blobs"))
    }

    /// Of processes that were killed.
    fn forget_abandoned(&self) {
        let now = SystemTime::now();
        for file in listed(&self.root.join("new")) {
            if now.duration_since(file.used).is_ok_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(file.path);
            }
        }
    }
}

struct Listed {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

/// What can be seen of it: a file may go at any time.
fn listed(folder: &Path) -> Vec<Listed> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let listed = entries.filter_map(|entry| {
        let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Listed { path: entry.path(), size: about.len(), used: about.modified().ok()? })
    });
    listed.collect()
}

/// Of what is too large to be held.
fn digest_of(content: &mut impl io::Read) -> io::Result<Digest> {
    let mut hasher = DigestHasher::default();
    let mut piece = vec![0; PIECE];
    loop {
        match content.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&piece[..count]),
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)
}

fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let file = File::options().create(true).append(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

//! Where what is made of answers is held, and how much may be made.

/// Counts what answers take. A blob draws on it when it is read (the transport's business), what is parsed of it here.
pub trait Room: Send + Sync {
    /// Bytes of heap that may still be taken.
    fn left(&self) -> u64;

    /// Takes bytes that are held from now on.
    fn take(&self, bytes: u64);

    /// Tries to get more. Where there is no more, it is noted that this was not enough.
    fn grows(&self) -> bool;
}

/// As much as anybody wants: for the tools of authors.
pub(super) struct Endless;

impl Room for Endless {
    fn left(&self) -> u64 {
        u64::MAX
    }

    fn take(&self, _: u64) {}

    fn grows(&self) -> bool {
        false
    }
}

/// Makes something within so many bytes as there are, at most `most`. Where it does not fit, and the room was what it
/// did not fit into, it is made again in a larger one.
///
/// # Errors
/// Those of `make`.
pub fn fitted<T, E>(
    room: &dyn Room,
    most: u64,
    is_too_large: impl Fn(&E) -> bool,
    mut make: impl FnMut(u64) -> Result<T, E>,
) -> Result<T, E> {
    loop {
        let allowed = most.min(room.left());
        match make(allowed) {
            Err(error) if allowed < most && is_too_large(&error) && room.grows() => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Doubles, as long as there is less than 100.
    struct Small(AtomicU64);

    impl Room for Small {
        fn left(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
        fn take(&self, _: u64) {}
        fn grows(&self) -> bool {
            let left = self.left();
            self.0.store(2 * left, Ordering::Relaxed);
            2 * left < 100
        }
    }

    fn needing(bytes: u64, most: u64) -> (Result<(), &'static str>, u64) {
        let room = Small(AtomicU64::new(10));
        let mut tries = 0;
        let made = fitted(
            &room,
            most,
            |it| *it == "large",
            |allowed| {
                tries += 1;
                if allowed < bytes { Err("large") } else { Ok(()) }
            },
        );
        (made, tries)
    }

    #[test]
    fn it_is_made_again_while_the_room_grows_and_was_the_reason() {
        assert_eq!(needing(10, 1000), (Ok(()), 1));
        assert_eq!(needing(40, 1000), (Ok(()), 3));
        assert_eq!(needing(200, 1000), (Err("large"), 4));
        assert_eq!(needing(40, 8), (Err("large"), 1), "no room would do");
    }
}

//! The `ec` binary.

fn main() {}

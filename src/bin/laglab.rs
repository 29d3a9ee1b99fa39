//! The command line: check, run and describe scenario files.

fn main() {}

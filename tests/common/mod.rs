//! What several tests and the benches share.

pub mod design;

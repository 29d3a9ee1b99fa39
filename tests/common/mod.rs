//! What several tests and the benches share.
#![allow(dead_code)] // Each takes what it needs.

pub mod design;
pub mod plain_model;
pub mod random_design;
pub mod read;

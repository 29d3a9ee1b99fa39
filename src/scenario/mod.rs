//! The scenario file: read, checked, and turned into a design that the engine can run.

pub mod kafka_config;

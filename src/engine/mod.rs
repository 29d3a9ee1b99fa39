//! The engine: a deterministic Kafka and the systems around it. It knows no browser, no clock, no file, no YAML.

// Nothing here may differ between machines: clippy.toml says what does.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod application;
pub mod broker;
pub mod client;
pub mod coordinator;
pub mod design;
pub mod environment;
pub mod errors;
pub mod id;
pub mod invariant;
pub mod log;
pub mod message;
pub mod observe;
pub mod plan;
pub mod queue;
pub mod random;
pub mod simulation;
pub mod time;
pub mod timeline;
pub mod world;

//! The world around Kafka: the load that people put on it.

pub mod arrivals;
pub mod keys;
pub mod network;
pub mod rate;
pub mod workload;

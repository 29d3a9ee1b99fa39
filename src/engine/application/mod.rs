//! What people build around Kafka: handlers with side effects, and the book that is kept of them.

pub mod handler;
pub mod interval_set;
pub mod order;
pub mod progress;

//! Kafka's clients.

pub mod consumer;
pub mod producer;

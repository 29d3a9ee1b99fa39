//! The producer: partitioner, accumulator, sender.

pub mod metadata;
pub mod murmur2;
pub mod partitioner;

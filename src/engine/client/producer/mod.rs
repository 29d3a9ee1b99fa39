//! The producer: partitioner, accumulator, sender.

pub mod accumulator;
pub mod batch;
pub mod buffer_pool;
pub mod compression;
pub mod metadata;
pub mod murmur2;
pub mod partitioner;
pub mod place_set;
pub mod sender;

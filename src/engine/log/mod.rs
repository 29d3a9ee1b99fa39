//! The log of a partition: batches in segments, offsets, retention.
//!
//! What was ever written is history and lies in [`file_records`], shared by the whole run and never cloned for a checkpoint.
//! What is true now is state, [`unified_log`]: offsets, segments, leader epochs; a clone of it is small.

mod chunk;
pub mod file_records;
pub mod leader_epoch;
pub mod list_offsets;
pub mod log_config;
pub mod log_segment;
pub mod memory_records;
pub mod record_batch;
pub mod record_batch_iterator;
pub mod retention;
pub mod unified_log;

#[cfg(test)]
mod tests;

//! The log of a partition: batches in segments, offsets, retention.

pub mod record_batch;

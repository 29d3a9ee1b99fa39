//! The log of a partition: batches in segments, offsets, retention.

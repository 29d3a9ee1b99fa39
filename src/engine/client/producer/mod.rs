//! The producer: partitioner, accumulator, sender.

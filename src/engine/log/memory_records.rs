//! Batches in memory, as columns: what a producer hands over and what a reader gets.
//! Kafka: `MemoryRecords`, `RecordBatch`. Left out: bytes, headers, and keys and values other than by number and size.
//! Holds: the columns of a batch are equally long; a batch is never empty.

use super::super::id::{Offset, ProducerId};
use super::super::time::{Duration, Instant};

/// The key of a record that has none.
pub const NO_KEY: u32 = u32::MAX;

/// Times of records, in nanoseconds after their batch's base time.
#[derive(Clone, Copy, Debug)]
pub enum Deltas<'a> {
    /// The batch spans at most 4.29 s.
    Narrow(&'a [u32]),
    Wide(&'a [u64]),
}

/// Bytes of the values of a batch's records.
#[derive(Clone, Copy, Debug)]
pub enum Sizes<'a> {
    /// All are as large.
    Fixed(u32),
    Each(&'a [u32]),
}

/// A batch of records of one producer, borrowed from whoever holds its columns.
#[derive(Clone, Copy, Debug)]
pub struct BatchData<'a> {
    pub producer: ProducerId,
    /// No record is older.
    pub base_time: Instant,
    pub deltas: Deltas<'a>,
    /// Numbers of the producer's keys, or [`NO_KEY`].
    pub keys: &'a [u32],
    pub sizes: Sizes<'a>,
    /// Event types by number; empty where the producer has none.
    pub types: &'a [u8],
    /// The size of the whole batch in a log and on the wire.
    pub bytes: u32,
}

/// Records of one batch, as they lie in a log: the whole batch or a stretch of it.
#[derive(Clone, Copy, Debug)]
pub struct RecordBatch<'a> {
    /// The offset of the first record here; the others follow without a gap.
    pub base_offset: Offset,
    /// With `message.timestamp.type=LogAppendTime` the timestamp of all its records; their creation is in `data` still.
    pub log_append_time: Option<Instant>,
    /// Only the records here, but the bytes of the whole batch.
    pub data: BatchData<'a>,
}

impl<'a> Deltas<'a> {
    #[inline]
    pub const fn len(self) -> usize {
        match self {
            Deltas::Narrow(deltas) => deltas.len(),
            Deltas::Wide(deltas) => deltas.len(),
        }
    }

    #[inline]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How long after the base time a record was made.
    #[inline]
    pub const fn get(self, record: usize) -> Duration {
        match self {
            Deltas::Narrow(deltas) => Duration(deltas[record] as u64),
            Deltas::Wide(deltas) => Duration(deltas[record]),
        }
    }

    /// The longest; the deltas need not be in order.
    #[inline]
    pub fn max(self) -> Duration {
        match self {
            // A producer's are in order, and mostly few: then the last one is known faster than the largest.
            Deltas::Narrow(deltas @ [.., last]) if deltas.is_sorted() => Duration(u64::from(*last)),
            Deltas::Narrow(deltas) => Duration(deltas.iter().fold(0, |max, &delta| max.max(delta)).into()),
            Deltas::Wide(deltas) => Duration(deltas.iter().fold(0, |max, &delta| max.max(delta))),
        }
    }
}

impl Sizes<'_> {
    /// Bytes of a record's value.
    #[inline]
    pub const fn get(self, record: usize) -> u32 {
        match self {
            Sizes::Fixed(size) => size,
            Sizes::Each(sizes) => sizes[record],
        }
    }
}

impl BatchData<'_> {
    /// Records.
    #[inline]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// When a record was made.
    #[inline]
    pub fn time(&self, record: usize) -> Instant {
        self.base_time + self.deltas.get(record)
    }

    /// When the youngest record was made.
    #[inline]
    pub fn max_time(&self) -> Instant {
        self.base_time + self.deltas.max()
    }

    /// Panics where the columns are not those of one batch.
    #[inline]
    pub(super) fn check(&self) {
        assert!(!self.keys.is_empty(), "a batch has records");
        assert!(self.deltas.len() == self.keys.len(), "each record has a key and a time");
        assert!(self.types.is_empty() || self.types.len() == self.keys.len(), "all records have a type or none has");
        if let Sizes::Each(sizes) = self.sizes {
            assert!(sizes.len() == self.keys.len(), "each record has a size");
        }
    }

    /// Whether both are the same records in the same number of bytes, in whatever form their columns are.
    pub fn same_records(&self, other: &BatchData<'_>) -> bool {
        self.producer == other.producer
            && self.bytes == other.bytes
            && self.keys == other.keys
            && self.types == other.types
            && (0..self.len()).all(|record| self.time(record) == other.time(record) && self.sizes.get(record) == other.sizes.get(record))
    }
}

impl RecordBatch<'_> {
    /// The offset of the last record here.
    #[inline]
    pub const fn last_offset(&self) -> Offset {
        self.next_offset() - 1
    }

    /// The offset after the last record here.
    #[inline]
    pub const fn next_offset(&self) -> Offset {
        self.base_offset + self.data.len() as Offset
    }

    /// A record's timestamp as clients see it: of its creation, or of its append.
    #[inline]
    pub fn timestamp(&self, record: usize) -> Instant {
        self.log_append_time.unwrap_or_else(|| self.data.time(record))
    }

    /// The youngest timestamp.
    #[inline]
    pub fn max_timestamp(&self) -> Instant {
        self.log_append_time.unwrap_or_else(|| self.data.max_time())
    }
}

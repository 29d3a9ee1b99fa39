//! A batch that is being filled, and what becomes of it when it is sent: columns of a request.
//! Kafka: `ProducerBatch`, `MemoryRecordsBuilder`. Left out: attempts and back-off (nothing is sent twice yet), splitting of
//! batches that are too large, headers.
//! Holds: sizes without compression are exact to the byte; filling and sending a batch allocates nothing once buffers have
//! grown, for they are used again.

use super::compression::{CompressionRatioEstimator, compressed_size, estimated_size};
use crate::engine::design::Compression;
use crate::engine::id::ProducerId;
use crate::engine::log::memory_records::{BatchData, Deltas, Sizes};
use crate::engine::log::record_batch::{NO_HEADERS, RECORD_BATCH_OVERHEAD, record_size_of_fields, size_of_bytes};
use crate::engine::time::Instant;

/// A record as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its timestamp, with nanoseconds.
    pub time: Instant,
    /// The number of its key: see `environment::keys`.
    pub key: u32,
    /// Bytes of the key with its length (`size_of_bytes`): 1 where it is sent without a key.
    pub key_size: u32,
    /// Bytes of the value without its length.
    pub value_size: u32,
    /// The event's type by number; 0 where the producer has none.
    pub kind: u8,
}

impl Record {
    /// Bytes of key, value and headers with their lengths.
    #[inline(always)]
    pub fn fields(&self) -> u32 {
        self.key_size + size_of_bytes(Some(self.value_size)) + NO_HEADERS
    }
}

/// For so few records a plain loop is faster than one that is made for many.
const FEW: usize = 6;
/// Deltas below this take one byte.
const SMALL: u64 = 64;

/// A batch of one partition.
#[derive(Clone, Debug)]
pub struct ProducerBatch {
    /// When its first record was appended: linger counts from here.
    pub created: Instant,
    base_time: Instant,
    /// Records before this moment have a timestamp that is less than 64 ms after the first one's: their delta takes a byte.
    small_until: Instant,
    /// Bytes of the records before compression.
    uncompressed: u32,
    /// Bytes of the whole batch, as far as can be said before it is compressed.
    estimated: u32,
    /// The most that the batch may grow to; 0 when it is closed, so that one comparison says whether there is room.
    write_limit: u32,
    /// Bytes taken from the pool: the write limit while the batch was open.
    buffer_bytes: u32,
    /// The ratio that was expected when the batch was created.
    estimation: f32,
    /// The batch behind this one in its partition's queue.
    pub next: u32,
    rows: Vec<Row>,
    types: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    time: Instant,
    key: u32,
    value_size: u32,
}

impl ProducerBatch {
    /// A slot for batches, without one.
    pub fn vacant() -> Self {
        ProducerBatch {
            created: Instant::ZERO,
            base_time: Instant::ZERO,
            small_until: Instant::ZERO,
            uncompressed: 0,
            estimated: 0,
            write_limit: 0,
            buffer_bytes: 0,
            estimation: 1.0,
            next: u32::MAX,
            rows: Vec::new(),
            types: Vec::new(),
        }
    }

    /// Starts a batch in this slot; its first record, of this time, is appended next. The write limit is at least the most
    /// that a batch of this record can take.
    #[inline]
    pub fn open(&mut self, created: Instant, time: Instant, write_limit: u32, estimation: f32) {
        debug_assert!(self.rows.is_empty(), "a slot is used again only when it has been drained");
        self.created = created;
        self.base_time = time;
        self.small_until = Instant::from_millis(time.as_millis() + SMALL);
        self.uncompressed = 0;
        self.estimated = RECORD_BATCH_OVERHEAD;
        self.write_limit = write_limit;
        self.buffer_bytes = write_limit;
        self.estimation = estimation;
        self.next = u32::MAX;
    }

    /// Appends a record if there is room and returns by how many bytes the batch is believed to have grown. The first one
    /// has room by the write limit that it was given; a full batch has none, for every record has a size.
    #[inline(always)]
    pub fn try_append(&mut self, record: &Record, compression: Compression, with_types: bool) -> Option<u32> {
        let size = if (self.rows.len() as u64) < SMALL && record.time < self.small_until {
            record_size_of_fields(0, 0, record.fields())
        } else {
            self.size_of(record.time, record.fields())
        };
        if self.estimated + size > self.write_limit {
            return None;
        }
        self.rows.push(Row { time: record.time, key: record.key, value_size: record.value_size });
        if with_types {
            self.types.push(record.kind);
        }
        self.uncompressed += size;
        match compression {
            Compression::None => {
                self.estimated += size;
                Some(size)
            }
            Compression::Gzip | Compression::Snappy | Compression::Lz4 | Compression::Zstd => Some(self.estimate_again()),
        }
    }

    /// Bytes of a record if it is the next: deltas count from the first one, times in whole milliseconds.
    #[inline(never)]
    fn size_of(&self, time: Instant, fields: u32) -> u32 {
        let delta = time.as_millis() - self.base_time.as_millis();
        record_size_of_fields(self.rows.len() as u32, delta as i64, fields)
    }

    /// With compression: the size as it is believed to be now. Returns by how much it has grown.
    #[inline(never)]
    fn estimate_again(&mut self) -> u32 {
        let before = self.estimated;
        self.estimated = RECORD_BATCH_OVERHEAD + estimated_size(self.uncompressed, self.estimation);
        self.estimated - before
    }

    /// Records that are younger than `at`; they are in order of time.
    pub fn records_after(&self, at: Instant) -> u64 {
        (self.rows.len() - self.rows.partition_point(|row| row.time <= at)) as u64
    }

    /// Nothing is appended any more.
    pub fn close_for_record_appends(&mut self) {
        self.write_limit = 0;
    }

    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.write_limit <= self.estimated
    }

    pub fn record_count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Bytes of the whole batch: exact without compression, a guess with it.
    pub fn estimated_size_in_bytes(&self) -> u32 {
        self.estimated
    }

    /// Compresses the batch, moves it to the end of a request and leaves the slot vacant. Returns its size in the request.
    pub fn drain_into(
        &mut self,
        partition: u32,
        compression: Compression,
        estimator: &mut CompressionRatioEstimator,
        data: &mut ProduceData,
    ) -> u32 {
        let records = compressed_size(compression, self.uncompressed);
        if records != self.uncompressed {
            estimator.update_estimation(records as f32 / self.uncompressed as f32);
        }
        let base = self.base_time;
        let first = data.keys.len() as u32;
        // Times never go back, so none is before the base, and the last record's delta is the largest.
        let wide = self.rows.last().is_some_and(|last| last.time.since(base).0 > u64::from(u32::MAX));
        let first_delta = if wide { data.wide_deltas.len() } else { data.deltas.len() } as u32;
        // The lower halves are enough where the difference fits in them.
        let delta = |row: &Row| (row.time.0 as u32).wrapping_sub(base.0 as u32);
        if wide {
            data.wide_deltas.extend(self.rows.iter().map(|row| row.time.0 - base.0));
            data.keys.extend(self.rows.iter().map(|row| row.key));
        } else if self.rows.len() <= FEW {
            for row in &self.rows {
                data.deltas.push(delta(row));
                data.keys.push(row.key);
            }
        } else {
            data.deltas.extend(self.rows.iter().map(delta));
            data.keys.extend(self.rows.iter().map(|row| row.key));
        }
        if data.fixed_value_size.is_none() {
            data.sizes.extend(self.rows.iter().map(|row| row.value_size));
        }
        if !self.types.is_empty() {
            data.types.extend_from_slice(&self.types);
        }
        let bytes = RECORD_BATCH_OVERHEAD + records;
        data.batches.push(Drained {
            partition,
            created: self.created,
            base_time: base,
            first,
            count: self.rows.len() as u32,
            first_delta,
            wide,
            bytes,
            uncompressed_bytes: self.uncompressed,
            buffer_bytes: self.buffer_bytes,
        });
        self.rows.clear();
        self.types.clear();
        self.write_limit = 0;
        bytes
    }
}

/// What one request to one node carries: batches, and their records as columns.
#[derive(Clone, Debug)]
pub struct ProduceData {
    pub producer: ProducerId,
    pub batches: Vec<Drained>,
    /// Nanoseconds after the batch's base time, of batches that are not wide.
    pub deltas: Vec<u32>,
    /// The same of wide batches.
    pub wide_deltas: Vec<u64>,
    /// Numbers of keys.
    pub keys: Vec<u32>,
    /// Bytes of values; empty if they are all the same.
    pub sizes: Vec<u32>,
    pub fixed_value_size: Option<u32>,
    /// Event types; empty if the producer has none.
    pub types: Vec<u8>,
}

/// A batch on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Of the producer's topic.
    pub partition: u32,
    pub created: Instant,
    /// The first record's time.
    pub base_time: Instant,
    /// Where its records are in the columns.
    pub first: u32,
    pub count: u32,
    /// Where its deltas are: in `wide_deltas` if it is wide, spanning more than 4.29 s, else in `deltas`.
    pub first_delta: u32,
    pub wide: bool,
    /// Bytes on the wire and in the log.
    pub bytes: u32,
    /// Bytes of the records before compression: what compressing costs is by these.
    pub uncompressed_bytes: u32,
    /// What it holds of `buffer.memory` until it is answered.
    pub buffer_bytes: u32,
}

impl ProduceData {
    pub fn new(producer: ProducerId, fixed_value_size: Option<u32>) -> Self {
        ProduceData {
            producer,
            batches: Vec::new(),
            deltas: Vec::new(),
            wide_deltas: Vec::new(),
            keys: Vec::new(),
            sizes: Vec::new(),
            fixed_value_size,
            types: Vec::new(),
        }
    }

    /// Takes out everything but the memory, for a request of this producer.
    pub fn begin(&mut self, producer: ProducerId, fixed_value_size: Option<u32>) {
        (self.producer, self.fixed_value_size) = (producer, fixed_value_size);
        self.batches.clear();
        self.deltas.clear();
        self.wide_deltas.clear();
        self.keys.clear();
        self.sizes.clear();
        self.types.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Records of all batches.
    pub fn records(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Bytes of all batches on the wire.
    pub fn bytes(&self) -> u64 {
        self.batches.iter().map(|batch| u64::from(batch.bytes)).sum()
    }

    /// Bytes of all records before compression.
    pub fn uncompressed_bytes(&self) -> u64 {
        self.batches.iter().map(|batch| u64::from(batch.uncompressed_bytes)).sum()
    }

    /// A batch as the log takes it.
    #[inline]
    pub fn batch(&self, batch: &Drained) -> BatchData<'_> {
        let records = batch.first as usize..(batch.first + batch.count) as usize;
        let deltas = batch.first_delta as usize..(batch.first_delta + batch.count) as usize;
        BatchData {
            producer: self.producer,
            base_time: batch.base_time,
            deltas: if batch.wide { Deltas::Wide(&self.wide_deltas[deltas]) } else { Deltas::Narrow(&self.deltas[deltas]) },
            keys: &self.keys[records.clone()],
            sizes: match self.fixed_value_size {
                Some(size) => Sizes::Fixed(size),
                None => Sizes::Each(&self.sizes[records.clone()]),
            },
            types: if self.types.is_empty() { &[] } else { &self.types[records] },
            bytes: batch.bytes,
        }
    }
}

//! A stretch of a log's records, in columns: a delta and a key for each record, a header for each batch, and the rest only where
//! it is used. Appending a batch copies its columns; nothing is allocated for it.
//! Holds: a record costs 8 bytes (and 1/16 for the index) and a batch 24; rows are never changed, only added at the end and cut off there.

use super::super::id::{Offset, ProducerId};
use super::super::time::Instant;
use super::memory_records::{BatchData, Deltas, RecordBatch, Sizes};
use std::ops::Range;

/// A chunk is full with so many rows; a batch with more has a chunk of its own.
/// Large enough that a run has few chunks, small enough that the unused part of the last one does not count. The tests of this
/// crate have small ones, to see many of their borders.
pub(super) const CHUNK_ROWS: usize = if cfg!(test) { 64 } else { 1 << 16 };

/// The offset index has an entry for so many rows: few enough to walk from one to the next.
const INDEX_ROWS: usize = 32;

/// The deltas are in `wide`; the first row of `deltas` says where they begin there.
const WIDE: u16 = 1;
/// The sizes are in `sizes`, not in the header.
const SIZED: u16 = 2;
/// The types are in `types`.
const TYPED: u16 = 4;
/// The timestamp is in `append_times`.
const APPEND_TIME: u16 = 8;

#[derive(Clone, Copy, Debug)]
struct Header {
    base_time: Instant,
    /// In bytes, from the chunk's beginning.
    position: u32,
    /// The first record's row in this chunk.
    row: u32,
    /// Bytes of each value, unless SIZED.
    value_size: u32,
    producer: u16,
    flags: u16,
}

const _: () = assert!(size_of::<Header>() == 24, "what a batch costs counts");

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// Rows and bytes of all chunks before this one.
    pub first_row: u64,
    pub first_position: u64,
    /// No timestamp here is younger.
    pub max_timestamp: Instant,
    bytes: u32,
    headers: Vec<Header>,
    /// The batch with every 32nd row, as Kafka's offset index has a position every 4096 bytes.
    index: Vec<u16>,
    deltas: Vec<u32>,
    keys: Vec<u32>,
    wide: Vec<u64>,
    /// By row, up to the last row that has one.
    sizes: Vec<u32>,
    /// By row, up to the last row that has one.
    types: Vec<u8>,
    /// By batch, up to the last batch that has one.
    append_times: Vec<Instant>,
}

impl Chunk {
    /// The first chunk of a log grows with it: most logs of a run with thousands of partitions stay small.
    pub fn first() -> Chunk {
        Chunk {
            first_row: 0,
            first_position: 0,
            max_timestamp: Instant::ZERO,
            bytes: 0,
            headers: Vec::new(),
            index: Vec::new(),
            deltas: Vec::new(),
            keys: Vec::new(),
            wide: Vec::new(),
            sizes: Vec::new(),
            types: Vec::new(),
            append_times: Vec::new(),
        }
    }

    /// The chunk after this one, with room for about as many batches.
    pub fn next(&self) -> Chunk {
        Chunk {
            first_row: self.end_row(),
            first_position: self.end_position(),
            headers: Vec::with_capacity(self.headers.len() + self.headers.len() / 16),
            index: Vec::with_capacity(CHUNK_ROWS / INDEX_ROWS),
            deltas: Vec::with_capacity(CHUNK_ROWS),
            keys: Vec::with_capacity(CHUNK_ROWS),
            ..Chunk::first()
        }
    }

    /// Batches.
    #[inline]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    #[inline]
    pub fn end_row(&self) -> u64 {
        self.first_row + self.keys.len() as u64
    }

    #[inline]
    pub fn end_position(&self) -> u64 {
        self.first_position + u64::from(self.bytes)
    }

    /// Whether a batch of so many records and bytes belongs here.
    #[inline]
    pub fn has_room(&self, records: usize, bytes: u32) -> bool {
        self.keys.is_empty() || (self.keys.len() + records <= CHUNK_ROWS && self.bytes.checked_add(bytes).is_some())
    }

    #[inline]
    pub fn append(&mut self, batch: &BatchData<'_>, log_append_time: Option<Instant>, max_timestamp: Instant) {
        let row = self.keys.len();
        let mut flags = 0;
        match batch.deltas {
            Deltas::Narrow(deltas) => extend(&mut self.deltas, deltas),
            Deltas::Wide(deltas) => {
                flags |= WIDE;
                self.deltas.push(u32::try_from(self.wide.len()).expect("a chunk's rows are counted in 32 bits"));
                self.deltas.resize(row + deltas.len(), 0);
                self.wide.extend_from_slice(deltas);
            }
        }
        extend(&mut self.keys, batch.keys);
        let value_size = match batch.sizes {
            Sizes::Fixed(size) => size,
            Sizes::Each(sizes) => {
                flags |= SIZED;
                self.sizes.resize(row, 0);
                self.sizes.extend_from_slice(sizes);
                0
            }
        };
        if !batch.types.is_empty() {
            flags |= TYPED;
            self.types.resize(row, 0);
            self.types.extend_from_slice(batch.types);
        }
        if let Some(time) = log_append_time {
            flags |= APPEND_TIME;
            self.append_times.resize(self.headers.len(), Instant::ZERO);
            self.append_times.push(time);
        }
        self.headers.push(Header {
            base_time: batch.base_time,
            position: self.bytes,
            row: u32::try_from(row).expect("a chunk's rows are counted in 32 bits"),
            value_size,
            producer: u16::try_from(batch.producer.0).expect("a run has fewer than 65 536 producers"),
            flags,
        });
        while self.index.len() * INDEX_ROWS < self.keys.len() {
            self.index.push(u16::try_from(self.headers.len() - 1).expect("a chunk has no more batches than rows"));
        }
        self.bytes += batch.bytes;
        self.max_timestamp = self.max_timestamp.max(max_timestamp);
    }

    /// The batch with this row, which is here.
    #[inline]
    pub fn batch_with(&self, row: u64) -> usize {
        let row = (row - self.first_row) as usize;
        let mut batch = usize::from(self.index[row / INDEX_ROWS]);
        while let Some(next) = self.headers.get(batch + 1)
            && next.row as usize <= row
        {
            batch += 1;
        }
        batch
    }

    /// The last batch that begins at or before this position, which is at or after the chunk's.
    pub fn batch_before(&self, position: u64) -> usize {
        let position = position - self.first_position;
        self.headers.partition_point(|header| u64::from(header.position) <= position) - 1
    }

    /// The first row of a batch, or the end after the last.
    #[inline]
    pub fn row_of(&self, batch: usize) -> u64 {
        self.headers.get(batch).map_or(self.end_row(), |header| self.first_row + u64::from(header.row))
    }

    /// Where a batch begins, in bytes, or the end after the last.
    #[inline]
    pub fn position_of(&self, batch: usize) -> u64 {
        self.headers.get(batch).map_or(self.end_position(), |header| self.first_position + u64::from(header.position))
    }

    /// The records of a batch whose rows, counted over the whole log, are in the range; the first of them is given an offset.
    #[inline]
    pub fn view(&self, batch: usize, rows: Range<u64>, base_offset: Offset) -> RecordBatch<'_> {
        let header = &self.headers[batch];
        let rows = (rows.start - self.first_row) as usize..(rows.end - self.first_row) as usize;
        let end = self.headers.get(batch + 1).map_or(self.bytes, |next| next.position);
        RecordBatch {
            base_offset,
            log_append_time: (header.flags & APPEND_TIME != 0).then(|| self.append_times[batch]),
            data: BatchData {
                producer: ProducerId(header.producer.into()),
                base_time: header.base_time,
                deltas: if header.flags & WIDE == 0 {
                    Deltas::Narrow(&self.deltas[rows.clone()])
                } else {
                    let first = header.row as usize;
                    let wide = self.deltas[first] as usize;
                    Deltas::Wide(&self.wide[wide + rows.start - first..wide + rows.end - first])
                },
                keys: &self.keys[rows.clone()],
                sizes: if header.flags & SIZED == 0 { Sizes::Fixed(header.value_size) } else { Sizes::Each(&self.sizes[rows.clone()]) },
                types: if header.flags & TYPED == 0 { &[] } else { &self.types[rows] },
                bytes: end - header.position,
            },
        }
    }

    /// Cuts off this row and all after it; it is the first of a batch, or the end.
    pub fn truncate(&mut self, row: u64) {
        let rows = (row - self.first_row) as usize;
        let batches = self.headers.partition_point(|header| (header.row as usize) < rows);
        assert!(self.row_of(batches) == row, "a log's records are cut between two batches");
        if let Some(cut) = self.headers.get(batches) {
            self.bytes = cut.position;
        }
        if let Some(cut) = self.headers[batches..].iter().find(|header| header.flags & WIDE != 0) {
            self.wide.truncate(self.deltas[cut.row as usize] as usize);
        }
        self.headers.truncate(batches);
        self.index.truncate(rows.div_ceil(INDEX_ROWS));
        self.append_times.truncate(batches);
        self.deltas.truncate(rows);
        self.keys.truncate(rows);
        self.sizes.truncate(rows);
        self.types.truncate(rows);
    }

    /// Bytes of memory held, used or not.
    pub fn memory(&self) -> usize {
        self.headers.capacity() * size_of::<Header>()
            + (self.deltas.capacity() + self.keys.capacity() + self.sizes.capacity()) * size_of::<u32>()
            + (self.wide.capacity() + self.append_times.capacity()) * size_of::<u64>()
            + self.index.capacity() * size_of::<u16>()
            + self.types.capacity()
    }
}

/// With many partitions most batches hold one record, and a copy of memory is more than that needs.
#[inline(always)]
fn extend(column: &mut Vec<u32>, values: &[u32]) {
    match values {
        [one] => column.push(*one),
        many => column.extend_from_slice(many),
    }
}

//! Reading a log: batch after batch, as views of the columns.
//! Kafka: `RecordBatchIterator`.
//! Holds: an offset is looked up once for each stretch of rows; from there reading is contiguous and copies nothing.

use super::super::id::Offset;
use super::chunk::Chunk;
use super::file_records::{FileRecords, RecordsSlice};
use super::memory_records::RecordBatch;

/// See [`FileRecords::batches`].
#[derive(Clone)]
pub struct RecordBatchIterator<'a> {
    records: &'a FileRecords,
    /// What is still to come.
    slice: RecordsSlice,
    /// Where the rows that are being read end, as an offset.
    piece_end: Offset,
    shift: u64,
    chunk: &'a Chunk,
    chunk_index: usize,
    /// The next one.
    batch: usize,
}

impl<'a> RecordBatchIterator<'a> {
    #[inline]
    pub(super) fn new(records: &'a FileRecords, slice: RecordsSlice) -> Self {
        let chunk_index = records.open_chunk();
        // No piece is entered yet: the first batch that is asked for is looked up.
        RecordBatchIterator { records, slice, piece_end: slice.start, shift: 0, chunk: records.chunk(chunk_index), chunk_index, batch: 0 }
    }

    /// Finds the next offset.
    fn enter_piece(&mut self) -> bool {
        let piece = self.records.piece(self.slice.branch, self.slice.start);
        if piece.start >= self.slice.end {
            return false;
        }
        self.slice.start = piece.start;
        self.piece_end = piece.end.min(self.slice.end);
        self.shift = piece.shift;
        let row = piece.row(piece.start);
        self.chunk_index = self.records.chunk_with(row);
        self.chunk = self.records.chunk(self.chunk_index);
        self.batch = self.chunk.batch_with(row);
        true
    }

    /// Passes over chunks in which nothing is as young as this.
    pub(super) fn skip_chunks_before(&mut self, timestamp: u64) {
        loop {
            if self.slice.is_empty() || (self.slice.start >= self.piece_end && !self.enter_piece()) {
                return;
            }
            if self.chunk.max_timestamp.as_millis() >= timestamp {
                return;
            }
            self.slice.start = self.chunk.end_row().wrapping_add(self.shift).min(self.piece_end);
            self.next_chunk();
        }
    }

    #[inline]
    fn next_chunk(&mut self) {
        if self.chunk_index < self.records.open_chunk() {
            self.chunk_index += 1;
            self.chunk = self.records.chunk(self.chunk_index);
            self.batch = 0;
        }
    }
}

impl<'a> Iterator for RecordBatchIterator<'a> {
    type Item = RecordBatch<'a>;

    #[inline]
    fn next(&mut self) -> Option<RecordBatch<'a>> {
        if self.slice.start >= self.piece_end && (self.slice.is_empty() || !self.enter_piece()) {
            return None;
        }
        let (chunk, batch) = (self.chunk, self.batch);
        let first = self.slice.start;
        let end = chunk.row_of(batch + 1).wrapping_add(self.shift).min(self.piece_end);
        self.slice.start = end;
        self.batch += 1;
        if self.batch == chunk.len() {
            self.next_chunk();
        }
        Some(chunk.view(batch, first.wrapping_sub(self.shift)..end.wrapping_sub(self.shift), first))
    }
}

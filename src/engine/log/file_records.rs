//! Every record that a partition's log ever held: the bytes of a log, as history.
//! Kafka: `FileRecords`, without files. Left out: compaction, which takes records out of the middle.
//!
//! History is not part of a checkpoint. A checkpoint keeps a log's [`Tail`], which says how much had been written then. After a
//! rewind the tail is short again, the run goes on as it did before, and what it appends is found to be here already; only when
//! the past has been changed is the rest forgotten ([`FileRecords::forget_after`]).
//!
//! A log that is truncated and written again branches: what was cut off stays, for whoever rewinds to it, and the new records
//! make a branch that grows from where the old one was cut. An offset is found by its branch, so a [`RecordsSlice`] means
//! the same records for ever, whatever happens to the log.
//!
//! Holds: rows are only added; appending allocates nothing for a batch; finding an offset is a binary search, reading on from
//! there is contiguous.

use super::super::id::Offset;
use super::super::time::Instant;
use super::chunk::Chunk;
use super::memory_records::{BatchData, RecordBatch};
use super::record_batch_iterator::RecordBatchIterator;
use std::sync::Arc;

/// The records of one partition. Each has a row, in the order in which they were written; for a log that was never truncated
/// rows are offsets.
#[derive(Clone, Debug)]
pub struct FileRecords {
    sealed: Vec<Arc<Chunk>>,
    open: Chunk,
    branches: Vec<Branch>,
    /// The leader epoch of the rows from the given one on.
    epochs: Vec<(u64, u32)>,
}

/// Rows that follow each other in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Branch {
    first_offset: Offset,
    first_row: u64,
    /// The branch that it grows from, and the offset at which that one is cut.
    parent: Option<(u32, Offset)>,
}

/// How far a log has been written: the part of a log's state that says which records are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    branch: u32,
    /// Branches and rows that were made so far, by this log and its truncated past.
    branches: u32,
    rows: u64,
    /// After the last record of the log, which a log end can be past.
    end: Offset,
}

/// Records in a log from one offset to another: what a fetch returns. Small, and valid for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordsSlice {
    pub(super) branch: u32,
    pub start: Offset,
    /// Exclusive.
    pub end: Offset,
}

/// What the broker adds to a batch when it appends it.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub base_offset: Offset,
    pub leader_epoch: u32,
    /// The timestamp of all records, with `message.timestamp.type=LogAppendTime`.
    pub log_append_time: Option<Instant>,
    /// The youngest timestamp.
    pub max_timestamp: Instant,
}

/// How much a read may return.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimit {
    /// Only batches that end at or before this offset.
    pub end: Offset,
    pub max_bytes: u32,
    /// The first batch even if it is larger than `max_bytes`.
    pub min_one_message: bool,
}

impl Default for Tail {
    /// A log that was never written to.
    fn default() -> Self {
        Tail { branch: 0, branches: 1, rows: 0, end: 0 }
    }
}

impl Tail {
    /// The offset after the last record.
    pub fn end(&self) -> Offset {
        self.end
    }

    /// The records from one offset to another, as far as they are written.
    #[inline]
    pub fn slice(&self, start: Offset, end: Offset) -> RecordsSlice {
        let end = end.min(self.end);
        RecordsSlice { branch: self.branch, start: start.min(end), end }
    }

    /// Takes out the record at this offset and all after it, and with them the whole batch that it is in.
    pub fn truncate(&mut self, records: &FileRecords, offset: Offset) {
        self.end = records.boundary(self.branch, offset, self.end);
    }

    /// Takes out all records.
    pub fn truncate_fully(&mut self) {
        self.end = 0;
    }
}

impl RecordsSlice {
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// The rest from an offset on.
    #[inline]
    pub fn starting_at(self, offset: Offset) -> RecordsSlice {
        RecordsSlice { start: self.start.max(offset).min(self.end), ..self }
    }

    /// The part before an offset.
    #[inline]
    pub fn ending_at(self, offset: Offset) -> RecordsSlice {
        RecordsSlice { end: self.end.min(offset).max(self.start), ..self }
    }
}

impl Default for FileRecords {
    fn default() -> Self {
        Self::new()
    }
}

impl FileRecords {
    pub fn new() -> Self {
        FileRecords {
            sealed: Vec::new(),
            open: Chunk::first(),
            branches: vec![Branch { first_offset: 0, first_row: 0, parent: None }],
            epochs: Vec::new(),
        }
    }

    /// Appends a batch to the log with this tail, or finds that it is here already.
    #[inline]
    pub fn append(&mut self, tail: &mut Tail, stamp: Stamp, batch: &BatchData<'_>) {
        batch.check();
        let grown = &self.branches[tail.branch as usize];
        let follows = stamp.base_offset == tail.end && tail.end.wrapping_sub(grown.first_offset).wrapping_add(grown.first_row) == tail.rows;
        if !follows {
            self.branch(tail, stamp.base_offset);
        }
        let row = tail.rows;
        tail.rows += batch.len() as u64;
        tail.end = stamp.base_offset + batch.len() as Offset;
        if row < self.open.end_row() {
            debug_assert!(
                self.has(row, tail.branch, stamp, batch),
                "a run that was rewound does again what it did: offset {}",
                stamp.base_offset
            );
            return;
        }
        if self.epochs.last().is_none_or(|&(_, epoch)| epoch != stamp.leader_epoch) {
            self.epochs.push((row, stamp.leader_epoch));
        }
        if !self.open.has_room(batch.len(), batch.bytes) {
            self.seal();
        }
        self.open.append(batch, stamp.log_append_time, stamp.max_timestamp);
    }

    #[cold]
    fn seal(&mut self) {
        let next = self.open.next();
        self.sealed.push(Arc::new(std::mem::replace(&mut self.open, next)));
    }

    /// Begins a branch at the end of what is left of a log that was truncated.
    #[cold]
    fn branch(&mut self, tail: &mut Tail, first_offset: Offset) {
        let mut parent = Some((tail.branch, tail.end));
        // A branch of which nothing is left is passed over: its own parent is the one to grow from.
        while let Some((branch, end)) = parent {
            let grown = &self.branches[branch as usize];
            if end > grown.first_offset {
                break;
            }
            parent = grown.parent.map(|(branch, cut)| (branch, cut.min(end)));
        }
        let branch = Branch { first_offset, first_row: tail.rows, parent };
        tail.branch = tail.branches;
        tail.branches += 1;
        match self.branches.get(tail.branch as usize) {
            Some(made) => assert!(*made == branch, "a run that was rewound truncates its logs as it did"),
            None => self.branches.push(branch),
        }
    }

    /// Whether this batch is at this row.
    fn has(&self, row: u64, branch: u32, stamp: Stamp, batch: &BatchData<'_>) -> bool {
        let end = stamp.base_offset + batch.len() as Offset;
        let there = self.batches(RecordsSlice { branch, start: stamp.base_offset, end }).next();
        there.is_some_and(|there| {
            there.base_offset == stamp.base_offset && there.log_append_time == stamp.log_append_time && there.data.same_records(batch)
        }) && self.leader_epoch_of(row) == stamp.leader_epoch
    }

    /// Forgets everything that was written after a log had this tail: its future will be another.
    pub fn forget_after(&mut self, tail: &Tail) {
        self.branches.truncate(tail.branches as usize);
        let epochs = self.epochs.partition_point(|&(row, _)| row < tail.rows);
        self.epochs.truncate(epochs);
        while self.open.first_row >= tail.rows
            && let Some(chunk) = self.sealed.pop()
        {
            self.open = Arc::unwrap_or_clone(chunk);
        }
        self.open.truncate(tail.rows);
    }

    /// Rows: records that were ever written.
    pub fn len(&self) -> u64 {
        self.open.end_row()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held, used or not.
    pub fn memory(&self) -> usize {
        self.sealed.iter().map(|chunk| chunk.memory()).sum::<usize>() + self.open.memory()
    }

    /// The records of a slice, batch by batch; the first and the last are cut to it.
    #[inline]
    pub fn batches(&self, slice: RecordsSlice) -> RecordBatchIterator<'_> {
        RecordBatchIterator::new(self, slice)
    }

    /// The first record of a slice.
    pub fn first(&self, slice: RecordsSlice) -> Option<RecordBatch<'_>> {
        self.batches(slice).next()
    }

    /// Whole batches of a slice up to a limit, from the one with the first offset of the slice on, and their bytes.
    /// None if there is no record in the slice; an empty slice if a limit is in the way.
    pub fn read(&self, slice: RecordsSlice, limit: ReadLimit) -> Option<(RecordsSlice, u64)> {
        let mut piece = self.piece(slice.branch, slice.start);
        if piece.start >= slice.end {
            return None;
        }
        let end = slice.end.min(limit.end);
        let (chunk, batch) = self.find(piece.row(piece.start));
        let mut position = chunk.position_of(batch);
        let start = piece.offset(chunk.row_of(batch));
        let mut budget = u64::from(limit.max_bytes);
        if limit.min_one_message {
            budget = budget.max(chunk.position_of(batch + 1) - position);
        }
        let mut read = RecordsSlice { branch: slice.branch, start, end: start };
        let mut bytes = 0;
        loop {
            let (row, piece_position) = self.boundary_at(piece.row(piece.end.min(end)));
            let size = piece_position.saturating_sub(position);
            if bytes + size > budget {
                let (row, cut) = self.boundary_before(position + (budget - bytes));
                if cut > position {
                    read.end = piece.offset(row);
                    bytes += cut - position;
                }
                return Some((read, bytes));
            }
            if size > 0 {
                read.end = piece.offset(row);
                bytes += size;
            }
            if piece.end >= end {
                return Some((read, bytes));
            }
            piece = self.piece(slice.branch, piece.end);
            if piece.start >= end {
                return Some((read, bytes));
            }
            position = self.boundary_at(piece.row(piece.start)).1;
        }
    }

    /// Bytes of the whole batches that have records in a slice.
    pub fn size(&self, slice: RecordsSlice) -> u64 {
        self.batches(slice).map(|batch| u64::from(batch.data.bytes)).sum()
    }

    /// The first record of a slice with a timestamp of at least so many milliseconds, in order of offsets.
    pub fn search_for_timestamp(&self, slice: RecordsSlice, timestamp: u64) -> Option<(Offset, Instant)> {
        let mut batches = self.batches(slice);
        loop {
            batches.skip_chunks_before(timestamp);
            let batch = batches.next()?;
            let record = (0..batch.data.len()).find(|&record| batch.timestamp(record).as_millis() >= timestamp);
            if let Some(record) = record {
                return Some((batch.base_offset + record as Offset, batch.timestamp(record)));
            }
        }
    }

    /// The epoch of the leader that appended the record at the start of a slice.
    pub fn leader_epoch(&self, slice: RecordsSlice) -> Option<u32> {
        let piece = self.piece(slice.branch, slice.start);
        (piece.start < slice.end).then(|| self.leader_epoch_of(piece.row(piece.start)))
    }

    fn leader_epoch_of(&self, row: u64) -> u32 {
        self.epochs[self.epochs.partition_point(|&(first, _)| first <= row) - 1].1
    }

    /// The stretch of rows that has an offset of a branch, or the next one after it.
    #[inline]
    pub(super) fn piece(&self, branch: u32, offset: Offset) -> Piece {
        let (mut index, mut end) = (branch, Offset::MAX);
        loop {
            let branch = &self.branches[index as usize];
            match branch.parent {
                Some((parent, cut)) if offset < branch.first_offset.min(cut) => (index, end) = (parent, cut),
                Some(_) | None => {
                    let shift = branch.first_offset.wrapping_sub(branch.first_row);
                    return Piece { start: offset.max(branch.first_offset), end, shift };
                }
            }
        }
    }

    /// The number of the chunk that is appended to.
    #[inline]
    pub(super) fn open_chunk(&self) -> usize {
        self.sealed.len()
    }

    /// A chunk by its number; the one after the last that is sealed is the open one.
    #[inline]
    pub(super) fn chunk(&self, index: usize) -> &Chunk {
        self.sealed.get(index).map_or(&self.open, |chunk| chunk)
    }

    /// The number of the chunk with a row.
    #[inline]
    pub(super) fn chunk_with(&self, row: u64) -> usize {
        if row >= self.open.first_row { self.sealed.len() } else { self.sealed.partition_point(|chunk| chunk.first_row <= row) - 1 }
    }

    /// The batch with a row.
    #[inline]
    fn find(&self, row: u64) -> (&Chunk, usize) {
        let chunk = self.chunk(self.chunk_with(row));
        (chunk, chunk.batch_with(row))
    }

    /// The end of the last batch that is wholly before a row: its row and position.
    #[inline]
    fn boundary_at(&self, row: u64) -> (u64, u64) {
        if row >= self.open.end_row() {
            return (self.open.end_row(), self.open.end_position());
        }
        let (chunk, batch) = self.find(row);
        (chunk.row_of(batch), chunk.position_of(batch))
    }

    /// The last end of a batch at or before a position: its row and position.
    fn boundary_before(&self, position: u64) -> (u64, u64) {
        let index = if position >= self.open.first_position {
            self.sealed.len()
        } else {
            self.sealed.partition_point(|chunk| chunk.first_position <= position) - 1
        };
        let chunk = self.chunk(index);
        let batch = chunk.batch_before(position);
        (chunk.row_of(batch), chunk.position_of(batch))
    }

    /// The end of what is left of a branch that is cut at an offset, with the batch that it falls into.
    fn boundary(&self, branch: u32, offset: Offset, end: Offset) -> Offset {
        let piece = self.piece(branch, offset);
        if piece.start >= end {
            return end;
        }
        if piece.start > offset {
            // The offset is in a gap that a truncation left: what is before it stays whole.
            return offset;
        }
        piece.offset(self.boundary_at(piece.row(offset)).0)
    }
}

/// Offsets from `start` to `end` in rows that follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub start: Offset,
    pub end: Offset,
    /// A row plus this is its offset.
    pub shift: u64,
}

impl Piece {
    #[inline]
    pub fn row(&self, offset: Offset) -> u64 {
        offset.wrapping_sub(self.shift)
    }
    #[inline]
    pub fn offset(&self, row: u64) -> Offset {
        row.wrapping_add(self.shift)
    }
}

//! Which leader wrote what: the first offset of each leader epoch in a log.
//! Kafka: `LeaderEpochFileCache` (KIP-101, KIP-279). Left out: its checkpoint file. Seen in: truncation after a change of leader.
//! Holds: epochs and their start offsets both grow.

use super::super::id::Offset;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEntry {
    pub epoch: u32,
    pub start_offset: Offset,
}

/// An epoch and the offset at which it ends, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetAndEpoch {
    pub offset: Offset,
    pub epoch: u32,
}

/// Shared between a log and its checkpoints: leaders change rarely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochFileCache {
    epochs: Arc<Vec<EpochEntry>>,
}

impl LeaderEpochFileCache {
    pub fn entries(&self) -> &[EpochEntry] {
        &self.epochs
    }

    pub fn earliest_entry(&self) -> Option<EpochEntry> {
        self.epochs.first().copied()
    }

    #[inline]
    pub fn latest_entry(&self) -> Option<EpochEntry> {
        self.epochs.last().copied()
    }

    pub fn latest_epoch(&self) -> Option<u32> {
        self.latest_entry().map(|entry| entry.epoch)
    }

    /// Says that a leader epoch writes from this offset on. Entries that contradict it are removed.
    #[inline]
    pub fn assign(&mut self, epoch: u32, start_offset: Offset) {
        let known = self.latest_entry().is_some_and(|latest| latest.epoch == epoch && latest.start_offset <= start_offset);
        if !known {
            let epochs = Arc::make_mut(&mut self.epochs);
            while epochs.pop_if(|entry| entry.epoch >= epoch || entry.start_offset >= start_offset).is_some() {}
            epochs.push(EpochEntry { epoch, start_offset });
        }
    }

    /// The largest epoch up to the one asked for, and where it ends: at the start of the next, or at the log end.
    /// None for an epoch that is younger than all of the log.
    pub fn end_offset_for(&self, epoch: u32, log_end_offset: Offset) -> Option<OffsetAndEpoch> {
        if self.latest_epoch() == Some(epoch) {
            return Some(OffsetAndEpoch { offset: log_end_offset, epoch });
        }
        let higher = self.epochs.partition_point(|entry| entry.epoch <= epoch);
        let offset = self.epochs.get(higher)?.start_offset;
        // An epoch older than all that are known ends where the first of these begins.
        let floor = higher.checked_sub(1).map_or(epoch, |floor| self.epochs[floor].epoch);
        Some(OffsetAndEpoch { offset, epoch: floor })
    }

    /// The epoch whose leader wrote this offset.
    pub fn epoch_for_offset(&self, offset: Offset) -> Option<u32> {
        let after = self.epochs.partition_point(|entry| entry.start_offset <= offset);
        after.checked_sub(1).map(|entry| self.epochs[entry].epoch)
    }

    /// Forgets all epochs that begin at or after a new log end.
    pub fn truncate_from_end(&mut self, end_offset: Offset) {
        if self.latest_entry().is_some_and(|latest| latest.start_offset >= end_offset) {
            let epochs = Arc::make_mut(&mut self.epochs);
            while epochs.pop_if(|entry| entry.start_offset >= end_offset).is_some() {}
        }
    }

    /// Forgets all epochs that end before a new log start; the one it falls into begins there now.
    pub fn truncate_from_start(&mut self, start_offset: Offset) {
        let after = self.epochs.partition_point(|entry| entry.start_offset <= start_offset);
        if after > 0 {
            let epochs = Arc::make_mut(&mut self.epochs);
            epochs.drain(..after - 1);
            epochs[0].start_offset = start_offset;
        }
    }

    pub fn clear(&mut self) {
        self.epochs = Arc::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{EpochEntry, LeaderEpochFileCache, OffsetAndEpoch};

    fn cache(entries: &[(u32, u64)]) -> LeaderEpochFileCache {
        let mut cache = LeaderEpochFileCache::default();
        for &(epoch, start_offset) in entries {
            cache.assign(epoch, start_offset);
        }
        cache
    }

    fn entries(cache: &LeaderEpochFileCache) -> Vec<(u32, u64)> {
        cache.entries().iter().map(|&EpochEntry { epoch, start_offset }| (epoch, start_offset)).collect()
    }

    #[test]
    fn an_epoch_that_wrote_nothing_leaves_no_entry() {
        assert_eq!(entries(&cache(&[(0, 0), (1, 5), (2, 5), (2, 9)])), [(0, 0), (2, 5)]);
    }

    #[test]
    fn an_epoch_older_than_all_that_are_known_ends_where_they_begin() {
        let end = cache(&[(3, 10), (4, 20)]).end_offset_for(1, 30);
        assert_eq!(end, Some(OffsetAndEpoch { offset: 10, epoch: 1 }));
    }

    #[test]
    fn the_log_start_cuts_into_an_epoch() {
        let mut cache = cache(&[(0, 0), (1, 5), (2, 9)]);
        cache.truncate_from_start(7);
        assert_eq!(entries(&cache), [(1, 7), (2, 9)]);
        cache.truncate_from_end(9);
        assert_eq!(entries(&cache), [(1, 7)]);
        assert_eq!((cache.epoch_for_offset(6), cache.epoch_for_offset(8)), (None, Some(1)));
    }
}

//! `buffer.memory`: what all batches of a producer together may hold, from their creation until they are answered.
//! Kafka: `BufferPool`. Left out: the buffers themselves; here they are only counted.
//! Holds: what is given back was taken.

#[derive(Clone, Debug)]
pub struct BufferPool {
    total: u64,
    available: u64,
    /// Calls of `send` that wait for memory.
    queued: u32,
}

impl BufferPool {
    /// A pool of `buffer.memory` bytes.
    pub fn new(total: u64) -> Self {
        BufferPool { total, available: total, queued: 0 }
    }

    /// Whether so much could be taken now.
    pub fn has(&self, bytes: u32) -> bool {
        u64::from(bytes) <= self.available
    }

    pub fn allocate(&mut self, bytes: u32) {
        assert!(self.has(bytes), "memory is taken only where there is some");
        self.available -= u64::from(bytes);
    }

    pub fn deallocate(&mut self, bytes: u32) {
        self.available += u64::from(bytes);
        assert!(self.available <= self.total, "only what was taken is given back");
    }

    pub fn available_memory(&self) -> u64 {
        self.available
    }

    pub fn queued(&self) -> u32 {
        self.queued
    }

    pub fn set_queued(&mut self, queued: u32) {
        self.queued = queued;
    }
}

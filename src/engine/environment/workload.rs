//! What one instance of a producer is asked to send: moments, entities, keys, sizes, types, in order of time.
//! Kafka has no class for it: it is the application that calls `send`. Left out: load that waits for answers.
//!
//! Record n of an instance has its own address in every stream (`"producer NAME/K keys"`, `… hot`, `… salt`, `… sizes`,
//! and `… arrivals` for gaps), so that a change of the rate, the salt, the sizes or the partitions changes nobody's other
//! draws. With a life, entities' lives arrive at rate ÷ number of types; event k of life i comes k · gap after its start,
//! has the life's entity, and the address i · types + k. Of events at one moment that of the older life comes first.
//!
//! Records are computed in blocks. Holds: block by block and one by one are the same; what lies before a change of the
//! rate stays; times never go back.

use super::arrivals::{Cursor, NEVER};
use super::keys::{KeyTable, Keys};
use super::rate::RateFunction;
use crate::engine::design::{self, Arrivals, Rate};
use crate::engine::random::{Sampler, Seed, Stream};
use crate::engine::time::Instant;
use std::sync::Arc;

/// Records computed at once.
pub const BLOCK: usize = 128;

/// What all instances of a producer share.
#[derive(Debug)]
pub struct Load {
    name: String,
    instances: u32,
    arrivals: Arrivals,
    rate: RateFunction,
    keys: Arc<Keys>,
    sizes: Sampler,
    /// Types of a life and the nanoseconds between two of them; without a life one type.
    types: u8,
    gap: u64,
}

impl Load {
    pub fn new(producer: &design::Producer) -> Arc<Load> {
        let (types, gap) = match &producer.life {
            Some(life) => (u8::try_from(life.types.len()).expect("a life has at most 255 types"), life.gap.0),
            None => (1, 0),
        };
        assert!(types > 0, "a life has at least one type");
        Arc::new(Load {
            name: producer.name.clone(),
            instances: producer.instances,
            arrivals: producer.arrivals,
            rate: RateFunction::new(&producer.rate),
            keys: Keys::new(&producer.key),
            sizes: producer.value_size.sampler(),
            types,
            gap,
        })
    }

    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Where the keys lie in a topic of so many partitions; None if records have no key.
    pub fn key_table(&self, partitions: u32) -> Option<Arc<KeyTable>> {
        KeyTable::new(&self.keys, partitions)
    }

    /// Bytes of every value, if they are all the same.
    pub fn fixed_value_size(&self) -> Option<u32> {
        self.sizes.constant().map(clamp_size)
    }

    /// Whether records have types.
    pub fn has_types(&self) -> bool {
        self.types > 1
    }
}

/// One instance's load: a window of computed records that moves along.
#[derive(Clone, Debug)]
pub struct Workload {
    load: Arc<Load>,
    rate: RateFunction,
    streams: Streams,
    /// Where the block in hand begins, and where it ends: one cursor for each type. The starts of lives are walked once
    /// for each type, so that the events of all lives merge without a memory of open ones.
    start: Box<[Cursor]>,
    end: Box<[Cursor]>,
    block: Columns,
    /// Records of the block that have been taken.
    taken: usize,
    consumed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Streams {
    keys: Stream,
    hot: Stream,
    salt: Stream,
    sizes: Stream,
}

#[derive(Clone, Debug)]
struct Columns {
    len: usize,
    times: [u64; BLOCK],
    keys: [u32; BLOCK],
    sizes: [u32; BLOCK],
    types: [u8; BLOCK],
}

/// The next records, as columns of one length.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Nanoseconds since the start of the run, ascending.
    pub times: &'a [u64],
    /// Key ids (see [`Keys`]), also where records are sent without a key.
    pub keys: &'a [u32],
    /// Bytes of the value.
    pub sizes: &'a [u32],
    /// Place in the list of types; 0 without a life.
    pub types: &'a [u8],
}

impl Workload {
    pub fn new(load: &Arc<Load>, seed: Seed, instance: u32) -> Self {
        let stream = |purpose: &str| seed.stream(&format!("producer {}/{instance} {purpose}", load.name));
        let gaps = stream("arrivals");
        let cursor = Cursor::new(load.arrivals, &load.rate, gaps, instance, load.instances, u32::from(load.types));
        let cursors = vec![cursor; usize::from(load.types)].into_boxed_slice();
        let mut workload = Workload {
            load: Arc::clone(load),
            rate: load.rate.clone(),
            streams: Streams { keys: stream("keys"), hot: stream("hot"), salt: stream("salt"), sizes: stream("sizes") },
            start: cursors.clone(),
            end: cursors,
            block: Columns { len: 0, times: [0; BLOCK], keys: [0; BLOCK], sizes: [0; BLOCK], types: [0; BLOCK] },
            taken: 0,
            consumed: 0,
        };
        workload.compute_block();
        workload
    }

    pub fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// When the next record comes; `Instant::MAX` if none does at the rates as they are.
    #[inline]
    pub fn peek(&self) -> Instant {
        Instant(if self.taken < self.block.len { self.block.times[self.taken] } else { NEVER })
    }

    /// The next records, at least one if there is one.
    #[inline]
    pub fn block(&self) -> Block<'_> {
        let (columns, range) = (&self.block, self.taken..self.block.len);
        Block {
            times: &columns.times[range.clone()],
            keys: &columns.keys[range.clone()],
            sizes: &columns.sizes[range.clone()],
            types: &columns.types[range],
        }
    }

    /// The next `records` of the block are done with.
    #[inline]
    pub fn consume(&mut self, records: usize) {
        self.taken += records;
        self.consumed += records as u64;
        assert!(self.taken <= self.block.len, "only records of the block are consumed");
        if self.taken == self.block.len {
            self.next_block();
        }
    }

    /// Records consumed since the start.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// From `at` on the rate of all instances together is another one, or the curve again. What comes up to `at` stays;
    /// nothing after `at` may have been consumed.
    pub fn set_rate(&mut self, at: Instant, rate: Option<Rate>) {
        assert!(self.taken == 0 || self.block.times[self.taken - 1] <= at.0, "the past does not change");
        self.rate.change(at, rate);
        // What is already consumed comes out the same, because it lies before the change.
        for cursor in &mut self.start {
            cursor.rate_changed(&self.rate);
        }
        self.end.clone_from(&self.start);
        self.compute_block();
        if self.taken == self.block.len {
            self.next_block();
        }
    }

    /// Records a second that all instances together are asked for.
    pub fn rate_at(&self, now: Instant) -> f64 {
        self.rate.rate_at(now)
    }

    fn next_block(&mut self) {
        self.start.clone_from(&self.end);
        self.taken = 0;
        self.compute_block();
    }

    /// From the cursors at `end` (equal to `start`) to the next block and the cursors behind it.
    fn compute_block(&mut self) {
        if self.load.types == 1 {
            self.compute_records();
        } else {
            self.compute_events();
        }
    }

    fn compute_records(&mut self) {
        let cursor = &mut self.end[0];
        let first = cursor.index();
        let block = &mut self.block;
        block.len = cursor.fill(&self.rate, &mut block.times);
        let keys = &*self.load.keys;
        let mut draws = [0; BLOCK];
        let draws = &mut draws[..block.len];
        self.streams.keys.fill(first, draws);
        keys.entities_of(draws, self.streams.hot, first, &mut block.keys[..block.len]);
        if keys.is_salted() {
            self.streams.salt.fill(first, draws);
            for (key, draw) in block.keys.iter_mut().zip(draws.iter()) {
                *key = keys.salted(*key, *draw);
            }
        }
        match self.load.fixed_value_size() {
            Some(size) => block.sizes[..block.len].fill(size),
            None => {
                self.streams.sizes.fill(first, draws);
                self.load.sizes.values(draws);
                for (size, value) in block.sizes.iter_mut().zip(draws.iter()) {
                    *size = clamp_size(*value);
                }
            }
        }
    }

    /// Merges the types: the starts of lives, each type a whole number of gaps later.
    fn compute_events(&mut self) {
        let types = usize::from(self.load.types);
        let ahead = (BLOCK / types).max(LEAST_AHEAD);
        let mut starts = [0; u8::MAX as usize * LEAST_AHEAD];
        let mut known = [0; u8::MAX as usize];
        let mut used = [0; u8::MAX as usize];
        for (kind, cursor) in self.end.iter().enumerate() {
            known[kind] = cursor.clone().fill(&self.rate, &mut starts[kind * ahead..(kind + 1) * ahead]);
        }
        let block = &mut self.block;
        block.len = 0;
        while block.len < BLOCK {
            let next = (0..types)
                .filter(|&kind| used[kind] < known[kind])
                .map(|kind| {
                    let at = starts[kind * ahead + used[kind]].saturating_add(kind as u64 * self.load.gap);
                    (at, self.end[kind].index() + used[kind] as u64, kind)
                })
                .min();
            let Some((at, life, kind)) = next else { break };
            let record = life * types as u64 + kind as u64;
            let entity = self.load.keys.entity(self.streams.keys.at(life), || self.streams.hot.at(life));
            block.times[block.len] = at;
            block.keys[block.len] =
                if self.load.keys.is_salted() { self.load.keys.salted(entity, self.streams.salt.at(record)) } else { entity };
            block.sizes[block.len] = clamp_size(self.load.sizes.value(self.streams.sizes.at(record)));
            block.types[block.len] = kind as u8;
            block.len += 1;
            used[kind] += 1;
            // What follows the last known start of a type is not known here, unless there is none.
            if used[kind] == ahead {
                break;
            }
        }
        for (kind, cursor) in self.end.iter_mut().enumerate() {
            let walked = cursor.fill(&self.rate, &mut starts[..used[kind]]);
            assert_eq!(walked, used[kind], "a copy of a cursor gives the same moments");
        }
    }
}

/// Starts of lives that are looked at for each type, at least.
const LEAST_AHEAD: usize = 8;

/// A size fits in 32 bits, as in Kafka.
fn clamp_size(size: u64) -> u32 {
    size.min(i32::MAX as u64) as u32
}

#[cfg(test)]
mod tests;

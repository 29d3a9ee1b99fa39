//! A run: the world, its history, its checkpoints. Runs forwards by events, backwards by restoring and running again.

use super::design::{Action, Design};
use super::id::ObservationId;
use super::observe::metric::{Labels, Metric};
use super::observe::observation::Observation;
use super::observe::series::SeriesTable;
use super::observe::snapshot::Snapshot;
use super::time::{Duration, Instant};

#[derive(Clone)]
pub struct Simulation {
    design: Design,
}

/// An intervention can only change what has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InThePast;

/// Whether a budget of events was enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything up to the asked moment has happened.
    Reached,
    /// There is more to do: call again.
    Working,
}

impl Simulation {
    /// A run at time zero, with nothing done yet.
    pub fn new(design: Design) -> Self {
        Simulation { design }
    }
    pub fn design(&self) -> &Design {
        &self.design
    }
    /// The playhead: everything up to and including this moment has happened.
    pub fn now(&self) -> Instant {
        unimplemented!()
    }
    /// Everything up to and including `until` (at most the run's duration) happens; the playhead is there.
    pub fn run_until(&mut self, until: Instant) {
        let _ = until;
        unimplemented!()
    }
    /// The same in slices: at most about `budget` records and events at a time.
    pub fn run_towards(&mut self, until: Instant, budget: u64) -> Progress {
        let _ = (until, budget);
        unimplemented!()
    }
    /// The moment of the next event after the playhead, for stepping.
    pub fn next_event_at(&self) -> Option<Instant> {
        unimplemented!()
    }
    /// Moves the playhead back (or forth, over what has been run) and re-runs from the nearest checkpoint: exact.
    /// In slices when `budget` is set: call `run_towards` on until it is reached.
    pub fn rewind_to(&mut self, at: Instant) {
        let _ = at;
        unimplemented!()
    }
    /// A second run with the same past.
    pub fn fork(&self) -> Simulation {
        self.clone()
    }
    /// Adds a line to the end of the timeline, at a moment after the playhead. What had been computed beyond it is forgotten.
    pub fn intervene(&mut self, at: Instant, action: Action, lasts: Option<Duration>) -> Result<(), InThePast> {
        let _ = (at, action, lasts);
        unimplemented!()
    }
    /// Where the run is equal to another: the same text, variant, seed and version give the same, natively and in wasm,
    /// whole, in slices, rewound or forked. 16 hexadecimal digits when printed.
    pub fn fingerprint(&mut self) -> u64 {
        unimplemented!()
    }
    pub fn snapshot(&mut self) -> Snapshot {
        unimplemented!()
    }
    /// All samples up to the playhead.
    pub fn series(&self) -> &SeriesTable {
        unimplemented!()
    }
    /// All observations up to the playhead, in order; an `ObservationId` is a place in it.
    pub fn observations(&self) -> &[Observation] {
        unimplemented!()
    }
    pub fn observation(&self, id: ObservationId) -> &Observation {
        &self.observations()[id.index()]
    }
    /// Every counter at the playhead, with all its labels.
    pub fn totals(&mut self) -> Vec<(Metric, Labels, f64)> {
        unimplemented!()
    }
    /// Records handled plus events processed since the start of the process: work done, for progress and speed.
    pub fn work(&self) -> u64 {
        unimplemented!()
    }
    /// The name of a key (`user_id-17`, `acme`) of a producer's entity, for sentences.
    pub fn entity_name(&self, producer: super::id::ProducerId, entity: u32) -> String {
        let _ = (producer, entity);
        unimplemented!()
    }
}

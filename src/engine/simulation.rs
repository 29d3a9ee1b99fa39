//! A run: the world, its history, its checkpoints. Runs forwards by events, backwards by restoring and running again.
//!
//! Holds: same design, same seed, same interventions, same fingerprint: whole or in slices, rewound, forked or straight.

use super::design::{Action, Design, TimelineEntry, When};
use super::id::{ObservationId, ProducerId};
use super::invariant::Invariants;
use super::observe::metric::{Labels, Metric};
use super::observe::observation::Observation;
use super::observe::sampler;
use super::observe::series::SeriesTable;
use super::observe::snapshot::Snapshot;
use super::plan::Plan;
use super::time::{Duration, Instant};
use super::timeline::Stage;
use super::world::{History, Pool, World};
use std::sync::Arc;

/// A run and everything that is known of it.
#[derive(Clone)]
pub struct Simulation {
    plan: Arc<Plan>,
    world: World,
    history: History,
    /// In order of time; the first is the beginning.
    checkpoints: Vec<World>,
    /// Work between two checkpoints; `u64::MAX`: none but the beginning.
    spacing: u64,
    /// Work done by this process, which rewinding does not undo.
    work: u64,
    pool: Pool,
    invariants: Invariants,
}

/// An intervention can only change what has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InThePast;

/// Whether a budget of work was enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything up to the asked moment has happened.
    Reached,
    /// There is more to do: call again.
    Working,
}

/// Records and events between two checkpoints: wasm runs them again in some 20 ms.
const CHECKPOINT_SPACING: u64 = 250_000;

impl Simulation {
    /// A run at time zero, with nothing done yet.
    pub fn new(design: Design) -> Self {
        let plan = Arc::new(Plan::new(design));
        let mut history = History::default();
        let world = World::new(&plan, &mut history);
        let checkpoints = vec![world.clone()];
        Simulation {
            plan,
            world,
            history,
            checkpoints,
            spacing: CHECKPOINT_SPACING,
            work: 0,
            pool: Vec::new(),
            invariants: Invariants::default(),
        }
    }

    /// The same without checkpoints: for runs that are never rewound.
    pub fn without_checkpoints(design: Design) -> Self {
        Simulation { spacing: u64::MAX, ..Simulation::new(design) }
    }

    pub fn design(&self) -> &Design {
        &self.plan.design
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The playhead: everything up to and including this moment has happened.
    pub fn now(&self) -> Instant {
        self.world.now
    }

    /// The end of the run.
    pub fn end(&self) -> Instant {
        Instant::ZERO + self.plan.design.duration
    }

    /// Everything up to and including `until` (at most the run's duration) happens; the playhead is there.
    pub fn run_until(&mut self, until: Instant) {
        while self.run_towards(until, u64::MAX) == Progress::Working {}
    }

    /// The same in slices of about `budget` records and events.
    pub fn run_towards(&mut self, until: Instant, budget: u64) -> Progress {
        let until = until.min(self.end());
        let plan = Arc::clone(&self.plan);
        let before = self.world.work;
        if cfg!(debug_assertions) {
            self.invariants.begin(&self.world);
        }
        let stop = before.saturating_add(budget.max(1));
        let progress = loop {
            let event = self.world.queue.next_at();
            let intervention = self.world.timeline.next_at();
            let sample = self.world.sampler.next_at();
            let next = event.min(intervention).min(sample);
            if next > until {
                self.world.now = until.max(self.world.now);
                break Progress::Reached;
            }
            if intervention <= next {
                let due = self.world.timeline.pop().expect("something is due");
                let mut stage = Stage { world: &mut self.world, plan: &plan, history: &mut self.history, pool: &mut self.pool };
                stage.intervene(due);
            } else if event <= next {
                let horizon = self.world.timeline.horizon(sample);
                self.world.step(&plan, &mut self.history, horizon, &mut self.pool);
            } else {
                self.world.now = sample;
                self.world.work += 1;
                sampler::sample(&mut self.world, &plan, &mut self.history);
                if self.world.timeline.has_conditions() {
                    self.history.series.lay_out();
                    sampler::ask_conditions(&mut self.world, &plan, &self.history);
                }
                if cfg!(debug_assertions) {
                    self.invariants.at_sample(&self.world, &plan, &self.history);
                }
            }
            if cfg!(debug_assertions) {
                self.invariants.after_event(&self.world, &plan);
            }
            self.keep_checkpoint();
            if self.world.work >= stop {
                break Progress::Working;
            }
        };
        self.history.series.lay_out();
        self.work += self.world.work - before;
        progress
    }

    #[inline]
    fn keep_checkpoint(&mut self) {
        let last = self.checkpoints.last().expect("the beginning is always there");
        if self.world.work >= last.work.saturating_add(self.spacing) {
            self.checkpoints.push(self.world.clone());
        }
    }

    /// The moment of the next event after the playhead, for stepping.
    pub fn next_event_at(&self) -> Option<Instant> {
        let next = self.world.queue.next_at().min(self.world.timeline.next_at()).min(self.world.sampler.next_at());
        (next <= self.end()).then_some(next)
    }

    /// Moves the playhead to any moment, back or forth, from the nearest checkpoint: exact.
    pub fn rewind_to(&mut self, at: Instant) {
        self.restore(at);
        self.run_until(at);
    }

    /// The first half of a seek: the playhead is at the last checkpoint before `at`, or stays if that is nearer.
    /// Then `run_towards(at, …)` in slices.
    pub fn restore(&mut self, at: Instant) {
        let place = self.checkpoints.partition_point(|checkpoint| checkpoint.now <= at) - 1;
        let checkpoint = &self.checkpoints[place];
        if self.world.now <= at && checkpoint.now <= self.world.now {
            return;
        }
        self.world = checkpoint.clone();
        self.history.series.show(self.world.sampler.samples());
    }

    /// A second run with the same past.
    pub fn fork(&self) -> Simulation {
        self.clone()
    }

    /// Adds a line to the end of the timeline, at a moment after the playhead. What had been computed beyond it is forgotten.
    pub fn intervene(&mut self, at: Instant, action: Action, lasts: Option<Duration>) -> Result<(), InThePast> {
        let now = self.now();
        if at <= now {
            return Err(InThePast);
        }
        let plan = Arc::make_mut(&mut self.plan);
        let id = format!("timeline[{}]", plan.design.timeline.len());
        let entry = TimelineEntry { id, when: When::At { at, every: Duration::ZERO, times: 1 }, action, lasts };
        // Nodes may have computed beyond `at` already: they do it again, knowing of it. Later checkpoints are of another future.
        self.checkpoints.retain(|checkpoint| checkpoint.now <= now && checkpoint.computed_until() < at);
        for checkpoint in &mut self.checkpoints {
            checkpoint.timeline.add(&entry);
        }
        plan.design.timeline.push(entry);
        self.world = self.checkpoints.last().expect("the beginning is always there").clone();
        self.history.forget_future(&self.world);
        self.run_until(now);
        Ok(())
    }

    /// Where the run is equal to another: the same text, variant, seed and version give the same, natively and in wasm,
    /// whole, in slices, rewound or forked. 16 hexadecimal digits when printed.
    pub fn fingerprint(&mut self) -> u64 {
        self.world.settle(&self.plan, &self.history);
        self.world.fingerprint()
    }

    pub fn snapshot(&mut self) -> Snapshot {
        self.world.settle(&self.plan, &self.history);
        self.world.snapshot(&self.plan)
    }

    /// All samples up to the playhead.
    pub fn series(&self) -> &SeriesTable {
        &self.history.series
    }

    /// All observations up to the playhead, in order; an `ObservationId` is a place in it.
    pub fn observations(&self) -> &[Observation] {
        &self.history.observations[..self.world.books.observations as usize]
    }

    pub fn observation(&self, id: ObservationId) -> &Observation {
        &self.observations()[id.index()]
    }

    /// Every counter at the playhead, with all its labels.
    pub fn totals(&mut self) -> Vec<(Metric, Labels, f64)> {
        self.world.settle(&self.plan, &self.history);
        self.world.totals(&self.plan)
    }

    /// Records and events of this process so far: for progress and speed.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// The name of a key (`user_id-17`, `acme`) of a producer's entity, for sentences.
    pub fn entity_name(&self, producer: ProducerId, entity: u32) -> String {
        let sender = self.world.senders.iter().find(|sender| sender.producer() == producer);
        sender.map_or_else(String::new, |sender| sender.entity_name(entity))
    }
}

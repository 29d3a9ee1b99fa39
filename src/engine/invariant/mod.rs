//! What must hold at any moment, whatever goes wrong. Checked after each event wherever debug assertions are on, so in all tests.
//!
//! Cheap by design: an event is held against what the node that acted may have changed. What needs the whole run (nothing is
//! unaccounted for) is checked at samples and at the end.

pub mod effect;
pub mod group;
pub mod log;

use super::plan::Plan;
use super::world::{History, LogGauges, World};

/// What was seen after the event before.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    logs: Vec<LogGauges>,
}

impl Invariants {
    /// After a restore: what comes is held against the world as it is now.
    pub fn begin(&mut self, world: &World) {
        self.logs.clone_from(&world.books.logs);
    }

    /// After each event.
    pub fn after_event(&mut self, world: &World, plan: &Plan) {
        for (index, now) in world.books.logs.iter().enumerate() {
            log::check(index, &self.logs[index], now);
        }
        self.logs.clone_from(&world.books.logs);
        group::check_progress(world, plan);
    }

    /// At each sample, when everything is settled.
    pub fn at_sample(&self, world: &World, plan: &Plan, history: &History) {
        group::check_owners(world, plan);
        effect::check_accounts(world, plan);
        log::check_accounts(world, plan, history);
    }
}

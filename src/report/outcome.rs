//! What a run gives: everything that a report says about it, gathered once.

use crate::engine::id::GroupId;
use crate::engine::observe::histogram::Histogram;
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::snapshot::EffectSnapshot;
use crate::engine::simulation::Simulation;
use crate::engine::time::Instant;
use crate::scenario::Scenario;
use crate::scenario::expectation::{Evidence, Verdict, judge_all};
use crate::scenario::problem::Problem;
use crate::scenario::read::names::Names;

/// A run up to its playhead, with its verdicts.
pub struct Outcome<'r> {
    pub scenario: &'r Scenario,
    pub variant: Option<&'r str>,
    pub names: &'r Names,
    pub sim: &'r Simulation,
    pub now: Instant,
    pub fingerprint: u64,
    pub verdicts: Vec<Verdict>,
    pub totals: Vec<(Metric, Labels, f64)>,
    /// Latencies over the whole run, warm-up included.
    pub latencies: Vec<(Metric, Labels, Histogram)>,
    /// The effects of each group that must happen once.
    pub ledger: Vec<(GroupId, EffectSnapshot)>,
}

impl<'r> Outcome<'r> {
    pub fn of(scenario: &'r Scenario, variant: Option<&'r str>, sim: &'r mut Simulation) -> Result<Self, Vec<Problem>> {
        let names = scenario.names(variant)?;
        let expectations = scenario.expectations(variant)?;
        let fingerprint = sim.fingerprint();
        let totals = sim.totals();
        let groups = sim.snapshot().groups;
        let ledger = groups.into_iter().flat_map(|group| group.effects.into_iter().map(move |effect| (group.id, effect))).collect();
        let sim: &'r Simulation = sim;
        let latencies = sim.series().latencies.iter().map(|series| {
            let mut all = Histogram::default();
            series.windows().iter().for_each(|window| all.merge(window));
            (series.metric, series.labels.clone(), all)
        });
        let latencies = latencies.collect();
        let mut outcome =
            Outcome { scenario, variant, names, sim, now: sim.now(), fingerprint, verdicts: Vec::new(), totals, latencies, ledger };
        outcome.verdicts = judge_all(expectations, &outcome.evidence());
        Ok(outcome)
    }

    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            design: self.sim.design(),
            names: self.names,
            series: self.sim.series(),
            observations: self.sim.observations(),
            totals: &self.totals,
            now: self.now,
        }
    }

    /// Whether all expectations hold.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(Verdict::holds)
    }
}

//! The small picture of a scenario's lag, from a real run to its end, in slices.

use super::super::frame::Picture;
use super::nanos;
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::simulation::{Progress, Simulation};
use crate::scenario::Scenario;

const VALUES: usize = 120;
const LINES: usize = 24;
const BUDGET: u64 = 4_000;

pub struct Sketch {
    id: String,
    scenario: Scenario,
    sim: Option<Simulation>,
}

impl Sketch {
    pub fn new(id: &str, scenario: Scenario) -> Sketch {
        Sketch { id: id.to_owned(), scenario, sim: None }
    }

    /// Goes on while it may; the picture when the run is over.
    pub fn draw(&mut self, may_go_on: &mut dyn FnMut() -> bool) -> Option<Picture> {
        let scenario = &self.scenario;
        let sim =
            self.sim.get_or_insert_with(|| Simulation::without_checkpoints(scenario.design(None, None).expect("the base is always there")));
        let end = sim.end();
        while sim.run_towards(end, BUDGET) == Progress::Working {
            if !may_go_on() {
                return None;
            }
        }
        let table = sim.series();
        let mut lines: Vec<Vec<Option<f32>>> = table
            .select(Metric::Lag, &Labels::default())
            .map(|series| {
                let values = series.values();
                let every = values.len().div_ceil(VALUES).max(1);
                // The highest of each stretch: a peak is what the picture is about.
                values.chunks(every).map(|part| part.iter().copied().filter(|v| v.is_finite()).map(|v| v as f32).reduce(f32::max)).collect()
            })
            .collect();
        let peak = |line: &Vec<Option<f32>>| line.iter().flatten().copied().fold(0.0, f32::max);
        lines.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
        lines.truncate(LINES);
        let budget = sim.design().groups.iter().filter_map(|group| group.budget.records).min();
        Some(Picture { id: self.id.clone(), lines, duration: nanos(end), budget })
    }
}

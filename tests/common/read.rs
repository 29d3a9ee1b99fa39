//! Reading a run's results in the words of a test.
#![allow(dead_code)] // Each test takes what it needs.

use super::plain_model::{Facts, GroupFacts};
use laglab::engine::design::Design;
use laglab::engine::id::{GroupId, MemberIndex, TopicId, TopicPartition};
use laglab::engine::observe::histogram::Histogram;
use laglab::engine::observe::metric::{Labels, Metric};
use laglab::engine::observe::observation::What;
use laglab::engine::simulation::Simulation;
use laglab::engine::time::Instant;

/// Plays a design from beginning to end.
pub fn play(design: Design) -> Simulation {
    let end = Instant::ZERO + design.duration;
    let mut simulation = Simulation::new(design);
    simulation.run_until(end);
    simulation
}

/// A counter, all its labels added up.
pub fn total(simulation: &mut Simulation, metric: Metric) -> u64 {
    simulation.totals().iter().filter(|(of, ..)| *of == metric).map(|(.., value)| *value as u64).sum()
}

/// The latencies of all records of a group.
pub fn latency(simulation: &Simulation, metric: Metric, group: GroupId) -> Histogram {
    let mut all = Histogram::default();
    for series in &simulation.series().latencies {
        if series.metric == metric && series.labels.group == Some(group) && series.labels.step.is_none() {
            series.windows().iter().for_each(|window| all.merge(window));
        }
    }
    all
}

/// The series of one partition of a group, a value for each sample.
pub fn of_partition(simulation: &Simulation, metric: Metric, group: Option<GroupId>, topic: u32, partition: u32) -> Vec<f64> {
    let labels = Labels { group, topic: Some(TopicId(topic)), partition: Some(partition), ..Labels::default() };
    let table = simulation.series();
    let found: Vec<_> = table.select(metric, &labels).collect();
    let [series] = found[..] else { panic!("{} series of {metric} for partition {partition}, not one", found.len()) };
    let mut values = vec![f64::NAN; series.first];
    values.extend(series.values());
    assert_eq!(values.len(), table.samples, "{metric} has a value for each sample");
    values
}

/// When each member of a group got its first assignment, and what.
pub fn first_assignments(simulation: &Simulation, group: GroupId, members: u32) -> Vec<Option<(Instant, Vec<TopicPartition>)>> {
    let mut assignments = vec![None; members as usize];
    for observation in simulation.observations() {
        if let What::PartitionsAssigned { group: of, member: MemberIndex(member), partitions } = &observation.what
            && *of == group
        {
            assignments[*member as usize].get_or_insert_with(|| (observation.at, partitions.clone()));
        }
    }
    assignments
}

/// What the plain model is told: who leads, who coordinates, and when each member got which partitions.
pub fn facts(run: &mut Simulation) -> Facts {
    let snapshot = run.snapshot();
    let groups = snapshot.groups.iter().map(|group| {
        let members = run.design().groups[group.id.index()].members;
        let assigned = first_assignments(run, group.id, members).into_iter();
        GroupFacts {
            coordinator: group.coordinator.index(),
            assigned: assigned.map(|assigned| assigned.map(|(at, partitions)| (at.0, partitions))).collect(),
        }
    });
    Facts { groups: groups.collect(), leaders: snapshot.partitions.iter().map(|partition| partition.leader.index()).collect() }
}

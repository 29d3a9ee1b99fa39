//! The swarm: random designs with random faults are played with every invariant on. After the faults are over the run
//! must come to rest: all that was sent is stored, all that is live is read, and nothing is unaccounted for.
//!
//! Seeds that failed once stand in `tests/swarm_seeds.txt` and are played first; a new failure is made smaller, printed
//! with its design, and added to them. `LAGLAB_SWARM=COUNT` plays more, `LAGLAB_SWARM_SEED=N` one alone.

mod common;

use common::random_design::random_design;
use common::read::total;
use laglab::engine::design::*;
use laglab::engine::id::{GroupId, MemberIndex, TopicPartition};
use laglab::engine::observe::metric::{Metric, MetricKind};
use laglab::engine::observe::observation::What;
use laglab::engine::observe::snapshot::Snapshot;
use laglab::engine::random::{Distribution, Seed};
use laglab::engine::simulation::{Progress, Simulation};
use laglab::engine::time::{Duration, Instant};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEEDS: u64 = 1_000;
const SEEDS_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/swarm_seeds.txt");

#[test]
fn a_thousand_random_runs_come_to_rest_with_nothing_unaccounted_for() {
    let kept = std::fs::read_to_string(SEEDS_FILE).expect("the list of seeds can be read");
    let mut seeds: Vec<u64> = kept.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok()).collect();
    let count = std::env::var("LAGLAB_SWARM").ok().and_then(|count| count.parse().ok()).unwrap_or(SEEDS);
    seeds.extend(0..count);
    if let Some(seed) = std::env::var("LAGLAB_SWARM_SEED").ok().and_then(|seed| seed.parse().ok()) {
        seeds = vec![seed];
    }

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(problem) = judge(&random_design(seed)) {
                        failures.lock().expect("no thread panics with the lock").insert(seed, problem);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics with the lock");
    if failures.is_empty() {
        return;
    }
    let mut report = format!("{} of {} seeds fail\n", failures.len(), seeds.len());
    for (seed, problem) in failures.iter().take(20) {
        let _ = writeln!(report, "seed {seed}: {}", problem.lines().next().unwrap_or_default());
    }
    let (&seed, _) = failures.first_key_value().expect("there is a failure");
    let small = shrink(random_design(seed));
    let problem = judge(&small).expect_err("what was made smaller still fails");
    let _ = writeln!(report, "\nseed {seed}, made smaller: {problem}\n{small:#?}");
    if !kept.lines().any(|line| line.split('#').next().is_some_and(|kept| kept.trim() == seed.to_string())) {
        let line = format!("{seed} # {}\n", problem.lines().next().unwrap_or_default());
        let _ = std::fs::write(SEEDS_FILE, kept + &line);
    }
    panic!("{report}");
}

/// Plays a design and says what is wrong with the run, a panic included.
fn judge(design: &Design) -> Result<(), String> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut run = Simulation::new(design.clone());
        let end = Instant::ZERO + design.duration;
        // Slices whose size depends on the seed, so that cuts fall everywhere.
        let budget = 100 + design.seed.0 % 10_007;
        let mut slices = 0u32;
        while run.run_towards(end, budget) == Progress::Working {
            slices += 1;
            assert!(slices < 2_000_000, "the run does not come to an end: {} after {slices} slices", run.now());
        }
        let problems = problems(&mut run);
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_else(|| "of unknown kind".to_owned())))
    })
}

/// All that is wrong at the end of a run.
fn problems(run: &mut Simulation) -> Vec<String> {
    let mut problems = Vec::new();
    let snapshot = run.snapshot();
    everything_sent_is_stored(run, &snapshot, &mut problems);
    everything_live_is_read(run, &snapshot, &mut problems);
    every_effect_is_accounted_for(&snapshot, &mut problems);
    observations_are_in_order(run, &mut problems);
    partitions_have_one_owner(run, &mut problems);
    counters_never_fall(run, &mut problems);
    problems
}

fn everything_sent_is_stored(run: &mut Simulation, snapshot: &Snapshot, problems: &mut Vec<String>) {
    for producer in &snapshot.producers {
        if producer.buffered_records > 0 || producer.in_flight_requests > 0 {
            problems.push(format!(
                "producer {} still has {} records and {} requests",
                producer.id.0, producer.buffered_records, producer.in_flight_requests
            ));
        }
    }
    let (sent, stored) = (total(run, Metric::Sent), snapshot.partitions.iter().map(|partition| partition.log_end).sum::<u64>());
    let refused = total(run, Metric::ProducerErrors);
    if sent != stored + refused {
        problems.push(format!("{sent} sent is not {stored} stored and {refused} refused"));
    }
    if total(run, Metric::Produced) != stored {
        problems.push(format!("{} produced is not {stored} stored", total(run, Metric::Produced)));
    }
    for partition in &snapshot.partitions {
        let (start, high_watermark, end) = (partition.log_start, partition.high_watermark, partition.log_end);
        if start > high_watermark || high_watermark != end {
            problems.push(format!(
                "partition {}/{}: log start {start}, high watermark {high_watermark}, log end {end}",
                partition.topic.0, partition.partition
            ));
        }
    }
}

fn everything_live_is_read(run: &mut Simulation, snapshot: &Snapshot, problems: &mut Vec<String>) {
    // By a broker, or by the client itself, which is no longer in the group.
    let failed = run.observations().iter().filter(|observation| matches!(observation.what, What::CommitRefused { .. })).count();
    let refusals = total(run, Metric::CommitsRefused) + failed as u64;
    for group in &snapshot.groups {
        let spec = run.design().groups[group.id.index()].clone();
        let name = &spec.name;
        if group.state != "Stable" {
            problems.push(format!("{name} ends {}", group.state));
        }
        let mut ends = 0;
        for line in &group.partitions {
            let partition = &snapshot.partitions[line.partition.index()];
            ends += partition.log_end;
            if line.owner.is_none() {
                problems.push(format!("{name} leaves partition {} without an owner", line.partition.0));
            }
            // By duration, a partition with nothing young enough has no position, and has nothing to read.
            let read = line.position.unwrap_or(partition.log_end);
            if read != partition.log_end {
                problems.push(format!("{name} stands at {read} of {} in partition {}", partition.log_end, line.partition.0));
            }
            let committed = line.committed.unwrap_or(0);
            if committed > partition.log_end {
                problems.push(format!("{name} has committed {committed} of {} in partition {}", partition.log_end, line.partition.0));
            }
            let must_commit = match spec.handler.commit {
                CommitPolicy::Auto => line.position.is_some(),
                CommitPolicy::AfterRecord | CommitPolicy::AfterBatch | CommitPolicy::Before => refusals == 0 && line.committed.is_some(),
                CommitPolicy::Never => false,
            };
            if must_commit && committed != partition.log_end {
                let owner = line.owner.and_then(|owner| group.members.iter().find(|member| member.index == owner)).map(|owner| owner.state);
                let (end, place) = (partition.log_end, line.partition.0);
                let position = line.position;
                problems.push(format!(
                    "{name} has committed only {committed} of {end} in partition {place}, position {position:?}, its owner {owner:?}"
                ));
            }
        }
        let of_group = |metric: Metric, run: &mut Simulation| -> u64 {
            run.totals()
                .iter()
                .filter(|(of, labels, _)| *of == metric && labels.group == Some(group.id))
                .map(|(.., value)| *value as u64)
                .sum()
        };
        let handled = of_group(Metric::Consumed, run) - of_group(Metric::DuplicatesDelivered, run);
        let skipped = of_group(Metric::RecordsSkipped, run) + of_group(Metric::RecordsExpired, run);
        if handled + skipped != ends {
            problems.push(format!("{name}: {handled} handled and {skipped} skipped or expired are not the {ends} of its topics"));
        }
    }
}

fn every_effect_is_accounted_for(snapshot: &Snapshot, problems: &mut Vec<String>) {
    for group in &snapshot.groups {
        for effect in &group.effects {
            if effect.intended != effect.once + effect.repeated + effect.missing {
                problems.push(format!("group {}: {effect:?} does not add up", group.id.0));
            }
        }
    }
}

fn observations_are_in_order(run: &Simulation, problems: &mut Vec<String>) {
    let mut last = Instant::ZERO;
    for (place, observation) in run.observations().iter().enumerate() {
        if observation.at < last {
            problems.push(format!("observation {place} is of {} and stands after one of {last}", observation.at));
        }
        last = observation.at;
        if observation.cause.is_some_and(|cause| cause.index() >= place) {
            problems.push(format!("observation {place} has a cause that comes later: {observation:?}"));
        }
    }
}

/// Within a generation nobody is given what another member holds.
fn partitions_have_one_owner(run: &Simulation, problems: &mut Vec<String>) {
    let mut generations: BTreeMap<GroupId, u32> = BTreeMap::new();
    let mut owners: BTreeMap<(GroupId, TopicPartition), (u32, MemberIndex)> = BTreeMap::new();
    for observation in run.observations() {
        match &observation.what {
            What::RebalanceCompleted { group, generation, .. } => {
                let before = generations.insert(*group, *generation);
                if before.is_some_and(|before| before >= *generation) {
                    problems.push(format!("generation {generation} of group {} comes after {before:?}", group.0));
                }
            }
            What::PartitionsAssigned { group, member, partitions } => {
                let generation = generations.get(group).copied().unwrap_or(0);
                for partition in partitions {
                    let before = owners.insert((*group, *partition), (generation, *member));
                    if let Some((of, other)) = before
                        && of == generation
                        && other != *member
                    {
                        problems.push(format!(
                            "{}: partition {} of group {} goes to member {} while {} has it in generation {generation}",
                            observation.at, partition.0, group.0, member.0, other.0
                        ));
                    }
                }
            }
            What::PartitionsRevoked { group, member, partitions } | What::PartitionsLost { group, member, partitions } => {
                for partition in partitions {
                    if owners.get(&(*group, *partition)).is_some_and(|(_, owner)| owner == member) {
                        owners.remove(&(*group, *partition));
                    }
                }
            }
            What::MemberCrashed { group, member } | What::MemberStopped { group, member } => {
                owners.retain(|(of, _), (_, owner)| of != group || owner != member);
            }
            _ => {}
        }
    }
}

fn counters_never_fall(run: &Simulation, problems: &mut Vec<String>) {
    for series in &run.series().series {
        let falls = series.values().windows(2).position(|pair| pair[1] < pair[0]);
        // What was committed before it was handled is missing until it has been, and what was jumped over may come after all.
        let so_far = [Metric::EffectsMissing, Metric::RecordsSkipped, Metric::RecordsExpired].contains(&series.metric);
        if series.metric.kind() == MetricKind::Counter
            && !so_far
            && let Some(place) = falls
        {
            problems.push(format!("{} of {:?} falls after sample {place}", series.metric, series.labels));
        }
    }
}

/// The sort of a failure: its first line without numbers.
fn kind(problem: &str) -> String {
    problem.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect()
}

/// Takes away whatever is not needed for the failure.
fn shrink(mut design: Design) -> Design {
    let wanted = judge(&design).map_or_else(|problem| kind(&problem), |()| unreachable!("it has failed a moment ago"));
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    loop {
        let same = |problem: &String| kind(problem) == wanted;
        let smaller = smaller(&design).into_iter().find(|smaller| *smaller != design && judge(smaller).as_ref().is_err_and(same));
        match smaller {
            Some(smaller) => design = smaller,
            None => break,
        }
    }
    std::panic::set_hook(quiet);
    design
}

/// Designs with one thing less each, still valid.
fn smaller(design: &Design) -> Vec<Design> {
    let mut all: Vec<Design> = Vec::new();
    let mut with = |change: &dyn Fn(&mut Design)| {
        let mut smaller = design.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for entry in 0..design.timeline.len() {
        if design.timeline.iter().all(|other| !matches!(other.when, When::After { entry: first, .. } if first >= entry)) {
            with(&|smaller| drop(smaller.timeline.remove(entry)));
        }
    }
    let last_group = GroupId::from(design.groups.len().saturating_sub(1));
    if design.groups.len() > 1 && design.timeline.iter().all(|entry| group_of(&entry.action) != Some(last_group)) {
        with(&|smaller| drop(smaller.groups.pop()));
    }
    if design.timeline.is_empty() && design.producers.len() > 1 {
        for producer in 0..design.producers.len() {
            with(&|smaller| drop(smaller.producers.remove(producer)));
        }
    }
    with(&|smaller| smaller.cluster.costs = common::design::no_costs());
    with(&|smaller| smaller.cluster.network = common::design::cluster(1).network);
    with(&|smaller| smaller.cluster.config = common::design::broker_config());
    with(&|smaller| smaller.topics.iter_mut().for_each(|topic| topic.config = common::design::topic_config()));
    with(&|smaller| smaller.track_order = false);
    for place in 0..design.producers.len() {
        let kept = design.producers[place].topic;
        with(&|smaller| {
            let producer = &mut smaller.producers[place];
            producer.config = ProducerConfig { enable_idempotence: false, ..common::design::producer_config() };
        });
        with(&|smaller| smaller.producers[place].life = None);
        with(&|smaller| smaller.producers[place].key = common::design::no_key());
        with(&|smaller| smaller.producers[place].instances = 1);
        with(&|smaller| smaller.producers[place].value_size = Distribution::Constant(200));
        with(&|smaller| {
            for (_, rate) in &mut smaller.producers[place].rate.points {
                *rate /= 2.0;
            }
            // Down to about a record each second.
            if smaller.producers[place].rate.points.iter().all(|(_, rate)| *rate < 0.5) {
                smaller.producers[place] = design.producers[place].clone();
            }
        });
        if design.topics.len() == kept.index() + 1 {
            with(&|smaller| smaller.topics[kept.index()].partitions = (smaller.topics[kept.index()].partitions / 2).max(1));
        }
    }
    for place in 0..design.groups.len() {
        with(&|smaller| smaller.groups[place].handler.dedup = None);
        with(&|smaller| {
            let handler = &mut smaller.groups[place].handler;
            if handler.dedup.is_none() {
                handler.steps = common::design::handler(Distribution::Constant(1_000)).steps;
            }
        });
        with(&|smaller| smaller.groups[place].config = common::design::consumer_config());
        with(&|smaller| smaller.groups[place].budget = Budget::default());
        if design.timeline.iter().all(|entry| group_of(&entry.action) != Some(GroupId::from(place))) {
            with(&|smaller| smaller.groups[place].members = (smaller.groups[place].members - 1).max(1));
        }
    }
    with(&|smaller| smaller.seed = Seed(1));
    with(&|smaller| {
        smaller.timeline.iter_mut().for_each(|entry| {
            if let When::At { times, every, .. } = &mut entry.when {
                (*times, *every) = (1, Duration::ZERO);
            }
        });
    });
    all
}

fn group_of(action: &Action) -> Option<GroupId> {
    match *action {
        Action::MemberCrash { group, .. }
        | Action::MemberStop { group, .. }
        | Action::MembersAdd { group, .. }
        | Action::MemberPause { group, .. }
        | Action::HandlerSlow { group, .. }
        | Action::CommitsFail { group, .. }
        | Action::GroupStop { group }
        | Action::GroupStart { group }
        | Action::GroupReset { group, .. }
        | Action::RollingRestart { group, .. } => Some(group),
        Action::ProducerRate { .. } | Action::BrokerSlow { .. } => None,
    }
}

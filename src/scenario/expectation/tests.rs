//! Expectations over series that are written by hand.

use super::super::Scenario;
use super::super::problem::render_all;
use super::*;
use crate::engine::id::{GroupId, MemberIndex, TopicId, TopicPartition};
use crate::engine::observe::histogram::Histogram;
use crate::engine::observe::observation::What;
use crate::engine::observe::series::{LatencySeries, Series, StatusSeries};

/// A run of 2 s with samples at 0.1 s, 0.2 s, …; two partitions and a crash from 0.5 s to 1 s.
struct Story {
    scenario: Scenario,
    design: Design,
    table: SeriesTable,
    observations: Vec<Observation>,
    totals: Vec<(Metric, Labels, f64)>,
    now: Instant,
}

fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn story(expect: &str) -> Story {
    let text = format!(
        "laglab: 1
duration: 2s
warmup: 200ms
topics: {{ t: {{ partitions: 2 }} }}
groups: {{ g: {{ topics: [t], members: 1, config: {{ enable.auto.commit: false }} }} }}
timeline: [{{ id: crash, at: 500ms, do: member.crash, group: g, member: 0, for: 500ms }}, {{ id: later, when: \"max(lag) > 1000000\", do: members.add, group: g }}]
expect:
  - name: {expect}
"
    );
    let scenario = match Scenario::parse("story", &text) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", render_all("story", &problems)),
    };
    let design = scenario.design(None, None).unwrap();
    let observation = |at, what| Observation { at, cause: None, what };
    let observations = vec![
        observation(ms(500), What::InterventionBegan { entry: 0 }),
        observation(
            ms(650),
            What::DuplicatesDelivered { group: GroupId(0), member: MemberIndex(0), partition: TopicPartition(1), first: 3, last: 5 },
        ),
        observation(ms(1_000), What::InterventionEnded { entry: 0 }),
    ];
    let mut table = SeriesTable::default();
    (table.every, table.samples) = (Duration::from_millis(100), 20);
    Story { scenario, design, table, observations, totals: Vec::new(), now: ms(2_000) }
}

fn labels(partition: Option<u32>) -> Labels {
    Labels { group: Some(GroupId(0)), topic: partition.map(|_| TopicId(0)), partition, ..Labels::default() }
}

impl Story {
    fn series(mut self, metric: Metric, partition: Option<u32>, value: impl Fn(usize) -> f64) -> Self {
        let mut series = Series::new(metric, labels(partition), 0);
        (0..20).for_each(|sample| series.push(value(sample)));
        self.table.series.push(series);
        self
    }

    fn until(mut self, millis: u64) -> Self {
        self.now = ms(millis);
        self.table.show(millis as usize / 100);
        self
    }

    fn judge(&self) -> Verdict {
        let evidence = Evidence {
            design: &self.design,
            names: self.scenario.names(None).unwrap(),
            series: &self.table,
            observations: &self.observations,
            totals: &self.totals,
            now: self.now,
        };
        judge(&self.scenario.expectations(None).unwrap()[0], &evidence)
    }
}

fn step(at: usize, high: f64) -> impl Fn(usize) -> f64 {
    move |sample| if sample >= at { high } else { 0.0 }
}

#[test]
fn a_counter_is_its_growth_after_the_warm_up() {
    let counts = |sample: usize| sample as f64 + 1.0;
    let verdict = story("duplicates_delivered{group=g} == 18").series(Metric::DuplicatesDelivered, None, counts).judge();
    assert_eq!((verdict.state, verdict.observed), (State::Holds, Some(18.0)), "20 at the end, 2 in the warm-up");
    let verdict = story("duplicates_delivered{group=g} < 5 after crash").series(Metric::DuplicatesDelivered, None, counts).judge();
    assert_eq!((verdict.state, verdict.observed, verdict.at), (State::Broken, Some(10.0), Some(ms(1_500))));
    let verdict = story("duplicates_delivered{group=g} == 5 during crash").series(Metric::DuplicatesDelivered, None, counts).judge();
    assert_eq!(verdict.state, State::Holds);
    let verdict = story("duplicates_delivered{group=g} == 13 outside faults").series(Metric::DuplicatesDelivered, None, counts).judge();
    assert_eq!(verdict.observed, Some(13.0), "3 before the crash and 10 after it");
}

#[test]
fn a_counter_at_the_playhead_is_exact() {
    let mut story = story("duplicates_delivered{group=g} == 0").series(Metric::DuplicatesDelivered, None, |_| 0.0);
    story.totals.push((Metric::DuplicatesDelivered, labels(None), 1.0));
    assert_eq!(story.judge().observed, Some(1.0), "it has come after the last sample");
}

#[test]
fn the_event_that_broke_a_counter_is_named() {
    let verdict = story("duplicates_delivered{group=g} == 0").series(Metric::DuplicatesDelivered, None, step(6, 2.0)).judge();
    assert_eq!((verdict.state, verdict.at, verdict.event), (State::Broken, Some(ms(700)), Some(ObservationId(1))));
}

#[test]
fn a_gauge_takes_the_worst_label_and_names_it() {
    let verdict =
        story("max(lag{group=g}) < 100").series(Metric::Lag, Some(0), |_| 5.0).series(Metric::Lag, Some(1), step(9, 100.0)).judge();
    assert_eq!((verdict.state, verdict.observed, verdict.at), (State::Broken, Some(100.0), Some(ms(1_000))));
    assert_eq!(verdict.worst, Some(labels(Some(1))));
    let verdict =
        story("max(lag{group=g}) < 100").series(Metric::Lag, Some(0), step(1, 7.0)).series(Metric::Lag, Some(1), |_| f64::NAN).judge();
    assert_eq!((verdict.state, verdict.observed), (State::Holds, Some(7.0)), "what is unknown is passed over");
    let verdict = story("max(lag{group=g}) < 100").series(Metric::Lag, Some(0), |_| f64::NAN).judge();
    assert_eq!((verdict.state, verdict.observed), (State::Broken, None), "what was never known does not hold");
}

#[test]
fn rates_add_up_over_labels() {
    let verdict = story("mean(throughput_out{group=g}) == 30")
        .series(Metric::ThroughputOut, Some(0), |_| 10.0)
        .series(Metric::ThroughputOut, Some(1), |_| 20.0)
        .judge();
    assert_eq!((verdict.state, verdict.worst), (State::Holds, None));
}

#[test]
fn a_breach_counts_once_it_has_lasted() {
    let spike = |from: usize, to: usize| move |sample: usize| if (from..to).contains(&sample) { 900.0 } else { 1.0 };
    let with = |from, to| story("max(lag{group=g}) < 100 for 500ms").series(Metric::Lag, Some(0), spike(from, to)).judge();
    assert_eq!(with(4, 9).state, State::Holds, "samples at 0.5 s to 0.9 s");
    let verdict = with(4, 10);
    assert_eq!((verdict.state, verdict.at, verdict.observed), (State::Broken, Some(ms(500)), Some(900.0)));
}

#[test]
fn eventually_waits_until_its_time_is_over() {
    let lag = |millis| {
        let falling = |sample: usize| 2_000.0 - 100.0 * sample as f64;
        story("lag{group=g} eventually < 500 within 700ms after crash").series(Metric::Lag, Some(0), falling).until(millis).judge()
    };
    assert_eq!(lag(900).state, State::Open, "the crash is not over");
    assert_eq!(lag(1_200).state, State::Open);
    let verdict = lag(2_000);
    assert_eq!((verdict.state, verdict.at, verdict.observed), (State::Holds, Some(ms(1_700)), Some(400.0)));
    let falling = |sample: usize| 2_000.0 - 80.0 * sample as f64;
    let late = story("lag{group=g} eventually < 500 within 700ms after crash").series(Metric::Lag, Some(0), falling);
    assert_eq!(late.judge().state, State::Broken);
    assert_eq!(late.until(1_750).judge().state, State::Broken, "before the end of the run");
}

#[test]
fn always_and_never_ask_every_label() {
    let story_of = |expect: &str| story(expect).series(Metric::Lag, Some(0), |_| 5.0).series(Metric::Lag, Some(1), step(9, 50.0));
    assert_eq!(story_of("lag{group=g} always < 51").judge().state, State::Holds);
    let verdict = story_of("lag{group=g} always < 50").judge();
    assert_eq!((verdict.state, verdict.at, verdict.worst), (State::Broken, Some(ms(1_000)), Some(labels(Some(1)))));
    assert_eq!(story_of("lag{group=g,partition=0} never > 5").judge().state, State::Holds);
    assert_eq!(story_of("lag{group=g} never > 5 before crash").judge().state, State::Holds);
}

#[test]
fn a_status_is_a_word() {
    let mut story = story("status{group=g} never STALL");
    let mut statuses = StatusSeries::new(labels(Some(1)));
    (0..20).for_each(|sample| statuses.push(if sample == 11 { Status::Stall } else { Status::Ok }));
    story.table.statuses.push(statuses);
    let verdict = story.judge();
    assert_eq!((verdict.state, verdict.word, verdict.at), (State::Broken, Some(Status::Stall), Some(ms(1_200))));
}

#[test]
fn latencies_are_over_records() {
    let mut story = story("p50(end_to_end_latency{group=g}) < 2ms");
    let mut latency = LatencySeries::new(Metric::EndToEndLatency, labels(None));
    for sample in 0..20 {
        let mut window = Histogram::default();
        // One sample of many fast records outweighs nineteen with a slow one; those of the warm-up do not count.
        let (records, time) = if sample == 5 { (100, Duration::from_millis(1)) } else { (1, Duration::from_millis(80)) };
        (0..records).for_each(|_| window.record(time));
        latency.push(window);
    }
    story.table.latencies.push(latency);
    let verdict = story.judge();
    assert_eq!(verdict.state, State::Holds);
    assert!((verdict.observed.unwrap() - 1.0).abs() < 0.02);
}

#[test]
fn what_never_began_breaks_nothing() {
    let verdict = story("max(lag{group=g}) < 1 after later").series(Metric::Lag, Some(0), |_| 5.0).judge();
    assert_eq!((verdict.state, verdict.observed), (State::Holds, None));
}

#[test]
fn a_ratio_of_counters() {
    let verdict = story("consumed{group=g} / produced >= 0.5")
        .series(Metric::Consumed, Some(0), |sample| sample as f64)
        .series(Metric::Produced, None, |sample| 2.0 * sample as f64)
        .judge();
    assert_eq!((verdict.state, verdict.observed), (State::Holds, Some(0.5)));
}

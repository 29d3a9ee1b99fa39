//! The engine, where a batch moves and a poll is computed at once, against the plain model, where each record is an
//! event: the same lag and throughput series and the same latencies, bit for bit.

mod common;

use common::design::{REFERENCE, W};
use common::plain_model::{self, GroupSample};
use common::read::{facts, of_partition, play};
use laglab::engine::design::{Acks, Arrivals, Design, SendKey};
use laglab::engine::id::{GroupId, TopicId};
use laglab::engine::observe::metric::Metric;
use laglab::engine::random::Distribution;
use laglab::engine::simulation::Simulation;
use laglab::engine::time::Duration;

#[track_caller]
fn check(design: Design) {
    let mut run = play(design.clone());
    let plain = plain_model::run(&design, &facts(&mut run));
    assert_eq!(run.series().samples, plain.samples.len(), "number of samples");
    assert!(plain.handled > 0, "the model handles records");

    // By topic and partition, the place in the dense count.
    let places =
        design.topics.iter().enumerate().flat_map(|(topic, of)| (0..of.partitions).map(move |partition| (topic as u32, partition)));
    for (place, (topic, partition)) in places.enumerate() {
        let name = |what: &str| format!("{what} of partition {topic}/{partition}");
        let produced: Vec<u64> = plain.samples.iter().map(|sample| sample.log_end[place]).collect();
        assert_rates(&name("throughput in"), &of_partition(&run, Metric::ThroughputIn, None, topic, partition), &produced);
        for (group, of) in design.groups.iter().enumerate() {
            if of.topics.iter().all(|subscribed| subscribed.0 != topic) {
                continue;
            }
            let id = Some(GroupId::from(group));
            let samples: Vec<&GroupSample> = plain.samples.iter().map(|sample| &sample.groups[group][place]).collect();
            let behind = |offset: fn(&GroupSample) -> Option<u64>| -> Vec<f64> {
                samples.iter().zip(&produced).map(|(sample, end)| offset(sample).map_or(f64::NAN, |offset| (end - offset) as f64)).collect()
            };
            let engine = |metric: Metric| of_partition(&run, metric, id, topic, partition);
            assert_values(&name("position lag"), &engine(Metric::PositionLag), &behind(|sample| sample.position));
            let consumed: Vec<u64> = samples.iter().map(|sample| sample.consumed).collect();
            assert_rates(&name("throughput out"), &engine(Metric::ThroughputOut), &consumed);
            assert_values(&name("lag"), &engine(Metric::Lag), &behind(|sample| sample.committed));
        }
    }
    for (group, windows) in plain.latencies.iter().enumerate() {
        let series = run
            .series()
            .latencies
            .iter()
            .find(|series| series.metric == Metric::EndToEndLatency && series.labels.group == Some(GroupId::from(group)));
        let engine = series.expect("end-to-end latencies are measured").windows();
        assert_eq!(engine.len(), windows.len(), "group {group}: windows");
        for (sample, (engine, plain)) in engine.iter().zip(windows).enumerate() {
            assert_eq!(engine, plain, "group {group}: latencies of sample {sample}");
        }
    }
    let of = |metric: Metric, run: &mut Simulation| common::read::total(run, metric);
    assert_eq!(of(Metric::Consumed, &mut run), plain.handled, "records handled");
    assert_eq!(of(Metric::Sent, &mut run), plain.sent, "records sent");
}

#[track_caller]
fn assert_values(name: &str, engine: &[f64], plain: &[f64]) {
    let differs = engine.iter().zip(plain).position(|(a, b)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()));
    if let Some(sample) = differs {
        panic!("{name} differs at sample {sample}: the engine says {}, the model {}", engine[sample], plain[sample]);
    }
    assert_eq!(engine.len(), plain.len(), "{name}: number of values");
}

/// Throughput is what was added since the sample before, a second.
#[track_caller]
fn assert_rates(name: &str, engine: &[f64], counts: &[u64]) {
    let mut before = 0;
    let added = counts.iter().map(|count| {
        let added = count - before;
        before = *count;
        added as f64 / 0.1
    });
    assert_values(name, engine, &added.collect::<Vec<_>>());
}

#[test]
fn the_reference_workload() {
    check(W { seconds: 20, ..REFERENCE }.design());
}

#[test]
fn two_members_share_seven_partitions() {
    check(W { seed: 2, seconds: 30, partitions: 7, members: 2, rate: 15_000.0, max_poll_records: 37, ..REFERENCE }.design());
}

#[test]
fn more_members_than_partitions() {
    check(W { seed: 3, seconds: 20, partitions: 5, members: 8, brokers: 2, rate: 30_000.0, producers: 3, ..REFERENCE }.design());
}

#[test]
fn one_of_everything() {
    let w = W { seed: 4, seconds: 30, partitions: 1, brokers: 1, members: 1, producers: 1, keys: 1, rate: 8_000.0, ..REFERENCE };
    check(w.design());
}

#[test]
fn without_linger_each_record_travels_alone() {
    check(W { seed: 5, seconds: 15, linger: Duration::ZERO, rate: 4_000.0, ..REFERENCE }.design());
}

#[test]
fn batches_that_are_full_before_they_linger() {
    let w = W { seed: 6, seconds: 15, batch_size: 1_000, linger: Duration::from_millis(200), rate: 40_000.0, ..REFERENCE };
    check(w.design());
}

#[test]
fn records_larger_than_a_batch() {
    let w = W { seed: 7, seconds: 10, batch_size: 500, value_bytes: 3_000, linger: Duration::from_millis(50), rate: 3_000.0, ..REFERENCE };
    check(w.design());
}

#[test]
fn requests_that_cannot_take_all_that_is_ready() {
    let mut design = W { seed: 8, seconds: 10, linger: Duration::from_millis(100), producers: 2, ..REFERENCE }.design();
    design.producers[0].config.max_request_size = 40_000;
    design.producers[0].config.max_in_flight = 1;
    check(design);
}

#[test]
fn values_of_any_size_and_fetches_of_few_bytes() {
    let mut design = W { seed: 9, seconds: 20, rate: 6_000.0, members: 3, ..REFERENCE }.design();
    design.producers[0].value_size = Distribution::LogNormal { p50: 200, p99: 5_000 };
    design.groups[0].config.max_partition_fetch_bytes = 20_000;
    design.groups[0].config.fetch_min_bytes = 8_000;
    design.groups[0].config.fetch_max_wait = Duration::from_millis(20);
    check(design);
}

#[test]
fn two_topics_one_of_them_without_acknowledgements() {
    let mut design = W { seed: 12, seconds: 20, rate: 20_000.0, partitions: 5, members: 3, ..REFERENCE }.design();
    design.topics.push(common::design::topic("payments", 4));
    let mut payments = design.producers[0].clone();
    payments.name = "till".to_owned();
    payments.topic = TopicId(1);
    payments.config.acks = Acks::None;
    payments.config.linger = Duration::from_millis(20);
    design.producers.push(payments);
    design.groups[0].topics.push(TopicId(1));
    check(design);
}

#[test]
fn a_quiet_topic_where_fetches_wait_in_vain() {
    let w = W { seed: 10, seconds: 60, rate: 3.0, partitions: 6, members: 2, service: Duration::from_millis(150), ..REFERENCE };
    check(w.design());
}

#[test]
fn a_rate_that_rises_and_a_slow_group_beside_a_fast_one() {
    let mut design = W { seed: 11, seconds: 40, rate: 1.0, ..REFERENCE }.design();
    design.producers[0].rate.points =
        vec![(laglab::engine::time::Instant::ZERO, 100.0), (laglab::engine::time::Instant::from_millis(30_000), 40_000.0)];
    design.producers[0].arrivals = Arrivals::Constant;
    design.producers[0].key.send = SendKey::Salted(4);
    let mut slow = design.groups[0].clone();
    slow.name = "reports".to_owned();
    slow.members = 5;
    slow.handler = common::design::handler(Distribution::Uniform { low: 100_000, high: 900_000 });
    slow.config.auto_commit_interval = Duration::from_millis(700);
    design.groups.push(slow);
    check(design);
}

use super::*;
use crate::engine::design::{Acks, Compression, Entity, Key, KeyDistribution, Life, Producer, ProducerConfig, RateCurve, SendKey};
use crate::engine::id::TopicId;
use crate::engine::log::memory_records::NO_KEY;
use crate::engine::random::Distribution;
use crate::engine::time::Duration;

const SECOND: u64 = 1_000_000_000;

fn producer(rate: f64, arrivals: Arrivals) -> Producer {
    Producer {
        name: "load".to_owned(),
        topic: TopicId(0),
        instances: 1,
        rate: RateCurve { points: vec![(Instant::ZERO, rate)] },
        arrivals,
        key: Key { entity: None, send: SendKey::Null },
        life: None,
        value_size: Distribution::Constant(200),
        config: ProducerConfig {
            acks: Acks::All,
            batch_size: 16_384,
            linger: Duration::from_millis(5),
            max_in_flight: 5,
            max_request_size: 1 << 20,
            compression: Compression::None,
            adaptive_partitioning: true,
            ignore_keys: false,
            enable_idempotence: true,
        },
    }
}

fn zipf(send: SendKey) -> Key {
    let from = KeyDistribution::Zipf { keys: 1_000, exponent: 1.1 };
    Key { entity: Some(Entity { field: "user_id".to_owned(), from, hot: None }), send }
}

type Record = (u64, u32, u32, u8);

/// All records of an instance up to and including a moment, taken `step` at a time.
fn records(workload: &mut Workload, until: u64, step: usize) -> Vec<Record> {
    let mut all = Vec::new();
    while workload.peek().0 <= until {
        let block = workload.block();
        let taken = block.times.iter().take(step).take_while(|at| **at <= until).count();
        all.extend((0..taken).map(|i| (block.times[i], block.keys[i], block.sizes[i], block.types[i])));
        workload.consume(taken);
    }
    all
}

fn of_instance(producer: &Producer, instance: u32, until: u64) -> Vec<Record> {
    records(&mut Workload::new(&Load::new(producer), Seed(7), instance), until, BLOCK)
}

fn of_all(producer: &Producer, until: u64) -> Vec<Record> {
    let mut all: Vec<Record> = (0..producer.instances).flat_map(|instance| of_instance(producer, instance, until)).collect();
    all.sort_unstable();
    all
}

#[test]
fn constant_load_gives_exactly_rate_times_time() {
    for (rate, instances) in [(1.0, 1), (100.0, 3), (333.3, 2), (0.1, 1), (12_345.678, 4), (100_000.0, 10), (7.0, 7)] {
        let producer = Producer { instances, ..producer(rate, Arrivals::Constant) };
        let all = of_all(&producer, 60 * SECOND);
        for until in [0, 1, 100_000_000, 333_333_333, 10 * SECOND, 60 * SECOND] {
            let count = all.iter().filter(|record| record.0 <= until).count() as u128;
            let nano = (rate * 1e9).round() as u128;
            assert_eq!(count, nano * u128::from(until) / 1_000_000_000_000_000_000, "{rate}/s by {until} ns");
        }
    }
}

#[test]
fn a_constant_record_comes_at_its_number_over_the_rate_to_its_instance() {
    let producer = Producer { instances: 4, ..producer(1_000.0, Arrivals::Constant) };
    for instance in 0..4 {
        for (place, record) in of_instance(&producer, instance, 2 * SECOND).iter().enumerate() {
            let number = 4 * place as u64 + if instance == 0 { 4 } else { u64::from(instance) };
            assert_eq!(record.0, number * 1_000_000);
        }
    }
}

#[test]
fn a_poisson_load_has_its_mean_and_its_variance() {
    let producer = Producer { instances: 2, ..producer(20_000.0, Arrivals::Poisson) };
    let all = of_all(&producer, 50 * SECOND);
    assert!((all.len() as f64 - 1e6).abs() < 5.0 * 1e3, "{} records", all.len());
    // The counts of intervals have their mean as variance.
    let mut counts = vec![0.0; 5_000];
    for record in &all {
        counts[(record.0 / 10_000_000).min(4_999) as usize] += 1.0;
    }
    let mean = all.len() as f64 / 5_000.0;
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / 5_000.0;
    assert!((variance / mean - 1.0).abs() < 0.1, "variance {variance}, mean {mean}");
}

fn ramps() -> RateCurve {
    let at = |seconds: u64| Instant(seconds * SECOND);
    // 0 → 3000 (15 000), 3000 (30 000), 3000 → 0 (7 500), 0 (0), then 1000/s: 10 000 in ten seconds.
    RateCurve { points: vec![(at(0), 0.0), (at(10), 3e3), (at(20), 3e3), (at(25), 0.0), (at(30), 0.0), (at(30), 1e3)] }
}

#[test]
fn ramps_integrate_right() {
    let until = [(5, 3_750), (10, 15_000), (20, 45_000), (25, 52_500), (30, 52_500), (40, 62_500)];
    let count = |all: &[Record], seconds: u64| all.iter().filter(|record| record.0 <= seconds * SECOND).count();
    let constant = of_all(&Producer { instances: 3, rate: ramps(), ..producer(0.0, Arrivals::Constant) }, 40 * SECOND);
    let poisson = of_all(&Producer { instances: 3, rate: ramps(), ..producer(0.0, Arrivals::Poisson) }, 40 * SECOND);
    for (seconds, expected) in until {
        assert_eq!(count(&constant, seconds), expected, "constant, by {seconds} s");
        let spread = 5.0 * (expected as f64).sqrt();
        assert!((count(&poisson, seconds) as f64 - expected as f64).abs() < spread, "Poisson, by {seconds} s");
    }
    // A ramp of the rate is a square root in time: record i of the first ramp comes at √(2i ÷ 300) s.
    for (number, record) in constant.iter().take(15_000).enumerate() {
        let expected = ((number + 1) as f64 / 150.0).sqrt() * 1e9;
        assert!((record.0 as f64 - expected).abs() < 2.0, "record {number}: {} is not {expected}", record.0);
    }
}

#[test]
fn block_by_block_is_record_by_record() {
    for arrivals in [Arrivals::Poisson, Arrivals::Constant] {
        for life in [None, Some(Life { types: vec![String::new(); 3], gap: Duration::from_millis(50) })] {
            let producer = Producer { rate: ramps(), key: zipf(SendKey::Salted(4)), life, ..producer(0.0, arrivals) };
            let load = Load::new(&producer);
            let whole = records(&mut Workload::new(&load, Seed(7), 0), 40 * SECOND, BLOCK);
            for step in [1, 7, 100] {
                assert_eq!(records(&mut Workload::new(&load, Seed(7), 0), 40 * SECOND, step), whole);
            }
            // Draw by draw, without blocks.
            let mut cursor = Cursor::new(arrivals, &load.rate, Seed(7).stream("producer load/0 arrivals"), 0, 1, u32::from(load.types));
            for record in whole.iter().filter(|record| record.3 == 0) {
                assert_eq!(cursor.next(&load.rate), record.0);
            }
        }
    }
}

#[test]
fn a_change_of_the_rate_takes_effect_at_its_moment_and_leaves_the_past() {
    for arrivals in [Arrivals::Poisson, Arrivals::Constant] {
        let producer = Producer { key: zipf(SendKey::Entity), ..producer(1_000.0, arrivals) };
        let load = Load::new(&producer);
        let untouched = records(&mut Workload::new(&load, Seed(7), 0), 30 * SECOND, BLOCK);
        for step in [1, 64, BLOCK] {
            let mut workload = Workload::new(&load, Seed(7), 0);
            let mut changed = records(&mut workload, 10 * SECOND - 1, step);
            workload.set_rate(Instant(10 * SECOND), Some(Rate::Times(3.0)));
            assert_eq!(workload.rate_at(Instant(10 * SECOND)), 3_000.0);
            changed.extend(records(&mut workload, 15 * SECOND, step));
            workload.set_rate(Instant(15 * SECOND), Some(Rate::To(0.0)));
            changed.extend(records(&mut workload, 20 * SECOND, step));
            assert_eq!(workload.peek(), Instant::MAX);
            workload.set_rate(Instant(20 * SECOND), None);
            changed.extend(records(&mut workload, 30 * SECOND, step));

            let by = |all: &[Record], seconds: u64| all.iter().filter(|record| record.0 <= seconds * SECOND).count();
            assert_eq!(changed[..by(&changed, 10)], untouched[..by(&untouched, 10)]);
            assert_eq!(by(&changed, 15), by(&changed, 20));
            // Keys belong to the number of a record, whenever it comes.
            let keys = |all: &[Record]| all.iter().map(|record| record.1).collect::<Vec<_>>();
            let fewer = changed.len().min(untouched.len());
            assert_eq!(keys(&changed)[..fewer], keys(&untouched)[..fewer]);
            match arrivals {
                Arrivals::Constant => assert_eq!([by(&changed, 10), by(&changed, 15), by(&changed, 30)], [10_000, 25_000, 35_000]),
                Arrivals::Poisson => assert!((changed.len() as f64 - 35_000.0).abs() < 5.0 * 190.0, "{}", changed.len()),
            }
        }
    }
}

#[test]
fn changes_known_ahead_and_changes_made_on_the_way_are_the_same() {
    let life = Some(Life { types: vec![String::new(); 3], gap: Duration::from_millis(700) });
    for life in [None, life] {
        let producer = Producer { rate: ramps(), key: zipf(SendKey::Entity), life, ..producer(0.0, Arrivals::Poisson) };
        let load = Load::new(&producer);
        let changes = [(4, Some(Rate::To(500.0))), (11, Some(Rate::Times(0.5))), (11, Some(Rate::To(50.0))), (22, None)];
        let mut ahead = Workload::new(&load, Seed(7), 0);
        for (at, rate) in changes {
            ahead.set_rate(Instant(at * SECOND), rate);
        }
        let mut live = Workload::new(&load, Seed(7), 0);
        let mut all = Vec::new();
        for (at, rate) in changes {
            all.extend(records(&mut live, at * SECOND - 1, 50));
            live.set_rate(Instant(at * SECOND), rate);
        }
        all.extend(records(&mut live, 40 * SECOND, 50));
        assert_eq!(all, records(&mut ahead, 40 * SECOND, BLOCK));
    }
}

#[test]
fn a_clone_goes_on_as_the_original() {
    let producer = Producer { key: zipf(SendKey::Entity), ..producer(5_000.0, Arrivals::Poisson) };
    let mut workload = Workload::new(&Load::new(&producer), Seed(7), 0);
    records(&mut workload, SECOND, 33);
    let mut copy = workload.clone();
    assert_eq!(records(&mut copy, 2 * SECOND, 5), records(&mut workload, 2 * SECOND, BLOCK));
}

#[test]
fn salt_null_keys_rate_and_sizes_change_nobody_elses_draws() {
    let base = Producer { key: zipf(SendKey::Entity), ..producer(1_000.0, Arrivals::Poisson) };
    let of = |producer: &Producer| of_instance(producer, 0, 10 * SECOND);
    let original = of(&base);
    let null = of(&Producer { key: zipf(SendKey::Null), ..base.clone() });
    assert_eq!(null, original);
    let salted = of(&Producer { key: zipf(SendKey::Salted(16)), ..base.clone() });
    assert!(salted.iter().zip(&original).all(|(a, b)| a.0 == b.0 && a.1 / 16 == b.1));
    assert!((0..16).all(|salt| salted.iter().any(|record| record.1 % 16 == salt)));
    let sized = of(&Producer { value_size: Distribution::Uniform { low: 1, high: 500 }, ..base.clone() });
    assert!(sized.iter().zip(&original).all(|(a, b)| a.0 == b.0 && a.1 == b.1));
    assert!(sized.iter().any(|record| record.2 < 10) && sized.iter().any(|record| record.2 > 490));
    let mut hot = base.key.clone();
    hot.entity.as_mut().expect("the key has an entity").hot = Some((0.3, "acme".to_owned()));
    let hot = of(&Producer { key: hot, ..base.clone() });
    assert!(hot.iter().zip(&original).all(|(a, b)| a.0 == b.0 && (a.1 == b.1 || a.1 == 1_000)));
    let share = hot.iter().filter(|record| record.1 == 1_000).count() as f64 / hot.len() as f64;
    assert!((share - 0.3).abs() < 0.025, "{share}");
}

#[test]
fn each_entity_goes_through_its_life_in_order() {
    let life = Life { types: ["Created", "Paid", "Shipped"].map(str::to_owned).to_vec(), gap: Duration::from_millis(50) };
    for arrivals in [Arrivals::Poisson, Arrivals::Constant] {
        let producer = Producer { key: zipf(SendKey::Entity), life: Some(life.clone()), ..producer(3_000.0, arrivals) };
        let all = of_instance(&producer, 0, 20 * SECOND);
        assert!(all.is_sorted_by_key(|record| record.0));
        // 1000 lives a second; the last ones are not over.
        let expected = 3.0 * 20_000.0 - 50.0 - 100.0;
        assert!((all.len() as f64 - expected).abs() < 5.0 * 245.0, "{}", all.len());
        let of_type = |kind: u8| all.iter().filter(move |record| record.3 == kind);
        for kind in [1, 2] {
            assert!(of_type(kind).count() > 19_000);
            for (later, first) in of_type(kind).zip(of_type(0)) {
                assert_eq!((later.0, later.1), (first.0 + u64::from(kind) * 50_000_000, first.1));
            }
        }
    }
}

#[test]
fn of_events_at_one_moment_the_older_life_comes_first() {
    let life = Life { types: ["Created", "Paid"].map(str::to_owned).to_vec(), gap: Duration::from_millis(10) };
    let producer = Producer { life: Some(life), ..producer(200.0, Arrivals::Constant) };
    let all = of_instance(&producer, 0, SECOND);
    let moments: Vec<(u64, u8)> = all.iter().take(5).map(|record| (record.0 / 1_000_000, record.3)).collect();
    assert_eq!(moments, [(10, 0), (20, 1), (20, 0), (30, 1), (30, 0)]);
    assert!(all.iter().all(|record| record.1 == NO_KEY));
}

#[test]
fn zipf_shares_are_those_of_the_formula() {
    let producer = Producer { key: zipf(SendKey::Entity), ..producer(20_000.0, Arrivals::Poisson) };
    let load = Load::new(&producer);
    let all = records(&mut Workload::new(&load, Seed(7), 0), 20 * SECOND, BLOCK);
    let norm: f64 = (1..=1_000).map(|rank| 1.0 / libm::pow(f64::from(rank), 1.1)).sum();
    let mut top = 0.0;
    for rank in 0..20 {
        let share = 1.0 / libm::pow(f64::from(rank) + 1.0, 1.1) / norm;
        let count = all.iter().filter(|record| record.1 == rank).count() as f64;
        let error = (share * (1.0 - share) / all.len() as f64).sqrt();
        assert!((count / all.len() as f64 - share).abs() < 5.0 * error, "rank {rank}");
        top += if rank < 10 { share } else { 0.0 };
    }
    assert!((load.keys().top10_share() - top).abs() < 1e-6);
}

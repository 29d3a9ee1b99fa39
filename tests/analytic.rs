//! Arithmetic that needs no simulator, and the simulator agrees: counts of a constant load, the lag of a member that is
//! too slow, the mean time in a queue (Pollaczek–Khinchine), the shares of Zipf's law.

mod common;

use common::design::*;
use common::read::*;
use laglab::engine::client::producer::partitioner::partition_for_key;
use laglab::engine::design::*;
use laglab::engine::id::{GroupId, TopicId};
use laglab::engine::observe::metric::Metric;
use laglab::engine::observe::observation::What;
use laglab::engine::random::Distribution;
use laglab::engine::time::{Duration, Instant};

const TOPIC: TopicId = TopicId(0);
const GROUP: GroupId = GroupId(0);

/// A network without latency, and a group that starts at once.
fn instant_cluster() -> Cluster {
    let mut cluster = cluster(1);
    cluster.network.latency = Distribution::Constant(0);
    cluster.config.group_initial_rebalance_delay = Duration::ZERO;
    cluster
}

/// Each record leaves on its own at the instant it comes into being.
fn unbatched() -> ProducerConfig {
    ProducerConfig { linger: Duration::ZERO, ..producer_config() }
}

#[test]
fn a_constant_load_sends_rate_times_time_records() {
    for (per_second, instances, seconds) in [(1_000.0, 1, 10), (1_000.0, 3, 7), (333.0, 2, 30)] {
        let mut run = play(Design {
            duration: Duration::from_secs(seconds),
            cluster: instant_cluster(),
            topics: vec![topic("orders", 4)],
            producers: vec![Producer {
                instances,
                rate: rate(per_second),
                arrivals: Arrivals::Constant,
                config: unbatched(),
                ..producer("checkout", TOPIC)
            }],
            ..design()
        });
        let expected = per_second as u64 * seconds;
        assert_eq!(total(&mut run, Metric::Sent), expected, "{per_second} records/s for {seconds} s from {instances} instances");
        assert_eq!(total(&mut run, Metric::Produced), expected, "all of them are in the log");
    }
}

#[test]
fn a_member_at_half_the_rate_ends_with_the_lag_that_subtraction_gives() {
    let service = Duration::from_millis(2);
    let end = Instant::from_millis(13_000);
    let mut run = play(Design {
        duration: end.since(Instant::ZERO),
        cluster: instant_cluster(),
        topics: vec![topic("orders", 1)],
        producers: vec![Producer { rate: rate(1_000.0), arrivals: Arrivals::Constant, config: unbatched(), ..producer("checkout", TOPIC) }],
        groups: vec![Group {
            handler: Handler { commit: CommitPolicy::AfterRecord, ..handler(Distribution::Constant(service.0)) },
            ..group("payments", &[TOPIC])
        }],
        ..design()
    });
    let produced = total(&mut run, Metric::Produced);
    // It has never been without work since its first record, and a commit takes no time here.
    let first_record = Instant::from_millis(1);
    let (assigned, _) = first_assignments(&run, GROUP, 1)[0].clone().expect("the member is in the group");
    let handled = end.since(assigned.max(first_record)).0 / service.0;
    assert_eq!(total(&mut run, Metric::Consumed), handled);
    let lag = of_partition(&run, Metric::Lag, Some(GROUP), 0, 0);
    assert_eq!(*lag.last().expect("there are samples"), (produced - handled) as f64);
}

/// One server at a utilisation of 0.8: the mean time from arrival to completion.
fn mean_time_in_system(arrivals_per_second: f64, takes: Distribution) -> f64 {
    let records = 10_000_000.0;
    let run = play(Design {
        duration: Duration::from_secs((records / arrivals_per_second) as u64),
        cluster: instant_cluster(),
        topics: vec![topic("orders", 1)],
        producers: vec![Producer { rate: rate(arrivals_per_second), config: unbatched(), ..producer("checkout", TOPIC) }],
        groups: vec![Group { handler: handler(takes), ..group("payments", &[TOPIC]) }],
        ..design()
    });
    let latencies = latency(&run, Metric::EndToEndLatency, GROUP);
    assert!((latencies.count() as f64 / records - 1.0).abs() < 0.01, "{} records instead of {records}", latencies.count());
    latencies.mean().expect("records have latencies")
}

/// Pollaczek–Khinchine: service plus λ·E[S²] / 2(1 − ρ).
#[track_caller]
fn check_queue(takes: Distribution, mean: f64, mean_square: f64) {
    let utilisation = 0.8;
    let arrivals_per_nano = utilisation / mean;
    let expected = mean + arrivals_per_nano * mean_square / (2.0 * (1.0 - utilisation));
    let got = mean_time_in_system(arrivals_per_nano * 1e9, takes);
    assert!((got / expected - 1.0).abs() < 0.02, "{got} ns in the system on average, and the formula says {expected}");
}

#[test]
fn a_queue_with_exponential_service_agrees_with_the_formula() {
    let mean = 100_000.0;
    check_queue(Distribution::Exponential(100_000), mean, 2.0 * mean * mean);
}

#[test]
fn a_queue_with_constant_service_agrees_with_the_formula() {
    let mean = 100_000.0;
    check_queue(Distribution::Constant(100_000), mean, mean * mean);
}

#[test]
fn a_queue_with_any_service_agrees_with_the_formula() {
    let (low, high) = (20_000, 180_000);
    let mean = f64::from(low + high) / 2.0;
    let variance = f64::from(high - low).powi(2) / 12.0;
    check_queue(Distribution::Uniform { low: low as u64, high: high as u64 }, mean, variance + mean * mean);
}

#[test]
fn a_queue_with_lognormal_service_agrees_with_the_formula() {
    let (p50, p99) = (60_000.0_f64, 300_000.0_f64);
    let sigma = (p99 / p50).ln() / 2.326_347_874;
    let mean = p50 * (sigma * sigma / 2.0).exp();
    check_queue(Distribution::LogNormal { p50: p50 as u64, p99: p99 as u64 }, mean, mean * mean * (sigma * sigma).exp());
}

#[test]
fn keys_have_the_shares_of_zipf() {
    let (keys, exponent, partitions) = (1_000, 1.1, 8);
    let mut run = play(Design {
        duration: Duration::from_secs(20),
        cluster: instant_cluster(),
        topics: vec![topic("orders", partitions)],
        producers: vec![Producer {
            rate: rate(50_000.0),
            key: keyed("customer", KeyDistribution::Zipf { keys, exponent }),
            ..producer("checkout", TOPIC)
        }],
        ..design()
    });
    let weights: Vec<f64> = (1..=keys).map(|rank| f64::from(rank).powf(-exponent)).collect();
    let whole: f64 = weights.iter().sum();

    let top10 = weights[..10].iter().sum::<f64>() / whole;
    let told = run.observations().iter().find_map(|observation| match observation.what {
        What::TopKeys { share, .. } => Some(share),
        _ => None,
    });
    let told = told.expect("the share of the ten most frequent keys is told");
    assert!((told - top10).abs() < 1e-9, "{told} is not {top10}");

    // Each partition holds the keys that murmur2 gives it, and so their shares.
    let mut shares = vec![0.0; partitions as usize];
    for (rank, weight) in weights.iter().enumerate() {
        let key = format!("customer-{rank}");
        shares[partition_for_key(key.as_bytes(), partitions) as usize] += weight / whole;
    }
    let counts: Vec<f64> = run.snapshot().partitions.iter().map(|partition| partition.log_end as f64).collect();
    let records: f64 = counts.iter().sum();
    assert!(records > 900_000.0);
    for (partition, (count, share)) in counts.iter().zip(&shares).enumerate() {
        let error = (share * (1.0 - share) / records).sqrt();
        assert!((count / records - share).abs() < 5.0 * error, "partition {partition}: {} instead of {share}", count / records);
    }
}

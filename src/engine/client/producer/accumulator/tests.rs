use super::super::batch::ProduceData;
use super::*;
use crate::engine::log::memory_records::{Deltas, Sizes};
use crate::engine::random::Seed;

fn accumulator(partitions: u32, nodes: u32, change: impl FnOnce(&mut AccumulatorConfig)) -> RecordAccumulator {
    let mut config = AccumulatorConfig {
        producer: ProducerId(0),
        batch_size: 16_384,
        linger: Duration::from_millis(5),
        buffer_memory: BUFFER_MEMORY,
        compression: Compression::None,
        adaptive_partitioning: false,
        fixed_value_size: None,
        with_types: false,
    };
    change(&mut config);
    RecordAccumulator::new(config, led_in_turn(partitions, nodes), PartitionDraws::Counting(0))
}

fn led_in_turn(partitions: u32, nodes: u32) -> Arc<Metadata> {
    Arc::new(Metadata::new((0..partitions).map(|partition| Some(partition % nodes)).collect()))
}

fn record(nanos: u64, key: u32, value_size: u32) -> Record {
    Record { time: Instant(nanos), key, key_size: 5, value_size, kind: 0 }
}

fn send(accumulator: &mut RecordAccumulator, nanos: u64, partition: u32, value_size: u32) -> RecordAppendResult {
    accumulator.append(Instant(nanos), Some(partition), &record(nanos, partition, value_size)).expect("there is memory")
}

fn ready(accumulator: &mut RecordAccumulator, nanos: u64) -> (Vec<u32>, Instant) {
    let mut nodes = Vec::new();
    let next = accumulator.ready(Instant(nanos), &mut nodes);
    (nodes, next)
}

fn partitions(data: &ProduceData) -> Vec<u32> {
    data.batches.iter().map(|batch| batch.partition).collect()
}

#[test]
fn linger_counts_in_nanoseconds_from_the_first_record_of_a_node() {
    let mut accumulator = accumulator(4, 2, |_| {});
    send(&mut accumulator, 1_000_001, 0, 10);
    send(&mut accumulator, 3_000_000, 2, 10);
    send(&mut accumulator, 2_500_000, 1, 10);
    assert_eq!([accumulator.ready_at(0), accumulator.ready_at(1)], [Instant(6_000_001), Instant(7_500_000)]);
    assert_eq!(ready(&mut accumulator, 6_000_000), (vec![], Instant(6_000_001)));
    assert_eq!(ready(&mut accumulator, 6_000_001), (vec![0], Instant(7_500_000)));
    let data = accumulator.drain(0, 1 << 20);
    assert_eq!(partitions(&data), [0, 2], "the younger batch goes along");
    assert_eq!([accumulator.ready_at(0), accumulator.ready_at(1)], [Instant::MAX, Instant(7_500_000)]);
    assert_eq!((accumulator.pending(), accumulator.has_undrained()), (1, true));
}

#[test]
fn a_request_carries_what_was_appended() {
    let mut accumulator = accumulator(2, 1, |config| config.with_types = true);
    let start = 7_999_999;
    for n in 0..20 {
        let record = Record { kind: (n % 3) as u8, ..record(start + n * 300, n as u32, 100 + n as u32) };
        accumulator.append(record.time, Some(n as u32 % 2), &record).expect("there is memory");
    }
    let data = accumulator.drain(0, 1 << 20);
    assert_eq!((data.records(), data.batches.len()), (20, 2));
    for drained in &data.batches {
        let batch = data.batch(drained);
        let (Deltas::Narrow(deltas), Sizes::Each(sizes)) = (batch.deltas, batch.sizes) else { panic!("narrow, of different sizes") };
        assert_eq!((batch.producer, batch.base_time), (ProducerId(0), Instant(start + u64::from(drained.partition) * 300)));
        for (place, key) in batch.keys.iter().enumerate() {
            assert_eq!(u64::from(*key), 2 * place as u64 + u64::from(drained.partition));
            assert_eq!(u64::from(deltas[place]), place as u64 * 600);
            assert_eq!((sizes[place], u32::from(batch.types[place])), (100 + key, key % 3));
        }
    }
    assert_eq!(accumulator.pending(), 0);
}

#[test]
fn timestamps_are_whole_milliseconds_so_their_deltas_count_boundaries() {
    // 64 ms later by boundaries, though less than 63.5 ms later: the delta takes a second byte.
    let mut accumulator = accumulator(1, 1, |_| {});
    let first = send(&mut accumulator, 999_999, 0, 10).appended_bytes - RECORD_BATCH_OVERHEAD;
    assert_eq!(send(&mut accumulator, 63_999_999, 0, 10).appended_bytes, first);
    assert_eq!(send(&mut accumulator, 64_000_000, 0, 10).appended_bytes, first + 1);
}

#[test]
fn a_batch_that_spans_more_than_four_seconds_is_wide() {
    let mut accumulator = accumulator(2, 1, |config| config.fixed_value_size = Some(10));
    send(&mut accumulator, 5, 0, 10);
    send(&mut accumulator, 6, 1, 10);
    send(&mut accumulator, 5 + u64::from(u32::MAX) + 1, 0, 10);
    send(&mut accumulator, 6 + u64::from(u32::MAX), 1, 10);
    let data = accumulator.drain(0, 1 << 20);
    let [wide, narrow] = [data.batch(&data.batches[0]), data.batch(&data.batches[1])];
    assert!(matches!(wide.deltas, Deltas::Wide([0, 4_294_967_296])));
    assert!(matches!(narrow.deltas, Deltas::Narrow([0, u32::MAX])));
    assert!(matches!(wide.sizes, Sizes::Fixed(10)));
    assert!(data.sizes.is_empty() && data.types.is_empty());
}

#[test]
fn memory_is_taken_by_batches_and_given_back_by_answers() {
    let mut accumulator = accumulator(3, 1, |config| (config.batch_size, config.buffer_memory) = (1_000, 2_000));
    send(&mut accumulator, 0, 0, 10);
    send(&mut accumulator, 0, 1, 10);
    let refused = accumulator.append(Instant(0), Some(2), &record(0, 2, 10));
    assert_eq!(refused, Err(BufferExhausted { bytes: 1_000 }));
    assert_eq!(ready(&mut accumulator, 0), (vec![], Instant::from_millis(5)));
    accumulator.set_waiting_for_memory(1);
    assert_eq!(ready(&mut accumulator, 0).0, [0]);
    accumulator.set_waiting_for_memory(0);
    let data = accumulator.drain(0, 1 << 20);
    assert_eq!(accumulator.buffer_pool_available_memory(), 0);
    for batch in &data.batches {
        accumulator.deallocate(batch.buffer_bytes);
    }
    assert_eq!(accumulator.buffer_pool_available_memory(), 2_000);
    // A record beyond batch.size takes what it needs.
    send(&mut accumulator, 0, 2, 1_500);
    assert!(accumulator.buffer_pool_available_memory() < 500);
}

#[test]
fn a_muted_partition_neither_makes_its_node_ready_nor_goes_along() {
    let mut accumulator = accumulator(2, 1, |config| config.batch_size = 200);
    for _ in 0..3 {
        send(&mut accumulator, 0, 0, 100);
    }
    send(&mut accumulator, 1_000_000, 1, 10);
    accumulator.mute_partition(0);
    assert_eq!(accumulator.ready_at(0), Instant(6_000_000));
    send(&mut accumulator, 1_000_000, 0, 100);
    assert_eq!(accumulator.ready_at(0), Instant(6_000_000));
    assert_eq!(partitions(&accumulator.drain(0, 1 << 20)), [1]);
    assert_eq!(accumulator.ready_at(0), Instant::MAX);
    accumulator.unmute_partition(0);
    assert_eq!(accumulator.ready_at(0), Instant::ZERO);
    assert_eq!(partitions(&accumulator.drain(0, 1 << 20)), [0]);
    accumulator.mute_partition(0);
    accumulator.mute_partition(0);
    assert_eq!(accumulator.ready_at(0), Instant::MAX);
}

#[test]
fn what_waits_for_a_leader_goes_to_the_one_that_comes() {
    let config = AccumulatorConfig { batch_size: 100, ..accumulator(1, 1, |_| {}).config };
    let metadata = Arc::new(Metadata::new(vec![None, Some(0)]));
    let mut accumulator = RecordAccumulator::new(config, metadata, PartitionDraws::Counting(0));
    for _ in 0..3 {
        send(&mut accumulator, 0, 0, 50);
    }
    assert_eq!(ready(&mut accumulator, 1_000_000_000), (vec![], Instant::MAX));
    assert!(accumulator.has_unknown_leaders());
    accumulator.update_metadata(led_in_turn(3, 2));
    assert!(!accumulator.has_unknown_leaders());
    assert_eq!(ready(&mut accumulator, 0).0, [0]);
    for left in [2, 1, 0] {
        assert_eq!(partitions(&accumulator.drain(0, 1 << 20)), [0]);
        assert_eq!(accumulator.pending_of(0), left);
    }
    assert_eq!(accumulator.ready_at(0), Instant::MAX);
}

#[test]
fn compressed_batches_take_more_records_once_it_is_known_how_well_they_compress() {
    let mut accumulator = accumulator(1, 1, |config| config.compression = Compression::Zstd);
    let mut counts = Vec::new();
    let mut time = 0;
    for _ in 0..400 {
        while !send(&mut accumulator, time, 0, 200).batch_is_full {
            time += 1_000;
        }
        let data = accumulator.drain(0, 1 << 20);
        let batch = data.batches[0];
        counts.push(batch.count);
        assert!(batch.bytes < batch.uncompressed_bytes);
        accumulator.deallocate(batch.buffer_bytes);
    }
    assert!(counts.is_sorted());
    assert!(counts[0] < 80 && counts[399] > 3 * counts[0], "{counts:?}");
}

/// Kafka's way to do the same, without anything kept: all partitions of a node, from place to place.
#[test]
fn draining_and_readiness_agree_with_a_look_at_everything() {
    let draws = Seed(11).stream("drain");
    for (partitions, nodes, batch_size) in [(1, 1, 300), (7, 3, 300), (130, 2, 500), (9_000, 2, 400)] {
        let mut accumulator = accumulator(partitions, nodes, |config| config.batch_size = batch_size);
        let mut queues: Vec<Vec<(u64, u32, bool)>> = vec![Vec::new(); partitions as usize];
        let mut muted = vec![false; partitions as usize];
        let mut indices = vec![0; nodes as usize];
        let mut time = 0;
        for n in 0..6_000 {
            let draw = |purpose: u64| draws.at(n * 4 + purpose);
            let partition = ((draw(0) >> 40) % u64::from(partitions)) as u32;
            time += draw(1) % 400_000;
            match draw(2) % 20 {
                0 => {
                    muted[partition as usize] = !muted[partition as usize];
                    match muted[partition as usize] {
                        true => accumulator.mute_partition(partition),
                        false => accumulator.unmute_partition(partition),
                    }
                }
                1 | 2 => {
                    let node = partition % nodes;
                    let max = [400, 900, 1 << 20][(draw(3) % 3) as usize];
                    let data = accumulator.drain(node, max);
                    let led: Vec<u32> = (0..partitions).filter(|p| p % nodes == node).collect();
                    let (mut place, mut size, mut expected) = (indices[node as usize], 0, Vec::new());
                    let start = place;
                    loop {
                        let partition = led[place];
                        indices[node as usize] = place;
                        place = (place + 1) % led.len();
                        let queue = &mut queues[partition as usize];
                        if !muted[partition as usize]
                            && let Some(&(created, bytes, _)) = queue.first()
                        {
                            if size + bytes > max && !expected.is_empty() {
                                break;
                            }
                            size += bytes;
                            expected.push((partition, created, bytes));
                            queue.remove(0);
                        }
                        if place == start {
                            break;
                        }
                    }
                    let got: Vec<_> = data.batches.iter().map(|b| (b.partition, b.created.0, b.bytes)).collect();
                    assert_eq!(got, expected, "step {n}");
                    for batch in &data.batches {
                        accumulator.deallocate(batch.buffer_bytes);
                    }
                }
                _ => {
                    let result = send(&mut accumulator, time, partition, (draw(3) % 150) as u32);
                    let queue = &mut queues[partition as usize];
                    if result.new_batch_created {
                        queue.iter_mut().for_each(|batch| batch.2 = true);
                        queue.push((time, result.appended_bytes, false));
                    } else {
                        queue.last_mut().expect("there is a batch").1 += result.appended_bytes;
                    }
                    let last = queue.last_mut().expect("there is a batch");
                    last.2 = last.1 >= batch_size;
                    assert_eq!(result.batch_is_full, queue.len() > 1 || queue[0].2);
                }
            }
            for node in 0..nodes {
                let heads = (node..partitions).step_by(nodes as usize).filter(|p| !muted[*p as usize]);
                let heads: Vec<&Vec<_>> = heads.map(|p| &queues[p as usize]).filter(|queue| !queue.is_empty()).collect();
                let full = heads.iter().any(|queue| queue.len() > 1 || queue[0].2);
                let oldest = heads.iter().map(|queue| queue[0].0).min();
                let expected = oldest.map_or(Instant::MAX, |at| if full { Instant::ZERO } else { Instant(at + 5_000_000) });
                assert_eq!(accumulator.ready_at(node), expected, "step {n}");
            }
            if partitions > 1_000 && n > 400 {
                break;
            }
        }
    }
}

#[test]
fn a_copy_goes_on_as_the_original() {
    let mut accumulator = accumulator(6, 3, |config| (config.batch_size, config.adaptive_partitioning) = (400, true));
    let step = |accumulator: &mut RecordAccumulator, n: u64| {
        let record = record(n * 100_000, n as u32, (n % 90) as u32);
        let result = accumulator.append(record.time, None, &record);
        let nodes = ready(accumulator, record.time.0).0;
        let drained: Vec<_> = nodes.iter().map(|node| accumulator.drain(*node, 1 << 20).batches).collect();
        (result, drained)
    };
    (0..500).for_each(|n| _ = step(&mut accumulator, n));
    let mut copy = accumulator.clone();
    for n in 500..1_000 {
        assert_eq!(step(&mut copy, n), step(&mut accumulator, n));
    }
}

#[test]
fn adaptive_partitioning_prefers_short_queues() {
    let config = AccumulatorConfig { batch_size: 100, adaptive_partitioning: true, ..accumulator(1, 1, |_| {}).config };
    let draws = PartitionDraws::Stream { stream: Seed(1).stream("producer load/0 partitions"), next: 0 };
    let mut accumulator = RecordAccumulator::new(config, led_in_turn(3, 3), draws);
    // Every partition has been used; then partition 0 is stuck behind a long queue.
    for n in 0..60 {
        send(&mut accumulator, n, 0, 60);
    }
    for partition in [1, 2] {
        send(&mut accumulator, 100, partition, 60);
    }
    let mut chosen = [0; 3];
    for n in 200..500 {
        let record = record(n, 0, 60);
        let result = accumulator.append(record.time, None, &record).expect("there is memory");
        chosen[result.partition as usize] += 1;
        let (_, _) = ready(&mut accumulator, n);
        for node in [1, 2] {
            let data = accumulator.drain(node, 1 << 20);
            data.batches.iter().for_each(|batch| accumulator.deallocate(batch.buffer_bytes));
        }
    }
    assert!(chosen[0] < 20 && chosen[1] > 60 && chosen[2] > 60, "{chosen:?}");
}

//! Offsets only grow; log start ≤ high watermark ≤ log end; every record that was asked for is somewhere.

use super::super::broker::broker::Broker;
use super::super::id::{ProducerId, TopicPartition};
use super::super::plan::Plan;
use super::super::world::{History, LogGauges, World};

pub fn check(partition: usize, before: &LogGauges, now: &LogGauges) {
    assert!(now.log_start <= now.high_watermark, "partition {partition}: nothing above the high watermark is deleted");
    assert!(now.high_watermark <= now.log_end, "partition {partition}: nothing is committed before it is written");
    assert!(before.log_start <= now.log_start, "partition {partition}: the log start does not move back");
    assert!(before.high_watermark <= now.high_watermark, "partition {partition}: the high watermark does not move back");
    assert!(before.log_end <= now.log_end, "partition {partition}: with one replica no record is taken out of a log's end");
}

/// Asked for = pending in the producer + under way + refused + stored.
pub fn check_accounts(world: &World, plan: &Plan, history: &History) {
    for index in 0..plan.design.producers.len() {
        let producer = ProducerId::from(index);
        let instances = world.senders.iter().filter(|sender| sender.producer() == producer);
        let (taken, pending) =
            instances.fold((0, 0), |(taken, pending), sender| (taken + sender.taken(), pending + sender.accumulator().pending()));
        let books = &world.books.producers[index];
        let stored: u64 = books.appended.iter().sum();
        let accounted = pending + books.refused + stored;
        assert!(accounted <= taken, "producer {index}: {accounted} records are accounted for and only {taken} were taken");
        if world.queue.is_quiet() && world.brokers.iter().all(Broker::is_idle) {
            assert_eq!(accounted, taken, "producer {index}: nothing is under way, and records are missing");
        }
    }
    for (index, records) in history.records.iter().enumerate() {
        let stored: u64 = world.books.logs[index].log_end;
        let partition = plan.partition(TopicPartition::from(index));
        let of_topic = plan.design.producers.iter().enumerate().filter(|(_, producer)| producer.topic == partition.topic);
        let appended: u64 = of_topic.map(|(index, _)| world.books.producers[index].appended[partition.partition as usize]).sum();
        assert_eq!(stored, appended, "partition {index}: what its log holds is what producers appended");
        assert!(records.len() >= stored, "partition {index}: the columns hold all of the log");
    }
}

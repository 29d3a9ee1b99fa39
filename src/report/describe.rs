//! A group at one moment, in the columns of `kafka-consumer-groups --describe`.
//! Kafka: `tools/consumer/group/ConsumerGroupCommand.printOffsets`. Left out: hosts, which the simulation has none of.
//! As in Kafka, owners are known while the group is stable only, and a partition without owner is shown once it has a commit.

use crate::engine::observe::snapshot::{GroupPartitionSnapshot, GroupSnapshot, MemberSnapshot, Snapshot};
use crate::scenario::read::names::Names;
use std::fmt::Write;

const MISSING_COLUMN_VALUE: &str = "-";

/// What the command writes to its standard output, and what it says to the user beside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Described {
    pub table: String,
    pub remark: String,
}

pub fn group(group: &GroupSnapshot, snapshot: &Snapshot, names: &Names) -> Described {
    let name = &names.groups[group.id.index()];
    let stable = group.state == "Stable";
    let remark = match group.state {
        "Dead" => {
            return Described { table: format!("\nError: Consumer group '{name}' does not exist.\n"), remark: String::new() };
        }
        "Empty" => format!("\nConsumer group '{name}' has no active members.\n"),
        _ if !stable => format!("\nWarning: Consumer group '{name}' is rebalancing.\n"),
        _ => String::new(),
    };
    let rows = rows(group, snapshot, names, stable);
    if rows.is_empty() {
        return Described { table: String::new(), remark };
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(15);
    let widths = [width(0), width(1), 10, 15, 15, 15, width(6), width(7), 0];
    let head = ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"];
    let mut table = String::new();
    for row in std::iter::once(head.map(str::to_owned)).chain(rows) {
        let words: Vec<String> = row.iter().zip(widths).map(|(word, width)| format!("{word:<width$}")).collect();
        write!(table, "\n{}", words.join(" ")).expect("a string takes everything");
    }
    table.push('\n');
    Described { table, remark }
}

/// Members with the most partitions first, then what nobody owns.
fn rows(group: &GroupSnapshot, snapshot: &Snapshot, names: &Names, stable: bool) -> Vec<[String; 9]> {
    let owned = |member: &MemberSnapshot| -> Vec<&GroupPartitionSnapshot> {
        group.partitions.iter().filter(|partition| stable && partition.owner == Some(member.index)).collect()
    };
    let mut members: Vec<(&MemberSnapshot, Vec<&GroupPartitionSnapshot>)> =
        group.members.iter().filter(|member| member.member_id.is_some()).map(|member| (member, owned(member))).collect();
    members.sort_by_key(|(_, owned)| std::cmp::Reverse(owned.len()));
    let mut rows = Vec::new();
    for (member, owned) in &members {
        rows.extend(owned.iter().map(|partition| row(group, partition, snapshot, names, Some(member))));
    }
    let with_owner: Vec<_> = members.iter().flat_map(|(_, owned)| owned.iter().map(|partition| partition.partition)).collect();
    let others = group.partitions.iter().filter(|partition| !with_owner.contains(&partition.partition) && partition.committed.is_some());
    rows.extend(others.map(|partition| row(group, partition, snapshot, names, None)));
    rows
}

fn row(
    group: &GroupSnapshot,
    partition: &GroupPartitionSnapshot,
    snapshot: &Snapshot,
    names: &Names,
    member: Option<&MemberSnapshot>,
) -> [String; 9] {
    let of = &snapshot.partitions[partition.partition.index()];
    let or_missing = |text: Option<String>| text.unwrap_or_else(|| MISSING_COLUMN_VALUE.to_owned());
    [
        names.groups[group.id.index()].clone(),
        names.topics[of.topic.index()].clone(),
        of.partition.to_string(),
        or_missing(partition.committed.map(|offset| offset.to_string())),
        of.high_watermark.to_string(),
        or_missing(partition.lag.map(|lag| lag.to_string())),
        or_missing(member.and_then(|member| member.member_id.clone())),
        MISSING_COLUMN_VALUE.to_owned(),
        or_missing(member.map(|member| member.client_id.clone())),
    ]
}

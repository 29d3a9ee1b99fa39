//! An intervention as a line of the file.

use super::super::frame::Intervention;
use crate::engine::time::Instant;

/// `{ at: 61200ms, do: member.crash, group: charger, member: 1, for: 15000ms }`.
pub fn line(what: &Intervention, at: Instant) -> String {
    let lasts = |millis: &u64| format!("for: {millis}ms");
    let rest = match what {
        Intervention::MembersAdd { group, count } => format!("do: members.add, group: {group}, count: {count}"),
        Intervention::MemberCrash { group, member } => format!("do: member.crash, group: {group}, member: {member}"),
        Intervention::MemberStop { group, member } => format!("do: member.stop, group: {group}, member: {member}"),
        Intervention::MemberPause { group, member, millis } => {
            format!("do: member.pause, group: {group}, member: {member}, {}", lasts(millis))
        }
        Intervention::HandlerSlow { group, factor, millis } => {
            format!("do: handler.slow, group: {group}, factor: {factor}, {}", lasts(millis))
        }
        Intervention::CommitsFail { group, millis } => format!("do: commits.fail, group: {group}, error: retriable, {}", lasts(millis)),
        Intervention::GroupStop { group } => format!("do: group.stop, group: {group}"),
        Intervention::GroupStart { group } => format!("do: group.start, group: {group}"),
        Intervention::GroupResetEarliest { group } => format!("do: group.reset, group: {group}, to: earliest"),
        Intervention::GroupResetLatest { group } => format!("do: group.reset, group: {group}, to: latest"),
        Intervention::RollingRestart { group } => format!("do: rolling.deploy, group: {group}"),
        Intervention::ProducerRate { producer, factor, millis } => {
            format!("do: producer.rate, producer: {producer}, factor: {factor}, {}", lasts(millis))
        }
        Intervention::BrokerSlow { broker, factor, millis } => {
            format!("do: broker.slow, broker: {broker}, factor: {factor}, {}", lasts(millis))
        }
    };
    format!("{{ at: {}ms, {rest} }}", at.as_millis())
}

//! Entries of the timeline in a few words: for the story, and for marks.

use super::super::number::{rate, short};
use crate::engine::design::{Action, CommitError, Design, Rate, ResetTo};
use crate::engine::id::GroupId;
use crate::engine::observe::observation::Refusal;

/// An entry of the timeline in a few words: for the story and for marks.
pub fn action(design: &Design, action: &Action) -> String {
    let group = |group: &GroupId| design.groups[group.index()].name.as_str();
    match action {
        Action::ProducerRate { producer, rate: new } => {
            let name = &design.producers[producer.index()].name;
            match new {
                Rate::To(records) => format!("{name} at {}", rate(*records)),
                Rate::Times(factor) => format!("{name} ×{}", short(*factor)),
            }
        }
        Action::MemberCrash { group: of, member } => format!("kill {}-{}", group(of), member.0),
        Action::MemberStop { group: of, member } => format!("stop {}-{}", group(of), member.0),
        Action::MembersAdd { group: of, count } => format!("{} +{count}", group(of)),
        Action::MemberPause { group: of, member } => format!("{}-{} stands still", group(of), member.0),
        Action::HandlerSlow { group: of, member, factor } => match member {
            Some(member) => format!("{}-{} ×{} slower", group(of), member.0, short(*factor)),
            None => format!("{} ×{} slower", group(of), short(*factor)),
        },
        Action::CommitsFail { group: of, error } => match error {
            CommitError::Retriable => format!("commits of {} fail", group(of)),
            CommitError::Fatal => format!("commits of {} fail for good", group(of)),
        },
        Action::GroupStop { group: of } => format!("stop {}", group(of)),
        Action::GroupStart { group: of } => format!("start {}", group(of)),
        Action::GroupReset { group: of, to } => match to {
            ResetTo::Earliest => format!("reset {} to earliest", group(of)),
            ResetTo::Latest => format!("reset {} to latest", group(of)),
            ResetTo::Time(at) => format!("reset {} to {at}", group(of)),
            ResetTo::By(records) => format!("reset {} by {records}", group(of)),
        },
        Action::RollingRestart { group: of, .. } => format!("rolling restart of {}", group(of)),
        Action::BrokerSlow { broker, factor } => format!("broker {} ×{} slower", broker.0, short(*factor)),
    }
}

/// What an action is done to.
pub fn thing_of(design: &Design, action: &Action) -> Option<String> {
    let group = |group: &GroupId| format!("group/{}", design.groups[group.index()].name);
    match action {
        Action::ProducerRate { producer, .. } => Some(format!("producer/{}", design.producers[producer.index()].name)),
        Action::MemberCrash { group: of, member }
        | Action::MemberStop { group: of, member }
        | Action::MemberPause { group: of, member } => Some(format!("{}/{}", group(of), member.0)),
        Action::HandlerSlow { group: of, member: Some(member), .. } => Some(format!("{}/{}", group(of), member.0)),
        Action::HandlerSlow { group: of, member: None, .. }
        | Action::MembersAdd { group: of, .. }
        | Action::CommitsFail { group: of, .. }
        | Action::GroupStop { group: of }
        | Action::GroupStart { group: of }
        | Action::GroupReset { group: of, .. }
        | Action::RollingRestart { group: of, .. } => Some(group(of)),
        Action::BrokerSlow { broker, .. } => Some(format!("broker/{}", broker.0)),
    }
}

/// Why an action was not done.
pub fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::GroupActive => "the group is active: stop it first",
        Refusal::NoSuchMember => "there is no such member",
        Refusal::MemberNotRunning => "the member does not run",
        Refusal::MemberAlreadyRunning => "the member runs already",
        Refusal::NothingCommitted => "nothing was committed",
    }
}

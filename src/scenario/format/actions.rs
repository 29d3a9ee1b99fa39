//! The actions of the timeline.

use super::{Object, Shape, field, required};
use Shape::*;

pub static ENTRY: Object = Object {
    name: "entry of the timeline",
    fields: &[
        field("id", Name, "A name to refer to it by."),
        field("at", Duration, "The moment that it begins."),
        field("after", Name, "Begins at the end of another entry."),
        field("plus", Duration, "That much later, with `after`."),
        field("when", Expression, "Begins when this holds, asked at each sample."),
        field("every", Duration, "Repeats from `at`."),
        field("times", Count, "How often it begins. Without it: once."),
        field("for", Duration, "After this it ends by itself."),
        required("do", OneOf(ACTION_NAMES), "What happens."),
        field("group", Name, "A consumer group."),
        field("member", Count, "A member, from 0."),
        field("count", Count, "How many."),
        field("producer", Name, "A producer."),
        field("rate", Rate, "The new total rate of a producer."),
        field("factor", Number, "So many times as much, or as long."),
        field("error", OneOf(&["retriable", "fatal"]), "What commits are answered with."),
        field("to", Text, "Where offsets go: earliest, latest, or a moment of the run such as 90s."),
        field("by", Number, "So many records from the committed offset."),
        field("down", Duration, "How long each member is down in a rolling deploy."),
        field("gap", Duration, "Between one member and the next."),
        field("broker", Count, "A broker, from 0."),
    ],
};

/// An action: what it takes beside when it happens.
pub struct ActionForm {
    pub name: &'static str,
    /// Keys, the ones that it must have first.
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    /// Whether `for` has a meaning.
    pub lasts: bool,
    /// Not built: what to write instead.
    pub later: Option<&'static str>,
}

const fn built(name: &'static str, required: &'static [&'static str], optional: &'static [&'static str], lasts: bool) -> ActionForm {
    ActionForm { name, required, optional, lasts, later: None }
}

const fn unbuilt(name: &'static str, instead: &'static str) -> ActionForm {
    ActionForm { name, required: &[], optional: &[], lasts: true, later: Some(instead) }
}

pub static ACTIONS: &[ActionForm] = &[
    built("producer.rate", &["producer"], &["rate", "factor"], true),
    built("producer.stop", &["producer"], &[], true),
    unbuilt("producer.start", "give producer.stop a `for`"),
    unbuilt("producer.schema", "schemas are not built yet"),
    unbuilt("acks.lose", "acknowledgements are not lost yet"),
    built("member.crash", &["group", "member"], &[], true),
    built("member.stop", &["group", "member"], &[], true),
    built("members.add", &["group"], &["count"], true),
    built("member.pause", &["group", "member"], &[], true),
    built("handler.slow", &["group", "factor"], &["member"], true),
    unbuilt("handler.fail", "handlers do not fail yet; member.crash and handler.slow are built"),
    built("commits.fail", &["group"], &["error"], true),
    built("group.stop", &["group"], &[], true),
    built("group.start", &["group"], &[], false),
    built("group.reset", &["group"], &["to", "by"], false),
    unbuilt("broker.crash", "brokers do not fail yet; broker.slow is built"),
    unbuilt("broker.stop", "brokers do not stop yet; broker.slow is built"),
    unbuilt("broker.restart", "brokers do not restart yet; broker.slow is built"),
    built("broker.slow", &["broker", "factor"], &[], true),
    unbuilt("network.cut", "the network does not fail yet"),
    unbuilt("network.delay", "set cluster.network.latency for the whole run"),
    unbuilt("leader.elect", "leaders stay where they are"),
    unbuilt("partitions.add", "give the topic its partitions from the start"),
    unbuilt("topic.config", "give the topic its config from the start"),
    unbuilt("target.down", "targets do not fail yet; handler.slow is built"),
    unbuilt("target.slow", "use handler.slow"),
    unbuilt("service.crash", "services are not built yet"),
    unbuilt("relay.stop", "services are not built yet"),
    unbuilt("schema.register", "schemas are not built yet"),
    unbuilt("dlt.replay", "dead letters are not built yet"),
    built("rolling.deploy", &["group"], &["down", "gap"], false),
];

/// The names of [`ACTIONS`] that are built, for the schema.
pub static ACTION_NAMES: &[&str] = &[
    "producer.rate",
    "producer.stop",
    "member.crash",
    "member.stop",
    "members.add",
    "member.pause",
    "handler.slow",
    "commits.fail",
    "group.stop",
    "group.start",
    "group.reset",
    "broker.slow",
    "rolling.deploy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_what_is_built() {
        let built: Vec<&str> = ACTIONS.iter().filter(|form| form.later.is_none()).map(|form| form.name).collect();
        assert_eq!(built, ACTION_NAMES);
    }

    #[test]
    fn every_key_of_an_action_is_a_key_of_an_entry() {
        for form in ACTIONS {
            for key in form.required.iter().chain(form.optional) {
                assert!(ENTRY.field(key).is_some(), "{} takes {key}", form.name);
            }
        }
    }
}

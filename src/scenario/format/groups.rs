//! Consumer groups and their handlers.

use super::super::kafka_config::Scope;
use super::{Object, Shape, TIME, field, later, required};
use Shape::*;

pub static GROUP: Object = Object {
    name: "group",
    fields: &[
        required("topics", List(&Name), "What it reads."),
        required("members", Count, "How many run at the start."),
        field("owner", Text, "Who answers for it."),
        field("critical", Bool, "Held to a higher standard by the linter."),
        field("config", Config(Scope::Consumer), "Consumer settings by Kafka's names."),
        field("handler", Shape::Object(&HANDLER), "What is done with each record. Without it: nothing, at once."),
        field("budget", Shape::Object(&BUDGET), "How far behind it may be."),
    ],
};

pub static HANDLER: Object = Object {
    name: "handler",
    fields: &[
        field("takes", Either(&[Duration, Shape::Object(&TIME)]), "The time of a record, for a handler without steps."),
        field("steps", List(&Shape::Object(&STEP)), "One after the other, for each record."),
        field(
            "commit",
            OneOf(&["after-record", "after-batch", "auto", "before"]),
            "When offsets are committed. Without it: as enable.auto.commit says.",
        ),
        field("on_commit_failure", OneOf(&["continue", "restart", "rewind"]), "What a refused commit does. Without it: continue."),
        field("dedup", Either(&[OneOf(&["none"]), Shape::Object(&DEDUP)]), "Remembers events by their own id."),
        later("on_error", "What a failing record does.", "take it away: handlers do not fail yet"),
    ],
};

pub static STEP: Object = Object {
    name: "step",
    fields: &[
        required("do", Text, "A word for it: validate, write, call."),
        field("to", Name, "The target that it acts on."),
        field("takes", Either(&[Duration, Shape::Object(&TIME)]), "Its time; with `to` the target's time is taken."),
        field("effect", Text, "`idempotent`, or the name of what must happen once for each event."),
    ],
};

pub static DEDUP: Object = Object {
    name: "dedup",
    fields: &[
        required("store", Name, "The target that keeps the marks."),
        required("check", OneOf(&["first"]), "Before the first step."),
        required("mark", OneOf(&["before", "after", "same-transaction"]), "When the event is marked as done."),
    ],
};

pub static BUDGET: Object = Object {
    name: "budget",
    fields: &[
        field("records", Count, "Lag of a partition."),
        field("age", Duration, "Age of the oldest record that was not handled."),
        field("drain", Duration, "Time to drain."),
    ],
};

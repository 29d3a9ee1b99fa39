//! The file itself, the cluster, topics, variants and the lesson.

use super::super::kafka_config::Scope;
use super::{ENTRY, GROUP, Object, PRODUCER, Shape, TARGET, TIME, field, later, required};
use Shape::*;

pub static FILE: Object = Object {
    name: "scenario",
    fields: &[
        required("laglab", Count, "Version of the format: 1."),
        field("title", Text, "The name of the scenario, for people."),
        field("question", Text, "What the run answers."),
        field("tags", List(&Text), "Words to find it by."),
        field("theme", Text, "The shelf of the gallery that it stands on."),
        field("seed", Count, "Fixes all chance. Without it: 1."),
        required("duration", Duration, "How much time is simulated."),
        field("warmup", Duration, "The start of the run that `expect` does not judge."),
        field("cluster", Shape::Object(&CLUSTER), "The brokers."),
        required("topics", Named(&TOPIC), "Topics by name."),
        later("schemas", "Schemas of values.", "take it away: values are bytes without a schema"),
        field("producers", Named(&PRODUCER), "What sends records, by name."),
        later("services", "What writes a database and publishes.", "use producers: an outbox or dual write cannot be simulated yet"),
        field("targets", Named(&TARGET), "What handlers act on, by name."),
        field("groups", Named(&GROUP), "Consumer groups, by group.id."),
        field("timeline", List(&Shape::Object(&ENTRY)), "What goes wrong, and what people do."),
        field("expect", List(&Either(&[Expression, Weights])), "The design holds when all of these hold. With a name: `name: expression`."),
        field("variants", List(&Shape::Object(&VARIANT)), "Changed designs, run on the same seed."),
        field("lesson", Shape::Object(&LESSON), "The guided tour."),
    ],
};

pub static CLUSTER: Object = Object {
    name: "cluster",
    fields: &[
        field("brokers", Count, "How many there are. Without it: 1."),
        later("racks", "Where brokers stand.", "take it away: all brokers are in one place"),
        field("network", Shape::Object(&NETWORK), "One-way delays between any two machines."),
        field("costs", Either(&[OneOf(&["default", "zero"]), Shape::Object(&COSTS)]), "What the work of a broker costs."),
        field("config", Config(Scope::Broker), "Broker settings by Kafka's names."),
    ],
};

pub static NETWORK: Object = Object {
    name: "network",
    fields: &[
        field("latency", Either(&[Duration, Shape::Object(&TIME)]), "One way. Without it: 500us."),
        field("jitter", Duration, "Added to the latency, uniform between zero and this. Without it: 0s."),
    ],
};

pub static COSTS: Object = Object {
    name: "costs",
    fields: &[
        field("request", Duration, "CPU of a request handler for each request. Default: 40us."),
        field("partition", Duration, "CPU for each partition in a request. Default: 3us."),
        field("record", Duration, "CPU for each record. Default: 0s."),
        field("byte", Text, "CPU for each byte, in nanoseconds or picoseconds: `0.5ns`. Default: 0.5ns."),
        field("network", Either(&[OneOf(&["unlimited"]), Text]), "Bytes a second of a broker's network card, each way: `1GiB/s`."),
        field("disk", Either(&[OneOf(&["unlimited"]), Text]), "Bytes a second of a broker's log disk: `500MiB/s`."),
        field("compression", Bool, "Whether a producer's CPU pays for compressing. Default: true."),
    ],
};

pub static TOPIC: Object = Object {
    name: "topic",
    fields: &[
        field("partitions", Count, "How many. Without it: the brokers' num.partitions, 1."),
        field("replicas", Count, "Copies of each partition. Only 1 is built."),
        field("owner", Text, "Who answers for it."),
        field("critical", Bool, "Held to a higher standard by the linter."),
        later("schema", "The schema of its values.", "take it away: values are bytes without a schema"),
        field("config", Config(Scope::Topic), "Topic settings by Kafka's names."),
    ],
};

pub static VARIANT: Object = Object {
    name: "variant",
    fields: &[
        required("name", Text, "Shown on its chip."),
        field("why", Text, "What it shows."),
        field("set", Any, "Path to value: `groups.billing.members: 24`."),
        field("remove", List(&Text), "Paths of what is taken away."),
        field("fails", List(&Text), "The expectations that it breaks, and must break."),
        field("compare", List(&Expression), "Against the base run: `max(lag{group=billing}) < base`."),
    ],
};

pub static LESSON: Object = Object {
    name: "lesson",
    fields: &[
        field("fails", List(&Text), "What the base run breaks, and must break; all else holds."),
        field("steps", List(&Shape::Object(&LESSON_STEP)), "The tour, in order of time."),
    ],
};

pub static LESSON_STEP: Object = Object {
    name: "step of the lesson",
    fields: &[
        required("at", Duration, "The moment."),
        field("look", Text, "What to look at: `group/charger`, `group/charger/1`, `topic/payments/7`, `producer/checkout`, `broker/0`."),
        required("title", Text, "A few words."),
        required("text", Text, "What is to be seen."),
        field("predict", Shape::Object(&PREDICT), "A question before it goes on."),
    ],
};

pub static PREDICT: Object = Object {
    name: "question",
    fields: &[
        required("ask", Text, "The question."),
        required("answers", List(&Text), "To choose from."),
        required("right", Count, "The right one, from 0."),
        field("because", Text, "Why."),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_a_table() {
        for object in
            [&FILE, &CLUSTER, &NETWORK, &COSTS, &TOPIC, &VARIANT, &LESSON, &LESSON_STEP, &PREDICT, &PRODUCER, &TARGET, &GROUP, &ENTRY]
        {
            let mut names: Vec<&str> = object.fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), object.fields.len(), "{}", object.name);
        }
    }
}

//! Producers, what they send, and the targets that handlers act on; times and sizes to draw.

use super::super::kafka_config::Scope;
use super::{Object, Shape, field, later, required};
use Shape::*;

pub static PRODUCER: Object = Object {
    name: "producer",
    fields: &[
        required("topic", Name, "Where its records go."),
        field("instances", Count, "Processes that share the rate. Without it: 1."),
        required("rate", Either(&[Rate, Shape::Object(&RATE)]), "Records a second, the total over all instances."),
        field("arrivals", OneOf(&["poisson", "constant"]), "How records are spread in time. Without it: poisson."),
        field("key", Either(&[OneOf(&["none"]), Shape::Object(&KEY)]), "Whose event a record is, and the key that it carries."),
        field("life", Shape::Object(&LIFE), "Types that each entity goes through, in order, then again."),
        field("value", Shape::Object(&VALUE), "What stands in a record. Without it: 100B."),
        field("config", Config(Scope::Producer), "Producer settings by Kafka's names."),
    ],
};

pub static RATE: Object = Object {
    name: "rate",
    fields: &[
        required("start", Rate, "At time zero."),
        field("stages", List(&Shape::Object(&STAGE)), "Straight lines, one after the other; the last rate stays."),
    ],
};

pub static STAGE: Object =
    Object { name: "stage", fields: &[required("to", Rate, "The rate at its end."), required("over", Duration, "How long it takes.")] };

pub static KEY: Object = Object {
    name: "key",
    fields: &[
        required("field", Text, "What the key is the value of; a drawn key is `FIELD-<n>`."),
        required("from", Shape::Object(&FROM), "How keys are drawn; rank 0 is the most frequent."),
        field("hot", Shape::Object(&HOT), "A key that takes its share before `from` is asked."),
        field("salt", Count, "Each key is spread over so many: `KEY#0` to `KEY#<salt - 1>`."),
        field("send", OneOf(&["key", "none"]), "`none`: the event belongs to its entity, but the record carries no key."),
    ],
};

pub static FROM: Object = Object {
    name: "from",
    fields: &[
        field("uniform", Shape::Object(&SHARE_OF_KEYS), "All keys are as frequent."),
        field("zipf", Shape::Object(&ZIPF), "Key of rank n with weight 1 / n^exponent."),
        field("weighted", Weights, "Keys by name, each with its weight."),
    ],
};

pub static SHARE_OF_KEYS: Object = Object { name: "uniform", fields: &[required("keys", Count, "How many keys there are.")] };

pub static ZIPF: Object = Object {
    name: "zipf",
    fields: &[required("keys", Count, "How many keys there are."), required("exponent", Number, "0 is uniform, 1 is Zipf's law.")],
};

pub static HOT: Object =
    Object { name: "hot", fields: &[required("share", Percent, "Of all records."), required("key", Text, "The key itself.")] };

pub static LIFE: Object = Object {
    name: "life",
    fields: &[required("types", List(&Text), "Event types in order."), required("gap", Duration, "Between two events of one entity.")],
};

pub static VALUE: Object = Object {
    name: "value",
    fields: &[
        field("size", Either(&[Size, Shape::Object(&SIZE)]), "Bytes of the value. Without it: 100B."),
        later("schema", "The schema that it is written with.", "take it away: values are bytes without a schema"),
    ],
};

pub static TIME: Object = Object {
    name: "time to draw",
    fields: &[
        field("exponential", Duration, "With this mean."),
        field("p50", Duration, "Lognormal through its median and its 99th percentile."),
        field("p99", Duration, "Lognormal through its median and its 99th percentile."),
        field("uniform", List(&Duration), "Between two times."),
    ],
};

pub static SIZE: Object = Object {
    name: "size to draw",
    fields: &[
        field("p50", Size, "Lognormal through its median and its 99th percentile."),
        field("p99", Size, "Lognormal through its median and its 99th percentile."),
        field("uniform", List(&Size), "Between two sizes."),
    ],
};

pub static TARGET: Object = Object {
    name: "target",
    fields: &[
        required("kind", OneOf(&["database", "api", "store"]), "What it is."),
        required("takes", Either(&[Duration, Shape::Object(&TIME)]), "The time of one call."),
        later("capacity", "Calls a second.", "take it away: a target answers any number of calls at once"),
        later("fails", "Calls that fail.", "take it away: calls do not fail yet"),
        field("honours_key", Either(&[OneOf(&["never"]), Duration]), "How long an idempotency key sent again has no second effect."),
        field("keeps", Duration, "How long a store keeps a mark. Without it: for ever."),
        field("owner", Text, "Who answers for it."),
    ],
};

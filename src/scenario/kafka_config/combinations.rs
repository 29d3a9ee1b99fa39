//! Values that Kafka takes one by one and refuses together, when a client or a broker starts or a topic is made.
//! Kafka: `ProducerConfig.postProcessAndValidateIdempotenceConfigs` (4.0: too many requests in flight are an error, never a
//! silent loss of idempotence), `KafkaProducer.configureDeliveryTimeout`, `ConsumerConfig`, `Heartbeat`,
//! `LogConfig.validateValues`, `KafkaConfig.validateValues`, `GroupCoordinatorConfig.validate`, `GroupConfig`.
//! Left out: listeners, quorum, tiered storage.

use super::{ParsedValue, Scope, lookup};

/// Two settings that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The one to point at: somebody has set it.
    pub name: &'static str,
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// `settings` are those that somebody has set, each with a value that its own check takes; the others have their defaults.
pub fn combinations(scope: Scope, settings: &[(&str, &str)]) -> Vec<Conflict> {
    let given = Given { scope, settings };
    match scope {
        Scope::Producer => producer(&given),
        Scope::Consumer => consumer(&given),
        Scope::Topic => in_order(&given, TOPIC),
        Scope::Broker => broker(&given),
        Scope::Group => in_order(&given, GROUP),
    }
}

/// What a coordinator answers with `INVALID_SESSION_TIMEOUT`, so that the group never comes to be.
pub fn outside_the_brokers_bounds(consumer: &[(&str, &str)], broker: &[(&str, &str)]) -> Vec<Conflict> {
    let (consumer, broker) = (Given { scope: Scope::Consumer, settings: consumer }, Given { scope: Scope::Broker, settings: broker });
    let timeout = consumer.number("session.timeout.ms");
    let (least, most) = (broker.number("group.min.session.timeout.ms"), broker.number("group.max.session.timeout.ms"));
    if (least..=most).contains(&timeout) || consumer.text("group.protocol").eq_ignore_ascii_case("consumer") {
        return Vec::new();
    }
    let (setting, bound, than) = match timeout < least {
        true => ("group.min.session.timeout.ms", least, "less"),
        false => ("group.max.session.timeout.ms", most, "more"),
    };
    vec![conflict(
        "session.timeout.ms",
        format!(
            "`session.timeout.ms` is {timeout}, {than} than the brokers' `{setting}` of {bound}: no coordinator lets such a member join"
        ),
        format!("write {least} to {most}, or change {setting}"),
    )]
}

/// Whether a producer with these settings is idempotent. It is by default, and stops being so without a word when `acks`
/// or `retries` do not allow it, unless `enable.idempotence` was asked for.
pub fn is_idempotent(settings: &[(&str, &str)]) -> bool {
    let given = Given { scope: Scope::Producer, settings };
    given.flag("enable.idempotence") && given.acks_all() && given.number("retries") > 0
}

fn conflict(name: &'static str, message: impl Into<String>, help: impl Into<String>) -> Conflict {
    Conflict { name, message: message.into(), help: help.into() }
}

/// What was set, over the defaults.
struct Given<'a> {
    scope: Scope,
    settings: &'a [(&'a str, &'a str)],
}

impl Given<'_> {
    fn is_set(&self, name: &str) -> bool {
        self.settings.iter().any(|(known, _)| *known == name)
    }

    fn value(&self, name: &str) -> Option<ParsedValue> {
        let setting = lookup(self.scope, name).expect("combinations are of real settings");
        let text = self.settings.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        text.and_then(|text| setting.check(text).ok()).or_else(|| setting.default_value())
    }

    fn number(&self, name: &str) -> i64 {
        match self.value(name) {
            Some(ParsedValue::Number(value)) => value,
            Some(ParsedValue::Boolean(_) | ParsedValue::Double(_) | ParsedValue::Text(_) | ParsedValue::List(_)) | None => {
                panic!("{name} is a number and has a default")
            }
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(ParsedValue::Boolean(true))
    }

    fn text(&self, name: &str) -> String {
        match self.value(name) {
            Some(ParsedValue::Text(text)) => text,
            Some(ParsedValue::Boolean(_) | ParsedValue::Double(_) | ParsedValue::Number(_) | ParsedValue::List(_)) | None => String::new(),
        }
    }

    fn acks_all(&self) -> bool {
        matches!(self.text("acks").as_str(), "all" | "-1")
    }

    /// The one that somebody has set, if there is a choice.
    fn one_that_is_set(&self, first: &'static str, second: &'static str) -> &'static str {
        if !self.is_set(first) && self.is_set(second) { second } else { first }
    }
}

fn producer(given: &Given) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let asked_for = given.is_set("enable.idempotence");
    if given.flag("enable.idempotence") {
        let acks = given.text("acks");
        if asked_for && !given.acks_all() {
            let message =
                format!("`acks: {acks}` and `enable.idempotence: true` do not go together: idempotence needs all in-sync replicas");
            conflicts.push(conflict("acks", message, "write acks: all, or leave enable.idempotence out"));
        }
        if asked_for && given.number("retries") == 0 {
            let message = "`retries: 0` and `enable.idempotence: true` do not go together";
            conflicts.push(conflict("retries", message, "leave retries out, or enable.idempotence"));
        }
        let in_flight = given.number("max.in.flight.requests.per.connection");
        if in_flight > 5 {
            let why = if asked_for { "" } else { ", which is the default" };
            let message = format!(
                "`max.in.flight.requests.per.connection: {in_flight}` does not go with idempotence{why}: brokers remember five batches"
            );
            conflicts.push(conflict("max.in.flight.requests.per.connection", message, "write at most 5, or enable.idempotence: false"));
        }
    }
    if given.is_set("transactional.id") && !is_idempotent(given.settings) {
        let message = "`transactional.id` needs an idempotent producer";
        conflicts.push(conflict("transactional.id", message, "leave enable.idempotence, acks and retries as they are by default"));
    }
    if given.flag("transaction.two.phase.commit.enable") && given.is_set("transaction.timeout.ms") {
        let message =
            "`transaction.timeout.ms` does not go with `transaction.two.phase.commit.enable: true`: such transactions do not time out";
        conflicts.push(conflict("transaction.timeout.ms", message, "leave transaction.timeout.ms out"));
    }
    let (delivery, linger) = (given.number("delivery.timeout.ms"), given.number("linger.ms"));
    let least = linger.saturating_add(given.number("request.timeout.ms")).min(i64::from(i32::MAX));
    if given.is_set("delivery.timeout.ms") && delivery < least {
        let message = format!("`delivery.timeout.ms: {delivery}` is less than `linger.ms` + `request.timeout.ms`, which is {least}");
        conflicts.push(conflict("delivery.timeout.ms", message, format!("write {least} or more, or make the others less")));
    }
    conflicts
}

fn consumer(given: &Given) -> Vec<Conflict> {
    let consumer_protocol = given.text("group.protocol").eq_ignore_ascii_case("consumer");
    let (protocol, refused): (_, &[&'static str]) = if consumer_protocol {
        ("consumer", &["partition.assignment.strategy", "heartbeat.interval.ms", "session.timeout.ms", "share.acknowledgement.mode"])
    } else {
        ("classic", &["group.remote.assignor", "share.acknowledgement.mode"])
    };
    let mut conflicts: Vec<Conflict> = refused
        .iter()
        .filter(|name| given.is_set(name))
        .map(|name| {
            let message = format!("`{name}` does not go with `group.protocol: {protocol}`");
            conflict(name, message, format!("leave {name} out"))
        })
        .collect();
    let (heartbeat, session) = (given.number("heartbeat.interval.ms"), given.number("session.timeout.ms"));
    if !consumer_protocol && heartbeat >= session {
        conflicts.push(conflict(
            given.one_that_is_set("heartbeat.interval.ms", "session.timeout.ms"),
            format!("`heartbeat.interval.ms` ({heartbeat}) is not less than `session.timeout.ms` ({session})"),
            format!("write heartbeat.interval.ms: {}, a third of the timeout", (session / 3).max(1)),
        ));
    }
    conflicts
}

fn broker(given: &Given) -> Vec<Conflict> {
    let mut conflicts = in_order(given, BROKER);
    if given.is_set("log.retention.ms") && given.number("log.retention.ms") == 0 {
        conflicts.push(conflict("log.retention.ms", "`log.retention.ms` cannot be 0", "write 1 or more, or -1 for ever"));
    }
    let threads = given.number("log.cleaner.threads");
    if threads > 0 && given.number("log.cleaner.dedupe.buffer.size") / threads <= 1_048_576 {
        let message = "`log.cleaner.dedupe.buffer.size` is not more than 1 MiB for each of the `log.cleaner.threads`";
        let name = given.one_that_is_set("log.cleaner.dedupe.buffer.size", "log.cleaner.threads");
        conflicts.push(conflict(name, message, format!("write log.cleaner.dedupe.buffer.size: {} or more", threads * 1_048_576 + threads)));
    }
    let protocols = given.value("group.coordinator.rebalance.protocols");
    if let Some(ParsedValue::List(protocols)) = protocols
        && !protocols.iter().any(|protocol| protocol == "classic")
    {
        let message = "the classic protocol cannot be switched off";
        conflicts.push(conflict("group.coordinator.rebalance.protocols", message, "add classic"));
    }
    conflicts
}

/// How the first has to be to the second.
#[derive(Clone, Copy)]
enum Order {
    Below,
    NotAbove,
}
use Order::{Below, NotAbove};

type Ordered = (&'static str, Order, &'static str);

const TOPIC: &[Ordered] = &[("min.compaction.lag.ms", NotAbove, "max.compaction.lag.ms")];

const GROUP: &[Ordered] = &[
    ("consumer.heartbeat.interval.ms", Below, "consumer.session.timeout.ms"),
    ("share.heartbeat.interval.ms", Below, "share.session.timeout.ms"),
    ("streams.heartbeat.interval.ms", Below, "streams.session.timeout.ms"),
];

const BROKER: &[Ordered] = &[
    ("log.cleaner.min.compaction.lag.ms", NotAbove, "log.cleaner.max.compaction.lag.ms"),
    ("replica.fetch.wait.max.ms", NotAbove, "replica.socket.timeout.ms"),
    ("replica.fetch.wait.max.ms", NotAbove, "replica.lag.time.max.ms"),
    ("group.consumer.min.heartbeat.interval.ms", NotAbove, "group.consumer.heartbeat.interval.ms"),
    ("group.consumer.heartbeat.interval.ms", NotAbove, "group.consumer.max.heartbeat.interval.ms"),
    ("group.consumer.min.session.timeout.ms", NotAbove, "group.consumer.session.timeout.ms"),
    ("group.consumer.session.timeout.ms", NotAbove, "group.consumer.max.session.timeout.ms"),
    ("group.consumer.heartbeat.interval.ms", Below, "group.consumer.session.timeout.ms"),
    ("group.share.min.heartbeat.interval.ms", NotAbove, "group.share.heartbeat.interval.ms"),
    ("group.share.heartbeat.interval.ms", NotAbove, "group.share.max.heartbeat.interval.ms"),
    ("group.share.min.session.timeout.ms", NotAbove, "group.share.session.timeout.ms"),
    ("group.share.session.timeout.ms", NotAbove, "group.share.max.session.timeout.ms"),
    ("group.share.heartbeat.interval.ms", Below, "group.share.session.timeout.ms"),
    ("group.share.min.record.lock.duration.ms", NotAbove, "group.share.record.lock.duration.ms"),
    ("group.share.record.lock.duration.ms", NotAbove, "group.share.max.record.lock.duration.ms"),
    ("group.streams.min.heartbeat.interval.ms", NotAbove, "group.streams.heartbeat.interval.ms"),
    ("group.streams.heartbeat.interval.ms", NotAbove, "group.streams.max.heartbeat.interval.ms"),
    ("group.streams.min.session.timeout.ms", NotAbove, "group.streams.session.timeout.ms"),
    ("group.streams.session.timeout.ms", NotAbove, "group.streams.max.session.timeout.ms"),
    ("group.streams.heartbeat.interval.ms", Below, "group.streams.session.timeout.ms"),
];

fn in_order(given: &Given, pairs: &[Ordered]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for &(first, order, second) in pairs {
        let (a, b) = (given.number(first), given.number(second));
        let (holds, wrong) = match order {
            Below => (a < b, "is not less than"),
            NotAbove => (a <= b, "is more than"),
        };
        if !holds {
            let name = given.one_that_is_set(first, second);
            conflicts.push(conflict(
                name,
                format!("`{first}` ({a}) {wrong} `{second}` ({b})"),
                format!("make {first} less, or {second} more"),
            ));
        }
    }
    conflicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(scope: Scope, settings: &[(&str, &str)]) -> Vec<&'static str> {
        combinations(scope, settings).into_iter().map(|conflict| conflict.name).collect()
    }

    #[test]
    fn the_defaults_go_together() {
        for scope in Scope::ALL {
            assert_eq!(combinations(scope, &[]), [], "{}", scope.name());
        }
        assert_eq!(outside_the_brokers_bounds(&[], &[]), []);
        assert!(is_idempotent(&[]));
    }

    #[test]
    fn idempotence_that_was_asked_for_is_held_to() {
        let on = ("enable.idempotence", "true");
        assert_eq!(refused(Scope::Producer, &[on, ("acks", "1")]), ["acks"]);
        assert_eq!(refused(Scope::Producer, &[on, ("retries", "0")]), ["retries"]);
        assert_eq!(refused(Scope::Producer, &[on, ("acks", "-1")]), [""; 0]);
        let off = ("enable.idempotence", "false");
        assert_eq!(refused(Scope::Producer, &[off, ("acks", "0"), ("max.in.flight.requests.per.connection", "6")]), [""; 0]);
    }

    #[test]
    fn idempotence_by_default_gives_way_but_not_to_many_requests_in_flight() {
        assert_eq!(refused(Scope::Producer, &[("acks", "1")]), [""; 0]);
        assert!(!is_idempotent(&[("acks", "1")]));
        assert!(!is_idempotent(&[("retries", "0")]));
        assert_eq!(refused(Scope::Producer, &[("max.in.flight.requests.per.connection", "6")]), ["max.in.flight.requests.per.connection"]);
    }

    #[test]
    fn a_transactional_producer_is_idempotent() {
        let id = ("transactional.id", "t");
        assert_eq!(refused(Scope::Producer, &[id]), [""; 0]);
        assert_eq!(refused(Scope::Producer, &[id, ("acks", "1")]), ["transactional.id"]);
        assert_eq!(refused(Scope::Producer, &[id, ("enable.idempotence", "false")]), ["transactional.id"]);
    }

    #[test]
    fn a_delivery_lasts_as_long_as_lingering_and_one_request() {
        assert_eq!(refused(Scope::Producer, &[("delivery.timeout.ms", "30004")]), ["delivery.timeout.ms"]);
        assert_eq!(refused(Scope::Producer, &[("delivery.timeout.ms", "30005")]), [""; 0]);
        assert_eq!(refused(Scope::Producer, &[("linger.ms", "9223372036854775807")]), [""; 0], "the default gives way");
    }

    #[test]
    fn heartbeats_come_before_the_session_ends() {
        assert_eq!(refused(Scope::Consumer, &[("session.timeout.ms", "3000")]), ["session.timeout.ms"]);
        assert_eq!(
            refused(Scope::Consumer, &[("session.timeout.ms", "9000"), ("heartbeat.interval.ms", "9000")]),
            ["heartbeat.interval.ms"]
        );
    }

    #[test]
    fn each_group_protocol_has_its_own_settings() {
        let new = ("group.protocol", "CONSUMER");
        assert_eq!(refused(Scope::Consumer, &[new, ("session.timeout.ms", "10000")]), ["session.timeout.ms"]);
        assert_eq!(refused(Scope::Consumer, &[new, ("group.remote.assignor", "range")]), [""; 0]);
        assert_eq!(refused(Scope::Consumer, &[("group.remote.assignor", "range")]), ["group.remote.assignor"]);
    }

    #[test]
    fn brokers_bound_the_session_timeout() {
        let outside = |consumer: &[(&str, &str)], broker: &[(&str, &str)]| outside_the_brokers_bounds(consumer, broker).len();
        assert_eq!(outside(&[("session.timeout.ms", "5999")], &[]), 1);
        assert_eq!(outside(&[("session.timeout.ms", "5999")], &[("group.min.session.timeout.ms", "1000")]), 0);
        assert_eq!(outside(&[("session.timeout.ms", "1800001")], &[]), 1);
    }

    #[test]
    fn a_broker_s_least_is_not_above_its_most() {
        assert_eq!(refused(Scope::Broker, &[("log.retention.ms", "0")]), ["log.retention.ms"]);
        assert_eq!(refused(Scope::Broker, &[("replica.lag.time.max.ms", "100")]), ["replica.lag.time.max.ms"]);
        assert_eq!(refused(Scope::Broker, &[("group.consumer.session.timeout.ms", "1000")]).len(), 2);
        assert_eq!(refused(Scope::Broker, &[("log.cleaner.threads", "128")]), ["log.cleaner.threads"]);
        assert_eq!(refused(Scope::Topic, &[("max.compaction.lag.ms", "1"), ("min.compaction.lag.ms", "2")]), ["min.compaction.lag.ms"]);
    }
}

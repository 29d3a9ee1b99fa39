//! Kafka's own settings: what they are called, what they default to, what Kafka takes and what it refuses.
//! Kafka: `ConfigDef` and the tables made with it, 4.3.0; also what clients and brokers refuse when they start.
//! Left out: settings of Streams, Connect and the admin client; classes are not looked for, so any name of one is taken.
//! Holds: every setting of `tests/conformance/vectors/defaults.json` is here with its type, default and validator.

mod broker;
mod combinations;
mod connection;
mod consumer;
mod group;
mod iso_duration;
mod producer;
mod setting;
mod topic;
mod value;

pub use combinations::{Conflict, combinations, is_idempotent, outside_the_brokers_bounds};
pub use setting::{DefaultValue, Setting, Type, Valid};
pub use value::{ParsedValue, Refusal, assignor, auto_offset_reset};

/// Whose setting it is. The same name may have another meaning elsewhere (`compression.type`, `request.timeout.ms`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Producer,
    Consumer,
    Topic,
    Broker,
    /// `kafka-configs --entity-type groups`.
    Group,
}

impl Scope {
    pub const ALL: [Scope; 5] = [Scope::Producer, Scope::Consumer, Scope::Topic, Scope::Broker, Scope::Group];

    /// `producer`, `consumer`, `topic`, `broker`, `group`.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Producer => "producer",
            Scope::Consumer => "consumer",
            Scope::Topic => "topic",
            Scope::Broker => "broker",
            Scope::Group => "group",
        }
    }

    /// What it does, and how it reaches others.
    fn tables(self) -> [&'static [Setting]; 3] {
        match self {
            Scope::Producer => [producer::PRODUCER, connection::PRODUCER, connection::CLIENT],
            Scope::Consumer => [consumer::CONSUMER, connection::CONSUMER, connection::CLIENT],
            Scope::Topic => [topic::TOPIC, connection::TOPIC, &[]],
            Scope::Broker => [broker::BROKER, connection::BROKER, &[]],
            Scope::Group => [group::GROUP, &[], &[]],
        }
    }
}

/// All settings of a scope, each once.
pub fn settings(scope: Scope) -> impl Iterator<Item = &'static Setting> {
    scope.tables().into_iter().flatten()
}

pub fn lookup(scope: Scope, name: &str) -> Option<&'static Setting> {
    settings(scope).find(|setting| setting.name == name)
}

/// Another scope in which the name is real: somebody has put it in the wrong place.
pub fn elsewhere(scope: Scope, name: &str) -> Option<Scope> {
    Scope::ALL.into_iter().find(|&other| other != scope && lookup(other, name).is_some())
}

/// The real name that was meant, if one is near enough.
pub fn nearest(scope: Scope, name: &str) -> Option<&'static str> {
    // People write `linger_ms`, `LINGER_MS` (a constant's or a variable's name) and `lingerMs` for one and the same.
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let name = plain(name);
    if name.is_empty() || name.len() > 80 {
        return None;
    }
    let distances =
        settings(scope).filter(|setting| !setting.internal).map(|setting| (edit_distance(&name, &plain(setting.name)), setting));
    let (distance, setting) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (name.len() / 4).max(2)).then_some(setting.name)
}

/// Letters to put in, take out, exchange or swap with their neighbour until one word is the other.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let exchanged = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = exchanged.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_real_once_in_each_scope() {
        for scope in Scope::ALL {
            let mut names: Vec<&str> = settings(scope).map(|setting| setting.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: {names:?}", scope.name());
        }
    }

    #[test]
    fn every_default_is_a_value_that_kafka_takes() {
        for scope in Scope::ALL {
            for setting in settings(scope) {
                let Some(text) = setting.default_text() else { continue };
                let parsed = setting.check(&text);
                assert_eq!(parsed.as_ref(), Ok(&setting.default_value().expect("it has a text")), "{} {}", scope.name(), setting.name);
            }
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        let near = [
            (Scope::Producer, "linger", Some("linger.ms")),
            (Scope::Producer, "linger.msec", Some("linger.ms")),
            (Scope::Producer, "LINGER_MS", Some("linger.ms")),
            (Scope::Producer, "lingerMs", Some("linger.ms")),
            (Scope::Consumer, "max.pol.records", Some("max.poll.records")),
            (Scope::Consumer, "max.poll.interval", Some("max.poll.interval.ms")),
            (Scope::Topic, "compaction", None),
            (Scope::Broker, "num.io.thread", Some("num.io.threads")),
            (Scope::Broker, "", None),
            (Scope::Broker, "something.else.entirely", None),
        ];
        for (scope, name, expected) in near {
            assert_eq!(nearest(scope, name), expected, "{} {name}", scope.name());
        }
    }

    #[test]
    fn a_setting_of_somebody_else_is_told() {
        assert_eq!(elsewhere(Scope::Consumer, "linger.ms"), Some(Scope::Producer));
        assert_eq!(elsewhere(Scope::Producer, "max.poll.records"), Some(Scope::Consumer));
        assert_eq!(elsewhere(Scope::Topic, "no.such.thing"), None);
    }

    #[test]
    fn swapped_letters_count_as_one() {
        let distance = |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("acks", "akcs"), 1);
        assert_eq!(distance("", "acks"), 4);
    }
}

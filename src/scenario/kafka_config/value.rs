//! Reads the value of a setting as Kafka does, and says what to write where Kafka would refuse it.
//! Kafka: `ConfigDef.parseType` and the validators' `ensureValid`.

use super::iso_duration;
use super::setting::{DefaultValue, Setting, Type, Valid};
use crate::engine::design::{Assignor, AutoOffsetReset};

#[derive(Clone, Debug, PartialEq)]
pub enum ParsedValue {
    Boolean(bool),
    /// Of the types short, int and long.
    Number(i64),
    Double(f64),
    /// Of the types string, class and password.
    Text(String),
    List(Vec<String>),
}

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub help: String,
}

fn refuse<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), help: help.into() })
}

impl Setting {
    /// `text` as it stands in a properties file; the items of a list between commas.
    pub fn check(&self, text: &str) -> Result<ParsedValue, Refusal> {
        let value = self.parse(text.trim())?;
        self.ensure_valid(&value)?;
        Ok(value)
    }

    /// None: it has no default.
    pub fn default_value(&self) -> Option<ParsedValue> {
        match self.default {
            DefaultValue::Required | DefaultValue::Null => None,
            DefaultValue::Boolean(value) => Some(ParsedValue::Boolean(value)),
            DefaultValue::Number(value) => Some(ParsedValue::Number(value)),
            DefaultValue::Double(value) => Some(ParsedValue::Double(value)),
            DefaultValue::Text(value) => Some(ParsedValue::Text(value.to_owned())),
            DefaultValue::List(items) => Some(ParsedValue::List(items.iter().map(|&item| item.to_owned()).collect())),
        }
    }

    /// As it would stand in a properties file.
    pub fn default_text(&self) -> Option<String> {
        match self.default {
            DefaultValue::Required | DefaultValue::Null => None,
            DefaultValue::Boolean(value) => Some(value.to_string()),
            DefaultValue::Number(value) => Some(value.to_string()),
            DefaultValue::Double(value) => Some(value.to_string()),
            DefaultValue::Text(value) => Some(value.to_owned()),
            DefaultValue::List(items) => Some(items.join(",")),
        }
    }

    fn parse(&self, text: &str) -> Result<ParsedValue, Refusal> {
        match self.kind {
            Type::Boolean if text.eq_ignore_ascii_case("true") => Ok(ParsedValue::Boolean(true)),
            Type::Boolean if text.eq_ignore_ascii_case("false") => Ok(ParsedValue::Boolean(false)),
            Type::Boolean => refuse(format!("`{}` is true or false, not `{}`", self.name, short(text)), "write true or false"),
            Type::Short => self.whole_number(text, i16::MIN.into(), i16::MAX.into()),
            Type::Int => self.whole_number(text, i32::MIN.into(), i32::MAX.into()),
            Type::Long => self.whole_number(text, i64::MIN, i64::MAX),
            Type::Double => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(ParsedValue::Double(value)),
                Ok(_) | Err(_) => refuse(format!("`{}` is a number, not `{}`", self.name, short(text)), "write a number such as 0.5"),
            },
            Type::String | Type::Class | Type::Password => Ok(ParsedValue::Text(text.to_owned())),
            Type::List if text.is_empty() => Ok(ParsedValue::List(Vec::new())),
            Type::List => Ok(ParsedValue::List(text.split(',').map(|item| item.trim().to_owned()).collect())),
        }
    }

    fn whole_number(&self, text: &str, least: i64, most: i64) -> Result<ParsedValue, Refusal> {
        match text.parse::<i128>() {
            Ok(value) if (i128::from(least)..=i128::from(most)).contains(&value) => Ok(ParsedValue::Number(value as i64)),
            Ok(value) if value > 0 => refuse(format!("`{}` cannot be {}", self.name, short(text)), format!("write at most {most}")),
            Ok(_) => refuse(format!("`{}` cannot be {}", self.name, short(text)), format!("write at least {least}")),
            Err(_) => refuse(format!("`{}` is a whole number, not `{}`", self.name, short(text)), self.without_unit(text)),
        }
    }

    /// Kafka's names carry the unit, so a value with one of its own is worth a hint.
    fn without_unit(&self, text: &str) -> String {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let name_has = |word: &str| self.name.rsplit('.').next() == Some(word);
        let nanos: i128 = match unit.trim() {
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => 0,
        };
        let bytes: i128 = match unit.trim() {
            "B" => 1,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => 0,
        };
        let units = [("ms", 1_000_000), ("seconds", 1_000_000_000), ("minutes", 60_000_000_000), ("hours", 3_600_000_000_000)];
        let time = units.into_iter().find(|(word, _)| name_has(word));
        let size = name_has("bytes") || name_has("size") || name_has("memory");
        match (number.parse::<u32>(), time) {
            (Ok(number), Some((_, of))) if nanos > 0 && i128::from(number) * nanos % of == 0 => {
                format!("write {}: the unit is in the name", i128::from(number) * nanos / of)
            }
            (Ok(number), None) if size && bytes > 0 => format!("write {}: it is in bytes", i128::from(number) * bytes),
            (Ok(_) | Err(_), _) => "write a whole number, without unit".to_owned(),
        }
    }

    fn ensure_valid(&self, value: &ParsedValue) -> Result<(), Refusal> {
        let cannot_be = |help: String| {
            let value = match value {
                ParsedValue::Boolean(value) => value.to_string(),
                ParsedValue::Number(value) => value.to_string(),
                ParsedValue::Double(value) => value.to_string(),
                ParsedValue::Text(value) => format!("`{}`", short(value)),
                ParsedValue::List(items) => format!("`{}`", short(&items.join(","))),
            };
            refuse(format!("`{}` cannot be {value}", self.name), help)
        };
        match (self.valid, value) {
            (Valid::AtLeast(least), ParsedValue::Number(value)) if *value < least => cannot_be(format!("write {least} or more")),
            (Valid::Between(least, most), ParsedValue::Number(value)) if !(least..=most).contains(value) => {
                cannot_be(format!("write {least} to {most}"))
            }
            (Valid::GzipLevel, ParsedValue::Number(value)) if *value != -1 && !(1..=9).contains(value) => {
                cannot_be("write 1 to 9, or -1 for gzip's own default".to_owned())
            }
            (Valid::Share, ParsedValue::Double(value)) if !(0.0..=1.0).contains(value) => cannot_be("write 0 to 1".to_owned()),
            (Valid::DoubleBetween(least, most), ParsedValue::Double(value)) if !(least..=most).contains(value) => {
                cannot_be(format!("write {least} to {most}"))
            }
            (Valid::OneOf { words, any_case }, ParsedValue::Text(text)) if !is_one_of(text, words, any_case) => {
                cannot_be(format!("write one of {}", words.join(", ")))
            }
            (Valid::NonEmptyString, ParsedValue::Text(text)) if text.is_empty() => {
                cannot_be("write a name, or leave the setting out".to_owned())
            }
            (Valid::EachOf(words), ParsedValue::List(items)) => match items.iter().find(|item| !words.contains(&item.as_str())) {
                Some(_) => cannot_be(format!("write some of {}", words.join(", "))),
                None => self.no_duplicates(items),
            },
            (Valid::NoDuplicates, ParsedValue::List(items)) => self.no_duplicates(items),
            (Valid::ThrottledReplicas, ParsedValue::List(items)) if !items.iter().all(|item| is_throttled_replica(item, items)) => {
                cannot_be("write partition:broker pairs such as 0:1,1:2, or *".to_owned())
            }
            (Valid::AutoOffsetReset { none }, ParsedValue::Text(text)) => match auto_offset_reset(text) {
                Ok(AutoOffsetReset::None) if !none => cannot_be("write earliest, latest or by_duration:PT1H".to_owned()),
                Ok(_) => Ok(()),
                Err(help) => cannot_be(help),
            },
            (Valid::Assignors, ParsedValue::List(items)) => self.assignors(items),
            (
                Valid::Anything
                | Valid::AtLeast(_)
                | Valid::Between(..)
                | Valid::GzipLevel
                | Valid::Share
                | Valid::DoubleBetween(..)
                | Valid::OneOf { .. }
                | Valid::NonEmptyString
                | Valid::Controllers
                | Valid::EachOf(_)
                | Valid::NoDuplicates
                | Valid::ThrottledReplicas
                | Valid::AutoOffsetReset { .. }
                | Valid::Assignors,
                _,
            ) => Ok(()),
        }
    }

    fn no_duplicates(&self, items: &[String]) -> Result<(), Refusal> {
        match items.iter().enumerate().find(|(place, item)| items[..*place].contains(item)) {
            Some((_, item)) => refuse(format!("`{}` names `{}` twice", self.name, short(item)), "write each once"),
            None => Ok(()),
        }
    }

    fn assignors(&self, items: &[String]) -> Result<(), Refusal> {
        if items.is_empty() {
            return refuse(format!("`{}` names no assignor", self.name), "write range, roundrobin, sticky or cooperative-sticky");
        }
        let mut seen = Vec::new();
        for item in items {
            let Some(assignor) = assignor(item) else {
                return refuse(
                    format!("`{}` cannot be `{}`: no assignor that this engine has", self.name, short(item)),
                    "write range, roundrobin, sticky or cooperative-sticky, or the name of Kafka's class",
                );
            };
            if seen.contains(&assignor) {
                return refuse(format!("`{}` names `{}` twice", self.name, short(item)), "write each once");
            }
            seen.push(assignor);
        }
        Ok(())
    }
}

fn is_one_of(text: &str, words: &[&str], any_case: bool) -> bool {
    words.iter().any(|word| if any_case { word.eq_ignore_ascii_case(text) } else { *word == text })
}

fn is_throttled_replica(item: &str, all: &[String]) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pair = item.split_once(':').is_some_and(|(partition, broker)| number(partition) && number(broker));
    pair || (all.len() == 1 && matches!(item, "*" | "none"))
}

/// An assignor by Kafka's class or its short form.
pub fn assignor(name: &str) -> Option<Assignor> {
    match name.strip_prefix("org.apache.kafka.clients.consumer.").unwrap_or(name) {
        "range" | "RangeAssignor" => Some(Assignor::Range),
        "roundrobin" | "RoundRobinAssignor" => Some(Assignor::RoundRobin),
        "sticky" | "StickyAssignor" => Some(Assignor::Sticky),
        "cooperative-sticky" | "CooperativeStickyAssignor" => Some(Assignor::CooperativeSticky),
        _ => None,
    }
}

/// A value of `auto.offset.reset`; else what to write.
pub fn auto_offset_reset(text: &str) -> Result<AutoOffsetReset, String> {
    match text {
        "earliest" => Ok(AutoOffsetReset::Earliest),
        "latest" => Ok(AutoOffsetReset::Latest),
        "none" => Ok(AutoOffsetReset::None),
        _ => match text.strip_prefix("by_duration:").map(iso_duration::parse) {
            Some(Some(duration)) => Ok(AutoOffsetReset::ByDuration(duration)),
            Some(None) => {
                Err("write a duration that is not negative after by_duration: as ISO 8601 does, such as PT1H30M or P2D".to_owned())
            }
            None => Err("write earliest, latest, none or by_duration:PT1H".to_owned()),
        },
    }
}

/// At most 60 characters of what somebody wrote.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scope, lookup};
    use super::*;
    use crate::engine::time::Duration;

    fn check(scope: Scope, name: &str, text: &str) -> String {
        match lookup(scope, name).expect("a real setting").check(text) {
            Ok(value) => format!("{value:?}"),
            Err(Refusal { message, help }) => format!("{message}; {help}"),
        }
    }

    #[test]
    fn values_are_read_as_kafka_reads_them() {
        let taken = [
            (Scope::Producer, "acks", " -1 ", "Text(\"-1\")"),
            (Scope::Producer, "linger.ms", "0", "Number(0)"),
            (Scope::Producer, "linger.ms", "+5", "Number(5)"),
            (Scope::Producer, "enable.idempotence", "TRUE", "Boolean(true)"),
            (Scope::Producer, "compression.gzip.level", "-1", "Number(-1)"),
            (Scope::Consumer, "group.protocol", "Classic", "Text(\"Classic\")"),
            (Scope::Consumer, "partition.assignment.strategy", "range, cooperative-sticky", "List([\"range\", \"cooperative-sticky\"])"),
            (Scope::Topic, "cleanup.policy", "compact,delete", "List([\"compact\", \"delete\"])"),
            (Scope::Topic, "retention.ms", "-1", "Number(-1)"),
            (Scope::Topic, "min.cleanable.dirty.ratio", "0.1", "Double(0.1)"),
            (Scope::Topic, "leader.replication.throttled.replicas", "0:1,1:2", "List([\"0:1\", \"1:2\"])"),
            (Scope::Producer, "bootstrap.servers", "a:9092,b:9092", "List([\"a:9092\", \"b:9092\"])"),
        ];
        for (scope, name, text, expected) in taken {
            assert_eq!(check(scope, name, text), expected, "{name} {text}");
        }
    }

    #[test]
    fn refusals_say_what_to_write() {
        let refused = [
            (Scope::Producer, "acks", "2", "`acks` cannot be `2`; write one of all, -1, 0, 1"),
            (Scope::Producer, "linger.ms", "-1", "`linger.ms` cannot be -1; write 0 or more"),
            (Scope::Producer, "linger.ms", "5ms", "`linger.ms` is a whole number, not `5ms`; write 5: the unit is in the name"),
            (Scope::Producer, "batch.size", "16KiB", "`batch.size` is a whole number, not `16KiB`; write 16384: it is in bytes"),
            (Scope::Producer, "batch.size", "1.5", "`batch.size` is a whole number, not `1.5`; write a whole number, without unit"),
            (Scope::Producer, "batch.size", "3000000000", "`batch.size` cannot be 3000000000; write at most 2147483647"),
            (Scope::Producer, "enable.idempotence", "yes", "`enable.idempotence` is true or false, not `yes`; write true or false"),
            (Scope::Producer, "transactional.id", "", "`transactional.id` cannot be ``; write a name, or leave the setting out"),
            (
                Scope::Consumer,
                "isolation.level",
                "READ_COMMITTED",
                "`isolation.level` cannot be `READ_COMMITTED`; write one of read_committed, read_uncommitted",
            ),
            (
                Scope::Consumer,
                "auto.offset.reset",
                "newest",
                "`auto.offset.reset` cannot be `newest`; write earliest, latest, none or by_duration:PT1H",
            ),
            (
                Scope::Group,
                "share.auto.offset.reset",
                "none",
                "`share.auto.offset.reset` cannot be `none`; write earliest, latest or by_duration:PT1H",
            ),
            (
                Scope::Consumer,
                "partition.assignment.strategy",
                "range,RangeAssignor",
                "`partition.assignment.strategy` names `RangeAssignor` twice; write each once",
            ),
            (Scope::Topic, "cleanup.policy", "delete,delete", "`cleanup.policy` names `delete` twice; write each once"),
            (Scope::Topic, "segment.bytes", "1024", "`segment.bytes` cannot be 1024; write 1048576 or more"),
            (Scope::Broker, "group.share.delivery.count.limit", "11", "`group.share.delivery.count.limit` cannot be 11; write 2 to 10"),
        ];
        for (scope, name, text, expected) in refused {
            assert_eq!(check(scope, name, text), expected);
        }
    }

    #[test]
    fn an_offset_reset_may_be_a_duration() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(auto_offset_reset("by_duration:PT1H"), Ok(AutoOffsetReset::ByDuration(hour)));
        assert!(auto_offset_reset("by_duration:").is_err());
        assert!(auto_offset_reset("by_duration:PT-1H").is_err());
        assert!(auto_offset_reset("EARLIEST").is_err());
    }
}

//! `config:` — Kafka's own settings under Kafka's own names. What Kafka refuses is refused; what the engine does not model is said.

use super::super::kafka_config::{self, Scope, Setting, Type};
use super::super::problem::Problems;
use super::super::tree::{Node, Span, Value, shorten};
use super::fields::mapping;
use crate::engine::time::Duration;

/// The settings of one thing: what the file says, else what Kafka says.
pub struct Config {
    scope: Scope,
    explicit: Vec<Explicit>,
}

struct Explicit {
    name: String,
    text: String,
    span: Span,
}

impl Config {
    /// What Kafka has and the engine does not model is told.
    pub fn read(problems: &Problems, node: Option<&Node>, scope: Scope, what: &str) -> Self {
        let mut explicit: Vec<Explicit> = Vec::new();
        let entries = node.and_then(|node| mapping(problems, node, &format!("config of {what}"))).unwrap_or_default();
        for entry in entries {
            if problems.full() {
                break;
            }
            let Some(setting) = kafka_config::lookup(scope, &entry.key) else {
                let message = format!("Kafka has no {} setting `{}`", scope.name(), shorten(&entry.key));
                let help = match (kafka_config::nearest(scope, &entry.key), kafka_config::elsewhere(scope, &entry.key)) {
                    (_, Some(other)) => format!("it is a setting of the {}", other.name()),
                    (Some(near), None) => format!("did you mean {near}?"),
                    (None, None) => "take it away, or look it up in Kafka's documentation".into(),
                };
                problems.error(entry.key_span, message, help);
                continue;
            };
            let Some(text) = text_of(problems, &entry.node, setting) else { continue };
            if let Err(refusal) = setting.check(&text) {
                problems.error(entry.node.span, refusal.message, refusal.help);
                continue;
            }
            if !setting.modelled {
                problems.note(
                    entry.key_span,
                    format!("`{}` of {what} is a real setting, but not modelled: it changes nothing here", entry.key),
                    "",
                );
            }
            explicit.push(Explicit { name: entry.key.clone(), text: text.trim().to_owned(), span: entry.node.span });
        }
        let pairs: Vec<(&str, &str)> = explicit.iter().map(|one| (one.name.as_str(), one.text.as_str())).collect();
        for conflict in kafka_config::combinations(scope, &pairs) {
            let span = explicit.iter().find(|one| one.name == conflict.name).map(|one| one.span);
            problems.error(span.or(node.map(|node| node.span)).unwrap_or_default(), conflict.message, conflict.help);
        }
        Config { scope, explicit }
    }

    /// What the file gives, as text.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.explicit.iter().map(|one| (one.name.as_str(), one.text.as_str())).collect()
    }

    /// Where the file gives the setting, if it does.
    pub fn explicit(&self, name: &str) -> Option<Span> {
        self.explicit.iter().find(|one| one.name == name).map(|one| one.span)
    }

    /// As text: the file's, or Kafka's default (empty if it has none).
    pub fn text(&self, name: &str) -> String {
        if let Some(one) = self.explicit.iter().find(|one| one.name == name) {
            return one.text.clone();
        }
        kafka_config::lookup(self.scope, name).and_then(Setting::default_text).unwrap_or_default()
    }

    /// A whole number; 0 when Kafka has no default.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    pub fn bool(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }

    /// Items between commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.text(name).split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    pub fn millis(&self, name: &str) -> Duration {
        Duration(u64::try_from(self.int(name)).unwrap_or(0).saturating_mul(1_000_000))
    }
}

/// A list may be a list; all else is a single value.
fn text_of(problems: &Problems, node: &Node, setting: &Setting) -> Option<String> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text.clone()),
        Value::List(items) if setting.kind == Type::List => {
            let words: Option<Vec<&str>> = items.iter().map(Node::scalar).collect();
            if words.is_none() {
                problems.error(node.span, format!("`{}` takes a list of words", setting.name), "write [range, cooperative-sticky]");
            }
            words.map(|words| words.join(","))
        }
        Value::Null | Value::List(_) | Value::Map(_) => {
            problems.error(node.span, format!("`{}` cannot be {}", setting.name, node.kind()), "write a single value");
            None
        }
    }
}

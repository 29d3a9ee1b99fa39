//! One mapping of the file, read by its table: unknown keys are told at once, values by their shape.

use super::super::format::Object;
use super::super::problem::{Problems, suggest};
use super::super::tree::{Entry, Node, Span, Value, shorten};
use super::super::units::{self, Wrong};
use crate::engine::random::Distribution;
use crate::engine::time::Duration;

/// A mapping that is being read. Asking for a key gives its value, if it is there and right.
pub struct Fields<'n, 'p> {
    pub problems: &'p Problems<'p>,
    /// What it is, for sentences: `producer checkout`.
    pub what: String,
    /// Where to point when something is missing.
    pub span: Span,
    object: &'static Object,
    entries: &'n [Entry],
}

impl<'n, 'p> Fields<'n, 'p> {
    pub fn open(problems: &'p Problems<'p>, node: &'n Node, object: &'static Object, what: impl Into<String>) -> Option<Self> {
        let what = what.into();
        let entries = mapping(problems, node, &what)?;
        for entry in entries {
            match object.field(&entry.key) {
                None if problems.full() => {}
                None => {
                    let known = object.fields.iter().map(|field| field.name);
                    problems.error(entry.key_span, format!("{what} has no key `{}`", shorten(&entry.key)), suggest(&entry.key, known));
                }
                Some(field) => {
                    if let Some(instead) = field.later {
                        problems.error(entry.key_span, format!("`{}` of {what} is not built yet", entry.key), instead);
                    }
                }
            }
        }
        for field in object.fields.iter().filter(|field| field.required) {
            if !entries.iter().any(|entry| entry.key == field.name) {
                let span = first_word(node.span);
                problems.error(span, format!("{what} has no `{}`", field.name), format!("add {}: {}", field.name, field.about));
            }
        }
        Some(Fields { problems, what, span: first_word(node.span), object, entries })
    }

    pub fn get(&self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.object.field(key).is_some(), "`{key}` is a key of the table of {}", self.object.name);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span)
    }

    /// The value of a scalar, by a reader of units.
    fn scalar<T>(&self, key: &str, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let node = self.get(key)?;
        read_scalar(self.problems, node, &format!("`{key}` of {}", self.what), read)
    }

    pub fn duration(&self, key: &str) -> Option<Duration> {
        self.scalar(key, units::duration)
    }
    pub fn rate(&self, key: &str) -> Option<f64> {
        self.scalar(key, units::rate)
    }
    pub fn percent(&self, key: &str) -> Option<f64> {
        self.scalar(key, units::percent)
    }
    pub fn number(&self, key: &str) -> Option<f64> {
        self.scalar(key, units::number)
    }
    pub fn text(&self, key: &str) -> Option<String> {
        self.scalar(key, |text| Ok(text.to_owned()))
    }
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.scalar(key, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Wrong { message: format!("`{}` is neither true nor false", shorten(text)), help: "write true or false".into() }),
        })
    }

    /// A whole number within bounds (both included).
    pub fn count(&self, key: &str, least: u64, most: u64) -> Option<u64> {
        let number = self.scalar(key, units::count)?;
        if number < least || number > most {
            let node = self.get(key)?;
            let message = format!("`{key}` of {} is {number}; it must be between {least} and {most}", self.what);
            self.problems.error(node.span, message, format!("write a number from {least} to {most}"));
            return None;
        }
        Some(number)
    }

    /// One of the words of the table.
    pub fn one_of(&self, key: &str, words: &[&'static str]) -> Option<&'static str> {
        let node = self.get(key)?;
        let text = self.text(key)?;
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let message = format!("`{key}` of {} cannot be `{}`", self.what, shorten(&text));
            self.problems.error(node.span, message, suggest(&text, words.iter().copied()));
        }
        found
    }

    /// A list; what is no list is told.
    pub fn list(&self, key: &str) -> Option<&'n [Node]> {
        let node = self.get(key)?;
        list(self.problems, node, &format!("`{key}` of {}", self.what))
    }

    /// A list of words.
    pub fn words(&self, key: &str) -> Vec<(String, Span)> {
        let items = self.list(key).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| {
                let text = read_scalar(self.problems, item, &format!("an item of `{key}`"), |text| Ok(text.to_owned()))?;
                Some((text, item.span))
            })
            .collect()
    }

    /// A time to draw: a constant or a distribution.
    pub fn time(&self, key: &str) -> Option<Distribution> {
        let what = format!("`{key}` of {}", self.what);
        super::draw::time(self.problems, self.get(key)?, &what)
    }
}

/// The entries of a mapping; what is none is told.
pub fn mapping<'n>(problems: &Problems, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
    if node.map().is_none() {
        let help = match node.value {
            Value::Null => "write what belongs here, or take the key away",
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => "write `key: value` lines, or { key: value }",
        };
        problems.error(node.span, format!("{what} must be a mapping, not {}", node.kind()), help);
    }
    node.map()
}

pub fn list<'n>(problems: &Problems, node: &'n Node, what: &str) -> Option<&'n [Node]> {
    if node.list().is_none() {
        let help = match node.scalar() {
            Some(text) => format!("write [{}]", shorten(text)),
            None => "write [a, b], or a line with `- ` for each".into(),
        };
        problems.error(node.span, format!("{what} must be a list, not {}", node.kind()), help);
    }
    node.list()
}

pub fn read_scalar<T>(problems: &Problems, node: &Node, what: &str, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
    let Some(text) = node.scalar() else {
        problems.error(node.span, format!("{what} must be a single value, not {}", node.kind()), "");
        return None;
    };
    match read(text) {
        Ok(value) => Some(value),
        Err(wrong) => {
            problems.error(node.span, format!("{what}: {}", wrong.message), wrong.help);
            None
        }
    }
}

/// Where a mapping begins: enough to point at when something is missing in it.
fn first_word(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start + 1) }
}

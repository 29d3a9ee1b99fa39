//! The file as a tree with places: what YAML says, and where it says it.
//! Scalars keep their text: what they mean is decided by who reads them, so `no`, `on` and `010` stay what they are.
//! Left out: tags, merge keys, keys that are not words. Aliases are taken out where they stand.

use std::fmt::Write;

/// A piece of the file, in bytes, half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn at(place: usize) -> Self {
        Span { start: place, end: place }
    }
    pub fn to(self, other: Span) -> Self {
        Span { start: self.start, end: other.end.max(self.start) }
    }
}

#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub value: Value,
    /// Whether it is written between brackets, or within such a one.
    pub flow: bool,
    /// It stands somewhere else in the file (`*alias`), so it cannot be changed here alone.
    pub aliased: bool,
}

#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `~` or `null`, without quotes.
    Null,
    Scalar {
        text: String,
        /// In quotes or as a block: never a number.
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub node: Node,
}

impl Node {
    pub fn map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            Value::Null | Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Null | Value::Scalar { .. } | Value::Map(_) => None,
        }
    }

    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// What stands there, in a word, for sentences.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Scalar { text, .. } => format!("`{}`", shorten(text)),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a mapping".into(),
        }
    }

    /// The same content, wherever it stands.
    pub fn same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Scalar { text: a, quoted: p }, Value::Scalar { text: b, quoted: q }) => a == b && p == q,
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && a.node.same(&b.node)),
            (Value::Null | Value::Scalar { .. } | Value::List(_) | Value::Map(_), _) => false,
        }
    }

    /// On one line, between brackets.
    pub fn flow_text(&self) -> String {
        let mut text = String::new();
        self.write_flow(&mut text);
        text
    }

    fn write_flow(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Scalar { text, quoted } => out.push_str(&scalar_text(text, *quoted)),
            Value::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    item.write_flow(out);
                }
                out.push(']');
            }
            Value::Map(entries) if entries.is_empty() => out.push_str("{}"),
            Value::Map(entries) => {
                out.push_str("{ ");
                for (place, entry) in entries.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    out.push_str(&key_text(&entry.key));
                    out.push_str(": ");
                    entry.node.write_flow(out);
                }
                out.push_str(" }");
            }
        }
    }
}

/// The first 40 characters.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A key as it stands in a mapping: in quotes where it must be.
pub fn key_text(key: &str) -> String {
    scalar_text(key, !plain(key))
}

fn scalar_text(text: &str, quoted: bool) -> String {
    if !quoted && plain(text) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}' => {
                write!(out, "\\U{:08x}", u32::from(c)).expect("a string takes everything");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a word needs no quotes anywhere.
fn plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '%'))
        && text != "null"
}

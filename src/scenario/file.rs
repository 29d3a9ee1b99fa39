//! Reads YAML text into a tree with places, within bounds: hostile text costs a clear error, never a crash or a hang.
//! Built on the events of `saphyr-parser`. JSON is YAML.
//! Holds: a mapping has each key once; every span lies within the text.

use super::problem::Problems;
use super::tree::{Entry, Node, Span, Value};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a file.
pub const MAX_BYTES: usize = 1 << 20;
/// Lists and mappings within each other.
pub const MAX_DEPTH: usize = 32;
/// Values in the whole file, aliases taken out.
pub const MAX_NODES: usize = 100_000;

/// The tree of a text, or none with the problems told.
pub fn read(text: &str, problems: &Problems) -> Option<Node> {
    if text.len() > MAX_BYTES {
        problems.error(Span::at(0), format!("the file has {} bytes; the limit is {MAX_BYTES} (1 MiB)", text.len()), "make it shorter");
        return None;
    }
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
    let mut builder = Builder { text, places, problems, nodes: 0, anchors: BTreeMap::new(), failed: false };
    let mut parser = Parser::new_from_str(text).keep_tags(false);
    let mut stack: Vec<Open> = Vec::new();
    let mut root = None;
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok((event, span)) => (event, builder.span(span.start.index(), span.end.index())),
            Err(error) => {
                let at = builder.span(error.marker().index(), error.marker().index() + 1);
                problems.error(at, format!("this is not YAML: {}", error.info()), "");
                return None;
            }
        };
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    problems.error(span, "a scenario is one document", "take away what stands after `---`");
                    return None;
                }
            }
            Event::Alias(anchor) => {
                let node = builder.alias(anchor, span)?;
                builder.close(node, &mut stack, &mut root);
            }
            Event::Scalar(content, style, anchor, tag) => {
                let node = builder.scalar(&content, style, span);
                builder.refuse_tag(tag.is_some(), span);
                builder.keep(anchor, &node);
                builder.close(node, &mut stack, &mut root);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if stack.len() >= MAX_DEPTH => {
                problems.error(span, format!("more than {MAX_DEPTH} lists and mappings within each other"), "make it flatter");
                return None;
            }
            Event::SequenceStart(anchor, tag) => {
                builder.refuse_tag(tag.is_some(), span);
                let braced = text[span.start..span.end].trim_end().ends_with('[');
                let flow = braced || stack.last().is_some_and(|open| open.flow);
                stack.push(Open { start: span, anchor, flow, braced, last: span.start, kind: Kind::List(Vec::new()) });
            }
            Event::MappingStart(anchor, tag) => {
                builder.refuse_tag(tag.is_some(), span);
                let braced = text[span.start..span.end].trim_end().ends_with('{');
                let flow = braced || stack.last().is_some_and(|open| open.flow);
                let kind = Kind::Map { entries: Vec::new(), keys: BTreeSet::new(), key: None };
                stack.push(Open { start: span, anchor, flow, braced, last: span.start, kind });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = stack.pop().expect("the parser closes what it opened");
                // A pair within a list (`[a: b]`) is in brackets, but has none of its own.
                let end = if open.flow && text[span.start..].starts_with(['}', ']']) && open.braced { span.start + 1 } else { open.last };
                let value = match open.kind {
                    Kind::List(items) => Value::List(items),
                    Kind::Map { entries, .. } => Value::Map(entries),
                };
                let node = Node { span: Span { start: open.start.start, end }, value, flow: open.flow, aliased: false };
                builder.keep(open.anchor, &node);
                builder.close(node, &mut stack, &mut root);
            }
        }
        if builder.nodes > MAX_NODES {
            problems.error(span, format!("more than {MAX_NODES} values in one file, aliases taken out"), "make it shorter");
            return None;
        }
    }
    if builder.failed {
        return None;
    }
    if root.is_none() {
        problems.error(Span::at(0), "the file is empty", "start with `laglab: 1`");
    }
    root
}

/// A list or mapping that is being read.
struct Open {
    start: Span,
    anchor: usize,
    flow: bool,
    /// It has brackets of its own.
    braced: bool,
    /// Where the last thing in it ends.
    last: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, keys: BTreeSet<String>, key: Option<(String, Span)> },
}

struct Builder<'a> {
    text: &'a str,
    /// The byte at which each character starts.
    places: Vec<usize>,
    problems: &'a Problems<'a>,
    nodes: usize,
    anchors: BTreeMap<usize, (Node, usize)>,
    failed: bool,
}

impl Builder<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        let byte = |index: usize| self.places[index.min(self.places.len() - 1)];
        Span { start: byte(start), end: byte(end.max(start)) }
    }

    fn scalar(&mut self, content: &str, style: ScalarStyle, mut span: Span) -> Node {
        let quoted = !matches!(style, ScalarStyle::Plain);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // The parser's place is the first line of the block; its header stands before.
            span.start = self.text[..span.start].rfind(['|', '>']).unwrap_or(span.start);
        }
        span.end = span.start + self.text[span.start..span.end].trim_end().len();
        let value = match content {
            "" | "~" | "null" if !quoted => Value::Null,
            _ => Value::Scalar { text: content.to_owned(), quoted },
        };
        Node { span, value, flow: false, aliased: false }
    }

    fn refuse_tag(&mut self, tagged: bool, span: Span) {
        if tagged {
            self.failed = true;
            self.problems.error(span, "tags are no part of the format", "take the word with `!` away");
        }
    }

    /// Remembers what an anchor names, with its number of values.
    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            let nodes = count(node);
            self.nodes += nodes;
            self.anchors.insert(anchor, (node.clone(), nodes));
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Option<Node> {
        let Some((node, nodes)) = self.anchors.get(&anchor) else {
            self.problems.error(span, "an alias within what it names would never end", "write it out");
            return None;
        };
        // Counted before it is copied: a few lines of aliases of aliases would fill any memory.
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            self.problems.error(span, format!("more than {MAX_NODES} values in one file, aliases taken out"), "write less by aliases");
            return None;
        }
        let mut node = node.clone();
        mark_aliased(&mut node, span);
        Some(node)
    }

    /// A value is complete: it goes into what is open around it.
    fn close(&mut self, node: Node, stack: &mut [Open], root: &mut Option<Node>) {
        self.nodes += 1;
        let Some(open) = stack.last_mut() else {
            *root = Some(node);
            return;
        };
        open.last = open.last.max(node.span.end);
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map { entries, keys, key } => match key.take() {
                None => {
                    let Value::Scalar { text, .. } = node.value else {
                        self.failed = true;
                        self.problems.error(node.span, "a key must be a word", "write `key: value`");
                        *key = Some((String::new(), node.span));
                        return;
                    };
                    *key = Some((text, node.span));
                }
                Some((name, key_span)) => {
                    if !keys.insert(name.clone()) {
                        let message = format!("`{}` stands twice in one mapping", super::tree::shorten(&name));
                        self.problems.error(key_span, message, "keep one of them");
                        // The first one stands for both, so that the rest of the file is read, too.
                        return;
                    }
                    entries.push(Entry { key: name, key_span, node });
                }
            },
        }
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Null | Value::Scalar { .. } => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|entry| 1 + count(&entry.node)).sum(),
    }
}

/// What an alias brings points at the alias.
fn mark_aliased(node: &mut Node, span: Span) {
    node.span = span;
    node.aliased = true;
    match &mut node.value {
        Value::Null | Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(|item| mark_aliased(item, span)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key_span = span;
                mark_aliased(&mut entry.node, span);
            }
        }
    }
}

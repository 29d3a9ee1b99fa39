//! Places in a file by name: `groups.charger.config.max.poll.records`, `topics.'orders.v1'.partitions`, `timeline.crash`,
//! `groups.charger.handler.steps[2].takes`; and what can be done there: set, remove, append.
//! On the tree only: `edit` does the same to the text.

use super::format::{FILE, Shape};
use super::problem::suggest;
use super::tree::{Entry, Node, Span, Value, shorten};
use super::units::Wrong;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A key of a mapping, or the `id` or `name` of an item of a list.
    Name(String),
    /// An item of a list, from 0.
    Item(usize),
}

#[derive(Clone, Debug)]
pub enum Edit {
    /// Replaces what is there, or puts it there.
    Set {
        path: Vec<Segment>,
        value: Node,
    },
    Remove {
        path: Vec<Segment>,
    },
    /// At the end of a list, which comes to be if it is not there.
    Append {
        path: Vec<Segment>,
        value: Node,
    },
}

fn wrong<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { message: message.into(), help: help.into() })
}

/// Segments of a path. After `config` of a cluster, topic, producer or group the rest is one name of Kafka's.
pub fn parse(text: &str) -> Result<Vec<Segment>, Wrong> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut rest = text;
    if text.len() > 1_000 {
        return wrong("this path is too long", "write keys with dots between them");
    }
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((number, after)) = inner.split_once(']') else { return wrong("`]` is missing in the path", "write timeline[3]") };
            let Ok(number) = number.parse() else {
                return wrong(format!("`[{}]` is not the number of an item", shorten(number)), "items count from 0: timeline[3]");
            };
            segments.push(Segment::Item(number));
            rest = after;
        } else {
            if config_follows(&segments) {
                segments.push(Segment::Name(rest.trim_matches(['\'', '"']).to_owned()));
                break;
            }
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let (name, after) = match quote {
                Some(quote) => match rest[1..].split_once(quote) {
                    Some(parts) => parts,
                    None => return wrong("a quote is not closed in the path", "write topics.'orders.v1'.partitions"),
                },
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            if name.is_empty() {
                return wrong(format!("`{}` is not a path", shorten(text)), "write keys with one dot between them: groups.billing.members");
            }
            segments.push(Segment::Name(name.to_owned()));
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some("") => return wrong("the path ends with a dot", "take it away"),
            Some(after) => rest = after,
            None if rest.is_empty() || rest.starts_with('[') => {}
            None => {
                return wrong(format!("`{}` is not a path", shorten(text)), "write keys with one dot between them: groups.billing.members");
            }
        }
    }
    if segments.is_empty() {
        return wrong("the path is empty", "write keys with dots between them: groups.billing.members");
    }
    Ok(segments)
}

fn config_follows(segments: &[Segment]) -> bool {
    let name = |place: usize| match segments.get(place) {
        Some(Segment::Name(name)) => name.as_str(),
        Some(Segment::Item(_)) | None => "",
    };
    match segments.len() {
        2 => name(0) == "cluster" && name(1) == "config",
        3 => matches!(name(0), "topics" | "producers" | "groups") && name(2) == "config",
        _ => false,
    }
}

/// Does it to the tree.
pub fn apply(root: &mut Node, edit: &Edit) -> Result<(), Wrong> {
    match edit {
        Edit::Set { path, value } => {
            let (last, parents) = path.split_last().expect("a path has a segment");
            let parent = walk(root, parents, Some(value.span))?;
            if matches!(parent.value, Value::Null) {
                parent.value = Value::Map(Vec::new());
            }
            match (&mut parent.value, last) {
                (Value::Map(entries), Segment::Name(name)) => match entries.iter_mut().find(|entry| entry.key == *name) {
                    Some(entry) => entry.node = value.clone(),
                    None => entries.push(Entry { key: name.clone(), key_span: value.span, node: value.clone() }),
                },
                _ => *find(parent, last, parents)? = value.clone(),
            }
        }
        Edit::Remove { path } => {
            let (last, parents) = path.split_last().expect("a path has a segment");
            let parent = walk(root, parents, None)?;
            find(parent, last, parents)?;
            match &mut parent.value {
                Value::Map(entries) => entries.retain(|entry| !matches!(last, Segment::Name(name) if entry.key == *name)),
                Value::List(items) => {
                    let place = place_in(items, last).expect("it was found");
                    items.remove(place);
                }
                Value::Null | Value::Scalar { .. } => {}
            }
        }
        Edit::Append { path, value } => {
            let list = walk(root, path, Some(value.span))?;
            match &mut list.value {
                Value::List(items) => items.push(value.clone()),
                empty @ Value::Null => *empty = Value::List(vec![value.clone()]),
                Value::Scalar { .. } | Value::Map(_) => return wrong("there is no list to append to", ""),
            }
        }
    }
    Ok(())
}

/// The node at a path. With `create`, what may be absent comes to be, said to stand there: all but names that the file itself gives.
fn walk<'n>(root: &'n mut Node, path: &[Segment], create: Option<Span>) -> Result<&'n mut Node, Wrong> {
    let mut node = root;
    for (depth, segment) in path.iter().enumerate() {
        if let (Some(span), Segment::Name(name)) = (create, segment)
            && !(depth == 1 && names_things(&path[0]))
        {
            if matches!(node.value, Value::Null) {
                node.value = Value::Map(Vec::new());
            }
            if let Value::Map(entries) = &mut node.value
                && !entries.iter().any(|entry| entry.key == *name)
            {
                let empty = Node { span, value: Value::Null, flow: true, aliased: false };
                entries.push(Entry { key: name.clone(), key_span: span, node: empty });
            }
        }
        node = find(node, segment, &path[..depth])?;
    }
    Ok(node)
}

/// Whether a file gives names of its own under this key: `topics`, `groups`, ….
fn names_things(segment: &Segment) -> bool {
    let Segment::Name(name) = segment else { return false };
    FILE.field(name).is_some_and(|field| matches!(field.shape, Shape::Named(_)))
}

fn find<'n>(node: &'n mut Node, segment: &Segment, parents: &[Segment]) -> Result<&'n mut Node, Wrong> {
    let known: Vec<String> = names_in(node);
    let place = match (&node.value, segment) {
        (Value::Map(entries), Segment::Name(name)) => entries.iter().position(|entry| entry.key == *name),
        (Value::List(items), segment) => place_in(items, segment),
        (Value::Map(_), Segment::Item(_)) | (Value::Null | Value::Scalar { .. }, _) => None,
    };
    let Some(place) = place else {
        let within = if parents.is_empty() { "the file".to_owned() } else { text(parents) };
        return match segment {
            Segment::Name(name) => {
                // A name with dots that was not quoted is found by its beginning.
                let dotted = known.iter().find(|known| known.contains('.') && known.starts_with(&format!("{name}.")));
                let help = match dotted {
                    Some(dotted) => format!("a name with dots stands in quotes: '{dotted}'"),
                    None => suggest(name, known.iter().map(String::as_str)),
                };
                wrong(format!("there is no `{}` in {within}", shorten(name)), help)
            }
            Segment::Item(item) => wrong(format!("there is no item {item} in {within}"), "items count from 0"),
        };
    };
    match &mut node.value {
        Value::Map(entries) => Ok(&mut entries[place].node),
        Value::List(items) => Ok(&mut items[place]),
        Value::Null | Value::Scalar { .. } => unreachable!("a place was found in it"),
    }
}

/// Where an item stands: by its number, its `id`, its `name`, or the name of an expectation.
pub fn place_in(items: &[Node], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Item(place) => (*place < items.len()).then_some(*place),
        Segment::Name(name) => items.iter().position(|item| name_of(item) == Some(name)),
    }
}

fn name_of(item: &Node) -> Option<&str> {
    let own = item.get("id").or(item.get("name")).and_then(Node::scalar);
    match item.map() {
        Some([entry]) if own.is_none() => Some(&entry.key),
        Some(_) | None => own,
    }
}

fn names_in(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|entry| entry.key.clone()).collect(),
        Value::List(items) => items.iter().filter_map(name_of).map(str::to_owned).collect(),
        Value::Null | Value::Scalar { .. } => Vec::new(),
    }
}

/// A path as it is written.
pub fn text(path: &[Segment]) -> String {
    let mut out = String::new();
    for (place, segment) in path.iter().enumerate() {
        match segment {
            Segment::Item(item) => out += &format!("[{item}]"),
            Segment::Name(name) => {
                out += if place > 0 { "." } else { "" };
                let plain = !name.contains(['.', '[', '\'', '"']) || config_follows(&path[..place]);
                out += &if plain { name.clone() } else { format!("'{name}'") };
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(path: &str) -> Vec<Segment> {
        let segments = parse(path).expect("a path");
        assert_eq!(text(&segments), path);
        segments
    }

    #[test]
    fn paths_are_read() {
        let name = |name: &str| Segment::Name(name.to_owned());
        assert_eq!(
            round_trip("groups.charger.config.max.poll.records"),
            [name("groups"), name("charger"), name("config"), name("max.poll.records")]
        );
        assert_eq!(round_trip("topics.'orders.v1'.partitions"), [name("topics"), name("orders.v1"), name("partitions")]);
        assert_eq!(round_trip("timeline[3].at"), [name("timeline"), Segment::Item(3), name("at")]);
        assert_eq!(round_trip("topics.config.partitions"), [name("topics"), name("config"), name("partitions")]);
        assert_eq!(round_trip("cluster.config.num.io.threads"), [name("cluster"), name("config"), name("num.io.threads")]);
    }

    #[test]
    fn what_is_no_path_says_so() {
        for path in ["", ".", "a..b", "a.", "a[", "a[x]", "a[1]b", "topics.'x", "'"] {
            assert!(parse(path).is_err(), "{path}");
        }
    }
}

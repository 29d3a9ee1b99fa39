//! Changes of the text: splices at places, so that comments, order and everything else survive.
//! Holds: what the new text says is what `path::apply` makes of the old tree. Where no splice can do that (an alias, a list
//! within a list on one line), the smallest part around the place is written anew between brackets.

use super::file;
use super::path::{self, Edit, Segment};
use super::problem::Problems;
use super::tree::{Node, Span, Value, key_text};
use super::units::Wrong;

/// The text with the edits done, one after the other. The text must be a scenario's, if perhaps not a right one.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Wrong> {
    edits.iter().try_fold(text.to_owned(), |text, edit| one(&text, edit))
}

/// Adds an entry (`{ at: 61.2s, do: member.crash, group: charger, member: 1 }`) to the end of the timeline.
pub fn append_timeline(text: &str, entry: &str) -> Result<String, Wrong> {
    apply(text, &[Edit::Append { path: path::parse("timeline")?, value: tree(entry)? }])
}

/// Takes an entry of the timeline away, by its place.
pub fn remove_timeline(text: &str, place: usize) -> Result<String, Wrong> {
    apply(text, &[Edit::Remove { path: vec![Segment::Name("timeline".into()), Segment::Item(place)] }])
}

/// Puts a value (as YAML) at a path.
pub fn set(text: &str, at: &str, value: &str) -> Result<String, Wrong> {
    apply(text, &[Edit::Set { path: path::parse(at)?, value: tree(value)? }])
}

fn tree(text: &str) -> Result<Node, Wrong> {
    let problems = Problems::new(text);
    match file::read(text, &problems) {
        Some(node) => Ok(node),
        None => {
            let first = problems.finish().into_iter().next();
            let message = first.map_or_else(|| "this cannot be read".into(), |problem| problem.message);
            Err(Wrong { message, help: "mend the text first".into() })
        }
    }
}

fn one(text: &str, edit: &Edit) -> Result<String, Wrong> {
    let before = tree(text)?;
    let mut after = before.clone();
    path::apply(&mut after, edit)?;
    let right = |candidate: &String| tree(candidate).is_ok_and(|tree| tree.same(&after));
    if let Some(candidate) = splice(text, &before, edit).filter(right) {
        return Ok(candidate);
    }
    // No splice did it: the parts around the place, from the smallest to the whole.
    let path = match edit {
        Edit::Set { path, .. } | Edit::Remove { path } | Edit::Append { path, .. } => path,
    };
    for depth in (0..=path.len()).rev() {
        let (Some(old), Some(new)) = (node_at(&before, &path[..depth]), node_at(&after, &path[..depth])) else { continue };
        let candidate = replace(text, old.span, &new.flow_text());
        if right(&candidate) {
            return Ok(candidate);
        }
    }
    Ok(after.flow_text() + "\n")
}

fn node_at<'n>(root: &'n Node, path: &[Segment]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, segment| match (&node.value, segment) {
        (Value::Map(_), Segment::Name(name)) => node.get(name),
        (Value::List(items), segment) => items.get(path::place_in(items, segment)?),
        (Value::Map(_), Segment::Item(_)) | (Value::Null | Value::Scalar { .. }, _) => None,
    })
}

fn replace(text: &str, span: Span, with: &str) -> String {
    // Nothing stands behind a colon or a dash: the new value needs a space.
    let glued = span.start == span.end && text[..span.start].ends_with([':', '-']);
    format!("{}{}{with}{}", &text[..span.start], if glued { " " } else { "" }, &text[span.end..])
}

fn splice(text: &str, root: &Node, edit: &Edit) -> Option<String> {
    match edit {
        Edit::Set { path, value } => match node_at(root, path) {
            Some(node) => (!node.aliased).then(|| replace(text, node.span, &value.flow_text())),
            None => {
                // The deepest part that is there takes in what is missing.
                let depth = (0..path.len()).rev().find(|depth| node_at(root, &path[..*depth]).is_some())?;
                let Segment::Name(key) = &path[depth] else { return None };
                let mut value = value.flow_text();
                for segment in path[depth + 1..].iter().rev() {
                    let Segment::Name(key) = segment else { return None };
                    value = format!("{{ {}: {value} }}", key_text(key));
                }
                insert_key(text, node_at(root, &path[..depth])?, key, &value)
            }
        },
        Edit::Remove { path } => {
            let (last, parents) = path.split_last()?;
            let parent = node_at(root, parents)?;
            let place = match (&parent.value, last) {
                (Value::Map(entries), Segment::Name(name)) => entries.iter().position(|entry| entry.key == *name)?,
                (Value::List(items), segment) => path::place_in(items, segment)?,
                (Value::Map(_), Segment::Item(_)) | (Value::Null | Value::Scalar { .. }, _) => return None,
            };
            remove(text, parent, place)
        }
        Edit::Append { path, value } => match node_at(root, path) {
            Some(list) => append(text, list, &value.flow_text()),
            None => {
                let [Segment::Name(key)] = path.as_slice() else { return None };
                let value = value.flow_text();
                if root.flow { insert_key(text, root, key, &format!("[{value}]")) } else { insert_key_lines(text, root, key, &value) }
            }
        },
    }
}

/// A new key at the end of a mapping.
fn insert_key(text: &str, map: &Node, key: &str, value: &str) -> Option<String> {
    let line = format!("{}: {value}", key_text(key));
    match &map.value {
        Value::Null => Some(replace(text, map.span, &format!("{{ {line} }}"))),
        Value::Map(entries) => match entries.last() {
            None => Some(replace(text, map.span, &format!("{{ {line} }}"))),
            Some(last) if map.flow => {
                let end = map.span.end.checked_sub(1)?;
                let space = if text.get(last.node.span.end..end)?.ends_with(' ') { " " } else { "" };
                let head = text[..end].trim_end();
                Some(format!("{head}, {line}{space}{}", &text[end..]))
            }
            Some(last) => {
                let end = line_end(text, last.node.span.end);
                let indent = column(text, entries[0].key_span.start);
                Some(format!("{}\n{}{line}{}", &text[..end], " ".repeat(indent), &text[end..]))
            }
        },
        Value::Scalar { .. } | Value::List(_) => None,
    }
}

/// A new key whose list stands on lines of its own.
fn insert_key_lines(text: &str, map: &Node, key: &str, item: &str) -> Option<String> {
    let entries = map.map()?;
    let last = entries.last()?;
    let end = line_end(text, last.node.span.end);
    let indent = " ".repeat(column(text, entries[0].key_span.start));
    Some(format!("{}\n\n{indent}{}:\n{indent}  - {item}{}", &text[..end], key_text(key), &text[end..]))
}

fn append(text: &str, list: &Node, item: &str) -> Option<String> {
    if list.aliased {
        return None;
    }
    match &list.value {
        Value::Null => Some(replace(text, list.span, &format!("[{item}]"))),
        Value::List(items) => match items.last() {
            None => Some(replace(text, list.span, &format!("[{item}]"))),
            Some(_) if list.flow => {
                let end = list.span.end.checked_sub(1)?;
                Some(format!("{}, {item}{}", text.get(..end)?.trim_end(), &text[end..]))
            }
            Some(last) => {
                let dash = dash_before(text, items[0].span.start)?;
                let end = line_end(text, last.span.end);
                Some(format!("{}\n{}- {item}{}", &text[..end], " ".repeat(column(text, dash)), &text[end..]))
            }
        },
        Value::Scalar { .. } | Value::Map(_) => None,
    }
}

/// Takes the n-th thing out of a list or mapping.
fn remove(text: &str, parent: &Node, place: usize) -> Option<String> {
    let spans: Vec<Span> = match &parent.value {
        Value::Map(entries) => entries.iter().map(|entry| entry.key_span.to(entry.node.span)).collect(),
        Value::List(items) => items.iter().map(|item| item.span).collect(),
        Value::Null | Value::Scalar { .. } => return None,
    };
    let is_list = parent.list().is_some();
    if parent.aliased {
        return None;
    }
    if spans.len() == 1 {
        return Some(replace(text, whole(text, parent)?, if is_list { "[]" } else { "{}" }));
    }
    let own = spans[place];
    if parent.flow {
        let (start, end) = match spans.get(place + 1) {
            Some(next) => (own.start, next.start),
            None => (spans[place - 1].end, own.end),
        };
        return Some(format!("{}{}", &text[..start], &text[end..]));
    }
    let start = if is_list { dash_before(text, own.start)? } else { own.start };
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    if text[line_start..start].trim().is_empty() {
        let end = line_end(text, own.end);
        let after = if text[end..].starts_with("\r\n") { end + 2 } else { (end + 1).min(text.len()) };
        return Some(format!("{}{}", &text[..line_start], &text[after..]));
    }
    // The first key of an item stands behind its dash: the next takes its place.
    let next = spans.get(place + 1)?;
    Some(format!("{}{}", &text[..start], &text[next.start..]))
}

/// A block list begins at its first dash, which the parser's place does not hold.
fn whole(text: &str, node: &Node) -> Option<Span> {
    match node.list() {
        Some([first, ..]) if !node.flow => Some(Span { start: dash_before(text, first.span.start)?, end: node.span.end }),
        Some(_) | None => Some(node.span),
    }
}

/// The dash of an item, which stands before it.
fn dash_before(text: &str, start: usize) -> Option<usize> {
    let head = text[..start].trim_end();
    head.ends_with('-').then(|| head.len() - 1)
}

/// The end of the line, without its break.
fn line_end(text: &str, from: usize) -> usize {
    let end = text[from..].find('\n').map_or(text.len(), |end| from + end);
    if text[..end].ends_with('\r') && end > from { end - 1 } else { end }
}

/// How many characters stand before a place in its line.
fn column(text: &str, place: usize) -> usize {
    let line_start = text[..place].rfind('\n').map_or(0, |end| end + 1);
    text[line_start..place].trim_start_matches('\u{feff}').chars().count()
}

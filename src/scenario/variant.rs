//! Variants: changed designs, run on the same seed. Their changes are made on the tree, so that what is wrong in them
//! points at the line of the variant that says it.

use super::expression::{self, Compare};
use super::format::VARIANT;
use super::path::{self, Edit};
use super::problem::{Problem, Problems, Severity, suggest};
use super::read::fields::{Fields, list, mapping};
use super::read::{Checked, build};
use super::tree::{Node, Span, shorten};

pub const MAX_VARIANTS: usize = 50;

/// A variant that nothing is wrong with.
#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    pub why: Option<String>,
    /// Names of the expectations that it breaks, and must break.
    pub fails: Vec<String>,
    pub compare: Vec<Compare>,
    pub(super) edits: Vec<Edit>,
    pub(super) checked: Checked,
}

/// All variants of a file whose base has been checked; none of those with errors.
pub fn read(root: &Node, base: &Checked, text: &str) -> (Vec<Variant>, Vec<Problem>) {
    let problems = Problems::new(text);
    let mut found = Vec::new();
    let mut variants: Vec<Variant> = Vec::new();
    let items = root.get("variants").and_then(|node| list(&problems, node, "`variants`")).unwrap_or_default();
    if items.len() > MAX_VARIANTS {
        problems.error(items[MAX_VARIANTS].span, format!("there are more than {MAX_VARIANTS} variants"), "take some away");
    }
    for item in items.iter().take(MAX_VARIANTS) {
        let mut own = Problems::new(text);
        let Some(variant) = one(root, base, item, &mut own) else {
            found.extend(own.finish().into_iter().filter(|problem| problem.severity == Severity::Error));
            continue;
        };
        if variants.iter().any(|other| other.name == variant.name) {
            problems.error(item.span, format!("two variants are called `{}`", shorten(&variant.name)), "give one another name");
        }
        found.extend(own.finish().into_iter().filter(|problem| within(problem, item.span, text)));
        variants.push(variant);
    }
    found.extend(problems.finish());
    (variants, found)
}

/// Notes of the base have been told already.
fn within(problem: &Problem, span: Span, text: &str) -> bool {
    let line = |place: usize| text[..place].matches('\n').count() + 1;
    problem.severity == Severity::Error || (line(span.start)..=line(span.end)).contains(&problem.line)
}

fn one(root: &Node, base: &Checked, item: &Node, problems: &mut Problems) -> Option<Variant> {
    let fields = Fields::open(problems, item, &VARIANT, "the variant")?;
    let name = fields.text("name")?;
    let why = fields.text("why");
    let what = format!("variant {}", shorten(&name));
    let mut tree = root.clone();
    let mut edits = Vec::new();
    let mut edit = |edit: Edit, span: Span| match path::apply(&mut tree, &edit) {
        Ok(()) => edits.push(edit),
        Err(wrong) => problems.error(span, format!("{what}: {}", wrong.message), wrong.help),
    };
    for (text, span) in fields.words("remove") {
        if let Some(path) = checked_path(problems, &text, span) {
            edit(Edit::Remove { path }, span);
        }
    }
    for entry in fields.get("set").and_then(|node| mapping(problems, node, &format!("`set` of {what}"))).unwrap_or_default() {
        if let Some(path) = checked_path(problems, &entry.key, entry.key_span) {
            edit(Edit::Set { path, value: entry.node.clone() }, entry.key_span);
        }
    }
    let fails = fields.words("fails");
    let comparisons = fields.list("compare").unwrap_or_default();
    if problems.has_errors() {
        return None;
    }
    // What is wrong from here on is wrong with the changed design.
    problems.within = format!("{what}: ");
    let checked = build(&tree, problems, Some(&base.names))?;
    for (name, span) in &fails {
        super::read::known_expectation(problems, name, *span, &checked.expectations);
    }
    let mut compare = Vec::new();
    for node in comparisons {
        let Some(text) = node.scalar() else {
            problems.error(node.span, "a comparison must be a sentence", "write \"max(lag{group=…}) < base\", in quotes");
            continue;
        };
        // Both runs must know what is compared.
        expression::compare(problems, &base.names, text, node)?;
        compare.extend(expression::compare(problems, &checked.names, text, node));
    }
    if problems.has_errors() {
        return None;
    }
    Some(Variant { name, why, fails: fails.into_iter().map(|(name, _)| name).collect(), compare, edits, checked })
}

/// Variants change the design and what is expected of it, not themselves.
fn checked_path(problems: &Problems, text: &str, span: Span) -> Option<Vec<path::Segment>> {
    let path = match path::parse(text) {
        Ok(path) => path,
        Err(wrong) => {
            problems.error(span, wrong.message, wrong.help);
            return None;
        }
    };
    const FREE: &[&str] =
        &["duration", "warmup", "cluster", "topics", "schemas", "producers", "services", "targets", "groups", "timeline", "expect"];
    match &path[0] {
        path::Segment::Name(name) if FREE.contains(&name.as_str()) => Some(path),
        path::Segment::Name(name) => {
            problems.error(span, format!("a variant cannot change `{}`", shorten(name)), suggest(name, FREE.iter().copied()));
            None
        }
        path::Segment::Item(_) => {
            problems.error(span, "a path begins with a key", suggest("", FREE.iter().copied()));
            None
        }
    }
}

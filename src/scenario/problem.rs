//! What is wrong with a file, and what to write instead. Problems point: line, column, the source line.

use super::tree::Span;
use std::cell::RefCell;
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs on a file with an error.
    Error,
    /// Said, not held against the file: a real setting that is not modelled.
    Note,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In characters, at least 1, within the line.
    pub length: usize,
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
    /// The line of the file that it points at.
    pub source_line: String,
}

/// How much of a long line is shown around the place.
const SHOWN: usize = 120;

impl Problem {
    /// As it is printed: message, place, source line, help.
    pub fn render(&self, file: &str) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Note => "note",
        };
        let mut text = format!("{severity}: {}\n  --> {file}:{}:{}\n", self.message, self.line, self.column);
        // A long line is cut around the place; a short one is shown from its first word on.
        let chars: Vec<char> = self.source_line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let column = (self.column - 1).min(chars.len());
        let indent = chars.iter().take_while(|c| **c == ' ').count().min(column);
        let from = if chars.len() - indent <= SHOWN { indent } else { indent.max(column.saturating_sub(SHOWN / 2)) };
        let to = chars.len().min(from + SHOWN);
        let shown: String = chars[from..to].iter().collect();
        let (before, after) = (if from > indent { "…" } else { "" }, if to < chars.len() { "…" } else { "" });
        writeln!(text, "   |     {before}{shown}{after}").expect("a string takes everything");
        let pad = " ".repeat(column - from + before.chars().count());
        let marks = "^".repeat(self.length.clamp(1, (to + 1).saturating_sub(column).max(1)));
        writeln!(text, "{}", format!("   |     {pad}{marks} {}", self.help).trim_end()).expect("a string takes everything");
        text
    }
}

/// Gathers problems while a file is read: all of them, not the first.
pub struct Problems<'a> {
    text: &'a str,
    found: RefCell<Vec<Found>>,
    /// Said before each message: which variant is being read.
    pub within: String,
}

struct Found {
    severity: Severity,
    span: Span,
    message: String,
    help: String,
}

/// More problems than anybody reads.
const MOST: usize = 200;

impl<'a> Problems<'a> {
    pub fn new(text: &'a str) -> Self {
        Problems { text, found: RefCell::new(Vec::new()), within: String::new() }
    }

    pub fn error(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, span, message.into(), help.into());
    }

    pub fn note(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Note, span, message.into(), help.into());
    }

    fn add(&self, severity: Severity, span: Span, message: String, help: String) {
        let mut found = self.found.borrow_mut();
        let message = format!("{}{message}", self.within);
        let full = if severity == Severity::Error { 2 * MOST } else { MOST };
        if found.len() < full && !found.iter().any(|other| other.span == span && other.message == message) {
            found.push(Found { severity, span, message, help });
        }
    }

    /// Whether there are more errors than anybody reads: no need to look for help for another.
    pub fn full(&self) -> bool {
        self.found.borrow().len() >= 2 * MOST
    }

    /// What stands at a place of the file.
    pub fn written(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub fn has_errors(&self) -> bool {
        self.found.borrow().iter().any(|found| found.severity == Severity::Error)
    }

    /// In the order of the file, with line and column.
    pub fn finish(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|found| (found.severity, found.span.start));
        found.truncate(MOST);
        found.into_iter().map(|found| locate(self.text, found)).collect()
    }
}

fn locate(text: &str, found: Found) -> Problem {
    let mut start = found.span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let rest = &text[line_start..];
    let source_line = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r').trim_start_matches('\u{feff}');
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let before = text[line_start..start].trim_start_matches('\u{feff}').chars().count();
    let mut end = found.span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let length = text[start..end].split('\n').next().unwrap_or_default().trim_end().chars().count().max(1);
    Problem {
        severity: found.severity,
        line,
        column: before + 1,
        length,
        message: found.message,
        help: found.help,
        source_line: source_line.to_owned(),
    }
}

/// All of them, as a terminal shows them.
pub fn render_all(file: &str, problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.render(file)).collect::<Vec<_>>().join("\n")
}

/// The real name that is meant, if one is near enough to be.
pub fn nearest<'n>(name: &str, real: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const LOOKED_AT: usize = 1_000;
    let name = name.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&name, &other.to_lowercase());
    let (best, distance) = real.into_iter().take(LOOKED_AT).map(|other| (other, distance(other))).min_by_key(|(_, distance)| *distance)?;
    (distance <= (name.chars().count() / 3).max(2) || best.to_lowercase().starts_with(&name) && name.len() > 2).then_some(best)
}

/// `did you mean …?`, or the list when it is short.
pub fn suggest<'n>(name: &str, real: impl IntoIterator<Item = &'n str> + Clone) -> String {
    if name.len() <= 64
        && let Some(near) = nearest(name, real.clone())
    {
        return format!("did you mean {near}?");
    }
    let all: Vec<&str> = real.into_iter().take(17).collect();
    match all.len() {
        0 => "there is none yet".into(),
        1..=16 => format!("one of: {}", all.join(", ")),
        _ => format!("one of: {}, …", all[..12].join(", ")),
    }
}

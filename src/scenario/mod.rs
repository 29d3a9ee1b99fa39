//! The scenario file: read, checked, and turned into a design that the engine can run.
//!
//! ```text
//! text ──file──► tree with places ──read──► Design, expectations, lesson      (all problems at once)
//!                      └──path──► tree of a variant ──read──► the same for it
//! ```
//! Holds: a `Scenario` has no errors, neither in its base nor in its variants, so a design can always be made of it.

pub mod edit;
pub mod expectation;
pub mod expression;
pub mod file;
pub mod format;
pub mod kafka_config;
pub mod path;
pub mod problem;
pub mod read;
pub mod schema;
pub mod tree;
pub mod units;
pub mod variant;

use crate::engine::design::Design;
use crate::engine::random::Seed;
use expression::{Expectation, Scope};
use path::{Edit, Segment};
use problem::{Problem, Problems, Severity, suggest};
use read::names::Names;
use read::{About, Checked, Lesson};
use variant::Variant;

/// A file that nothing is wrong with.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path, or what the page calls it.
    pub name: String,
    pub text: String,
    /// Said, not held against it: real settings that are not modelled.
    pub notes: Vec<Problem>,
    base: Checked,
    variants: Vec<Variant>,
}

impl Scenario {
    /// Reads and checks the whole file, variants too. All problems, not the first.
    pub fn parse(name: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
        let problems = Problems::new(text);
        let root = file::read(text, &problems);
        let base = root.as_ref().and_then(|root| read::build(root, &problems, None));
        let mut found = problems.finish();
        let (Some(root), Some(base)) = (root, base) else { return Err(found) };
        let (variants, more) = variant::read(&root, &base, text);
        found.extend(more);
        found.sort_by_key(|problem| (problem.severity, problem.line, problem.column));
        if found.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(found);
        }
        Ok(Scenario { name: name.to_owned(), text: text.to_owned(), notes: found, base, variants })
    }

    /// What the engine runs: of a variant or the base, with the file's seed or another.
    pub fn design(&self, variant: Option<&str>, seed: Option<u64>) -> Result<Design, Vec<Problem>> {
        let mut design = self.checked(variant)?.design.clone();
        design.seed = seed.map_or(design.seed, Seed);
        // Two runs that are compared measure the same.
        design.track_order |= self.variants.iter().any(|variant| variant.checked.design.track_order) | self.base.design.track_order;
        Ok(design)
    }

    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    pub fn expectations(&self, variant: Option<&str>) -> Result<&[Expectation], Vec<Problem>> {
        Ok(&self.checked(variant)?.expectations)
    }

    /// The names of what a design numbers.
    pub fn names(&self, variant: Option<&str>) -> Result<&Names, Vec<Problem>> {
        Ok(&self.checked(variant)?.names)
    }

    pub fn lesson(&self) -> Option<&Lesson> {
        self.base.lesson.as_ref()
    }

    /// The expectations that a run breaks, and must break.
    pub fn fails(&self, variant: Option<&str>) -> Result<&[String], Vec<Problem>> {
        match variant {
            None => Ok(self.lesson().map_or(&[], |lesson| &lesson.fails)),
            Some(name) => self.variant(name).map(|variant| variant.fails.as_slice()).ok_or_else(|| self.no_variant(name)),
        }
    }

    pub fn about(&self) -> &About {
        &self.base.about
    }

    /// The title, or the name of the file.
    pub fn title(&self) -> &str {
        self.base.about.title.as_deref().unwrap_or(&self.name)
    }

    /// The text of a variant as a file of its own, comments and order kept.
    pub fn variant_text(&self, name: &str) -> Result<String, Vec<Problem>> {
        let variant = self.variant(name).ok_or_else(|| self.no_variant(name))?;
        let mut edits = variant.edits.clone();
        // What belongs to the base goes: the tour, the variants, what is expected of entries that are not there any more.
        let absent = variant.checked.expectations.iter().enumerate().filter(|(_, expectation)| expectation.scope == Scope::Absent);
        let absent = absent.map(|(place, _)| vec![Segment::Name("expect".into()), Segment::Item(place)]);
        edits.extend(absent.rev().map(|path| Edit::Remove { path }));
        let root = file::read(&self.text, &Problems::new(&self.text)).expect("a checked text can be read");
        let own = ["variants", "lesson"].into_iter().filter(|key| root.get(key).is_some());
        edits.extend(own.map(|key| Edit::Remove { path: vec![Segment::Name(key.into())] }));
        Ok(edit::apply(&self.text, &edits).expect("a checked variant's edits can be done"))
    }

    fn checked(&self, variant: Option<&str>) -> Result<&Checked, Vec<Problem>> {
        match variant {
            None => Ok(&self.base),
            Some(name) => self.variant(name).map(|variant| &variant.checked).ok_or_else(|| self.no_variant(name)),
        }
    }

    fn no_variant(&self, name: &str) -> Vec<Problem> {
        let names = self.variants.iter().map(|variant| variant.name.as_str());
        let message = format!("there is no variant `{}`", tree::shorten(name));
        vec![Problem {
            severity: Severity::Error,
            line: 1,
            column: 1,
            length: 1,
            message,
            help: suggest(name, names),
            source_line: String::new(),
        }]
    }
}

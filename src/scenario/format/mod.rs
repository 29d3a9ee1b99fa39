//! The form of the file as tables: which keys there are, what each takes, what it means, whether this version builds it.
//! One source for three readers: the check of unknown keys, the JSON Schema for editors, the help on screen.

mod actions;
mod groups;
mod load;
mod top;

pub use actions::{ACTIONS, ActionForm, ENTRY};
pub use groups::{BUDGET, DEDUP, GROUP, HANDLER, STEP};
pub use load::{FROM, HOT, KEY, LIFE, PRODUCER, RATE, SHARE_OF_KEYS, SIZE, STAGE, TARGET, TIME, VALUE, ZIPF};
pub use top::{CLUSTER, COSTS, FILE, LESSON, LESSON_STEP, NETWORK, PREDICT, TOPIC, VARIANT};

use super::kafka_config::Scope;

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any words.
    Text,
    /// The name of something else in the file.
    Name,
    Bool,
    /// A whole number.
    Count,
    Number,
    /// `250ms`.
    Duration,
    /// `16KiB`.
    Size,
    /// `500/s`.
    Rate,
    /// `30%`.
    Percent,
    OneOf(&'static [&'static str]),
    List(&'static Shape),
    Object(&'static Object),
    /// Names of one's own, each with an object.
    Named(&'static Object),
    /// Names of one's own, each with a number: weights.
    Weights,
    /// Kafka's settings of this scope.
    Config(Scope),
    /// An expectation, a condition or a comparison.
    Expression,
    Either(&'static [Shape]),
    /// Anything: what stands at a path.
    Any,
}

/// A mapping with keys that the format knows.
#[derive(Debug)]
pub struct Object {
    pub name: &'static str,
    pub fields: &'static [Field],
}

#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub about: &'static str,
    pub required: bool,
    /// Real, but not built in this version: what to write instead.
    pub later: Option<&'static str>,
}

pub(super) const fn field(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, about, required: false, later: None }
}

pub(super) const fn required(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, shape, about, required: true, later: None }
}

pub(super) const fn later(name: &'static str, about: &'static str, instead: &'static str) -> Field {
    Field { name, shape: Shape::Any, about, required: false, later: Some(instead) }
}

impl Object {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

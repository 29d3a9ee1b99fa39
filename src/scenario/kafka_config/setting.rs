//! One row of Kafka's tables, and the short forms in which the tables are written.
//! Kafka: `ConfigDef.ConfigKey`, `ConfigDef.Type` and its validators.

/// A setting as Kafka defines it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    pub name: &'static str,
    pub kind: Type,
    pub default: DefaultValue,
    pub valid: Valid,
    /// Whether it changes anything in this engine.
    pub modelled: bool,
    /// Not for users: Kafka keeps it out of its documentation.
    pub internal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Boolean,
    Short,
    Int,
    Long,
    Double,
    String,
    List,
    Class,
    Password,
}

impl Type {
    /// Kafka's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Boolean => "BOOLEAN",
            Type::Short => "SHORT",
            Type::Int => "INT",
            Type::Long => "LONG",
            Type::Double => "DOUBLE",
            Type::String => "STRING",
            Type::List => "LIST",
            Type::Class => "CLASS",
            Type::Password => "PASSWORD",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// Has to be given.
    Required,
    /// Not set.
    Null,
    Boolean(bool),
    /// Of the types short, int and long.
    Number(i64),
    Double(f64),
    Text(&'static str),
    List(&'static [&'static str]),
}

/// What Kafka takes, beyond what the type does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Valid {
    Anything,
    AtLeast(i64),
    /// Both included.
    Between(i64, i64),
    /// 1 to 9, or −1.
    GzipLevel,
    /// 0 to 1.
    Share,
    /// Both included.
    DoubleBetween(f64, f64),
    OneOf {
        words: &'static [&'static str],
        any_case: bool,
    },
    NonEmptyString,
    /// Addresses or ids of controllers, not looked into. Kafka's validators call themselves `non-empty list` and take an empty one.
    Controllers,
    /// A list of which each item is one of these, none twice.
    EachOf(&'static [&'static str]),
    NoDuplicates,
    /// `[partition]:[broker],…` or `*`.
    ThrottledReplicas,
    /// `earliest`, `latest`, `by_duration:PnDTnHnMn.nS`, and perhaps `none`.
    AutoOffsetReset {
        none: bool,
    },
    /// Kafka's classes, or their short forms.
    Assignors,
}

pub const fn boolean(name: &'static str, default: bool) -> Setting {
    setting(name, Type::Boolean, DefaultValue::Boolean(default))
}
pub const fn short(name: &'static str, default: i16) -> Setting {
    setting(name, Type::Short, DefaultValue::Number(default as i64))
}
pub const fn int(name: &'static str, default: i32) -> Setting {
    setting(name, Type::Int, DefaultValue::Number(default as i64))
}
pub const fn long(name: &'static str, default: i64) -> Setting {
    setting(name, Type::Long, DefaultValue::Number(default))
}
pub const fn double(name: &'static str, default: f64) -> Setting {
    setting(name, Type::Double, DefaultValue::Double(default))
}
pub const fn string(name: &'static str, default: &'static str) -> Setting {
    setting(name, Type::String, DefaultValue::Text(default))
}
pub const fn list(name: &'static str, default: &'static [&'static str]) -> Setting {
    setting(name, Type::List, DefaultValue::List(default))
}
/// Has no default value.
pub const fn unset(name: &'static str, kind: Type) -> Setting {
    setting(name, kind, DefaultValue::Null)
}
pub const fn required(name: &'static str, kind: Type) -> Setting {
    setting(name, kind, DefaultValue::Required)
}

const fn setting(name: &'static str, kind: Type, default: DefaultValue) -> Setting {
    Setting { name, kind, default, valid: Valid::Anything, modelled: false, internal: false }
}

impl Setting {
    pub const fn valid(self, valid: Valid) -> Self {
        Setting { valid, ..self }
    }
    pub const fn at_least(self, least: i64) -> Self {
        self.valid(Valid::AtLeast(least))
    }
    pub const fn between(self, least: i64, most: i64) -> Self {
        self.valid(Valid::Between(least, most))
    }
    pub const fn one_of(self, words: &'static [&'static str]) -> Self {
        self.valid(Valid::OneOf { words, any_case: false })
    }
    pub const fn one_of_any_case(self, words: &'static [&'static str]) -> Self {
        self.valid(Valid::OneOf { words, any_case: true })
    }
    pub const fn each_of(self, words: &'static [&'static str]) -> Self {
        self.valid(Valid::EachOf(words))
    }
    pub const fn internal(self) -> Self {
        Setting { internal: true, ..self }
    }
    pub const fn modelled(self) -> Self {
        Setting { modelled: true, ..self }
    }
}

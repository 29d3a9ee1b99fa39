//! The JSON Schema of the file, for editors: made of the tables of the format and of Kafka's settings, so it cannot drift
//! from what is read. Written to `scenarios/laglab.schema.json`; a test compares.

use super::format::{
    ACTIONS, BUDGET, CLUSTER, COSTS, DEDUP, ENTRY, FILE, FROM, GROUP, HANDLER, HOT, KEY, LESSON, LESSON_STEP, LIFE, NETWORK, PREDICT,
    PRODUCER, RATE, SHARE_OF_KEYS, SIZE, STAGE, STEP, TARGET, TIME, TOPIC, VALUE, VARIANT, ZIPF,
};
use super::format::{Field, Object, Shape};
use super::kafka_config::{self, Scope, Setting, Type, Valid};
use serde_json::{Map, Value, json};

/// All objects that the schema defines by name.
const OBJECTS: &[&Object] = &[
    &CLUSTER,
    &NETWORK,
    &COSTS,
    &TOPIC,
    &PRODUCER,
    &RATE,
    &STAGE,
    &KEY,
    &FROM,
    &SHARE_OF_KEYS,
    &ZIPF,
    &HOT,
    &LIFE,
    &VALUE,
    &SIZE,
    &TIME,
    &TARGET,
    &GROUP,
    &HANDLER,
    &STEP,
    &DEDUP,
    &BUDGET,
    &ENTRY,
    &VARIANT,
    &LESSON,
    &LESSON_STEP,
    &PREDICT,
];

pub fn schema() -> Value {
    let mut definitions = Map::new();
    for object in OBJECTS {
        definitions.insert(key_of(object), self::object(object));
    }
    for scope in [Scope::Broker, Scope::Topic, Scope::Producer, Scope::Consumer] {
        definitions.insert(format!("{} config", scope.name()), config(scope));
    }
    let mut root = object(&FILE);
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "laglab scenario".into();
    root["$defs"] = Value::Object(definitions);
    root
}

/// As it is committed.
pub fn text() -> String {
    serde_json::to_string_pretty(&schema()).expect("a value is JSON") + "\n"
}

fn key_of(object: &Object) -> String {
    object.name.to_owned()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{}", name.replace(' ', "%20")) })
}

fn object(object: &Object) -> Value {
    let built = || object.fields.iter().filter(|field| field.later.is_none());
    let properties: Map<String, Value> = built().map(|field| (field.name.to_owned(), property(field))).collect();
    let required: Vec<&str> = built().filter(|field| field.required).map(|field| field.name).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if std::ptr::eq(object, &ENTRY) {
        schema["allOf"] = actions();
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut schema = shape(&field.shape);
    schema["description"] = field.about.into();
    schema
}

fn shape(of: &Shape) -> Value {
    match of {
        Shape::Text | Shape::Name => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Expression => json!({ "type": "string" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Count => json!({ "type": "integer", "minimum": 0 }),
        Shape::Number => json!({ "type": "number" }),
        Shape::Duration => json!({ "type": "string", "pattern": r"^\d+(\.\d+)? *(ns|us|µs|ms|s|m|h|d)$" }),
        Shape::Size => json!({ "type": "string", "pattern": r"^\d+(\.\d+)? *(B|KB|MB|GB|KiB|MiB|GiB|TiB)$" }),
        Shape::Rate => json!({ "type": "string", "pattern": r"^\d+(\.\d+)? */ *(s|m|min|h)$" }),
        Shape::Percent => json!({ "type": "string", "pattern": r"^\d+(\.\d+)? *%$" }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::List(item) => json!({ "type": "array", "items": shape(item) }),
        Shape::Object(object) => reference(&key_of(object)),
        Shape::Named(object) => json!({ "type": "object", "additionalProperties": reference(&key_of(object)) }),
        Shape::Weights => json!({ "type": "object", "additionalProperties": { "type": ["number", "string"] } }),
        Shape::Config(scope) => reference(&format!("{} config", scope.name())),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(shape).collect::<Vec<_>>() }),
        Shape::Any => json!({}),
    }
}

/// Each action asks for its own keys.
fn actions() -> Value {
    let asks = ACTIONS.iter().filter(|form| form.later.is_none()).map(|form| {
        json!({
            "if": { "properties": { "do": { "const": form.name } }, "required": ["do"] },
            "then": { "required": form.required },
        })
    });
    asks.collect()
}

fn config(scope: Scope) -> Value {
    let mut settings: Vec<&Setting> = kafka_config::settings(scope).filter(|setting| !setting.internal).collect();
    settings.sort_by_key(|setting| setting.name);
    let properties: Map<String, Value> = settings.into_iter().map(|setting| (setting.name.to_owned(), self::setting(setting))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn setting(setting: &Setting) -> Value {
    let mut schema = match setting.kind {
        Type::Boolean => json!({ "type": ["boolean", "string"] }),
        Type::Short | Type::Int | Type::Long => json!({ "type": ["integer", "string"] }),
        Type::Double => json!({ "type": ["number", "string"] }),
        Type::String | Type::Class | Type::Password => json!({ "type": ["string", "number", "boolean"] }),
        Type::List => json!({ "type": ["string", "array"] }),
    };
    match setting.valid {
        Valid::AtLeast(least) => schema["minimum"] = least.into(),
        Valid::Between(least, most) => {
            schema["minimum"] = least.into();
            schema["maximum"] = most.into();
        }
        Valid::OneOf { words, any_case: false } => schema["examples"] = words.into(),
        Valid::Anything
        | Valid::GzipLevel
        | Valid::Share
        | Valid::DoubleBetween(..)
        | Valid::OneOf { any_case: true, .. }
        | Valid::NonEmptyString
        | Valid::EachOf(_)
        | Valid::NoDuplicates
        | Valid::ThrottledReplicas
        | Valid::Controllers
        | Valid::AutoOffsetReset { .. }
        | Valid::Assignors => {}
    }
    if let Some(default) = setting.default_text() {
        schema["description"] = format!("Kafka's default: {default}").into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_the_current_one() {
        let committed = include_str!("../../scenarios/laglab.schema.json");
        assert!(committed == text(), "run `cargo run --features cli -- schema > scenarios/laglab.schema.json`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = schema();
        let text = schema.to_string();
        for piece in text.split("#/$defs/").skip(1) {
            let name = piece.split('"').next().unwrap_or_default().replace("%20", " ");
            assert!(schema["$defs"].get(&name).is_some(), "{name}");
        }
    }
}

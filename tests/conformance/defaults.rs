//! `defaults`: name, type, default and validator of every setting.

use super::Disagreement;
use laglab::scenario::kafka_config::{DefaultValue, Scope, Setting, Valid, lookup};
use serde_json::{Value, json};

pub fn check(file: &Value) -> Vec<Disagreement> {
    let mut disagreements = Vec::new();
    for vector in file["vectors"].as_array().expect("vectors are a list") {
        let (scope, name) = (vector["scope"].as_str().expect("a scope"), vector["name"].as_str().expect("a name"));
        let id = format!("{} {scope} {name}", vector["index"]);
        let Some(known) = Scope::ALL.into_iter().find(|known| known.name() == scope) else {
            disagreements.push(Disagreement::new(id, scope, "no such scope"));
            continue;
        };
        let Some(setting) = lookup(known, name) else {
            disagreements.push(Disagreement::new(id, name, "no such setting"));
            continue;
        };
        let expected = [
            ("type", vector["type"].clone()),
            ("default", vector["default"].clone()),
            ("required", json!(vector["required"] == true)),
            ("internal", vector["internal"].clone()),
            ("valid", vector.get("valid").cloned().unwrap_or(Value::Null)),
        ];
        let got = [
            json!(setting.kind.name()),
            default(setting),
            json!(setting.default == DefaultValue::Required),
            json!(setting.internal),
            valid(setting, &vector["valid"]),
        ];
        for ((part, expected), got) in expected.into_iter().zip(got) {
            if expected != got {
                disagreements.push(Disagreement::new(format!("{id} {part}"), expected.to_string(), got.to_string()));
            }
        }
    }
    disagreements
}

fn default(setting: &Setting) -> Value {
    match setting.default {
        DefaultValue::Required | DefaultValue::Null => Value::Null,
        DefaultValue::Boolean(value) => json!(value),
        DefaultValue::Number(value) => json!(value),
        DefaultValue::Double(value) => json!(value),
        DefaultValue::Text(text) => json!(text),
        DefaultValue::List(items) => json!(items),
    }
}

/// As Kafka's validators write themselves.
fn valid(setting: &Setting, expected: &Value) -> Value {
    let text = match setting.valid {
        Valid::Anything => return Value::Null,
        Valid::AtLeast(least) => format!("[{least},...]"),
        Valid::Between(least, most) => format!("[{least},...,{most}]"),
        Valid::GzipLevel => "[1,...,9] or -1".to_owned(),
        Valid::Share => "[0,...,1]".to_owned(),
        Valid::DoubleBetween(least, most) => format!("[{least},...,{most}]"),
        Valid::OneOf { words, any_case } => {
            // One validator of the original takes any case and does not say so.
            let says_so = expected.as_str().is_some_and(|text| text.starts_with("(case insensitive)"));
            format!("{}[{}]", if any_case && says_so { "(case insensitive) " } else { "" }, words.join(", "))
        }
        Valid::NonEmptyString => "non-empty string".to_owned(),
        Valid::Controllers => "non-empty list".to_owned(),
        Valid::EachOf(words) => format!("[{}]", words.join(", ")),
        Valid::NoDuplicates | Valid::Assignors => String::new(),
        Valid::ThrottledReplicas => "[partitionId]:[brokerId],[partitionId]:[brokerId],...".to_owned(),
        Valid::AutoOffsetReset { none: true } => "[latest, earliest, none, by_duration:PnDTnHnMn.nS]".to_owned(),
        Valid::AutoOffsetReset { none: false } => "[latest, earliest, by_duration:PnDTnHnMn.nS]".to_owned(),
    };
    json!(text)
}

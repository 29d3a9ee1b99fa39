//! `targets:` — databases, APIs and stores that handlers act on.

use super::super::format::TARGET;
use super::super::problem::Problems;
use super::super::tree::{Entry, Node};
use super::super::units;
use super::Owned;
use super::fields::{Fields, read_scalar};
use super::names::{legal, section};
use crate::engine::design::{Target, TargetKind};
use crate::engine::random::Distribution;
use crate::engine::time::Duration;

pub fn read(problems: &Problems, node: Option<&Node>, owned: &mut Vec<Owned>) -> Vec<Target> {
    section(problems, node, "targets").iter().map(|entry| target(problems, entry, owned)).collect()
}

fn target(problems: &Problems, entry: &Entry, owned: &mut Vec<Owned>) -> Target {
    let what = format!("target {}", entry.key);
    legal(problems, "target", &entry.key, entry.key_span);
    let fields = Fields::open(problems, &entry.node, &TARGET, &what);
    let fields = fields.as_ref();
    let kind = match fields.and_then(|fields| fields.one_of("kind", &["database", "api", "store"])) {
        Some("api") => TargetKind::Api,
        Some("store") => TargetKind::Store,
        Some(_) | None => TargetKind::Database,
    };
    let honours = fields.and_then(|fields| {
        let read = |text: &str| if text == "never" { Ok(Duration::ZERO) } else { units::duration(text) };
        read_scalar(problems, fields.get("honours_key")?, &format!("`honours_key` of {what}"), read)
    });
    if let Some(fields) = fields {
        owned.extend(Owned::read(fields, "target", &entry.key));
    }
    Target {
        name: entry.key.clone(),
        kind,
        takes: fields.and_then(|fields| fields.time("takes")).unwrap_or(Distribution::Constant(0)),
        honours_key: honours.unwrap_or(Duration::ZERO),
        keeps: fields.and_then(|fields| fields.duration("keeps")).unwrap_or(Duration::MAX),
    }
}

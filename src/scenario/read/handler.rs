//! `handler:` — what a group does with each record, when it commits, how it knows an event again.

use super::super::format::{DEDUP, HANDLER, STEP};
use super::super::problem::Problems;
use super::super::tree::{Node, Value};
use super::config::Config;
use super::fields::Fields;
use super::names::Names;
use crate::engine::design::{CommitPolicy, Dedup, DedupMark, Effect, Handler, OnCommitFailure, Step, Target, TargetKind};
use crate::engine::random::Distribution;

pub const MAX_STEPS: usize = 32;

pub fn read(problems: &Problems, group: Option<&Fields>, what: &str, config: &Config, names: &mut Names, targets: &[Target]) -> Handler {
    let what = format!("the handler of {what}");
    let fields = group.and_then(|group| Fields::open(problems, group.get("handler")?, &HANDLER, &what));
    let fields = fields.as_ref();
    let steps = fields.map(|fields| steps(problems, fields, names)).unwrap_or_default();
    let dedup = fields.and_then(|fields| dedup(problems, fields.get("dedup")?, &what, names, targets, &steps));
    Handler {
        commit: commit(problems, fields, config, &what),
        on_commit_failure: match fields.and_then(|fields| fields.one_of("on_commit_failure", &["continue", "restart", "rewind"])) {
            Some("restart") => OnCommitFailure::Restart,
            Some("rewind") => OnCommitFailure::Rewind,
            Some(_) | None => OnCommitFailure::Continue,
        },
        steps,
        dedup,
    }
}

fn steps(problems: &Problems, fields: &Fields, names: &mut Names) -> Vec<Step> {
    if let (Some(takes), Some(_)) = (fields.key_span("takes"), fields.get("steps")) {
        problems.error(takes, format!("{} has steps, so its time is theirs", fields.what), "take `takes` away, or the steps");
    }
    if fields.get("takes").is_some() {
        let takes = fields.time("takes").unwrap_or(Distribution::Constant(0));
        return vec![Step { name: "handle".into(), target: None, takes, effect: Effect::None }];
    }
    let items = fields.list("steps").unwrap_or_default();
    if items.len() > MAX_STEPS {
        problems.error(items[MAX_STEPS].span, format!("{} has more than {MAX_STEPS} steps", fields.what), "make them fewer");
        return Vec::new();
    }
    items.iter().enumerate().map(|(place, node)| step(problems, node, &format!("step {place} of {}", fields.what), names)).collect()
}

fn step(problems: &Problems, node: &Node, what: &str, names: &mut Names) -> Step {
    let fields = Fields::open(problems, node, &STEP, what);
    let fields = fields.as_ref();
    let name = fields.and_then(|fields| fields.text("do")).unwrap_or_default();
    let target = fields.and_then(|fields| names.target(problems, &fields.text("to")?, fields.get("to")?.span));
    let takes = fields.and_then(|fields| fields.time("takes"));
    if let Some(fields) = fields {
        match (fields.get("to"), fields.key_span("takes")) {
            (Some(_), Some(takes)) => {
                problems.error(takes, format!("{what} takes the time of its target"), "take `takes` away, or change the target's");
            }
            (None, None) => problems.error(fields.span, format!("{what} has no time"), "add takes: 1ms, or to: TARGET"),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
    let effect = match fields.and_then(|fields| fields.text("effect")).as_deref() {
        None | Some("none") => Effect::None,
        Some("idempotent") => Effect::Idempotent,
        Some(once) => {
            if !names.effects.iter().any(|known| known == once) {
                names.effects.push(once.to_owned());
            }
            Effect::Once(once.to_owned())
        }
    };
    if !names.steps.contains(&name) {
        names.steps.push(name.clone());
    }
    Step { name, target, takes: takes.unwrap_or(Distribution::Constant(0)), effect }
}

fn commit(problems: &Problems, fields: Option<&Fields>, config: &Config, what: &str) -> CommitPolicy {
    let auto = config.bool("enable.auto.commit");
    let says = config.explicit("enable.auto.commit");
    let Some(word) = fields.and_then(|fields| fields.one_of("commit", &["after-record", "after-batch", "auto", "before"])) else {
        return if auto { CommitPolicy::Auto } else { CommitPolicy::Never };
    };
    let span = fields.and_then(|fields| fields.get("commit")).map(|node| node.span).unwrap_or_default();
    let policy = match word {
        "after-record" => CommitPolicy::AfterRecord,
        "after-batch" => CommitPolicy::AfterBatch,
        "before" => CommitPolicy::Before,
        _ => CommitPolicy::Auto,
    };
    match (policy == CommitPolicy::Auto, auto, says) {
        (true, false, Some(_)) => {
            problems.error(
                span,
                format!("{what} commits automatically, but enable.auto.commit is false"),
                "write enable.auto.commit: true, or another commit",
            );
        }
        (false, true, Some(says)) => {
            problems.error(
                says,
                format!("{what} commits by itself, but enable.auto.commit is true"),
                "write enable.auto.commit: false, or commit: auto",
            );
        }
        (false, true, None) => {
            problems.note(
                span,
                format!("Kafka's default is enable.auto.commit: true; here {what} alone commits"),
                "say enable.auto.commit: false in its config",
            );
        }
        (true, _, _) | (false, false, _) => {}
    }
    policy
}

fn dedup(problems: &Problems, node: &Node, what: &str, names: &Names, targets: &[Target], steps: &[Step]) -> Option<Dedup> {
    if let Value::Scalar { text, .. } = &node.value {
        if text != "none" {
            problems.error(
                node.span,
                format!("dedup of {what} cannot be {}", node.kind()),
                "write none, or { store: TARGET, check: first, mark: after }",
            );
        }
        return None;
    }
    let fields = Fields::open(problems, node, &DEDUP, format!("dedup of {what}"))?;
    fields.one_of("check", &["first"]);
    let mark = match fields.one_of("mark", &["before", "after", "same-transaction"]) {
        Some("before") => DedupMark::Before,
        Some("same-transaction") => DedupMark::SameTransaction,
        Some(_) | None => DedupMark::After,
    };
    let store_node = fields.get("store")?;
    let store = names.target(problems, &fields.text("store")?, store_node.span)?;
    let kind = targets.get(store.index())?.kind;
    let name = &targets[store.index()].name;
    if kind == TargetKind::Api {
        problems.error(
            store_node.span,
            format!("{name} is an API: it keeps no marks"),
            "name a store or a database; honours_key is what an API does",
        );
    }
    if mark == DedupMark::SameTransaction {
        let mark_span = fields.get("mark").map_or(node.span, |mark| mark.span);
        if kind != TargetKind::Database {
            problems.error(
                mark_span,
                format!("{name} is no database: it has no transaction to share"),
                "write mark: before or mark: after",
            );
        } else {
            let once: Vec<&Step> = steps.iter().filter(|step| matches!(step.effect, Effect::Once(_))).collect();
            let elsewhere = once.iter().find(|step| step.target != Some(store));
            if let Some(step) = elsewhere {
                let message = format!("the effect of `{}` is not written to {name}: no transaction holds both it and the mark", step.name);
                problems.error(mark_span, message, "write mark: before or mark: after; or let the effect be a write to that database");
            } else if !steps.iter().any(|step| step.target == Some(store)) {
                problems.error(
                    mark_span,
                    format!("no step writes {name}, so there is no transaction to share"),
                    "write mark: before or mark: after",
                );
            }
        }
    }
    Some(Dedup { store, mark })
}

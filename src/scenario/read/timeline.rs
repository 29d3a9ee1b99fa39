//! `timeline:` — what goes wrong, and what people do, and when.

use super::super::expression;
use super::super::format::{ACTIONS, ActionForm, ENTRY};
use super::super::problem::{Problems, suggest};
use super::super::tree::{Node, Span, shorten};
use super::super::units;
use super::fields::{Fields, read_scalar};
use super::names::Names;
use super::producers::bounded;
use crate::engine::design::{Action, CommitError, Group, Rate, ResetTo, TimelineEntry, When};
use crate::engine::id::{BrokerId, GroupId, MemberIndex};
use crate::engine::time::{Duration, Instant};

pub const MAX_ENTRIES: usize = 1_000;
pub const MAX_TIMES: u64 = 10_000;

pub fn read(problems: &Problems, node: Option<&Node>, names: &Names, groups: &[Group], brokers: u32) -> Vec<TimelineEntry> {
    let Some(node) = node else { return Vec::new() };
    let items = super::fields::list(problems, node, "`timeline`").unwrap_or_default();
    if items.len() > MAX_ENTRIES {
        problems.error(items[MAX_ENTRIES].span, format!("the timeline has more than {MAX_ENTRIES} entries"), "use `every` and `times`");
        return Vec::new();
    }
    for (place, id) in names.entries.iter().enumerate() {
        if names.entries[..place].contains(id)
            && let Some(id_node) = items[place].get("id")
        {
            problems.error(id_node.span, format!("two entries of the timeline are called `{}`", shorten(id)), "give one another id");
        }
    }
    let entries: Vec<(Option<TimelineEntry>, Span)> =
        items.iter().enumerate().map(|(place, item)| (entry(problems, item, place, names, groups, brokers), item.span)).collect();
    refuse_circles(problems, &entries);
    entries.into_iter().filter_map(|(entry, _)| entry).collect()
}

fn entry(problems: &Problems, node: &Node, place: usize, names: &Names, groups: &[Group], brokers: u32) -> Option<TimelineEntry> {
    let what = match node.get("id").and_then(Node::scalar) {
        Some(id) => format!("timeline entry {}", shorten(id)),
        None => format!("timeline entry {place}"),
    };
    let fields = Fields::open(problems, node, &ENTRY, &what)?;
    let when = when(problems, &fields, names, place);
    let action = action(problems, &fields, names, groups, brokers);
    let lasts = fields.duration("for");
    if lasts == Some(Duration::ZERO) {
        problems.error(fields.get("for")?.span, format!("{what} ends as it begins"), "write a time above zero, or take `for` away");
    }
    Some(TimelineEntry { id: names.entries[place].clone(), when: when?, action: action?, lasts })
}

fn when(problems: &Problems, fields: &Fields, names: &Names, place: usize) -> Option<When> {
    let given: Vec<&str> = ["at", "after", "when"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    let [how] = given[..] else {
        let message = if given.is_empty() { "does not say when" } else { "says twice when" };
        problems.error(
            fields.span,
            format!("{} {message}", fields.what),
            "write one of at: 60s, after: ID, when: \"max(lag{group=…}) > 1000\"",
        );
        return None;
    };
    let times = fields.count("times", 1, MAX_TIMES);
    // What does not belong to this way is told, not passed over.
    let refuse = |key: &str, help: &str| {
        if let Some(span) = fields.key_span(key) {
            problems.error(span, format!("{}: `{key}` has no meaning with `{how}`", fields.what), help);
        }
    };
    match how {
        "at" => {
            refuse("plus", "add it to `at`");
            let at = Instant::ZERO + fields.duration("at")?;
            let every = fields.duration("every");
            match (every, times) {
                (None, Some(2..)) => problems.error(fields.span, format!("{} repeats, but not how often", fields.what), "add every: 20s"),
                (Some(_), None) => problems.error(fields.span, format!("{} repeats without end", fields.what), "add times: 3"),
                (Some(Duration::ZERO), Some(_)) => problems.error(fields.get("every")?.span, "`every` is zero", "write a time above zero"),
                (None, Some(..=1) | None) | (Some(_), Some(_)) => {}
            }
            Some(When::At { at, every: every.unwrap_or(Duration::ZERO), times: times.unwrap_or(1) as u32 })
        }
        "after" => {
            refuse("every", "it repeats as the other entry does not");
            refuse("times", "give the repeating entry `at`");
            let other = names.entry(problems, &fields.text("after")?, fields.get("after")?.span)?;
            if other == place {
                problems.error(fields.get("after")?.span, format!("{} waits for itself", fields.what), "name another entry");
                return None;
            }
            Some(When::After { entry: other, plus: fields.duration("plus").unwrap_or(Duration::ZERO) })
        }
        _ => {
            refuse("plus", "take it away");
            refuse("every", "a condition is asked at each sample; `times` says how often it may begin");
            let node = fields.get("when")?;
            let condition = expression::condition(problems, names, &fields.text("when")?, node)?;
            Some(When::Holds { condition, times: times.unwrap_or(1) as u32 })
        }
    }
}

fn action(problems: &Problems, fields: &Fields, names: &Names, groups: &[Group], brokers: u32) -> Option<Action> {
    let node = fields.get("do")?;
    let word = fields.text("do")?;
    let Some(form) = ACTIONS.iter().find(|form| form.name == word) else {
        problems.error(node.span, format!("there is no action `{}`", shorten(&word)), suggest(&word, ACTIONS.iter().map(|form| form.name)));
        return None;
    };
    if let Some(instead) = form.later {
        problems.error(node.span, format!("the action {word} is not built yet"), instead);
        return None;
    }
    check_keys(problems, fields, form);
    let group = || {
        let group = names.group(problems, &fields.text("group")?, fields.get("group")?.span)?;
        groups.get(group.index()).map(|_| group)
    };
    let member = |group: GroupId| {
        let most = u64::from(names.members[group.index()]);
        let member = fields.count("member", 0, u64::from(u32::MAX))?;
        if member >= most {
            let name = &groups[group.index()].name;
            problems.error(
                fields.get("member")?.span,
                format!("{name} has no member {member}"),
                format!("members count from 0: 0 to {}", most.saturating_sub(1)),
            );
            return None;
        }
        Some(MemberIndex(member as u32))
    };
    Some(match form.name {
        "producer.rate" => Action::ProducerRate { producer: producer(problems, fields, names)?, rate: new_rate(problems, fields)? },
        "producer.stop" => Action::ProducerRate { producer: producer(problems, fields, names)?, rate: Rate::To(0.0) },
        "member.crash" => group().and_then(|group| Some(Action::MemberCrash { group, member: member(group)? }))?,
        "member.stop" => group().and_then(|group| Some(Action::MemberStop { group, member: member(group)? }))?,
        "member.pause" => group().and_then(|group| Some(Action::MemberPause { group, member: member(group)? }))?,
        "members.add" => Action::MembersAdd { group: group()?, count: fields.count("count", 1, 1_000).unwrap_or(1) as u32 },
        "handler.slow" => {
            let group = group()?;
            let member = match fields.get("member") {
                Some(_) => Some(member(group)?),
                None => None,
            };
            Action::HandlerSlow { group, member, factor: factor(problems, fields)? }
        }
        "commits.fail" => Action::CommitsFail {
            group: group()?,
            error: match fields.one_of("error", &["retriable", "fatal"]) {
                Some("fatal") => CommitError::Fatal,
                Some(_) | None => CommitError::Retriable,
            },
        },
        "group.stop" => Action::GroupStop { group: group()? },
        "group.start" => Action::GroupStart { group: group()? },
        "group.reset" => Action::GroupReset { group: group()?, to: reset_to(problems, fields)? },
        "broker.slow" => {
            let broker = fields.count("broker", 0, u64::from(u32::MAX))?;
            if broker >= u64::from(brokers) {
                problems.error(
                    fields.get("broker")?.span,
                    format!("there is no broker {broker}"),
                    format!("brokers count from 0: 0 to {}", brokers - 1),
                );
                return None;
            }
            Action::BrokerSlow { broker: BrokerId(broker as u32), factor: factor(problems, fields)? }
        }
        "rolling.deploy" => Action::RollingRestart {
            group: group()?,
            down: fields.duration("down").unwrap_or(Duration::from_secs(5)),
            gap: fields.duration("gap").unwrap_or(Duration::ZERO),
        },
        built => unreachable!("the table says that {built} is built"),
    })
}

/// Each action has its own keys beside when it happens.
fn check_keys(problems: &Problems, fields: &Fields, form: &ActionForm) {
    const ALWAYS: &[&str] = &["id", "at", "after", "plus", "when", "every", "times", "for", "do"];
    for key in ENTRY.fields.iter().map(|field| field.name).filter(|key| !ALWAYS.contains(key)) {
        let takes = form.required.contains(&key) || form.optional.contains(&key);
        match fields.key_span(key) {
            Some(span) if !takes => {
                let all: Vec<&str> = form.required.iter().chain(form.optional).copied().collect();
                problems.error(span, format!("{} takes no `{key}`", form.name), format!("it takes: {}", all.join(", ")));
            }
            None if form.required.contains(&key) => {
                problems.error(fields.span, format!("{} needs `{key}`", form.name), format!("add {key}: …"));
            }
            Some(_) | None => {}
        }
    }
    if !form.lasts
        && let Some(span) = fields.key_span("for")
    {
        problems.error(span, format!("{} does not end by itself", form.name), "take `for` away");
    }
}

fn producer(problems: &Problems, fields: &Fields, names: &Names) -> Option<crate::engine::id::ProducerId> {
    names.producer(problems, &fields.text("producer")?, fields.get("producer")?.span)
}

fn new_rate(problems: &Problems, fields: &Fields) -> Option<Rate> {
    match (fields.get("rate"), fields.get("factor")) {
        (Some(node), None) => Some(Rate::To(bounded(problems, node.span, fields.rate("rate")?)?)),
        (None, Some(_)) => Some(Rate::Times(factor(problems, fields)?)),
        (None, None) | (Some(_), Some(_)) => {
            problems.error(fields.span, "producer.rate needs one of `rate` and `factor`", "write rate: 600/s, or factor: 3");
            None
        }
    }
}

fn factor(problems: &Problems, fields: &Fields) -> Option<f64> {
    let factor = fields.number("factor")?;
    if !(0.001..=1_000.0).contains(&factor) {
        problems.error(fields.get("factor")?.span, format!("a factor of {factor} is out of bounds"), "write a number from 0.001 to 1000");
        return None;
    }
    Some(factor)
}

fn reset_to(problems: &Problems, fields: &Fields) -> Option<ResetTo> {
    let help = "write to: earliest, to: latest, to: 90s (a moment of the run), or by: -1000";
    match (fields.get("to"), fields.get("by")) {
        (Some(node), None) => read_scalar(problems, node, "`to` of group.reset", |text| match text {
            "earliest" => Ok(ResetTo::Earliest),
            "latest" => Ok(ResetTo::Latest),
            _ => units::duration(text)
                .map(|time| ResetTo::Time(Instant::ZERO + time))
                .map_err(|wrong| units::Wrong { help: help.into(), ..wrong }),
        }),
        (None, Some(node)) => {
            let by = fields.number("by")?;
            if by.fract() != 0.0 || by.abs() > 1e15 {
                problems.error(node.span, "offsets are whole numbers", help);
                return None;
            }
            Some(ResetTo::By(by as i64))
        }
        (None, None) | (Some(_), Some(_)) => {
            problems.error(fields.span, "group.reset needs one of `to` and `by`", help);
            None
        }
    }
}

/// Entries that wait for each other never begin.
fn refuse_circles(problems: &Problems, entries: &[(Option<TimelineEntry>, Span)]) {
    for start in 0..entries.len() {
        let (mut at, mut steps) = (start, 0);
        while let Some(TimelineEntry { when: When::After { entry, .. }, .. }) = &entries[at].0 {
            (at, steps) = (*entry, steps + 1);
            if at == start || steps > entries.len() {
                problems.error(entries[start].1, "these entries of the timeline wait for each other", "give one of them `at`");
                return;
            }
        }
    }
}

//! Members as cards: a hue each, what they do, how busy they are. High cards say it in words, low ones in one line.

use super::super::super::frame::{GroupNow, MemberNow};
use super::super::super::number::{fit, px, rate, share};
use super::Scene;
use super::layout::Area;
use yew::prelude::*;

/// How many hues there are; members share them in turn, names tell them apart.
pub const HUES: u32 = 10;

pub fn hue(member: u32) -> String {
    format!("hue-{}", member % HUES)
}

pub fn group(scene: &Scene, index: usize) -> Html {
    let (Some(about), Some(place)) = (scene.about.groups.get(index), scene.layout.groups.get(index)) else { return Html::default() };
    let now = &scene.frame.groups[index];
    let members = now.members.iter().zip(&place.cards).map(|(member, area)| card(scene, &about.name, member, area));
    html! {
        <g key={format!("group/{}", about.name)} class="group" role="group" aria-label={describe(&about.name, now)} data-group={about.name.clone()}
            data-state={now.state.clone()} data-generation={now.generation.to_string()}>
            <text class="lbl" x={px(place.title.0)} y={px(place.title.1)}>{ fit(&about.name, 14) }</text>
            { " " }
            <text class={classes!("tick", (now.state != "Stable").then_some("warn"))}
                x={px(place.title.0 + if scene.layout.narrow { scene.layout.width } else { place.cards.first().map_or(150.0, |card| card.width) })}
                y={px(place.title.1)} text-anchor="end">{ state(&now.state) }</text>
            { for members }
        </g>
    }
}

fn describe(name: &str, now: &GroupNow) -> String {
    format!("Group {name}: {}, generation {}, {} rebalances", state(&now.state), now.generation, now.rebalances)
}

/// Kafka's word for the state of a group, in two words where it is long.
fn state(kafka: &str) -> String {
    match kafka {
        "PreparingRebalance" => "preparing rebalance".to_owned(),
        "CompletingRebalance" => "completing rebalance".to_owned(),
        other => other.to_lowercase(),
    }
}

fn card(scene: &Scene, group: &str, member: &MemberNow, area: &Area) -> Html {
    let thing = format!("group/{group}/{}", member.index);
    let name = format!("{group}-{}", member.index);
    let (on_click, on_key) = scene.lighting(&thing);
    let away = member.state == "down" || member.state == "paused";
    let class = classes!(
        scene.classes("member", &thing),
        hue(member.index),
        away.then_some("away"),
        (!away && member.owned == 0).then_some("idle"),
        member.falls_behind.is_some().then_some("behind"),
    );
    let (words, seen) = if area.height >= 64.0 {
        (high(&name, member, area), format!("{} {} busy {}", word(member), share(f64::from(member.busy)), rate(f64::from(member.rate))))
    } else if area.height >= 40.0 {
        (middle(&name, member, area), format!("{} {}", word(member), numbers(member)))
    } else {
        (
            low(&name, member, area),
            if area.width < 120.0 {
                String::new()
            } else if is_quiet(member) {
                word(member).to_owned()
            } else {
                numbers(member)
            },
        )
    };
    html! {
        <g key={thing.clone()} {class} tabindex="0" role="button" aria-pressed={(scene.lit == Some(thing.as_str())).to_string()}
            aria-label={label(&name, member, &seen)} data-member={format!("{group}/{}", member.index)} data-state={member.state.clone()}
            data-owned={member.owned.to_string()} onclick={on_click} onkeydown={on_key}>
            <g aria-hidden="true">
            <rect class="node" x={px(area.x)} y={px(area.y)} width={px(area.width)} height={px(area.height)} rx="5" />
            <rect class="side" x={px(area.x)} y={px(area.y)} width="5" height={px(area.height)} rx="2" />
            { words }
            </g>
        </g>
    }
}

/// Begins with what is seen, since that is what people who speak to their computer say.
fn label(name: &str, member: &MemberNow, seen: &str) -> String {
    let behind = member.falls_behind.map(|growth| format!(", cannot keep up: +{}", rate(f64::from(growth)))).unwrap_or_default();
    format!(
        "{name} {seen}{behind}; member, {}, {} busy, {}, owns {}",
        member.state,
        share(f64::from(member.busy)),
        rate(f64::from(member.rate)),
        super::plural(member.owned as usize, "partition")
    )
}

/// It has nothing to count: its state says it all.
fn is_quiet(member: &MemberNow) -> bool {
    member.owned == 0 || matches!(member.state.as_str(), "down" | "paused" | "joining")
}

/// The word on the right: the state, or that it has nothing to do.
fn word(member: &MemberNow) -> &str {
    if member.owned == 0 && member.state == "polling" { "idle" } else { &member.state }
}

fn bar(member: &MemberNow, x: f64, y: f64, width: f64) -> Html {
    let part = f64::from(member.busy).clamp(0.0, 1.0) * width;
    html! {
        <>
            <rect class="bar-ground" x={px(x)} y={px(y)} width={px(width)} height="6" rx="3" />
            <rect class="bar" x={px(x)} y={px(y)} width={px(part)} height="6" rx="3" />
        </>
    }
}

fn high(name: &str, member: &MemberNow, area: &Area) -> Html {
    let (left, right) = (px(area.x + 15.0), px(area.x + area.width - 10.0));
    html! {
        <>
            <text class="lbl" x={left.clone()} y={px(area.y + 19.0)}>{ fit(name, 13) }</text>
            { " " }
            <text class="tick state" x={right.clone()} y={px(area.y + 19.0)} text-anchor="end">{ word(member) }</text>
            { " " }
            { bar(member, area.x + 15.0, area.y + 29.0, area.width - 25.0) }
            <text class="tick" x={left.clone()} y={px(area.y + 52.0)}>{ format!("{} busy", share(f64::from(member.busy))) }</text>
            { " " }
            <text class="num" x={right} y={px(area.y + 52.0)} text-anchor="end">{ rate(f64::from(member.rate)) }</text>
            { " " }
            if let Some(growth) = member.falls_behind && area.height >= 70.0 {
                <text class="tick bad" x={left} y={px(area.y + 67.0)}>{ format!("cannot keep up: +{}", rate(f64::from(growth))) }</text>
            }
        </>
    }
}

fn middle(name: &str, member: &MemberNow, area: &Area) -> Html {
    let (left, right) = (px(area.x + 13.0), px(area.x + area.width - 9.0));
    let second = area.y + area.height - 9.0;
    html! {
        <>
            <text class="lbl small" x={left} y={px(area.y + 17.0)}>{ fit(name, 14) }</text>
            { " " }
            <text class="tick state" x={right.clone()} y={px(area.y + 17.0)} text-anchor="end">{ word(member) }</text>
            { " " }
            { bar(member, area.x + 13.0, second - 7.0, area.width * 0.42) }
            <text class={classes!("num", "small", member.falls_behind.is_some().then_some("bad"))} x={right} y={px(second)} text-anchor="end">
                { numbers(member) }
            </text>
        </>
    }
}

fn low(name: &str, member: &MemberNow, area: &Area) -> Html {
    let y = px(area.middle() + 4.0);
    let room = ((area.width - 70.0) / 7.3).max(8.0) as usize;
    if area.width < 120.0 {
        // No room for a word: the dashed card says that it owns nothing, and so does its label.
        let fits = name.chars().count() as f64 * 6.4 < area.width - 16.0;
        let short = if fits { name.to_owned() } else { format!("…-{}", member.index) };
        return html! { <text class="tick" x={px(area.x + 11.0)} {y}>{ short }</text> };
    }
    let (from, right) = (area.x + 18.0 + 7.3 * name.chars().count().min(room) as f64, area.x + area.width);
    let quiet = is_quiet(member);
    html! {
        <>
            <text class="lbl small" x={px(area.x + 12.0)} y={y.clone()}>{ fit(name, room) }</text>
            { " " }
            if quiet {
                <text class="tick state" x={px(area.x + area.width - 8.0)} {y} text-anchor="end">{ word(member) }</text>
            } else {
                if right - 56.0 - from >= 9.0 { { bar(member, from, area.middle() - 3.0, right - 56.0 - from) } }
                <text class={classes!("num", "small", member.falls_behind.is_some().then_some("bad"))} x={px(area.x + area.width - 8.0)} {y}
                    text-anchor="end">{ numbers(member) }</text>
            }
        </>
    }
}

fn numbers(member: &MemberNow) -> String {
    match member.falls_behind {
        Some(growth) => format!("+{}", rate(f64::from(growth))),
        None => rate(f64::from(member.rate)),
    }
}

//! The stage: producers, tapes, flows and members, as one SVG whose parts have names, values and focus.
//! Lag is a length: a tape's right end is the head of the log, the flag stands where the group has committed.
//! A flow has a width: records a second. What a screen reader and a test read is what is drawn.

pub mod layout;
mod ledger;
mod member;
mod tape;

use super::super::frame::{About, Frame, PartitionNow, Reader};
use super::super::number::{fit, px, rate, short};
use super::super::widget::measured::Measured;
use layout::{Layout, full_scale, ticks};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub frame: Rc<Frame>,
    /// What is lit, as in `group/billing/3` and `topic/usage-events/7`.
    #[prop_or_default]
    pub lit: Option<AttrValue>,
    #[prop_or_default]
    pub on_light: Callback<Option<AttrValue>>,
    /// No movement but what numbers need.
    #[prop_or_default]
    pub still: bool,
}

/// What the parts of the stage share while it is drawn.
pub(super) struct Scene<'a> {
    pub about: &'a About,
    pub frame: &'a Frame,
    pub layout: &'a Layout,
    /// Records at the left end of a tape.
    pub full: u64,
    /// Pixels for each record a second.
    pub width_of_rate: f64,
    pub lit: Option<&'a str>,
    pub on_light: &'a Callback<Option<AttrValue>>,
    pub still: bool,
}

#[component]
pub fn Stage(props: &Props) -> Html {
    let unfolded = use_state_eq(|| false);
    let toggle = {
        let unfolded = unfolded.clone();
        Callback::from(move |_: MouseEvent| unfolded.set(!*unfolded))
    };
    let (about, frame, lit, on_light) = (props.about.clone(), props.frame.clone(), props.lit.clone(), props.on_light.clone());
    let (still, open) = (props.still, *unfolded);
    let render = Callback::from(move |width: f64| {
        let layout = Layout::new(&about, &frame, width, open);
        let scene = Scene {
            about: &about,
            frame: &frame,
            layout: &layout,
            full: full_scale(frame.largest_lag),
            width_of_rate: 52.0 / f64::from(frame.full_rate).max(1.0),
            lit: lit.as_deref(),
            on_light: &on_light,
            still,
        };
        scene.draw()
    });
    let many = props.frame.partitions.len() > layout::FOLD_ABOVE;
    html! {
        <section class="card stage" aria-label="Stage">
            <Measured default_width={964.0} {render} />
            { ledger::ledger(&props.about, &props.frame) }
            if many {
                <button class="fold" type="button" onclick={toggle} aria-expanded={open.to_string()}>
                    { if open { "Fold to the partitions with the most lag".to_owned() }
                      else { format!("Show all {} partitions", props.frame.partitions.len()) } }
                </button>
            }
        </section>
    }
}

impl Scene<'_> {
    fn draw(&self) -> Html {
        let layout = self.layout;
        let height = px(layout.height);
        html! {
            <svg class="stage-svg" width={px(layout.width)} height={height.clone()} viewBox={format!("0 0 {} {height}", px(layout.width))}
                role="group" aria-label="Producers, partitions and members">
                { tape::definitions() }
                { for layout.sections.iter().map(|section| self.section(section)) }
                { self.flows_in() }
                { self.flows_out() }
                { for self.about.producers.iter().enumerate().map(|(index, _)| self.producer(index)) }
                { for layout.rows.iter().map(|row| tape::row(self, row)) }
                { for self.frame.groups.iter().enumerate().map(|(index, _)| member::group(self, index)) }
            </svg>
        }
    }

    /// The heading of a topic and the scale of its tapes.
    fn section(&self, section: &layout::Section) -> Html {
        let topic = &self.about.topics[section.topic];
        let (left, right) = self.layout.tape;
        let room = (self.layout.width / 6.6) as usize;
        let beside = topic.name.chars().count() as f64 * 9.3 + 18.0;
        let words = format!("{} · {}", plural(topic.partitions as usize, "partition"), topic.keys);
        let words = fit(&words, room.saturating_sub((beside / 6.6) as usize));
        // A tick that would touch the word before it is left out.
        let mut last = right - 30.0;
        let marks: Vec<Html> = ticks(self.full)
            .into_iter()
            .filter_map(|tick| {
                let x = self.layout.behind(tick, self.full);
                let fits = last - x > if self.layout.narrow { 44.0 } else { 76.0 } && x - left > 6.0;
                let word = if self.layout.narrow { short(tick as f64) } else { format!("{} behind", short(tick as f64)) };
                fits.then(|| {
                    last = x;
                    html! {
                        <>
                            <line class="grid" x1={px(x)} x2={px(x)} y1={px(section.scale_y + 5.0)} y2={px(section.bottom)} />
                            <text class="tick" x={px(x)} y={px(section.scale_y)} text-anchor="middle">{ word }</text>
                        </>
                    }
                })
            })
            .collect();
        html! {
            <g key={format!("section {}", section.topic)}>
                <text class="topic" x="0" y={px(section.title_y)}>{ topic.name.clone() }</text>
                <text class="sub" x={px(beside)} y={px(section.title_y)}>{ words }</text>
                <g aria-hidden="true">
                    { marks }
                    <text class="tick" x={px(right)} y={px(section.scale_y)} text-anchor="end">{ "head" }</text>
                </g>
            </g>
        }
    }

    fn producer(&self, index: usize) -> Html {
        let (about, area) = (&self.about.producers[index], &self.layout.producers[index]);
        let now = self.frame.producers.get(index).cloned().unwrap_or_default();
        let thing = format!("producer/{}", about.name);
        let label = format!(
            "Producer {}: {} records a second, acks {}, {} sent, {} waiting in its buffer",
            about.name, now.rate, about.acks, now.sent, now.buffered
        );
        let words = if self.layout.narrow {
            let y = px(area.y + 17.0);
            html! {
                <>
                    <text class="lbl" x={px(area.x + 10.0)} y={y.clone()}>{ fit(&about.name, 18) }</text>
                    <text class="num" x={px(area.x + area.width / 2.0)} y={y.clone()} text-anchor="middle">{ rate(f64::from(now.rate)) }</text>
                    <text class="tick" x={px(area.x + area.width - 10.0)} y={y} text-anchor="end">{ format!("acks={}", about.acks) }</text>
                </>
            }
        } else {
            let x = px(area.x + area.width / 2.0);
            let middle = area.middle();
            html! {
                <>
                    <text class="lbl" x={x.clone()} y={px(middle - 12.0)} text-anchor="middle">{ fit(&about.name, 13) }</text>
                    <text class="num" x={x.clone()} y={px(middle + 5.0)} text-anchor="middle">{ rate(f64::from(now.rate)) }</text>
                    <text class="tick" x={x} y={px(middle + 21.0)} text-anchor="middle">{ format!("acks={}", about.acks) }</text>
                </>
            }
        };
        html! {
            <g key={thing.clone()} class={self.classes("producer", &thing)} data-producer={about.name.clone()} data-rate={now.rate.to_string()}
                role="img" aria-label={label}>
                <rect class="prod" x={px(area.x)} y={px(area.y)} width={px(area.width)} height={px(area.height)} rx="6" />
                { words }
            </g>
        }
    }

    /// Producer to partition, side by side at the producer.
    fn flows_in(&self) -> Html {
        if self.layout.narrow {
            return Html::default();
        }
        let mut bands = Vec::new();
        for (index, producer) in self.about.producers.iter().enumerate() {
            let (area, now) = (&self.layout.producers[index], self.frame.producers.get(index));
            let rows: Vec<(&layout::Row, &PartitionNow)> = self
                .layout
                .rows
                .iter()
                .map(|row| (row, &self.frame.partitions[row.place]))
                .filter(|(_, partition)| partition.topic == producer.topic)
                .collect();
            let width = |partition: &PartitionNow| {
                let rate = now.and_then(|now| now.by_partition.get(partition.partition as usize)).copied().unwrap_or(0.0);
                f64::from(rate) * self.width_of_rate
            };
            let total: f64 = rows.iter().map(|(_, partition)| width(partition)).sum();
            let squeeze = (f64::min(total, area.height - 6.0) / total.max(0.01)).min(1.0);
            let mut y = area.middle() - total * squeeze / 2.0;
            for (row, partition) in rows {
                let w = width(partition);
                let from = y + w * squeeze / 2.0;
                y += w * squeeze;
                let class = if partition.readers.iter().any(|reader| reader.hot) { "flow hot" } else { "flow" };
                bands.push(band(
                    class,
                    format!("in {index} {}", row.place),
                    (area.x + area.width, from),
                    (self.layout.tape.0 - 32.0, row.y),
                    w,
                ));
            }
        }
        html! { <g aria-hidden="true">{ bands }</g> }
    }

    /// Partition to the member that owns it.
    fn flows_out(&self) -> Html {
        if self.layout.narrow {
            return Html::default();
        }
        let mut bands = Vec::new();
        for row in &self.layout.rows {
            for reader in &self.frame.partitions[row.place].readers {
                let group = reader.group as usize;
                let Some(owner) = reader.owner else { continue };
                let place = self.frame.groups.get(group).and_then(|g| g.members.iter().position(|member| member.index == owner));
                let Some(card) = place.and_then(|place| self.layout.groups[group].cards.get(place)) else { continue };
                let w = f64::from(reader.rate_out) * self.width_of_rate;
                bands.push(band(
                    &format!("flow out {}", member::hue(owner)),
                    format!("out {group} {}", row.place),
                    (self.layout.out.0, row.y),
                    (card.x - 1.0, card.middle()),
                    w,
                ));
            }
        }
        html! { <g aria-hidden="true">{ bands }</g> }
    }

    /// The group whose lag a partition shows: the one that is lit, or the one that is furthest behind.
    pub(super) fn reader<'b>(&self, partition: &'b PartitionNow) -> Option<&'b Reader> {
        let asked = self.lit.and_then(|lit| lit.strip_prefix("group/")).and_then(|name| name.split('/').next());
        let by_name = |reader: &&Reader| self.about.groups.get(reader.group as usize).is_some_and(|g| Some(g.name.as_str()) == asked);
        partition.readers.iter().find(by_name).or_else(|| partition.readers.iter().max_by_key(|reader| reader.lag))
    }

    pub(super) fn classes(&self, base: &'static str, thing: &str) -> Classes {
        classes!(base, (self.lit == Some(thing)).then_some("lit"))
    }

    /// Lights a thing, or puts it out, by pointer and by key.
    pub(super) fn lighting(&self, thing: &str) -> (Callback<MouseEvent>, Callback<KeyboardEvent>) {
        let next = if self.lit == Some(thing) { None } else { Some(AttrValue::from(thing.to_owned())) };
        let (click, key) = ((self.on_light.clone(), next.clone()), (self.on_light.clone(), next));
        (
            Callback::from(move |_: MouseEvent| click.0.emit(click.1.clone())),
            Callback::from(move |event: KeyboardEvent| {
                if event.key() == "Enter" || event.key() == " " {
                    event.prevent_default();
                    key.0.emit(key.1.clone());
                }
            }),
        )
    }
}

/// A band as wide as its rate; a flow that stands still keeps a hair line, so that one sees where it would go.
fn band(class: &str, key: String, from: (f64, f64), to: (f64, f64), width: f64) -> Html {
    let bend = (to.0 - from.0) * 0.55;
    let path = format!(
        "M{} {}C{} {},{} {},{} {}",
        px(from.0),
        px(from.1),
        px(from.0 + bend),
        px(from.1),
        px(to.0 - bend),
        px(to.1),
        px(to.0),
        px(to.1)
    );
    let class = if width < 0.3 { format!("{class} still") } else { class.to_owned() };
    html! { <path {key} {class} d={path} stroke-width={px(width.max(0.8))} /> }
}

pub fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

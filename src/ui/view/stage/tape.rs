//! A partition as a tape: cells of records, the shaded length that is its lag, the flags of the groups that read it.

use super::super::super::frame::{PartitionNow, Reader};
use super::super::super::number::{count, px, rate, short};
use super::layout::Row;
use super::{Scene, member};
use yew::prelude::*;

const CELL: f64 = 5.8;
const CELLS: usize = 12;
/// How dark each cell of the pattern is: irregular, so that one sees the tape move.
const SHADES: [&str; CELLS] = ["b", "c", "a", "d", "d", "b", "a", "a", "c", "d", "b", "c"];

pub fn definitions() -> Html {
    let cells = SHADES.iter().enumerate().map(|(i, shade)| {
        html! { <rect class={format!("cell {shade}")} x={px(i as f64 * CELL + 0.6)} y="0" width={px(CELL - 1.4)} height="40" /> }
    });
    html! {
        <defs>
            <pattern id="cells" width={px(CELL * CELLS as f64)} height="40" patternUnits="userSpaceOnUse">{ for cells }</pattern>
            <linearGradient id="lag"><stop class="lag-from" offset="0" /><stop class="lag-to" offset="1" /></linearGradient>
            <linearGradient id="lag-hot"><stop class="hot-from" offset="0" /><stop class="hot-to" offset="1" /></linearGradient>
        </defs>
    }
}

pub fn row(scene: &Scene, row: &Row) -> Html {
    let partition = &scene.frame.partitions[row.place];
    let topic = &scene.about.topics[partition.topic as usize].name;
    let name = format!("{topic}/{}", partition.partition);
    let thing = format!("topic/{name}");
    let reader = scene.reader(partition);
    let hot = reader.is_some_and(|reader| reader.hot);
    let (left, right) = scene.layout.tape;
    let (on_click, on_key) = scene.lighting(&thing);

    let tape_height = (scene.layout.row_height * 0.55).min(20.0);
    let lag_height = (scene.layout.row_height * 0.7).min(25.0);
    let top = row.y - tape_height / 2.0;
    let lag = reader.and_then(|reader| reader.lag);
    let shade = lag.map(|lag| {
        let x = scene.layout.behind(lag, scene.full);
        html! {
            <rect class="lag" x={px(x)} y={px(row.y - lag_height / 2.0)} width={px((right - x).max(0.0))} height={px(lag_height)} rx="2"
                fill={ if hot { "url(#lag-hot)" } else { "url(#lag)" } } />
        }
    });
    let flags = partition.readers.iter().map(|other| flag(scene, row, other, lag_height));
    let lag_text = lag.map_or("–".to_owned(), count);
    let number_x = right + 8.0;
    let sign = reader.map(|reader| direction(partition, reader));
    let sign_x = if scene.layout.narrow { scene.layout.width - 10.0 } else { right + 70.0 };
    let lag_text = if scene.layout.narrow && lag_text.chars().count() > 5 { short(lag.unwrap_or(0) as f64) } else { lag_text };

    html! {
        <g key={thing.clone()} class={scene.classes("partition", &thing)} tabindex="0" role="button"
            aria-pressed={(scene.lit == Some(thing.as_str())).to_string()} aria-label={label(scene, topic, partition, reader, &lag_text)}
            data-partition={name} data-lag={lag.map(|lag| lag.to_string()).unwrap_or_default()}
            data-log-start={partition.log_start.to_string()} data-log-end={partition.log_end.to_string()}
            data-committed={reader.and_then(|reader| reader.committed).map(|offset| offset.to_string()).unwrap_or_default()}
            data-group={reader.map(|reader| scene.about.groups[reader.group as usize].name.clone())}
            data-hot={hot.to_string()} onclick={on_click} onkeydown={on_key}>
            <g aria-hidden="true">
            <rect class="row" x={px(left - 34.0)} y={px(row.y - scene.layout.row_height / 2.0)} width={px(right - left + 110.0)}
                height={px(scene.layout.row_height)} rx="4" />
            <text class="lane" x={px(left - 8.0)} y={px(row.y + 4.0)} text-anchor="end">{ format!("p{}", partition.partition) }</text>
            { " " }
            <rect class="tape" x={px(left)} y={px(top)} width={px(right - left)} height={px(tape_height)} rx="2" />
            <svg x={px(left)} y={px(top + 2.0)} width={px(right - left)} height={px(tape_height - 4.0)}>
                <rect x="0" y="0" width={px(right - left + CELL * CELLS as f64)} height={px(tape_height - 4.0)} fill="url(#cells)"
                    transform={format!("translate(-{} 0)", px(shift(scene, partition)))} />
            </svg>
            { shade }
            { for flags }
            <text class={classes!("num", hot.then_some("bad"))} x={px(number_x)} y={px(row.y + 4.0)}>{ lag_text }</text>
            if let Some((way, class)) = sign {
                    <path class={classes!("dir", class)} d={arrow(way, sign_x - 4.0, row.y)} />
                }
            </g>
        </g>
    }
}

/// Where a group has committed, in the hue of the member that owns the partition.
fn flag(scene: &Scene, row: &Row, reader: &Reader, height: f64) -> Html {
    let Some(lag) = reader.lag else { return Html::default() };
    let x = scene.layout.behind(lag, scene.full);
    let (top, bottom) = (row.y - height / 2.0 - 2.0, row.y + height / 2.0 + 1.0);
    let class = reader.owner.map_or("flag nobody".to_owned(), |owner| format!("flag {}", member::hue(owner)));
    html! {
        <path {class} d={format!("M{} {}V{}V{}h5.5v5l-5.5 5z", px(x), px(bottom), px(top), px(top))} stroke-width="1.6" />
    }
}

/// How far the cells have moved to the left. A few cells a second at the full rate, whatever the speed.
fn shift(scene: &Scene, partition: &PartitionNow) -> f64 {
    if scene.still {
        return 0.0;
    }
    let speed = scene.frame.speed.unwrap_or(200.0).max(1.0);
    let lanes = scene.frame.partitions.len().max(1) as f64;
    let records_for_each_cell = (f64::from(scene.frame.full_rate) * speed / lanes / 12.0).max(1.0);
    (partition.log_end as f64 / records_for_each_cell * CELL) % (CELL * CELLS as f64)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Growing,
    Shrinking,
    Steady,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Growing => "growing",
            Way::Shrinking => "shrinking",
            Way::Steady => "steady",
        }
    }
}

/// A triangle up or down, or a bar.
fn arrow(way: Way, x: f64, y: f64) -> String {
    match way {
        Way::Growing => format!("M{} {}l4 -7l4 7z", px(x - 4.0), px(y + 3.5)),
        Way::Shrinking => format!("M{} {}l4 7l4 -7z", px(x - 4.0), px(y - 3.5)),
        Way::Steady => format!("M{} {}h8v3h-8z", px(x - 4.0), px(y - 1.5)),
    }
}

/// Grows, shrinks or stays, by more than what sampling makes.
fn direction(partition: &PartitionNow, reader: &Reader) -> (Way, &'static str) {
    let noise = (partition.rate_in * 0.08).max(2.0);
    match reader.growth {
        growth if growth > noise => (Way::Growing, if reader.hot { "bad" } else { "warn" }),
        growth if growth < -noise => (Way::Shrinking, "ok"),
        _ => (Way::Steady, "ok"),
    }
}

/// Begins with what is seen, since that is what people who speak to their computer say.
fn label(scene: &Scene, topic: &str, partition: &PartitionNow, reader: Option<&Reader>, seen: &str) -> String {
    let place = format!("p{} {seen}; {topic} partition {}", partition.partition, partition.partition);
    let Some(reader) = reader else { return format!("{place}: {} in, nobody reads it", rate(f64::from(partition.rate_in))) };
    let group = &scene.about.groups[reader.group as usize].name;
    let lag = reader.lag.map_or("has not committed yet".to_owned(), |lag| format!("is {lag} records behind"));
    let owner = reader.owner.map_or("no owner".to_owned(), |owner| format!("owner {group}-{owner}"));
    let way = direction(partition, reader).0.name();
    format!(
        "{place}: {group} {lag}, {way}, {owner}, {} in, {} out, status {}",
        rate(f64::from(partition.rate_in)),
        rate(f64::from(reader.rate_out)),
        reader.status
    )
}

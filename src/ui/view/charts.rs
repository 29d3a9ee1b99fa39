//! The charts of the lab on canvas: lag per partition, in and out, latency. Names and values stand beside them in words.

use super::super::chart::palette::{DARK, LIGHT};
use super::super::chart::{self, Sheet, Unit, time_at, value_at};
use super::super::frame::{About, Digest, Line, Nanos, Tone};
use super::super::number::{clock, short};
use super::super::widget::measured::Measured;
use plotters::prelude::IntoDrawingArea;
use std::rc::Rc;
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

/// How many names a legend has at most.
const NAMES: usize = 6;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub digest: Rc<Digest>,
    pub now: Nanos,
    pub dark: bool,
    #[prop_or_default]
    pub lit: Option<AttrValue>,
    #[prop_or_default]
    pub on_light: Callback<Option<AttrValue>>,
}

#[component]
pub fn Charts(props: &Props) -> Html {
    let digest = &props.digest;
    let budget = props.about.groups.iter().filter_map(|group| group.budget_records).min();
    let common = |title: &'static str, sub: &str, unit: Unit, lines: &[Line]| {
        html! {
            <Chart {title} sub={sub.to_owned()} {unit} lines={lines.to_vec()} duration={props.about.duration} now={props.now} dark={props.dark}
                budget={if unit == Unit::Records { budget } else { None }} lit={props.lit.clone()} on_light={props.on_light.clone()} />
        }
    };
    let left_out = if digest.lag_left_out > 0 { format!(", the {} highest", digest.lag.len()) } else { String::new() };
    html! {
        <div class="charts">
            { common("Lag per partition", &format!("records behind the log end{left_out}"), Unit::Records, &digest.lag) }
            { common("In and out", "records/s", Unit::RecordsPerSecond, &digest.flow) }
            { common("Latency", "event to done, log scale", Unit::Millis, &digest.latency) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChartProps {
    title: &'static str,
    sub: String,
    unit: Unit,
    lines: Vec<Line>,
    duration: Nanos,
    now: Nanos,
    dark: bool,
    budget: Option<u64>,
    lit: Option<AttrValue>,
    on_light: Callback<Option<AttrValue>>,
}

#[component]
fn Chart(props: &ChartProps) -> Html {
    let pointed = use_state_eq(|| None::<f64>);
    let named = use_state_eq(|| None::<String>);
    let highlight = (*named)
        .clone()
        .or_else(|| props.lines.iter().find(|line| props.lit.as_deref() == Some(line.thing.as_str())).map(|line| line.name.clone()));
    let on_hover = {
        let pointed = pointed.clone();
        Callback::from(move |at: Option<f64>| pointed.set(at))
    };
    let at = pointed.unwrap_or(props.now as f64 / 1e6);
    let canvas = {
        let (lines, highlight, hover) = (Rc::new(props.lines.clone()), highlight.clone(), *pointed);
        let (unit, dark, duration, now, budget, title) = (props.unit, props.dark, props.duration, props.now, props.budget, props.title);
        Callback::from(move |width: f64| {
            html! {
                <Canvas {width} lines={lines.clone()} highlight={highlight.clone()} {hover} {unit} {dark} {duration} {now} {budget}
                    label={summary(title, unit, &lines)} on_hover={on_hover.clone()} />
            }
        })
    };
    let mut names: Vec<&Line> = props.lines.iter().collect();
    names.sort_by(|a, b| b.last.unwrap_or(-1.0).total_cmp(&a.last.unwrap_or(-1.0)));
    let more = names.len().saturating_sub(NAMES);
    let legend = names.into_iter().take(NAMES).map(|line| {
        let value = value_at(line, at).map_or("–".to_owned(), |value| props.unit.say(f64::from(value)));
        let set = |name: Option<String>| {
            let named = named.clone();
            move || named.set(name.clone())
        };
        let (enter, leave) = (set(Some(line.name.clone())), set(None));
        let (focus, blur) = (set(Some(line.name.clone())), set(None));
        let on_light = props.on_light.clone();
        let lit = props.lit.as_deref() == Some(line.thing.as_str());
        let next = if lit { None } else { Some(AttrValue::from(line.thing.clone())) };
        html! {
            <button key={line.name.clone()} type="button" class={classes!("key", tone_class(line.tone))} aria-pressed={lit.to_string()}
                onclick={move |_| on_light.emit(next.clone())} onmouseenter={move |_| enter()} onmouseleave={move |_| leave()}
                onfocus={move |_| focus()} onblur={move |_| blur()}>
                <i aria-hidden="true"></i>{ line.name.clone() }<b>{ value }</b>
            </button>
        }
    });
    html! {
        <figure class="card chart">
            <figcaption><h2>{ props.title }</h2><span class="sub">{ props.sub.clone() }</span></figcaption>
            <Measured default_width={480.0} render={canvas} />
            <div class="legend">
                <span class="at">{ if pointed.is_some() { clock((at * 1e6) as u64) } else { "now".to_owned() } }</span>
                { for legend }
                if more > 0 { <span class="sub">{ format!("and {more} more") }</span> }
            </div>
        </figure>
    }
}

/// What a chart says to those who do not see it.
fn summary(title: &str, unit: Unit, lines: &[Line]) -> String {
    let mut lines: Vec<&Line> = lines.iter().filter(|line| line.last.is_some()).collect();
    lines.sort_by(|a, b| b.last.unwrap_or(0.0).total_cmp(&a.last.unwrap_or(0.0)));
    let values: Vec<String> =
        lines.iter().take(4).map(|line| format!("{} {}", line.name, unit.say(f64::from(line.last.unwrap_or(0.0))))).collect();
    if values.is_empty() { format!("{title}: nothing measured yet") } else { format!("{title}, now: {}", values.join(", ")) }
}

fn tone_class(tone: Tone) -> String {
    match tone {
        Tone::LagHot | Tone::Tail => "tone-hot".to_owned(),
        Tone::Lag => "tone-lag".to_owned(),
        Tone::Producer => "tone-producer".to_owned(),
        Tone::Group(group) => format!("tone-group-{}", group % 4),
        Tone::Median => "tone-median".to_owned(),
    }
}

#[derive(Properties, PartialEq)]
struct CanvasProps {
    width: f64,
    lines: Rc<Vec<Line>>,
    highlight: Option<String>,
    hover: Option<f64>,
    unit: Unit,
    dark: bool,
    duration: Nanos,
    now: Nanos,
    budget: Option<u64>,
    label: String,
    on_hover: Callback<Option<f64>>,
}

const HEIGHT: f64 = 148.0;

#[component]
fn Canvas(props: &CanvasProps) -> Html {
    let node = use_node_ref();
    let duration = props.duration as f64 / 1e6;
    let budget_name = props.budget.map(|budget| format!("lag budget {}", short(budget as f64)));
    {
        let (node, lines, highlight, hover) = (node.clone(), props.lines.clone(), props.highlight.clone(), props.hover);
        let (unit, dark, now, budget, width) = (props.unit, props.dark, props.now as f64 / 1e6, props.budget, props.width);
        let key = (props.now, props.lines.clone(), props.highlight.clone(), hover, dark, width as u32, props.duration, budget);
        use_effect_with(key, move |_| {
            let Some(canvas) = node.cast::<HtmlCanvasElement>() else { return };
            let dpr = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 3.0);
            let size = ((width * dpr) as u32, (HEIGHT * dpr) as u32);
            // Setting the size clears a canvas and allocates it anew: only when it changes.
            if (canvas.width(), canvas.height()) != size {
                canvas.set_width(size.0);
                canvas.set_height(size.1);
            }
            let sheet = Sheet {
                lines: &lines,
                unit,
                duration,
                playhead: now,
                hover,
                budget: budget.map(|records| records as f64).zip(budget_name.as_deref()),
                highlight: highlight.as_deref(),
                palette: if dark { &DARK } else { &LIGHT },
                dpr,
            };
            if let Some(backend) = plotters_canvas::CanvasBackend::with_canvas_object(canvas) {
                // A canvas that cannot be drawn leaves the words of the legend; there is nobody else to tell.
                let _ = chart::draw(&backend.into_drawing_area(), &sheet);
            }
        });
    }
    let on_move = {
        let (on_hover, node, width) = (props.on_hover.clone(), node.clone(), props.width);
        Callback::from(move |event: PointerEvent| {
            if let Some(canvas) = node.cast::<HtmlCanvasElement>() {
                let x = f64::from(event.client_x()) - canvas.get_bounding_client_rect().left();
                on_hover.emit(Some(time_at(x, width, duration)));
            }
        })
    };
    let on_leave = {
        let on_hover = props.on_hover.clone();
        Callback::from(move |_: PointerEvent| on_hover.emit(None))
    };
    html! {
        <canvas ref={node} role="img" aria-label={props.label.clone()} onpointermove={on_move} onpointerleave={on_leave}></canvas>
    }
}

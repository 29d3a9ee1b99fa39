//! Play, pause, one event, speed, and the scrubber over the whole run with its marks. Dragging it is exact, both ways.

use super::super::frame::{About, Command, Digest, Frame, Grade, Mark, Nanos};
use super::super::number::{clock, clock_short, px, speed};
use super::super::widget::measured::Measured;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub frame: Rc<Frame>,
    pub digest: Rc<Digest>,
    pub on_command: Callback<Command>,
}

/// Stops of the speed slider: ten for each power of ten from 1/100 to 10 000, then as fast as it goes.
pub const FASTEST: u32 = 61;

pub fn speed_of(stop: u32) -> Option<f64> {
    (stop < FASTEST).then(|| {
        let exact = 10f64.powf(f64::from(stop) / 10.0 - 2.0);
        // Two digits are what a person wants to read.
        let power = 10f64.powf(exact.log10().floor() - 1.0);
        (exact / power).round() * power
    })
}

pub fn stop_of(speed: Option<f64>) -> u32 {
    speed.map_or(FASTEST, |speed| (((speed.max(0.001).log10() + 2.0) * 10.0).round().max(0.0) as u32).min(FASTEST - 1))
}

#[component]
pub fn Transport(props: &Props) -> Html {
    let (about, frame) = (&props.about, &props.frame);
    let send = |command: Command| {
        let on_command = props.on_command.clone();
        Callback::from(move |_: MouseEvent| on_command.emit(command.clone()))
    };
    let at_end = frame.now >= about.duration;
    let (name, command, icon) =
        if frame.playing { ("Pause", Command::Pause, "M8 6h4v16H8zM16 6h4v16h-4z") } else { ("Play", Command::Play, "M9 5l14 9-14 9z") };
    let icon = if at_end && !frame.playing { "M14 5a9 9 0 1 0 9 9h-3a6 6 0 1 1-6-6v4l6-5.5L14 1z" } else { icon };
    let name = if at_end && !frame.playing { "Play again from the start" } else { name };
    let on_speed = {
        let on_command = props.on_command.clone();
        Callback::from(move |event: InputEvent| {
            let stop = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            on_command.emit(Command::Speed(speed_of(stop.max(0.0) as u32)));
        })
    };
    let asked = frame.speed.map_or("as fast as it goes".to_owned(), speed);
    let state = match frame.seeking {
        Some((_, share)) => format!("seeking, {:.0} %", share * 100.0),
        None if frame.playing => format!("{} reached", speed(frame.reached)),
        None if at_end => "at the end".to_owned(),
        None => "paused".to_owned(),
    };
    html! {
        <section class="card transport" aria-label="Transport">
            <button class="play" type="button" onclick={send(command)} aria-label={name} title={format!("{name} (space)")}>
                <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true"><path d={icon} /></svg>
            </button>
            <button class="tool" type="button" onclick={send(Command::Step)} aria-label="One event" title="One event (.)">
                <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 4l8 6-8 6zM13 4h3v12h-3z" /></svg>
            </button>
            <div class="clock"><output class="time">{ clock(frame.now) }</output>
                <span class="sub"><span class="of">{ format!("of {} · ", clock_short(about.duration)) }</span>{ state }</span></div>
            <label class="speed"><span>{ "Speed " }<b>{ asked.clone() }</b></span>
                <input type="range" min="0" max={FASTEST.to_string()} step="1" value={stop_of(frame.speed).to_string()} oninput={on_speed}
                    aria-valuetext={format!("{asked}, simulated seconds in a second")} />
            </label>
            <Scrubber duration={about.duration} now={frame.seeking.map_or(frame.now, |(to, _)| to)} digest={props.digest.clone()}
                on_command={props.on_command.clone()} />
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ScrubberProps {
    duration: Nanos,
    now: Nanos,
    digest: Rc<Digest>,
    on_command: Callback<Command>,
}

/// Half of the knob: the slider's ends lie that far inside.
const KNOB: f64 = 9.0;
const HEIGHT: f64 = 58.0;
const TRACK: f64 = 33.0;

#[component]
fn Scrubber(props: &ScrubberProps) -> Html {
    let on_input = {
        let on_command = props.on_command.clone();
        Callback::from(move |event: InputEvent| {
            let millis = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            on_command.emit(Command::Seek((millis.max(0.0) * 1e6) as Nanos));
        })
    };
    let (duration, now, digest) = (props.duration.max(1), props.now, props.digest.clone());
    let on_command = props.on_command.clone();
    let render = Callback::from(move |width: f64| {
        let x = |at: Nanos| KNOB + (width - 2.0 * KNOB) * (at as f64 / duration as f64).clamp(0.0, 1.0);
        html! {
            <svg width={px(width)} height={px(HEIGHT)} viewBox={format!("0 0 {} {}", px(width), px(HEIGHT))} role="group" aria-label="Marks of the run">
                <line class="track" x1={px(KNOB)} x2={px(width - KNOB)} y1={px(TRACK)} y2={px(TRACK)} />
                <line class="known" x1={px(KNOB)} x2={px(x(digest.furthest))} y1={px(TRACK)} y2={px(TRACK)} />
                <line class="done" x1={px(KNOB)} x2={px(x(now))} y1={px(TRACK)} y2={px(TRACK)} />
                { for place_words(&digest.marks, width, &x).into_iter().map(|(mark, at, word)| draw_mark(mark, at, word, width, &on_command)) }
            </svg>
        }
    });
    html! {
        <div class="scrubber">
            <Measured default_width={560.0} {render} />
            <input type="range" min="0" max={(props.duration / 1_000_000).to_string()} step="1" value={(props.now / 1_000_000).to_string()}
                oninput={on_input} aria-label="Playhead" aria-valuetext={format!("{} of {}", clock(props.now), clock_short(props.duration))} />
        </div>
    }
}

/// Which words fit beside each other: above the track, else below, else none. A triangle stays for each.
fn place_words<'a>(marks: &'a [Mark], width: f64, x: &impl Fn(Nanos) -> f64) -> Vec<(&'a Mark, f64, Option<Side>)> {
    let (mut above, mut below) = (-100.0, -100.0);
    let mut placed = Vec::new();
    for mark in marks {
        let at = x(mark.at);
        let half = mark.text.chars().count() as f64 * 2.9;
        let (left, right) = (at - half, at + half);
        let inside = left >= 0.0 && right <= width;
        let side = if inside && left > above {
            above = right + 14.0;
            Some(Side::Above)
        } else if inside && left > below {
            below = right + 14.0;
            Some(Side::Below)
        } else {
            None
        };
        placed.push((mark, at, side));
    }
    placed
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Above,
    Below,
}

fn draw_mark(mark: &Mark, at: f64, word: Option<Side>, width: f64, on_command: &Callback<Command>) -> Html {
    let (click, key) = (on_command.clone(), on_command.clone());
    let to = mark.at;
    let y = TRACK - 6.0;
    let word = word.map(|side| {
        let y = match side {
            Side::Above => 12.0,
            Side::Below => HEIGHT - 4.0,
        };
        html! { <text class="tick" x={px(at.clamp(20.0, width - 20.0))} y={px(y)} text-anchor="middle">{ mark.text.clone() }</text> }
    });
    let label = format!("{} at {}", mark.text, clock(mark.at));
    html! {
        <g class={classes!("mark", grade_class(mark.grade), mark.planned.then_some("planned"))}>
            <g tabindex="0" role="button" aria-label={label.clone()} onclick={move |_| click.emit(Command::Seek(to))}
                onkeydown={move |event: KeyboardEvent| if event.key() == "Enter" || event.key() == " " {
                    event.prevent_default();
                    key.emit(Command::Seek(to));
                }}>
                <title>{ label }</title>
                <path d={format!("M{} {}l-5 -8h10z", px(at), px(y))} />
            </g>
            <g aria-hidden="true">{ word }</g>
        </g>
    }
}

pub fn grade_class(grade: Grade) -> &'static str {
    match grade {
        Grade::Plain => "plain",
        Grade::Good => "good",
        Grade::Warning => "warning",
        Grade::Bad => "bad",
        Grade::Twice => "twice",
        Grade::Hand => "hand",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_goes_from_a_hundredth_to_as_fast_as_it_goes() {
        assert_eq!(speed_of(0), Some(0.01));
        assert_eq!(speed_of(20), Some(1.0));
        assert_eq!(speed_of(60), Some(10_000.0));
        assert_eq!(speed_of(FASTEST), None);
        for stop in 0..=FASTEST {
            assert_eq!(stop_of(speed_of(stop)), stop);
        }
    }

    #[test]
    fn words_of_marks_do_not_touch() {
        let mark = |at: Nanos, text: &str| Mark { at, text: text.into(), ..Mark::default() };
        let marks = [mark(10, "group stable"), mark(12, "budget exceeded"), mark(13, "rebalance"), mark(60, "commit failed")];
        let sides: Vec<Option<Side>> =
            place_words(&marks, 500.0, &|at| 40.0 + at as f64 * 4.0).into_iter().map(|(_, _, side)| side).collect();
        assert_eq!(sides, [Some(Side::Above), Some(Side::Below), None, Some(Side::Above)]);
    }
}

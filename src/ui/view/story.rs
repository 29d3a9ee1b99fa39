//! What happened: sentences, newest first. Each is a link to its moment and its thing on the stage.

use super::super::frame::{Command, Digest, Told};
use super::super::number::{clock, count};
use super::transport::grade_class;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub digest: Rc<Digest>,
    pub on_command: Callback<Command>,
    pub on_light: Callback<Option<AttrValue>>,
}

#[component]
pub fn Story(props: &Props) -> Html {
    let rows = props.digest.story.iter().map(|told| {
        let go = |told: &Told| {
            let (on_command, on_light) = (props.on_command.clone(), props.on_light.clone());
            let (at, thing) = (told.at, told.thing.clone());
            Callback::from(move |_: MouseEvent| {
                on_command.emit(Command::Seek(at));
                on_light.emit(thing.clone().map(AttrValue::from));
            })
        };
        let cause = told.cause.and_then(|cause| props.digest.story.iter().find(|other| other.event == cause));
        html! {
            <li key={told.event} class={grade_class(told.grade)} data-event={told.event.to_string()}>
                <button type="button" onclick={go(told)}>
                    <time>{ clock(told.at) }</time><span>{ told.text.clone() }</span>
                </button>
                if let Some(cause) = cause {
                    <button type="button" class="cause" onclick={go(cause)} title={format!("{}: {}", clock(cause.at), cause.text)}
                        aria-label={format!("why? Its cause, at {}: {}", clock(cause.at), cause.text)}>{ "why?" }</button>
                }
            </li>
        }
    });
    html! {
        <section class="card story" aria-labelledby="story">
            <h2 id="story">{ "What happened" }</h2>
            <p class="sr-only" role="status" aria-live="polite">
                { props.digest.story.first().map(|told| told.text.clone()).unwrap_or_default() }
            </p>
            if props.digest.story.is_empty() { <p class="sub">{ "Nothing yet. Press play." }</p> }
            <ol>{ for rows }</ol>
            if props.digest.story_left_out > 0 { <p class="sub">{ format!("and {} before", count(u64::from(props.digest.story_left_out))) }</p> }
        </section>
    }
}

//! Does the design hold? Each expectation with what was observed up to the playhead.

use super::super::frame::{Command, Digest, Verdict};
use super::super::number::clock;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub digest: Rc<Digest>,
    pub on_command: Callback<Command>,
}

#[component]
pub fn Expectations(props: &Props) -> Html {
    let rows = props.digest.verdicts.iter().map(|verdict| row(verdict, &props.on_command));
    html! {
        <section class="card expectations" aria-labelledby="expectations">
            <h2 id="expectations">{ "Does the design hold?" }</h2>
            if props.digest.verdicts.is_empty() { <p class="sub">{ "The file expects nothing. Lines under expect: are judged here." }</p> }
            <ul>{ for rows }</ul>
        </section>
    }
}

fn row(verdict: &Verdict, on_command: &Callback<Command>) -> Html {
    let (sign, word, class) = match verdict.holds {
        Some(true) => ("✓", "holds", "ok"),
        Some(false) => ("✕", "does not hold", "bad"),
        None => ("·", "not judged yet", "open"),
    };
    let words = html! {
        <>
            <span class={classes!("sign", class)} role="img" aria-label={word}>{ sign }</span>
            <span class="what">
                <span class="name">{ plain(&verdict.name) }</span>
                if plain(&verdict.name) != verdict.text { <code>{ verdict.text.clone() }</code> }
                if verdict.meant_to_fail { <span class="sub">{ "it is the lesson that this breaks" }</span> }
            </span>
            <span class={classes!("observed", class)}>{ verdict.observed.clone() }</span>
        </>
    };
    let holds = verdict.holds.map(|holds| holds.to_string()).unwrap_or_default();
    match verdict.at {
        Some(at) if verdict.holds == Some(false) => {
            let on_command = on_command.clone();
            html! {
                <li data-expectation={verdict.name.clone()} data-holds={holds}>
                    <button type="button" title={format!("Go to {}", clock(at))} onclick={move |_| on_command.emit(Command::Seek(at))}>{ words }</button>
                </li>
            }
        }
        Some(_) | None => html! { <li data-expectation={verdict.name.clone()} data-holds={holds}>{ words }</li> },
    }
}

/// `charged_once` reads `charged once`; an expression stays as it is.
fn plain(name: &str) -> String {
    if name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') { name.replace(['_', '-'], " ") } else { name.to_owned() }
}

//! Variant chips: another design on the same seed, at the same moment.

use super::super::frame::{About, Command};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub on_command: Callback<Command>,
}

#[component]
pub fn Variants(props: &Props) -> Html {
    let about = &props.about;
    let chip = |name: Option<&str>, why: &str| {
        let on = about.variant.as_deref() == name;
        let (on_command, command) = (props.on_command.clone(), Command::Variant(name.map(str::to_owned)));
        html! {
            <button key={name.unwrap_or_default().to_owned()} type="button" class={classes!("chip", on.then_some("on"))} aria-pressed={on.to_string()}
                title={why.to_owned()} data-variant={name.unwrap_or("base").to_owned()} onclick={move |_| on_command.emit(command.clone())}>
                { name.unwrap_or("As designed").to_owned() }
            </button>
        }
    };
    html! {
        <div class="chips variants" role="group" aria-label="Design">
            { chip(None, "The design of the file") }
            { for about.variants.iter().map(|variant| chip(Some(&variant.name), &variant.why)) }
        </div>
    }
}

//! The file as it is now, interventions included: to read, to open another, to take along.

use super::super::frame::About;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    /// What it is saved as.
    pub name: AttrValue,
    pub on_download: Callback<(String, String)>,
    pub on_close: Callback<()>,
}

#[component]
pub fn File(props: &Props) -> Html {
    let download = {
        let (on_download, name, text) = (props.on_download.clone(), format!("{}.yaml", props.name), props.about.text.clone());
        Callback::from(move |_: MouseEvent| on_download.emit((name.clone(), text.clone())))
    };
    let close = {
        let on_close = props.on_close.clone();
        Callback::from(move |_: MouseEvent| on_close.emit(()))
    };
    let lines = props.about.text.lines().enumerate().map(|(index, line)| {
        html! { <li key={index}><code>{ line.to_owned() }</code></li> }
    });
    html! {
        <section class="card file" aria-labelledby="file">
            <header>
                <h2 id="file">{ format!("{}.yaml", props.name) }</h2>
                <span class="sub">{ "the whole truth of this run" }</span>
                <button type="button" class="act" onclick={download} data-export="file">{ "Download" }</button>
                <button type="button" class="tool" onclick={close} aria-label="Close">{ "×" }</button>
            </header>
            if !props.about.advice.is_empty() {
                <details>
                    <summary>{ format!("{} about this file", super::stage::plural(props.about.advice.len(), "note")) }</summary>
                    <ol class="advice">{ for props.about.advice.iter().map(super::problems::problem) }</ol>
                </details>
            }
            <ol class="text" data-file="text" tabindex="0" aria-label="The text of the file">{ for lines }</ol>
        </section>
    }
}

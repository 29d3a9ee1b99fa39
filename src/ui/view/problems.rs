//! What is wrong with a file: each error with its place, the line, and what to write instead.

use super::super::frame::Problem;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub problems: Vec<Problem>,
    pub on_close: Callback<()>,
}

#[component]
pub fn Problems(props: &Props) -> Html {
    let close = {
        let on_close = props.on_close.clone();
        Callback::from(move |_: MouseEvent| on_close.emit(()))
    };
    let many = super::stage::plural(props.problems.len(), "error");
    html! {
        <section class="card problems" role="alert" aria-labelledby="problems">
            <header>
                <h2 id="problems">{ format!("This file has {many}") }</h2>
                <span class="sub">{ "what ran before goes on" }</span>
                <button type="button" class="tool" onclick={close} aria-label="Close">{ "×" }</button>
            </header>
            <ol tabindex="0" aria-label="Errors">{ for props.problems.iter().map(problem) }</ol>
        </section>
    }
}

pub fn problem(problem: &Problem) -> Html {
    let before: String =
        problem.source.chars().take(problem.column.saturating_sub(1) as usize).map(|c| if c == '\t' { c } else { ' ' }).collect();
    let marks = "^".repeat(problem.length.clamp(1, 80) as usize);
    html! {
        <li data-line={problem.line.to_string()} data-column={problem.column.to_string()}>
            <p><b>{ format!("{}:{}", problem.line, problem.column) }</b>{ " " }{ problem.message.clone() }</p>
            if !problem.source.trim().is_empty() {
                <pre>{ format!("{}\n", problem.source) }<span class="bad">{ format!("{before}{marks}") }</span></pre>
            }
            if !problem.help.is_empty() { <p class="sub">{ problem.help.clone() }</p> }
        </li>
    }
}

//! What the work of each group came to outside: effects once, twice, never; and what was delivered again or out of order.

use super::super::super::frame::{About, Frame, GroupNow};
use super::super::super::number::count;
use yew::prelude::*;

pub fn ledger(about: &About, frame: &Frame) -> Html {
    let lines: Vec<Html> = about.groups.iter().zip(&frame.groups).filter_map(|(group, now)| line(&group.name, now)).collect();
    if lines.is_empty() {
        return Html::default();
    }
    html! { <ul class="ledger" aria-label="Ledger">{ lines }</ul> }
}

fn line(name: &str, now: &GroupNow) -> Option<Html> {
    let other = [(now.duplicates, "delivered again"), (now.order_violations, "out of order")];
    let other: Vec<Html> = other
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| html! { <span class="twice"><b>{ count(number) }</b>{ format!(" {what}") }</span> })
        .collect();
    let effects = now.effects.iter().map(|(effect, once, repeated, missing)| {
        html! {
            <span class="effect" data-effect={effect.clone()} data-once={once.to_string()} data-repeated={repeated.to_string()}
                data-missing={missing.to_string()}>
                { format!("{effect}: ") }<b>{ count(*once) }</b>{ " once, " }
                <span class={(*repeated > 0).then_some("twice")}><b>{ count(*repeated) }</b>{ " twice or more" }</span>{ ", " }
                <span class={(*missing > 0).then_some("bad")}><b>{ count(*missing) }</b>{ " never" }</span>
            </span>
        }
    });
    (!now.effects.is_empty() || !other.is_empty()).then(|| {
        html! {
            <li key={name.to_owned()} data-ledger={name.to_owned()} data-duplicates={now.duplicates.to_string()}
                data-order-violations={now.order_violations.to_string()}>
                <strong>{ name.to_owned() }</strong>{ for effects }{ other }
            </li>
        }
    })
}

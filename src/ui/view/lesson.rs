//! The guided tour: the step that belongs to the playhead, with a question to answer before looking.

use super::super::frame::{About, Command, Nanos};
use super::super::number::clock;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub now: Nanos,
    pub on_command: Callback<Command>,
    pub on_light: Callback<Option<AttrValue>>,
}

#[component]
pub fn Lesson(props: &Props) -> Html {
    // Which answer was given to which step.
    let given = use_state_eq(|| None::<(usize, usize)>);
    let place = props.about.lesson.iter().rposition(|step| step.at <= props.now).unwrap_or(0);
    let Some(step) = props.about.lesson.get(place) else { return Html::default() };
    let go = |place: Option<usize>| {
        let target = place.and_then(|place| props.about.lesson.get(place)).cloned();
        let (on_command, on_light) = (props.on_command.clone(), props.on_light.clone());
        let disabled = target.is_none();
        let on_click = Callback::from(move |_: MouseEvent| {
            if let Some(step) = &target {
                on_command.emit(Command::Seek(step.at));
                on_light.emit(step.look.clone().map(AttrValue::from));
            }
        });
        (disabled, on_click)
    };
    let begun = step.at <= props.now;
    let (first, back) = go(place.checked_sub(1));
    let (last, next) = go(if begun { Some(place + 1) } else { Some(place) });
    let look = {
        let (on_light, look) = (props.on_light.clone(), step.look.clone());
        Callback::from(move |_: MouseEvent| on_light.emit(look.clone().map(AttrValue::from)))
    };
    let predict = step.predict.as_ref().map(|predict| {
        let answered = given.filter(|(of, _)| *of == place).map(|(_, answer)| answer);
        let answers = predict.answers.iter().enumerate().map(|(index, answer)| {
            let given = given.clone();
            let verdict = answered.map(|_| if index == predict.right as usize { "right" } else { "wrong" });
            let chosen = answered == Some(index);
            html! {
                <button type="button" class={classes!("chip", verdict, chosen.then_some("chosen"))} aria-pressed={chosen.to_string()}
                    onclick={move |_| given.set(Some((place, index)))}>{ answer.clone() }</button>
            }
        });
        html! {
            <div class="predict">
                <h3>{ format!("Predict: {}", predict.ask) }</h3>
                <div class="chips">{ for answers }</div>
                <p role="status">
                    if let Some(answer) = answered {
                        <b>{ if answer == predict.right as usize { "Right. " } else { "Not so. " } }</b>{ predict.because.clone() }
                    }
                </p>
            </div>
        }
    });
    html! {
        <section class="card lesson" aria-labelledby="lesson">
            <header>
                <span class="sub">{ format!("{} of {}", place + 1, props.about.lesson.len()) }</span>
                <h2 id="lesson">{ step.title.clone() }</h2>
                <span class="steps">
                    <button type="button" class="tool" disabled={first} onclick={back} aria-label="Step before">{ "‹" }</button>
                    <button type="button" class="tool" disabled={last} onclick={next} aria-label="Next step">{ "›" }</button>
                </span>
            </header>
            <p>{ step.text.clone() }</p>
            <p class="sub">
                { format!("at {}", clock(step.at)) }
                if step.look.is_some() { { " · " }<button type="button" class="link" onclick={look}>{ "show me" }</button> }
            </p>
            { predict }
        </section>
    }
}

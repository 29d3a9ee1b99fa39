//! The lab: title and designs, stage, transport, charts, and beside them what holds, the lesson, the story, interventions.

use super::super::frame::{About, Command, Digest, Frame};
use super::charts::Charts;
use super::expectations::Expectations;
use super::intervene::Intervene;
use super::lesson::Lesson;
use super::stage::Stage;
use super::story::Story;
use super::transport::Transport;
use super::variants::Variants;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub frame: Rc<Frame>,
    pub digest: Rc<Digest>,
    #[prop_or_default]
    pub lit: Option<AttrValue>,
    pub dark: bool,
    pub still: bool,
    /// The text is not the one that was shipped: it can be put back.
    pub changed: bool,
    pub on_command: Callback<Command>,
    pub on_light: Callback<Option<AttrValue>>,
    pub on_reset: Callback<()>,
}

#[component]
pub fn Lab(props: &Props) -> Html {
    let Props { about, frame, digest, lit, on_command, on_light, .. } = props;
    let why = about
        .variant
        .as_ref()
        .and_then(|name| about.variants.iter().find(|variant| &variant.name == name))
        .map(|variant| variant.why.clone())
        .filter(|why| !why.is_empty());
    let reset = {
        let on_reset = props.on_reset.clone();
        Callback::from(move |_: MouseEvent| on_reset.emit(()))
    };
    html! {
        <main class="lab" id="content">
            <header class="heading">
                <div>
                    <h1>{ about.title.clone() }</h1>
                    <p class="question">{ why.unwrap_or_else(|| about.question.clone()) }</p>
                </div>
                <div>
                    <Variants about={about.clone()} on_command={on_command.clone()} />
                    if props.changed {
                        <button type="button" class="link" onclick={reset} data-action="reset">{ "Back to the scenario as it came" }</button>
                    }
                </div>
            </header>
            <Stage about={about.clone()} frame={frame.clone()} lit={lit.clone()} on_light={on_light.clone()} still={props.still} />
            <Transport about={about.clone()} frame={frame.clone()} digest={digest.clone()} on_command={on_command.clone()} />
            <Charts about={about.clone()} digest={digest.clone()} now={digest.now} dark={props.dark} lit={lit.clone()} on_light={on_light.clone()} />
            <aside class="side" aria-label="What it means">
                <Expectations digest={digest.clone()} on_command={on_command.clone()} />
                if !about.lesson.is_empty() {
                    <Lesson about={about.clone()} now={frame.now} on_command={on_command.clone()} on_light={on_light.clone()} />
                }
                <Story digest={digest.clone()} on_command={on_command.clone()} on_light={on_light.clone()} />
                <Intervene about={about.clone()} frame={frame.clone()} lit={lit.clone()} on_command={on_command.clone()} />
            </aside>
        </main>
    }
}

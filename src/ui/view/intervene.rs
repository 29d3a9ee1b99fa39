//! Interventions: each button writes a line into the file at the playhead; undo takes it back.

use super::super::frame::{About, Command, Frame, Intervention};
use std::rc::Rc;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub about: Rc<About>,
    pub frame: Rc<Frame>,
    #[prop_or_default]
    pub lit: Option<AttrValue>,
    pub on_command: Callback<Command>,
}

#[component]
pub fn Intervene(props: &Props) -> Html {
    let chosen = use_state_eq(|| 0usize);
    let (about, frame) = (&props.about, &props.frame);
    // A lit member or group is the one that is meant.
    let lit_group = props.lit.as_deref().and_then(|lit| lit.strip_prefix("group/"));
    let lit_name = lit_group.map(|lit| lit.split('/').next().unwrap_or(lit));
    let group =
        about.groups.iter().position(|group| Some(group.name.as_str()) == lit_name).unwrap_or(*chosen).min(about.groups.len().max(1) - 1);
    let lit_member = lit_group.and_then(|lit| lit.split('/').nth(1)).and_then(|index| index.parse::<u32>().ok());
    let over = frame.now >= about.duration;
    let buttons = offers(about, frame, group, lit_member).into_iter().map(|(words, intervention)| {
        let on_command = props.on_command.clone();
        html! {
            <button type="button" class="act" disabled={over} onclick={move |_| on_command.emit(Command::Intervene(intervention.clone()))}>{ words }</button>
        }
    });
    let on_group = {
        let chosen = chosen.clone();
        Callback::from(move |event: Event| {
            let index = event.target_unchecked_into::<HtmlSelectElement>().selected_index();
            chosen.set(usize::try_from(index).unwrap_or(0));
        })
    };
    let undo = {
        let on_command = props.on_command.clone();
        Callback::from(move |_: MouseEvent| on_command.emit(Command::Undo))
    };
    html! {
        <section class="card intervene" aria-labelledby="intervene">
            <header>
                <h2 id="intervene">{ "Intervene" }</h2>
                <span class="sub">{ "written into the file at the playhead" }</span>
            </header>
            if about.groups.len() > 1 {
                <label class="pick">{ "Group " }
                    <select onchange={on_group}>
                        { for about.groups.iter().enumerate().map(|(index, g)| html! { <option selected={index == group}>{ g.name.clone() }</option> }) }
                    </select>
                </label>
            }
            <div class="acts">{ for buttons }</div>
            if let Some(why) = &about.refused { <p class="problem" role="alert">{ why.clone() }</p> }
            if over { <p class="sub">{ "The run is over. Go back in time to change what happens." }</p> }
            if about.undo > 0 {
                <button type="button" class="undo" onclick={undo}>{ format!("Undo the last of {}", about.undo) }</button>
            }
        </section>
    }
}

/// What can be done now, and to whom.
fn offers(about: &About, frame: &Frame, group: usize, lit: Option<u32>) -> Vec<(String, Intervention)> {
    let mut offers = Vec::new();
    if let Some(about_group) = about.groups.get(group) {
        let name = || about_group.name.clone();
        let members = frame.groups.get(group).map(|group| group.members.as_slice()).unwrap_or_default();
        let running = members.iter().filter(|member| member.state != "down");
        // The lit one, or else the busiest: where it hurts.
        let member = running
            .clone()
            .find(|member| Some(member.index) == lit)
            .or_else(|| running.max_by(|a, b| a.busy.total_cmp(&b.busy).then(b.index.cmp(&a.index))))
            .map(|member| member.index);
        offers.push(("Add a consumer".to_owned(), Intervention::MembersAdd { group: name(), count: 1 }));
        offers.push((format!("Double to {}", members.len() * 2), Intervention::MembersAdd { group: name(), count: members.len() as u32 }));
        if let Some(member) = member {
            offers.push((format!("Kill {}-{member}", name()), Intervention::MemberCrash { group: name(), member }));
            offers.push((format!("Stop {}-{member}", name()), Intervention::MemberStop { group: name(), member }));
            offers.push((format!("Freeze {}-{member} 15 s", name()), Intervention::MemberPause { group: name(), member, millis: 15_000 }));
        }
        offers.push(("Fail commits 10 s".to_owned(), Intervention::CommitsFail { group: name(), millis: 10_000 }));
        offers.push(("Slow handler ×10, 10 s".to_owned(), Intervention::HandlerSlow { group: name(), factor: 10.0, millis: 10_000 }));
        offers.push(("Rolling restart".to_owned(), Intervention::RollingRestart { group: name() }));
    }
    for producer in about.producers.iter().take(2) {
        let words = if about.producers.len() > 1 { format!("{} ×3, 10 s", producer.name) } else { "Traffic ×3, 10 s".to_owned() };
        offers.push((words, Intervention::ProducerRate { producer: producer.name.clone(), factor: 3.0, millis: 10_000 }));
    }
    if about.brokers > 0 {
        offers.push(("Slow broker 0 ×20, 10 s".to_owned(), Intervention::BrokerSlow { broker: 0, factor: 20.0, millis: 10_000 }));
    }
    offers
}

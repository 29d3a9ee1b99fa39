//! The gallery: scenarios by theme, each with its question and the lag of a real run.

use super::super::chart::axis::Scale;
use super::super::frame::{Card, Picture};
use super::super::number::{px, short};
use super::super::route::Route;
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub cards: Rc<Vec<Card>>,
    pub pictures: Rc<BTreeMap<String, Picture>>,
}

#[component]
pub fn Gallery(props: &Props) -> Html {
    let mut themes: Vec<&str> = Vec::new();
    for card in props.cards.iter() {
        if !themes.contains(&card.theme.as_str()) {
            themes.push(&card.theme);
        }
    }
    let themes = themes.into_iter().map(|theme| {
        let cards = props.cards.iter().filter(|card| card.theme == theme).map(|card| view_card(card, props.pictures.get(&card.id)));
        html! {
            <section class="theme" key={theme.to_owned()} aria-label={theme.to_owned()}>
                <h2>{ theme.to_owned() }</h2>
                <ul class="cards">{ for cards }</ul>
            </section>
        }
    });
    html! { <div class="gallery">{ for themes }</div> }
}

fn view_card(card: &Card, picture: Option<&Picture>) -> Html {
    html! {
        <li key={card.id.clone()}>
            <a class="card scenario" href={Route::Lab(card.id.clone()).hash()} data-scenario={card.id.clone()}>
                { sketch(picture) }
                <h3>{ card.title.clone() }</h3>
                <p>{ card.question.clone() }</p>
                <p class="tags">{ for card.tags.iter().map(|tag| html! { <span>{ tag.clone() }</span> }) }</p>
            </a>
        </li>
    }
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 84.0;

fn sketch(picture: Option<&Picture>) -> Html {
    let Some(picture) = picture else {
        return html! { <div class="picture waiting" aria-hidden="true"></div> };
    };
    let peak = |line: &[Option<f32>]| line.iter().flatten().copied().fold(0.0, f32::max);
    let highest = picture.lines.iter().map(|line| peak(line)).fold(0.0, f32::max);
    let top = picture.budget.map_or(f64::from(highest), |budget| f64::from(highest).max(budget as f64 * 1.1));
    let scale = Scale::linear(top);
    let y = |value: f64| HEIGHT - 4.0 - (HEIGHT - 10.0) * scale.share(value);
    // The highest come first, and are drawn last.
    let lines = picture.lines.iter().rev().map(|line| {
        let mut path = String::new();
        let mut pen = 'M';
        for (i, value) in line.iter().enumerate() {
            match value {
                Some(value) => {
                    let x = WIDTH * i as f64 / (line.len().max(2) - 1) as f64;
                    path.push_str(&format!("{pen}{} {}", px(x), px(y(f64::from(*value)))));
                    pen = 'L';
                }
                None => pen = 'M',
            }
        }
        let over = picture.budget.is_some_and(|budget| f64::from(peak(line)) > budget as f64);
        html! { <path class={if over { "hot" } else { "quiet" }} d={path} /> }
    });
    let budget = picture.budget.map(|budget| {
        let y = px(y(budget as f64));
        html! { <line class="budget" x1="0" x2={px(WIDTH)} y1={y.clone()} y2={y} /> }
    });
    html! {
        <svg class="picture" viewBox={format!("0 0 {} {}", px(WIDTH), px(HEIGHT))} preserveAspectRatio="none" role="img"
            aria-label={format!("Lag over the run: at most {} records", short(f64::from(highest)))}>
            { budget }
            { for lines }
        </svg>
    }
}

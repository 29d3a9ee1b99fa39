//! What is said of a file once: its words, its variants, and who is on the stage.

use super::super::frame::{About, GroupAbout, LessonStep, Predict, ProducerAbout, TopicAbout, VariantAbout};
use super::super::number::{count, share, short};
use super::{nanos, problem};
use crate::engine::design::{Acks, Design, KeyDistribution, Producer, SendKey};
use crate::engine::id::TopicId;
use crate::engine::time::Instant;
use crate::scenario::Scenario;

pub fn about(scenario: &Scenario, variant: Option<&str>, design: &Design) -> About {
    let words = scenario.about();
    About {
        title: scenario.title().to_owned(),
        question: words.question.clone().unwrap_or_default(),
        text: scenario.text.clone(),
        seed: design.seed.0,
        duration: nanos(Instant::ZERO + design.duration),
        variants: scenario
            .variants()
            .iter()
            .map(|variant| VariantAbout {
                name: variant.name.clone(),
                why: variant.why.clone().unwrap_or_default(),
                fails: variant.fails.clone(),
            })
            .collect(),
        variant: variant.map(str::to_owned),
        topics: design
            .topics
            .iter()
            .enumerate()
            .map(|(index, topic)| {
                let writer = design.producers.iter().find(|producer| producer.topic == TopicId::from(index));
                TopicAbout { name: topic.name.clone(), partitions: topic.partitions, keys: writer.map_or("nobody writes".to_owned(), keys) }
            })
            .collect(),
        producers: design
            .producers
            .iter()
            .map(|producer| ProducerAbout {
                name: producer.name.clone(),
                topic: producer.topic.0,
                acks: match producer.config.acks {
                    Acks::None => "0",
                    Acks::Leader => "1",
                    Acks::All => "all",
                }
                .to_owned(),
                instances: producer.instances,
            })
            .collect(),
        groups: design
            .groups
            .iter()
            .map(|group| GroupAbout {
                name: group.name.clone(),
                topics: group.topics.iter().map(|topic| topic.0).collect(),
                assignor: group.config.assignors.first().map_or(String::new(), |assignor| assignor.name().to_owned()),
                budget_records: group.budget.records,
            })
            .collect(),
        brokers: design.cluster.brokers,
        lesson: scenario.lesson().map(|lesson| lesson.steps.iter().map(step).collect()).unwrap_or_default(),
        advice: scenario.notes.iter().map(problem).collect(),
        ..About::default()
    }
}

fn step(step: &crate::scenario::read::LessonStep) -> LessonStep {
    LessonStep {
        at: nanos(step.at),
        look: step.look.clone(),
        title: step.title.clone(),
        text: step.text.clone(),
        predict: step.predict.as_ref().map(|question| Predict {
            ask: question.ask.clone(),
            answers: question.answers.clone(),
            right: question.right as u32,
            because: question.because.clone().unwrap_or_default(),
        }),
    }
}

/// `key user_id (Zipf 1.1, 10 000 keys), salt 16`.
fn keys(producer: &Producer) -> String {
    let Some(entity) = &producer.key.entity else { return "no key".to_owned() };
    let from = match &entity.from {
        KeyDistribution::Uniform { keys } => format!("{} keys, uniform", count(u64::from(*keys))),
        KeyDistribution::Zipf { keys, exponent } => format!("Zipf {}, {} keys", short(*exponent), count(u64::from(*keys))),
        KeyDistribution::Weighted(weights) => format!("{} weighted keys", weights.len()),
    };
    let hot = entity.hot.as_ref().map(|(part, key)| format!("; {} has {}", key, share(*part))).unwrap_or_default();
    let field = &entity.field;
    match producer.key.send {
        SendKey::Entity => format!("key {field} ({from}{hot})"),
        SendKey::Salted(salt) => format!("key {field} ({from}{hot}), salt {salt}"),
        SendKey::Null => format!("no key; {field} ({from}{hot}) is in the value"),
    }
}

//! Tokens to expressions. Each error points at its word and says what can stand there.

use super::super::problem::{Problems, suggest};
use super::super::read::names::Names;
use super::super::tree::{Node, Span, shorten};
use super::super::units;
use super::lexer::{Placed, Token, lex};
use super::metrics::{AGGREGATES, number};
use super::{CompareHow, Quantifier, Scope, Term, Test};
use crate::engine::observe::condition::{Comparison, Condition, Value};
use crate::engine::observe::metric::{Labels, Metric, MetricKind};
use crate::engine::observe::snapshot::Status;

const STATUSES: &[Status] = &[Status::Ok, Status::Warn, Status::Stop, Status::Stall, Status::Rewind];
const LONGEST: usize = 1_000;

pub struct Parser<'a> {
    pub(super) problems: &'a Problems<'a>,
    pub(super) names: &'a Names,
    tokens: Vec<Placed>,
    pub(super) at: usize,
    node: &'a Node,
    /// Where the text starts in the file, when it stands there word for word.
    base: Option<usize>,
    length: usize,
}

impl<'a> Parser<'a> {
    pub fn new(problems: &'a Problems<'a>, names: &'a Names, text: &str, node: &'a Node) -> Option<Self> {
        let written = problems.written(node.span);
        let base = if written == text {
            Some(node.span.start)
        } else if written.len() == text.len() + 2 && written.get(1..=text.len()) == Some(text) {
            Some(node.span.start + 1)
        } else {
            None
        };
        let mut parser = Parser { problems, names, tokens: Vec::new(), at: 0, node, base, length: text.len() };
        if text.len() > LONGEST {
            problems.error(node.span, format!("an expression has at most {LONGEST} characters"), "make it shorter");
            return None;
        }
        match lex(text) {
            Ok(tokens) => parser.tokens = tokens,
            Err(place) => {
                let character = text[place..].chars().next().unwrap_or(' ');
                problems.error(parser.span(place, place + character.len_utf8()), format!("`{character}` has no meaning here"), "");
                return None;
            }
        }
        Some(parser)
    }

    pub fn expectation(mut self) -> Option<(Term, Scope)> {
        let term = self.term()?;
        let scope = self.scope()?;
        self.end("after ID, during ID, before ID, outside faults, or nothing more")?;
        Some((term, scope))
    }

    pub fn condition(mut self) -> Option<Condition> {
        let (value, unit) = self.value()?;
        let comparison = self.comparison()?;
        let number = self.number(unit)?;
        self.end("a condition ends with its number")?;
        Some(Condition { value, comparison, number })
    }

    pub fn compare(mut self) -> Option<(Value, CompareHow)> {
        let (value, _) = self.value()?;
        let help = "write `< base`, `> base` or `within 5% of base`";
        let how = if self.sign("<") {
            CompareHow::Less
        } else if self.sign(">") {
            CompareHow::Greater
        } else if self.word("within") {
            let share = self.unit("a share", units::percent)?;
            if !self.word("of") {
                return self.fail("`of base` is missing", help);
            }
            CompareHow::Within(share)
        } else {
            return self.fail("a comparison with the base run is missing", help);
        };
        if !self.word("base") {
            return self.fail("`base` is missing", help);
        }
        self.end("a comparison ends with `base`")?;
        Some((value, how))
    }

    fn term(&mut self) -> Option<Term> {
        let start = self.at;
        // A metric with never, always or eventually; anything else is a value.
        if let Some(Token::Word(_)) = self.peek()
            && !matches!(self.tokens.get(self.at + 1), Some(Placed { token: Token::Sign("("), .. }))
        {
            let metric = self.metric()?;
            let labels = self.labels(metric)?;
            let quantifier = [("never", Quantifier::Never), ("always", Quantifier::Always), ("eventually", Quantifier::Eventually)]
                .into_iter()
                .find_map(|(word, quantifier)| self.word(word).then_some(quantifier));
            if let Some(quantifier) = quantifier {
                return self.each(start, metric, labels, quantifier);
            }
            if metric.kind() == MetricKind::Word {
                return self.fail(format!("{metric} is a word at each sample"), format!("write {metric} never STALL"));
            }
            self.at = start;
        }
        let (value, unit) = self.value()?;
        let comparison = self.comparison()?;
        let number = self.number(unit)?;
        let lasting = if self.word("for") { Some(self.unit("a time", units::duration)?) } else { None };
        if lasting.is_some() && !matches!(value, Value::Aggregate { .. }) {
            return self.fail_at(
                start,
                "`for` asks at each sample, which a counter or a ratio has no answer to",
                "take `for` away, or ask for a gauge",
            );
        }
        Some(Term::Compare { value, comparison, number, lasting })
    }

    fn each(&mut self, start: usize, metric: Metric, labels: Labels, quantifier: Quantifier) -> Option<Term> {
        let test = match metric.kind() {
            MetricKind::Word => {
                let names = STATUSES.iter().map(|status| status.name());
                let Some(Token::Word(word)) = self.peek().cloned() else {
                    return self.fail("a status is missing", suggest("", names));
                };
                let Some(status) = STATUSES.iter().find(|status| status.name() == word) else {
                    return self.fail(format!("there is no status `{}`", shorten(&word)), suggest(&word, names));
                };
                self.at += 1;
                Test::Word(*status)
            }
            MetricKind::Gauge | MetricKind::Latency | MetricKind::Counter => {
                let comparison = self.comparison()?;
                Test::Number(comparison, self.number(metric.unit())?)
            }
        };
        if metric.kind() == MetricKind::Latency {
            return self.fail_at(
                start,
                format!("{metric} has a value for each record, none at a sample"),
                format!("write p99({metric}) or max({metric})"),
            );
        }
        let within = if self.word("within") { Some(self.unit("a time", units::duration)?) } else { None };
        if within.is_some() && quantifier != Quantifier::Eventually {
            return self.fail("`within` belongs to `eventually`", "take it away");
        }
        Some(Term::Each { metric, labels, quantifier, test, within })
    }

    /// A value and its unit.
    fn value(&mut self) -> Option<(Value, &'static str)> {
        let (mut value, mut unit) = self.single()?;
        while self.sign("/") {
            let (under, under_unit) = self.single()?;
            unit = if unit == under_unit { "share" } else { "" };
            value = Value::Ratio(Box::new(value), Box::new(under));
        }
        Some((value, unit))
    }

    fn single(&mut self) -> Option<(Value, &'static str)> {
        let start = self.at;
        if !matches!(self.tokens.get(self.at + 1), Some(Placed { token: Token::Sign("("), .. })) {
            let metric = self.metric()?;
            let labels = self.labels(metric)?;
            return match metric.kind() {
                MetricKind::Counter => Some((Value::Counter { metric, labels }, metric.unit())),
                MetricKind::Gauge | MetricKind::Latency => {
                    self.fail_at(start, format!("{metric} has many values"), format!("say which: max({metric}), mean, last, p99, …"))
                }
                MetricKind::Word => self.fail_at(start, format!("{metric} is a word, not a number"), format!("write {metric} never STALL")),
            };
        }
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return self.fail("a metric or an aggregate is missing", "write max(lag{group=…}), or a counter such as records_lost");
        };
        let Some((_, aggregate)) = AGGREGATES.iter().find(|(name, _)| *name == word) else {
            return self
                .fail(format!("there is no aggregate `{}`", shorten(&word)), suggest(&word, AGGREGATES.iter().map(|(name, _)| *name)));
        };
        self.at += 2;
        let metric = self.metric()?;
        let labels = self.labels(metric)?;
        if !self.sign(")") {
            return self.fail("`)` is missing", "");
        }
        match metric.kind() {
            MetricKind::Gauge | MetricKind::Latency => Some((Value::Aggregate { aggregate: *aggregate, metric, labels }, metric.unit())),
            MetricKind::Counter => self.fail_at(start, format!("{metric} only counts up"), format!("write {metric} without {word}()")),
            MetricKind::Word => self.fail_at(start, format!("{metric} is a word, not a number"), format!("write {metric} never STALL")),
        }
    }

    fn metric(&mut self) -> Option<Metric> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return self.fail("a metric is missing", "write a metric such as lag, consumed or end_to_end_latency");
        };
        let Some(metric) = Metric::by_name(&word) else {
            return self
                .fail(format!("there is no metric `{}`", shorten(&word)), suggest(&word, Metric::ALL.iter().map(|metric| metric.name())));
        };
        if !metric.built() {
            return self.fail(format!("the metric {metric} is not built yet"), "take it away");
        }
        self.at += 1;
        Some(metric)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let signs = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        match signs.into_iter().find(|(sign, _)| self.sign(sign)) {
            Some((_, comparison)) => Some(comparison),
            None => self.fail("a comparison is missing", "write one of < <= > >= == !="),
        }
    }

    fn number(&mut self, unit: &'static str) -> Option<f64> {
        self.unit("a number", |text| number(text, unit))
    }

    fn unit<T>(&mut self, what: &str, read: impl Fn(&str) -> Result<T, units::Wrong>) -> Option<T> {
        let Some(Token::Number(text) | Token::Word(text)) = self.peek().cloned() else {
            return self.fail(format!("{what} is missing"), "");
        };
        match read(&text) {
            Ok(value) => {
                self.at += 1;
                Some(value)
            }
            Err(wrong) => self.fail(wrong.message, wrong.help),
        }
    }

    fn scope(&mut self) -> Option<Scope> {
        if self.word("outside") {
            if !self.word("faults") {
                return self.fail("`faults` is missing", "write outside faults");
            }
            return Some(Scope::OutsideFaults);
        }
        let scope = match self.peek() {
            Some(Token::Word(word)) if word == "after" => Scope::After,
            Some(Token::Word(word)) if word == "during" => Scope::During,
            Some(Token::Word(word)) if word == "before" => Scope::Before,
            Some(_) | None => return Some(Scope::Whole),
        };
        self.at += 1;
        let span = self.here();
        let Some(Token::Word(id) | Token::Number(id)) = self.peek().cloned() else {
            return self.fail("the id of an entry of the timeline is missing", suggest("", self.names.entries.iter().map(String::as_str)));
        };
        self.at += 1;
        if self.names.removed_entries.contains(&id) {
            return Some(Scope::Absent);
        }
        self.names.entry(self.problems, &id, span).map(scope)
    }

    fn end(&mut self, help: &str) -> Option<()> {
        if self.at == self.tokens.len() { Some(()) } else { self.fail("this is more than an expression has", help) }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    /// Takes a word, if it is the next.
    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.at += usize::from(is);
        is
    }

    pub(super) fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is);
        is
    }

    pub(super) fn here(&self) -> Span {
        match self.tokens.get(self.at) {
            Some(placed) => self.span(placed.start, placed.end),
            None => self.span(self.length, self.length),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.base {
            Some(base) => Span { start: base + start, end: base + end },
            None => self.node.span,
        }
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>, help: impl Into<String>) -> Option<T> {
        self.problems.error(self.here(), message, help);
        None
    }

    fn fail_at<T>(&self, token: usize, message: impl Into<String>, help: impl Into<String>) -> Option<T> {
        let span = self.tokens.get(token).map_or(self.node.span, |placed| self.span(placed.start, placed.end));
        self.problems.error(span, message, help);
        None
    }
}

//! Charts: plotters, one drawing function for the page's canvas and for SVG. Axes are drawn here, with anchors and no
//! measuring of text, so that both look the same and no style is written into the page.

pub mod axis;
pub mod palette;

use super::frame::{Line, Tone};
use super::number::{clock_short, count, millis, rate, short};
use axis::{Scale, time_ticks};
use palette::{Palette, Rgb};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What a chart shows.
pub struct Sheet<'a> {
    pub lines: &'a [Line],
    pub unit: Unit,
    /// Ends of the axis of time, ms.
    pub duration: f64,
    pub playhead: f64,
    /// Where the pointer is, ms.
    pub hover: Option<f64>,
    /// A line that must not be crossed, and its name.
    pub budget: Option<(f64, &'a str)>,
    /// The name of the line that stands out; the others step back.
    pub highlight: Option<&'a str>,
    pub palette: &'a Palette,
    /// Device pixels for each pixel.
    pub dpr: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Records,
    RecordsPerSecond,
    /// On a logarithmic scale, since one chart holds milliseconds and minutes.
    Millis,
}

impl Unit {
    pub fn say(self, value: f64) -> String {
        match self {
            Unit::Records => count(value.max(0.0).round() as u64),
            Unit::RecordsPerSecond => rate(value),
            Unit::Millis => millis(value),
        }
    }

    fn tick(self, value: f64) -> String {
        match self {
            Unit::Records | Unit::RecordsPerSecond => short(value),
            Unit::Millis => millis(value),
        }
    }
}

/// Margins in pixels: room for the numbers of both axes.
pub const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 22.0;
const FONT: &str = "system-ui, sans-serif";

/// The time at a place of the chart's width, both in pixels.
pub fn time_at(x: f64, width: f64, duration: f64) -> f64 {
    ((x - LEFT) / (width - LEFT - RIGHT).max(1.0)).clamp(0.0, 1.0) * duration
}

/// The value of a line at a time: of the last point before it.
pub fn value_at(line: &Line, time: f64) -> Option<f32> {
    let after = line.points.partition_point(|(at, _)| f64::from(*at) <= time);
    after.checked_sub(1).and_then(|place| line.points[place].1)
}

struct Plot<'a, 'b, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    sheet: &'a Sheet<'b>,
    scale: Scale,
    size: (f64, f64),
}

type Done<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

pub fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, sheet: &Sheet) -> Done<DB> {
    let (width, height) = area.dim_in_pixel();
    let size = (f64::from(width) / sheet.dpr, f64::from(height) / sheet.dpr);
    let peak = sheet.lines.iter().map(|line| f64::from(line.peak)).fold(0.0, f64::max);
    let peak = sheet.budget.map_or(peak, |(budget, _)| peak.max(budget * 1.15));
    let lowest = sheet
        .lines
        .iter()
        .flat_map(|line| line.points.iter().filter_map(|(_, value)| *value))
        .filter(|value| *value > 0.0)
        .fold(f32::INFINITY, f32::min);
    let scale = match sheet.unit {
        Unit::Millis => Scale::logarithmic(f64::from(lowest), peak),
        Unit::Records | Unit::RecordsPerSecond => Scale::linear(peak),
    };
    let plot = Plot { area, sheet, scale, size };
    area.fill(&plot.color(sheet.palette.card, 1.0))?;
    plot.axes()?;
    plot.budget()?;
    plot.lines()?;
    plot.playhead()?;
    plot.labels()
}

impl<DB: DrawingBackend> Plot<'_, '_, DB> {
    fn axes(&self) -> Done<DB> {
        let palette = self.sheet.palette;
        for tick in self.scale.ticks() {
            let y = self.y(tick);
            self.stroke(&[(LEFT, y), (self.size.0 - RIGHT, y)], palette.line, 1.0, 1.0)?;
            self.text(&self.sheet.unit.tick(tick), (LEFT - 7.0, y), palette.muted, (HPos::Right, VPos::Center))?;
        }
        let room = self.size.0 - LEFT - RIGHT;
        for tick in time_ticks(self.sheet.duration, room) {
            let word = if self.sheet.duration < 180_000.0 { format!("{}s", short(tick / 1e3)) } else { clock_short((tick * 1e6) as u64) };
            let x = self.x(tick);
            let anchor = if x > self.size.0 - 24.0 { HPos::Right } else { HPos::Center };
            self.text(&word, (x, self.size.1 - BOTTOM + 7.0), palette.muted, (anchor, VPos::Top))?;
        }
        Ok(())
    }

    fn budget(&self) -> Done<DB> {
        let Some((budget, name)) = self.sheet.budget else { return Ok(()) };
        let y = self.y(budget);
        self.dashed((LEFT, y), (self.size.0 - RIGHT, y), 6.0, 4.0, self.sheet.palette.bad)?;
        self.text(name, (self.size.0 - RIGHT - 2.0, y - 3.0), self.sheet.palette.bad, (HPos::Right, VPos::Bottom))
    }

    fn lines(&self) -> Done<DB> {
        // What stands out is drawn last, on top of the others.
        let mut order: Vec<&Line> = self.sheet.lines.iter().collect();
        order.sort_by_key(|line| (Some(line.name.as_str()) == self.sheet.highlight, line.tone != Tone::Lag));
        for line in order {
            let lit = self.sheet.highlight == Some(line.name.as_str());
            let aside = self.sheet.highlight.is_some() && !lit;
            let (color, width) = self.tone(line.tone, lit);
            let alpha = if aside { 0.25 } else { 1.0 };
            // A gap where the value is unknown.
            for part in line.points.split(|(_, value)| value.is_none()) {
                let path: Vec<(f64, f64)> =
                    part.iter().filter_map(|(at, value)| value.map(|v| (self.x(f64::from(*at)), self.y(f64::from(v))))).collect();
                self.stroke(&path, color, alpha, width)?;
            }
        }
        Ok(())
    }

    fn playhead(&self) -> Done<DB> {
        let bottom = self.size.1 - BOTTOM;
        let x = self.x(self.sheet.playhead);
        self.dashed((x, TOP - 6.0), (x, bottom), 2.0, 3.0, self.sheet.palette.ink)?;
        let Some(hover) = self.sheet.hover else { return Ok(()) };
        let x = self.x(hover);
        self.stroke(&[(x, TOP - 6.0), (x, bottom)], self.sheet.palette.muted, 0.7, 1.0)?;
        for line in self.sheet.lines {
            if let Some(value) = value_at(line, hover) {
                let (color, _) = self.tone(line.tone, false);
                let at = self.device((x, self.y(f64::from(value))));
                let radius = (2.5 * self.sheet.dpr).round() as i32;
                self.area.draw(&Circle::new(at, radius, self.color(color, 1.0).filled()))?;
            }
        }
        Ok(())
    }

    /// Names at the ends of the lines that stand out, never on top of each other.
    fn labels(&self) -> Done<DB> {
        let mut words: Vec<(f64, String, Rgb)> = self
            .sheet
            .lines
            .iter()
            .filter(|line| line.tone != Tone::Lag || self.sheet.highlight == Some(line.name.as_str()))
            .filter_map(|line| {
                let value = f64::from(line.last?);
                let (color, _) = self.tone(line.tone, true);
                Some((self.y(value), format!("{} {}", line.name, self.sheet.unit.say(value)), color))
            })
            .collect();
        words.sort_by(|a, b| a.0.total_cmp(&b.0));
        words.truncate(5);
        let x = self.x(self.sheet.playhead);
        let (x, anchor) = if x > self.size.0 - 110.0 { (x - 7.0, HPos::Right) } else { (x + 7.0, HPos::Left) };
        let mut lowest = TOP - 12.0;
        for (y, word, color) in words {
            let y = y.max(lowest + 13.0);
            lowest = y;
            // A ground of its own, so that it can be read where lines pass: six pixels for a letter are enough.
            let wide = word.chars().count() as f64 * 6.2;
            let left = if matches!(anchor, HPos::Right) { x - wide } else { x };
            let ground = [self.device((left - 2.0, y - 7.0)), self.device((left + wide + 2.0, y + 7.0))];
            self.area.draw(&Rectangle::new(ground, self.color(self.sheet.palette.card, 0.8).filled()))?;
            self.text(&word, (x, y), color, (anchor, VPos::Center))?;
        }
        Ok(())
    }

    fn tone(&self, tone: Tone, lit: bool) -> (Rgb, f64) {
        let palette = self.sheet.palette;
        match tone {
            Tone::LagHot => (palette.hot, 2.2),
            Tone::Lag if lit => (palette.lag, 2.2),
            Tone::Lag => (palette.quiet, 1.3),
            Tone::Producer => (palette.producer, 1.8),
            Tone::Group(group) => (palette.groups[group as usize % palette.groups.len()], 1.8),
            Tone::Median => (palette.median, 1.8),
            Tone::Tail => (palette.hot, 1.8),
        }
    }

    fn x(&self, ms: f64) -> f64 {
        LEFT + (self.size.0 - LEFT - RIGHT) * (ms / self.sheet.duration.max(1.0)).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let bottom = self.size.1 - BOTTOM;
        bottom - (bottom - TOP) * self.scale.share(value)
    }

    fn device(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.sheet.dpr).round() as i32, (y * self.sheet.dpr).round() as i32)
    }

    fn color(&self, color: Rgb, alpha: f64) -> RGBAColor {
        RGBColor(color.0, color.1, color.2).mix(alpha)
    }

    fn stroke(&self, path: &[(f64, f64)], color: Rgb, alpha: f64, width: f64) -> Done<DB> {
        let style = self.color(color, alpha).stroke_width((width * self.sheet.dpr).round().max(1.0) as u32);
        match path {
            [] => Ok(()),
            // A lone sample is seen too.
            [only] => {
                let (x, y) = self.device(*only);
                self.area.draw(&PathElement::new(vec![(x - 1, y), (x + 1, y)], style))
            }
            _ => self.area.draw(&PathElement::new(path.iter().map(|point| self.device(*point)).collect::<Vec<_>>(), style)),
        }
    }

    fn dashed(&self, from: (f64, f64), to: (f64, f64), dash: f64, gap: f64, color: Rgb) -> Done<DB> {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let along = |at: f64| (from.0 + (to.0 - from.0) * at / length, from.1 + (to.1 - from.1) * at / length);
        let mut at = 0.0;
        while at < length {
            self.stroke(&[along(at), along((at + dash).min(length))], color, 1.0, 1.2)?;
            at += dash + gap;
        }
        Ok(())
    }

    fn text(&self, word: &str, at: (f64, f64), color: Rgb, (h, v): (HPos, VPos)) -> Done<DB> {
        let color = self.color(color, 1.0);
        let style = TextStyle::from((FONT, 11.0 * self.sheet.dpr)).color(&color).pos(Pos::new(h, v));
        self.area.draw(&Text::new(word.to_owned(), self.device(at), style))
    }
}

/// The same drawing as a text of SVG: for reports, and for saving.
pub fn svg(sheet: &Sheet, width: u32, height: u32) -> String {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
    draw(&area, sheet).expect("writing into a string does not fail");
    drop(area);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, tone: Tone, values: &[f32]) -> Line {
        Line {
            name: name.to_owned(),
            tone,
            thing: String::new(),
            points: values.iter().enumerate().map(|(i, v)| (i as f32 * 10_000.0, (!v.is_nan()).then_some(*v))).collect(),
            last: values.last().copied(),
            peak: values.iter().copied().fold(0.0, f32::max),
        }
    }

    fn sheet<'a>(lines: &'a [Line], unit: Unit) -> Sheet<'a> {
        Sheet {
            lines,
            unit,
            duration: 120_000.0,
            playhead: 30_000.0,
            hover: None,
            budget: Some((10_000.0, "lag budget 10 k")),
            highlight: None,
            palette: &palette::LIGHT,
            dpr: 1.0,
        }
    }

    #[test]
    fn axes_have_units_and_the_budget_has_its_line() {
        let lines = [line("p7", Tone::LagHot, &[0.0, 6_000.0, 12_000.0, 18_400.0]), line("p0", Tone::Lag, &[0.0, 90.0, 95.0, 80.0])];
        let text = svg(&sheet(&lines, Unit::Records), 640, 222);
        for word in ["20 k", "0s", "20s", "120s", "lag budget 10 k", "p7 18\u{202f}400"] {
            assert!(text.contains(&format!("\n{word}\n")), "no {word} in {text}");
        }
        assert!(!text.contains("p0"), "a line that does not stand out has no name at its end");
        assert!(!text.contains("style="), "no style is written into the page");
    }

    #[test]
    fn an_unknown_value_is_a_gap() {
        let whole = [line("p7", Tone::LagHot, &[1.0, 2.0, 3.0, 4.0])];
        let broken = [line("p7", Tone::LagHot, &[1.0, 2.0, f32::NAN, 4.0])];
        let paths = |lines: &[Line]| svg(&sheet(lines, Unit::Records), 640, 222).matches("stroke-width=\"2\"").count();
        assert_eq!(paths(&broken), paths(&whole) + 1);
    }

    #[test]
    fn hovering_finds_the_point_before() {
        let line = line("p7", Tone::LagHot, &[5.0, 6.0, f32::NAN, 8.0]);
        assert_eq!(value_at(&line, 9_999.0), Some(5.0));
        assert_eq!(value_at(&line, 10_000.0), Some(6.0));
        assert_eq!(value_at(&line, 25_000.0), None);
        assert_eq!(time_at(LEFT, 640.0, 120_000.0), 0.0);
        assert_eq!(time_at(640.0, 640.0, 120_000.0), 120_000.0);
    }

    #[test]
    fn milliseconds_and_minutes_fit_one_chart() {
        let lines = [line("p50", Tone::Median, &[4.0, 5.0, 5.0, 6.0]), line("p99", Tone::Tail, &[9.0, 800.0, 60_000.0, 240_000.0])];
        let text = svg(&Sheet { budget: None, ..sheet(&lines, Unit::Millis) }, 640, 222);
        for word in ["10 ms", "1.0 s", "100 s"] {
            assert!(text.contains(&format!("\n{word}\n")), "no {word}");
        }
    }
}

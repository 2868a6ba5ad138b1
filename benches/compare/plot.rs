//! Draws how something grows: panels side by side, each with both axes logarithmic, as SVG.
//!
//! Written by hand, because it is little: a library that draws would be a dependency for one picture.

use std::fmt::Write as _;

use crate::table::grouped;

/// A picture.
pub struct Plot {
    pub title: String,
    /// What it shows, in words, for whoever does not see it.
    pub description: String,
    /// What the horizontal axes count.
    pub across: &'static str,
    pub panels: [Panel; 2],
}

/// One of its fields.
pub struct Panel {
    pub title: &'static str,
    pub unit: &'static str,
    pub series: [Series; 2],
}

/// One line.
pub struct Series {
    pub name: &'static str,
    /// Across and up, from left to right.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 390.0;
/// From the left edge of one panel to that of the next.
const PANEL: f64 = WIDTH / 2.0;
/// Of the field within its panel: the figures of the axis are on its left, the names of the lines on its right.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 354.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 330.0;
/// Between the names of two lines.
const APART: f64 = 17.0;

/// How the two lines of a panel are told apart: by colour, and without it by their dashes and marks.
const CLASSES: [&str; 2] = ["first", "second"];

const STYLE: &str = "
    text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .panel { font-weight: 600 }
    .paper { fill: #ffffff }
    .grid { stroke: #d8dee4; stroke-width: 1 }
    .line { fill: none; stroke-width: 2 }
    .line.first { stroke: #0550ae; stroke-dasharray: 6 4 }
    .line.second { stroke: #bc4c00 }
    .mark.first, .name.first { fill: #0550ae }
    .mark.second, .name.second { fill: #bc4c00 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .paper { fill: #0d1117 }
      .grid { stroke: #30363d }
      .line.first { stroke: #79c0ff }
      .line.second { stroke: #ffa657 }
      .mark.first, .name.first { fill: #79c0ff }
      .mark.second, .name.second { fill: #ffa657 }
    }
";

impl Plot {
    /// The picture as a file.
    pub fn svg(&self) -> String {
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title description">
  <title id="title">{}</title>
  <desc id="description">{}</desc>
  <style>{STYLE}  </style>
  <rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>
"#,
            escaped(&self.title),
            escaped(&self.description),
        );
        svg.push_str(&text("title", LEFT, 34.0, "start", &self.title));
        for (panel, left) in self.panels.iter().zip([0.0, PANEL]) {
            svg.push_str(&panel.draw(left, self.across));
        }
        svg.push_str("</svg>\n");
        svg
    }
}

impl Panel {
    fn draw(&self, left: f64, across: &str) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Axis::over(points().map(|point| point.0), left + LEFT, left + RIGHT);
        let y = Axis::over(points().map(|point| point.1), BOTTOM, TOP);
        let mut svg = text(
            "panel",
            left + LEFT,
            TOP - 16.0,
            "start",
            &format!("{} ({})", self.title, self.unit),
        );
        for tick in x.ticks() {
            let at = x.place(tick);
            svg.push_str(&line((at, TOP), (at, BOTTOM)));
            svg.push_str(&text("tick", at, BOTTOM + 20.0, "middle", &figure(tick)));
        }
        for tick in y.ticks() {
            let at = y.place(tick);
            svg.push_str(&line((left + LEFT, at), (left + RIGHT, at)));
            svg.push_str(&text("tick", left + LEFT - 8.0, at + 4.5, "end", &figure(tick)));
        }
        let middle = left + f64::midpoint(LEFT, RIGHT);
        svg.push_str(&text("axis", middle, BOTTOM + 43.0, "middle", across));
        for (series, class) in self.series.iter().zip(CLASSES) {
            svg.push_str(&series.draw(class, &x, &y, across, self.unit));
        }
        svg.push_str(&self.names(left + RIGHT + 10.0, &y));
        svg
    }

    /// Each line's name beside its end, with the figure there, and none over another.
    fn names(&self, x: f64, y: &Axis) -> String {
        let mut names: Vec<_> = self
            .series
            .iter()
            .zip(CLASSES)
            .filter_map(|(series, class)| {
                let last = series.points.last()?.1;
                let name = format!("{}: {} {}", series.name, figure(last), self.unit);
                Some((y.place(last), class, name))
            })
            .collect();
        names.sort_by(|one, other| one.0.total_cmp(&other.0));
        if let [upper, lower] = &mut names[..] {
            let lacking = (APART - (lower.0 - upper.0)).max(0.0) / 2.0;
            upper.0 -= lacking;
            lower.0 += lacking;
        }
        let names = names.iter();
        names
            .map(|(at, class, name)| text(&format!("name {class}"), x, at + 4.5, "start", name))
            .collect()
    }
}

impl Series {
    fn draw(&self, class: &str, x: &Axis, y: &Axis, across: &str, unit: &str) -> String {
        let places = self.points.iter().map(|point| (x.place(point.0), y.place(point.1)));
        let path: Vec<String> = places.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let mut svg = format!("  <polyline class=\"line {class}\" points=\"{}\"/>\n", path.join(" "));
        for ((x, y), (count, value)) in places.zip(&self.points) {
            let shape = if class == CLASSES[0] {
                format!(r#"circle class="mark {class}" cx="{x:.1}" cy="{y:.1}" r="4""#)
            } else {
                let (x, y) = (x - 4.0, y - 4.0);
                format!(r#"rect class="mark {class}" x="{x:.1}" y="{y:.1}" width="8" height="8""#)
            };
            let element = shape.split(' ').next().unwrap_or_default();
            let told = format!("{}, {across} {}: {} {unit}", self.name, figure(*count), figure(*value));
            let _ = writeln!(svg, "  <{shape}><title>{}</title></{element}>", escaped(&told));
        }
        svg
    }
}

/// One direction of a panel, from the least to the most of what is drawn, and out to the next round figure.
struct Axis {
    low: f64,
    high: f64,
    /// The round figures: powers of ten, and where these are few also two and five times each.
    round: Vec<f64>,
    /// Where it begins and ends in the picture.
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        // A logarithmic axis has no place for nothing.
        let values: Vec<f64> = values.map(|value| value.max(1e-6)).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(1e-6, f64::max);
        let least = least.min(most);
        let between: &[f64] = if most / least > 150.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let powers = (-7..=12).map(|power| 10_f64.powi(power));
        let round: Vec<f64> = powers
            .flat_map(|power| between.iter().map(move |times| times * power))
            .collect();
        // A power of ten is not quite one in every computation.
        let low = round.iter().rev().find(|round| **round <= least * (1.0 + 1e-9));
        let high = round.iter().find(|round| **round >= most * (1.0 - 1e-9));
        let (low, high) = (low.copied().unwrap_or(least), high.copied().unwrap_or(most));
        Self {
            low,
            high: if high > low { high } else { low * 10.0 },
            round,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.max(1e-6) / self.low).log10() / (self.high / self.low).log10();
        self.from + part * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let within = |round: &f64| *round >= self.low * (1.0 - 1e-9) && *round <= self.high * (1.0 + 1e-9);
        self.round.iter().copied().filter(within)
    }
}

fn line(from: (f64, f64), to: (f64, f64)) -> String {
    format!(
        "  <line class=\"grid\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>\n",
        from.0, from.1, to.0, to.1
    )
}

fn text(class: &str, x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!(
        "  <text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n",
        escaped(text)
    )
}

/// With as many digits as can be meant: `316,228`, `12.3`, `0.0213`, and no zeros that say nothing.
pub fn figure(value: f64) -> String {
    let digits = (0..6).find(|digits| value * 10_f64.powi(*digits) >= 99.95).unwrap_or(6);
    let shown = grouped(value, usize::try_from(digits).unwrap_or(0));
    if shown.contains('.') {
        shown.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        shown
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

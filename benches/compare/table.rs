//! What was measured as a table: what has to be reached, what came of it, and the figures behind it.

/// A bound of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn show(self, unit: &str) -> String {
        match self {
            Self::AtLeast(bound) => format!("{bound}{unit}"),
            Self::AtMost(bound) => format!("at most {bound}{unit}"),
        }
    }
}

/// One figure, round by round.
pub struct Measured {
    /// What was done, and what the figure is.
    pub what: String,
    pub must: Option<Goal>,
    pub aim: Option<Goal>,
    /// Behind every value: "×".
    pub unit: &'static str,
    /// Behind the decimal point; a value counts as it is shown.
    pub digits: usize,
    pub values: Vec<f64>,
    /// The rates, times or sizes that the figure was made of.
    pub behind: String,
}

impl Measured {
    /// A figure that is written down, with nothing to reach.
    pub const fn new(what: String, unit: &'static str, digits: usize, values: Vec<f64>) -> Self {
        Self {
            what,
            must: None,
            aim: None,
            unit,
            digits,
            values,
            behind: String::new(),
        }
    }

    /// How many times more `ours` is than its neighbour in `theirs`.
    pub fn times(what: String, ours: &[f64], theirs: &[f64]) -> Self {
        let values = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        Self::new(what, "×", 2, values.collect())
    }

    pub fn must(self, must: Goal) -> Self {
        Self {
            must: Some(must),
            ..self
        }
    }

    pub fn aim(self, aim: Goal) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// With the figures that it was made of.
    pub fn behind(self, behind: String) -> Self {
        Self { behind, ..self }
    }

    /// As it is shown.
    fn value(&self) -> f64 {
        let places = 10_f64.powi(i32::try_from(self.digits).unwrap_or(0));
        (median(&self.values) * places).round() / places
    }

    fn verdict(&self) -> &'static str {
        let met = |goal: Option<Goal>| goal.map(|goal| goal.is_met(self.value()));
        match (met(self.must), met(self.aim)) {
            (Some(true), Some(true)) => "must and aim",
            (Some(true), _) => "must",
            (Some(false), _) => "NO",
            (None, _) => "",
        }
    }
}

/// What a row came to: its figures, or why it could not run and what to do about it.
pub type Outcome = (&'static str, Result<Vec<Measured>, String>);

/// All of it; the median of the rounds, and the least and the most of them.
pub fn render(rows: &[Outcome]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["row", "what", "must", "aim", "measured", "met", "figures"]);
    for (name, outcome) in rows {
        match outcome {
            Ok(figures) => {
                for figure in figures {
                    let goal = |goal: Option<Goal>| goal.map(|goal| goal.show(figure.unit)).unwrap_or_default();
                    table.add_row([
                        (*name).to_owned(),
                        figure.what.clone(),
                        goal(figure.must),
                        goal(figure.aim),
                        spread(&figure.values, figure.digits, figure.unit),
                        figure.verdict().to_owned(),
                        figure.behind.clone(),
                    ]);
                }
            }
            Err(reason) => {
                table.add_row([*name, "not run", "", "", "", "", reason]);
            }
        }
    }
    table.to_string()
}

/// The median, and in brackets the least and the most when there are several.
pub fn spread(values: &[f64], digits: usize, unit: &str) -> String {
    let show = |value: f64| grouped(value, digits);
    let median = show(median(values));
    match values {
        [] | [_] => format!("{median}{unit}"),
        _ => format!(
            "{median}{unit} ({} to {})",
            show(values.iter().copied().fold(f64::INFINITY, f64::min)),
            show(values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
        ),
    }
}

/// `20,000` and `1.25`.
pub fn grouped(value: f64, digits: usize) -> String {
    let plain = format!("{value:.digits$}");
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut shown = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !shown.ends_with('-') {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

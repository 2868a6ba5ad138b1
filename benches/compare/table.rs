//! Measured rates as a table.

/// What one row came to: the rates of both programs, in letters a second, round by round.
pub struct Measured {
    pub what: String,
    pub ours: Vec<f64>,
    pub theirs: Vec<f64>,
    /// The other program.
    pub them: &'static str,
}

/// Medians, with the slowest and the fastest round, and how many times faster `appel` was.
pub fn render(rows: &[Measured]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["", "appel send, letters/s", "beside, letters/s", "ratio"]);
    for row in rows {
        let ratios: Vec<f64> = row
            .ours
            .iter()
            .zip(&row.theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        table.add_row([
            row.what.clone(),
            spread(&row.ours, 0),
            format!("{}: {}", row.them, spread(&row.theirs, 0)),
            // Of the medians; the spread is that of the rounds, each beside its neighbour.
            format!(
                "{:.2} ({:.2} to {:.2})",
                median(&row.ours) / median(&row.theirs),
                least(&ratios),
                most(&ratios)
            ),
        ]);
    }
    table.to_string()
}

fn spread(rates: &[f64], digits: usize) -> String {
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        median(rates),
        least(rates),
        most(rates)
    )
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

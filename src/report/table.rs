//! Tables for people: plain columns that fit the terminal.

use appel_core::words::visible;
use comfy_table::{ContentArrangement, Table};

use crate::failure::Style;

/// Columns side by side under a line of headings, indented by two. Cells are made safe to show; a line break in one is
/// a line break on the screen.
#[must_use]
pub fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>, style: &Style) -> String {
    let mut table = Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.width.saturating_sub(1)).unwrap_or(u16::MAX).max(20))
        .set_header(headings.iter().map(|heading| (*heading).to_owned()));
    for row in rows {
        table.add_row(row.iter().map(|cell| visible(cell)).collect::<Vec<_>>());
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push(' ');
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

//! Whether the tables of a database are those that this program makes, and nothing else is in it.
//!
//! A database can hold what acts by itself when a line is read or written: views, triggers, checks, columns that are
//! worked out. A file from somebody else could so answer for ever, fill the memory, or change what was accepted.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rusqlite::Connection;

/// What makes the database of each format, from the oldest on: each step takes it one further.
pub const MIGRATIONS: [&str; 6] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// Whether the database has the tables of this format: as they were written, and no others.
pub fn are_of(format: usize, db: &Connection) -> rusqlite::Result<bool> {
    static KNOWN: OnceLock<Vec<BTreeSet<String>>> = OnceLock::new();
    let known = match KNOWN.get() {
        Some(known) => known,
        None => KNOWN.get_or_init(|| of_all_formats().unwrap_or_default()),
    };
    Ok(known.get(format) == Some(&of(db)?))
}

fn of_all_formats() -> rusqlite::Result<Vec<BTreeSet<String>>> {
    let db = Connection::open_in_memory()?;
    let mut all = vec![of(&db)?];
    for step in MIGRATIONS {
        db.execute_batch(step)?;
        all.push(of(&db)?);
    }
    Ok(all)
}

/// Every statement that the database is made of.
fn of(db: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut query = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let mut rows = query.query([])?;
    let mut statements = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let statement = row.get_ref(0)?;
        let words = without_comments(&String::from_utf8_lossy(statement.as_bytes().unwrap_or_default()));
        if !STATISTICS.contains(&words.as_str()) {
            statements.insert(words);
        }
    }
    Ok(statements)
}

/// What `ANALYZE` adds, which database programs like to do.
const STATISTICS: [&str; 2] = [
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
];

/// The words of a statement: `SQLite` keeps it with the comments and line breaks of the day it was made. (None of ours has
/// a quote in it, in which two hyphens would be no comment.)
fn without_comments(sql: &str) -> String {
    let words = sql.lines().flat_map(|line| {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        code.split_ascii_whitespace()
    });
    words.collect::<Vec<_>>().join(" ")
}

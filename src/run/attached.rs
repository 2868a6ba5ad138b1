//! What there is to say of the files that go with letters, for `check`: how heavy they are, what they are, what they tell.

use std::collections::BTreeSet;
use std::path::Path;

use appel_core::campaign::{Attachment, LetterSpec};
use appel_core::problem::{Place, Problem, Problems};
use appel_core::words::visible_line;
use appel_messages::{Message, Value, msg};

use super::compose::Composer;
use crate::input::config::{MOST_ATTACHED, read_attachment};
use crate::metadata::{self, Told};

/// From so many octets on, as they leave, many servers refuse a letter.
const HEAVY: usize = 10_000_000;
/// How much of all files together is unpacked.
const ROOM: usize = 256 << 20;
/// So many things that one file tells are shown.
const SHOWN: usize = 20;

/// Everything worth saying of the files of a campaign; `config` is where letters are named.
pub fn look(composer: &Composer, config: &Path, problems: &mut Problems) {
    for spec in &composer.input.campaign.letters {
        problems.extend(heavy(composer, spec, config));
    }
    let mut room = ROOM;
    for path in composer.attachments.paths() {
        // One at a time; that it could be read was said before.
        if let Ok(bytes) = read_attachment(&composer.input, path, MOST_ATTACHED) {
            of_file(path, &bytes, &mut room, problems);
        }
    }
}

/// A letter whose files are too much for many servers, with its heaviest row.
fn heavy(composer: &Composer, spec: &LetterSpec, config: &Path) -> Option<Problem> {
    let campaign = &composer.input.campaign;
    let bases: Vec<BTreeSet<&Path>> = campaign
        .templates
        .languages(&spec.template)
        .iter()
        .filter_map(|language| campaign.templates.get(&spec.template, language))
        .map(|template| {
            spec.attach
                .iter()
                .chain(&template.attach)
                .map(|file| &*file.path)
                .collect()
        })
        .collect();
    let weight = |of_row: &[Attachment]| {
        let all = bases.iter().map(|base| {
            let more = of_row
                .iter()
                .map(|file| &*file.path)
                .filter(|path| !base.contains(path));
            let files: Vec<&Path> = base.iter().copied().chain(more).collect();
            let sum = |size: &dyn Fn(&Path) -> Option<usize>| files.iter().filter_map(|path| size(path)).sum::<usize>();
            (
                sum(&|path| composer.attachments.encoded_size(path)),
                sum(&|path| composer.attachments.size(path)),
            )
        });
        all.max().unwrap_or_default()
    };
    let mut worst = (weight(&[]), None);
    if !campaign.recipients.files().is_empty() {
        for row in campaign.recipients.rows().map_while(Result::ok) {
            if row.attach.is_empty() || !spec.to.contains(&row.role) {
                continue;
            }
            let weight = weight(&row.attach);
            if weight > worst.0 {
                worst = (weight, Some(row.line));
            }
        }
    }
    let ((encoded, size), line) = worst;
    if encoded < HEAVY {
        return None;
    }
    let place = match line {
        Some(line) => Place {
            line: Some(line),
            ..Place::file(campaign.recipients.shown())
        },
        None => Place::file(config.display().to_string()),
    };
    let what = msg!(
        "attachments-heavy",
        letter = &spec.id,
        encoded = megabytes(encoded),
        size = megabytes(size)
    );
    Some(Problem::warning(what).at(place.field("attach")))
}

/// `10.2 MB`, rounded up.
fn megabytes(bytes: usize) -> Message {
    let tenths = bytes.div_ceil(100_000);
    msg!("size-mb", size = format!("{}.{}", tenths / 10, tenths % 10))
}

fn of_file(path: &Path, bytes: &[u8], room: &mut usize, problems: &mut Problems) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = visible_line(&name);
    let place = || Place::file(path.display().to_string());
    for danger in metadata::dangers(&name, bytes) {
        problems.push(Problem::warning(danger.message(&name)).at(place()));
    }
    let found = metadata::read_in(room, bytes);
    let mut told: Vec<&Told> = found
        .told
        .iter()
        .filter(|told| told.what != metadata::What::Other)
        .collect();
    // What leads to somebody first.
    told.sort_by_key(|told| told.what);
    let shown = told.iter().take(SHOWN).map(|told| Value::from(told.message()));
    let list = Value::List(shown.collect(), told.len().saturating_sub(SHOWN) as u64);
    let command = command(path);
    if found.leads_to_somebody() {
        let what = msg!("attachment-tells", name = &*name, told = list, command = command);
        problems.push(Problem::warning(what).at(place()));
    } else if !told.is_empty() {
        let what = msg!("attachment-made", name = &*name, told = list, command = command);
        problems.push(Problem::note(what).at(place()));
    }
    if !found.closed.is_empty() {
        let why = found.closed.iter().map(|why| Value::from(why.message()));
        let what = msg!("attachment-closed", name = &*name, why = Value::List(why.collect(), 0));
        problems.push(Problem::warning(what).at(place()));
    }
}

/// The path as a shell takes it.
fn command(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@');
    if path.chars().all(is_plain) && !path.starts_with('-') {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

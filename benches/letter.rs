//! What a letter costs before it leaves: deciding who gets it, writing its text, making a message of it.
//!
//!     cargo bench --bench letter

#[path = "compare/campaign.rs"]
mod campaign;

use std::hint::black_box;

use appel::input::{Input, Sources, load};
use appel_core::letter::{Attachments, Decision, Letter, Plan, Renderer, Rules, Selection, compose};
use criterion::{Criterion, Throughput};
use jiff::Timestamp;

const LETTERS: u32 = 1000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let now: Timestamp = "2026-11-25T10:00:00Z".parse().expect("a moment");
    let input = read(folder.path(), now);
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, &input, now);
    criterion.final_summary();
}

fn read(folder: &std::path::Path, now: Timestamp) -> Input {
    campaign::write(folder, LETTERS, &campaign::Sending::plain(25, 1));
    let sources = Sources {
        config: folder.join("config.toml"),
        account: None,
        account_required: false,
        private: appel::input::Private::default(),
    };
    load(&sources, now).input.expect("the campaign is valid")
}

fn measure(criterion: &mut Criterion, input: &Input, now: Timestamp) {
    let Input {
        campaign,
        sender,
        limits,
        ..
    } = input;
    let plan = Plan::new(campaign, sender, *limits, Selection::default()).expect("a list that can be read");
    let letters = || plan.decisions(&Rules::to_look(now));
    let due: Vec<Letter> = letters()
        .filter_map(|decision| match decision {
            Decision::Due(letter) => Some(*letter),
            _ => None,
        })
        .collect();
    assert_eq!(due.len(), LETTERS as usize);
    let renderer = Renderer::new(campaign, sender, None).expect("templates that can be used");
    let today = jiff::civil::date(2026, 11, 25);
    let attachments = Attachments::new();
    let letter = &due[0];
    let text = renderer.render(letter, today).expect("a letter");
    let message = compose(letter, &text, sender, &attachments, now).expect("a message");

    let mut group = criterion.benchmark_group("letter");
    group.throughput(Throughput::Elements(LETTERS.into()));
    group.bench_function("plan 1000", |bencher| bencher.iter(|| letters().count()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("render", |bencher| {
        bencher.iter(|| renderer.render(black_box(letter), today).expect("a letter"));
    });
    group.throughput(Throughput::Bytes(message.bytes.len() as u64));
    group.bench_function("compose", |bencher| {
        bencher.iter(|| compose(black_box(letter), &text, sender, &attachments, now).expect("a message"));
    });
    group.finish();
}

//! Holds the benchmark to what it draws: a picture that is well formed and has every point.

mod plot;
#[allow(dead_code, reason = "the benchmark shows its figures with it")]
mod table;

use plot::{Panel, Plot, Series, figure};

fn panel(title: &'static str, unit: &'static str, first: &[(f64, f64)], second: &[(f64, f64)]) -> Panel {
    let series = |name, points: &[(f64, f64)]| Series {
        name,
        points: points.to_vec(),
    };
    Panel {
        title,
        unit,
        series: [series("dry run", first), series("real run", second)],
    }
}

fn plot(time: Panel, memory: Panel) -> String {
    let plot = Plot {
        title: "What a run takes".to_owned(),
        description: "Less than <nothing> & more".to_owned(),
        across: "recipients",
        panels: [time, memory],
    };
    plot.svg()
}

fn usual() -> String {
    plot(
        panel(
            "Time",
            "s",
            &[(1e3, 0.02), (31_623.0, 0.11), (1e6, 3.1)],
            &[(1e3, 0.21), (31_623.0, 5.4), (1e6, 171.0)],
        ),
        panel(
            "Memory",
            "MiB",
            &[(1e3, 5.6), (31_623.0, 8.8), (1e6, 87.5)],
            &[(1e3, 7.1), (31_623.0, 10.0), (1e6, 88.9)],
        ),
    )
}

/// Every element that is opened is closed, in order; what the elements are.
fn elements(svg: &str) -> Vec<String> {
    let mut open = Vec::new();
    let mut seen = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "{piece}");
        assert!(!text.contains('&') || text.contains("&lt;"), "{piece}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name").to_owned();
        seen.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    seen
}

/// What an attribute says, in every element that has it and another text.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
    svg.lines()
        .filter(|line| line.contains(element))
        .map(|line| {
            let (_, rest) = line.split_once(&format!(" {attribute}=\"")).expect("the attribute");
            let (value, _) = rest.split_once('"').expect("its end");
            value.parse().expect("a number")
        })
        .collect()
}

#[test]
fn the_picture_is_well_formed_and_has_every_point() {
    let svg = usual();
    let elements = elements(&svg);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert_eq!(count("polyline"), 4);
    assert_eq!(count("circle"), 6);
    // And the paper.
    assert_eq!(count("rect"), 6 + 1);
    assert_eq!(count("desc"), 1);
    for told in [
        "<title>dry run, recipients 31,623: 0.11 s</title>",
        "<title>real run, recipients 1,000,000: 171 s</title>",
        "<title>real run, recipients 1,000: 7.1 MiB</title>",
        ">Time (s)<",
        ">Memory (MiB)<",
        ">recipients<",
        "&lt;nothing&gt; &amp; more",
    ] {
        assert!(svg.contains(told), "{told}\n{svg}");
    }
}

#[test]
fn equal_steps_are_equally_long() {
    let svg = usual();
    let x = numbers(&svg, "<circle", "cx");
    assert!(x[0] < x[1] && x[1] < x[2], "{x:?}");
    assert!(((x[1] - x[0]) - (x[2] - x[1])).abs() < 0.2, "{x:?}");
    let y = numbers(&svg, "<circle", "cy");
    assert!(y[0] > y[1] && y[1] > y[2], "{y:?}");
}

#[test]
fn names_are_never_over_each_other() {
    let near = || panel("Memory", "MiB", &[(1e3, 5.0), (1e6, 88.0)], &[(1e3, 6.0), (1e6, 88.0)]);
    let svg = plot(near(), near());
    let y = numbers(&svg, "class=\"name", "y");
    assert_eq!(y.len(), 4);
    assert!((y[1] - y[0]).abs() >= 16.9 && (y[3] - y[2]).abs() >= 16.9, "{y:?}");
}

#[test]
fn what_hardly_differs_can_be_drawn() {
    let flat = || panel("Time", "s", &[(1.0, 0.0), (1.0, 0.0)], &[(1.0, 1.0), (1.0, 1.0)]);
    let svg = plot(flat(), panel("Memory", "MiB", &[], &[(1.0, 7.0)]));
    elements(&svg);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn a_figure_has_as_many_digits_as_can_be_meant() {
    let shown = [316_228.0, 171.26, 12.34, 5.0, 0.021_34, 0.01, 0.0].map(figure);
    assert_eq!(shown, ["316,228", "171", "12.3", "5", "0.0213", "0.01", "0"]);
}

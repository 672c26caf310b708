//! The figures as a picture: a bar for each contender at each question, on a logarithmic scale.
//!
//! It is for a page of either colour: nothing is painted behind the bars, and text takes its colour from what the
//! reader's system prefers.

use std::fmt::Write as _;

use super::Report;
use super::contender::Role;
use super::figures::Measure;
use super::question::Question;
use super::rounds::Running;
use super::table::thousands;

const WIDTH: f64 = 760.0;
/// Where bars begin; names stand to the left.
const LEFT: f64 = 190.0;
/// Where the scale ends; the longest number has room to the right.
const RIGHT: f64 = WIDTH - 70.0;
const TOP: f64 = 48.0;
const BAR: f64 = 16.0;
const GAP: f64 = 3.0;
const HEADING: f64 = 26.0;
const BETWEEN: f64 = 14.0;

const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 14px; font-weight: 600; }
  .heading { font-weight: 600; }
  .scale, .value { fill: #57606a; }
  line { stroke: #d0d7de; }
  .polygraph { fill: #2f6feb; } .peer { fill: #8c959f; } .floor { fill: #1a9c5b; } .loader { fill: #7aa2f0; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .scale, .value { fill: #9198a1; } line { stroke: #3d444d; } .peer { fill: #7d8590; }
  }
";

/// From where to where the scale goes: whole powers of ten around all values.
struct Scale {
    least: i32,
    most: i32,
}

impl Scale {
    fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor() as i32;
        let most = values.fold(1.0, f64::max).log10().ceil() as i32;
        Self { least: least.min(most - 1), most }
    }

    fn x(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.least)) / f64::from(self.most - self.least);
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

/// Requests per CPU-second as an SVG; nothing where nobody was measured.
pub(super) fn svg(report: &Report<'_>) -> Option<String> {
    let Report { figures, field, questions, .. } = report;
    let median = |question: &Question, contender: &Running| {
        let summary = figures.summary(question.name, contender.name, Measure::RequestsPerCpuSecond)?;
        summary.median.is_finite().then_some(summary.median)
    };
    let all =
        questions.iter().flat_map(|question| field.iter().filter_map(move |contender| median(question, contender)));
    let all: Vec<f64> = all.collect();
    if all.is_empty() {
        return None;
    }
    let scale = Scale::around(all.iter().copied());
    let group = HEADING + field.len() as f64 * (BAR + GAP) + BETWEEN;
    let bottom = TOP + questions.len() as f64 * group;
    let mut svg = String::new();
    begin(&mut svg, &scale, bottom);
    for (at, question) in questions.iter().enumerate() {
        let top = TOP + at as f64 * group;
        // Writing to a String can't fail, here and below.
        let _ = writeln!(svg, r#"<text class="heading" x="8" y="{:.0}">{}</text>"#, top + 18.0, question.title);
        for (place, contender) in field.iter().enumerate() {
            if let Some(value) = median(question, contender) {
                bar(&mut svg, &scale, top + HEADING + place as f64 * (BAR + GAP), contender, value);
            }
        }
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn begin(svg: &mut String, scale: &Scale, bottom: f64) {
    let height = bottom + 8.0;
    let title = "Requests per CPU-second of the server (64 clients, logarithmic scale)";
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">
<style>{STYLE}</style>
<text class="title" x="8" y="18">{title}</text>"#
    );
    for power in scale.least..=scale.most {
        let value = 10_f64.powi(power);
        let (x, label) = (scale.x(value), thousands(value));
        let _ = writeln!(svg, r#"<line x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{bottom:.0}"/>"#);
        let _ =
            writeln!(svg, r#"<text class="scale" x="{x:.1}" y="{:.0}" text-anchor="middle">{label}</text>"#, TOP - 6.0);
    }
}

fn bar(svg: &mut String, scale: &Scale, y: f64, contender: &Running, value: f64) {
    let class = match contender.role {
        Role::Polygraph => "polygraph",
        Role::Floor => "floor",
        Role::OtherLoader => "loader",
        Role::Peer => "peer",
    };
    let (end, base, value) = (scale.x(value), y + BAR - 4.0, thousands(value));
    let _ = writeln!(svg, r#"<text x="{:.0}" y="{base:.1}" text-anchor="end">{}</text>"#, LEFT - 8.0, contender.title);
    let width = end - LEFT;
    let _ = writeln!(svg, r#"<rect class="{class}" x="{LEFT}" y="{y:.1}" width="{width:.1}" height="{BAR}" rx="2"/>"#);
    let _ = writeln!(svg, r#"<text class="value" x="{:.1}" y="{base:.1}">{value}</text>"#, end + 6.0);
}

//! The run as a picture: memory, answers and what was wrong with them over time, with the outages behind.
//!
//! It is for a page of either colour: nothing is painted behind it, and text takes its colour from what the reader's
//! system prefers.

use std::fmt::Write as _;
use std::time::Instant;

use super::ledger::{STRETCH, Stretch};
use super::stores::{HEALED_WITHIN, Outage};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 64.0;
/// The height of a panel, and what is between two.
const PANEL: f64 = 120.0;
const BETWEEN: f64 = 34.0;

const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 14px; font-weight: 600; }
  .heading { font-weight: 600; }
  .scale, .store { fill: #57606a; font-size: 11px; }
  line { stroke: #d0d7de; }
  .outage { fill: #8c959f; fill-opacity: 0.25; }
  path { fill: none; stroke-width: 1.5; }
  .memory, .whole { stroke: #2f6feb; } .allowed { stroke: #8c959f; } .overloaded { stroke: #d4a72c; } .outside { stroke: #cf222e; }
  .key-whole { fill: #2f6feb; } .key-allowed { fill: #6e7781; } .key-overloaded { fill: #9a6700; } .key-outside { fill: #cf222e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .scale, .store { fill: #9198a1; } line { stroke: #3d444d; }
    .key-whole { fill: #7aa2f0; } .key-allowed { fill: #9198a1; } .key-overloaded { fill: #d4a72c; } .key-outside { fill: #ff7b72; }
  }
";

/// What is drawn.
pub(super) struct Picture<'a> {
    pub(super) title: &'a str,
    pub(super) stretches: &'a [Stretch],
    pub(super) outages: &'a [Outage],
    pub(super) began: Instant,
}

/// A line of a panel: its class, what it is called, and its values.
type Curve = (&'static str, &'static str, Vec<f64>);

impl Picture<'_> {
    fn x(&self, second: f64) -> f64 {
        let length = (self.stretches.len() as f64 * STRETCH.as_secs_f64()).max(1.0);
        LEFT + (second / length).min(1.0) * (RIGHT - LEFT)
    }

    /// All of it as SVG.
    pub(super) fn svg(&self) -> String {
        let a_second = |count: fn(&Stretch) -> u64| {
            self.stretches.iter().map(|stretch| count(stretch) as f64 / STRETCH.as_secs_f64()).collect::<Vec<_>>()
        };
        let resident =
            |stretch: &Stretch| stretch.resident().map_or(f64::NAN, |bytes| bytes as f64 / f64::from(1 << 20));
        let panels: [(&str, Vec<Curve>); 3] = [
            (
                "Resident memory of the gateway, MiB",
                vec![("memory", "", self.stretches.iter().map(resident).collect())],
            ),
            ("Answers a second", vec![("whole", "", a_second(Stretch::answers))]),
            (
                "Of these a second",
                vec![
                    ("allowed", "something is missing, as the matrix allows", a_second(|stretch| stretch.allowed)),
                    ("overloaded", "refused: too much to do", a_second(|stretch| stretch.overloaded)),
                    ("outside", "outside the matrix", a_second(|stretch| stretch.outside)),
                ],
            ),
        ];
        let bottom = TOP + panels.len() as f64 * (PANEL + BETWEEN) - BETWEEN;
        let (height, title) = (bottom + 40.0, self.title);
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">
<style>{STYLE}</style>
<text class="title" x="8" y="18">{title}</text>
"#
        );
        self.outages(&mut svg, bottom);
        self.minutes(&mut svg, bottom);
        for (place, (heading, curves)) in panels.iter().enumerate() {
            self.panel(&mut svg, TOP + place as f64 * (PANEL + BETWEEN), heading, curves);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn outages(&self, svg: &mut String, bottom: f64) {
        let second = |moment: Instant| moment.saturating_duration_since(self.began).as_secs_f64();
        for outage in self.outages {
            let Some(back) = outage.back else { continue };
            let (begin, end) = (self.x(second(outage.killed)), self.x(second(back + HEALED_WITHIN)));
            // Writing to a String can't fail, here and below.
            let _ = writeln!(
                svg,
                r#"<rect class="outage" x="{begin:.1}" y="{:.0}" width="{:.1}" height="{:.0}"/>
<text class="store" x="{:.1}" y="36" text-anchor="middle">{}</text>"#,
                TOP - 22.0,
                end - begin,
                bottom - TOP + 22.0,
                f64::midpoint(begin, end),
                outage.store.name(),
            );
        }
    }

    fn minutes(&self, svg: &mut String, bottom: f64) {
        let minutes = self.stretches.len() as f64 * STRETCH.as_secs_f64() / 60.0;
        let step = if minutes > 20.0 { 5 } else { 1 };
        for minute in (0..=minutes as u32).step_by(step) {
            let x = self.x(f64::from(minute) * 60.0);
            let y = bottom + 16.0;
            let _ = writeln!(svg, r#"<text class="scale" x="{x:.1}" y="{y:.0}" text-anchor="middle">{minute}</text>"#);
        }
        let (x, y) = (f64::midpoint(LEFT, RIGHT), bottom + 32.0);
        let _ = writeln!(svg, r#"<text class="scale" x="{x:.0}" y="{y:.0}" text-anchor="middle">minutes</text>"#);
    }

    fn panel(&self, svg: &mut String, top: f64, heading: &str, curves: &[Curve]) {
        let highest = curves.iter().flat_map(|(_, _, values)| values).copied().fold(0.0, f64::max);
        let most = round(highest);
        let y = |value: f64| top + PANEL - value / most * (PANEL - 18.0);
        let _ = writeln!(svg, r#"<text class="heading" x="{LEFT}" y="{:.0}">{heading}</text>"#, top + 8.0);
        for part in [0.0, 0.5, 1.0] {
            let (value, at) = (most * part, y(most * part));
            let _ = writeln!(
                svg,
                r#"<line x1="{LEFT}" x2="{RIGHT}" y1="{at:.1}" y2="{at:.1}"/>
<text class="scale" x="{:.0}" y="{:.1}" text-anchor="end">{value}</text>"#,
                LEFT - 6.0,
                at + 4.0
            );
        }
        let mut key = RIGHT;
        for (class, name, values) in curves.iter().rev() {
            let mut path = String::new();
            for (place, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                let x = self.x((place as f64 + 0.5) * STRETCH.as_secs_f64());
                let _ = write!(path, "{}{x:.1} {:.1}", if path.is_empty() { 'M' } else { 'L' }, y(*value));
            }
            let _ = writeln!(svg, r#"<path class="{class}" d="{path}"/>"#);
            if !name.is_empty() {
                let _ = writeln!(
                    svg,
                    r#"<text class="key-{class}" x="{key:.0}" y="{:.0}" text-anchor="end">{name}</text>"#,
                    top + 8.0
                );
                key -= 8.0 + 6.6 * name.len() as f64;
            }
        }
    }
}

/// The end of a scale: 1, 2 or 5 and zeros, at least so much.
fn round(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|end| *end >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        assert_eq!([0.0, 1.0, 1.5, 47.0, 99.0, 100.0, 130.0].map(round), [1.0, 1.0, 2.0, 50.0, 100.0, 100.0, 200.0]);
    }
}

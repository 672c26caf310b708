//! What users say of themselves.

use super::dice::Dice;
use super::topics::Topic;

const CITIES: [&str; 20] = [
    "Lisbon",
    "São Paulo",
    "Zürich",
    "Kraków",
    "Reykjavík",
    "Kyoto",
    "Nairobi",
    "Montréal",
    "Wellington",
    "Istanbul",
    "Bologna",
    "Porto",
    "Leipzig",
    "Valparaíso",
    "Málaga",
    "Tallinn",
    "Galway",
    "Hanoi",
    "Cape Town",
    "Besançon",
];
const JOBS: [&str; 16] = [
    "Backend engineer",
    "Librarian",
    "Physics teacher",
    "Site reliability engineer",
    "Translator",
    "Nurse",
    "Carpenter",
    "Data engineer",
    "Student",
    "Illustrator",
    "Retired pilot",
    "Baker",
    "Geologist",
    "Product designer",
    "Violin maker",
    "Bus driver",
];

/// A few words on somebody with these interests; some say nothing.
pub(super) fn bio([first, second]: [&Topic; 2], dice: &mut Dice) -> Option<String> {
    if !dice.chance(85) {
        return None;
    }
    let (city, job) = (dice.pick(&CITIES), dice.pick(&JOBS));
    let (doing, other) = (dice.pick(first.doing), dice.pick(second.doing));
    Some(match dice.below(6) {
        0 => format!("{job} from {city}. Mostly {} and {}.", first.name, second.name),
        1 => format!("{job}. Happiest when {doing}."),
        2 => format!("Writes about {}, sometimes about {}. Lives in {city}.", first.name, second.name),
        3 => format!("{city} 🌍 {} · {}", first.name, second.name),
        4 => format!("{job} by day, {doing} by night. Opinions are my own, and so are the typos."),
        _ => format!("Here to learn about {}. Ask me about {other}. {job} in {city}.", first.name),
    })
}

//! Posts that read like posts: sentences with the words of a topic in them, none of them twice. All is in normal
//! form C as it stands here and in `topics`; the tests of `data` see to it.

use super::dice::Dice;
use super::topics::Topic;

/// A post's title and content.
pub(super) fn post(topic: &Topic, dice: &mut Dice) -> (String, String) {
    let thing = dice.pick(topic.things);
    let doing = dice.pick(topic.doing);
    let mut writer = Writer { topic, thing, doing, remarks: topic.remarks.to_vec(), links: LINKS.to_vec(), dice };
    let (title, opening) = if writer.dice.chance(60) {
        (writer.title_about_thing(), writer.opening_about_thing())
    } else {
        (writer.title_about_doing(), writer.opening_about_doing())
    };
    let mut paragraphs = vec![format!("{opening} {}", writer.remark())];
    for _ in 0..1 + writer.dice.below(3) {
        paragraphs.push(writer.paragraph());
    }
    if writer.dice.chance(60) {
        paragraphs.push(writer.closing());
    }
    (title, paragraphs.join("\n\n"))
}

/// Ways to link the post's subject to other things of its topic.
#[derive(Debug, Clone, Copy)]
enum Link {
    MoreSense,
    Reminded,
    Compared,
    StartWith,
    Surprised,
    Mentioned,
    Learned,
    LeftOut,
    GaveUp,
    Advice,
}

const LINKS: [Link; 10] = [
    Link::MoreSense,
    Link::Reminded,
    Link::Compared,
    Link::StartWith,
    Link::Surprised,
    Link::Mentioned,
    Link::Learned,
    Link::LeftOut,
    Link::GaveUp,
    Link::Advice,
];

/// Writes one post.
struct Writer<'a> {
    topic: &'a Topic,
    thing: &'a str,
    doing: &'a str,
    /// Remarks that have not been made yet.
    remarks: Vec<&'a str>,
    /// Links that have not been used yet.
    links: Vec<Link>,
    dice: &'a mut Dice,
}

impl<'a> Writer<'a> {
    fn title_about_thing(&mut self) -> String {
        let (name, thing, other) = (self.topic.name, self.thing, self.other_thing());
        capitalized(&match self.dice.below(11) {
            0 => format!("Notes on {thing}"),
            1 => format!("{thing} or {other}?"),
            2 => format!("In praise of {thing}"),
            3 => format!("{thing}, one year later"),
            4 => format!("Why I keep coming back to {thing}"),
            5 => format!("From {thing} to {other}"),
            6 => format!("The trouble with {thing}"),
            7 => format!("How {thing} changed my mind about {name}"),
            8 => format!("A love letter to {thing}"),
            9 => format!("What nobody told me about {thing}"),
            _ => format!("Everything I got wrong about {thing}"),
        })
    }

    fn title_about_doing(&mut self) -> String {
        let (name, doing) = (self.topic.name, self.doing);
        let number = self.dice.pick(&["Three", "Four", "Five", "Seven", "Ten"]);
        capitalized(&match self.dice.below(7) {
            0 => format!("What {doing} taught me about {name}"),
            1 => format!("{number} things I wish I had known before {doing}"),
            2 => format!("A week of {doing}"),
            3 => format!("{doing}: a beginner's diary"),
            4 => format!("{number} small lessons from {doing}"),
            5 => format!("{doing}, and other bad ideas"),
            _ => format!("A year of {doing}"),
        })
    }

    fn opening_about_thing(&mut self) -> String {
        let (name, thing, since) = (self.topic.name, self.thing, self.since());
        match self.dice.below(5) {
            0 => format!("People ask me about {thing} more often than about anything else."),
            1 => format!("I used to think that {name} was not for me. Then came {thing}."),
            2 => format!("{since} a friend asked me what I thought of {thing}. This is the long answer."),
            3 => format!("This is a post about {thing}, but it begins with {}.", self.doing),
            _ => format!("Some notes on {thing}, before I forget them."),
        }
    }

    fn opening_about_doing(&mut self) -> String {
        let (doing, since) = (self.doing, self.since());
        match self.dice.below(5) {
            0 => format!("{since} I started {doing}, and I have not stopped since."),
            1 => format!("{since} I promised to write about {doing}. Here it is at last."),
            2 => format!("There are two kinds of people: those who have tried {doing}, and those who sleep well."),
            3 => format!("It began with {}, and it ended with {doing}.", self.thing),
            _ => format!("Nobody warned me about {doing}, so let me warn you."),
        }
    }

    fn paragraph(&mut self) -> String {
        let sentences: Vec<String> = (0..2 + self.dice.below(3)).map(|_| self.sentence()).collect();
        sentences.join(" ")
    }

    /// The next sentence. Remarks and links together are more than the longest post needs.
    fn sentence(&mut self) -> String {
        if self.links.is_empty() || (!self.remarks.is_empty() && self.dice.chance(50)) {
            self.remark().to_owned()
        } else {
            self.link()
        }
    }

    fn remark(&mut self) -> &'a str {
        draw(&mut self.remarks, self.dice)
    }

    fn link(&mut self) -> String {
        let link = draw(&mut self.links, self.dice);
        let (name, thing, other, when) = (self.topic.name, self.thing, self.other_thing(), self.when());
        let doing = another(self.topic.doing, self.doing, self.dice);
        capitalized(&match link {
            Link::MoreSense => format!("{when}, {thing} made more sense to me than {other} ever did."),
            Link::Reminded => format!("It reminded me of {doing}: slow at first, then all at once."),
            Link::Compared => format!("{when} I compared {thing} with {other}, and I still can't decide."),
            Link::StartWith => format!("If you are new to {name}, start with {other}."),
            Link::Surprised => format!("{thing} surprised me, {other} did not."),
            Link::Mentioned => format!("{when} somebody mentioned {other}, and the whole evening went that way."),
            Link::Learned => format!("I learned more from {doing} than from any book about {name}."),
            Link::LeftOut => format!("Most of what is written about {thing} leaves out {other}."),
            Link::GaveUp => format!("{when} I gave up on {other} and went back to {thing}."),
            Link::Advice => format!("My advice: try {doing} once before you form an opinion."),
        })
    }

    fn closing(&mut self) -> String {
        let (name, thing, other) = (self.topic.name, self.thing, self.other_thing());
        match self.dice.below(6) {
            0 => format!("Next time: {other}."),
            1 => format!("Tell me what I missed about {thing}. I read every comment."),
            2 => format!("That is all for now. I am off, {}.", self.doing),
            3 => "Thanks for reading to the end! 🎉".to_owned(),
            4 => format!("More about {name} next week, weather permitting."),
            _ => format!("Would I do it again? Yes, but with more patience, and with {other}."),
        }
    }

    fn other_thing(&mut self) -> &'a str {
        another(self.topic.things, self.thing, self.dice)
    }

    fn since(&mut self) -> &'static str {
        self.dice.pick(&["Last spring", "Two years ago", "In March", "One rainy Sunday", "Over the holidays"])
    }

    fn when(&mut self) -> &'static str {
        self.dice.pick(&["On the first day", "By the second week", "After a month", "In the end", "Before long"])
    }
}

/// Takes one of `from` out, which must not be empty.
fn draw<T>(from: &mut Vec<T>, dice: &mut Dice) -> T {
    from.swap_remove(dice.below(from.len() as u64) as usize)
}

/// One of `all` that is not `one`.
fn another<'a>(all: &[&'a str], one: &str, dice: &mut Dice) -> &'a str {
    let at = dice.below(all.len() as u64) as usize;
    if all[at] == one { all[(at + 1) % all.len()] } else { all[at] }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::dice::Purpose;
    use super::super::topics;
    use super::*;

    #[test]
    fn posts_are_well_formed_and_say_nothing_twice() {
        for index in 0..2_000 {
            let mut dice = Dice::new(3, Purpose::Prose, index);
            let (title, content) = post(&topics::ALL[index as usize % topics::ALL.len()], &mut dice);
            for text in [&title, &content] {
                assert!(!text.contains(['{', '}']) && !text.contains("  "), "{text}");
                assert!(text.chars().next().is_some_and(|first| !first.is_lowercase()), "{text}");
            }
            for paragraph in content.split("\n\n") {
                assert!(!paragraph.is_empty() && !paragraph.starts_with(' ') && !paragraph.ends_with(' '), "{content}");
            }
            let sentences: Vec<_> = content.split_inclusive(['.', '\n']).map(str::trim).collect();
            let different: HashSet<_> = sentences.iter().filter(|sentence| sentence.len() > 1).collect();
            let said = sentences.iter().filter(|sentence| sentence.len() > 1).count();
            assert_eq!(different.len(), said, "{content}");
        }
    }
}

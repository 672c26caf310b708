//! Draws valid queries: any field of the schema may be in one, with any arguments that it takes.

use std::collections::BTreeMap;

use async_graphql::parser::types::{BaseType, TypeKind, TypeSystemDefinition};
use async_graphql::parser::{parse_schema, types::Type};
use async_graphql_value::Name;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::support::{Society, global};

/// How many fields a query has at most, so that thousands are asked in minutes.
const MOST_FIELDS: u32 = 14;
/// How deep selections go before leaves are preferred.
const DEPTH: u32 = 4;

/// What engines judge by themselves, each in its own way: how well something matches, and what of a text shows that.
const BY_ENGINE: [(&str, &str); 5] = [
    ("SearchResult", "score"),
    ("SearchResult", "highlights"),
    ("SearchEdge", "cursor"),
    ("SearchConnection", "pageInfo"),
    ("Query", "_service"),
];

struct Field {
    name: String,
    arguments: Vec<(String, Type)>,
    of: String,
    is_drawn: bool,
}

/// Draws queries, the same for the same seed.
pub(crate) struct Draw<'a> {
    dice: ChaCha8Rng,
    society: &'a Society,
    types: BTreeMap<String, Vec<Field>>,
    /// The members of unions and interfaces.
    members: BTreeMap<String, Vec<String>>,
    enums: BTreeMap<String, Vec<String>>,
    /// How many fields the query at hand may still have, and how many all of them had.
    left: u32,
    drawn: u64,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(society: &'a Society, seed: u64) -> Self {
        let (mut types, mut members, mut enums) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
        for definition in parse_schema(polygraph::graphql::sdl()).expect("a schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        members.entry(interface.node.to_string()).or_default().push(name.clone());
                    }
                    let fields = object.fields.into_iter().map(|field| Field {
                        name: field.node.name.node.to_string(),
                        arguments: field
                            .node
                            .arguments
                            .into_iter()
                            .map(|argument| (argument.node.name.node.to_string(), argument.node.ty.node))
                            .collect(),
                        of: named(&field.node.ty.node.base).to_string(),
                        is_drawn: false,
                    });
                    let drawn = fields.filter(|field| !BY_ENGINE.contains(&(&name, &field.name)));
                    types.insert(name.clone(), drawn.collect());
                }
                TypeKind::Union(union) => {
                    let all = union.members.into_iter().map(|member| member.node.to_string());
                    members.entry(name).or_default().extend(all);
                }
                TypeKind::Enum(values) => {
                    let values = values.values.into_iter().map(|value| value.node.value.node.to_string());
                    enums.insert(name, values.collect());
                }
                _ => {}
            }
        }
        Self { dice: ChaCha8Rng::seed_from_u64(seed), society, types, members, enums, left: 0, drawn: 0 }
    }

    /// The next query.
    pub(crate) fn query(&mut self) -> String {
        self.left = MOST_FIELDS;
        self.selection("Query", DEPTH)
    }

    /// The fields of what is read that no query had so far.
    pub(crate) fn missing(&self) -> Vec<String> {
        let others = ["Mutation", "Subscription", "AccessToken", "UserError", "Highlight"];
        let is_read = |of: &str| !of.ends_with("Payload") && !others.contains(&of);
        let types = self.types.iter().filter(|(of, _)| is_read(of));
        let fields = types.flat_map(|(of, fields)| fields.iter().map(move |field| (of, field)));
        fields.filter(|(_, field)| !field.is_drawn).map(|(of, field)| format!("{of}.{}", field.name)).collect()
    }

    /// One to three fields of a type, each under a name of its own.
    fn selection(&mut self, of: &str, depth: u32) -> String {
        if let Some(members) = self.members.get(of).cloned() {
            let each = members.iter().map(|member| format!(" ... on {member} {}", self.selection(member, depth)));
            return format!("{{ __typename{} }}", each.collect::<String>());
        }
        let mut text = String::from("{ __typename");
        for _ in 0..self.dice.random_range(1..=3) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            text.push(' ');
            text += &self.field(of, depth);
        }
        text + " }"
    }

    fn field(&mut self, of: &str, depth: u32) -> String {
        let fields = &self.types[of];
        let is_leaf = |field: &&Field| !self.types.contains_key(&field.of) && !self.members.contains_key(&field.of);
        let leaves: Vec<usize> = (0..fields.len()).filter(|at| is_leaf(&&fields[*at])).collect();
        let at = match leaves.choose(&mut self.dice) {
            Some(leaf) if depth == 0 => *leaf,
            _ => self.dice.random_range(0..fields.len()),
        };
        let (name, below) = (fields[at].name.clone(), fields[at].of.clone());
        let is_composite = !is_leaf(&&fields[at]);
        let arguments = self.arguments(of, at);
        self.types.get_mut(of).expect("a type")[at].is_drawn = true;
        self.drawn += 1;
        // The alias says what is compared by what is found in it, not by its order.
        let alias = format!("{name}_{}", self.drawn);
        let selection = if is_composite { self.selection(&below, depth.saturating_sub(1)) } else { String::new() };
        format!("{alias}: {name}{arguments} {selection}")
    }

    fn arguments(&mut self, of: &str, at: usize) -> String {
        let field = &self.types[of][at];
        let (name, taken) = (field.name.clone(), field.arguments.clone());
        let mut given: Vec<(String, String)> = Vec::new();
        let is_newest = self.dice.random_bool(0.5);
        let is_backward =
            name != "search" && taken.iter().any(|(argument, _)| argument == "last") && self.dice.random_bool(0.25);
        for (argument, ty) in &taken {
            let is_optional = ty.nullable && !["query", "prefix"].contains(&argument.as_str());
            let value = match (name.as_str(), argument.as_str()) {
                // By relevance engines order differently: then little is found, and all of it is asked for.
                ("search", "query") => Some(self.text(if is_newest { Text::TwoWords } else { Text::Title })),
                ("search", "orderBy") => is_newest.then(|| "NEWEST".to_owned()),
                ("search", "first") if !is_newest => Some("100".to_owned()),
                ("search", "last") => None,
                ("suggest", "prefix") => Some(self.text(Text::Prefix)),
                ("suggest", "first") => Some("100".to_owned()),
                (_, "first") => (!is_backward).then(|| self.dice.random_range(1..=3).to_string()),
                (_, "last") => is_backward.then(|| self.dice.random_range(1..=3).to_string()),
                // Cursors are walked by `pagination`.
                (_, "after" | "before") => None,
                // Exactly one of the two.
                ("user", "id") => self.dice.random_bool(0.5).then(|| self.id()),
                ("user", "handle") => given.is_empty().then(|| self.handle()),
                _ if is_optional && self.dice.random_bool(0.5) => None,
                (_, "id") => Some(self.id()),
                (_, "ids") => Some(format!("[{}, {}, {}]", self.id(), self.id(), self.id())),
                (_, "author") => Some(self.user()),
                (_, "from") => Some("\"2024-03-01T00:00:00Z\"".to_owned()),
                (_, "to") => Some("\"2024-03-20T00:00:00+02:00\"".to_owned()),
                _ => Some(self.value_of_enum(&name, argument, ty)),
            };
            given.extend(value.map(|value| (argument.clone(), value)));
        }
        let given: Vec<_> = given.iter().map(|(argument, value)| format!("{argument}: {value}")).collect();
        if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
    }

    fn value_of_enum(&mut self, field: &str, argument: &str, ty: &Type) -> String {
        let name = named(&ty.base).to_string();
        let values = self.enums.get(&name);
        let values = values.unwrap_or_else(|| panic!("{field}({argument}:): say here what a {name} may be"));
        let value = values.choose(&mut self.dice).expect("a value").clone();
        if matches!(ty.base, BaseType::List(_)) { format!("[{value}]") } else { value }
    }

    /// The quoted id of something, now and then of nothing that there is.
    fn id(&mut self) -> String {
        let society = self.society;
        match self.dice.random_range(0..10) {
            0 => format!("\"{}\"", global(polygraph::domain::PostId(uuid::Uuid::max()))),
            1..=4 => format!("\"{}\"", global(society.posts.choose(&mut self.dice).expect("posts").id)),
            5..=6 => format!("\"{}\"", global(society.likes.choose(&mut self.dice).expect("likes").id)),
            _ => self.user(),
        }
    }

    fn user(&mut self) -> String {
        format!("\"{}\"", global(self.society.users.choose(&mut self.dice).expect("users").id))
    }

    fn handle(&mut self) -> String {
        let users = &self.society.users;
        let handle = if self.dice.random_bool(0.1) {
            "nobody_at_all"
        } else {
            users.choose(&mut self.dice).expect("users").handle.as_str()
        };
        format!("\"{handle}\"")
    }

    /// Something that is to be found in a title.
    fn text(&mut self, what: Text) -> String {
        let title = self.society.posts.choose(&mut self.dice).expect("posts").title.to_string();
        let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1).collect();
        let at = self.dice.random_range(0..words.len().max(2) - 1);
        let text = match what {
            Text::Title => words.join(" "),
            Text::TwoWords => words[at..].iter().take(2).copied().collect::<Vec<_>>().join(" "),
            Text::Prefix => words[at].chars().take(4).collect(),
        };
        format!("\"{text}\"")
    }
}

/// How much of a title is searched for.
enum Text {
    Title,
    TwoWords,
    Prefix,
}

fn named(ty: &BaseType) -> &Name {
    match ty {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(&of.base),
    }
}

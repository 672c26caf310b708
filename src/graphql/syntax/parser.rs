//! Makes a document of tokens (§2.2 to §2.12): a function for each production.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeCondition,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::{Number, Value};

use super::lexer::{Lexeme, Lexer, Token};
use super::{Bound, Bounds, Parsed, Unreadable};

/// After how many tokens those that are left are counted, before a tree is made of them: most texts have fewer, and one
/// that has too many is refused for a tenth of what its tree would take.
const COUNTED_FROM: usize = 400;

type Result<T, E = Unreadable> = std::result::Result<T, E>;
type Operation = (Option<Name>, Positioned<OperationDefinition>);

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token that is looked at.
    next: Token<'a>,
    /// How many brackets are open here.
    open: usize,
    /// How many tokens, and how many aliases, were read.
    tokens: usize,
    aliases: usize,
    bounds: Bounds,
    faults: Vec<ServerError>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, bounds: Bounds) -> Result<Self> {
        let mut lexer = Lexer::new(text);
        let next = lexer.next()?;
        Ok(Self { lexer, next, open: 0, tokens: 0, aliases: 0, bounds, faults: Vec::new() })
    }

    pub(super) fn document(mut self) -> Result<Parsed> {
        let (mut operations, mut fragments) = (Vec::new(), HashMap::new());
        loop {
            match self.next.lexeme {
                Lexeme::Name("fragment") => self.fragment(&mut fragments)?,
                _ => operations.push(self.operation()?),
            }
            if self.next.lexeme == Lexeme::End {
                break;
            }
        }
        let operations = self.by_name(operations);
        Ok(Parsed { document: ExecutableDocument { operations, fragments }, faults: self.faults })
    }

    /// Operations by their names, which must differ (§5.2.1.1); one without a name stands alone (§5.2.2.1).
    fn by_name(&mut self, operations: Vec<Operation>) -> DocumentOperations {
        let is_alone = operations.len() == 1;
        let mut named = HashMap::new();
        for (name, operation) in operations {
            let at = operation.pos;
            match name {
                None if is_alone => return DocumentOperations::Single(operation),
                None => self.fault("An operation without a name must be the only one of its document.", at),
                Some(name) => match named.entry(name) {
                    Entry::Vacant(entry) => {
                        entry.insert(operation);
                    }
                    Entry::Occupied(entry) => {
                        let message = format!("There can be only one operation named \"{}\".", entry.key());
                        self.fault(message, at);
                    }
                },
            }
        }
        if named.is_empty() && self.faults.is_empty() {
            self.fault("The document has no operation.", Pos { line: 1, column: 1 });
        }
        DocumentOperations::Multiple(named)
    }

    fn operation(&mut self) -> Result<Operation> {
        let at = self.next.at;
        let ty = match self.next.lexeme {
            Lexeme::Mark('{') => None,
            Lexeme::Name("query") => Some(OperationType::Query),
            Lexeme::Name("mutation") => Some(OperationType::Mutation),
            Lexeme::Name("subscription") => Some(OperationType::Subscription),
            _ => return Err(self.unexpected("an operation or a fragment")),
        };
        let Some(ty) = ty else {
            let (variable_definitions, directives) = (Vec::new(), Vec::new());
            let selection_set = self.selection_set()?;
            let ty = OperationType::Query;
            let operation = OperationDefinition { ty, variable_definitions, directives, selection_set };
            return Ok((None, Positioned::new(operation, at)));
        };
        self.advance()?;
        let name = if matches!(self.next.lexeme, Lexeme::Name(_)) { Some(self.name()?.node) } else { None };
        let variable_definitions = self.optional_many(['(', ')'], Self::variable_definition)?;
        let directives = self.directives(false)?;
        let selection_set = self.selection_set()?;
        let operation = OperationDefinition { ty, variable_definitions, directives, selection_set };
        Ok((name, Positioned::new(operation, at)))
    }

    fn variable_definition(&mut self) -> Result<Positioned<VariableDefinition>> {
        let at = self.next.at;
        let name = self.variable()?;
        self.expect(':')?;
        let var_type = self.ty()?;
        let default_value = match self.skip('=')? {
            true => {
                let place = self.next.at;
                // Constants have no variables, so this is never `None`.
                self.value(true)?.into_const().map(|value| Positioned::new(value, place))
            }
            false => None,
        };
        let directives = self.directives(true)?;
        Ok(Positioned::new(VariableDefinition { name, var_type, directives, default_value }, at))
    }

    fn fragment(&mut self, fragments: &mut HashMap<Name, Positioned<FragmentDefinition>>) -> Result<()> {
        let at = self.next.at;
        self.advance()?;
        let name = self.fragment_name()?;
        let Some(type_condition) = self.type_condition()? else { return Err(self.unexpected("\"on\"")) };
        let directives = self.directives(false)?;
        let selection_set = self.selection_set()?;
        // A name stands for one fragment (§5.5.1.1).
        match fragments.entry(name.node) {
            Entry::Vacant(entry) => {
                let fragment = FragmentDefinition { type_condition, directives, selection_set };
                entry.insert(Positioned::new(fragment, at));
            }
            Entry::Occupied(entry) => {
                let message = format!("There can be only one fragment named \"{}\".", entry.key());
                self.fault(message, at);
            }
        }
        Ok(())
    }

    fn fragment_name(&mut self) -> Result<Positioned<Name>> {
        if self.next.lexeme == Lexeme::Name("on") {
            return Err(self.unexpected("a fragment's name"));
        }
        self.name()
    }

    fn type_condition(&mut self) -> Result<Option<Positioned<TypeCondition>>> {
        let at = self.next.at;
        if self.next.lexeme != Lexeme::Name("on") {
            return Ok(None);
        }
        self.advance()?;
        Ok(Some(Positioned::new(TypeCondition { on: self.name()? }, at)))
    }

    fn selection_set(&mut self) -> Result<Positioned<SelectionSet>> {
        let at = self.next.at;
        let items = self.many(['{', '}'], Self::selection)?;
        Ok(Positioned::new(SelectionSet { items }, at))
    }

    fn selection(&mut self) -> Result<Positioned<Selection>> {
        let at = self.next.at;
        if self.next.lexeme != Lexeme::Spread {
            let field = self.field()?;
            return Ok(Positioned::new(Selection::Field(Positioned::new(field, at)), at));
        }
        self.advance()?;
        let selection = if matches!(self.next.lexeme, Lexeme::Name(name) if name != "on") {
            let (fragment_name, directives) = (self.fragment_name()?, self.directives(false)?);
            Selection::FragmentSpread(Positioned::new(FragmentSpread { fragment_name, directives }, at))
        } else {
            let (type_condition, directives) = (self.type_condition()?, self.directives(false)?);
            let selection_set = self.selection_set()?;
            let inline = InlineFragment { type_condition, directives, selection_set };
            Selection::InlineFragment(Positioned::new(inline, at))
        };
        Ok(Positioned::new(selection, at))
    }

    fn field(&mut self) -> Result<Field> {
        let first = self.name()?;
        let (alias, name) = if self.skip(':')? { (Some(first), self.name()?) } else { (None, first) };
        self.aliases += usize::from(alias.is_some());
        within(self.aliases, self.bounds.aliases, Bound::Aliases)?;
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let has_selection = self.next.lexeme == Lexeme::Mark('{');
        let selection_set = if has_selection { self.selection_set()? } else { Positioned::default() };
        Ok(Field { alias, name, arguments, directives, selection_set })
    }

    fn directives(&mut self, constant: bool) -> Result<Vec<Positioned<Directive>>> {
        let mut directives = Vec::new();
        loop {
            let at = self.next.at;
            if !self.skip('@')? {
                return Ok(directives);
            }
            let (name, arguments) = (self.name()?, self.arguments(constant)?);
            directives.push(Positioned::new(Directive { name, arguments }, at));
            within(directives.len(), self.bounds.directives, Bound::Directives)?;
        }
    }

    fn arguments(&mut self, constant: bool) -> Result<Vec<(Positioned<Name>, Positioned<Value>)>> {
        self.optional_many(['(', ')'], |parser| {
            let name = parser.name()?;
            parser.expect(':')?;
            let at = parser.next.at;
            Ok((name, Positioned::new(parser.value(constant)?, at)))
        })
    }

    fn value(&mut self, constant: bool) -> Result<Value> {
        let at = self.next.at;
        let value = match &mut self.next.lexeme {
            Lexeme::Mark('$') if constant => return Err(self.unexpected("a constant")),
            Lexeme::Mark('$') => return Ok(Value::Variable(self.variable()?.node)),
            Lexeme::Mark('[') => return Ok(Value::List(self.any(['[', ']'], |parser| parser.value(constant))?)),
            Lexeme::Mark('{') => return self.object(constant),
            // Integers have no negative zero.
            Lexeme::Int("-0") => Value::Number(Number::from(0)),
            Lexeme::Int(text) | Lexeme::Float(text) => match text.parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => {
                    let message = format!("{text} is beyond all numbers.");
                    self.fault(message, at);
                    Value::Null
                }
            },
            Lexeme::String(text) => Value::String(std::mem::take(text)),
            Lexeme::Name("true") => Value::Boolean(true),
            Lexeme::Name("false") => Value::Boolean(false),
            Lexeme::Name("null") => Value::Null,
            Lexeme::Name(name) => Value::Enum(Name::new(name)),
            _ => return Err(self.unexpected("a value")),
        };
        self.advance()?;
        Ok(value)
    }

    /// An input object, whose fields have a name each (§5.6.3).
    fn object(&mut self, constant: bool) -> Result<Value> {
        let fields = self.any(['{', '}'], |parser| {
            let name = parser.name()?;
            parser.expect(':')?;
            Ok((name, parser.value(constant)?))
        })?;
        let mut object = IndexMap::with_capacity(fields.len());
        for (name, value) in fields {
            if object.contains_key(&name.node) {
                let message = format!("There can be only one input field named \"{}\".", name.node);
                self.fault(message, name.pos);
            } else {
                object.insert(name.node, value);
            }
        }
        Ok(Value::Object(object))
    }

    fn ty(&mut self) -> Result<Positioned<Type>> {
        let at = self.next.at;
        let base = if self.next.lexeme == Lexeme::Mark('[') {
            self.opened('[')?;
            let item = self.ty()?.node;
            self.closed(']')?;
            BaseType::List(Box::new(item))
        } else {
            BaseType::Named(self.name()?.node)
        };
        let nullable = !self.skip('!')?;
        Ok(Positioned::new(Type { base, nullable }, at))
    }

    fn variable(&mut self) -> Result<Positioned<Name>> {
        let at = self.next.at;
        self.expect('$')?;
        Ok(Positioned::new(self.name()?.node, at))
    }

    fn name(&mut self) -> Result<Positioned<Name>> {
        let Lexeme::Name(name) = self.next.lexeme else { return Err(self.unexpected("a name")) };
        let at = self.next.at;
        self.advance()?;
        Ok(Positioned::new(Name::new(name), at))
    }

    /// Items between brackets: any number of them.
    fn any<T>(&mut self, [open, close]: [char; 2], mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.opened(open)?;
        let mut items = Vec::new();
        while self.next.lexeme != Lexeme::Mark(close) {
            items.push(item(self)?);
        }
        self.closed(close)?;
        Ok(items)
    }

    /// Items between brackets: at least one.
    fn many<T>(&mut self, [open, close]: [char; 2], mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.opened(open)?;
        let mut items = vec![item(self)?];
        while self.next.lexeme != Lexeme::Mark(close) {
            items.push(item(self)?);
        }
        self.closed(close)?;
        Ok(items)
    }

    /// At least one item between brackets, or no brackets.
    fn optional_many<T>(&mut self, brackets: [char; 2], item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        if self.next.lexeme == Lexeme::Mark(brackets[0]) { self.many(brackets, item) } else { Ok(Vec::new()) }
    }

    fn opened(&mut self, bracket: char) -> Result<()> {
        self.expect(bracket)?;
        self.open += 1;
        within(self.open, self.bounds.open, Bound::Open)
    }

    fn closed(&mut self, bracket: char) -> Result<()> {
        self.open -= 1;
        self.expect(bracket)
    }

    fn expect(&mut self, mark: char) -> Result<()> {
        if self.skip(mark)? { Ok(()) } else { Err(self.unexpected(&format!("\"{mark}\""))) }
    }

    /// Goes past this punctuator, if it is what comes next.
    fn skip(&mut self, mark: char) -> Result<bool> {
        let found = self.next.lexeme == Lexeme::Mark(mark);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn advance(&mut self) -> Result<()> {
        self.tokens += 1;
        within(self.tokens, self.bounds.tokens, Bound::Tokens)?;
        if self.tokens == COUNTED_FROM {
            let left = self.bounds.tokens - self.tokens;
            within(self.lexer.count_rest(left), left, Bound::Tokens)?;
        }
        self.next = self.lexer.next()?;
        Ok(())
    }

    fn unexpected(&self, expected: &str) -> Unreadable {
        Unreadable::syntax(format!("expected {expected}, found {}", self.next.lexeme), self.next.at)
    }

    fn fault(&mut self, message: impl Into<String>, at: Pos) {
        self.faults.push(ServerError::new(message, Some(at)));
    }
}

fn within(count: usize, most: usize, bound: Bound) -> Result<()> {
    if count > most { Err(Unreadable::Beyond(bound)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

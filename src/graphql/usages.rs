//! Values where they stand (GraphQL specification, §5.6, Values, and §5.8.5, All Variable Usages Are Allowed): a literal
//! must be one of the type that stands there, and a variable must have been declared with a type that fits.
//!
//! async-graphql 7.2 has the rule for variables and never runs it: what visits a document does not hand on values to
//! it. Its rule for literals takes strings for enum values, numbers that are no `Int`, and all that stands beside a
//! variable.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError};
use async_graphql_value::{ConstValue, Value};

use super::nulls::{named, root_of};
use super::variables::{Input, InputTypes};
use super::weights::Weights;

/// The types of the arguments of all fields of objects and interfaces.
#[derive(Debug, Clone, Default)]
pub(super) struct ArgumentTypes {
    fields: HashMap<String, HashMap<String, FieldType>>,
    /// The types of objects that each type may be: an object's own, those of an interface or a union.
    objects: HashMap<String, Vec<String>>,
}

/// A field, as the schema has it.
#[derive(Debug, Clone)]
pub(super) struct FieldType {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its arguments.
    pub arguments: Vec<Input>,
    /// How long it is, and what it costs.
    pub weights: Weights,
}

/// Where a variable stands.
#[derive(Clone, Copy)]
struct Position<'a> {
    ty: &'a Type,
    has_default: bool,
    at: Pos,
}

/// The variables of an operation that may be null, and stand where nothing may be: their defaults make that valid,
/// until a request says null.
pub(super) type NeverNull = HashSet<Name>;

impl ArgumentTypes {
    /// The arguments of the schema `sdl`.
    pub(super) fn of(sdl: &str) -> Self {
        let mut types = Self::default();
        let definitions = async_graphql::parser::parse_schema(sdl).map(|document| document.definitions);
        for definition in definitions.unwrap_or_default() {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let fields = match definition.node.kind {
                TypeKind::Object(object) => {
                    for is in object.implements.iter().map(|implements| implements.node.as_str()).chain([name.as_str()])
                    {
                        types.objects.entry(is.to_owned()).or_default().push(name.clone());
                    }
                    object.fields
                }
                TypeKind::Union(union) => {
                    types.objects.insert(name, union.members.iter().map(|member| member.node.to_string()).collect());
                    continue;
                }
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let fields = fields.into_iter().map(|field| {
                let arguments = field.node.arguments.into_iter().map(|argument| Input::from(argument.node)).collect();
                let (name, weights) = (field.node.name.node.to_string(), Weights::of(&field.node.directives));
                (name.clone(), FieldType { name, ty: field.node.ty.node, arguments, weights })
            });
            types.fields.insert(name, fields.collect());
        }
        types
    }

    /// The types of objects that this type may be; none where the schema's text does not have it.
    pub(super) fn objects_of(&self, name: &str) -> &[String] {
        self.objects.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether this is a type of objects.
    pub(super) fn is_object(&self, name: &str) -> bool {
        matches!(self.objects_of(name), [only] if only == name)
    }

    /// Whether everything of the type `name` is of the type `other`, too.
    pub(super) fn is_a(&self, name: &str, other: &str) -> bool {
        name == other || self.is_object(name) && self.objects_of(other).iter().any(|object| object == name)
    }

    /// The field `name` of the type `parent`. Those that the schema's text does not describe (introspection) are the
    /// executor's own.
    pub(super) fn field(&self, parent: &str, name: &str) -> Option<&FieldType> {
        self.fields.get(parent)?.get(name)
    }

    /// Every field there is, with the name of the type that has it.
    #[cfg(test)]
    pub(super) fn all_fields(&self) -> impl Iterator<Item = (&str, &FieldType)> {
        self.fields.iter().flat_map(|(of, fields)| fields.values().map(move |field| (of.as_str(), field)))
    }

    /// Checks the values in an operation, and where its variables stand.
    ///
    /// # Errors
    /// One for each value, and each variable, that stands where its type does not fit.
    pub(super) fn check(
        &self,
        inputs: &InputTypes,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Result<NeverNull, Vec<ServerError>> {
        let root = root_of(operation);
        let declared = &operation.variable_definitions;
        let declared = declared.iter().map(|variable| (&variable.node.name.node, &variable.node)).collect();
        let mut check = Check {
            arguments: self,
            inputs,
            document,
            declared,
            followed: HashSet::new(),
            never_null: HashSet::new(),
            errors: Vec::new(),
        };
        for variable in &operation.variable_definitions {
            for directive in &variable.node.directives {
                let message = format!("The directive \"@{}\" may not stand at a variable.", directive.node.name.node);
                check.error(message, directive.pos);
            }
            if let Some(default) = &variable.node.default_value {
                let ty = &variable.node.var_type.node;
                let position = Position { ty, has_default: false, at: default.pos };
                check.value(&default.node.clone().into_value(), position);
            }
        }
        check.directives(&operation.directives);
        check.selection(root, &operation.selection_set.node);
        if check.errors.is_empty() { Ok(check.never_null) } else { Err(check.errors) }
    }
}

struct Check<'a> {
    arguments: &'a ArgumentTypes,
    inputs: &'a InputTypes,
    document: &'a ExecutableDocument,
    declared: HashMap<&'a Name, &'a VariableDefinition>,
    followed: HashSet<&'a Name>,
    never_null: NeverNull,
    errors: Vec<ServerError>,
}

impl<'a> Check<'a> {
    fn selection(&mut self, parent: &str, selection: &'a SelectionSet) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    self.directives(&field.node.directives);
                    self.typename(field);
                    let known = self.arguments.field(parent, &field.node.name.node);
                    let Some(FieldType { ty, arguments, .. }) = known else { continue };
                    for (name, value) in &field.node.arguments {
                        if let Some(argument) = arguments.iter().find(|argument| argument.name == name.node.as_str()) {
                            self.value(&value.node, Position::of(argument, value.pos));
                        }
                    }
                    self.selection(named(ty), &field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    let of = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.selection(of, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if self.followed.insert(name) {
                        self.directives(&fragment.node.directives);
                        self.selection(&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// `__typename` takes no arguments, and has nothing to be selected: async-graphql does not look at what it is given.
    fn typename(&mut self, field: &Positioned<Field>) {
        let Field { name, arguments, selection_set, .. } = &field.node;
        if name.node == "__typename" && !(arguments.is_empty() && selection_set.node.items.is_empty()) {
            self.error("\"__typename\" has no arguments and no fields.".to_owned(), field.pos);
        }
    }

    /// `@skip` and `@include` have one argument, `if: Boolean!`, and there are no others. async-graphql knows that as well,
    /// but does not look at those of `__typename`.
    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        let ty = Type { base: BaseType::Named(Name::new("Boolean")), nullable: false };
        for directive in directives {
            let name = &directive.node.name.node;
            if name != "skip" && name != "include" {
                self.error(format!("Unknown directive \"@{name}\"."), directive.pos);
                continue;
            }
            match directive.node.arguments.iter().find(|(name, _)| name.node == "if") {
                Some((_, value)) => {
                    self.value(&value.node, Position { ty: &ty, has_default: false, at: value.pos });
                }
                None => {
                    self.error(format!("The argument \"if\" of the directive \"@{name}\" is missing."), directive.pos)
                }
            }
        }
    }

    fn value(&mut self, value: &Value, position: Position<'_>) {
        match (value, &position.ty.base) {
            (Value::Variable(name), _) => self.usage(name, position),
            (Value::Null, _) if position.ty.nullable => {}
            (Value::Null, _) => self.misfit(value, position),
            (Value::List(items), BaseType::List(ty)) => {
                for item in items {
                    self.value(item, Position { ty, has_default: false, ..position });
                }
            }
            // A single value stands for a list of one (§3.11).
            (value, BaseType::List(ty)) => self.value(value, Position { ty, has_default: false, ..position }),
            (Value::Object(given), BaseType::Named(of)) if let Some(fields) = self.inputs.fields(of) => {
                self.object(given, of, fields, position.at);
            }
            (value, BaseType::Named(of)) if !self.inputs.takes(of, value) => self.misfit(value, position),
            _ => {}
        }
    }

    /// An input object: the fields that it has (§5.6.2), and those that it must have (§5.6.4).
    fn object(&mut self, given: &IndexMap<Name, Value>, of: &Name, fields: &[Input], at: Pos) {
        for (name, value) in given {
            match fields.iter().find(|field| field.name == name.as_str()) {
                Some(field) => self.value(value, Position::of(field, at)),
                None => self.error(format!("The input type \"{of}\" has no field \"{name}\"."), at),
            }
        }
        for field in fields.iter().filter(|field| field.is_required() && !given.contains_key(field.name.as_str())) {
            let Input { name, ty, .. } = field;
            self.error(format!("The field \"{name}\" of type \"{ty}\" of the input type \"{of}\" is missing."), at);
        }
    }

    fn misfit(&mut self, value: &Value, position: Position<'_>) {
        self.error(format!("Expected a value of type \"{}\", found {}.", position.ty, kind_of(value)), position.at);
    }

    fn error(&mut self, message: String, at: Pos) {
        self.errors.push(ServerError::new(message, Some(at)));
    }

    fn usage(&mut self, name: &Name, position: Position<'_>) {
        // One that was not declared is for another rule to name.
        let Some(declared) = self.declared.get(name) else { return };
        let ty = &declared.var_type.node;
        let has_default = declared.default_value.as_ref().is_some_and(|value| value.node != ConstValue::Null);
        let may_be_left_out = !position.ty.nullable && ty.nullable && (has_default || position.has_default);
        if may_be_left_out {
            self.never_null.insert(name.clone());
        }
        if !fits(ty, position.ty, may_be_left_out) {
            let message =
                format!("Variable \"${name}\" of type \"{ty}\" used in position expecting type \"{}\".", position.ty);
            self.error(message, position.at);
        }
    }
}

impl<'a> Position<'a> {
    fn of(input: &'a Input, at: Pos) -> Self {
        Self { ty: &input.ty, has_default: input.default.is_some(), at }
    }
}

/// What a literal is, as a client calls it.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Enum(name) => name.to_string(),
        Value::Null => "null".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::List(_) => "a list".to_owned(),
        _ => "an object".to_owned(),
    }
}

/// Whether values of type `ty` are good where `expected` is (§5.8.5, AreTypesCompatible).
fn fits(ty: &Type, expected: &Type, null_is_no_matter: bool) -> bool {
    if ty.nullable && !expected.nullable && !null_is_no_matter {
        return false;
    }
    match (&ty.base, &expected.base) {
        (BaseType::Named(ty), BaseType::Named(expected)) => ty == expected,
        (BaseType::List(ty), BaseType::List(expected)) => fits(ty, expected, false),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const SDL: &str = "
        type Query { a(n: Int! = 3, m: Int, l: [Int!], e: Edit): A }
        type A { b(id: ID!): A, c: Int }
        input Edit { id: ID! title: String n: Int! = 1 }
    ";

    fn checked(query: &str) -> Result<NeverNull, Vec<String>> {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let checked = ArgumentTypes::of(SDL).check(&InputTypes::of(SDL), &document, &operation.node);
        checked.map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn what_fits_passes() {
        for query in [
            "query ($n: Int!, $m: Int, $l: [Int!]!) { a(n: $n, m: $m, l: $l) { c } }",
            "query ($n: Int!) { a(m: $n, l: [$n, 2]) { c } }",
            "query ($id: ID!, $t: String) { a(e: { id: $id, title: $t }) { b(id: $id) { c } } }",
            "query ($yes: Boolean!) { a @include(if: $yes) { c @skip(if: $yes) } }",
            "query ($yes: Boolean! = true) { a @include(if: $yes) { c } }",
            "query ($id: ID!) { ...F } fragment F on Query { a { ... on A { ...G } ...G } } fragment G on A { b(id: $id) { c } }",
            "{ a { c } __typename __type(name: \"A\") { name } }",
        ] {
            assert_eq!(checked(query), Ok(NeverNull::new()), "{query}");
        }
    }

    #[test]
    fn a_default_stands_in_for_what_is_left_out_but_not_for_null() {
        for query in [
            "query ($v: Int) { a(n: $v) { c } }",
            "query ($v: Boolean = true) { a { c @skip(if: $v) } }",
            "query ($v: Int) { a(e: { id: 1, n: $v }) { c } }",
        ] {
            assert_eq!(checked(query), Ok(NeverNull::from([Name::new("v")])), "{query}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let misfits = [
            ("query ($v: String) { a(m: $v) { c } }", "\"String\" used in position expecting type \"Int\""),
            ("query ($v: ID) { a { b(id: $v) { c } } }", "\"ID\" used in position expecting type \"ID!\""),
            ("query ($v: ID = null) { a { b(id: $v) { c } } }", "expecting type \"ID!\""),
            ("query ($v: [Int]) { a(l: $v) { c } }", "\"[Int]\" used in position expecting type \"[Int!]\""),
            ("query ($v: Int) { a(l: [$v]) { c } }", "expecting type \"Int!\""),
            ("query ($v: Int!) { a(l: $v) { c } }", "expecting type \"[Int!]\""),
            ("query ($v: Int) { a(e: { id: $v }) { c } }", "expecting type \"ID!\""),
            ("query ($v: Boolean) { a @skip(if: $v) { c } }", "expecting type \"Boolean!\""),
            ("{ __typename @skp(if: true) }", "Unknown directive \"@skp\""),
            ("{ __typename @skip }", "\"if\" of the directive \"@skip\" is missing"),
            ("query ($v: Int @skip(if: true)) { a(m: $v) { c } }", "\"@skip\" may not stand at a variable"),
            ("query ($v: Int) { ...F } fragment F on Query { a { b(id: $v) { c } } }", "expecting type \"ID!\""),
        ];
        for (query, sentence) in misfits {
            let errors = checked(query).expect_err(query);
            assert!(errors.len() == 1 && errors[0].contains(sentence), "{errors:?}");
        }
    }
}

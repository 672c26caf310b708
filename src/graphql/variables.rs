//! Coercion of variables (GraphQL specification, §6.1.2): a value that does not fit its variable's type stops the
//! request before it is executed.
//!
//! async-graphql checks variables along with the document, and its errors don't say which of the two is at fault.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, InputValueDefinition, OperationDefinition, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Value as ConstValue};
use async_graphql_value::Value as Literal;
use serde_json::{Map, Value};

use crate::domain::{InvalidInput, Timestamp};

/// The types that a variable may have, beside the scalars that GraphQL itself defines.
#[derive(Debug, Clone, Default)]
pub(super) struct InputTypes {
    enums: HashMap<String, Vec<String>>,
    objects: HashMap<String, Vec<Input>>,
}

/// An argument, or a field of an input object.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub name: String,
    pub ty: Type,
    pub default: Option<ConstValue>,
}

impl Input {
    /// Whether it must be given.
    pub(super) fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }
}

impl From<InputValueDefinition> for Input {
    fn from(definition: InputValueDefinition) -> Self {
        Self {
            name: definition.name.node.to_string(),
            default: definition.default_value.map(|value| value.node),
            ty: definition.ty.node,
        }
    }
}

impl InputTypes {
    /// The input types of the schema `sdl`.
    pub(super) fn of(sdl: &str) -> Self {
        let mut types = Self::default();
        let Ok(document) = async_graphql::parser::parse_schema(sdl) else { return types };
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Enum(kind) => {
                    types
                        .enums
                        .insert(name, kind.values.iter().map(|value| value.node.value.node.to_string()).collect());
                }
                TypeKind::InputObject(kind) => {
                    types.objects.insert(name, kind.fields.into_iter().map(|node| Input::from(node.node)).collect());
                }
                _ => {}
            }
        }
        types
    }

    /// The fields of the input object `of`; `None` where there is no such object.
    pub(super) fn fields(&self, of: &str) -> Option<&[Input]> {
        self.objects.get(of).map(Vec::as_slice)
    }

    /// Whether a literal that is neither null nor a variable nor a list is one of the type `of`.
    pub(super) fn takes(&self, of: &str, literal: &Literal) -> bool {
        if let Some(values) = self.enums.get(of) {
            return matches!(literal, Literal::Enum(name) if values.iter().any(|known| known == name.as_str()));
        }
        if self.objects.contains_key(of) || matches!(literal, Literal::Enum(_) | Literal::List(_) | Literal::Object(_))
        {
            return false;
        }
        let Ok(value) = literal.clone().into_json() else { return false };
        // Where there is more to say, the field says it.
        takes_scalar(of, &value).unwrap_or(true)
    }

    /// Checks the variables of an operation, and gives those that were left out their defaults: async-graphql does so
    /// for arguments, but not for `@skip` and `@include`. Those in `never_null` may be left out, and must not be null.
    ///
    /// # Errors
    /// [`InvalidInput`] that names the variable and what it should be.
    pub(super) fn coerce(
        &self,
        operation: &OperationDefinition,
        never_null: &HashSet<Name>,
        variables: &mut Map<String, Value>,
    ) -> Result<(), InvalidInput> {
        for definition in &operation.variable_definitions {
            let variable = definition.node.name.node.as_str();
            let ty = &definition.node.var_type.node;
            let default = definition.node.default_value.as_ref().and_then(|value| value.node.clone().into_json().ok());
            match (variables.get(variable), default) {
                (Some(Value::Null), _) if never_null.contains(variable) => {
                    return Err(InvalidInput::new(format!("Variable \"${variable}\" must not be null here.")));
                }
                (Some(value), _) => self.fits(ty, value, &format!("${variable}"))?,
                (None, Some(default)) => {
                    variables.insert(variable.to_owned(), default);
                }
                (None, None) if ty.nullable => {}
                (None, None) => {
                    return Err(InvalidInput::new(format!("Variable \"${variable}\" of type \"{ty}\" is required.")));
                }
            }
        }
        Ok(())
    }

    fn fits(&self, ty: &Type, value: &Value, path: &str) -> Result<(), InvalidInput> {
        let misfit = || Err(InvalidInput::new(format!("Variable \"{path}\" must be of type \"{ty}\".")));
        match (&ty.base, value) {
            (_, Value::Null) => {
                if ty.nullable {
                    Ok(())
                } else {
                    misfit()
                }
            }
            (BaseType::List(item), Value::Array(values)) => {
                let mut values = values.iter().enumerate();
                values.try_for_each(|(index, value)| self.fits(item, value, &format!("{path}[{index}]")))
            }
            (BaseType::List(item), value) => self.fits(item, value, path),
            (BaseType::Named(name), value) => match self.fits_named(name, value, path)? {
                true => Ok(()),
                false => misfit(),
            },
        }
    }

    fn fits_named(&self, name: &str, value: &Value, path: &str) -> Result<bool, InvalidInput> {
        if let Some(values) = self.enums.get(name) {
            return Ok(value.as_str().is_some_and(|value| values.iter().any(|known| known == value)));
        }
        if let Some(fields) = self.objects.get(name) {
            let Value::Object(object) = value else { return Ok(false) };
            if let Some(unknown) = object.keys().find(|key| fields.iter().all(|field| field.name != **key)) {
                return Err(InvalidInput::new(format!("Variable \"{path}\" has no field \"{unknown}\".")));
            }
            for field in fields {
                let path = format!("{path}.{}", field.name);
                match object.get(&field.name) {
                    Some(value) => self.fits(&field.ty, value, &path)?,
                    None if !field.is_required() => {}
                    None => return Err(InvalidInput::new(format!("Variable \"{path}\" is required."))),
                }
            }
            return Ok(true);
        }
        takes_scalar(name, value).map_err(|invalid| InvalidInput::new(format!("Variable \"{path}\": {invalid}")))
    }
}

/// Whether a value that is not null is one of the scalar type `name`.
///
/// # Errors
/// [`InvalidInput`] where there is more to say of it.
fn takes_scalar(name: &str, value: &Value) -> Result<bool, InvalidInput> {
    Ok(match name {
        "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        "ID" => value.is_string() || value.is_i64() || value.is_u64(),
        "String" => value.is_string(),
        "DateTime" => match value.as_str() {
            Some(moment) => Timestamp::parse(moment).map(|_| true)?,
            None => false,
        },
        // A type that the schema doesn't have: the document is invalid, and validation says so.
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str =
        "enum Order { NEWEST HANDLE } input Edit { id: ID!  title: String  n: Int! = 1  tags: [String!] }";

    fn coerced(declared: &str, variables: Value) -> Result<Value, String> {
        let document = parse_query(format!("query Q({declared}) {{ a }}")).expect("a document");
        let mut variables = variables.as_object().expect("an object").clone();
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let never_null = HashSet::from([Name::new("never")]);
        let coerced = InputTypes::of(SDL).coerce(&operation.node, &never_null, &mut variables);
        coerced.map_err(|error| error.to_string())?;
        Ok(Value::Object(variables))
    }

    #[test]
    fn values_that_fit_pass() {
        let declared = "$i: Int, $f: Float, $s: String!, $b: Boolean, $id: [ID!], $o: Order, $e: Edit, $d: Int! = 3";
        let all = json!({
            "i": 3, "f": 1.5, "s": "x", "b": true, "id": "one", "o": "HANDLE",
            "e": {"id": 7, "tags": ["a"]}, "surplus": 1
        });
        let mut with_default = all.clone();
        with_default["d"] = json!(3);
        assert_eq!(coerced(declared, all), Ok(with_default));
        for kept in [json!({"i": null}), json!({"i": i32::MIN}), json!({})] {
            assert_eq!(coerced("$i: Int", kept.clone()), Ok(kept));
        }
        let moment = json!({"t": "2026-01-31T12:00:00+02:00"});
        assert_eq!(coerced("$t: DateTime", moment.clone()), Ok(moment));
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let declared = "$b: Boolean = true, $o: Order = HANDLE, $n: Int = null, $l: [ID!] = [\"a\"]";
        let defaults = json!({"b": true, "o": "HANDLE", "n": null, "l": ["a"]});
        assert_eq!(coerced(declared, json!({})), Ok(defaults.clone()));
        let mut given = defaults;
        given["b"] = json!(null);
        assert_eq!(coerced(declared, json!({"b": null})), Ok(given), "null is not left out");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let misfits = [
            ("$i: Int", json!({"i": "3"}), "$i"),
            ("$i: Int", json!({"i": 3_000_000_000_u64}), "$i"),
            ("$i: Int", json!({"i": 1.5}), "$i"),
            ("$t: DateTime", json!({"t": "yesterday"}), "$t"),
            ("$t: DateTime", json!({"t": 5}), "$t"),
            ("$never: Int = 3", json!({"never": null}), "$never"),
            ("$s: String!", json!({}), "$s"),
            ("$s: String!", json!({"s": null}), "$s"),
            ("$o: Order", json!({"o": "SIDEWAYS"}), "$o"),
            ("$id: [ID!]!", json!({"id": ["a", null]}), "$id[1]"),
            ("$e: Edit", json!({"e": {}}), "$e.id"),
            ("$e: Edit", json!({"e": {"id": "a", "name": "b"}}), "\"name\""),
            ("$e: Edit", json!({"e": {"id": "a", "tags": [1]}}), "$e.tags[0]"),
        ];
        for (declared, variables, named) in misfits {
            let sentence = coerced(declared, variables).expect_err(declared);
            assert!(sentence.contains(named), "{sentence}");
        }
    }
}

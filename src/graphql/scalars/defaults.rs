//! Arguments that have a default: a variable that was not given leaves it in force (GraphQL specification, §6.4.1).
//!
//! async-graphql 7.2 takes such a variable for null, which an argument that can't be null refuses. A null that a
//! client wrote never comes this far: validation refuses it.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, Value};

/// An enum's value; its default where none was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::graphql) struct OrDefault<T>(pub T);

impl<T: InputType + Default + Send + Sync> InputType for OrDefault<T> {
    type RawValueType = T::RawValueType;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            None | Some(Value::Null) => Ok(Self::default()),
            given => T::parse(given).map(Self).map_err(InputValueError::propagate),
        }
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_raw_value()
    }
}

/// How many at most; `DEFAULT` where no number was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) struct AtMost<const DEFAULT: i32>(pub i32);

impl<const DEFAULT: i32> Default for AtMost<DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const DEFAULT: i32> InputType for AtMost<DEFAULT> {
    type RawValueType = i32;

    fn type_name() -> Cow<'static, str> {
        i32::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        i32::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            None | Some(Value::Null) => Ok(Self::default()),
            given => i32::parse(given).map(Self).map_err(InputValueError::propagate),
        }
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn as_raw_value(&self) -> Option<&i32> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_the_default() {
        assert_eq!(AtMost::<8>::parse(None).ok(), Some(AtMost(8)));
        assert_eq!(AtMost::<8>::parse(Some(Value::Null)).ok(), Some(AtMost(8)));
        assert_eq!(AtMost::<8>::parse(Some(Value::from(3))).ok(), Some(AtMost(3)));
        assert!(AtMost::<8>::parse(Some(Value::from("3"))).is_err());
        assert_eq!(OrDefault::<i32>::parse(Some(Value::Null)).ok(), Some(OrDefault(0)));
    }
}

// What a client written against one schema would miss in another.

import { isDeepStrictEqual } from 'node:util';
import {
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isSpecifiedScalarType,
  isUnionType,
  getNamedType,
} from 'graphql';

/** The names of all types that operations on the root types in `roots` can meet, but for GraphQL's own scalars. */
export function reachable(schema, roots) {
  const found = new Set();
  const pending = roots.map((name) => schema.getType(name)).filter(Boolean);
  while (pending.length > 0) {
    const type = pending.pop();
    if (found.has(type.name) || isSpecifiedScalarType(type)) continue;
    found.add(type.name);
    if (isAbstractType(type)) pending.push(...schema.getPossibleTypes(type));
    if (isObjectType(type) || isInterfaceType(type)) pending.push(...type.getInterfaces());
    for (const field of fieldsOf(type)) {
      pending.push(getNamedType(field.type), ...(field.args ?? []).map((arg) => getNamedType(arg.type)));
    }
  }
  return found;
}

/** A sentence for each thing of the named types in `contract` that `schema` lacks or has otherwise. */
export function differences(contract, schema, names) {
  return [...names].flatMap((name) => {
    const wanted = contract.getType(name);
    const found = schema.getType(name);
    if (!found) return [`${name} is missing`];
    if (found.constructor !== wanted.constructor) return [`${name} is of another kind`];
    return [
      ...missing(name, 'value', valuesOf(wanted), valuesOf(found)),
      ...missing(name, 'member', membersOf(wanted), membersOf(found)),
      ...missing(name, 'interface', interfacesOf(wanted), interfacesOf(found)),
      ...fieldDifferences(name, wanted, found),
    ];
  });
}

/** The coordinates of all that is defined in `schema` itself without a description. */
export function undescribed(schema) {
  const own = Object.values(schema.getTypeMap()).filter((type) => type.astNode);
  const definitions = own.flatMap((type) => [
    [type.name, type],
    ...(isEnumType(type) ? type.getValues().map((value) => [`${type.name}.${value.name}`, value]) : []),
    ...fieldsOf(type).flatMap((field) => [
      [`${type.name}.${field.name}`, field],
      ...(field.args ?? []).map((arg) => [`${type.name}.${field.name}(${arg.name}:)`, arg]),
    ]),
  ]);
  return definitions.filter(([, { description }]) => !description?.trim()).map(([coordinate]) => coordinate);
}

function fieldsOf(type) {
  const has = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type);
  return has ? Object.values(type.getFields()) : [];
}

const namesOf = (things) => things.map(({ name }) => name);
const valuesOf = (type) => (isEnumType(type) ? namesOf(type.getValues()) : []);
const membersOf = (type) => (isUnionType(type) ? namesOf(type.getTypes()) : []);
const interfacesOf = (type) => (isObjectType(type) || isInterfaceType(type) ? namesOf(type.getInterfaces()) : []);

function missing(name, what, wanted, found) {
  return wanted.filter((one) => !found.includes(one)).map((one) => `${name} has no ${what} ${one}`);
}

function fieldDifferences(name, wanted, found) {
  const added = fieldsOf(found).filter((field) => !wanted.getFields()[field.name]);
  const demanded = added.filter((field) => isInputObjectType(found) && isRequiredInputField(field));
  return [
    ...demanded.map((field) => `${name}.${field.name} is required, and clients don't know of it`),
    ...fieldsOf(wanted).flatMap((field) => {
      const coordinate = `${name}.${field.name}`;
      const other = found.getFields()[field.name];
      if (!other) return [`${coordinate} is missing`];
      return [...valueDifferences(coordinate, field, other), ...argDifferences(coordinate, field, other)];
    }),
  ];
}

function argDifferences(coordinate, field, other) {
  const args = field.args ?? [];
  const added = (other.args ?? []).filter((arg) => !namesOf(args).includes(arg.name));
  return [
    ...added
      .filter(isRequiredArgument)
      .map((arg) => `${coordinate}(${arg.name}:) is required, and clients don't know of it`),
    ...args.flatMap((arg) => {
      const at = `${coordinate}(${arg.name}:)`;
      const same = other.args.find(({ name }) => name === arg.name);
      return same ? valueDifferences(at, arg, same) : [`${at} is missing`];
    }),
  ];
}

function valueDifferences(coordinate, wanted, found) {
  const differences = [];
  if (String(wanted.type) !== String(found.type)) {
    differences.push(`${coordinate} is ${found.type} instead of ${wanted.type}`);
  }
  if (!isDeepStrictEqual(wanted.defaultValue, found.defaultValue)) {
    const print = (value) => (value === undefined ? 'no default' : JSON.stringify(value));
    differences.push(`${coordinate} has ${print(found.defaultValue)} instead of ${print(wanted.defaultValue)}`);
  }
  return differences;
}

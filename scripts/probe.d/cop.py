"""The checks of GraphQL Cop (https://github.com/dolevf/graphql-cop), by its names.

It is on no package registry (what has the name there is a placeholder), so each check is written anew after what the tool
sends and what it takes for a finding.
"""

from urllib.parse import urlencode

JSON = {"accept": "application/json"}


def answers(answer, key="__typename"):
    return isinstance(answer.data, dict) and bool(answer.data.get(key))


def alias_overloading(gateway):
    """101 fields with aliases are answered."""
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))
    return answers(gateway.ask(f"query cop {{ {aliases} }}"), "alias100")


def batch_queries(gateway):
    """An array of ten queries is answered by an array."""
    answer = gateway.post([{"query": "query cop { __typename }"}] * 10)
    return isinstance(answer.json, list) and len(answer.json) >= 10


def directive_overloading(gateway):
    """Each of ten unknown directives at one field is read, and told of."""
    return len(gateway.ask(f"query cop {{ __typename {'@aa' * 10} }}").errors) >= 10


def more_directives(gateway):
    """Each of eleven is: not GraphQL Cop's, but what its finding of ten leaves open."""
    return len(gateway.ask(f"query cop {{ __typename {'@aa' * 11} }}").errors) >= 10


def circular_introspection(gateway):
    """Types of fields of types of fields are listed."""
    fields = "fields { type { " * 4 + "name" + " } }" * 4
    return answers(gateway.ask(f"query cop {{ __schema {{ types {{ {fields} }} }} }}"), "__schema")


def circular_fragment(gateway):
    """Two fragments with each other in them are taken."""
    fragments = "fragment A on Query { __typename ...B } fragment B on Query { ...A }"
    return not gateway.ask(f"query cop {{ ...A }} {fragments}").errors


def field_duplication(gateway):
    """One field 500 times is answered."""
    return answers(gateway.ask(f"query cop {{ {'__typename ' * 500} }}"))


def field_suggestions(gateway):
    """An error suggests a name: of the schema's own types, or of the introspection's."""
    texts = (gateway.ask(query).text for query in ("query cop { __schema { directive } }", "query cop { usr { id } }"))
    return any("Did you mean" in text for text in texts)


def get_queries(gateway):
    """A query by GET is answered."""
    return answers(gateway.request("/graphql?" + urlencode({"query": "query cop { __typename }"}), headers=JSON))


def get_mutations(gateway):
    """A mutation by GET is answered."""
    return answers(gateway.request("/graphql?" + urlencode({"query": "mutation cop { __typename }"}), headers=JSON))


def post_urlencoded(gateway):
    """A form is answered, or a POST whose query is in its URL."""
    query = urlencode({"query": "query cop { __typename }"})
    form = JSON | {"content-type": "application/x-www-form-urlencoded"}
    in_the_body = gateway.request("/graphql", query.encode(), form)
    in_the_url = gateway.request(f"/graphql?{query}", b"", form)
    return answers(in_the_body) or answers(in_the_url)


def trace_mode(gateway):
    """An answer, or an error, has traces."""
    texts = [gateway.ask("query cop { __typename }").text, gateway.ask("query cop { unknown }").text]
    return any(word in text.lower() for text in texts for word in ("tracing", "stacktrace", '"exception"'))


def unhandled_errors(gateway):
    """An error has an exception in it."""
    return any("exception" in error.get("extensions", {}) for error in gateway.ask("qwerty cop { abc }").errors)


def graphiql(gateway):
    """A page of GraphiQL or of a playground is served."""
    paths = ("/", "/graphiql", "/playground", "/console", "/graphql")
    texts = (gateway.request(path, headers={"accept": "text/html"}).text.lower() for path in paths)
    return any("graphiql" in text or "playground" in text for text in texts)


def introspection(gateway):
    """The types are listed."""
    return answers(gateway.ask("query cop { __schema { types { name fields { name } } } }"), "__schema")


# What is found on purpose. The reasons are in docs/security.md.
ON_PURPOSE = {directive_overloading, get_queries}

CHECKS = {
    "Alias Overloading": alias_overloading,
    "Array-based Query Batching": batch_queries,
    "Directive Overloading": directive_overloading,
    "(eleven directives)": more_directives,
    "Circular Query by Introspection": circular_introspection,
    "Circular Fragment": circular_fragment,
    "Field Duplication": field_duplication,
    "Field Suggestions": field_suggestions,
    "GET Method Query Support": get_queries,
    "Mutation over GET": get_mutations,
    "POST based url-encoded query": post_urlencoded,
    "Trace Mode": trace_mode,
    "Unhandled Errors Detection": unhandled_errors,
    "GraphQL IDE": graphiql,
    "Introspection": introspection,
}


def run(gateway):
    """Yields (check, what came of it, whether that is as it should be)."""
    for name, check in CHECKS.items():
        found = check(gateway)
        yield name, "found" if found else "not found", found == (check in ON_PURPOSE)

"""Queries and mutations that Schemathesis makes up by the schema's text, as a stranger and as somebody who is signed in.

All of them are valid by the schema, so none may be refused as invalid. Whatever they find, answers are JSON, have codes of
the contract's, and tell nothing of what is inside.
"""

import re
import zlib
from collections import Counter

import graphql
import schemathesis
from gateway import ROOT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

SCHEMA = ROOT / "schema.graphql"
# Codes that valid documents may come to, on stores that are up.
EXPECTED = {
    "BAD_USER_INPUT", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX",
    "TOO_MANY_TOKENS", "TOO_MANY_ALIASES", "REQUEST_TOO_LARGE",
}  # fmt: skip
STATUSES = {200, 400, 401, 413, 429}
# What an answer must not have in it: statements, paths, sources, drivers' words.
INTERNALS = re.compile(
    r"SELECT .* FROM|INSERT INTO|sqlite|sqlx|tantivy|postgres|mongodb|redis|panicked|\.rs:\d|/(home|root|tmp)/", re.I
)


def most(value):
    """A number for most values, the same in every run; None for one in four of them."""
    number = zlib.crc32(str(value).encode("utf-8", "surrogatepass"))
    return number // 4 if number % 4 else None


class Sensible(graphql.Visitor):
    """Makes most documents such as do not end at their arguments: with ids that exist, pages of a length that there is, and
    no cursors. The rest stays as it was made up."""

    def __init__(self, types, ids):
        super().__init__()
        self.types, self.ids = types, ids

    def enter_argument(self, node, *_):
        name, value = node.name.value, node.value
        if (number := most(getattr(value, "value", None))) is None:
            return None
        if name in ("first", "last") and isinstance(value, graphql.IntValueNode):
            return graphql.ArgumentNode(name=node.name, value=graphql.IntValueNode(value=str(1 + number % 100)))
        if name in ("after", "before"):
            return graphql.REMOVE
        return None

    def enter_string_value(self, node, *_):
        return self.known_id(node)

    def enter_int_value(self, node, *_):
        return self.known_id(node)

    def known_id(self, node):
        of = self.types.get_input_type()
        number = most(node.value)
        if of is None or number is None or graphql.get_named_type(of) is not graphql.GraphQLID:
            return None
        return graphql.StringValueNode(value=self.ids[number % len(self.ids)])


def known_ids(gateway, token):
    found = gateway.ask(
        "{ viewer { id posts(first: 2) { nodes { id } } } users(first: 3) { nodes { id } } posts(first: 4) { nodes { id "
        "likes(first: 1) { nodes { id } } } } }",
        token,
    )
    return re.findall(r'"id":"([^"]+)"', found.text)


def faults(answer):
    """What is wrong with an answer."""
    if answer.status not in STATUSES:
        yield f"status {answer.status}"
    if not isinstance(answer.json, dict):
        yield "not a JSON object"
    for code in answer.codes:
        if code not in EXPECTED:
            yield f"code {code}"
    for error in answer.errors:
        if leak := INTERNALS.search(str(error)):
            yield f"an error tells {leak[0]!r}"


class Fuzzer:
    """Asks as one viewer, and notes what comes of it."""

    def __init__(self, gateway, is_signed_in):
        self.gateway, self.is_signed_in, self.token = gateway, is_signed_in, None
        self.types = graphql.build_schema(SCHEMA.read_text())
        self.ids = known_ids(gateway, gateway.sign_in())
        self.codes, self.found = Counter(), {}

    def ask(self, field, text):
        # The case before may have signed out.
        if self.is_signed_in and not self.token:
            self.token = self.gateway.sign_in()
        info = graphql.TypeInfo(self.types)
        document = graphql.visit(graphql.parse(text), graphql.TypeInfoVisitor(info, Sensible(info, self.ids)))
        document = graphql.print_ast(document)
        answer = self.gateway.ask(document, self.token)
        if answer.status == 401:
            self.token = None
        self.codes.update(answer.codes or ["without errors"])
        for fault in faults(answer):
            self.found.setdefault(f"{field}: {fault}", f"{document}\n{answer.text[:500]}")

    def fuzz(self, field, examples):
        @settings(
            max_examples=examples,
            derandomize=True,  # the same queries in every run
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(field.as_strategy())
        def ask(case):
            self.ask(field.label, case.body)

        ask()


def run(gateway, examples):
    """Yields (check, what came of it, whether that is as it should be)."""
    scalar("DateTime", st.datetimes().map(lambda moment: nodes.String(moment.isoformat() + "Z")))
    schema = schemathesis.graphql.from_path(str(SCHEMA))
    schema.config.update(base_url=gateway.base + "/graphql")
    for who, is_signed_in in (("a stranger", False), ("somebody who is signed in", True)):
        fuzzer = Fuzzer(gateway, is_signed_in)
        for operation in schema.get_all_operations():
            fuzzer.fuzz(operation.ok(), examples)
        counts = ", ".join(f"{code} {count}" for code, count in fuzzer.codes.most_common())
        yield f"as {who}", counts, not fuzzer.found
        for fault, example in fuzzer.found.items():
            yield fault, example, False

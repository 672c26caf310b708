"""Learning the schema without introspection: by guesses, and by what error messages tell.

Clairvoyance as it comes, and then what it does, but for messages as the gateway writes them: names are guessed from
Clairvoyance's list of words at every place that was found so far, and at each right guess the usual mistakes are made. That
a guess is right can't be hidden, since right ones are answered. So what must hold is that no message has a name in it that
was not sent.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from clairvoyance.cli import load_default_wordlist
from gateway import ROOT

PATIENCE = 180  # seconds, for Clairvoyance

# No more errors are told of one document.
AT_ONCE = 20
DEEPEST = 3
BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}
# Each with a right guess in the place of NAME. What is wrong with it is told, with whatever belongs there.
MISTAKES = [
    "NAME",
    "NAME { zzz }",
    "NAME { ... on Zzz { zzz } }",
    "NAME(zzz: 1) { zzz }",
    "NAME(id: [1]) { zzz }",
    "NAME(input: 1) { zzz }",
    "NAME(input: {}) { zzz }",
    "NAME(input: { zzz: 1 }) { zzz }",
    'NAME(first: "zzz") { zzz }',
    "NAME(orderBy: ZZZ) { zzz }",
    "NAME(types: [ZZZ]) { zzz }",
    "NAME(interval: ZZZ) { zzz }",
    "NAME @zzz { zzz }",
]


def names(text):
    return set(re.findall(r"[A-Za-z_]\w*", text))


def names_of_the_schema():
    text = re.sub(r'"""(.|\n)*?"""|"[^"\n]*"', "", (ROOT / "schema.graphql").read_text())
    return names(text)


def told(document, message, types):
    """Names in a message that its document does not have: between quotation marks, or of the schema's types."""
    quoted = set().union(*map(names, message.split('"')[1::2]))
    return (quoted | names(message) & types) - names(document) - BUILT_IN


def as_it_comes(gateway, words):
    with tempfile.TemporaryDirectory() as directory:
        learnt = Path(directory, "schema.json")
        command = [sys.executable, "-m", "clairvoyance", gateway.base + "/graphql", "-o", learnt, "-c", "4"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if not learnt.exists():
            why = [line for line in done.stderr.splitlines() if "Error" in line]
            return "gave up: " + (why or [f"exit code {done.returncode}"])[-1].rsplit(". ", 1)[-1], bool(why)
        beyond = names(learnt.read_text()) & names_of_the_schema() - set(words) - BUILT_IN
    return f"a schema with {len(beyond)} names that are not in its list of words", not beyond


class Guessing:
    def __init__(self, gateway, words):
        self.gateway, self.words = gateway, words
        self.schema = names_of_the_schema()
        self.types = {name for name in self.schema if name[0].isupper() and not name.isupper()}
        self.right, self.told, self.asked = set(), {}, 0

    def messages(self, document):
        self.asked += 1
        messages = [error["message"] for error in self.gateway.ask(document).errors]
        for message in messages:
            for name in told(document, message, self.types):
                self.told.setdefault(name, message)
        return messages

    def guess(self, around, depth=0):
        """Guesses names at a place: `around` is a document with FUZZ in it."""
        found = []
        for at in range(0, len(self.words), AT_ONCE):
            guessed = self.words[at : at + AT_ONCE]
            # Those after the last error that is told may be right.
            messages = self.messages(around.replace("FUZZ", " ".join(guessed)))
            unknown = {match[1] for message in messages if (match := re.match(r'Unknown field "(\w+)"', message))}
            found += [word for word in guessed if word not in unknown and word in self.schema]
        for name in found:
            is_new = name not in self.right
            self.right.add(name)
            for mistake in MISTAKES if is_new else []:
                messages = self.messages(around.replace("FUZZ", mistake.replace("NAME", name)))
                has_fields = mistake == "NAME { zzz }" and any('field "zzz"' in message for message in messages)
                if has_fields and depth < DEEPEST:
                    self.guess(around.replace("FUZZ", f"{name} {{ FUZZ }}"), depth + 1)


def run(gateway):
    """Yields (check, what came of it, whether that is as it should be)."""
    words = sorted(set(load_default_wordlist()))
    result, is_well = as_it_comes(gateway, words)
    yield "as it comes", result, is_well
    guessing = Guessing(gateway, [word for word in words if re.fullmatch(r"[A-Za-z_]\w*", word)])
    for root in ("query { FUZZ }", "mutation { FUZZ }"):
        guessing.guess(root)
    told_too = sorted(guessing.told)
    result = f"{len(guessing.right)} names guessed, {len(told_too)} told, by {guessing.asked} documents"
    yield "guesses and mistakes", ": ".join([result, ", ".join(told_too)]) if told_too else result, not told_too

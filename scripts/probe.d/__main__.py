"""Runs the tools against a gateway, and prints what they found. See scripts/probe."""

import argparse
import time
from pathlib import Path

import cop
import fuzz
import learn
from gateway import newest_binary, serving


def main():
    parser = argparse.ArgumentParser(prog="scripts/probe")
    tools = ["cop", "schemathesis", "clairvoyance"]
    parser.add_argument("--only", action="append", choices=tools, help="one of the tools; may be repeated")
    parser.add_argument("--examples", type=int, default=40, help="queries for each field and viewer (40)")
    parser.add_argument("--binary", type=Path, help="the gateway; the newest one that was built if left out")
    options = parser.parse_args()
    unexplained = 0
    print("| tool | check | result | as it should be |\n|---|---|---|---|")
    with serving((options.binary or newest_binary()).resolve()) as gateway:
        for tool in options.only or tools:
            began = time.monotonic()
            match tool:
                case "cop":
                    results = cop.run(gateway)
                case "schemathesis":
                    results = fuzz.run(gateway, options.examples)
                case _:
                    results = learn.run(gateway)
            for check, result, is_well in results:
                unexplained += not is_well
                print(f"| {tool} | {check} | {result} | {'yes' if is_well else '**no**'} |", flush=True)
            print(f"| {tool} | in all | {time.monotonic() - began:.0f} s | |", flush=True)
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())

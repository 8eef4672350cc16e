"""What detection costs here: `python bench/detection.py`. Figures depend on the machine; read the ratios."""

from __future__ import annotations

import json
import time

from ringwall.engines.payload import inspect

SENTENCE = (
    "The committee's report isn't due before Friday; we'd like to order 12 copies (\"final\" ones) "
    "and drop by at 5 o'clock. "
)
MIXED = SENTENCE + (
    "See https://shop.example/list?page=2&sort=price -- it's 50% off & O'Brien says \"hurry\".\n"
    "- item {1}: a < b, c > d\n"
)
MARKDOWN = "# Notes\n\nRun `make test` first; it's quick.\n\n```sh\nls -l | sort > out.txt\n```\n\n" + SENTENCE
HOSTILE = {
    "sqli": "x' or 1=1-- -",
    "xss": "<img src=x onerror=probe(1)>",
    "cmdi": "x; cat /srv/list",
    "encoded sqli": "%2527%2520or%25201%253D1--%2520",
}
REPEATED = ("'", "' or ", "<a b=", "{{", "%27", "\\x27", "; cat a", "../", "(select ", "&#39;", "``` \n")
LONG = 64 * 1024


def best(value: str, rounds: int = 7) -> float:
    """Microseconds of one inspection, the best of several rounds."""
    count = max(1, 20_000 // (len(value) + 100))
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(count):
            inspect(value)
        took.append((time.perf_counter() - begun) / count)
    return min(took) * 1e6


def cases() -> dict[str, str]:
    """Name -> value, of the lengths that a field of free text has."""
    return {
        "a name": "Conan O'Brien",
        "an address": "10 Downing Street, London SW1A 2AA",
        "a sentence": SENTENCE,
        "300 B mixed": (MIXED * 2)[:300],
        "4 kB mixed": (MIXED * 40)[:4096],
        "4 kB markdown": (MARKDOWN * 40)[:4096],
        "64 kB mixed": (MIXED * 400)[:LONG],
        **{f"hostile: {name}": value for name, value in HOSTILE.items()},
    }


def main() -> None:
    """Print the cost of each case, and the worst of the repeated ones, as JSON."""
    figures = {name: round(best(value), 1) for name, value in cases().items()}
    worst = max((best((unit * LONG)[:LONG], 3), unit) for unit in REPEATED)
    print(
        json.dumps(
            {"microseconds": figures, "worst 64 kB": {"of": worst[1], "microseconds": round(worst[0])}}, indent=1
        )
    )


if __name__ == "__main__":
    main()

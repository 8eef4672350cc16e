"""What a declared format changes, and what is found in a parsed document."""

import pytest

from ringwall.engines.payload import inspect, inspect_tree

ARTICLE = """# Quoting in SQL

Never build a query from text. With `' or 1=1 --` as the name, this is always true:

```sql
select * from users where name = '' or 1=1 -- '
```

On a shell, `; cat /etc/passwd` is as bad; see [the guide](../../guide/shell.md).

```html
<script>alert(1)</script>
```
"""
ACTIVE = (
    "a <script>probe()</script> b",
    "a <img src=x onerror=probe()> b",
    "[a](javascript:probe())",
    "[a]( java&#9;script:probe())",
    "[a]: javascript:probe()",
    "<javascript:probe()>",
    "![a](data:text/html,x)",
)


def test_markdown_that_teaches_is_content():
    assert inspect(ARTICLE, "markdown") is None
    assert inspect(ARTICLE, "code") is None


@pytest.mark.parametrize("active", ACTIVE)
def test_markdown_with_active_markup_is_not(active):
    finding = inspect(ARTICLE + active, "markdown")
    assert finding is not None
    assert finding.kind == "xss"


def test_code_in_markdown_that_a_browser_would_run_stays_content_only_inside_the_fence():
    assert inspect("```\n<script>probe()</script>\n```", "markdown") is None
    assert inspect("```\n<script>probe()</script>\n", "markdown") is not None


@pytest.mark.parametrize(
    "value",
    ["<p>a <b>b</b></p>", '<a href="/x?a=1&b=2">c</a>', "<pre>' or 1=1</pre>", "&lt;script&gt;x()&lt;/script&gt;"],
)
def test_honest_html(value):
    assert inspect(value, "html") is None


@pytest.mark.parametrize(
    "value", ["<p onclick=probe()>a</p>", '<a href="javascript:probe()">c</a>', "<pre><script>probe()</script></pre>"]
)
def test_active_html(value):
    assert inspect(value, "html") is not None


def test_unannotated_text_excuses_quoted_code_but_not_itself():
    quoted = "Run this on the server and tell me what it prints: `curl http://host.example/x` please"
    assert inspect(quoted) is None
    assert inspect(quoted + " ; cat /srv/list") is not None
    assert inspect("`curl http://host.example/x`") is not None


def test_a_string_that_is_closed_is_found_even_in_a_document():
    assert inspect("x' or 1=1 -- \n\n```\nsome code\n```\n\nand some more words here") is not None


@pytest.mark.parametrize("name", ["report (final).pdf", "..hidden", "a..b", "Mémoire n°3.docx", "-"])
def test_honest_file_names(name):
    assert inspect(name, "filename") is None


@pytest.mark.parametrize("name", ["../a", "a/b", "a\\b", "..", ".", "a\x00.png", "a%2fb", " ", "x; cat /srv/list"])
def test_hostile_file_names(name):
    assert inspect(name, "filename") is not None


def test_json_text_is_parsed():
    assert inspect('{"a": {"b": ["x\\u0027 or 1=1--"]}}', "json") is not None
    assert inspect('{"a": {"b": ["x", 1, null]}}', "json") is None
    assert inspect("{not json' or 1=1--", "json") is not None
    assert inspect("[" * 100_000, "json") is None


@pytest.mark.parametrize(
    ("tree", "pointer", "kind"),
    [
        ({"a": {"$ne": None}}, "/a/$ne", "nosqli"),
        ({"a/b": {"c~d": "x' or 1=1--"}}, "/a~1b/c~0d", "sqli"),
        ({"__proto__": {"x": 1}}, "/__proto__", "proto"),
        ({"constructor": {"prototype": {"x": 1}}}, "/constructor", "proto"),
        ({"$type": "Some.Type, Assembly"}, "/$type", "deserialization"),
        ([0, ["<script>probe()</script>"]], "/1/0", "xss"),
        ({"x' or 1=1--": 1}, "/x' or 1=1--", "sqli"),
        ("../../x", "", "lfi"),
    ],
)
def test_trees(tree, pointer, kind):
    assert [(where, finding.kind) for where, finding in inspect_tree(tree)] == [(pointer, kind)]


@pytest.mark.parametrize(
    "tree",
    [
        {"$ref": "#/a", "$schema": "x", "type": "object"},
        {"constructor": "ACME"},
        {"$type": "circle"},
        {"a": [1, True, None, "b"]},
        [],
    ],
)
def test_honest_trees(tree):
    assert list(inspect_tree(tree)) == []


def test_a_deep_tree_costs_no_stack():
    tree = "x' or 1=1--"
    for _ in range(50_000):
        tree = [tree]
    assert len(list(inspect_tree(tree))) == 1


def test_each_string_may_have_its_own_format():
    tree = {"notes": "`; cat /srv/list`", "name": "x"}
    assert list(inspect_tree(tree, "plain", {"/notes": "markdown"})) == []
    assert list(inspect_tree(tree, "plain")) != []

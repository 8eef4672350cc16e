"""Names of functions and packages that run code, start programs, or reach files and the network.

Sources: the PHP manual's function reference, Python's and Node's library references, the Java SE API. Vocabulary: the
grammar in `code` decides what a call is.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.vocabulary import words

# Functions with an effect outside the program.
CALLS = words(
    """
    eval assert system exec file passthru shell_exec popen proc_open pcntl_exec execfile create_function
    call_user_func call_user_func_array array_map usort preg_replace_callback register_shutdown_function include
    include_once require require_once readfile file_get_contents file_put_contents fopen fwrite fputs unlink
    highlight_file show_source phpinfo base64_decode gzinflate str_rot13 unserialize putenv dl mail header
    setcookie extract parse_str move_uploaded_file symlink chmod chown rename copy mkdir rmdir tempnam opendir
    scandir glob fsockopen pfsockopen stream_socket_client curl_init curl_exec ini_set error_log print_r
    var_dump getenv posix_getpwuid apache_setenv settype func_get_args ob_start forward_static_call
    iterator_apply spawn fork execve popen2 compile __import__
    """
)

# PHP's function families: the prefixes under which its manual groups them, and the commonest shorter names.
FAMILY = (
    r"(?:posix_|curl_|file_|ftp_|mysqli?_|pg_|sqlite_|oci_|odbc_|imap_|ldap_|gz|bz|zip_|stream_|socket_|proc_"
    r"|pcntl_|shell_|call_user_|create_function|array_|preg_|mb_|iconv|str_|strip_|html|url|base64_|json_|xml_"
    r"|simplexml_|image|exif_|getimage|date_|apache_|apc_|opcache_|session_|spl_|ob_|output_|openssl_|mcrypt_|hash_"
    r"|crypt|random_|func_|function_|get_|is_|usleep|sys_|disk_|ignore_user|getcwd|getmy|getallheaders|getlastmod|getenv|ini_|php|parse_|register_|set_|error_|debug_|trigger_|var_|un?serialize"
    r"|pack$|unpack|readlink|realpath|file(?:atime|ctime|group|inode|mtime|owner|perms|size|type)|p?fsockopen|fopen"
    r"|fwrite|fputs?|touch$|unlink|tempnam|tmpfile|scandir|opendir|readdir|show_source|highlight_|gethost|getmx|dns_"
    r"|checkdnsrr|escapeshell|eval|passthru)[a-z_0-9]*"
)
FAMILIES = re.compile(rf"\w*?{FAMILY}", re.IGNORECASE)

JAVA = (
    r"java\.(?:lang|io|util|net|nio|rmi|beans|security|sql|awt|runtime)|javax|com\.sun|sun\.\w+|org\.(?:apache|omg"
    r"|springframework|codehaus|mozilla|hibernate|jboss)|com\.opensymphony|org\.eclipse|groovy|ognl|bsh|freemarker|org\.mvel2?|org\.python|org\.jruby|clojure|processbuilder|java"
)

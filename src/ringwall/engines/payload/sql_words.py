"""SQL's vocabulary as token classes: what each reserved word does to the shape of a statement.

Sources: the reserved words of ISO/IEC 9075 with the additions in the reference manuals of MySQL, PostgreSQL,
SQL Server, Oracle, Db2 and SQLite. Words, and no payloads: a word alone never decides anything.
"""

from __future__ import annotations

from ringwall.engines.payload.vocabulary import words

# class letter -> words. The letters are read by the grammar in `sql`.
_CLASSES = {
    "o": "or and xor",
    "!": "not binary",
    "K": "like rlike regexp glob ilike match between in is sounds similar",
    "a": "div mod collate",
    "U": "union intersect except minus",
    "l": "all distinct distinctrow",
    "S": "select",
    "F": "from",
    "W": "where",
    "O": "order group",
    "b": "by",
    "H": "having",
    "L": "limit offset fetch",
    "D": "drop truncate alter create grant revoke rename",
    "T": "table database view user schema index function procedure trigger login role sequence tablespace column",
    "N": "insert replace merge",
    "I": "into",
    "V": "values value",
    "P": "update",
    "E": "set",
    "R": "delete",
    "x": "exec execute call",
    "y": "declare begin waitfor shutdown handler prepare desc describe goto",
    "z": "delay",
    "A": "as",
    "J": "join inner outer left right cross natural",
    "c": "case",
    "h": "when then else end if",
    "u": "outfile dumpfile infile",
    "Y": "analyse",
    "m": "immediate",
    "G": "returning",
    "n": "null true false sysdate current_user session_user current_timestamp current_database rownum",
}

WORDS: dict[str, str] = {word: letter for letter, words in _CLASSES.items() for word in words.split()}

# What else begins a statement that reads or writes outside the query (letter `B`, only after a `;`).
STATEMENTS = words("attach detach vacuum pragma dbcc reconfigure copy load backup restore do")

# Built-in functions that wait, read or write files, reach the network, run code, or report an error with data in it.
# A call of one is an effect by itself, whatever surrounds it.
EFFECTS = words(
    """
    sleep benchmark pg_sleep pg_sleep_for pg_sleep_until load_file extractvalue updatexml randomblob
    load_extension generate_series regexp_substring crypt_key get_host_address get_host_name xp_cmdshell
    xp_dirtree xp_fileexist xp_regread sp_executesql sp_oacreate openrowset openquery opendatasource
    pg_read_file pg_ls_dir lo_import lo_export lo_get query_to_xml database_to_xml dblink dblink_connect
    receive_message send_message getmappingxpath sqlid_to_sqlhash tid_to_rid httpuritype xmltype
    fn_xe_file_target_read_file bfilename
    """
)

# Functions and variables that only tell about the server or build strings out of numbers: an operand that no honest
# text has, and a sign of a statement where one stands among operators.
INTROSPECTION = words(
    """
    version database user current_user session_user system_user schema db_name user_name host_name
    current_setting chr char nchar ascii ord hex conv substr substring mid concat cast convert count if ifnull
    iif elt row rand floor exp md5 sha1 make_set length len now bin coalesce least greatest bitand decode nvl
    repeat left right upper lower quote instr field locate unicode unistr abs sin cos power pi aes_decrypt
    aes_encrypt compress uncompress found_rows row_count last_insert_id to_char to_number reverse replace trim
    strcmp log2 ln if unhex concat_ws group_concat string_agg listagg get_lock json_keys gtid_subset
    geometrycollection polygon multipoint unistr sum max min avg substring_index any_value
    """
)

# Catalogues that only introspection reads.
CATALOGUES = words(
    """
    information_schema sysobjects syscolumns sysdatabases sysusers all_tables all_users all_tab_columns
    user_tables user_tab_columns dba_users sqlite_master sqlite_schema pg_catalog pg_user pg_shadow pg_tables
    pg_database msysobjects systables sysibm rdb$fields mysql master performance_schema dual
    """
)

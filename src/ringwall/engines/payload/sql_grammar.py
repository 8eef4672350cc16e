"""What SQL text may follow the place where a value lands, when that value is honest: none of these shapes.

`AFTER_STRING` reads what follows the quote that closes the string around the value. `BARE` reads a value that lands
outside any string. Both are shapes over the letters of `sql_tokens`; read `O` as an operand.
"""

from __future__ import annotations

from ringwall.engines.payload.grammar import Grammar

_CALL = r"[fgd]\([^;]*?\)"
_CASE = r"ch[^;C]{1,60}?h"
_O = rf"(?:s+|[nvwtXT](?:\.[wtfgd])*|{_CALL}|\([^;]*?\)|{_CASE})"
_NUMBER = r"(?:a?n|\(+a?n\))"
_PRE = r"[!(a]*"
_COMPARE = r"!?[ekK]"
_ITEM = r"(?:[nsvqat(*c!]|[fgd]\()"  # what begins a column list in a statement and no sentence
_LIST = rf"l?{_PRE}(?:{_ITEM}|[wT](?:\.[wt])*(?:,|A))"
_STATEMENT = (
    rf"(?:D[TtwlYU]|N[hw]?I[wtT]|NI|RF[wtT]|P[wtT](?:\.w)*E|S{_LIST}|S[wt](?:\.w)*F[wt]|x[fgdvtsX(]|xwq"
    rf"|x(?:[wt]\.)+[wtfgdX]|B[^;]{{0,12}}s[^;]{{0,20}}(?:C|;|$)|Bwe[wns]|B\?\?|yv|yyv|yz|g\(|S[^;]*d\(|y[^;]{{0,40}}[dXS]|y[wtTS]*(?:;|C|$)|D[DltwT]{{0,6}}[VI]|X|h[\(]|E[vt])"
)

AFTER_STRING = Grammar(
    {
        "sql: ' ) ; statement": rf"^\)*(?:[ekao]n)?\)*;{_STATEMENT}",
        "sql: ' union select": r"^\)*[^;C]{0,12}Ul?\(*(?:[SVT]|V\()",
        "sql: ' or operand = operand": (
            rf"^\)*[oa]*o{_PRE}{_O}(?:[ao]+{_PRE}{_O})*\)*"
            rf"(?:!?[ek]{_PRE}[nsqQvwtXfgdSlcK]|!?K{_PRE}[nsqQvXfgdSc])"
        ),
        "sql: ' or (select": rf"^\)*[oa]+{_PRE}S",
        "sql: ' or constant --": rf"^\)*o{_PRE}(?:[nvs]|{_CALL}|{_CASE})\)*(?:C|;|o|$)",
        "sql: ' or effect()": rf"^\)*[oa,]+{_PRE}(?:[wX]\.)*d\(",
        "sql: ' or open string": rf"^\)*o[!(]*s?Q$|^\)*o{_PRE}{_O}a+Q$",
        "sql: ' order by item": r"^\)*Ob\(*(?:n|ch|[fgd]\(|[wt](?:,[wt])*[CH])",
        "sql: ' having condition": rf"^\)*(?:Ob[wt](?:\.[wt])*)?H{_PRE}{_O}{_COMPARE}",
        "sql: ' limit number": r"^\)*Ln(?:[,L]|C|I|Y|$)",
        "sql: ' ) where condition": rf"^(?:\)+(?:A?w)?|\)*Aw)?W{_PRE}{_O}\)*(?:!?[ek]|!?K{_PRE}[ns(Sfgd])",
        "sql: ' compare (select": r"^\)*!?[ekK]\(*S",
        "sql: ' compare (": r"^\)*[eK]\([nsgdv(S]",
        "sql: ' compare constant --": r"^\)*[ekKa][nsv]\)*C",
        "sql: ' operator '": r"^[ekKao]+Q$",
        "sql: ' compare operand '": r"^!?[ek][qQ]$|^\)*a+[!(a]*[nsv]\)*[oek]+[qQ]$",
        "sql: ' returning": r"^\)*G(?:a|[wT](?:,[wT])*C)",
        "sql: ) on duplicate update": r"^\)*,[^;]*\)wwwP[wT]e|^\)+wwwP[wT]e",
        "sql: ' operator operand operator '": (
            rf"^\)*(?:aw)?[oeK]!?{_PRE}{_O}(?:[oaekK!]+{_PRE}{_O})*\)*[oaekK!]+\(*[qQ]$"
        ),
        "sql: ', name = operand where": rf"^,[wT](?:\.[wT])*e{_PRE}{_O}[^;]*(?:W|C)",
        "sql: '), (": r"^\)+,\(",
        "sql: ' || call()": r"^\)*o+\(*(?:X\.)?[gdf]\(",
        "sql: ' + call()": r"^\)*a+\(*(?:na)*[gd]\([^;]*$",
        "sql: ' or constant group by call": r"^\)*o.{0,6}Ob[gfd]\(",
        "sql: ' exec procedure": r"^\)*x(?:[wt.]*X|[wt.]+s)",
        "sql: ' (select": rf"^\)*\(+S{_LIST}",
        "sql: ', constant, constant) delay": r"^\)*(?:,n)+\)*(?:y|C|$)",
        "sql: ', (select": r"^\)*,\(*S",
        "sql: ', call() --": r"^\)*,\(*(?:ch|cw|cn|[fgd]\()[^;]*C$",
        "sql: ' delay": r"^\)*yz",
        "sql: ' declare": r"^\)*y[^;]{0,12}(?:yv|S|D|NI)|^\)*y[vz]",
        "sql: ' as name from": r"^\)*A[wsh]F|^(?:,[ws])+F",
        "sql: ' statement": rf"^\)*(?:NI[wt]|RF[wt]W|DT[wt]|P[wt]E|S{_LIST}[^;]*F|S[wt]F[wt]W)",
        "sql: ' into file": r"^\)*Iu|^\)*Lnn?Iu",
        "sql: ' in boolean": r"^\)*Kw?w?(?:C|\)+[;oaUC])",
    }
)

BARE = Grammar(
    {
        "sql: union select list": rf"Ul?\(*S{_LIST}",
        "sql: number union select": rf"^{_NUMBER}\)*[^;]{{0,20}}Ul?\(*(?:S|V\()",
        "sql: number limit": rf"^{_NUMBER}\)*Ln(?:,n|C)",
        "sql: number returning": rf"^{_NUMBER}\)*Ga$",
        "sql: ) on duplicate update": rf"^{_NUMBER}(?:,[nsvw])*\)wwwP[wT]e",
        "sql: name where constant = constant": r"^[wT](?:Aw)?W[!(]*[ns][ek][ns]",
        "sql: join on operand = operand": r"^[wT]w?J+[wT]w?[^;]{0,3}w[wT](?:\.[wT])*e|J+[wT]w?w[ns]e[ns]",
        "sql: case operand when": r"^\(*c[wnTs]h[nsw]h",
        "sql: or constant = constant": (
            rf"o{_PRE}[ns](?:[ao][ns])*\)*e{_PRE}[nsqQ]\)*(?:[^,.w?]|$)|o{_PRE}s[KkE]{_PRE}[sqQ]"
        ),
        "sql: or effect()": rf"[oaekK]{_PRE}d\(",
        "sql: effect()": r"(?:^|[^.wf])d\((?:[^)w]|w[^)]|$)|[sqSO;(,bWH]d\(",
        "sql: package effect": r"(?:[oeka(,;]|^)\(*w\.d\([^)]",
        "sql: or (select": rf"(?:^|[no)])[oaek]+{_PRE}(?:{_O}K)?\(S{_LIST}",
        "sql: (select list from": rf"\(+Sl?{_PRE}(?:c|[gd]\(|[nsvat][^;]{{0,80}}F)|[ekKoa,(]\(+S[wt](?:\.w)*F[wt]",
        "sql: char(n) || char(n)": r"g\(n\)[ao]+g\(n",
        "sql: delay": r"yz[sqQn]",
        "sql: operator operand = operand": (
            rf"^(?:a?[nv]|\(+n\)|g\([^)]*\)|[aw]{{1,4}})?\)*o{_PRE}{_O}(?:[ao]+{_PRE}{_O})*\)*!?[ek]{_PRE}(?:[nsqQvwtT]"
            rf"|{_CALL})(?:a[wt])?"
            r"\)*(?:[CoQq;LO)]|$)"
        ),
        "sql: operator operand like string": rf"^(?:a?[nv]|w)?\)*o{_PRE}{_O}!?K{_PRE}[nsqQ(]\)*(?:[CoQq;LO)]|$)",
        "sql: number or operand = operand": (
            rf"^{_NUMBER}(?:a\(*(?:n|s|g\(\))\)*)*\)*o{_PRE}{_O}(?:[ao]+{_PRE}{_O})*\)*{_COMPARE}{_PRE}[nsqQvtXfgdSlc(]"
        ),
        "sql: ) or operand = operand": rf"^[nsw]?\)+o{_PRE}{_O}(?:[ao]+{_PRE}{_O})*\)*{_COMPARE}",
        "sql: number and call()": rf"^(?:{_NUMBER}|w)?\)*o[!(a]*g\([^;]*\)\)*(?:[ekK]|C|$)",
        "sql: operator constant --": rf"^\(?(?:a?n)?\)*o[!(]*(?:[nv]|{_CALL})\)*C",
        "sql: order by number": r"^(?:a?[ns]|\(n\)|w)?\)*Ob(?:n|[gd]\(.*\))(?:,.*)?(?:C|$)",
        "sql: having condition": rf"^(?:{_NUMBER}|w|Obw)?\)*H{_PRE}(?:n[ek]n|g\(.*\)[ek])",
        "sql: where constant = constant": rf"^(?:a?n)?\)*(?:Aw)?W{_PRE}[ns][ekK][ns]|^a?nW{_O}e",
        "sql: number ) where condition": rf"^a?n\)+(?:A?w)?(?:W|;|o|a\(*S|U|,\(S|H|K\(*S){_PRE}",
        "sql: number ; statement": rf"^(?:a?[nw]|s)?\)*;{_STATEMENT}",
        "sql: ; statement": (
            r";(?:DT+[wt]|NI[wtf](?:\(|V|S)|RF[wt](?:\.w)?(?:W|C|;|$)|P[wt](?:\.w)*E[wt](?:\.w)?e|yv|yz|x(?:X|v|\(v)"
            r"|Sl?(?:[nvacs]|[gd]\(|w,.*F|[wt]F[wt](?:;|C|W|$)))"
        ),
        "sql: constants , delay": r"^\)*(?:,n)+\)+",
        "sql: number compare (select": rf"^{_NUMBER}\)*!?[ekK]\(*S",
        "sql: procedure call": r"^x(?:X|\(?v)|^yv|^xm[sqQ]|x[wt.]*X[sqv]",
        "sql: changing statement": r"^NI[wtTf](?:\.[wtf])?(?:\(|V|S)|^RF[wt]W|^P[wt]E[wt]e",
        "sql: catalogue": r"F(?:t|t\.|w\.)t|^S[^;]*Ft",
        "sql: select server variable": r"^Sl?v(?:\.w)?(?:[CF;]|$)|^Sg\([s]?\)(?:[CF;]|$)",
        "sql: number or constant group by call": rf"^{_NUMBER}\)*o.{{0,6}}Ob[gfd]\(",
        "sql: into file": r"[nsvwt)]Iu[sq]|wu[sqQ]|^[^;]{0,20}[)n]Iv",
        "sql: package call": r"X\.[wfgd]+\(",
        "sql: limit procedure": r"^a?nLn(?:,n)?(?:TY|U|I)|TYf?g?\(|TY\(",
        "sql: conditional on constants": r"^g\(n[ek]n\)S|ch[!(]*(?:[ns][ekK)]|g\(|[wv](?:\.w)?[ek])|(?:^"
        r"|[aoek,(])g\(n[ek]n,|^f\(n[ek]n,|^g\([nw]\(?\)?e$|^g\(g\(\)[ek]",
        "sql: cut call": r"^\(+Sl?[nsvg(]|^[^;S]{1,20},\(+Sl?[nsvag(]|^S?[gd]\($|^g\(g\(g?|^\)K\(",
        "sql: operator constant": rf"^{_NUMBER}?\)*o(?:aa|!a|a!)[!(a]*n",
        "sql: (constant = constant) operator": r"^\(+[ns]e[ns]\)+[aoek]",
        "sql: constant = constant": r"^(?:[aw]{0,4}o)?s(?:aw)?[ke?]s(?:aw)?(?:$|C|[eko])|^a?n\)*[ek]n\)*(?:C|o)",
    }
)

INSIDE = Grammar(
    {
        "sql: union select list": rf"^Ul?\(*S{_LIST}",
        "sql: or constant = constant": rf"^o{_PRE}n(?:[ao]n)*\)*e{_PRE}[nq]\)*(?:[^,.w?]|$)|^o{_PRE}s[KkE]{_PRE}[sqQ]",
        "sql: or effect()": rf"^o{_PRE}d\(",
        "sql: effect()": r"^d\([nsvq(]",
        "sql: ; statement": (
            r"^;(?:DT+[wt](?:;|C|$)|NI[wt](?:\(|VS?\(|S)|RF[wt](?:\.w)?W[wn(]|P[wt](?:\.w)*E[wt](?:\.w)?e|yv[wx]|yz"
            r"|x(?:X|v|\(v|ms)"
            r"|Sl?(?:[nvac]|[gd]\()[^;]*(?:F[wt]|C))"
        ),
        "sql: (select list from": r"^\(+Sl?[!(a]*(?:c[hw(ns]|[gd]\([^;]{0,60}F|d\(|[nsva][^;]{0,60}F[wt])",
        "sql: char(n) || char(n)": r"^g\(n\)[ao]+g\(n",
        "sql: delay": r"^yz[sqQn]",
        "sql: into file": r"^Iu[sq]",
    }
)

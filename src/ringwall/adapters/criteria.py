"""The condition that confines a statement of SQLAlchemy's ORM to some rows of a mapped class, as a loader option.

SQLAlchemy compiles a statement once and finds it again by a key that it works out from all parts. A condition has few
forms and many callers: its key here is its form, and what a caller holds are bound values. So no caller's statement is
compiled for it alone, and a condition whose statement is compiled already is never even written out.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, false, literal_column, or_
from sqlalchemy.orm import Mapper, class_mapper
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql import operators

SIGN: Final = "ringwall"
"""What a condition says of itself in the statement's text (`'ringwall' = 'ringwall'`), so that it is seen there."""


class Held(NamedTuple):
    """What an attribute of a mapped class has to hold (or, for the rows that a request names, may not): None in `key`
    or `value` where no row of the class could."""

    key: str | None
    value: Any


class _Value(BindParameter[Any]):
    """A bound value that stays itself when the ORM annotates what is around it. Copies would be told apart from it by
    `==`, which for SQLAlchemy makes an expression: 10 us for each value of each statement."""

    inherit_cache = True

    def _annotate(self, values: Any) -> Any:
        return self

    def _with_annotations(self, values: Any) -> Any:
        return self


class Confining(LoaderCriteriaOption):
    """Rows for which one of `any_of` holds; outside `named` (None: of all rows) every row."""

    __slots__ = ("_any_of", "_binds", "_form", "_named")
    inherit_cache = True

    def __init__(self, mapper: Mapper[Any], any_of: tuple[Held, ...], named: tuple[Held, ...] | None) -> None:
        super().__init__(mapper.class_, false(), include_aliases=True)
        cells = (*any_of, *(named or ()))
        self._any_of, self._named = any_of, named
        self._binds = tuple([_bind(mapper, cell) if _possible(cell) else None for cell in cells])
        self._form = (
            mapper,
            tuple([cell.key if _possible(cell) else None for cell in cells]),
            len(any_of),
            named is None,
        )

    def _gen_cache_key(self, anon_map: Any, bindparams: Any) -> tuple[Any, ...]:
        """The form, and each value's own key: so they are lined up with those of the statement that was compiled."""
        binds = [bind._gen_cache_key(anon_map, bindparams) for bind in self._binds if bind is not None]  # type: ignore[no-untyped-call]
        return (Confining, self._form, *binds)

    def _resolve_where_criteria(self, ext_info: Any) -> ColumnElement[bool]:
        """The condition, written out for a statement that is compiled."""
        binds, model = iter(self._binds), self._form[0].class_

        def equal(cell: Held) -> ColumnElement[bool]:
            bind = next(binds)
            return false() if bind is None else getattr(model, str(cell.key)) == bind

        holds = or_(false(), *[equal(cell) for cell in self._any_of])
        if self._named is not None:
            holds = or_(and_(*[~equal(cell) for cell in self._named]), holds)
        self.where_criteria = and_(literal_column(f"'{SIGN}' = '{SIGN}'"), holds)
        return super()._resolve_where_criteria(ext_info)

    def __reduce__(self) -> tuple[Any, ...]:
        """Objects keep the options they were loaded with, and an application may pickle them."""
        return _again, (self._form[0].class_, self._any_of, self._named)


def _again(model: type[Any], any_of: tuple[Held, ...], named: tuple[Held, ...] | None) -> Confining:
    return Confining(class_mapper(model), any_of, named)


def _possible(cell: Held) -> bool:
    return cell.key is not None and cell.value is not None


def _bind(mapper: Mapper[Any], cell: Held) -> _Value:
    column: Any = mapper.attrs[str(cell.key)]
    kind = column.columns[0].type.coerce_compared_value(operators.eq, cell.value)
    return _Value(cell.key, cell.value, type_=kind, unique=True)

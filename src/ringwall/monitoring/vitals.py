"""How a worker is: what its parts say of themselves when asked, for the monitor to read."""

from __future__ import annotations

from collections.abc import Callable

Probe = Callable[[], object]


class Vitals:
    """Probes by name; a part adds its own when it is made. None means well."""

    def __init__(self) -> None:
        self._probes: dict[str, Probe] = {}

    def add(self, name: str, probe: Probe) -> None:
        """Ask this, too. The probe answers something that JSON can say, and does not wait."""
        self._probes[name] = probe

    def tell(self) -> dict[str, object]:
        """What every probe says now."""
        return {name: probe() for name, probe in self._probes.items()}

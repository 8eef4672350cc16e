"""The software bill of materials of ringwall as it is installed here: CycloneDX 1.6 JSON. Asks no network."""

from __future__ import annotations

from importlib import metadata

from ringwall.report.packages import installed


class NoBill(Exception):
    """What writes the form is not installed; the message says how to."""


def bill() -> str:
    """The document: ringwall, and every distribution that it needs with the version that is there. Raises NoBill."""
    try:
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output.json import JsonV1Dot6
        from packageurl import PackageURL
    except ImportError:
        raise NoBill("cyclonedx-python-lib is not installed: pip install 'ringwall[audit]'") from None

    def component(name: str, version: str, kind: ComponentType) -> Component:
        url = PackageURL("pypi", name=name, version=version)
        return Component(type=kind, name=name, version=version, purl=url, bom_ref=url.to_string())

    bom = Bom()
    own = component("ringwall", metadata.version("ringwall"), ComponentType.APPLICATION)
    parts = [component(name, version, ComponentType.LIBRARY) for name, version in installed().items()]
    bom.metadata.component = own
    bom.components.update(parts)
    bom.register_dependency(own, parts)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"

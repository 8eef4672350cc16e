"""What would add a wall where the drill found one layer to be a single point of failure: a sentence for each threat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ADVICE: Final[Mapping[str, str]] = {
    "injection": "Give the field a schema or a `format`; in process, sinks see the effect.",
    "cross-site scripting": "State the field's `format`; reply under a content type that no browser runs.",
    "broken authentication": "Demand a second factor of the role (`requires: mfa`); state a `rate` on the operation.",
    "object and tenant access": "State `owner` and `tenant` on the resource and `filter` on its lists: the reply and "
    "the SQL are held to them too.",
    "function and property access": "State `write` on the property beside `allow` on the operation; demand a second "
    "factor of the role.",
    "misconfiguration": "Declare what is replied (`replies: strict`), and give each field its class.",
    "theft": "Keep the root key apart from the data, and give each person keys of their own.",
    "floods and big bodies": "Bound the operation itself (`rate`, `body`, `seconds`) beside the bounds of the whole.",
    "forged or outbound requests": "State the field as a URL (`format: url`), and the origins that may call (`cors`).",
}

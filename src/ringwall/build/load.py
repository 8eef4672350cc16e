"""Loading a contract and the API that it speaks of, wherever that is: a file, a URL, or the application itself."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ringwall.contract.model import At, Contract, Misconfigured, Problem
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import load

BYTES, SECONDS = 16 << 20, 20.0
PLACES = ("/openapi.json", "/swagger.json", "/api/openapi.json", "/docs/openapi.json")

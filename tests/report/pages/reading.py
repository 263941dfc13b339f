"""Report pages read back."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any


def data_of(page: str, name: str) -> Any:
    found = re.search(
        rf'<script type="application/[a-z-]+" id="{name}">(.*?)</script>', page, re.DOTALL
    )
    assert found is not None
    return json.loads(
        gzip.decompress(base64.b64decode(found[1])) if name == "details" else found[1]
    )

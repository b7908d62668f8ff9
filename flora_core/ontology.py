"""Terms of the Plant Trait, Flora Phenotype and other ontologies, as tables and people write them.

References
----------
Plant Trait Ontology (TO) and Flora Phenotype Ontology (FLOPO), http://obofoundry.org/; identifiers of terms,
http://obofoundry.org/id-policy.
"""

from __future__ import annotations

import re
from typing import Final

#: The pattern of a term as it is kept; "" for none.
TERM_PATTERN: Final = r"^$|^[A-Za-z]{2,12}(?:_\d{3})?:\d{4,10}$"
#: What a term's address begins with.
_ADDRESSES: Final = "http://purl.obolibrary.org/obo/"
_TERM: Final = re.compile(
    r"[\(\[\{<]?\s*(?:https?://purl\.obolibrary\.org/obo/)?\b(TO|FLOPO|PO|PATO|PPO|EFO|CO_\d{3}|OBA|NCIT)[:_](\d{7})\b\s*[\)\]\}>]?"
)


def ontology_term(text: str) -> str:
    """The first term in a text, "TO:0000499" of "leaf margin (TO:0000499)"; "" where there is none."""
    found = _TERM.search(text)
    return f"{found[1]}:{found[2]}" if found else ""


def without_term(text: str) -> str:
    """A text without the terms in it; the text itself where nothing else would remain."""
    if ":" not in text and "_" not in text:
        return text
    return re.sub(r"\s+", " ", _TERM.sub(" ", text)).strip() or text


def term_address(term: str) -> str:
    """The address of a term: "http://purl.obolibrary.org/obo/TO_0000499"; "" for none."""
    return f"{_ADDRESSES}{term.replace(':', '_')}" if term else ""

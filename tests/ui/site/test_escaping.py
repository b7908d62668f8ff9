"""Every text that goes to a Markdown element or a label is escaped where it is put in: looked for in the source itself."""

import ast

from tests.servers import ROOT

#: Elements whose first text, or label, is read as Markdown; and the functions of ours that hand theirs on to one.
MARKDOWN = frozenset(
    [
        "markdown",
        "caption",
        "header",
        "subheader",
        "title",
        "info",
        "warning",
        "error",
        "success",
        "toast",
        "button",
        "form_submit_button",
        "download_button",
        "checkbox",
        "toggle",
        "radio",
        "selectbox",
        "multiselect",
        "text_input",
        "text_area",
        "number_input",
        "slider",
        "select_slider",
        "popover",
        "expander",
        "page_link",
        "metric",
        "progress",
        "link_button",
        "file_uploader",
        "pills",
        "segmented_control",
        "menu_button",
        "badge",
        "spinner",
        "show_signing_name",
    ]
)
#: What escapes, and what says a number with a word of ours.
ESCAPES = frozenset({"escape_markdown", "escape_label", "len", "_counted", "written_p"})


def is_plain(node: ast.expr, harmless: frozenset[str]) -> bool:
    """Whether what is put in can hold no text of a visitor's: escaped, a number with a form, or chosen among words of ours."""
    if ast.unparse(node) in harmless:
        return True
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is not None or is_plain(node.value, harmless)
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.JoinedStr):
        return all(is_plain(part, harmless) for part in node.values)
    if isinstance(node, ast.BinOp):
        return is_plain(node.left, harmless) and is_plain(node.right, harmless)
    if isinstance(node, ast.IfExp):
        return is_plain(node.body, harmless) and is_plain(node.orelse, harmless)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("translate", "localised"):
            # Its text is the program's own; what is put into it is not.
            return all(is_plain(part, harmless) for part in (*node.args, *(k.value for k in node.keywords)))
        return name in ESCAPES
    return False


def unescaped() -> list[str]:
    found = []
    for path in sorted([*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if name not in MARKDOWN:
                continue
            texts = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("label", "help", "body"))]
            if name == "page_link":
                texts += node.args[1:2]
            for text in texts:
                whole = text.values[0] if isinstance(text, ast.BoolOp) else text
                called = isinstance(whole, ast.Call) and isinstance(whole.func, ast.Name)
                if (called or isinstance(whole, ast.Attribute)) and not is_plain(whole, HARMLESS):
                    found.append(f"{path.relative_to(ROOT)}: {ast.unparse(text)}")
                found += [f"{path.relative_to(ROOT)}: {one}" for one in put_in(text)]
    return found


def put_in(node: ast.AST) -> list[str]:
    """What a text is put together of as it is."""
    if isinstance(node, ast.Call) and is_plain(node, HARMLESS):
        return []
    if isinstance(node, ast.FormattedValue):
        return [] if is_plain(node, HARMLESS) else [ast.unparse(node.value)]
    return [one for child in ast.iter_child_nodes(node) for one in put_in(child)]


#: What is put in as it is: numbers, identifiers that the program makes, words of its own, and texts that were escaped before.
HARMLESS = frozenset(
    {
        "MIN_PLANTS",
        "YEAR[found.kind]",
        "context.settings.keep_results_hours",
        "drawn",
        "framed",
        "pairs",
        "seen.challenger",
        "seen.champion",
        "seen.right.only_challenger",
        "share",
        "shown",
        "watching",
        "_MOST_BOXES",
        "min(place + 1, many)",
        "scores.plants",
        "scores.right",
        # A sentence of ours before a refusal.
        "before",
        "_heading(recorded)",
        "_labelled(name)",
        "chapter.title",
        "min(1.0, share)",
        "next((place.title for place in _PLACES if place.name == name))",
        "place.name",
        "place.title",
        "queued.share",
        "said.text",
        "who_may(use_case)",
        "work.context",
        "_labelled(said)",
        "_size(work.size)",
        "base",
        "beside",
        "challenger",
        "champion.registered_at[:10]",
        "champion.version",
        "earlier",
        "job.state",
        "known",
        "len(rows) - _ON_A_PHONE",
        "line",
        "listed(FORMATS, 'or')",
        "looked",
        "mark",
        "measured",
        "name",
        "offer.examined",
        "offer.rows",
        "only",
        "others",
        "part.version",
        "place + 1",
        "recorded.id",
        "said",
        "stop.text",
        "stop.title",
        "version",
        "versions",
        "which",
        "who.role",
        "who.role or 'no role'",
    }
)


def test_nothing_is_put_into_markdown_as_it_is():
    assert unescaped() == []

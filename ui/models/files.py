"""Versions that leave as a file and come in as one, on the Models page."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.study import Study
from flora_core.workflows.models.transfer import export_version, import_version
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import VersionView
from ui.components.refusal import show_refusal
from ui.site.person import allowed_here, show_signing_name
from ui.site.text import escape_markdown

_PERSON: Final = "person"
_TAKEN: Final = "models.taken"


def show_files(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Export a version, or import one."""
    out, into = st.columns(2, gap="large")
    with out:
        st.header("Export a version")
        _show_export(context, study, versions)
    with into:
        st.header("Import a version")
        _show_import(context, study)


def _show_export(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    if allowed_here(context, UseCase.EXPORT_MODEL):
        st.markdown(
            "A file for another context of this program, or for safekeeping: the model with its card. It can be opened without "
            "running anybody’s code."
        )
        numbers = [v.version for v in versions][::-1]
        version = int(st.selectbox("Version", numbers, key="export.version") or numbers[0])
        st.download_button(
            "Download",
            data=lambda: export_version(context, study.name, version)[1],
            file_name=f"{study.name}-v{version}.skops",
            mime="application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )


def _show_import(context: AppContext, study: Study) -> None:
    if allowed_here(context, UseCase.IMPORT_MODEL):
        st.markdown(
            "The file is looked through before anything of it is opened, and refused where it is not wholly made of what this "
            "program makes. What comes in identifies nothing until it is promoted."
        )
        file = st.file_uploader("A .skops file", type=["skops"], key="import.file")
        by = show_signing_name(context, "import.by")
        if st.button(
            "Bring it in", key="import", disabled=file is None or not by.strip(), icon=":material/move_to_inbox:"
        ):
            _take(context, study, file, by)
        said = st.session_state.pop(_TAKEN, "")
        if said:
            st.success(escape_markdown(said), icon=":material/check_circle:")


def _take(context: AppContext, study: Study, file: Any, by: str) -> None:
    content, name = file.getvalue(), file.name
    try:
        card = import_version(context, study.name, content, name, by=by)
    except FloraError as refused:
        show_refusal(refused)
        return
    st.session_state[_TAKEN] = f"Brought in as version {card.version}. {card.warnings[0]}"
    st.rerun()

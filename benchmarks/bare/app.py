"""The bare page behind our own front door: the same context, guard and start-up, another page."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flora_core.api import routes
from ui.lifespan import lifespan
from ui.server.access import checked_settings
from ui.server.security import middleware
from ui.server.startup import STARTUP

checked_settings()
app = st.App(
    str(Path(__file__).resolve().parent / "page.py"), routes=routes(STARTUP), middleware=middleware(), lifespan=lifespan
)

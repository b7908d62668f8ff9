"""The front door: one process serves the pages, the JSON API and the health checks.

`streamlit run app.py`, `uvicorn app:app` and `python app.py` all start it.
"""

import streamlit as st

from flora_core.api import routes
from ui.lifespan import lifespan
from ui.server.access import checked_settings
from ui.server.security import middleware
from ui.server.sign_in import streamlit_secrets
from ui.server.startup import STARTUP, on_script_error

app = st.App(
    "ui/frame.py",
    secrets=streamlit_secrets(checked_settings()),
    routes=routes(STARTUP),
    middleware=middleware(),
    lifespan=lifespan,
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    app.run()

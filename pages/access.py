"""Access: who may do what, tokens of programs, and what was done or tried; for admins."""

import streamlit as st

from flora_core.access import UseCase
from ui import access
from ui.page import require_context
from ui.site.person import allowed_here

context = require_context()

st.title("People and access")
st.markdown("Who may do what on this server, which programs have tokens, and what was done or tried.")
if not allowed_here(context, UseCase.MANAGE_PEOPLE):
    st.stop()
access.show_access_notice()
VIEWS = {"People": access.show_people, "Tokens": access.show_tokens, "Audit trail": access.show_audit_trail}
view = st.segmented_control(
    "View", list(VIEWS), default="People", key="access.view", required=True, label_visibility="collapsed"
)
VIEWS[view](context)

"""Everything that the pages share and that knows Streamlit."""

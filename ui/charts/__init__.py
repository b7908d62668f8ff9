"""Plotly figures and SVG; no Streamlit."""

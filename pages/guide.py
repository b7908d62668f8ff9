"""Guide: how to measure, how to read an answer, and what the program cannot know."""

import streamlit as st

from ui.components.guide import chapter_named, chapters, show_chapter

names = [chapter.name for chapter in chapters()]
titles = {chapter.name: chapter.title for chapter in chapters()}
asked = chapter_named(st.query_params.get("chapter", names[0]))

contents, text = st.columns([3, 9], gap="large")
with contents:
    chosen = st.radio("Chapters", names, index=names.index(asked.name), format_func=titles.__getitem__, key="chapter")
    st.query_params["chapter"] = chosen
with text:
    chapter = chapter_named(chosen)
    st.title(chapter.title)
    show_chapter(chapter)

"""The picker itself is tested with the pages it stands on: tests/pages/test_any_study.py."""

from streamlit.testing.v1 import AppTest

from tests.builders import labelled_table, make_named_study


def script(url, models):
    import streamlit as st

    from flora_core.settings import Settings
    from flora_core.workflows.context import open_context
    from ui.site.study_picker import choose_study, chosen_study

    context = open_context(Settings(database_url=url, models=models, _env_file=None))
    if st.button("wheat"):
        choose_study("wheat")
    st.write(chosen_study(context))


def test_a_choice_by_a_button_holds_and_clears_the_address_of_the_former_study(context):
    make_named_study(context, "wheat", labelled_table({"Kama": 12, "Rosa": 12}), champion=False)
    at = AppTest.from_function(script, args=(f"sqlite:///{context.database.path}", str(context.settings.models)))
    at.query_params["petal_length"] = "1.4"
    at.run()
    assert at.markdown[0].value == "iris"
    at.button[0].click().run()
    assert at.markdown[0].value == "wheat"
    assert at.query_params == {"study": "wheat"}
    at.query_params.clear()
    assert at.run().markdown[0].value == "wheat"

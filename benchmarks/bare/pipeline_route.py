"""Our front door, with one more route that only parses the JSON and calls the same fitted pipeline."""

import json
from functools import cache

import numpy as np
import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from flora_core.api import routes
from flora_core.model import Model
from ui.lifespan import lifespan
from ui.server.security import middleware
from ui.server.startup import STARTUP

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@cache
def champion() -> Model:
    return STARTUP.context().champion("iris")


async def bare(request: Request) -> JSONResponse:
    rows = json.loads(await request.body())["rows"]
    model = champion()
    X = np.array([[row[name] for name in NAMES] for row in rows])
    return JSONResponse({"probabilities": model.fitted_pipeline.predict_proba(X).tolist()})


app = st.App(
    "ui/frame.py",
    routes=[Route("/bare/identify", bare, methods=["POST"]), *routes(STARTUP)],
    middleware=middleware(),
    lifespan=lifespan,
)

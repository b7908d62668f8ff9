# Two stages: the first installs, the second runs. Nothing in it needs root when it runs, and only /app/data and /app/models
# are written to; the rest may be mounted read-only.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements-server.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-server.txt

FROM python:3.12-slim
# No .pyc files at run time (the root may be read-only), and log lines at once.
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
# `backup` and `restore` write and read PostgreSQL with its own programs.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin flora \
    && mkdir -p /app/data /app/models && chown flora:flora /app/data /app/models
WORKDIR /app
COPY --from=build /venv /venv
COPY app.py LICENSE ./
COPY .streamlit .streamlit
COPY flora_core flora_core
COPY ui ui
COPY pages pages
COPY docs docs
RUN python -m compileall -q flora_core ui app.py
USER flora
VOLUME ["/app/data", "/app/models"]
EXPOSE 8501
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501"]

"""The JSON door: /api/v1, /healthz and /readyz.

Errors are `{error, detail, issues[]}` with 400, 401, 403, 404, 405, 413, 422 or 503; never HTML, never a traceback.
"""

from flora_core.api.mount import routes

__all__ = ["routes"]

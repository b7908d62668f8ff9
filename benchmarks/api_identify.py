"""`POST /api/v1/identify`, one row, 16 connections, against a route that only calls the same fitted pipeline.

    python -m benchmarks.api_identify

The other route stands in the same process behind the same guard: it parses the same JSON and calls `predict_proba` of the
same champion. Aim: at least 0.5 times its requests a second. Both are asked in turns by 16 connections of a client process.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import statistics
import sys
import threading
import time

from benchmarks.visitor import ROOT, arrive, free_port, installation_folder, serving

CONNECTIONS = 16
SECONDS = 3.0
ROUNDS = 5
BODY = json.dumps(
    {"rows": [{"sepal_length": 5.9, "sepal_width": 2.8, "petal_length": 4.3, "petal_width": 1.3}]}
).encode()


def rate(port: int, path: str) -> float:
    """Requests a second over 16 keep-alive connections, each waiting for its answer."""
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    end = time.perf_counter() + SECONDS
    counts = [0] * CONNECTIONS

    def ask(place: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = b""
            while time.perf_counter() < end:
                s.sendall(request)
                while b"\r\n\r\n" not in buffer:
                    buffer += s.recv(65536)
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(head.decode() + buffer.decode())
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                while len(buffer) < length:
                    buffer += s.recv(65536)
                buffer = buffer[length:]
                counts[place] += 1

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def main() -> None:
    port = free_port()
    with installation_folder() as environment:
        command = [sys.executable, "-m", "uvicorn", "benchmarks.bare.pipeline_route:app", "--port", str(port)]
        with serving(command, ROOT, port, environment):
            arrive(port).close()
            time.sleep(6)
            ours, bare = [], []
            with multiprocessing.get_context("spawn").Pool(1) as client:
                for _ in range(ROUNDS):
                    bare.append(client.apply(rate, (port, "/bare/identify")))
                    ours.append(client.apply(rate, (port, "/api/v1/identify")))
    a, b = statistics.median(bare), statistics.median(ours)
    print(f"pipeline alone         {a:7.0f} requests/s")
    print(f"/api/v1/identify       {b:7.0f} requests/s")
    print(f"ratio                  {b / a:7.2f}   (aim: at least 0.5)")


if __name__ == "__main__":
    main()

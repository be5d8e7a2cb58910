"""What the servers of these tests, and the estates that point at them, have in common."""

import http.server
import threading

# One port of loopback stands for all three services.
PROJECT = """
apiVersion: afresh/v1
kind: Project
metadata: {{name: loopback}}
spec: {{ledger: {{file: .afresh/ledger.jsonl}}}}
---
apiVersion: afresh/v1
kind: Cloud
metadata: {{name: loopback}}
spec:
  authority: http://{host}
  resourceManager: http://{host}
  audience: https://management.azure.com
  databricks: {{domain: "{host}", managementAudience: "https://management.core.windows.net/"}}
---
"""


class LoopbackServer(http.server.ThreadingHTTPServer):
    """Serves on a free port of loopback for as long as it is used in a `with`."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """A client that hangs up is none of our business."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

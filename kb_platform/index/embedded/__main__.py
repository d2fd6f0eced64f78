"""`python -m kb_platform.index.embedded --folder DIR --port N`: serve the collections of a folder on 127.0.0.1.

With KB_INDEX__API_KEY in the environment, requests must carry it, as with a Qdrant server.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

import uvicorn

from kb_platform.index.embedded.catalogue import Catalogue, FolderInUse
from kb_platform.index.embedded.server import make_app


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        catalogue = Catalogue(chosen.folder)
    except FolderInUse as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    # uvicorn raises the signal again after its clean end; then it shall be an exit without error.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = make_app(catalogue, os.environ.get("KB_INDEX__API_KEY", ""))
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_config=None, access_log=False, timeout_keep_alive=75)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Checks the fetching of a data set against a server on this machine that answers as the hub does.

    python3 training/check_hub.py

A download whose line breaks ends with a message and is continued by a range, files that exist are not fetched again, a part that
lacks only its name gets it, and refusals say what was asked for.
"""
import http.server
import os
import re
import tempfile
import threading

from data import read_stories, split_paths
from hub import is_held_out, is_hub_name

FILES = {"Small-train.txt": b"One day.\n\nA cat ran.\n<|endoftext|>\nTwo dogs.\n<|endoftext|>\n", "Small-valid.txt": b"A pig.\n<|endoftext|>\n"}
COMMIT = "0123abc"
STORIES = ["One day.\nA cat ran.", "Two dogs."]


class Hub(http.server.BaseHTTPRequestHandler):
    asked = []
    # Bytes after which the line breaks; None for never.
    breaks_after = None

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        name = self.path.rsplit("/", 1)[-1]
        if self.path == "/api/datasets/small/set/revision/main":
            listed = ", ".join(f'{{"rfilename": "{file}"}}' for file in ["README.md", *FILES])
            self.reply(200, f'{{"sha": "{COMMIT}", "siblings": [{listed}]}}'.encode())
        elif self.path.startswith(f"/datasets/small/set/resolve/{COMMIT}/") and name in FILES:
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            rest = FILES[name][int(found[1]) if found else 0:]
            self.reply(416 if not rest else 206 if found else 200, rest, Hub.breaks_after)
        else:
            self.reply(404, b"")

    def reply(self, status, body, most=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:most])

    def log_message(self, *_):
        """Prints nothing."""


def refusal(data, files, folder):
    """Returns the message that a wrong name ends with."""
    try:
        split_paths(data, files, folder)
    except SystemExit as error:
        return str(error)
    raise AssertionError(f"{data} {files} was not refused")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as folder:
        assert is_held_out("Small-valid.txt") and not is_held_out("greatest-train.txt")
        assert is_hub_name("small/set") and is_hub_name("small/set@v1.0") and not is_hub_name(folder)
        Hub.breaks_after = 7
        assert "expected 59 bytes, found 7 when the line broke" in refusal("small/set", [], folder)
        Hub.breaks_after = None
        train, held = split_paths("small/set", [], folder)
        assert read_stories(train) == STORIES and read_stories(train, 1) == STORIES[:1] and read_stories(held) == ["A pig."]
        assert (f"/datasets/small/set/resolve/{COMMIT}/Small-train.txt", "bytes=7-") in Hub.asked, Hub.asked
        os.replace(train[0], train[0] + ".part")
        assert split_paths("small/set", [], folder) == (train, held) and read_stories(train) == STORIES
        before = len(Hub.asked)
        assert split_paths("small/set", [], folder) == (train, held) and len(Hub.asked) == before + 1
        assert "has no other.txt; its text files are: Small-train.txt, Small-valid.txt" in refusal("small/set", ["other.txt"], folder)
        assert "needs --files" not in refusal("small/set", ["Small-train.txt"], folder)
        assert "answered 404" in refusal("small/none", [], folder)
    server.shutdown()
    print("a data set is fetched, continued, kept and refused as it should be")


if __name__ == "__main__":
    main()

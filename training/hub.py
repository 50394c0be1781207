"""Text files of a data set on the Hugging Face hub, fetched once into a folder.

HF_ENDPOINT names another address than https://huggingface.co, as it does for the hub's own tools.
"""
import json
import os
import re
import shutil
import urllib.error
import urllib.request

NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
TEXT = (".txt", ".txt.gz")
HELD_OUT = ("heldout", "valid", "test")
TIMEOUT_SECONDS = 60


def is_hub_name(data):
    """Returns whether `data` is no folder here but looks like org/name or org/name@revision."""
    return not os.path.isdir(data) and NAME.fullmatch(data) is not None


def is_held_out(path):
    return any(word in os.path.basename(path).lower() for word in HELD_OUT)


def open_address(path, start=0):
    """Opens a path of the hub from byte `start` on; says what was asked for when the hub refuses."""
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/") + path
    request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{address}: the hub answered {error.code} ({error.reason}); is the name of the data set right, "
                         "and may everybody read it?") from error
    except urllib.error.URLError as error:
        raise SystemExit(f"{address}: not reachable ({error.reason}); give a folder with text files instead") from error


def list_texts(name, revision):
    """Returns the names of the text files of a data set."""
    with open_address(f"/api/datasets/{name}/revision/{revision}") as answer:
        files = [file["rfilename"] for file in json.load(answer)["siblings"]]
    return sorted(file for file in files if file.endswith(TEXT))


def fetch(name, revision, file, folder):
    """Returns the path of `file` in `folder`; what an earlier, broken download left is continued."""
    path = os.path.join(folder, file)
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    done = os.path.getsize(part) if os.path.exists(part) else 0
    with open_address(f"/datasets/{name}/resolve/{revision}/{file}", done) as answer:
        # A server that knows no ranges answers 200 and sends everything once more.
        with open(part, "ab" if answer.status == 206 else "wb") as out:
            shutil.copyfileobj(answer, out)
    os.replace(part, path)
    return path


def fetch_texts(data, files, folder):
    """Fetches the text files of a data set and returns their paths.

    data: org/name or org/name@revision. files: those to fetch; none stands for the only training file and the only
    held-out one, and where there are more the error lists them.
    """
    name, _, revision = data.partition("@")
    revision = revision or "main"
    found = list_texts(name, revision)
    unknown = [file for file in files if file not in found]
    ambiguous = not files and sorted(is_held_out(file) for file in found) != [False, True]
    if unknown or ambiguous:
        wrong = f"has no {', '.join(unknown)}" if unknown else "needs --files with files to train on and one to measure on"
        raise SystemExit(f"{data} {wrong}; its text files are: {', '.join(found) or 'none'}")
    return [fetch(name, revision, file, os.path.join(folder, name.replace("/", "+"))) for file in files or found]

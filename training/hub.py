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
# Words of file names; of a folder's files only the first counts.
HELD_OUT = ("heldout", "valid", "validation", "test")
TIMEOUT_SECONDS = 60
NOTHING_LEFT = 416


def is_hub_name(data):
    """Returns whether `data` is no folder here but looks like org/name or org/name@revision."""
    return not os.path.isdir(data) and NAME.fullmatch(data) is not None


def is_held_out(path, words=HELD_OUT):
    """Returns whether one of `words` stands in the file's name as a word of its own."""
    return not set(words).isdisjoint(re.split(r"[^a-z0-9]+", os.path.basename(path).lower()))


def open_address(path, start=0):
    """Opens a path of the hub from byte `start` on; says what was asked for when the hub refuses.

    Returns None if nothing stands from `start` on.
    """
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/") + path
    request = urllib.request.Request(address, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == NOTHING_LEFT:
            return None
        raise SystemExit(f"{address}: the hub answered {error.code} ({error.reason}); is there such a data set, and may everybody "
                         "read it? A folder of that name is not here either.") from error
    except urllib.error.URLError as error:
        raise SystemExit(f"{address}: not reachable ({error.reason}); give a folder with text files instead") from error


def list_texts(name, revision):
    """Returns (commit that the revision stands for, names of the text files of the data set)."""
    with open_address(f"/api/datasets/{name}/revision/{revision}") as answer:
        listed = json.load(answer)
    files = [file["rfilename"] for file in listed["siblings"]]
    return listed["sha"], sorted(file for file in files if file.endswith(TEXT))


def fetch(name, commit, file, folder):
    """Returns the path of `file` in `folder`; what an earlier, broken download left is continued.

    Ends with a message if the line breaks before all bytes that were promised are here; they are kept.
    """
    path = os.path.join(folder, file)
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    done = os.path.getsize(part) if os.path.exists(part) else 0
    answer = open_address(f"/datasets/{name}/resolve/{commit}/{file}", done)
    # Without an answer the part was whole: only its name was missing.
    if answer is not None:
        with answer:
            # A server that knows no ranges answers 200 and sends everything once more.
            done = done if answer.status == 206 else 0
            promised = done + int(answer.headers["Content-Length"])
            with open(part, "ab" if done else "wb") as out:
                shutil.copyfileobj(answer, out)
        if os.path.getsize(part) != promised:
            raise SystemExit(f"{file}: expected {promised:,} bytes, found {os.path.getsize(part):,} when the line broke; "
                             "the same command goes on from there")
    os.replace(part, path)
    return path


def fetch_texts(data, files, folder):
    """Fetches the text files of a data set and returns their paths.

    data: org/name or org/name@revision. files: those to fetch; none stands for the only training file and the only
    held-out one, and where there are more the error lists them.
    """
    name, _, revision = data.partition("@")
    revision = revision or "main"
    commit, found = list_texts(name, revision)
    unknown = [file for file in files if file not in found]
    ambiguous = not files and sorted(is_held_out(file) for file in found) != [False, True]
    if unknown or ambiguous:
        wrong = f"has no {', '.join(unknown)}" if unknown else "needs --files with files to train on and one to measure on"
        raise SystemExit(f"{data} {wrong}; its text files are: {', '.join(found) or 'none'}")
    return [fetch(name, commit, file, os.path.join(folder, name.replace("/", "+"), commit)) for file in files or found]

"""Whether an answer is right, for the training log. The figures on model cards come from `npm run eval`, whose checkers
are the generator's own; these are the same rules in few words."""
import re

MOST = 99


def list_of(prompt):
    """Returns the list that a prompt ends with, without its open slots."""
    return prompt[prompt.index(":") + 1:-1].split(",")[-1].rstrip("_")


def right(name, prompt, answer, reference):
    """Returns whether `answer` is right for `prompt` (texts); tasks with one right answer compare with `reference`."""
    list_ = list_of(prompt)
    if name == "shuffle":
        return sorted(answer) == sorted(list_) and answer != list_
    if name in ("replace_random", "insert_random", "remove_random"):
        item = "" if name == "remove_random" else prompt[prompt.index(":") + 1]
        gap = 0 if name == "insert_random" else 1
        return answer in {list_[:i] + item + list_[i + gap:] for i in range(len(list_) + 1 - gap)}
    if name == "latin":
        rows = [answer[i:i + 4] for i in range(0, len(answer), 4)]
        lines = rows + ["".join(column) for column in zip(*rows)]
        return len(answer) == 16 and all(sorted(line) == sorted(list_) for line in lines)
    if name == "words":
        return answer.split("=")[-1] == reference.split("=")[-1]
    if name == "countdown":
        return countdown(prompt, answer)
    if name == "json":
        return re.fullmatch(record_pattern(prompt), answer) is not None
    return answer == reference


def countdown(prompt, answer):
    target, numbers = prompt[len("countdown:"):-1].split(":")
    left = [int(number) for number in numbers.split(",")]
    for line in answer.split("\n"):
        found = re.fullmatch(r"(\d+)([-+*/])(\d+)=(\d+)\|([\d,]+)", line)
        if not found:
            return False
        a, sign, b, result, rest = found.groups()
        a, b, result = int(a), int(b), int(result)
        wanted = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[sign]
        try:
            left.remove(a)
            left.remove(b)
        except ValueError:
            return False
        left.append(result)
        if a < b or wanted != result or not 1 <= result <= MOST or rest != ",".join(map(str, sorted(left, reverse=True))):
            return False
    return left == [int(target)]


def record_pattern(prompt):
    values = {"name": r'"[a-z]{2,3}"', "age": r"[1-9]\d?", "ok": "(true|false|null)", "tags": r"\[(\d(,\d)?)?\]"}
    keys = re.findall(r'"(\w+)"', prompt)
    return r"\{" + ",".join(f'"{key}":{values[key]}' for key in keys) + r"\}"

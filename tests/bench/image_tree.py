#!/usr/bin/env python3
"""A repository like that of an app that carries its libraries: 26,900 files, 215 MB, made from a seed.

usage: image_tree.py <new directory>
"""
import random
import subprocess
import sys

FILES, BYTES = 26900, 215_000_000
random.seed(4)
words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz_", k=random.randint(2, 11))) for _ in range(6000)]
weights = [1 / (rank + 3) for rank in range(len(words))]
cumulative = [sum(weights[:1])]
for weight in weights[1:]:
    cumulative.append(cumulative[-1] + weight)
# Drawing each word anew would take minutes: texts are put together from lines, which repeat as those of code do.
paragraphs = []
for _ in range(4000):
    line = random.choices(words, cum_weights=cumulative, k=random.randint(2, 9))
    paragraphs.append(("    " * random.randint(0, 4) + " ".join(line) + "(%d)\n" % random.randint(0, 99)).encode())


def text(size):
    parts, length = [], 0
    while length < size:
        parts.append(random.choice(paragraphs))
        length += len(parts[-1])
    return b"".join(parts)[:size]


def paths():
    folders = ["app", "app/pages", "app/data"]
    for package in range(140):
        top = "vendor/%s%d" % (random.choice(words), package)
        inside = [top]
        for _ in range(random.randint(1, 32)):
            inside.append("%s/%s%d" % (random.choice(inside), random.choice(words), len(inside)))
        folders += inside
    for number in range(FILES):
        folder = folders[number % 3] if number < 40 else random.choice(folders[3:])
        yield "%s/%s%d.py" % (folder, random.choice(words), number)


def main(directory):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", directory], check=True)
    git = subprocess.Popen(["git", "-C", directory, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    out = git.stdin
    out.write(b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 4\nmade\n")
    for path in paths():
        size = max(20, int(random.lognormvariate(7.9, 1.45)))
        body = text(min(size, 400_000) * BYTES // 206_000_000)
        out.write(b"M 644 inline %s\ndata %d\n" % (path.encode(), len(body)))
        out.write(body)
        out.write(b"\n")
    out.write(b"\ncommit refs/heads/changed\ncommitter A <a@example.org> 1700000100 +0000\ndata 7\nchanged\n"
              b"from refs/heads/main\nM 644 inline app/pages/main.py\ndata 12\nprint('hi')\n\n\n")
    out.close()
    if git.wait():
        sys.exit(1)


main(sys.argv[1])

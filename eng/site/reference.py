"""Writes the reference of what the built program says of itself: its help, its schema, and the docstrings of codec stages.

Usage: reference.py PLUME.DLL FOLDER
"""
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

KINDS = {"Remember": "remember", "Transform": "transform", "Select": "select", "Allocate": "allocate", "Quantize": "quantize", "Code": "code"}


@functools.cache
def plume(program, *arguments):
    return subprocess.run(["dotnet", program, *arguments], capture_output=True, text=True).stdout


def commands(program, folder):
    """A section for each command of the help, and for each that stands below one."""
    root = plume(program, "--help")
    # A process starts in the time that it takes, on each processor one.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: plume(program, name, "--help"), re.findall(r"^  ([a-z]+) +\S", root, re.M)))
    page = ["# Commands", "", "What `plume COMMAND --help` prints.", ""]
    for line in root.splitlines():
        if found := re.match(r"^(\S.*):$", line):
            group = found[1]
            if group in ("Options", "Environment", "Examples", "Exit codes"):
                group = None
            else:
                page += [f"## {group}", ""]
        elif (found := re.match(r"^  ([a-z]+) +\S", line)) and group:
            section(program, [found[1]], page)
    page += ["## Exit codes", "", "```text", root.split("Exit codes:\n")[1].rstrip(), "```", ""]
    (folder / "commands.md").write_text("\n".join(page), encoding="utf-8")


def section(program, path, page):
    text = plume(program, *path, "--help")
    if not text.strip():
        raise SystemExit(f"plume {' '.join(path)} --help prints nothing")
    page += [f"### plume {' '.join(path)}", "", "```text", text.rstrip(), "```", ""]
    below = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.M)
    for line in below[1].splitlines() if below else []:
        if found := re.match(r"^  ([a-z]+)\b", line):
            section(program, [*path, found[1]], page)


def keys(program, folder):
    """A row for each key of the schema, by its dotted path."""
    schema = json.loads(plume(program, "schema"))
    page = ["# Experiment keys", "", "What `plume schema` says of each key; `--set KEY=VALUE` overrides it.", "",
            "| key | what it is | values | default |", "| --- | --- | --- | --- |"]
    rows = list(walk(schema, ""))
    if len(rows) < 40:
        raise SystemExit(f"the schema has {len(rows)} keys only")
    page += [f"| `{path}` | {cell(each.get('description', ''))} | {cell(values(each))} | {cell(default(each))} |" for path, each in rows]
    (folder / "experiment-keys.md").write_text("\n".join(page) + "\n", encoding="utf-8")


def walk(schema, prefix):
    for name, each in schema.get("properties", {}).items():
        if "properties" in each:
            yield from walk(each, f"{prefix}{name}.")
        else:
            yield prefix + name, each


def values(each):
    if "enum" in each:
        return ", ".join(f"`{value}`" for value in each["enum"])
    shown = each.get("type", "")
    shown = " or ".join(shown) if isinstance(shown, list) else shown
    for word, key in (("from", "minimum"), ("above", "exclusiveMinimum"), ("to", "maximum"), ("below", "exclusiveMaximum")):
        if key in each:
            shown += f" {word} {each[key]:g}"
    if "examples" in each:
        shown += ": " + ", ".join(f"`{value}`" for value in each["examples"])
    return shown


def default(each):
    return f"`{json.dumps(each['default']).strip(chr(34))}`" if "default" in each else ""


def cell(text):
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").strip()


def stages(program, folder):
    """A section for each stage: its docstring, under the word that the source gives it."""
    documented = {member.get("name"): member for member in xml.parse(pathlib.Path(program).parent / "Plume.Compression.xml").iter("member")}
    sources = {}
    for path in sorted(pathlib.Path("src/Plume.Compression/Codecs").rglob("*.cs")):
        text = path.read_text(encoding="utf-8-sig")
        if found := re.search(r"INotated<(\w+)>\.Word => \"(\w+)\"", text):
            space = re.search(r"^namespace ([\w.]+);", text, re.M)[1]
            sources[found[1]] = (found[2], f"T:{space}.{found[1]}")
    catalogue = re.findall(r"Entry<(\w+)>\(StageKind\.(\w+)\)", pathlib.Path("src/Plume.Compression/Codecs/Notation.cs").read_text(encoding="utf-8-sig"))
    if missing := [name for name, _ in catalogue if name not in sources or sources[name][1] not in documented]:
        raise SystemExit(f"no docstring for {', '.join(missing)}")
    page = ["# Codec stages", "", "A codec is a line of these, from left to right; what may follow what, an error says.", ""]
    last = None
    for name, kind in catalogue:
        if kind != last:
            page += [f"## {KINDS[kind].capitalize()}", ""]
            last = kind
        word, member = sources[name]
        page += [f"### {word}", ""]
        page += [f"{prose(part)}\n" for part in (documented[member].find(tag) for tag in ("summary", "remarks")) if part is not None]
        parameters = [(each.get("name"), prose(each)) for each in documented[member].findall("param")]
        page += [f"- `{parameter}`: {text}" for parameter, text in parameters] + ([""] if parameters else [])
    (folder / "codec-stages.md").write_text("\n".join(page), encoding="utf-8")


def prose(element):
    text = element.text or ""
    for child in element:
        shown = child.get("cref", child.get("name", "")).split(":")[-1].split("(")[0].split(".")[-1] or "".join(child.itertext())
        text += f"`{shown}`" + (child.tail or "")
    return re.sub(r"\s+", " ", text).replace("<", "&lt;").strip()


def main(program, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    commands(program, folder)
    keys(program, folder)
    stages(program, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])

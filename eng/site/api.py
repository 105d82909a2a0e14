"""Writes the reference of what the libraries offer: a page a namespace, from the lists of public symbols and the built docstrings.

Usage: api.py BIN FOLDER, in the root of the repository; BIN has a folder for each built library. Ends with 1 where a public type has no docstring.
"""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

from reference import prose

# What the compiler gives every record and value, and nobody looks up.
SYNTHESIZED = re.compile(r"<Clone>\$|\.(Equals|GetHashCode|ToString|Deconstruct|PrintMembers)\(|operator [!=]=|\.EqualityContract\b")
# Public since what shows them wants it so, and for no program to use.
COMPONENTS = re.compile(r"\bPlume\.Pages\.Components\.")
MODIFIERS = re.compile(r"^(?:(?:static|const|abstract|virtual|override|sealed|readonly|extern|~) ?)+(?=\S)")


def parameters(text):
    """The parameters of a signature, by the commas that no bracket encloses."""
    depth, parts = 0, [""]
    for letter in text:
        depth += letter in "<{[(" and 1 or letter in ">}])" and -1 or 0
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [] if text.strip() == "" else parts


def path_of(name):
    """A symbol's path as docstrings have it: generics by their number."""
    while found := re.search(r"<([^<>]*)>", name):
        name = f"{name[:found.start()]}`{len(found[1].split(','))}{name[found.end():]}"
    return name


class Symbol:
    """A line of a list of public symbols."""

    def __init__(self, line):
        self.line = line
        bare = MODIFIERS.sub("", line)
        head, _, self.result = bare.partition(" -> ")
        self.is_enum_member = " = " in head and "(" not in head
        head = head.split(" = ")[0] if self.is_enum_member else head
        self.name, bracket, rest = head.partition("(")
        self.arguments = rest[:rest.rfind(")")] if bracket else None
        self.is_type = not self.result
        self.path = re.sub(r"\.(get|set|init|add|remove)$", "", path_of(self.name))

    @property
    def key(self):
        return self.path, len(parameters(self.arguments or ""))

    def shown(self):
        name = self.name.rsplit(".", 1)[-1] if not self.name.endswith((".get", ".set", ".init")) else self.name.rsplit(".", 2)[-2]
        call = "" if self.arguments is None else f"({short(self.arguments)})"
        return f"{name}{call}" + ("" if self.result in ("void", "") or self.is_enum_member else f" -> {short(self.result)}")


def short(text):
    return re.sub(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text).replace("!", "")


def key_of(identifier):
    """The key of a docstring's symbol: of a constructor, the type's name once more; of a method without its generic number."""
    kind, _, rest = identifier.partition(":")
    name, _, arguments = rest.partition("(")
    name = re.sub(r"``(\d+)", r"`\1", name)
    if name.endswith(".#ctor"):
        name = name[:-len("#ctor")] + re.sub(r"`\d+$", "", name[:-len(".#ctor")].rsplit(".", 1)[-1])
    return kind, (name, len(parameters(arguments.rsplit(")", 1)[0]))) if kind == "M" else (name, 0)


# What a list of public symbols calls by C#'s own words, and docstrings by the types'.
ALIASES = {"string": "String", "int": "Int32", "long": "Int64", "float": "Single", "double": "Double", "bool": "Boolean", "byte": "Byte",
           "uint": "UInt32", "ulong": "UInt64", "object": "Object", "short": "Int16", "ushort": "UInt16", "char": "Char"}


def first_names(arguments):
    """The types' own names of a signature's parameters, which tell overloads apart."""
    words = [re.sub(r"^(?:this|params|ref|in|out|scoped) ", "", part.strip()) for part in parameters(arguments)]
    names = [re.match(r"[\w.]*", word)[0].rsplit(".", 1)[-1] for word in words]
    return [ALIASES.get(name, name) for name in names]


def nearest(symbol, candidates):
    """Of overloads with as many parameters the docstring of the one whose types are most alike."""
    own = first_names(symbol.arguments or "")
    return max(candidates, key=lambda candidate: sum(one == other for one, other in zip(own, candidate[0])))[1]


def documented(member, members):
    """The docstring's element, or that which it inherits from by name."""
    inherited = member.find("inheritdoc")
    for _ in range(5):
        if inherited is None or inherited.get("cref") not in members:
            return member
        member = members[inherited.get("cref")]
        inherited = member.find("inheritdoc")
    return member


def text_of(member, *tags):
    return " ".join(prose(part) for tag in tags if (part := member.find(tag)) is not None)


def kind_of(symbols):
    return "record" if any("<Clone>$" in symbol.line for symbol in symbols) else "enum" if any(symbol.is_enum_member for symbol in symbols) else "type"


def section(title, own, types, members, by_key, page):
    symbols = types[own]
    doc = documented(members[f"T:{own}"], members)
    page += [f"### {title}", "", f"*{kind_of(symbols)}.* {text_of(doc, 'summary', 'remarks')}", ""]
    given = [f"- `{each.get('name')}`: {prose(each)}" for each in doc.findall("param")]
    page += given + ([""] if given else [])
    known = {each.get("name") for each in doc.findall("param")}
    lines = {}
    for symbol in sorted(symbols, key=lambda symbol: symbol.path):
        accessor = symbol.name.endswith((".set", ".init"))
        if SYNTHESIZED.search(symbol.line) or symbol.key not in by_key or accessor or symbol.path.rsplit(".", 1)[-1] in known:
            continue
        told = text_of(documented(nearest(symbol, by_key[symbol.key]), members), "summary")
        # A record's constructor has the record's docstring.
        told = "" if told == text_of(doc, "summary") else told
        lines[f"- `{symbol.shown()}`" + (f": {told}" if told else "")] = None
    page += [*lines, ""] if lines else []


def library(name, binary, folder, index):
    listed = pathlib.Path("src", name, "PublicAPI.Unshipped.txt").read_text(encoding="utf-8-sig").splitlines()
    symbols = [Symbol(line) for line in listed if line and not line.startswith("#") and not COMPONENTS.search(line)]
    built = pathlib.Path(binary, name, "release", f"{name}.xml")
    members = {member.get("name"): member for member in xml.parse(built).iter("member")}
    by_key = collections.defaultdict(list)
    for each, member in members.items():
        if not each.startswith("T:"):
            by_key[key_of(each)[1]].append((first_names(each.partition("(")[2].rsplit(")", 1)[0]), member))
    types = {symbol.path: [] for symbol in symbols if symbol.is_type}
    for symbol in symbols:
        if not symbol.is_type and (owner := symbol.path.rsplit(".", 1)[0]) in types:
            types[owner].append(symbol)
    if missing := [own for own in types if f"T:{own}" not in members]:
        raise SystemExit(f"no docstring for {', '.join(missing)}")
    spaces = collections.defaultdict(list)
    for own in types:
        space = own.rsplit(".", 1)[0]
        while space in types:
            space = space.rsplit(".", 1)[0]
        spaces[space].append(own)
    index += [f"## {name}", ""]
    for space in sorted(spaces):
        page = [f"# {space}", "", f"Of the package `{name}`.", ""]
        names = {own: re.sub(r"`\d+", "", own[len(space) + 1:]) for own in spaces[space]}
        for own in sorted(spaces[space], key=lambda own: names[own].lower()):
            section(names[own], own, types, members, by_key, page)
        (folder / "api" / f"{space}.md").write_text("\n".join(page), encoding="utf-8")
        index.append(f"- [{space}](api/{space}.md): {', '.join(sorted(names.values(), key=str.lower))}")
    index.append("")
    return len(types)


def main(binary, folder):
    folder = pathlib.Path(folder)
    (folder / "api").mkdir(parents=True, exist_ok=True)
    index = ["# Public API", "", "What the packages offer to programs, by namespace: the symbols of the lists that a change of the surface is seen in "
             "(`PublicAPI.Unshipped.txt`), with their docstrings.", ""]
    count = sum(library(each.parent.name, binary, folder, index) for each in sorted(pathlib.Path("src").glob("*/PublicAPI.Unshipped.txt")))
    if count < 500:
        raise SystemExit(f"the libraries have {count} public types only")
    (folder / "api.md").write_text("\n".join(index), encoding="utf-8")
    print(f"{count} public types on {len(list((folder / 'api').iterdir()))} pages")


if __name__ == "__main__":
    main(*sys.argv[1:])

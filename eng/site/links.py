"""Turns links of pages to files beside the documentation into links that a site can have: README becomes a page, sources their text.

Usage: links.py FOLDER, in the root of the repository. Ends with 1 where a file that is linked does not exist.
"""
import pathlib
import re
import shutil
import sys

LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")


def main(folder):
    pages = pathlib.Path(folder)
    shutil.copy("README.md", pages / "readme.md")
    shutil.copy("CHANGELOG.md", pages / "changelog.md")
    missing = []
    for page in sorted(pages.rglob("*.md")):
        # Where the page stands in the repository.
        inner = page.relative_to(pages)
        home = pathlib.Path("docs") / inner if inner.name not in ("readme.md", "changelog.md") else pathlib.Path(inner.name.upper())
        text = page.read_text(encoding="utf-8")
        page.write_text(LINK.sub(lambda found: replaced(found, home.parent, inner, pages, missing), text), encoding="utf-8")
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


def replaced(found, home, inner, pages, missing):
    target = (home / found[1]).resolve().relative_to(pathlib.Path.cwd())
    up = "../" * (len(inner.parts) - 1)
    anchor = found[2] or ""
    if target.parts[0] == "docs" and (pages / pathlib.Path(*target.parts[1:])).exists():
        return f"]({up}{'/'.join(target.parts[1:])}{anchor})"
    if str(target) in ("README.md", "CHANGELOG.md"):
        return f"]({up}{str(target).lower()}{anchor})"
    if not target.exists():
        missing.append(f"{inner}: '{found[1]}' does not exist")
        return found[0]
    if str(target) == "README.zh.md" or target.is_dir() or target.suffix not in (".json", ".cs", ".md", ".sh"):
        return "]" + f"({up}readme.md)" if str(target) == "README.zh.md" else f"] (`{target}`)"
    kept = pages / "sources" / (str(target).replace("/", "-") + ".md")
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(f"# {target}\n\n~~~~\n{target.read_text(encoding='utf-8-sig')}\n~~~~\n", encoding="utf-8")
    return f"]({up}sources/{kept.name})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

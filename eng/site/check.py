"""Follows every link of the built site: each page that is linked is there, and has the place that is named.

Usage: check.py FOLDER. Ends with 1 where one leads nowhere.
"""
import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.update(attributes[key] for key in ("id", "name") if attributes.get(key))
        self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]


def main(folder):
    root = pathlib.Path(folder).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in root.rglob("*.html")}
    if len(pages) < 15:
        raise SystemExit(f"the site has {len(pages)} pages only")
    wrong, followed = [], 0
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            followed += 1
            if not target.exists():
                wrong.append(f"{path.relative_to(root)}: '{link}' leads nowhere")
            elif parts.fragment and target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].places:
                wrong.append(f"{path.relative_to(root)}: '{link}' names no place of that page")
    for line in sorted(set(wrong)):
        print(line, file=sys.stderr)
    print(f"{len(pages)} pages, {followed} links followed, {len(set(wrong))} lead nowhere")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

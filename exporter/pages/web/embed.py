"""Makes a C file of the files that pages are made of: embed.py OUT FILE..."""

import hashlib
import os
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "",
}


def main():
    out, *paths = sys.argv[1:]
    whole = hashlib.sha256()
    rows, bodies = [], []
    for i, path in enumerate(sorted(paths, key=os.path.basename)):
        with open(path, "rb") as f:
            data = f.read()
        whole.update(data)
        name = os.path.basename(path)
        kind = TYPES[os.path.splitext(name)[1]]
        numbers = ",".join(map(str, data))
        bodies.append(f"static const unsigned char body_{i}[] = {{{numbers}}};\n")
        rows.append(f'\t{{"{name}", "{kind}", body_{i}, sizeof(body_{i})}},\n')
    with open(out, "w") as f:
        f.write('#include "exporter/pages/assets.h"\n\n')
        f.writelines(bodies)
        f.write(f'const char assets_hash[] = "{whole.hexdigest()[:16]}";\n')
        f.write("const struct asset assets[] = {\n")
        f.writelines(rows)
        f.write("};\n")
        f.write("const size_t assets_count = sizeof(assets) / sizeof(*assets);\n")


main()

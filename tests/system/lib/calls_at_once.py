"""Calls of every kind, made at once by one exporter before the first test looks at them."""

import concurrent.futures

from call_peers import later
from harness import Case, Exporter


class CallsAtOnce:
    """
    For a TestCase that has `folder`, `rows()`: {name: (uri, …)}, and `config(rows)`, in which
    trunks have the names of `names`.
    """

    @classmethod
    def call_all(cls):
        rows = cls.rows()
        cls.names = {name: later(name, row[0]) for name, row in rows.items()}
        cls.exporter = Exporter(cls.folder, cls.config(rows))
        cls.addClassCleanup(Case.finish, cls.exporter)
        with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
            calls = {name: pool.submit(cls.exporter.get, f"/probe?target={cls.names[name]}"
                                       "&method=INVITE&debug=true") for name in rows}
        cls.told = {name: call.result() for name, call in calls.items()}

    def went(self, name, *words, heard=1):
        out = self.told[name]
        self.assertRegex(out.split("\n")[2], "INVITE: up,", out)
        self.assertEqual(out.count("  heard        nonce\n"), heard, out)
        for word in words:
            self.assertIn(word, out)

"""What ends siptrunk-setup with a sentence instead of a traceback."""


class Refused(Exception):
    """Nothing was changed; the text says why and what to do."""


class ByHand(Refused):
    """A file that cannot be edited safely."""

    def __init__(self, line, why, path, items):
        super().__init__(why)
        self.line, self.why, self.path, self.items = line, why, path, items

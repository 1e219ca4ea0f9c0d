"""What a format says when the package that makes it is missing. Its callers keep the other formats."""


class MissingRenderer(Exception):
    """The package that makes a format is not installed, or not whole. The message is a French sentence."""

    def __init__(self, package: str, format: str):
        super().__init__(f"Le format {format} demande le paquet « {package} », absent ou incomplet.")
        self.package = package
        self.format = format

"""The error raised when the package that makes a format is missing. Callers still make the other formats."""


class MissingRenderer(Exception):
    """The package that makes a format is not installed, or is incomplete. The message is a French sentence."""

    def __init__(self, package: str, format: str):
        super().__init__(f"Le format {format} demande le paquet « {package} », absent ou incomplet.")
        self.package = package
        self.format = format

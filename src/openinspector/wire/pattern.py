"""How patterns of texts on the wire end."""

from typing import Final

END: Final = r"$(?!\n)"
"""In Python, ``$`` alone matches before a last line break too; JSON Schema's does not."""

"""All components, a built-in library: templates need no `load`. `docs/components.md` shows each."""

from marketplace.ui import controls, evidence, figures, formats, forms, icons, page
from marketplace.ui.registry import register

__all__ = ["controls", "evidence", "figures", "formats", "forms", "icons", "page", "register"]

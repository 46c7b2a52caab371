"""Formulas as MathML, which browsers draw by themselves: no script, no font, no network.

Sphinx's own ways need LaTeX or a script from elsewhere; docutils, which it stands on, converts.
"""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger
from sphinx.writers.html5 import HTML5Translator

LOGGER = getLogger(__name__)


def inline(writer: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line."""
    writer.body.append(_drawn(node))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on lines of its own; a wide one scrolls."""
    writer.body.append(f'<div style="overflow-x: auto">{_drawn(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _drawn(node: nodes.Element, as_block: bool = False) -> str:
    """MathML; a warning, which fails a strict build, for TeX that is none."""
    tex = node.astext()
    try:
        return tex2mathml(tex, as_block=as_block)
    except MathError as error:
        LOGGER.warning("no formula: %s in %s", error, tex, location=node)
        return ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

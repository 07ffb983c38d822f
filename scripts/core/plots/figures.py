"""The paper that the pictures are drawn on: size, colours, type, and text that can't break them."""

import io
import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches
DPI = 110
EDGE = 0.3  # inches of white around everything
HEADING, BODY, SMALL = 12.0, 9.5, 8.5  # points

INK, QUIET, FAINT, PALE = "#22272E", "#6B7280", "#DDE1E6", "#B9C4D2"
PRODUCTION, CANDIDATE, ALERT = "#7F93AD", "#0B7A5B", "#D1570A"  # told apart in every kind of colour blindness
MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
TINY, HUGE = 1e-5, 1e9  # past these a number is written with its power of ten
HIDDEN = "\N{WHITE SQUARE}"  # stands for a character that the font does not have


@contextmanager
def style() -> Iterator[None]:
    """The same picture whatever a user's matplotlibrc says; what was set before is put back."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "text.parse_math": False,  # a column named "$x" is a name, not mathematics
                "text.hinting": "none",  # letters as wide as `advances` says
                "font.size": BODY,
                "text.color": INK,
                "axes.edgecolor": FAINT,
                "axes.labelcolor": QUIET,
                "axes.labelsize": SMALL,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "xtick.color": FAINT,
                "ytick.color": FAINT,
                "xtick.labelcolor": QUIET,
                "ytick.labelcolor": QUIET,
                "xtick.labelsize": SMALL,
                "ytick.labelsize": SMALL,
            }
        )
        yield


def png(figure: "Figure") -> bytes:
    """The same bytes for the same picture: nothing of the machine or of the clock is written.

    A palette makes the file a quarter as large; it would turn white into nearly white, so that is put back.
    """
    from PIL import Image

    pixels = io.BytesIO()
    figure.savefig(pixels, format="rgba", dpi=DPI)
    drawn = Image.frombytes("RGBA", _size(pixels.tell()), pixels.getvalue()).convert("RGB")
    few = drawn.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if value > 251 else value for value in few.getpalette() or ()])
    content = io.BytesIO()
    few.save(content, format="png", dpi=(DPI, DPI))
    return content.getvalue()


def _size(written: int) -> tuple[int, int]:
    """Width and height in pixels of so many bytes, four a pixel."""
    width = round(WIDTH * DPI)
    return width, written // 4 // width


@dataclass(frozen=True)
class Sheet:
    """A figure measured in inches from its top left corner; `top` is where the heading ends."""

    figure: "Figure"
    height: float
    top: float

    def axes(self, left: float, top: float, width: float, height: float) -> "Axes":
        """`top` counts from the end of the heading."""
        bottom = self.height - self.top - top - height
        return self.figure.add_axes((left / WIDTH, bottom / self.height, width / WIDTH, height / self.height))


def sheet(body: float, title: str, subtitle: str = "") -> Sheet:
    """A white sheet with room for `body` inches below its heading."""
    from matplotlib.figure import Figure

    heading = wrap(title, WIDTH - 2 * EDGE, HEADING * 1.1, most=2)  # bold is a tenth wider
    below = wrap(subtitle, WIDTH - 2 * EDGE, BODY, most=3)
    top = EDGE + 0.22 * len(heading) + 0.17 * len(below) + 0.15
    height = top + body
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    place = EDGE / WIDTH
    figure.text(place, 1 - EDGE / height, "\n".join(heading), size=HEADING, weight="bold", va="top")
    down = 1 - (EDGE + 0.22 * len(heading)) / height
    figure.text(place, down, "\n".join(below), size=BODY, color=QUIET, va="top")
    return Sheet(figure, height, top)


def plain(title: str, sentence: str) -> bytes:
    """A picture that says in words why there is nothing to see."""
    return png(sheet(0.25, title, sentence).figure)


def bare(axes: "Axes") -> None:
    """No frame, no ticks: a place for bars or points that are labelled directly."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelleft=False, labelbottom=False)


def clean(text: object) -> str:
    """One line that the font can draw: control characters go, unknown ones become squares."""
    kept = "".join(_drawn(character) for character in str(text)[:1000])
    return " ".join(kept.split()) or "(empty)"


@lru_cache(maxsize=4096)
def _drawn(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    if kind == "Cf":  # invisible, and able to turn the direction of all that follows
        return ""
    known = all(_font(weight).get_char_index(ord(character)) for weight in ("normal", "bold"))
    return character if known and kind not in ("Cs", "Co", "Cn") else HIDDEN


def _font(weight: str) -> Any:
    """The font that comes with matplotlib, so that every machine draws the same."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))


def advances(text: str, size: float) -> list[float]:
    """Width of each character in inches, at `size` points."""
    return [_advance(character) * size / 72 for character in text]


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    font = _font("normal")
    font.set_size(10, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance) / 65536 / 10


def fit(text: str, width: float, size: float = BODY) -> str:
    """Shortened in the middle to `width` inches: long names often differ in their ends."""
    widths = advances(text, size)
    if sum(widths) <= width:
        return text
    room = width - advances("…", size)[0]
    head = _reach(widths, room * 0.6)
    tail = _reach(widths[::-1], room - sum(widths[:head]))
    return text[:head].rstrip() + "…" + text[len(text) - tail :].lstrip()


def _reach(widths: Sequence[float], room: float) -> int:
    """How many of the first characters fit."""
    used = 0.0
    for count, width in enumerate(widths):
        used += width
        if used > room:
            return count
    return len(widths)


def wrap(text: str, width: float, size: float, most: int) -> list[str]:
    """Lines of `width` inches, `most` of them; what is too long ends in an ellipsis."""
    if not text:
        return []
    lines = [""]
    for word in clean(text).split(" "):
        longer = f"{lines[-1]} {fit(word, width, size)}".strip()
        if sum(advances(longer, size)) <= width:
            lines[-1] = longer
        else:
            lines.append(fit(word, width, size))
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(" ".join(lines[most - 1 :]), width, size)]
    return lines


def labels(names: Sequence[object], width: float, size: float = BODY) -> list[str]:
    """Names that can be drawn, at most `width` inches wide, no two alike."""
    found: dict[str, None] = {}
    for name in names:
        label = short = fit(clean(name), width, size)
        count = 1
        while label in found:
            count += 1
            mark = f" ({count})"
            label = fit(short, width - sum(advances(mark, size)), size) + mark
        found[label] = None
    return list(found)


def said(number: float | None, digits: int = 3) -> str:
    """A number for a picture: few digits, a real minus sign."""
    if number is None or not math.isfinite(number):
        return UNKNOWN
    whole = 10**digits <= abs(number) < HUGE
    return (f"{number:,.0f}" if whole else f"{number:.{digits}g}").replace("-", MINUS)


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def short(number: float) -> str:
    """A number for the tick of an axis: 0.25, 1,500, 20k, 3M."""
    for unit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= 10 * unit or (abs(number) >= unit > 1e3):
            return f"{number / unit:g}{sign}".replace("-", MINUS)
    return f"{number:,.6g}".replace("-", MINUS)


def column(numbers: Sequence[float | None], sign: str = "", digits: int = 3) -> list[str]:
    """Numbers for a column: all with as many decimals as the largest needs for `digits` digits."""
    known = [abs(number) for number in numbers if number is not None and math.isfinite(number)]
    largest = max(known, default=0.0) or 1.0
    decimals = max(digits - 1 - math.floor(math.log10(largest)), 0)
    form = f"{sign},.{decimals}f" if TINY < largest < HUGE else f"{sign}.{digits}g"
    return [
        said(number) if number is None or not math.isfinite(number) else f"{number:{form}}".replace("-", MINUS)
        for number in numbers
    ]

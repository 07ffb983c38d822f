"""How the page looks, by day, by night, on a phone and on paper; and the script that draws the chart in its colours."""

from collections.abc import Mapping

LIGHT = {
    "page": "#F4F6F8",
    "card": "#FFFFFF",
    "ink": "#1F262E",
    "quiet": "#55606E",
    "faint": "#D8DEE5",
    "link": "#0A5CB8",
    "production": "#586C88",
    "candidate": "#0B7A5B",
    "alert": "#A84300",
    "bad": "#B3261E",
}
DARK = {
    "page": "#10151B",
    "card": "#1A212A",
    "ink": "#E8EDF3",
    "quiet": "#A9B4C2",
    "faint": "#36414E",
    "link": "#7FB8FF",
    "production": "#9FB6D6",
    "candidate": "#4FCB9F",
    "alert": "#FFA260",
    "bad": "#FF8E85",
}


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in colours.items())


CSS = f"""
:root {{ color-scheme: light; {_variables(LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{ :root:not(.paper) {{ color-scheme: dark; {_variables(DARK)} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }}
header, main, footer {{ max-width: 1120px; margin: 0 auto; padding: 0 24px; }}
header {{ padding-top: 32px; }}
h1 {{ margin: 0; font-size: 28px; line-height: 1.2; }}
h2 {{ margin: 40px 0 12px; font-size: 20px; }}
p {{ margin: 8px 0; max-width: 75ch; }}
a {{ color: var(--link); }}
a:focus-visible, summary:focus-visible {{ outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }}
.skip {{ position: absolute; left: -999px; }}
.skip:focus {{ left: 16px; top: 8px; padding: 8px; background: var(--card); }}
.headline {{ font-size: 19px; max-width: none; }}
.quiet, .built {{ color: var(--quiet); font-size: 14px; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin: 0; padding: 0;
  list-style: none; }}
.card, .panel, .run {{ background: var(--card); border: 1px solid var(--faint); border-radius: 8px; }}
.card {{ padding: 14px 16px; border-top-width: 4px; }}
.card h3 {{ margin: 0; font-size: 14px; font-weight: 600; color: var(--quiet); }}
.card .value {{ margin: 2px 0 6px; font-size: 21px; font-weight: 650; line-height: 1.25;
  color: var(--ink); }}
.card p {{ margin: 2px 0; font-size: 14px; color: var(--quiet); }}
.panel {{ margin: 0; padding: 8px 12px 12px; }}
#chart {{ min-height: 500px; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 0 0 10px; padding: 0; list-style: none;
  font-size: 14px; }}
figcaption, .legend, .panel > .more {{ padding: 0 6px; }}
.good {{ border-top-color: var(--candidate); }} .care {{ border-top-color: var(--alert); }}
.bad {{ border-top-color: var(--bad); }}
.good .mark {{ color: var(--candidate); }} .care .mark {{ color: var(--alert); }} .bad .mark {{ color: var(--bad); }}
.mark {{ font-weight: 700; }}
table {{ width: 100%; border-collapse: collapse; }}
th, td {{ padding: 6px 12px; text-align: left; vertical-align: top; }}
thead th {{ font-size: 14px; color: var(--quiet); border-bottom: 2px solid var(--faint); }}
tbody th {{ font-weight: 600; white-space: nowrap; }}
tbody th small {{ display: block; font-weight: 400; color: var(--quiet); font-size: 14px; }}
td {{ font-variant-numeric: tabular-nums; }}
.runs tbody tr:first-child > * {{ border-top: 1px solid var(--faint); padding-top: 10px; }}
.runs .reason td {{ padding: 0 12px 10px; }}
.runs summary {{ cursor: pointer; color: var(--quiet); max-width: 95ch; }}
.outcome {{ font-weight: 650; white-space: nowrap; }}
dl {{ display: grid; grid-template-columns: 8em 1fr; gap: 4px 12px; margin: 10px 0; font-size: 15px; }}
dt {{ color: var(--quiet); }} dd {{ margin: 0; max-width: 80ch; }}
.go {{ margin: 6px 0; font-size: 15px; }} .go a {{ margin-right: 16px; }}
.scroll {{ overflow-x: auto; }}
.scroll table {{ width: auto; min-width: 100%; }} .scroll th, .scroll td {{ white-space: nowrap; }}
details.more > summary {{ cursor: pointer; padding: 10px 0; }}
code {{ font: 14px ui-monospace, monospace; }}
footer {{ margin-top: 40px; padding-bottom: 32px; color: var(--quiet); font-size: 14px; }}
@media (max-width: 960px) {{
  header, main, footer {{ padding-left: 14px; padding-right: 14px; }}
  header {{ padding-top: 20px; }}
  .cards {{ grid-template-columns: 1fr 1fr; gap: 8px; }}
  .card {{ padding: 10px 12px; }} .card .value {{ font-size: 18px; }} .card p {{ font-size: 13px; }}
  .card:last-child:nth-child(odd) {{ grid-column: 1 / -1; }}
  .panel {{ padding: 8px 4px; }}
  .runs.panel {{ background: none; border: 0; padding: 0; }}
  .runs table, .runs tbody, .runs tr, .runs td, .runs tbody th {{ display: block; padding: 0; border: 0; }}
  .runs thead {{ position: absolute; left: -9999px; }}
  .runs tbody {{ background: var(--card); border: 1px solid var(--faint); border-radius: 8px; margin: 0 0 10px;
    padding: 10px 14px; }}
  .runs tbody tr:first-child > * {{ border: 0; padding: 0; }}
  .runs .reason td {{ padding: 4px 0 0; }}
  .runs td:empty {{ display: none; }}
  .runs td[data-name]::before {{ content: attr(data-name) ": "; color: var(--quiet); }}
  .runs .outcome {{ font-size: 18px; white-space: normal; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }} dd {{ margin-bottom: 8px; }}
}}
@media print {{
  body {{ background: none; font-size: 12px; }}
  .skip {{ display: none; }}
  .card, .panel, .run, tbody {{ break-inside: avoid; }}
}}
"""

# A figure names its colours as the style does, and is drawn anew when night falls or the page is printed.
SCRIPT = """
(function () {
  "use strict";
  var place = document.getElementById("chart");
  var figure = JSON.parse(document.getElementById("figure").textContent);
  var night = window.matchMedia("(prefers-color-scheme: dark)");
  if (window.matchMedia("(pointer: coarse)").matches) figure.layout.dragmode = false;
  function painted(value, colours) {
    if (typeof value === "string") {
      var name = /^var\\((--[a-z]+)\\)$/.exec(value);
      return name ? colours.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map(function (each) { return painted(each, colours); });
    if (value === null || typeof value !== "object") return value;
    var out = {};
    Object.keys(value).forEach(function (key) { out[key] = painted(value[key], colours); });
    return out;
  }
  function draw() {
    var colours = getComputedStyle(document.documentElement);
    figure.layout.xaxis.nticks = place.clientWidth < 600 ? 4 : 9;
    window.Plotly.react(place, painted(figure.data, colours), painted(figure.layout, colours), figure.config);
  }
  function printed(begins) {
    document.documentElement.classList.toggle("paper", begins);
    figure.layout.width = begins ? 660 : undefined; // a sheet is narrower than a screen, and nobody tells the chart
    draw();
  }
  draw();
  night.addEventListener("change", draw);
  window.addEventListener("beforeprint", function () { printed(true); });
  window.addEventListener("afterprint", function () { printed(false); });
})();
"""

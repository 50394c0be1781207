/** A chart as an svg that stands alone: title, legend and where the numbers come from around the drawing. */
import { symbol } from "d3-shape";
import { adapterName } from "../adapter";
import type { Size } from "../views/view";
import { markIn, type MarkedChart } from "./marks";
import type { BenchmarkResult } from "./schema";

const SVG = "http://www.w3.org/2000/svg";
const EDGE = 16;
const LINE = 18;

const legendText = (s: string): number => s.length * 6.4 + 34;

/** Where the numbers of a chart come from, as saved pictures say it. */
export type ChartOrigin = Pick<BenchmarkResult, "command" | "adapter" | "isSoftware" | "date" | "commit">;

/** The file's text with the page's variables still in it, and its size in px. */
export function standalone(
  drawing: SVGSVGElement,
  chart: MarkedChart,
  result: ChartOrigin,
): { readonly svg: string; readonly size: Size } {
  const document = drawing.ownerDocument;
  const width = Number(drawing.getAttribute("width")) + 2 * EDGE;
  const root = document.createElementNS(SVG, "svg");
  const add = (name: string, attributes: Readonly<Record<string, string | number>>, content = ""): void => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.textContent = content;
    root.append(element);
  };
  root.setAttribute("xmlns", SVG);
  root.setAttribute("font-family", "var(--sans)");
  root.setAttribute("font-size", "11.5");
  add("rect", { width: "100%", height: "100%", fill: "var(--sheet)" });
  let y = EDGE + 14;
  add("text", { x: EDGE, y, "font-size": 15, "font-weight": 600, fill: "var(--ink)" }, chart.title);
  y += LINE + 6;
  let x = EDGE;
  chart.series.forEach((series, i) => {
    const { colour, symbol: shape } = markIn(chart, i);
    if (x > EDGE && x + legendText(series.label) > width - EDGE) {
      x = EDGE;
      y += LINE;
    }
    add("path", { transform: `translate(${x + 6},${y - 4})`, d: symbol(shape, 46)() ?? "", fill: colour });
    add("text", { x: x + 16, y, fill: "var(--ink)" }, series.label);
    x += legendText(series.label);
  });
  y += 8;
  const inner = drawing.cloneNode(true) as SVGSVGElement;
  inner.setAttribute("x", String(EDGE));
  inner.setAttribute("y", String(y));
  inner.setAttribute("color", "var(--ink)");
  root.append(inner);
  y += Number(drawing.getAttribute("height")) + 12;
  const device = adapterName(result.adapter, result.isSoftware);
  const origin = [result.command, device, result.date, result.commit ? `commit ${result.commit}` : ""];
  add(
    "text",
    { x: EDGE, y, "font-size": 9, fill: "var(--ink-soft)" },
    `Decoscope, ${origin.filter(Boolean).join(", ")}`,
  );
  const size = { width, height: y + EDGE };
  root.setAttribute("width", String(size.width));
  root.setAttribute("height", String(size.height));
  return { svg: new XMLSerializer().serializeToString(root), size };
}

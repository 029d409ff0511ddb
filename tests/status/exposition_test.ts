import assert from "node:assert/strict";
import { expositionOf, type Family } from "../../lib/status/exposition.ts";

/** Families, and their text. */
const TEXTS: readonly (readonly [what: string, family: Family, text: string])[] = [
  [
    "a gauge without labels",
    { type: "gauge", name: "pending", help: "Waiting.", samples: [{ value: 3 }] },
    "# HELP pending Waiting.\n# TYPE pending gauge\npending 3\n",
  ],
  [
    "a counter with labels, in their order",
    {
      type: "counter",
      name: "webhooks_total",
      help: "Seen.",
      samples: [{ labels: { outcome: "error", reason: "busy" }, value: 1 }, {
        labels: { outcome: "queued", reason: "" },
        value: 0,
      }],
    },
    '# HELP webhooks_total Seen.\n# TYPE webhooks_total counter\nwebhooks_total{outcome="error",reason="busy"} 1\n' +
    'webhooks_total{outcome="queued",reason=""} 0\n',
  ],
  [
    "label values with quotes, backslashes and line ends",
    { type: "gauge", name: "g", help: "h", samples: [{ labels: { a: 'x"y\\z\nn' }, value: 1 }] },
    '# HELP g h\n# TYPE g gauge\ng{a="x\\"y\\\\z\\nn"} 1\n',
  ],
  [
    "help with a backslash and a line end, its quotes as they are",
    { type: "gauge", name: "g", help: 'a\\b\n"c"', samples: [{ value: 1 }] },
    '# HELP g a\\\\b\\n"c"\n# TYPE g gauge\ng 1\n',
  ],
  [
    "numbers that are none of the usual ones",
    {
      type: "gauge",
      name: "g",
      help: "h",
      samples: [Infinity, -Infinity, NaN, 1e21, 2.5e-7].map((value, at) => ({
        labels: { at: `${at}` },
        value,
      })),
    },
    '# HELP g h\n# TYPE g gauge\ng{at="0"} +Inf\ng{at="1"} -Inf\ng{at="2"} NaN\ng{at="3"} 1e+21\ng{at="4"} 2.5e-7\n',
  ],
  [
    "a histogram: buckets added up, the last one holds everything and equals the count",
    {
      type: "histogram",
      name: "d_seconds",
      help: "h",
      buckets: { bounds: [0.005, 1, 20], counts: [2, 0, 3, 4], sum: 99.5 },
    },
    '# HELP d_seconds h\n# TYPE d_seconds histogram\nd_seconds_bucket{le="0.005"} 2\nd_seconds_bucket{le="1"} 2\n' +
    'd_seconds_bucket{le="20"} 5\nd_seconds_bucket{le="+Inf"} 9\nd_seconds_sum 99.5\nd_seconds_count 9\n',
  ],
  [
    "nothing of a family without samples",
    { type: "gauge", name: "g", help: "h", samples: [] },
    "",
  ],
];

for (const [what, family, text] of TEXTS) {
  Deno.test(`Prometheus' format: ${what}`, () => assert.equal(expositionOf([family], "prometheus"), text));
}

Deno.test("families follow each other in the order given", () => {
  const family = (name: string): Family => ({ type: "gauge", name, help: "h", samples: [{ value: 1 }] });
  const names = expositionOf([family("b"), family("a")], "prometheus").match(/^[ab] 1$/gm);
  assert.deepEqual(names, ["b 1", "a 1"]);
});

Deno.test("OpenMetrics: counters' families without their ending, quotes in help, bounds as floats, and an end", () => {
  const families: Family[] = [
    { type: "counter", name: "x_total", help: 'a "b"', samples: [{ labels: { a: "1" }, value: 3 }] },
    { type: "gauge", name: "g", help: "h", samples: [{ value: 1 }] },
    { type: "gauge", name: "none", help: "h", samples: [] },
    { type: "histogram", name: "d", help: "h", buckets: { bounds: [0.5, 1], counts: [1, 0, 1], sum: 9 } },
  ];
  assert.equal(
    expositionOf(families, "openmetrics"),
    '# HELP x a \\"b\\"\n# TYPE x counter\nx_total{a="1"} 3\n# HELP g h\n# TYPE g gauge\ng 1\n# HELP d h\n# TYPE d histogram\n' +
      'd_bucket{le="0.5"} 1\nd_bucket{le="1.0"} 1\nd_bucket{le="+Inf"} 2\nd_sum 9\nd_count 2\n# EOF\n',
  );
});

// A plain GET at a constant arrival rate, whatever the server does.

import http from "k6/http";

export { handleSummary } from "./summary.js";

export const options = {
  discardResponseBodies: true,
  scenarios: {
    get: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 10000),
      timeUnit: "1s",
      duration: `${__ENV.SECONDS || 4}s`,
      preAllocatedVUs: Number(__ENV.VUS || 100),
      maxVUs: 2000,
    },
  },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
}

// Many virtual users that sleep a second between their requests.

import { sleep } from "k6";
import http from "k6/http";

export { handleSummary } from "./summary.js";

export const options = {
  vus: Number(__ENV.VUS || 2000),
  duration: `${__ENV.SECONDS || 4}s`,
  discardResponseBodies: true,
};

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
  sleep(1);
}

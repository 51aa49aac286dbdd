// A scripted plain GET, as fast as the answers come.

import http from "k6/http";

export { handleSummary } from "./summary.js";

export const options = {
  vus: Number(__ENV.VUS || 64),
  duration: `${__ENV.SECONDS || 4}s`,
  discardResponseBodies: true,
};

export default function () {
  http.get(`${__ENV.BASE_URL}${__ENV.RESOURCE || "/"}`);
}

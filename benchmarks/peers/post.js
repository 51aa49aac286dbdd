// A scripted POST of JSON whose answer is decoded and checked twice.

import { check } from "k6";
import http from "k6/http";

export { handleSummary } from "./summary.js";

export const options = { vus: Number(__ENV.VUS || 64), duration: `${__ENV.SECONDS || 4}s` };

const headers = { headers: { "Content-Type": "application/json" } };

export default function () {
  const body = JSON.stringify({ userId: 123, messageType: "BIRTHDAY", sequence: __ITER });
  const response = http.post(`${__ENV.BASE_URL}/`, body, headers);
  const answer = response.json();
  check(response, {
    "status is 200": (r) => r.status === 200,
    "user is 123": () => answer.user === 123,
  });
}

// A unary call of gRPC whose answer is decoded and checked twice.

import { check } from "k6";
import grpc from "k6/net/grpc";

export { handleSummary } from "./summary.js";

export const options = { vus: Number(__ENV.VUS || 64), duration: `${__ENV.SECONDS || 4}s` };

const client = new grpc.Client();
client.load(["../scripts"], "events.proto");

export default function () {
  if (__ITER === 0) {
    client.connect(__ENV.TARGET, { plaintext: true });
  }
  const response = client.invoke("events.Handler/OnLogin", { user_id: "u1", sequence: __ITER });
  check(response, {
    "status is OK": (r) => r.status === grpc.StatusOK,
    "accepted": (r) => r.message.accepted === true,
  });
}

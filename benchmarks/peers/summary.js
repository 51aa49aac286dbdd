// How every k6 script here ends: its summary as JSON, to the file that SUMMARY names.

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}

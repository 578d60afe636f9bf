// Says whether the gateway of this container is well: for HEALTHCHECK and the like. A container without one is well.
const { PORT = "3000", SERVICES } = process.env;
const hasGateway = SERVICES === undefined || SERVICES === "" || SERVICES.split(",").includes("gateway");
if (hasGateway) {
  const answer = await fetch(`http://127.0.0.1:${PORT}/healthz`, { signal: AbortSignal.timeout(2_500) }).catch(
    () => undefined,
  );
  if (!answer?.ok) process.exitCode = 1;
}

/**
 * Private real servers for tests, fault runs and the bench: each on its own free loopback port and in its own
 * temporary folder, ready when the promise resolves, and gone with the process that started it, even after `kill -9`.
 * Only processes started here are ever signalled.
 */
export { installServers, missingServers } from "./install.ts";
export { startMosquitto } from "./mosquitto.ts";
export { startNats } from "./nats.ts";
export { NGINX_ACCESS_LOG, startNginx } from "./nginx.ts";
export { type PostgresOptions, startPostgres } from "./postgres.ts";
export { startRedis } from "./redis.ts";
export type { RestartOptions, ServerHandle, ServerName, ServerOptions } from "./server.ts";

/**
 * Which client the suites use: the official one, or ours.
 * @module
 */

/** The environment variable; "skein" for ours. */
export const CLIENT_ENV = "SKEIN_CLIENT";

/** Whether it is ours. */
export const isOurs: boolean = Deno.env.get(CLIENT_ENV) === "skein";

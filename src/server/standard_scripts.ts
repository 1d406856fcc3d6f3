/**
 * Makes our client what `serveClient: true` serves. Imported by `mod.ts` alone, so that a bundle of anything else does
 * not contain it.
 * @module
 */
import { clientScripts } from "../client_scripts/table.ts";
import { setStandardScripts } from "./client_files.ts";

setStandardScripts(clientScripts);

/** The embedders of the settings, as the command opens them. */
import type { Config } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import type { EndpointDeps } from "../../src/models/create-models.ts";
import { createEmbedders, type Embedders } from "../../src/node/wire.ts";

/**
 * As `createEmbedders`; but what a setting lacks is `misconfigured` here, or the exit code would blame the command
 * line. Throws AppError: misconfigured, store_unavailable.
 */
export async function openEmbedders(config: Config, endpoints?: EndpointDeps): Promise<Embedders> {
  try {
    return await createEmbedders(config, endpoints);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "invalid_request") throw thrown;
    throw new AppError("misconfigured", { detail: thrown.message, cause: thrown });
  }
}

import { expect, test } from "vitest";
import { describeSettings } from "../../src/config.ts";
import { findMisspelt } from "../../src/node/find-misspelt.ts";

test.each([
  ["CHAT_MODL", "CHAT_MODEL"],
  ["OPENAI_BASEURL", "OPENAI_BASE_URL"],
  ["EMBEDDINGS_MODEL", "EMBEDDING_MODEL"],
  ["DEADLINE", "DEADLINE_MS"],
  ["REDIS_URI", "REDIS_URL"],
  ["data_dir", "DATA_DIR"],
  ["OPENAI_API_BASE", "OPENAI_BASE_URL"],
])("%s is told to be no setting, and that %s is near", (wrong, meant) => {
  expect(findMisspelt({ [wrong]: "x", PORT: "1" })).toEqual([
    `the variable ${wrong} is no setting and does nothing; is ${meant} meant?`,
  ]);
});

test("settings, and what shells, containers and other programs set, are nothing to tell of", () => {
  const others =
    "PATH HOME HOSTNAME LOGNAME LANG LC_ALL PWD OLDPWD SHELL SHLVL TERM TMPDIR USER API_KEY NODE_ENV NODE_OPTIONS NODE_VERSION NO_PROXY HTTP_PROXY HTTPS_PROXY AWS_ACCESS_KEY_ID AWS_REGION KUBERNETES_PORT KUBERNETES_SERVICE_HOST REDIS_PORT REDIS_HOST TRIBUTARY_PORT TRIBUTARY_SERVICE_PORT INIT_CWD npm_config_user_agent npm_lifecycle_event npm_package_name MALLOC_TRIM_THRESHOLD_ PNPM_HOME SSH_CLIENT XDG_DATA_DIRS OPENAI_ORG_ID OPENAI_PROJECT_ID HF_TOKEN OTEL_EXPORTER_OTLP_LOGS_ENDPOINT";
  const names = [...others.split(" "), ...describeSettings().map(({ variable }) => variable)];
  expect(findMisspelt(Object.fromEntries(names.map((name) => [name, "x"])))).toEqual([]);
});

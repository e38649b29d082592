import { services } from "../../../src/pipeline/keywords/services.ts";
import { keyword } from "./table.ts";

keyword({
  key: "services",
  read: services,
  means: [
    ["[]", []],
    ["[postgres:16, null, redis]", [{ name: "postgres:16" }, { name: "redis" }]],
    [
      "[{name: postgres, alias: db, command: [postgres, -c, fsync=off]}]",
      [{ name: "postgres", alias: "db", command: ["postgres", "-c", "fsync=off"] }],
    ],
    ["[{name: app, command: serve}]", [{ name: "app", command: ["serve"] }]],
    [
      "[{name: app, variables: {PORT: 8080, DEBUG: true}}]",
      [
        {
          name: "app",
          variables: [
            { key: "PORT", value: "8080" },
            { key: "DEBUG", value: "true" },
          ],
        },
      ],
    ],
    [
      "[{name: app, entrypoint: [run], pull_policy: never}]",
      [{ name: "app", entrypoint: ["run"], pullPolicy: ["never"] }],
    ],
  ],
  tells: [
    ["postgres", "config should be an array"],
    ["{name: postgres}", "config should be an array"],
    ["[12]", ":service config should be a hash or a string"],
    ["[{alias: db}]", ":service name can't be blank"],
    ["[{name: a, aliases: db}]", ":service config contains unknown keys: aliases (did you mean alias?)"],
    ["[{name: a, variables: {A: {value: 1}}}]", ":service:variables:A config must be a string"],
    ["[{name: a, ports: [80]}]", ":service config contains disallowed keys: ports"],
  ],
});
